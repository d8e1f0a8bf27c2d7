"""Where a machine may be: the inside of its zone, and a way through it.

Flat geometry on degrees: a zone is a few hundred metres wide. It knows no
machine; a `Walker` is anything that moves along.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, cos, hypot, radians
from random import Random

from simulator.dice import near

Point = tuple[float, float]

_METRES_PER_DEGREE = 111_320.0
# A fix is written to 1 m: keep this far from the fence so that none falls outside.
_MARGIN_M = 3.0
_STRIDE_M = 5.0
_TRIES = 200
# A crawler on its pitch, a fix under open sky: standard deviation and reach, m.
_FIX_SPREAD_M, _FIX_REACH_M = 0.4, 1.0


class Ground:
    """A polygon with holes, as (latitude, longitude) points."""

    def __init__(self, ring: Sequence[Point], holes: Sequence[Sequence[Point]] = ()) -> None:
        self._rings = tuple((*one, one[0]) for one in (ring, *holes))
        self._south, self._north = min(p[0] for p in ring), max(p[0] for p in ring)
        self._west, self._east = min(p[1] for p in ring), max(p[1] for p in ring)
        self._lon_m = _METRES_PER_DEGREE * max(cos(radians(self._south)), 1e-6)
        self._convex = not holes and _convex(ring)

    def holds(self, point: Point) -> bool:
        """Whether a point is inside; each ring that is crossed an odd number of times counts."""
        lat, lon = point
        inside = False
        for ring in self._rings:
            for (lat1, lon1), (lat2, lon2) in pairwise(ring):
                if (lat1 > lat) != (lat2 > lat):
                    crossing = lon1 + (lat - lat1) * (lon2 - lon1) / (lat2 - lat1)
                    inside ^= lon < crossing
        return inside

    def clear(self, point: Point) -> bool:
        """Whether a point is inside and not right at the fence."""
        return all(
            self.holds(self.moved(point, north * _MARGIN_M, east * _MARGIN_M))
            for north, east in ((0, 0), (1, 1), (1, -1), (-1, 1), (-1, -1))
        )

    def moved(self, point: Point, north_m: float, east_m: float) -> Point:
        """The point some metres north and east of another."""
        return point[0] + north_m / _METRES_PER_DEGREE, point[1] + east_m / self._lon_m

    def metres(self, one: Point, other: Point) -> float:
        """The distance between two points, m."""
        return hypot((other[0] - one[0]) * _METRES_PER_DEGREE, (other[1] - one[1]) * self._lon_m)

    def somewhere(self, throw: Random) -> Point:
        """Any point well inside; in a very narrow zone any point inside, or a corner."""
        for inside in (self.clear, self.holds):
            for _ in range(_TRIES):
                lat = throw.uniform(self._south, self._north)
                lon = throw.uniform(self._west, self._east)
                if inside((lat, lon)):
                    return lat, lon
        return self._rings[0][0]

    def open_way(self, one: Point, other: Point) -> bool:
        """Whether one can go straight from a point to another without leaving."""
        if self._convex:
            return self.clear(other)
        steps = max(1, ceil(self.metres(one, other) / _STRIDE_M))
        return all(self.clear(between(one, other, step / steps)) for step in range(1, steps + 1))


class Walker:
    """A position that moves from waypoint to waypoint inside a ground."""

    def __init__(self, ground: Ground, throw: Random) -> None:
        self._ground = ground
        self._throw = throw
        self._at = ground.somewhere(throw)
        self._next = self._at

    def move(self, metres: float) -> None:
        """Go on by so many metres."""
        while metres > 0:
            far = self._ground.metres(self._at, self._next)
            if far > metres:
                self._at = between(self._at, self._next, metres / far)
                return
            metres -= far
            self._at = self._next
            other = self._ground.somewhere(self._throw)
            if other != self._at and self._ground.open_way(self._at, other):
                self._next = other
            else:
                # No way found this time: it turns round on the spot.
                metres -= _STRIDE_M

    def fix(self, *, still: bool) -> Point:
        """What a satellite receiver says; a machine that is off keeps its last fix."""
        if still:
            return self._at
        north, east = (
            near(self._throw, 0, _FIX_SPREAD_M, -_FIX_REACH_M, _FIX_REACH_M) for _ in range(2)
        )
        return self._ground.moved(self._at, north, east)


def between(one: Point, other: Point, share: float) -> Point:
    """The point a share (0 to 1) of the way from one to another."""
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _convex(ring: Sequence[Point]) -> bool:
    corners = zip(ring, (*ring[1:], ring[0]), (*ring[2:], *ring[:2]), strict=False)
    turns = [(b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) for a, b, c in corners]
    return all(turn >= 0 for turn in turns) or all(turn <= 0 for turn in turns)

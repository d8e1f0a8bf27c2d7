"""Where a machine may be: the inside of its zone, and what lies outside.

Flat geometry on degrees: a zone is a few hundred metres wide. It knows no
machine; who moves on it is a `Walker`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import ceil, cos, hypot, pi, radians, sin
from random import Random

Point = tuple[float, float]

_METRES_PER_DEGREE = 111_320.0
# A fix is written to 1 m: keep this far from the fence so that none falls outside.
_MARGIN_M = 3.0
STRIDE_M = 5.0
_DIRECTIONS = 16
_TRIES = 200


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

    def offset_m(self, point: Point) -> Point:
        """Metres north and east of its south-western corner."""
        return self._flat((self._south, self._west), point)

    def metres(self, one: Point, other: Point) -> float:
        """The distance between two points, m."""
        return hypot((other[0] - one[0]) * _METRES_PER_DEGREE, (other[1] - one[1]) * self._lon_m)

    @property
    def span_m(self) -> float:
        """The longest way that there can be inside, m."""
        return self.metres((self._south, self._west), (self._north, self._east))

    def fence_m(self, point: Point) -> float:
        """The distance from a point to the nearest fence, m."""
        flat = [tuple(self._flat(point, corner) for corner in ring) for ring in self._rings]
        return min(_to_segment(one, other) for ring in flat for one, other in pairwise(ring))

    def outside(self, point: Point, metres: float) -> Point:
        """The place nearest to a point that is so many metres outside, straight ahead."""
        strides = ceil((self.span_m + 2 * metres) / STRIDE_M)
        for stride in range(1, strides):
            for turn in range(_DIRECTIONS):
                angle = 2 * pi * turn / _DIRECTIONS
                far = stride * STRIDE_M
                there = self.moved(point, far * cos(angle), far * sin(angle))
                if not self.holds(there) and self.fence_m(there) >= metres:
                    return there
        return self.moved(point, self.span_m + metres, 0)

    def _flat(self, origin: Point, point: Point) -> Point:
        """Metres north and east of an origin."""
        return (
            (point[0] - origin[0]) * _METRES_PER_DEGREE,
            (point[1] - origin[1]) * self._lon_m,
        )

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
        steps = max(1, ceil(self.metres(one, other) / STRIDE_M))
        return all(self.clear(between(one, other, step / steps)) for step in range(1, steps + 1))


def between(one: Point, other: Point, share: float) -> Point:
    """The point a share (0 to 1) of the way from one to another."""
    return one[0] + (other[0] - one[0]) * share, one[1] + (other[1] - one[1]) * share


def _to_segment(one: Point, other: Point) -> float:
    """The distance from the origin to a segment."""
    along = one[0] - other[0], one[1] - other[1]
    length = along[0] ** 2 + along[1] ** 2
    share = (one[0] * along[0] + one[1] * along[1]) / length if length else 0.0
    there = between(one, other, min(max(share, 0.0), 1.0))
    return hypot(*there)


def _convex(ring: Sequence[Point]) -> bool:
    corners = zip(ring, (*ring[1:], ring[0]), (*ring[2:], *ring[:2]), strict=False)
    turns = [(b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0]) for a, b, c in corners]
    return all(turn >= 0 for turn in turns) or all(turn <= 0 for turn in turns)

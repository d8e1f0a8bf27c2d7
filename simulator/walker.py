"""A machine's way over its ground: from waypoint to waypoint, or where an incident sends it.

It knows positions and metres; how fast the machine goes is decided above.
"""

from __future__ import annotations

from math import cos, pi, sin
from random import Random

from simulator.dice import near
from simulator.effect import Effect
from simulator.ground import STRIDE_M, Ground, Point, between

# A crawler on its pitch, a fix under open sky: standard deviation and reach, m.
_FIX_SPREAD_M, _FIX_REACH_M = 0.4, 1.0
# So far that nobody gets there within a run.
_FAR_M = 200_000.0


class Walker:
    """A position that moves from waypoint to waypoint inside a ground, unless it is sent out."""

    def __init__(self, ground: Ground, throw: Random) -> None:
        self._ground = ground
        self._throw = throw
        self._at = ground.somewhere(throw)
        self._next = self._home = self._at
        self._goal: Point | None = None

    @property
    def arrived(self) -> bool:
        """Whether it stands where it was sent to."""
        return self._goal is not None and self._goal == self._at

    def obey(self, effect: Effect) -> None:
        """Go where an incident sends it from now on, or about its own business."""
        if effect.outside_m is not None:
            self._leave(effect.outside_m)
        elif effect.away:
            self._go_away()
        elif effect.home:
            self._goal = self._home
        elif self._goal is not None:
            self._goal, self._next = None, self._at

    def _leave(self, outside_m: float) -> None:
        if self._goal is None:
            self._home = self._at
            self._goal = self._ground.outside(self._at, outside_m)

    def _go_away(self) -> None:
        if self._goal is None:
            self._home = self._at
            angle = self._throw.uniform(0, 2 * pi)
            north, east = _FAR_M * cos(angle), _FAR_M * sin(angle)
            self._goal = self._ground.moved(self._at, north, east)

    def move(self, metres: float) -> None:
        """Go on by so many metres."""
        if self._goal is not None:
            far = self._ground.metres(self._at, self._goal)
            near_by = far <= metres
            self._at = self._goal if near_by else between(self._at, self._goal, metres / far)
            return
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
                metres -= STRIDE_M

    def fix(self, *, still: bool) -> Point:
        """What a satellite receiver says; a machine that is off keeps its last fix."""
        if still:
            return self._at
        north, east = (
            near(self._throw, 0, _FIX_SPREAD_M, -_FIX_REACH_M, _FIX_REACH_M) for _ in range(2)
        )
        return self._ground.moved(self._at, north, east)

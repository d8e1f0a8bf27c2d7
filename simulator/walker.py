"""A machine's way: from waypoint to waypoint, along its haul road, or where it is sent.

It knows positions and metres; how fast the machine goes is decided above.
"""

from __future__ import annotations

from math import atan2, cos, exp, pi, sin, sqrt
from random import Random

from simulator.dice import near
from simulator.effect import Effect
from simulator.ground import STRIDE_M, Ground, Point, between
from simulator.roads import Road

# A fix under open sky errs by what changes from fix to fix, and by what drifts as satellites
# move: standard deviation and reach, m, and time constant, s [M].
_FIX_SPREAD_M, _FIX_REACH_M = 0.3, 0.6
_DRIFT_SPREAD_M, _DRIFT_REACH_M, _DRIFT_TAU_S = 0.9, 1.6, 600.0
# So far that nobody gets there within a run.
_FAR_M = 200_000.0


class Walker:
    """A position that moves from waypoint to waypoint inside a ground, unless it is sent out.

    Args:
        ground: where it may be.
        throw: for the waypoints and for what a fix errs by.
        road: to and fro on it, if it hauls.

    Attributes:
        heading: where it looks to, radians from north to east.
    """

    def __init__(self, ground: Ground, throw: Random, road: Road | None = None) -> None:
        self._ground = ground
        self._throw = throw
        self._road = road
        self._at = road.load if road else ground.somewhere(throw)
        self._next = self._home = self._at
        self._goal: Point | None = None
        self._drift = (0.0, 0.0)
        self.heading = throw.uniform(0, 2 * pi)

    @property
    def offset_m(self) -> tuple[float, float]:
        """Metres north and east of where its ground begins."""
        return self._ground.offset_m(self._at)

    @property
    def to_go_m(self) -> float:
        """How far it is to where it goes, m."""
        return self._ground.metres(self._at, self._goal or self._next)

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

    def haul(self, *, loaded: bool) -> None:
        """Go to the tip, or back to where it is loaded."""
        if self._road and self._goal is None:
            self._next = self._road.tip if loaded else self._road.load
            self._look_to(self._next)

    def _look_to(self, place: Point) -> None:
        here, there = self._ground.offset_m(self._at), self._ground.offset_m(place)
        if here != there:
            self.heading = atan2(there[1] - here[1], there[0] - here[0])

    def _after(self) -> Point | None:
        """Where it goes from its waypoint; None if no way was found this time."""
        if self._road:
            return self._road.load if self._at == self._road.tip else self._road.tip
        other = self._ground.somewhere(self._throw)
        free = other != self._at and self._ground.open_way(self._at, other)
        return other if free else None

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
            other = self._after()
            if other:
                self._next = other
                self._look_to(other)
            else:
                # It turns round on the spot.
                metres -= STRIDE_M

    def fix(self, *, still: bool, since_s: float = 0) -> Point:
        """What a satellite receiver says.

        Args:
            still: whether it is switched off: then its error stays what it was.
            since_s: the time since the fix before, s.
        """
        if still:
            return self._ground.moved(self._at, *self._drift)
        north, east = (self._drifted(one, since_s) for one in self._drift)
        self._drift = north, east
        noise = (
            near(self._throw, 0, _FIX_SPREAD_M, -_FIX_REACH_M, _FIX_REACH_M) for _ in range(2)
        )
        return self._ground.moved(self._at, north + next(noise), east + next(noise))

    def _drifted(self, before: float, dt: float) -> float:
        """A step of a Gauss-Markov process, exact for any `dt`."""
        lasts = exp(-dt / _DRIFT_TAU_S)
        spread = _DRIFT_SPREAD_M * sqrt(1 - lasts * lasts)
        return near(self._throw, before * lasts, spread, -_DRIFT_REACH_M, _DRIFT_REACH_M)

"""How the ground slopes: a smooth surface, the same for all who stand on it.

Flat metres in, degrees out; where a machine stands is a `Walker`'s affair.
"""

from __future__ import annotations

from math import cos, sin, tau
from random import Random

# Length of a wave, m, and the steepest slope that it makes, degrees. All together stay under
# what a haul road may have, 8 % or 4.6 degrees [M].
_WAVES = ((170.0, 2.0), (80.0, 1.3), (33.0, 0.8))


class Terrain:
    """A platform with its ramps and ruts.

    Args:
        throw: which way each wave runs, and where it begins.
    """

    def __init__(self, throw: Random) -> None:
        self._waves = tuple(
            (tau / length, cos(way), sin(way), throw.uniform(0, tau), steep)
            for length, steep in _WAVES
            for way in (throw.uniform(0, tau),)
        )

    def slope(self, north_m: float, east_m: float, heading: float) -> tuple[float, float]:
        """Pitch and roll, degrees, of what stands there and looks to `heading` (radians)."""
        north = east = 0.0
        for number, along, across, begins, steep in self._waves:
            rise = steep * cos(number * (along * north_m + across * east_m) + begins)
            north += rise * along
            east += rise * across
        ahead, aside = cos(heading), sin(heading)
        return north * ahead + east * aside, east * ahead - north * aside

"""What a machine carries and burns: fuel, and the DEF (AdBlue) that goes with it.

Levels and counters are exact here; the sensors round them. Always true:
level = level at first - used since + refuels.
"""

from __future__ import annotations

from random import Random

# DEF is 2-5 % of fuel [V9]; its tank about 11 % of the fuel tank (39 of 345 L [M]).
_DEF_SHARE, _DEF_TANK_SHARE = 0.035, 0.113
_FIRST_LEVEL = (0.45, 0.95)
# The bowser fills a machine that has less than this, up to the other.
_REFUEL_BELOW, _DEF_BELOW, _REFUEL_TO = 0.40, 0.50, 0.95
_EMPTY = 0.01


class Tanks:
    """The tanks of one machine.

    Args:
        tank_l: size of the fuel tank, L.
        used_l: fuel used in its life so far, L.
        throw: for the first levels.
        level_l: fuel at first, L; then no bowser comes. None to draw it.

    Attributes:
        level_l: fuel in the tank, L.
        used_l: fuel used in its life, L.
        refuels_l: fuel filled in since the beginning, L.
        def_l: DEF in its tank, L.
    """

    def __init__(
        self, tank_l: float, used_l: float, throw: Random, *, level_l: float | None
    ) -> None:
        self._tank_l = tank_l
        self._served = level_l is None
        drawn_l = throw.uniform(*_FIRST_LEVEL) * tank_l
        self.level_l = drawn_l if level_l is None else level_l
        self.used_l = used_l
        self.refuels_l = 0.0
        self.def_l = throw.uniform(*_FIRST_LEVEL) * tank_l * _DEF_TANK_SHARE

    @property
    def fuel_pct(self) -> float:
        """Fuel level, % of the tank."""
        return 100 * self.level_l / self._tank_l

    @property
    def def_pct(self) -> float:
        """DEF level, % of its tank."""
        return 100 * self.def_l / (self._tank_l * _DEF_TANK_SHARE)

    def burn(self, litres: float) -> None:
        """Use fuel, and DEF with it; a tank that runs dry is filled from cans."""
        self.used_l += litres
        self.level_l -= litres
        self.def_l = max(self.def_l - litres * _DEF_SHARE, 0.0)
        if self.level_l < _EMPTY * self._tank_l:
            self.fill(_REFUEL_TO)

    def serve(self) -> None:
        """The bowser passes before a start, and fills what is low."""
        if self._served and self.level_l < _REFUEL_BELOW * self._tank_l:
            self.fill(_REFUEL_TO)
        if self.def_pct < 100 * _DEF_BELOW:
            self.def_l = _REFUEL_TO * self._tank_l * _DEF_TANK_SHARE

    def fill(self, share: float) -> None:
        """Fill the fuel tank up to a share (0 to 1) of its size."""
        added = max(share * self._tank_l - self.level_l, 0.0)
        self.level_l += added
        self.refuels_l += added

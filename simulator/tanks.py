"""What a machine carries and burns: fuel, and the DEF (AdBlue) that goes with it.

Levels and counters are exact here; the sensors round them. Always true:
level = level at first - used since + refuels - drained.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

# A DEF tank is about 11 % of the fuel tank (39 of 345 L [M]).
_DEF_TANK_SHARE = 0.113
_FIRST_LEVEL = (0.45, 0.95)
# The bowser fills a machine that has less than this, up to the other.
_REFUEL_BELOW, _DEF_BELOW, _REFUEL_TO = 0.40, 0.50, 0.95
_EMPTY = 0.01


class Stock(NamedTuple):
    """What a machine starts its day with, instead of what is drawn.

    Attributes:
        until: no bowser comes before, epoch seconds.
        fuel_l: fuel in its tank, L; None to draw it.
        def_l: DEF in its tank, L; None to draw it.
        op_h: its hour meter, h; None to draw it.
    """

    until: int
    fuel_l: float | None = None
    def_l: float | None = None
    op_h: float | None = None


class Tanks:
    """The tanks of one machine.

    Args:
        tank_l: size of the fuel tank, L.
        used_l: fuel used in its life so far, L.
        throw: for the first levels.
        fuel_l: fuel at first, L; None to draw it.
        def_l: DEF at first, L; None to draw it.

    Attributes:
        level_l: fuel in the tank, L.
        used_l: fuel used in its life, L.
        refuels_l: fuel filled in since the beginning, L.
        drained_l: fuel that left unburnt since the beginning, L.
        def_l: DEF in its tank, L.
        def_used_l: DEF used since the beginning, L.
    """

    def __init__(
        self,
        tank_l: float,
        used_l: float,
        throw: Random,
        *,
        fuel_l: float | None = None,
        def_l: float | None = None,
    ) -> None:
        self._tank_l = tank_l
        drawn_l = throw.uniform(*_FIRST_LEVEL) * tank_l
        self.level_l = drawn_l if fuel_l is None else fuel_l
        self.used_l = used_l
        self.refuels_l = self.drained_l = self.def_used_l = 0.0
        drawn_l = throw.uniform(*_FIRST_LEVEL) * def_tank_l(tank_l)
        self.def_l = drawn_l if def_l is None else def_l

    @property
    def fuel_pct(self) -> float:
        """Fuel level, % of the tank."""
        return 100 * self.level_l / self._tank_l

    @property
    def def_pct(self) -> float:
        """DEF level, % of its tank."""
        return 100 * self.def_l / def_tank_l(self._tank_l)

    def burn(self, litres: float, def_share: float) -> None:
        """Use fuel, and DEF with it; a tank that runs dry is filled from cans.

        Args:
            litres: of fuel.
            def_share: DEF that goes with each of them, L.
        """
        self.used_l += litres
        self.level_l -= litres
        dosed_l = min(litres * def_share, self.def_l)
        self.def_l -= dosed_l
        self.def_used_l += dosed_l
        if self.level_l < _EMPTY * self._tank_l:
            self.fill(_REFUEL_TO)

    def drain(self, litres: float) -> None:
        """Lose fuel that nobody burns, down to an empty tank."""
        lost = min(litres, self.level_l)
        self.level_l -= lost
        self.drained_l += lost

    def pour(self, litres: float) -> None:
        """Take in fuel, up to what a bowser fills a tank to."""
        self.fill(min((self.level_l + litres) / self._tank_l, _REFUEL_TO))

    def serve(self) -> None:
        """The bowser passes before a start, and fills what is low."""
        if self.level_l < _REFUEL_BELOW * self._tank_l:
            self.fill(_REFUEL_TO)
        if self.def_pct < 100 * _DEF_BELOW:
            self.fill_def(_REFUEL_TO)

    def fill(self, share: float) -> None:
        """Fill the fuel tank up to a share (0 to 1) of its size."""
        added = max(share * self._tank_l - self.level_l, 0.0)
        self.level_l += added
        self.refuels_l += added

    def fill_def(self, share: float) -> None:
        """Fill the DEF tank up to a share (0 to 1) of its size."""
        self.def_l = max(share * def_tank_l(self._tank_l), self.def_l)


def def_tank_l(tank_l: float) -> float:
    """Size of the DEF tank that goes with a fuel tank, L."""
    return tank_l * _DEF_TANK_SHARE

"""The catalogue: every alert code, its default numbers, and how to change them.

`DEFAULTS` holds the numbers that a site or a machine may set under the code's
name; `rules_for` fills them in for one machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from chantier.detection.condition import Condition
from chantier.detection.engine import COOLANT_HIGH, OIL_PRESS_LOW, coolant_high, oil_press_low
from chantier.detection.faults import FAULT_CODE
from chantier.detection.supplies import BATT_LOW, FUEL_LOW, batt_low, fuel_low

NOMINAL_VOLTS = (12, 24)

DEFAULTS: dict[str, dict[str, float]] = {
    "COOLANT_HIGH": COOLANT_HIGH,
    "OIL_PRESS_LOW": OIL_PRESS_LOW,
    "FUEL_LOW": FUEL_LOW,
    "BATT_LOW": BATT_LOW,
    "DTC": FAULT_CODE,
}

CONDITIONS: dict[str, Callable[[dict[str, float]], tuple[Condition, ...]]] = {
    "COOLANT_HIGH": coolant_high,
    "OIL_PRESS_LOW": oil_press_low,
    "FUEL_LOW": fuel_low,
    "BATT_LOW": batt_low,
}

# Numbers of these codes are volts of a 24 V system.
VOLTS = {"BATT_LOW": ("info", "warning", "critical", "clear")}


class Rules(NamedTuple):
    """The catalogue with the numbers of one machine.

    Attributes:
        limits: by code, every number.
        conditions: the thresholds with these numbers filled in, in the catalogue's order.
    """

    limits: dict[str, dict[str, float]]
    conditions: tuple[Condition, ...]


def rules_for(limits: dict[str, dict[str, float]] | None = None, *, volts: int = 24) -> Rules:
    """The rules of one machine.

    Args:
        limits: by code, the numbers that differ from the defaults.
        volts: nominal voltage of the machine, 12 or 24; default voltages follow it.
    """
    merged = {code: dict(numbers) for code, numbers in DEFAULTS.items()}
    for code, names in VOLTS.items():
        for name in names:
            merged[code][name] *= volts / 24
    for code, numbers in (limits or {}).items():
        merged[code].update(numbers)
    filled = (condition for code, fill in CONDITIONS.items() for condition in fill(merged[code]))
    return Rules(merged, tuple(filled))


DEFAULT_RULES = rules_for()

"""The catalogue: every alert code, its default numbers, and how to change them.

`DEFAULTS` holds the numbers that a site or a machine may set under the code's
name; `rules_for` fills them in for one machine.
"""

from __future__ import annotations

from collections.abc import Callable

from chantier.detection.chassis import OVERSPEED, TILT, overspeed, tilt
from chantier.detection.condition import Condition, Numbers
from chantier.detection.engine import (
    COOLANT_HIGH,
    HYD_TEMP_HIGH,
    OIL_PRESS_LOW,
    coolant_high,
    hyd_temp_high,
    oil_press_low,
)
from chantier.detection.faults import FAULT_CODE
from chantier.detection.fuel import FUEL_DROP, REFUEL
from chantier.detection.idling import IDLE_LONG
from chantier.detection.off_hours import OFF_HOURS
from chantier.detection.place import GEOFENCE_EXIT, TOW
from chantier.detection.rules import Limits, Opening, Polygon, Rules
from chantier.detection.silence import NO_SIGNAL
from chantier.detection.supplies import (
    BATT_HIGH,
    BATT_LOW,
    DEF_LOW,
    FUEL_LOW,
    batt_high,
    batt_low,
    def_low,
    fuel_low,
)
from chantier.detection.upkeep import SERVICE_DUE, VGP_DUE

NOMINAL_VOLTS = (12, 24)

DEFAULTS: Limits = {
    "COOLANT_HIGH": COOLANT_HIGH,
    "HYD_TEMP_HIGH": HYD_TEMP_HIGH,
    "OIL_PRESS_LOW": OIL_PRESS_LOW,
    "FUEL_LOW": FUEL_LOW,
    "FUEL_DROP": FUEL_DROP,
    "REFUEL": REFUEL,
    "DEF_LOW": DEF_LOW,
    "IDLE_LONG": IDLE_LONG,
    "OFF_HOURS": OFF_HOURS,
    "GEOFENCE_EXIT": GEOFENCE_EXIT,
    "TOW": TOW,
    "BATT_LOW": BATT_LOW,
    "BATT_HIGH": BATT_HIGH,
    "TILT": TILT,
    "OVERSPEED": OVERSPEED,
    "DTC": FAULT_CODE,
    "NO_SIGNAL": NO_SIGNAL,
    "SERVICE_DUE": SERVICE_DUE,
    "VGP_DUE": VGP_DUE,
}

CONDITIONS: dict[str, Callable[[Numbers], tuple[Condition, ...]]] = {
    "COOLANT_HIGH": coolant_high,
    "HYD_TEMP_HIGH": hyd_temp_high,
    "OIL_PRESS_LOW": oil_press_low,
    "FUEL_LOW": fuel_low,
    "DEF_LOW": def_low,
    "BATT_LOW": batt_low,
    "BATT_HIGH": batt_high,
    "TILT": tilt,
    "OVERSPEED": overspeed,
}

# Numbers of these codes are volts of a 24 V system.
VOLTS = {"BATT_LOW": ("info", "warning", "critical", "clear"), "BATT_HIGH": ("warning", "clear")}


def rules_for(  # noqa: PLR0913 - keyword-only: what differs from machine to machine
    limits: Limits | None = None,
    *,
    volts: int = 24,
    tank_l: float = 0.0,
    zones: tuple[Polygon, ...] = (),
    opening: Opening | None = None,
    vgp_due: int = 0,
) -> Rules:
    """The rules of one machine.

    Args:
        limits: by code, the numbers that differ from the defaults.
        volts: nominal voltage of the machine, 12 or 24; default voltages follow it.
        tank_l: fuel tank, L; 0 where it is not known.
        zones: where it belongs.
        opening: when its site is open.
        vgp_due: when its next general inspection is due, epoch seconds; 0 for not known.
    """
    merged = {code: dict(numbers) for code, numbers in DEFAULTS.items()}
    for code, names in VOLTS.items():
        for name in names:
            merged[code][name] *= volts / 24
    for code, numbers in (limits or {}).items():
        merged[code].update(numbers)
    filled = (condition for code, fill in CONDITIONS.items() for condition in fill(merged[code]))
    return Rules(merged, tuple(filled), tank_l, zones, opening, vgp_due)


DEFAULT_RULES = rules_for()

"""The elements of a snapshot's equipment: their names, their parts, and what a reading calls them.

Names, units and parts are those of ISO 15143-3 (AEMP 2.0). The standard's schema is sold, so
the order of the elements was not compared with it; readers go by names.
"""

from __future__ import annotations

from typing import Any, NamedTuple

NAMESPACE = "http://standards.iso.org/iso/15143/-3"
VERSION = "1"

OPERATING_HOURS = "CumulativeOperatingHours"
IDLE_HOURS = "CumulativeIdleHours"
LOAD_COUNT = "CumulativeLoadCount"
FUEL_USED = "FuelUsed"
FUEL_USED_24H = "FuelUsedLast24"
FUEL_REMAINING = "FuelRemaining"
DEF_REMAINING = "DEFRemaining"
LOCATION = "Location"
ENGINE_STATUS = "EngineStatus"
LOAD_FACTOR_24H = "AverageLoadFactorLast24"
TOP_SPEED_24H = "MaximumSpeedLast24"

HEADER = ("UnitInstallDateTime", "OEMName", "Model", "EquipmentID", "SerialNumber", "PIN")

NOT_CARRIED = (
    "CumulativeIdleNonOperatingHours",
    "CumulativePowerTakeOffHours",
    "CumulativeActiveRegenerationHours",
    "CumulativePayloadTotals",
    "Distance",
    FUEL_USED_24H,
    LOAD_FACTOR_24H,
    "AverageDailyLoadFactorLast24",
    TOP_SPEED_24H,
)
"""Elements that are known and that no field of a reading holds."""

# US liquid gallon and imperial gallon, L: exact by definition.
LITRES = {
    "litre": 1.0,
    "litres": 1.0,
    "liter": 1.0,
    "liters": 1.0,
    "l": 1.0,
    "gallon": 3.785411784,
    "gallons": 3.785411784,
    "usgallon": 3.785411784,
    "usgallons": 3.785411784,
    "imperialgallon": 4.54609,
    "imperialgallons": 4.54609,
}


class Element(NamedTuple):
    """One value of a machine, with its own time.

    Attributes:
        name: of the element.
        t: when it was so, epoch seconds.
        parts: by name, in the standard's order: numbers, words and truth.
    """

    name: str
    t: int
    parts: dict[str, Any]


class Machine(NamedTuple):
    """One equipment of a snapshot.

    Attributes:
        header: by name, in the standard's order; what is not known is left out.
        elements: in the standard's order; none of a machine that was never heard.
    """

    header: dict[str, str]
    elements: tuple[Element, ...]


class Snapshot(NamedTuple):
    """A fleet at a moment.

    Attributes:
        t: epoch seconds.
        machines: in the order of the site file.
    """

    t: int
    machines: tuple[Machine, ...]

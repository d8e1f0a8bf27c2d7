"""What a machine runs out of: fuel, DEF and battery; and a battery that is overcharged."""

from __future__ import annotations

from chantier.detection.condition import Condition, Level, Numbers

# Both levels share the persistence: fuel sloshes on a slope.
FUEL_LOW = {"warning": 15.0, "critical": 5.0, "for_s": 300, "clear": 20.0}
DEF_LOW = {"warning": 10.0, "critical": 5.0, "for_s": 60, "clear": 15.0}
# For a 24 V system; a 12 V machine has half of each. One minute keeps cranking out.
BATT_LOW = {"info": 24.8, "warning": 24.0, "critical": 23.0, "clear": 25.2, "for_s": 60}
BATT_HIGH = {"warning": 29.6, "clear": 29.0, "for_s": 60}


def fuel_low(numbers: Numbers) -> tuple[Condition, ...]:
    """FUEL_LOW: a level, so a silence does not interrupt it."""
    return (_tank("FUEL_LOW", "fuel_pct", numbers),)


def def_low(numbers: Numbers) -> tuple[Condition, ...]:
    """DEF_LOW: the same for the AdBlue tank."""
    return (_tank("DEF_LOW", "def_pct", numbers),)


def _tank(code: str, field: str, numbers: Numbers) -> Condition:
    for_s = int(numbers["for_s"])
    return Condition(
        code=code,
        field=field,
        unit="%",
        opens="<=",
        levels=(
            Level("warning", numbers["warning"], for_s),
            Level("critical", numbers["critical"], for_s),
        ),
        clears=">=",
        clear=numbers["clear"],
        clear_for_s=0,
        engine=False,
        gap_s=0,
    )


def batt_low(numbers: Numbers) -> tuple[Condition, ...]:
    """BATT_LOW: volts of the machine's own nominal system."""
    return (_battery("BATT_LOW", numbers, "<", ">", ("info", "warning", "critical")),)


def batt_high(numbers: Numbers) -> tuple[Condition, ...]:
    """BATT_HIGH: a regulator that overcharges."""
    return (_battery("BATT_HIGH", numbers, ">", "<", ("warning",)),)


def _battery(
    code: str, numbers: Numbers, opens: str, clears: str, severities: tuple[str, ...]
) -> Condition:
    for_s = int(numbers["for_s"])
    return Condition(
        code=code,
        field="batt_v",
        unit="V",
        opens=opens,
        levels=tuple(Level(severity, numbers[severity], for_s) for severity in severities),
        clears=clears,
        clear=numbers["clear"],
        clear_for_s=0,
        engine=False,
        gap_s=0,
    )

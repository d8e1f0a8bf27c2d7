"""What a machine runs out of: fuel and battery."""

from __future__ import annotations

from chantier.detection.condition import Condition, Level
from chantier.detection.engine import Limits

# Both levels share the persistence: fuel sloshes on a slope.
FUEL_LOW = {"warning": 15.0, "critical": 5.0, "for_s": 300, "clear": 20.0}
# For a 24 V system; a 12 V machine has half of each. One minute keeps cranking out.
BATT_LOW = {"info": 24.8, "warning": 24.0, "critical": 23.0, "clear": 25.2, "for_s": 60}


def fuel_low(limits: Limits) -> tuple[Condition, ...]:
    """FUEL_LOW: a level, so a silence does not interrupt it."""
    for_s = int(limits["for_s"])
    return (
        Condition(
            code="FUEL_LOW",
            field="fuel_pct",
            unit="%",
            opens="<=",
            levels=(
                Level("warning", limits["warning"], for_s),
                Level("critical", limits["critical"], for_s),
            ),
            clears=">=",
            clear=limits["clear"],
            clear_for_s=0,
            engine=False,
            gap_s=0,
        ),
    )


def batt_low(limits: Limits) -> tuple[Condition, ...]:
    """BATT_LOW: volts of the machine's own nominal system."""
    for_s = int(limits["for_s"])
    return (
        Condition(
            code="BATT_LOW",
            field="batt_v",
            unit="V",
            opens="<",
            levels=tuple(
                Level(severity, limits[severity], for_s)
                for severity in ("info", "warning", "critical")
            ),
            clears=">",
            clear=limits["clear"],
            clear_for_s=0,
            engine=False,
            gap_s=0,
        ),
    )

"""Engine conditions: coolant temperature and oil pressure."""

from __future__ import annotations

from chantier.detection.condition import Condition, Level
from chantier.telemetry import Reading

Limits = dict[str, float]

# Perkins 1200F Electronic A&I manual, 14.2: 109, 111 and 114 degC held for 10 s
# (SPN 110, FMI 15, 16 and 0).
COOLANT_HIGH = {
    "warning": 109.0,
    "critical": 111.0,
    "stop": 114.0,
    "for_s": 10,
    "clear": 104.0,
    "clear_for_s": 120,
}
# Two limits, as engine controllers have: the oil pump turns with the engine.
OIL_PRESS_LOW = {"idle": 100.0, "work": 200.0, "work_rpm": 1500.0, "margin": 50.0, "for_s": 0}


def coolant_high(limits: Limits, _reading: Reading) -> Condition:
    """COOLANT_HIGH: judged with the engine off too, so that it can close while cooling."""
    for_s = int(limits["for_s"])
    return Condition(
        code="COOLANT_HIGH",
        field="cool_c",
        unit="°C",
        opens=">=",
        levels=(
            Level("warning", limits["warning"], for_s),
            Level("critical", limits["critical"], for_s),
            Level("critical", limits["stop"], for_s),
        ),
        clears="<",
        clear=limits["clear"],
        clear_for_s=int(limits["clear_for_s"]),
        engine=False,
    )


def oil_press_low(limits: Limits, reading: Reading) -> Condition:
    """OIL_PRESS_LOW: the limit of the regime that the engine is in."""
    working = reading.rpm is not None and reading.rpm > limits["work_rpm"]
    limit = limits["work"] if working else limits["idle"]
    return Condition(
        code="OIL_PRESS_LOW",
        field="oil_kpa",
        unit="kPa",
        opens="<",
        levels=(Level("critical", limit, int(limits["for_s"])),),
        clears=">=",
        clear=limit + limits["margin"],
        clear_for_s=0,
        inhibit_s=15,
        engine=True,
    )

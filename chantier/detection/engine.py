"""Engine conditions: coolant temperature and oil pressure."""

from __future__ import annotations

from chantier.detection.condition import ANY_RPM, Condition, Level

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


def coolant_high(limits: Limits) -> tuple[Condition, ...]:
    """COOLANT_HIGH: judged with the engine off too, so that it can close while cooling."""
    for_s = int(limits["for_s"])
    return (
        Condition(
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
        ),
    )


def oil_press_low(limits: Limits) -> tuple[Condition, ...]:
    """OIL_PRESS_LOW: one alert with two limits, by the regime that the engine is in."""
    turn = limits["work_rpm"]
    return (
        _oil(limits, limits["idle"], above_rpm=-1.0, up_to_rpm=turn),
        _oil(limits, limits["work"], above_rpm=turn, up_to_rpm=ANY_RPM),
    )


def _oil(limits: Limits, limit: float, *, above_rpm: float, up_to_rpm: float) -> Condition:
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
        above_rpm=above_rpm,
        up_to_rpm=up_to_rpm,
    )

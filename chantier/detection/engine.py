"""Conditions of the engine and the hydraulics: temperatures and oil pressure."""

from __future__ import annotations

from chantier.detection.condition import ANY_RPM, Condition, Level, Numbers

# Perkins 1200F Electronic A&I manual, 14.2: 109, 111 and 114 degC held for 10 s
# (SPN 110, FMI 15, 16 and 0).
COOLANT_HIGH = {
    "warning": 109.0,
    "critical": 111.0,
    "stop": 114.0,
    "for_s": 10,
    "clear": 104.0,
    "clear_for_s": 120,
    "inhibit_s": 30,
}
HYD_TEMP_HIGH = {
    "warning": 95.0,
    "critical": 100.0,
    "for_s": 120,
    "critical_for_s": 60,
    "clear": 90.0,
    "clear_for_s": 300,
    "inhibit_s": 30,
}
# Two limits, as engine controllers have: the oil pump turns with the engine.
OIL_PRESS_LOW = {
    "idle": 100.0,
    "work": 200.0,
    "work_rpm": 1500.0,
    "margin": 50.0,
    "for_s": 0,
    "inhibit_s": 15,
}


def coolant_high(numbers: Numbers) -> tuple[Condition, ...]:
    """COOLANT_HIGH: judged with the engine off too, so that it can close while cooling."""
    for_s = int(numbers["for_s"])
    levels = (
        Level("warning", numbers["warning"], for_s),
        Level("critical", numbers["critical"], for_s),
        Level("critical", numbers["stop"], for_s),
    )
    return (_hot("COOLANT_HIGH", "cool_c", numbers, levels),)


def hyd_temp_high(numbers: Numbers) -> tuple[Condition, ...]:
    """HYD_TEMP_HIGH: judged with the engine off too, as the coolant is."""
    levels = (
        Level("warning", numbers["warning"], int(numbers["for_s"])),
        Level("critical", numbers["critical"], int(numbers["critical_for_s"])),
    )
    return (_hot("HYD_TEMP_HIGH", "hyd_c", numbers, levels),)


def _hot(code: str, field: str, numbers: Numbers, levels: tuple[Level, ...]) -> Condition:
    return Condition(
        code=code,
        field=field,
        unit="°C",
        opens=">=",
        levels=levels,
        clears="<",
        clear=numbers["clear"],
        clear_for_s=int(numbers["clear_for_s"]),
        inhibit_s=int(numbers["inhibit_s"]),
        engine=False,
    )


def oil_press_low(numbers: Numbers) -> tuple[Condition, ...]:
    """OIL_PRESS_LOW: one alert with two limits, by the regime that the engine is in."""
    turn = numbers["work_rpm"]
    return (
        _oil(numbers, numbers["idle"], above_rpm=-1.0, up_to_rpm=turn),
        _oil(numbers, numbers["work"], above_rpm=turn, up_to_rpm=ANY_RPM),
    )


def _oil(numbers: Numbers, limit: float, *, above_rpm: float, up_to_rpm: float) -> Condition:
    return Condition(
        code="OIL_PRESS_LOW",
        field="oil_kpa",
        unit="kPa",
        opens="<",
        levels=(Level("critical", limit, int(numbers["for_s"])),),
        clears=">=",
        clear=limit + numbers["margin"],
        clear_for_s=0,
        inhibit_s=int(numbers["inhibit_s"]),
        engine=True,
        above_rpm=above_rpm,
        up_to_rpm=up_to_rpm,
    )

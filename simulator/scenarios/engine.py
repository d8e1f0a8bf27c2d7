"""Scenarios of the engine, the hydraulics and the battery: what wears out or fails."""

from __future__ import annotations

from itertools import pairwise
from math import log

from simulator.plan import IDLE, OFF, WORK
from simulator.scenarios.script import MINUTE, Script, Setting, found_s, in_turn, lasting

# A radiator that clogs, and what it was cooling afterwards at idle: time constants, s.
_CLIMB_TAU_S, _COOL_TAU_S, _COOL_S = 100.0, 200.0, 5 * MINUTE
# The coldest engine or oil that a scenario begins with, degC.
_FROST_C = -5.0
# Diesel particulate filter, soot load too high: SPN 3719, FMI 16.
_SOOT = (3719, 16, 1)
# Hydraulic oil level low: SPN 2602, FMI 18; coolant temperature sensor open: SPN 110, FMI 3.
_OIL_LEVEL, _SENSOR = (2602, 18, 1), (110, 3, 1)
# Cold oil is poured in while the hose is mended: where the warm oil goes to, degC.
_TOPPED_UP_C = 60.0


def overheating(setting: Setting) -> Script:
    """The radiator clogs, the coolant climbs past both limits, the operator lets it idle."""
    coolant = setting.limits["COOLANT_HIGH"]
    for_s = coolant["for_s"]
    target = min(coolant["critical"] + 2, coolant["stop"] - 1)
    climb_s = found_s(_climb_s(target, coolant["critical"]), for_s, at_once=True)
    return Script(
        code="COOLANT_HIGH",
        severity="critical",
        stages=in_turn(
            lasting(climb_s, WORK, coolant_c=target, coolant_tau_s=_CLIMB_TAU_S),
            lasting(_COOL_S + coolant["clear_for_s"], IDLE, coolant_tau_s=_COOL_TAU_S),
        ),
        opens_s=found_s(_climb_s(target, coolant["warning"]), for_s, at_once=True),
        shown_s=climb_s,
    )


def hydraulic_overheating(setting: Setting) -> Script:
    """The oil cooler clogs, the hydraulic oil passes both limits, the operator lets it idle."""
    oil = setting.limits["HYD_TEMP_HIGH"]
    target = oil["critical"] + 3
    raised_s = _climb_s(target, oil["critical"])
    climb_s = found_s(raised_s, max(oil["for_s"], oil["critical_for_s"]), at_once=True)
    return Script(
        code="HYD_TEMP_HIGH",
        severity="critical",
        stages=in_turn(
            lasting(climb_s, WORK, hydraulic_c=target, hydraulic_tau_s=_CLIMB_TAU_S),
            lasting(_COOL_S + oil["clear_for_s"], IDLE, hydraulic_tau_s=_COOL_TAU_S),
        ),
        opens_s=found_s(_climb_s(target, oil["warning"]), oil["for_s"], at_once=True),
        shown_s=climb_s,
    )


def hydraulic_leak(setting: Setting) -> Script:
    """A hose leaks: the level code comes, what oil is left overheats, a mechanic mends it."""
    oil = setting.limits["HYD_TEMP_HIGH"]
    target = (oil["warning"] + oil["critical"]) / 2
    opens_s = found_s(_climb_s(target, oil["warning"]), oil["for_s"], at_once=True)
    low = {"dtc": (_OIL_LEVEL,), "lamp": ("AWL",)}
    hot = {"hydraulic_c": target, "hydraulic_tau_s": _CLIMB_TAU_S}
    return Script(
        code="HYD_TEMP_HIGH",
        severity="warning",
        stages=in_turn(
            lasting(2 * MINUTE, WORK, **hot),
            lasting(opens_s, WORK, **hot, **low),
            lasting(15 * MINUTE, OFF, hydraulic_c=_TOPPED_UP_C, hydraulic_tau_s=_COOL_TAU_S),
            lasting(_COOL_S + oil["clear_for_s"], IDLE, hydraulic_tau_s=_COOL_TAU_S),
        ),
        opens_s=opens_s,
        shown_s=opens_s,
        also=("DTC",),
    )


def oil_pressure_loss(setting: Setting) -> Script:
    """Oil pressure falls at work; the operator stops, tops up, and starts again."""
    oil = setting.limits["OIL_PRESS_LOW"]
    seen = 45 + int(oil["for_s"])
    return Script(
        code="OIL_PRESS_LOW",
        severity="critical",
        stages=in_turn(
            lasting(seen, WORK, oil_kpa=0.45 * min(oil["idle"], oil["work"])),
            lasting(8 * MINUTE, OFF),
            lasting(3 * MINUTE, IDLE),
        ),
        opens_s=found_s(0, oil["for_s"], at_once=True),
        shown_s=seen,
    )


def fault_code(setting: Setting) -> Script:
    """A fault code with the amber lamp; it goes after a regeneration at idle."""
    absent = setting.limits["DTC"]["absent_for_s"]
    return Script(
        code="DTC",
        severity="warning",
        fault=f"{_SOOT[0]}-{_SOOT[1]}",
        stages=in_turn(
            lasting(6 * MINUTE, WORK, dtc=(_SOOT,), lamp=("AWL",)),
            lasting(absent + 40, IDLE),
        ),
        opens_s=found_s(0, 0, at_once=True),
        shown_s=30,
    )


def dead_sensor(setting: Setting) -> Script:
    """The wire of the coolant sensor breaks: no temperature any more, and a code that says so."""
    absent = setting.limits["DTC"]["absent_for_s"]
    dead = {"missing": ("cool_c",), "dtc": (_SENSOR,), "lamp": ("AWL",)}
    return Script(
        code="DTC",
        severity="warning",
        fault=f"{_SENSOR[0]}-{_SENSOR[1]}",
        stages=in_turn(
            lasting(10 * MINUTE, WORK, **dead),
            lasting(5 * MINUTE, OFF, missing=("cool_c",)),
            lasting(absent + 40, IDLE),
        ),
        opens_s=found_s(0, 0, at_once=True),
        shown_s=30,
    )


def flat_battery(setting: Setting) -> Script:
    """The alternator fails and the voltage sinks step by step, until a new belt is on."""
    battery = setting.limits["BATT_LOW"]
    for_s = battery["for_s"]
    marks = [battery[name] for name in ("info", "warning", "critical")]
    step_s = for_s + MINUTE
    sinking = [(above + below) / 2 for above, below in pairwise(marks)]
    # As far below the last mark as that is below the one before.
    sinking.append(2 * marks[-1] - sinking[-1])
    return Script(
        code="BATT_LOW",
        severity="critical",
        stages=in_turn(
            *(lasting(step_s, WORK, volts=volts) for volts in sinking),
            lasting(2 * MINUTE, WORK),
        ),
        opens_s=found_s(0, for_s, at_once=False),
        shown_s=3 * int(step_s),
    )


def overcharging(setting: Setting) -> Script:
    """The regulator fails and the alternator overcharges; it recovers."""
    battery = setting.limits["BATT_HIGH"]
    for_s = battery["for_s"]
    return Script(
        code="BATT_HIGH",
        severity="warning",
        stages=in_turn(
            lasting(for_s + 3 * MINUTE, WORK, volts=battery["warning"] * 1.02),
            lasting(2 * MINUTE, WORK),
        ),
        opens_s=found_s(0, for_s, at_once=True),
        shown_s=found_s(0, for_s, at_once=True),
    )


def _climb_s(target: float, limit: float) -> float:
    """How long a temperature takes to a limit on its way to a target, from frost, s."""
    # The sensor has steps of 1 degC and rounds: it is there half a degree sooner.
    return _CLIMB_TAU_S * log((target - _FROST_C) / (target - limit))

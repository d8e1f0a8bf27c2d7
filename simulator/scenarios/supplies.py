"""Scenarios of what a machine uses up: fuel, DEF, and the hours until its service."""

from __future__ import annotations

from simulator.plan import IDLE, OFF, WORK
from simulator.scenarios.script import (
    MINUTE,
    Script,
    Setting,
    found_s,
    in_turn,
    just_above,
    lasting,
    refuse,
)

# The bowser's pump, L/h [M].
_PUMP_LPH = 50.0 * 60
_BEFORE_REFUEL_PCT, _REFUELLED_PCT = 50.0, 95.0
# One step of a level sender, %, is how far its word may lag.
_SENDER_PCT = 0.4
# The hour meter is so little short of its mark at the onset, h.
_SHORT_H = 0.01


def low_fuel(setting: Setting) -> Script:
    """The tank falls to its limit at work; the bowser comes after a while."""
    fuel = setting.limits["FUEL_LOW"]
    shown = found_s(MINUTE, fuel["for_s"], at_once=True)
    return Script(
        code="FUEL_LOW",
        severity="warning",
        stages=in_turn(
            lasting(shown + 6 * MINUTE, WORK),
            lasting(5 * MINUTE, OFF, refuel_to=max(0.9, fuel["clear"] / 100)),
            lasting(MINUTE, IDLE),
        ),
        opens_s=shown,
        shown_s=shown,
        fuel_pct=just_above(fuel["warning"]),
    )


def low_def(setting: Setting) -> Script:
    """The AdBlue falls to its limit at work; somebody brings a can after a while."""
    def_low = setting.limits["DEF_LOW"]
    shown = found_s(MINUTE, def_low["for_s"], at_once=True)
    return Script(
        code="DEF_LOW",
        severity="warning",
        stages=in_turn(
            lasting(shown + 6 * MINUTE, WORK),
            lasting(5 * MINUTE, OFF, def_to=max(0.9, def_low["clear"] / 100)),
            lasting(MINUTE, IDLE),
        ),
        opens_s=shown,
        shown_s=shown,
        def_pct=just_above(def_low["warning"]),
    )


def refuelling(setting: Setting) -> Script:
    """The bowser fills a half empty tank while the machine stands."""
    refuel = setting.limits["REFUEL"]
    needed = max(refuel["percent"], 100 * refuel["litres"] / setting.tank_l) + _SENDER_PCT
    if needed > _REFUELLED_PCT - _BEFORE_REFUEL_PCT:
        raise refuse(
            "plein",
            setting,
            f"a refuel counts from {needed:.0f} % of its tank on",
            "Lower the numbers of REFUEL, or play it on a machine with a larger tank.",
        )
    pump_s = (_REFUELLED_PCT - _BEFORE_REFUEL_PCT) / 100 * setting.tank_l / _PUMP_LPH * 3600
    still_s = MINUTE
    raised_s = still_s + needed / 100 * setting.tank_l / _PUMP_LPH * 3600
    return Script(
        code="REFUEL",
        severity="info",
        stages=in_turn(
            lasting(still_s, OFF),
            lasting(pump_s, OFF, pour_lph=_PUMP_LPH),
            lasting(MINUTE, OFF),
            lasting(refuel["over_s"] + 2 * MINUTE, WORK),
        ),
        opens_s=found_s(raised_s, 0, at_once=False),
        shown_s=found_s(raised_s, 0, at_once=False),
        fuel_pct=_BEFORE_REFUEL_PCT,
    )


def service_due(setting: Setting) -> Script:
    """The hour meter comes near the next service while the machine works."""
    numbers = setting.limits["SERVICE_DUE"]
    shown = found_s(_SHORT_H * 3600, 0, at_once=False)
    return Script(
        code="SERVICE_DUE",
        severity="info",
        stages=in_turn(lasting(shown + MINUTE, WORK)),
        opens_s=shown,
        shown_s=shown,
        closes=False,
        op_h=3 * numbers["every_h"] - numbers["before_h"] - _SHORT_H,
    )

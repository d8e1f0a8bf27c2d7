"""Scenarios of theft: the engine is off, nobody is there, and the box wakes."""

from __future__ import annotations

from simulator.plan import OFF
from simulator.scenarios.script import (
    ANY_TIME,
    FOR_GOOD_S,
    LOOK_S,
    MINUTE,
    Script,
    Setting,
    found_s,
    in_turn,
    lasting,
    refuse,
)

# Siphoning: so much within so long, from a tank that holds more.
_STOLEN_L, _STOLEN_SHARE, _STOLEN_S = 60.0, 0.35, 6 * MINUTE
_BEFORE_THEFT_PCT = 60.0
_SENDER_PCT = 0.4
# A trailer on a country road, km/h.
_TRAILER_KMH, _TOWED_S = 40.0, 6 * MINUTE


def siphoning(setting: Setting) -> Script:
    """Somebody empties a part of the tank in six minutes while the machine is switched off."""
    drop = setting.limits["FUEL_DROP"]
    stolen_l = min(_STOLEN_L, _STOLEN_SHARE * setting.tank_l)
    needed_l = max(drop["litres"], (drop["percent"] + _SENDER_PCT) / 100 * setting.tank_l)
    needed_s = needed_l / stolen_l * _STOLEN_S
    if needed_s > min(_STOLEN_S, drop["within_s"]) - LOOK_S:
        raise refuse(
            "siphonnage",
            setting,
            f"{stolen_l:.0f} L in {_STOLEN_S // 60} minutes are no theft by its numbers",
            "Lower the numbers of FUEL_DROP, or play it on a machine with a larger tank.",
        )
    still_s = 3 * MINUTE
    opens_s = found_s(still_s + needed_s, 0, at_once=True)
    return Script(
        code="FUEL_DROP",
        severity="critical",
        stages=in_turn(
            lasting(still_s, OFF),
            lasting(_STOLEN_S, OFF, drain_lph=stolen_l * 3600 / _STOLEN_S),
            lasting(MINUTE, OFF),
        ),
        opens_s=opens_s,
        shown_s=opens_s,
        begins=ANY_TIME,
        closes=False,
        fuel_pct=_BEFORE_THEFT_PCT,
    )


def towing(setting: Setting) -> Script:
    """The machine is loaded on a trailer and driven away; its box still knows where it is."""
    if not setting.span_m:
        raise refuse(
            "vol-de-nuit",
            setting,
            "it says no position, as its site has no zones",
            "Add a zone to the site file.",
        )
    metres = setting.limits["TOW"]["metres"]
    kmh = max(_TRAILER_KMH, 2 * metres / _TOWED_S * 3.6)
    still_s = 2 * MINUTE
    # Two fixes in a row.
    opens_s = found_s(still_s + metres / kmh * 3.6, LOOK_S, at_once=True)
    return Script(
        code="TOW",
        severity="critical",
        stages=in_turn(
            lasting(still_s, OFF),
            lasting(_TOWED_S, OFF, kmh=kmh, away=True),
            lasting(FOR_GOOD_S, OFF),
        ),
        opens_s=opens_s,
        shown_s=opens_s,
        begins=ANY_TIME,
        closes=False,
        also=("GEOFENCE_EXIT",),
    )

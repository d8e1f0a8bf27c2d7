"""Scenarios of how and where a machine is used, and of a box that cannot be heard."""

from __future__ import annotations

from chantier.detection.memory import REFRESH_S
from simulator.plan import IDLE, OFF, TRAVEL, WORK
from simulator.scenarios.script import (
    CLOSED,
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

# How far outside its zone a machine goes, m; and for how long.
_OUTSIDE_M, _OUTSIDE_S = 60.0, 5 * MINUTE
_TOO_FAST_KMH = 6.0
# How far a machine leans beyond the critical limit, degrees.
_LEANS = 4.0
# The cloud looks for silent machines this often, s.
PASS_S = 300


def long_idling(setting: Setting) -> Script:
    """After some work the operator leaves the engine running and goes away."""
    idle = setting.limits["IDLE_LONG"]
    work_s = idle["work_s"] + MINUTE
    # A machine that has just counted load cycles may be waiting for a truck.
    loads = setting.kind.cycle_s is not None
    first_s = max(idle["info_s"], idle["truck_wait_s"] if loads else 0)
    worst_s = max(first_s, idle["warning_s"])
    shown = found_s(work_s, worst_s, at_once=True)
    return Script(
        code="IDLE_LONG",
        severity="warning",
        stages=in_turn(
            lasting(work_s, WORK),
            lasting(shown - work_s + MINUTE, IDLE),
            lasting(work_s, WORK),
        ),
        opens_s=found_s(work_s, first_s, at_once=False),
        shown_s=shown,
    )


def off_hours(setting: Setting) -> Script:
    """Somebody starts the machine while the site is closed, and works for a while."""
    if not setting.scheduled:
        raise refuse(
            "hors-horaires",
            setting,
            "the site file gives no opening hours",
            "Fill in [calendar].",
        )
    for_s = setting.limits["OFF_HOURS"]["for_s"]
    shown = found_s(0, for_s, at_once=True)
    return Script(
        code="OFF_HOURS",
        severity="warning",
        stages=in_turn(
            lasting(2 * MINUTE, IDLE), lasting(shown + MINUTE, WORK), lasting(2 * MINUTE, OFF)
        ),
        opens_s=shown,
        shown_s=shown,
        begins=CLOSED,
    )


def leaving_the_zone(setting: Setting) -> Script:
    """The machine drives out of its zone, works there for a while and comes back."""
    if not setting.zoned:
        raise refuse(
            "sortie-de-zone",
            setting,
            "it has no zone of its own",
            "Give it a zone in the site file, or play it on another machine.",
        )
    fence = setting.limits["GEOFENCE_EXIT"]
    metres = max(_OUTSIDE_M, 2 * fence["accuracy_m"])
    kmh = setting.kind.travel_kmh[1]
    # At the latest: from one corner of the zone across to the other, and out.
    way_s = (setting.span_m + 2 * metres) / kmh * 3.6
    opens_s = found_s(way_s, max(fence["for_s"], LOOK_S), at_once=True)
    return Script(
        code="GEOFENCE_EXIT",
        severity="warning",
        stages=in_turn(
            lasting(way_s, TRAVEL, kmh=kmh, outside_m=metres),
            lasting(_OUTSIDE_S + fence["for_s"], WORK, outside_m=metres),
            lasting(way_s, TRAVEL, kmh=kmh, home=True),
            lasting(MINUTE, WORK, home=True),
        ),
        opens_s=opens_s,
        shown_s=opens_s,
    )


def rolling_over(setting: Setting) -> Script:
    """The ground gives way and the machine stays leaning; its engine stops."""
    tilt = setting.limits["TILT"]
    shown = found_s(0, max(tilt["for_s"], tilt["critical_for_s"]), at_once=True)
    leaning = min(tilt["roll_critical"] + _LEANS, 90)
    return Script(
        code="TILT",
        severity="critical",
        fault="roll",
        stages=in_turn(lasting(shown, WORK, roll=leaning), lasting(FOR_GOOD_S, OFF, roll=leaning)),
        opens_s=shown,
        shown_s=shown,
        closes=False,
    )


def speeding(setting: Setting) -> Script:
    """The machine drives faster than the site allows."""
    speed = setting.limits["OVERSPEED"]
    kmh = min(speed["limit"] + _TOO_FAST_KMH, setting.kind.top_kmh)
    if kmh <= speed["limit"] + 1:
        raise refuse(
            "exces-de-vitesse",
            setting,
            f"a {setting.class_name} goes at most {setting.kind.top_kmh:g} km/h, "
            f"its limit is {speed['limit']:g}",
            "Play it on a faster machine, or lower the limit of OVERSPEED.",
        )
    shown = found_s(0, speed["for_s"], at_once=False)
    return Script(
        code="OVERSPEED",
        severity="info",
        stages=in_turn(
            lasting(speed["for_s"] + MINUTE, TRAVEL, kmh=kmh), lasting(2 * MINUTE, IDLE)
        ),
        opens_s=shown,
        shown_s=shown,
    )


def silence(setting: Setting) -> Script:
    """A machine at work drops out of the network, and says everything afterwards."""
    running_s = setting.limits["NO_SIGNAL"]["running_s"]
    # The cloud's memory of the last message may be `REFRESH_S` old, so it waits as much longer.
    shown = int(2 * MINUTE + running_s + REFRESH_S + PASS_S)
    return Script(
        code="NO_SIGNAL",
        severity="warning",
        stages=in_turn(
            lasting(2 * MINUTE, WORK),
            lasting(shown, WORK, silent=True),
            lasting(2 * MINUTE, WORK),
        ),
        opens_s=shown,
        shown_s=shown,
    )

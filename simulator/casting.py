"""When an incident can begin on a machine, and whether it fits in the run.

Here a scenario meets the plan of the machine it is played on. No machine is
stepped and nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from chantier.errors import ChantierError
from simulator.hand import Cast
from simulator.hours import Hours
from simulator.incident import Incident
from simulator.plan import OFF, Plan
from simulator.scenarios.script import CLOSED, RUNNING, Script

# An engine that has just started, or a box that has just woken, is not judged yet.
_SETTLED_S = 60
_MINUTE_S = 60
# So far from the opening hours nobody is there by mistake, s.
_WELL_OUTSIDE_S = 15 * 60


class Stretch(NamedTuple):
    """What a machine does while a run lasts.

    Attributes:
        plan: its own.
        hours: of its site.
        start: of the run, epoch seconds.
        first: when its box wakes.
        end: of the run, not included.
    """

    plan: Plan
    hours: Hours
    start: int
    first: int
    end: int


def cast(incident: Incident, script: Script, on: Stretch) -> Cast:
    """Give an incident the moment at which it begins.

    Raises:
        ChantierError: it cannot be played in this run.
    """
    onset = max(on.start + incident.after_s, on.first + _SETTLED_S)
    if script.begins == RUNNING:
        onset = _running(incident, onset, on)
        _refuse_overtime(incident, script, onset, on)
    elif script.begins == CLOSED:
        onset = _closed(incident, script, onset, on)
    if onset + script.shown_s > on.end:
        raise ChantierError(
            f"{incident} begins {(onset - on.start) // 60} minutes after the start and takes "
            f"{-(-script.shown_s // 60)} minutes to show; "
            f"the run lasts {(on.end - on.start) // 60}.",
            "Let it begin sooner, or let the run last longer.",
        )
    return Cast(incident, onset, script)


def _running(incident: Incident, onset: int, on: Stretch) -> int:
    """The first moment from `onset` on at which the engine has run for a while."""
    while onset < on.end:
        if on.plan.at(onset).state == OFF:
            onset = on.plan.at(onset).end
        elif on.plan.at(onset - _SETTLED_S).state == OFF:
            onset = on.plan.at(onset - _SETTLED_S).end + _SETTLED_S
        else:
            return onset
    raise ChantierError(
        f"{incident}: the engine of {incident.machine} stays off until the run ends.",
        "Let it begin sooner, or start the run in opening hours.",
    )


def _refuse_overtime(incident: Incident, script: Script, onset: int, on: Stretch) -> None:
    """An incident at work must not make its machine work when the site is closed."""
    ends = onset + (script.shown_s if script.for_good else script.over_s)
    sessions = on.hours.sessions(on.hours.day_of(onset))
    if sessions and ends > sessions[-1][1]:
        raise ChantierError(
            f"{incident} would go on until after the site has closed.", "Let it begin sooner."
        )


def _closed(incident: Incident, script: Script, onset: int, on: Stretch) -> int:
    """The first moment from `onset` on at which the site is closed for long enough."""
    for moment in range(onset, on.end, _MINUTE_S):
        ends = moment + script.over_s
        closed = _well_outside(on.hours, moment) and _well_outside(on.hours, ends)
        if closed and on.plan.at(moment).state == OFF and on.plan.at(moment).end >= ends:
            return moment
    raise ChantierError(
        f"{incident}: from then on the site is never closed for "
        f"{-(-script.over_s // 60)} minutes before the run ends.",
        "Let the run begin before the opening, or end after the closing.",
    )


def _well_outside(hours: Hours, t: int) -> bool:
    sessions = hours.sessions(hours.day_of(t))
    return not sessions or not (
        sessions[0][0] - _WELL_OUTSIDE_S <= t < sessions[-1][1] + _WELL_OUTSIDE_S
    )


def refuse_overlap(casts: Sequence[Cast]) -> None:
    """Refuse incidents of one machine that cannot be told apart.

    Raises:
        ChantierError: one begins before another is over, or two need their own day.
    """
    for one, other in pairwise(casts):
        if one.script.for_good:
            raise ChantierError(
                f"{other.incident} comes after {one.incident}, which nobody ends in this run.",
                "Play it on another machine.",
            )
        if other.onset < one.over:
            raise ChantierError(
                f"{other.incident} begins before {one.incident} is over.",
                f"Let it begin {-(-(one.over - other.onset) // 60)} minutes later.",
            )
    stocked = [cast for cast in casts if cast.script.stocked]
    if len(stocked) > 1:
        raise ChantierError(
            f"{stocked[1].incident}: the day of a machine can be set up for one incident "
            f"like {stocked[0].incident}.",
            "Play it on another machine.",
        )

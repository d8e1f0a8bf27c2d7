"""Bring the machines of a site to their start, each with its habits and its incidents.

Here an incident meets the machine that it is played on: when it can begin, and
whether it fits in the run. No machine is stepped and nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from chantier.detection.rules import Rules
from chantier.errors import ChantierError
from chantier.site import Machine, Site
from chantier.site_settings import rules_of
from simulator.classes import KINDS
from simulator.dice import dice
from simulator.ground import Ground
from simulator.hand import Cast, Hand
from simulator.hours import Hours, hours_of
from simulator.incident import Incident
from simulator.machine import Profile
from simulator.plan import OFF, Plan
from simulator.scenarios import SCENARIOS

# Machines wake one after the other within a minute. A stride prime to the 60 s of a message
# and to the 10 s of a reading keeps them apart also after an urgent message has moved one.
_STRIDE_S, _MINUTE_S = 7, 60
# An engine that has just started, or a box that has just woken, is not judged yet.
_SETTLED_S = 60
_LISTED = 12


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is simulated.

    Attributes:
        site: the site file.
        start: epoch seconds.
        duration_s: seconds of site time.
        seed: the same seed gives the same bytes.
    """

    site: Site
    start: int
    duration_s: int
    seed: int

    @property
    def end(self) -> int:
        """Epoch seconds, not included."""
        return self.start + self.duration_s


def muster(
    run: Run, incidents: Sequence[Incident] = (), *, only: Collection[str] | None = None
) -> tuple[Hand, ...]:
    """The machines of a run, in the order of the site file.

    Args:
        run: what is simulated.
        incidents: what goes wrong.
        only: ids of the machines that take part; None for all.

    Raises:
        ChantierError: an incident cannot be played on its machine in this run, or a
            machine that is named does not take part.
    """
    there = [machine.id for machine in run.site.machines]
    playing = set(there if only is None else only)
    _refuse_strangers(run.site.name, playing - {*there}, there)
    _refuse_strangers(run.site.name, {one.machine for one in incidents} - playing, sorted(playing))
    hours, rules = hours_of(run.site), rules_of(run.site)
    return tuple(
        _hand(run, hours, rules, index, [one for one in incidents if one.machine == machine.id])
        for index, machine in enumerate(run.site.machines)
        if machine.id in playing
    )


def _refuse_strangers(site: str, strangers: Iterable[str], known: Sequence[str]) -> None:
    for stranger in sorted(strangers):
        more = f" and {len(known) - _LISTED} more" if len(known) > _LISTED else ""
        raise ChantierError(
            f"{stranger} does not take part in this run of {site}.",
            f"Taking part: {', '.join(known[:_LISTED])}{more}.",
        )


def _hand(
    run: Run,
    hours: Hours,
    every: Mapping[str, Rules],
    index: int,
    incidents: Sequence[Incident],
) -> Hand:
    machine = run.site.machines[index]
    plan = Plan(hours, KINDS[machine.machine_class], seed=run.seed, machine=machine.id)
    rules = every[machine.id]
    first = run.start + index * _STRIDE_S % _MINUTE_S
    casts = sorted(
        (_cast(run, plan, rules, incident, first) for incident in incidents),
        key=lambda cast: cast.onset,
    )
    _refuse_overlap(casts)
    return Hand(
        profile=_profile(run, machine),
        plan=plan,
        rules=rules,
        seed=run.seed,
        dawn=hours.midnight(hours.day_of(run.start)),
        first=first,
        end=run.end,
        casts=tuple(casts),
    )


def _profile(run: Run, machine: Machine) -> Profile:
    kind = KINDS[machine.machine_class]
    zones = [zone for zone in run.site.zones if machine.zone in (zone.name, None)]
    zone = dice(run.seed, machine.id, "zone").choice(zones) if zones else None
    return Profile(
        id=machine.id,
        kind=kind,
        tank_l=machine.tank_l or kind.tank_l,
        voltage=machine.voltage,
        ground=Ground(zone.polygon, zone.holes) if zone else None,
    )


def _cast(run: Run, plan: Plan, rules: Rules, incident: Incident, first: int) -> Cast:
    script = SCENARIOS[incident.scenario](rules.limits)
    onset = max(run.start + incident.after_s, first + _SETTLED_S)
    while onset < run.end:
        if plan.at(onset).state == OFF:
            onset = plan.at(onset).end
        elif plan.at(onset - _SETTLED_S).state == OFF:
            onset = plan.at(onset - _SETTLED_S).end + _SETTLED_S
        else:
            break
    else:
        raise ChantierError(
            f"{incident}: the engine of {incident.machine} stays off until the run ends.",
            "Let it begin sooner, or start the run in opening hours.",
        )
    if onset + script.shown_s > run.end:
        raise ChantierError(
            f"{incident} begins {(onset - run.start) // 60} minutes after the start and takes "
            f"{-(-script.shown_s // 60)} minutes to show; the run lasts {run.duration_s // 60}.",
            "Let it begin sooner, or let the run last longer.",
        )
    return Cast(incident, onset, script)


def _refuse_overlap(casts: Sequence[Cast]) -> None:
    for one, other in pairwise(casts):
        if other.onset < one.over:
            raise ChantierError(
                f"{other.incident} begins before {one.incident} is over.",
                f"Let it begin {-(-(one.over - other.onset) // 60)} minutes later.",
            )
    low = [cast for cast in casts if cast.script.fuel_pct is not None]
    if len(low) > 1:
        raise ChantierError(
            f"{low[1].incident}: the tank of a machine can run low once in a run.",
            "Play it on another machine.",
        )

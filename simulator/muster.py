"""Bring the machines of a site to their start, each with its habits and its incidents.

Here an incident meets the machine that it is played on; no machine is stepped
and nothing is sent from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from chantier.detection.rules import Rules
from chantier.errors import ChantierError
from chantier.site import Machine, Site
from chantier.site_settings import rules_of
from simulator.casting import Stretch, cast, refuse_overlap
from simulator.hand import Hand
from simulator.hours import Hours, hours_of
from simulator.incident import Incident
from simulator.placing import plan_of, profile_of
from simulator.profile import Profile
from simulator.scenarios import SCENARIOS
from simulator.scenarios.script import Setting

# Machines wake one after the other within a minute. A stride prime to the 60 s of a message
# and to the 10 s of a reading keeps them apart also after an urgent message has moved one.
_STRIDE_S, _MINUTE_S = 7, 60
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
    rules = every[machine.id]
    first = run.start + index * _STRIDE_S % _MINUTE_S
    profile = profile_of(run.site, machine, seed=run.seed)
    plan = plan_of(profile, hours, seed=run.seed)
    setting = _setting(machine, profile, rules)
    on = Stretch(plan, hours, run.start, first, run.end)
    casts = sorted(
        (cast(incident, SCENARIOS[incident.scenario](setting), on) for incident in incidents),
        key=lambda one: one.onset,
    )
    refuse_overlap(casts)
    return Hand(
        profile=profile,
        plan=plan,
        rules=rules,
        seed=run.seed,
        dawn=hours.midnight(hours.day_of(run.start)),
        first=first,
        end=run.end,
        casts=tuple(casts),
    )


def _setting(machine: Machine, profile: Profile, rules: Rules) -> Setting:
    return Setting(
        machine=machine.id,
        class_name=machine.machine_class,
        kind=profile.kind,
        limits=rules.limits,
        tank_l=profile.tank_l,
        span_m=profile.ground.span_m if profile.ground else 0.0,
        zoned=machine.zone is not None,
        scheduled=rules.opening is not None,
    )

"""How good detection is: a healthy fleet, and the same fleet with every scenario on it.

All in memory, without AWS and without a clock: the simulator's machines, and
`chantier.detection` folded as the cloud folds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from chantier.errors import ChantierError
from chantier.rehearsal import Life, rehearse
from chantier.site import Machine, Site
from chantier.verdict import Healthy, Verdict, healthy, judge
from simulator.dice import dice
from simulator.hours import hours_of
from simulator.incident import Incident, parse
from simulator.muster import Run, muster
from simulator.scenarios import SCENARIOS

Tick = Callable[[str, int, int], None]

# At most half an alert a healthy machine and shift may ring somebody's phone.
MOST_PER_SHIFT = 0.5
# Each scenario is played on so many machines, if there are enough.
EACH = 5
ALL, NONE = "all", "none"
# The shift is watched from an hour before the opening: off-hours are part of life.
BEFORE_S = 3600
# An autumn Wednesday; the first open day from then on is played.
FIRST_DAY, DAYS_AHEAD = date(2026, 10, 14), 14
_STEP_S = 600
_LONGEST_ID = 64


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The figures of an evaluation.

    Attributes:
        healthy: the shift in which nothing goes wrong.
        verdict: the shift with scenarios; None when none was asked for.
    """

    healthy: Healthy
    verdict: Verdict | None

    @property
    def ok(self) -> bool:
        """Few enough alerts in a healthy shift, and every scripted one found, no other."""
        quiet = self.healthy.per_shift <= MOST_PER_SHIFT
        right = self.verdict is None or self.verdict.recall == self.verdict.precision == 1
        return quiet and right

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        said: dict[str, Any] = {
            "ok": self.ok,
            "healthy": {
                "machine_shifts": self.healthy.machines,
                "notified_per_machine_shift": round(self.healthy.per_shift, 3),
                "notified": self.healthy.notified,
                "split_percent": self.healthy.split,
            },
        }
        if self.verdict:
            said["scenarios"] = {
                "scripted": self.verdict.scripted,
                "precision": round(self.verdict.precision, 4),
                "recall": round(self.verdict.recall, 4),
                "codes": {code: asdict(row) for code, row in self.verdict.rows.items()},
                "wrong": self.verdict.wrong,
            }
        return said


def evaluate(  # noqa: PLR0913 - keyword-only: what is played, and on what
    site: Site, *, machines: int, hours: int, seed: int, scenarios: Sequence[str], tick: Tick
) -> Evaluation:
    """Play a shift twice, in health and with incidents.

    Args:
        site: the site; its machines are repeated under new ids, or the first ones taken.
        machines: how many take part.
        hours: how long the shift lasts from the opening on.
        seed: the same seed gives the same figures.
        scenarios: `all`, `none`, or incidents as `simulate` takes them.
        tick: receives what is played, machines done, and machines there are.

    Raises:
        ChantierError: the site never opens, or an incident cannot be played.
    """
    fleet = repeated(site, machines)
    run = Run(site=fleet, start=_start(site), duration_s=BEFORE_S + hours * 3600, seed=seed)
    incidents = _incidents(run, scenarios)
    well = healthy(list(_lives(run, (), "healthy shift", tick)))
    verdict = judge(_lives(run, incidents, "with scenarios", tick)) if incidents else None
    return Evaluation(healthy=well, verdict=verdict)


def repeated(site: Site, machines: int) -> Site:
    """The site with so many machines: its own, again and again under new ids.

    Their inspections (VGP) are left out: a date in the site file is nothing to detect.
    """
    own = [machine.model_copy(update={"vgp": None}) for machine in site.machines[:machines]]
    fleet: list[Machine] = list(own)
    there = {machine.id for machine in fleet}
    turn = 2
    while len(fleet) < machines:
        for machine in own[: machines - len(fleet)]:
            end = f"-{turn}"
            name = machine.id[: _LONGEST_ID - len(end)] + end
            if name not in there:
                there.add(name)
                fleet.append(machine.model_copy(update={"id": name}))
        turn += 1
    return site.model_copy(update={"machines": tuple(fleet)})


def _start(site: Site) -> int:
    hours = hours_of(site)
    for ahead in range(DAYS_AHEAD):
        sessions = hours.sessions(FIRST_DAY + timedelta(days=ahead))
        if sessions:
            return sessions[0][0] - BEFORE_S
    raise ChantierError(f"{site.name} is never open.", "Lengthen a day of [calendar].")


def _lives(run: Run, incidents: Sequence[Incident], what: str, tick: Tick) -> Iterator[Life]:
    hands = muster(run, incidents)
    for done, hand in enumerate(hands, 1):
        yield rehearse(hand)
        tick(what, done, len(hands))


def _incidents(run: Run, scenarios: Sequence[str]) -> tuple[Incident, ...]:
    if list(scenarios) == [NONE]:
        return ()
    if list(scenarios) == [ALL]:
        return tuple(_everything(run))
    ids = [machine.id for machine in run.site.machines]
    return tuple(parse(text, ids) for text in scenarios)


def _everything(run: Run) -> Iterator[Incident]:
    """Every scenario on machines of its own, at different times of the shift."""
    free = [machine.id for machine in run.site.machines]
    if len(free) < len(SCENARIOS):
        raise ChantierError(
            f"{len(SCENARIOS)} scenarios need as many machines, here are {len(free)}.",
            f"Take more: --machines {len(SCENARIOS) * EACH}, or name the incidents to play.",
        )
    each = min(EACH, len(free) // len(SCENARIOS))
    throw = dice(run.seed, "everything")
    throw.shuffle(free)
    for scenario in SCENARIOS:
        for _ in range(each):
            incident = _playable(run, scenario, free, throw.randrange(run.duration_s))
            free.remove(incident.machine)
            yield incident


def _playable(run: Run, scenario: str, free: Sequence[str], after_s: int) -> Incident:
    """The scenario on the first free machine that can play it, as near to a time as it can."""
    refused: ChantierError | None = None
    for machine in free:
        for later in range(0, run.duration_s, _STEP_S):
            incident = Incident(scenario, machine, (after_s + later) % run.duration_s)
            try:
                (hand,) = muster(run, (incident,), only=(machine,))
            except ChantierError as error:
                refused = error
            else:
                if hand.casts[0].over <= run.end or hand.casts[0].script.for_good:
                    return incident
    raise ChantierError(
        f"No machine is left that can play {scenario}: {refused.message if refused else ''}",
        "Take more machines, or a longer shift.",
    )

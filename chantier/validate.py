"""Is the simulator believable: 100 excavators, a day of the year each, against ten figures.

All in memory. The machines are healthy crawler excavators on the calendar of the
example site, each on a working day of its own, spread over a year, so that
summer and winter take part. What is measured is in `simulator.figures`, what must
hold exactly in `simulator.invariants`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from chantier.rehearsal import rehearse
from chantier.site import EXAMPLE, Machine, Site
from simulator.figures import Figure, figures
from simulator.hours import Hours, hours_of
from simulator.invariants import broken
from simulator.muster import Run, muster
from simulator.trace import Trace

Tick = Callable[[str, int, int], None]

KIND = "crawler-excavator"
MOST_PER_SHIFT = 0.5
# A whole shift: Fridays and half days are left out, h.
SHIFT_H = 8.0
FIRST_DAY, DAYS = date(2026, 1, 5), 364
# Watched from before the opening until after the closing: coming early is part of it.
AROUND_S = 3600
_HOUR_S = 3600
_TEMPERATURES = ("COOLANT_HIGH", "HYD_TEMP_HIGH")
_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class Validation:
    """What was found.

    Attributes:
        machines: how many machine-shifts.
        seed: as given.
        steps: at how many steps the invariants were checked.
        figures: the ten.
        broken: every step at which an invariant did not hold.
        notified: alerts that rang somebody's phone, per machine and shift.
    """

    machines: int
    seed: int
    steps: int
    figures: tuple[Figure, ...]
    broken: tuple[str, ...]
    notified: float

    @property
    def ok(self) -> bool:
        """Every figure within its target, every invariant held, few enough alerts."""
        quiet = self.notified <= MOST_PER_SHIFT
        return quiet and not self.broken and all(one.ok for one in self.figures)

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "ok": self.ok,
            "machine_shifts": self.machines,
            "seed": self.seed,
            "figures": [figure._asdict() for figure in self.figures],
            "invariants": {
                "steps": self.steps,
                "broken": len(self.broken),
                "first": self.broken[:_SHOWN],
            },
            "notified_per_machine_shift": round(self.notified, 3),
        }


def validate(*, machines: int, seed: int, tick: Tick) -> Validation:
    """Let machines work a shift each, and measure.

    Args:
        machines: how many.
        seed: the same seed gives the same figures.
        tick: receives what is done, machines done, and machines there are.
    """
    fleet = []
    for trace in traces(machines=machines, seed=seed):
        fleet.append(trace)
        tick("healthy shift", len(fleet), machines)
    return Validation(
        machines=machines,
        seed=seed,
        steps=sum(len(trace.steps) for trace in fleet),
        figures=figures(fleet),
        broken=tuple(fault for trace in fleet for fault in broken(trace)),
        notified=sum(trace.notified for trace in fleet) / machines,
    )


def traces(*, machines: int, seed: int) -> Iterator[Trace]:
    """The shift of each machine, one after the other."""
    site = _fleet(machines)
    hours = hours_of(site)
    days = _working_days(hours)
    for index, machine in enumerate(site.machines):
        sessions = hours.sessions(days[index * len(days) // machines])
        start, end = sessions[0][0] - AROUND_S, sessions[-1][1] + AROUND_S
        alone = site.model_copy(update={"machines": (machine,)})
        (hand,) = muster(Run(site=alone, start=start, duration_s=end - start, seed=seed))
        trace = Trace(machine.id, hand.profile.kind, hand.profile.tank_l, sessions)
        life = rehearse(hand, trace.note)
        trace.cycles = life.facts.cycles
        trace.notified = sum(alert.notified for alert in life.found)
        trace.overheated = sum(alert.code in _TEMPERATURES for alert in life.found)
        yield trace


def _fleet(machines: int) -> Site:
    """The example site, with so many excavators of 22 t on its zones in turn."""
    site = Site.load(EXAMPLE)
    zones = [zone.name for zone in site.zones]
    diggers = tuple(
        Machine.model_validate(
            {"id": f"EX-{n:04}", "class": KIND, "tank_l": 345, "zone": zones[n % len(zones)]}
        )
        for n in range(1, machines + 1)
    )
    return site.model_copy(update={"machines": diggers})


def _working_days(hours: Hours) -> list[date]:
    days = (FIRST_DAY + timedelta(days=n) for n in range(DAYS))
    return [
        day
        for day in days
        if sum(end - start for start, end in hours.sessions(day)) >= SHIFT_H * _HOUR_S
    ]

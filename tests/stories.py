"""The detection cases of tests/cases/, as data.

A case is a story of one machine. Its `steps`, by seconds from its `start` (`START`
unless it says its own), are readings (`until` and `step` repeat one; `arrives` is when
it reaches the cloud, where that is not at once), or what is no reading: `now` (time
passes), `ack` (a person has seen that code) and `service` (hour meter of a service).
`machine` is its table in the site file tests/sites/<site>.toml. `events` is what
detection must tell (updates aside), `alerts` what must stand at the end.

The same files run through `observe`, through the bundled `index.py`, and through the
embedded AWS.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from chantier.site import Site
from chantier.site_rules import contradictions
from chantier.site_settings import settings_of
from chantier.telemetry import format_time

FOLDER = Path(__file__).with_name("cases")
SITES = Path(__file__).with_name("sites")
# A Monday, 16:13:20 in Paris.
START = 1_790_000_000
A_MESSAGE = 6
DEEDS = ("now", "ack", "service")


class Step(NamedTuple):
    """One thing that happens: a message, or a deed.

    Attributes:
        arrived: epoch seconds by the cloud's clock.
        readings: of a message, as JSON objects; empty for a deed.
        deed: now, ack or service; empty for a message.
        said: the deed's value.
    """

    arrived: int
    readings: tuple[dict[str, Any], ...] = ()
    deed: str = ""
    said: Any = None

    @property
    def message(self) -> dict[str, Any]:
        """The message as the machine sends it."""
        return {"v": 1, "readings": list(self.readings)}


class Case(NamedTuple):
    """One story."""

    name: str
    says: str
    site: str
    machine: dict[str, Any]
    start: int
    steps: tuple[Step, ...]
    events: tuple[str, ...]
    alerts: tuple[dict[str, Any], ...]


@cache
def load_cases() -> list[Case]:
    """Every case, by name."""
    return [_case(path) for path in sorted(FOLDER.glob("*.json"))]


@cache
def site_of(name: str) -> Site:
    """A site of tests/sites/, whose machines are the cases that play on it."""
    said = tomllib.loads((SITES / f"{name}.toml").read_text("utf-8"))
    said["machines"] = [
        {"id": case.name, "class": "roller", **case.machine}
        for case in load_cases()
        if case.site == name
    ]
    assert not contradictions(said)
    return Site.model_validate(said)


@cache
def settings_for(name: str) -> dict[str, Any]:
    """The settings of that site's functions."""
    return settings_of(site_of(name))


def at(seconds: int, start: int = START) -> str:
    """The wire's time of a second of a story."""
    return format_time(start + seconds)


def expected_alerts(case: Case) -> list[tuple[Any, ...]]:
    """(code, fault, severity, since, opened_at, closed_at, value), sorted."""
    return sorted(
        (
            one["code"],
            one.get("fault", ""),
            one["severity"],
            at(one["since"], case.start),
            at(one["opened"], case.start),
            None if one["closed"] is None else at(one["closed"], case.start),
            one["value"],
        )
        for one in case.alerts
    )


@cache
def _machines_in(index: ModuleType, site: str) -> dict[str, Any]:
    return dict(index.watched_machines(settings_for(site)))


def told_by(index: ModuleType, case: Case) -> list[tuple[Any, ...]]:
    """Every event of a case without deeds, told by the shipped function's own text."""
    rules = _machines_in(index, case.site)[case.name].rules
    memory, told = index.Memory(), list[tuple[Any, ...]]()
    for step in case.steps:
        before = index.load(index.dump(memory))
        after, fresh = index.hear(before, step.arrived)
        for reading in index.decode(step.message, now=step.arrived).readings:
            after, events = index.observe(after, reading, rules)
            fresh += events
        memory = after if index.material(before, after, fresh) else before
        told += [tuple(event) for event in fresh]
    return told


def _case(path: Path) -> Case:
    said = json.loads(path.read_text("utf-8"))
    start = int(datetime.fromisoformat(said["start"]).timestamp()) if "start" in said else START
    return Case(
        name=path.stem,
        says=said["says"],
        site=said.get("site", "plain"),
        machine=_machine(said.get("machine", {})),
        start=start,
        steps=tuple(_steps(said, start)),
        events=tuple(said["events"]),
        alerts=tuple(said["alerts"]),
    )


def _machine(said: dict[str, Any]) -> dict[str, Any]:
    """What TOML has a type for and JSON has not."""
    return {**said, "vgp": date.fromisoformat(said["vgp"])} if "vgp" in said else said


def _steps(said: dict[str, Any], start: int) -> Iterator[Step]:
    """The deeds, and the readings as a machine sends them: six a message."""
    waiting: list[dict[str, Any]] = []
    arrives: int | None = None
    number = 0
    for spec in said["steps"]:
        deed = next((name for name in DEEDS if name in spec), "")
        if waiting and (deed or spec.get("arrives") != arrives):
            yield _message(waiting, start, arrives)
            waiting = []
        if deed:
            yield Step(start + spec["at"], (), deed, spec[deed])
            continue
        arrives = spec.get("arrives")
        for seconds in range(spec["at"], spec.get("until", spec["at"]) + 1, spec.get("step", 10)):
            fields = {k: v for k, v in spec.items() if k not in ("until", "step", "arrives", "at")}
            seq = seconds if said.get("as_sent") else number
            waiting.append({**fields, "t": at(seconds, start), "seq": seq, "at": seconds})
            number += 1
            if len(waiting) == A_MESSAGE:
                yield _message(waiting, start, arrives)
                waiting = []
    if waiting:
        yield _message(waiting, start, arrives)


def _message(readings: list[dict[str, Any]], start: int, arrives: int | None) -> Step:
    """A message, which arrives with its newest reading unless told otherwise."""
    last = max(reading["at"] for reading in readings)
    said = tuple({k: v for k, v in one.items() if k != "at"} for one in readings)
    return Step(start + (last if arrives is None else arrives), said)

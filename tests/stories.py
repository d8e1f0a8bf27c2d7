"""The detection cases of tests/cases/, as data.

A case is a story of one machine: `readings` by seconds from its start (`until`
and `step` repeat one), the `events` that detection must tell (updates aside), and
the `alerts` that must stand at the end. The same files run through `observe`,
through the bundled `index.py`, and through the embedded AWS.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from chantier.telemetry import format_time

FOLDER = Path(__file__).with_name("cases")
START = 1_790_000_000


class Case(NamedTuple):
    """One story."""

    name: str
    says: str
    volts: int
    limits: dict[str, dict[str, float]]
    readings: tuple[dict[str, Any], ...]
    events: tuple[str, ...]
    alerts: tuple[dict[str, Any], ...]


def load_cases() -> list[Case]:
    """Every case, by name."""
    return [_case(path) for path in sorted(FOLDER.glob("*.json"))]


def at(seconds: int) -> str:
    """The wire's time of a second of the story."""
    return format_time(START + seconds)


def messages(case: Case) -> list[dict[str, Any]]:
    """The readings as a machine sends them, six a message."""
    groups = [case.readings[index : index + 6] for index in range(0, len(case.readings), 6)]
    return [{"v": 1, "readings": list(group)} for group in groups]


def expected_alerts(case: Case) -> list[tuple[Any, ...]]:
    """(code, fault, severity, since, opened_at, closed_at, value), sorted."""
    return sorted(
        (
            one["code"],
            one.get("fault", ""),
            one["severity"],
            at(one["since"]),
            at(one["opened"]),
            None if one["closed"] is None else at(one["closed"]),
            one["value"],
        )
        for one in case.alerts
    )


def _case(path: Path) -> Case:
    said = json.loads(path.read_text("utf-8"))
    readings = [one for spec in said["readings"] for one in _repeated(spec)]
    for number, reading in enumerate(readings):
        seconds = reading.pop("at")
        reading["t"] = at(seconds)
        reading["seq"] = seconds if said.get("as_sent") else number
    return Case(
        name=path.stem,
        says=said["says"],
        volts=said.get("volts", 24),
        limits=said.get("limits", {}),
        readings=tuple(readings),
        events=tuple(said["events"]),
        alerts=tuple(said["alerts"]),
    )


def _repeated(spec: dict[str, Any]) -> list[dict[str, Any]]:
    fields = {key: value for key, value in spec.items() if key not in ("until", "step")}
    last = spec.get("until", spec["at"])
    return [
        {**fields, "at": second} for second in range(spec["at"], last + 1, spec.get("step", 10))
    ]

"""What detection remembers of a machine, and what it says when something changes.

The JSON form is what lies in the alerts table between two invocations; a form
that cannot be read is refused, never guessed at.
"""

from __future__ import annotations

import json
from typing import NamedTuple

MEMORY_VERSION = 2
# The first form had fewer fields, each with the meaning that it has now.
READABLE = (1, MEMORY_VERSION)
# A memory that nothing else makes worth a write is written this often, s: it is the
# last sign of life of its machine, and the time before which nothing is judged again.
REFRESH_S = 300
# Nor does it wait while the lowest fuel level falls by more than a machine burns, %.
LOW_PCT = 1.0
# Or the hour meter jumps, h.
SEEN_H = 0.25


class Track(NamedTuple):
    """One condition being followed.

    Attributes:
        level: 0 while not open, else the level reached (1 is the first).
        held: for each level, since when its limit is passed; 0 where it is not.
        since: when the condition that opened it began; 0 while not open.
        opened_at: when it opened; 0 while not open.
        calm: since when it is back past its clear level; 0 where it is not.
        worst: the worst value while open, against the limit that held then.
        base: that limit, the first level's, or the value that `worst` is counted from.
        readings: how many readings it has lasted while open.
        last: when its value was last judged, where a silence of the sensor matters.
    """

    level: int = 0
    held: tuple[int, ...] = ()
    since: int = 0
    opened_at: int = 0
    calm: int = 0
    worst: float | None = None
    base: float = 0.0
    readings: int = 0
    last: int = 0


class Mark(NamedTuple):
    """A fuel level while the engine is off.

    Attributes:
        t: when, epoch seconds.
        pct: % of the tank.
        hours: the hour meter then, h; None where it is not known.
    """

    t: int
    pct: float
    hours: float | None = None


class Memory(NamedTuple):
    """All that is remembered of one machine.

    Attributes:
        t: time of the newest reading, epoch seconds; 0 before the first.
        seq: its sequence number.
        heard: when its last message arrived, epoch seconds by the cloud's clock.
        engine_on: since when the engine runs; 0 when it does not or is not known.
        lat: last known position, degrees; None when never known.
        lon: degrees.
        parked: (lat, lon) where the engine was stopped; None while it runs.
        levels: the fuel levels that a loss is counted from, falling; none while it runs.
        low: lowest fuel level since the last refuel, %.
        fuel: fuel level of the reading before, %; None where it did not tell or moved.
        hours: hour meter of the reading before, h.
        cycles: (count, time of its last rise) of the load cycles.
        service_h: hour meter of the last service, rounded to the interval, h.
        tracks: the conditions being followed, by code, or `code:fault`.
    """

    t: int = 0
    seq: int = 0
    heard: int = 0
    engine_on: int = 0
    lat: float | None = None
    lon: float | None = None
    parked: tuple[float, float] | None = None
    levels: tuple[Mark, ...] = ()
    low: float | None = None
    fuel: float | None = None
    hours: float | None = None
    cycles: tuple[float, int] | None = None
    service_h: float | None = None
    tracks: tuple[tuple[str, Track], ...] = ()


class Event(NamedTuple):
    """What one reading changed of one alert.

    Attributes:
        kind: open, update, escalate or close.
        code: the catalogue's code.
        fault: what tells two alerts of a code apart (SPN-FMI of a DTC); else empty.
        severity: info, warning or critical.
        level: the level now reached.
        t: time of the reading.
        since: when the condition began.
        opened_at: when it opened; with code and fault the identity of this life.
        value: the worst value so far.
        limit: the limit of the level; None where there is none.
        unit: of both.
        lat: where, degrees; None when not known.
        lon: degrees.
        readings: how many readings it has lasted.
    """

    kind: str
    code: str
    fault: str
    severity: str
    level: int
    t: int
    since: int
    opened_at: int
    value: float | None
    limit: float | None
    unit: str
    lat: float | None
    lon: float | None
    readings: int


def material(before: Memory, after: Memory) -> bool:
    """Whether a memory is worth a write.

    What only moves on from message to message (times, place, lowest fuel level, load
    cycles) waits until something else changes, for five minutes at most.
    """
    old = max(after.t - before.t, after.heard - before.heard) >= REFRESH_S
    moving = before._replace(
        t=after.t,
        seq=after.seq,
        heard=after.heard,
        lat=after.lat,
        lon=after.lon,
        low=after.low if _near(before.low, after.low, LOW_PCT) else before.low,
        fuel=after.fuel if _near(before.fuel, after.fuel, LOW_PCT) else before.fuel,
        hours=after.hours if _near(before.hours, after.hours, SEEN_H) else before.hours,
        cycles=after.cycles,
    )
    return old or moving != after


def _near(before: float | None, after: float | None, step: float) -> bool:
    """Whether a value is as good as the one before; one that comes or goes is not."""
    if before is None or after is None:
        return before is after
    return abs(before - after) < step


def dump(memory: Memory) -> str:
    """The memory as compact JSON, without what is not known."""
    said = {name: value for name, value in memory._asdict().items() if value is not None}
    body = {"v": MEMORY_VERSION, **said, "tracks": dict(memory.tracks)}
    return json.dumps(body, separators=(",", ":"))


def load(text: str | None) -> Memory:
    """The reverse of `dump`; None is a machine never seen.

    Raises:
        ValueError: not a memory of this version.
    """
    if text is None:
        return Memory()
    body = json.loads(text)
    if body.pop("v", None) not in READABLE:
        raise ValueError(f"detection memory is not of version {MEMORY_VERSION}")
    for name in ("parked", "cycles"):
        if name in body:
            body[name] = tuple(body[name])
    body["levels"] = tuple(Mark(*one) for one in body.get("levels", ()))
    tracks = tuple(
        (name, Track(level, tuple(held), *rest))
        for name, (level, held, *rest) in body.pop("tracks").items()
    )
    return Memory(**body, tracks=tracks)

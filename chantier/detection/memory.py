"""What detection remembers of a machine, and what it says when something changes.

The JSON form is what lies in the alerts table between two invocations; a form
that cannot be read is refused, never guessed at.
"""

from __future__ import annotations

import json
from typing import NamedTuple

MEMORY_VERSION = 1


class Track(NamedTuple):
    """One condition being followed.

    Attributes:
        level: 0 while not open, else the level reached (1 is the first).
        held: for each level, since when its limit is passed; 0 where it is not.
        since: when the condition that opened it began; 0 while not open.
        opened_at: when it opened; 0 while not open.
        calm: since when it is back past its clear level; 0 where it is not.
        worst: the worst value while open, against the limit that held then.
        base: that limit, the first level's.
        readings: how many readings it has lasted while open.
    """

    level: int = 0
    held: tuple[int, ...] = ()
    since: int = 0
    opened_at: int = 0
    calm: int = 0
    worst: float | None = None
    base: float = 0.0
    readings: int = 0


class Memory(NamedTuple):
    """All that is remembered of one machine.

    Attributes:
        t: time of the newest reading, epoch seconds; 0 before the first.
        seq: its sequence number.
        engine_on: since when the engine runs; 0 when it does not or is not known.
        lat: last known position, degrees; None when never known.
        lon: degrees.
        tracks: the conditions being followed, by code, or `code:fault`.
    """

    t: int = 0
    seq: int = 0
    engine_on: int = 0
    lat: float | None = None
    lon: float | None = None
    tracks: tuple[tuple[str, Track], ...] = ()


class Event(NamedTuple):
    """What one reading changed of one alert.

    Attributes:
        kind: open, update, escalate or close.
        code: the catalogue's code.
        fault: SPN-FMI for a DTC, else empty.
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


def dump(memory: Memory) -> str:
    """The memory as compact JSON."""
    body = {"v": MEMORY_VERSION, **memory._asdict(), "tracks": dict(memory.tracks)}
    return json.dumps(body, separators=(",", ":"))


def load(text: str | None) -> Memory:
    """The reverse of `dump`; None is a machine never seen.

    Raises:
        ValueError: not a memory of this version.
    """
    if text is None:
        return Memory()
    body = json.loads(text)
    if body.pop("v", None) != MEMORY_VERSION:
        raise ValueError(f"detection memory is not of version {MEMORY_VERSION}")
    tracks = tuple(
        (name, Track(level, tuple(held), *rest))
        for name, (level, held, *rest) in body.pop("tracks").items()
    )
    return Memory(**body, tracks=tracks)

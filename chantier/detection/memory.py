"""What detection remembers of a machine, and what it says when something changes.

The JSON form is what lies in the alerts table between two invocations. Names and values
that are not known are left out; a form that cannot be read is refused, never guessed at.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

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
        base: that limit, the first level's, or the value that `worst` is counted from; of a
            fault 1 once a sensor has told whether the engine runs.
        readings: how many readings it has lasted while open, at least: what a memory that
            was not worth a write has counted is lost. The raw data has them all.
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
        readings: how many readings it has lasted, at least; see `Track`.
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


def material(before: Memory, after: Memory, events: tuple[Event, ...] = ()) -> bool:
    """Whether a memory is worth a write.

    News of an alert always is. What only moves on from message to message (times, place,
    lowest fuel level, load cycles, an equal fuel level while nothing burns it, an open
    alert that neither changes nor may soon) waits until something else changes, for
    five minutes at most.

    Args:
        before: what is kept.
        after: what would be.
        events: what was told on the way from one to the other.
    """
    if any(event.kind != "update" for event in events):
        return True
    if max(after.t - before.t, after.heard - before.heard) >= REFRESH_S:
        return True
    moving = before._replace(
        t=after.t,
        seq=after.seq,
        heard=after.heard,
        lat=after.lat,
        lon=after.lon,
        levels=after.levels if _as_full(before.levels, after.levels) else before.levels,
        low=after.low if _near(before.low, after.low, LOW_PCT) else before.low,
        fuel=after.fuel if _near(before.fuel, after.fuel, LOW_PCT) else before.fuel,
        hours=after.hours if _near(before.hours, after.hours, SEEN_H) else before.hours,
        cycles=after.cycles,
        tracks=after.tracks,
    )
    return moving != after or _standing(before) != _standing(after)


def worth_telling(before: Memory, after: Memory, events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The events that are written with a memory.

    News always are; that an alert lasts is when it got worse, and once in five minutes.
    """
    if after.t // REFRESH_S != before.t // REFRESH_S:
        return events
    worst = {(name, track.opened_at): track.worst for name, track in before.tracks}
    return tuple(
        event
        for event in events
        if event.kind != "update"
        or worst.get((f"{event.code}:{event.fault}".rstrip(":"), event.opened_at)) != event.value
    )


def _standing(memory: Memory) -> list[tuple[str, Track]]:
    """The tracks without what decides nothing any more.

    Of an open one that is how many readings it has lasted, since when the levels that it
    has reached hold, and, while no other level is pending, when its value was last judged.
    """
    return [(name, _decisive(track)) for name, track in memory.tracks]


def _decisive(track: Track) -> Track:
    if not track.level:
        return track
    pending = track.held[track.level :]
    return track._replace(held=pending, readings=0, last=track.last if any(pending) else 0)


def _as_full(before: tuple[Mark, ...], after: tuple[Mark, ...]) -> bool:
    """Whether a loss counts from the same levels, seen up to five minutes later."""
    return [mark[1:] for mark in before] == [mark[1:] for mark in after]


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
    try:
        body = json.loads(text)
        version = body.pop("v", None)
        if version in READABLE:
            return _memory_of(body)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as fault:
        raise ValueError(f"detection memory cannot be read: {fault}") from fault
    raise ValueError(f"detection memory is not of version {MEMORY_VERSION}")


def _memory_of(body: dict[str, Any]) -> Memory:
    known = {name: body[name] for name in Memory._fields if name in body}
    for name in ("parked", "cycles"):
        if name in known:
            known[name] = tuple(known[name])
    marks, tracks = known.pop("levels", ()), known.pop("tracks", {})
    levels = tuple(Mark(*one[: len(Mark._fields)]) for one in marks)
    followed = tuple((name, _track_of(values)) for name, values in tracks.items())
    return Memory(**known, levels=levels, tracks=followed)


def _track_of(values: list[Any]) -> Track:
    level, held, *rest = values[: len(Track._fields)]
    return Track(level, tuple(held), *rest)

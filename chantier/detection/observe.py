"""The fold: one reading in, a new memory and what changed out."""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.catalogue import DEFAULT_RULES
from chantier.detection.faults import follow_faults
from chantier.detection.fuel import follow_fuel, mark_fuel
from chantier.detection.idling import follow_idling, mark_cycles
from chantier.detection.memory import Event, Memory, Track
from chantier.detection.off_hours import follow_hours
from chantier.detection.place import fix_of, follow_fence, follow_tow, mark_parked
from chantier.detection.rules import Rules
from chantier.detection.running import engine_runs
from chantier.detection.thresholds import follow_thresholds
from chantier.detection.told import FORGET, NOT_FOLLOWED, WAIT, Told
from chantier.detection.upkeep import follow_service, mark_service
from chantier.telemetry import Reading


def observe(
    memory: Memory, reading: Reading, rules: Rules = DEFAULT_RULES
) -> tuple[Memory, tuple[Event, ...]]:
    """Judge one reading of one machine.

    A reading that is not newer than the memory changes nothing: it was judged
    before, or it comes too late to be judged in order.

    Args:
        memory: what is remembered of the machine; `Memory()` for a new one.
        reading: the next reading.
        rules: the machine's numbers, from `rules_for`.

    Returns:
        The new memory, and what changed, in the catalogue's order.
    """
    if (reading.t, reading.seq) <= (memory.t, memory.seq):
        return memory, ()
    now = _moved_on(memory, reading, rules)
    tracks = dict(memory.tracks)
    events: list[Event] = []
    for told in _families(now, reading, rules, tracks):
        keep(tracks, told)
        if told.kind not in (WAIT, FORGET):
            events.append(event_of(told, now, reading.t))
    if reading.fuel_pct is not None or now.levels or now.fuel is not None:
        within_s = rules.limits["FUEL_DROP"]["within_s"]
        now = mark_fuel(now, reading, within_s, filling="REFUEL" in tracks)
    if reading.op_h:
        now = now._replace(hours=reading.op_h)
    if tracks or memory.tracks:
        now = now._replace(tracks=tuple(sorted(tracks.items())))
    return now, tuple(events)


def _moved_on(memory: Memory, reading: Reading, rules: Rules) -> Memory:
    """What the reading says by itself: time, place, engine, counters."""
    fix = fix_of(reading) or (memory.lat, memory.lon)
    now = memory._replace(
        t=reading.t,
        seq=reading.seq,
        engine_on=_engine_on(memory.engine_on, reading),
        lat=fix[0],
        lon=fix[1],
    )
    now = mark_parked(mark_cycles(now, reading), reading)
    return mark_service(now, reading, rules.limits["SERVICE_DUE"]["every_h"])


def _families(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Every family of the catalogue; each sees the tracks as they were before the reading."""
    before = dict(tracks)
    yield from follow_thresholds(now, reading, rules, before)
    yield from follow_fuel(now, reading, rules, before)
    yield from follow_idling(now, reading, rules, before)
    yield from follow_hours(now, reading, rules, before)
    yield from follow_fence(reading, rules, before)
    yield from follow_tow(now, reading, rules, before)
    yield from follow_service(now, reading, rules, before)
    if reading.dtc or before:
        yield from follow_faults(now, reading, rules, before)


def _engine_on(since: int, reading: Reading) -> int:
    """Since when the engine runs; a reading that does not tell changes nothing."""
    running = engine_runs(reading)
    if running is None:
        return since
    return (since or reading.t) if running else 0


def keep(tracks: dict[str, Track], told: Told) -> None:
    """Put a track where it belongs, or forget it."""
    if told.kind in ("close", FORGET) or told.track == NOT_FOLLOWED:
        tracks.pop(told.name, None)
    else:
        tracks[told.name] = told.track


def event_of(told: Told, now: Memory, t: int) -> Event:
    """What is told, as an event at `t`."""
    track = told.track
    return Event(
        kind=told.kind,
        code=told.code,
        fault=told.fault,
        severity=told.severity,
        level=track.level,
        t=t,
        since=track.since,
        opened_at=track.opened_at,
        value=track.worst,
        limit=told.limit,
        unit=told.unit,
        lat=now.lat,
        lon=now.lon,
        readings=track.readings,
    )

"""The fold: one reading in, a new memory and what changed out."""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.catalogue import DEFAULT_RULES, Rules
from chantier.detection.condition import COMPARE, Condition, step
from chantier.detection.faults import DTC, FAULT_SEVERITIES, follow_faults
from chantier.detection.memory import Event, Memory, Track
from chantier.telemetry import Reading

NOT_FOLLOWED = Track()


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
    gap = reading.t - memory.t if memory.t else 0
    now = Memory(
        t=reading.t,
        seq=reading.seq,
        engine_on=_engine_on(memory.engine_on, reading),
        lat=memory.lat if reading.lat is None else reading.lat,
        lon=memory.lon if reading.lon is None else reading.lon,
        tracks=memory.tracks,
    )
    tracks = dict(memory.tracks)
    events = list(_thresholds(now, reading, rules, tracks, gap))
    if reading.dtc or tracks:
        events += _fault_codes(now, reading, rules, tracks)
    if tracks or memory.tracks:
        now = now._replace(tracks=tuple(sorted(tracks.items())))
    return now, tuple(events)


def _engine_on(since: int, reading: Reading) -> int:
    """Since when the engine runs; a machine without that sensor tells it by its speed."""
    turning = None if reading.rpm is None else reading.rpm > 0
    running = turning if reading.eng is None else reading.eng
    if running is None:
        return since
    return (since or reading.t) if running else 0


def _thresholds(
    memory: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track], gap: int
) -> Iterator[Event]:
    running = reading.t - memory.engine_on if memory.engine_on else -1
    for rule in rules.conditions:
        value = getattr(reading, rule.field)
        if value is None or not _judged(rule, running, reading.rpm or 0.0):
            continue
        track = tracks.get(rule.code, NOT_FOLLOWED)
        if track is NOT_FOLLOWED and not COMPARE[rule.opens](value, rule.levels[0].limit):
            continue
        kind, track = step(rule, track, value, reading.t, gap)
        _keep(tracks, rule.code, kind, track)
        if kind:
            level = rule.levels[track.level - 1]
            told = _event(kind, rule.code, track, memory, severity=level.severity)
            # The limit of the level, in the regime in which the worst value was seen.
            limit = level.limit + track.base - rule.levels[0].limit
            yield told._replace(limit=limit, unit=rule.unit)


def _judged(rule: Condition, running: int, rpm: float) -> bool:
    """Whether a condition counts now; `running` is how long the engine has run, s; -1 if off."""
    if running <= rule.inhibit_s and (running >= 0 or rule.engine):
        return False
    return rule.above_rpm < rpm <= rule.up_to_rpm


def _fault_codes(
    memory: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Event]:
    prefix = f"{DTC}:"
    followed = {name: track for name, track in tracks.items() if name.startswith(prefix)}
    absent_for_s = int(rules.limits[DTC]["absent_for_s"])
    for kind, fault, track in follow_faults(
        followed, reading, engine_on=memory.engine_on, absent_for_s=absent_for_s
    ):
        _keep(tracks, prefix + fault, kind, track)
        if kind != "wait":
            severity = FAULT_SEVERITIES[track.level - 1]
            yield _event(kind, DTC, track, memory, severity=severity)._replace(fault=fault)


def _keep(tracks: dict[str, Track], name: str, kind: str, track: Track) -> None:
    if kind == "close" or track == NOT_FOLLOWED:
        tracks.pop(name, None)
    else:
        tracks[name] = track


def _event(kind: str, code: str, track: Track, memory: Memory, *, severity: str) -> Event:
    return Event(
        kind=kind,
        code=code,
        fault="",
        severity=severity,
        level=track.level,
        t=memory.t,
        since=track.since,
        opened_at=track.opened_at,
        value=track.worst,
        limit=None,
        unit="",
        lat=memory.lat,
        lon=memory.lon,
        readings=track.readings,
    )

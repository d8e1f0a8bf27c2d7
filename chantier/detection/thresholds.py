"""The thresholds of the catalogue, each judged on one field of a reading."""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.condition import COMPARE, Condition, step
from chantier.detection.memory import Memory, Track
from chantier.detection.rules import Rules
from chantier.detection.told import FORGET, NOT_FOLLOWED, WAIT, Told
from chantier.telemetry import Reading


def follow_thresholds(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge every condition whose sensor speaks; `now` knows since when the engine runs."""
    running = reading.t - now.engine_on if now.engine_on else -1
    for rule in rules.conditions:
        if rule.stops and running < 0:
            yield from _stopped(rule, tracks.get(rule.code))
            continue
        value = getattr(reading, rule.field)
        if value is None or not _judged(rule, running, reading.rpm or 0.0):
            continue
        if rule.absolute:
            value = abs(value)
        name = f"{rule.code}:{rule.fault}" if rule.fault else rule.code
        track = tracks.get(name, NOT_FOLLOWED)
        if track is NOT_FOLLOWED and not COMPARE[rule.opens](value, rule.levels[0].limit):
            continue
        kind, track = step(rule, track, value, reading.t)
        if kind:
            yield _told(kind, rule, track)
        else:
            wait = FORGET if track == NOT_FOLLOWED else WAIT
            yield Told(wait, rule.code, track, fault=rule.fault)


def _told(kind: str, rule: Condition, track: Track) -> Told:
    level = rule.levels[track.level - 1]
    # The limit of the level, in the regime in which the worst value was seen.
    limit = round(level.limit + track.base - rule.levels[0].limit, 6)
    return Told(kind, rule.code, track, level.severity, rule.fault, limit, rule.unit)


def _stopped(rule: Condition, track: Track | None) -> Iterator[Told]:
    """The engine is off: what only a running machine can do is over."""
    if track is not None:
        yield _told("close", rule, track) if track.level else Told(FORGET, rule.code, track)


def _judged(rule: Condition, running: int, rpm: float) -> bool:
    """Whether a condition counts now; `running` is how long the engine has run, s; -1 if off."""
    if running <= rule.inhibit_s and (running >= 0 or rule.engine):
        return False
    return rule.above_rpm < rpm <= rule.up_to_rpm

"""Idling: an engine that runs for nothing. Waiting for the next truck is not idling."""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.memory import CYCLE_S, Memory, Track
from chantier.detection.rules import Rules
from chantier.detection.running import engine_runs
from chantier.detection.told import FORGET, WAIT, Told
from chantier.telemetry import Reading

# `truck_wait_s` takes the place of `info_s` right after load cycles.
IDLE_LONG = {"info_s": 300.0, "warning_s": 900.0, "work_s": 30.0, "truck_wait_s": 600.0}
IDLE_SEVERITIES = ("info", "warning")
MINUTE_S = 60


def mark_cycles(now: Memory, reading: Reading) -> Memory:
    """The memory with the count of load cycles and when it last rose."""
    if reading.cyc is None:
        return now
    if now.cycles is None:
        return now._replace(cycles=(reading.cyc, 0))
    if reading.cyc == now.cycles[0]:
        return now
    return now._replace(cycles=(reading.cyc, reading.t))


def follow_idling(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge the state of a machine; of one that does not tell it, only a stop counts."""
    track = tracks.get("IDLE_LONG")
    stopped = engine_runs(reading) is False or reading.st == "OFF"
    if reading.st is None and not stopped:
        return
    numbers = rules.limits["IDLE_LONG"]
    if reading.st == "IDLE" and not stopped:
        yield from _idle(now, reading.t, track, numbers)
    elif track is not None:
        working = track._replace(calm=track.calm or reading.t)
        if not stopped and reading.t - working.calm < numbers["work_s"]:
            yield Told(WAIT, "IDLE_LONG", working)
        elif track.level:
            idle_s = working.calm - track.held[0]
            yield _idling("close", working._replace(worst=float(idle_s // MINUTE_S)), numbers)
        else:
            yield Told(FORGET, "IDLE_LONG", working)


def _idle(now: Memory, t: int, track: Track | None, numbers: dict[str, float]) -> Iterator[Told]:
    if track is None:
        loaded = now.cycles is not None and t - now.cycles[1] <= CYCLE_S
        first = max(numbers["info_s"], numbers["truck_wait_s"] if loaded else 0)
        yield Told(WAIT, "IDLE_LONG", Track(held=(t,), base=first))
        return
    idle_s = t - track.held[0]
    level = sum(idle_s >= limit for limit in (track.base, max(track.base, numbers["warning_s"])))
    if level <= track.level:
        if track.calm:
            yield Told(WAIT, "IDLE_LONG", track._replace(calm=0))
        return
    risen = track._replace(
        level=level,
        since=track.held[0],
        opened_at=track.opened_at or t,
        calm=0,
        worst=float(idle_s // MINUTE_S),
        readings=track.readings + 1,
    )
    yield _idling("escalate" if track.level else "open", risen, numbers)


def _idling(kind: str, track: Track, numbers: dict[str, float]) -> Told:
    limit_s = track.base if track.level == 1 else max(track.base, numbers["warning_s"])
    severity = IDLE_SEVERITIES[track.level - 1]
    return Told(kind, "IDLE_LONG", track, severity, limit=limit_s / MINUTE_S, unit="min")

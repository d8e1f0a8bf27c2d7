"""Silence: a machine that says nothing any more, sooner missed when it was running."""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.memory import REFRESH_S, Memory, Track
from chantier.detection.rules import Rules
from chantier.detection.told import Told

NO_SIGNAL = {"running_s": 900.0, "parked_s": 172_800.0}
# By level: a machine that was parked, one that was running.
SILENCE_SEVERITIES = ("info", "warning")


def follow_silence(memory: Memory, now: int, rules: Rules, track: Track | None) -> Iterator[Told]:
    """Judge how long nothing has arrived of a machine; `now` in epoch seconds.

    Silence is measured by the cloud's clock, so that a machine whose own clock is wrong
    is not missed. A memory may be five minutes older than the last message, so it
    waits as much longer.
    """
    if track is not None or not memory.heard:
        return
    running = memory.engine_on > 0
    limit_s = int(rules.limits["NO_SIGNAL"]["running_s" if running else "parked_s"])
    opens = memory.heard + limit_s + REFRESH_S
    if now >= opens:
        since = memory.heard
        fresh = Track(1 + running, (), since, opened_at=opens, worst=limit_s // 60)
        yield Told("open", "NO_SIGNAL", fresh, SILENCE_SEVERITIES[running], unit="min")


def end_silence(track: Track | None) -> Iterator[Told]:
    """The end of a silence: a message, whatever it says."""
    if track is not None:
        severity = SILENCE_SEVERITIES[track.level - 1]
        yield Told("close", "NO_SIGNAL", track, severity, unit="min")

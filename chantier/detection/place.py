"""Where a machine is and should not be: outside its zone, or moved with its engine off.

A fix is a circle: outside means that all of it is, inside that its centre is. In
between, on the border, nothing opens and nothing closes.
"""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.fuel import RAN_H
from chantier.detection.ground import FAR_M, holds, metres_between, metres_from_border
from chantier.detection.memory import Memory, Track
from chantier.detection.rules import Rules
from chantier.detection.running import engine_runs
from chantier.detection.told import FORGET, WAIT, Told, ended
from chantier.telemetry import Reading

# `accuracy_m` is the radius of a fix that does not tell its own.
GEOFENCE_EXIT = {"for_s": 60, "accuracy_m": 5.0}
TOW = {"metres": 100.0}
# A place is remembered from a fix at least so good, m.
PARKED_M = 25.0
# An open alert follows the machine in steps of this, m.
STEP_M = 50.0


def fix_of(reading: Reading) -> tuple[float, float] | None:
    """The position of a reading; a receiver without a fix says 0, 0."""
    if reading.lat is None or reading.lon is None or (reading.lat == 0 and reading.lon == 0):
        return None
    return reading.lat, reading.lon


def follow_fence(reading: Reading, rules: Rules, tracks: dict[str, Track]) -> Iterator[Told]:
    """Judge a fix against the machine's zones: two in a row, or it does not count."""
    fix = fix_of(reading)
    track = tracks.get("GEOFENCE_EXIT")
    if not rules.zones:
        yield from ended("GEOFENCE_EXIT", track, severity="warning", unit="m")
    if fix is None or not rules.zones:
        return
    if any(holds(zone, *fix) for zone in rules.zones):
        yield from _inside(track, reading.t)
        return
    away = min((metres_from_border(zone, *fix) for zone in rules.zones), default=FAR_M)
    numbers = rules.limits["GEOFENCE_EXIT"]
    radius = numbers["accuracy_m"] if reading.acc_m is None else reading.acc_m
    if away <= radius:
        if track is not None:
            undecided = track._replace(calm=0) if track.level else track
            yield Told(WAIT if track.level else FORGET, "GEOFENCE_EXIT", undecided)
        return
    yield from _outside(track, reading.t, round(away), numbers["for_s"])


def _inside(track: Track | None, t: int) -> Iterator[Told]:
    if track is None:
        return
    if not track.level:
        yield Told(FORGET, "GEOFENCE_EXIT", track)
    elif not track.calm:
        yield Told(WAIT, "GEOFENCE_EXIT", track._replace(calm=t))
    else:
        yield Told("close", "GEOFENCE_EXIT", track, "warning", unit="m")


def _outside(track: Track | None, t: int, away: float, for_s: float) -> Iterator[Told]:
    if track is None:
        yield Told(WAIT, "GEOFENCE_EXIT", Track(held=(t,)))
    elif not track.level:
        if t - track.held[0] >= for_s:
            since = track.held[0]
            fresh = Track(1, track.held, since, opened_at=t, worst=away, readings=1)
            yield Told("open", "GEOFENCE_EXIT", fresh, "warning", unit="m")
    elif away - (track.worst or 0.0) >= STEP_M:
        farther = track._replace(calm=0, worst=away, readings=track.readings + 1)
        yield Told("update", "GEOFENCE_EXIT", farther, "warning", unit="m")
    elif track.calm:
        yield Told(WAIT, "GEOFENCE_EXIT", track._replace(calm=0))


def mark_parked(now: Memory, reading: Reading) -> Memory:
    """The memory with the place where the engine was stopped: the first fix after it.

    An hour meter that has gone on says that the engine ran between two readings, as in
    snapshots of a fleet: the machine may have driven, and is parked anew.
    """
    if now.engine_on:
        return now if now.parked is None else now._replace(parked=None)
    if now.parked is not None and now.hours and reading.op_h and reading.op_h - now.hours > RAN_H:
        now = now._replace(parked=None)
    fix = fix_of(reading)
    good = (reading.acc_m or 0.0) <= PARKED_M
    if now.parked is None and fix is not None and good and engine_runs(reading) is False:
        return now._replace(parked=fix)
    return now


def follow_tow(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge a fix against the place where the machine was parked: two in a row, as above."""
    track = tracks.get("TOW")
    if now.engine_on:
        yield from _driven(track)
        return
    fix = fix_of(reading)
    if fix is None or now.parked is None:
        return
    metres = metres_between(*fix, now.parked)
    away = round(metres)
    if track is not None and track.level:
        far = metres - (reading.acc_m or 0.0) > rules.limits["TOW"]["metres"]
        yield from _towed_on(track, reading.t, away, far=far)
    elif metres - (reading.acc_m or 0.0) <= rules.limits["TOW"]["metres"]:
        if track is not None:
            yield Told(FORGET, "TOW", track)
    elif track is None:
        yield Told(WAIT, "TOW", Track(held=(reading.t,)))
    else:
        since = track.held[0]
        fresh = Track(1, track.held, since, reading.t, worst=away, base=away, readings=1)
        yield Told("open", "TOW", fresh, "critical", unit="m")


def _towed_on(track: Track, t: int, away: float, *, far: bool) -> Iterator[Told]:
    """An alert that nobody has acknowledged: it follows the machine, or it is taken again."""
    worst = max(away, track.worst or 0.0)
    moved = track._replace(calm=0, worst=worst, base=away, readings=track.readings + 1)
    if not track.calm:
        # `base` is how far it was when last told.
        if abs(away - track.base) >= STEP_M:
            yield Told("update", "TOW", moved, "critical", unit="m")
    elif far and track.held:
        yield Told("escalate", "TOW", moved, "critical", unit="m")
    elif far or track.held:
        # Beyond its level, as what is pending of an open alert.
        yield Told(WAIT, "TOW", track._replace(held=(0, t) if far else ()))


def _driven(track: Track | None) -> Iterator[Told]:
    """An engine that runs: nothing is towed, and an open alert follows it no more."""
    if track is not None and not track.calm:
        parked = track._replace(calm=track.level, held=())
        yield Told(WAIT if track.level else FORGET, "TOW", parked)

"""Upkeep by the hour meter and by the date: service, and the general inspection (VGP)."""

from __future__ import annotations

from collections.abc import Iterator
from math import floor

from chantier.detection.memory import Memory, Track
from chantier.detection.rules import Rules
from chantier.detection.told import Told
from chantier.telemetry import Reading

SERVICE_DUE = {"every_h": 250.0, "before_h": 25.0}
VGP_DUE = {"before_days": 30.0}
# Makers' service intervals, h: the largest that divides the hour meter is the one due.
INTERVALS_H = (2000, 1000, 500, 250)
SERVICE_SEVERITIES = ("info", "warning")
VGP_SEVERITIES = ("warning", "critical")
SECONDS_A_DAY = 86_400


def mark_service(now: Memory, reading: Reading, every_h: float) -> Memory:
    """The memory with the hour meter of the last service.

    Of a machine never seen before, every service until now counts as done. An hour
    meter that goes back by more than an interval, twice in a row, is a new one. Zero
    is what a controller says that has not read it yet.
    """
    hours, before = reading.op_h, now.hours
    if not hours:
        return now
    if now.service_h is None:
        return now._replace(service_h=floor(hours / every_h) * every_h)
    if before is not None and max(hours, before) < now.service_h - every_h:
        return now._replace(service_h=floor(max(hours, before) / every_h) * every_h)
    return now


def serviced(hours: float, every_h: float) -> float:
    """The hour meter that a service at `hours` stands for: the nearest interval."""
    return floor(hours / every_h + 0.5) * every_h


def follow_service(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge what two readings in a row say of the hour meter against the next service."""
    if not reading.op_h or now.service_h is None:
        return
    numbers = rules.limits["SERVICE_DUE"]
    due = now.service_h + numbers["every_h"]
    hours = min(reading.op_h, now.hours or reading.op_h)
    level = sum(hours >= at for at in (due - numbers["before_h"], due))
    if not level and not tracks:
        return
    for name, track in tracks.items():
        code, _, fault = name.partition(":")
        if code == "SERVICE_DUE" and track.base != due:
            yield _service("close", track, fault, track.base)
    kind = interval(due, numbers["every_h"])
    track = tracks.get(f"SERVICE_DUE:{kind}", Track())
    track = track if track.base == due else Track()
    if told := rise(track, level, reading.t, reading.t):
        yield _service(told[0], told[1]._replace(worst=hours, base=due), kind, due)


def _service(kind: str, track: Track, fault: str, due: float) -> Told:
    severity = SERVICE_SEVERITIES[track.level - 1]
    return Told(kind, "SERVICE_DUE", track, severity, fault, limit=due, unit="h")


def interval(due: float, every_h: float) -> str:
    """Which service is due: 250, 500, 1000 or 2000 h, or the interval that the site has set."""
    known = (one for one in INTERVALS_H if every_h == INTERVALS_H[-1] and due % one == 0)
    return f"{next(known, every_h):g}"


def follow_inspection(now: int, rules: Rules, track: Track | None) -> Iterator[Told]:
    """Judge a date against the next general inspection; `now` in epoch seconds."""
    since = rules.vgp_due - int(rules.limits["VGP_DUE"]["before_days"] * SECONDS_A_DAY)
    level = sum(now >= at for at in (since, rules.vgp_due)) if rules.vgp_due else 0
    if track is not None and (not level or track.base != rules.vgp_due):
        yield Told("close", "VGP_DUE", track, VGP_SEVERITIES[track.level - 1])
        track = None
    if level and (told := rise(track or Track(), level, since, now)):
        fresh = told[1]._replace(base=float(rules.vgp_due))
        yield Told(told[0], "VGP_DUE", fresh, VGP_SEVERITIES[level - 1])


def rise(track: Track, level: int, since: int, t: int) -> tuple[str, Track] | None:
    """An alert that opens or gets worse by a level; None where it stays as it is."""
    if level <= track.level:
        return None
    risen = track._replace(
        level=level,
        since=track.since or since,
        opened_at=track.opened_at or t,
        readings=track.readings + 1,
    )
    return ("escalate" if track.level else "open"), risen

"""Fuel that goes or comes while nothing burns it: theft and refuelling.

Both count in litres where the tank is known, else in % of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.memory import Mark, Memory, Track
from chantier.detection.rules import Rules
from chantier.detection.running import engine_runs
from chantier.detection.told import WAIT, Told
from chantier.telemetry import Reading

# A level that falls by the larger of both while the engine is off: theft.
FUEL_DROP = {"litres": 10.0, "percent": 3.0, "within_s": 600}
# One refuel is over when the level has not risen for a while.
REFUEL = {"litres": 20.0, "percent": 15.0, "over_s": 300}
# Faster than this it drives, or stands on a trailer, and its fuel sloshes, km/h.
STANDING_KMH = 1.0
# An hour meter that has gone on by more than this says that fuel was burnt unseen, h.
RAN_H = 0.1
# A loss that goes on is told again in steps of this, %.
MORE_PCT = 2.0
# Decimals of a difference of levels: 60.4 - 57.4 is 3.
EXACT = 6


def mark_fuel(now: Memory, reading: Reading, within_s: float, *, filling: bool) -> Memory:
    """The memory with the levels that a loss is counted from, and the lowest one.

    The first are those of `within_s`, or the last one of a machine that says less
    often; they hold while the engine is off and the machine stands. The second begins
    anew after a refuel (`filling`).
    """
    pct, low = _level(reading), now.low
    if filling:
        low = None
    elif pct is not None and (low is None or pct < low):
        low = pct
    return now._replace(levels=_marked(now, reading, within_s), low=low)


def _marked(now: Memory, reading: Reading, within_s: float) -> tuple[Mark, ...]:
    pct = _level(reading)
    if now.engine_on or _moves(reading):
        return ()
    if pct is None or not (now.levels or engine_runs(reading) is False):
        return now.levels
    # One that is not above this one can never be the highest of its time again.
    higher = (mark for mark in _counting(now.levels, reading, within_s) if mark.pct > pct)
    return (*higher, Mark(reading.t, pct, reading.op_h or None))


def _counting(levels: tuple[Mark, ...], reading: Reading, within_s: float) -> tuple[Mark, ...]:
    """The levels that a reading can be compared with, highest first."""
    recent = tuple(mark for mark in levels if reading.t - mark.t <= within_s) or levels[-1:]
    return tuple(mark for mark in recent if not _has_run(mark, reading))


def _has_run(mark: Mark, reading: Reading) -> bool:
    """Whether the engine has run since, although no reading was seen of it."""
    return bool(mark.hours and reading.op_h) and (reading.op_h or 0) - (mark.hours or 0) > RAN_H


def _level(reading: Reading) -> float | None:
    """The fuel level, %; None where it is not known or may be the top of a wave."""
    return None if _moves(reading) else reading.fuel_pct


def _moves(reading: Reading) -> bool:
    return (reading.spd_kmh or 0.0) > STANDING_KMH


def follow_fuel(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge the fuel level against the marks of the reading before, which `now` still holds."""
    pct = _level(reading)
    theft = tracks.get("FUEL_DROP")
    if theft is not None:
        yield from _theft_goes_on(theft, pct, rules, running=bool(now.engine_on))
    elif now.levels and pct is not None:
        # Of an engine that has just started the marks still hold: it has burnt nothing yet.
        within_s = rules.limits["FUEL_DROP"]["within_s"]
        yield from _drop(_counting(now.levels, reading, within_s), pct, reading.t, rules)
    if pct is not None:
        yield from _refuel(now.low, pct, reading.t, rules, tracks.get("REFUEL"))


def _theft_goes_on(
    track: Track, pct: float | None, rules: Rules, *, running: bool
) -> Iterator[Told]:
    """What is gone counts until the engine runs again; only an acknowledgement closes it."""
    if track.calm:
        return
    if running:
        yield Told(WAIT, "FUEL_DROP", track._replace(calm=1))
    elif pct is not None:
        lost = _of_tank(rules, track.base - pct)
        if lost - (track.worst or 0.0) >= _of_tank(rules, MORE_PCT):
            yield _theft("update", track._replace(worst=lost, readings=track.readings + 1), rules)


def _drop(marks: tuple[Mark, ...], pct: float, t: int, rules: Rules) -> Iterator[Told]:
    numbers = rules.limits["FUEL_DROP"]
    lost = round(marks[0].pct - pct, EXACT) if marks else 0.0
    if lost >= _share(rules, numbers["percent"], numbers["litres"]):
        since, base = marks[0].t, marks[0].pct
        fresh = Track(1, (), since, t, worst=_of_tank(rules, lost), base=base, readings=1)
        yield _theft("open", fresh, rules)


def _theft(kind: str, track: Track, rules: Rules) -> Told:
    return Told(kind, "FUEL_DROP", track, "critical", unit=_unit(rules))


def _refuel(
    low: float | None, pct: float, t: int, rules: Rules, track: Track | None
) -> Iterator[Told]:
    numbers, unit = rules.limits["REFUEL"], _unit(rules)
    if track is None:
        if low is None or round(pct - low, EXACT) < _share(
            rules, numbers["percent"], numbers["litres"]
        ):
            return
        added = _of_tank(rules, pct - low)
        fresh = Track(1, (), t, opened_at=t, calm=t, worst=added, base=low, readings=1)
        yield Told("open", "REFUEL", fresh, "info", unit=unit)
        return
    added = _of_tank(rules, pct - track.base)
    if added > (track.worst or 0.0):
        risen = track._replace(worst=added, calm=t, readings=track.readings + 1)
        yield Told("update", "REFUEL", risen, "info", unit=unit)
    elif t - track.calm >= numbers["over_s"]:
        yield Told("close", "REFUEL", track, "info", unit=unit)
    else:
        yield Told(WAIT, "REFUEL", track)


def _share(rules: Rules, percent: float, litres: float) -> float:
    """The larger of both, in % of the tank."""
    return max(percent, litres / rules.tank_l * 100) if rules.tank_l else percent


def _of_tank(rules: Rules, percent: float) -> float:
    """Litres, or % of a tank whose size is not known."""
    return round(percent * rules.tank_l / 100, 1) if rules.tank_l else round(percent, 1)


def _unit(rules: Rules) -> str:
    return "L" if rules.tank_l else "%"

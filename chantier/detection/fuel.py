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
# Without an hour meter, an engine is not known to have stood still for longer, s.
UNSEEN_S = 7200
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
    anew after a refuel (`filling`). Both are what two readings in a row say.
    """
    pct, low = _level(reading), now.low
    if filling:
        low = None
    elif pct is not None and now.fuel is not None:
        fallen = max(pct, now.fuel)
        low = fallen if low is None else min(low, fallen)
    return now._replace(levels=_marked(now, reading, within_s), low=low, fuel=pct)


def _marked(now: Memory, reading: Reading, within_s: float) -> tuple[Mark, ...]:
    pct = _level(reading)
    if _moves(reading):
        return ()
    if now.engine_on:
        # One reading more: what is missing at the start is to be confirmed.
        return now.levels if now.engine_on == reading.t else ()
    if pct is None or not (now.levels or engine_runs(reading) is False):
        return now.levels
    risen = pct if now.fuel is None else min(pct, now.fuel)
    # One that is not above this one can never be the highest of its time again.
    higher = (mark for mark in _counting(now.levels, reading, within_s) if mark.pct > risen)
    return (*higher, Mark(reading.t, risen, reading.op_h or None))


def _counting(levels: tuple[Mark, ...], reading: Reading, within_s: float) -> tuple[Mark, ...]:
    """The levels that the next reading can be compared with, highest first."""
    recent = tuple(mark for mark in levels if reading.t - mark.t <= within_s) or levels[-1:]
    return tuple(mark for mark in recent if not _may_have_run(mark, reading))


def _compared(levels: tuple[Mark, ...], reading: Reading, within_s: float) -> tuple[Mark, ...]:
    """The levels that the reading before, which this one confirms, was compared with."""
    recent = tuple(mark for mark in levels if levels[-1].t - mark.t <= within_s)
    before = levels[-2:] if len(recent) <= 1 else recent
    return tuple(mark for mark in before if not _may_have_run(mark, reading))


def _may_have_run(mark: Mark, reading: Reading) -> bool:
    """Whether the engine may have run since, although no reading was seen of it."""
    if mark.hours and reading.op_h:
        return reading.op_h - mark.hours > RAN_H
    return reading.t - mark.t > UNSEEN_S


def _level(reading: Reading) -> float | None:
    """The fuel level, %; None where it is not known or may be the top of a wave."""
    return None if _moves(reading) else reading.fuel_pct


def _moves(reading: Reading) -> bool:
    return (reading.spd_kmh or 0.0) > STANDING_KMH


def follow_fuel(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge what two readings in a row say of the fuel; `now` still holds the one before.

    One alone may be a sensor that fails or fuel that sloshes.
    """
    pct, theft = _level(reading), tracks.get("FUEL_DROP")
    if theft is not None and now.engine_on and not theft.calm:
        yield Told(WAIT, "FUEL_DROP", theft._replace(calm=1))
    if pct is None or now.fuel is None:
        return
    fallen, risen = max(pct, now.fuel), min(pct, now.fuel)
    # Of an engine that has just started the marks still hold: it has burnt nothing yet.
    within_s = rules.limits["FUEL_DROP"]["within_s"]
    marks = _compared(now.levels, reading, within_s)
    if theft is None or theft.calm:
        yield from _drop(theft, marks, fallen, reading.t, rules)
    elif not now.engine_on:
        yield from _theft_goes_on(theft, fallen, rules)
    yield from _refuel(now.low, risen, reading.t, rules, tracks.get("REFUEL"))


def _theft_goes_on(track: Track, pct: float, rules: Rules) -> Iterator[Told]:
    """What is gone counts until the engine runs again; only an acknowledgement closes it."""
    lost = _quantity(rules, track.base - pct)
    if lost - (track.worst or 0.0) >= _quantity(rules, MORE_PCT):
        yield _theft("update", track._replace(worst=lost, readings=track.readings + 1), rules)


def _drop(
    track: Track | None, marks: tuple[Mark, ...], pct: float, t: int, rules: Rules
) -> Iterator[Told]:
    """A loss; one more on top of one that nobody has acknowledged makes that one worse."""
    numbers = rules.limits["FUEL_DROP"]
    lost = round(marks[0].pct - pct, EXACT) if marks else 0.0
    if lost < _share(rules, numbers["percent"], numbers["litres"]):
        return
    if track is None:
        since, base = marks[0].t, marks[0].pct
        fresh = Track(1, (), since, t, worst=_quantity(rules, lost), base=base, readings=1)
        yield _theft("open", fresh, rules)
        return
    total = round((track.worst or 0.0) + _quantity(rules, lost), 1)
    # The level from which all that is gone is counted.
    base = pct + (total / rules.tank_l * 100 if rules.tank_l else total)
    more = track._replace(worst=total, base=base, calm=0, readings=track.readings + 1)
    yield _theft("escalate", more, rules)


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
        added = _quantity(rules, pct - low)
        fresh = Track(1, (), t, opened_at=t, calm=t, worst=added, base=low, readings=1)
        yield Told("open", "REFUEL", fresh, "info", unit=unit)
        return
    added = _quantity(rules, pct - track.base)
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


def _quantity(rules: Rules, percent: float) -> float:
    """Litres, or % of a tank whose size is not known."""
    return round(percent * rules.tank_l / 100, 1) if rules.tank_l else round(percent, 1)


def _unit(rules: Rules) -> str:
    return "L" if rules.tank_l else "%"

"""Fuel that goes or comes while nothing burns it: theft and refuelling.

Both count in litres where the tank is known, else in % of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from chantier.detection.memory import Memory, Track
from chantier.detection.rules import Rules
from chantier.detection.told import WAIT, Told
from chantier.telemetry import Reading

# A level that falls by the larger of both while the engine is off: theft.
FUEL_DROP = {"litres": 10.0, "percent": 3.0, "within_s": 600}
# One refuel is over when the level has not risen for a while.
REFUEL = {"litres": 20.0, "percent": 15.0, "over_s": 300}
# Faster than this the machine stands on a trailer, and its fuel sloshes, km/h.
STANDING_KMH = 1.0
# A loss that goes on is told again in steps of this, %.
MORE_PCT = 2.0


def mark_level(now: Memory, reading: Reading, within_s: float, *, filling: bool) -> Memory:
    """The memory with the level that a loss is counted from, and the lowest one.

    The first holds while the engine is off, for `within_s` at least; a machine
    that reports once an hour is compared from one report to the next. The second
    begins anew after a refuel (`filling`).
    """
    pct, level = reading.fuel_pct, now.level
    if now.engine_on:
        level = None
    elif pct is not None and (level is None or pct > level[1] or reading.t - level[0] >= within_s):
        level = (reading.t, pct)
    low = now.low
    if filling:
        low = None
    elif pct is not None:
        low = pct if low is None else min(low, pct)
    return now._replace(level=level, low=low)


def follow_fuel(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge the fuel level against the marks of the reading before, which `now` still holds."""
    pct = reading.fuel_pct
    if pct is None:
        return
    theft = tracks.get("FUEL_DROP")
    if theft is not None:
        yield from _theft_goes_on(theft, pct, rules, running=bool(now.engine_on))
    elif now.level is not None and (reading.spd_kmh or 0.0) <= STANDING_KMH:
        # Of an engine that has just started the mark still holds: it has burnt nothing yet.
        yield from _drop(now.level, pct, reading.t, rules)
    yield from _refuel(now.low, pct, reading.t, rules, tracks.get("REFUEL"))


def _theft_goes_on(track: Track, pct: float, rules: Rules, *, running: bool) -> Iterator[Told]:
    """What is gone counts until the engine runs again; only an acknowledgement closes it."""
    lost = _quantity(rules, track.base - pct)
    if track.calm:
        return
    if running:
        yield Told(WAIT, "FUEL_DROP", track._replace(calm=1))
    elif lost - (track.worst or 0.0) >= _quantity(rules, MORE_PCT):
        yield _theft("update", track._replace(worst=lost, readings=track.readings + 1), rules)


def _drop(level: tuple[int, float], pct: float, t: int, rules: Rules) -> Iterator[Told]:
    since, mark = level
    numbers = rules.limits["FUEL_DROP"]
    if mark - pct >= _share(rules, numbers["percent"], numbers["litres"]):
        lost = _quantity(rules, mark - pct)
        fresh = Track(1, (), since, opened_at=t, worst=lost, base=mark, readings=1)
        yield _theft("open", fresh, rules)


def _theft(kind: str, track: Track, rules: Rules) -> Told:
    return Told(kind, "FUEL_DROP", track, "critical", unit=_unit(rules))


def _refuel(
    low: float | None, pct: float, t: int, rules: Rules, track: Track | None
) -> Iterator[Told]:
    numbers, unit = rules.limits["REFUEL"], _unit(rules)
    if track is None:
        if low is None or pct - low < _share(rules, numbers["percent"], numbers["litres"]):
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

"""What is done between a warm-up and a cool-down: trenches, rows of trucks, laps of a haul road.

Spells alone, drawn from the dice of a day; when a block begins and ends is the
plan's affair, and what an engine does in a spell is `machine`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from simulator.classes import Kind
from simulator.driver import Driver

OFF, IDLE, WORK, TRAVEL = "OFF", "IDLE", "WORK", "TRAVEL"
# What a spell is for, where its state alone does not tell.
LOAD, HAUL, TIP, RETURN = "load", "haul", "tip", "return"

_MINUTE = 60.0
_SPELL_MIN = (5, 16)
# Waits are short and long idles rare: who idles much waits often, about so long each time.
_WAIT_MIN = 5.0
# At least 30 s between trucks [V8]; what else there is of idling is as long.
TRUCK_WAIT_S = 30
_TRUCKS_IN_A_ROW = (3, 8)
# A dumper is filled in six to eight passes of an excavator, and tips in less than a minute [M].
_FILLED_S, _TIPPED_S = (80, 130), (35, 55)
# Of the speed that its class has on a site, loaded and empty [M].
_LOADED, _EMPTY = (0.1, 0.7), (0.3, 0.9)


class Spell(NamedTuple):
    """One stretch of one state; times in epoch seconds, `end` not included.

    Attributes:
        state: OFF, IDLE, WORK or TRAVEL.
        start: when it begins.
        end: when it is over.
        task: what it is for; may be empty.
    """

    state: str
    start: int
    end: int
    task: str = ""


class Share(NamedTuple):
    """How much a block is to idle.

    Attributes:
        of_time: share of the engine-on time.
        already_s: of idling that the block has anyhow.
    """

    of_time: float
    already_s: float

    def owed(self, worked_s: float, idled_s: float) -> float:
        """Seconds of idling that bring the block to its share now."""
        return worked_s * self.of_time / (1 - self.of_time) - self.already_s - idled_s


def jobs(  # noqa: PLR0913 - keyword-only where two could be taken for one another
    throw: Random, kind: Kind, who: Driver, share: Share, *, start: int, stop: int
) -> Iterator[Spell]:
    """Work and idling in turn, without a hole, from `start` to `stop`."""
    now, worked, idled = start, 0, 0
    while now < stop:
        job = _job(throw, kind, who, share.of_time)
        # A machine goes to its next place before a job, not between two trucks.
        way = int(sum(job) * kind.travel_share * throw.uniform(0.5, 1.5))
        for work in job:
            length = min(work, stop - now)
            if length <= 0:
                break
            yield from _on_site(now, length, way)
            now, worked, way = now + length, worked + length, 0
            owed = share.owed(worked, idled) * throw.uniform(0.5, 1.5)
            idle = min(max(int(owed), TRUCK_WAIT_S), stop - now)
            if idle > 0:
                yield Spell(IDLE, now, now + idle)
                now, idled = now + idle, idled + idle


def _job(throw: Random, kind: Kind, who: Driver, share: float) -> tuple[int, ...]:
    """Seconds of work, each followed by some idling: a row of trucks, or one trench."""
    if throw.random() < kind.truck_share:
        cycle_s = (kind.cycle_s or 0.0) * who.pace
        trucks = throw.randint(*_TRUCKS_IN_A_ROW)
        return tuple(int(throw.randint(*kind.passes) * cycle_s) for _ in range(trucks))
    usual_min = sum(_SPELL_MIN) / 2 * share / (1 - share)
    return (int(_seconds(throw, _SPELL_MIN) * min(1.0, _WAIT_MIN / usual_min)),)


def _on_site(now: int, length: int, way: int) -> Iterator[Spell]:
    """Some seconds on the way, the rest at work; a way that fills it all is left out."""
    travel = way if way < length else 0
    if travel:
        yield Spell(TRAVEL, now, now + travel)
    yield Spell(WORK, now + travel, now + length)


def laps(  # noqa: PLR0913 - keyword-only where two could be taken for one another
    throw: Random, kind: Kind, share: Share, *, road_m: float, start: int, stop: int
) -> Iterator[Spell]:
    """Queue and be loaded, haul, tip, return; the last lap that fits ends before `stop`."""
    now, worked, idled = start, 0, 0
    while True:
        loaded_s = _on_road(throw, kind, road_m, _LOADED)
        empty_s = _on_road(throw, kind, road_m, _EMPTY)
        tip_s = int(throw.uniform(*_TIPPED_S))
        moving = loaded_s + tip_s + empty_s
        owed = share.owed(worked + moving, idled) * throw.uniform(0.6, 1.4)
        idle = max(int(throw.uniform(*_FILLED_S)), int(owed))
        if now + idle + moving > stop:
            return
        for state, length, task in (
            (IDLE, idle, LOAD),
            (TRAVEL, loaded_s, HAUL),
            (WORK, tip_s, TIP),
            (TRAVEL, empty_s, RETURN),
        ):
            yield Spell(state, now, now + length, task)
            now += length
        worked, idled = worked + moving, idled + idle


def _on_road(throw: Random, kind: Kind, road_m: float, part: tuple[float, float]) -> int:
    slowest, fastest = kind.travel_kmh
    low, high = (slowest + share * (fastest - slowest) for share in part)
    return max(int(road_m / throw.uniform(low, high) * 3.6), 1)


def _seconds(throw: Random, minutes: tuple[float, float]) -> int:
    return int(throw.uniform(*minutes) * _MINUTE)

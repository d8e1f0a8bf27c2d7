"""What a machine does and when: its day as a row of spells, drawn from the seed.

A day is some blocks of engine-on time inside the opening hours; a block is a
warm-up, work and travel between spells of idling, and a cool-down. It knows no
physics and no clock; what fills a block is in `work`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from simulator.classes import Kind
from simulator.dice import dice, near
from simulator.driver import Driver, driver
from simulator.hours import Hours, Session
from simulator.work import IDLE, OFF, TRAVEL, WORK, Share, Spell, jobs, laps

__all__ = ["IDLE", "OFF", "TRAVEL", "WORK", "Plan", "Spell"]

_MINUTE = 60.0
# Blocks and the pauses between them: about 5 starts and 5 engine hours in 8 h [V1, V3].
# The first block of a session is the longest: everybody works in its first hour.
_FIRST_BLOCK_MIN = (75, 110)
_BLOCK_MIN = (20, 60)
_PAUSE_MIN = (15, 50)
_LATE_START_MIN = (0, 12)
_EARLY_END_MIN = (0, 10)
_SHORTEST_BLOCK_MIN = 12
_WARM_UP_MIN = (2.5, 5)
_COOL_DOWN_MIN = (1, 3)
# Some engines are left idling when lunch begins; nothing else happens then.
_LEFT_IDLING = 0.2
_LEFT_IDLING_MIN = (2, 12)
# Machines idle between 11 and 65 % of their time [V3].
_IDLE_SHARE = (0.13, 0.60)
# From one day to the next; what drivers differ by is added.
_IDLE_SPREAD = 0.04
# How far a machine hauls that is told of no road, m [M].
_ROAD_M = 400.0


class Shift(NamedTuple):
    """What does not change of a plan from day to day.

    Attributes:
        kind: the machine's class.
        driver: who drives it.
        road_m: how long its haul road is, m.
    """

    kind: Kind
    driver: Driver
    road_m: float


class Plan:
    """What one machine does, day after day.

    Args:
        hours: the site's opening hours.
        kind: the machine's class.
        seed: of the whole run.
        machine: id of the machine.
        road_m: how long its haul road is, m, if it hauls.
    """

    def __init__(
        self, hours: Hours, kind: Kind, *, seed: int, machine: str, road_m: float = _ROAD_M
    ) -> None:
        self._hours = hours
        self._shift = Shift(kind, driver(seed, machine), road_m)
        self._name = (seed, machine)
        self._day: tuple[Spell, ...] = ()
        self._starts: list[int] = []
        self._last = Spell(OFF, 0, 0)

    def at(self, t: int) -> Spell:
        """The spell that epoch seconds `t` falls in."""
        if not self._last.start <= t < self._last.end:
            if not self._day or not self._day[0].start <= t < self._day[-1].end:
                self._day = tuple(self.day(self._hours.day_of(t)))
                self._starts = [spell.start for spell in self._day]
            self._last = self._day[bisect_right(self._starts, t) - 1]
        return self._last

    def day(self, day: date) -> Iterator[Spell]:
        """The spells of one local day, from midnight to midnight without a hole."""
        throw = dice(*self._name, "plan", day)
        now, midnight = self._hours.midnight(day), self._hours.midnight(day + timedelta(days=1))
        usual = self._shift.kind.idle_share + self._shift.driver.idle
        share = near(throw, usual, _IDLE_SPREAD, *_IDLE_SHARE)
        sessions = self._hours.sessions(day)
        # Over lunch an engine may be left idling; whoever goes home switches it off.
        closing = sessions[-1][1] if sessions else midnight
        for start, end in _blocks(throw, sessions):
            # An engine left idling over a very short break is still on when it ends.
            if start < now:
                continue
            if start > now:
                yield Spell(OFF, now, start)
            for spell in _merged(_block(throw, self._shift, share, start, end)):
                now = min(spell.end, closing, midnight)
                yield spell._replace(end=now)
        if now < midnight:
            yield Spell(OFF, now, midnight)


def _blocks(throw: Random, sessions: tuple[Session, ...]) -> Iterator[Session]:
    for opens, closes in sessions:
        length = _FIRST_BLOCK_MIN
        start = opens + _seconds(throw, _LATE_START_MIN)
        last = closes - _seconds(throw, _EARLY_END_MIN)
        while last - start >= _SHORTEST_BLOCK_MIN * _MINUTE:
            end = min(start + _seconds(throw, length), last)
            yield start, end
            start = end + _seconds(throw, _PAUSE_MIN)
            length = _BLOCK_MIN


def _block(throw: Random, shift: Shift, share: float, start: int, end: int) -> Iterator[Spell]:
    warm, cool = _seconds(throw, _WARM_UP_MIN), _seconds(throw, _COOL_DOWN_MIN)
    now, stop = start + warm, end - cool
    yield Spell(IDLE, start, now)
    for spell in _work(throw, shift, Share(share, warm + cool), now, stop):
        yield spell
        now = spell.end
    left = throw.random() < _LEFT_IDLING
    yield Spell(IDLE, now, now + cool + (_seconds(throw, _LEFT_IDLING_MIN) if left else 0))


def _work(throw: Random, shift: Shift, share: Share, start: int, stop: int) -> Iterator[Spell]:
    if shift.kind.hauls:
        return laps(throw, shift.kind, share, road_m=shift.road_m, start=start, stop=stop)
    return jobs(throw, shift.kind, shift.driver, share, start=start, stop=stop)


def _merged(spells: Iterator[Spell]) -> Iterator[Spell]:
    held = next(spells)
    for spell in spells:
        if spell.state == held.state:
            held = held._replace(end=spell.end)
        else:
            yield held
            held = spell
    yield held


def _seconds(throw: Random, minutes: tuple[float, float]) -> int:
    return int(throw.uniform(*minutes) * _MINUTE)

"""What a machine does and when: its day as a row of spells, drawn from the seed.

A day is some blocks of engine-on time inside the opening hours; a block is a
warm-up, work and travel between spells of idling, and a cool-down. It knows no
physics and no clock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from simulator.classes import Kind
from simulator.dice import dice, near
from simulator.hours import Hours, Session

OFF, IDLE, WORK, TRAVEL = "OFF", "IDLE", "WORK", "TRAVEL"

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
_SPELL_MIN = (5, 16)
# Waits are short and long idles rare: who idles much waits often, about so long each time.
_WAIT_MIN = 5.0
# Some engines are left idling when lunch begins; nothing else happens then.
_LEFT_IDLING = 0.2
_LEFT_IDLING_MIN = (2, 12)
# Machines idle between 11 and 65 % of their time [V3].
_IDLE_SHARE = (0.13, 0.60)
_IDLE_SPREAD = 0.06


class Spell(NamedTuple):
    """One stretch of one state; times in epoch seconds, `end` not included."""

    state: str
    start: int
    end: int


class Plan:
    """What one machine does, day after day.

    Args:
        hours: the site's opening hours.
        kind: the machine's class.
        seed: of the whole run.
        machine: id of the machine.
    """

    def __init__(self, hours: Hours, kind: Kind, *, seed: int, machine: str) -> None:
        self._hours = hours
        self._kind = kind
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
        share = near(throw, self._kind.idle_share, _IDLE_SPREAD, *_IDLE_SHARE)
        sessions = self._hours.sessions(day)
        # Over lunch an engine may be left idling; whoever goes home switches it off.
        closing = sessions[-1][1] if sessions else midnight
        for start, end in _blocks(throw, sessions):
            # An engine left idling over a very short break is still on when it ends.
            if start < now:
                continue
            if start > now:
                yield Spell(OFF, now, start)
            for spell in _merged(_block(throw, self._kind, share, start, end)):
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


def _block(throw: Random, kind: Kind, share: float, start: int, end: int) -> Iterator[Spell]:
    warm, cool = _seconds(throw, _WARM_UP_MIN), _seconds(throw, _COOL_DOWN_MIN)
    now, stop = start + warm, end - cool
    yield Spell(IDLE, start, now)
    between = _idle_between(share, end - start, warm + cool)
    pace = min(1.0, _WAIT_MIN / (sum(_SPELL_MIN) / 2 * between))
    while now < stop:
        length = min(int(_seconds(throw, _SPELL_MIN) * pace), stop - now)
        travel = int(length * kind.travel_share * throw.uniform(0.5, 1.5))
        if 0 < travel < length:
            yield Spell(TRAVEL, now, now + travel)
        yield Spell(WORK, now + travel if travel < length else now, now + length)
        now += length
        idle = min(int(length * between * throw.uniform(0.5, 1.5)), stop - now)
        if idle > 0:
            yield Spell(IDLE, now, now + idle)
            now += idle
    left = throw.random() < _LEFT_IDLING
    yield Spell(IDLE, stop, end + (_seconds(throw, _LEFT_IDLING_MIN) if left else 0))


def _idle_between(share: float, block_s: int, already_s: int) -> float:
    """Seconds of idling per second of work that bring a block to its idle share."""
    rest = (share * block_s - already_s) / (block_s - already_s)
    rest = max(rest, 0.03)
    return rest / (1 - rest)


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

"""Load cycles: dig, swing, dump, return; how long they take and how hard the engine pulls."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import floor, inf
from random import Random

from simulator.classes import Kind
from simulator.dice import near

# A skilled operator keeps within 10-20 s of a 15 s cycle [V8]: spread as a share of it.
_SPREAD, _REACH = 0.18, 0.45
# Dig, swing loaded, dump, swing back: share of the time, and pull as a multiple of the mean [M].
# A swing of 90 degrees takes a quarter of 15 s: 24 deg/s, well under the 67.8 that it can [V7].
_PHASES = ((0.38, 1.25), (0.25, 1.0), (0.12, 0.6), (0.25, 0.81))


def _work_done() -> tuple[tuple[float, float], ...]:
    """(share of the time, share of the work) at the end of each phase, from (0, 0) to (1, 1)."""
    whole = sum(share * pull for share, pull in _PHASES)
    marks = [(0.0, 0.0)]
    for share, pull in _PHASES:
        marks.append((marks[-1][0] + share, marks[-1][1] + share * pull / whole))
    return (*marks[:-1], (1.0, 1.0))


_DONE = _work_done()


def cycle_s(kind: Kind, pace: float, throw: Random) -> float:
    """How long the next cycle takes, s; for ever where none is counted by the clock."""
    if kind.cycle_s is None or kind.hauls:
        return inf
    mean = kind.cycle_s * pace
    return near(throw, mean, mean * _SPREAD, mean * (1 - _REACH), mean * (1 + _REACH))


def pull(left_s: float, length_s: float, window_s: float) -> float:
    """How hard the engine pulls in the next seconds, as a multiple of the mean.

    Args:
        left_s: of the cycle that goes on.
        length_s: of that cycle; those after it are taken to be as long.
        window_s: how far to look.
    """
    if length_s == inf:
        return 1.0
    here, ahead = 1 - left_s / length_s, window_s / length_s
    return (_done(here + ahead) - _done(here)) / ahead


def _done(cycles: float) -> float:
    whole = floor(cycles)
    part = cycles - whole
    for (start, before), (end, after) in pairwise(_DONE):
        if part <= end:
            return whole + before + (after - before) * (part - start) / (end - start)
    return whole + 1.0


class Cycles:
    """The load cycles of one machine; one that the work spell ends is gone on with in the next.

    Args:
        kind: its class.
        pace: factor of who drives it.
        throw: for how long each takes.
        done: how many there were before.

    Attributes:
        done: how many there have been in its life.
    """

    def __init__(self, kind: Kind, pace: float, throw: Random, done: int) -> None:
        self._kind, self._pace, self._throw = kind, pace, throw
        self.done = done
        self._length_s = self._next_s()
        # Nobody begins the day together with another.
        self._left_s = self._length_s * throw.random()

    def work(self, dt: float) -> Iterator[float]:
        """Go on for `dt` seconds; gives how long each cycle took that came to its end."""
        while self._left_s <= dt:
            dt -= self._left_s
            self.done += 1
            yield self._length_s
            self._length_s = self._left_s = self._next_s()
        self._left_s -= dt

    def pull(self, window_s: float) -> float:
        """How hard the engine pulls in the next seconds, as a multiple of the mean."""
        return pull(self._left_s, self._length_s, window_s)

    def _next_s(self) -> float:
        return cycle_s(self._kind, self._pace, self._throw)

"""Haul roads: from where dumpers are loaded to where they tip, in one zone or across two.

It finds the two ends; who goes to and fro between them is a `Walker`. One site and
one seed have one road a zone, so that dumpers meet on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from random import Random
from typing import NamedTuple

from simulator.ground import STRIDE_M, Ground, Point, between

_TRIES = 40
# Dumpers do not stand on top of each other: each has its own place near the end of the road.
_ASIDE_M = 8.0
# Outside every zone a road may lead for so long, m: at 10 km/h that is half of the 60 s after
# which a machine counts as gone from its zone.
_BARE_M = 80.0


class Road(NamedTuple):
    """A straight haul road.

    Attributes:
        load: where dumpers are loaded.
        tip: where they tip.
        metres: from the one to the other.
    """

    load: Point
    tip: Point
    metres: float


def haul_road(grounds: Sequence[Ground], throw: Random) -> Road | None:
    """The longest of some roads from the first ground to the last that one can go straight.

    Args:
        grounds: where one may be; a single one has both ends.
        throw: for the places.

    Returns:
        None if no place of the last can be reached from the first.
    """
    first, last = grounds[0], grounds[-1]
    best: Road | None = None
    for _ in range(_TRIES):
        load, tip = first.somewhere(throw), last.somewhere(throw)
        metres = first.metres(load, tip)
        longer = metres > STRIDE_M and (best is None or metres > best.metres)
        if longer and _is_open(grounds, load, tip, metres):
            best = Road(load, tip, metres)
    return best


def beside(road: Road, grounds: Sequence[Ground], throw: Random) -> Road:
    """The same road from a machine's own places near its ends, where there is room for them."""
    load, tip = _near(grounds[0], road.load, throw), _near(grounds[-1], road.tip, throw)
    metres = grounds[0].metres(load, tip)
    free = metres > STRIDE_M and _is_open(grounds, load, tip, metres)
    return Road(load, tip, metres) if free else road


def _near(ground: Ground, place: Point, throw: Random) -> Point:
    north_m, east_m = throw.uniform(-_ASIDE_M, _ASIDE_M), throw.uniform(-_ASIDE_M, _ASIDE_M)
    there = ground.moved(place, north_m, east_m)
    return there if ground.clear(there) else place


def _is_open(grounds: Sequence[Ground], one: Point, other: Point, metres: float) -> bool:
    if len(grounds) == 1:
        return grounds[0].open_way(one, other)
    steps = ceil(metres / STRIDE_M)
    way = (between(one, other, step / steps) for step in range(steps + 1))
    bare = sum(not any(ground.holds(place) for ground in grounds) for place in way)
    return bare * STRIDE_M <= _BARE_M

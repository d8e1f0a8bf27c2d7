"""Who sits in the cab: what one driver does differently from another, day after day.

Figures alone, drawn from the seed; no name, no age, nothing that tells a person.
"""

from __future__ import annotations

from typing import NamedTuple

from simulator.dice import dice, near

# How much drivers differ [M]: the share of idling is 11 to 65 % over 18 machines [V3].
_PACE_SPREAD, _QUICKEST, _SLOWEST = 0.07, 0.87, 1.18
_EFFORT_SPREAD, _EFFORT_REACH, _HASTE = 0.03, 0.10, 0.4
_IDLE_SPREAD, _IDLE_REACH = 0.08, 0.18


class Driver(NamedTuple):
    """The habits of the person who drives a machine.

    Attributes:
        pace: factor on how long a load cycle takes.
        effort: factor on the load of the engine at work; who is quick pulls harder.
        idle: added to the share of the time that a machine of this class idles.
    """

    pace: float
    effort: float
    idle: float


def driver(seed: int, machine: str) -> Driver:
    """The one who drives a machine; the same for its plan and for its engine."""
    throw = dice(seed, machine, "driver")
    pace = near(throw, 1.0, _PACE_SPREAD, _QUICKEST, _SLOWEST)
    usual = 1.0 - _HASTE * (pace - 1.0)
    return Driver(
        pace=pace,
        effort=near(throw, usual, _EFFORT_SPREAD, 1 - _EFFORT_REACH, 1 + _EFFORT_REACH),
        idle=near(throw, 0.0, _IDLE_SPREAD, -_IDLE_REACH, _IDLE_REACH),
    )

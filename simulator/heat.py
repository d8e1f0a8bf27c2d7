"""Temperatures: coolant and hydraulic oil, each a first-order lag on what heats it.

Pure figures. The seam for better physics: replace the two targets, keep `approach`.
"""

from __future__ import annotations

from math import exp
from random import Random
from typing import NamedTuple

from simulator.effect import Effect
from simulator.work import IDLE, OFF

# Steady work: coolant 80-95 degC, hydraulic oil 50-80 degC [V10].
_COOLANT_C, _COOLANT_C_PER_LOAD = 81.0, 0.12
_HYDRAULIC_IDLE_C, _HYDRAULIC_WORK_C = 52.0, 72.0
# A thermostat holds the coolant; the oil's cooler follows the air more [M]. From a mild day.
_MILD_C, _COOLANT_PER_AIR_C, _HYDRAULIC_PER_AIR_C = 12.0, 0.03, 0.15
# Coolant falls about 1 degC in 3 min after key-off from 85 degC [R]; hydraulic oil [M].
_COOLANT_OFF_TAU_S = 13_000.0
_HYDRAULIC_OFF_TAU_S = 9_000.0


class Traits(NamedTuple):
    """What one machine differs by.

    Attributes:
        coolant_c: added to the coolant's steady temperature, degC.
        hydraulic_c: the same for the hydraulic oil.
        coolant_tau_s: warming time constant, 10 to 15 min [M].
        hydraulic_tau_s: the same for the oil; the fast end of 30 to 60 min [M].
    """

    coolant_c: float
    hydraulic_c: float
    coolant_tau_s: float
    hydraulic_tau_s: float


def traits(throw: Random) -> Traits:
    """Draw the traits of one machine."""
    return Traits(
        coolant_c=throw.uniform(-2, 2),
        hydraulic_c=throw.uniform(-3, 3),
        coolant_tau_s=throw.uniform(600, 900),
        hydraulic_tau_s=throw.uniform(1800, 2400),
    )


def approach(value: float, target: float, tau_s: float, dt: float) -> float:
    """Where a first-order lag stands after `dt` seconds; exact for any step."""
    return target + (value - target) * exp(-dt / tau_s)


def coolant(own: Traits, *, running: bool, load: float, air_c: float) -> tuple[float, float]:
    """What the coolant goes to, degC, and its time constant, s."""
    if not running:
        return air_c, _COOLANT_OFF_TAU_S
    air = _COOLANT_PER_AIR_C * (air_c - _MILD_C)
    return _COOLANT_C + _COOLANT_C_PER_LOAD * load + air + own.coolant_c, own.coolant_tau_s


def hydraulic(own: Traits, *, running: bool, state: str, air_c: float) -> tuple[float, float]:
    """What the hydraulic oil goes to, degC, and its time constant, s."""
    if not running:
        return air_c, _HYDRAULIC_OFF_TAU_S
    warm = _HYDRAULIC_IDLE_C if state == IDLE else _HYDRAULIC_WORK_C
    air = _HYDRAULIC_PER_AIR_C * (air_c - _MILD_C)
    return warm + air + own.hydraulic_c, own.hydraulic_tau_s


class Warmth:
    """The two temperatures of one machine.

    Args:
        own: its traits.
        air_c: air temperature, at which it begins.

    Attributes:
        coolant_c: of the coolant, degC.
        hydraulic_c: of the hydraulic oil, degC.
    """

    def __init__(self, own: Traits, air_c: float) -> None:
        self._own = own
        self.coolant_c = self.hydraulic_c = air_c

    def go_on(self, dt: float, state: str, load: float, air_c: float, effect: Effect) -> None:
        """Warm up or cool down for `dt` seconds; an incident's targets win over the usual ones."""
        running = state != OFF
        target, tau_s = coolant(self._own, running=running, load=load, air_c=air_c)
        target = target if effect.coolant_c is None else effect.coolant_c
        tau_s = effect.coolant_tau_s or tau_s
        self.coolant_c = approach(self.coolant_c, target, tau_s, dt)
        target, tau_s = hydraulic(self._own, running=running, state=state, air_c=air_c)
        target = target if effect.hydraulic_c is None else effect.hydraulic_c
        tau_s = effect.hydraulic_tau_s or tau_s
        self.hydraulic_c = approach(self.hydraulic_c, target, tau_s, dt)

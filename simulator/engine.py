"""The diesel engine: torque, power, fuel, and the regime that a state puts it in.

Pure figures; how long a regime lasts is the plan's affair, what it heats is `heat`'s.
"""

from __future__ import annotations

from itertools import pairwise
from math import exp, tau
from random import Random
from typing import NamedTuple

from simulator.classes import Kind
from simulator.dice import near
from simulator.plan import IDLE, OFF, TRAVEL, WORK

# Full-load torque of a real 120 kW off-road diesel: 1/min and share of 630 Nm [R].
_TORQUE = (
    (0.0, 0.5),
    (850.0, 0.78),
    (1033.0, 0.96),
    (1566.0, 1.06),
    (2100.0, 0.87),
    (2200.0, 0.8),
)
_NM_PER_KW = 630 / 120
# fuel_lph = f0(rpm) + k * P_kW [V6]. The slope is a little under the 0.25 L/kWh of a
# whole engine because f0 is counted apart; f0 is that of 121 kW at 900 rpm, set so
# that idling takes 3.8 L/h [V1].
_LITRES_PER_KWH = 0.235
_IDLE_RPM = 900.0
_FRICTION_LPH = 1.6
_FRICTION_KW = 121.0
_MAX_RPM = 2200.0
_DEF_IDLE, _DEF_PER_LOAD = 0.02, 0.025
# Noise between two readings: 1/min, and % of torque.
_RPM_SPREAD, _RPM_REACH = 18.0, 60.0
_LOAD_SPREAD = {IDLE: 1.5, WORK: 8.0, TRAVEL: 6.0}
_LOAD_LEAST, _LOAD_MOST = 5.0, 100.0
# An engine pulled down by its load loses this much at full torque, 1/min.
_DROOP_RPM = 40.0
# Oil pressure, kPa: grows with the speed of the pump, and with cold thick oil.
_OIL_KPA, _OIL_KPA_PER_RPM, _OIL_KPA_PER_C = 15.0, 0.24, 1.2
_OIL_WARM_C, _OIL_BUILD_UP_S = 85.0, 2.0


class Traits(NamedTuple):
    """What one machine's engine differs by from its class.

    Attributes:
        idle_rpm: its idle setting, 850 to 1,000 1/min [V7].
        load: factor on the class's load: soil, wear, tools.
        thirst: factor on the fuel rate.
    """

    idle_rpm: float
    load: float
    thirst: float


class Regime(NamedTuple):
    """What the engine does from one look to the next.

    Attributes:
        rpm: 1/min.
        load: % of the torque that it has at that speed.
        lph: fuel, L/h.
    """

    rpm: float
    load: float
    lph: float


STOPPED = Regime(0.0, 0.0, 0.0)


def traits(throw: Random) -> Traits:
    """Draw the traits of one engine."""
    return Traits(
        idle_rpm=throw.uniform(860, 980),
        load=throw.uniform(0.94, 1.05),
        thirst=throw.uniform(0.96, 1.05),
    )


def regime(kind: Kind, own: Traits, state: str, throw: Random, pull: float = 1.0) -> Regime:
    """Draw what the engine does in a state until the next look.

    Args:
        kind: its class.
        own: its traits.
        state: what the machine does.
        throw: for the noise.
        pull: factor on the load at work: where in a load cycle, and who drives.
    """
    if state == OFF:
        return STOPPED
    speed = {IDLE: own.idle_rpm, WORK: kind.work_rpm, TRAVEL: kind.travel_rpm}[state]
    mean = {IDLE: kind.idle_load, WORK: kind.work_load, TRAVEL: kind.travel_load}[state]
    asked = mean * own.load * (pull if state == WORK else 1.0)
    load = near(throw, asked, _LOAD_SPREAD[state], _LOAD_LEAST, _LOAD_MOST)
    if state != IDLE:
        speed -= _DROOP_RPM * (load - mean) / 100
    rpm = near(throw, speed, _RPM_SPREAD, speed - _RPM_REACH, min(speed + _RPM_REACH, _MAX_RPM))
    lph = fuel_lph(kind.rated_kw, rpm, power_kw(kind.rated_kw, rpm, load)) * own.thirst
    return Regime(rpm, load, lph)


def torque_nm(rated_kw: float, rpm: float) -> float:
    """Torque at full load, Nm, of an engine of `rated_kw` at `rpm`."""
    for (low, share), (high, other) in pairwise(_TORQUE):
        if low <= rpm <= high:
            part = share + (other - share) * (rpm - low) / (high - low)
            return part * _NM_PER_KW * rated_kw
    return 0.0


def power_kw(rated_kw: float, rpm: float, load_pct: float) -> float:
    """Power, kW, at `load_pct` of the torque that the engine has at `rpm`."""
    return torque_nm(rated_kw, rpm) * load_pct / 100 * rpm * tau / 60 / 1000


def fuel_lph(rated_kw: float, rpm: float, kw: float) -> float:
    """Fuel rate, L/h, at `rpm` and a power of `kw`."""
    friction = _FRICTION_LPH * rated_kw / _FRICTION_KW * rpm / _IDLE_RPM
    return friction + _LITRES_PER_KWH * kw


def def_share(load_pct: float) -> float:
    """DEF dosed, as a share of the fuel burnt: more of it the hotter the exhaust is.

    2 to 4.5 % over the load range; DEF is 2-5 % of fuel [V9], its course over the load is [M].
    """
    return _DEF_IDLE + _DEF_PER_LOAD * load_pct / 100


def oil_kpa(rpm: float, coolant_c: float, running_s: float) -> float:
    """Oil pressure, kPa; nothing in the first instant, as the pump has only begun to turn."""
    warm = _OIL_KPA + _OIL_KPA_PER_RPM * rpm + _OIL_KPA_PER_C * max(_OIL_WARM_C - coolant_c, 0)
    return warm * (1 - exp(-running_s / _OIL_BUILD_UP_S))

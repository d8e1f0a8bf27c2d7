"""The battery: what its terminals say while it is charged, rests, or turns the starter.

Pure figures for a 24 V system; a 12 V one has half of each.
"""

from __future__ import annotations

from math import exp

_NOMINAL_V = 24
# Lead and acid at 25 degC, and how the regulator follows the cold, V per degC [M].
_CHARGING_V, _V_PER_C, _WARM_C, _COLD_REACH_V = 27.9, -0.004, 15.0, 0.1
# What the starter took is given back within some minutes.
_GIVEN_BACK_V, _GIVEN_BACK_S = 0.2, 240.0
# After key-off the surface charge goes, and what is left is the rest voltage.
_RESTING_V, _SURFACE_V, _SURFACE_S = 25.4, 0.9, 1800.0
_CRANKING_V = 22.0


def volts(*, running: bool, since_s: float, air_c: float, own_v: float, nominal_v: int) -> float:
    """Terminal voltage, V.

    Args:
        running: whether the engine turns, and the alternator with it.
        since_s: for how long it has, or has not.
        air_c: air temperature, degC.
        own_v: what this battery differs by, V of a 24 V system.
        nominal_v: 12 or 24.
    """
    if running and since_s == 0:
        here = _CRANKING_V
    elif running:
        cold = _V_PER_C * (air_c - _WARM_C)
        here = _CHARGING_V + min(max(cold, -_COLD_REACH_V), _COLD_REACH_V)
        here -= _GIVEN_BACK_V * exp(-since_s / _GIVEN_BACK_S)
    else:
        here = _RESTING_V + _SURFACE_V * exp(-since_s / _SURFACE_S)
    return (here + own_v) * nominal_v / _NOMINAL_V

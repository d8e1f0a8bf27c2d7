"""The air around the machines: one smooth year, one smooth day, and fronts that pass.

The figures are those of Paris, rounded [M]; a later model may read real weather.
"""

from __future__ import annotations

from math import cos, tau

_DAY_S = 86_400
_YEAR_S = 365.25 * _DAY_S
_MEAN_C = 12.0
_SEASON_C = 8.0
_DAILY_C = 4.0
# Hottest: about 20 July, and about 14:00 UTC.
_HOTTEST_DAY_S = 200 * _DAY_S
_HOTTEST_HOUR_S = 14 * 3600
# Warm and cold spells: degC, and how long from one to the next. Not multiples of each other.
_FRONTS = ((2.5, 6.1 * _DAY_S), (1.8, 13.7 * _DAY_S))


def ambient_c(t: int) -> float:
    """Air temperature, degC, at epoch seconds `t`."""
    season = _SEASON_C * cos(tau * (t - _HOTTEST_DAY_S) / _YEAR_S)
    daily = _DAILY_C * cos(tau * (t - _HOTTEST_HOUR_S) / _DAY_S)
    fronts = sum(strong * cos(tau * t / apart) for strong, apart in _FRONTS)
    return _MEAN_C + season + daily + fronts

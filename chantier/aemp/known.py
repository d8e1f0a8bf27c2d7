"""What is known last of a machine, out of its readings: each value with its own time.

A pure fold. What a sensor cannot say (`telemetry.RANGES`) is as absent as what it left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from chantier.aemp import elements as of
from chantier.aemp.elements import Element
from chantier.telemetry import RANGES, Reading

DAY_S = 86_400
# A reading each 10 s with the engine on; what lies further apart is not averaged over.
_LASTS_S = 60


def known(readings: Iterable[Reading], *, tank_l: float | None) -> tuple[Element, ...]:
    """The elements of one machine, in the standard's order.

    Args:
        readings: in any order.
        tank_l: fuel tank, L; None when the site file does not say it.
    """
    told = sorted(readings, key=lambda one: (one.t, one.seq))
    found = (
        _location(told),
        _last(told, "op_h", of.OPERATING_HOURS, lambda h: {"Hour": h}),
        _last(told, "idle_h", of.IDLE_HOURS, lambda h: {"Hour": h}),
        _last(told, "fuel_used_l", of.FUEL_USED, _litres),
        _fuel_24h(told),
        _last(told, "fuel_pct", of.FUEL_REMAINING, lambda pct: _fuel_left(pct, tank_l)),
        _last(told, "def_pct", of.DEF_REMAINING, lambda pct: {"Percent": pct}),
        _engine(told),
        _load_24h(told),
        _speed_24h(told),
        _last(told, "cyc", of.LOAD_COUNT, lambda count: {"Count": int(count)}),
    )
    return tuple(one for one in found if one)


def _litres(litres: float) -> dict[str, Any]:
    return {"FuelUnits": "litre", "FuelConsumed": litres}


def _fuel_left(pct: float, tank_l: float | None) -> dict[str, Any]:
    if tank_l is None:
        return {"Percent": pct}
    return {"Percent": pct, "FuelTankCapacityUnits": "litre", "FuelTankCapacity": tank_l}


def _said(reading: Reading, field: str) -> float | None:
    """What a sensor said, if it can say that."""
    value: float | None = getattr(reading, field)
    low, high = RANGES[field]
    return value if value is not None and low <= value <= high else None


def _last(told: Sequence[Reading], field: str, name: str, parts: Any) -> Element | None:
    for reading in reversed(told):
        if (value := _said(reading, field)) is not None:
            return Element(name, reading.t, parts(value))
    return None


def _location(told: Sequence[Reading]) -> Element | None:
    for reading in reversed(told):
        lat, lon = _said(reading, "lat"), _said(reading, "lon")
        if lat is not None and lon is not None:
            return Element(of.LOCATION, reading.t, {"Latitude": lat, "Longitude": lon})
    return None


def _engine(told: Sequence[Reading]) -> Element | None:
    """Whether it runs; the time is that of the last change, or of the first that is known."""
    since: tuple[int, bool] | None = None
    for reading in told:
        if reading.eng is not None and (since is None or reading.eng != since[1]):
            since = (reading.t, reading.eng)
    if since is None:
        return None
    return Element(of.ENGINE_STATUS, since[0], {"EngineNumber": "1", "Running": since[1]})


def _fuel_24h(told: Sequence[Reading]) -> Element | None:
    """Fuel burnt in the day before the last count; unknown if no count is as old as that."""
    counts = [(one.t, used) for one in told if (used := _said(one, "fuel_used_l")) is not None]
    if not counts:
        return None
    until, last = counts[-1]
    before = [used for t, used in counts if t <= until - DAY_S]
    if not before or last < before[-1]:
        return None
    return Element(of.FUEL_USED_24H, until, _litres(round(last - before[-1], 1)))


def _load_24h(told: Sequence[Reading]) -> Element | None:
    """Mean load of the day with the engine on, weighted by time."""
    running = [one for one in told if one.t > told[-1].t - DAY_S]
    weighted = seconds = 0.0
    for one, following in pairwise(running):
        load = _said(one, "load_pct")
        if one.eng and load is not None and following.t - one.t <= _LASTS_S:
            weighted += load * (following.t - one.t)
            seconds += following.t - one.t
    if not seconds:
        return None
    return Element(of.LOAD_FACTOR_24H, told[-1].t, {"Percent": round(weighted / seconds, 1)})


def _speed_24h(told: Sequence[Reading]) -> Element | None:
    speeds = [
        speed
        for one in told
        if one.t > told[-1].t - DAY_S and (speed := _said(one, "spd_kmh")) is not None
    ]
    if not speeds:
        return None
    parts = {"SpeedUnits": "kilometre per hour", "Speed": max(speeds)}
    return Element(of.TOP_SPEED_24H, told[-1].t, parts)

"""How fine a sensor speaks: the steps of SAE J1939-71, as the reading's table has them.

It turns the model's exact values into what the wire may say, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from math import floor

from chantier.telemetry import Reading

# Field -> (steps per unit, digits that a multiple of the step can have).
_STEPS: dict[str, tuple[float, int]] = {
    "rpm": (8, 3),  # SPN 190, 0.125 rpm
    "load_pct": (1, 0),  # SPN 92
    "fuel_lph": (20, 2),  # SPN 183, 0.05 L/h
    "fuel_used_l": (2, 1),  # SPN 250, 0.5 L
    "fuel_pct": (2.5, 1),  # SPN 96, 0.4 %
    "def_pct": (2.5, 1),  # SPN 1761, 0.4 %
    "op_h": (20, 2),  # SPN 247, 0.05 h
    "idle_h": (20, 2),  # SPN 235, 0.05 h
    "cool_c": (1, 0),  # SPN 110
    "hyd_c": (1, 0),  # SPN 1638
    "oil_kpa": (0.25, 0),  # SPN 100, 4 kPa
    "batt_v": (20, 2),  # SPN 168, 0.05 V
    "lat": (1e5, 5),  # 1 m
    "lon": (1e5, 5),
    "spd_kmh": (10, 1),
    "pitch": (10, 1),
    "roll": (10, 1),
}


def quantise(field: str, value: float) -> float:
    """The nearest value that the sensor of `field` can say; a whole number where steps are."""
    per_unit, digits = _STEPS[field]
    said = round(round(value * per_unit) / per_unit, digits)
    return said if digits else int(said)


def count(field: str, value: float) -> float:
    """The last whole step that a counter has passed: a counter never says more than it has."""
    per_unit, digits = _STEPS[field]
    return round(floor(value * per_unit) / per_unit, digits)


def without(reading: Reading, dead: Collection[str]) -> Reading:
    """A reading in which dead sensors say nothing: an absent sensor is an omitted key, never 0."""
    if not dead:
        return reading
    return Reading(**{name: said for name, said in reading._asdict().items() if name not in dead})

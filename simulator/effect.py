"""What an incident does to a machine for a while; plain data that the machine obeys.

The scenarios that are made of these are in `scenarios`; the machine knows no scenario.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One stretch of an incident; what is None or empty is left as it would be.

    Attributes:
        start: epoch seconds.
        end: epoch seconds, not included.
        state: what the operator does instead of the plan.
        coolant_c: the temperature that the coolant goes to, degC.
        coolant_tau_s: how fast it goes, time constant in s.
        oil_kpa: engine oil pressure, kPa, engine on.
        dtc: active fault codes, (SPN, FMI, occurrences).
        lamp: lit lamps.
        refuel_to: share of the tank (0 to 1) that it is filled to at `start`.
    """

    start: int
    end: int
    state: str | None = None
    coolant_c: float | None = None
    coolant_tau_s: float | None = None
    oil_kpa: float | None = None
    dtc: tuple[tuple[int, ...], ...] = ()
    lamp: tuple[str, ...] = ()
    refuel_to: float | None = None


# What acts on a machine when nothing does.
NONE = Effect(start=0, end=0)

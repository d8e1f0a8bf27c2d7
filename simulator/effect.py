"""What an incident does to a machine for a while; plain data that the machine obeys.

The scenarios that are made of these are in `scenarios`; the machine knows no scenario.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One stretch of an incident; what is None, zero or empty is left as it would be.

    Attributes:
        start: epoch seconds.
        end: epoch seconds, not included.
        state: what the operator does instead of the plan.
        coolant_c: the temperature that the coolant goes to, degC.
        coolant_tau_s: how fast it goes, time constant in s.
        hydraulic_c: the temperature that the hydraulic oil goes to, degC.
        hydraulic_tau_s: how fast it goes, time constant in s.
        oil_kpa: engine oil pressure, kPa, engine on.
        volts: battery, V of the machine's own system.
        dtc: active fault codes, (SPN, FMI, occurrences).
        lamp: lit lamps.
        missing: fields of the reading that a dead sensor leaves out.
        refuel_to: share of the fuel tank (0 to 1) that it is filled to at `start`.
        def_to: the same for the DEF tank.
        pour_lph: fuel that a pump brings in, L/h; it stops at the brim.
        drain_lph: fuel that leaves the tank unburnt, L/h.
        roll: how far the machine leans, degrees.
        kmh: ground speed, km/h; with the engine off the machine is carried.
        outside_m: it goes to the nearest place so many metres outside its ground, and stays.
        home: it goes back to where it left its ground.
        away: it goes away in a straight line.
        silent: nothing reaches the network; the box keeps what it would have sent.
    """

    start: int
    end: int
    state: str | None = None
    coolant_c: float | None = None
    coolant_tau_s: float | None = None
    hydraulic_c: float | None = None
    hydraulic_tau_s: float | None = None
    oil_kpa: float | None = None
    volts: float | None = None
    dtc: tuple[tuple[int, ...], ...] = ()
    lamp: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    refuel_to: float | None = None
    def_to: float | None = None
    pour_lph: float = 0.0
    drain_lph: float = 0.0
    roll: float | None = None
    kmh: float | None = None
    outside_m: float | None = None
    home: bool = False
    away: bool = False
    silent: bool = False


# What acts on a machine when nothing does.
NONE = Effect(start=0, end=0)

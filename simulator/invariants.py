"""What must hold exactly of a machine, whatever it does; a step that breaks it is told.

It judges what the sensors said, to their own steps, and knows nothing of how a
machine is simulated.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from chantier.telemetry import Reading
from simulator.trace import Step, Trace

COUNTERS = ("op_h", "idle_h", "fuel_used_l", "cyc")
# What the sensors round to: L of SPN 250, % of SPN 96.
_USED_STEP_L, _LEVEL_STEP_PCT = 0.5, 0.4
_FUEL_SHARE = 0.01


def broken(trace: Trace) -> Iterator[str]:
    """Every step at which an invariant does not hold, as a sentence."""
    for step in trace.steps:
        for fault in _now(step.reading):
            yield _told(trace, step, fault)
    for before, after in pairwise(trace.steps):
        for fault in _between(before.reading, after.reading):
            yield _told(trace, after, fault)
    for step, fault in (*_integral(trace), *_level(trace)):
        yield _told(trace, step, fault)


def _told(trace: Trace, step: Step, fault: str) -> str:
    return f"{trace.machine} at {step.reading.t}: {fault}"


def _now(said: Reading) -> Iterator[str]:
    if (said.idle_h or 0) > (said.op_h or 0):
        yield f"idle_h {said.idle_h} is more than op_h {said.op_h}"
    if not said.eng and (said.rpm or said.fuel_lph):
        yield f"the engine is off at {said.rpm} rpm and {said.fuel_lph} L/h"


def _between(before: Reading, after: Reading) -> Iterator[str]:
    for name in COUNTERS:
        was, now = getattr(before, name) or 0, getattr(after, name) or 0
        if now < was:
            yield f"{name} fell from {was} to {now}"
        elif now != was and not before.eng:
            yield f"{name} rose from {was} to {now} with the engine off"


def _integral(trace: Trace) -> Iterator[tuple[Step, str]]:
    """Where the fuel counter is not the integral of the fuel rate since the first step."""
    burnt_l, first_l = 0.0, trace.steps[0].reading.fuel_used_l or 0
    for before, after in pairwise(trace.steps):
        burnt_l += (before.reading.fuel_lph or 0) * _hours(before, after)
        counted_l = (after.reading.fuel_used_l or 0) - first_l
        if abs(counted_l - burnt_l) > _FUEL_SHARE * burnt_l + _USED_STEP_L:
            yield after, f"fuel_used_l counted {counted_l:.1f} L, fuel_lph says {burnt_l:.1f} L"


def _level(trace: Trace) -> Iterator[tuple[Step, str]]:
    """Where the level is not the first one less what was used plus what was filled in."""
    first = trace.steps[0]
    begun_l = _litres(trace, first) + (first.reading.fuel_used_l or 0) - first.refuels_l
    # One step of each sensor that takes part: of the level, and of the counter.
    allowed_l = _LEVEL_STEP_PCT / 100 * trace.tank_l + _USED_STEP_L
    for step in trace.steps:
        due_l = begun_l - (step.reading.fuel_used_l or 0) + step.refuels_l
        if abs(_litres(trace, step) - due_l) > allowed_l:
            yield step, f"the tank has {_litres(trace, step):.1f} L, it should be {due_l:.1f} L"


def _litres(trace: Trace, step: Step) -> float:
    return (step.reading.fuel_pct or 0) / 100 * trace.tank_l


def _hours(before: Step, after: Step) -> float:
    return (after.reading.t - before.reading.t) / 3600

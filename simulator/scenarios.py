"""The incidents that can be played, as data: what happens step by step, and what must be found.

A script follows the limits of the machine it is played on, so that it still
leads to its alert on a site that has set its own. To add one: a function here,
a line in `SCENARIOS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from simulator.effect import Effect
from simulator.plan import IDLE, OFF, WORK

Limits = dict[str, dict[str, float]]

_MINUTE = 60
# Even from a frozen engine the coolant is within a degree of its target by then.
_CLIMB_TAU_S, _CLIMB_S = 100.0, 440
_COOL_TAU_S, _COOL_S = 200.0, 5 * _MINUTE
# The level sender has steps of 0.4 %: a machine at work takes so long for half a step.
_SENDER_STEP_S = 4 * _MINUTE
# Diesel particulate filter, soot load too high: SPN 3719, FMI 16.
_SOOT = (3719, 16, 1)


class Script(NamedTuple):
    """How one incident goes.

    Attributes:
        code: the alert that it must lead to.
        severity: the worst that it must reach.
        stages: what it does, one after the other; times in seconds from its onset.
        shown_s: seconds from its onset after which the worst must have been found.
        fuel_pct: the level that the tank has at its onset, %; None for as it is.
    """

    code: str
    severity: str
    stages: tuple[Effect, ...]
    shown_s: int
    fuel_pct: float | None = None

    @property
    def over_s(self) -> int:
        """Seconds from its onset after which the alert must have closed."""
        return self.stages[-1].end


def overheating(limits: Limits) -> Script:
    """The radiator clogs, the coolant climbs past both limits, the operator lets it idle."""
    coolant = limits["COOLANT_HIGH"]
    climb = _CLIMB_S + int(coolant["for_s"])
    return Script(
        code="COOLANT_HIGH",
        severity="critical",
        stages=(
            Effect(
                start=0,
                end=climb,
                state=WORK,
                coolant_c=min(coolant["critical"] + 2, coolant["stop"] - 1),
                coolant_tau_s=_CLIMB_TAU_S,
            ),
            Effect(
                start=climb,
                end=climb + _COOL_S + int(coolant["clear_for_s"]),
                state=IDLE,
                coolant_tau_s=_COOL_TAU_S,
            ),
        ),
        shown_s=climb,
    )


def oil_pressure_loss(limits: Limits) -> Script:
    """Oil pressure falls at work; the operator stops, tops up, and starts again."""
    oil = limits["OIL_PRESS_LOW"]
    seen = 45 + int(oil["for_s"])
    stopped = seen + 8 * _MINUTE
    return Script(
        code="OIL_PRESS_LOW",
        severity="critical",
        stages=(
            Effect(start=0, end=seen, state=WORK, oil_kpa=0.45 * min(oil["idle"], oil["work"])),
            Effect(start=seen, end=stopped, state=OFF),
            Effect(start=stopped, end=stopped + 3 * _MINUTE, state=IDLE),
        ),
        shown_s=seen,
    )


def fault_code(limits: Limits) -> Script:
    """A fault code with the amber lamp; it goes after a regeneration at idle."""
    active, absent = 6 * _MINUTE, int(limits["DTC"]["absent_for_s"])
    return Script(
        code="DTC",
        severity="warning",
        stages=(
            Effect(start=0, end=active, state=WORK, dtc=(_SOOT,), lamp=("AWL",)),
            Effect(start=active, end=active + absent + 40, state=IDLE),
        ),
        shown_s=30,
    )


def low_fuel(limits: Limits) -> Script:
    """The tank falls to its limit at work; the bowser comes after a while."""
    fuel = limits["FUEL_LOW"]
    shown = int(fuel["for_s"]) + _SENDER_STEP_S
    stopped = shown + 6 * _MINUTE
    filled = stopped + 5 * _MINUTE
    return Script(
        code="FUEL_LOW",
        severity="warning",
        stages=(
            Effect(start=0, end=stopped, state=WORK),
            Effect(start=stopped, end=filled, state=OFF, refuel_to=0.9),
            Effect(start=filled, end=filled + _MINUTE, state=IDLE),
        ),
        shown_s=shown,
        fuel_pct=fuel["warning"],
    )


SCENARIOS: dict[str, Callable[[Limits], Script]] = {
    "surchauffe": overheating,
    "perte-pression-huile": oil_pressure_loss,
    "code-defaut": fault_code,
    "carburant-bas": low_fuel,
}

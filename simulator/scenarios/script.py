"""What a scenario is: its stages, the machine it is played on, and by when it must be found.

The scenarios themselves are in the modules beside this one, by family.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import ceil, floor
from typing import Any, NamedTuple

from chantier.errors import ChantierError
from simulator.classes import Kind
from simulator.effect import Effect

Limits = dict[str, dict[str, float]]

MINUTE = 60
# The box looks this often with the engine on, or while something moves with it off.
LOOK_S = 10
# What is no news waits for its message so long.
MESSAGE_S = 60
# The steps of a level sender: SPN 96 and 1761, %.
_SENDER_STEP = 0.4
# So little above the step that it is passed within a minute of work.
_ABOVE_STEP = 0.005
# Nobody comes to end it within a run, s.
FOR_GOOD_S = 30 * 86_400

# When a scenario can begin: with the engine running, outside the opening hours, or any time.
RUNNING, CLOSED, ANY_TIME = "running", "closed", "any time"


class Setting(NamedTuple):
    """The machine that a scenario is to be played on.

    Attributes:
        machine: its id.
        class_name: of its class, as the site file says it.
        kind: its class.
        limits: its numbers, by code.
        tank_l: fuel tank, L.
        span_m: the longest way across its ground, m; 0 when it says no position.
        zoned: whether the site file gives it a zone.
        scheduled: whether the site file gives opening hours.
    """

    machine: str
    class_name: str
    kind: Kind
    limits: Limits
    tank_l: float
    span_m: float = 0.0
    zoned: bool = False
    scheduled: bool = False


class Script(NamedTuple):
    """How one incident goes; times in seconds from its onset.

    Attributes:
        code: the alert that it must lead to.
        severity: the worst that it must reach.
        stages: what it does, one after the other.
        opens_s: the alert must have opened by then.
        shown_s: the worst must have been found by then.
        begins: when it can begin.
        fault: what tells the alert from others of its code; empty for any.
        closes: whether the alert closes by itself once the last stage is over.
        also: other codes that it leads to, rightly.
        fuel_pct: the level that the tank has at its onset, %; None for as it is.
        def_pct: the same for DEF.
        op_h: what the hour meter says at its onset, h; None for as it is.
    """

    code: str
    severity: str
    stages: tuple[Effect, ...]
    opens_s: int
    shown_s: int
    begins: str = RUNNING
    fault: str = ""
    closes: bool = True
    also: tuple[str, ...] = ()
    fuel_pct: float | None = None
    def_pct: float | None = None
    op_h: float | None = None

    @property
    def over_s(self) -> int:
        """Seconds from its onset after which the alert must have closed."""
        return self.stages[-1].end

    @property
    def for_good(self) -> bool:
        """Whether nobody ends it within a run."""
        return self.over_s >= FOR_GOOD_S

    @property
    def stocked(self) -> bool:
        """Whether the machine must start its day with something of its own."""
        return any(one is not None for one in (self.fuel_pct, self.def_pct, self.op_h))


Scenario = Callable[[Setting], Script]


def found_s(raised_s: float, for_s: float, *, at_once: bool) -> int:
    """By when an alert must have opened.

    Args:
        raised_s: when its condition is there at the latest.
        for_s: how long the condition must last.
        at_once: whether it is news that leaves at once, or waits for its message.
    """
    looks = 1 + ceil(for_s / LOOK_S)
    return ceil(raised_s) + looks * LOOK_S + (0 if at_once else MESSAGE_S)


def in_turn(*lasting: Effect) -> tuple[Effect, ...]:
    """Effects one after the other; each `end` is how long it lasts, s."""
    found: list[Effect] = []
    now = 0
    for one in lasting:
        found.append(replace(one, start=now, end=now + one.end))
        now += one.end
    return tuple(found)


def lasting(seconds: float, state: str | None = None, **what: Any) -> Effect:
    """An effect that lasts so long, to be put `in_turn`."""
    return Effect(start=0, end=ceil(seconds), state=state, **what)


def just_above(limit: float) -> float:
    """The level, %, from which a sender falls to `limit` or below within a minute of work."""
    return _SENDER_STEP * (floor(limit / _SENDER_STEP + 1e-9) + 0.5) + _ABOVE_STEP


def refuse(name: str, setting: Setting, why: str, hint: str) -> ChantierError:
    """What is said of a scenario that cannot be played on a machine."""
    return ChantierError(f"{name} cannot be played on {setting.machine}: {why}.", hint)

"""One machine's shift written down step by step: what it said, and what was really in its tanks.

Who judges a simulated shift reads this; who simulates does not know it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from chantier.telemetry import Reading
from simulator.classes import Kind
from simulator.machine import Machine
from simulator.weather import ambient_c


class Step(NamedTuple):
    """A machine at a step.

    Attributes:
        reading: what its sensors say; its rates hold until the next step.
        refuels_l: fuel filled in since the beginning, L.
        def_used_l: DEF used since the beginning, L.
        air_c: air temperature, degC.
    """

    reading: Reading
    refuels_l: float = 0.0
    def_used_l: float = 0.0
    air_c: float = 0.0


@dataclass
class Trace:
    """A machine's shift.

    Attributes:
        machine: machine id.
        kind: its class.
        tank_l: its fuel tank, L.
        sessions: opening hours of the day, (start, end) in epoch seconds, lunch left out.
        steps: in order of time.
        cycles: how long each load cycle took, s.
        notified: alerts that rang somebody's phone.
        overheated: alerts of its temperatures, of any severity.
    """

    machine: str
    kind: Kind
    tank_l: float
    sessions: tuple[tuple[int, int], ...]
    steps: list[Step] = field(default_factory=list)
    cycles: list[float] = field(default_factory=list)
    notified: int = 0
    overheated: int = 0

    def note(self, machine: Machine, reading: Reading) -> None:
        """Write down a step."""
        tanks = machine.tanks
        self.steps.append(Step(reading, tanks.refuels_l, tanks.def_used_l, ambient_c(reading.t)))

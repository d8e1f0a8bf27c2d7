"""One machine with the box on it, working through a run: every message and when it leaves.

The whole behaviour of a machine is here and below; whether the messages go
over a wire or stay in memory is decided above. It reads no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from chantier.detection.rules import Rules
from chantier.errors import ChantierError
from chantier.telemetry import Reading
from simulator.agent import Agent, Outgoing
from simulator.effect import Effect
from simulator.facts import Facts
from simulator.incident import Expected, Incident
from simulator.machine import Machine
from simulator.plan import Plan
from simulator.profile import Profile
from simulator.scenarios import Script
from simulator.tanks import Stock, def_tank_l

OnStep = Callable[[Machine, Reading], None]


class Cast(NamedTuple):
    """An incident with the moment at which it begins.

    Attributes:
        incident: as asked for.
        onset: epoch seconds.
        script: what happens.
    """

    incident: Incident
    onset: int
    script: Script

    @property
    def over(self) -> int:
        """When its last stage ends, epoch seconds."""
        return self.onset + self.script.over_s

    def effects(self) -> tuple[Effect, ...]:
        """Its stages in epoch seconds."""
        return tuple(
            replace(stage, start=self.onset + stage.start, end=self.onset + stage.end)
            for stage in self.script.stages
        )


@dataclass(frozen=True, kw_only=True)
class Hand:
    """One machine of a run.

    Attributes:
        profile: what does not change of it.
        plan: what it does.
        rules: its own limits.
        seed: of the whole run.
        dawn: midnight before the run; it has lived through the day when the run starts.
        first: when its box wakes, epoch seconds.
        end: of the run, epoch seconds, not included.
        casts: its incidents, in order of time.
    """

    profile: Profile
    plan: Plan
    rules: Rules
    seed: int
    dawn: int
    first: int
    end: int
    casts: tuple[Cast, ...] = ()

    def expected(self) -> tuple[Expected, ...]:
        """The alerts that its incidents must lead to."""
        return tuple(
            Expected(
                machine=self.profile.id,
                code=cast.script.code,
                severity=cast.script.severity,
                onset=cast.onset,
                closes=cast.script.closes and cast.over <= self.end,
                fault=cast.script.fault,
                by=cast.onset + cast.script.opens_s,
                over=cast.over,
                also=cast.script.also,
            )
            for cast in self.casts
        )

    def messages(
        self,
        facts: Facts | None = None,
        on_step: OnStep = lambda _machine, _reading: None,
        *,
        seq: int = 0,
    ) -> Iterator[tuple[int, Outgoing]]:
        """Every message of the run, with the epoch seconds at which it leaves.

        A box that cannot be heard keeps its messages, and sends them in their order
        as soon as it can; what it still keeps when the run ends is not sent.

        Args:
            facts: where the machine writes down what really happens.
            on_step: hears of each step of the machine, with what its sensors say then.
            seq: the last sequence number that its box has used.
        """
        waiting: list[Outgoing] = []
        for t, outgoing in self._all(facts, on_step, seq):
            if self._is_silent(t):
                waiting.append(outgoing)
                continue
            for kept in waiting:
                yield t, kept
            waiting = []
            yield t, outgoing

    def _is_silent(self, t: int) -> bool:
        stages = (one for cast in self.casts for one in cast.effects())
        return any(one.silent and one.start <= t < one.end for one in stages)

    def _all(
        self, facts: Facts | None, on_step: OnStep, seq: int
    ) -> Iterator[tuple[int, Outgoing]]:
        agent = Agent(rules=self.rules, phase=self.first, seq=seq)
        yield from self._live(self._machine(self._stock(), facts), agent, self.end, on_step)
        for outgoing in agent.flush():
            yield self.end, outgoing

    def _live(
        self,
        machine: Machine,
        agent: Agent,
        until: int,
        on_step: OnStep = lambda _machine, _reading: None,
    ) -> Iterator[tuple[int, Outgoing]]:
        t = self.first
        while t < until:
            reading = machine.step(t)
            on_step(machine, reading)
            for outgoing in agent.collect(reading, stirred=machine.stirred):
                yield t, outgoing
            t = min(agent.next_look(t), machine.edge_after(t))

    def _machine(self, stock: Stock | None, facts: Facts | None = None) -> Machine:
        effects = tuple(effect for cast in self.casts for effect in cast.effects())
        return Machine(
            self.profile,
            self.plan,
            seed=self.seed,
            t=self.dawn,
            effects=effects,
            stock=stock,
            facts=facts,
        )

    def _stock(self) -> Stock | None:
        """What the machine has at dawn so that its incident finds what it needs at its onset.

        A level never jumps down by itself, so the day is lived once on full
        tanks to learn what is burnt until then, and how long the engine runs.
        """
        for cast in self.casts:
            if cast.script.stocked:
                return self._stock_for(cast)
        return None

    def _stock_for(self, cast: Cast) -> Stock:
        script, tank_l = cast.script, self.profile.tank_l
        trial = self._machine(Stock(cast.over, tank_l, def_tank_l(tank_l)))
        used_l, op_h = trial.tanks.used_l, trial.op_h
        for _ in self._live(trial, Agent(rules=self.rules, phase=self.first), cast.onset):
            pass
        trial.step(cast.onset)
        burnt_l, ran_h = trial.tanks.used_l - used_l, trial.op_h - op_h
        return Stock(
            until=cast.over,
            fuel_l=self._at_dawn(cast, script.fuel_pct, burnt_l, tank_l, "fuel"),
            def_l=self._at_dawn(
                cast, script.def_pct, trial.tanks.def_used_l, def_tank_l(tank_l), "AdBlue"
            ),
            op_h=None if script.op_h is None else script.op_h - ran_h,
        )

    def _at_dawn(
        self, cast: Cast, pct: float | None, burnt_l: float, tank_l: float, what: str
    ) -> float | None:
        """Litres at dawn that leave so many % at the onset; None for as it is drawn."""
        if pct is None:
            return None
        at_dawn_l = burnt_l + pct / 100 * tank_l
        if at_dawn_l > tank_l:
            raise ChantierError(
                f"{cast.incident}: {self.profile.id} burns {burnt_l:.0f} L of {what} until then, "
                f"too much for its tank of {tank_l:.0f} L.",
                "Let it begin sooner.",
            )
        return at_dawn_l

"""One machine with the box on it, working through a run: every message and when it leaves.

The whole behaviour of a machine is here and below; whether the messages go
over a wire or stay in memory is decided above. It reads no clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from chantier.detection.rules import Rules
from chantier.errors import ChantierError
from simulator.agent import Agent, Outgoing
from simulator.effect import Effect
from simulator.incident import Expected, Incident
from simulator.machine import Machine, Profile
from simulator.plan import Plan
from simulator.scenarios import Script


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
                closes=cast.over <= self.end,
            )
            for cast in self.casts
        )

    def messages(self) -> Iterator[tuple[int, Outgoing]]:
        """Every message of the run, with the epoch seconds at which it leaves."""
        agent = Agent(rules=self.rules, phase=self.first)
        yield from self._live(self._machine(self._fuel_l()), agent, self.end)
        for outgoing in agent.flush():
            yield self.end, outgoing

    def _live(self, machine: Machine, agent: Agent, until: int) -> Iterator[tuple[int, Outgoing]]:
        t = self.first
        while t < until:
            for outgoing in agent.collect(machine.step(t)):
                yield t, outgoing
            t = min(agent.next_look(t), machine.edge_after(t))

    def _machine(self, fuel_l: float | None) -> Machine:
        effects = tuple(effect for cast in self.casts for effect in cast.effects())
        return Machine(
            self.profile, self.plan, seed=self.seed, t=self.dawn, effects=effects, fuel_l=fuel_l
        )

    def _fuel_l(self) -> float | None:
        """What the tank holds at dawn so that it is as low as an incident says at its onset.

        A level never jumps down by itself, so the day is lived once on a full
        tank to learn what is burnt until then.
        """
        for cast in self.casts:
            if cast.script.fuel_pct is not None:
                return self._low_at(cast, cast.script.fuel_pct)
        return None

    def _low_at(self, cast: Cast, fuel_pct: float) -> float:
        tank_l = self.profile.tank_l
        trial = self._machine(tank_l)
        for _ in self._live(trial, Agent(rules=self.rules, phase=self.first), cast.onset):
            pass
        trial.step(cast.onset)
        burnt_l = tank_l + trial.tanks.refuels_l - trial.tanks.level_l
        at_dawn_l = burnt_l + fuel_pct / 100 * tank_l
        if at_dawn_l > tank_l:
            raise ChantierError(
                f"{cast.incident}: {self.profile.id} burns {burnt_l:.0f} L until then, "
                f"too much for its tank of {tank_l:.0f} L.",
                "Let it begin sooner.",
            )
        return at_dawn_l

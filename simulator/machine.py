"""One machine: its state stepped through time, and what its sensors say of it.

Between two looks what drives the machine (state, engine regime, ground speed)
is held constant, and everything that it changes is integrated exactly; so the
fuel that a rate promises is the fuel that the counter shows. It reads no clock,
sends nothing, and throws only its own dice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from math import inf, pi

from chantier.telemetry import Reading
from simulator import battery, engine, heat
from simulator.cycle import Cycles
from simulator.dice import dice, near
from simulator.driver import driver
from simulator.effect import NONE, Effect
from simulator.facts import Facts, Forgotten
from simulator.plan import IDLE, OFF, TRAVEL, WORK, Plan
from simulator.profile import Profile
from simulator.sensors import count, quantise, without
from simulator.tanks import Stock, Tanks
from simulator.terrain import Terrain
from simulator.walker import Walker
from simulator.weather import ambient_c
from simulator.work import HAUL, RETURN, TIP, Spell

_VOLTS_REACH = 0.15
# What shakes the inclination sensor, degrees: spread and reach. Above the tracks of an
# excavator it turns with the swing, this far to either side (radians).
_SHAKE_SPREAD, _SHAKE_REACH, _SWING = 0.25, 0.8, pi / 2
_PACE_SPREAD_KMH = 0.4
# A dumper keeps about the pace that brings it to the end of its road in time.
_ROAD_PACE, _ROAD_PACE_REACH = 0.05, 0.15
# The box looks this often: so much of a load cycle is in one look, s.
_LOOK_S = 10.0
# Whoever begins at midnight was switched off in the evening, s ago.
_OFF_BEFORE_S = 7 * 3600
# A machine that has seen some years: hours in its life, and the L/h per kW that went with them.
_AGE_H, _PAST_LPH_PER_KW = (900.0, 6500.0), 0.107


class Machine:
    """A machine at a moment.

    Args:
        profile: what does not change.
        plan: what it does and when.
        seed: of the whole run.
        t: epoch seconds at which it begins, cold, and in the state that its plan has then.
        effects: what incidents do to it; no two at the same time.
        stock: what it has at `t`; drawn when None.
        facts: where it writes down what really happens; nowhere when None.

    Attributes:
        profile: as given.
        tanks: fuel and DEF, exact.
    """

    def __init__(  # noqa: PLR0913 - what makes one machine differ from another
        self,
        profile: Profile,
        plan: Plan,
        *,
        seed: int,
        t: int,
        effects: Sequence[Effect] = (),
        stock: Stock | None = None,
        facts: Facts | None = None,
    ) -> None:
        stock = stock or Stock(until=t)
        self._serve_from = stock.until
        self._facts = facts or Forgotten()
        self.profile = profile
        self._plan = plan
        self._effects = tuple(effects)
        self._edges = sorted({edge for one in effects for edge in (one.start, one.end)})
        self._throw = throw = dice(seed, profile.id, "machine")
        self._engine = engine.traits(throw)
        self._warmth = heat.Warmth(heat.traits(throw), ambient_c(t))
        self._driver = driver(seed, profile.id)
        self._volts = throw.uniform(-_VOLTS_REACH, _VOLTS_REACH)
        drawn_h = throw.uniform(*_AGE_H)
        self._op_s = (drawn_h if stock.op_h is None else stock.op_h) * 3600
        self._idle_s = self._op_s * profile.kind.idle_share
        done = int((self._op_s - self._idle_s) / (profile.kind.cycle_s or inf))
        self._cycles = Cycles(profile.kind, self._driver.pace, throw, done)
        used_l = self._op_s / 3600 * _PAST_LPH_PER_KW * profile.kind.rated_kw
        self.tanks = Tanks(profile.tank_l, used_l, throw, fuel_l=stock.fuel_l, def_l=stock.def_l)
        self._walker = Walker(profile.ground, throw, profile.road) if profile.ground else None
        self._terrain = Terrain(dice(seed, profile.place, "terrain"))
        self._spell = Spell(OFF, t, t)
        self._t = self._fixed_at = t
        self._switched_at = t - _OFF_BEFORE_S
        self._effect, self._state, self._regime = NONE, OFF, engine.STOPPED
        self._pace_kmh = self._kmh = self._pitch = self._roll = 0.0
        self._lean()
        self._settle()

    @property
    def op_h(self) -> float:
        """Its hour meter, exact, h."""
        return self._op_s / 3600

    @property
    def stirred(self) -> bool:
        """Whether it is moved, or its tank, while the engine is off: that wakes the box."""
        acting = self._effect.drain_lph or self._effect.pour_lph or self._kmh
        return self._state == OFF and bool(acting)

    def step(self, to: int) -> Reading:
        """Go on to epoch seconds `to` and look.

        Returns:
            The reading; its rates hold until the next step, its `seq` is not set.
        """
        while self._t < to:
            self._run(min(to, self.edge_after(self._t)))
        return self._look()

    def edge_after(self, t: int) -> int:
        """The next moment after `t` at which the plan or an incident may change something."""
        planned = self._plan.at(t).end
        index = bisect_right(self._edges, t)
        return min(planned, self._edges[index]) if index < len(self._edges) else planned

    def _run(self, until: int) -> None:
        dt = until - self._t
        self._warmth.go_on(dt, self._state, self._regime.load, ambient_c(until), self._effect)
        if self._state != OFF:
            self._count(dt)
        if self._walker and self._kmh:
            self._walker.move(self._kmh / 3.6 * dt)
        self._t = until
        self._flow(dt)
        self._settle()

    def _flow(self, dt: int) -> None:
        """What comes into the tank, or leaves it, without being burnt."""
        self.tanks.drain(self._effect.drain_lph * dt / 3600)
        if self._effect.pour_lph:
            self._noting_fuel(partial(self.tanks.pour, self._effect.pour_lph * dt / 3600))

    def _count(self, dt: int) -> None:
        burnt_l, dosed = self._regime.lph * dt / 3600, engine.def_share(self._regime.load)
        self._noting_fuel(partial(self.tanks.burn, burnt_l, dosed))
        self._op_s += dt
        if self._state == IDLE:
            self._idle_s += dt
        elif self._state == WORK:
            for seconds in self._cycles.work(dt):
                self._facts.cycled(seconds)

    def _settle(self) -> None:
        """Take up what the plan and the incidents ask for from now on."""
        effect = next((one for one in self._effects if one.start <= self._t < one.end), NONE)
        if effect is not self._effect:
            self._begin(effect)
        self._take_up(self._plan.at(self._t))
        state = effect.state or self._spell.state
        if state != self._state:
            self._enter(state)
        asked = 1.0
        if state == WORK:
            asked = self._driver.effort * self._cycles.pull(_LOOK_S)
        self._regime = engine.regime(self.profile.kind, self._engine, state, self._throw, asked)
        self._kmh = self._speed_kmh()
        if state != OFF:
            self._lean()
        if effect.roll is not None:
            self._roll = effect.roll
        self._facts.metered(self._t, self.op_h)

    def _take_up(self, spell: Spell) -> None:
        """What it is to do from now on; whoever hauls has a load less after the tip."""
        if spell is self._spell:
            return
        if self._spell.task == TIP:
            self._cycles.done += 1
        self._spell = spell
        if self._walker and spell.task in (HAUL, RETURN):
            self._walker.haul(loaded=spell.task == HAUL)

    def _begin(self, effect: Effect) -> None:
        self._effect = effect
        if effect.refuel_to is not None:
            self._noting_fuel(partial(self.tanks.fill, effect.refuel_to))
        if effect.def_to is not None:
            self.tanks.fill_def(effect.def_to)
        if self._walker:
            self._walker.obey(effect)

    def _enter(self, state: str) -> None:
        if OFF in (self._state, state):
            self._switched_at = self._t
        if self._state == OFF and self._t >= self._serve_from:
            self._noting_fuel(self.tanks.serve)
        self._facts.entered(self._t, state)
        self._state = state
        kind = self.profile.kind
        span = {WORK: kind.work_kmh, TRAVEL: kind.travel_kmh}.get(state, (0.0, 0.0))
        self._pace_kmh = self._throw.uniform(*span)

    def _noting_fuel(self, change: Callable[[], None]) -> None:
        before_l = self.tanks.refuels_l
        change()
        if self.tanks.refuels_l > before_l:
            self._facts.refuelled(self._t)

    def _speed_kmh(self) -> float:
        if self._walker and self._walker.arrived:
            return 0.0
        if self._effect.kmh is not None:
            return self._effect.kmh
        if not self._pace_kmh:
            return 0.0
        if self._walker and self.profile.road and self._spell.task in (HAUL, RETURN):
            return self._road_kmh(self._walker.to_go_m)
        reach = 2 * _PACE_SPREAD_KMH
        low = max(self._pace_kmh - reach, 0.5)
        high = min(self._pace_kmh + reach, self.profile.kind.top_kmh)
        return near(self._throw, self._pace_kmh, _PACE_SPREAD_KMH, low, high)

    def _road_kmh(self, to_go_m: float) -> float:
        """The speed that brings it to the end of its road when its spell is over."""
        left_s = self._spell.end - self._t
        even = to_go_m / left_s * 3.6
        if left_s > _LOOK_S:
            even *= near(self._throw, 1, _ROAD_PACE, 1 - _ROAD_PACE_REACH, 1 + _ROAD_PACE_REACH)
        return min(even, self.profile.kind.travel_kmh[1])

    def _lean(self) -> None:
        """Stand on the slope that is here, as it looks from the cab."""
        north_m, east_m = self._walker.offset_m if self._walker else (0.0, 0.0)
        heading = self._walker.heading if self._walker else 0.0
        if self._state == WORK and self.profile.kind.swings:
            heading += self._throw.uniform(-_SWING, _SWING)
        leaning = self._terrain.slope(north_m, east_m, heading)
        self._pitch, self._roll = (
            one + near(self._throw, 0, _SHAKE_SPREAD, -_SHAKE_REACH, _SHAKE_REACH)
            for one in leaning
        )

    def _look(self) -> Reading:
        running = self._state != OFF
        fix = None
        if self._walker:
            fix = self._walker.fix(still=not running, since_s=self._t - self._fixed_at)
            self._fixed_at = self._t
        said = Reading(
            t=self._t,
            st=self._state,
            eng=running,
            rpm=quantise("rpm", self._regime.rpm),
            load_pct=quantise("load_pct", self._regime.load),
            fuel_lph=quantise("fuel_lph", self._regime.lph),
            fuel_used_l=count("fuel_used_l", self.tanks.used_l),
            fuel_pct=quantise("fuel_pct", self.tanks.fuel_pct),
            def_pct=quantise("def_pct", self.tanks.def_pct),
            op_h=count("op_h", self._op_s / 3600),
            idle_h=count("idle_h", self._idle_s / 3600),
            cool_c=quantise("cool_c", self._warmth.coolant_c),
            hyd_c=quantise("hyd_c", self._warmth.hydraulic_c),
            oil_kpa=quantise("oil_kpa", self._oil_kpa() if running else 0.0),
            batt_v=quantise("batt_v", self._battery_v(running=running)),
            lat=quantise("lat", fix[0]) if fix else None,
            lon=quantise("lon", fix[1]) if fix else None,
            spd_kmh=quantise("spd_kmh", self._kmh),
            pitch=quantise("pitch", self._pitch),
            roll=quantise("roll", self._roll),
            cyc=self._cycles.done if self.profile.kind.cycle_s else None,
            dtc=self._effect.dtc if running else (),
            lamp=self._effect.lamp if running else (),
        )
        return without(said, self._effect.missing)

    def _oil_kpa(self) -> float:
        if self._effect.oil_kpa is not None:
            return self._effect.oil_kpa
        running_s = self._t - self._switched_at
        return engine.oil_kpa(self._regime.rpm, self._warmth.coolant_c, running_s)

    def _battery_v(self, *, running: bool) -> float:
        if self._effect.volts is not None:
            return self._effect.volts
        return battery.volts(
            running=running,
            since_s=self._t - self._switched_at,
            air_c=ambient_c(self._t),
            own_v=self._volts,
            nominal_v=self.profile.voltage,
        )

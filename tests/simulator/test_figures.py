"""What each of the ten figures means: small traces whose figure can be told by heart."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chantier.telemetry import Reading
from simulator.classes import CRAWLER_EXCAVATOR
from simulator.figures import FIGURES, Figure
from simulator.trace import Step, Trace

OPENS = 1_791_956_000
MINUTE, HOUR = 60, 3600
NOON = OPENS + 4 * HOUR + 1800
SESSIONS = ((OPENS, NOON), (NOON + HOUR, NOON + HOUR + 3 * HOUR + 1800))
# Five hours in five starts, 31 % of it idling: minutes off, idling, at work.
DAY = ((5, 23, 40), (20, 18, 40), (20, 17, 42), (110, 18, 45), (20, 17, 40))
SPEED = {"OFF": 0.0, "IDLE": 900.0, "WORK": 1650.0, "TRAVEL": 1800.0}
RATE = {"OFF": 0.0, "IDLE": 3.8, "WORK": 17.2, "TRAVEL": 18.0}
LOAD = {"OFF": 0, "IDLE": 18, "WORK": 60, "TRAVEL": 62}


class Day:
    """A shift put together minute by minute."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._t, self._used = OPENS, 20_000.0
        self._dosed = 0.0

    def spend(self, minutes: int, state: str, *, dosed: float = 0.033, **said: float) -> None:
        for _ in range(minutes):
            rate = said.get("fuel_lph", RATE[state])
            reading = Reading(
                self._t,
                st=state,
                eng=state != "OFF",
                rpm=said.get("rpm", SPEED[state]),
                load_pct=LOAD[state],
                fuel_lph=rate,
                fuel_used_l=self._used,
                cool_c=said.get("cool_c", 86 if len(self.steps) > HOUR / MINUTE else 12),
                hyd_c=said.get("hyd_c", 66 if len(self.steps) > HOUR / MINUTE else 12),
            )
            self.steps.append(Step(reading, 0.0, self._dosed, 12.0))
            self._t += MINUTE
            self._used += rate / 60
            self._dosed += rate / 60 * dosed

    def trace(self, cycles: Sequence[float] = (12.0, 15.0, 15.0, 15.0, 18.0)) -> Trace:
        return Trace(
            "EX-001", CRAWLER_EXCAVATOR, 345, SESSIONS, steps=self.steps, cycles=list(cycles)
        )


def usual(**said: float) -> Trace:
    day = Day()
    for off, idle, work in DAY:
        day.spend(off, "OFF")
        day.spend(idle, "IDLE")
        day.spend(work, "WORK", **said)
    # A long one without a stop, so that it gets steady.
    day.spend(1, "OFF")
    return day.trace()


def steady(**said: float) -> Trace:
    day = Day()
    day.spend(10, "OFF")
    for _ in range(3):
        day.spend(70, "WORK", **said)
        day.spend(35, "IDLE")
        day.spend(5, "OFF")
    return day.trace()


def figure(number: int, *fleet: Trace) -> Figure:
    found = FIGURES[number - 1](fleet)
    assert found.number == number
    return found


def shares(idle: int) -> Trace:
    day = Day()
    day.spend(1, "OFF")
    day.spend(100 - idle, "WORK")
    day.spend(idle, "IDLE")
    day.spend(1, "OFF")
    return day.trace()


def test_the_idle_share_is_idling_per_engine_on_time_off_left_out() -> None:
    found = figure(1, shares(31), shares(29))
    assert found.numbers["mean"] == pytest.approx(30)
    assert found.ok


@pytest.mark.parametrize("idle", [(25, 25), (37, 37), (10, 52), (31, 66)])
def test_a_mean_share_out_of_range_or_one_machine_out_of_its_own_is_wrong(
    idle: tuple[int, int],
) -> None:
    assert not figure(1, *map(shares, idle)).ok


@pytest.mark.parametrize(("rate", "ok"), [(3.8, True), (4.55, True), (4.7, False), (2.9, False)])
def test_the_fuel_rate_at_idle_counts_idling_alone(rate: float, ok: object) -> None:
    day = Day()
    day.spend(60, "WORK")
    day.spend(30, "IDLE", fuel_lph=rate)
    day.spend(1, "OFF")
    found = figure(2, day.trace())
    assert found.numbers["mean"] == pytest.approx(rate)
    assert found.ok is ok


def test_fuel_per_engine_hour_is_a_difference_of_counters_over_hours() -> None:
    found = figure(3, usual())
    idle, work = (sum(spell[n] for spell in DAY) / 60 for n in (1, 2))
    litres = 3.8 * idle + 17.2 * work
    assert found.numbers["litres_a_shift"] == pytest.approx(litres)
    assert found.numbers["mean"] == pytest.approx(litres / (idle + work))
    assert found.ok
    assert not figure(3, usual(fuel_lph=26.0)).ok
    assert not figure(3, shares(31)).ok, "13 L/h, but 20 L in a shift"


def test_the_load_factor_is_mean_power_over_rated_power() -> None:
    found = figure(4, shares(0))
    # 60 % of 667 Nm at 1,650 rpm are 69 kW of 121.
    assert found.numbers["mean"] == pytest.approx(0.57, abs=0.01)
    assert not found.ok
    assert figure(4, shares(31)).ok


@pytest.mark.parametrize(
    ("cycles", "ok"),
    [
        ((12, 14, 15, 16, 18), True),
        ((12, 15, 17, 18, 19), False),
        ((8, 9, 15, 16, 17), False),
        ((13, 14, 15, 21, 22), False),
    ],
)
def test_the_loading_cycle_has_a_median_and_a_spread(
    cycles: tuple[float, ...], ok: object
) -> None:
    assert figure(5, cycled(cycles)).ok is ok


def cycled(cycles: Sequence[float]) -> Trace:
    day = Day()
    day.spend(60, "WORK")
    day.spend(30, "IDLE")
    day.spend(1, "OFF")
    return day.trace(cycles)


def test_engine_speeds_lie_near_the_machine_s_own_modes_and_never_over_2200() -> None:
    assert figure(6, usual()).ok
    assert not figure(6, usual(rpm=2200.5)).ok
    day = Day()
    for minute in range(100):
        day.spend(1, "WORK", rpm=1000.0 + 10 * minute)
    day.spend(30, "IDLE")
    day.spend(1, "OFF")
    assert not figure(6, day.trace()).ok, "a fifth of the speeds is near one mode"


def test_engine_hours_are_about_five_and_lunch_is_for_idling_alone() -> None:
    found = figure(7, usual())
    assert found.numbers["mean"] == pytest.approx(5)
    assert found.ok
    assert not figure(7, shares(31)).ok
    late = usual()
    at_lunch = next(n for n, step in enumerate(late.steps) if step.reading.t >= NOON + 60)
    for state, ok in (("IDLE", True), ("WORK", False), ("TRAVEL", False)):
        late.steps[at_lunch] = Step(late.steps[at_lunch].reading._replace(st=state, eng=True))
        assert figure(7, late).ok is ok


def test_a_start_is_an_engine_that_comes_on() -> None:
    assert figure(8, usual()).numbers["mean"] == 5
    assert figure(8, usual()).ok
    assert not figure(8, shares(31)).ok, "one start"


@pytest.mark.parametrize(
    ("said", "ok"),
    [
        ({"cool_c": 86, "hyd_c": 66}, True),
        ({"cool_c": 96, "hyd_c": 66}, False),
        ({"cool_c": 79, "hyd_c": 66}, False),
        ({"cool_c": 86, "hyd_c": 49}, False),
        ({"cool_c": 86, "hyd_c": 81}, False),
    ],
)
def test_temperatures_are_those_of_work_after_an_hour_without_a_stop(
    said: dict[str, float], ok: object
) -> None:
    day = Day()
    day.spend(5, "OFF")
    day.spend(60, "WORK", cool_c=12, hyd_c=12)
    day.spend(10, "WORK", **said)
    day.spend(40, "IDLE", cool_c=70, hyd_c=40)
    day.spend(1, "OFF")
    assert figure(9, day.trace()).ok is ok


def test_a_start_with_a_warm_engine_or_an_alert_of_a_temperature_is_wrong() -> None:
    sound, warm, alarmed = steady(), steady(), steady()
    assert figure(9, sound).ok
    first = next(n for n, step in enumerate(warm.steps) if step.reading.eng)
    warm.steps[first] = Step(warm.steps[first].reading._replace(cool_c=30), 0.0, 0.0, 12.0)
    assert not figure(9, warm).ok
    alarmed.overheated = 1
    assert not figure(9, alarmed).ok


@pytest.mark.parametrize(("dosed", "ok"), [(0.033, True), (0.019, False), (0.051, False)])
def test_def_is_a_share_of_the_fuel(dosed: float, ok: object) -> None:
    day = Day()
    day.spend(1, "OFF")
    day.spend(60, "WORK", dosed=dosed)
    day.spend(30, "IDLE", dosed=dosed)
    day.spend(1, "OFF")
    found = figure(10, day.trace())
    assert found.numbers["mean"] == pytest.approx(100 * dosed)
    assert found.ok is ok

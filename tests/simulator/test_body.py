"""Battery, warmth, air, DEF and the satellite receiver of a machine: each by its own law."""

from __future__ import annotations

from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.battery import volts
from simulator.dice import dice
from simulator.effect import NONE
from simulator.engine import def_share
from simulator.facts import Forgotten
from simulator.ground import Ground
from simulator.heat import Warmth, traits
from simulator.walker import Walker
from simulator.weather import ambient_c
from simulator.work import OFF, WORK

GROUND = Ground([(48.714, 2.239), (48.714, 2.242), (48.712, 2.243), (48.712, 2.239)])
YEAR_S, DAY_S = 365 * 86_400, 86_400
JANUARY = 1_767_225_600


def test_coolant_falls_about_one_degree_in_three_minutes_after_key_off() -> None:
    warmth = Warmth(traits(dice(1)), 85.0)
    warmth.go_on(180, OFF, 0.0, 12.0, NONE)
    assert warmth.coolant_c == pytest.approx(84, abs=0.1)


def test_a_hot_day_warms_the_oil_more_than_the_coolant() -> None:
    mild, hot = (Warmth(traits(dice(1)), 12.0) for _ in range(2))
    mild.go_on(8 * 3600, WORK, 58.0, 12.0, NONE)
    hot.go_on(8 * 3600, WORK, 58.0, 32.0, NONE)
    assert 0 < hot.coolant_c - mild.coolant_c < hot.hydraulic_c - mild.hydraulic_c


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000))
def test_warming_up_in_two_steps_is_warming_up_in_one(first: int, second: int) -> None:
    one, two = (Warmth(traits(dice(1)), 5.0) for _ in range(2))
    one.go_on(first + second, WORK, 58.0, 12.0, NONE)
    for dt in (first, second):
        two.go_on(dt, WORK, 58.0, 12.0, NONE)
    assert one.coolant_c == pytest.approx(two.coolant_c)
    assert one.hydraulic_c == pytest.approx(two.hydraulic_c)


def test_a_battery_dips_while_it_cranks_charges_and_settles_at_rest() -> None:
    def told(since_s: float, *, running: bool, nominal_v: int = 24) -> float:
        return volts(running=running, since_s=since_s, air_c=15, own_v=0, nominal_v=nominal_v)

    assert told(0, running=True) < told(1e5, running=False) < told(60, running=False)
    assert told(10, running=True) < told(600, running=True)
    assert told(1e5, running=False) == pytest.approx(25.4)
    assert told(600, running=True, nominal_v=12) == pytest.approx(told(600, running=True) / 2)


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1e6), st.floats(-30, 45), st.floats(-0.15, 0.15), st.booleans())
def test_a_healthy_battery_never_comes_near_its_limits(
    since_s: float, air_c: float, own_v: float, running: object
) -> None:
    since_s = max(since_s, 1.0)
    now = volts(running=bool(running), since_s=since_s, air_c=air_c, own_v=own_v, nominal_v=24)
    assert 25.2 < now < 29.0


def test_def_is_two_to_five_percent_of_the_fuel_at_any_load() -> None:
    shares = [def_share(load) for load in range(101)]
    assert shares == sorted(shares)
    assert 0.02 <= shares[0] < shares[-1] <= 0.05


def test_the_air_has_seasons_days_and_fronts_and_stays_bearable() -> None:
    year = [ambient_c(JANUARY + t) for t in range(0, YEAR_S, 3 * 3600)]
    assert -10 < min(year) < 3
    assert 25 < max(year) < 35
    noons = [ambient_c(JANUARY + day * DAY_S + 14 * 3600) for day in range(365)]
    nights = [ambient_c(JANUARY + day * DAY_S + 2 * 3600) for day in range(365)]
    assert mean(noons) > mean(nights) + 5
    assert max(abs(b - a) for a, b in pairwise(noons)) > 1


def test_a_fix_drifts_slowly_and_stays_by_the_machine() -> None:
    walker = Walker(GROUND, dice(3))
    there = walker.fix(still=True)
    fixes = [walker.fix(still=False, since_s=10) for _ in range(2000)]
    errors = [GROUND.offset_m(fix) for fix in fixes]
    here = GROUND.offset_m(there)
    north = [error[0] - here[0] for error in errors]
    assert max(map(abs, north)) < 2.3
    minute = mean(abs(b - a) for a, b in zip(north, north[6:], strict=False))
    hour = mean(abs(b - a) for a, b in zip(north, north[360:], strict=False))
    assert hour > 1.5 * minute


def test_a_machine_that_is_switched_off_keeps_its_last_error() -> None:
    walker = Walker(GROUND, dice(3))
    walker.fix(still=False, since_s=1e4)
    assert walker.fix(still=True) == walker.fix(still=True, since_s=1e5)


def test_a_diary_that_nobody_reads_stays_empty() -> None:
    diary = Forgotten()
    diary.entered(1, WORK)
    diary.refuelled(1)
    diary.cycled(15.0)
    diary.metered(1, 1.0)
    assert diary == Forgotten()
    assert (diary.states, diary.refuels, diary.cycles, diary.hours) == ([], [], [], [])

"""What fills a day: rows of trucks, trenches, laps of a haul road; drivers who differ."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from statistics import mean, median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.site import Calendar, Machine, Site
from simulator.classes import ARTICULATED_DUMPER, CRAWLER_EXCAVATOR, KINDS
from simulator.cycle import Cycles, pull
from simulator.dice import dice
from simulator.driver import driver
from simulator.ground import Ground
from simulator.hours import Hours, hours_of
from simulator.machine import Machine as Simulated
from simulator.placing import plan_of, profile_of
from simulator.plan import Plan, Spell
from simulator.roads import beside, haul_road
from simulator.terrain import Terrain
from simulator.work import HAUL, IDLE, LOAD, OFF, RETURN, TIP, TRAVEL, WORK

USUAL = Hours(Calendar(), "Europe/Paris")
WEDNESDAY = date(2026, 10, 14)
LOW = Ground([(48.71199, 2.23990), (48.71221, 2.24176), (48.71108, 2.24204), (48.71087, 2.24013)])
HIGH = Ground([(48.71402, 2.23911), (48.71436, 2.24262), (48.71257, 2.24309), (48.71218, 2.23958)])
FAR = Ground([(48.80, 2.23), (48.80, 2.24), (48.81, 2.24), (48.81, 2.23)])


def day(kind: str, seed: int, *, machine: str = "M-1") -> list[Spell]:
    return list(Plan(USUAL, KINDS[kind], seed=seed, machine=machine).day(WEDNESDAY))


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["crawler-excavator", "midi-excavator"]), st.integers(0, 10**6))
def test_between_two_trucks_there_are_at_least_thirty_seconds(kind: str, seed: int) -> None:
    spells = day(kind, seed)
    waits = [
        spell.end - spell.start
        for before, spell, after in zip(spells, spells[1:], spells[2:], strict=False)
        if spell.state == IDLE and before.state == WORK and after.state == WORK
    ]
    assert waits
    assert min(waits) >= 30


def test_a_truck_takes_six_to_nine_buckets_of_a_22_t_excavator() -> None:
    spells = [spell for seed in range(20) for spell in day("crawler-excavator", seed)]
    short = [
        one.end - one.start for one in spells if one.state == WORK and one.end - one.start < 160
    ]
    assert len(short) > 200, "rows of trucks are a good part of its day"
    assert 6 * 13 <= median(short) <= 9 * 18


def test_a_dumper_is_loaded_hauls_tips_and_returns_in_turn() -> None:
    follows = {LOAD: HAUL, HAUL: TIP, TIP: RETURN}
    spells = day("articulated-dumper", 3)
    assert {spell.task for spell in spells} >= {LOAD, HAUL, TIP, RETURN}
    for before, after in pairwise(spells):
        if before.task in follows:
            assert after.task == follows[before.task]


@pytest.mark.parametrize(
    ("kind", "share"), [(name, KINDS[name].idle_share) for name in sorted(KINDS)]
)
def test_a_class_idles_about_its_share_of_the_time(kind: str, share: float) -> None:
    found = []
    for seed in range(30):
        on = [spell for spell in day(kind, seed) if spell.state != OFF]
        idle = sum(spell.end - spell.start for spell in on if spell.state == IDLE)
        found.append(idle / sum(spell.end - spell.start for spell in on))
    assert abs(mean(found) - share) <= 0.05


def test_no_two_machines_are_in_phase() -> None:
    starts = [
        {spell.start for spell in day("crawler-excavator", 1, machine=f"EX-{n}")}
        for n in range(12)
    ]
    for one in range(12):
        for other in range(one):
            # Midnight is common to all, and a coincidence may be.
            assert len(starts[one] & starts[other]) <= 0.1 * len(starts[one])


def test_a_driver_keeps_his_pace_from_day_to_day_and_another_has_another() -> None:
    assert driver(1, "EX-001") == driver(1, "EX-001")
    paces = {driver(1, f"EX-{n}").pace for n in range(50)}
    assert len(paces) > 40
    assert all(0.87 <= pace <= 1.18 for pace in paces)


def test_who_is_quick_pulls_harder() -> None:
    crew = sorted(driver(1, f"EX-{n}") for n in range(200))
    assert mean(one.effort for one in crew[:50]) > mean(one.effort for one in crew[-50:]) + 0.03


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1), st.floats(5, 30), st.floats(1, 200))
def test_over_whole_cycles_the_engine_pulls_its_mean(
    part: float, length_s: float, window_s: float
) -> None:
    assert 0.5 < pull(part * length_s, length_s, window_s) < 1.4
    assert pull(part * length_s, length_s, 3 * length_s) == pytest.approx(1)


def test_digging_pulls_harder_than_swinging_back() -> None:
    assert pull(15, 15, 3) > 1.2
    assert pull(3, 15, 3) < 0.9


def test_load_cycles_go_on_after_a_wait_and_none_is_lost() -> None:
    one = Cycles(CRAWLER_EXCAVATOR, 1.0, dice(1), 0)
    other = Cycles(CRAWLER_EXCAVATOR, 1.0, dice(1), 0)
    at_once = list(one.work(6000))
    in_parts = [seconds for _ in range(600) for seconds in other.work(10)]
    assert at_once == pytest.approx(in_parts)
    assert one.done == len(at_once) == other.done


def test_a_road_leads_across_a_small_gap_between_two_zones_and_not_across_a_large_one() -> None:
    road = haul_road([LOW, HIGH], dice(1))
    assert road
    assert LOW.holds(road.load)
    assert HIGH.holds(road.tip)
    assert haul_road([LOW, FAR], dice(1)) is None


def test_dumpers_of_a_zone_share_a_road_and_not_a_place() -> None:
    road = haul_road([HIGH], dice(1))
    assert road
    own = [beside(road, [HIGH], dice(n)) for n in range(6)]
    assert len({one.load for one in own}) > 3
    assert all(HIGH.metres(one.load, road.load) < 12 for one in own)


@pytest.mark.parametrize("zone", ["plateforme", None])
def test_a_dumper_is_at_the_tip_when_it_tips_and_counts_a_load_each_time(
    site: Site, zone: str | None
) -> None:
    machine = Machine.model_validate({"id": "TB-9", "class": "articulated-dumper", "zone": zone})
    profile = profile_of(site, machine, seed=4)
    plan = plan_of(profile, hours_of(site), seed=4)
    midnight = hours_of(site).midnight(WEDNESDAY)
    dumper = Simulated(profile, plan, seed=4, t=midnight)
    assert profile.road
    assert profile.ground
    tips, before, t = 0, dumper.step(midnight + 1).cyc or 0, midnight + 1
    while t < midnight + 86_400 - 60:
        said = dumper.step(t)
        spell = plan.at(t)
        if spell.task in (TIP, LOAD) and spell.end - t > 5:
            place = profile.road.tip if spell.task == TIP else profile.road.load
            assert profile.ground.metres((said.lat or 0, said.lon or 0), place) < 12
        assert (said.spd_kmh or 0) <= ARTICULATED_DUMPER.travel_kmh[1]
        tips += spell.task == TIP and t == spell.start
        t = min(t + 10, dumper.edge_after(t))
    assert (said.cyc or 0) - before == tips > 20


def test_a_dumper_without_a_zone_of_its_own_travels_between_zones(site: Site) -> None:
    machine = Machine.model_validate({"id": "TB-9", "class": "articulated-dumper"})
    roads = [profile_of(site, machine, seed=seed).road for seed in range(12)]
    grounds = [Ground(zone.polygon, zone.holes) for zone in site.zones]
    apart = [
        road
        for road in roads
        if road and not any(one.holds(road.load) and one.holds(road.tip) for one in grounds)
    ]
    assert apart


def test_the_ground_slopes_no_more_than_a_haul_road_may() -> None:
    terrain = Terrain(dice(1))
    leaning = [
        abs(angle)
        for north in range(0, 400, 20)
        for angle in terrain.slope(north, north * 0.7, north / 60)
    ]
    assert 1 < max(leaning) < 4.6


def test_what_turns_round_on_a_slope_leans_the_other_way() -> None:
    terrain = Terrain(dice(1))
    pitch, roll = terrain.slope(10, 20, 0.5)
    back = terrain.slope(10, 20, 0.5 + 3.141592653589793)
    assert back == pytest.approx((-pitch, -roll))


def test_machines_travel_in_no_row_of_trucks() -> None:
    spells = day("crawler-excavator", 5)
    travels = sum(spell.state == TRAVEL for spell in spells)
    assert 0 < travels < sum(spell.state == WORK for spell in spells) / 2


def test_the_days_of_a_machine_differ() -> None:
    plan = Plan(USUAL, CRAWLER_EXCAVATOR, seed=1, machine="M-1")
    one, other = (list(plan.day(WEDNESDAY + timedelta(n))) for n in range(2))
    assert [s.end - s.start for s in one] != [s.end - s.start for s in other]

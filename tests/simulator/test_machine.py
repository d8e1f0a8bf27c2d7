"""One machine: the invariants of its counters, and what its sensors can say."""

from __future__ import annotations

from itertools import pairwise
from math import isclose

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.site import Calendar
from chantier.telemetry import MAX_READING_BYTES, RANGES, Reading, encode
from simulator.classes import KINDS
from simulator.ground import Ground
from simulator.hours import Hours
from simulator.machine import Machine
from simulator.plan import Plan
from simulator.profile import Profile

HOURS = Hours(Calendar(), "Europe/Paris")
# Wednesday 14 October 2026, 00:00 in Paris.
MIDNIGHT = 1_791_928_800
EVENING = MIDNIGHT + 19 * 3600
GROUND = Ground([(48.714, 2.239), (48.714, 2.242), (48.712, 2.243), (48.712, 2.239)])
STEPS = {
    "rpm": 0.125,
    "load_pct": 1,
    "fuel_lph": 0.05,
    "fuel_used_l": 0.5,
    "fuel_pct": 0.4,
    "def_pct": 0.4,
    "op_h": 0.05,
    "idle_h": 0.05,
    "cool_c": 1,
    "hyd_c": 1,
    "oil_kpa": 4,
    "batt_v": 0.05,
}
kinds = st.sampled_from(sorted(KINDS))
seeds = st.integers(0, 10**6)


def machine(kind: str, seed: int, *, voltage: int = 24) -> Machine:
    profile = Profile(
        id="M-1", kind=KINDS[kind], tank_l=KINDS[kind].tank_l, voltage=voltage, ground=GROUND
    )
    plan = Plan(HOURS, KINDS[kind], seed=seed, machine="M-1")
    return Machine(profile, plan, seed=seed, t=MIDNIGHT)


def day(one: Machine, *, every: int = 10) -> list[Reading]:
    """Every look at a machine from six in the morning to the evening."""
    looks, t = [], MIDNIGHT + 6 * 3600
    while t < EVENING:
        looks.append(one.step(t))
        t = min(t + every, one.edge_after(t))
    return looks


@settings(max_examples=12, deadline=None)
@given(kinds, seeds)
def test_counters_never_decrease_and_idling_is_part_of_the_hours(kind: str, seed: int) -> None:
    looks = day(machine(kind, seed))
    for before, after in pairwise(looks):
        assert (before.op_h or 0) <= (after.op_h or 0)
        assert (before.idle_h or 0) <= (after.idle_h or 0)
        assert (before.fuel_used_l or 0) <= (after.fuel_used_l or 0)
        assert (before.cyc or 0) <= (after.cyc or 0)
    assert all((look.idle_h or 0) <= (look.op_h or 0) for look in looks)


@settings(max_examples=12, deadline=None)
@given(kinds, seeds, st.integers(1, 60))
def test_the_fuel_counter_is_the_integral_of_the_fuel_rate(
    kind: str, seed: int, every: int
) -> None:
    looks = day(machine(kind, seed), every=every)
    promised = sum((b.t - a.t) * (a.fuel_lph or 0) / 3600 for a, b in pairwise(looks))
    counted = (looks[-1].fuel_used_l or 0) - (looks[0].fuel_used_l or 0)
    step = STEPS["fuel_used_l"]
    assert isclose(promised, counted, rel_tol=0.01, abs_tol=step)


@settings(max_examples=12, deadline=None)
@given(kinds, seeds)
def test_the_level_is_what_was_there_less_what_was_used_plus_refuels(kind: str, seed: int) -> None:
    one = machine(kind, seed)
    tanks, size_l = one.tanks, one.profile.tank_l
    level_l, used_l = tanks.level_l, tanks.used_l
    for t in range(MIDNIGHT, MIDNIGHT + 4 * 86_400, 1800):
        said = one.step(t).fuel_pct or 0
        exact_l = level_l - (tanks.used_l - used_l) + tanks.refuels_l
        assert abs(said / 100 * size_l - exact_l) <= STEPS["fuel_pct"] / 100 * size_l


@settings(max_examples=12, deadline=None)
@given(kinds, seeds)
def test_a_stopped_engine_neither_turns_nor_burns_nor_counts(kind: str, seed: int) -> None:
    looks = day(machine(kind, seed))
    for before, after in pairwise(looks):
        if before.st == "OFF":
            assert (before.eng, before.rpm, before.fuel_lph, before.oil_kpa) == (False, 0, 0, 0)
            assert (before.op_h, before.fuel_used_l) == (after.op_h, after.fuel_used_l)


@settings(max_examples=12, deadline=None)
@given(kinds, seeds)
def test_every_value_is_a_step_of_its_sensor_within_its_range(kind: str, seed: int) -> None:
    for look in day(machine(kind, seed), every=60):
        for name, step in STEPS.items():
            value = getattr(look, name)
            assert isclose(value / step, round(value / step), abs_tol=1e-6), (name, value)
            low, high = RANGES[name]
            assert low <= value <= high
        assert look.lat == round(look.lat or 0, 5)


@settings(max_examples=12, deadline=None)
@given(kinds, seeds)
def test_a_reading_is_short_enough_for_the_wire(kind: str, seed: int) -> None:
    around = len(encode((Reading(MIDNIGHT),)))
    for look in day(machine(kind, seed), every=120):
        full = look._replace(seq=10**9, dtc=((110, 15, 126),) * 2, lamp=("RSL",))
        assert len(encode((full,))) - around < MAX_READING_BYTES


@settings(max_examples=12, deadline=None)
@given(kinds, seeds)
def test_a_machine_stays_inside_its_zone_and_stands_still_when_off(kind: str, seed: int) -> None:
    looks = day(machine(kind, seed), every=30)
    for before, after in pairwise(looks):
        assert GROUND.holds((before.lat or 0, before.lon or 0))
        if before.st == after.st == "OFF":
            assert (before.lat, before.lon, before.spd_kmh) == (after.lat, after.lon, 0)


@pytest.mark.parametrize("seed", range(5))
def test_a_crawler_never_goes_faster_than_5_7_kmh_nor_turns_over_2200(seed: int) -> None:
    looks = day(machine("crawler-excavator", seed))
    assert max(look.spd_kmh or 0 for look in looks) <= 5.7
    assert max(look.rpm or 0 for look in looks) <= 2200


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_no_class_goes_faster_than_it_can(kind: str) -> None:
    looks = [look for seed in range(3) for look in day(machine(kind, seed))]
    assert max(look.spd_kmh or 0 for look in looks) <= KINDS[kind].top_kmh


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("crawler-excavator", 10, 16),
        ("midi-excavator", 2.7, 10),
        ("wheel-loader", 12, 16),
        ("articulated-dumper", 16, 24),
        ("roller", 8, 10),
        ("mobile-crane", 8, 12),
    ],
)
def test_each_class_burns_what_the_trade_says_it_does(kind: str, low: float, high: float) -> None:
    rates = []
    for seed in range(4):
        looks = day(machine(kind, seed), every=30)
        used = (looks[-1].fuel_used_l or 0) - (looks[0].fuel_used_l or 0)
        rates.append(used / ((looks[-1].op_h or 0) - (looks[0].op_h or 0)))
    assert low <= sum(rates) / len(rates) <= high


@pytest.mark.parametrize("seed", range(5))
def test_a_cold_engine_starts_at_the_air_s_temperature_and_warms_up_slowly(seed: int) -> None:
    looks = day(machine("crawler-excavator", seed))
    first = next(index for index, look in enumerate(looks) if look.eng)
    start = looks[first]
    assert start.cool_c is not None
    assert start.cool_c < 25
    minute = next(look for look in looks if look.t >= start.t + 60)
    later = next(look for look in looks if look.t >= start.t + 3600)
    assert (minute.cool_c or 0) < start.cool_c + 12
    assert 80 <= (later.cool_c or 0) <= 95
    assert 50 <= (later.hyd_c or 0) <= 80


@pytest.mark.parametrize(("voltage", "low", "high"), [(12, 13.6, 14.2), (24, 27.4, 28.2)])
def test_a_battery_charges_at_the_voltage_of_its_system(
    voltage: int, low: float, high: float
) -> None:
    looks = day(machine("roller", 4, voltage=voltage))
    settled = [b.batt_v for a, b in pairwise(looks) if a.eng and b.eng]
    assert all(low <= (volts or 0) <= high for volts in settled)


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not() -> None:
    one, same, other = (day(machine("wheel-loader", seed)) for seed in (7, 7, 8))
    assert one == same
    assert one != other


def test_a_machine_without_a_zone_says_no_position() -> None:
    profile = Profile(id="M-1", kind=KINDS["roller"], tank_l=200)
    look = Machine(
        profile, Plan(HOURS, KINDS["roller"], seed=1, machine="M-1"), seed=1, t=MIDNIGHT
    ).step(MIDNIGHT + 9 * 3600)
    assert look.lat is None
    assert look.lon is None
    assert look.cyc is None


def test_a_concave_zone_with_a_hole_is_never_left() -> None:
    ring = [(48.0, 2.0), (48.0, 2.01), (48.004, 2.01), (48.004, 2.008), (48.001, 2.005)]
    hole = [(48.0004, 2.002), (48.0004, 2.004), (48.0008, 2.004), (48.0008, 2.002)]
    ground = Ground(ring, [hole])
    profile = Profile(id="M-1", kind=KINDS["articulated-dumper"], tank_l=360, ground=ground)
    plan = Plan(HOURS, profile.kind, seed=2, machine="M-1")
    looks = day(Machine(profile, plan, seed=2, t=MIDNIGHT), every=5)
    assert all(ground.holds((look.lat or 0, look.lon or 0)) for look in looks)
    assert len({(look.lat, look.lon) for look in looks}) > 100

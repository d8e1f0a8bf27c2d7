"""The laws of detection, which hold for any readings of any machine."""

from __future__ import annotations

import math
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.decoding import decode
from chantier.detection import (
    Event,
    Memory,
    Opening,
    Rules,
    acknowledge,
    dump,
    hear,
    load,
    log_service,
    material,
    observe,
    pass_time,
    rules_for,
)
from chantier.detection.passing import LATCHED
from chantier.detection.rules import Polygon
from chantier.detection.settling import settle
from chantier.errors import Malformed
from chantier.telemetry import LAMPS, RANGES, STATES, Reading
from tests.stories import START
from tests.test_detection import rules_at

# A yard around a pond, a week that closes an hour after START, and a machine of each kind.
YARD: Polygon = (
    ((48.700, 2.200), (48.704, 2.200), (48.704, 2.204), (48.700, 2.204)),
    ((48.7016, 2.2016), (48.7024, 2.2016), (48.7024, 2.2024), (48.7016, 2.2024)),
)
CLOSES = 16 * 60 + 30
WEEK = Opening(((0, 7200), (START + 2000, 3600)), ((450, CLOSES),) * 5 + ((0, 0),) * 2)
RULES = [
    rules_for(),
    rules_for(volts=12, tank_l=120, zones=(YARD,), opening=WEEK, vgp_due=START + 86_400),
    rules_for(
        {"IDLE_LONG": {"info_s": 60}, "FUEL_LOW": {"for_s": 0}, "COOLANT_HIGH": {"for_s": 0}},
        tank_l=345,
        zones=(YARD[:1], ((YARD[1]),)),
        opening=WEEK._replace(off=frozenset({START // 86_400})),
    ),
    next(iter(rules_at("week").values())),
]
MACHINES = st.sampled_from(RULES)


# Values about every limit.
VALUES: dict[str, tuple[object, ...]] = {
    "st": STATES,
    "eng": (True, True, False),
    "rpm": (0.0, 900.0, 1650.0),
    "fuel_pct": (0.0, 4.0, 14.8, 20.0, 35.0, 57.2, 60.0, 60.0, 80.0),
    "def_pct": (4.0, 9.6, 60.0),
    "op_h": (0.0, 224.0, 226.0, 251.0, 3480.0),
    "cool_c": (90.0, 103.0, 109.0, 111.0, 114.0),
    "hyd_c": (70.0, 89.0, 95.0, 101.0),
    "oil_kpa": (0.0, 99.0, 150.0, 199.0, 400.0),
    "batt_v": (11.0, 14.0, 22.0, 24.5, 26.0, 29.7),
    "lat": (0.0, 48.702, 48.7039, 48.705, 48.71),
    "lon": (0.0, 2.202, 2.2),
    "acc_m": (2.0, 60.0),
    "spd_kmh": (0.0, 0.0, 10.0, 26.0),
    "pitch": (0.0, -26.0, 31.0),
    "roll": (1.0, 11.0, -16.0),
    "cyc": (10.0, 11.0),
}
FAULTS = ((), (), ((110, 15, 1),), ((110, 15, 127), (100, 1, 126, 3)))
LIT: tuple[tuple[str, ...], ...] = ((), ("AWL",), ("RSL",))
PAUSES_S = (0, 10, 10, 10, 30, 60, 60, 300, 3600)


def may(*values: object) -> st.SearchStrategy[object]:
    """One of these, more often than not; else absent."""
    return st.sampled_from([None, *values, *values])


LIVELY = st.builds(
    Reading,
    t=st.integers(START, START + 4000),
    seq=st.integers(0, 3),
    dtc=st.sampled_from(FAULTS),
    lamp=st.sampled_from(LIT),
    **{name: may(*values) for name, values in VALUES.items()},
)
STORIES = st.lists(LIVELY, max_size=40)


def lived(seed: int) -> list[Reading]:
    """A day on which things stay as they are for a while: enough for every code to live."""
    dice = Random(seed)  # noqa: S311 - a story, not a secret
    reading = Reading(START, seq=0)
    day: list[Reading] = []
    for number in range(dice.randrange(120)):
        drawn: dict[str, Any] = {
            name: dice.choice((None, *values, *values)) for name, values in VALUES.items()
        }
        drawn |= {"dtc": dice.choice(FAULTS), "lamp": dice.choice(LIT)}
        changed = {name: value for name, value in drawn.items() if dice.random() < SOME}
        t = reading.t + dice.choice(PAUSES_S)
        reading = reading._replace(t=t, seq=number, **changed)
        day.append(reading)
    return day


SOME = 0.1
# A day as it is lived: every reading newer than the one before.
DAYS = st.integers(0, 2**32).map(lived) | STORIES.map(
    lambda readings: [
        reading._replace(t=START + 40 * number + reading.t % 40, seq=number)
        for number, reading in enumerate(readings)
    ]
)


def fold(
    readings: list[Reading], rules: Rules, memory: Memory | None = None
) -> tuple[Memory, list[Event]]:
    """The live fold."""
    memory, told = memory or Memory(), list[Event]()
    for reading in readings:
        memory, events = observe(memory, reading, rules)
        told += events
    return memory, told


def last_of(told: list[Event]) -> dict[tuple[int, str, str], Event]:
    """The last event of each alert life."""
    return {(event.opened_at, event.code, event.fault): event for event in told}


def assert_lives(told: list[Event]) -> None:
    """No alert is open twice, ends before it begins, or gets milder while it lives."""
    now: dict[tuple[str, str], Event] = {}
    for event in told:
        name = (event.code, event.fault)
        assert event.since <= event.opened_at <= event.t
        if event.kind == "open":
            assert name not in now
            assert event.t == event.opened_at or event.code == "NO_SIGNAL"
        else:
            before = now[name]
            assert (event.opened_at, event.since) == (before.opened_at, before.since)
            assert event.level >= before.level
            again = event.kind == "escalate" and event.code in LATCHED
            assert again or event.kind != "escalate" or event.level > before.level
            assert event.t >= before.t
            assert event.readings >= before.readings
        now[name] = event
        if event.kind == "close":
            del now[name]


# 1. Nothing that a machine says breaks the fold.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
AT = st.sampled_from(["2026-09-21T14:13:20Z", "2026-09-21T16:20:00+02:00", "2000-01-01T00:00:00Z"])
SAID = st.fixed_dictionaries(
    {"t": AT},
    optional={
        **{name: st.sampled_from([low, high, low - 1, 0]) for name, (low, high) in RANGES.items()},
        "seq": st.integers(0, 3),
        "st": st.sampled_from(STATES),
        "eng": st.booleans(),
        "dtc": st.lists(
            st.sampled_from([[0, 0, 0], [524_287, 31, 127, 255], [1, 2, 3]]), max_size=5
        ),
        "lamp": st.lists(st.sampled_from(LAMPS), max_size=4) | st.sampled_from(LAMPS),
        "more": JSON,
    },
)
BODIES = JSON | st.fixed_dictionaries(
    {"v": st.just(1), "readings": st.lists(SAID | JSON, min_size=1, max_size=6)}
)


@given(st.lists(BODIES, max_size=4), MACHINES)
def test_no_message_of_any_shape_breaks_it(bodies: list[object], rules: Rules) -> None:
    memory = Memory()
    for body in bodies:
        try:
            message = decode(body)
        except Malformed:
            continue
        memory, told = fold(list(message.readings), rules, memory)
        assert_finite(told)
        assert load(dump(memory)) == memory


EDGES = {
    name: st.none() | st.sampled_from([low, high, 0.0]) | st.floats(low, high)
    for name, (low, high) in RANGES.items()
}
ANY = st.builds(
    Reading,
    t=st.integers(946_684_800, 4_102_444_799),
    seq=st.integers(0, 2**63),
    st=may(*STATES),
    eng=st.none() | st.booleans(),
    dtc=st.lists(
        st.tuples(st.integers(0, 524_287), st.integers(0, 31), st.integers(0, 127)), max_size=5
    ).map(tuple),
    lamp=st.lists(st.sampled_from(LAMPS), max_size=4).map(tuple),
    **EDGES,
)


@given(st.lists(ANY, max_size=8), MACHINES)
def test_no_value_that_a_sensor_can_say_breaks_it(readings: list[Reading], rules: Rules) -> None:
    memory, told = fold(sorted(readings, key=lambda one: (one.t, one.seq)), rules)
    assert_lives(told)
    assert_finite(told)
    assert load(dump(memory)) == memory


def assert_finite(told: list[Event]) -> None:
    for event in told:
        assert all(
            value is None or math.isfinite(value)
            for value in (event.value, event.limit, event.lat, event.lon)
        )


# 2 and 3. Lives.


@settings(max_examples=200)
@given(STORIES | DAYS, MACHINES)
def test_an_alert_opens_once_gets_no_milder_and_closes(
    readings: list[Reading], rules: Rules
) -> None:
    memory, told = fold(readings, rules)
    assert_lives(told)
    still = {name for (name, track) in memory.tracks if track.level}
    assert still == open_of(told)


def open_of(told: list[Event]) -> set[str]:
    """The names of the alerts that are open after these events."""
    last = {f"{event.code}:{event.fault}".rstrip(":"): event.kind for event in told}
    return {name for name, kind in last.items() if kind != "close"}


DEEDS = st.one_of(
    LIVELY,
    st.tuples(st.just("hear"), st.integers(0, 400_000)),
    st.tuples(st.just("now"), st.integers(0, 400_000)),
    st.tuples(st.just("ack"), st.sampled_from(["FUEL_DROP", "TOW", "TILT"])),
    st.tuples(st.just("service"), st.integers(0, 4000)),
)


@settings(max_examples=200)
@given(st.lists(DEEDS, max_size=40), MACHINES)
def test_lives_hold_whatever_passes_and_people_do(
    story: list[Reading | tuple[str, int | str]], rules: Rules
) -> None:
    memory, told, heard = Memory(), list[Event](), START
    for one in story:
        events: tuple[Event, ...] = ()
        before = memory
        if isinstance(one, Reading):
            memory, events = observe(memory, one, rules)
        elif one[0] == "hear":
            memory, events = hear(memory, heard + int(one[1]) // 100)
        elif one[0] == "now":
            heard += int(one[1])
            memory, events = pass_time(memory, heard, rules)
        elif one[0] == "ack":
            memory = acknowledge(memory, str(one[1]))
            if one[1] != "TILT":
                told = [event for event in told if event.code != one[1]]
            else:
                assert memory == before
        else:
            memory = log_service(memory, float(one[1]), 250)
        assert load(dump(memory)) == memory
        told += events
        assert {name for (name, track) in memory.tracks if track.level} == open_of(told)
    # Readings and the cloud have clocks of their own: each family is in order by itself.
    for clock in (("NO_SIGNAL",), ("VGP_DUE",), tuple(rules.limits.keys() - {"NO_SIGNAL"})):
        assert_lives([event for event in told if event.code in clock])


# 4 and 5. What the memory is good for.


@given(STORIES, MACHINES)
def test_a_reading_not_newer_than_the_memory_changes_nothing(
    readings: list[Reading], rules: Rules
) -> None:
    memory = Memory()
    for reading in readings:
        memory, _ = observe(memory, reading, rules)
        for late in (reading, reading._replace(t=memory.t - 1, cool_c=120.0)):
            assert observe(memory, late, rules) == (memory, ())


@given(DAYS, MACHINES)
def test_the_fold_goes_on_from_the_table_as_if_it_had_not_stopped(
    day: list[Reading], rules: Rules
) -> None:
    memory, told = Memory(), list[Event]()
    for reading in day:
        kept = load(dump(memory))
        assert kept == memory
        memory, events = observe(kept, reading, rules)
        told += events
    assert (memory, told) == fold(day, rules)


# What a memory that was not worth a write may be wrong about: a refuel counts from a
# level that is less than 1 % too high, the last load cycle may seem a minute nearer, and
# the level that a loss counts from five minutes older.
INEXACT = ("REFUEL", "IDLE_LONG", "FUEL_DROP")


@settings(max_examples=200)
@given(DAYS, st.integers(1, 6), MACHINES)
def test_a_memory_that_was_not_written_changes_no_alert(
    day: list[Reading], size: int, rules: Rules
) -> None:
    kept, told = Memory(), list[Event]()
    for start in range(0, len(day), size):
        after, events = fold(day[start : start + size], rules, kept)
        if material(kept, after, tuple(events)):
            kept = after
        told += events
    _, exact = fold(day, rules)
    same = [event for event in told if event.code not in INEXACT]
    right = [event for event in exact if event.code not in INEXACT]
    assert [*map(exactly, same)] == [*map(exactly, right)]
    assert all(one.readings <= other.readings for one, other in zip(same, right, strict=True))
    # It is later with these, or less; never sooner, more, or twice.
    assert_lives([*map(exactly, told)])
    for code in INEXACT:
        late, soon = told_first(told, code), told_first(exact, code)
        assert late is None or (soon is not None and soon.t <= late.t)


def exactly(event: Event) -> Event:
    """An event without its place and its count, which may be as old as the memory."""
    return event._replace(lat=None, lon=None, readings=0)


def told_first(told: list[Event], code: str) -> Event | None:
    return next((event for event in told if event.code == code), None)


# 6. Order and repetition.


@given(DAYS, MACHINES, st.data())
def test_a_settled_day_is_the_same_in_any_order_and_however_often_it_came(
    day: list[Reading], rules: Rules, data: st.DataObject
) -> None:
    twice = data.draw(st.lists(st.sampled_from(day), max_size=10)) if day else []
    mixed = data.draw(st.permutations(day + twice))
    assert settle(mixed, rules) == settle(day, rules)


@given(STORIES, MACHINES, st.data())
def test_settling_needs_no_well_numbered_readings(
    readings: list[Reading], rules: Rules, data: st.DataObject
) -> None:
    mixed = data.draw(st.permutations(readings))
    assert settle(mixed, rules) == settle(readings, rules)


@given(DAYS, MACHINES, st.data())
def test_the_live_fold_in_order_is_what_settles_whatever_is_repeated(
    day: list[Reading], rules: Rules, data: st.DataObject
) -> None:
    arrived: list[Reading] = []
    for number, reading in enumerate(day, 1):
        arrived.append(reading)
        arrived += data.draw(st.lists(st.sampled_from(day[:number]), max_size=2))
    memory, told = fold(arrived, rules)
    settled, lives = settle(day, rules)
    assert memory == settled
    assert last_of(told) == {(one.opened_at, one.code, one.fault): one for one in lives}


@given(DAYS, MACHINES, st.data())
def test_the_live_fold_in_any_order_tells_lives_that_can_be(
    day: list[Reading], rules: Rules, data: st.DataObject
) -> None:
    memory, told = fold(data.draw(st.permutations(day)), rules)
    assert_lives(told)
    assert memory.t <= max((reading.t for reading in day), default=0)


@given(DAYS, st.integers(0, 40), MACHINES)
def test_a_day_settles_in_two_parts_as_in_one(day: list[Reading], cut: int, rules: Rules) -> None:
    morning, first = settle(day[:cut], rules)
    evening, second = settle(day[cut:], rules, morning)
    whole, lives = settle(day, rules)
    assert evening == whole
    assert last_of([*first, *second]) == last_of(list(lives))

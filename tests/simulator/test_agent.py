"""The box on the machine: six readings a minute, news at once, no message too long."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.detection import rules_for
from chantier.site import Site
from chantier.telemetry import MAX_MESSAGE_BYTES, Reading, encode
from simulator.agent import Agent, Outgoing
from simulator.batch import pack
from simulator.shift import shift

HOUR = 3600
T = 1_791_956_700
WORKING = Reading(T, st="WORK", eng=True, rpm=1650.0, cool_c=85.0, oil_kpa=412.0, fuel_pct=60.0)


def woken() -> Agent:
    """A box that has said its first reading and judged its engine for a minute."""
    agent = Agent(phase=T)
    for t in range(T, T + 70, 10):
        agent.collect(WORKING._replace(t=t))
    return agent


def test_a_machine_at_work_sends_one_message_a_minute_with_six_readings() -> None:
    agent = Agent(phase=T)
    sent = [
        (t, out) for t in range(T, T + 601, 10) for out in agent.collect(WORKING._replace(t=t))
    ]
    assert [(t - T, len(out.readings)) for t, out in sent] == [
        (0, 1),
        *((60 * minute, 6) for minute in range(1, 11)),
    ]
    assert [out.urgent for _, out in sent] == [True] + [False] * 10


def test_an_alert_that_opens_is_sent_at_once_with_what_waited() -> None:
    agent = woken()
    assert agent.collect(WORKING._replace(t=T + 70)) == ()
    (out,) = agent.collect(WORKING._replace(t=T + 80, oil_kpa=40.0))
    assert out.urgent
    assert [reading.t - T for reading in out.readings] == [70, 80]


def test_an_alert_that_only_lasts_does_not_hurry() -> None:
    agent = woken()
    agent.collect(WORKING._replace(t=T + 70, oil_kpa=40.0))
    assert agent.collect(WORKING._replace(t=T + 80, oil_kpa=40.0)) == ()


def test_a_box_that_is_stirred_looks_each_ten_seconds_and_rests_again() -> None:
    off = WORKING._replace(st="OFF", eng=False, rpm=0.0)
    agent = Agent(phase=T)
    agent.collect(off)
    assert agent.next_look(T) == T + HOUR
    # It is moved at T + 63: it wakes, whatever the time.
    assert agent.collect(off._replace(t=T + 63), stirred=True) == ()
    assert agent.next_look(T + 63) == T + 70
    sent = [
        (t - T, len(out.readings), out.urgent)
        for t in range(T + 70, T + 131, 10)
        for out in agent.collect(off._replace(t=t), stirred=True)
    ]
    assert sent == [(110, 6, False)]
    (rest,) = agent.collect(off._replace(t=T + 135), stirred=False)
    assert [reading.t - T for reading in rest.readings] == [120, 130]
    assert agent.next_look(T + 135) == T + 130 + HOUR


def test_a_theft_is_told_at_once_and_a_box_goes_on_looking_until_an_alert_opens() -> None:
    off = WORKING._replace(st="OFF", eng=False, rpm=0.0)
    agent = Agent(phase=T)
    agent.collect(off)
    gone = off._replace(t=T + HOUR, fuel_pct=50.0)
    assert not any(out.urgent for out in agent.collect(gone))
    assert agent.next_look(T + HOUR) == T + HOUR + 10
    (out,) = agent.collect(gone._replace(t=T + HOUR + 10))
    assert out.urgent
    leaning = Agent(phase=T)
    leaning.collect(off)
    leaning.collect(off._replace(t=T + HOUR, roll=12.0))
    assert leaning.next_look(T + HOUR) == T + HOUR + 10
    (out,) = leaning.collect(off._replace(t=T + HOUR + 10, roll=12.0))
    assert out.urgent
    assert leaning.next_look(T + HOUR + 10) == T + 2 * HOUR + 10


def test_the_box_judges_by_the_limits_of_its_own_machine() -> None:
    strict = Agent(rules=rules_for({"COOLANT_HIGH": {"warning": 80.0, "for_s": 0}}), phase=T)
    sent = [out for t in range(T, T + 50, 10) for out in strict.collect(WORKING._replace(t=t))]
    assert [out.urgent for out in sent] == [True, True]


@pytest.mark.parametrize(
    "news",
    [
        WORKING._replace(st="IDLE"),
        WORKING._replace(st="OFF", eng=False),
        WORKING._replace(dtc=((110, 15, 1),)),
    ],
)
def test_a_change_of_state_or_a_new_fault_code_is_sent_at_once_between_two_looks(
    news: Reading,
) -> None:
    (out,) = woken().collect(news._replace(t=T + 63))
    assert out.urgent


def test_a_fault_code_that_was_said_before_does_not_hurry_again() -> None:
    agent = woken()
    agent.collect(WORKING._replace(t=T + 70, dtc=((110, 15, 1),)))
    assert agent.collect(WORKING._replace(t=T + 80, dtc=((110, 15, 2),))) == ()


def test_a_look_that_is_neither_due_nor_news_leaves_no_trace() -> None:
    agent = woken()
    assert agent.collect(WORKING._replace(t=T + 63)) == ()
    assert agent.flush() == ()


def test_a_stopped_machine_says_one_heartbeat_an_hour() -> None:
    agent, t = Agent(phase=T), T
    sent: list[Outgoing] = []
    while t < T + 5 * HOUR:
        sent += agent.collect(Reading(t, st="OFF", eng=False))
        t = agent.next_look(t)
    assert [out.readings[0].t - T for out in sent] == [hour * HOUR for hour in range(5)]


def test_what_waits_is_not_forgotten_at_the_end_of_a_shift() -> None:
    agent = woken()
    agent.collect(WORKING._replace(t=T + 70))
    (last,) = agent.flush()
    assert not last.urgent
    assert [reading.t for reading in last.readings] == [T + 70]


def test_over_a_shift_numbers_follow_each_other_and_times_increase(site: Site, start: int) -> None:
    said: dict[str, list[Reading]] = defaultdict(list)
    for machine, readings, _ in shift(site, start=start, duration_s=HOUR, seed=3):
        said[machine] += readings
    for told in said.values():
        assert [reading.seq for reading in told] == list(range(1, len(told) + 1))
        assert all(one.t < other.t for one, other in pairwise(told))


def test_no_message_of_a_day_is_too_long_nor_holds_more_than_six(site: Site, start: int) -> None:
    for _, message, _ in shift(site, start=start, duration_s=3 * HOUR, seed=4):
        assert 1 <= len(message) <= 6
        assert len(encode(message)) <= MAX_MESSAGE_BYTES


def test_the_same_seed_sends_the_same_bytes(site: Site, start: int) -> None:
    one, same, other = (
        [
            (machine, encode(readings), urgent)
            for machine, readings, urgent in shift(site, start=start, duration_s=900, seed=seed)
        ]
        for seed in (11, 11, 12)
    )
    assert one == same
    assert one != other


def test_machines_do_not_send_in_the_same_second(site: Site, start: int) -> None:
    moments = Counter(
        readings[-1].t
        for _, readings, urgent in shift(site, start=start, duration_s=HOUR, seed=6)
        if not urgent and readings[-1].t < start + HOUR - 60
    )
    assert len(moments) > 0.8 * sum(moments.values())
    assert max(moments.values()) <= 2


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 40), min_size=1, max_size=60),
    st.integers(1, 60),
)
def test_packing_keeps_every_reading_in_order_within_the_wire_s_limit(
    lengths: list[int], most: int
) -> None:
    readings = [
        WORKING._replace(t=T + index, seq=index, dtc=((524_287, 31, 126),) * length)
        for index, length in enumerate(lengths)
    ]
    messages = list(pack(readings, most=most))
    assert [reading for message in messages for reading in message] == readings
    for message in messages:
        assert len(message) <= most
        assert len(encode(message)) <= MAX_MESSAGE_BYTES


def test_messages_are_as_full_as_the_wire_allows() -> None:
    readings = [WORKING._replace(t=T + index, dtc=((1, 1, 1),) * 100) for index in range(9)]
    for one, other in pairwise(pack(readings, most=60)):
        with pytest.raises(Exception, match="at most"):
            encode((*one, other[0]))


def test_outgoing_is_plain_data() -> None:
    assert Outgoing((WORKING,), urgent=False) == ((WORKING,), False)

"""Detection, judged by the cases and by its laws."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chantier.decoding import decode
from chantier.detection import (
    DEFAULTS,
    Event,
    Memory,
    Rules,
    Track,
    acknowledge,
    dump,
    hear,
    load,
    log_service,
    material,
    observe,
    pass_time,
    rules_for,
    words_en,
    words_fr,
)
from chantier.detection.catalogue import DEFAULT_RULES
from chantier.detection.condition import COMPARE
from chantier.detection.faults import MOST_FAULTS
from chantier.detection.memory import REFRESH_S, Mark, worth_telling
from chantier.detection.settings import watched_machines
from chantier.functions.alerts import MOST_ALERTS
from chantier.functions.keeping import Judge, piece_of, read_memory
from chantier.telemetry import Reading, format_time
from tests.stories import START, Case, Step, expected_alerts, load_cases, settings_for

CASES = load_cases()
RULES = rules_for().conditions


@cache
def rules_at(site: str) -> dict[str, Rules]:
    """The rules of every machine of a site of the cases, as its functions have them."""
    return {name: one.rules for name, one in watched_machines(settings_for(site)).items()}


def fold(case: Case) -> list[Event]:
    """Every event of a case; between steps the memory is what the cloud would have kept."""
    rules = rules_at(case.site)[case.name]
    memory, told = Memory(), list[Event]()
    for step in case.steps:
        before = load(dump(memory))
        after, fresh = play(before, step, rules)
        memory = after if step.deed or material(before, after, fresh) else before
        told += fresh
    return told


def play(memory: Memory, step: Step, rules: Rules) -> tuple[Memory, tuple[Event, ...]]:
    """What one step of a case makes of a memory."""
    if step.deed == "now":
        return pass_time(memory, step.arrived, rules)
    if step.deed == "ack":
        return acknowledge(memory, step.said), ()
    if step.deed == "service":
        return log_service(memory, step.said, rules.limits["SERVICE_DUE"]["every_h"]), ()
    memory, told = hear(memory, step.arrived)
    for reading in decode(step.message, now=step.arrived).readings:
        memory, events = observe(memory, reading, rules)
        told += events
    return memory, told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_tells_its_events(case: Case) -> None:
    told = [
        " ".join(
            (str(event.t - case.start), event.kind, event.code, event.severity, event.fault)
        ).strip()
        for event in fold(case)
        if event.kind != "update"
    ]
    assert told == list(case.events), case.says


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_leaves_its_alerts(case: Case) -> None:
    last = {(event.code, event.fault, event.opened_at): event for event in fold(case)}
    left = sorted(
        (
            event.code,
            event.fault,
            event.severity,
            format_time(event.since),
            format_time(event.opened_at),
            format_time(event.t) if event.kind == "close" else None,
            event.value,
        )
        for event in last.values()
    )
    assert left == expected_alerts(case), case.says


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_value_of_an_alert_is_past_its_limit(case: Case) -> None:
    told = fold(case)
    shown = {(event.code, event.value, event.limit, event.unit) for event in told}
    for alert in case.alerts:
        for name, place in (("limit", 2), ("unit", 3)):
            if name in alert:
                found = {one[place] for one in shown if one[:2] == (alert["code"], alert["value"])}
                assert alert[name] in found, case.says
    for event in told:
        rule = next((rule for rule in RULES if rule.code == event.code), None)
        if rule and event.limit is not None and event.value is not None:
            assert COMPARE[rule.opens](event.value, event.limit)


def test_every_code_has_cases_that_open_it_and_cases_that_do_not() -> None:
    opened = {alert["code"] for case in CASES for alert in case.alerts}
    assert opened == set(DEFAULTS)
    assert sum(not case.alerts for case in CASES) >= len(DEFAULTS)


ABSENT = dict.fromkeys(Reading._fields, st.none())
FIELDS = dict(  # noqa: C408 - reads as the call it becomes
    t=st.integers(START, START + 4000),
    seq=st.integers(0, 50),
    eng=st.none() | st.booleans(),
    rpm=st.none() | st.sampled_from([0.0, 900.0, 1500.0, 1650.0]),
    cool_c=st.none() | st.sampled_from([90.0, 103.9, 104.0, 109.0, 111.0, 114.0]),
    oil_kpa=st.none() | st.sampled_from([0.0, 99.0, 150.0, 199.0, 250.0]),
    fuel_pct=st.none() | st.sampled_from([4.0, 5.0, 14.8, 15.2, 20.0]),
    batt_v=st.none() | st.sampled_from([22.0, 24.5, 26.0]),
    dtc=st.lists(
        st.tuples(st.sampled_from([100, 110]), st.just(15), st.integers(1, 126)), max_size=2
    ).map(tuple),
    lamp=st.sampled_from([(), ("AWL",), ("RSL",)]),
    lat=st.sampled_from([None, 48.7, 48.8]),
    lon=st.sampled_from([None, 2.2, 2.3]),
)
READINGS: st.SearchStrategy[Reading] = st.builds(Reading, **{**ABSENT, **FIELDS})


@given(st.lists(READINGS, max_size=60))
def test_an_alert_opens_once_then_lives_then_closes(readings: list[Reading]) -> None:
    memory = Memory()
    open_now: dict[tuple[str, str], int] = {}
    for reading in readings:
        memory, events = observe(memory, reading)
        for event in events:
            fault = (event.code, event.fault)
            if event.kind == "open":
                assert fault not in open_now
                open_now[fault] = event.opened_at
            else:
                assert open_now[fault] == event.opened_at
            assert event.since <= event.opened_at <= event.t
            if event.kind == "close":
                del open_now[fault]


@given(st.lists(READINGS, max_size=40))
def test_a_reading_not_newer_than_the_memory_changes_nothing(readings: list[Reading]) -> None:
    memory = Memory()
    for reading in readings:
        memory, _ = observe(memory, reading)
        assert observe(memory, reading) == (memory, ())
        older = reading._replace(t=memory.t - 1)
        assert observe(memory, older) == (memory, ())


@given(st.lists(READINGS, max_size=40))
def test_the_memory_survives_the_table(readings: list[Reading]) -> None:
    memory = Memory()
    for reading in readings:
        memory, _ = observe(memory, reading)
        assert load(dump(memory)) == memory


def test_a_memory_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="not of version 2"):
        load('{"v":3}')


def test_a_memory_of_the_first_version_is_still_read() -> None:
    held = '"COOLANT_HIGH":[1,[70,0,0],70,80,0,110.0,109.0,3]'
    said = f'{{"v":1,"t":90,"seq":4,"engine_on":5,"lat":48.7,"lon":2.2,"tracks":{{{held}}}}}'
    track = Track(1, (70, 0, 0), 70, 80, 0, 110.0, 109.0, 3)
    expected = Memory(90, 4, 0, 5, 48.7, 2.2, tracks=(("COOLANT_HIGH", track),))
    assert load(said) == expected


def test_what_a_memory_has_that_is_not_known_is_left_out() -> None:
    held = '"COOLANT_HIGH":[1,[70],70,80,0,110.0,109.0,3,90,"more"],"TOW":[0,[5]]'
    said = f'{{"v":2,"t":90,"level":[80,60.0],"levels":[[5,60.0,null,1]],"tracks":{{{held}}}}}'
    memory = load(said)
    assert (memory.t, memory.levels) == (90, (Mark(5, 60.0),))
    assert dict(memory.tracks)["TOW"] == Track(0, (5,))
    # Held for other levels than the rule has: not held.
    hot = Reading(t=100, seq=1, eng=True, cool_c=112.0)
    _, events = observe(memory._replace(engine_on=1), hot)
    assert [(event.kind, event.code) for event in events] == [("update", "COOLANT_HIGH")]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"v":2,"tracks":[1]}', "[" * 100_000])
def test_a_memory_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="memory"):
        load(text)


def garbage(codes: int) -> Iterator[Reading]:
    """A bus that says five other codes each time."""
    for first in range(0, codes, 5):
        dtc = tuple((524_287 - first - k, 31, 126, 255) for k in range(5))
        yield Reading(t=START + first, seq=first, eng=False, dtc=dtc, lamp=("RSL",))


def test_garbage_on_the_bus_leaves_a_small_memory() -> None:
    memory, opened = Memory(), 0
    for reading in garbage(7350):
        memory, events = observe(memory, reading)
        assert len(events) <= MOST_ALERTS
        opened += sum(event.kind == "open" for event in events)
    assert opened == len(memory.tracks) == MOST_FAULTS
    assert len(dump(memory)) < 16_384
    # Room again once they are absent from a running engine.
    for t in range(10_000, 10_100, 10):
        memory, _ = observe(memory, Reading(t=START + t, seq=0, eng=True))
    assert memory.tracks == ()


def test_an_open_fault_is_written_every_five_minutes() -> None:
    fault = Reading(t=START, seq=0, eng=True, rpm=1650, dtc=((110, 15, 1),), lamp=("AWL",))
    kept, written = Memory(), list[int]()
    for n in range(61):
        after, events = observe(kept, fault._replace(t=START + 10 * n, seq=n))
        if material(kept, after, events):
            kept, written = after, [*written, 10 * n]
    assert written == [0, 300, 600]


def test_that_an_alert_lasts_is_told_once_in_five_minutes_and_when_it_got_worse() -> None:
    start = START - START % REFRESH_S
    fault = Reading(t=start, seq=0, eng=True, dtc=((110, 15, 1),))
    memory, opened = observe(Memory(), fault)
    assert worth_telling(Memory(), memory, opened) == opened
    for t, count, told in ((10, 1, False), (20, 2, True), (299, 1, False), (300, 1, True)):
        more = fault._replace(t=start + t, dtc=((110, 15, count),))
        after, events = observe(memory, more)
        assert [event.kind for event in events] == ["update"]
        assert bool(worth_telling(memory, after, events)) == told, t
        memory = after


def test_an_equal_fuel_level_with_the_engine_off_is_not_written_each_time() -> None:
    kept, written = Memory(), list[int]()
    for n in range(61):
        parked = Reading(t=START + 10 * n, seq=n, eng=False, fuel_pct=60.0, op_h=100.0)
        after, events = observe(kept, parked)
        if material(kept, after, events):
            kept, written = after, [*written, 10 * n]
    # Two readings tell the level, then only time passes.
    assert written == [0, 10, 310]


def seeing(*codes: str) -> Judge:
    """One that opens these."""
    return lambda memory: (
        memory._replace(seq=memory.seq + 1),
        tuple(
            Event("open", code, "", "info", 1, 0, 0, 0, None, None, "", None, None, 1)
            for code in codes
        ),
    )


def test_a_message_is_judged_in_pieces_that_a_transaction_takes() -> None:
    many = [f"A{n}" for n in range(60)]
    judges = (seeing(*many), seeing(*many), seeing(*(f"B{n}" for n in range(60))), seeing())
    memory, events, judged = piece_of(Memory(), judges)
    assert (memory.seq, len(events), judged) == (2, 60, 2)
    memory, events, judged = piece_of(memory, judges[judged:])
    assert (memory.seq, len(events), judged) == (4, 60, 2)


def test_a_memory_that_cannot_be_read_begins_anew_and_the_log_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert read_memory("EX-001", '{"v":9}') == Memory()
    said = json.loads(capsys.readouterr().out)
    assert (said["machine"], said["memory"]) == ("EX-001", "started anew")


def test_the_sentences_speak_of_every_code_in_both_languages() -> None:
    for words in (words_fr.WORDS, words_en.WORDS):
        for table in (words["title"], words["what"], words["todo"]):
            assert {key.partition("/")[0] for key in table} == DEFAULTS.keys()


def test_a_new_inspection_report_closes_what_the_old_one_opened() -> None:
    memory, (opened,) = pass_time(Memory(), START, rules_for(vgp_due=START - 60))
    assert (opened.kind, opened.severity) == ("open", "critical")
    memory, (closed,) = pass_time(memory, START + 60, rules_for(vgp_due=START + 31_536_000))
    assert (closed.kind, closed.opened_at, closed.t) == ("close", opened.opened_at, START + 60)
    assert memory.tracks == ()


def test_a_report_that_was_renewed_too_late_is_another_alert() -> None:
    memory, _ = pass_time(Memory(), START, rules_for(vgp_due=START - 60))
    _, events = pass_time(memory, START + 60, rules_for(vgp_due=START + 86_400))
    assert [(event.kind, event.severity) for event in events] == [
        ("close", "critical"),
        ("open", "warning"),
    ]


def test_a_message_that_is_older_than_a_silence_does_not_end_it() -> None:
    memory, _ = hear(Memory(engine_on=START), START)
    memory, (opened,) = pass_time(memory, START + 1200, DEFAULT_RULES)
    memory, told = hear(memory, START + 100)
    assert not told
    assert not pass_time(memory, START + 1500, DEFAULT_RULES)[1]
    _, (closed,) = hear(memory, START + 1500)
    assert (closed.kind, closed.opened_at, closed.t) == ("close", opened.opened_at, START + 1500)

"""The working day: opening hours, lunch, and what a mean machine does with its time."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from statistics import mean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.errors import ChantierError
from chantier.site import Calendar, Site
from simulator.classes import CRAWLER_EXCAVATOR, KINDS
from simulator.hours import Hours, busy_hour, hours_of
from simulator.plan import Plan, Spell

USUAL = Hours(Calendar(), "Europe/Paris")
WEDNESDAY, SATURDAY = date(2026, 10, 14), date(2026, 10, 17)
HOUR = 3600


def excavators(count: int) -> list[list[Spell]]:
    plans = [Plan(USUAL, CRAWLER_EXCAVATOR, seed=1, machine=f"EX-{n}") for n in range(count)]
    return [list(plan.day(WEDNESDAY)) for plan in plans]


def seconds(spells: list[Spell], *states: str) -> int:
    return sum(spell.end - spell.start for spell in spells if spell.state in states)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)),
    st.integers(0, 10**6),
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
)
def test_the_spells_of_a_day_follow_each_other_from_midnight_to_midnight(
    kind: str, seed: int, day: date
) -> None:
    spells = list(Plan(USUAL, KINDS[kind], seed=seed, machine="M-1").day(day))
    assert spells[0].start == USUAL.midnight(day)
    assert spells[-1].end == USUAL.midnight(day + timedelta(days=1))
    assert all(one.start < one.end for one in spells)
    assert all(one.end == other.start for one, other in pairwise(spells))
    assert all(one.state != other.state for one, other in pairwise(spells))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.integers(0, 10**6))
def test_nobody_works_outside_the_opening_hours_nor_over_lunch(kind: str, seed: int) -> None:
    sessions = USUAL.sessions(WEDNESDAY)
    for spell in Plan(USUAL, KINDS[kind], seed=seed, machine="M-1").day(WEDNESDAY):
        if spell.state in ("WORK", "TRAVEL"):
            assert any(opens <= spell.start and spell.end <= ends for opens, ends in sessions)


def test_a_long_opening_without_a_break_has_a_lunch_all_the_same() -> None:
    hours = Hours(Calendar(wednesday=("07:00-17:00",)), "Europe/Paris")
    midnight = hours.midnight(WEDNESDAY)
    marks = [
        ((start - midnight) / HOUR, (end - midnight) / HOUR)
        for start, end in hours.sessions(WEDNESDAY)
    ]
    assert marks == [(7, 12), (13, 17)]


def test_a_day_that_the_calendar_leaves_out_is_a_day_off() -> None:
    spells = list(Plan(USUAL, CRAWLER_EXCAVATOR, seed=1, machine="M-1").day(SATURDAY))
    assert {spell.state for spell in spells} == {"OFF"}


def test_a_public_holiday_of_the_site_s_country_is_a_day_off() -> None:
    armistice = date(2026, 11, 11)
    french = Hours(Calendar(wednesday=("08:00-12:00",), public_holidays="FR"), "Europe/Paris")
    anyone = Hours(Calendar(wednesday=("08:00-12:00",)), "Europe/Paris")
    assert french.sessions(armistice) == ()
    assert french.sessions(WEDNESDAY) == anyone.sessions(WEDNESDAY) != ()
    assert anyone.sessions(armistice) != ()
    spells = list(Plan(french, CRAWLER_EXCAVATOR, seed=1, machine="M-1").day(armistice))
    assert {spell.state for spell in spells} == {"OFF"}


def test_opening_hours_follow_the_local_clock_through_the_change_of_time() -> None:
    hours = Hours(Calendar(sunday=("07:30-12:00",)), "Europe/Paris")
    ((opens, _),) = hours.sessions(date(2026, 10, 25))
    assert opens - hours.midnight(date(2026, 10, 25)) == 8.5 * HOUR


def test_excavators_idle_about_31_percent_of_their_time_each_within_11_and_65() -> None:
    shares = [
        seconds(day, "IDLE") / seconds(day, "IDLE", "WORK", "TRAVEL") for day in excavators(40)
    ]
    assert abs(mean(shares) - 0.31) <= 0.05
    assert all(0.11 <= share <= 0.65 for share in shares)


def test_excavators_run_about_five_hours_in_about_five_starts() -> None:
    days = excavators(40)
    assert abs(mean(seconds(day, "IDLE", "WORK", "TRAVEL") for day in days) / HOUR - 5) <= 1.5
    starts = [sum(a.state == "OFF" != b.state for a, b in pairwise(day)) for day in days]
    assert abs(mean(starts) - 5) <= 1
    assert all(3 <= count <= 11 for count in starts)


def test_two_machines_do_not_do_the_same() -> None:
    one, other = excavators(2)
    assert one != other


def test_the_spell_at_a_moment_is_the_one_of_its_day_whatever_was_asked_before() -> None:
    plan = Plan(USUAL, CRAWLER_EXCAVATOR, seed=1, machine="M-1")
    spells = list(plan.day(WEDNESDAY))
    moments = [spell.start for spell in spells] + [spell.end - 1 for spell in spells]
    plan.at(moments[0] + 3 * 86_400)
    assert [plan.at(t) for t in reversed(moments)] == [*reversed(spells), *reversed(spells)]


def test_the_busy_hour_is_over_before_the_moment_and_inside_one_opening(site: Site) -> None:
    hours = hours_of(site)
    for before in range(hours.midnight(WEDNESDAY), hours.midnight(WEDNESDAY) + 7 * 86_400, 5000):
        first = busy_hour(site, before=before)
        assert first + HOUR <= before
        sessions = hours.sessions(hours.day_of(first))
        assert any(opens < first and first + HOUR <= ends for opens, ends in sessions)


def test_a_run_longer_than_every_opening_has_no_busy_hour(site: Site) -> None:
    with pytest.raises(ChantierError, match="No opening"):
        busy_hour(site, before=USUAL.midnight(WEDNESDAY), duration_s=10 * HOUR)

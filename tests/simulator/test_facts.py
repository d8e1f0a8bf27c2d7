"""The diary of a machine: what it did between two moments."""

from __future__ import annotations

import pytest

from simulator.facts import Facts

DAY = Facts(states=[(0, "OFF"), (100, "IDLE"), (160, "WORK"), (200, "IDLE")], refuels=[50, 300])


@pytest.mark.parametrize(
    ("start", "end", "seconds"),
    [(0, 100, 0), (100, 160, 60), (90, 180, 60), (120, 150, 30), (150, 260, 70), (250, 300, 50)],
)
def test_seconds_in_a_state_are_those_of_its_spells_between_two_moments(
    start: int, end: int, seconds: int
) -> None:
    assert DAY.seconds_in("IDLE", start, end) == seconds


@pytest.mark.parametrize(
    ("start", "end", "there"),
    [(0, 49, False), (0, 50, True), (50, 50, True), (51, 299, False), (200, 400, True)],
)
def test_a_refuel_is_there_if_it_was_between_two_moments(
    start: int, end: int, there: object
) -> None:
    assert DAY.refuelled_between(start, end) is there


def test_nothing_was_done_before_the_first_line() -> None:
    assert Facts().seconds_in("IDLE", 0, 100) == 0
    assert not Facts().refuelled_between(0, 100)


def test_the_hour_meter_is_kept_at_the_first_and_at_the_latest_step() -> None:
    facts = Facts()
    for t, hours in ((1, 10.0), (2, 10.1), (3, 10.2)):
        facts.metered(t, hours)
    assert facts.hours == [(1, 10.0), (3, 10.2)]

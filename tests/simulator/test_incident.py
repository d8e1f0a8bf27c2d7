"""What a person types to make something go wrong."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chantier.errors import ChantierError
from simulator.incident import Incident, parse
from simulator.scenarios import SCENARIOS

MACHINES = ("EX-001", "EX-002", "CH-001")


@pytest.mark.parametrize(
    ("text", "after_s"),
    [
        ("surchauffe@EX-001+5m", 300),
        ("surchauffe@EX-001+90s", 90),
        ("surchauffe@EX-001+1h5m30s", 3930),
        ("surchauffe@EX-001+0m", 0),
        (" surchauffe@EX-001 ", 0),
    ],
)
def test_an_incident_is_a_scenario_a_machine_and_a_time(text: str, after_s: int) -> None:
    assert parse(text, MACHINES) == Incident("surchauffe", "EX-001", after_s)


@given(st.sampled_from(sorted(SCENARIOS)), st.sampled_from(MACHINES), st.integers(0, 90_000))
def test_an_incident_reads_back_what_it_writes(scenario: str, machine: str, after_s: int) -> None:
    incident = Incident(scenario, machine, after_s)
    assert parse(str(incident), MACHINES) == incident


def test_an_unknown_scenario_is_refused_with_the_nearest_first() -> None:
    with pytest.raises(ChantierError, match="no scenario 'surchaufe'") as refused:
        parse("surchaufe@EX-001+5m", MACHINES)
    assert refused.value.hint.startswith("Known: surchauffe, ")
    assert all(name in refused.value.hint for name in SCENARIOS)


def test_an_unknown_machine_is_refused_with_the_nearest_first() -> None:
    with pytest.raises(ChantierError, match="no machine 'CH-01'") as refused:
        parse("surchauffe@CH-01+5m", MACHINES)
    assert refused.value.hint == "Known: CH-001, EX-001, EX-002."


def test_a_large_fleet_is_not_listed_whole() -> None:
    with pytest.raises(ChantierError) as refused:
        parse("surchauffe@X+5m", [f"EX-{n:03}" for n in range(500)])
    assert refused.value.hint.endswith("and 488 more.")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "surchauffe",
        "@EX-001",
        "surchauffe@",
        "surchauffe@EX-001+",
        "surchauffe@EX-001+soon",
        "surchauffe@EX-001+5",
        "surchauffe@EX-001+-5m",
        "a@b@c",
        "surchauffe@EX-001+5m+6m",
    ],
)
def test_what_is_not_an_incident_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ChantierError) as refused:
        parse(text, MACHINES)
    assert refused.value.hint


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(ChantierError):
        assert parse(text, MACHINES).machine in MACHINES

"""The hour that is shown: a healthy fleet is silent, and every incident is found, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import pytest

from chantier.detection import Event, Memory, observe
from chantier.errors import ChantierError
from chantier.score import ORDINARY
from chantier.site import Site
from chantier.site_settings import rules_of
from simulator.hours import busy_hour
from simulator.incident import Expected, Incident, parse
from simulator.muster import Run, muster
from simulator.shift import shift

HOUR = 3600
SEEDS = (1, 2, 3, 20, 2026)
PLAYED = (
    "surchauffe@EX-001+5m",
    "perte-pression-huile@CH-002+12m",
    "code-defaut@TB-001+20m",
    "carburant-bas@EX-003+8m",
    "surchauffe@CO-002+25m",
    "code-defaut@EX-001+30m",
    "carburant-bas@CO-001+15m",
    "perte-pression-huile@TB-003",
)
RANK = {"info": 0, "warning": 1, "critical": 2}


def found(
    site: Site, start: int, duration_s: int, seed: int, incidents: Sequence[Incident]
) -> dict[str, list[Event]]:
    """What detection says of each machine, updates left out."""
    rules = rules_of(site)
    memories: dict[str, Memory] = defaultdict(Memory)
    events: dict[str, list[Event]] = defaultdict(list)
    run = shift(site, start=start, duration_s=duration_s, seed=seed, incidents=incidents)
    for machine, readings, _ in run:
        for reading in readings:
            memories[machine], new = observe(memories[machine], reading, rules[machine])
            events[machine] += [event for event in new if event.kind != "update"]
    return events


def scripted(events: list[Event]) -> list[Event]:
    """Without what ordinary life leads to: idling, refuels, services that come near."""
    return [event for event in events if event.code not in ORDINARY]


def truth(
    site: Site, start: int, seed: int, incidents: Sequence[Incident]
) -> tuple[Expected, ...]:
    hands = muster(Run(site=site, start=start, duration_s=HOUR, seed=seed), incidents)
    return tuple(expected for hand in hands for expected in hand.expected())


@pytest.fixture(scope="module")
def incidents(site: Site) -> tuple[Incident, ...]:
    return tuple(parse(text, [machine.id for machine in site.machines]) for text in PLAYED)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_expected_alert_opens_once_after_its_onset_and_nothing_else_does(
    site: Site, start: int, incidents: Sequence[Incident], seed: int
) -> None:
    events = found(site, start, HOUR, seed, incidents)
    expected = truth(site, start, seed, incidents)
    opened = [
        (machine, event.code)
        for machine in events
        for event in scripted(events[machine])
        if event.kind == "open"
    ]
    assert sorted(opened) == sorted((one.machine, one.code) for one in expected)
    for one in expected:
        opening = next(e for e in events[one.machine] if (e.kind, e.code) == ("open", one.code))
        assert one.onset <= opening.t < start + HOUR


@pytest.mark.parametrize("seed", SEEDS)
def test_every_incident_reaches_its_worst_severity_and_closes_within_the_hour(
    site: Site, start: int, incidents: Sequence[Incident], seed: int
) -> None:
    events = found(site, start, HOUR, seed, incidents)
    for one in truth(site, start, seed, incidents):
        life = [event for event in events[one.machine] if event.code == one.code]
        assert one.closes
        assert max((event.severity for event in life), key=RANK.__getitem__) == one.severity
        assert [event.kind for event in life].count("close") == 1
        assert life[-1].kind == "close"


def test_an_overheating_opens_as_a_warning_and_escalates_to_critical(
    site: Site, start: int
) -> None:
    events = found(site, start, HOUR, 1, [Incident("surchauffe", "EX-001", 300)])["EX-001"]
    told = [(event.kind, event.severity) for event in scripted(events)]
    assert told == [("open", "warning"), ("escalate", "critical"), ("close", "critical")]


@pytest.mark.parametrize("seed", SEEDS[:2])
def test_a_healthy_fleet_raises_no_alert_from_its_cold_start_to_the_evening(
    site: Site, start: int, seed: int
) -> None:
    events = found(site, start - 2 * HOUR, 14 * HOUR, seed, ())
    assert not any(scripted(one) for one in events.values())
    rung = [event for one in events.values() for event in one if RANK[event.severity]]
    assert len([one for one in rung if one.kind != "close"]) <= 0.5 * len(site.machines)


@pytest.mark.parametrize("later_s", [0, 6 * HOUR], ids=["morning", "afternoon"])
def test_every_machine_runs_in_the_hour_that_is_shown(
    site: Site, start: int, later_s: int
) -> None:
    first = busy_hour(site, before=start + HOUR + later_s)
    looks = [
        reading
        for _, readings, _ in shift(site, start=first, duration_s=HOUR, seed=5)
        for reading in readings
    ]
    assert all(look.eng for look in looks)
    assert len(looks) >= len(site.machines) * (HOUR - 60) / 10


def test_an_incident_that_cannot_show_before_the_end_is_refused(site: Site, start: int) -> None:
    with pytest.raises(ChantierError, match=r"takes .* minutes to show"):
        list(
            shift(
                site,
                start=start,
                duration_s=HOUR,
                seed=1,
                incidents=[Incident("surchauffe", "EX-001", 58 * 60)],
            )
        )


def test_two_incidents_at_once_on_one_machine_are_refused(site: Site, start: int) -> None:
    both = [Incident("surchauffe", "EX-001", 300), Incident("code-defaut", "EX-001", 400)]
    with pytest.raises(ChantierError, match="before surchauffe@EX-001"):
        list(shift(site, start=start, duration_s=HOUR, seed=1, incidents=both))


def test_at_night_an_incident_is_refused_because_the_engine_is_off(site: Site, start: int) -> None:
    night = start - 6 * HOUR
    with pytest.raises(ChantierError, match="stays off"):
        list(
            shift(
                site,
                start=night,
                duration_s=HOUR,
                seed=1,
                incidents=[Incident("surchauffe", "EX-001", 0)],
            )
        )


def test_an_incident_asked_for_before_the_first_start_waits_for_it(site: Site, start: int) -> None:
    asked = [Incident("surchauffe", "EX-001", 0)]
    (expected,) = truth(site, start - HOUR // 2, 1, asked)
    assert expected.onset > start - HOUR // 2 + 60


def test_a_tank_runs_low_at_the_onset_and_never_jumps_down(site: Site, start: int) -> None:
    incident = [Incident("carburant-bas", "EX-003", 600)]
    levels = [
        (reading.t, reading.fuel_pct)
        for machine, readings, _ in shift(
            site, start=start, duration_s=HOUR, seed=3, incidents=incident
        )
        if machine == "EX-003"
        for reading in readings
        if reading.fuel_pct is not None
    ]
    at_onset = next(level for t, level in levels if t >= start + 600)
    assert abs(at_onset - 15) <= 0.4
    before_bowser = [level for t, level in levels if t < start + 600]
    assert all(0 <= one - other < 0.5 for one, other in pairwise(before_bowser))

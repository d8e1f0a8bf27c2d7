"""What the functions know of a site: its clock, its week, its machines."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chantier.detection.off_hours import ahead_of_utc, is_open
from chantier.detection.rules import Opening
from chantier.detection.settings import opening_of, watched_machines
from chantier.site import EXAMPLE, Machine, Site
from chantier.site_settings import YEARS, clock_changes, rules_of, settings_of

FIRST = int(datetime(YEARS[0], 1, 1, tzinfo=UTC).timestamp())
LAST = int(datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC).timestamp()) - 1
ZONES = ["Europe/Paris", "UTC", "Indian/Reunion", "America/Guadeloupe", "Pacific/Noumea"]
CLOCKS = {name: Opening(tuple(clock_changes(name)), ()) for name in ZONES}
PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


@given(st.sampled_from(ZONES), st.integers(FIRST, LAST))
def test_the_sites_clock_is_that_of_its_time_zone(name: str, t: int) -> None:
    offset = datetime.fromtimestamp(t, ZoneInfo(name)).utcoffset()
    assert offset is not None
    assert ahead_of_utc(CLOCKS[name], t) == offset.total_seconds()


def test_the_clock_changes_at_the_second_it_changes() -> None:
    summer = int(datetime(2027, 3, 28, 1, tzinfo=UTC).timestamp())
    assert ahead_of_utc(CLOCKS["Europe/Paris"], summer - 1) == 3600
    assert ahead_of_utc(CLOCKS["Europe/Paris"], summer) == 7200


@pytest.mark.parametrize(
    ("moment", "says"),
    [
        ("2026-11-23 07:29", "closed"),
        ("2026-11-23 07:30", "open"),
        ("2026-11-23 12:30", "open"),
        ("2026-11-23 16:29", "open"),
        ("2026-11-23 16:30", "closed"),
        ("2026-11-27 15:30", "closed"),
        ("2026-11-28 10:00", "closed"),
        ("2026-07-20 07:30", "open"),
        ("2026-07-14 10:00", "closed"),
        ("2027-03-29 10:00", "closed"),
    ],
)
def test_a_site_is_open_from_its_first_hour_to_its_last_lunch_included(
    site: Site, moment: str, says: str
) -> None:
    t = int(datetime.fromisoformat(moment).replace(tzinfo=PARIS).timestamp())
    assert is_open(opening_of(settings_of(site)), t) == (says == "open")


def test_machines_that_share_settings_stand_together(site: Site) -> None:
    groups = settings_of(site)["groups"]
    assert sum(len(group["machines"]) for group in groups) == 12
    assert len(groups) == 6


def test_the_settings_survive_the_template(site: Site) -> None:
    said = json.loads(json.dumps(settings_of(site)))
    assert {name: one.rules for name, one in watched_machines(said).items()} == rules_of(site)


def test_a_machine_without_a_zone_may_be_in_any(site: Site) -> None:
    free = site.machines[0].model_copy(update={"zone": None, "id": "FREE"})
    rules = rules_of(site.model_copy(update={"machines": (*site.machines, free)}))
    assert len(rules["FREE"].zones) == 3
    assert len(rules["EX-001"].zones) == 1


@pytest.mark.parametrize(
    ("said", "last", "due"),
    [
        ({"class": "crawler-excavator"}, date(2026, 3, 15), date(2027, 3, 15)),
        ({"class": "crawler-excavator", "lifting": True}, date(2026, 3, 15), date(2026, 9, 15)),
        ({"class": "mobile-crane"}, date(2026, 8, 31), date(2027, 2, 28)),
        ({"class": "mobile-crane", "lifting": False}, date(2028, 2, 29), date(2029, 2, 28)),
    ],
)
def test_an_inspection_is_due_after_a_year_or_half_of_one_for_lifting(
    said: dict[str, object], last: date, due: date
) -> None:
    assert Machine.model_validate({"id": "M", **said}).next_vgp(last) == due


def test_the_inspection_is_due_at_midnight_of_the_site(site: Site) -> None:
    machine = site.machines[0].model_copy(update={"vgp": date(2026, 3, 15)})
    rules = rules_of(site.model_copy(update={"machines": (machine,)}))
    due = datetime(2027, 3, 15, tzinfo=PARIS)
    assert rules[machine.id].vgp_due == int(due.timestamp())

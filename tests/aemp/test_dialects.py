"""Snapshots in five dialects: every element is read, or it is said why not."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from chantier.aemp.feeding import Found, read_page, readings, report
from chantier.site import EXAMPLE, Site
from chantier.telemetry import Reading, format_time

SNAPSHOTS = Path(__file__).with_name("snapshots")
NOW = int(dt.datetime(2026, 11, 20, 10, 20, tzinfo=dt.UTC).timestamp())


@pytest.fixture(scope="module")
def site() -> Site:
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    keys = {
        "EX-001": {"pin": "pin00000000000001"},
        "EX-003": {"serial": "SN3", "make": "other"},
        "EX-004": {"serial": "SN-5", "make": "somebody else"},
        "CO-001": {"serial": "SN-5"},
    }
    said["machines"] = [one | keys.get(one["id"], {}) for one in said["machines"]]
    return Site.model_validate(said)


def found(site: Site, name: str) -> tuple[Found, ...]:
    return read_page(SNAPSHOTS / name, site.machines, now=NOW).found


def fed(site: Site, name: str) -> dict[str, tuple[Reading, ...]]:
    return readings([read_page(SNAPSHOTS / name, site.machines, now=NOW)])


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(f"2026-{text}+00:00").timestamp())


def test_times_as_attributes_make_a_reading_for_each_time(site: Site) -> None:
    (machine,) = fed(site, "iso.xml")
    started, latest = fed(site, "iso.xml")[machine]
    assert machine == "EX-001"
    assert started == Reading(t=at("11-20T07:31:10"), eng=True)
    assert latest == Reading(
        t=at("11-20T10:10:00"),
        op_h=4336.9,
        idle_h=1344.15,
        fuel_used_l=56159.5,
        fuel_pct=43.2,
        def_pct=85.2,
        lat=48.71306,
        lon=2.24093,
        cyc=718308,
    )


def test_what_no_reading_holds_is_kept_in_the_answer(site: Site) -> None:
    first, header_alone = found(site, "iso.xml")
    assert first.equipment.others["CumulativePowerTakeOffHours"]["hour"] == "12"
    assert first.equipment.others["Distance"]["odometer"] == "310.4"
    assert first.equipment.header["OEMName"] == "Maker & Co"
    assert first.equipment.notes == ()
    assert header_alone.match == ("EX-002", "EquipmentID", "")
    assert header_alone.equipment.values == ()


def test_the_page_that_follows_is_told(site: Site) -> None:
    page = read_page(SNAPSHOTS / "iso.xml", site.machines, now=NOW)
    assert page.next == "https://portal.example/fleet/2"
    assert read_page(SNAPSHOTS / "camel.json", site.machines, now=NOW).next == ""


def test_times_as_children_are_read_and_the_rest_is_said(site: Site) -> None:
    (one,) = found(site, "child-times.xml")
    assert (one.match.machine, one.match.by) == ("EX-003", "SerialNumber")
    assert [(value.field, format_time(value.t)) for value in one.equipment.values] == [
        ("op_h", "2026-07-01T12:08:07Z"),
        ("eng", "2026-11-20T09:58:40Z"),
        ("fuel_used_l", "2026-11-20T09:56:02Z"),
        ("fuel_pct", "2026-11-20T09:56:02Z"),
    ]
    said = "\n".join(one.equipment.notes)
    for why in (
        "UnitInstallDateTime is 0001-01-01",
        "Model is 'missing'",
        "PIN is 'missing'",
        "Location is 0, 0: a receiver without a fix",
        "its tank is said to hold 0",
        "DEFRemaining says -1, which is not within 0 to 100",
        "CumulativeIdleHours",
    ):
        assert why in said, why


def test_an_engine_that_stands_has_a_state_and_one_that_runs_has_none(site: Site) -> None:
    off = [one for one in fed(site, "child-times.xml")["EX-003"] if one.eng is not None]
    assert [(one.eng, one.st) for one in off] == [(False, "OFF")]
    on = [one for one in fed(site, "iso.xml")["EX-001"] if one.eng is not None]
    assert [(one.eng, one.st) for one in on] == [(True, None)]


def test_durations_gallons_zones_and_a_prefix_are_understood(site: Site) -> None:
    (one,) = found(site, "gallons.xml")
    values = {value.field: value for value in one.equipment.values}
    assert values["op_h"].value == 12057.5
    assert values["op_h"].t == at("11-20T10:10:00")
    assert values["fuel_used_l"].value == 3785.41
    assert values["fuel_pct"].t == at("11-20T10:15:00")
    said = "\n".join(one.equipment.notes)
    for why in (
        "Hour is 'NaN', which is no number",
        "FuelRemaining has no datetime: taken as of the snapshot's",
        "DEFRemaining is of 2027-03-01T00:00:00Z, which has not come yet",
        "tyres is no element of ISO 15143-3",
    ):
        assert why in said, why
    assert one.equipment.others["tyres"]["pressure"] == "3"


def test_json_in_lower_camel_case_is_understood(site: Site) -> None:
    first, second = found(site, "camel.json")
    assert {value.field for value in first.equipment.values} == {"lat", "lon", "op_h", "eng"}
    assert (first.match.machine, first.match.by) == ("CO-001", "SerialNumber")
    assert "DEFRemaining says 120" in " ".join(first.equipment.notes)
    assert second.match.machine is None
    assert "not an object" in second.equipment.notes[0]


def test_json_that_was_made_of_xml_is_understood(site: Site) -> None:
    (one,) = found(site, "converted.json")
    assert one.match.machine == "TB-001"
    assert [(value.field, value.value) for value in one.equipment.values] == [("op_h", 77.5)]
    assert "EngineStatus: Running is 'maybe', neither true nor false" in one.equipment.notes


@pytest.mark.parametrize("name", sorted(path.name for path in SNAPSHOTS.iterdir()))
def test_every_element_becomes_a_value_or_is_kept_or_is_noted(site: Site, name: str) -> None:
    for one in found(site, name):
        told = {value.element for value in one.equipment.values} | set(one.equipment.others)
        told = {element.lower() for element in told}
        noted = " ".join(one.equipment.notes).lower()
        for element in elements(name, one.equipment.number):
            assert element in told or element in noted, element


def elements(name: str, number: int) -> list[str]:
    """The elements of an equipment, as another reader sees them."""
    text = (SNAPSHOTS / name).read_text("utf-8")
    if name.endswith(".json"):
        said = json.loads(text)
        fleet = said.get("Fleet", said)
        some = fleet.get("Equipment", fleet.get("equipment"))
        one = (some if isinstance(some, list) else [some])[number - 1]
        names = list(one) if isinstance(one, dict) else []
    else:
        fleet = ET.fromstring(text)  # noqa: S314 - our own file
        some = [node for node in fleet if node.tag.endswith("Equipment")]
        names = [node.tag.rpartition("}")[2] for node in some[number - 1]]
    return [one.lower() for one in names if one.lower() != "equipmentheader"]


def test_stale_values_and_header_alone_are_said(site: Site) -> None:
    pages = [
        read_page(SNAPSHOTS / name, site.machines, now=NOW)
        for name in ("iso.xml", "child-times.xml")
    ]
    _, header_alone, stale = report(pages, now=NOW)
    assert "it says no value: a header alone" in header_alone["notes"]
    assert "CumulativeOperatingHours is 141 days old" in stale["notes"]


def test_the_same_page_twice_says_everything_once(site: Site) -> None:
    page = read_page(SNAPSHOTS / "iso.xml", site.machines, now=NOW)
    assert readings([page, page]) == readings([page])


def test_two_machines_with_one_serial_are_not_guessed_at(site: Site) -> None:
    twins = tuple(one.model_copy(update={"serial": "SN-5", "make": None}) for one in site.machines)
    first, _ = read_page(SNAPSHOTS / "camel.json", twins, now=NOW).found
    assert first.match.machine is None
    assert "SerialNumber is that of EX-001, EX-002" in first.match.why
    assert "mend the site file" in first.match.why

"""Snapshots out of a site's history and back: nothing changes on the way."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result

from chantier.aemp.elements import NOT_CARRIED, Snapshot
from chantier.aemp.feeding import read_page
from chantier.aemp.writing import as_json, as_xml
from chantier.backfill import backfill, last_days
from chantier.cli import main
from chantier.exchange import snapshot
from chantier.raw import last_day, raw_files
from chantier.site import EXAMPLE, Site

NOW = 1_792_101_600 + 16 * 3600


@pytest.fixture(scope="module")
def site() -> Site:
    example = Site.load(EXAMPLE)
    first, *others = example.machines[::4]
    named = first.model_copy(
        update={"make": "M & <Co>", "model": "É22", "pin": "P1", "serial": "S1"}
    )
    return example.model_copy(update={"machines": (named, *others)})


@pytest.fixture(scope="module", params=[1, 2, 3])
def history(
    site: Site, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("history")
    backfill(
        site,
        stretch=last_days(site, 2, now=NOW),
        seed=request.param,
        scenarios=(),
        folder=folder,
        tick=lambda _day, _done, _there: None,
    )
    return folder


def taken(site: Site, folder: Path, *only: str, back_days: int = 3) -> Snapshot:
    return snapshot(
        site,
        partial(raw_files, folder),
        at=last_day(folder),
        back_days=back_days,
        only=only,
        tick=lambda _done, _there: None,
    )


@pytest.mark.parametrize("written", [as_xml, as_json])
def test_what_was_written_is_read_back_as_it_was(
    site: Site, history: Path, tmp_path: Path, written: object
) -> None:
    told = taken(site, history)
    path = tmp_path / "fleet"
    path.write_bytes(written(told))  # type: ignore[operator]  # either of the two
    found = read_page(path, site.machines, now=told.t).found
    assert [one.match.machine for one in found] == [one.id for one in site.machines]
    assert found[0].match.by == "PIN"
    for one, machine in zip(found, told.machines, strict=True):
        assert one.equipment.header == machine.header
        assert one.equipment.notes == ()
        carried = [element for element in machine.elements if element.name not in NOT_CARRIED]
        values = {(v.element, v.t, v.value) for v in one.equipment.values}
        assert {name for name, _, _ in values} == {element.name for element in carried}
        for element in carried:
            for part, said in element.parts.items():
                if part != "EngineNumber" and "Tank" not in part and "Units" not in part:
                    assert (element.name, element.t, said) in values
        others = {element.name for element in machine.elements} & set(NOT_CARRIED)
        assert set(one.equipment.others) == others


def test_the_same_history_gives_the_same_bytes(site: Site, history: Path) -> None:
    assert as_xml(taken(site, history)) == as_xml(taken(site, history))


def test_counters_are_those_of_the_last_message(site: Site, history: Path) -> None:
    machine = site.machines[1].id
    said = [
        (reading["t"], reading["op_h"])
        for path in sorted(history.glob("raw/*/*.jsonl"))
        for message in map(json.loads, path.read_text("utf-8").splitlines())
        if message["machine"] == machine
        for reading in message["readings"]
        if "op_h" in reading
    ]
    root = ET.fromstring(as_xml(taken(site, history, machine)))  # noqa: S314 - our own
    (element,) = root.findall(".//{*}CumulativeOperatingHours")
    assert (element.get("datetime"), float(element.findtext("{*}Hour", ""))) == max(said)


def test_a_machine_that_was_not_heard_is_a_header_alone(site: Site, tmp_path: Path) -> None:
    (tmp_path / "raw" / "dt=2026-10-16").mkdir(parents=True)
    told = taken(site, tmp_path)
    assert all(one.elements == () and one.header["EquipmentID"] for one in told.machines)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--site", str(EXAMPLE)])


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("example")
    done = run("simulate", "--backfill", "1d", "--out", str(folder))
    assert done.exit_code == 0, done.output
    return folder


def test_export_prints_the_document_alone(example: Path) -> None:
    done = run("export", "--aemp", "--from", str(example), "--machine", "EX-002")
    assert done.exit_code == 0, done.output
    (header,) = ET.fromstring(done.stdout).findall(".//{*}EquipmentID")  # noqa: S314 - our own
    assert header.text == "EX-002"
    done = run("export", "--aemp", "--from", str(example), "--json")
    assert len(json.loads(done.stdout)["Fleet"]["Equipment"]) == 12


def test_export_wants_to_be_told_the_format(example: Path) -> None:
    done = run("export", "--from", str(example))
    assert done.exit_code == 2
    assert "--aemp" in done.stderr


def test_export_says_what_is_not_there(tmp_path: Path, example: Path) -> None:
    done = run("export", "--aemp", "--from", str(tmp_path))
    assert done.exit_code == 1
    assert "There is no raw/dt=YYYY-MM-DD/" in done.stderr
    done = run("export", "--aemp", "--from", str(example), "--machine", "EX-999")
    assert done.exit_code == 1
    assert "EX-999" in done.stderr
    done = run("export", "--aemp", "--from", str(example), "--out", str(tmp_path / "no" / "f.xml"))
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


def test_a_dry_run_tells_and_sends_nothing(example: Path, tmp_path: Path) -> None:
    snapshot_file = str(tmp_path / "fleet.xml")
    assert run("export", "--aemp", "--from", str(example), "--out", snapshot_file).exit_code == 0
    done = run("import", snapshot_file, "--dry-run", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert {one["machine"] for one in said["equipment"]} == {
        machine.id for machine in Site.load(EXAMPLE).machines
    }
    assert "acknowledged" not in said
    assert "EX-001" in run("import", snapshot_file, "--dry-run").stdout


def test_a_snapshot_of_strangers_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "fleet.json"
    path.write_text('{"EquipmentHeader": {"PIN": "X1"}}', "utf-8")
    done = run("import", str(path), "--dry-run")
    assert done.exit_code == 1
    assert "no machine of the site file has pin = 'X1'" in " ".join(done.stdout.split())
    assert "give its pin or serial" in done.stderr


def test_one_broken_page_stops_all_of_them(example: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    assert run("export", "--aemp", "--from", str(example), "--out", str(good)).exit_code == 0
    bad.write_bytes(good.read_bytes()[:500])
    done = run("import", str(good), str(bad))
    assert done.exit_code == 1
    assert "broken XML" in done.stderr
    assert done.stdout == ""

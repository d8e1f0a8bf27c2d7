"""Fleet snapshots of other makers reach a deployed site as readings, and come out of it again."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest

from chantier.aemp.writing import as_xml
from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.exchange import feed, read_pages, snapshot
from chantier.raw import raw_days
from chantier.telemetry import format_time
from tests.embedded.conftest import Deployed, deploy_site, example_site, until

CHILD = """<Fleet xmlns="urn:example:maker"><Equipment>
  <EquipmentHeader><EquipmentID>{machine}</EquipmentID></EquipmentHeader>
  <CumulativeOperatingHours><Hour>812.5</Hour><datetime>{now}</datetime></CumulativeOperatingHours>
  <FuelRemaining datetime="{now}"><Percent>3.2</Percent></FuelRemaining>
  <EngineStatus dateTime="{before}"><Running>true</Running></EngineStatus>
</Equipment></Fleet>"""
CAMEL = """{{"equipment": [{{"equipmentHeader": {{"equipmentId": "{machine}"}},
  "cumulativeOperatingHours": {{"hour": 99.5, "dateTime": "{now}"}},
  "location": {{"latitude": 48.7, "longitude": 2.2, "dateTime": "{now}"}}}}]}}"""


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, project: Path) -> Deployed:
    """A site of its own: what is fed here is no other test's."""
    return deploy_site(cloud, example_site("mixed-fleet", "MF-"), project)


def quiet(_done: int, _there: int) -> None:
    return


def written(folder: Path, name: str, text: str, machine: str) -> Path:
    now = int(time.time())
    path = folder / name
    times = {"now": format_time(now), "before": format_time(now - 30)}
    path.write_text(text.format(machine=machine, **times), "utf-8")
    return path


def test_two_dialects_are_fed_over_mtls_stored_judged_and_exported(
    deployed: Deployed, tmp_path: Path
) -> None:
    first, second = deployed.site.machines[-1].id, deployed.site.machines[-2].id
    deployed.enrol(first)
    deployed.enrol(second)
    files = [
        written(tmp_path, "fleet.xml", CHILD, first),
        written(tmp_path, "fleet.json", CAMEL, second),
    ]
    pages, _ = read_pages(deployed.site, files)
    said = feed(deployed.cloud, deployed.site, pages, home=deployed.home, tick=quiet)
    assert said["trouble"] == {}
    assert (said["machines"], said["readings"]) == (2, 3)
    assert said["sent"] == said["acknowledged"]

    def stored() -> dict[str, float]:
        return {
            message["machine"]: reading["op_h"]
            for message in deployed.raw()
            for reading in message.get("readings", [])
            if reading.get("op_h") in (812.5, 99.5)
        }

    assert until(stored, lambda found: len(found) == 2) == {first: 812.5, second: 99.5}
    told = snapshot(
        deployed.site,
        partial(raw_days, deployed.cloud, deployed.outputs["DataBucketName"]),
        at=int(time.time()),
        back_days=1,
        only=(first, second),
        tick=quiet,
    )
    text = as_xml(told).decode()
    assert "<Hour>812.5</Hour>" in text
    assert "<Hour>99.5</Hour>" in text


def test_a_machine_without_a_certificate_sends_nothing_of_any(
    deployed: Deployed, tmp_path: Path
) -> None:
    known, bare = deployed.site.machines[-1].id, deployed.site.machines[-3].id
    deployed.enrol(known)
    files = [
        written(tmp_path, "known.xml", CHILD.replace("812.5", "813.75"), known),
        written(tmp_path, "bare.json", CAMEL, bare),
    ]
    pages, _ = read_pages(deployed.site, files)
    elsewhere = tmp_path / ".chantier"
    with pytest.raises(ChantierError) as refused:
        feed(deployed.cloud, deployed.site, pages, home=elsewhere, tick=quiet)
    assert "machine add" in refused.value.hint
    assert "813.75" not in str(deployed.raw())

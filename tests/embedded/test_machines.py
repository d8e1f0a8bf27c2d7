"""Certificates after their first day: revoked, rotated, removed; and what is told of them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from click.testing import CliRunner, Result

from chantier.cli import main
from chantier.cloud import Broker, Cloud
from chantier.errors import ChantierError
from chantier.identity import ABOUT_FILE, Identity, find
from chantier.machines.retiring import principals_of
from chantier.machines.rotating import rotate
from chantier.machines.swapping import FILES, NEW
from chantier.machines.yard import Yard
from chantier.sending import lines_of
from chantier.site import Site
from chantier.telemetry import format_time, ingest_topic
from simulator.link import Link
from simulator.outbox import LinkLost
from tests.embedded.conftest import Deployed, deploy_site, until
from tests.embedded.test_destroy import site_at
from tests.embedded.test_identity import session

pytestmark = pytest.mark.embedded
SITE = "papers"
IDS = [f"PAP-{number}" for number in range(1, 9)]
MESSAGES = 150


@pytest.fixture(scope="module")
def papers(cloud: Cloud, project: Path) -> Deployed:
    """A site whose machines change papers; its things are not the stack's."""
    path = site_at(project, SITE, IDS, size="fleet")
    return deploy_site(cloud, Site.load(path), project)


@pytest.fixture(scope="module")
def yard(papers: Deployed) -> Yard:
    return Yard(papers.cloud, papers.site, papers.home, papers.outputs)


def ask(papers: Deployed, *words: str, site: str = SITE) -> Result:
    path = papers.home.parent / f"{site}.toml"
    return CliRunner().invoke(
        main, ["machine", *words, "--local", "--site", str(path)], prog_name="chantier"
    )


def copied(identity: Identity, to: Path) -> Identity:
    """The papers as they are now, where no rotation reaches them."""
    shutil.copytree(identity.key.parent, to)
    return identity._replace(
        key=to / identity.key.name, certificate=to / identity.certificate.name
    )


def get_in(papers: Deployed, identity: Identity) -> None:
    """A session over mTLS, no second try; `LinkLost` where the broker refuses."""
    line = lines_of(papers.cloud, [identity])[identity.machine]

    async def connect() -> None:
        async with Link(line, tries=1):
            pass

    asyncio.run(connect())


def body(seq: int) -> bytes:
    reading = {"t": format_time(1_790_000_000), "seq": seq}
    return json.dumps({"v": 1, "readings": [reading]}).encode()


def test_a_revoked_machine_loses_its_session_and_does_not_get_in_again(papers: Deployed) -> None:
    machine = IDS[0]
    identity = papers.enrol(machine)
    ended: list[Result] = []

    async def stay(client: aiomqtt.Client) -> None:
        connected = json.loads(
            (await asyncio.to_thread(ask, papers, "show", machine, "--json")).stdout
        )
        assert connected["connected"] is True
        ended.append(await asyncio.to_thread(ask, papers, "revoke", machine))
        async for _message in client.messages:
            pass

    with pytest.raises(aiomqtt.MqttError):
        session(papers, identity, machine, stay)
    assert ended[0].stderr == f"{machine}: revoked; its session was ended.\n"
    with pytest.raises(LinkLost):
        get_in(papers, identity)
    told = json.loads(ask(papers, "show", machine, "--json").stdout)
    assert [one["status"] for one in told["certificates"]] == ["REVOKED"]
    again = ask(papers, "revoke", machine)
    assert "was revoked already; it was not connected" in again.stderr


def test_a_revoked_machine_is_let_in_again_only_by_its_name(papers: Deployed, yard: Yard) -> None:
    machine = IDS[1]
    before = papers.enrol(machine)
    ask(papers, "revoke", machine)
    everyone = ask(papers, "add", "--all")
    assert everyone.exit_code == 0, everyone.stderr
    assert f"{machine} is revoked." in everyone.stderr
    with pytest.raises(ChantierError, match="does not open the door"):
        rotate(yard, machine)
    with pytest.raises(LinkLost):
        get_in(papers, before)
    assert ask(papers, "add", machine).exit_code == 0
    after = find(papers.home, papers.cloud, SITE, machine)
    assert after
    get_in(papers, after)


def test_a_rotated_certificate_gets_in_and_the_former_does_not(
    papers: Deployed, tmp_path: Path
) -> None:
    machine = IDS[2]
    before = copied(papers.enrol(machine), tmp_path / "before")
    get_in(papers, before)
    told = ask(papers, "rotate", machine, "--json")
    assert told.exit_code == 0, told.stderr
    after = papers.enrol(machine)
    assert not after.created
    assert json.loads(told.stdout)[0]["certificate_arn"] == after.certificate_arn
    assert after.certificate_arn != before.certificate_arn
    get_in(papers, after)
    with pytest.raises(LinkLost):
        get_in(papers, before)
    iot = papers.cloud.client("iot")
    assert principals_of(iot, machine) == [after.certificate_arn]
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_certificate(certificateId=before.certificate_arn.rpartition("/")[2])
    assert sorted(path.name for path in after.key.parent.iterdir()) == sorted(FILES)
    for path in after.key.parent.iterdir():
        assert stat.S_IMODE(path.lstat().st_mode) == 0o600


def test_a_box_with_copies_goes_on_until_the_second_step(papers: Deployed, tmp_path: Path) -> None:
    machine = IDS[2]
    box = copied(papers.enrol(machine), tmp_path / "box")
    told = ask(papers, "rotate", machine, "--keep-old")
    assert f"chantier machine rotate {machine} --finish" in told.stderr
    get_in(papers, box)
    here = find(papers.home, papers.cloud, SITE, machine)
    assert here
    assert here.certificate_arn != box.certificate_arn
    get_in(papers, here)
    assert ask(papers, "rotate", machine, "--finish").exit_code == 0
    with pytest.raises(LinkLost):
        get_in(papers, box)
    get_in(papers, here)


def test_a_rotation_under_load_loses_no_message(papers: Deployed, yard: Yard) -> None:
    machine = IDS[3]
    identity = papers.enrol(machine)
    line = lines_of(papers.cloud, [identity])[machine]
    topic, first = ingest_topic(SITE, machine), 50_000

    async def send() -> int:
        rotations = 0
        async with Link(line, tries=8, pause_s=0.1) as link:
            turning: asyncio.Task[Any] | None = None
            for seq in range(MESSAGES):
                if seq in (30, 90):
                    assert turning is None or turning.done()
                    turning = asyncio.create_task(asyncio.to_thread(rotate, yard, machine))
                    rotations += 1
                await link.publish(topic, body(first + seq))
                await asyncio.sleep(0.03)
                if turning and seq == 89:
                    await turning
            if turning:
                await turning
        return rotations

    assert asyncio.run(send()) == 2

    def arrived() -> set[int]:
        found = [
            one["readings"][0].get("seq", 0) for one in papers.raw() if one["machine"] == machine
        ]
        return {seq - first for seq in found if seq >= first}

    assert until(arrived, lambda found: len(found) == MESSAGES) == set(range(MESSAGES))


def test_a_rotation_that_is_killed_locks_nobody_out_and_is_finished_by_the_next(
    papers: Deployed, project: Path, yard: Yard
) -> None:
    machine = IDS[4]
    before = papers.enrol(machine)
    noted = before.key.parent / NEW / ABOUT_FILE
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-m", "chantier", "machine", "rotate", machine, "--local"]
    process = subprocess.Popen(
        [*command, "--site", str(project / f"{SITE}.toml")],
        env={**os.environ, "PYTHONPATH": root},
    )
    while not noted.exists():
        assert process.poll() is None
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    here = find(papers.home, papers.cloud, SITE, machine)
    assert here
    get_in(papers, here)
    done = rotate(yard, machine)
    assert done.resumed
    assert done.certificate_arn != before.certificate_arn
    assert principals_of(yard.iot, machine) == [done.certificate_arn]
    get_in(papers, papers.enrol(machine))


def test_a_new_certificate_that_does_not_get_in_changes_nothing(
    papers: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = IDS[5]
    before = papers.enrol(machine)
    monkeypatch.setattr("chantier.machines.rotating.PROOFS", 1)
    nowhere = Broker("127.0.0.1", 9, papers.cloud.broker().ca)
    lost = Yard(papers.cloud, papers.site, papers.home, papers.outputs)
    vars(lost)["broker"] = nowhere
    with pytest.raises(ChantierError, match="does not get in"):
        rotate(lost, machine)
    assert principals_of(lost.iot, machine) == [before.certificate_arn]
    assert papers.enrol(machine) == before._replace(created=False)
    assert not (before.key.parent / NEW).exists()


def test_a_removed_machine_is_unknown_to_aws_and_its_files_are_gone(papers: Deployed) -> None:
    machine = IDS[6]
    identity = papers.enrol(machine)
    told = json.loads(ask(papers, "remove", machine, "--json").stdout)
    assert (told[0]["thing"], len(told[0]["certificates"])) == (True, 1)
    iot = papers.cloud.client("iot")
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName=machine)
    assert not identity.key.parent.exists()
    again = ask(papers, "remove", machine)
    assert again.exit_code == 0, again.stderr


def test_a_thing_of_the_stack_stays_when_its_machine_is_removed(
    deployed: Deployed, project: Path
) -> None:
    (project / "zac-des-tilleuls.toml").write_text(
        Path("chantier/example.toml").read_text("utf-8"), "utf-8"
    )
    deployed.enrol("TB-003")
    told = ask(deployed, "remove", "TB-003", site="zac-des-tilleuls")
    assert "its thing stays: it is part of the stack" in told.stderr
    iot = deployed.cloud.client("iot")
    assert iot.describe_thing(thingName="TB-003")["attributes"]["site"] == deployed.site.name
    assert principals_of(iot, "TB-003") == []


def test_many_are_not_touched_without_a_word(papers: Deployed) -> None:
    for verb in ("revoke", "remove"):
        told = ask(papers, verb, "--all")
        assert told.exit_code == 1
        assert f"chantier machine {verb} --all --yes --local" in told.stderr
    assert ask(papers, "revoke").exit_code == 2
    assert ask(papers, "revoke", IDS[0], "--all").exit_code == 2


def test_everyone_is_rotated_and_listed_with_what_aws_knows(papers: Deployed) -> None:
    ask(papers, "add", "--all")
    ask(papers, "add", IDS[0])
    told = ask(papers, "rotate", "--all", "--json")
    assert told.exit_code == 0, told.stderr
    new = {one["machine"]: one["certificate_arn"] for one in json.loads(told.stdout)}
    assert sorted(new) == IDS
    rows = json.loads(ask(papers, "list", "--status", "--json").stdout)
    for row in rows:
        (one,) = row["certificates"]
        assert (one["arn"], one["status"], one["here"]) == (new[row["id"]], "ACTIVE", True)
        assert one["policies"] == [papers.outputs["MachinePolicyName"]]
        assert one["expires_at"] > one["created_at"]
        assert (row["thing"], row["key_here"], row["key_private"]) == (True, True, True)
        assert row["connected"] is False
    key = papers.home / "local" / "machines" / SITE / IDS[0] / "private.key"
    key.chmod(0o644)
    assert "OTHERS MAY READ IT" in ask(papers, "show", IDS[0]).stdout
    key.chmod(0o600)


def test_machines_of_a_csv_file_join_the_site_file_and_get_papers(
    papers: Deployed, tmp_path: Path
) -> None:
    path, table = papers.home.parent / f"{SITE}.toml", tmp_path / "new.csv"
    before = path.read_text("utf-8")
    table.write_text("id;class;label\nNEW-1;roller;Compacteur n° 1\nNEW-2;roller;\n", "utf-8")
    told = ask(papers, "add", "--from", str(table), "--json")
    assert told.exit_code == 0, told.stderr
    assert [one["id"] for one in json.loads(told.stdout)] == ["NEW-1", "NEW-2"]
    assert path.read_text("utf-8").startswith(before)
    fresh = find(papers.home, papers.cloud, SITE, "NEW-1")
    assert fresh
    get_in(papers, fresh)
    again = ask(papers, "add", "--from", str(table))
    assert again.exit_code == 1
    assert "line 2: 'NEW-1' is in the site file already" in again.stderr

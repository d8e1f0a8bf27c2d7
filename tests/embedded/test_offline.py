"""The embedded AWS behind a network that fails, clocks that are wrong, and new certificates."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chantier.cloud import Cloud
from chantier.identity import Identity, key_and_request, withdraw, write_private
from chantier.score import judge
from chantier.sending import lines_of, queue_of
from chantier.settling import days_of, settle_day
from chantier.site import EXAMPLE, Site
from chantier.telemetry import ingest_topic
from simulator.fleet import run_fleet
from simulator.hours import busy_hour
from simulator.incident import parse
from simulator.link import Link
from simulator.network import parse_network
from simulator.pace import Backoff
from simulator.pulse import Pulse
from simulator.renewal import keep_current
from simulator.report import FleetReport
from simulator.shift import shift
from tests.embedded.conftest import Deployed, deploy_site, example_site, until

pytestmark = pytest.mark.embedded
CREW = ("R-EX-001", "R-EX-002", "R-CH-001", "R-TB-001")
PLAYED = ("surchauffe@R-EX-002+5m", "perte-pression-huile@R-CH-001+12m")
LENGTH_S = 2400
BAD = "loss=5%,latency=30ms,disconnect=6m/30s,duplicate=5%,reorder=5%,skew=90s"
QUICK = Backoff(first_s=0.1, most_s=0.5)


@pytest.fixture(scope="module")
def rough(cloud: Cloud, project: Path) -> Deployed:
    """The example site under another name, with certificates for four machines."""
    site = example_site("rough", "R-")
    few = tuple(machine for machine in site.machines if machine.id in CREW)
    deployed = deploy_site(cloud, site.model_copy(update={"machines": few}), project)
    for machine in CREW:
        deployed.enrol(machine)
    return deployed


def run(site: Deployed, queue: Path, pulse: Pulse, *machines: str, **how: object) -> FleetReport:
    lines = lines_of(site.cloud, [site.enrol(machine) for machine in machines])
    fleet = run_fleet(
        site.site,
        lines,
        seed=3,
        pulse=pulse,
        backoff=QUICK,
        queue=queue,
        **how,  # type: ignore[arg-type] # a test's own words
    )
    return asyncio.run(fleet)


def stored(site: Deployed, *machines: str) -> set[tuple[str, int]]:
    """Machine and sequence number of every reading in the raw data."""
    return {
        (message["machine"], reading["seq"])
        for message in site.raw()
        if message.get("machine") in machines
        for reading in message["readings"]
    }


def test_with_every_fault_on_each_reading_reaches_the_raw_data_and_the_alerts_are_the_scripted(
    rough: Deployed, tmp_path: Path
) -> None:
    start = busy_hour(rough.site, before=int(time.time()) - 600, duration_s=LENGTH_S)
    incidents = [parse(text, CREW) for text in PLAYED]
    pulse = Pulse()
    report = run(
        rough,
        tmp_path / "queue.db",
        pulse,
        *CREW,
        start=start,
        duration_s=LENGTH_S,
        speed=120,
        incidents=incidents,
        network=parse_network(BAD),
    )
    assert set(pulse.faults) == {"loss", "latency", "disconnect", "duplicate", "reorder"}
    assert (report.lost, report.undelivered, pulse.waiting) == ({}, (), 0)
    made = {
        (machine, reading.seq)
        for machine, readings, _ in shift(
            rough.site, start=start, duration_s=LENGTH_S, seed=3, incidents=incidents
        )
        for reading in readings
    }
    assert until(lambda: stored(rough, *CREW), lambda found: found >= made) == made
    # What was overtaken is not judged live: the day is settled, as every night.
    day = datetime.fromtimestamp(start, ZoneInfo(rough.site.site.timezone)).date()
    settle_day(
        rough.cloud,
        rough.site,
        rough.outputs,
        days_of(rough.site, day, now=time.time()),
        dry_run=False,
        tick=lambda *_: None,
    )
    verdict = judge(report.expected, rough.alerts(*CREW))
    assert (len(verdict.found), verdict.missing, verdict.unexpected) == (2, (), ())
    assert rough.quarantine() == []


def test_a_clock_that_is_too_far_ahead_is_quarantined_with_its_reason_and_kept_raw(
    rough: Deployed, tmp_path: Path
) -> None:
    pulse, before = Pulse(), len(rough.raw())
    report = run(
        rough,
        tmp_path / "queue.db",
        pulse,
        CREW[0],
        start=int(time.time()),
        duration_s=3,
        speed=1,
        network=parse_network("skew=+600s"),
    )
    assert report.lost == {}
    assert pulse.acked == pulse.handed > 0
    kept = until(rough.quarantine, bool)
    assert all("s ahead of the clock" in one.reason for one in kept)
    assert {one.machine for one in kept} == {CREW[0]}
    assert until(lambda: len(rough.raw()), lambda count: count > before) == before + pulse.acked


def second_certificate(site: Deployed, machine: str) -> tuple[str, bytes, bytes]:
    """A certificate beside the one that the machine has: its ARN, itself, its key."""
    client = site.cloud.client("iot")
    key, request = key_and_request(machine)
    made = client.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=True)
    arn = str(made["certificateArn"])
    client.attach_policy(policyName=site.outputs["MachinePolicyName"], target=arn)
    client.attach_thing_principal(thingName=machine, principal=arn)
    return arn, made["certificatePem"].encode(), key


def test_a_machine_changes_its_certificate_while_it_sends_and_no_message_is_lost_or_doubled(
    rough: Deployed,
) -> None:
    machine, count, pulse = "R-TB-001", 120, Pulse(machines=1)
    known: Identity = rough.enrol(machine)
    arn, certificate, key = second_certificate(rough, machine)
    line = lines_of(rough.cloud, [known])[machine]
    topic = ingest_topic(rough.site.name, machine)

    async def send() -> None:
        async with Link(line, queued=True, watch=pulse) as link:
            keeping = asyncio.create_task(keep_current([link], round_s=0.3))
            for n in range(count):
                await link.publish(topic, b'{"v":9,"n":%d}' % n)
                if n == count // 3:
                    write_private(known.key, key)
                    write_private(known.certificate, certificate)
                await asyncio.sleep(0.01)
            while not pulse.rotated:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await asyncio.to_thread(
                withdraw,
                rough.cloud.client("iot"),
                known.certificate_arn,
                policy=rough.outputs["MachinePolicyName"],
                thing=machine,
            )
            link.cut("the old certificate is no more: the new one alone opens this")
            await link.publish(topic, b'{"v":9,"n":%d}' % count)
            keeping.cancel()

    asyncio.run(asyncio.wait_for(send(), 60))

    def arrived() -> list[int]:
        return sorted(message["n"] for message in rough.raw() if "n" in message)

    assert until(arrived, lambda found: len(found) > count) == list(range(count + 1))
    assert (pulse.rotated, pulse.connections) == (1, 3)
    assert arn != known.certificate_arn


def test_a_stopped_command_leaves_its_queue_and_the_next_one_sends_it_first(
    cloud: Cloud, project: Path
) -> None:
    file = project / "stopped.toml"
    text = EXAMPLE.read_text("utf-8").replace("zac-des-tilleuls", "stopped")
    file.write_text(text.replace('\nid = "', '\nid = "S-'), "utf-8")
    site = Site.load(file)
    deployed = deploy_site(cloud, site, project)
    for machine in site.machines:
        deployed.enrol(machine.id)
    command = [sys.executable, "-m", "chantier", "simulate", "--local", "--json"]
    command += ["--site", str(file), "--speed", "60"]
    # A network that is away nearly all the time.
    away = ["--network", "disconnect=1s/24h", "--minutes", "180"]
    with subprocess.Popen([*command, *away], stdout=-1, stderr=-1, text=True) as running:
        queue = queue_of(project / ".chantier", cloud, site)
        assert until(Path(f"{queue}-wal").exists, bool)
        time.sleep(1)
        running.send_signal(signal.SIGTERM)
        said, told = running.communicate()
    assert running.returncode == 143, told
    first = json.loads(said)
    assert first["queue"]["on_disk"] == first["queue"]["waiting"] > 0
    assert first["queue"]["file"] == str(queue)
    assert f"messages wait in {queue}: the next chantier simulate sends them first." in told
    done = subprocess.run(
        [*command, "--minutes", "5"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    second = json.loads(done.stdout)
    assert second["queue"]["left_over"] == first["queue"]["on_disk"]
    assert second["sent"] == second["acknowledged"]
    assert not queue.exists()

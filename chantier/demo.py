"""The whole path once, for real: from a site file to a stored alert, on the embedded AWS.

Nothing in here is a stand-in: the template that `synth` prints is deployed by
the code that `deploy` runs, machines hold their own certificates and speak mTLS
to the broker, and what is counted at the end is read back from the bucket, the
table and the log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chantier.alerts import read_alerts
from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.fleet import enrol_all
from chantier.identity import folder
from chantier.lint import lint
from chantier.local import down, status, up, warm
from chantier.logs import read_log
from chantier.raw import Quarantined, quarantine, raw_objects
from chantier.records import Alert
from chantier.score import Latency, Verdict, judge, latency, lost, message_names
from chantier.sending import counting, lines_of, site_time
from chantier.site import Site
from chantier.stack import deploy
from chantier.telemetry import Reading, ingest_topic
from chantier.template import synthesize
from simulator.fleet import run_fleet
from simulator.incident import Expected, Incident, parse
from simulator.link import Line, Link
from simulator.replay import replay
from simulator.report import Sent

Say = Callable[[str], None]
Tick = Callable[[int, int, int], None]

SPEED = 60.0
MINUTES = 60
# A few seconds of messages in an object, so that the demo need not wait for Firehose's minutes.
BUFFER_S = "2"
WORKERS = 8
SETTLE_S = 30.0
# Sent on purpose, to see them arrive in quarantine with their reasons.
BROKEN: tuple[bytes, ...] = (
    b"this is not JSON",
    b'{"v":2,"readings":[]}',
    b'{"v":1,"readings":[{"seq":1,"cool_c":88}]}',
    b'{"v":1,"readings":[{"t":"2026-11-02T08:00:00Z","cool_c":NaN}]}',
)
MARK = "made-by-demo"


@dataclass(frozen=True)
class DemoReport:
    """What a demo showed.

    Attributes:
        sent: every message of the fleet and of the replay.
        lost: those that the raw data does not hold.
        raw_keys: raw objects in the bucket.
        quarantined: what could not be read; `broken` of them were sent so on purpose.
        broken: messages sent broken.
        verdict: scripted alerts against found ones.
        alerts: every alert in the table.
        took: publish to stored alert; None if no alert was stored.
        replayed: readings replayed from a recording.
        seconds: how long it all took.
    """

    sent: tuple[Sent, ...]
    lost: tuple[Sent, ...]
    raw_keys: tuple[str, ...]
    quarantined: tuple[Quarantined, ...]
    broken: int
    verdict: Verdict
    alerts: tuple[Alert, ...]
    took: Latency | None
    replayed: int
    seconds: float

    @property
    def ok(self) -> bool:
        """Nothing sent is missing, nothing scripted is missing, nothing broken vanished."""
        return not (
            self.lost or self.verdict.missing or len(self.quarantined) != self.broken
        ) and bool(self.sent)

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {
            "ok": self.ok,
            "messages": {
                "sent": len(self.sent),
                "stored": len(self.sent) - len(self.lost),
                "lost": len(self.lost),
                "broken": self.broken,
                "quarantined": len(self.quarantined),
            },
            "alerts": {
                "scripted": len(self.verdict.found) + len(self.verdict.missing),
                "found": len(self.verdict.found),
                "missing": [one._asdict() for one in self.verdict.missing],
                "unexpected": [alert.as_dict() for alert in self.verdict.unexpected],
            },
            "latency_ms": self.took._asdict() if self.took else None,
            "raw_objects": len(self.raw_keys),
            "replayed_readings": self.replayed,
            "seconds": round(self.seconds, 1),
        }


@dataclass(frozen=True)
class Stage:
    """A deployed site, its machines' identities, and the site time that it is."""

    site: Site
    cloud: Cloud
    outputs: Mapping[str, str]
    lines: Mapping[str, Line]
    start: int


def run_demo(  # noqa: PLR0913 - a run is described by these
    site: Site,
    *,
    home: Path,
    recording: tuple[Reading, ...] = (),
    seed: int = 1,
    say: Say,
    tick: Tick,
) -> DemoReport:
    """Run the whole path; the local AWS stays up afterwards, unless this raises.

    Args:
        site: the site; two of its machines play an incident.
        home: the project's `.chantier` folder.
        recording: readings to replay first.
        seed: of the simulated machines.
        say: receives a line of progress.
        tick: receives site time (epoch s), messages sent, and of these acknowledged.

    Raises:
        ChantierError: a step failed; the local AWS is stopped then.
    """
    began = time.monotonic()
    local = home / "local"
    fresh(local)
    try:
        stage = prepare(site, home=home, say=say)
        incidents = script(site)
        say("Machines at work: " + ", ".join(str(incident) for incident in incidents))
        sent, expected = asyncio.run(
            _play(stage, incidents, recording=recording, seed=seed, tick=tick)
        )
        return _count(stage, sent, expected, replayed=len(recording), began=began)
    except BaseException:
        down(local)
        raise


def fresh(local: Path) -> None:
    """Forget the last demo; refuse to forget anything else.

    Raises:
        ChantierError: this project's local AWS holds something that no demo made.
    """
    if not (local / MARK).exists() and (status(local).running or any(local.glob("*/*"))):
        raise ChantierError(
            "This project's local AWS holds a deployment of yours, which a demo would wipe.",
            "Run the demo in an empty folder, or wipe it first: chantier local down --wipe",
        )
    down(local, wipe=True)
    local.mkdir(parents=True, exist_ok=True)
    (local / MARK).touch()


def prepare(site: Site, *, home: Path, say: Say) -> Stage:
    """Render, lint, start, deploy, enrol."""
    body = synthesize(site)
    findings = lint(body, region=site.site.region)
    say(f"Template: {len(body.encode()):,} bytes, cfn-lint: {len(findings)} findings.")
    if findings:
        raise ChantierError("The template does not pass cfn-lint.", "See: chantier lint")
    cloud = up(home / "local", region=site.site.region, say=say)
    say("Deploying ...")
    done = deploy(cloud, body, site=site.name, parameters={"RawBufferSeconds": BUFFER_S}, say=say)
    say(f"{done.stack}: {done.status}, {len(done.outputs)} outputs.")
    warm(cloud, done.outputs["DetectFunctionName"], workers=WORKERS)
    identities = enrol_all(cloud, site, site.machines, home=home, say=lambda _line: None)
    say(f"{len(identities)} machines have their key and certificate.")
    start = site_time(folder(home, cloud, site.name), site, minutes=MINUTES, speed=SPEED)
    return Stage(site, cloud, done.outputs, lines_of(cloud, identities), start)


def script(site: Site) -> tuple[Incident, ...]:
    """Two incidents, on two machines of the site (the same one if there is only one)."""
    ids = [machine.id for machine in site.machines]
    first, second = ids[min(1, len(ids) - 1)], ids[min(4, len(ids) - 1)]
    return (
        parse(f"surchauffe@{first}+5m", ids),
        parse(f"perte-pression-huile@{second}+20m", ids),
    )


def replayed_machine(site: Site) -> str:
    """Who plays a recording: the first 12 V machine, as road vehicles are, else the last one."""
    return next((m.id for m in site.machines if m.voltage == 12), site.machines[-1].id)  # noqa: PLR2004


async def _play(
    stage: Stage,
    incidents: Sequence[Incident],
    *,
    recording: tuple[Reading, ...],
    seed: int,
    tick: Tick,
) -> tuple[tuple[Sent, ...], tuple[Expected, ...]]:
    """The recording, then the fleet, then the broken messages."""
    sent: list[Sent] = []
    site, told = stage.site, counting(tick)

    def on_sent(one: Sent) -> None:
        sent.append(one)
        told(one)

    machine = replayed_machine(site)
    if recording:
        await replay(
            recording,
            stage.lines[machine],
            site=site.name,
            machine=machine,
            speed=SPEED,
            on_sent=on_sent,
        )
    report = await run_fleet(
        site,
        stage.lines,
        start=stage.start,
        duration_s=MINUTES * 60,
        speed=SPEED,
        seed=seed,
        incidents=incidents,
        on_sent=on_sent,
    )
    async with Link(stage.lines[machine]) as link:
        for payload in BROKEN:
            await link.publish(ingest_topic(site.name, machine), payload)
    return tuple(sent), tuple(report.expected)


def _count(
    stage: Stage,
    sent: tuple[Sent, ...],
    expected: tuple[Expected, ...],
    *,
    replayed: int,
    began: float,
) -> DemoReport:
    """Read back what arrived, once it has; wait no longer than half a minute."""
    bucket, cloud = stage.outputs["DataBucketName"], stage.cloud
    until = time.monotonic() + SETTLE_S
    while True:
        objects = list(raw_objects(cloud, bucket))
        missing = lost(sent, message_names(objects))
        kept = quarantine(cloud, bucket)
        if (not missing and len(kept) >= len(BROKEN)) or time.monotonic() > until:
            break
        time.sleep(0.5)
    alerts = read_alerts(cloud, stage.outputs["AlertsTableName"], site=stage.site.name)
    return DemoReport(
        sent=sent,
        lost=tuple(missing),
        raw_keys=tuple(one.key for one in objects),
        quarantined=tuple(kept),
        broken=len(BROKEN),
        verdict=judge(expected, alerts),
        alerts=tuple(alerts),
        took=latency(sent, read_log(cloud, stage.outputs["DetectLogName"])),
        replayed=replayed,
        seconds=time.monotonic() - began,
    )

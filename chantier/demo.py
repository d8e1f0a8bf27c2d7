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

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.fleet import enrol_all
from chantier.identity import DEMO_MARK, folder, forget, keep_out_of_git
from chantier.lint import lint
from chantier.local import WORKERS, down, status, up, warm, without_lacking
from chantier.sending import counting, lines_of, site_time, use_up
from chantier.site import Site
from chantier.stack import deploy
from chantier.tally import BROKEN, DemoReport, count
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
    fresh(home)
    try:
        stage = prepare(site, home=home, say=say)
        incidents = script(site)
        player = replayed_machine(site, incidents) if recording else site.machines[-1].id
        say("Machines at work: " + ", ".join(str(incident) for incident in incidents))
        sent, expected = asyncio.run(
            _play(stage, incidents, player, recording=recording, seed=seed, tick=tick)
        )
        return count(
            cloud=stage.cloud,
            outputs=stage.outputs,
            site=site.name,
            sent=sent,
            expected=expected,
            recorded=player if recording else None,
            replayed=len(recording),
            began=began,
        )
    except BaseException:
        down(local)
        raise


def fresh(home: Path) -> None:
    """Forget the last demo; refuse to forget anything else.

    Raises:
        ChantierError: this project's local AWS holds something that no demo made.
    """
    local = home / "local"
    if not (local / DEMO_MARK).exists() and (status(local).running or any(local.glob("*/*"))):
        raise ChantierError(
            "This project's local AWS holds a deployment of yours, which a demo would wipe.",
            "Run the demo in an empty folder, or wipe it first: chantier local down --wipe",
        )
    down(local, wipe=True)
    forget(home, "local")
    keep_out_of_git(home)
    local.mkdir(parents=True, exist_ok=True)
    (local / DEMO_MARK).touch()


def prepare(site: Site, *, home: Path, say: Say) -> Stage:
    """Render, lint, start, deploy, enrol."""
    body = synthesize(site)
    findings = lint(body, region=site.site.region)
    say(f"Template: {len(body.encode()):,} bytes, chantier lint: {len(findings)} findings.")
    if findings:
        raise ChantierError("The template does not pass its checks.", "See: chantier lint")
    cloud = up(home / "local", region=site.site.region, say=say)
    say("Deploying ...")
    parameters = {"RawBufferSeconds": BUFFER_S, **without_lacking(body, say)}
    done = deploy(cloud, body, site=site.name, parameters=parameters, say=say)
    say(f"{done.stack}: {done.status}, {len(done.outputs)} outputs.")
    warm(cloud, done.outputs["DetectFunctionName"], workers=WORKERS)
    identities = enrol_all(cloud, site, site.machines, home=home, say=lambda _line: None)
    say(f"{len(identities)} machines have their key and certificate.")
    at = folder(home, cloud, site.name)
    start = site_time(at, site, minutes=MINUTES, speed=SPEED)
    use_up(at, start + MINUTES * 60)
    return Stage(site, cloud, done.outputs, lines_of(cloud, identities), start)


def script(site: Site) -> tuple[Incident, ...]:
    """Two incidents, on two machines of the site (the same one if there is only one)."""
    ids = [machine.id for machine in site.machines]
    first, second = ids[min(1, len(ids) - 1)], ids[min(4, len(ids) - 1)]
    return (
        parse(f"surchauffe@{first}+5m", ids),
        parse(f"perte-pression-huile@{second}+20m", ids),
    )


def replayed_machine(site: Site, incidents: Sequence[Incident]) -> str:
    """Who plays a recording: a machine without incident, of 12 V if there is one."""
    scripted = {incident.machine for incident in incidents}
    free = [machine for machine in site.machines if machine.id not in scripted]
    if not free:
        raise ChantierError(
            f"Every machine of {site.name} plays an incident: none is left for a recording.",
            "Add a machine to the site file, or run the demo without --replay.",
        )
    return min(free, key=lambda machine: machine.voltage).id


async def _play(  # noqa: PLR0913 - a run is described by these
    stage: Stage,
    incidents: Sequence[Incident],
    machine: str,
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
        for payload, _, _ in BROKEN:
            await link.publish(ingest_topic(site.name, machine), payload)
    return tuple(sent), tuple(report.expected)

"""Machines that send to a deployed site: simulated, or replayed from a recording.

Each uses the identity that `machine add` made. Site time that runs faster than
the clock lies in the past, and never goes back: detection would not look at it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from chantier.backfill import last_days
from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.fleet import chosen
from chantier.identity import QUEUE_FILE, Identity, folder, need
from chantier.site import Site
from chantier.stack import outputs
from chantier.telemetry import MAX_AHEAD_S, format_time
from simulator.fleet import run_fleet
from simulator.gate import CONNECTS_PER_S
from simulator.hours import busy_hour
from simulator.incident import parse
from simulator.link import Line
from simulator.network import Network
from simulator.pace import CATCH_UP_PER_S
from simulator.pulse import Pulse
from simulator.replay import read_recording, replay
from simulator.report import FleetReport, Sent
from simulator.truth import told, write_truth

Tick = Callable[[int, int, int], None]

DAY_S = 86_400
# Room for many accelerated runs, one after the other, before they reach the present.
BACK_DAYS = 7
STEP_S = 900
_NOTE = "simulated.json"
# Beside the machines' identities, so that it is gone with the cloud that it is for.


def lines_of(cloud: Cloud, identities: Sequence[Identity]) -> dict[str, Line]:
    """How each machine reaches the broker."""
    broker = cloud.broker()
    return {
        one.machine: Line(
            host=broker.host,
            port=broker.port,
            ca=broker.ca,
            certificate=one.certificate,
            key=one.key,
            client_id=one.machine,
        )
        for one in identities
    }


def counting(tick: Tick) -> Callable[[Sent], None]:
    """A listener of sent messages that tells site time, how many were sent and acknowledged."""
    counts = [0, 0]

    def on_sent(one: Sent) -> None:
        counts[0] += 1
        counts[1] += one.acked_at is not None
        tick(one.t, *counts)

    return on_sent


def site_time(at: Path, site: Site, *, minutes: int, speed: float) -> int:
    """When a run starts, in site time.

    Args:
        at: folder of the site's identities, where the note is kept.
        site: whose opening hours count.
        minutes: length of the run.
        speed: 1 runs from now on; faster runs take opening hours of the last days.

    Raises:
        ChantierError: so much was simulated already that the next run would reach the future.
    """
    now, length = int(time.time()), minutes * 60
    if speed <= 1:
        return now
    used = _used(at)
    before = max(now - BACK_DAYS * DAY_S, used + length)
    while before <= now:
        start = busy_hour(site, before=before, duration_s=length)
        if start >= used:
            return start
        before += STEP_S
    raise ChantierError(
        "The opening hours of the last days are used up: detection never goes back in time.",
        "Run at the clock's own pace: --speed 1",
    )


def simulate_site(  # noqa: PLR0913 - a run is described by these
    cloud: Cloud,
    site: Site,
    *,
    home: Path,
    minutes: int,
    speed: float,
    seed: int,
    scenarios: Sequence[str],
    pulse: Pulse,
    back_days: int | None = None,
    truth: Path | None = None,
    connects_per_s: float = CONNECTS_PER_S,
    catch_up_per_s: float = CATCH_UP_PER_S,
    network: Network | None = None,
) -> dict[str, Any]:
    """Run every machine of the site; each must have its certificate here.

    Args:
        cloud: where the site is deployed.
        site: the site.
        home: the project's `.chantier` folder.
        minutes: of site time.
        speed: times faster than the clock.
        seed: the same seed, the same day.
        scenarios: incidents, written NAME@MACHINE+TIME.
        pulse: is kept up to date while the run goes on.
        back_days: send the last so many days at the pace of what is caught up, instead of
            minutes at a speed.
        truth: file for the alerts that must be found; written before anything is sent.
        connects_per_s: connections a second.
        catch_up_per_s: messages a second, of those that were held up.
        network: how the network fails; None for one that does not.

    Returns:
        What `summary` says, and more of what the pulse has counted.

    Raises:
        ChantierError: the site is not deployed, a machine has no certificate or cannot
            connect, or a scenario cannot be played. Nothing was sent then, and what an
            earlier run left in the queue is still there.
    """
    outputs(cloud, site.name)
    ids = [machine.id for machine in site.machines]
    incidents = [parse(text, ids) for text in scenarios]
    lines = lines_of(cloud, need(home, cloud, site.name, ids))
    at = folder(home, cloud, site.name)
    if back_days:
        start, end = _last_days(at, site, back_days)
    else:
        start = site_time(at, site, minutes=minutes, speed=speed)
        end = start + minutes * 60
    try:
        report = asyncio.run(
            run_fleet(
                site,
                lines,
                start=start,
                duration_s=end - start,
                speed=None if back_days else speed,
                seed=seed,
                incidents=incidents,
                on_cast=partial(write_truth, truth) if truth else lambda _expected: None,
                pulse=pulse,
                connects_per_s=connects_per_s,
                catch_up_per_s=catch_up_per_s,
                network=network,
                queue=queue_of(home, cloud, site),
                keep=False,
            )
        )
    finally:
        if pulse.handed:
            use_up(at, pulse.site_t)
    return {
        **pulse.as_dict(),
        "trouble": dict(report.lost),
        "expected_alerts": [told(one) for one in report.expected],
    }


def _last_days(at: Path, site: Site, days: int) -> tuple[int, int]:
    """Whole days until the last midnight, if site time has not reached them yet."""
    start, end = last_days(site, days)
    if (used := _used(at)) > start:
        raise ChantierError(
            f"Until {format_time(used)} was simulated already: detection never goes back in time.",
            "Ask for fewer days, or write them as files: --backfill 30d --out DIR",
        )
    return start, end


def _used(at: Path) -> int:
    """Until when site time was simulated, epoch seconds."""
    note = at / _NOTE
    return int(json.loads(note.read_text("utf-8"))["until"]) if note.exists() else 0


def use_up(at: Path, until: int) -> None:
    """Note that site time was simulated until then: no later run goes back before it."""
    at.mkdir(parents=True, exist_ok=True)
    (at / _NOTE).write_text(json.dumps({"until": max(until, _used(at))}) + "\n", "utf-8")


def queue_of(home: Path, cloud: Cloud, site: Site) -> Path:
    """Where messages of a site wait that the broker does not have; no file while none does."""
    return folder(home, cloud, site.name) / QUEUE_FILE


def replay_file(  # noqa: PLR0913 - a replay is described by these
    cloud: Cloud,
    site: Site,
    recording: Path,
    *,
    machine_id: str,
    home: Path,
    speed: float,
) -> dict[str, Any]:
    """Send a recording as one machine of the site.

    Raises:
        ChantierError: the file is missing or broken, the machine unknown or without certificate.
    """
    (machine,) = chosen(site, machine_id)
    readings = read_recording(recording)
    ahead = readings[-1].t - int(time.time())
    if ahead > MAX_AHEAD_S:
        raise ChantierError(
            f"{recording} ends {ahead} s in the future: detection would not believe it.",
            "Check the times of the recording, and this computer's clock.",
        )
    outputs(cloud, site.name)
    line = lines_of(cloud, need(home, cloud, site.name, [machine.id]))[machine.id]
    report = asyncio.run(replay(readings, line, site=site.name, machine=machine.id, speed=speed))
    return summary(report)


def summary(report: FleetReport) -> dict[str, Any]:
    """A run as JSON shows it."""
    return {
        "sent": len(report.sent),
        "acknowledged": len(report.delivered),
        "readings": report.readings,
        "urgent": report.urgent,
        "trouble": dict(report.lost),
        "expected_alerts": [told(one) for one in report.expected],
    }

"""Fleet snapshots in and out of a site: what is known last is written, what others know is fed.

Out, it reads the raw data of some days. In, it speaks as the machines themselves, each with
its own certificate: what a maker's portal says takes the way of every other reading.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from chantier.aemp.elements import Machine, Snapshot
from chantier.aemp.feeding import Page, read_page, readings, report
from chantier.aemp.known import known
from chantier.cloud import Cloud
from chantier.gathering import Gathered
from chantier.identity import need
from chantier.raw import RawObject
from chantier.sending import lines_of
from chantier.site import Machine as SiteMachine
from chantier.site import Site
from chantier.stack import outputs
from chantier.telemetry import Reading, format_time
from simulator.link import Line
from simulator.outbox import LinkLost
from simulator.replay import replay
from simulator.report import FleetReport

DAY_S = 86_400
_AT_ONCE = 16
Tick = Callable[[int, int], None]
Source = Callable[[Sequence[str], Tick], Iterator[RawObject]]


def snapshot(  # noqa: PLR0913 - keyword-only: of what, and how far back
    site: Site,
    source: Source,
    *,
    at: int,
    back_days: int,
    only: Collection[str],
    tick: Tick,
) -> Snapshot:
    """What is known last of a site's machines.

    Args:
        site: the site file.
        source: gives the raw objects of some days of arrival.
        at: epoch seconds; nothing later counts.
        back_days: how many days are read.
        only: ids of the machines to tell of; empty for all.
        tick: receives how many objects were read, and how many there are.
    """
    machines = [one for one in site.machines if not only or one.id in only]
    first = at - back_days * DAY_S
    days = [format_time(t)[:10] for t in range(first, at, DAY_S)]
    days += [] if days[-1] == format_time(at)[:10] else [format_time(at)[:10]]
    with tempfile.TemporaryDirectory(prefix="chantier-") as folder:
        ids = [one.id for one in machines]
        gathered = Gathered(Path(folder), ids, first=first, end=at + 1)
        gathered.take(source(days, tick))
        told = tuple(
            Machine(_header(one), known(gathered.readings(one.id), tank_l=one.tank_l))
            for one in machines
        )
    return Snapshot(at, told)


def _header(machine: SiteMachine) -> dict[str, str]:
    """What the site file knows; it does not know when a unit was installed."""
    said = {
        "OEMName": machine.make,
        "Model": machine.model,
        "EquipmentID": machine.id,
        "SerialNumber": machine.serial,
        "PIN": machine.pin,
    }
    return {name: text for name, text in said.items() if text}


def read_pages(
    site: Site, files: Sequence[Path], *, now: int | None = None
) -> tuple[tuple[Page, ...], list[dict[str, Any]]]:
    """Read snapshots, all before anything is sent, and say what was found in them.

    Raises:
        ChantierError: one of them is missing, broken or no snapshot.
    """
    now = int(time.time()) if now is None else now
    pages = tuple(read_page(path, site.machines, now=now) for path in files)
    return pages, report(pages, now=now)


def feed(
    cloud: Cloud, site: Site, pages: Sequence[Page], *, home: Path, tick: Tick
) -> dict[str, Any]:
    """Send what snapshots say, as the machines they tell of.

    Returns:
        What was sent and acknowledged, and by machine why something was not.

    Raises:
        ChantierError: the site is not deployed, or a machine has no certificate; then
            nothing was sent.
    """
    told = readings(pages)
    outputs(cloud, site.name)
    lines = lines_of(cloud, need(home, cloud, site.name, list(told))) if told else {}
    reports = asyncio.run(_send(site.name, told, lines, tick))
    return {
        "machines": len(told),
        "sent": sum(len(one.sent) for one in reports),
        "acknowledged": sum(len(one.delivered) for one in reports),
        "readings": sum(one.readings for one in reports),
        "trouble": {name: why for one in reports for name, why in one.lost.items()},
    }


async def _send(
    site: str, told: Mapping[str, Sequence[Reading]], lines: Mapping[str, Line], tick: Tick
) -> list[FleetReport]:
    """All machines, some at a time; one that fails does not stop the others."""
    room, done = asyncio.Semaphore(_AT_ONCE), 0

    async def one(machine: str, said: Sequence[Reading]) -> FleetReport:
        nonlocal done
        async with room:
            report = await _as_machine(site, machine, said, lines[machine])
        done += 1
        tick(done, len(told))
        return report

    return await asyncio.gather(*(one(machine, said) for machine, said in told.items()))


async def _as_machine(site: str, machine: str, said: Sequence[Reading], line: Line) -> FleetReport:

    try:
        return await replay(said, line, site=site, machine=machine)
    except LinkLost as lost:
        return FleetReport((), lost={machine: lost.message})

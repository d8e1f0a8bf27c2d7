"""A fleet whose line breaks: it goes on working, loses nothing, and leaves what it cannot send."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chantier.decoding import decode, parse
from chantier.errors import ChantierError
from chantier.site import Site
from chantier.telemetry import Reading, encode
from simulator.fleet import run_fleet
from simulator.network import parse_network
from simulator.pace import Backoff
from simulator.pulse import Pulse
from simulator.report import FleetReport
from simulator.shift import shift
from simulator.spool import Message, Spool

if TYPE_CHECKING:
    from tests.simulator.conftest import Authority, Broker, MakeBroker

CREW = ("EX-001", "CH-001", "TB-001", "CO-001")
QUICK = Backoff(first_s=0.05, most_s=0.2, refused_s=0.2)
SPEED = 300.0
LENGTH_S = 1500


def readings_of(payload: bytes) -> tuple[Reading, ...]:
    return decode(parse(payload)).readings


def heard(broker: Broker, machine: str) -> list[int]:
    """Sequence numbers in the order in which the broker had them."""
    return [
        reading.seq
        for one in broker.received
        if one.client_id == machine
        for reading in readings_of(one.payload)
    ]


def said(site: Site, start: int, machine: str) -> list[int]:
    """Sequence numbers of a machine that nothing disturbs."""
    return [
        reading.seq
        for name, readings, _ in shift(site, start=start, duration_s=LENGTH_S, seed=1)
        if name == machine
        for reading in readings
    ]


async def fleet(
    site: Site, start: int, authority: Authority, port: int, **how: object
) -> FleetReport:
    settings: dict[str, object] = {
        "start": start,
        "duration_s": LENGTH_S,
        "speed": SPEED,
        "seed": 1,
        "backoff": QUICK,
        "catch_up_per_s": 1e4,
        **how,
    }
    lines = {machine: authority.line(machine, port) for machine in CREW}
    return await run_fleet(site, lines, **settings)  # type: ignore[arg-type] # a test's own words


async def when(true: Callable[[], bool]) -> None:
    while not true():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


def test_machines_work_on_while_the_broker_is_away_and_then_send_everything_in_order(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker, pulse, queue = make_broker(), Pulse(), tmp_path / "queue.db"

    async def run() -> FleetReport:
        async with broker.listening() as port:
            working = asyncio.create_task(
                fleet(site, start, authority, port, pulse=pulse, queue=queue)
            )
            await when(lambda: pulse.acked > 10)
        at, site_t = pulse.handed, pulse.site_t
        # Eight minutes of site time without a broker.
        await when(lambda: pulse.site_t > site_t + 480 and pulse.stored > 0)
        assert pulse.handed > at + 10
        assert queue.exists()
        async with broker.listening(port):
            return await working

    report = asyncio.run(run())
    for machine in CREW:
        arrived = heard(broker, machine)
        assert list(dict.fromkeys(arrived)) == said(site, start, machine)
    assert (report.undelivered, report.lost, report.queued) == ((), {}, 0)
    assert pulse.acked == pulse.handed
    assert pulse.reconnects >= len(CREW)
    assert pulse.as_dict()["queue"]["spooled"] > 0
    assert (pulse.waiting, pulse.stored, list(tmp_path.iterdir())) == (0, 0, [])


def test_a_broker_that_is_away_at_the_end_leaves_everything_for_the_next_run_which_sends_it_first(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker, pulse, queue = make_broker(), Pulse(), tmp_path / "queue.db"

    async def without() -> FleetReport:
        async with broker.listening() as port:
            working = asyncio.create_task(
                fleet(site, start, authority, port, pulse=pulse, queue=queue, finish_s=0.5)
            )
            await when(lambda: pulse.acked > 10)
        return await working

    report = asyncio.run(without())
    kept = Spool(queue)
    assert report.queued == sum(kept.waiting.values()) == pulse.stored == pulse.waiting > 10
    assert set(report.lost) == set(kept.waiting)
    assert all("has no line to localhost" in why for why in report.lost.values())
    # The run was over: nothing was skipped, and the box counts on from its last reading.
    assert kept.counted == {machine: said(site, start, machine)[-1] for machine in kept.waiting}
    kept.close()
    later = Pulse()

    async def again() -> FleetReport:
        async with broker.listening() as port:
            return await fleet(site, start + 86_400, authority, port, pulse=later, queue=queue)

    second = asyncio.run(again())
    for machine in CREW:
        first = said(site, start, machine)
        arrived = list(dict.fromkeys(heard(broker, machine)))
        assert arrived[: len(first)] == first
        if machine in report.lost:
            assert arrived == list(range(1, len(arrived) + 1))
    assert later.left_over == report.queued
    assert later.acked == later.handed > later.left_over
    assert (second.queued, queue.exists()) == (0, False)


SCRIPT = """
import asyncio, sys
from pathlib import Path
from chantier.site import EXAMPLE, Site
from simulator.fleet import run_fleet
from simulator.papers import Line
folder, port, queue, start = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
lines = {
    name: Line(host="localhost", port=port, ca=folder / "ca.pem",
               certificate=folder / f"{name}.pem", key=folder / f"{name}.key", client_id=name)
    for name in sys.argv[5:]
}
asyncio.run(run_fleet(Site.load(EXAMPLE), lines, start=start, duration_s=36000, speed=120,
                      seed=1, queue=Path(queue)))
"""


def test_a_run_that_is_killed_loses_only_what_it_said_in_its_last_two_seconds(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker, queue = make_broker(deaf=True), tmp_path / "queue.db"
    for machine in CREW:
        authority.line(machine, 1)

    def depth() -> int:
        # The killed process holds the lock; its bytes are read from the log it writes.
        log = Path(f"{queue}-wal")
        return log.stat().st_size if log.exists() else 0

    async def killed() -> float:
        async with broker.listening() as port:
            words = [str(authority.folder), str(port), str(queue), str(start), *CREW]
            run = await asyncio.create_subprocess_exec(
                sys.executable, "-c", SCRIPT, *words, stderr=subprocess.DEVNULL
            )
            try:
                await asyncio.wait_for(when(lambda: depth() > 0), 60)
                began = time.monotonic()
                await asyncio.sleep(3)
            finally:
                run.kill()
                await run.wait()
        return time.monotonic() - began

    lived_s = asyncio.run(killed())
    assert broker.received == []
    kept = Spool(queue)
    assert kept.mended == ""
    waiting, counted = kept.waiting, kept.counted
    kept.close()
    assert set(waiting) == set(CREW)
    broker.deaf = False
    pulse = Pulse()

    async def again() -> FleetReport:
        async with broker.listening() as port:
            return await fleet(site, start + 86_400, authority, port, pulse=pulse, queue=queue)

    asyncio.run(again())
    for machine in CREW:
        arrived = heard(broker, machine)
        stored = [seq for seq in arrived if seq <= counted[machine]]
        assert stored == list(range(1, len(stored) + 1))
        # At 120 times the clock a machine makes 12 readings a second.
        assert len(stored) >= 12 * (lived_s - 2.5)
        # A new number for each new reading, and a gap where some may be missing.
        assert arrived[len(stored)] == counted[machine] + 1 > stored[-1] + 1
    assert pulse.left_over == sum(waiting.values())
    assert not queue.exists()


def left(queue: Path) -> int:
    base = sqlite3.connect(queue)
    (count,) = base.execute("SELECT count(*) FROM message").fetchone()
    base.close()
    return int(count)


def test_an_interruption_writes_down_what_is_not_acknowledged(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker, pulse, queue = make_broker(deaf=True), Pulse(), tmp_path / "queue.db"

    async def run() -> None:
        async with broker.listening() as port:
            working = asyncio.create_task(
                fleet(site, start, authority, port, pulse=pulse, queue=queue)
            )
            await when(lambda: pulse.handed > 20)
            working.cancel()
            with pytest.raises(asyncio.CancelledError):
                await working

    asyncio.run(run())
    assert left(queue) == pulse.handed == pulse.stored


def one_waiting(queue: Path, machine: str = "EX-001") -> Message:
    payload = encode((Reading(1_790_000_000, seq=41),))
    message = Message(1, machine, 1_790_000_000, 41, 1, False, payload)  # noqa: FBT003 - a row
    spool = Spool(queue)
    spool.write([message], counters={machine: 41})
    spool.close()
    return message


@pytest.mark.parametrize("fault", ["missing", "expired", "refused", "stranger", "nobody", "name"])
def test_a_start_that_cannot_be_says_why_sends_nothing_and_keeps_the_queue(  # noqa: PLR0913, PLR0917 - fixtures
    site: Site,
    start: int,
    authority: Authority,
    stranger: Authority,
    make_broker: MakeBroker,
    tmp_path: Path,
    fault: str,
) -> None:
    broker = make_broker(connack=0x87 if fault == "refused" else 0)
    queue, pulse = tmp_path / "queue.db", Pulse()
    message = one_waiting(queue)

    async def run() -> None:
        async with broker.listening() as port:
            lines = {machine: authority.line(machine, port) for machine in CREW}
            bad = lines["TB-001"]
            match fault:
                case "missing":
                    bad = replace(bad, certificate=tmp_path / "none.pem")
                case "expired":
                    authority.issue("TB-001", file="OLD", days=(-9, -2))
                    old = authority.folder / "OLD.pem"
                    bad = replace(bad, certificate=old, key=old.with_suffix(".key"))
                case "stranger":
                    bad = replace(stranger.line("TB-001", port), ca=authority.ca)
                case "nobody":
                    bad = replace(bad, port=1)
                case "name":
                    bad = replace(bad, host="127.0.0.1")
            lines["TB-001"] = bad
            await run_fleet(
                site, lines, start=start, duration_s=60, speed=60, seed=1, pulse=pulse, queue=queue
            )

    with pytest.raises(ChantierError) as refused:
        asyncio.run(run())
    # Refused are all of them: any one is named.
    assert ("TB-001" if fault != "refused" else "has no line to") in refused.value.message
    assert refused.value.hint
    assert (broker.received, pulse.handed) == ([], 0)
    kept = Spool(queue)
    assert kept.oldest("EX-001", after=0, most=9) == [message]
    assert kept.counted == {"EX-001": 41}
    kept.close()


def test_a_machine_that_is_shut_out_while_it_works_keeps_its_queue_and_others_go_on(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker, pulse, queue = make_broker(), Pulse(), tmp_path / "queue.db"

    async def run() -> FleetReport:
        async with broker.listening() as port:
            working = asyncio.create_task(
                fleet(site, start, authority, port, pulse=pulse, queue=queue, finish_s=0.5)
            )
            await when(lambda: pulse.acked > 10)
            broker.connack = 0x87
        async with broker.listening(port):
            await when(lambda: len(pulse.refused) == len(CREW))
            assert not working.done()
            return await working

    report = asyncio.run(run())
    assert set(report.lost) == set(CREW) == set(pulse.refused)
    assert all("Not authorized" in why for why in report.lost.values())
    assert left(queue) == report.queued == pulse.waiting


def test_a_queue_that_was_damaged_is_said_and_the_run_takes_place(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker, pulse, queue = make_broker(), Pulse(), tmp_path / "queue.db"
    queue.write_bytes(b"\x00garbage" * 999)

    async def run() -> FleetReport:
        async with broker.listening() as port:
            return await fleet(site, start, authority, port, pulse=pulse, queue=queue)

    report = asyncio.run(run())
    assert "was damaged: 0 messages were saved" in report.mended
    assert pulse.failures[report.mended] == 1
    assert pulse.acked == pulse.handed > 0
    assert (tmp_path / "queue.broken-1.db").read_bytes() == b"\x00garbage" * 999


def test_with_every_fault_on_each_reading_arrives_and_the_clock_is_wrong_by_the_same_amount(
    site: Site, start: int, authority: Authority, make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker, pulse, queue = make_broker(), Pulse(), tmp_path / "queue.db"
    bad = "loss=5%,latency=2ms,disconnect=4m/20s,duplicate=5%,reorder=5%,skew=90s"

    async def run() -> FleetReport:
        async with broker.listening() as port:
            return await fleet(
                site,
                start,
                authority,
                port,
                pulse=pulse,
                queue=queue,
                network=parse_network(bad),
            )

    report = asyncio.run(run())
    healthy = {
        (machine, reading.seq): reading
        for machine, readings, _ in shift(site, start=start, duration_s=LENGTH_S, seed=1)
        for reading in readings
        if machine in CREW
    }
    found = {
        (one.client_id, reading.seq): reading
        for one in broker.received
        for reading in readings_of(one.payload)
    }
    assert found.keys() == healthy.keys()
    for machine in CREW:
        (skew_s,) = {found[key].t - healthy[key].t for key in found if key[0] == machine}
        assert -90 <= skew_s <= 90
    assert set(pulse.faults) == {"loss", "latency", "disconnect", "duplicate", "reorder"}
    assert report.lost == {}
    assert pulse.acked == pulse.handed

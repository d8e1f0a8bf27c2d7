"""One client under load, in a process of its own; prints what it took as one line of JSON.

    python -m bench.fleet.load CLIENT --folder DIR --port N --machines N ...

Connect all (so many at once), publish at a steady pace, then as fast as it goes. A machine
that does not connect within its time ends the ramp: that is as far as this client goes.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from bench.fleet.clients import CLIENTS, TIMEOUT_S, Client
from simulator.papers import Line
from simulator.sessions import make_room

AT_ONCE, WORKERS = 50, 200
PAYLOAD = b"x" * 1000
"""About the length of a message of six readings."""


class Meter:
    """CPU and wall clock since it was made."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    @property
    def cpu_s(self) -> float:
        """Of this process."""
        return time.process_time() - self._cpu

    @property
    def wall_s(self) -> float:
        """On the clock."""
        return time.perf_counter() - self._wall


def memory_kib() -> int:
    """Resident memory of this process."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


async def ramp(
    lines: list[Line], name: str, budget_s: float
) -> tuple[list[tuple[Line, Client]], dict[str, Any]]:
    """Connect as many as there are, or as this client holds."""
    make_room(len(lines))
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # some take three files a session
    up: list[tuple[Line, Client]] = []
    troubles: list[str] = []
    queue = iter(lines)
    # The first brings the library with it, which is no machine's own cost.
    warm = CLIENTS[name](first := next(queue))
    await warm.connect()
    up.append((first, warm))
    before, meter = memory_kib(), Meter()

    async def worker() -> None:
        for line in queue:
            if troubles:
                return
            try:
                client = CLIENTS[name](line)
                await asyncio.wait_for(client.connect(), TIMEOUT_S)
            except Exception as error:  # noqa: BLE001 - whatever a library says ends its ramp
                troubles.append(f"{type(error).__name__}: {error}"[:120])
                return
            up.append((line, client))
            if meter.wall_s > budget_s:
                troubles.append(f"{budget_s:g} s were over")

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    wall_s, cpu_s, held = meter.wall_s, meter.cpu_s, len(up)
    await asyncio.sleep(1)
    said = {
        "machines": held,
        "connections_per_s": round(held / wall_s, 1),
        "connect_cpu_ms": round(cpu_s / max(held, 1) * 1e3, 3),
        "kib_per_machine": round((memory_kib() - before) / max(held, 1), 1),
        "stopped_by": next(iter(troubles), ""),
    }
    return up, said


async def steady(up: list[tuple[Line, Client]], per_s: float, seconds: float) -> dict[str, Any]:
    """Messages at a pace, from one machine after the other."""
    meter, delays, failed = Meter(), list[float](), 0
    loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[None]]()

    async def one(line: Line, client: Client) -> None:
        nonlocal failed
        began = loop.time()
        try:
            await asyncio.wait_for(client.publish(topic(line), PAYLOAD), TIMEOUT_S)
        except Exception:  # noqa: BLE001 - counted
            failed += 1
        else:
            delays.append((loop.time() - began) * 1e3)

    begin = loop.time()
    for n in range(int(per_s * seconds)):
        task = asyncio.create_task(one(*up[n % len(up)]))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if (ahead := begin + n / per_s - loop.time()) > 0:
            await asyncio.sleep(ahead)
    if tasks:
        await asyncio.wait(tasks, timeout=TIMEOUT_S)
    cpu_s, wall_s = meter.cpu_s, meter.wall_s
    return {
        "steady_messages": len(delays),
        "steady_lost": failed + len(tasks),
        "steady_per_s": round(len(delays) / wall_s, 1),
        "cpu_ms_per_message": round(cpu_s / max(len(delays), 1) * 1e3, 3),
        "ack_ms_p50": round(statistics.median(delays), 2) if delays else None,
        "ack_ms_p99": round(sorted(delays)[int(len(delays) * 0.99)], 2) if delays else None,
    }


async def flat_out(up: list[tuple[Line, Client]], seconds: float) -> dict[str, Any]:
    """As many messages as are acknowledged, so many under way."""
    meter, done = Meter(), 0
    end = time.perf_counter() + seconds

    async def worker(start: int) -> None:
        nonlocal done
        n = start
        while time.perf_counter() < end:
            line, client = up[n % len(up)]
            await asyncio.wait_for(client.publish(topic(line), PAYLOAD), TIMEOUT_S)
            done += 1
            n += WORKERS

    workers = (worker(n) for n in range(min(WORKERS, len(up))))
    ended = await asyncio.gather(*workers, return_exceptions=True)
    return {
        "most_per_s": round(done / meter.wall_s, 1),
        "most_cpu_ms": round(meter.cpu_s / max(done, 1) * 1e3, 3),
        "most_failures": sum(isinstance(one, BaseException) for one in ended),
    }


def topic(line: Line) -> str:
    """Where the broker lets this machine write."""
    return f"machines/{line.client_id}/readings"


def lines_in(folder: Path, port: int, machines: int) -> list[Line]:
    """The lines of the machines whose certificates lie in a folder."""
    return [
        Line(
            host="localhost",
            port=port,
            ca=folder / "ca.pem",
            certificate=folder / f"{name}.pem",
            key=folder / f"{name}.key",
            client_id=name,
        )
        for name in (machine_name(n) for n in range(machines))
    ]


def machine_name(number: int) -> str:
    """As a site file would have it."""
    return f"M-{number:05d}"


async def load(asked: argparse.Namespace) -> dict[str, Any]:
    """All three in turn."""
    lines = lines_in(asked.folder, asked.port, asked.machines)
    up, said = await ramp(lines, asked.client, asked.ramp_s)
    if up:
        said |= await steady(up, asked.per_s, asked.seconds)
        said |= await flat_out(up, asked.seconds)
    return said


def main() -> None:
    """Measure, print, and leave without goodbyes: those of 10,000 take longer than the run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("client", choices=CLIENTS)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--machines", type=int, required=True)
    parser.add_argument("--per-s", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--ramp-s", type=float, required=True)
    print(json.dumps(asyncio.run(load(parser.parse_args()))))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

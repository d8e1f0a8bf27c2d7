"""A whole fleet with its physics, boxes and sessions at the clock's own pace: CPU a minute.

    python -m bench.fleet.physics --folder DIR --port N --machines N --minutes N

Runs `simulator.fleet` as `chantier simulate --speed 1` does, and looks at its process once a
minute after every machine is connected; the first minute only warms up. One line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.fleet.load import lines_in, machine_name, memory_kib
from chantier.site import EXAMPLE, Machine, Site
from simulator.classes import KINDS
from simulator.fleet import run_fleet
from simulator.hours import busy_hour
from simulator.papers import Line
from simulator.pulse import Pulse

# Wednesday 14 October 2026, noon in Paris: the hour before it is worked.
NOON = 1_791_972_000
MINUTE_S = 60


def site(machines: int) -> Site:
    """The example site with so many machines, all classes in turn."""
    kinds = list(KINDS)
    fleet = tuple(
        Machine.model_validate(
            {"id": machine_name(n), "class": kinds[n % len(kinds)], "zone": "plateforme"}
        )
        for n in range(machines)
    )
    return Site.load(EXAMPLE).model_copy(update={"machines": fleet})


async def watch(pulse: Pulse, minutes: int) -> tuple[float, list[dict[str, float]]]:
    """How long the ramp took, s, and each minute after the first one."""
    began = time.perf_counter()
    while pulse.online < pulse.machines or not pulse.machines:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.1)
    ramp_s, found = time.perf_counter() - began, []
    for _ in range(minutes + 1):
        cpu, wall, acked = time.process_time(), time.perf_counter(), pulse.acked
        await asyncio.sleep(MINUTE_S)
        wall_s = time.perf_counter() - wall
        found.append(
            {
                "cores": (time.process_time() - cpu) / wall_s,
                "messages_per_s": (pulse.acked - acked) / wall_s,
                "waiting": pulse.waiting,
            }
        )
    return ramp_s, found[1:]


async def run(lines: Sequence[Line], minutes: int, connects_per_s: float) -> dict[str, Any]:
    """The fleet until it was watched for so many minutes."""
    here, pulse = site(len(lines)), Pulse()
    before = memory_kib()
    fleet = asyncio.create_task(
        run_fleet(
            here,
            {line.client_id: line for line in lines},
            start=busy_hour(here, before=NOON),
            duration_s=MINUTE_S * (minutes + 5),
            speed=1,
            seed=1,
            pulse=pulse,
            connects_per_s=connects_per_s,
            keep=False,
        )
    )
    watching = asyncio.create_task(watch(pulse, minutes))
    await asyncio.wait({fleet, watching}, return_when=asyncio.FIRST_COMPLETED)
    if not watching.done():
        await fleet  # it says why it ended
    ramp_s, found = watching.result()
    cores = sorted(one["cores"] for one in found)
    said = {
        "machines": pulse.machines,
        "ramp_s": round(ramp_s, 1),
        "minutes": len(cores),
        "cores_min": round(cores[0], 3),
        "cores_median": round(statistics.median(cores), 3),
        "cores_max": round(cores[-1], 3),
        "messages_per_s": round(statistics.median(one["messages_per_s"] for one in found), 1),
        "kib_per_machine": round((memory_kib() - before) / len(lines), 1),
        **pulse.as_dict(),
        "still_under_way": pulse.waiting,
        "given_up": pulse.given_up,
    }
    fleet.cancel()
    with contextlib.suppress(asyncio.CancelledError, TimeoutError):
        async with asyncio.timeout(1):
            await fleet
    return said


def main() -> None:
    """Measure, print, and leave."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--machines", type=int, required=True)
    parser.add_argument("--minutes", type=int, required=True)
    parser.add_argument("--connects-per-s", type=float, required=True)
    asked = parser.parse_args()
    lines = lines_in(asked.folder, asked.port, asked.machines)
    print(json.dumps(asyncio.run(run(lines, asked.minutes, asked.connects_per_s))))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()

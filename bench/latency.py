"""From publish to stored alert, with 100 machines connected to the embedded AWS.

    python bench/latency.py [--seconds 20] [--size fleet] [--json]

Every message opens an alert, so each one is a read, a fold and a transaction.
The hops are told apart by the clock of this computer: until the rule took the
message, until the function began, until its last write had returned. The floor
is the same run with a function that does nothing. The minimal template is deployed:
telling people of a hundred alerts a second would take the same two cores; on AWS it does not.
With `--size fleet` a queue stands between rule and function; only the whole template has it, so
its watch function is not called: its schedule and its stream are switched off before.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import tempfile
import time
import zipfile
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import quantiles
from typing import Any

from chantier.cloud import Cloud
from chantier.fleet import enrol_all
from chantier.local import down, up, warm
from chantier.logs import read_log
from chantier.sending import lines_of
from chantier.site import EXAMPLE, Site
from chantier.stack import deploy
from chantier.telemetry import Reading, encode, ingest_topic
from chantier.template import build, render, synthesize
from simulator.link import Line, Link

MACHINES = 100
RATES = (10, 100)
# Not counted: every machine has sent something, every connection is open.
WARM_RATE, WARM_S = 50, 4
WORKERS = 8
START = 1_790_000_000
# Readings lie so far apart that a fault is over two messages later.
STEP_S = 100
SETTLE_S = 20.0
EMPTY = b"""
import json, time
def handler(event, context=None):
    for record in event.get("Records", [None]):
        take(json.loads(record["body"]) if record else event)
def take(event):
    now = round(time.time() * 1000, 1)
    said = {"began_at": now, "alerts": [], "machine": event.get("machine")}
    if event:
        last = event["readings"][-1]
        said |= {"arrived_at": event["arrived_at"], "seq": last["seq"], "alerts": [last["t"]]}
    print(json.dumps({**said, "stored_at": round(time.time() * 1000, 1)}))
"""


def site_of(machines: int) -> Site:
    """The example site with as many machines."""
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"]["name"] = "latency"
    said["machines"] = [{"id": f"M-{n:03}", "class": "roller"} for n in range(machines)]
    return Site.model_validate(said)


async def send(
    site: Site, lines: dict[str, Line], *, rate: int, seconds: int, first: int
) -> dict[tuple[str, int], float]:
    """Publish at a steady rate, machine after machine; when each message left, ms."""
    left: dict[tuple[str, int], float] = {}
    async with AsyncExitStack() as stack:
        links = [
            (machine, await stack.enter_async_context(Link(line)))
            for machine, line in lines.items()
        ]

        async def one(number: int) -> None:
            machine, link = links[number % len(links)]
            seq = first + number
            reading = Reading(
                t=START + STEP_S * seq, seq=seq, eng=True, dtc=((1 + seq % 500_000, 3, 1),)
            )
            payload = encode((reading,))
            left[machine, seq] = time.time() * 1000
            await link.publish(ingest_topic(site.name, machine), payload)

        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(rate * seconds):
                await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
                group.create_task(one(number))
    return left


def arrived(
    cloud: Cloud, log: str, left: dict[tuple[str, int], float]
) -> list[tuple[float, dict[str, Any]]]:
    """(when it left, the function's line) of each message that changed an alert."""
    until = time.monotonic() + SETTLE_S
    while True:
        lines = {
            (line["machine"], line["seq"]): line
            for line in read_log(cloud, log)
            if line["alerts"] and (line["machine"], line.get("seq")) in left
        }
        if len(lines) == len(left) or time.monotonic() > until:
            return [(left[name], line) for name, line in lines.items()]
        time.sleep(0.3)


def figures(sent: int, found: list[tuple[float, dict[str, Any]]]) -> dict[str, Any]:
    """Percentiles of the whole way, ms, and the median of each hop."""

    def cut(values: list[float], *percents: int) -> list[float]:
        cuts = quantiles(values, n=100, method="inclusive")
        return [round(cuts[percent - 1], 1) for percent in percents]

    whole = cut([line["stored_at"] - left for left, line in found], 50, 95, 99)
    hops = {
        "publish to rule": [line["arrived_at"] - left for left, line in found],
        "rule to function": [line["began_at"] - line["arrived_at"] for _, line in found],
        "function to stored": [line["stored_at"] - line["began_at"] for _, line in found],
    }
    return {
        "n": len(found),
        "lost": sent - len(found),
        **dict(zip(("p50", "p95", "p99"), whole, strict=True)),
        "hops_p50": {name: cut(values, 50)[0] for name, values in hops.items()},
    }


def body_of(site: Site) -> str:
    """The template that is measured: nothing in it but what a message meets."""
    if site.site.size == "starter":
        return synthesize(site, minimal=True)
    template = build(site)
    for name in ("WatchSchedule", "WatchStream"):
        del template.resources[name]
    return render(template)


def measure(seconds: int, size: str) -> dict[str, Any]:
    """Every rate, with our function and with an empty one."""
    told: dict[str, Any] = {}
    site = site_of(MACHINES).of_size(size)
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        cloud = up(home / "local", region=site.site.region, say=lambda _line: None)
        try:
            done = deploy(
                cloud,
                body_of(site),
                site=site.name,
                parameters={},
                say=lambda _line: None,
            )
            outputs, function = done.outputs, done.outputs["DetectFunctionName"]
            identities = enrol_all(cloud, site, site.machines, home=home, say=lambda _line: None)
            lines, first = lines_of(cloud, identities), 1
            for kind in ("detect", "empty function"):
                if kind != "detect":
                    cloud.client("lambda").update_function_code(
                        FunctionName=function, ZipFile=zipped(EMPTY)
                    )
                warm(cloud, function, workers=WORKERS)
                for rate in (WARM_RATE, *RATES):
                    lasts = WARM_S if rate == WARM_RATE else seconds
                    left = asyncio.run(send(site, lines, rate=rate, seconds=lasts, first=first))
                    first += len(left)
                    if rate == WARM_RATE:
                        continue
                    found = arrived(cloud, outputs["DetectLogName"], left)
                    told[f"{kind}, {rate}/s"] = figures(len(left), found)
        finally:
            down(home / "local", wipe=True)
    return told


def zipped(source: bytes) -> bytes:
    """A deployment package with one index.py."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", source)
    return packed.getvalue()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--size", choices=("starter", "fleet"), default="starter")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    told = measure(asked.seconds, asked.size)
    if asked.json:
        print(json.dumps(told, indent=2))
        return
    for name, values in told.items():
        print(f"{name}: {values}")


if __name__ == "__main__":
    main()

"""How fast machines are simulated: machine-hours of readings each 10 s, a minute of CPU.

    python bench/simulate.py [--runs 7] [--days 5] [--json]

Three ways, in turn, over the same working days of one machine of each class: the
physics alone; with the box, which judges every reading and makes messages; and as
history, with the bytes written to files. Only readings count: 360 are a machine-hour,
and a night without readings is nothing. Target: 2,000 for the physics.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chantier.backfill import backfill
from chantier.site import EXAMPLE, Machine, Site
from simulator.classes import KINDS
from simulator.machine import Machine as Simulated
from simulator.muster import Run, muster

# Monday 12 October 2026, 00:00 in Paris.
MONDAY = 1_791_756_000
DAY_S, LOOK_S, HEARTBEAT_S, READINGS_AN_HOUR = 86_400, 10, 3600, 360


def site() -> Site:
    """The example site with one machine of each class."""
    machines = tuple(
        Machine.model_validate({"id": f"M-{n}", "class": kind, "zone": "plateforme"})
        for n, kind in enumerate(KINDS)
    )
    return Site.load(EXAMPLE).model_copy(update={"machines": machines})


def physics(run: Run) -> int:
    """Step every machine as its box would look at it, and count the readings."""
    looks = 0
    for hand in muster(run):
        machine = Simulated(hand.profile, hand.plan, seed=run.seed, t=hand.dawn)
        t = hand.first
        while t < run.end:
            reading = machine.step(t)
            looks += 1
            t = min(t + (LOOK_S if reading.eng else HEARTBEAT_S), machine.edge_after(t))
    return looks


def boxes(run: Run) -> int:
    """The same with every box, to messages in memory."""
    return sum(len(out.readings) for hand in muster(run) for _, out in hand.messages())


def history(run: Run) -> int:
    """The same as raw data in files."""
    with tempfile.TemporaryDirectory() as folder:
        written = backfill(
            run.site,
            stretch=(run.start, run.end),
            seed=run.seed,
            scenarios=(),
            folder=Path(folder),
            tick=lambda _day, _done, _there: None,
        )
    return written.readings


WAYS: dict[str, Callable[[Run], int]] = {"physics": physics, "boxes": boxes, "history": history}


def measure(runs: int, days: int) -> dict[str, dict[str, float]]:
    """Machine-hours a CPU-minute of this process, each way: n, minimum, median, maximum."""
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for seed in range(runs + 1):
        run = Run(site=site(), start=MONDAY, duration_s=days * DAY_S, seed=seed)
        for way, act in WAYS.items():
            began = time.process_time()
            readings = act(run)
            took = time.process_time() - began
            if seed:  # the first of each only warms up
                found[way].append(readings / READINGS_AN_HOUR / took * 60)
    return {
        way: {
            "n": len(values),
            "min": round(min(values)),
            "median": round(statistics.median(values)),
            "max": round(max(values)),
        }
        for way, values in found.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--days", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.runs, asked.days)
    if asked.json:
        print(json.dumps(found, indent=2))
        return
    for way, values in found.items():
        print(f"{way:8} machine-hours a CPU-minute: {values}")


if __name__ == "__main__":
    main()

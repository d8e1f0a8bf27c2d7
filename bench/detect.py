"""How long detection takes: a reading through the fold, and a cold start to the first alert.

    python bench/detect.py [--runs 15] [--json]

The cold start is a whole process: import, clients, one message, its alert in
the table of an embedded AWS. It runs in turn with a handler of the usual kind
(boto3.resource, one threshold), so that only their ratio matters; with the
same code not packed, which says what packing costs; and with bare Python.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chantier.detection import Memory, observe, rules_for
from chantier.detection.settings import opening_of
from chantier.local import down, up, without_lacking
from chantier.packing import packed
from chantier.resources.functions import source
from chantier.site import EXAMPLE, Site
from chantier.site_settings import settings_of
from chantier.stack import deploy
from chantier.telemetry import Reading
from chantier.template import synthesize

USUAL = """
import json, os
import boto3
table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
def handler(event, context=None):
    for reading in event["readings"]:
        if reading.get("oil_kpa", 999) < 100:
            table.put_item(Item={"machine": event["machine"], "key": "USUAL#" + reading["t"],
                                 "oil_kpa": int(reading["oil_kpa"])})
"""
RUN = """
import json, sys
sys.path.insert(0, ".")
import index
index.handler(json.loads(sys.argv[1]))
"""


def spread(values: list[float]) -> dict[str, float]:
    """n, minimum, median and maximum."""
    return {
        "n": len(values),
        "min": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "max": round(max(values), 3),
    }


# 220 m by 220 m with eight corners, around a pond.
CORNERS = (
    ((48.7, 2.2005), (48.7005, 2.2), (48.7015, 2.2), (48.702, 2.2005)),
    ((48.702, 2.2025), (48.7015, 2.203), (48.7005, 2.203), (48.7, 2.2025)),
)
POND = ((48.7008, 2.2013), (48.7012, 2.2013), (48.7012, 2.2017), (48.7008, 2.2017))
ZONE = (CORNERS[0] + CORNERS[1], POND)


def fold(rounds: int) -> dict[str, float]:
    """Microseconds a reading of a healthy working machine, every rule on; one core.

    The whole catalogue, a tank, a zone with a hole, the example site's calendar, and a
    reading with every field, inside the hours.
    """
    opening = opening_of(settings_of(Site.load(EXAMPLE)))
    rules = rules_for(tank_l=345, zones=(ZONE,), opening=opening, vgp_due=1_800_000_000)
    readings = [
        Reading(
            t=1_789_970_000 + 10 * n,
            seq=n,
            st="WORK",
            eng=True,
            rpm=1650,
            load_pct=62,
            fuel_lph=16.4,
            fuel_used_l=20118.4,
            fuel_pct=63.2,
            def_pct=71,
            op_h=3419.42 + n / 360,
            idle_h=1060.15,
            cool_c=88,
            hyd_c=64,
            oil_kpa=410,
            batt_v=27.9,
            lat=48.7005,
            lon=2.201 + n / 1e6,
            acc_m=3,
            spd_kmh=0.0,
            pitch=1.8,
            roll=-0.9,
            cyc=187 + n // 2,
        )
        for n in range(1000)
    ]

    def once() -> None:
        memory = Memory()
        for reading in readings:
            memory, told = observe(memory, reading, rules)
            assert not told

    return spread([_seconds(once) * 1e6 / len(readings) for _ in range(rounds)])


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def cold_start(runs: int) -> dict[str, dict[str, float]]:
    """Milliseconds of whole processes, in turn, and their ratio pair by pair."""
    site = Site.load(EXAMPLE)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cloud = up(folder / "local", region=site.site.region, say=lambda _line: None)
        try:
            body = synthesize(site)
            parameters = without_lacking(body, lambda _line: None)
            done = deploy(
                cloud, body, site=site.name, parameters=parameters, say=lambda _line: None
            )
            environment = {
                "PATH": os.environ["PATH"],
                "AWS_REGION": cloud.region,
                "AWS_DEFAULT_REGION": cloud.region,
                "AWS_ENDPOINT_URL": str(cloud.endpoint_url),
                "AWS_CA_BUNDLE": str(cloud.ca),
                "AWS_ACCESS_KEY_ID": "test",
                "AWS_SECRET_ACCESS_KEY": "test",
                "TABLE": done.outputs["AlertsTableName"],
                "BUCKET": done.outputs["DataBucketName"],
            }
            handlers = {
                "ours": packed(source(site, "detect"), "detect"),
                "readable": source(site, "detect"),
                "usual": USUAL,
                "python": "handler = print",
            }
            for kind, text in handlers.items():
                (folder / kind).mkdir()
                (folder / kind / "index.py").write_text(text, "utf-8")
            return _in_turn(folder, tuple(handlers), environment, runs)
        finally:
            down(folder / "local", wipe=True)


def _in_turn(
    folder: Path, kinds: tuple[str, ...], environment: dict[str, str], runs: int
) -> dict[str, dict[str, float]]:
    took: dict[str, list[float]] = {kind: [] for kind in kinds}
    for run in range(runs + 1):
        # Who runs after whom is worth 2 ms: every second run goes backwards.
        for kind in kinds if run % 2 else kinds[::-1]:
            event = _event(run)
            command = [sys.executable, "-B", "-c", RUN, json.dumps(event)]
            began = time.perf_counter()
            subprocess.run(
                command, cwd=folder / kind, env=environment, check=True, stdout=subprocess.DEVNULL
            )
            if run:  # the first of each only warms the page cache
                took[kind].append((time.perf_counter() - began) * 1000)
    ratios = [a / b for a, b in zip(took["ours"], took["usual"], strict=True)]
    return {**{kind: spread(values) for kind, values in took.items()}, "ratio": spread(ratios)}


def _event(run: int) -> dict[str, object]:
    """A message that opens an alert at once, later than all before it."""
    minute = f"2026-09-21T{run // 60:02}:{run % 60:02}"
    low = {"eng": True, "rpm": 900, "oil_kpa": 40}
    fine = {**low, "oil_kpa": 300}
    return {
        "v": 1,
        "machine": "EX-001",
        "readings": [
            {"t": f"{minute}:00Z", "seq": run * 4, **fine},
            {"t": f"{minute}:20Z", "seq": run * 4 + 1, **low},
            {"t": f"{minute}:30Z", "seq": run * 4 + 2, **fine},
        ],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    folded, started = fold(asked.runs), cold_start(asked.runs)
    if asked.json:
        print(json.dumps({"fold_us": folded, "cold_start_ms": started}, indent=2))
        return
    print("fold, microseconds a reading:", folded)
    for kind, values in started.items():
        print(f"cold start, ms, {kind}:" if kind != "ratio" else "ours / usual:", values)


if __name__ == "__main__":
    main()

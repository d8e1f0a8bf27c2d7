"""A thousand machines for a minute on the embedded AWS: every message, from box to bucket.

    python -m bench.fleet.embedded --machines 1000 --minutes 1 [--connects-per-s 50]

Deploys the example site in its fleet size with so many machines, gives each a certificate,
lets them work at the clock's own pace, and then looks for every message that was sent in
the bucket and in the log of detection. One object of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.fleet.physics import MINUTE_S, NOON, site
from chantier.cloud import Cloud
from chantier.fleet import enrol_all
from chantier.local import WORKERS, down, up, warm, without_lacking
from chantier.logs import read_log
from chantier.raw import raw_objects
from chantier.score import judged, lost, message_names
from chantier.sending import lines_of
from chantier.site import Site
from chantier.stack import Deployed, deploy
from chantier.template import build, render
from simulator.fleet import run_fleet
from simulator.hours import busy_hour
from simulator.pulse import Pulse
from simulator.report import FleetReport, Sent

PATIENCE_S = 120.0


def say(text: str) -> None:
    """Talk, beside the figures."""
    print(text, file=sys.stderr)


def deployed(cloud: Cloud, here: Site) -> Deployed:
    """The site's stack, warm."""
    body = render(build(here))
    parameters = {"RawBufferSeconds": "1", **without_lacking(body, say)}
    done = deploy(cloud, body, site=here.name, parameters=parameters, say=say)
    warm(cloud, done.outputs["DetectFunctionName"], workers=WORKERS)
    return done


async def work(
    cloud: Cloud, here: Site, home: Path, asked: argparse.Namespace, pulse: Pulse
) -> FleetReport:
    """The fleet for so many minutes."""
    identities = enrol_all(cloud, here, here.machines, home=home, say=lambda _line: None)
    say(f"{len(identities)} machines have a certificate.")
    return await run_fleet(
        here,
        lines_of(cloud, identities),
        start=busy_hour(here, before=NOON),
        duration_s=asked.minutes * MINUTE_S,
        speed=1,
        seed=1,
        pulse=pulse,
        connects_per_s=asked.connects_per_s,
    )


def missing(cloud: Cloud, done: Deployed, sent: Sequence[Sent]) -> dict[str, int]:
    """Messages that do not lie in the bucket, or that detection has not judged; waits for both."""
    end = time.monotonic() + PATIENCE_S
    while True:
        stored = message_names(raw_objects(cloud, done.outputs["DataBucketName"]))
        seen = judged(read_log(cloud, done.outputs["DetectLogName"]))
        found = {"not_stored": len(lost(sent, stored)), "not_judged": len(lost(sent, seen))}
        if not any(found.values()) or time.monotonic() > end:
            return found
        time.sleep(1)


def measure(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Deploy, run, compare."""
    here = site(asked.machines).of_size("fleet")
    home, pulse = folder / ".chantier", Pulse()
    cloud = up(home / "local", region=here.site.region, say=say)
    try:
        done = deployed(cloud, here)
        began = time.monotonic()
        report = asyncio.run(work(cloud, here, home, asked, pulse))
        took_s = time.monotonic() - began
        gone = missing(cloud, done, report.sent)
    finally:
        down(home / "local", wipe=True)
    return {
        **pulse.as_dict(),
        "given_up": pulse.given_up,
        **gone,
        "enrol_and_run_s": round(took_s, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=1000)
    parser.add_argument("--minutes", type=int, default=1)
    parser.add_argument("--connects-per-s", type=float, default=50.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as name:
        print(json.dumps(measure(asked, Path(name)), indent=2))


if __name__ == "__main__":
    main()

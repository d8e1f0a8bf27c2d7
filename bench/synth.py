"""How long a template takes: in process, as a process, and beside CDK for Python.

    python bench/synth.py [--runs 15] [--machines 100] [--cdk PYTHON] [--json]

In process: CPU seconds from a loaded site of 100 machines to its YAML, once with everything
kept (`chantier.kept`) and once with nothing. As a process: `chantier synth` from start to
end, and in turn with it, pair by pair, a CDK app of the same resources (bench/synth_cdk/app.py),
as CDK comes and with its validation of templates off, since `chantier synth` lints nothing.
Both get a first run that is not counted, in which they fill what they keep on disk.

--cdk is a Python that has aws-cdk-lib (in an environment of its own: it is no dependency), with
node on the PATH. Without it that part is skipped, and says so.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from chantier.parts import parts_of
from chantier.site import EXAMPLE, Machine, Site
from chantier.site_settings import clock_changes
from chantier.template import build, synthesize

APP = Path(__file__).with_name("synth_cdk") / "app.py"
ROOT = APP.parents[2]


def spread(values: list[float]) -> dict[str, float]:
    """n, minimum, median and maximum."""
    return {
        "n": len(values),
        "min": round(min(values), 3),
        "median": round(statistics.median(values), 3),
        "max": round(max(values), 3),
    }


def fleet(count: int) -> Site:
    """The example site with so many machines, its own ones over and over."""
    site = Site.load(EXAMPLE)

    def named(number: int) -> Machine:
        usual = site.machines[number % len(site.machines)]
        return usual.model_copy(update={"id": f"M-{number:05}"})

    return site.model_copy(update={"machines": tuple(named(number) for number in range(count))})


def in_process(site: Site, runs: int, *, keeping: bool) -> dict[str, float]:
    """CPU seconds from a site to its YAML."""
    took = []
    before = sys.dont_write_bytecode
    with tempfile.TemporaryDirectory() as empty:
        prefix = sys.pycache_prefix
        sys.dont_write_bytecode = not keeping
        sys.pycache_prefix = prefix if keeping else empty
        for _ in range(runs + keeping):
            parts_of.cache_clear()
            clock_changes.cache_clear()
            began = time.process_time()
            text = synthesize(site)
            took.append(time.process_time() - began)
            assert text.startswith("AWSTemplateFormatVersion")
        sys.dont_write_bytecode, sys.pycache_prefix = before, prefix
    return spread(took[keeping:])


def beside_cdk(python: str, runs: int) -> dict[str, object]:
    """Seconds of whole processes in turn, and the ratios of each pair."""
    with tempfile.TemporaryDirectory() as name:
        template = Path(name, "template.json")
        template.write_text(json.dumps(build(Site.load(EXAMPLE)).to_dict()), "utf-8")
        cdk = [python, str(APP), str(template), str(Path(name, "out"))]
        off = {**os.environ, "CDK_VALIDATION": "false"}
        ways: dict[str, Callable[[], str]] = {
            "chantier": lambda: _run(ours(), None),
            "cdk": lambda: _run(cdk, None),
            "cdk_no_validation": lambda: _run(cdk, off),
        }
        took: dict[str, list[float]] = {way: [] for way in ways}
        said = ""
        for run in range(runs + 1):
            for way, go in ways.items():
                began = time.perf_counter()
                said = go()
                if run:
                    took[way].append(time.perf_counter() - began)
    ratios = {
        f"{way}/chantier": spread(
            [theirs / our for theirs, our in zip(took[way], took["chantier"], strict=True)]
        )
        for way in ("cdk", "cdk_no_validation")
    }
    return {**{way: spread(values) for way, values in took.items()}, **ratios, "cdk_app": said}


def ours() -> list[str]:
    """`chantier synth` of the example site, as it is installed."""
    script = Path(sys.executable).with_name("chantier")
    command = [str(script)] if script.exists() else [sys.executable, "-m", "chantier"]
    return [*command, "synth", "--site", str(EXAMPLE)]


def _run(command: list[str], environment: dict[str, str] | None) -> str:
    """Run it to its end; its last line."""
    # Whoever runs this may have told Python to keep nothing on disk: nobody's `chantier synth` is.
    environment = {**(environment or os.environ)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.rstrip().rpartition("\n")[2]


def why_not(python: str) -> str:
    """Why there is nothing to compare with; empty where there is."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not shutil.which(python):
        return f"there is no {python}"
    look = "import importlib.util as u, sys; sys.exit(not u.find_spec('aws_cdk'))"
    found = subprocess.run([python, "-c", look], check=False).returncode == 0
    return "" if found else f"aws-cdk-lib is not installed for {python}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument("--cdk", default=sys.executable, metavar="PYTHON")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    site = fleet(asked.machines)
    told: dict[str, object] = {
        f"render {asked.machines} machines, CPU s": in_process(site, asked.runs, keeping=True),
        "the same with nothing kept": in_process(site, asked.runs, keeping=False),
    }
    reason = why_not(asked.cdk)
    told["beside CDK, s"] = f"skipped: {reason}" if reason else beside_cdk(asked.cdk, asked.runs)
    if asked.json:
        print(json.dumps(told, indent=2))
        return
    for what, values in told.items():
        if not isinstance(values, dict) or "n" in values:
            print(f"{what}: {values}")
        else:
            print(*(f"{what}, {way}: {each}" for way, each in values.items()), sep="\n")


if __name__ == "__main__":
    main()

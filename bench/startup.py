"""What `chantier --help` takes before it answers, beside a Python that does nothing.

    python bench/startup.py [--runs 21] [--json]

CPU seconds of whole processes, user and system, one after the other in turn; the first
round warms the disk up and does not count.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
from typing import Any

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "chantier --help": [sys.executable, "-m", "chantier", "--help"],
    "chantier deploy --help": [sys.executable, "-m", "chantier", "deploy", "--help"],
    "chantier synth": [
        sys.executable,
        "-m",
        "chantier",
        "synth",
        "--site",
        "chantier/example.toml",
    ],
}


def cpu_s(command: list[str]) -> float:
    """CPU seconds of one process."""
    before = _children_s()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return _children_s() - before


def _children_s() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def measure(runs: int) -> dict[str, Any]:
    """All commands in turn, so often."""
    found: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for number in range(runs + 1):
        for name, command in COMMANDS.items():
            spent = cpu_s(command)
            if number:
                found[name].append(spent * 1e3)
    return {
        name: {
            "n": len(spent),
            "min_ms": round(min(spent)),
            "median_ms": round(statistics.median(spent)),
            "max_ms": round(max(spent)),
        }
        for name, spent in found.items()
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=21)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    rows = measure(asked.runs)
    if asked.json:
        print(json.dumps(rows, indent=2))
        return
    for name, row in rows.items():
        print(f"{name:24} {row['median_ms']:>5} ms of CPU ({row['min_ms']} to {row['max_ms']})")


if __name__ == "__main__":
    main()

"""Ten thousand machines in one process, against mosquitto on loopback with mTLS.

    python -m bench.fleet [--machines 10000] [--runs 3] [--only chantier] [--json]
    python -m bench.fleet --physics [--minutes 5]

Each client connects as many machines as it can, every one with its own certificate,
publishes at the pace of one message a minute and machine, then as fast as it goes; all with
QoS 1, each client in a process of its own against a fresh broker, in turn, as many rounds
as asked. `nothing` is what measuring itself takes. With --physics the simulated fleet runs
instead, at the clock's own pace: cores are CPU seconds over wall seconds, minute by minute.

--python names an interpreter that has the other clients (pip install aiomqtt paho-mqtt
gmqtt awsiotsdk); one that is not there is left out, and said. The broker is Debian's
package: apt-get install mosquitto.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench.fleet.broker import Authority, Broker, installed, mosquitto
from bench.fleet.clients import CLIENTS
from bench.fleet.load import machine_name

ROOT = Path(__file__).resolve().parents[2]
MINUTE_S = 60


def broker_cpu_s(broker: Broker) -> float:
    """CPU seconds of the broker since it began."""
    fields = Path(f"/proc/{broker.process.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def in_child(python: str, folder: Path, module: str, *words: object) -> dict[str, Any]:
    """What one process against a fresh broker measured."""
    with mosquitto(folder) as broker:
        place = ("--folder", folder, "--port", broker.port)
        done = subprocess.run(
            [python, "-m", f"bench.fleet.{module}", *map(str, (*words, *place))],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        spent_s = round(broker_cpu_s(broker), 2)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [f"it ended with {done.returncode}"]
        return {"left_out": lines[-1]}
    return {**json.loads(done.stdout), "broker_cpu_s": spent_s}


def compare(asked: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Every client, round after round: n, minimum, median and maximum of each figure."""
    names = asked.only or list(CLIENTS)
    rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for number in range(asked.runs):
        for name in names:
            said = in_child(
                asked.python,
                folder,
                "load",
                name,
                *("--machines", asked.machines),
                *("--per-s", asked.machines / MINUTE_S),
                *("--seconds", asked.seconds),
                *("--ramp-s", asked.ramp_s),
            )
            print(f"round {number + 1}, {name}: {said}", file=sys.stderr)
            rounds[name].append(said)
    return {name: spread(found) for name, found in rounds.items()}


def spread(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The rounds of one client in one row."""
    if gone := [one["left_out"] for one in found if "left_out" in one]:
        return {"left_out": gone[0]}
    row: dict[str, Any] = {"n": len(found)}
    for name, first in found[0].items():
        values = [one[name] for one in found if one.get(name) is not None]
        if isinstance(first, str):
            row[name] = next(filter(None, values), "")
        elif values:
            row[name] = (min(values), statistics.median(values), max(values))
    return row


def show(rows: dict[str, Any]) -> None:
    """A client a block, a figure a line."""
    for name, row in rows.items():
        print(name)
        for figure, value in row.items():
            if isinstance(value, tuple):
                low, middle, high = value
                value = f"{middle:>10g}   ({low:g} to {high:g})"  # noqa: PLW2901 - as text
            print(f"  {figure:20} {value}")


def options() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--machines", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10, help="of each load")
    parser.add_argument("--ramp-s", type=float, default=300, help="the ramp ends after")
    parser.add_argument("--only", action="append", choices=CLIENTS, help="may be repeated")
    parser.add_argument("--physics", action="store_true")
    parser.add_argument("--minutes", type=int, default=5, help="with --physics")
    parser.add_argument("--connects-per-s", type=float, default=100.0, help="with --physics")
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    asked = options()
    if not installed():
        sys.exit("mosquitto is not here. Install it: apt-get install mosquitto")
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # the broker inherits it
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as name:
        folder = Path(name)
        authority = Authority(folder)
        for number in range(asked.machines):
            authority.issue(machine_name(number))
        if asked.physics:
            said = in_child(
                asked.python,
                folder,
                "physics",
                *("--machines", asked.machines),
                *("--minutes", asked.minutes),
                *("--connects-per-s", asked.connects_per_s),
            )
            rows = {"fleet": said}
        else:
            rows = compare(asked, folder)
    if asked.json:
        print(json.dumps(rows, indent=2))
    else:
        show(rows)


if __name__ == "__main__":
    main()

"""The demo, as a newcomer starts it: in an empty folder, as a process of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chantier.local import down
from chantier.local.processes import members, until
from chantier.score import ORDINARY

pytestmark = pytest.mark.embedded
CHANTIER = (sys.executable, "-m", "chantier")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder; whatever runs in it afterwards is stopped."""
    yield tmp_path
    down(tmp_path / ".chantier" / "local", wipe=True)


def chantier(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*CHANTIER, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_the_demo_loses_nothing_finds_what_was_scripted_and_can_be_looked_at(
    folder: Path,
) -> None:
    recording = folder / "readings.csv"
    rows = (f"2026-11-02T08:00:{second:02}Z,{second},true,650,13.2" for second in range(40))
    recording.write_text("t,seq,eng,rpm,batt_v\n" + "\n".join(rows) + "\n", "utf-8")
    shown = chantier(folder, "demo", "--json", "--replay", recording.name)
    assert shown.returncode == 0, shown.stderr
    report = json.loads(shown.stdout)
    assert report["ok"] is True
    assert report["messages"]["sent"] == report["messages"]["stored"] > 500
    assert report["messages"]["lost"] == 0
    assert report["messages"]["unjudged"] == report["messages"]["dead_letters"] == 0
    assert report["messages"]["quarantined"] == report["messages"]["broken"] == 4
    assert report["alerts"] == {"scripted": 2, "found": 2, "missing": [], "unexpected": []}
    assert report["replayed_readings"] == 40
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["p99"]
    assert report["raw_objects"] < report["messages"]["stored"]

    alerts = [
        one
        for one in json.loads(chantier(folder, "alerts", "--local", "--json").stdout)
        if one["code"] not in ORDINARY
    ]
    assert {(one["machine"], one["code"], one["severity"]) for one in alerts} == {
        ("EX-002", "COOLANT_HIGH", "critical"),
        ("CH-001", "OIL_PRESS_LOW", "critical"),
    }
    assert all(one["opened_at"] < one["closed_at"] for one in alerts)
    table = chantier(folder, "alerts", "--local")
    assert "critique" in table.stdout
    machines = json.loads(chantier(folder, "machine", "list", "--local", "--json").stdout)
    assert all(machine["certificate"] for machine in machines)

    assert chantier(folder, "local", "down").returncode == 0
    assert members(folder / ".chantier" / "local") == []


def test_a_demo_does_not_wipe_what_no_demo_made(folder: Path) -> None:
    chantier(folder, "init")
    assert chantier(folder, "local", "up").returncode == 0
    told = chantier(folder, "demo")
    assert told.returncode == 1
    assert "which a demo would wipe" in told.stderr
    assert members(folder / ".chantier" / "local")


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_demo_that_is_stopped_stops_everything_it_started(
    folder: Path, how: signal.Signals, code: int
) -> None:
    with subprocess.Popen(
        [*CHANTIER, "demo"], cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr
        for line in running.stderr:
            if line.startswith("Machines at work"):
                break
        time.sleep(2)
        running.send_signal(how)
        rest = running.stderr.read()
    assert running.returncode == code
    assert "Traceback" not in rest
    assert until(lambda: not members(folder / ".chantier" / "local"), 10)

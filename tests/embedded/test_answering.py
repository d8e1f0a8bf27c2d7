"""What people answer on the command line: chantier alerts ack, chantier machine service."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chantier.cli import main
from chantier.site import EXAMPLE
from chantier.telemetry import format_time
from tests.embedded.conftest import Deployed

pytestmark = pytest.mark.embedded
MACHINE = "TB-003"
Run = Callable[..., Result]


@pytest.fixture
def run(
    deployed: Deployed,  # noqa: ARG001 - it must run
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run chantier in the folder of the deployed site, against its local AWS."""
    (project / "chantier.toml").write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    monkeypatch.chdir(project)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, [*arguments, "--local"], prog_name="chantier")

    return call


def moved(deployed: Deployed, seq: int, lat: float, op_h: float = 240.0) -> None:
    reading = {
        "t": format_time(int(time.time()) - 100 + seq),
        "seq": seq,
        "eng": False,
        "lat": lat,
        "lon": 2.24,
        "op_h": op_h,
    }
    deployed.invoke({"v": 1, "machine": MACHINE, "readings": [reading]})


def test_a_tow_is_acknowledged_in_one_line_and_only_once(deployed: Deployed, run: Run) -> None:
    for seq, lat in enumerate((48.71, 48.71, 48.72, 48.72, 48.72), 1):
        moved(deployed, seq * 10, lat)
    listed = run("alerts", "--open")
    assert "TOW" in listed.stdout
    done = run("alerts", "ack", f"{MACHINE}/TOW", "--note", "porte-char", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["state"], said["priority"], said["note"]) == ("closed", "high", "porte-char")
    assert said["acked_at"] == said["closed_at"]
    again = run("alerts", "ack", said["id"])
    assert again.exit_code == 1
    assert "nothing to acknowledge" in again.stderr
    assert "chantier alerts --open" in again.stderr
    unknown = run("alerts", "ack", f"{MACHINE}/TOW")
    assert unknown.exit_code == 1
    assert "no such alert" in unknown.stderr


def test_a_note_that_is_not_one_line_is_refused(run: Run) -> None:
    refused = run("alerts", "ack", f"{MACHINE}/TOW", "--note", "two\nlines")
    assert refused.exit_code == 1
    assert "one line" in refused.stderr


def test_a_service_is_noted_and_says_when_the_next_one_is_due(
    deployed: Deployed, run: Run
) -> None:
    moved(deployed, 80, 48.72, op_h=252.0)
    noted = run("machine", "service", MACHINE, "--hours", "252", "--json")
    assert json.loads(noted.stdout) == {
        "machine": MACHINE,
        "hours": 252.0,
        "counts_as": 250.0,
        "next_due": 500.0,
    }
    assert "next reading" in run("machine", "service", MACHINE, "--hours", "252").stderr
    moved(deployed, 90, 48.72, op_h=252.1)
    services = [one for one in deployed.alerts(MACHINE) if one.code == "SERVICE_DUE"]
    assert services
    assert all(one.closed_at for one in services)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((MACHINE, "--hours", "-1"), "No hour meter"),
        ((MACHINE, "--hours", "nan"), "No hour meter"),
        (("TB-O03", "--hours", "250"), "names no machine"),
    ],
)
def test_a_service_that_cannot_be_is_refused(
    run: Run, arguments: tuple[str, ...], says: str
) -> None:
    refused = run("machine", "service", *arguments)
    assert refused.exit_code == 1
    assert says in refused.stderr

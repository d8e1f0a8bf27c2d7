"""The end of a run, as a person and a script read it."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from chantier.cli.run_report import show_report, tell_report
from simulator.pulse import Pulse

EXPECTED = {
    "machine": "EX-001",
    "code": "COOLANT_HIGH",
    "severity": "critical",
    "by": "2026-11-13T12:22:59Z",
}


def report(**more: object) -> dict[str, object]:
    pulse = Pulse(machines=12, most=12, connections=20, handed=489, acked=489, readings=2334)
    return {**pulse.as_dict(), "trouble": {}, "expected_alerts": [EXPECTED], **more}


def test_a_person_reads_lines_and_nothing_of_what_did_not_happen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show_report(report(), as_json=False)
    told = capsys.readouterr().out
    assert "489 sent, 489 acknowledged" in told
    assert "12, 12 connected at a time; 8 times again" in told
    assert "EX-001 COOLANT_HIGH, critical, open by 2026-11-13T12:22:59Z" in told
    assert "queue" not in told
    assert "errors" not in told


def test_what_waits_is_told_with_its_file_and_the_run_has_failed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rest = {"on_disk": 9, "dropped": 0, "spooled": 9}
    with pytest.raises(click.exceptions.Exit) as ended:
        show_report(
            report(acknowledged=480, queue=rest, faults={"loss": 3}, trouble={"EX-2": "no line"}),
            as_json=False,
            queue=Path("q.db"),
        )
    assert ended.value.exit_code == 1
    told = capsys.readouterr()
    assert "9 messages wait in q.db: the next chantier simulate sends them first" in told.err
    assert "made to fail  loss 3" in told.out
    assert "EX-2: no line" in told.out


def test_a_script_reads_json(capsys: pytest.CaptureFixture[str]) -> None:
    tell_report(report(), as_json=True)
    assert json.loads(capsys.readouterr().out)["expected_alerts"] == [EXPECTED]

"""The ground truth of a run as a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from chantier.errors import ChantierError
from chantier.site import Site
from simulator.incident import Incident
from simulator.muster import Run, muster
from simulator.truth import write_truth


def test_each_incident_is_a_line_with_its_times_in_utc(
    site: Site, start: int, tmp_path: Path
) -> None:
    run = Run(site=site, start=start, duration_s=3 * 3600, seed=1)
    incidents = [Incident("surchauffe", "EX-001", 300), Incident("capteur-mort", "EX-002", 300)]
    expected = [one for hand in muster(run, incidents) for one in hand.expected()]
    write_truth(tmp_path / "truth.jsonl", expected)
    first, second = map(json.loads, (tmp_path / "truth.jsonl").read_text("utf-8").splitlines())
    assert (first["machine"], first["code"], first["severity"]) == (
        "EX-001",
        "COOLANT_HIGH",
        "critical",
    )
    assert (second["code"], second["fault"]) == ("DTC", "110-3")
    assert first["onset"] < first["by"] < first["over"]
    assert first["onset"].endswith("Z")


def test_a_run_without_incidents_has_an_empty_truth(tmp_path: Path) -> None:
    write_truth(tmp_path / "truth.jsonl", ())
    assert (tmp_path / "truth.jsonl").read_text("utf-8") == ""


def test_a_truth_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(ChantierError, match="cannot be written") as refused:
        write_truth(tmp_path / "nowhere" / "truth.jsonl", ())
    assert "--truth" in refused.value.hint

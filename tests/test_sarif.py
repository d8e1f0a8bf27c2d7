"""SARIF: what is printed is shaped as the standard's schema says, and points where it should."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from chantier.checks import RULES
from chantier.cli import main
from chantier.lint import Finding
from chantier.sarif import sarif

OURS = Finding(
    "CH201", 4, "Lines keeps its lines for ever.", "error", "Lines", "", "Do.", "a b.yaml"
)
THEIRS = Finding(
    "I3042", 9, "Hard-coded.", "informational", "Role", "No ARNs by hand", "", "x.yaml"
)

# SARIF 2.1.0 errata 01, of the objects that we write: (required, further allowed) members.
# Each object of the standard's schema has `additionalProperties: false`.
SHAPES: dict[str, tuple[set[str], set[str]]] = {
    "log": ({"version", "runs"}, {"$schema"}),
    "run": ({"tool"}, {"results", "columnKind"}),
    "tool": ({"driver"}, set()),
    "driver": ({"name"}, {"version", "rules"}),
    "rule": ({"id"}, {"shortDescription", "help"}),
    "text": ({"text"}, set()),
    "result": (
        {"message"},
        {"ruleId", "ruleIndex", "level", "locations", "partialFingerprints"},
    ),
    "location": (set(), {"physicalLocation", "logicalLocations"}),
    "physical": (set(), {"artifactLocation", "region"}),
    "artifact": (set(), {"uri"}),
    "region": (set(), {"startLine"}),
    "logical": (set(), {"name", "kind"}),
}
INNER = {
    ("log", "runs"): "run",
    ("run", "tool"): "tool",
    ("run", "results"): "result",
    ("tool", "driver"): "driver",
    ("driver", "rules"): "rule",
    ("rule", "shortDescription"): "text",
    ("rule", "help"): "text",
    ("result", "message"): "text",
    ("result", "locations"): "location",
    ("location", "physicalLocation"): "physical",
    ("location", "logicalLocations"): "logical",
    ("physical", "artifactLocation"): "artifact",
    ("physical", "region"): "region",
}


def assert_shaped(kind: str, value: dict[str, Any]) -> None:
    required, allowed = SHAPES[kind]
    assert required <= set(value) <= required | allowed, kind
    for key, inner in value.items():
        if (kind, key) in INNER:
            for one in inner if isinstance(inner, list) else [inner]:
                assert_shaped(INNER[kind, key], one)


@pytest.mark.parametrize("findings", [[], [OURS], [OURS, THEIRS, OURS]])
def test_a_log_has_the_members_of_the_standard_and_no_other(findings: list[Finding]) -> None:
    log = sarif(findings)
    assert_shaped("log", log)
    assert log["version"] == "2.1.0"
    assert log["runs"][0]["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")


def test_every_result_points_to_its_rule_and_its_line() -> None:
    (run,) = sarif([OURS, THEIRS])["runs"]
    for finding, result in zip([OURS, THEIRS], run["results"], strict=True):
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] == finding.rule
        (location,) = result["locations"]
        assert location["physicalLocation"]["region"]["startLine"] == finding.line
        assert location["logicalLocations"] == [{"name": finding.resource, "kind": "resource"}]
        assert result["level"] in ("none", "note", "warning", "error")
    assert [one["level"] for one in run["results"]] == ["error", "note"]
    assert run["results"][0]["message"]["text"] == "Lines keeps its lines for ever. Do."


def test_a_file_name_is_a_uri() -> None:
    (result,) = sarif([OURS])["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.yaml"


def test_rules_are_listed_once_and_ours_are_all_there() -> None:
    ids = [rule["id"] for rule in sarif([THEIRS, THEIRS])["runs"][0]["tool"]["driver"]["rules"]]
    assert ids == [*(rule.id for rule in RULES), "I3042"]


def test_a_finding_keeps_its_fingerprint_when_its_line_moves() -> None:
    (run,) = sarif([OURS, OURS._replace(line=40), OURS._replace(resource="Other")])["runs"]
    prints = [result["partialFingerprints"]["chantier/v1"] for result in run["results"]]
    assert prints[0] == prints[1] != prints[2]


def test_a_template_that_is_in_no_file_is_shown_at_what_it_is_made_of() -> None:
    (result,) = sarif([OURS._replace(file="")], source="chantier.toml")["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "chantier.toml"}, "region": {"startLine": 1}}
    assert result["message"]["text"].endswith("(Line 4 of the template.)")


def test_the_command_prints_sarif_and_still_ends_with_1(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("Resources:\n  A:\n    Type: AWS::SNS::Nope\n", "utf-8")
    told = CliRunner().invoke(
        main, ["lint", str(path), "--format", "sarif", "--region", "us-east-1"]
    )
    assert told.exit_code == 1
    log = json.loads(told.stdout)
    assert_shaped("log", log)
    assert [one["ruleId"] for one in log["runs"][0]["results"]] == ["E3006"]

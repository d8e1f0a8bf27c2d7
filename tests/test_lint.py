"""chantier lint: any template, as text, JSON or SARIF, with lines that a reader finds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from chantier.cli import main
from chantier.errors import ChantierError
from chantier.lint import Finding, lint, lint_file
from chantier.site import EXAMPLE, Site
from chantier.template import synthesize

Run = Callable[..., Result]
TABLE = """AWSTemplateFormatVersion: '2010-09-09'
Description: A log that a user wrote
Resources:
  Lines:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      Tags:
        - {Key: a, Value: b}
  Reader:
    Type: AWS::IAM::Role
    Properties:
      Tags:
        - {Key: a, Value: b}
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: read
          PolicyDocument:
            Version: '2012-10-17'
            Statement:
              - Sid: Read
                Effect: Allow
                Action: logs:GetLogEvents
                Resource: '*'
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run chantier lint in a folder with that template."""
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(TABLE, "utf-8")

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["lint", *arguments], prog_name="chantier")

    return call


def told(findings: list[Finding]) -> list[tuple[str, int, str]]:
    return [(one.rule, one.line, one.resource) for one in findings]


def test_our_findings_stand_beside_those_of_cfn_lint_with_their_lines() -> None:
    broken = TABLE.replace("AWS::IAM::Role", "AWS::IAM::Rolle")
    assert told(lint(TABLE, region="eu-west-3")) == [
        ("CH201", 4, "Lines"),
        ("CH302", 30, "Reader"),
    ]
    assert [one[0] for one in told(lint(broken, region="eu-west-3"))] == [
        "CH201",
        "E3006",
        "CH302",
    ]


def test_a_finding_in_json_has_its_line_too() -> None:
    lines = {"Type": "AWS::Logs::LogGroup", "Properties": {}}
    text = '{"Resources": {\n"Lines": ' + json.dumps(lines) + "}}"
    assert ("CH201", 2, "Lines") in told(lint(text, region="eu-west-3"))


def test_what_is_no_yaml_is_a_finding_of_cfn_lint() -> None:
    assert told(lint("a: [", region="eu-west-3")) == [("E0000", 2, "")]


@pytest.mark.parametrize("text", ["[]", "just a text", "3"])
def test_a_text_that_is_no_template_is_told(text: str) -> None:
    with pytest.raises(ChantierError, match="holds no mapping"):
        lint(text, region="eu-west-3")


def test_a_type_that_cfn_lint_does_not_know_needs_no_tag() -> None:
    text = "Resources:\n  Lines:\n    Type: Custom::Lines\n    Properties: {ServiceToken: x}\n"
    assert "CH403" not in [one.rule for one in lint(text, region="eu-west-3")]


LOOP = """Transform: AWS::LanguageExtensions
Resources:
  'Fn::ForEach::Logs':
    - Name
    - [One, Two]
    - 'Log${Name}':
        Type: AWS::Logs::LogGroup
        DeletionPolicy: Delete
        UpdateReplacePolicy: Delete
        Properties:
          LogGroupName: !Sub 'log-${Name}'
          Tags:
            - {Key: a, Value: b}
"""


def test_what_a_loop_writes_is_checked_with_its_line() -> None:
    assert told(lint(LOOP, region="eu-west-3")) == [("CH201", 6, "LogOne"), ("CH201", 6, "LogTwo")]


def test_a_loop_that_cannot_be_written_out_is_said_to_be_unchecked() -> None:
    for text in (LOOP.replace("[One, Two]", "[One, One]"), LOOP.replace("Transform", "# ")):
        found = {one.rule: one for one in lint(text, region="eu-west-3")}
        assert "no check sees them" in found["CH012"].message


def test_every_taggable_resource_of_ours_is_tagged() -> None:
    text = synthesize(Site.load(EXAMPLE))
    bare = text.replace(
        "      Tags:\n      - {Key: 'chantier:site', Value: zac-des-tilleuls}\n", ""
    )
    untagged = {one.resource for one in lint(bare, region="eu-west-3") if one.rule == "CH403"}
    assert {"IngestRule", "Detect", "DetectRole", "AlertsTable", "DataBucket"} <= untagged


def test_a_file_is_read_and_named(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(TABLE, "utf-8")
    assert {one.file for one in lint_file(path, region="eu-west-3")} == {path.as_posix()}


def test_the_command_prints_file_line_rule_and_what_to_do(run: Run) -> None:
    said = run("own.yaml", "--region", "eu-west-3")
    assert said.exit_code == 1
    assert said.stdout.splitlines()[0] == (
        "own.yaml:4: CH201 Lines keeps its lines for ever. Add RetentionInDays."
    )
    assert said.stderr == "2 findings.\n"


def test_a_template_with_nothing_to_find_ends_with_0(run: Run) -> None:
    Path("ours.yaml").write_text(synthesize(Site.load(EXAMPLE)), "utf-8")
    said = run("ours.yaml", "--region", "us-east-1")
    assert (said.exit_code, said.stdout, said.stderr) == (0, "", "0 findings.\n")


def test_several_templates_are_linted_at_once(run: Run) -> None:
    Path("other.yaml").write_text(TABLE.replace("      Tags:\n", "      # none\n"), "utf-8")
    said = run("own.yaml", "other.yaml", "--json", "--region", "eu-west-3")
    assert {one["file"] for one in json.loads(said.stdout)} == {"own.yaml", "other.yaml"}


def test_json_and_format_json_say_the_same(run: Run) -> None:
    short, long = run("own.yaml", "--json"), run("own.yaml", "--format", "json")
    assert short.stdout == long.stdout
    assert [one["rule"] for one in json.loads(short.stdout)] == ["CH201", "CH302"]
    assert json.loads(short.stdout)[1]["todo"].startswith("Name the resource")


def test_without_a_site_file_the_region_is_said(run: Run) -> None:
    assert "the rules are those of us-east-1; --region sets another" in run("own.yaml").stderr


def test_with_a_site_file_its_region_counts(run: Run) -> None:
    text = EXAMPLE.read_text("utf-8").replace("eu-west-3", "eu-wst-3")
    Path("chantier.toml").write_text(text, "utf-8")
    assert "There is no AWS region 'eu-wst-3'." in run("own.yaml").stderr
    assert run("own.yaml", "--region", "eu-west-3").exit_code == 1


def test_a_site_file_that_was_asked_for_must_be_there(run: Run) -> None:
    said = run("own.yaml", "--site", "none.toml")
    assert said.exit_code == 1
    assert "none.toml" in said.stderr


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("missing.yaml", None, "missing.yaml cannot be read: No such file or directory."),
        ("latin.yaml", b"Description: \xe9", "latin.yaml cannot be read: it is not UTF-8 text."),
        ("list.yaml", b"- a\n", "list.yaml is no CloudFormation template: it holds no mapping."),
        (".", None, ". cannot be read: Is a directory."),
    ],
)
def test_a_file_that_cannot_be_read_is_one_sentence(
    run: Run, name: str, data: bytes | None, sentence: str
) -> None:
    if data is not None:
        Path(name).write_bytes(data)
    said = run(name, "--region", "eu-west-3")
    assert said.exit_code == 1
    assert said.stderr.splitlines()[0] == sentence
    assert said.stdout == ""


def test_a_file_that_cannot_be_read_hides_nothing_of_the_others(run: Run) -> None:
    Path("ours.yaml").write_text(synthesize(Site.load(EXAMPLE)), "utf-8")
    Path("list.yaml").write_text("- a\n", "utf-8")
    said = run("none.yaml", "own.yaml", "list.yaml", "--region", "eu-west-3")
    assert said.exit_code == 1
    assert [line.split()[0] for line in said.stdout.splitlines()] == [
        "own.yaml:4:",
        "own.yaml:30:",
    ]
    assert [line.split()[0] for line in said.stderr.splitlines()] == [
        "none.yaml",
        "list.yaml",
        "Print",
        "2",
    ]
    alone = run("ours.yaml", "none.yaml", "--region", "eu-west-3")
    assert (alone.exit_code, alone.stdout) == (1, "")


def test_a_region_that_there_is_not_is_said_once(run: Run) -> None:
    said = run("own.yaml", "own.yaml", "--region", "eu-wst-3")
    assert said.exit_code == 1
    assert said.stderr.count("There is no AWS region") == 1


def test_a_format_that_there_is_not_is_wrong_usage(run: Run) -> None:
    assert run("own.yaml", "--format", "xml").exit_code == 2


def test_what_cfn_lint_stumbles_over_is_told_in_a_sentence() -> None:
    with pytest.raises(ChantierError, match="stumbles"):
        lint("Metadata: 5\nResources: {}\n", region="eu-west-3")

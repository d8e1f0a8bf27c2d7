"""Plans and failures as people read them, from what CloudFormation says: cases are data."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import Loader

from chantier.cli.naming import Names
from chantier.cli.plan import as_data, lines, value
from chantier.deploying import changes, failures
from chantier.deploying.differences import Difference, differences
from chantier.deploying.origins import modules, site_line
from chantier.deploying.reading import HIDDEN, plain, resolved, values
from chantier.deploying.recovery import STATES, USABLE, trouble
from chantier.deploying.remedies import OTHERWISE, remedy
from chantier.packing import packed
from chantier.site import EXAMPLE, Site
from chantier.stack import Plan
from chantier.template import SECTIONS, build, synthesize

CASES = Path(__file__).parent / "cases" / "deploy"
# Every state that CloudFormation knows, from its own description in botocore.
STATUSES = sorted(
    set(
        Loader().load_service_model("cloudformation", "service-2")["shapes"]["StackStatus"]["enum"]
    )
    - {"DELETE_COMPLETE"}
)


def case(name: str) -> Any:
    return json.loads((CASES / f"{name}.json").read_text("utf-8"))


def plan_of(said: Any) -> Plan:
    told = changes.read(said["told"], before=said["before"], after=said["after"])
    return Plan("chantier-site", "arn", told, creates=False)


@pytest.mark.parametrize("name", ["plan-service-values", "plan-template-values"])
def test_a_change_set_is_told_with_what_was_and_what_will_be(name: str) -> None:
    said = case(name)
    shown = list(lines(plan_of(said), Names(SECTIONS, said["after"])))
    assert [line for _, line in shown] == said["lines"]
    reds = [line for style, line in shown if "red" in style]
    assert reds == [line for line in said["lines"] if line.startswith(("  -/+", "  - "))]


def test_a_plan_is_json() -> None:
    told = as_data(plan_of(case("plan-service-values")))
    assert json.loads(json.dumps(told)) == told
    assert told["changes"][0]["replaces"] is True
    assert told["changes"][0]["properties"] == [
        {
            "path": "QueueName",
            "before": "old",
            "after": "new",
            "recreation": "Always",
            "cause": "",
        }
    ]


def test_packed_code_is_told_by_its_digest_and_long_values_are_cut() -> None:
    assert value(packed("print(1)\n", "detect")).startswith("code ")
    assert value("x" * 500).startswith("x" * 40 + "... (500 characters, SHA-256 ")
    assert value(None) == "(none)"
    assert value("") == '""'
    assert value("{{changeSet:KNOWN_AFTER_APPLY}}") == "(known when it is done)"


@pytest.mark.parametrize("name", ["events-access-denied", "events-quota"])
def test_the_first_cause_is_told_and_what_only_followed_is_not(name: str) -> None:
    said = case(name)
    causes = failures.of_events(said["events"], stack_id=said["stack_id"])
    assert [[one.logical_id, one.reason, one.code] for one in causes] == said["causes"]
    assert remedy(causes[0]).startswith(said["what_to_do"])


@pytest.mark.parametrize("mode", ["fail", "warn"])
def test_checks_before_a_deployment_are_told_with_their_property(mode: str) -> None:
    said = case("checks-early-validation")
    found = failures.of_checks(said["told"], mode=mode.upper())
    assert [[one.logical_id, one.path, one.reason] for one in found] == said[mode]


@pytest.mark.parametrize(
    ("reason", "what"),
    [
        ("chantier-x already exists", "Something of that name"),
        ("The role defined for the function cannot be assumed by Lambda.", "IAM had not spread"),
        ("with an explicit deny in a service control policy", "A policy of your organization"),
        ("The requested bucket name is not available.", "Something of that name"),
        ("Rate exceeded", "Deploy again"),
        ("EX-001 already exists in stack arn:aws:x", "Another stack has it"),
        ("Unrecognized resource types: [AWS::QuickSight::DataSet]", "The region lacks"),
        ("Exceeded attempts to wait. NotStabilized", "The service did not finish"),
        ("Tea is cold", OTHERWISE),
    ],
)
def test_usual_causes_have_a_remedy(reason: str, what: str) -> None:
    assert remedy(failures.Failure("A", "AWS::X::Y", reason)).startswith(what)


def test_every_resource_of_both_sizes_is_traced_to_its_module() -> None:
    site = Site.load(EXAMPLE)
    for size in ("starter", "fleet"):
        of_size = site.of_size(size)
        found = modules(partial(build, of_size))
        missing = [name for name in build(of_size).resources if name not in found]
        assert missing == []
        text = Path(found["IngestRule"].file).name
        assert text == "ingest.py"
        assert found["DetectErrors"].file == "chantier/resources/alarms.py"


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("EX-002 already exists in stack arn:aws:x:eu-west-3:1:stack/chantier-y", "EX-002"),
        ("EX-0021 is somebody else's", None),
        ("the group chantier-zac-des-tilleuls-machines", None),
        ("site zac-des-tilleuls in eu-west-3", "zac-des-tilleuls"),
        ("no such zone: bassin", "bassin"),
        ("not available in eu-west-3", "eu-west-3"),
    ],
)
def test_the_line_of_the_site_file_is_the_surest_names(said: str, what: str | None) -> None:
    text = EXAMPLE.read_text("utf-8")
    found = site_line(text, file="chantier.toml", about=("", said))
    assert (found.what if found else None) == what
    if found:
        assert f'"{what}"' in text.splitlines()[found.line - 1]


def test_every_state_of_a_stack_is_usable_or_explained_with_a_way_out() -> None:
    assert set(STATES) <= set(STATUSES)
    for status in STATUSES:
        wrong = trouble({"StackName": "chantier-x", "StackStatus": status})
        if status in USABLE:
            assert wrong is None
        else:
            assert wrong
            assert wrong.means.startswith(f"chantier-x is {status}: ")
            assert wrong.hint
            assert (wrong.remedy == "wait") == status.endswith("_IN_PROGRESS")
            assert bool(wrong.question) == (wrong.remedy not in ("wait", ""))


def test_functions_are_resolved_as_far_as_anybody_can() -> None:
    body = """
Parameters:
  Days: {Type: Number, Default: 30}
  Mail: {Type: String, Default: ''}
  Secret: {Type: String, NoEcho: true}
Conditions:
  Told: !Not [!Equals [!Ref Mail, '']]
  Both: !And [!Condition Told, !Equals [!Ref Days, '7']]
Resources:
  Log:
    Type: AWS::Logs::LogGroup
    Properties:
      RetentionInDays: !Ref Days
      Name: !Sub '/site/${AWS::Region}/${Days}'
      Arn: !Join [':', [arn, !GetAtt Log.Arn]]
      Tags: [!If [Told, {Key: told}, !Ref 'AWS::NoValue'], {Key: always}]
      Mode: !If [Both, both, !Ref 'AWS::NoValue']
  Mailer: {Type: AWS::SNS::Subscription, Condition: Told}
"""
    template = plain(body)
    assert values(template, {"Secret": "s"})["Secret"] == HIDDEN
    usual = resolved(template, {})
    assert usual == {
        "Log": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {
                "RetentionInDays": "30",
                "Name": "/site/${AWS::Region}/30",
                "Arn": "arn:${Log.Arn}",
                "Tags": [{"Key": "always"}],
            },
        }
    }
    told = resolved(template, {"Mail": "you@example.com", "Days": "7"})
    assert told["Mailer"] == {"Type": "AWS::SNS::Subscription"}
    assert told["Log"]["Properties"]["Mode"] == "both"
    assert told["Log"]["Properties"]["Tags"] == [{"Key": "told"}, {"Key": "always"}]


def test_the_whole_template_is_read_back_as_it_was_built() -> None:
    site = Site.load(EXAMPLE)
    read = plain(synthesize(site))
    assert read["Resources"].keys() == build(site).resources.keys()
    assert json.loads(json.dumps(read)) == read


def test_items_of_a_list_are_told_apart_by_their_name() -> None:
    before = {"Statement": [{"Sid": "A", "Action": "x"}, {"Sid": "B", "Action": "y"}]}
    after = {"Statement": [{"Sid": "B", "Action": "z"}, {"Sid": "A", "Action": "x"}]}
    assert list(differences(before, after)) == [Difference("Statement[B].Action", "y", "z")]
    assert list(differences({"a": [1, 2]}, {"a": [2]})) == [Difference("a", [1, 2], [2])]
    assert list(differences({}, {"a": 0})) == [Difference("a", None, 0)]

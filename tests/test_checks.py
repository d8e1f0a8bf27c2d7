"""Our own checks: the good template passes each, and a broken one is found by the right one."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chantier import staging
from chantier.checks import CHECKS, RULES, check, size
from chantier.checks.reading import Place
from chantier.dashboard_checks import RULES as DASHBOARD_RULES
from chantier.site import EXAMPLE, Site
from chantier.template import build

Body = dict[str, Any]
Break = Callable[[Body], object]
NOBODY = {"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": "AlertsTopic"}}
AWS_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


@pytest.fixture(scope="module")
def good() -> Body:
    body: Body = build(Site.load(EXAMPLE)).to_dict()
    return body


@pytest.fixture
def body(good: Body) -> Body:
    return copy.deepcopy(good)


def found(body: Body, text: str = "") -> list[tuple[str, Place]]:
    def tags(kind: str) -> str:
        return "Tags" if kind in ("AWS::S3::Bucket", "AWS::IAM::Role") else ""

    return [(rule.id, place) for rule, place in check(body, text=text, tag_property=tags)]


def of(body: Body, name: str) -> Body:
    given: Body = body["Resources"][name]["Properties"]
    return given


def statement(body: Body, name: str, number: int = 0) -> Body:
    given: Body = of(body, name)["Policies"][0]["PolicyDocument"]["Statement"][number]
    return given


def trust(body: Body, name: str) -> Body:
    given: Body = of(body, name)["AssumeRolePolicyDocument"]["Statement"][0]
    return given


def guard(body: Body, name: str) -> Body:
    given: Body = of(body, name)["PolicyDocument"]["Statement"][0]
    return given


def add(body: Body, name: str, kind: str, **given: object) -> None:
    body["Resources"][name] = {"Type": kind, "Properties": given}


def in_body(body: Body, old: str, new: str) -> None:
    """Write something else in the body of the CloudWatch dashboard."""
    said = of(body, "Dashboard")["DashboardBody"]["Fn::Sub"]
    assert old in said
    of(body, "Dashboard")["DashboardBody"]["Fn::Sub"] = said.replace(old, new)


def fed_by_a_queue(body: Body, queue: Body) -> None:
    """The detect function gets its messages from a queue, and has no destination."""
    del body["Resources"]["DetectOnFailure"]
    body["Resources"]["Feed"] = copy.deepcopy(body["Resources"]["DeadLetters"])
    of(body, "Feed").update(queue)
    add(
        body,
        "DetectFeed",
        "AWS::Lambda::EventSourceMapping",
        EventSourceArn={"Fn::GetAtt": ["Feed", "Arn"]},
        FunctionName={"Ref": "Detect"},
    )
    policy = body["Resources"]["FeedPolicy"] = copy.deepcopy(
        body["Resources"]["DeadLettersPolicy"]
    )
    policy["Properties"]["Queues"] = [{"Ref": "Feed"}]


def under_a_condition(value: object) -> Body:
    return {"Fn::If": ["HasAlertEmail", value, {"Ref": "AWS::NoValue"}]}


REDRIVE = {"RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}}
# Check, logical id, what breaks the template.
BROKEN: list[tuple[str, str, Break]] = [
    ("CH011", "", lambda b: b["Outputs"].update({f"O{n}": {"Value": "x"} for n in range(200)})),
    (
        "CH011",
        "",
        lambda b: b["Resources"].update({f"W{n}": {"Type": "X::Y::Z"} for n in range(480)}),
    ),
    (
        "CH011",
        "",
        lambda b: b["Parameters"].update({f"P{n}": {"Type": "String"} for n in range(200)}),
    ),
    ("CH012", "", lambda b: b.update(Transform="AWS::Serverless-2016-10-31")),
    ("CH012", "", lambda b: b.update(Transform=["AWS::LanguageExtensions", "Own"])),
    ("CH012", "", lambda b: b.update({"Fn::Transform": {"Name": "AWS::Include"}})),
    ("CH012", "Watch", lambda b: of(b, "Watch").update({"Fn::Transform": {"Name": "Own"}})),
    ("CH012", "Fn::ForEach::A", lambda b: b["Resources"].update({"Fn::ForEach::A": []})),
    ("CH121", "Dashboard", lambda b: in_body(b, '"widgets"', "widgets")),
    ("CH121", "Dashboard", lambda b: of(b, "Dashboard").update(DashboardBody="[]")),
    ("CH122", "Dashboard", lambda b: in_body(b, '"ReadingsLate"', '"ReadingsLost"')),
    ("CH122", "Dashboard", lambda b: in_body(b, "chantier/zac-des-tilleuls", "chantier/other")),
    ("CH122", "Dashboard", lambda b: b["Resources"].pop("ReadingsLate")),
    ("CH123", "Dashboard", lambda b: in_body(b, "${Detect}", "${DetectRole}")),
    ("CH123", "Dashboard", lambda b: in_body(b, "${Detect}", "chantier-detect")),
    ("CH123", "Dashboard", lambda b: in_body(b, "${DetectErrors.Arn}", "${DetectLog.Arn}")),
    ("CH601", "IngestRule", lambda b: of(b, "IngestRule")["TopicRulePayload"].pop("ErrorAction")),
    (
        "CH601",
        "IngestRule",
        lambda b: of(b, "IngestRule")["TopicRulePayload"].update(
            ErrorAction=under_a_condition({"S3": {}})
        ),
    ),
    ("CH602", "Detect", lambda b: b["Resources"].pop("DetectOnFailure")),
    ("CH602", "Detect", lambda b: b["Resources"]["DetectOnFailure"].update(Condition="Some")),
    ("CH602", "Watch", lambda b: of(b, "WatchOnFailure").pop("DestinationConfig")),
    ("CH602", "Detect", lambda b: fed_by_a_queue(b, {})),
    ("CH603", "DetectFeed", lambda b: fed_by_a_queue(b, {})),
    ("CH603", "WatchStream", lambda b: of(b, "WatchStream").pop("DestinationConfig")),
    ("CH604", "WatchSchedule", lambda b: of(b, "WatchSchedule")["Target"].pop("DeadLetterConfig")),
    ("CH201", "WatchLog", lambda b: of(b, "WatchLog").pop("RetentionInDays")),
    (
        "CH201",
        "WatchLog",
        lambda b: of(b, "WatchLog").update(RetentionInDays=under_a_condition(3)),
    ),
    ("CH202", "Watch", lambda b: of(b, "Watch")["LoggingConfig"].update(LogGroup="/aws/other")),
    (
        "CH202",
        "Watch",
        lambda b: of(b, "Watch")["LoggingConfig"].update(LogGroup={"Ref": "DetectLog"}),
    ),
    ("CH301", "DetectRole", lambda b: statement(b, "DetectRole").update(Action=["dynamodb:*"])),
    ("CH301", "DetectRole", lambda b: statement(b, "DetectRole").update(Action="dynamodb:Get*")),
    ("CH301", "DetectRole", lambda b: statement(b, "DetectRole").update(NotAction="iam:PassRole")),
    ("CH302", "DetectRole", lambda b: statement(b, "DetectRole").update(Resource="*")),
    (
        "CH302",
        "DetectRole",
        lambda b: statement(b, "DetectRole").update(
            Resource={"Fn::If": ["HasAlertEmail", "*", {"Ref": "AlertsTable"}]}
        ),
    ),
    (
        "CH302",
        "DetectRole",
        lambda b: statement(b, "DetectRole", 1).update(
            Resource=[{"Fn::Sub": "${DataBucket.Arn}/*"}]
        ),
    ),
    (
        "CH302",
        "DetectRole",
        lambda b: statement(b, "DetectRole").update(
            Resource={"Fn::Join": ["/", [{"Fn::GetAtt": ["AlertsTable", "Arn"]}, "index/*"]]}
        ),
    ),
    ("CH302", "DetectRole", lambda b: statement(b, "DetectRole").update(NotResource="x")),
    (
        "CH302",
        "MachinePolicy",
        lambda b: guard(b, "MachinePolicy").update(
            Resource=[{"Fn::Sub": "arn:${AWS::Partition}:iot:::client/*"}]
        ),
    ),
    (
        "CH303",
        "AlertsTopicPolicy",
        lambda b: of(b, "AlertsTopicPolicy")["PolicyDocument"]["Statement"].append(
            {**NOBODY, "Principal": {"AWS": "*"}}
        ),
    ),
    ("CH304", "WatchRole", lambda b: of(b, "WatchRole").update(ManagedPolicyArns=[AWS_POLICY])),
    ("CH311", "IngestRole", lambda b: trust(b, "IngestRole").pop("Condition")),
    ("CH311", "IngestRole", lambda b: trust(b, "IngestRole")["Condition"].pop("ArnEquals")),
    (
        "CH311",
        "RawDeliveryRole",
        lambda b: trust(b, "RawDeliveryRole")["Condition"].update(
            StringEquals={"aws:SourceAccount": "*"}
        ),
    ),
    ("CH312", "IngestMayDetect", lambda b: of(b, "IngestMayDetect").pop("SourceAccount")),
    ("CH312", "IngestMayDetect", lambda b: of(b, "IngestMayDetect").pop("SourceArn")),
    ("CH313", "DataBucket", lambda b: b["Resources"].pop("DataBucketPolicy")),
    ("CH313", "DataBucket", lambda b: guard(b, "DataBucketPolicy").update(Action="s3:GetObject")),
    ("CH313", "DeadLetters", lambda b: guard(b, "DeadLettersPolicy").update(Effect="Allow")),
    (
        "CH313",
        "AlertsTopic",
        lambda b: guard(b, "AlertsTopicPolicy").update(
            Condition={"Bool": {"aws:SecureTransport": True}}
        ),
    ),
    ("CH401", "AlertsTable", lambda b: b["Resources"]["AlertsTable"].pop("DeletionPolicy")),
    ("CH402", "DataBucket", lambda b: b["Resources"]["DataBucket"].pop("UpdateReplacePolicy")),
    ("CH403", "DataBucket", lambda b: of(b, "DataBucket").pop("Tags")),
    (
        "CH901",
        "Watch",
        lambda b: b["Resources"]["Watch"].update(
            Metadata={"chantier": {"answers": {"CH201": " "}}}
        ),
    ),
    (
        "CH902",
        "Watch",
        lambda b: b["Resources"]["Watch"].update(
            Metadata={"chantier": {"answers": {"CH201": "it once did"}}}
        ),
    ),
]


def test_the_good_template_passes_every_check(good: Body) -> None:
    assert found(good) == []


@pytest.mark.parametrize(
    ("rule", "name", "harm"),
    BROKEN,
    ids=[f"{n}-{one[0]}-{one[1]}" for n, one in enumerate(BROKEN)],
)
def test_what_breaks_a_rule_is_found_at_its_resource(
    body: Body, rule: str, name: str, harm: Break
) -> None:
    harm(body)
    assert (rule, name) in {(told, place.resource) for told, place in found(body)}


def test_every_rule_has_a_template_that_breaks_it() -> None:
    """Those of dashboards are broken one by one in tests/test_quicksight.py."""
    ours = {rule.id for rule in RULES} - {"CH001", *DASHBOARD_RULES}
    assert ours == {rule for rule, _, _ in BROKEN}


def test_a_dashboard_that_names_a_ghost_is_found_with_its_place(good: Body) -> None:
    body = copy.deepcopy(good)
    definition = body["Resources"]["QuickSightDashboard"]["Properties"]["Definition"]
    definition["DataSetIdentifierDeclarations"][0]["Identifier"] = "ghost"
    rule, place = next(one for one in found(body) if one[0] in DASHBOARD_RULES)
    assert rule == "CH101"
    assert place.path[:4] == ("Resources", "QuickSightDashboard", "Properties", "Definition")


def test_a_text_of_a_million_and_one_bytes_is_found_and_one_of_a_million_is_not(
    good: Body,
) -> None:
    assert found(good, "é" * 500_000) == []
    ((rule, place),) = found(good, "é" * 500_001)
    assert (rule, place.resource) == ("CH001", "")
    assert "1,000,002 bytes" in place.said


def test_the_limit_is_the_one_that_deploying_keeps() -> None:
    assert size.MAX_BYTES == staging.MAX_STAGED_BYTES


def test_a_function_that_a_queue_with_a_redrive_policy_feeds_needs_no_destination(
    body: Body,
) -> None:
    fed_by_a_queue(body, REDRIVE)
    assert found(body) == []


def test_a_statement_that_denies_may_deny_everything(body: Body) -> None:
    statement(body, "DetectRole").update(Effect="Deny", Action="*", Resource="*")
    assert found(body) == []


def test_an_answer_with_a_reason_is_taken_for_the_statement_that_it_names(body: Body) -> None:
    statement(body, "DetectRole").update(Resource="*")
    sid = statement(body, "DetectRole")["Sid"]
    metadata = {"chantier": {"answers": {f"CH302/{sid}": "a reason"}}}
    body["Resources"]["DetectRole"]["Metadata"] = metadata
    assert found(body) == []
    statement(body, "DetectRole", 1).update(Resource="*")
    ((rule, place),) = found(body)
    assert (rule, place.part) == ("CH302", statement(body, "DetectRole", 1)["Sid"])


def test_what_is_no_resources_is_answered_by_the_template(body: Body) -> None:
    body["Transform"] = "Own"
    body["Metadata"] = {"chantier": {"answers": {"CH012": "It writes tags alone."}}}
    assert found(body) == []
    body["Metadata"]["chantier"]["answers"]["CH011"] = "Of what?"
    assert [(rule, place.resource) for rule, place in found(body)] == [("CH902", "")]


@pytest.mark.parametrize(
    "metrics",
    [
        [["AWS/Lambda", "Errors", "FunctionName", "${Detect}"], [".", "Throttles", ".", "."]],
        [["AWS/Lambda", "Errors", "FunctionName", "${Detect}"], ["...", "${Watch}"]],
        [[{"expression": "m1 / 2"}]],
        [["AWS/Lambda", "Errors", "FunctionName", "${IotLogLevel}"]],
        [["AWS/Lambda", "Errors", "FunctionName", "chantier-zac-des-tilleuls-detect"]],
    ],
    ids=str,
)
def test_figures_of_what_is_there_may_be_written_short(body: Body, metrics: Any) -> None:
    widget = {"type": "metric", "properties": {"metrics": metrics}}
    of(body, "Dashboard")["DashboardBody"] = {"Fn::Sub": json.dumps({"widgets": [widget]})}
    assert found(body) == []


def test_what_a_short_figure_takes_over_is_looked_at_too(body: Body) -> None:
    metrics = [["AWS/Lambda", "Errors", "FunctionName", "${Detect}"], ["...", "${DataBucket}"]]
    widget = {"type": "metric", "properties": {"metrics": metrics}}
    of(body, "Dashboard")["DashboardBody"] = {"Fn::Sub": json.dumps({"widgets": [widget]})}
    assert [rule for rule, _ in found(body)] == ["CH123"]


def test_an_answer_without_a_reason_answers_nothing(body: Body) -> None:
    of(body, "WatchLog").pop("RetentionInDays")
    body["Resources"]["WatchLog"]["Metadata"] = {"chantier": {"answers": {"CH201": ""}}}
    assert [rule for rule, _ in found(body)] == ["CH201", "CH901"]


def test_ids_are_unique_and_every_rule_says_what_holds_and_what_to_do() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) == len(CHECKS) + len(DASHBOARD_RULES) + 4
    for rule in RULES:
        assert rule.says.endswith(".")
        assert rule.todo.endswith(".")


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if not isinstance(value, dict | list):
        return
    for key in value if isinstance(value, dict) else range(len(value)):
        yield from places(value[key], (*path, key))


def test_no_check_trips_over_a_template_that_is_no_template(good: Body) -> None:
    """A text, a number, a list or nothing in the place of anything at all."""
    junk: Iterator[Any] = itertools.cycle(
        [None, 3, "x", [], [3], {}, {"Fn::If": 3}, {"Fn::Sub": []}]
    )
    everywhere = [*places(good)][1:]
    # A dashboard is three quarters of the template: a part of its places will do.
    big = [path for path in everywhere if path[1:2] == ("QuickSightDashboard",)]
    others = [path for path in everywhere if path[1:2] != ("QuickSightDashboard",)]
    for path in (*others[::3], *big[::101]):
        body = dict(good)
        inner: Any = body
        for step in path[:-1]:
            inner[step] = copy.copy(inner[step])
            inner = inner[step]
        inner[path[-1]] = next(junk)
        found(body)


def test_a_policy_written_as_a_text_is_read_too(good: Body) -> None:
    body = copy.deepcopy(good)
    policy = body["Resources"]["DetectRole"]["Properties"]["Policies"][0]
    wide = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy["PolicyDocument"] = json.dumps({"Statement": wide})
    told = {(rule, place.resource) for rule, place in found(body)}
    assert {("CH301", "DetectRole"), ("CH302", "DetectRole")} <= told

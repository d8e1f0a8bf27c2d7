"""Alarms, dashboard, metric filters and budget: they name what is there, and tell one topic."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import pytest
from troposphere import Template

from chantier.declared import declared
from chantier.errors import ChantierError
from chantier.functions.log_line import log_line
from chantier.local.lacking import LACKING, UNASKED, without_lacking
from chantier.resources import alarms, cloudwatch, operations
from chantier.resources.detect import dead_letters
from chantier.resources.tags import SITE_TAG
from chantier.site import EXAMPLE, Site
from chantier.template import build, synthesize
from tests.settled import settled

# Metric -> the dimension it is counted by, and the type of resource that this names.
# Sources: the metric pages of AWS Lambda, SQS, Firehose and IoT Core.
KNOWN = {
    ("AWS/Lambda", "Errors"): ("FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "Throttles"): ("FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "Duration"): ("FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "Invocations"): ("FunctionName", "AWS::Lambda::Function"),
    ("AWS/Lambda", "IteratorAge"): ("FunctionName", "AWS::Lambda::Function"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): ("QueueName", "AWS::SQS::Queue"),
    ("AWS/SQS", "ApproximateAgeOfOldestMessage"): ("QueueName", "AWS::SQS::Queue"),
    ("AWS/Firehose", "DeliveryToS3.DataFreshness"): (
        "DeliveryStreamName",
        "AWS::KinesisFirehose::DeliveryStream",
    ),
    ("AWS/IoT", "TopicMatch"): ("RuleName", "AWS::IoT::TopicRule"),
    ("AWS/IoT", "Failure"): ("RuleName", "AWS::IoT::TopicRule"),
}
FREE_ALARMS, FREE_METRICS = 10, 10
QUIET: dict[str, Any] = {"machine": "EX-001", "readings": 6, "alerts": [], "stored_at": 1.0}
# What the functions log, and the metric that counts it, with how much it adds.
LINES: list[tuple[dict[str, Any], str, float]] = [
    (QUIET | {"quarantined": "v is 2, newer than 1"}, "MessagesQuarantined", 1),
    (QUIET | {"alerts": [{"kind": "open", "id": "a"}]}, "MessagesWithAlerts", 1),
    (QUIET | {"late": 3}, "ReadingsLate", 3),
]


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


@pytest.fixture(scope="module")
def body(site: Site) -> dict[str, Any]:
    return dict(build(site).to_dict())


def of_type(body: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {
        name: one["Properties"] for name, one in body["Resources"].items() if one["Type"] == kind
    }


def named(value: Any) -> str:
    """The logical id that a dimension's value refers to."""
    return str(value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0])


def shown(body: dict[str, Any]) -> dict[str, Any]:
    (dashboard,) = of_type(body, "AWS::CloudWatch::Dashboard").values()
    said: dict[str, Any] = json.loads(dashboard["DashboardBody"]["Fn::Sub"])
    return said


def graphs(body: dict[str, Any]) -> Iterator[list[Any]]:
    for widget in shown(body)["widgets"]:
        yield from widget["properties"].get("metrics", [])


def test_every_alarm_watches_a_resource_of_the_template(body: dict[str, Any]) -> None:
    found = of_type(body, "AWS::CloudWatch::Alarm")
    for name, alarm in found.items():
        dimension, kind = KNOWN[alarm["Namespace"], alarm["MetricName"]]
        first, *more = alarm["Dimensions"]
        assert first["Name"] == dimension, name
        assert body["Resources"][named(first["Value"])]["Type"] == kind, name
        actions = [one["Value"] for one in more if one["Name"] == "ActionType"]
        assert len(actions) == len(more) == (alarm["MetricName"] == "Failure"), name


def test_alarms_fit_in_the_free_tier_and_so_do_metrics(body: dict[str, Any]) -> None:
    assert 8 <= len(of_type(body, "AWS::CloudWatch::Alarm")) <= FREE_ALARMS
    assert 3 <= len(of_type(body, "AWS::Logs::MetricFilter")) <= FREE_METRICS


def test_every_alarm_tells_the_topic_when_it_begins_and_ends(body: dict[str, Any]) -> None:
    for alarm in of_type(body, "AWS::CloudWatch::Alarm").values():
        topic = [{"Ref": "OperationsTopic"}]
        assert (alarm["AlarmActions"], alarm["OKActions"]) == (topic, topic)
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmDescription"].endswith(".")


def test_every_action_of_the_rule_has_an_alarm_when_it_fails(body: dict[str, Any]) -> None:
    (rule,) = of_type(body, "AWS::IoT::TopicRule").values()
    actions = {kind for one in rule["TopicRulePayload"]["Actions"] for kind in one}
    watched = {
        alarm["Dimensions"][1]["Value"]
        for alarm in of_type(body, "AWS::CloudWatch::Alarm").values()
        if alarm["MetricName"] == "Failure"
    }
    assert watched == actions


def test_thresholds_follow_from_what_they_watch(body: dict[str, Any]) -> None:
    found = of_type(body, "AWS::CloudWatch::Alarm")
    timeout = body["Resources"]["Detect"]["Properties"]["Timeout"]
    assert found["DetectSlow"]["Threshold"] == timeout * 1000 / 2
    assert found["DetectSlow"]["ExtendedStatistic"] == "p99"
    longest = body["Parameters"]["RawBufferSeconds"]["MaxValue"]
    assert found["RawDeliveryLate"]["Threshold"] == 2 * longest
    given_up = body["Resources"]["WatchStream"]["Properties"]["MaximumRecordAgeInSeconds"]
    assert found["WatchStreamBehind"]["Threshold"] < given_up * 1000
    assert found["DeadLettersWaiting"]["Threshold"] == 1


def test_a_queues_age_can_be_watched(site: Site) -> None:
    template, topic, queue = Template(), operations.topic(site), dead_letters()
    template.add_resource([topic, queue, alarms.oldest_message(queue, topic, 60)])
    (alarm,) = of_type(template.to_dict(), "AWS::CloudWatch::Alarm").values()
    assert KNOWN[alarm["Namespace"], alarm["MetricName"]][0] == alarm["Dimensions"][0]["Name"]
    assert (alarm["Threshold"], alarm["Statistic"]) == (60, "Maximum")


def test_alarms_and_budgets_of_this_account_publish_and_nobody_else(
    body: dict[str, Any],
) -> None:
    (policy,) = [
        one
        for one in of_type(body, "AWS::SNS::TopicPolicy").values()
        if one["Topics"] == [{"Ref": "OperationsTopic"}]
    ]
    *allowed, denied = policy["PolicyDocument"]["Statement"]
    assert {one["Principal"]["Service"] for one in allowed} == {
        "cloudwatch.amazonaws.com",
        "budgets.amazonaws.com",
    }
    for one in allowed:
        assert one["Action"] == ["sns:Publish"]
        assert one["Resource"] == [{"Ref": "OperationsTopic"}]
        condition = one["Condition"]
        assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert "${AWS::AccountId}:" in condition["ArnLike"]["aws:SourceArn"]["Fn::Sub"]
    assert denied["Effect"] == "Deny"
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": False}}


def test_the_operations_topic_has_no_key_that_alarms_could_not_use(body: dict[str, Any]) -> None:
    topic = body["Resources"]["OperationsTopic"]["Properties"]
    assert "KmsMasterKeyId" not in topic


def test_the_email_subscription_is_there_when_an_address_is_given(body: dict[str, Any]) -> None:
    assert "OperationsByEmail" not in settled(body)
    given = settled(body, OperationsEmail="a@b.example")["OperationsByEmail"]["Properties"]
    assert (given["Endpoint"], given["TopicArn"]) == ("a@b.example", {"Ref": "OperationsTopic"})


def test_the_budget_tells_at_80_spent_and_at_100_forecast(body: dict[str, Any]) -> None:
    budget = settled(body)["Budget"]["Properties"]
    told = [
        (one["Notification"]["NotificationType"], one["Notification"]["Threshold"])
        for one in budget["NotificationsWithSubscribers"]
    ]
    assert told == [("ACTUAL", 80), ("FORECASTED", 100)]
    for one in budget["NotificationsWithSubscribers"]:
        (subscriber,) = one["Subscribers"]
        assert subscriber == {"SubscriptionType": "SNS", "Address": {"Ref": "OperationsTopic"}}
    assert budget["Budget"]["BudgetLimit"] == {"Amount": "25", "Unit": "USD"}


def test_no_parameter_touches_what_cannot_change_of_a_budget(body: dict[str, Any]) -> None:
    budget = body["Resources"]["Budget"]["Properties"]
    fixed = json.dumps(budget["NotificationsWithSubscribers"])
    assert "BudgetName" not in budget["Budget"]
    assert not [name for name in body["Parameters"] if f'"{name}"' in fixed]


def test_no_amount_means_no_budget(body: dict[str, Any]) -> None:
    assert "Budget" not in settled(body, BudgetAmount="0")


def test_the_budget_counts_the_account_or_what_bears_the_sites_tag(
    site: Site, body: dict[str, Any]
) -> None:
    assert "CostFilters" not in settled(body)["Budget"]["Properties"]["Budget"]
    of_site = settled(body, BudgetScope="site")["Budget"]["Properties"]["Budget"]
    assert of_site["CostFilters"] == {"TagKeyValue": [f"user:{SITE_TAG}${site.name}"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QuickSightPrincipalArn", "arn:aws:quicksight:eu-west-1:123456789012:user/default/ana"),
        ("IotLogLevel", "INFO"),
    ],
)
def test_what_the_embedded_aws_lacks_is_refused_with_what_to_type(
    site: Site, name: str, value: str
) -> None:
    body = synthesize(site)
    with pytest.raises(ChantierError) as refused:
        without_lacking(body, print, given={name: value})
    assert "The embedded AWS does not have " in refused.value.message
    assert f"chantier deploy -p {name}={value}" in refused.value.hint
    default, _ = UNASKED[name]
    assert without_lacking(body, lambda _: None, given={name: default}) == {"BudgetAmount": "0"}
    assert str(declared(body)[name]["Default"]) == default


def test_the_embedded_aws_is_given_values_that_keep_out_what_it_lacks(site: Site) -> None:
    said: list[str] = []
    assert without_lacking(synthesize(site), said.append) == {"BudgetAmount": "0"}
    assert len(said) == len(LACKING)
    assert without_lacking(synthesize(site, minimal=True), said.append) == {}
    assert len(said) == len(LACKING)


def counted(pattern: str, value: str, line: dict[str, Any]) -> float:
    """What a metric filter adds for a line; the patterns of CloudWatch Logs that we use."""
    path, sign, wanted = re.fullmatch(r"\{ \$\.(\S+) (=|>) (\S+) \}", pattern).groups()  # type: ignore[union-attr]  # a pattern of another form must fail
    found: Any = line
    for part in re.findall(r"\w+", path):
        try:
            found = found[int(part) if part.isdigit() else part]
        except (KeyError, IndexError):
            return 0
    matches = isinstance(found, str) if sign == "=" else found > float(wanted)
    assert sign == ">" or wanted == '"*"'
    return float(line[value.removeprefix("$.")] if value.startswith("$.") else value) * matches


@pytest.mark.parametrize(("line", "metric", "adds"), LINES)
def test_a_log_line_adds_to_its_metric_alone(
    body: dict[str, Any], line: dict[str, Any], metric: str, adds: float
) -> None:
    filters = of_type(body, "AWS::Logs::MetricFilter")
    added = {}
    for one in filters.values():
        (to,) = one["MetricTransformations"]
        added[to["MetricName"]] = counted(one["FilterPattern"], to["MetricValue"], line)
        assert counted(one["FilterPattern"], to["MetricValue"], QUIET) == 0
    assert {name: amount for name, amount in added.items() if amount} == {metric: adds}


def test_at_level_warn_only_lines_that_say_something_are_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "WARN")
    lines = [line for line, _, _ in LINES]
    for line in (QUIET, *lines, QUIET | {"warm": True}):
        log_line(line)
    assert [json.loads(text) for text in capsys.readouterr().out.splitlines()] == lines


@pytest.mark.parametrize("level", ["INFO", None])
def test_at_level_info_every_invocation_prints_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], level: str | None
) -> None:
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    if level:
        monkeypatch.setenv("LOG_LEVEL", level)
    log_line(QUIET)
    assert json.loads(capsys.readouterr().out) == QUIET


def test_every_metric_of_the_dashboard_is_of_a_resource_of_the_template(
    site: Site, body: dict[str, Any]
) -> None:
    own = {
        (to["MetricNamespace"], to["MetricName"])
        for one in of_type(body, "AWS::Logs::MetricFilter").values()
        for to in one["MetricTransformations"]
    }
    seen = set()
    for namespace, metric, *rest, how in graphs(body):
        assert how.keys() == {"stat"}
        if namespace == cloudwatch.namespace(site):
            seen.add((namespace, metric))
            continue
        dimension, kind = KNOWN[namespace, metric]
        assert rest[0] == dimension
        resource = re.fullmatch(r"\$\{(\w+)(\.QueueName)?\}", rest[1])
        assert resource
        assert body["Resources"][resource[1]]["Type"] == kind
        assert rest[2:] == [] or rest[2] == "ActionType"
    assert seen == own


def test_the_dashboard_shows_every_alarm(body: dict[str, Any]) -> None:
    (states,) = [one for one in shown(body)["widgets"] if one["type"] == "alarm"]
    wanted = {f"${{{name}.Arn}}" for name in of_type(body, "AWS::CloudWatch::Alarm")}
    assert set(states["properties"]["alarms"]) == wanted


def test_no_widget_covers_another_or_leaves_the_grid(body: dict[str, Any]) -> None:
    widgets = shown(body)["widgets"]
    assert len(widgets) > 8
    assert all(one["x"] >= 0 and one["x"] + one["width"] <= 24 for one in widgets)
    for one, two in combinations(widgets, 2):
        apart = (
            one["x"] + one["width"] <= two["x"]
            or two["x"] + two["width"] <= one["x"]
            or one["y"] + one["height"] <= two["y"]
            or two["y"] + two["height"] <= one["y"]
        )
        assert apart, (one["properties"]["title"], two["properties"]["title"])


@pytest.mark.parametrize(("language", "title"), [("fr", "Alarmes"), ("en", "Alarms")])
def test_the_dashboard_speaks_the_sites_language(site: Site, language: str, title: str) -> None:
    other = site.model_copy(update={"site": site.site.model_copy(update={"language": language})})
    widgets = shown(build(other).to_dict())["widgets"]
    titles = [one["properties"]["title"] for one in widgets]
    assert titles[0] == title
    assert len(set(titles)) == len(titles)


def test_the_dashboard_can_be_read_in_the_template(site: Site) -> None:
    assert "      DashboardBody: !Sub |-\n        {\n" in synthesize(site)


def test_the_next_step_is_an_output(body: dict[str, Any]) -> None:
    outputs = body["Outputs"]
    assert outputs["OperationsTopicArn"]["Value"] == {"Ref": "OperationsTopic"}
    assert outputs["DashboardUrl"]["Value"]["Fn::Sub"].endswith(
        "#dashboards/dashboard/${Dashboard}"
    )

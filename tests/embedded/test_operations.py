"""The whole stack with every choice taken, and what a parameter alone changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chantier.cloud import Cloud
from chantier.errors import StackError
from chantier.local import without_lacking
from chantier.logs import read_log
from chantier.stack import Deployed as Done
from chantier.stack import deploy, stack_name
from chantier.template import synthesize
from tests.embedded.conftest import Deployed, deploy_site, example_site, until

pytestmark = pytest.mark.embedded
NAME = "operations"
GOOD = {"t": "2026-09-21T14:13:20Z", "seq": 1, "eng": True, "rpm": 1650, "cool_c": 88}


@pytest.fixture(scope="module")
def stage(cloud: Cloud, project: Any) -> Deployed:
    return deploy_site(cloud, example_site(NAME, "OP-"), project)


def change(stage: Deployed, **parameters: str) -> tuple[Done, set[str]]:
    """Deploy the same template with other values; which resources that touched.

    Whoever refers to what changes is among them, as on AWS; nothing is made anew.
    """
    said: list[str] = []
    done = deploy(
        stage.cloud,
        synthesize(stage.site),
        site=stage.site.name,
        parameters=parameters,
        say=said.append,
    )
    assert not [line for line in said if "(replaced)" in line or line.startswith("  add")]
    return done, {line.split()[1] for line in said if line.startswith("  modify")}


def function_of(stage: Deployed) -> dict[str, Any]:
    name = stage.outputs["DetectFunctionName"]
    return dict(stage.cloud.client("lambda").get_function_configuration(FunctionName=name))


def test_every_alarm_is_there_and_names_what_is_there(stage: Deployed) -> None:
    cloud = stage.cloud
    found = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack_name(NAME)}-")
    there = {
        "FunctionName": [
            one["FunctionName"]
            for page in cloud.client("lambda").get_paginator("list_functions").paginate()
            for one in page["Functions"]
        ],
        "QueueName": [
            url.rpartition("/")[2] for url in cloud.client("sqs").list_queues()["QueueUrls"]
        ],
        "DeliveryStreamName": cloud.client("firehose").list_delivery_streams(Limit=100)[
            "DeliveryStreamNames"
        ],
        "RuleName": [one["ruleName"] for one in cloud.client("iot").list_topic_rules()["rules"]],
        "ActionType": ["Lambda", "Firehose"],
    }
    assert len(found["MetricAlarms"]) >= 9
    for alarm in found["MetricAlarms"]:
        assert alarm["AlarmActions"] == [stage.outputs["OperationsTopicArn"]]
        for dimension in alarm["Dimensions"]:
            assert dimension["Value"] in there[dimension["Name"]], alarm["AlarmName"]


def test_the_dashboard_is_json_with_every_name_filled_in(stage: Deployed) -> None:
    client = stage.cloud.client("cloudwatch")
    name = stage.outputs["DashboardUrl"].rpartition("/")[2]
    body = client.get_dashboard(DashboardName=name)["DashboardBody"]
    assert "${" not in body
    assert stage.outputs["DetectFunctionName"] in body
    states, *graphs = json.loads(body)["widgets"]
    known = client.describe_alarms(AlarmNamePrefix=f"{stack_name(NAME)}-")["MetricAlarms"]
    assert sorted(states["properties"]["alarms"]) == sorted(one["AlarmArn"] for one in known)
    assert {graph["properties"]["region"] for graph in graphs} == {"eu-west-3"}


def test_metric_filters_read_the_detect_functions_log(stage: Deployed) -> None:
    found = stage.cloud.client("logs").describe_metric_filters(
        logGroupName=stage.outputs["DetectLogName"]
    )["metricFilters"]
    assert {one["metricTransformations"][0]["metricName"] for one in found} == {
        "MessagesQuarantined",
        "MessagesWithAlerts",
        "ReadingsLate",
    }


def test_the_raw_buffer_is_changed_by_its_parameter_alone(stage: Deployed) -> None:
    done, touched = change(stage, RawBufferSeconds="2")
    assert done.status == "UPDATE_COMPLETE"
    assert "RawDelivery" in touched
    assert not touched & {"DataBucket", "AlertsTable", "Detect", "Watch"}
    (name,) = [
        one
        for one in stage.cloud.client("firehose").list_delivery_streams(Limit=100)[
            "DeliveryStreamNames"
        ]
        if NAME in one
    ]
    stream = stage.cloud.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    (to,) = stream["DeliveryStreamDescription"]["Destinations"]
    hints = to["ExtendedS3DestinationDescription"]["BufferingHints"]
    assert int(hints["IntervalInSeconds"]) == 2


def test_a_wrong_value_is_refused_in_words_before_anything_changes(stage: Deployed) -> None:
    with pytest.raises(StackError, match="a whole number of days from 90 to 36500"):
        change(stage, RawRetentionDays="1")
    with pytest.raises(StackError, match="one e-mail address, or nothing"):
        change(stage, OperationsEmail="astreinte")


def test_at_level_warn_detect_logs_only_what_matters(stage: Deployed) -> None:
    done, touched = change(stage, LogLevel="WARN")
    assert done.status == "UPDATE_COMPLETE"
    assert touched >= {"Detect", "Watch"}
    assert not touched & {"DataBucket", "AlertsTable", "RawDelivery"}
    assert function_of(stage)["Environment"]["Variables"]["LOG_LEVEL"] == "WARN"
    dull = stage.invoke({"v": 1, "machine": "OP-EX-001", "readings": [GOOD]})
    odd = stage.invoke({"v": 2, "machine": "OP-EX-001", "readings": []})
    late = stage.invoke({"v": 1, "machine": "OP-EX-001", "readings": [GOOD]})
    assert (dull["alerts"], late["late"]) == ([], 1)
    group = stage.outputs["DetectLogName"]
    lines = until(
        lambda: read_log(stage.cloud, group),
        lambda found: late["stored_at"] in [one["stored_at"] for one in found],
    )
    kept = [one["stored_at"] for one in lines]
    assert odd["stored_at"] in kept
    assert dull["stored_at"] not in kept
    _, touched = change(stage, LogLevel="INFO")
    said = stage.invoke({"v": 1, "machine": "OP-EX-002", "readings": [GOOD]})
    until(
        lambda: read_log(stage.cloud, group),
        lambda found: said["stored_at"] in [one["stored_at"] for one in found],
    )
    assert said["stored_at"] in [one["stored_at"] for one in read_log(stage.cloud, group)]


def test_the_stack_is_made_with_every_choice_taken_changed_and_deleted(cloud: Cloud) -> None:
    site = example_site("choices", "CHOICE-")
    body = synthesize(site)
    chosen = {
        "AlertEmail": "chef@chantier.example",
        "OperationsEmail": "astreinte@chantier.example",
        "BudgetScope": "site",
        "RawRetentionDays": "90",
        "LogRetentionDays": "7",
        "DeletionProtection": "true",
        "AccessLogBucket": "my-access-logs",
        "RawBufferSeconds": "0",
        "LogLevel": "WARN",
        "ReservedConcurrency": "true",
        **without_lacking(body, lambda _line: None),
    }
    said: list[str] = []
    done = deploy(cloud, body, site=site.name, parameters=chosen, say=said.append)
    assert done.status == "CREATE_COMPLETE"
    name = done.outputs["AlertsTableName"]
    table = cloud.client("dynamodb").describe_table(TableName=name)["Table"]
    assert table["DeletionProtectionEnabled"] is True
    (log,) = cloud.client("logs").describe_log_groups(
        logGroupNamePrefix=done.outputs["DetectLogName"]
    )["logGroups"]
    assert log["retentionInDays"] == 7
    subscribed = cloud.client("sns").list_subscriptions_by_topic(
        TopicArn=done.outputs["OperationsTopicArn"]
    )["Subscriptions"]
    assert [one["Endpoint"] for one in subscribed] == ["astreinte@chantier.example"]
    back = deploy(
        cloud,
        body,
        site=site.name,
        parameters={"DeletionProtection": "false", "OperationsEmail": ""},
        say=said.append,
    )
    assert back.status == "UPDATE_COMPLETE"
    client, stack = cloud.client("cloudformation"), stack_name(site.name)
    client.delete_stack(StackName=stack)

    def gone() -> str:
        found = client.list_stacks()["StackSummaries"]
        return next(str(one["StackStatus"]) for one in found if one["StackName"] == stack)

    assert until(gone, lambda status: "IN_PROGRESS" not in status) == "DELETE_COMPLETE"

"""CloudWatch dashboards: each figure is of something that the template has.

The body is JSON in a text, so cfn-lint looks at its references alone. Which metrics AWS's
own services have is not known here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chantier.checks.failures import FUNCTION
from chantier.checks.reading import Place, listed, mapping, properties, resources, text, within

Body = Mapping[str, Any]
DASHBOARD = "AWS::CloudWatch::Dashboard"
FILTER = "AWS::Logs::MetricFilter"
ALARM = "AWS::CloudWatch::Alarm"
# Dimension of a service's metric -> the resource that it names, and the property with its name.
NAMED: dict[tuple[str, str], tuple[str, str]] = {
    ("AWS/Lambda", "FunctionName"): (FUNCTION, "FunctionName"),
    ("AWS/SQS", "QueueName"): ("AWS::SQS::Queue", "QueueName"),
    ("AWS/SNS", "TopicName"): ("AWS::SNS::Topic", "TopicName"),
    ("AWS/IoT", "RuleName"): ("AWS::IoT::TopicRule", "RuleName"),
    ("AWS/DynamoDB", "TableName"): ("AWS::DynamoDB::Table", "TableName"),
    ("AWS/S3", "BucketName"): ("AWS::S3::Bucket", "BucketName"),
    ("AWS/Firehose", "DeliveryStreamName"): (
        "AWS::KinesisFirehose::DeliveryStream",
        "DeliveryStreamName",
    ),
}
OF_AWS = "AWS/"
REFERENCE = re.compile(r"\$\{(\w+)(?:\.[\w.]+)?\}")
Metric = list[Any]


def unreadable_dashboard(body: Body) -> Iterator[Place]:
    """A dashboard's body is a JSON object."""
    for path, said in _written(body):
        if _parsed(said) is None:
            yield Place(path, "has a body that is no JSON object")


def uncounted_metric(body: Body) -> Iterator[Place]:
    """A metric that is not a service's is counted by a metric filter of the template."""
    counted = {
        (text(one.get("MetricNamespace")), text(one.get("MetricName")))
        for filtering in resources(body, FILTER).values()
        for one in map(mapping, listed(properties(filtering).get("MetricTransformations")))
    }
    for path, (namespace, name, *_) in _metrics(body):
        if not namespace.startswith(OF_AWS) and (namespace, name) not in counted:
            said = f"shows {namespace} {name}, which no metric filter of this template counts"
            yield Place(path, said)


def figure_of_nothing(body: Body) -> Iterator[Place]:
    """What a service's metric or an alarm widget names is in the template, and is its kind."""
    for path, (namespace, _, *dimensions) in _metrics(body):
        for key, value in zip(dimensions[::2], dimensions[1::2], strict=False):
            kind, name = NAMED.get((namespace, key), ("", ""))
            if kind and not _has(body, kind, name, value):
                yield Place(path, f"shows {key} {value}, which is no {kind} of this template")
    for path, said in _written(body):
        for widget in _widgets(said):
            for alarm in listed(within(widget, "properties", "alarms")):
                if isinstance(alarm, str) and not _has(body, ALARM, "AlarmName", alarm):
                    yield Place(path, f"shows the alarm {alarm}, which is none of this template")


def _has(body: Body, kind: str, name: str, value: str) -> bool:
    """Whether a value of a dashboard names a resource of that kind."""
    named = resources(body, kind)
    reference = REFERENCE.fullmatch(value)
    if reference:
        # What is no resource is a parameter or a variable: only its author knows.
        return reference[1] in named or reference[1] not in resources(body)
    if value.startswith("arn:"):
        return True
    return any(text(properties(one).get(name)) == value for one in named.values())


def _written(body: Body) -> Iterator[tuple[tuple[str, ...], str]]:
    """The path and the text of each dashboard's body; none of one that is no text."""
    for name, dashboard in resources(body, DASHBOARD).items():
        said = text(properties(dashboard).get("DashboardBody"))
        if said:
            yield ("Resources", name, "Properties", "DashboardBody"), said


def _parsed(said: str) -> Mapping[str, Any] | None:
    try:
        parsed = json.loads(said)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, Mapping) else None


def _widgets(said: str) -> list[Any]:
    return listed((_parsed(said) or {}).get("widgets"))


def _metrics(body: Body) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each metric of each dashboard: namespace, name, and its dimensions in turn."""
    for path, said in _written(body):
        for widget in _widgets(said):
            before: list[str] = []
            for metric in listed(within(widget, "properties", "metrics")):
                before = _whole(metric, before)
                if len(before) > 1:
                    yield path, before


def _whole(metric: Any, before: list[str]) -> list[str]:
    """A metric with what it takes over from the one before it: `.` a part, `...` all but."""
    parts = [part for part in listed(metric) if isinstance(part, str)]
    if not parts:
        # An expression, or no metric.
        return []
    if parts[0] == "...":
        kept = len(before) - len(parts) + 1
        return [*before[: max(kept, 0)], *parts[1:]]
    return [
        before[at] if part == "." and at < len(before) else part for at, part in enumerate(parts)
    ]

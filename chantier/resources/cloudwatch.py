"""What CloudWatch counts and shows: metrics of the detect function's log, and one dashboard."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from troposphere import AWSObject, Ref, Sub
from troposphere.awslambda import Function
from troposphere.cloudwatch import Alarm, Dashboard
from troposphere.firehose import DeliveryStream
from troposphere.iot import TopicRule
from troposphere.logs import LogGroup, MetricFilter, MetricTransformation
from troposphere.sqs import Queue

from chantier.resources.alarms import FIREHOSE, IOT, LAMBDA, SQS, actions_of
from chantier.site import Site

# Metric of a log line -> what the line says then, and how much that adds. A line is the JSON
# object that the function prints; `alerts` is a list, of which a pattern sees one element.
COUNTED: dict[str, tuple[str, str]] = {
    "MessagesQuarantined": ('{ $.quarantined = "*" }', "1"),
    "MessagesWithAlerts": ('{ $.alerts[0].id = "*" }', "1"),
    "ReadingsLate": ("{ $.late > 0 }", "$.late"),
}
# CloudWatch's grid is 24 wide.
WIDE, NARROW, HIGH = 24, 8, 6
PERIOD_S = 300
# Of a line of the body, so that the template can be read.
LINE = 99
Metric = list[Any]

TITLES = {
    "alarms": ("Alarmes", "Alarms"),
    "messages": ("Messages reçus et traités", "Messages received and handled"),
    "alerts": ("Messages avec alertes", "Messages with alerts"),
    "latency": ("Durée de la détection, ms", "Duration of detection, ms"),
    "errors": ("Erreurs", "Errors"),
    "throttles": ("Exécutions freinées", "Throttled executions"),
    "dead": ("Messages en échec définitif", "Dead letters"),
    "freshness": ("Retard des données brutes, s", "Age of raw data not yet delivered, s"),
    "quarantine": ("Quarantaine et relevés tardifs", "Quarantine and late readings"),
    "rule": ("Échecs de la règle IoT", "Failures of the IoT rule"),
    "waiting": ("Attente avant détection, s", "Waiting for detection, s"),
    "stream": ("Retard sur le flux de la table, ms", "Behind the table's stream, ms"),
}


class Shown(NamedTuple):
    """What the dashboard shows; the first function is the one that finds alerts."""

    rule: TopicRule
    functions: tuple[Function, ...]
    stream: DeliveryStream
    queue: Queue
    waiting: Queue | None
    follower: Function
    alarms: tuple[Alarm, ...]


def namespace(site: Site) -> str:
    """Where the site's own metrics lie."""
    return f"chantier/{site.name}"


def metric_filters(site: Site, log: LogGroup) -> list[MetricFilter]:
    """Figures that no service counts, taken from the detect function's log."""
    return [
        MetricFilter(
            name,
            LogGroupName=Ref(log),
            FilterPattern=pattern,
            MetricTransformations=[
                MetricTransformation(
                    MetricName=name,
                    MetricNamespace=namespace(site),
                    MetricValue=value,
                    Unit="Count",
                )
            ],
        )
        for name, (pattern, value) in COUNTED.items()
    ]


def dashboard(site: Site, shown: Shown) -> Dashboard:
    """The dashboard for whoever runs the stack, titles in the site's language."""
    return Dashboard(
        "Dashboard",
        DashboardName=f"chantier-{site.name}",
        DashboardBody=Sub(_written(body(site, shown))),
    )


def dashboard_url(dashboard: Dashboard) -> Sub:
    """Where the console shows it."""
    return Sub(
        "https://${AWS::Region}.console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}"
        f"#dashboards/dashboard/{_name(dashboard)}"
    )


def body(site: Site, shown: Shown) -> dict[str, Any]:
    """The dashboard's body; resources stand in it as `${LogicalId}`, to be substituted."""
    graphs = [
        (key, metrics)
        for widgets in (_traffic(site, shown), _health(shown), _flow(shown))
        for key, metrics in widgets.items()
    ]
    widgets = [_widget(site, key, metrics, at) for at, (key, metrics) in enumerate(graphs)]
    return {"widgets": [_states(site, shown.alarms), *widgets]}


def _traffic(site: Site, shown: Shown) -> dict[str, list[Metric]]:
    own = namespace(site)
    detect = shown.functions[0]
    return {
        "messages": [
            _metric(IOT, "TopicMatch", RuleName=_name(shown.rule)),
            _of_function("Invocations", detect),
        ],
        "alerts": [_metric(own, "MessagesWithAlerts")],
        "quarantine": [_metric(own, "MessagesQuarantined"), _metric(own, "ReadingsLate")],
    }


def _health(shown: Shown) -> dict[str, list[Metric]]:
    detect = shown.functions[0]
    return {
        "latency": [_of_function("Duration", detect, stat) for stat in ("p50", "p99")],
        "errors": [_of_function("Errors", one) for one in shown.functions],
        "throttles": [_of_function("Throttles", one) for one in shown.functions],
    }


def _flow(shown: Shown) -> dict[str, list[Metric]]:
    rule = _name(shown.rule)
    waiting = shown.waiting and _of_queue("ApproximateAgeOfOldestMessage", shown.waiting)
    return {
        "dead": [_of_queue("ApproximateNumberOfMessagesVisible", shown.queue)],
        **({"waiting": [waiting]} if waiting else {}),
        "freshness": [
            _metric(
                FIREHOSE,
                "DeliveryToS3.DataFreshness",
                "Maximum",
                DeliveryStreamName=_name(shown.stream),
            )
        ],
        "rule": [
            _metric(IOT, "Failure", RuleName=rule, ActionType=action)
            for action in actions_of(shown.rule)
        ],
        "stream": [_of_function("IteratorAge", shown.follower, "Maximum")],
    }


def _of_queue(name: str, queue: Queue) -> Metric:
    return _metric(SQS, name, "Maximum", QueueName=f"${{{queue.title}.QueueName}}")


def _of_function(name: str, function: Function, stat: str = "Sum") -> Metric:
    return _metric(LAMBDA, name, stat, FunctionName=_name(function))


def _metric(namespace: str, name: str, stat: str = "Sum", **dimensions: str) -> Metric:
    flat = [part for pair in dimensions.items() for part in pair]
    return [namespace, name, *flat, {"stat": stat}]


def _widget(site: Site, key: str, metrics: list[Metric], at: int) -> dict[str, Any]:
    across = WIDE // NARROW
    return {
        "type": "metric",
        "x": at % across * NARROW,
        "y": HIGH // 2 + at // across * HIGH,
        "width": NARROW,
        "height": HIGH,
        "properties": {
            "title": _title(site, key),
            "view": "timeSeries",
            "region": "${AWS::Region}",
            "period": PERIOD_S,
            "yAxis": {"left": {"min": 0}},
            "metrics": metrics,
        },
    }


def _states(site: Site, alarms: Sequence[Alarm]) -> dict[str, Any]:
    return {
        "type": "alarm",
        "x": 0,
        "y": 0,
        "width": WIDE,
        "height": HIGH // 2,
        "properties": {
            "title": _title(site, "alarms"),
            "alarms": [f"${{{alarm.title}.Arn}}" for alarm in alarms],
        },
    }


def _written(value: Any, indent: str = "") -> str:
    """JSON, on one line where that is short enough."""
    whole = json.dumps(value, ensure_ascii=False)
    if len(indent + whole) <= LINE or not isinstance(value, dict | list):
        return whole
    inner = indent + " "
    if isinstance(value, dict):
        parts = [f"{json.dumps(key)}: {_written(one, inner)}" for key, one in value.items()]
    else:
        parts = [_written(one, inner) for one in value]
    opened, closed = "{}" if isinstance(value, dict) else "[]"
    return f"{opened}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{closed}"


def _title(site: Site, key: str) -> str:
    return TITLES[key][("fr", "en").index(site.site.language)]


def _name(resource: AWSObject) -> str:
    return f"${{{resource.title}}}"

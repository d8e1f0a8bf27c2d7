"""The whole template of a site, and its YAML.

This is the one place that knows every builder of `resources/`. Resources stand
in the order in which a message meets them, not in the order they are built.
"""

from __future__ import annotations

from typing import NamedTuple

from troposphere import AWSObject, Output, Ref, Template
from troposphere.awslambda import EventInvokeConfig, Function
from troposphere.dynamodb import Table
from troposphere.firehose import DeliveryStream
from troposphere.iam import Role
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket
from troposphere.sns import Topic
from troposphere.sqs import Queue, QueuePolicy

from chantier.packing import unpacked
from chantier.render import render
from chantier.resources import (
    alerts,
    detect,
    fleet,
    functions,
    ingest,
    notice,
    parameters,
    storage,
    watch,
)
from chantier.site import Site
from chantier.telemetry import ingest_topic

# Logical ids in the order in which a message meets them.
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "1. Machines: each connects as itself, with its own certificate",
        ("MachineType", "MachineGroup", "MachinePolicy"),
    ),
    (
        "2. Ingest: one rule hands a message to detection and to the raw store",
        ("IngestRule", "IngestRole", "IngestMayDetect"),
    ),
    (
        "3. Detection: finds alerts in a message",
        (
            "Detect",
            "DetectRole",
            "DetectLog",
            "DetectOnFailure",
            "DeadLetters",
            "DeadLettersPolicy",
        ),
    ),
    ("4. Alerts: one item an alert life", ("AlertsTable",)),
    (
        "5. Raw data: every message, by day",
        (
            "RawDelivery",
            "RawDeliveryRole",
            "RawDeliveryLog",
            "RawDeliveryLogStream",
            "DataBucket",
            "DataBucketPolicy",
        ),
    ),
    (
        "6. Watch and tell: silence, dates, notices to people",
        (
            "Watch",
            "WatchRole",
            "WatchLog",
            "WatchOnFailure",
            "WatchSchedule",
            "WatchScheduleRole",
            "WatchStream",
            "AlertsTopic",
            "AlertsTopicPolicy",
            "AlertsByEmail",
        ),
    ),
)


class Detection(NamedTuple):
    """The detect function and what belongs to it."""

    function: Function
    role: Role
    log: LogGroup
    failure: EventInvokeConfig
    queue: Queue
    tls_only: QueuePolicy


def build(site: Site, *, minimal: bool = False) -> Template:
    """The CloudFormation template of a site, to render or to add resources to.

    Args:
        site: the site file.
        minimal: ingest, detection, alerts and raw data alone; nobody is told, and neither
            silence nor dates are watched. It fits in one CloudFormation request.
    """
    template = Template(
        f"chantier: connected construction site {site.name}. Machines send telemetry to AWS IoT "
        "Core; alerts go to DynamoDB, raw data to S3. Generated from the site file."
    )
    template.set_version()
    seconds = template.add_parameter(parameters.raw_buffer_seconds())
    bucket, table = storage.bucket(site), alerts.table()
    detection = _detection(site, bucket, table)
    stream, delivery = _delivery(site, bucket, Ref(seconds))
    machines = (fleet.thing_type(site), fleet.thing_group(site), fleet.machine_policy(site))
    template.add_resource([*machines, *_ingest(site, detection.function, stream, bucket)])
    template.add_resource([*detection, table, *delivery, bucket, storage.tls_only(bucket)])
    machine_type, group, policy = machines
    for name, description, value in (
        ("IngestTopic", "Where a machine publishes", ingest_topic(site.name, "MACHINE")),
        ("MachinePolicyName", "IoT policy of every machine", Ref(policy)),
        ("MachineTypeName", "IoT thing type of every machine", machine_type.ThingTypeName),
        ("MachineGroupName", "IoT thing group of every machine", group.ThingGroupName),
        ("DetectFunctionName", "Finds alerts", Ref(detection.function)),
        ("DetectLogName", "One JSON line a message", Ref(detection.log)),
        ("AlertsTableName", "One item an alert life", Ref(table)),
        ("DataBucketName", "raw/ by day, and quarantine/", Ref(bucket)),
        ("DeadLettersUrl", "Messages not handled after every retry", Ref(detection.queue)),
    ):
        template.add_output(Output(name, Description=description, Value=value))
    if not minimal:
        _add_watch(template, site, table, detection.queue)
    return template


def _add_watch(template: Template, site: Site, table: Table, queue: Queue) -> None:
    """What watches silence and dates, and tells people."""
    email = template.add_parameter(notice.alert_email())
    template.add_condition(*notice.has_email(email))
    topic = notice.topic(site)
    watching = _watching(site, table, topic, queue)
    template.add_resource([*watching, topic, notice.tls_only(topic)])
    template.add_resource(notice.email_subscription(topic, email))
    for name, description, value in (
        ("WatchFunctionName", "Finds silence and dates, tells people", Ref(watching[0])),
        ("AlertsTopicArn", "What people are told; subscribe to it", Ref(topic)),
    ):
        template.add_output(Output(name, Description=description, Value=value))


def _ingest(
    site: Site, function: Function, stream: DeliveryStream, bucket: Bucket
) -> tuple[AWSObject, ...]:
    role = ingest.rule_role(site, stream, bucket)
    rule = ingest.topic_rule(site, function=function, stream=stream, bucket=bucket, role=role)
    return rule, role, ingest.rule_may_invoke(site, function)


def _detection(site: Site, bucket: Bucket, table: Table) -> Detection:
    queue, log = detect.dead_letters(), functions.log_group(site, detect.NAME)
    role = detect.detect_role(bucket, table, queue, log)
    function = detect.detect_function(site, role=role, bucket=bucket, table=table, log=log)
    failure, tls_only = functions.on_failure(function, queue), detect.dead_letters_tls_only(queue)
    return Detection(function, role, log, failure, queue, tls_only)


def _watching(site: Site, table: Table, topic: Topic, queue: Queue) -> tuple[AWSObject, ...]:
    log = functions.log_group(site, watch.NAME)
    role = watch.watch_role(table, topic, queue, log)
    function = watch.watch_function(site, role=role, table=table, topic=topic, log=log)
    caller = watch.schedule_role(function, queue)
    return (
        function,
        role,
        log,
        functions.on_failure(function, queue),
        watch.schedule(site, function=function, role=caller, queue=queue),
        caller,
        watch.stream_mapping(function, table, queue),
    )


def _delivery(
    site: Site, bucket: Bucket, seconds: Ref
) -> tuple[DeliveryStream, tuple[AWSObject, ...]]:
    log = ingest.delivery_log(site)
    log_stream = ingest.delivery_log_stream(log)
    role = ingest.delivery_role(site, bucket, log)
    stream = ingest.delivery_stream(
        site, bucket=bucket, role=role, log=log, log_stream=log_stream, seconds=seconds
    )
    return stream, (stream, role, log, log_stream)


def synthesize(site: Site, *, minimal: bool = False) -> str:
    """The template of a site as YAML, ready to deploy; `minimal` as in `build`."""
    return render(build(site, minimal=minimal), SECTIONS)


def sources(site: Site) -> dict[str, str]:
    """The code of every function of the template, as it can be read, by the function's name."""
    resources = build(site).to_dict()["Resources"]
    return {
        title.lower(): unpacked(resource["Properties"]["Code"]["ZipFile"])
        for title, resource in resources.items()
        if resource["Type"] == Function.resource_type
    }

"""The core: machines, ingest, detection, alerts, raw data. Every template has it."""

from __future__ import annotations

from typing import NamedTuple

from troposphere import AWSObject, Output, Ref, Template
from troposphere.awslambda import EventInvokeConfig, Function
from troposphere.dynamodb import Table
from troposphere.firehose import DeliveryStream
from troposphere.iam import Role
from troposphere.iot import Policy, ThingGroup, ThingType, TopicRule
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket
from troposphere.sqs import Queue, QueuePolicy

from chantier.resources import alerts, detect, fleet, functions, ingest, queue, storage
from chantier.sections.choices import Choices
from chantier.site import Site
from chantier.telemetry import ingest_topic

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "1. Machines: each connects as itself, with its own certificate",
        ("MachineType", "MachineGroup", "MachinePolicy", "Thing*"),
    ),
    (
        "2. Ingest: one rule hands a message to detection and to the raw store",
        (
            "IngestRule",
            "IngestRole",
            "IngestMayDetect",
            "IngestQueue",
            "IngestQueuePolicy",
            "IngestToDetect",
        ),
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
)


class Detection(NamedTuple):
    """The detect function and what belongs to it."""

    function: Function
    role: Role
    log: LogGroup
    failure: EventInvokeConfig
    queue: Queue
    tls_only: QueuePolicy


class Core(NamedTuple):
    """What the other sections build on; `queue` stands before detection, in a fleet only."""

    bucket: Bucket
    table: Table
    detection: Detection
    stream: DeliveryStream
    rule: TopicRule
    machine_policy: Policy
    machine_type: ThingType
    machine_group: ThingGroup
    queue: Queue | None

    @property
    def dead_letters(self) -> Queue:
        """Where every function and schedule puts what it could not handle."""
        return self.detection.queue


def add(template: Template, site: Site, choices: Choices) -> Core:
    """Put the core in a template; `size` says how a message gets from the rule to detection."""
    bucket = storage.bucket(
        site,
        raw_days=choices.raw_days,
        access_logs=choices.access_logs,
        expiring=choices.expiring,
    )
    table = alerts.table(protected=choices.protected)
    dead_letters = detect.dead_letters()
    waiting = (
        queue.ingest_queue(dead_letters, timeout_s=detect.TIMEOUT_S)
        if site.site.size == "fleet"
        else None
    )
    detection = _detection(site, bucket, table, dead_letters, waiting)
    stream, delivery = _delivery(site, bucket, choices.raw_seconds)
    machine_type, group, policy = (
        fleet.thing_type(site),
        fleet.thing_group(site),
        fleet.machine_policy(site),
    )
    rule, *of_rule = (
        _direct(site, detection.function, stream, bucket)
        if waiting is None
        else _queued(site, detection.function, stream, bucket, waiting)
    )
    template.add_resource([machine_type, group, policy, rule, *of_rule])
    template.add_resource([*detection, table, *delivery, bucket, storage.tls_only(bucket)])
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
    if waiting is not None:
        about = "Messages that wait for detection"
        template.add_output(Output("IngestQueueUrl", Description=about, Value=Ref(waiting)))
    return Core(bucket, table, detection, stream, rule, policy, machine_type, group, waiting)


def _direct(
    site: Site, function: Function, stream: DeliveryStream, bucket: Bucket
) -> tuple[AWSObject, ...]:
    """The rule calls the function: a message a call, at once."""
    role = ingest.rule_role(site, stream, bucket)
    action = ingest.call(function)
    rule = ingest.topic_rule(site, detection=action, stream=stream, bucket=bucket, role=role)
    permission = ingest.rule_may_invoke(site, function)
    # A rule that calls before it may loses the message to the quarantine.
    rule.DependsOn = permission.title
    return rule, role, permission


def _queued(
    site: Site, function: Function, stream: DeliveryStream, bucket: Bucket, waiting: Queue
) -> tuple[AWSObject, ...]:
    """The rule hands messages to a queue, and Lambda reads that."""
    role = ingest.rule_role(site, stream, bucket, queue.may_put(waiting))
    action = queue.put(waiting, role)
    rule = ingest.topic_rule(site, detection=action, stream=stream, bucket=bucket, role=role)
    tls_only = queue.ingest_queue_tls_only(waiting)
    return rule, role, waiting, tls_only, queue.mapping(site, waiting, function)


def _detection(
    site: Site, bucket: Bucket, table: Table, dead_letters: Queue, waiting: Queue | None
) -> Detection:
    log = functions.log_group(site, detect.NAME)
    takes = () if waiting is None else (queue.may_take(waiting),)
    role = detect.detect_role(bucket, table, dead_letters, log, *takes)
    function = detect.detect_function(site, role=role, bucket=bucket, table=table, log=log)
    failure = functions.on_failure(function, dead_letters)
    tls_only = detect.dead_letters_tls_only(dead_letters)
    return Detection(function, role, log, failure, dead_letters, tls_only)


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

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

from chantier.resources import alerts, detect, fleet, functions, ingest, parameters, storage
from chantier.site import Site
from chantier.telemetry import ingest_topic

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "1. Machines: each connects as itself, with its own certificate",
        ("MachineType", "MachineGroup", "MachinePolicy", "Thing*"),
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
    """What the other sections build on."""

    bucket: Bucket
    table: Table
    detection: Detection
    stream: DeliveryStream
    rule: TopicRule
    machine_policy: Policy
    machine_type: ThingType
    machine_group: ThingGroup

    @property
    def dead_letters(self) -> Queue:
        """Where every function and schedule puts what it could not handle."""
        return self.detection.queue


def add(template: Template, site: Site) -> Core:
    """Put the core in a template."""
    seconds = template.add_parameter(parameters.raw_buffer_seconds())
    bucket, table = storage.bucket(site), alerts.table()
    detection = _detection(site, bucket, table)
    stream, delivery = _delivery(site, bucket, Ref(seconds))
    machine_type, group, policy = (
        fleet.thing_type(site),
        fleet.thing_group(site),
        fleet.machine_policy(site),
    )
    rule, *of_rule = _ingest(site, detection.function, stream, bucket)
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
    return Core(bucket, table, detection, stream, rule, policy, machine_type, group)


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

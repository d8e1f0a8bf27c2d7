"""The whole template of a site, and its YAML.

This is the one place that knows every builder of `resources/`. Resources stand
in the order in which a message meets them, not in the order they are built.
"""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Output, Ref, Template

from chantier.render import render
from chantier.resources import alerts, detect, fleet, ingest, parameters, storage
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
)


def build(site: Site) -> Template:
    """The CloudFormation template of a site, to render or to add resources to."""
    template = Template(
        f"chantier: connected construction site {site.name}. Machines send telemetry to AWS IoT "
        "Core; alerts go to DynamoDB, raw data to S3. Generated from the site file."
    )
    template.set_version()
    seconds = template.add_parameter(parameters.raw_buffer_seconds())
    bucket = storage.bucket(site)
    table = alerts.table(site)
    queue = detect.dead_letters()
    log = detect.log_group(site)
    detect_role = detect.detect_role(bucket, table, queue, log)
    function = detect.detect_function(site, role=detect_role, bucket=bucket, table=table, log=log)
    delivery_log = ingest.delivery_log(site)
    log_stream = ingest.delivery_log_stream(delivery_log)
    delivery_role = ingest.delivery_role(site, bucket, delivery_log)
    stream = ingest.delivery_stream(
        site,
        bucket=bucket,
        role=delivery_role,
        log=delivery_log,
        log_stream=log_stream,
        seconds=Ref(seconds),
    )
    rule_role = ingest.rule_role(site, stream, bucket)
    rule = ingest.topic_rule(site, function=function, stream=stream, bucket=bucket, role=rule_role)
    machine_type, group, policy = (
        fleet.thing_type(site),
        fleet.thing_group(site),
        fleet.machine_policy(site),
    )
    for resource in (
        *(machine_type, group, policy),
        *(rule, rule_role, ingest.rule_may_invoke(site, function)),
        *(function, detect_role, log, detect.on_failure(function, queue)),
        *(queue, detect.dead_letters_tls_only(queue)),
        table,
        *(stream, delivery_role, delivery_log, log_stream),
        *(bucket, storage.tls_only(bucket)),
    ):
        template.add_resource(resource)
    for output in (
        _output("IngestTopic", "Where a machine publishes", ingest_topic(site.name, "MACHINE")),
        _output("MachinePolicyName", "IoT policy of every machine", Ref(policy)),
        _output("MachineTypeName", "IoT thing type of every machine", machine_type.ThingTypeName),
        _output("MachineGroupName", "IoT thing group of every machine", group.ThingGroupName),
        _output("DetectFunctionName", "Finds alerts", Ref(function)),
        _output("DetectLogName", "One JSON line a message", Ref(log)),
        _output("AlertsTableName", "One item an alert life", Ref(table)),
        _output("DataBucketName", "raw/ by day, and quarantine/", Ref(bucket)),
        _output("DeadLettersUrl", "Messages not handled after every retry", Ref(queue)),
        _output("DeadLettersArn", "The same queue, for alarms and policies", GetAtt(queue, "Arn")),
    ):
        template.add_output(output)
    return template


def _output(name: str, description: str, value: Any) -> Output:
    return Output(name, Description=description, Value=value)


def synthesize(site: Site) -> str:
    """The template of a site as YAML, ready to deploy."""
    return render(build(site), SECTIONS)

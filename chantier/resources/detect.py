"""What finds alerts: the detect function, its role, its log, and where failures go."""

from __future__ import annotations

import json

import awacs.dynamodb
import awacs.logs
import awacs.s3
import awacs.sqs
from troposphere import GetAtt, Ref, Sub
from troposphere.awslambda import (
    Code,
    DestinationConfig,
    Environment,
    EventInvokeConfig,
    Function,
    LoggingConfig,
    OnFailure,
)
from troposphere.dynamodb import Table
from troposphere.iam import Role
from troposphere.logs import LogGroup
from troposphere.s3 import Bucket
from troposphere.sqs import Queue, QueuePolicy

from chantier.bundle import bundle
from chantier.packing import packed
from chantier.records import QUARANTINE
from chantier.resources.policies import allow, refuse_plain_text, role
from chantier.site import Site
from chantier.site_settings import settings_of

RUNTIME = "python3.13"
# CPU comes with memory; the time to a stored alert stops falling at about here (not verified).
MEMORY_MB = 512
TIMEOUT_S = 10
# AWS's own figures: two retries, and an hour before an event is given up.
RETRIES = 2
EVENT_AGE_S = 3_600
FORTNIGHT_S = 1_209_600


class FunctionLogging(LoggingConfig):  # type: ignore[misc]  # troposphere is untyped
    """`LogFormat` is missing from troposphere 4.11.1's LoggingConfig of a function."""

    props = {**LoggingConfig.props, "LogFormat": (str, False)}  # noqa: RUF012 - troposphere's own form


def dead_letters() -> Queue:
    """Where a message goes that the function could not handle after every retry."""
    return Queue(
        "DeadLetters",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        MessageRetentionPeriod=FORTNIGHT_S,
        SqsManagedSseEnabled=True,
    )


def dead_letters_tls_only(queue: Queue) -> QueuePolicy:
    """The queue's policy: nobody reads or writes in plain text."""
    return QueuePolicy(
        "DeadLettersPolicy",
        Queues=[Ref(queue)],
        PolicyDocument=refuse_plain_text(awacs.sqs.Action("*"), [GetAtt(queue, "Arn")]),
    )


def log_group(site: Site) -> LogGroup:
    """The function's log: one JSON line a message."""
    return LogGroup(
        "DetectLog",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        LogGroupName=f"/aws/lambda/{function_name(site)}",
        RetentionInDays=site.retention.log_days,
    )


def detect_role(bucket: Bucket, table: Table, queue: Queue, log: LogGroup) -> Role:
    """What the function may do: its log, its table, the quarantine, the dead letters."""
    return role(
        "DetectRole",
        service="lambda.amazonaws.com",
        description="Lets the detect function store alerts, quarantine messages, and log",
        statements=[
            allow(
                "RememberMachinesAndStoreAlerts",
                [awacs.dynamodb.GetItem, awacs.dynamodb.PutItem, awacs.dynamodb.UpdateItem],
                [GetAtt(table, "Arn")],
            ),
            allow(
                "QuarantineMessages",
                [awacs.s3.PutObject],
                [Sub(f"${{{bucket.title}.Arn}}/{QUARANTINE}*")],
            ),
            allow("KeepFailures", [awacs.sqs.SendMessage], [GetAtt(queue, "Arn")]),
            allow(
                "Log",
                [awacs.logs.CreateLogStream, awacs.logs.PutLogEvents],
                [GetAtt(log, "Arn")],
            ),
        ],
    )


def detect_function(
    site: Site, *, role: Role, bucket: Bucket, table: Table, log: LogGroup
) -> Function:
    """The function, its code inline: what is tested as modules is what is shipped."""
    return Function(
        "Detect",
        FunctionName=function_name(site),
        Description="Finds alerts in a message of one machine and stores them",
        Runtime=RUNTIME,
        Architectures=["arm64"],
        Handler="index.handler",
        Code=Code(ZipFile=packed(source(site), "detect")),
        Role=GetAtt(role, "Arn"),
        MemorySize=MEMORY_MB,
        Timeout=TIMEOUT_S,
        Environment=Environment(Variables={"TABLE": Ref(table), "BUCKET": Ref(bucket)}),
        LoggingConfig=FunctionLogging(LogFormat="JSON", LogGroup=Ref(log), SystemLogLevel="WARN"),
    )


def on_failure(function: Function, queue: Queue) -> EventInvokeConfig:
    """Two retries, then the message is kept whole in the dead letters."""
    return EventInvokeConfig(
        "DetectOnFailure",
        FunctionName=Ref(function),
        Qualifier="$LATEST",
        MaximumRetryAttempts=RETRIES,
        MaximumEventAgeInSeconds=EVENT_AGE_S,
        DestinationConfig=DestinationConfig(OnFailure=OnFailure(Destination=GetAtt(queue, "Arn"))),
    )


def function_name(site: Site) -> str:
    """The function's name; the log group must know it before the function exists."""
    return f"chantier-{site.name}-detect"


def source(site: Site) -> str:
    """The function's code, as it can be read; the template carries it packed."""
    words = f"chantier.detection.words_{site.site.language}"
    footer = f"SETTINGS = {settings_text(site)}\n\nhandler = Detect(SETTINGS, WORDS).handle"
    return bundle("chantier.functions.detect", words, footer=footer)


def settings_text(site: Site) -> str:
    """The settings of the site's functions as they stand in their source, a group a line."""
    said = json.dumps(settings_of(site), ensure_ascii=False)
    return said.replace(', {"zone"', ',\n  {"zone"').replace('[{"zone"', '[\n  {"zone"')

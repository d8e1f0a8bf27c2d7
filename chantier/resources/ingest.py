"""How a message comes in: one rule hands it to detection and to the raw store."""

from __future__ import annotations

import awacs.firehose
import awacs.logs
import awacs.s3
from awacs.aws import Statement
from troposphere import AccountId, GetAtt, Ref, Sub, Tags
from troposphere.awslambda import Function, Permission
from troposphere.firehose import (
    BufferingHints,
    CloudWatchLoggingOptions,
    DeliveryStream,
    DeliveryStreamEncryptionConfigurationInput,
    ExtendedS3DestinationConfiguration,
)
from troposphere.iam import Role
from troposphere.iot import (
    Action,
    FirehoseAction,
    LambdaAction,
    S3Action,
    TopicRule,
    TopicRulePayload,
)
from troposphere.logs import LogGroup, LogStream
from troposphere.s3 import Bucket

from chantier.records import QUARANTINE, RAW, RAW_ERRORS
from chantier.resources.policies import allow, regional_arn, role
from chantier.site import Site
from chantier.telemetry import rule_name, rule_sql

BY_DAY = "dt=!{timestamp:yyyy-MM-dd}/"
BUFFER_MB = 64
# Substitution templates of AWS IoT: who sent it, when, and a name of its own.
REFUSED_KEY = f"{QUARANTINE}rule/${{topic(3)}}/${{timestamp()}}-${{newuuid()}}.json"


class TaggedRule(TopicRule):  # type: ignore[misc]  # troposphere is untyped
    """`Tags` is missing from troposphere 4.11.1's TopicRule."""

    props = {**TopicRule.props, "Tags": (Tags, False)}  # noqa: RUF012 - troposphere's own form


def stream_name(site: Site) -> str:
    """The delivery stream's name; its role must know it before it exists."""
    return f"chantier-{site.name}-raw"


def delivery_log(site: Site) -> LogGroup:
    """Where Firehose tells why it could not deliver."""
    return LogGroup(
        "RawDeliveryLog",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        LogGroupName=f"/aws/kinesisfirehose/{stream_name(site)}",
        RetentionInDays=site.retention.log_days,
    )


def delivery_log_stream(log: LogGroup) -> LogStream:
    """The one stream of that log."""
    return LogStream("RawDeliveryLogStream", LogGroupName=Ref(log), LogStreamName="S3Delivery")


def delivery_role(site: Site, bucket: Bucket, log: LogGroup) -> Role:
    """What Firehose may do: write raw objects and its log."""
    return role(
        "RawDeliveryRole",
        service="firehose.amazonaws.com",
        description="Lets Firehose write raw telemetry to the data bucket",
        source=regional_arn("firehose", f"deliverystream/{stream_name(site)}"),
        statements=[
            allow(
                "WriteRaw",
                [awacs.s3.PutObject, awacs.s3.AbortMultipartUpload],
                [
                    Sub(f"${{{bucket.title}.Arn}}/{RAW}*"),
                    Sub(f"${{{bucket.title}.Arn}}/{RAW_ERRORS}*"),
                ],
            ),
            allow(
                "FindBucket",
                [
                    awacs.s3.GetBucketLocation,
                    awacs.s3.ListBucket,
                    awacs.s3.ListBucketMultipartUploads,
                ],
                [GetAtt(bucket, "Arn")],
            ),
            allow("Log", [awacs.logs.PutLogEvents], [GetAtt(log, "Arn")]),
        ],
    )


def delivery_stream(  # noqa: PLR0913 - the parts that it is wired to
    site: Site, *, bucket: Bucket, role: Role, log: LogGroup, log_stream: LogStream, seconds: Ref
) -> DeliveryStream:
    """Raw messages to S3, one JSON line each, in an object a few minutes long."""
    return DeliveryStream(
        "RawDelivery",
        DeliveryStreamName=stream_name(site),
        DeliveryStreamType="DirectPut",
        DeliveryStreamEncryptionConfigurationInput=DeliveryStreamEncryptionConfigurationInput(
            KeyType="AWS_OWNED_CMK"
        ),
        ExtendedS3DestinationConfiguration=ExtendedS3DestinationConfiguration(
            BucketARN=GetAtt(bucket, "Arn"),
            RoleARN=GetAtt(role, "Arn"),
            Prefix=RAW + BY_DAY,
            ErrorOutputPrefix=f"{RAW_ERRORS}!{{firehose:error-output-type}}/{BY_DAY}",
            BufferingHints=BufferingHints(IntervalInSeconds=seconds, SizeInMBs=BUFFER_MB),
            CompressionFormat="UNCOMPRESSED",
            CloudWatchLoggingOptions=CloudWatchLoggingOptions(
                Enabled=True, LogGroupName=Ref(log), LogStreamName=Ref(log_stream)
            ),
        ),
    )


def rule_role(site: Site, stream: DeliveryStream, bucket: Bucket, *also: Statement) -> Role:
    """What the rule may do: hand messages to Firehose, and keep what it cannot hand on.

    A function lets the rule call it by itself (`rule_may_invoke`); what else takes a
    message is `also` named here.
    """
    return role(
        "IngestRole",
        service="iot.amazonaws.com",
        description="Lets the ingest rule deliver raw telemetry and keep what it cannot deliver",
        source=regional_arn("iot", f"rule/{rule_name(site.name)}"),
        statements=[
            allow("DeliverRaw", [awacs.firehose.PutRecord], [GetAtt(stream, "Arn")]),
            allow(
                "KeepRefused",
                [awacs.s3.PutObject],
                [Sub(f"${{{bucket.title}.Arn}}/{QUARANTINE}rule/*")],
            ),
            *also,
        ],
    )


def topic_rule(
    site: Site, *, detection: Action, stream: DeliveryStream, bucket: Bucket, role: Role
) -> TopicRule:
    """The rule: Basic Ingest, so no broker fee is due and nobody else can listen.

    Args:
        site: the site file.
        detection: how a message gets to detection: `call`, or `queue.put`.
        stream: where every message is kept.
        bucket: where what could not be handed on is kept.
        role: what the rule may do.
    """
    return TaggedRule(
        "IngestRule",
        RuleName=rule_name(site.name),
        TopicRulePayload=TopicRulePayload(
            Description="Every telemetry message: to detection at once, to the raw store",
            AwsIotSqlVersion="2016-03-23",
            Sql=rule_sql(site.name),
            RuleDisabled=False,
            Actions=[
                detection,
                Action(
                    Firehose=FirehoseAction(
                        DeliveryStreamName=Ref(stream), RoleArn=GetAtt(role, "Arn"), Separator="\n"
                    )
                ),
            ],
            ErrorAction=Action(
                S3=S3Action(BucketName=Ref(bucket), Key=REFUSED_KEY, RoleArn=GetAtt(role, "Arn"))
            ),
        ),
    )


def call(function: Function) -> Action:
    """The rule's action: the function is called at once, one message a call."""
    return Action(Lambda=LambdaAction(FunctionArn=GetAtt(function, "Arn")))


def rule_may_invoke(site: Site, function: Function) -> Permission:
    """The function's side of it: this rule of this account, nobody else."""
    return Permission(
        "IngestMayDetect",
        FunctionName=Ref(function),
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        SourceAccount=AccountId,
        SourceArn=regional_arn("iot", f"rule/{rule_name(site.name)}"),
    )

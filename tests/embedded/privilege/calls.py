"""The call behind an action: what a service sends to AWS when it uses a permission.

Each is made for one resource, succeeds where it is allowed, and names by its kinds the
resources that it can be tried on. To cover a new action, add a line to `CALLS`.
"""

from __future__ import annotations

import time

from botocore.exceptions import ClientError

from chantier.records import (
    KEY,
    MACHINE,
    OPEN_INDEX,
    OPEN_SITE,
    RAW,
    SITE,
    SITE_INDEX,
    TELL_INDEX,
    TELL_SITE,
)
from tests.embedded.privilege import calls_analysis, calls_iot
from tests.embedded.privilege.ask import Ask, Call

DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "AuthorizationError", "ForbiddenException"}
)


_KEY = {MACHINE: {"S": "proof"}, KEY: {"S": "proof"}}
# The first key of the table and of each index.
_FIRST = {"": MACHINE, OPEN_INDEX: OPEN_SITE, SITE_INDEX: SITE, TELL_INDEX: TELL_SITE}


def _query(ask: Ask) -> object:
    key = _FIRST[ask.table.get("IndexName", "")]
    return ask.by("dynamodb").query(
        **ask.table,
        KeyConditionExpression="#key = :value",
        ExpressionAttributeNames={"#key": key},
        ExpressionAttributeValues={":value": {"S": "proof"}},
    )


CALLS: dict[str, Call] = {
    **calls_iot.CALLS,
    **calls_analysis.CALLS,
    "dynamodb:BatchGetItem": Call(
        ("table",),
        lambda ask: ask.by("dynamodb").batch_get_item(RequestItems={ask.name: {"Keys": [_KEY]}}),
    ),
    "dynamodb:GetItem": Call(
        ("table",), lambda ask: ask.by("dynamodb").get_item(**ask.table, Key=_KEY)
    ),
    "dynamodb:PutItem": Call(
        ("table",), lambda ask: ask.by("dynamodb").put_item(**ask.table, Item=_KEY)
    ),
    "dynamodb:UpdateItem": Call(
        ("table",), lambda ask: ask.by("dynamodb").update_item(**ask.table, Key=_KEY)
    ),
    "dynamodb:DeleteItem": Call(
        ("table",), lambda ask: ask.by("dynamodb").delete_item(**ask.table, Key=_KEY)
    ),
    "dynamodb:Query": Call(("table", "index"), _query),
    "dynamodb:Scan": Call(
        ("table", "index"), lambda ask: ask.by("dynamodb").scan(**ask.table, Limit=1)
    ),
    "dynamodb:UpdateTimeToLive": Call(
        ("table",),
        lambda ask: ask.by("dynamodb").update_time_to_live(
            **ask.table, TimeToLiveSpecification={"Enabled": False, "AttributeName": "x"}
        ),
    ),
    "s3:PutObject": Call(("object",), lambda ask: ask.by("s3").put_object(**ask.place)),
    "s3:GetObject": Call(
        ("object",),
        lambda ask: (
            ask.stage.root("s3").put_object(**ask.place),
            ask.by("s3").get_object(**ask.place),
        ),
    ),
    "s3:DeleteObject": Call(("object",), lambda ask: ask.by("s3").delete_object(**ask.place)),
    "s3:AbortMultipartUpload": Call(
        ("object",), lambda ask: ask.by("s3").abort_multipart_upload(**ask.upload())
    ),
    "s3:ListMultipartUploadParts": Call(
        ("object",), lambda ask: ask.by("s3").list_parts(**ask.upload())
    ),
    "s3:GetBucketLocation": Call(
        ("bucket",), lambda ask: ask.by("s3").get_bucket_location(Bucket=ask.name)
    ),
    "s3:ListBucket": Call(
        # With a prefix: a role may be allowed to list no more than that.
        ("bucket",),
        lambda ask: ask.by("s3").list_objects_v2(Bucket=ask.name, Prefix=RAW, MaxKeys=1),
    ),
    "s3:ListBucketMultipartUploads": Call(
        ("bucket",), lambda ask: ask.by("s3").list_multipart_uploads(Bucket=ask.name)
    ),
    "s3:DeleteBucketPolicy": Call(
        ("bucket",), lambda ask: ask.by("s3").delete_bucket_policy(Bucket=ask.name)
    ),
    "firehose:PutRecord": Call(
        ("stream",),
        lambda ask: ask.by("firehose").put_record(
            DeliveryStreamName=ask.name, Record={"Data": b"proof"}
        ),
    ),
    "firehose:PutRecordBatch": Call(
        ("stream",),
        lambda ask: ask.by("firehose").put_record_batch(
            DeliveryStreamName=ask.name, Records=[{"Data": b"proof"}]
        ),
    ),
    "sqs:SendMessage": Call(
        ("queue",),
        lambda ask: ask.by("sqs").send_message(QueueUrl=ask.queue, MessageBody="proof"),
    ),
    "sqs:ReceiveMessage": Call(
        ("queue",), lambda ask: ask.by("sqs").receive_message(QueueUrl=ask.queue)
    ),
    "sqs:DeleteMessage": Call(
        ("queue",),
        lambda ask: ask.by("sqs").delete_message(QueueUrl=ask.queue, ReceiptHandle=ask.receipt()),
    ),
    "sqs:GetQueueAttributes": Call(
        ("queue",), lambda ask: ask.by("sqs").get_queue_attributes(QueueUrl=ask.queue)
    ),
    "sqs:PurgeQueue": Call(("queue",), lambda ask: ask.by("sqs").purge_queue(QueueUrl=ask.queue)),
    "sns:Publish": Call(
        ("topic",), lambda ask: ask.by("sns").publish(TopicArn=ask.arn, Message="proof")
    ),
    "sns:Subscribe": Call(
        ("topic",),
        lambda ask: ask.by("sns").subscribe(
            TopicArn=ask.arn, Protocol="email", Endpoint="proof@example.com"
        ),
    ),
    "lambda:InvokeFunction": Call(
        ("function",),
        lambda ask: ask.by("lambda").invoke(FunctionName=ask.name, Payload=b"{}"),
    ),
    "lambda:GetFunction": Call(
        ("function",), lambda ask: ask.by("lambda").get_function(FunctionName=ask.name)
    ),
    "ssm:GetParameter": Call(
        ("ssm",), lambda ask: ask.by("ssm").get_parameter(Name=ask.arn.partition(":parameter")[2])
    ),
    "logs:CreateLogGroup": Call(
        ("log",), lambda ask: ask.by("logs").create_log_group(logGroupName=ask.fresh_log())
    ),
    "iam:ListRoles": Call(("account",), lambda ask: ask.by("iam").list_roles()),
    "iot:ListThings": Call(("account",), lambda ask: ask.by("iot").list_things()),
    "s3:ListAllMyBuckets": Call(("account",), lambda ask: ask.by("s3").list_buckets()),
    "cloudformation:ListStacks": Call(
        ("account",), lambda ask: ask.by("cloudformation").list_stacks()
    ),
}

UNJUDGED: dict[str, Call] = {
    **calls_iot.UNJUDGED,
    **calls_analysis.UNJUDGED,
    "logs:CreateLogStream": Call(
        ("streams of a log",),
        lambda ask: ask.by("logs").create_log_stream(logGroupName=ask.log, logStreamName="one"),
    ),
    "logs:PutLogEvents": Call(
        ("streams of a log",),
        lambda ask: ask.by("logs").put_log_events(
            logGroupName=ask.log,
            logStreamName="one",
            logEvents=[{"timestamp": int(time.time() * 1000), "message": "proof"}],
        ),
    ),
    "dynamodb:DescribeStream": Call(
        ("feed",), lambda ask: ask.by("dynamodbstreams").describe_stream(StreamArn=ask.arn)
    ),
    "dynamodb:GetShardIterator": Call(
        ("feed",),
        lambda ask: ask.by("dynamodbstreams").get_shard_iterator(
            StreamArn=ask.arn,
            ShardId="shardId-one-that-is-long-enough",
            ShardIteratorType="LATEST",
        ),
    ),
    "dynamodb:GetRecords": Call(
        ("feed",), lambda ask: ask.by("dynamodbstreams").get_records(ShardIterator="one")
    ),
    "dynamodb:ListStreams": Call(
        ("feed",),
        lambda ask: ask.by("dynamodbstreams").list_streams(TableName=ask.table["TableName"]),
    ),
}
"""Calls that the embedded AWS refuses to everybody but root: it does not know their resource."""

UNCALLED = frozenset({"athena:GetQueryResultsStream"})
"""Permissions that AWS's services ask for and that no call of anybody else's needs."""


def attempt(action: str, ask: Ask) -> bool:
    """Whether a call is allowed; one that fails for another reason raises."""
    try:
        (CALLS | UNJUDGED)[action].make(ask)
    except ClientError as error:
        said = error.response["Error"]
        if said["Code"] not in DENIED or action not in said["Message"]:
            raise
        return False
    return True

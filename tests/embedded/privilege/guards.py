"""The policies of what others may call: buckets, queues, topics and functions, as deployed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.embedded.privilege.grants import Size, resources
from tests.embedded.privilege.stage import Stage

Read = tuple[dict[str, Any], str]
_TITLES = {
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::SQS::QueuePolicy": "Queues",
    "AWS::SNS::TopicPolicy": "Topics",
}

SERVICES = ("iot.amazonaws.com", "firehose.amazonaws.com", "events.amazonaws.com")
"""Tried on every resource, whether its policy names them or not."""


class Held(NamedTuple):
    """A type of resource that has a policy.

    Attributes:
        read: its policy and its ARN.
        tried: actions, and on what part of it.
    """

    read: Callable[[Stage, str], Read]
    tried: tuple[tuple[str, str], ...]


def _bucket(stage: Stage, title: str) -> Read:
    name = stage.ids[title]
    said = stage.root("s3").get_bucket_policy(Bucket=name)["Policy"]
    return json.loads(said), f"arn:aws:s3:::{name}"


def _queue(stage: Stage, title: str) -> Read:
    said = stage.root("sqs").get_queue_attributes(
        QueueUrl=stage.ids[title], AttributeNames=["Policy", "QueueArn"]
    )["Attributes"]
    return json.loads(said["Policy"]), said["QueueArn"]


def _topic(stage: Stage, title: str) -> Read:
    said = stage.root("sns").get_topic_attributes(TopicArn=stage.ids[title])["Attributes"]
    return json.loads(said["Policy"]), said["TopicArn"]


def of_function(stage: Stage, title: str) -> Read:
    """Who may call a function, and its ARN."""
    aws, name = stage.root("lambda"), stage.ids[title]
    arn = aws.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    return json.loads(aws.get_policy(FunctionName=name)["Policy"]), arn


HELD: dict[str, Held] = {
    "AWS::S3::Bucket": Held(
        _bucket,
        (
            ("s3:ListBucket", ""),
            ("s3:GetObject", "/raw/one"),
            ("s3:PutObject", "/raw/one"),
            ("s3:DeleteObject", "/raw/one"),
        ),
    ),
    "AWS::SQS::Queue": Held(_queue, (("sqs:SendMessage", ""), ("sqs:ReceiveMessage", ""))),
    "AWS::SNS::Topic": Held(_topic, (("sns:Publish", ""),)),
}


def bare(size: Size) -> set[str]:
    """The buckets, queues and topics of a size that have no policy."""
    guarded: set[str] = set()
    for one in resources(size).values():
        if one["Type"] in _TITLES:
            held = one["Properties"][_TITLES[one["Type"]]]
            guarded |= {title["Ref"] for title in (held if isinstance(held, list) else [held])}
    return {title for title, one in resources(size).items() if one["Type"] in HELD} - guarded


def source_of(policy: dict[str, Any], service: str) -> str:
    """The resource that a policy wants a service to act for; empty where it asks for none."""
    for statement in policy["Statement"]:
        principal = statement.get("Principal")
        if isinstance(principal, dict) and principal.get("Service") == service:
            for operator in ("ArnEquals", "ArnLike"):
                asked = statement.get("Condition", {}).get(operator, {}).get("aws:SourceArn")
                if asked:
                    return str(asked).replace("*", "one")
    return ""

"""Who may come in: a service only for this account's own resource, and nobody in plain text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chantier.checks.reading import (
    ACCOUNT,
    ARN,
    Place,
    Stated,
    always,
    branches,
    listed,
    mapping,
    properties,
    resources,
    statements,
    target,
    text,
)

Body = Mapping[str, Any]
# Services whose user guide, "cross-service confused deputy prevention", says that they send both
# keys when they take a role. Lambda takes a function's own role without them.
SENDING = frozenset(
    f"{name}.amazonaws.com"
    for name in (
        "backup",
        "cloudtrail",
        "config",
        "events",
        "firehose",
        "glue",
        "iot",
        "pipes",
        "scheduler",
        "states",
    )
)
# Who holds messages or objects, its policy's type, where that names it, what a Deny must cover.
# SNS refuses a policy of every action; publishing is the one that carries a message.
GUARDED = (
    ("AWS::S3::Bucket", "AWS::S3::BucketPolicy", "Bucket", ("s3:*", "*")),
    ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues", ("sqs:*", "*")),
    ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics", ("sns:Publish", "sns:*", "*")),
)


def trust_without_source(body: Body) -> Iterator[Place]:
    """A role that a service takes is taken for this account's own resource alone."""
    for name, role in resources(body, "AWS::IAM::Role").items():
        for stated in statements(name, role):
            if "AssumeRolePolicyDocument" not in stated.path or not stated.allows:
                continue
            services = listed(mapping(stated.said.get("Principal")).get("Service"))
            senders = sorted(SENDING.intersection(text(one) for one in services))
            missing = [key for key in (ACCOUNT, ARN) if not _bounds(stated, key)]
            if senders and missing:
                wanted = " and ".join(_written(key) for key in missing)
                yield Place(stated.path, f"may be taken by {senders[0]} without {wanted}")


def _bounds(stated: Stated, key: str) -> bool:
    """Whether the condition holds it to something; `*` and IfExists hold it to nothing."""
    operator, value = stated.conditions.get(key, ("", None))
    held = [branch for one in listed(value) for branch in branches(one)]
    kind = operator.startswith(("StringEquals", "StringLike", "ArnEquals", "ArnLike"))
    return kind and "IfExists" not in operator and bool(held) and text(held[0]) != "*"


def _written(key: str) -> str:
    return {ACCOUNT: "aws:SourceAccount", ARN: "aws:SourceArn"}[key]


def permission_without_source(body: Body) -> Iterator[Place]:
    """A service calls a function for this account's own resource alone."""
    for name, one in resources(body, "AWS::Lambda::Permission").items():
        given = properties(one)
        missing = [key for key in ("SourceAccount", "SourceArn") if not always(given.get(key))]
        if text(given.get("Principal")).endswith(".amazonaws.com") and missing:
            yield Place(("Resources", name), f"has no {' and no '.join(missing)}")


def plain_text_allowed(body: Body) -> Iterator[Place]:
    """A bucket, queue or topic has a policy that refuses every call without TLS."""
    for kind, policy, naming, covering in GUARDED:
        guarded = {
            target(branch)
            for name, one in resources(body, policy).items()
            if any(_refuses_plain_text(stated, covering) for stated in statements(name, one))
            for value in listed(properties(one).get(naming))
            for branch in branches(value)
        }
        for name in resources(body, kind):
            if name not in guarded:
                yield Place(("Resources", name), "has no policy that refuses plain text")


def _refuses_plain_text(stated: Stated, covering: tuple[str, ...]) -> bool:
    operator, value = stated.conditions.get("aws:securetransport", ("", None))
    everybody = stated.said.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
    covered = any(text(action) in covering for _, action in stated.values("Action"))
    insecure = operator == "Bool" and str(value).lower() == "false"
    return stated.said.get("Effect") == "Deny" and everybody and covered and insecure

"""The table of proofs: for every permission of the template, what it is for.

A permission is proved in one of three ways, the first that the embedded AWS can judge:

    Behaviour   what the product does with it fails without it and works with it
    Twin        a twin of the role makes the service's own call, with and without it
    Evaluated   IAM's rules, applied to the deployed policy, with and without it

A permission of the template that stands in no line here fails the build, and so does a
line whose permission is gone. To add a role, add a table like those below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from tests.embedded.privilege import behaviours
from tests.embedded.privilege.grants import Grant, Size
from tests.embedded.privilege.stage import Stage


@dataclass(frozen=True)
class Behaviour:
    """What needs the permission, on the real path.

    Attributes:
        run: does it.
        given: grants of the same role, (action, resource), that it is only seen without.
    """

    run: Callable[[Stage], None]
    given: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Twin:
    """Who needs it, and why that cannot be seen here: `reason`."""

    reason: str


@dataclass(frozen=True)
class Evaluated:
    """Why the embedded AWS cannot judge the call: `reason`."""

    reason: str


Proof = Behaviour | Twin | Evaluated
Table = dict[tuple[str, str], Proof]


class Taker(NamedTuple):
    """Who may take a role.

    Attributes:
        service: the AWS service.
        source: what it must act for, and in our account; empty where it says nothing of it.
        account: whether it must act in our account, though it does not say for what.
    """

    service: str
    source: str = ""
    account: bool = False


AFTER_RETRIES = Twin("Lambda's own call after the last retry, not made under the role here")
FIREHOSE_ASKS = Twin("kept because AWS's documentation of Firehose asks for it; not used here")
LOGS = Evaluated("written by Lambda and Firehose; judged here on the group without its streams")
STREAMS = Evaluated("called by Lambda for the function; judged here without the stream's ARN")

_LOG: Table = {
    ("logs:CreateLogStream", "{}Log"): LOGS,
    ("logs:PutLogEvents", "{}Log"): LOGS,
}


def _function(name: str, own: Table) -> Table:
    """What every function may do, and its own work."""
    log = {(action, on.format(name)): proof for (action, on), proof in _LOG.items()}
    return {**own, ("sqs:SendMessage", "DeadLetters"): AFTER_RETRIES, **log}


STARTER: dict[str, Table] = {
    # The first line must stay the first: only before a message has passed is the stream unknown,
    # and the local AWS remembers for half a minute that the rule may use it.
    "IngestRole": {
        ("firehose:PutRecord", "RawDelivery"): Behaviour(behaviours.keeps_a_raw_message),
        ("s3:PutObject", "DataBucket/quarantine/rule/*"): Behaviour(
            behaviours.keeps_what_the_rule_cannot_read
        ),
    },
    "RawDeliveryRole": {
        ("s3:PutObject", "DataBucket/raw/*"): Behaviour(behaviours.keeps_a_raw_message),
        ("s3:PutObject", "DataBucket/raw-errors/*"): Behaviour(
            behaviours.keeps_what_raw_refuses, given=(("s3:PutObject", "DataBucket/raw/*"),)
        ),
        ("s3:AbortMultipartUpload", "DataBucket/raw/*"): FIREHOSE_ASKS,
        ("s3:AbortMultipartUpload", "DataBucket/raw-errors/*"): FIREHOSE_ASKS,
        ("s3:GetBucketLocation", "DataBucket"): FIREHOSE_ASKS,
        ("s3:ListBucket", "DataBucket"): FIREHOSE_ASKS,
        ("s3:ListBucketMultipartUploads", "DataBucket"): FIREHOSE_ASKS,
        ("logs:PutLogEvents", "RawDeliveryLog"): LOGS,
    },
    "DetectRole": _function(
        "Detect",
        {
            ("dynamodb:GetItem", "AlertsTable"): Behaviour(behaviours.hears_a_machine),
            ("dynamodb:PutItem", "AlertsTable"): Behaviour(behaviours.hears_a_machine),
            ("dynamodb:UpdateItem", "AlertsTable"): Behaviour(behaviours.opens_an_alert),
            ("s3:PutObject", "DataBucket/quarantine/dt=*"): Behaviour(
                behaviours.quarantines_a_message
            ),
        },
    ),
    "WatchRole": _function(
        "Watch",
        {
            ("dynamodb:BatchGetItem", "AlertsTable"): Behaviour(behaviours.finds_a_silent_machine),
            ("dynamodb:GetItem", "AlertsTable"): Behaviour(behaviours.finds_a_silent_machine),
            ("dynamodb:PutItem", "AlertsTable"): Behaviour(behaviours.finds_a_silent_machine),
            ("dynamodb:UpdateItem", "AlertsTable"): Behaviour(behaviours.finds_a_silent_machine),
            ("dynamodb:Query", "AlertsTable/index/tell"): Behaviour(
                behaviours.looks_for_what_is_to_be_told
            ),
            ("sns:Publish", "AlertsTopic"): Behaviour(behaviours.tells_people),
            ("dynamodb:DescribeStream", "AlertsTable.StreamArn"): STREAMS,
            ("dynamodb:GetRecords", "AlertsTable.StreamArn"): STREAMS,
            ("dynamodb:GetShardIterator", "AlertsTable.StreamArn"): STREAMS,
            ("dynamodb:ListStreams", "AlertsTable/stream/*"): STREAMS,
        },
    ),
    "WatchScheduleRole": {
        ("lambda:InvokeFunction", "Watch"): Twin(
            "the schedule's call; its role is not asked here"
        ),
        ("sqs:SendMessage", "DeadLetters"): Twin("the schedule's, for a call that never arrived"),
    },
}

FLEET: dict[str, Table] = {}
"""What `size = "fleet"` grants and `starter` does not."""

TRUSTED: dict[str, Taker] = {
    "IngestRole": Taker("iot.amazonaws.com", "iot:rule/chantier_SITE"),
    "RawDeliveryRole": Taker(
        "firehose.amazonaws.com", "firehose:deliverystream/chantier-SITE-raw"
    ),
    # Lambda says nothing of the function when it takes a role.
    "DetectRole": Taker("lambda.amazonaws.com"),
    "WatchRole": Taker("lambda.amazonaws.com"),
    "WatchScheduleRole": Taker("scheduler.amazonaws.com", "scheduler:schedule-group/default"),
}
"""Who may take each role: its trust policy says this and no more."""

ADMITTED: dict[str, dict[str, tuple[str, ...]]] = {}
"""Of a bucket, queue or topic, the services that its policy lets in, and what they may do."""


def proofs(size: Size) -> dict[Grant, Proof]:
    """Every permission of a size that is to be proved on it."""
    tables = {"starter": STARTER, "fleet": FLEET}[size]
    return {
        Grant(role, *pair): proof
        for role, table in tables.items()
        for pair, proof in table.items()
    }


Way = Literal["behaviour", "twin", "evaluator"]


def way(proof: Proof) -> Way:
    """How a permission is proved."""
    ways: dict[type, Way] = {Behaviour: "behaviour", Twin: "twin", Evaluated: "evaluator"}
    return ways[type(proof)]

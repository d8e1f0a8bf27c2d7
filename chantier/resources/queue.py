"""What stands between the rule and detection of a large site: a queue.

Without it the rule calls the function once a message, and AWS runs as many at once
as messages arrive: 10,000 machines that come back after a network failure would take
every execution that the account has. The queue keeps what waits, ten messages make
one call, a message that fails comes again alone, and the function's share of the
account is bounded without reserving it.

A Kinesis stream would keep each machine's messages in order and cost less: for 10,000
machines round the clock (438 million messages of 2.4 KB a month, us-east-1) one shard
is 11 USD and its records 6 USD, where the queue takes 210 USD with full batches and
526 USD with one message each. But a plain consumer of a stream is polled once a second,
which alone is ten times the promised 100 ms, and one with enhanced fan-out (24 USD more)
could not be tried before it is deployed: the embedded AWS runs no Kinesis rule action.
Detection bears disorder by itself. So the queue is the dearer of the two and the one that
was run; `chantier costs --size fleet` computes both for a site.
"""

from __future__ import annotations

from math import ceil

import awacs.sqs
from awacs.aws import Statement
from troposphere import GetAtt, Ref
from troposphere.awslambda import EventSourceMapping, Function, ScalingConfig
from troposphere.iam import Role
from troposphere.iot import Action, SqsAction
from troposphere.sqs import Queue, QueuePolicy, RedrivePolicy
from troposphere.validators import integer

from chantier.resources.policies import allow, refuse_plain_text
from chantier.site import Site

# AWS's own figure: a batch may be tried again while the function is throttled.
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
VISIBILITY_TIMEOUTS = 6
# The same page asks for five at least: fewer, and throttling alone fills the dead letters.
MOST_RECEIVES = 5
# A long weekend without anybody who mends it; the raw data has every message in any case.
KEPT_S = 345_600
# The most that SQS hands out in one receive.
BATCH = 10
# A machine sends one message a minute, and it takes less than so long to judge (measured 20 ms).
MESSAGE_S, JUDGED_S = 60, 0.05
# Executions beyond what a steady fleet needs, so that an hour's silence is caught up in minutes.
CATCH_UP = 5
# What an event source mapping takes.
FEWEST, MOST = 2, 1000


class QueueScaling(ScalingConfig):  # type: ignore[misc]  # troposphere is untyped
    """`MaximumConcurrency` is missing from troposphere 4.11.1's ScalingConfig of a mapping."""

    props = {"MaximumConcurrency": (integer, False)}  # noqa: RUF012 - troposphere's own form


def ingest_queue(dead_letters: Queue, *, timeout_s: int) -> Queue:
    """The queue.

    Args:
        dead_letters: where a message goes that fails every time.
        timeout_s: of the function that reads it.
    """
    return Queue(
        "IngestQueue",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        MessageRetentionPeriod=KEPT_S,
        VisibilityTimeout=VISIBILITY_TIMEOUTS * timeout_s,
        SqsManagedSseEnabled=True,
        RedrivePolicy=RedrivePolicy(
            deadLetterTargetArn=GetAtt(dead_letters, "Arn"), maxReceiveCount=MOST_RECEIVES
        ),
    )


def ingest_queue_tls_only(queue: Queue) -> QueuePolicy:
    """The queue's policy: nobody reads or writes in plain text."""
    return QueuePolicy(
        "IngestQueuePolicy",
        Queues=[Ref(queue)],
        PolicyDocument=refuse_plain_text(awacs.sqs.Action("*"), [GetAtt(queue, "Arn")]),
    )


def put(queue: Queue, role: Role) -> Action:
    """The rule's action: each message to the queue, as it is."""
    return Action(Sqs=SqsAction(QueueUrl=Ref(queue), RoleArn=GetAtt(role, "Arn"), UseBase64=False))


def may_put(queue: Queue) -> Statement:
    """What the rule's role may do with the queue."""
    return allow("HandToDetection", [awacs.sqs.SendMessage], [GetAtt(queue, "Arn")])


def may_take(queue: Queue) -> Statement:
    """What the function's role may do with the queue."""
    return allow(
        "TakeMessages",
        [awacs.sqs.ReceiveMessage, awacs.sqs.DeleteMessage, awacs.sqs.GetQueueAttributes],
        [GetAtt(queue, "Arn")],
    )


def mapping(site: Site, queue: Queue, function: Function) -> EventSourceMapping:
    """Lambda reads the queue and calls the function; what fails comes again alone.

    No batching window: a message is handed on as soon as it is there.
    """
    return EventSourceMapping(
        "IngestToDetect",
        EventSourceArn=GetAtt(queue, "Arn"),
        FunctionName=GetAtt(function, "Arn"),
        BatchSize=BATCH,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ScalingConfig=QueueScaling(MaximumConcurrency=concurrency(len(site.machines))),
    )


def concurrency(machines: int) -> int:
    """How many executions at once a fleet needs, with what catches up after a silence."""
    return min(MOST, max(FEWEST, ceil(machines / MESSAGE_S * JUDGED_S * CATCH_UP)))

"""What watches: the watch function, its role, its schedule, and the table's stream."""

from __future__ import annotations

import json

import awacs.awslambda
import awacs.dynamodb
import awacs.sns
from awacs.aws import Statement
from troposphere import GetAtt, Ref, Sub
from troposphere.awslambda import (
    DestinationConfig,
    EventSourceMapping,
    Filter,
    FilterCriteria,
    Function,
    OnFailure,
)
from troposphere.dynamodb import Table
from troposphere.iam import Role
from troposphere.logs import LogGroup
from troposphere.scheduler import (
    DeadLetterConfig,
    FlexibleTimeWindow,
    RetryPolicy,
    Schedule,
    Target,
)
from troposphere.sns import Topic
from troposphere.sqs import Queue

from chantier.records import TELL_AT, TELL_INDEX
from chantier.resources.functions import (
    EVENT_AGE_S,
    RETRIES,
    function,
    function_name,
    keep_failures,
    write_log,
)
from chantier.resources.policies import allow, regional_arn, role
from chantier.site import Site

NAME = "watch"
# A call that could not be delivered is tried for so long, s; it may be one that judges.
KEPT_S = 300
# The function judges machines in every fifth call: it must know when the call was due.
DUE_AT = "<aws.scheduler.scheduled-time>"
MEMORY_MB = 256
# Shorter than an alert is taken for: who is stopped while telling has told nothing twice.
TIMEOUT_S = 60
# A thousand readings a second change a few alerts; a batch only wakes the function up.
BATCH, WINDOW_S = 100, 5
# Items that are to be told; a time that was only moved, by telling, does not end with Z.
TO_TELL = json.dumps({"dynamodb": {"NewImage": {TELL_AT: {"S": [{"suffix": "Z"}]}}}})


def watch_role(table: Table, topic: Topic, queue: Queue, log: LogGroup) -> Role:
    """What the function may do: judge machines, find and mark what is to be told, tell it."""
    return role(
        "WatchRole",
        service="lambda.amazonaws.com",
        description="Lets the watch function judge machines, tell people of alerts, and log",
        statements=[
            allow(
                "RememberMachinesAndStoreAlerts",
                [
                    awacs.dynamodb.BatchGetItem,
                    awacs.dynamodb.GetItem,
                    awacs.dynamodb.PutItem,
                    awacs.dynamodb.UpdateItem,
                ],
                [GetAtt(table, "Arn")],
            ),
            allow(
                "FindWhatIsToBeTold",
                [awacs.dynamodb.Query],
                [Sub(f"${{{table.title}.Arn}}/index/{TELL_INDEX}")],
            ),
            *_follow_the_table(table),
            allow("TellPeople", [awacs.sns.Publish], [Ref(topic)]),
            keep_failures(queue),
            write_log(log),
        ],
    )


def _follow_the_table(table: Table) -> tuple[Statement, ...]:
    """What Lambda asks of the function's role to read the stream on its behalf."""
    return (
        allow(
            "FollowTheTable",
            [
                awacs.dynamodb.DescribeStream,
                awacs.dynamodb.GetRecords,
                awacs.dynamodb.GetShardIterator,
            ],
            [GetAtt(table, "StreamArn")],
        ),
        allow(
            "FindTheStream",
            [awacs.dynamodb.ListStreams],
            [Sub(f"${{{table.title}.Arn}}/stream/*")],
        ),
    )


def watch_function(
    site: Site, *, role: Role, table: Table, topic: Topic, log: LogGroup
) -> Function:
    """The function itself."""
    return function(
        site,
        NAME,
        description="Finds machines that are silent and dates that come, and tells people",
        role=role,
        log=log,
        memory_mb=MEMORY_MB,
        timeout_s=TIMEOUT_S,
        variables={"TABLE": Ref(table), "TOPIC": Ref(topic)},
    )


def schedule_role(function: Function, queue: Queue) -> Role:
    """What the schedule may do: call the function, and keep what it could not deliver."""
    return role(
        "WatchScheduleRole",
        service="scheduler.amazonaws.com",
        description="Lets the schedule call the watch function",
        # Scheduler names the group of a schedule, never the schedule.
        source=regional_arn("scheduler", "schedule-group/default"),
        statements=[
            allow("Call", [awacs.awslambda.InvokeFunction], [GetAtt(function, "Arn")]),
            keep_failures(queue),
        ],
    )


def schedule(site: Site, *, function: Function, role: Role, queue: Queue) -> Schedule:
    """Every minute; what was missed is made up for by the next one."""
    return Schedule(
        "WatchSchedule",
        Name=function_name(site, NAME),
        Description="Looks for machines that are silent and dates that come",
        ScheduleExpression="rate(1 minute)",
        FlexibleTimeWindow=FlexibleTimeWindow(Mode="OFF"),
        State="ENABLED",
        Target=Target(
            Arn=GetAtt(function, "Arn"),
            RoleArn=GetAtt(role, "Arn"),
            Input=json.dumps({"check": True, "at": DUE_AT}),
            RetryPolicy=RetryPolicy(MaximumEventAgeInSeconds=KEPT_S, MaximumRetryAttempts=RETRIES),
            DeadLetterConfig=DeadLetterConfig(Arn=GetAtt(queue, "Arn")),
        ),
    )


def stream_mapping(function: Function, table: Table, queue: Queue) -> EventSourceMapping:
    """The table's stream wakes the function up when there is something to tell."""
    return EventSourceMapping(
        "WatchStream",
        EventSourceArn=GetAtt(table, "StreamArn"),
        FunctionName=GetAtt(function, "Arn"),
        StartingPosition="LATEST",
        BatchSize=BATCH,
        MaximumBatchingWindowInSeconds=WINDOW_S,
        BisectBatchOnFunctionError=True,
        MaximumRetryAttempts=RETRIES,
        MaximumRecordAgeInSeconds=EVENT_AGE_S,
        DestinationConfig=DestinationConfig(OnFailure=OnFailure(Destination=GetAtt(queue, "Arn"))),
        FilterCriteria=FilterCriteria(Filters=[Filter(Pattern=TO_TELL)]),
    )

"""What the roles of the watch function and of its schedule are for."""

from __future__ import annotations

from tests.embedded.privilege import behaviours
from tests.embedded.privilege.ways import (
    STREAMS,
    Behaviour,
    Section,
    Table,
    Taker,
    Twin,
    function,
)

ROLES: dict[str, Table] = {
    "WatchRole": function(
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

TAKERS = {
    "WatchRole": Taker("lambda.amazonaws.com"),
    "WatchScheduleRole": Taker("scheduler.amazonaws.com", "scheduler:schedule-group/default"),
}

PROVED = Section(ROLES, TAKERS)

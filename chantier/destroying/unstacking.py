"""A stack deleted, and what is in its way put out of it.

AWS forgets slowly: a policy counts as attached for minutes, a thing type can be deleted
five minutes after it was deprecated. So a deletion that failed is looked at, what can be
mended is mended, and it is tried again for a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chantier.cloud import Cloud
from chantier.destroying.emptying import empty
from chantier.destroying.finding import BUCKET, POLICY, TABLE, TYPE, Stack
from chantier.errors import ChantierError, StackError
from chantier.machines.retiring import free_policy

Tick = Callable[[str, int, int], None]
FIRST_POLL_S, LAST_POLL_S, SLOWER = 0.1, 3.0, 1.3
# Five minutes and a half, in which AWS forgets what was detached and deprecated.
PATIENCE_S, RETRY_S = 330.0, 30.0
FIRST_RETRY_S = 0.5
BUSY = "_IN_PROGRESS"
DELETING = "DELETE_IN_PROGRESS"
UNTOUCHED = "Data that outlives its stack was not touched. Mend that, then run it again."
NEVER_MADE = "REVIEW_IN_PROGRESS"


class Stuck(NamedTuple):
    """A resource that CloudFormation could not delete.

    Attributes:
        logical_id: its name in the template.
        kind: its type.
        name: its physical id.
        why: CloudFormation's words.
    """

    logical_id: str
    kind: str
    name: str
    why: str


def check(stack: Stack, *, with_data: bool) -> None:
    """Whether a stack can be deleted now, and its data outlives it if it has to.

    Raises:
        ChantierError: something else is going on with it, or it would take data with it.
    """
    if stack.status.endswith(BUSY) and stack.status not in (DELETING, NEVER_MADE):
        raise ChantierError(
            f"Stack {stack.name} is {stack.status}: it cannot be deleted now.",
            "Wait until that is done, then run it again.",
        )
    perishable = [
        one.name for one in stack.resources if one.kind in (BUCKET, TABLE) and not one.stays
    ]
    if perishable and not with_data:
        raise ChantierError(
            f"The template of {stack.name} does not keep {', '.join(perishable)}: the stack "
            "would take the data with it. Nothing was done.",
            "Deploy the site again, which says that it stays: chantier deploy",
        )


def delete(cloud: Cloud, stack: Stack, *, with_data: bool, tick: Tick) -> None:
    """Delete a stack, its termination protection lifted first, and watch it to its end.

    Args:
        cloud: where.
        stack: as it was found.
        with_data: whether a bucket that is in the way may be emptied.
        tick: receives what goes on, how many resources are gone, and how many there were.

    Raises:
        StackError: it ended badly; with the reasons.
    """
    client = cloud.client("cloudformation")
    if stack.protected:
        client.update_termination_protection(StackName=stack.id, EnableTerminationProtection=False)
    started, pause = time.monotonic(), FIRST_RETRY_S
    while True:
        _ask(client, stack)
        status = _rested(client, stack, tick)
        if status == "DELETE_COMPLETE":
            return
        stuck = _stuck(client, stack.id)
        mended = [_mend(cloud, one, with_data=with_data) for one in stuck]
        if not all(mended) or time.monotonic() - started > PATIENCE_S:
            raise _ended_badly(stack, status, stuck)
        tick("AWS still holds something; trying again", 0, 0)
        time.sleep(pause)
        pause = min(RETRY_S, pause * 4)


def _ask(client: Any, stack: Stack) -> None:
    try:
        client.delete_stack(StackName=stack.id)
    except ClientError as error:
        told = error.response["Error"]
        if told["Code"] != "ValidationError":
            raise
        raise StackError(
            f"CloudFormation does not delete {stack.name}:", (told["Message"],), UNTOUCHED
        ) from error


def _rested(client: Any, stack: Stack, tick: Tick) -> str:
    """The status in which the stack comes to rest."""
    pause = FIRST_POLL_S
    while True:
        time.sleep(pause)
        pause = min(LAST_POLL_S, pause * SLOWER)
        try:
            told = client.describe_stacks(StackName=stack.id)["Stacks"][0]
        except ClientError as error:
            if "does not exist" in str(error):
                return "DELETE_COMPLETE"
            raise
        if told["StackStatus"] != DELETING:
            return str(told["StackStatus"])
        there = len(stack.resources)
        tick("Stack resources deleted", there - len(_held(client, stack.id)), there)


def _held(client: Any, stack_id: str) -> list[Any]:
    """What a stack still holds."""
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    try:
        held = [one for page in pages for one in page["StackResourceSummaries"]]
    except ClientError:
        # It went between two questions.
        return []
    gone = ("DELETE_COMPLETE", "DELETE_SKIPPED")
    return [one for one in held if one["ResourceStatus"] not in gone]


def _stuck(client: Any, stack_id: str) -> list[Stuck]:
    return [
        Stuck(
            one["LogicalResourceId"],
            one["ResourceType"],
            one.get("PhysicalResourceId", ""),
            one.get("ResourceStatusReason", "no reason given"),
        )
        for one in _held(client, stack_id)
        if one["ResourceStatus"] == "DELETE_FAILED"
    ]


def _mend(cloud: Cloud, stuck: Stuck, *, with_data: bool) -> bool:
    """Put out of the way what holds a resource; False where nobody may or can."""
    if stuck.kind == BUCKET:
        if with_data:
            empty(cloud.client("s3"), stuck.name, lambda _count: None)
        return with_data
    if stuck.kind == POLICY:
        free_policy(cloud.client("iot"), stuck.name)
    elif stuck.kind == TYPE:
        cloud.client("iot").deprecate_thing_type(thingTypeName=stuck.name)
    # Of anything else AWS may only have been slow: a role just detached, a table in use.
    return "AccessDenied" not in stuck.why and "not authorized" not in stuck.why


def _ended_badly(stack: Stack, status: str, stuck: list[Stuck]) -> StackError:
    return StackError(
        f"Stack {stack.name} is {status}. What CloudFormation could not delete:",
        tuple(f"{one.logical_id} ({one.kind}): {one.why}" for one in stuck)
        or ("no reason given",),
        UNTOUCHED,
    )

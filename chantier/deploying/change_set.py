"""A change set: made, read, thrown away. Nothing of it stays behind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple

from chantier.deploying import failures, stacks
from chantier.errors import StackError

NO_CHANGE = ("didn't contain changes", "No updates are to be performed", "no changes")
REVIEW = "REVIEW_IN_PROGRESS"


class Made(NamedTuple):
    """A change set that CloudFormation has finished.

    Attributes:
        arn: empty when there is nothing to change.
        stack_id: ARN of the stack, which for a new one exists now, empty.
        changes: as CloudFormation tells them.
        notes: what its checks found worth knowing.
    """

    arn: str
    stack_id: str
    changes: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[failures.Failure, ...] = ()


def make(client: Any, *, creates: bool, **request: Any) -> Made:
    """Make a change set and read it; one that fails is thrown away.

    Raises:
        StackError: CloudFormation refuses the template, or a check of its own failed.
    """
    asked = _create(
        client,
        ChangeSetName=f"chantier-{time.time_ns()}",
        ChangeSetType="CREATE" if creates else "UPDATE",
        **request,
    )
    arn, stack_id = asked["Id"], asked["StackId"]
    try:
        described = _settled(client, arn)
        if described["Status"] != "FAILED":
            notes = failures.early(client, ChangeSetName=arn, mode="WARN")
            return Made(arn, stack_id, tuple(_changes(client, arn)), notes)
        checks = failures.early(client, ChangeSetName=arn)
    except BaseException:
        discard(client, arn, name=request["StackName"], creates=creates)
        raise
    reason = described.get("StatusReason", "no reason given")
    discard(client, arn, name=request["StackName"], creates=creates)
    if not creates and any(mark in reason for mark in NO_CHANGE):
        return Made("", stack_id)
    found = checks or (failures.Failure("", "", failures.cleaned(reason)),)
    raise StackError(
        f"CloudFormation refuses the change set for {request['StackName']}; nothing was changed:",
        tuple(one.sentence if one.logical_id else one.reason for one in found),
        causes=found,
    )


def discard(client: Any, arn: str, *, name: str, creates: bool) -> None:
    """Delete a change set, and the empty stack that was made for it.

    A stack in review that holds somebody else's change set stays.
    """
    client.delete_change_set(ChangeSetName=arn)
    if not creates:
        return
    for _, __ in zip(range(20), stacks.pauses(), strict=False):
        others = client.list_change_sets(StackName=name)["Summaries"]
        if not any(one["ChangeSetId"] == arn for one in others):
            break
    found = stacks.describe(client, name)
    if found and found["StackStatus"] == REVIEW and not others:
        client.delete_stack(StackName=found["StackId"])


def _create(client: Any, **request: Any) -> Any:
    try:
        return client.create_change_set(**request)
    except client.exceptions.ClientError as error:
        told = error.response["Error"]
        if told["Code"] != "ValidationError":
            raise
        raise StackError(
            f"CloudFormation refuses the template for {request['StackName']}: {told['Message']}",
            hint="Check it first: chantier lint",
        ) from error


def _settled(client: Any, arn: str) -> Any:
    for _ in stacks.pauses():
        described = client.describe_change_set(ChangeSetName=arn)
        if described["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return described
    raise AssertionError


def _changes(client: Any, arn: str) -> list[Mapping[str, Any]]:
    pages = client.get_paginator("describe_change_set").paginate(
        ChangeSetName=arn, IncludePropertyValues=True
    )
    return [one for page in pages for one in page["Changes"]]

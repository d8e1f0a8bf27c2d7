"""An operation of CloudFormation, followed to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from chantier.deploying import stacks

GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


class Step(NamedTuple):
    """One event of one resource.

    Attributes:
        logical_id: in the template; the stack's name for the stack itself.
        kind: resource type.
        status: CloudFormation's, such as CREATE_IN_PROGRESS.
        reason: what it says to it; may be empty.
        at: when, by CloudFormation's clock; None where it does not tell.
        of_stack: whether it is about the stack as a whole.
    """

    logical_id: str
    kind: str
    status: str
    reason: str = ""
    at: datetime | None = None
    of_stack: bool = False

    @property
    def done(self) -> bool:
        """Whether the resource rests, for good or ill."""
        return not self.status.endswith("_IN_PROGRESS")


class Ended(NamedTuple):
    """How an operation ended.

    Attributes:
        status: the stack's; DELETE_COMPLETE when it is gone.
        events: the operation's, oldest first, as CloudFormation tells them.
    """

    status: str
    events: list[Any]


Tell = Callable[[Step], None]


def follow(client: Any, stack_id: str, *, after: str, tell: Tell) -> Ended:
    """Tell each event that comes until the stack itself rests.

    Args:
        client: of CloudFormation.
        stack_id: ARN; a name would not find a stack that is deleted.
        after: id of the last event that counts as seen.
        tell: receives each step.
    """
    told: list[Any] = []
    for _ in stacks.pauses():
        for event in stacks.events(client, stack_id, after=after):
            after = event["EventId"]
            told.append(event)
            step = step_of(event, stack_id)
            tell(step)
            if step.of_stack and step.done:
                return Ended(step.status, told)
    raise AssertionError


def follow_running(client: Any, stack_id: str, *, tell: Tell) -> Ended:
    """Follow what somebody else has begun, from its beginning."""
    told = stacks.operation(stacks.events(client, stack_id), stack_id)
    for step in steps(told, stack_id):
        tell(step)
        if step.of_stack and step.done:
            return Ended(step.status, told)
    ended = follow(client, stack_id, after=told[-1]["EventId"] if told else "", tell=tell)
    return Ended(ended.status, told + ended.events)


def steps(events: list[Any], stack_id: str) -> Iterator[Step]:
    """Events as steps."""
    return (step_of(event, stack_id) for event in events)


def step_of(event: Mapping[str, Any], stack_id: str) -> Step:
    """An event as a step."""
    return Step(
        event["LogicalResourceId"],
        event["ResourceType"],
        event["ResourceStatus"],
        event.get("ResourceStatusReason", ""),
        event.get("Timestamp"),
        event.get("PhysicalResourceId") == stack_id,
    )

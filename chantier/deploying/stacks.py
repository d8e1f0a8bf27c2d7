"""What CloudFormation says of a stack: its description, its events, its templates."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

STANDING = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
"""States of a stack that is there and at rest."""

# Polling starts fast for the embedded AWS and settles at a pace that CloudFormation allows.
FIRST_POLL_S, LAST_POLL_S, SLOWER = 0.1, 3.0, 1.3


def describe(client: Any, name: str) -> Any:
    """The stack as CloudFormation describes it; None if there is none."""
    try:
        found = client.describe_stacks(StackName=name)["Stacks"][0]
    except client.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    # By its id a deleted stack is described for 90 days.
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def pauses() -> Iterator[None]:
    """Wait a little longer each time."""
    pause = FIRST_POLL_S
    while True:
        time.sleep(pause)
        yield
        pause = min(LAST_POLL_S, pause * SLOWER)


def last_event(client: Any, stack_id: str) -> str:
    """The id of the newest event; empty if there is none."""
    told = client.describe_stack_events(StackName=stack_id)["StackEvents"]
    return str(told[0]["EventId"]) if told else ""


def events(client: Any, stack_id: str, *, after: str = "") -> list[Any]:
    """Events of a stack after one of them, oldest first; all of them for none."""
    found: list[Any] = []
    for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        for event in page["StackEvents"]:
            if event["EventId"] == after:
                return found[::-1]
            found.append(event)
    return found[::-1]


def operation(told: list[Any], stack_id: str) -> list[Any]:
    """The events of the last operation alone, from the one that began it.

    A rollback belongs to the operation that it undoes.
    """
    begins = ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS")
    for place in range(len(told) - 1, -1, -1):
        event = told[place]
        if event.get("PhysicalResourceId") == stack_id and event["ResourceStatus"] in begins:
            return told[place:]
    return told


def template(client: Any, stack_id: str) -> Any:
    """The template that a stack was deployed with, as it was given: text, or data for JSON."""
    return client.get_template(StackName=stack_id, TemplateStage="Original")["TemplateBody"]


def parameters(stack: Any) -> dict[str, str]:
    """The parameters that a described stack has."""
    told = (stack or {}).get("Parameters", [])
    return {one["ParameterKey"]: one["ParameterValue"] for one in told}

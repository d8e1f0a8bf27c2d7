"""Stacks that no deployment can start from: waited for, recovered, or explained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chantier.cli.deployment import Deployment, Order
from chantier.cloud import Cloud
from chantier.deploying.recovery import Trouble, ready
from chantier.deploying.watching import Step
from chantier.errors import ChantierError, StackError
from chantier.site import EXAMPLE, Site
from chantier.stack import Plan

ARN = "arn:aws:cloudformation:eu-west-3:111122223333:stack/chantier-x/1"


class Exceptions:
    """As a client of boto3 has them."""

    ClientError = ClientError


class Stacks:
    """A CloudFormation of one stack, which goes from state to state.

    Args:
        states: the one it is in, then one for each operation; none when it is gone.

    Attributes:
        called: the operations that were asked for.
    """

    exceptions = Exceptions

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.called: list[str] = []
        self.events: list[dict[str, Any]] = []
        self._tell(states[0])

    def _tell(self, status: str, reason: str = "") -> None:
        event = {
            "EventId": str(len(self.events)),
            "LogicalResourceId": "chantier-x",
            "PhysicalResourceId": ARN,
            "ResourceType": "AWS::CloudFormation::Stack",
            "ResourceStatus": status,
            "ResourceStatusReason": reason,
        }
        self.events.append(event)

    def _go(self, name: str) -> None:
        self.called.append(name)
        self.states.pop(0)
        self._tell(self.states[0])

    def describe_stacks(self, **_asked: str) -> dict[str, Any]:
        now = self.states[0]
        if now.endswith("_IN_PROGRESS"):
            # It comes to rest while somebody looks.
            self.states.pop(0)
            self._tell(self.states[0])
        if now == "DELETE_COMPLETE":
            told = {"Error": {"Code": "ValidationError", "Message": "it does not exist"}}
            raise ClientError(told, "DescribeStacks")  # type: ignore[arg-type]  # the shape needs no more
        return {"Stacks": [{"StackName": "chantier-x", "StackId": ARN, "StackStatus": now}]}

    def describe_stack_events(self, **_asked: str) -> dict[str, Any]:
        return {"StackEvents": self.events[::-1]}

    def get_paginator(self, _name: str) -> Stacks:
        return self

    def paginate(self, **_asked: str) -> Iterator[dict[str, Any]]:
        yield self.describe_stack_events()

    def delete_stack(self, **_asked: str) -> None:
        self._go("delete")

    def rollback_stack(self, **_asked: str) -> None:
        self._go("roll back")

    def continue_update_rollback(self, **_asked: str) -> None:
        self._go("continue")


def start(client: Stacks, *, agree: bool = True) -> tuple[Any, list[Trouble], list[Step]]:
    asked: list[Trouble] = []
    steps: list[Step] = []

    def answer(trouble: Trouble) -> bool:
        asked.append(trouble)
        return agree

    return ready(client, "chantier-x", agree=answer, tell=steps.append), asked, steps


@pytest.mark.parametrize(
    ("states", "called"),
    [
        (("CREATE_COMPLETE",), []),
        (("REVIEW_IN_PROGRESS", "unread"), []),
        (("DELETE_COMPLETE",), []),
        (("ROLLBACK_COMPLETE", "DELETE_COMPLETE"), ["delete"]),
        (("ROLLBACK_FAILED", "DELETE_COMPLETE"), ["delete"]),
        (("CREATE_FAILED", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"), ["roll back", "delete"]),
        (("UPDATE_FAILED", "UPDATE_ROLLBACK_COMPLETE"), ["roll back"]),
        (("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_COMPLETE"), ["continue"]),
        (("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"), []),
        (("CREATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE"), ["delete"]),
    ],
)
def test_a_stack_is_brought_to_where_a_deployment_can_start(
    states: tuple[str, ...], called: list[str]
) -> None:
    client = Stacks(*states)
    found, asked, _ = start(client)
    assert client.called == called
    assert [one.remedy for one in asked if one.remedy != "wait"] == called
    gone = states[-1] == "DELETE_COMPLETE"
    assert (found is None) is gone


def test_what_somebody_else_runs_is_followed_with_its_steps() -> None:
    _, asked, steps = start(Stacks("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"))
    assert [one.remedy for one in asked] == ["wait"]
    assert [one.status for one in steps] == ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"]


def test_nothing_is_done_without_agreement() -> None:
    client = Stacks("ROLLBACK_COMPLETE", "DELETE_COMPLETE")
    with pytest.raises(ChantierError, match="failed to create before") as refused:
        start(client, agree=False)
    assert client.called == []
    assert "aws cloudformation delete-stack --stack-name chantier-x" in refused.value.hint


def test_a_stack_that_was_being_deleted_is_left_to_destroy() -> None:
    client = Stacks("DELETE_FAILED")
    with pytest.raises(ChantierError) as refused:
        start(client)
    assert client.called == []
    assert refused.value.hint == "Finish that first: chantier destroy"


def test_a_remedy_that_does_not_help_is_not_tried_for_ever() -> None:
    client = Stacks("UPDATE_ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED")
    with pytest.raises(StackError, match="did not help") as failed:
        start(client)
    assert client.called == ["continue"]
    assert "--resources-to-skip" in failed.value.hint


class Interrupted(Stacks):
    """A CloudFormation in front of which somebody types Ctrl-C once it has begun."""

    def execute_change_set(self, **_asked: str) -> None:
        self.called.append("execute")
        self._tell("UPDATE_IN_PROGRESS")

    def get_paginator(self, name: str) -> Stacks:
        if len(self.called) > 1:
            raise KeyboardInterrupt
        self.called.append("look")
        return super().get_paginator(name)


class InterruptedCloud(Cloud):
    """A cloud with that CloudFormation alone."""

    held = Interrupted("UPDATE_COMPLETE")

    def client(self, service: str) -> Any:
        assert service == "cloudformation"
        return self.held


def test_ctrl_c_says_what_goes_on_how_to_watch_it_and_how_to_stop_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = Site.load(EXAMPLE)
    order = Order(Path("chantier.toml"), {}, local=False, yes=True, plan_only=False)
    deployment = Deployment(order, InterruptedCloud("aws", "eu-west-3"), site, "Resources: {}", {})
    with pytest.raises(KeyboardInterrupt):
        deployment.carry_out(Plan("chantier-x", "arn", (), creates=False, stack_id=ARN))
    said = capsys.readouterr().err
    assert "chantier-x is UPDATE_IN_PROGRESS and goes on without this terminal." in said
    assert "Watch it: chantier deploy\n" in said
    assert "Stop it:  aws cloudformation cancel-update-stack --stack-name chantier-x" in said

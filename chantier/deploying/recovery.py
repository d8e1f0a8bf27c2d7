"""A stack that no deployment can start from: what its state means, and the way out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from chantier.deploying import failures, stacks, watching
from chantier.errors import ChantierError, StackError

Remedy = Literal["wait", "delete", "roll back", "continue", ""]

# A deployment starts from these; from the last one it creates.
USABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "REVIEW_IN_PROGRESS",
)
# Remedies of remedies: more rounds than the longest way out has.
ROUNDS = 6


class Trouble(NamedTuple):
    """A state, and what can be done about it.

    Attributes:
        stack: its name.
        status: CloudFormation's.
        means: what that is, as a sentence.
        remedy: what this module can do; empty for nothing.
        question: before it does; empty where it only waits.
        hint: what a person can do instead.
        causes: why it got there, the first cause first.
    """

    stack: str
    status: str
    means: str
    remedy: Remedy
    question: str = ""
    hint: str = ""
    causes: tuple[failures.Failure, ...] = ()


Agree = Callable[[Trouble], bool]


class State(NamedTuple):
    """A state of CloudFormation's.

    Attributes:
        means: the rest of a sentence that begins with "it".
        remedy: as of a trouble; so are `question` and `hint`.
    """

    means: str
    remedy: Remedy
    question: str
    hint: str


STATES = {
    "ROLLBACK_COMPLETE": State(
        "failed to create before, and was rolled back; nothing is left in it. CloudFormation "
        "takes it again only after it is deleted.",
        "delete",
        "Delete the empty stack and go on?",
        "Delete it: aws cloudformation delete-stack --stack-name {stack}",
    ),
    "ROLLBACK_FAILED": State(
        "failed to create before, and its rollback failed too; some of it is left.",
        "delete",
        "Delete what is left of it and go on?",
        "Mend what the events name, then: aws cloudformation delete-stack --stack-name {stack}",
    ),
    "CREATE_FAILED": State(
        "failed to create before, and was told to keep what it had made.",
        "roll back",
        "Roll it back and go on?",
        "Roll it back: aws cloudformation rollback-stack --stack-name {stack}",
    ),
    "UPDATE_FAILED": State(
        "failed to change before, and was told not to roll back.",
        "roll back",
        "Roll it back to its last good state and go on?",
        "Roll it back: aws cloudformation rollback-stack --stack-name {stack}",
    ),
    "UPDATE_ROLLBACK_FAILED": State(
        "failed to change before, and could not be rolled back to its last good state.",
        "continue",
        "Try that rollback again and go on?",
        "Mend what the events name, then: aws cloudformation continue-update-rollback "
        "--stack-name {stack}. A resource that cannot be mended is left as it is with "
        "--resources-to-skip NAME.",
    ),
    "DELETE_FAILED": State(
        "was being deleted, and something in it could not be.",
        "",
        "",
        "Finish that first: chantier destroy",
    ),
    "IMPORT_ROLLBACK_FAILED": State(
        "failed to take in resources, and could not be rolled back.",
        "",
        "",
        "Mend it in the CloudFormation console; then again.",
    ),
}


def trouble(stack: Any, *, causes: tuple[failures.Failure, ...] = ()) -> Trouble | None:
    """What is wrong with a stack that CloudFormation describes; None if nothing is."""
    if not stack or stack["StackStatus"] in USABLE:
        return None
    name, status = stack["StackName"], stack["StackStatus"]
    if status in STATES:
        state = STATES[status]
        means, hint = f"{name} is {status}: it {state.means}", state.hint.format(stack=name)
        return Trouble(name, status, means, state.remedy, state.question, hint, causes)
    return Trouble(
        name,
        status,
        f"{name} is {status}: another deployment of it is running.",
        "wait",
        hint=f"Wait for it: chantier deploy follows it. Stop it: {stopping(name, status)}",
    )


def stopping(name: str, status: str) -> str:
    """The command that stops what a stack is doing."""
    if status == "UPDATE_IN_PROGRESS":
        return f"aws cloudformation cancel-update-stack --stack-name {name}"
    if status == "CREATE_IN_PROGRESS":
        return f"aws cloudformation delete-stack --stack-name {name}"
    return "it cannot be stopped now"


def ready(client: Any, name: str, *, agree: Agree, tell: watching.Tell) -> Any:
    """The stack as it is once a deployment can start; None for one to create.

    Args:
        client: of CloudFormation.
        name: of the stack.
        agree: whether to carry a remedy out.
        tell: receives each step of it.

    Raises:
        ChantierError: nobody agreed, or there is no remedy.
        StackError: the remedy did not help.
    """
    tried: list[tuple[str, Remedy]] = []
    for _ in range(ROUNDS):
        found = stacks.describe(client, name)
        wrong = trouble(found)
        if wrong is None:
            return found
        if wrong.remedy != "wait":
            wrong = wrong._replace(causes=_causes(client, found["StackId"]))
        if (wrong.status, wrong.remedy) in tried and wrong.remedy != "wait":
            said = tuple(one.sentence for one in wrong.causes)
            raise StackError(f"{wrong.means} Trying again did not help:", said, wrong.hint)
        if not wrong.remedy or not agree(wrong):
            raise ChantierError(wrong.means, hint=wrong.hint)
        tried.append((wrong.status, wrong.remedy))
        carry_out(client, found, wrong.remedy, tell=tell)
    raise StackError(f"{name} does not come to rest.", hint="See the CloudFormation console.")


def carry_out(client: Any, stack: Any, remedy: Remedy, *, tell: watching.Tell) -> None:
    """Do what a remedy says, and follow it to its end."""
    stack_id = stack["StackId"]
    if remedy == "wait":
        watching.follow_running(client, stack_id, tell=tell)
        return
    last = stacks.last_event(client, stack_id)
    if remedy == "delete":
        client.delete_stack(StackName=stack_id)
    elif remedy == "roll back":
        client.rollback_stack(StackName=stack_id)
    else:
        client.continue_update_rollback(StackName=stack_id)
    watching.follow(client, stack_id, after=last, tell=tell)


def _causes(client: Any, stack_id: str) -> tuple[failures.Failure, ...]:
    told = stacks.operation(stacks.events(client, stack_id), stack_id)
    return failures.of_events(told, stack_id=stack_id) or failures.early(
        client, StackName=stack_id
    )

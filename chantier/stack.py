"""A stack: change set made, shown, executed, watched to its end.

The same calls go to AWS and to the embedded AWS. Deciding and doing are apart:
`plan` makes the change set and returns it as data, `execute` carries it out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from chantier.cloud import Cloud
from chantier.declared import declared, kept
from chantier.errors import ChantierError, StackError
from chantier.staging import template_argument

Say = Callable[[str], None]

# Polling starts fast for the embedded AWS and settles at a pace that CloudFormation allows.
FIRST_POLL_S, LAST_POLL_S, SLOWER = 0.1, 3.0, 1.3
NO_CHANGE = ("didn't contain changes", "No updates are to be performed", "no changes")
CANCELLED = ("cancelled", "canceled")
USABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE")


class Change(NamedTuple):
    """One resource that a deployment touches."""

    action: str
    logical_id: str
    kind: str
    replaces: bool


class Plan(NamedTuple):
    """A change set: what a deployment would do.

    Attributes:
        stack: stack name.
        change_set: its ARN; empty when nothing would change.
        changes: one a resource.
        creates: whether the stack is new.
    """

    stack: str
    change_set: str
    changes: tuple[Change, ...]
    creates: bool


class Deployed(NamedTuple):
    """How a deployment ended well.

    Attributes:
        stack: stack name.
        status: CloudFormation's, for example CREATE_COMPLETE.
        changed: False when there was nothing to do.
        outputs: of the stack, by name.
    """

    stack: str
    status: str
    changed: bool
    outputs: dict[str, str]


def stack_name(site: str) -> str:
    """The stack of a site."""
    return f"chantier-{site}"


def deploy(
    cloud: Cloud, body: str, *, site: str, parameters: Mapping[str, str], say: Say
) -> Deployed:
    """Create or update the stack of a site; nothing to change is a success.

    Args:
        cloud: where.
        body: the template's text.
        site: site name.
        parameters: template parameters to set; the others keep their value.
        say: receives one line of progress at a time.

    Raises:
        StackError: CloudFormation refused it, or it failed and was rolled back.
    """
    made = plan(cloud, body, site=site, parameters=parameters, say=say)
    if not made.change_set:
        say("Nothing to change.")
        return Deployed(
            made.stack, _status(cloud, made.stack), changed=False, outputs=outputs(cloud, site)
        )
    for change in made.changes:
        mark = " (replaced)" if change.replaces else ""
        say(f"  {change.action.lower():7} {change.logical_id} {change.kind}{mark}")
    status = execute(cloud, made, say=say)
    return Deployed(made.stack, status, changed=True, outputs=outputs(cloud, site))


def plan(cloud: Cloud, body: str, *, site: str, parameters: Mapping[str, str], say: Say) -> Plan:
    """Make the change set of a deployment, and read it back.

    Raises:
        ChantierError: the stack is busy or broken.
        StackError: CloudFormation refuses the template.
    """
    client, name = cloud.client("cloudformation"), stack_name(site)
    found = _describe(client, name)
    if found and found["StackStatus"] == "ROLLBACK_COMPLETE":
        say(f"{name} failed to create before; deleting what is left of it.")
        seen = {event["EventId"] for event in _events(client, found["StackId"])}
        client.delete_stack(StackName=name)
        _wait(client, found["StackId"], say=say, seen=seen)
        found = None
    if found and found["StackStatus"] not in (*USABLE, "REVIEW_IN_PROGRESS"):
        raise ChantierError(
            f"Stack {name} is {found['StackStatus']}: a deployment cannot start from there.",
            hint="Wait until it is done, or mend it in the CloudFormation console; then again.",
        )
    creates = not found or found["StackStatus"] == "REVIEW_IN_PROGRESS"
    arn = _change_set(
        client,
        StackName=name,
        ChangeSetName=f"chantier-{time.time_ns()}",
        ChangeSetType="CREATE" if creates else "UPDATE",
        Capabilities=["CAPABILITY_IAM"],
        # Things outlive their stack, and `machine add` makes some before it: both are taken in.
        ImportExistingResources=True,
        Parameters=_parameters(found, parameters, declared(body), say),
        Tags=[{"Key": "chantier:site", "Value": site}],
        **template_argument(cloud, body, site=site),
    )
    described = _settled(client, arn)
    if described["Status"] == "FAILED":
        reason = described.get("StatusReason", "no reason given")
        client.delete_change_set(ChangeSetName=arn)
        if not creates and any(mark in reason for mark in NO_CHANGE):
            return Plan(name, "", (), creates=False)
        raise StackError(f"CloudFormation refuses the template for {name}: {reason}")
    changes = tuple(_changes(client, arn))
    return Plan(name, arn, changes, creates)


def execute(cloud: Cloud, made: Plan, *, say: Say) -> str:
    """Carry a plan out and watch it; returns the stack's final status.

    Raises:
        StackError: it failed; with the reasons of the resources that failed first.
    """
    client = cloud.client("cloudformation")
    stack_id = _describe(client, made.stack)["StackId"]
    seen = {event["EventId"] for event in _events(client, stack_id)}
    client.execute_change_set(ChangeSetName=made.change_set)
    status, reasons = _wait(client, stack_id, say=say, seen=seen)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise StackError(
            f"Stack {made.stack} ended as {status}. What failed first:",
            tuple(reasons) or ("CloudFormation gave no reason",),
            "Mend that, then deploy again; nothing half-made was kept.",
        )
    return status


def outputs(cloud: Cloud, site: str) -> dict[str, str]:
    """The outputs of a deployed site.

    Raises:
        ChantierError: it is not deployed.
    """
    name = stack_name(site)
    found = _describe(cloud.client("cloudformation"), name)
    if not found or found["StackStatus"] in ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        local = " --local" if cloud.name == "local" else ""
        raise ChantierError(
            f"Site {site} is not deployed.", hint=f"Deploy it: chantier deploy{local}"
        )
    return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])}


def is_deployed(cloud: Cloud, site: str) -> bool:
    """Whether a site has a stack that stands."""
    found = _describe(cloud.client("cloudformation"), stack_name(site))
    return bool(found and found["StackStatus"] in USABLE)


def _change_set(client: Any, **request: Any) -> str:
    """The ARN of a new change set."""
    try:
        return str(client.create_change_set(**request)["Id"])
    except client.exceptions.ClientError as error:
        told = error.response["Error"]
        if told["Code"] != "ValidationError":
            raise
        raise StackError(
            f"CloudFormation refuses the template for {request['StackName']}: {told['Message']}",
            hint="Check it first: chantier lint",
        ) from error


def _parameters(
    found: Any, given: Mapping[str, str], known: Mapping[str, Any], say: Say
) -> list[dict[str, Any]]:
    """What is given, and what the stack keeps of what the template still has."""
    told = (found or {}).get("Parameters", [])
    before = {one["ParameterKey"]: one["ParameterValue"] for one in told}
    for name, value in kept(before, given, known).items():
        say(f"{name} stays {before[name]!r}; the site file says {value!r}: -p {name}={value}")
    return [
        *({"ParameterKey": key, "ParameterValue": value} for key, value in given.items()),
        *(
            {"ParameterKey": key, "UsePreviousValue": True}
            for key in sorted(before.keys() - given.keys())
            if key in known
        ),
    ]


def _describe(client: Any, name: str) -> Any:
    """The stack as CloudFormation describes it; None if there is none."""
    try:
        return client.describe_stacks(StackName=name)["Stacks"][0]
    except client.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _status(cloud: Cloud, name: str) -> str:
    return str(_describe(cloud.client("cloudformation"), name)["StackStatus"])


def _pauses() -> Iterator[None]:
    pause = FIRST_POLL_S
    while True:
        time.sleep(pause)
        yield
        pause = min(LAST_POLL_S, pause * SLOWER)


def _settled(client: Any, arn: str) -> Any:
    for _ in _pauses():
        described = client.describe_change_set(ChangeSetName=arn)
        if described["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return described
    raise AssertionError


def _changes(client: Any, arn: str) -> Iterator[Change]:
    for page in client.get_paginator("describe_change_set").paginate(ChangeSetName=arn):
        for one in page["Changes"]:
            told = one["ResourceChange"]
            yield Change(
                action=told["Action"],
                logical_id=told["LogicalResourceId"],
                kind=told["ResourceType"],
                replaces=told.get("Replacement") == "True",
            )


def _events(client: Any, stack_id: str) -> list[Any]:
    """Every event of a stack, oldest first."""
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    return [event for page in pages for event in page["StackEvents"]][::-1]


def _wait(client: Any, stack_id: str, *, say: Say, seen: set[str]) -> tuple[str, list[str]]:
    """Tell each event that was not seen until the stack itself rests.

    Returns:
        Its status, and why resources failed.
    """
    reasons: list[str] = []
    for _ in _pauses():
        for event in _events(client, stack_id):
            if event["EventId"] in seen:
                continue
            seen.add(event["EventId"])
            if event["PhysicalResourceId"] != stack_id:
                _tell(event, say, reasons)
            elif not event["ResourceStatus"].endswith("_IN_PROGRESS"):
                return event["ResourceStatus"], reasons
    raise AssertionError


def _tell(event: Any, say: Say, reasons: list[str]) -> None:
    status, reason = event["ResourceStatus"], event.get("ResourceStatusReason", "")
    if status.endswith("_FAILED"):
        if not any(mark in reason.lower() for mark in CANCELLED):
            reasons.append(f"{event['LogicalResourceId']} ({event['ResourceType']}): {reason}")
        say(f"  failed  {event['LogicalResourceId']}: {reason}")
    elif status.endswith("_COMPLETE"):
        say(f"  done    {event['LogicalResourceId']}")

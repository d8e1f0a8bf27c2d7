"""Why a deployment failed: the first cause alone, in words, without what only followed from it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

# Resources that stopped because another one had failed.
FOLLOWED = (
    "resource creation cancelled",
    "resource update cancelled",
    "resource deletion cancelled",
    "creation canceled",
    "update canceled",
)
# What AWS wraps a service's own sentence in.
WRAPPED = re.compile(
    r'^Resource handler returned message: "(.*?)"?(?= \(RequestToken|$)', re.DOTALL
)
NOISE = re.compile(
    r"\s*\((?:RequestToken: [^)]*|Service: [^)]*|SDK Attempt Count: \d+)\)|\s*Request ID: [\w-]+"
)
CODE = re.compile(r"HandlerErrorCode: (\w+)|Error Code: (\w+)")
# What the change set and the stack say when a check before the deployment failed.
EARLY = ("EarlyValidation", "DescribeEvents")


class Failure(NamedTuple):
    """One resource that failed by itself.

    Attributes:
        logical_id: in the template.
        kind: resource type.
        reason: the service's sentence.
        code: AWS's word for the kind of failure, such as AccessDenied; may be empty.
        path: the property, where a check before the deployment names it.
        physical_id: what the resource is called in AWS; may be empty.
    """

    logical_id: str
    kind: str
    reason: str
    code: str = ""
    path: str = ""
    physical_id: str = ""

    @property
    def sentence(self) -> str:
        """All of it on one line."""
        where = f" {self.path}" if self.path else ""
        return f"{self.logical_id} ({self.kind}){where}: {self.reason}"


def of_events(events: Iterable[Mapping[str, Any]], *, stack_id: str) -> tuple[Failure, ...]:
    """What failed by itself, first things first, once a resource.

    Args:
        events: of one operation, oldest first.
        stack_id: the stack's own events say only that others failed.
    """
    found: dict[str, Failure] = {}
    ordered = sorted(events, key=lambda event: event.get("Timestamp") or datetime.min)  # noqa: DTZ901 - only where no event has one
    for event in ordered:
        reason = event.get("ResourceStatusReason", "")
        if not event["ResourceStatus"].endswith("_FAILED"):
            continue
        if event.get("PhysicalResourceId") == stack_id or followed(reason):
            continue
        found.setdefault(
            event["LogicalResourceId"],
            Failure(
                event["LogicalResourceId"],
                event["ResourceType"],
                cleaned(reason) or "CloudFormation gave no reason.",
                code(reason),
                physical_id=event.get("PhysicalResourceId", ""),
            ),
        )
    return tuple(found.values())


def followed(reason: str) -> bool:
    """Whether a resource stopped only because another one failed."""
    return any(mark in reason.lower() for mark in FOLLOWED)


def cleaned(reason: str) -> str:
    """The service's own sentence, without request numbers."""
    found = WRAPPED.match(reason)
    return NOISE.sub("", found[1] if found else reason).strip().rstrip('"')


def code(reason: str) -> str:
    """AWS's word for the kind of failure; empty if it gives none."""
    found = CODE.search(reason)
    return (found[1] or found[2]) if found else ""


def early(client: Any, *, mode: str = "FAIL", **where: str) -> tuple[Failure, ...]:
    """What CloudFormation's checks before a deployment found; nothing where it has none.

    Args:
        client: of CloudFormation.
        mode: FAIL for what stops it, WARN for what is worth knowing.
        where: StackName or ChangeSetName.
    """
    # Of 2025-11: an older boto3 does not know it, and not everybody may call it.
    if not hasattr(client, "describe_events"):
        return ()
    asked = {**where, "Filters": {"FailedEvents": True}} if mode == "FAIL" else where
    try:
        told = client.describe_events(**asked).get("OperationEvents", [])
    except client.exceptions.ClientError:
        return ()
    return of_checks(told, mode=mode)


def of_checks(told: Iterable[Mapping[str, Any]], *, mode: str = "FAIL") -> tuple[Failure, ...]:
    """The failed checks among the events of DescribeEvents."""
    found = []
    for event in told:
        if event.get("EventType") == "VALIDATION_ERROR":
            found_mode = event.get("ValidationFailureMode", "FAIL")
            reason, kind = event.get("ValidationStatusReason", ""), event.get("ValidationName", "")
        elif event.get("EventType") == "HOOK_INVOCATION_ERROR":
            found_mode = event.get("HookFailureMode", "FAIL")
            reason, kind = event.get("HookStatusReason", ""), event.get("HookType", "")
        else:
            continue
        if found_mode == mode:
            name = event.get("LogicalResourceId", "")
            path = event.get("ValidationPath", "").removeprefix(f"/Resources/{name}").lstrip("/")
            found.append(
                Failure(
                    name,
                    event.get("ResourceType", ""),
                    cleaned(reason),
                    kind,
                    path,
                    event.get("PhysicalResourceId", ""),
                )
            )
    return tuple(dict.fromkeys(found))

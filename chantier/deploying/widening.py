"""What a deployment would allow that is not allowed now, judged by meaning and not by text.

A statement that is renamed, split or moved to another policy of the same role widens nothing.
Several old grants that only together cover a new one are not put together: better one line too
many than one too few.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from chantier.deploying.changes import Change
from chantier.deploying.grants import Grant, covers, documents, grants, looser, matches, permission

TRUST = "AssumeRolePolicyDocument"
PERMISSION = "AWS::Lambda::Permission"


class Widening(NamedTuple):
    """Something that would be allowed, and is not now.

    Attributes:
        logical_id: the role or policy.
        why: "new action", "new resource", "new principal", "loosened condition", "new
            permission", "dropped refusal", "managed policy" or "dropped boundary".
        principal: who; empty for the role itself.
        actions: what.
        resource: to which.
        conditions: on what conditions, in words; empty for none.
    """

    logical_id: str
    why: str
    principal: str = ""
    actions: tuple[str, ...] = ()
    resource: str = ""
    conditions: str = ""


def widening(changes: Iterable[Change]) -> tuple[Widening, ...]:
    """What the changes of a deployed stack would allow newly."""
    return tuple(one for change in changes for one in _of_change(change))


def _of_change(change: Change) -> Iterator[Widening]:
    if change.action == "Remove":
        yield from _of_removed(change)
        return
    before = _properties(change.before) if change.action != "Add" else {}
    after = _properties(change.after)
    was, will = _grants(change.kind, before), _grants(change.kind, after)
    for part in sorted(will.keys() | was.keys()):
        yield from _compared(change.logical_id, was.get(part, []), will.get(part, []))
    for policy in _managed(after) - _managed(before):
        yield Widening(change.logical_id, "managed policy", resource=policy)
    if "PermissionsBoundary" in before and "PermissionsBoundary" not in after:
        boundary = str(before["PermissionsBoundary"])
        yield Widening(change.logical_id, "dropped boundary", resource=boundary)


def _of_removed(change: Change) -> Iterator[Widening]:
    """A policy that goes takes its refusals with it."""
    for held in _grants(change.kind, _properties(change.before)).values():
        yield from _compared(change.logical_id, [one for one in held if one.refuses], [])


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    found = resource.get("Properties", {})
    return found if isinstance(found, Mapping) else {}


def _grants(kind: str, properties: Mapping[str, Any]) -> dict[str, list[Grant]]:
    """The grants of a resource: who may take it, and what it may do, apart."""
    if kind == PERMISSION:
        return {"": [permission(properties)] if properties else []}
    found: dict[str, list[Grant]] = {}
    for path, document in documents(properties):
        found.setdefault(TRUST if TRUST in path else "", []).extend(grants(document))
    return found


def _managed(properties: Mapping[str, Any]) -> set[str]:
    return {str(one) for one in properties.get("ManagedPolicyArns") or ()}


def _compared(name: str, was: list[Grant], will: list[Grant]) -> Iterator[Widening]:
    allowed = [one for one in was if not one.refuses]
    refused = [one for one in will if one.refuses]
    found: dict[tuple[str, str, str, str], list[str]] = {}
    for one in will:
        if not one.refuses and not any(covers(old, one) for old in allowed):
            _note(found, _why(one, allowed), one)
    for one in was:
        if one.refuses and not any(covers(new, one) for new in refused):
            _note(found, "dropped refusal", one)
    for (why, principal, resource, conditions), actions in found.items():
        unique = tuple(dict.fromkeys(actions))
        yield Widening(name, why, principal, unique, resource, conditions)


def _note(found: dict[tuple[str, str, str, str], list[str]], why: str, one: Grant) -> None:
    key = (why, one.principal, one.resource, _words(one))
    found.setdefault(key, []).append(one.action)


def _why(new: Grant, allowed: list[Grant]) -> str:
    """In what it goes beyond the old grant that is nearest."""
    for old in allowed:
        who = matches(old.principal, new.principal)
        what = matches(old.action, new.action)
        which = matches(old.resource, new.resource, case=True)
        when = looser(old.conditions, new.conditions)
        if who and what and which:
            return "loosened condition"
        if who and what and when:
            return "new resource"
        if what and which and when:
            return "new principal"
        if who and which and when:
            return "new action"
    return "new permission"


def _words(one: Grant) -> str:
    return ", ".join(
        f"{key} {operator} {' or '.join(sorted(values))}"
        for operator, key, values in sorted(
            one.conditions, key=lambda condition: (condition[1], condition[0])
        )
    )

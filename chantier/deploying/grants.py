"""A policy as single grants: who may do what to which, on what conditions.

Rules of IAM (its user guide, "Policy evaluation logic" and "IAM JSON policy elements"): actions
and principals match with `*` and `?` and without case, resources with case; every condition of a
statement must hold, one value of each is enough.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

# An operator, a key, and its values.
Condition = tuple[str, str, frozenset[str]]
ANYBODY = "*"


class Grant(NamedTuple):
    """One action on one resource, allowed or refused.

    Attributes:
        principal: who; `*` for anybody, empty in the policy of a role, who is its bearer.
        action: such as `s3:GetObject`.
        resource: ARN or pattern.
        conditions: all of which must hold.
        refuses: whether it is a Deny.
    """

    principal: str
    action: str
    resource: str
    conditions: frozenset[Condition] = frozenset()
    refuses: bool = False


def documents(value: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every policy document inside a resource's properties, with its path."""
    if isinstance(value, str) and value.lstrip().startswith("{") and "Statement" in value:
        # IoT and others take a document as text.
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, Mapping):
        if "Statement" in value:
            yield path, value
            return
        for key, inner in value.items():
            yield from documents(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for inner in value:
            yield from documents(inner, path)


def grants(document: Mapping[str, Any]) -> Iterator[Grant]:
    """The grants of a document, one an action, resource and principal."""
    for statement in _list(document.get("Statement")):
        if not isinstance(statement, Mapping):
            continue
        conditions = frozenset(_conditions(statement.get("Condition") or {}))
        for principal in _named(statement, "Principal", "") or [""]:
            for action in _named(statement, "Action", ANYBODY):
                for resource in _named(statement, "Resource", ANYBODY):
                    yield Grant(
                        principal,
                        action,
                        resource,
                        conditions,
                        refuses=statement.get("Effect") == "Deny",
                    )


def permission(properties: Mapping[str, Any]) -> Grant:
    """The grant of an AWS::Lambda::Permission."""
    conditions = frozenset(
        ("StringEquals", key, frozenset([_text(properties[name])]))
        for name, key in (("SourceArn", "aws:SourceArn"), ("SourceAccount", "aws:SourceAccount"))
        if name in properties
    )
    who = _text(properties.get("Principal", ANYBODY))
    what = _text(properties.get("Action", ANYBODY))
    return Grant(who, what, _text(properties.get("FunctionName", ANYBODY)), conditions)


def covers(wide: Grant, narrow: Grant) -> bool:
    """Whether one grant holds wherever the other does."""
    return (
        matches(wide.principal, narrow.principal)
        and matches(wide.action, narrow.action)
        and matches(wide.resource, narrow.resource, case=True)
        and looser(wide.conditions, narrow.conditions)
    )


def looser(wide: frozenset[Condition], narrow: frozenset[Condition]) -> bool:
    """Whether each condition of the one is in the other too, as strict or stricter."""
    return all(any(_as_strict(own, other) for other in narrow) for own in wide)


def matches(pattern: str, name: str, *, case: bool = False) -> bool:
    """Whether a pattern holds every name that another, or a plain name, does."""
    if not pattern or not name:
        return pattern == name
    # `?` is one character, and a `*` in the other stands for more than one.
    parts = ({"*": ".*", "?": r"[^*]"}.get(char, re.escape(char)) for char in pattern)
    return bool(re.fullmatch("".join(parts), name, 0 if case else re.IGNORECASE))


def _as_strict(wide: Condition, narrow: Condition) -> bool:
    if wide[:2] != narrow[:2]:
        return False
    # One of several values is enough, but each value of a negation counts.
    return wide[2] <= narrow[2] if "Not" in wide[0] else wide[2] >= narrow[2]


def _named(statement: Mapping[str, Any], key: str, otherwise: str) -> list[str]:
    """The names under a key; what is named by exception stands as one text of its own."""
    if f"Not{key}" in statement:
        return [f"not {one}" for one in (_text(statement[f"Not{key}"]),)]
    value = statement.get(key)
    if value is None:
        return [otherwise] if otherwise else []
    if isinstance(value, Mapping) and key == "Principal":
        return [
            _text(one) if kind in ("AWS", "Service", "Federated") else f"{kind}:{_text(one)}"
            for kind, inner in value.items()
            for one in _list(inner)
        ]
    return [_text(one) for one in _list(value)]


def _conditions(condition: Mapping[str, Any]) -> Iterator[Condition]:
    for operator, keys in condition.items():
        if isinstance(keys, Mapping):
            for key, value in keys.items():
                yield operator, key.lower(), frozenset(_text(one) for one in _list(value))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value is not None else []


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)

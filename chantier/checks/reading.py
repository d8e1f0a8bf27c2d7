"""How a check reads a template: whatever stands there, no check may trip over it.

A template that people wrote may hold a text where a list belongs. cfn-lint says so;
these functions give nothing there, so that a check goes on with what can be read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
NO_VALUE = {"Ref": "AWS::NoValue"}
ACCOUNT, ARN = "aws:sourceaccount", "aws:sourcearn"


class Place(NamedTuple):
    """Where a check found something.

    Attributes:
        path: keys and indexes from the top of the template.
        said: what was found there, as a clause that follows the logical id.
        part: what of the resource, where an answer must name it (a statement's Sid).
    """

    path: Path
    said: str
    part: str = ""

    @property
    def resource(self) -> str:
        """The logical id; empty for what is no resource's fault."""
        return str(self.path[1]) if self.path[:1] == ("Resources",) and len(self.path) > 1 else ""


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, anything else as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def resources(body: Mapping[str, Any], *types: str) -> dict[str, Mapping[str, Any]]:
    """The resources of these types, or all, by logical id."""
    found = mapping(body.get("Resources"))
    return {
        str(name): mapping(one)
        for name, one in found.items()
        if not types or mapping(one).get("Type") in types
    }


def properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resource's properties."""
    return mapping(resource.get("Properties"))


def branches(value: Any) -> list[Any]:
    """Every value that an Fn::If may leave there; None stands for AWS::NoValue."""
    chosen = mapping(value).get("Fn::If")
    if isinstance(chosen, list):
        return [one for branch in chosen[1:] for one in branches(branch)]
    return [None if value == NO_VALUE else value]


def always(value: Any) -> bool:
    """Whether something stands there under every condition."""
    return all(branch not in (None, "", [], {}) for branch in branches(value))


def within(value: Any, *keys: str) -> Any:
    """What lies below these keys; None where there is no such thing."""
    for key in keys:
        value = mapping(value).get(key)
    return value


def target(value: Any) -> str:
    """The logical id that a Ref or GetAtt points to; empty if it is none."""
    said = mapping(value)
    if isinstance(said.get("Ref"), str):
        return str(said["Ref"])
    attribute = said.get("Fn::GetAtt")
    if isinstance(attribute, str):
        return attribute.partition(".")[0]
    return str(attribute[0]) if isinstance(attribute, list) and attribute else ""


def text(value: Any) -> str:
    """A text or Sub or Join as it is written; empty for what only CloudFormation knows."""
    if isinstance(value, str):
        return value
    said = mapping(value)
    if "Fn::Sub" in said:
        return text(next(iter(listed(said["Fn::Sub"])), ""))
    joined = said.get("Fn::Join")
    if isinstance(joined, list) and len(joined) == 2:  # noqa: PLR2004 - a separator and a list
        return text(joined[0]).join(text(part) for part in listed(joined[1]))
    return ""


class Stated(NamedTuple):
    """A statement of a policy, and where it stands."""

    path: Path
    said: Mapping[str, Any]

    @property
    def allows(self) -> bool:
        """Whether it grants something."""
        return self.said.get("Effect") == "Allow"

    @property
    def name(self) -> str:
        """Its Sid, or its number from 0."""
        return str(self.said.get("Sid") or self.path[-1])

    def values(self, key: str) -> list[tuple[Path, Any]]:
        """Each value of Action, Resource and the like, under every condition."""
        return [
            ((*self.path, key), branch)
            for value in listed(self.said.get(key))
            for branch in branches(value)
            if branch is not None
        ]

    @property
    def conditions(self) -> dict[str, tuple[str, Any]]:
        """Condition key in small letters -> operator and value."""
        return {
            str(key).lower(): (str(operator), value)
            for operator, pairs in mapping(self.said.get("Condition")).items()
            for key, value in mapping(pairs).items()
        }


def statements(name: str, resource: Mapping[str, Any]) -> Iterator[Stated]:
    """Every statement of every policy document of a resource."""
    yield from _statements(properties(resource), ("Resources", name, "Properties"))


def _statements(value: Any, path: Path) -> Iterator[Stated]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "Statement":
                yield from _listed_statements(inner, (*path, key))
            else:
                yield from _statements(inner, (*path, key))
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _statements(inner, (*path, number))
    elif isinstance(value, str) and '"Statement"' in value:
        # A policy document may be written as JSON in a text.
        with suppress(ValueError, RecursionError):
            yield from _statements(json.loads(value), path)


def _listed_statements(value: Any, path: Path) -> Iterator[Stated]:
    for number, one in enumerate(listed(value)):
        for branch in branches(one):
            yield Stated((*path, number), mapping(branch))

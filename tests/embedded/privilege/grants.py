"""What a template grants: one `Grant` for each role, action and resource, as it is rendered.

Read from the template alone. A resource is written as the template names it:
`AlertsTable`, `AlertsTable/index/tell`, `DataBucket/raw/*`.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Literal, NamedTuple

from chantier.site import EXAMPLE, Site
from chantier.template import build

Size = Literal["starter", "fleet"]
SIZES: tuple[Size, ...] = ("starter", "fleet")
POLICY = "own-work"
_PREFIX = re.compile(
    r"^arn:\$\{AWS::Partition\}:([\w-]+):(?:\$\{AWS::Region\})?:(?:\$\{AWS::AccountId\})?:"
)
_PART = re.compile(r"\$\{(\w+)(?:\.Arn)?\}")
_SITE = re.compile(r"privilege[-_](starter|fleet)")


class Grant(NamedTuple):
    """One action that a role is allowed on one resource."""

    role: str
    action: str
    on: str

    def __str__(self) -> str:
        """As a test is called."""
        return f"{self.role}-{self.action}-{self.on}"


@cache
def resources(size: Size) -> dict[str, dict[str, Any]]:
    """The whole template's resources for the example site of a size, by logical id."""
    found: dict[str, dict[str, Any]] = build(site(size)).to_dict()["Resources"]
    return found


def site(size: Size) -> Site:
    """The example site, as a site of its own of that size."""
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"] |= {"name": f"privilege-{size}", "language": "en", "size": size}
    said["limits"], said["zones"], said["calendar"] = {}, [], {}
    said["machines"] = [{"id": f"P-{n:03}", "class": "roller"} for n in range(60)]
    return Site.model_validate(said)


def roles(size: Size) -> dict[str, dict[str, Any]]:
    """The properties of every role, by logical id."""
    return {
        title: resource["Properties"]
        for title, resource in resources(size).items()
        if resource["Type"] == "AWS::IAM::Role"
    }


def statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a role's one policy."""
    (policy,) = role["Policies"]
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def grants(size: Size) -> frozenset[Grant]:
    """Everything that the roles of a template are allowed."""
    return frozenset(
        Grant(title, action, on)
        for title, role in roles(size).items()
        for statement in statements(role)
        for action in statement["Action"]
        for on in map(named, statement["Resource"])
    )


def named(resource: Any) -> str:
    """A resource of a statement, as a reader of the template would call it."""
    if isinstance(resource, str):
        return resource
    ((function, value),) = resource.items()
    if function == "Ref":
        return str(value)
    if function == "Fn::GetAtt":
        title, attribute = value
        return str(title if attribute == "Arn" else f"{title}.{attribute}")
    if function == "Fn::Sub" and isinstance(value, str):
        return _SITE.sub("SITE", _PART.sub(r"\1", _PREFIX.sub(r"\1:", value)))
    raise ValueError(f"a resource in a form that is not known here: {resource}")


def without(document: Any, taken: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """A policy without some (action, resource) pairs, every other one left as it is."""
    left = copy.deepcopy(document)
    for action, resource in taken:
        left["Statement"] = [
            one for old in left["Statement"] for one in _less(old, action, resource)
        ]
    return dict(left)


def _less(statement: dict[str, Any], action: str, resource: str) -> Iterator[dict[str, Any]]:
    actions, on = statement["Action"], statement["Resource"]
    if action not in actions or resource not in on:
        yield statement
        return
    for some, where in (
        ([one for one in actions if one != action], on),
        ([action], [one for one in on if one != resource]),
    ):
        if some and where:
            yield {**statement, "Sid": f"{statement['Sid']}{len(where)}", "Action": some} | {
                "Resource": where
            }

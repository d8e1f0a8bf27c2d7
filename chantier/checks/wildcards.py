"""What a policy grants is named: no wildcard that nobody gave a reason for.

A Deny is narrowest when it covers everything, so it is left alone. The one wildcard
that needs no reason is the end of an S3 key below a prefix: the names of objects
are not known before they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from chantier.checks.reading import (
    Path,
    Place,
    Stated,
    branches,
    listed,
    mapping,
    properties,
    resources,
    statements,
    text,
)

Body = Mapping[str, Any]
VARIABLE = re.compile(r"\$\{[^}]*\}")
BELOW_A_PREFIX = re.compile(r"(\$\{[^}]+\}|arn:[^*?]*:s3:::[^/*?]+)/[^*?]+\*")


def wild_action(body: Body) -> Iterator[Place]:
    """A statement that allows names its actions."""
    for stated in _granted(body):
        for path, action in stated.values("Action"):
            if "*" in text(action):
                yield Place(path, f"statement {stated.name} allows {text(action)}", stated.name)
        if stated.said.get("NotAction") is not None:
            yield Place(stated.path, f"statement {stated.name} allows by NotAction", stated.name)


def wild_resource(body: Body) -> Iterator[Place]:
    """A statement that allows names its resources."""
    for stated in _granted(body):
        only_s3 = all(text(one).startswith("s3:") for _, one in stated.values("Action"))
        for path, resource in stated.values("Resource"):
            if _is_wild(text(resource)) and not (
                only_s3 and BELOW_A_PREFIX.fullmatch(text(resource))
            ):
                yield _found(stated, path, f"has the resource {text(resource)}")
        if stated.said.get("NotResource") is not None:
            yield _found(stated, stated.path, "allows by NotResource")


def wild_principal(body: Body) -> Iterator[Place]:
    """A statement that allows anybody says under which condition."""
    for stated in _granted(body):
        principals = stated.said.get("Principal")
        named = [*mapping(principals).values()] or [principals]
        everybody = any("*" in listed(one) for one in named)
        if (everybody and not stated.conditions) or "NotPrincipal" in stated.said:
            yield _found(stated, stated.path, "allows everybody")


def managed_policy(body: Body) -> Iterator[Place]:
    """A role takes no policy of AWS's own: those are wide, and AWS changes them."""
    for name, role in resources(body, "AWS::IAM::Role").items():
        for given in listed(properties(role).get("ManagedPolicyArns")):
            for arn in branches(given):
                if ":aws:policy/" in text(arn):
                    path: Path = ("Resources", name, "Properties", "ManagedPolicyArns")
                    part = text(arn).rpartition("/")[2]
                    yield Place(path, f"takes AWS's own policy {part}", part)


def _found(stated: Stated, path: Path, said: str) -> Place:
    return Place(path, f"statement {stated.name} {said}", stated.name)


def _granted(body: Body) -> Iterator[Stated]:
    for name, one in resources(body).items():
        yield from (stated for stated in statements(name, one) if stated.allows)


def _is_wild(resource: str) -> bool:
    bare = VARIABLE.sub("", resource)
    return "*" in bare or "?" in bare

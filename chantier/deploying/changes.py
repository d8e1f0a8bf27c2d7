"""What a deployment would do to each resource, from a change set as CloudFormation tells it.

The service's own before and after (`IncludePropertyValues`) win; where it gives none, as the
embedded AWS does, the deployed template and the new one are compared with their parameters.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chantier.deploying.differences import differences

RECREATION = ("Never", "Conditionally", "Always")


class Property(NamedTuple):
    """One property that changes.

    Attributes:
        path: below the resource, such as `Code.ZipFile`; `DeletionPolicy` and the like too.
        before: its value; None where there is none.
        after: its value; None where there is none.
        recreation: Never, Conditionally or Always: whether this makes the resource anew.
        cause: the parameter or resource that it follows; empty for the template itself.
    """

    path: str
    before: Any
    after: Any
    recreation: str = "Never"
    cause: str = ""


class Change(NamedTuple):
    """One resource that a deployment touches.

    Attributes:
        action: Add, Modify, Remove, Import or Dynamic.
        logical_id: in the template.
        kind: resource type.
        replaces: whether it is made anew, and the old one goes.
        may_replace: whether that depends on what CloudFormation finds.
        properties: what changes in it.
        fate: what becomes of the old one: Delete, Retain, Snapshot; empty where it stays.
        before: the resource as it is, as far as it is known.
        after: the resource as it will be.
    """

    action: str
    logical_id: str
    kind: str
    replaces: bool
    may_replace: bool = False
    properties: tuple[Property, ...] = ()
    fate: str = ""
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}

    @property
    def follows(self) -> bool:
        """Whether nothing of its own changes, and it may only be touched because others are."""
        own = any(one.before is not None or one.after is not None for one in self.properties)
        return self.action == "Modify" and not self.replaces and not own


def read(
    told: Iterable[Mapping[str, Any]],
    *,
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
) -> tuple[Change, ...]:
    """The changes of a change set.

    Args:
        told: `Changes` of DescribeChangeSet, of every page.
        before: resources of the deployed template, `reading.resolved`.
        after: those of the new one.
    """
    found = [one["ResourceChange"] for one in told if "ResourceChange" in one]
    return tuple(_change(one, before, after) for one in found if _there(one, before, after))


def _there(
    told: Mapping[str, Any], before: Mapping[str, object], after: Mapping[str, object]
) -> bool:
    """Whether a resource is in the stack at all.

    The embedded AWS lists those too whose condition is false.
    """
    name = told["LogicalResourceId"]
    known = told.get("BeforeContext") or told.get("AfterContext")
    return bool(known) or name in before or name in after


def _change(
    told: Mapping[str, Any],
    before: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
) -> Change:
    name = told["LogicalResourceId"]
    was = _side(told.get("BeforeContext"), before.get(name))
    will = _side(told.get("AfterContext"), after.get(name))
    action = told["Action"]
    if action == "Modify" and not (was and will):
        # The embedded AWS says so too where a condition brings a resource in or takes it out.
        action = "Add" if will else "Remove"
    return Change(
        action=action,
        logical_id=name,
        kind=told["ResourceType"],
        replaces=told.get("Replacement") == "True",
        may_replace=told.get("Replacement") == "Conditional" and action == "Modify",
        properties=_properties(told, was, will) if action not in ("Add", "Remove") else (),
        fate=told.get("PolicyAction", "").removeprefix("ReplaceAnd"),
        before=was,
        after=will,
    )


def _side(context: str | None, template: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The resource as the service tells it, or as the template has it."""
    if context:
        told = json.loads(context)
        if isinstance(told, Mapping):
            return told
    return template or {}


def _properties(
    told: Mapping[str, Any], was: Mapping[str, Any], will: Mapping[str, Any]
) -> tuple[Property, ...]:
    recreation: dict[str, str] = {}
    causes: dict[str, str] = {}
    given: dict[str, str] = {}
    for detail in told.get("Details", []):
        top = _top(detail["Target"])
        needs = detail["Target"].get("RequiresRecreation", "Never")
        recreation[top] = max(recreation.get(top, "Never"), needs, key=RECREATION.index)
        causes[top] = detail.get("CausingEntity") or causes.get(top, "")
        if detail.get("ChangeSource") == "ParameterReference":
            given[top] = detail["CausingEntity"]
    found = [
        Property(
            path,
            one.before,
            one.after,
            recreation.get(_root(path), "Never"),
            given.get(_root(path), ""),
        )
        for one in differences(_bare(was), _bare(will))
        for path in (one.path.removeprefix("Properties."),)
    ]
    seen = {_root(one.path) for one in found}
    # What follows another resource has no difference in the template, and neither have values
    # of a service that tells them one by one.
    found += [
        Property(
            detail["Target"].get("Path", "").removeprefix("/Properties/").replace("/", ".")
            or _top(detail["Target"]),
            detail["Target"].get("BeforeValue"),
            detail["Target"].get("AfterValue"),
            recreation[_top(detail["Target"])],
            causes[_top(detail["Target"])],
        )
        for detail in told.get("Details", [])
        if _top(detail["Target"]) not in seen
    ]
    unique = {one.path: one for one in reversed(found)}
    return tuple(reversed(unique.values()))


def _bare(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A resource's own description, without what a person does not deploy."""
    return {
        key: value
        for key, value in resource.items()
        if key not in ("Type", "Metadata", "DependsOn")
    }


def _top(target: Mapping[str, Any]) -> str:
    return str(target.get("Name") or target.get("Attribute", ""))


def _root(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]

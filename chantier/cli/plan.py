"""A plan as people read it: what comes, what changes from what to what, what is lost."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chantier.cli.naming import Names
from chantier.cli.show import clean

if TYPE_CHECKING:
    from rich.console import Console

    from chantier.deploying.changes import Change, Property
    from chantier.deploying.widening import Widening
    from chantier.stack import Plan

# What is gone with such a resource is gone for good.
HOLDS_DATA = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::Logs::LogGroup")
LONGEST = 60
PACKED = re.compile(r"# SHA-256 of its source: ([0-9a-f]{64})")
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
# A style of rich, and a line.
Line = tuple[str, str]


def show(plan: Plan, names: Names, console: Console) -> None:
    """Print a plan."""
    from rich.text import Text

    for style, line in lines(plan, names):
        # Where nobody has a width, in a log, lines are as long as they are.
        console.print(Text(clean(line), style=style), soft_wrap=not console.is_terminal)


def lines(plan: Plan, names: Names) -> Iterator[Line]:
    """The lines of a plan, each with its style."""
    yield "bold", heading(plan)
    if plan.creates:
        yield from _created(plan, names)
    else:
        yield from _changed(plan, names)
    if plan.parameters:
        yield "bold", "Parameters"
        for one in plan.parameters:
            yield "", f"  {one.path}: {value(one.before)} -> {value(one.after)}"
    if plan.widening:
        yield "bold yellow", "IAM would allow what it does not allow now"
        kinds = {change.logical_id: change.kind for change in plan.changes}
        for wider in plan.widening:
            yield "yellow", f"  {allowed(wider, names, kinds[wider.logical_id])}"
    for note in plan.notes:
        yield "yellow", f"CloudFormation notes: {note.sentence}"


def heading(plan: Plan) -> str:
    """What happens in one line."""
    if plan.creates:
        return f"{plan.stack} is new: {len(plan.changes)} resources."
    found: dict[str, int] = {}
    for change in plan.changes:
        found[verb(change)] = found.get(verb(change), 0) + 1
    told = ", ".join(f"{count} {word}" for word, count in found.items())
    return f"Changes to {plan.stack}: {told}."


def verb(change: Change) -> str:
    """What happens to a resource, as a participle."""
    if change.replaces:
        return "REPLACED"
    words = {"Add": "added", "Modify": "changed", "Remove": "removed", "Import": "taken in"}
    return words.get(change.action, "perhaps changed")


def value(told: Any) -> str:
    """A value short enough for a line."""
    if told is None:
        return "(none)"
    if told == LATER:
        return "(known when it is done)"
    text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False)
    if source := PACKED.search(text):
        return f"code {source[1][:8]}"
    if len(text) > LONGEST:
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{text[: LONGEST // 2]}... ({len(text):,} characters, SHA-256 {digest})"
    return text or '""'


def allowed(one: Widening, names: Names, kind: str) -> str:
    """A widening as a sentence."""
    name = names.full(one.logical_id, kind)
    if one.why in ("managed policy", "dropped boundary"):
        return f"{name}: {one.why} {one.resource}"
    if one.why == "dropped refusal":
        said = f"{name} no longer refuses {', '.join(one.actions)} on {one.resource}"
    else:
        who = f" lets {one.principal} do" if one.principal else " may do"
        said = f"{name}{who} {', '.join(one.actions)} on {one.resource}"
    when = f", if {one.conditions}" if one.conditions else ""
    return f"{said}{when} ({one.why})"


def _created(plan: Plan, names: Names) -> Iterator[Line]:
    """A line a section: nobody reads eighty."""
    for title in names.titles:
        inside = [one for one in plan.changes if names.section(one.logical_id) == title]
        if not inside:
            continue
        things = [one for one in inside if one.kind == "AWS::IoT::Thing"]
        told = [names.human(one.logical_id, one.kind) for one in inside if one not in things]
        if things:
            told.append(f"{len(things)} machines")
        yield "green", f"  + {title}: {', '.join(told)}"


def _changed(plan: Plan, names: Names) -> Iterator[Line]:
    for title in names.titles:
        inside = [one for one in plan.changes if names.section(one.logical_id) == title]
        if inside:
            yield "bold", title
        for change in inside:
            yield from _change(change, names)


def _change(change: Change, names: Names) -> Iterator[Line]:
    name = names.full(change.logical_id, change.kind)
    gone = _gone(change)
    if change.replaces:
        yield "bold red", f"  -/+ {name} is REPLACED; {gone}"
    elif change.action == "Remove":
        yield "red", f"  - {name}; {gone}"
    elif change.action == "Add":
        yield "green", f"  + {name}"
    elif change.action == "Import":
        yield "green", f"  + {name}, which is there already"
    else:
        maybe = " may be replaced" if change.may_replace else ""
        yield "yellow", f"  ~ {name}{maybe}"
    for one in change.properties:
        yield from _property(one, change)


def _property(one: Property, change: Change) -> Iterator[Line]:
    why = ""
    if change.replaces and one.recreation == "Always":
        why = "   makes it anew"
    elif one.recreation != "Never" and (change.replaces or change.may_replace):
        why = "   may make it anew"
    cause = f"   follows {one.cause}" if one.cause else ""
    if one.before is None and one.after is None:
        yield "", f"        {one.path}{cause}{why}"
    else:
        yield "", f"        {one.path}: {value(one.before)} -> {value(one.after)}{cause}{why}"


def _gone(change: Change) -> str:
    """What becomes of the old resource."""
    if change.fate == "Retain":
        return "the old one stays in the account, outside the stack"
    if change.fate == "Snapshot":
        return "a snapshot of the old one is kept"
    lost = " with what it holds" if change.kind in HOLDS_DATA else ""
    return f"the old one is deleted{lost}" if change.replaces else f"it is deleted{lost}"


def as_data(plan: Plan) -> dict[str, Any]:
    """A plan for --json."""
    return {
        "creates": plan.creates,
        "changes": [
            {
                "action": one.action,
                "logical_id": one.logical_id,
                "type": one.kind,
                "replaces": one.replaces,
                "may_replace": one.may_replace,
                "old_one": one.fate,
                "properties": [inner._asdict() for inner in one.properties],
            }
            for one in plan.changes
        ],
        "parameters": [one._asdict() for one in plan.parameters],
        "iam_widening": [one._asdict() for one in plan.widening],
        "notes": [one._asdict() for one in plan.notes],
    }

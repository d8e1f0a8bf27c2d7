"""A plan as people read it: what comes, what changes from what to what, what is lost."""

from __future__ import annotations

import hashlib
import json
import re
import textwrap
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
LONGEST, HEAD = 90, 40
# More machines than these are one line.
FEW = 4
# Properties of one resource that are shown.
MOST = 6
PACKED = re.compile(r"# SHA-256 of its source: ([0-9a-f]{64})")
THING = "AWS::IoT::Thing"
LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
# A style of rich, and a line.
Line = tuple[str, str]


def show(plan: Plan, names: Names, console: Console) -> None:
    """Print a plan."""
    from rich.text import Text

    for style, line in lines(plan, names):
        # Where nobody has a width, in a log, lines are as long as they are.
        text = _folded(clean(line), console.width) if console.is_terminal else clean(line)
        console.print(Text(text, style=style), soft_wrap=True)


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
            yield "", f"  ~ {one.path}: {value(one.before)} -> {value(one.after)}"
    if plan.widening:
        yield "bold yellow", "IAM would allow what it does not allow now"
        kinds = {change.logical_id: change.kind for change in plan.changes}
        for wider in plan.widening:
            yield "yellow", f"  ! {allowed(wider, names, kinds[wider.logical_id])}"
    for note in plan.notes:
        yield "yellow", f"CloudFormation notes: {note.sentence}"
    if following := [one for one in plan.changes if one.follows]:
        told = ", ".join(names.human(one.logical_id, one.kind) for one in following)
        yield "dim", f"Nothing of their own changes, but they refer to what does: {told}"


def _folded(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.fill(line, width, subsequent_indent=indent, break_on_hyphens=False)


def heading(plan: Plan) -> str:
    """What happens in one line."""
    if plan.creates:
        return f"{plan.stack} is new: {len(plan.changes)} resources."
    found: dict[str, int] = {}
    for change in (one for one in plan.changes if not one.follows):
        found[verb(change)] = found.get(verb(change), 0) + 1
    if following := sum(one.follows for one in plan.changes):
        found["may follow"] = following
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
    text = " ".join(text.split())
    if source := PACKED.search(text):
        return f"code {source[1][:8]}"
    if len(text) > LONGEST:
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return f"{text[:HEAD]}... ({len(text):,} characters, SHA-256 {digest})"
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


def _in_section(plan: Plan, names: Names, title: str) -> list[Change]:
    """The changes of a section, in the template's order."""
    inside = [one for one in plan.changes if names.section(one.logical_id) == title]
    return sorted(inside, key=lambda one: names.place(one.logical_id))


def _created(plan: Plan, names: Names) -> Iterator[Line]:
    """A line a section: nobody reads eighty."""
    for title in names.titles:
        inside = _in_section(plan, names, title)
        if not inside:
            continue
        things = [one for one in inside if one.kind == THING]
        told = [names.human(one.logical_id, one.kind) for one in inside if one not in things]
        if things:
            told.append(f"{len(things)} machines")
        yield "green", f"  + {title}: {', '.join(told)}"


def _changed(plan: Plan, names: Names) -> Iterator[Line]:
    gone = {one.logical_id: one.before for one in plan.changes if one.action == "Remove"}
    names = names._replace(resources={**names.resources, **gone})
    for title in names.titles:
        inside = [one for one in _in_section(plan, names, title) if not one.follows]
        if inside:
            yield "bold", title
        fleet = [one for one in inside if one.kind == THING and one.action != "Modify"]
        if len(fleet) > FEW:
            yield from _machines(fleet, names)
            inside = [one for one in inside if one not in fleet]
        for change in inside:
            yield from _change(change, names)


def _machines(fleet: list[Change], names: Names) -> Iterator[Line]:
    """Many machines as a line each way."""
    for sign, style, action in (
        ("+", "green", "Add"),
        ("+", "green", "Import"),
        ("-", "red", "Remove"),
    ):
        same = [one for one in fleet if one.action == action]
        told = ", ".join(
            names.human(one.logical_id, one.kind).removeprefix("machine ") for one in same
        )
        after = {"Remove": f"; {_gone(same[0])}", "Import": ", there already"} if same else {}
        if same:
            yield style, f"  {sign} {len(same)} machines: {told}{after.get(action, '')}"


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
    # What follows another resource is said only where it is all there is.
    own = [one for one in change.properties if (one.before, one.after) != (None, None)]
    told = own or change.properties
    for one in told[:MOST]:
        yield from _property(one, change)
    if len(told) > MOST:
        yield "", f"        and {len(told) - MOST} more (--json has them all)"


def _property(one: Property, change: Change) -> Iterator[Line]:
    why = "   makes it anew" if change.replaces and one.recreation != "Never" else ""
    cause = f"   follows {one.cause}" if one.cause else ""
    if one.before is None and one.after is None:
        yield "", f"        {one.path}{cause}{why}"
    else:
        yield "", f"        {one.path}: {value(one.before)} -> {value(one.after)}{cause}{why}"


def _gone(change: Change) -> str:
    """What becomes of the old resource."""
    if change.fate == "Retain":
        return "what there is stays in the account, outside the stack"
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

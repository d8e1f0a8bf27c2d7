"""Snapshots as readings: whose they are, what they say, and what was left out.

Values of the same time make one reading; a value of another time makes its own, so that
nothing is said to be newer than it is. `EngineStatus` carries the time of its last change.
An engine that runs says nothing of idling or work: the reading then has no state.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chantier.aemp.equipment import Equipment, Value, read_time, understand
from chantier.aemp.matching import Match, match
from chantier.aemp.tree import Node, read_tree
from chantier.errors import ChantierError
from chantier.site import Machine
from chantier.telemetry import Reading, format_time

_OLD_S = 7 * 86_400
_DAY_S = 86_400


class Found(NamedTuple):
    """An equipment and whose it is."""

    equipment: Equipment
    match: Match


class Page(NamedTuple):
    """A file that was read.

    Attributes:
        name: of the file.
        found: its equipment, in its order.
        next: address of the page that follows; empty if it is the last.
    """

    name: str
    found: tuple[Found, ...]
    next: str = ""


def read_page(path: Path, machines: Sequence[Machine], *, now: int) -> Page:
    """Read a snapshot.

    Args:
        path: of the file.
        machines: of the site file.
        now: epoch seconds.

    Raises:
        ChantierError: it is missing, broken or no snapshot.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ChantierError(f"{path} cannot be read: {error.strerror}.", "Check it.") from error
    fleet = read_tree(content, str(path))
    snapshot_t = read_time(fleet.get("snapshottime"))
    found = []
    for number, node in enumerate(fleet["equipment"], 1):
        one = understand(node, number, snapshot_t=snapshot_t, now=now)
        found.append(Found(one, match(one, machines)))
    return Page(str(path), tuple(found), _next(fleet))


def readings(pages: Sequence[Page]) -> dict[str, tuple[Reading, ...]]:
    """The readings of each machine, oldest first; what two pages say alike is said once."""
    told: dict[str, set[Value]] = defaultdict(set)
    for page in pages:
        for one in page.found:
            if one.match.machine:
                told[one.match.machine].update(one.equipment.values)
    return {machine: _readings(values) for machine, values in told.items() if values}


def report(pages: Sequence[Page], *, now: int) -> list[dict[str, Any]]:
    """What each equipment said, what became of it, and what was left out, as JSON shows it."""
    return [_told(page, one, now) for page in pages for one in page.found]


def _readings(values: set[Value]) -> tuple[Reading, ...]:
    by_time: dict[int, dict[str, Any]] = defaultdict(dict)
    for one in sorted(values, key=lambda value: (value.t, value.field, value.value)):
        by_time[one.t][one.field] = one.value
    for said in by_time.values():
        if said.get("eng") is False:
            said["st"] = "OFF"
    return tuple(Reading(t=t, **said) for t, said in sorted(by_time.items()))


def _told(page: Page, one: Found, now: int) -> dict[str, Any]:
    equipment, times = one.equipment, [value.t for value in one.equipment.values]
    notes = list(equipment.notes)
    if not times:
        notes.append("it says no value" + ("" if equipment.others else ": a header alone"))
    if times and now - min(times) > _OLD_S:
        oldest = min(equipment.values, key=lambda value: value.t)
        notes.append(f"{oldest.element} is {(now - oldest.t) // _DAY_S} days old")
    return {
        "file": page.name,
        "equipment": equipment.number,
        "title": equipment.title,
        "machine": one.match.machine,
        "matched_by": one.match.by,
        "not_fed": one.match.why,
        "header": equipment.header,
        "values": [
            {
                "element": value.element,
                "field": value.field,
                "t": format_time(value.t),
                "value": value.value,
            }
            for value in equipment.values
        ],
        "not_carried": equipment.others,
        "notes": notes,
    }


def _next(fleet: Node) -> str:
    links = fleet.get("links", [])
    some = links if isinstance(links, list) else [links]
    by = {
        str(one.get("rel", "")).lower(): one.get("href") for one in some if isinstance(one, dict)
    }
    following = str(by.get("next") or "")
    return "" if following == str(by.get("self") or "") else following

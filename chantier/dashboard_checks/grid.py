"""Where things stand: everything on a sheet has one place, inside the grid, of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from chantier.dashboard_checks.known import DashboardFinding, Known, Node, member

COLUMNS = 36
CONTROL_COLUMNS = 12
"""Of a sheet's grid, and of the bar of controls above it."""

_LISTS = {
    "VISUAL": ("Visuals", "VisualId"),
    "FILTER_CONTROL": ("FilterControls", "FilterControlId"),
    "PARAMETER_CONTROL": ("ParameterControls", "ParameterControlId"),
    "TEXT_BOX": ("TextBoxes", "SheetTextBoxId"),
    "IMAGE": ("Images", "SheetImageId"),
}


class _Box(NamedTuple):
    """An element of a grid, with its path."""

    path: str
    name: str
    left: int
    right: int
    top: int
    bottom: int

    def covers(self, other: _Box) -> bool:
        beside = self.right <= other.left or other.right <= self.left
        return not (beside or self.bottom <= other.top or other.bottom <= self.top)


def findings(definition: Node, known: Known) -> Iterator[DashboardFinding]:
    """CH106, CH109 and CH110."""
    for place, sheet in enumerate(definition.get("Sheets", ())):
        path = f"Definition.Sheets.{place}"
        yield from _ghosts(path, sheet, known)
        yield from _without(path, sheet, known)
        for name, width in (("Layouts", COLUMNS), ("SheetControlLayouts", CONTROL_COLUMNS)):
            yield from _crowded(path, _boxes(path, sheet, name), width, known)


def _elements(path: str, sheet: Node, name: str) -> Iterator[tuple[str, str, Node]]:
    for place, layout in enumerate(sheet.get(name, ())):
        for kind, grid in layout["Configuration"].items():
            for index, one in enumerate(grid.get("Elements", ())):
                at = f"{path}.{name}.{place}.Configuration.{kind}.Elements.{index}"
                yield at, kind, one


def _held(sheet: Node, kind: str) -> list[str]:
    name, key = _LISTS[kind]
    # A text box or an image is no choice: its id is its own.
    return [str(one.get(key) or member(one).get(key)) for one in sheet.get(name, ())]


def _ghosts(path: str, sheet: Node, known: Known) -> Iterator[DashboardFinding]:
    for name in ("Layouts", "SheetControlLayouts"):
        for at, _, one in _elements(path, sheet, name):
            element, kind = one["ElementId"], one["ElementType"]
            if element not in _held(sheet, kind):
                said = f"{kind} {element!r} has a place and is not on the sheet."
                yield known.finding("CH106", at, said)


def _without(path: str, sheet: Node, known: Known) -> Iterator[DashboardFinding]:
    bar = "SheetControlLayouts" in sheet
    placed = {
        one["ElementId"]
        for name in ("Layouts", "SheetControlLayouts")
        for _, _, one in _elements(path, sheet, name)
    }
    for kind in _LISTS:
        # Without a bar of controls of our own, QuickSight makes one.
        if kind.endswith("CONTROL") and not bar:
            continue
        for name in _held(sheet, kind):
            if name not in placed:
                yield known.finding("CH110", path, f"{kind} {name!r} has no place.")


def _boxes(path: str, sheet: Node, name: str) -> Iterator[_Box]:
    for at, kind, one in _elements(path, sheet, name):
        # QuickSight places what names no column or row.
        if kind == "GridLayout" and {"ColumnIndex", "RowIndex"} <= one.keys():
            left, top = one["ColumnIndex"], one["RowIndex"]
            right, bottom = left + one["ColumnSpan"], top + one["RowSpan"]
            yield _Box(at, one["ElementId"], left, right, top, bottom)


def _crowded(
    path: str, boxes: Iterator[_Box], width: int, known: Known
) -> Iterator[DashboardFinding]:
    listed = list(boxes)
    for box in listed:
        if box.right > width:
            said = f"{box.name!r} ends at column {box.right} of {width}."
            yield known.finding("CH109", box.path, said)
    for one, other in combinations(listed, 2):
        if one.covers(other):
            yield known.finding("CH109", path, f"{one.name!r} and {other.name!r} overlap.")

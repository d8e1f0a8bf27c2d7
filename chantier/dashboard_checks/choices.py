"""Choices with one member, and ids that are given once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from chantier.dashboard_checks.known import DashboardFinding, Known, Node, member, walk

# Members of which one may stand in a mapping; each line is a union of the API.
_UNIONS: tuple[frozenset[str], ...] = tuple(
    frozenset(line.split())
    for line in """
    CategoricalDimensionField DateDimensionField NumericalDimensionField
    CalculatedMeasureField CategoricalMeasureField DateMeasureField NumericalMeasureField
    FilterListConfiguration CustomFilterListConfiguration CustomFilterConfiguration
    AllSheets SelectedSheets
    GridLayout FreeFormLayout SectionBasedLayout
    StaticValue RollingDate Parameter
    NumberDisplayFormatConfiguration CurrencyDisplayFormatConfiguration PercentageDisplayFormatConfiguration
    CustomSql RelationalTable S3Source SaaSTable
    JoinInstruction PhysicalTableId DataSetArn
    DefaultDateTimePickerOptions DefaultDropdownOptions DefaultListOptions DefaultSliderOptions
    DefaultRelativeDateTimeOptions DefaultTextAreaOptions DefaultTextFieldOptions
    """.strip().splitlines()  # noqa: E501 - a union is a line
)
# Lists whose items are such a choice, whatever its members are called.
_CHOSEN = (
    "Visuals",
    "Filters",
    "FilterControls",
    "ParameterControls",
    "ParameterDeclarations",
    "DataTransforms",
)


def findings(definition: Node, known: Known) -> Iterator[DashboardFinding]:
    """CH107 and CH108."""
    yield from unions(known.resource, definition, "Definition")
    yield from _twice(definition, known)


def unions(resource: str, value: Any, path: str) -> Iterator[DashboardFinding]:
    """CH108, in anything."""
    for where, node in walk(value, path):
        for union in _UNIONS:
            both = sorted(union & node.keys())
            if len(both) > 1:
                said = f"{' and '.join(both)} stand together; one of them may."
                yield DashboardFinding("CH108", resource, where, said)
        for key in _CHOSEN:
            for place, one in enumerate(node.get(key, ())):
                if len(one) != 1:
                    said = f"One member is wanted, and here are {len(one)}."
                    yield DashboardFinding("CH108", resource, f"{where}.{key}.{place}", said)


def _twice(definition: Node, known: Known) -> Iterator[DashboardFinding]:
    sheets = definition.get("Sheets", ())
    groups = definition.get("FilterGroups", ())
    named: dict[str, Iterable[str]] = {
        "DataSetIdentifierDeclarations": (
            one["Identifier"] for one in definition.get("DataSetIdentifierDeclarations", ())
        ),
        "ParameterDeclarations": (
            member(one)["Name"] for one in definition.get("ParameterDeclarations", ())
        ),
        "CalculatedFields": _names_of_columns(definition, known),
        "FilterGroups": (one["FilterGroupId"] for one in groups),
        "FilterGroups.Filters": (
            member(one).get("FilterId", "") for group in groups for one in group["Filters"]
        ),
        "Sheets": (one["SheetId"] for one in sheets),
        "Sheets.Visuals": _ids(sheets, ("Visuals",), ("VisualId",)),
        "Sheets.Controls": _ids(
            sheets,
            ("FilterControls", "ParameterControls"),
            ("FilterControlId", "ParameterControlId"),
        ),
    }
    for where, ids in named.items():
        for name, count in Counter(ids).items():
            if count > 1:
                said = f"{name!r} is given {count} times."
                yield known.finding("CH107", f"Definition.{where}", said)


def _names_of_columns(definition: Node, known: Known) -> Iterator[str]:
    """Calculations share their names with the columns of their data set."""
    for one in definition.get("CalculatedFields", ()):
        yield f"{one.get('DataSetIdentifier', '')}.{one['Name']}"
    for identifier, columns in known.data_sets.items():
        yield from (f"{identifier}.{name}" for name in columns or ())


def _ids(sheets: Iterable[Node], lists: tuple[str, ...], keys: tuple[str, ...]) -> Iterator[str]:
    for sheet in sheets:
        for one in (one for name in lists for one in sheet.get(name, ())):
            yield from (str(member(one)[key]) for key in keys if key in member(one))

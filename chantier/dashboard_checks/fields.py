"""Fields of visuals: added up once, of the right kind, and sorted by what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chantier.dashboard_checks.known import DashboardFinding, Known, Node, walk

_ADDS_UP = re.compile(
    r"\b(sum|avg|count|distinct_count|min|max|median|percentile\w*|stdevp?|varp?)\s*\(",
    re.IGNORECASE,
)
# What each kind of field or filter takes, of a column's types.
_TAKES = {
    "CategoricalDimensionField": {"STRING", "BOOLEAN"},
    "DateDimensionField": {"DATETIME"},
    "NumericalDimensionField": {"INTEGER", "DECIMAL"},
    "NumericalMeasureField": {"INTEGER", "DECIMAL"},
    "DateMeasureField": {"DATETIME"},
    "CategoryFilter": {"STRING", "BOOLEAN"},
    "TimeRangeFilter": {"DATETIME"},
    "TimeEqualityFilter": {"DATETIME"},
    "RelativeDatesFilter": {"DATETIME"},
    "NumericRangeFilter": {"INTEGER", "DECIMAL"},
    "NumericEqualityFilter": {"INTEGER", "DECIMAL"},
}


def findings(definition: Node, known: Known) -> Iterator[DashboardFinding]:
    """CH111, CH113 and CH114."""
    for path, node in walk(definition, "Definition"):
        for name, inner in node.items():
            if name in _TAKES and "Column" in inner:
                yield from _kind(f"{path}.{name}", name, inner, known)
            if name == "NumericalMeasureField":
                yield from _added_up(f"{path}.{name}", inner, known)
    for place, sheet in enumerate(definition.get("Sheets", ())):
        for index, visual in enumerate(sheet.get("Visuals", ())):
            path = f"Definition.Sheets.{place}.Visuals.{index}"
            yield from _sorted(path, visual, known)


def _kind(path: str, name: str, field: Node, known: Known) -> Iterator[DashboardFinding]:
    kind = known.kind(field["Column"])
    if kind and kind not in _TAKES[name]:
        column = field["Column"]["ColumnName"]
        yield known.finding("CH113", path, f"{column!r} is {kind}, which no {name} takes.")


def _added_up(path: str, field: Node, known: Known) -> Iterator[DashboardFinding]:
    column, expression = field["Column"], known.expression(field["Column"])
    added = "AggregationFunction" in field
    name = column["ColumnName"]
    if expression is not None and _ADDS_UP.search(expression):
        if added:
            said = f"{name!r} is added up by its own calculation; it takes no AggregationFunction."
            yield known.finding("CH111", path, said)
    elif not added and (expression is not None or known.kind(column)):
        yield known.finding("CH111", path, f"{name!r} has no AggregationFunction.")


def _sorted(path: str, visual: Node, known: Known) -> Iterator[DashboardFinding]:
    nodes = [(at, node) for at, node in walk(visual, path) if "FieldId" in node]
    held = {node["FieldId"] for _, node in nodes if "Column" in node or "Expression" in node}
    for at, node in nodes:
        if node["FieldId"] not in held:
            yield known.finding("CH114", at, f"The visual holds no field {node['FieldId']!r}.")

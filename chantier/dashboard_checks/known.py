"""What a dashboard may refer to: its data sets and their columns, parameters, sheets, filters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Node = Mapping[str, Any]


class DashboardFinding(NamedTuple):
    """Something that QuickSight would refuse, or show empty.

    Attributes:
        rule: its number, for example `CH102`.
        resource: logical id of the dashboard or the data set.
        path: where in it, for example `Definition.Sheets.0.Visuals.3`.
        message: a sentence.
    """

    rule: str
    resource: str
    path: str
    message: str


class Known(NamedTuple):
    """What the names in a definition may lead to.

    Attributes:
        resource: logical id of the dashboard.
        data_sets: columns and their types by identifier; None where the data set is not
            in the template, so that nothing is known of it.
        calculated: expressions by data set and name.
        parameters: declared names.
        sheets: ids of visuals by sheet.
        filters: ids of filters.
    """

    resource: str
    data_sets: Mapping[str, Mapping[str, str] | None]
    calculated: Mapping[str, Mapping[str, str]]
    parameters: frozenset[str]
    sheets: Mapping[str, frozenset[str]]
    filters: frozenset[str]

    def finding(self, rule: str, path: str, message: str) -> DashboardFinding:
        """A finding in this dashboard."""
        return DashboardFinding(rule, self.resource, path, message)

    def kind(self, column: Node) -> str:
        """The type of a column; empty for a calculation, or where nothing is known of it."""
        columns = self.data_sets.get(column["DataSetIdentifier"]) or {}
        return columns.get(column["ColumnName"], "")

    def expression(self, column: Node) -> str | None:
        """The expression of a calculation; None for a column of the data set."""
        named = self.calculated.get(column["DataSetIdentifier"], {})
        return named.get(column["ColumnName"])


def walk(value: Any, path: str) -> Iterator[tuple[str, Node]]:
    """Every mapping in a value, with its path."""
    if isinstance(value, Mapping):
        yield path, value
        for key, inner in value.items():
            yield from walk(inner, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from walk(inner, f"{path}.{place}")


def member(one: Node) -> Node:
    """The only member of a choice, whatever it is called; empty where there is none."""
    inner: Any = next(iter(one.values()), {})
    return inner if isinstance(inner, Mapping) else {}


def known(resource: str, definition: Node, resources: Mapping[str, Any]) -> Known:
    """Read a definition once for everything that a name in it may lead to."""
    calculated: dict[str, dict[str, str]] = {}
    for one in definition.get("CalculatedFields", ()):
        fields = calculated.setdefault(one.get("DataSetIdentifier", ""), {})
        fields[one["Name"]] = one["Expression"]
    return Known(
        resource,
        {
            one["Identifier"]: _columns(one["DataSetArn"], resources)
            for one in definition.get("DataSetIdentifierDeclarations", ())
        },
        calculated,
        frozenset(member(one)["Name"] for one in definition.get("ParameterDeclarations", ())),
        {
            sheet["SheetId"]: frozenset(
                member(one).get("VisualId", "") for one in sheet.get("Visuals", ())
            )
            for sheet in definition.get("Sheets", ())
        },
        frozenset(
            member(one).get("FilterId", "")
            for group in definition.get("FilterGroups", ())
            for one in group["Filters"]
        ),
    )


def target(arn: Any) -> str | None:
    """The logical id that an ARN is asked of; None where it is written out."""
    asked = arn.get("Fn::GetAtt") if isinstance(arn, Mapping) else None
    if isinstance(asked, str):
        return asked.split(".")[0]
    return str(asked[0]) if asked else None


def _columns(arn: Any, resources: Mapping[str, Any]) -> Mapping[str, str] | None:
    properties = resources.get(target(arn) or "", {}).get("Properties", {})
    if "PhysicalTableMap" not in properties:
        return None
    columns: dict[str, str] = {}
    for table in properties["PhysicalTableMap"].values():
        for source in table.values():
            listed = source.get("Columns") or source.get("InputColumns") or ()
            columns |= {one["Name"]: one["Type"] for one in listed}
    for table in properties.get("LogicalTableMap", {}).values():
        for step in table.get("DataTransforms", ()):
            columns = _transformed(columns, step)
    return columns


def _transformed(columns: dict[str, str], step: Node) -> dict[str, str]:
    if renamed := step.get("RenameColumnOperation"):
        old, new = renamed["ColumnName"], renamed["NewColumnName"]
        return {new if name == old else name: kind for name, kind in columns.items()}
    if cast := step.get("CastColumnTypeOperation"):
        return columns | {cast["ColumnName"]: cast["NewColumnType"]}
    if made := step.get("CreateColumnsOperation"):
        return columns | {one["ColumnName"]: "" for one in made["Columns"]}
    if kept := step.get("ProjectOperation"):
        return {name: columns.get(name, "") for name in kept["ProjectedColumns"]}
    return columns

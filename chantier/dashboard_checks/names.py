"""Names that lead nowhere: data sets, columns, calculations, parameters, sheets and filters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chantier.dashboard_checks.known import DashboardFinding, Known, Node, member, target, walk

_NAMED = re.compile(r"\$\{([^}]+)\}|\{([^}]+)\}")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_PARAMETER_KEYS = (
    "Parameter",
    "ParameterName",
    "SourceParameterName",
    "DestinationParameterName",
)


def findings(definition: Node, known: Known) -> Iterator[DashboardFinding]:
    """CH101 to CH105, and CH112."""
    yield from _declared(definition, known)
    for path, node in walk(definition, "Definition"):
        yield from _column(path, node, known)
        yield from _parameter(path, node, known)
        yield from _place(path, node, known)
    yield from _calculations(definition, known)
    yield from _controlled(definition, known)


def _declared(definition: Node, known: Known) -> Iterator[DashboardFinding]:
    for place, one in enumerate(definition.get("DataSetIdentifierDeclarations", ())):
        logical_id = target(one["DataSetArn"])
        if logical_id and known.data_sets[one["Identifier"]] is None:
            path = f"Definition.DataSetIdentifierDeclarations.{place}"
            yield known.finding("CH101", path, f"{logical_id} is no data set of this template.")


def _column(path: str, node: Node, known: Known) -> Iterator[DashboardFinding]:
    identifier = node.get("DataSetIdentifier")
    if identifier is None:
        return
    if identifier not in known.data_sets:
        yield known.finding("CH101", path, f"Data set {identifier!r} is not declared.")
        return
    name, columns = node.get("ColumnName"), known.data_sets[identifier]
    if name is None or columns is None:
        return
    if name not in columns and name not in known.calculated.get(identifier, {}):
        yield known.finding("CH102", path, f"Data set {identifier!r} has no column {name!r}.")


def _parameter(path: str, node: Node, known: Known) -> Iterator[DashboardFinding]:
    for key in _PARAMETER_KEYS:
        name = node.get(key)
        if isinstance(name, str) and name not in known.parameters:
            yield known.finding("CH104", path, f"Parameter {name!r} is not declared.")


def _place(path: str, node: Node, known: Known) -> Iterator[DashboardFinding]:
    sheet = node.get("TargetSheetId") or ("Scope" in node and node.get("SheetId")) or None
    if sheet is not None and sheet not in known.sheets:
        yield known.finding("CH105", path, f"There is no sheet {sheet!r}.")
    for visual in node.get("VisualIds", ()):
        if visual not in known.sheets.get(sheet or "", frozenset()):
            yield known.finding("CH105", path, f"Sheet {sheet!r} has no visual {visual!r}.")
    chosen = node.get("SourceFilterId")
    if chosen is not None and chosen not in known.filters:
        yield known.finding("CH105", path, f"There is no filter {chosen!r}.")


def _calculations(definition: Node, known: Known) -> Iterator[DashboardFinding]:
    for place, one in enumerate(definition.get("CalculatedFields", ())):
        path, data_set = f"Definition.CalculatedFields.{place}", one.get("DataSetIdentifier", "")
        columns = known.data_sets.get(data_set)
        said = _QUOTED.sub("''", one["Expression"])
        for parameter, column in _NAMED.findall(said):
            if parameter and parameter not in known.parameters:
                yield known.finding(
                    "CH103", path, f"{one['Name']!r} names parameter {parameter!r}, not declared."
                )
            missing = columns is not None and column not in columns
            if column and missing and column not in known.calculated[data_set]:
                yield known.finding(
                    "CH103", path, f"{one['Name']!r} names {column!r}, no column of {data_set!r}."
                )


def _controlled(definition: Node, known: Known) -> Iterator[DashboardFinding]:
    controls: list[Any] = [
        member(one).get("SourceParameterName")
        for sheet in definition.get("Sheets", ())
        for one in sheet.get("ParameterControls", ())
    ]
    for place, one in enumerate(definition.get("ParameterDeclarations", ())):
        path, inner = f"Definition.ParameterDeclarations.{place}", member(one)
        name = inner["Name"]
        if name not in controls:
            yield known.finding("CH112", path, f"No sheet has a control for parameter {name!r}.")
        if not any(inner.get("DefaultValues", {}).values()):
            yield known.finding("CH112", path, f"Parameter {name!r} has no value to begin with.")

"""What is wrong in a QuickSight dashboard and no schema can say: names that lead nowhere.

`check_dashboards` reads the `Resources` of any template in the long form (`Fn::GetAtt`,
`Ref`) and touches nothing else. Each rule has its number, in `RULES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chantier.dashboard_checks import choices, fields, grid, names
from chantier.dashboard_checks.known import DashboardFinding, known

DASHBOARDS = ("AWS::QuickSight::Dashboard", "AWS::QuickSight::Analysis")
DATA_SET = "AWS::QuickSight::DataSet"
# What each rule finds.
RULES: dict[str, str] = {
    "CH101": "a data set that is not declared, or not in the template",
    "CH102": "a column that its data set does not have",
    "CH103": "a calculation that names a column or a parameter that does not exist",
    "CH104": "a parameter that is not declared",
    "CH105": "a sheet, a visual or a filter that does not exist",
    "CH106": "a place on the grid for something that is not on the sheet",
    "CH107": "an id or a name given twice",
    "CH108": "a choice with two members, or with none",
    "CH109": "a place beyond the edge of the grid, or on top of another",
    "CH110": "a visual or a control without a place",
    "CH111": "a figure added up twice, or not at all",
    "CH112": "a parameter without a control, or without a value to begin with",
    "CH113": "a field of the wrong kind: a time as a word, a word as a figure",
    "CH114": "a sort, a label or a colour of a field that the visual does not hold",
}

__all__ = ["RULES", "DashboardFinding", "check_dashboards"]


def check_dashboards(resources: Mapping[str, Any]) -> list[DashboardFinding]:
    """Check every dashboard and data set of a template.

    Args:
        resources: the template's `Resources`, as `build(site).to_dict()["Resources"]` or a
            JSON template holds them.

    Returns:
        What was found, in the order of the template; empty when all is well. A dashboard
        made from another one (SourceEntity) holds nothing to check.
    """
    found: list[DashboardFinding] = []
    for name, resource in resources.items():
        kind, properties = resource.get("Type"), resource.get("Properties", {})
        if kind == DATA_SET:
            found += choices.unions(name, properties, "Properties")
        elif kind in DASHBOARDS and "Definition" in properties:
            definition = properties["Definition"]
            index = known(name, definition, resources)
            found += names.findings(definition, index)
            found += fields.findings(definition, index)
            found += choices.findings(definition, index)
            found += grid.findings(definition, index)
    return found

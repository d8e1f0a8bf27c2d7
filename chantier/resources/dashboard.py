"""The dashboard's definition as QuickSight takes it: sheets, filters and calculated fields.

One dashboard in the site's language, since QuickSight translates no title.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chantier.dashboards import RATIOS, SHEETS, Measure, Sheet, places, visuals
from chantier.data_sets import DATA_SETS, HOURS, DataSet, Text, severities
from chantier.resources.visuals import Definition, visual
from chantier.site import Site

# Both data sets have these columns under the same title: one filter reaches both.
FILTERS = ("name", "zone_name")
FROM = Text("Du", "From")
TO = Text("Au", "To")
DATES = {
    "DateFrom": (FROM, "addDateTime(-30, 'DD', truncDate('DD', now()))"),
    "DateTo": (TO, "truncDate('DD', now())"),
}
DATE_FORMAT = Text("DD/MM/YYYY", "YYYY-MM-DD")
CONTROL_WIDTH = 2


def definition(site: Site, data_sets: Mapping[str, Any]) -> Definition:
    """What the dashboard holds.

    Args:
        site: whose language, and whose currency; a site without rates is shown no money.
        data_sets: the ARN of each data set, by its name.
    """
    language = site.site.language
    return {
        "DataSetIdentifierDeclarations": [
            {"Identifier": name, "DataSetArn": arn} for name, arn in data_sets.items()
        ],
        "CalculatedFields": [
            _ratio(one, language) for one in RATIOS if site.rates or one.form != "money"
        ],
        "ParameterDeclarations": [
            {
                "DateTimeParameterDeclaration": {
                    "Name": name,
                    "TimeGranularity": "DAY",
                    "DefaultValues": {"RollingDate": {"Expression": default}},
                }
            }
            for name, (_, default) in DATES.items()
        ],
        "FilterGroups": [
            *(_between_dates(one, site) for one in DATA_SETS.values()),
            *(_chosen(name, language) for name in FILTERS),
        ],
        "Sheets": [_sheet(one, site) for one in SHEETS],
    }


def _ratio(one: Measure, language: str) -> Definition:
    above, below = (
        DATA_SETS[one.data_set].column(name).title.to(language) for name in one.over or ()
    )
    return {
        "DataSetIdentifier": one.data_set,
        "Name": one.title.to(language),
        # What is not known above must not count below: a machine without a fuel counter
        # would make every other look thriftier.
        "Expression": f"sum({{{above}}}) / sum(ifelse(isNotNull({{{above}}}), {{{below}}}, NULL))",
    }


def _between_dates(data_set: DataSet, site: Site) -> Definition:
    return {
        "FilterGroupId": f"dates-{data_set.name}",
        "Filters": [
            {
                "TimeRangeFilter": {
                    "FilterId": f"dates-{data_set.name}",
                    "Column": _column(data_set, "day", site.site.language),
                    "IncludeMinimum": True,
                    "IncludeMaximum": True,
                    "RangeMinimumValue": {"Parameter": "DateFrom"},
                    "RangeMaximumValue": {"Parameter": "DateTo"},
                    "NullOption": "NON_NULLS_ONLY",
                    "TimeGranularity": "DAY",
                }
            }
        ],
        "ScopeConfiguration": {
            "SelectedSheets": {"SheetVisualScopingConfigurations": _reading(data_set, site)}
        },
        "Status": "ENABLED",
        "CrossDataset": "SINGLE_DATASET",
    }


def _reading(data_set: DataSet, site: Site) -> list[Definition]:
    """The visuals that a filter of one data set is for: others have no such column."""
    shown = [one for one in visuals(rates=site.rates is not None) if one.data_set is data_set]
    return [
        {
            "SheetId": sheet.id,
            "Scope": "SELECTED_VISUALS",
            "VisualIds": [one.id for one in shown if one.sheet == sheet.id],
        }
        for sheet in SHEETS
        if any(one.sheet == sheet.id for one in shown)
    ]


def _chosen(name: str, language: str) -> Definition:
    """Machines or zones that people choose; all of them at first."""
    return {
        "FilterGroupId": name,
        "Filters": [
            {
                "CategoryFilter": {
                    "FilterId": name,
                    "Column": _column(HOURS, name, language),
                    "Configuration": {
                        "FilterListConfiguration": {
                            "MatchOperator": "CONTAINS",
                            "SelectAllOptions": "FILTER_ALL_VALUES",
                        }
                    },
                    # A filter of several sheets says here what its controls look like.
                    "DefaultFilterControlConfiguration": {
                        "Title": HOURS.column(name).title.to(language),
                        "ControlOptions": {"DefaultDropdownOptions": {"Type": "MULTI_SELECT"}},
                    },
                }
            }
        ],
        "ScopeConfiguration": {"AllSheets": {}},
        "Status": "ENABLED",
        "CrossDataset": "ALL_DATASETS",
    }


def _column(data_set: DataSet, name: str, language: str) -> Definition:
    title = data_set.column(name).title.to(language)
    return {"DataSetIdentifier": data_set.name, "ColumnName": title}


def _sheet(sheet: Sheet, site: Site) -> Definition:
    language = site.site.language
    currency = site.rates.currency if site.rates else ""
    critical = severities(language)["critical"]
    placed = places(visuals(rates=site.rates is not None), sheet)
    return {
        "SheetId": sheet.id,
        "Name": sheet.title.to(language),
        "ContentType": "INTERACTIVE",
        "ParameterControls": [_date_control(name, sheet, language) for name in DATES],
        "FilterControls": [
            {"CrossSheet": {"FilterControlId": f"{sheet.id}-{name}", "SourceFilterId": name}}
            for name in FILTERS
        ],
        "Visuals": [
            visual(one.visual, language=language, currency=currency, critical=critical)
            for one in placed
        ],
        "Layouts": [
            _grid(
                [
                    _element(
                        one.visual.id,
                        "VISUAL",
                        at=(one.column, one.row),
                        size=(one.visual.width, one.visual.height),
                    )
                    for one in placed
                ],
                {
                    "ScreenCanvasSizeOptions": {
                        "ResizeOption": "FIXED",
                        "OptimizedViewPortWidth": "1600px",
                    }
                },
            )
        ],
        "SheetControlLayouts": [_grid(_controls(sheet))],
    }


def _date_control(name: str, sheet: Sheet, language: str) -> Definition:
    return {
        "DateTimePicker": {
            "ParameterControlId": f"{sheet.id}-{name}",
            "Title": DATES[name][0].to(language),
            "SourceParameterName": name,
            "DisplayOptions": {"DateTimeFormat": DATE_FORMAT.to(language)},
        }
    }


def _controls(sheet: Sheet) -> list[Definition]:
    kinds = [(name, "PARAMETER_CONTROL") for name in DATES]
    kinds += [(name, "FILTER_CONTROL") for name in FILTERS]
    return [
        _element(
            f"{sheet.id}-{name}", kind, at=(CONTROL_WIDTH * place, 0), size=(CONTROL_WIDTH, 1)
        )
        for place, (name, kind) in enumerate(kinds)
    ]


def _grid(elements: list[Definition], canvas: Definition | None = None) -> Definition:
    grid: Definition = {"Elements": elements}
    if canvas:
        grid["CanvasSizeOptions"] = canvas
    return {"Configuration": {"GridLayout": grid}}


def _element(element: str, kind: str, *, at: tuple[int, int], size: tuple[int, int]) -> Definition:
    return {
        "ElementId": element,
        "ElementType": kind,
        "ColumnIndex": at[0],
        "ColumnSpan": size[0],
        "RowIndex": at[1],
        "RowSpan": size[1],
    }

"""A visual of the description as QuickSight's definition says it.

Plain dictionaries in AWS's own names; troposphere's QuickSight classes lose members.
"""

from __future__ import annotations

from typing import Any

from chantier.dashboards import Measure, Visual
from chantier.data_sets import Column

Definition = dict[str, Any]

# Only the gravest stands out; colours of the others are QuickSight's.
CRITICAL_COLOUR = "#C0392B"
SHOWN_BARS = 20
# 1 234,5; QuickSight writes 1,234.5 unless it is told.
SEPARATORS: dict[str, Definition] = {
    "fr": {
        "DecimalSeparator": "COMMA",
        "ThousandsSeparator": {"Symbol": "SPACE", "Visibility": "VISIBLE"},
    }
}


def visual(one: Visual, *, language: str, currency: str, critical: str) -> Definition:
    """One member of `Visuals`.

    Args:
        one: the description.
        language: of titles.
        currency: ISO 4217, behind money.
        critical: how the data call the gravest severity.
    """
    fields = _Fields(one, language, currency)
    head = {
        "VisualId": one.id,
        "Title": {
            "Visibility": "VISIBLE",
            "FormatText": {"PlainText": one.title.to(language)},
        },
        "Subtitle": {"Visibility": "HIDDEN"},
    }
    kind, chart = _CHARTS[one.shape](fields)
    if one.colour:
        element = {"FieldId": fields.id(one.colour), "FieldValue": critical}
        palette = {"ColorMap": [{"Element": element, "Color": CRITICAL_COLOUR}]}
        chart = chart | {"VisualPalette": palette}
    return {kind: head | {"ChartConfiguration": chart}}


class _Fields:
    """The columns and figures of one visual, each with an id that no other visual has."""

    def __init__(self, one: Visual, language: str, currency: str) -> None:
        self.one = one
        self._language = language
        self._currency = currency

    def id(self, name: str) -> str:
        return f"{self.one.id}.{name}"

    def measures(self, chosen: tuple[Measure, ...] | None = None) -> list[Definition]:
        return [self._measure(one) for one in (self.one.measures if chosen is None else chosen)]

    def dimensions(self, *names: str) -> list[Definition]:
        return [self._dimension(self.one.data_set.column(name)) for name in names]

    def _measure(self, measure: Measure) -> Definition:
        field: Definition = {
            "FieldId": self.id(measure.name),
            "Column": self._column(measure.title.to(self._language)),
            "FormatConfiguration": {"FormatConfiguration": self._form(measure)},
        }
        if measure.over is None:
            # A ratio is aggregated by its own expression; QuickSight refuses a second one.
            field["AggregationFunction"] = {"SimpleNumericalAggregation": "SUM"}
        return {"NumericalMeasureField": field}

    def _form(self, measure: Measure) -> Definition:
        form: Definition = {"DecimalPlacesConfiguration": {"DecimalPlaces": measure.decimals}}
        if self._language in SEPARATORS:
            form["SeparatorConfiguration"] = SEPARATORS[self._language]
        if measure.form == "percent":
            return {"PercentageDisplayFormatConfiguration": form}
        if measure.form == "money":
            form["Suffix"] = f" {self._currency}"
        return {"NumberDisplayFormatConfiguration": form}

    def _dimension(self, column: Column) -> Definition:
        field: Definition = {
            "FieldId": self.id(column.name),
            "Column": self._column(column.title.to(self._language)),
        }
        if column.kind != "time":
            return {"CategoricalDimensionField": field}
        grain = "DAY" if column.name == "day" else "MINUTE"
        return {"DateDimensionField": field | {"DateGranularity": grain}}

    def _column(self, name: str) -> Definition:
        return {"DataSetIdentifier": self.one.data_set.name, "ColumnName": name}


def _kpi(fields: _Fields) -> tuple[str, Definition]:
    return "KPIVisual", {
        "FieldWells": {"Values": fields.measures(), "TargetValues": [], "TrendGroups": []},
        "SortConfiguration": {},
        "KPIOptions": {
            "PrimaryValueDisplayType": "ACTUAL",
            "PrimaryValueFontConfiguration": {"FontSize": {"Relative": "EXTRA_LARGE"}},
            "Sparkline": {"Visibility": "HIDDEN", "Type": "AREA"},
            "VisualLayoutOptions": {"StandardLayout": {"Type": "VERTICAL"}},
        },
    }


def _bars(fields: _Fields) -> tuple[str, Definition]:
    """Lying bars, the longest first, so that the names of machines can be read."""
    sort = {"FieldId": fields.id(fields.one.measures[0].name), "Direction": "DESC"}
    return "BarChartVisual", {
        "FieldWells": _wells(fields),
        "SortConfiguration": {
            "CategorySort": [{"FieldSort": sort}],
            "CategoryItemsLimit": {"ItemsLimit": SHOWN_BARS, "OtherCategories": "INCLUDE"},
        },
        "Orientation": "HORIZONTAL",
        "BarsArrangement": "STACKED",
    }


def _stacked(fields: _Fields) -> tuple[str, Definition]:
    """Standing bars by day."""
    return "BarChartVisual", {
        "FieldWells": _wells(fields),
        "SortConfiguration": _by_date(fields),
        "Orientation": "VERTICAL",
        "BarsArrangement": "STACKED",
    }


def _combined(fields: _Fields) -> tuple[str, Definition]:
    """Bars by day with a line over them, each on its own axis."""
    bars, line = fields.one.measures
    return "ComboChartVisual", {
        "FieldWells": {
            "ComboChartAggregatedFieldWells": {
                "Category": fields.dimensions(*fields.one.by),
                "BarValues": fields.measures((bars,)),
                "Colors": [],
                "LineValues": fields.measures((line,)),
            }
        },
        "SortConfiguration": _by_date(fields),
        "BarsArrangement": "CLUSTERED",
    }


def _table(fields: _Fields) -> tuple[str, Definition]:
    """A row each, the most of the first figure, or the latest, first."""
    one = fields.one
    when = [name for name in one.by if one.data_set.column(name).kind == "time"]
    sort = {"FieldId": fields.id((*when, one.measures[0].name)[0]), "Direction": "DESC"}
    return "TableVisual", {
        "FieldWells": {
            "TableAggregatedFieldWells": {
                "GroupBy": fields.dimensions(*one.by),
                "Values": fields.measures(),
            }
        },
        "SortConfiguration": {"RowSort": [{"FieldSort": sort}]},
    }


def _wells(fields: _Fields) -> Definition:
    one = fields.one
    return {
        "BarChartAggregatedFieldWells": {
            "Category": fields.dimensions(*one.by),
            "Values": fields.measures(),
            "Colors": fields.dimensions(one.colour) if one.colour else [],
        }
    }


def _by_date(fields: _Fields) -> Definition:
    (day,) = fields.one.by
    return {"CategorySort": [{"FieldSort": {"FieldId": fields.id(day), "Direction": "ASC"}}]}


_CHARTS = {
    "kpi": _kpi,
    "bars": _bars,
    "stacked": _stacked,
    "combined": _combined,
    "table": _table,
}

"""The dashboard, described once: every visual, what it measures, and where it stands.

Nothing here knows QuickSight: `resources/visuals.py` and `resources/dashboard.py` write
this as its definition. Ratios are sums over sums, so that a fleet's figure is weighted by
hours and never a mean of ratios; below is added up what is known above.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from chantier.data_sets import ALERTS, DATA_SETS, HOURS, DataSet, Text

Shape = Literal["kpi", "bars", "stacked", "combined", "table"]
Form = Literal["number", "percent", "money"]

COLUMNS = 36
"""Of a sheet's grid."""


class Measure(NamedTuple):
    """A figure: the sum of a column, or the sum of one over the sum of another.

    Attributes:
        name: of the column, or of the ratio.
        data_set: where its columns are.
        title: what people read.
        over: numerator and denominator columns of a ratio; empty for a plain sum.
        form: how it is written.
        decimals: how many.
    """

    name: str
    data_set: str
    title: Text
    over: tuple[str, str] | None = None
    form: Form = "number"
    decimals: int = 0


class Sheet(NamedTuple):
    """A page."""

    id: str
    title: Text


class Visual(NamedTuple):
    """One figure, chart or table.

    Attributes:
        id: stable, unique.
        sheet: id of its page.
        shape: `bars` lie and are sorted by their first measure; `stacked` stand by day;
            `combined` are bars by day with the second measure as a line.
        title: what people read above it.
        measures: what it shows.
        by: columns it is grouped by.
        colour: column that splits each bar.
        width: columns of the grid.
        height: rows of the grid.
    """

    id: str
    sheet: str
    shape: Shape
    title: Text
    measures: tuple[Measure, ...]
    by: tuple[str, ...] = ()
    colour: str = ""
    width: int = 18
    height: int = 12

    @property
    def data_set(self) -> DataSet:
        """Where its measures are."""
        return DATA_SETS[self.measures[0].data_set]


def _sum(data_set: DataSet, name: str, form: Form = "number", decimals: int = 0) -> Measure:
    return Measure(name, data_set.name, data_set.column(name).title, None, form, decimals)


def _ratio(  # noqa: PLR0913 - keyword-only: what a ratio is
    name: str, fr: str, en: str, *, over: tuple[str, str], form: Form = "number", decimals: int = 1
) -> Measure:
    return Measure(name, HOURS.name, Text(fr, en), over, form, decimals)


ENGINE_H = _sum(HOURS, "engine_h", decimals=1)
WORK_H = _sum(HOURS, "work_h", decimals=1)
IDLE_H = _sum(HOURS, "idle_h", decimals=1)
FUEL_L = _sum(HOURS, "fuel_l")
WASTED_L = _sum(HOURS, "idle_fuel_l")
COST = _sum(HOURS, "cost", "money")
CO2E = _sum(HOURS, "co2e_kg")
OPENED = _sum(HOURS, "alerts_opened")
ALERT_COUNT = _sum(ALERTS, "alerts")
STILL_OPEN = _sum(ALERTS, "still_open")
CRITICAL = _sum(ALERTS, "critical")
LASTED = _sum(ALERTS, "lasted_min")
COSTS = tuple(
    _sum(HOURS, name, "money")
    for name in ("fuel_cost", "adblue_cost", "upkeep_cost", "depreciation_cost")
)
UTILISATION = _ratio(
    "utilisation",
    "Taux d'utilisation",
    "Utilisation",
    over=("engine_h", "planned_h"),
    form="percent",
)
PRODUCTIVITY = _ratio(
    "productivity",
    "Taux de productivité",
    "Productivity",
    over=("work_h", "planned_h"),
    form="percent",
)
IDLE_RATIO = _ratio(
    "idle_ratio", "Taux de ralenti", "Idle ratio", over=("idle_h", "engine_h"), form="percent"
)
FUEL_LPH = _ratio("fuel_lph", "Consommation (L/h)", "Fuel rate (L/h)", over=("fuel_l", "engine_h"))
COST_PER_H = _ratio(
    "cost_per_h", "Coût horaire", "Hourly cost", over=("cost", "engine_h"), form="money"
)
RATIOS = (UTILISATION, PRODUCTIVITY, IDLE_RATIO, FUEL_LPH, COST_PER_H)
KPIS = (
    ENGINE_H,
    UTILISATION,
    PRODUCTIVITY,
    IDLE_RATIO,
    STILL_OPEN,
    CRITICAL,
    FUEL_L,
    FUEL_LPH,
    WASTED_L,
    CO2E,
    COST,
    COST_PER_H,
)

OVERVIEW = Sheet("overview", Text("Vue d'ensemble", "Overview"))
ALERT_SHEET = Sheet("alerts", Text("Alertes", "Alerts"))
SHEETS = (OVERVIEW, ALERT_SHEET)

_FUEL_AND_COST = Visual(
    "fuel-and-cost-by-day",
    "overview",
    "combined",
    Text("Carburant et coût par jour", "Fuel and cost by day"),
    (FUEL_L, COST),
    ("day",),
)
_FUEL_BY_DAY = Visual(
    "fuel-by-day",
    "overview",
    "stacked",
    Text("Carburant par jour (L)", "Fuel by day (L)"),
    (FUEL_L,),
    ("day",),
)
_CHARTS = (
    Visual(
        "hours-by-state",
        "overview",
        "stacked",
        Text("Heures par état et par jour", "Hours by state and day"),
        (WORK_H, IDLE_H),
        ("day",),
    ),
    _FUEL_AND_COST,
    Visual(
        "fuel-by-machine",
        "overview",
        "bars",
        Text("Carburant par engin (L)", "Fuel by machine (L)"),
        (FUEL_L,),
        ("name",),
    ),
    Visual(
        "cost-by-machine",
        "overview",
        "bars",
        Text("Coût par engin et par nature", "Cost by machine and kind"),
        COSTS,
        ("name",),
    ),
    Visual(
        "machines",
        "overview",
        "table",
        Text("Les engins", "Machines"),
        (ENGINE_H, UTILISATION, IDLE_RATIO, FUEL_L, FUEL_LPH, COST, COST_PER_H, OPENED),
        ("name", "zone_name"),
        width=36,
    ),
    Visual(
        "alerts-by-code",
        "alerts",
        "bars",
        Text("Alertes par nature et gravité", "Alerts by kind and severity"),
        (ALERT_COUNT,),
        ("title",),
        "severity_name",
    ),
    Visual(
        "alerts-by-day",
        "alerts",
        "stacked",
        Text("Alertes par jour et gravité", "Alerts by day and severity"),
        (ALERT_COUNT,),
        ("day",),
        "severity_name",
    ),
    Visual(
        "alerts-by-machine",
        "alerts",
        "bars",
        Text("Alertes par engin et gravité", "Alerts by machine and severity"),
        (ALERT_COUNT,),
        ("name",),
        "severity_name",
        width=12,
    ),
    Visual(
        "alerts-listed",
        "alerts",
        "table",
        Text("Les alertes", "Alerts"),
        (LASTED, STILL_OPEN),
        ("opened_local", "name", "title", "fault", "severity_name"),
        width=24,
    ),
)


def visuals(*, rates: bool) -> tuple[Visual, ...]:
    """Every visual, in the order in which the sheets are filled.

    Args:
        rates: whether the site says what hours and litres cost; without, nothing that is
            money is shown.
    """
    chosen = tuple(_kpi(one) for one in KPIS) + _CHARTS
    if rates:
        return chosen
    kept = (_FUEL_BY_DAY if one.id == _FUEL_AND_COST.id else _without_money(one) for one in chosen)
    return tuple(one for one in kept if one.measures)


def _kpi(one: Measure) -> Visual:
    name = f"kpi-{one.name.replace('_', '-')}"
    return Visual(name, "overview", "kpi", one.title, (one,), width=6, height=6)


def _without_money(one: Visual) -> Visual:
    return one._replace(measures=tuple(m for m in one.measures if m.form != "money"))


class Place(NamedTuple):
    """Where a visual stands on its sheet's grid."""

    visual: Visual
    column: int
    row: int


def places(chosen: tuple[Visual, ...], sheet: Sheet) -> list[Place]:
    """The visuals of a sheet from left to right, in as many rows as they need."""
    found: list[Place] = []
    column = row = height = 0
    for one in chosen:
        if one.sheet != sheet.id:
            continue
        if column + one.width > COLUMNS:
            column, row, height = 0, row + height, 0
        found.append(Place(one, column, row))
        column, height = column + one.width, max(height, one.height)
    return found

"""The dashboard's description, and the checks of what a dashboard refers to."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from chantier.aggregates import ALERT_COLUMNS, HOUR_COLUMNS
from chantier.dashboard_checks import RULES, check_dashboards
from chantier.dashboards import COLUMNS, KPIS, RATIOS, SHEETS, places, visuals
from chantier.data_sets import DATA_SETS, severities, sql, titles
from chantier.detection.catalogue import DEFAULTS
from chantier.site import EXAMPLE, Site
from chantier.template import build

Resources = dict[str, Any]


def site(**changed: Any) -> Site:
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"] |= changed.pop("site", {})
    return Site.model_validate(said | changed)


def resources(chosen: Site) -> Resources:
    found: Resources = build(chosen).to_dict()["Resources"]
    return found


@pytest.fixture(scope="module")
def built() -> Resources:
    return resources(site())


@pytest.mark.parametrize("rates", [True, False])
def test_every_visual_has_its_own_id_and_stands_inside_the_grid(rates: bool) -> None:  # noqa: FBT001 - a case
    chosen = visuals(rates=rates)
    assert len({one.id for one in chosen}) == len(chosen)
    placed = [place for sheet in SHEETS for place in places(chosen, sheet)]
    assert sorted(place.visual.id for place in placed) == sorted(one.id for one in chosen)
    assert all(place.column + place.visual.width <= COLUMNS for place in placed)


def test_every_column_that_a_visual_names_is_in_its_data_set() -> None:
    for one in visuals(rates=True):
        names = {column.name for column in one.data_set.columns}
        asked = {*one.by, *([one.colour] if one.colour else [])}
        for measure in one.measures:
            asked |= set(measure.over or (measure.name,))
            assert measure.data_set == one.data_set.name, "a visual reads one data set"
        assert asked <= names


def test_every_kpi_of_the_trade_is_a_sum_or_a_sum_over_a_sum() -> None:
    assert [one.title.fr for one in KPIS] == [
        "Heures moteur",
        "Taux d'utilisation",
        "Taux de productivité",
        "Taux de ralenti",
        "Alertes en cours",
        "Alertes critiques",
        "Carburant (L)",
        "Consommation (L/h)",
        "Carburant gaspillé (L)",
        "CO2e du puits à la roue (kg)",
        "Coût",
        "Coût horaire",
    ]
    assert {one.name: one.over for one in RATIOS} == {
        "utilisation": ("engine_h", "planned_h"),
        "productivity": ("work_h", "planned_h"),
        "idle_ratio": ("idle_h", "engine_h"),
        "fuel_lph": ("fuel_l", "engine_h"),
        "cost_per_h": ("cost", "engine_h"),
    }


def test_a_site_without_rates_is_shown_no_money() -> None:
    shown = visuals(rates=False)
    assert not [one.id for one in shown for measure in one.measures if measure.form == "money"]
    assert "fuel-by-day" in {one.id for one in shown}
    assert "fuel-by-day" not in {one.id for one in visuals(rates=True)}


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_two_columns_of_a_data_set_are_called_the_same(language: str) -> None:
    for data_set in DATA_SETS.values():
        said = [column.title.to(language) for column in data_set.columns]
        said += [one.title.to(language) for one in RATIOS if one.data_set == data_set.name]
        assert len(set(said)) == len(said)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_sql_names_every_alert_and_severity_in_the_sites_language(language: str) -> None:
    asked = sql(DATA_SETS["alerts"], database="d", language=language, days=9)
    words = [*titles(language).values(), *severities(language).values()]
    assert len(words) == len(DEFAULTS) + 3
    assert all(word.replace("'", "''") in asked for word in words)


def test_a_column_that_is_not_made_is_one_of_the_table() -> None:
    tables = {"hours": HOUR_COLUMNS, "alerts": ALERT_COLUMNS}
    for data_set in DATA_SETS.values():
        plain = {column.name for column in data_set.columns if not column.sql}
        assert plain <= tables[data_set.table].keys()
        assert data_set.local in tables[data_set.table]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("size", ["starter", "fleet"])
@pytest.mark.parametrize("rates", [True, False])
def test_the_checks_find_nothing_in_any_dashboard_of_ours(
    language: str,
    size: str,
    rates: bool,  # noqa: FBT001 - a case
) -> None:
    chosen = site(site={"language": language, "size": size}, **({} if rates else {"rates": None}))
    assert check_dashboards(resources(chosen)) == []


Break = Callable[[dict[str, Any]], object]


def visual(definition: dict[str, Any], name: str) -> dict[str, Any]:
    """What a visual holds, whatever its shape."""
    found: dict[str, Any] = next(
        inner
        for sheet in definition["Sheets"]
        for one in sheet["Visuals"]
        for inner in one.values()
        if inner["VisualId"] == name
    )
    return found


def value(definition: dict[str, Any], name: str) -> dict[str, Any]:
    wells = visual(definition, name)["ChartConfiguration"]["FieldWells"]
    found: dict[str, Any] = wells["Values"][0]["NumericalMeasureField"]
    return found


def category(definition: dict[str, Any], name: str) -> dict[str, Any]:
    wells = visual(definition, name)["ChartConfiguration"]["FieldWells"]
    found: dict[str, Any] = wells["BarChartAggregatedFieldWells"]["Category"][0]
    return found


def elements(definition: dict[str, Any], layout: str = "Layouts") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = definition["Sheets"][0][layout][0]["Configuration"][
        "GridLayout"
    ]["Elements"]
    return found


def scope(definition: dict[str, Any]) -> dict[str, Any]:
    chosen = definition["FilterGroups"][0]["ScopeConfiguration"]["SelectedSheets"]
    found: dict[str, Any] = chosen["SheetVisualScopingConfigurations"][0]
    return found


# Rule, what is broken, a word of the message, and how.
BREAKS: dict[str, tuple[str, str, Break]] = {
    "a field of a data set that is not declared": (
        "CH101",
        "'hour'",
        lambda d: value(d, "kpi-engine-h")["Column"].update(DataSetIdentifier="hour"),
    ),
    "a data set that is not in the template": (
        "CH101",
        "QuickSightDays",
        lambda d: d["DataSetIdentifierDeclarations"][0].update(
            DataSetArn={"Fn::GetAtt": ["QuickSightDays", "Arn"]}
        ),
    ),
    "a column that the data set does not have": (
        "CH102",
        "'Heures'",
        lambda d: value(d, "kpi-engine-h")["Column"].update(ColumnName="Heures"),
    ),
    "a column of the SQL that bears another name since": (
        "CH102",
        "'engine_h'",
        lambda d: value(d, "kpi-engine-h")["Column"].update(ColumnName="engine_h"),
    ),
    "a filter of a column of the other data set": (
        "CH102",
        "'Gravité'",
        lambda d: d["FilterGroups"][2]["Filters"][0]["CategoryFilter"]["Column"].update(
            ColumnName="Gravité"
        ),
    ),
    "a visual of a calculation that is gone": (
        "CH102",
        "'Coût horaire'",
        lambda d: d["CalculatedFields"].pop(),
    ),
    "a calculation of a column that does not exist": (
        "CH103",
        "'Heure moteur'",
        lambda d: d["CalculatedFields"][0].update(Expression="sum({Heure moteur})"),
    ),
    "a calculation of a parameter that does not exist": (
        "CH103",
        "'Price'",
        lambda d: d["CalculatedFields"][0].update(Expression="sum({Carburant (L)}) * ${Price}"),
    ),
    "a filter by a parameter that is not declared": (
        "CH104",
        "'Until'",
        lambda d: d["FilterGroups"][0]["Filters"][0]["TimeRangeFilter"].update(
            RangeMaximumValue={"Parameter": "Until"}
        ),
    ),
    "a control of a parameter that is not declared": (
        "CH104",
        "'Until'",
        lambda d: d["Sheets"][1]["ParameterControls"][1]["DateTimePicker"].update(
            SourceParameterName="Until"
        ),
    ),
    "a filter on a sheet that does not exist": (
        "CH105",
        "'costs'",
        lambda d: scope(d).update(SheetId="costs"),
    ),
    "a filter of a visual that does not exist": (
        "CH105",
        "'kpi-profit'",
        lambda d: scope(d).update(Scope="SELECTED_VISUALS", VisualIds=["kpi-profit"]),
    ),
    "a control of a filter that does not exist": (
        "CH105",
        "'machine'",
        lambda d: d["Sheets"][0]["FilterControls"][0]["CrossSheet"].update(
            SourceFilterId="machine"
        ),
    ),
    "a place for a visual that is gone": (
        "CH106",
        "'kpi-engine-h'",
        lambda d: d["Sheets"][0]["Visuals"].pop(0),
    ),
    "a place for a control that is gone": (
        "CH106",
        "'overview-name'",
        lambda d: d["Sheets"][0]["FilterControls"].pop(0),
    ),
    "a visual with the id of another": (
        "CH107",
        "'alerts-by-day'",
        lambda d: visual(d, "machines").update(VisualId="alerts-by-day"),
    ),
    "a control with the id of one on another sheet": (
        "CH107",
        "'overview-DateFrom'",
        lambda d: d["Sheets"][1]["ParameterControls"][0]["DateTimePicker"].update(
            ParameterControlId="overview-DateFrom"
        ),
    ),
    "a calculation with the name of a column": (
        "CH107",
        "'hours.Coût'",
        lambda d: d["CalculatedFields"][0].update(Name="Coût"),
    ),
    "two filters with one id": (
        "CH107",
        "'name'",
        lambda d: d["FilterGroups"][3]["Filters"][0]["CategoryFilter"].update(FilterId="name"),
    ),
    "a dimension that is a word and a time": (
        "CH108",
        "CategoricalDimensionField and DateDimensionField",
        lambda d: category(d, "fuel-by-machine").update(
            category(d, "hours-by-state"),
        ),
    ),
    "an entry of two visuals": (
        "CH108",
        "here are 2",
        lambda d: d["Sheets"][0]["Visuals"][0].update(d["Sheets"][0]["Visuals"][16]),
    ),
    "a filter control that is nothing": (
        "CH108",
        "here are 0",
        lambda d: d["Sheets"][0]["FilterControls"][0].clear(),
    ),
    "a range from a parameter and a fixed day": (
        "CH108",
        "Parameter and StaticValue",
        lambda d: d["FilterGroups"][0]["Filters"][0]["TimeRangeFilter"][
            "RangeMinimumValue"
        ].update(StaticValue="2026-01-01T00:00:00Z"),
    ),
    "a visual that ends beyond the grid": (
        "CH109",
        "column 37 of 36",
        lambda d: elements(d)[5].update(ColumnIndex=31),
    ),
    "a control beyond the bar of controls": (
        "CH109",
        "column 13 of 12",
        lambda d: elements(d, "SheetControlLayouts")[3].update(ColumnIndex=11),
    ),
    "two visuals on one place": (
        "CH109",
        "overlap",
        lambda d: elements(d)[1].update(ColumnIndex=5),
    ),
    "a visual without a place": (
        "CH110",
        "VISUAL 'kpi-engine-h'",
        lambda d: elements(d).pop(0),
    ),
    "a control without a place": (
        "CH110",
        "PARAMETER_CONTROL 'overview-DateFrom'",
        lambda d: elements(d, "SheetControlLayouts").pop(0),
    ),
    "a ratio that is added up again": (
        "CH111",
        "its own calculation",
        lambda d: value(d, "kpi-utilisation").update(
            AggregationFunction={"SimpleNumericalAggregation": "AVERAGE"}
        ),
    ),
    "hours that are not added up": (
        "CH111",
        "no AggregationFunction",
        lambda d: value(d, "kpi-engine-h").pop("AggregationFunction"),
    ),
    "a parameter without a control": (
        "CH112",
        "control for parameter 'DateFrom'",
        lambda d: [sheet["ParameterControls"].pop(0) for sheet in d["Sheets"]],
    ),
    "a parameter without a value": (
        "CH112",
        "'DateFrom' has no value",
        lambda d: d["ParameterDeclarations"][0]["DateTimeParameterDeclaration"].pop(
            "DefaultValues"
        ),
    ),
    "a time as a word": (
        "CH113",
        "'Jour' is DATETIME",
        lambda d: category(d, "fuel-by-machine")["CategoricalDimensionField"]["Column"].update(
            ColumnName="Jour"
        ),
    ),
    "a word as a figure": (
        "CH113",
        "'Engin' is STRING",
        lambda d: value(d, "kpi-engine-h")["Column"].update(ColumnName="Engin"),
    ),
    "a sort by a field that is not there": (
        "CH114",
        "'fuel'",
        lambda d: visual(d, "fuel-by-machine")["ChartConfiguration"]["SortConfiguration"][
            "CategorySort"
        ][0]["FieldSort"].update(FieldId="fuel"),
    ),
}


@pytest.mark.parametrize("case", BREAKS)
def test_a_broken_dashboard_is_found_and_told(case: str, built: Resources) -> None:
    rule, word, spoil = BREAKS[case]
    broken = copy.deepcopy(built)
    spoil(broken["QuickSightDashboard"]["Properties"]["Definition"])
    found = check_dashboards(broken)
    told = [one for one in found if one.rule == rule]
    assert told, found
    assert any(word in one.message for one in told), told
    assert {one.resource for one in told} == {"QuickSightDashboard"}
    assert all(one.path.startswith("Definition.") for one in told)


def test_every_rule_was_seen_to_find_something() -> None:
    assert {rule for rule, _, _ in BREAKS.values()} == set(RULES)


def test_a_data_set_with_two_sources_is_found(built: Resources) -> None:
    broken = copy.deepcopy(built)
    table = broken["QuickSightHours"]["Properties"]["PhysicalTableMap"]["hours"]
    table["S3Source"] = {}
    (found,) = check_dashboards(broken)
    assert (found.rule, found.resource) == ("CH108", "QuickSightHours")
    assert found.path == "Properties.PhysicalTableMap.hours"


def test_a_data_set_of_another_stack_is_trusted(built: Resources) -> None:
    foreign = copy.deepcopy(built)
    definition = foreign["QuickSightDashboard"]["Properties"]["Definition"]
    for one in definition["DataSetIdentifierDeclarations"]:
        one["DataSetArn"] = "arn:aws:quicksight:eu-west-3:123456789012:dataset/theirs"
    assert check_dashboards(foreign) == []


def test_columns_that_are_cast_made_and_dropped_are_followed(built: Resources) -> None:
    changed = copy.deepcopy(built)
    steps = changed["QuickSightHours"]["Properties"]["LogicalTableMap"]["hours"]["DataTransforms"]
    made = {"ColumnName": "Double", "ColumnId": "d", "Expression": "{Coût} * 2"}
    steps.append({"CreateColumnsOperation": {"Columns": [made]}})
    column = value(changed["QuickSightDashboard"]["Properties"]["Definition"], "kpi-engine-h")
    column["Column"]["ColumnName"] = "Double"
    assert check_dashboards(changed) == []
    cast = {"ColumnName": "Coût", "NewColumnType": "STRING"}
    steps.append({"CastColumnTypeOperation": cast})
    assert {one.rule for one in check_dashboards(changed)} == {"CH113"}
    steps.append({"ProjectOperation": {"ProjectedColumns": ["Double"]}})
    assert "CH102" in {one.rule for one in check_dashboards(changed)}

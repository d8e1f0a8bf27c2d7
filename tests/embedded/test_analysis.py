"""The tables of the template answer: the SQL of the dashboard, run by Athena over files in S3."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chantier.aggregates import (
    ALERT_COLUMNS,
    HOUR_ALERTS,
    HOUR_COLUMNS,
    HOURS,
    hour_key,
)
from chantier.cloud import Cloud
from chantier.dashboards import KPIS, Measure
from chantier.records import RAW
from chantier.site import Site
from chantier.template import build
from tests.embedded.conftest import deploy_site, example_site, until

pytest.importorskip("duckdb", reason="the embedded AWS answers SQL with DuckDB")
pytestmark = pytest.mark.embedded

Row = dict[str, Any]
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)


def hour(day: int, clock: int) -> datetime:
    return TODAY - timedelta(days=day) + timedelta(hours=clock)


def hours_row(machine: str, at: datetime, **said: Any) -> Row:
    """A machine's hour on the site's clock, an hour ahead of UTC; nothing else said is 0."""
    numbers = {name: 0.0 for name, kind in HOUR_COLUMNS.items() if kind in ("double", "int")}
    texts = {"site": "bilan", "machine": machine, "label": "", "class": "roller", "zone": None}
    times = {"hour": f"{at}", "hour_local": f"{at + timedelta(hours=1)}"}
    return numbers | texts | times | {"currency": "EUR", "meter_changed": False} | said


def alert_row(machine: str, at: datetime, severity: str, *, lasted: float | None) -> Row:
    closed = None if lasted is None else f"{at + timedelta(minutes=lasted)}"
    texts = {"site": "bilan", "machine": machine, "label": "Pelle 22 t", "class": "roller"}
    opened = {"opened_at": f"{at}", "opened_local": f"{at + timedelta(hours=1)}"}
    said = {"zone": "bassin", "code": "OIL_PRESS_LOW", "fault": "", "severity": severity}
    return texts | opened | said | {"closed_at": closed, "lasted_min": lasted}


# Three machines, three hours, two days; TB-001 has an hour meter and nothing else.
# The second evening's row is tomorrow on the site's clock.
WORKED: dict[datetime, list[Row]] = {
    hour(1, 8): [
        hours_row(
            "EX-001",
            hour(1, 8),
            label="Pelle 22 t",
            zone="bassin",
            engine_h=1.0,
            idle_h=0.25,
            work_h=0.75,
            planned_h=1.0,
            fuel_l=16.0,
            idle_fuel_l=1.0,
            fuel_cost=20.0,
            cost=40.0,
            co2e_kg=50.72,
            alerts_critical=1,
        ),
        hours_row("CO-001", hour(1, 8), planned_h=1.0),
        hours_row("TB-001", hour(1, 8), engine_h=1.0, planned_h=1.0)
        | dict.fromkeys(("idle_h", "work_h", "fuel_l", "idle_fuel_l", "cost", "co2e_kg")),
    ],
    hour(1, 23): [
        hours_row(
            "EX-001",
            hour(1, 23),
            label="Pelle 22 t",
            zone="bassin",
            engine_h=0.2,
            idle_h=0.2,
            planned_h=0.0,
            fuel_l=0.8,
            idle_fuel_l=0.8,
            cost=2.0,
            co2e_kg=2.536,
            alerts_info=1,
        ),
    ],
    hour(0, 9): [
        hours_row(
            "CO-001",
            hour(0, 9),
            engine_h=0.8,
            idle_h=0.15,
            work_h=0.65,
            planned_h=1.0,
            fuel_l=7.2,
            idle_fuel_l=0.6,
            cost=18.0,
            co2e_kg=22.824,
            alerts_warning=1,
        ),
    ],
    # Older than the dashboard goes.
    hour(500, 9): [hours_row("EX-001", hour(500, 9), engine_h=1000.0)],
}
OPENED: dict[datetime, list[Row]] = {
    hour(1, 8): [alert_row("EX-001", hour(1, 8), "critical", lasted=12.5)],
    hour(1, 23): [alert_row("EX-001", hour(1, 23), "info", lasted=3.5)],
    hour(0, 9): [alert_row("CO-001", hour(0, 9), "warning", lasted=None)],
}
KPI_FIGURES = {
    "engine_h": 3.0,
    "utilisation": 3.0 / 4.0,
    "productivity": 1.4 / 3.0,
    # The mean of the three ratios would be 0.4792; over every engine hour it would be 0.2.
    "idle_ratio": 0.3,
    "still_open": 1,
    "critical": 1,
    "fuel_l": 24.0,
    "fuel_lph": 12.0,
    "idle_fuel_l": 2.4,
    "co2e_kg": 76.08,
    "cost": 60.0,
    "cost_per_h": 30.0,
}


class Asked:
    """A deployed site, its tables filled, and what they answer."""

    def __init__(self, cloud: Cloud, site: Site, outputs: dict[str, str]) -> None:
        self.cloud = cloud
        self.site = site
        self.outputs = outputs
        resources = build(site).to_dict()["Resources"]
        self.sql = {
            name: resources[f"QuickSight{name.title()}"]["Properties"]["PhysicalTableMap"][name][
                "CustomSql"
            ]["SqlQuery"]
            for name in ("hours", "alerts")
        }

    def put(self, key: str, rows: list[Row]) -> None:
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        bucket = self.outputs["DataBucketName"]
        self.cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=lines.encode())

    def rows(self, sql: str) -> list[list[str | None]]:
        athena = self.cloud.client("athena")
        asked = athena.start_query_execution(
            QueryString=sql, WorkGroup=self.outputs["WorkGroupName"]
        )["QueryExecutionId"]
        status = until(
            lambda: athena.get_query_execution(QueryExecutionId=asked)["QueryExecution"]["Status"],
            lambda status: status["State"] in ("SUCCEEDED", "FAILED"),
        )
        assert status["State"] == "SUCCEEDED", status
        found = athena.get_query_results(QueryExecutionId=asked)["ResultSet"]["Rows"]
        return [[cell.get("VarCharValue") for cell in row["Data"]] for row in found[1:]]

    def select(self, columns: str, data_set: str, rest: str = "") -> list[list[str | None]]:
        """Ask the dashboard's own query as a table."""
        return self.rows(f"SELECT {columns} FROM ({self.sql[data_set]}) AS d {rest}")  # noqa: S608 - texts of this file


@pytest.fixture(scope="module")
def asked(cloud: Cloud, project: Path) -> Asked:
    stage = deploy_site(cloud, example_site("bilan", "B-"), project)
    asked = Asked(cloud, stage.site, stage.outputs)
    for prefix, table in ((HOURS, WORKED), (HOUR_ALERTS, OPENED)):
        for at, rows in table.items():
            asked.put(hour_key(prefix, f"{at:%Y-%m-%dT%H:%M:%SZ}"), rows)
    return asked


def test_the_rows_of_these_tests_are_those_of_the_contract() -> None:
    assert WORKED[hour(1, 8)][0].keys() == HOUR_COLUMNS.keys()
    assert OPENED[hour(1, 8)][0].keys() == ALERT_COLUMNS.keys()


def figure(measure: Measure) -> str:
    """The SQL of what the dashboard's field does."""
    if measure.over is None:
        return f"sum({measure.name})"
    above, below = measure.over
    return f"sum({above}) / sum(CASE WHEN {above} IS NOT NULL THEN {below} END)"


@pytest.mark.parametrize("measure", KPIS, ids=lambda measure: measure.name)
def test_a_kpi_is_the_figure_of_the_whole_fleet(measure: Measure, asked: Asked) -> None:
    ((found,),) = asked.select(figure(measure), measure.data_set)
    assert found is not None
    assert float(found) == pytest.approx(KPI_FIGURES[measure.name])


def test_every_kpi_of_the_dashboard_is_asked_here() -> None:
    assert set(KPI_FIGURES) == {one.name for one in KPIS}


def test_hours_are_told_by_the_sites_own_day(asked: Asked) -> None:
    columns = "day, sum(work_h), sum(idle_h), sum(alerts_opened)"
    found = asked.select(columns, "hours", "GROUP BY day ORDER BY day")
    days = [str(day)[:10] for day, *_ in found]
    assert days == [f"{TODAY - timedelta(days=1):%Y-%m-%d}", f"{TODAY:%Y-%m-%d}"]
    figures = [[float(one or "nan") for one in row[1:]] for row in found]
    assert figures == [pytest.approx([0.75, 0.25, 1]), pytest.approx([0.65, 0.35, 2])]


def test_a_machine_and_its_zone_are_told_in_words(asked: Asked) -> None:
    found = asked.select("DISTINCT name, zone_name", "hours", "ORDER BY name")
    assert found == [
        ["CO-001", "sans zone"],
        ["EX-001 · Pelle 22 t", "bassin"],
        ["TB-001", "sans zone"],
    ]


def test_alerts_are_told_in_the_sites_language(asked: Asked) -> None:
    columns = "name, title, severity_name, still_open, critical"
    found = asked.select(columns, "alerts", "ORDER BY opened_local")
    assert found == [
        ["EX-001 · Pelle 22 t", "pression d'huile basse", "critique", "0", "1"],
        ["EX-001 · Pelle 22 t", "pression d'huile basse", "information", "0", "0"],
        ["CO-001 · Pelle 22 t", "pression d'huile basse", "avertissement", "1", "0"],
    ]


def test_an_hour_that_is_counted_again_changes_nothing_but_itself(asked: Asked) -> None:
    at = hour(0, 9)
    asked.put(hour_key(HOURS, f"{at:%Y-%m-%dT%H:%M:%SZ}"), WORKED[at])
    ((found,),) = asked.select("sum(engine_h)", "hours")
    assert float(found or "nan") == pytest.approx(3.0)


def test_raw_messages_can_be_asked(asked: Asked) -> None:
    readings = [{"t": "2026-11-22T09:14:05Z", "eng": True, "rpm": 1648, "fuel_lph": 16.4}]
    message = {"v": 1, "readings": readings, "site": "bilan", "machine": "EX-001"}
    day = f"{TODAY:%Y-%m-%d}"
    asked.put(f"{RAW}dt={day}/one", [message | {"arrived_at": 1_795_338_845_000}])
    table = f"{asked.outputs['DatabaseName']}.raw"
    found = asked.rows(f"SELECT machine, readings[1].fuel_lph FROM {table} WHERE dt = '{day}'")  # noqa: S608 - texts of this file
    assert found == [["EX-001", "16.4"]]


def test_quicksight_stays_out_of_the_stack_and_the_tables_are_in_it(asked: Asked) -> None:
    listed = asked.cloud.client("cloudformation").describe_stack_resources(
        StackName="chantier-bilan"
    )["StackResources"]
    kinds = {one["ResourceType"] for one in listed}
    assert {"AWS::Glue::Database", "AWS::Glue::Table", "AWS::Athena::WorkGroup"} <= kinds
    assert not [kind for kind in kinds if "QuickSight" in kind]
    assert "QuickSightUrl" not in asked.outputs


def test_the_work_group_is_as_the_template_says(asked: Asked) -> None:
    group = asked.cloud.client("athena").get_work_group(WorkGroup=asked.outputs["WorkGroupName"])
    configuration = group["WorkGroup"]["Configuration"]
    assert configuration["BytesScannedCutoffPerQuery"] == 10**9
    assert configuration["ResultConfiguration"]["OutputLocation"].endswith("/athena/")


def test_a_deleted_stack_leaves_no_table_behind(cloud: Cloud, project: Path) -> None:
    done = deploy_site(cloud, example_site("passing", "P-"), project)
    glue, athena = cloud.client("glue"), cloud.client("athena")
    tables = glue.get_tables(DatabaseName=done.outputs["DatabaseName"])["TableList"]
    assert {one["Name"] for one in tables} == {"hours", "alerts", "raw"}
    formation = cloud.client("cloudformation")
    (stack,) = formation.describe_stacks(StackName="chantier-passing")["Stacks"]
    formation.delete_stack(StackName="chantier-passing")
    status = until(
        lambda: formation.describe_stacks(StackName=stack["StackId"])["Stacks"][0]["StackStatus"],
        lambda status: status in ("DELETE_COMPLETE", "DELETE_FAILED"),
    )
    assert status == "DELETE_COMPLETE"
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.get_database(Name=done.outputs["DatabaseName"])
    groups = {one["Name"] for one in athena.list_work_groups()["WorkGroups"]}
    assert "chantier-passing" not in groups

"""Analysis: tables over the files, and QuickSight if somebody is named to see it."""

from __future__ import annotations

from typing import NamedTuple

from troposphere import Output, Ref, Sub, Template
from troposphere.athena import WorkGroup
from troposphere.glue import Database, Table

from chantier.data_sets import ALERTS, HOURS
from chantier.resources import analysis, parameters, quicksight
from chantier.sections.core import Core
from chantier.site import Site

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "8. Analysis: tables over the files, and QuickSight if it is asked for",
        (
            "AnalysisDatabase",
            "HoursTable",
            "HourAlertsTable",
            "RawTable",
            "AnalysisWorkGroup",
            "QuickSightRole",
            "QuickSightSource",
            "QuickSightHours",
            "QuickSightHoursRefresh",
            "QuickSightAlerts",
            "QuickSightAlertsRefresh",
            "QuickSightDashboard",
        ),
    ),
)


class Analysis(NamedTuple):
    """What the other sections build on."""

    database: Database
    hours: Table
    alerts: Table
    work_group: WorkGroup


def add(template: Template, site: Site, core: Core) -> Analysis:
    """Put the tables, the work group and QuickSight in a template."""
    database = analysis.database(site)
    hours = analysis.hours_table(database, core.bucket)
    alerts = analysis.alerts_table(database, core.bucket)
    work_group = analysis.work_group(site, core.bucket)
    built = Analysis(database, hours, alerts, work_group)
    template.add_resource([*built, analysis.raw_table(database, core.bucket)])
    for name, description, value in (
        ("DatabaseName", "Glue database with tables hours, alerts and raw", Ref(database)),
        ("WorkGroupName", "Athena work group to ask them in", Ref(work_group)),
    ):
        template.add_output(Output(name, Description=description, Value=value))
    _quicksight(template, site, core, built)
    return built


def _quicksight(template: Template, site: Site, core: Core, built: Analysis) -> None:
    principal = template.add_parameter(parameters.quicksight_principal())
    template.add_condition(*parameters.has_quicksight(principal))
    role = quicksight.source_role(site, bucket=core.bucket, work_group=built.work_group)
    source = quicksight.data_source(
        site, role=role, work_group=built.work_group, principal=Ref(principal)
    )
    data_sets = {
        shown.name: quicksight.data_set(
            site,
            shown,
            source=source,
            database=built.database,
            table=table,
            principal=Ref(principal),
        )
        for shown, table in ((HOURS, built.hours), (ALERTS, built.alerts))
    }
    board = quicksight.dashboard(site, data_sets, principal=Ref(principal))
    template.add_resource([role, source, *data_sets.values(), board])
    template.add_resource([quicksight.refresh(one) for one in data_sets.values()])
    template.add_output(
        Output(
            "QuickSightUrl",
            Condition=parameters.HAS_QUICKSIGHT,
            Description="The dashboard, for whom QuickSightPrincipalArn names",
            Value=Sub(
                f"https://${{AWS::Region}}.quicksight.aws.amazon.com/sn/dashboards/"
                f"{board.DashboardId}"
            ),
        )
    )

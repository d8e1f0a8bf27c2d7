"""QuickSight over the tables, if somebody is named to see it: data source, data sets, dashboard.

Nothing here exists until a principal is given: QuickSight is paid by the user.
"""

from __future__ import annotations

from typing import ClassVar

import awacs.athena
import awacs.glue
import awacs.s3
from awacs.aws import Condition, StringEquals
from troposphere import AccountId, AWSHelperFn, AWSObject, GetAtt, Ref, Sub, Tags
from troposphere.athena import WorkGroup
from troposphere.glue import Database, Table
from troposphere.iam import Role
from troposphere.s3 import Bucket

from chantier.aggregates import DASHBOARD_DAYS, HOUR_ALERTS, HOURS
from chantier.data_sets import DataSet, sql
from chantier.resources.analysis import database_name
from chantier.resources.dashboard import definition
from chantier.resources.parameters import HAS_QUICKSIGHT
from chantier.resources.policies import allow, regional_arn, role
from chantier.resources.storage import ATHENA_RESULTS
from chantier.site import Site

# What AWS itself grants to an owner.
OWN_SOURCE = (
    "DescribeDataSource",
    "DescribeDataSourcePermissions",
    "PassDataSource",
    "UpdateDataSource",
    "DeleteDataSource",
    "UpdateDataSourcePermissions",
)
OWN_DATA_SET = (
    "DescribeDataSet",
    "DescribeDataSetPermissions",
    "PassDataSet",
    "DescribeIngestion",
    "ListIngestions",
    "UpdateDataSet",
    "DeleteDataSet",
    "CreateIngestion",
    "CancelIngestion",
    "UpdateDataSetPermissions",
)
OWN_DASHBOARD = (
    "DescribeDashboard",
    "ListDashboardVersions",
    "UpdateDashboardPermissions",
    "QueryDashboard",
    "UpdateDashboard",
    "DeleteDashboard",
    "DescribeDashboardPermissions",
    "UpdateDashboardPublishedVersion",
)
_TYPES = {"text": "STRING", "number": "DECIMAL", "count": "INTEGER", "time": "DATETIME"}


class _Plain(AWSObject):  # type: ignore[misc] # troposphere publishes no types
    """A resource in AWS's own words: troposphere's QuickSight module is slow and loses members."""


class DataSource(_Plain):
    """AWS::QuickSight::DataSource, in AWS's own words."""

    resource_type = "AWS::QuickSight::DataSource"
    props: ClassVar = {
        "AwsAccountId": (str, True),
        "DataSourceId": (str, True),
        "DataSourceParameters": (dict, True),
        "Name": (str, True),
        "Permissions": (list, True),
        "Tags": (Tags, False),
        "Type": (str, True),
    }


class QuickSightDataSet(_Plain):
    """AWS::QuickSight::DataSet, in AWS's own words."""

    resource_type = "AWS::QuickSight::DataSet"
    props: ClassVar = {
        "AwsAccountId": (str, True),
        "DataSetId": (str, True),
        "DataSetUsageConfiguration": (dict, True),
        "ImportMode": (str, True),
        "IngestionWaitPolicy": (dict, True),
        "LogicalTableMap": (dict, True),
        "Name": (str, True),
        "Permissions": (list, True),
        "PhysicalTableMap": (dict, True),
        "Tags": (Tags, False),
    }


class RefreshSchedule(_Plain):
    """AWS::QuickSight::RefreshSchedule, in AWS's own words."""

    resource_type = "AWS::QuickSight::RefreshSchedule"
    props: ClassVar = {
        "AwsAccountId": (str, True),
        "DataSetId": (str, True),
        "Schedule": (dict, True),
    }


class Dashboard(_Plain):
    """AWS::QuickSight::Dashboard, in AWS's own words."""

    resource_type = "AWS::QuickSight::Dashboard"
    props: ClassVar = {
        "AwsAccountId": (str, True),
        "DashboardId": (str, True),
        "DashboardPublishOptions": (dict, True),
        "Definition": (dict, True),
        "Name": (str, True),
        "Permissions": (list, True),
        "Tags": (Tags, False),
        "ValidationStrategy": (dict, True),
    }


def source_role(site: Site, *, bucket: Bucket, work_group: WorkGroup) -> Role:
    """What QuickSight may do: ask the two tables, and write what Athena answers."""
    database = database_name(site)
    tables = [regional_arn("glue", f"table/{database}/{name}") for name in ("hours", "alerts")]
    found = role(
        "QuickSightRole",
        service="quicksight.amazonaws.com",
        description="Lets QuickSight read the hourly tables through Athena",
        statements=[
            allow(
                "Ask",
                [
                    awacs.athena.GetWorkGroup,
                    awacs.athena.StartQueryExecution,
                    awacs.athena.GetQueryExecution,
                    awacs.athena.GetQueryResults,
                    awacs.athena.GetQueryResultsStream,
                ],
                [regional_arn("athena", f"workgroup/{work_group.Name}")],
            ),
            allow(
                "KnowColumns",
                [awacs.athena.GetTableMetadata],
                [regional_arn("athena", "datacatalog/AwsDataCatalog")],
            ),
            allow(
                "KnowDatabase",
                [awacs.glue.GetDatabase, awacs.glue.GetDatabases],
                [regional_arn("glue", "catalog"), regional_arn("glue", f"database/{database}")],
            ),
            # Glue asks for a table's database and catalog too.
            allow(
                "KnowTables",
                [
                    awacs.glue.GetTable,
                    awacs.glue.GetTables,
                    awacs.glue.GetPartition,
                    awacs.glue.GetPartitions,
                ],
                [
                    regional_arn("glue", "catalog"),
                    regional_arn("glue", f"database/{database}"),
                    *tables,
                ],
            ),
            # Without a condition on the prefix: HeadBucket, which Athena asks of the place
            # of its results, is this action and names none.
            allow(
                "FindBucket",
                [
                    awacs.s3.GetBucketLocation,
                    awacs.s3.ListBucket,
                    awacs.s3.ListBucketMultipartUploads,
                ],
                [GetAtt(bucket, "Arn")],
            ),
            allow(
                "ReadHours",
                [awacs.s3.GetObject],
                [_objects(bucket, HOURS), _objects(bucket, HOUR_ALERTS)],
            ),
            allow(
                "KeepResults",
                [
                    awacs.s3.GetObject,
                    awacs.s3.PutObject,
                    awacs.s3.AbortMultipartUpload,
                    awacs.s3.ListMultipartUploadParts,
                ],
                [_objects(bucket, ATHENA_RESULTS)],
            ),
        ],
    )
    found.Condition = HAS_QUICKSIGHT
    # It acts for a data source whose ARN it does not send; the account is what it says.
    (trust,) = found.AssumeRolePolicyDocument.properties["Statement"]
    trust.Condition = Condition(StringEquals({"aws:SourceAccount": AccountId}))
    return found


def _objects(bucket: Bucket, prefix: str) -> Sub:
    return Sub(f"${{{bucket.title}.Arn}}/{prefix}*")


def data_source(site: Site, *, role: Role, work_group: WorkGroup, principal: Ref) -> DataSource:
    """Athena as QuickSight sees it, with a role of its own."""
    return DataSource(
        "QuickSightSource",
        Condition=HAS_QUICKSIGHT,
        AwsAccountId=AccountId,
        DataSourceId=f"chantier-{site.name}",
        Name=f"chantier {site.name}",
        Type="ATHENA",
        DataSourceParameters={
            "AthenaParameters": {"WorkGroup": Ref(work_group), "RoleArn": GetAtt(role, "Arn")}
        },
        Permissions=_owned(principal, OWN_SOURCE),
    )


def data_set(  # noqa: PLR0913 - keyword-only: the parts that it is wired to
    site: Site,
    shown: DataSet,
    *,
    source: DataSource,
    database: Database,
    table: Table,
    principal: Ref,
) -> QuickSightDataSet:
    """A data set in SPICE, its columns named in the site's language."""
    language = site.site.language
    query = sql(
        shown,
        database=database_name(site),
        language=language,
        days=DASHBOARD_DAYS[site.site.size],
    )
    return QuickSightDataSet(
        f"QuickSight{shown.name.title()}",
        Condition=HAS_QUICKSIGHT,
        # The query names them as text, which CloudFormation does not read.
        DependsOn=[database, table],
        AwsAccountId=AccountId,
        DataSetId=f"chantier-{site.name}-{shown.name}",
        Name=f"{shown.title.to(language)} ({site.name})",
        ImportMode="SPICE",
        IngestionWaitPolicy={"WaitForSpiceIngestion": False},
        DataSetUsageConfiguration={
            "DisableUseAsDirectQuerySource": False,
            "DisableUseAsImportedSource": False,
        },
        PhysicalTableMap={
            shown.name: {
                "CustomSql": {
                    "Name": shown.name,
                    "DataSourceArn": GetAtt(source, "Arn"),
                    "SqlQuery": query,
                    "Columns": [
                        {"Name": one.name, "Type": _TYPES[one.kind]} for one in shown.columns
                    ],
                }
            }
        },
        LogicalTableMap={
            shown.name: {
                "Alias": shown.name,
                "Source": {"PhysicalTableId": shown.name},
                "DataTransforms": [
                    {
                        "RenameColumnOperation": {
                            "ColumnName": one.name,
                            "NewColumnName": one.title.to(language),
                        }
                    }
                    for one in shown.columns
                ],
            }
        },
        Permissions=_owned(principal, OWN_DATA_SET),
    )


def refresh(data_set: QuickSightDataSet) -> RefreshSchedule:
    """A full refresh every hour; it has no start, which a later update could not repeat."""
    return RefreshSchedule(
        f"{data_set.title}Refresh",
        Condition=HAS_QUICKSIGHT,
        # Its id is text: Ref of a data set is account and id together.
        DependsOn=[data_set],
        AwsAccountId=AccountId,
        DataSetId=data_set.DataSetId,
        Schedule={
            "ScheduleId": "hourly",
            "RefreshType": "FULL_REFRESH",
            "ScheduleFrequency": {"Interval": "HOURLY"},
        },
    )


def dashboard(site: Site, data_sets: dict[str, QuickSightDataSet], *, principal: Ref) -> Dashboard:
    """The dashboard; what costs extra, or answers in its own words, is off."""
    arns: dict[str, AWSHelperFn] = {name: GetAtt(one, "Arn") for name, one in data_sets.items()}
    off = {"AvailabilityStatus": "DISABLED"}
    return Dashboard(
        "QuickSightDashboard",
        Condition=HAS_QUICKSIGHT,
        AwsAccountId=AccountId,
        DashboardId=f"chantier-{site.name}",
        Name=site.site.label,
        Definition=definition(site, arns),
        ValidationStrategy={"Mode": "STRICT"},
        DashboardPublishOptions={
            "AdHocFilteringOption": {"AvailabilityStatus": "ENABLED"},
            "ExportToCSVOption": {"AvailabilityStatus": "ENABLED"},
            "SheetControlsOption": {"VisibilityState": "EXPANDED"},
            "DataQAEnabledOption": off,
            "DataStoriesSharingOption": off,
            "ExecutiveSummaryOption": off,
        },
        Permissions=_owned(principal, OWN_DASHBOARD),
    )


def _owned(principal: Ref, actions: tuple[str, ...]) -> list[dict[str, object]]:
    return [{"Principal": principal, "Actions": [f"quicksight:{one}" for one in actions]}]

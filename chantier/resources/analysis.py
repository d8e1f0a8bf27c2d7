"""The tables over the files: hourly aggregates and raw messages, asked through Athena.

A table costs nothing. Partitions are worked out from the date, so that no crawler runs
and a new day needs no statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_type_hints

from troposphere import AccountId, Join, Ref, Sub
from troposphere.athena import (
    EncryptionConfiguration,
    ResultConfiguration,
    WorkGroup,
    WorkGroupConfiguration,
)
from troposphere.glue import (
    Column,
    Database,
    DatabaseInput,
    SerdeInfo,
    StorageDescriptor,
    Table,
    TableInput,
)
from troposphere.s3 import Bucket

from chantier.aggregates import (
    ALERT_COLUMNS,
    HOUR_ALERTS,
    HOUR_COLUMNS,
    HOURS,
    dashboard_bytes,
)
from chantier.records import RAW
from chantier.resources.storage import ATHENA_RESULTS
from chantier.site import Site
from chantier.telemetry import Reading

# The first day that a query may look for; nothing is older.
FIRST_DAY = "2026-01-01"
GIGABYTE = 1_000_000_000
# A query that would read more is stopped: a slip of the hand costs half a cent, or half a dollar.
SCAN_LIMITS = {"starter": GIGABYTE, "fleet": 100 * GIGABYTE}
# The dashboard's own refresh must pass, also when it has grown.
ROOM = 2
_TYPES: dict[Any, str] = {
    int: "bigint",
    str | None: "string",
    bool | None: "boolean",
    float | None: "double",
    tuple[tuple[int, ...], ...]: "array<array<int>>",
    tuple[str, ...]: "array<string>",
}


def database_name(site: Site) -> str:
    """The Glue database of a site; SQL allows no hyphen in it."""
    return "chantier_" + site.name.replace("-", "_")


def database(site: Site) -> Database:
    """Where the tables are."""
    return Database(
        "AnalysisDatabase",
        CatalogId=AccountId,
        DatabaseInput=DatabaseInput(
            Name=database_name(site),
            Description=f"Construction site {site.name}: hours, alerts and raw telemetry",
        ),
    )


def hours_table(database: Database, bucket: Bucket) -> Table:
    """One row a machine and hour."""
    return _table(
        "HoursTable",
        "hours",
        "One row a machine and hour; times UTC, hour_local on the site's clock",
        database=database,
        bucket=bucket,
        prefix=HOURS,
        columns=HOUR_COLUMNS,
    )


def alerts_table(database: Database, bucket: Bucket) -> Table:
    """One row an alert."""
    return _table(
        "HourAlertsTable",
        "alerts",
        "One row an alert, on the day on which it opened",
        database=database,
        bucket=bucket,
        prefix=HOUR_ALERTS,
        columns=ALERT_COLUMNS,
    )


def raw_table(database: Database, bucket: Bucket) -> Table:
    """One row a message, for questions that the aggregates do not answer."""
    columns: dict[str, str | Join] = {
        "v": "int",
        "site": "string",
        "machine": "string",
        "arrived_at": "bigint",
        "readings": _readings(),
    }
    return _table(
        "RawTable",
        "raw",
        "One row a message as it came, by day of arrival; arrived_at in milliseconds UTC",
        database=database,
        bucket=bucket,
        prefix=RAW,
        columns=columns,
    )


def _readings() -> Join:
    """The fields of a reading on the wire; only its time is written otherwise than it is held."""
    types = {name: _TYPES[kind] for name, kind in get_type_hints(Reading).items()}
    fields = [f"{name}:{kind}" for name, kind in (types | {"t": "string"}).items()]
    # Glue allows no blank in a type; joined, each field has a line of the template.
    return Join("", ["array<struct<", Join(",", fields), ">>"])


def _table(  # noqa: PLR0913 - keyword-only: what a table is
    title: str,
    name: str,
    description: str,
    *,
    database: Database,
    bucket: Bucket,
    prefix: str,
    columns: Mapping[str, str | Join],
) -> Table:
    return Table(
        title,
        CatalogId=AccountId,
        DatabaseName=Ref(database),
        TableInput=TableInput(
            Name=name,
            Description=description,
            TableType="EXTERNAL_TABLE",
            PartitionKeys=[Column(Name="dt", Type="string")],
            Parameters=_by_day(bucket, prefix),
            StorageDescriptor=StorageDescriptor(
                Columns=[Column(Name=one, Type=kind) for one, kind in columns.items()],
                Location=Sub(f"s3://${{{bucket.title}}}/{prefix}"),
                InputFormat="org.apache.hadoop.mapred.TextInputFormat",
                OutputFormat="org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
                SerdeInfo=SerdeInfo(
                    SerializationLibrary="org.openx.data.jsonserde.JsonSerDe",
                    # A line that is no JSON is a row of nulls, not the end of the query.
                    Parameters={"ignore.malformed.json": "true"},
                ),
            ),
        ),
    )


def _by_day(bucket: Bucket, prefix: str) -> dict[str, Any]:
    """Partition projection: the days from FIRST_DAY to today, UTC."""
    return {
        "classification": "json",
        "EXTERNAL": "TRUE",
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": f"{FIRST_DAY},NOW",
        "projection.dt.interval": "1",
        "projection.dt.interval.unit": "DAYS",
        "storage.location.template": Sub(f"s3://${{{bucket.title}}}/{prefix}dt=${{!dt}}/"),
    }


def scan_limit(site: Site) -> int:
    """Bytes that a query may read: 1 GB, a fleet's 100, or twice what the dashboard reads."""
    size = site.site.size
    return max(SCAN_LIMITS[size], ROOM * dashboard_bytes(len(site.machines), size))


def work_group(site: Site, bucket: Bucket) -> WorkGroup:
    """Where queries run: nobody chooses another place for results, or reads without a limit."""
    return WorkGroup(
        "AnalysisWorkGroup",
        Name=f"chantier-{site.name}",
        Description=f"Questions about construction site {site.name}",
        RecursiveDeleteOption=True,
        WorkGroupConfiguration=WorkGroupConfiguration(
            EnforceWorkGroupConfiguration=True,
            PublishCloudWatchMetricsEnabled=True,
            BytesScannedCutoffPerQuery=scan_limit(site),
            ResultConfiguration=ResultConfiguration(
                OutputLocation=Sub(f"s3://${{{bucket.title}}}/{ATHENA_RESULTS}"),
                EncryptionConfiguration=EncryptionConfiguration(EncryptionOption="SSE_S3"),
            ),
        ),
    )

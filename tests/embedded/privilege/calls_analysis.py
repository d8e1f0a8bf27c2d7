"""The calls behind Athena's and Glue's actions: a question about the tables of a site."""

from __future__ import annotations

from tests.embedded.privilege.ask import Ask, Call

# Refused before anybody looks whether it was put.
_QUERY = "00000000-0000-0000-0000-000000000000"


def _database(ask: Ask) -> str:
    """The database of a database or table; of the catalog, any."""
    return (*ask.arn.split(":", 5)[5].split("/"), "proof")[1]


CALLS: dict[str, Call] = {
    "athena:GetWorkGroup": Call(
        ("workgroup",), lambda ask: ask.by("athena").get_work_group(WorkGroup=ask.name)
    ),
    "athena:StartQueryExecution": Call(
        ("workgroup",),
        lambda ask: ask.by("athena").start_query_execution(
            QueryString="SELECT 1", WorkGroup=ask.name
        ),
    ),
    "athena:UpdateWorkGroup": Call(
        ("workgroup",),
        lambda ask: ask.by("athena").update_work_group(WorkGroup=ask.name, Description="proof"),
    ),
    "glue:GetDatabases": Call(("catalog",), lambda ask: ask.by("glue").get_databases()),
    "glue:GetTables": Call(
        ("database",), lambda ask: ask.by("glue").get_tables(DatabaseName=_database(ask))
    ),
    "glue:GetTable": Call(
        ("database",),
        lambda ask: ask.by("glue").get_table(DatabaseName=_database(ask), Name="hours"),
    ),
    "glue:GetPartitions": Call(
        ("database",),
        lambda ask: ask.by("glue").get_partitions(DatabaseName=_database(ask), TableName="hours"),
    ),
    "glue:DeleteTable": Call(
        ("database",),
        lambda ask: ask.by("glue").delete_table(DatabaseName=_database(ask), Name="proof"),
    ),
}

UNJUDGED: dict[str, Call] = {
    "athena:GetQueryExecution": Call(
        ("workgroup",),
        lambda ask: ask.by("athena").get_query_execution(QueryExecutionId=_QUERY),
    ),
    "athena:GetQueryResults": Call(
        ("workgroup",),
        lambda ask: ask.by("athena").get_query_results(QueryExecutionId=_QUERY),
    ),
    "athena:GetTableMetadata": Call(
        ("datacatalog",),
        lambda ask: ask.by("athena").get_table_metadata(
            CatalogName=ask.name, DatabaseName="proof", TableName="hours"
        ),
    ),
    "glue:GetDatabase": Call(
        ("database",), lambda ask: ask.by("glue").get_database(Name=_database(ask))
    ),
    "glue:GetPartition": Call(
        ("database",),
        lambda ask: ask.by("glue").get_partition(
            DatabaseName="proof", TableName="hours", PartitionValues=["2026-11-22"]
        ),
    ),
}
"""As `calls.UNJUDGED`."""

"""What QuickSight's role is for: a question about the hourly tables, through Athena."""

from __future__ import annotations

from tests.embedded.privilege.ways import Evaluated, Section, Table, Taker, Twin

ASKS = Twin("QuickSight's own call through Athena; no QuickSight here")
ANSWERED = Evaluated("QuickSight's own call; judged here without the work group's ARN")
KNOWS = Evaluated(
    "Athena's own call for QuickSight; judged here on the database alone, or nothing"
)
ATHENA_ASKS = Twin("kept because AWS's documentation of Athena asks for it; not used here")

_GROUP, _BASE = "athena:workgroup/chantier-SITE", "glue:database/chantier_SITE"
_TABLES = tuple(f"glue:table/chantier_SITE/{name}" for name in ("hours", "alerts"))

ROLES: dict[str, Table] = {
    "QuickSightRole": {
        ("athena:GetWorkGroup", _GROUP): ASKS,
        ("athena:StartQueryExecution", _GROUP): ASKS,
        ("athena:GetQueryExecution", _GROUP): ANSWERED,
        ("athena:GetQueryResults", _GROUP): ANSWERED,
        ("athena:GetQueryResultsStream", _GROUP): ANSWERED,
        ("athena:GetTableMetadata", "athena:datacatalog/AwsDataCatalog"): KNOWS,
        ("glue:GetDatabases", "glue:catalog"): ASKS,
        ("glue:GetDatabases", _BASE): KNOWS,
        ("glue:GetDatabase", "glue:catalog"): KNOWS,
        ("glue:GetDatabase", _BASE): KNOWS,
        **{
            (f"glue:{action}", on): KNOWS
            for action in ("GetTable", "GetTables", "GetPartition", "GetPartitions")
            for on in ("glue:catalog", *_TABLES)
        },
        ("glue:GetTable", _BASE): ASKS,
        ("glue:GetTables", _BASE): ASKS,
        ("glue:GetPartitions", _BASE): ASKS,
        ("glue:GetPartition", _BASE): KNOWS,
        ("s3:GetBucketLocation", "DataBucket"): ATHENA_ASKS,
        ("s3:ListBucket", "DataBucket"): ASKS,
        ("s3:ListBucketMultipartUploads", "DataBucket"): ATHENA_ASKS,
        ("s3:GetObject", "DataBucket/aggregates/hours/*"): ASKS,
        ("s3:GetObject", "DataBucket/aggregates/alerts/*"): ASKS,
        ("s3:GetObject", "DataBucket/athena/*"): ASKS,
        ("s3:PutObject", "DataBucket/athena/*"): ASKS,
        ("s3:AbortMultipartUpload", "DataBucket/athena/*"): ATHENA_ASKS,
        ("s3:ListMultipartUploadParts", "DataBucket/athena/*"): ATHENA_ASKS,
    }
}

TAKERS = {"QuickSightRole": Taker("quicksight.amazonaws.com", account=True)}

PROVED = Section(ROLES, TAKERS)

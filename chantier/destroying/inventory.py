"""How much of everything a site has; what goes, what stays, and why. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from chantier.cloud import Cloud
from chantier.destroying.emptying import Content, content
from chantier.destroying.finding import BUCKET, LOG_GROUP, TABLE, Traces, find
from chantier.destroying.leaving import Fleet, fleet_of
from chantier.destroying.staged import Staged, staged_of
from chantier.identity import CLAIMS, MACHINES, QUEUE_FILE
from chantier.prices import meter

Tick = Callable[[str, int, int], None]
GB = 1024**3


class Items(NamedTuple):
    """A table.

    Attributes:
        name: of the table.
        items: counted now.
        size: bytes, as DynamoDB last counted them, some hours ago.
        protected: whether deletion protection is on.
        recoverable: whether it has point-in-time recovery.
    """

    name: str
    items: int
    size: int
    protected: bool
    recoverable: bool


class Inventory(NamedTuple):
    """All that a site has.

    Attributes:
        site: its name.
        region: where.
        traces: its stack and other resources.
        fleet: its machines.
        buckets: its buckets, with what is in them.
        tables: its tables, with what is in them.
        logs: bytes by log group.
        staged: its templates in the bucket that sites share.
        papers: folders on this computer with keys and certificates.
    """

    site: str
    region: str
    traces: Traces
    fleet: Fleet
    buckets: tuple[Content, ...]
    tables: tuple[Items, ...]
    logs: dict[str, int]
    staged: Staged | None
    papers: tuple[Path, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is left of the site in AWS."""
        return not (
            self.traces.stack
            or self.fleet.things
            or self.fleet.certificates
            or self.buckets
            or self.tables
            or self.logs
            or self.staged
        )

    @property
    def unsent(self) -> tuple[Path, ...]:
        """Queues on this computer, of messages that no machine could send yet."""
        queues = (folder / QUEUE_FILE for folder in self.papers)
        return tuple(path for path in queues if path.is_file())

    @property
    def has_data(self) -> bool:
        """Whether there is a bucket or a table, be it empty: something may arrive."""
        return bool(self.buckets or self.tables)

    @property
    def monthly_usd(self) -> float:
        """What the data costs while it is kept, without what DynamoDB gives everybody."""
        stored = sum(one.size for one in self.buckets) / GB
        items = sum(one.size for one in self.tables) / GB
        s3, dynamodb = meter("s3_gb", self.region), meter("dynamodb_gb", self.region)
        return stored * s3.usd + max(0.0, items - dynamodb.free) * dynamodb.usd


def look(cloud: Cloud, site: str, *, home: Path, tick: Tick) -> Inventory:
    """Look at everything.

    Args:
        cloud: where the site is.
        site: its name.
        home: the project's `.chantier` folder.
        tick: receives what is counted, how much so far, and 0.
    """
    traces = find(cloud, site, home=home)
    s3, dynamodb, logs = cloud.client("s3"), cloud.client("dynamodb"), cloud.client("logs")
    buckets = [
        content(s3, name, lambda count: tick("Versions counted", count, 0))
        for name in traces.names(BUCKET)
    ]
    tables = [_items(dynamodb, name, tick) for name in traces.names(TABLE)]
    sizes = {name: _stored(logs, name) for name in traces.names(LOG_GROUP)}
    papers = [home / cloud.name / kind / site for kind in (MACHINES, CLAIMS)]
    return Inventory(
        site,
        cloud.region,
        traces,
        fleet_of(cloud, site, traces),
        tuple(one for one in buckets if one),
        tuple(one for one in tables if one),
        {name: size for name, size in sizes.items() if size is not None},
        staged_of(cloud, site),
        tuple(path for path in papers if path.is_dir()),
    )


def _items(client: Any, table: str, tick: Tick) -> Items | None:
    try:
        told = client.describe_table(TableName=table)["Table"]
        if told["TableStatus"] == "DELETING":
            return None
        count = 0
        # DynamoDB's own count is some hours old: too old for a question about deleting.
        for page in client.get_paginator("scan").paginate(TableName=table, Select="COUNT"):
            count += page["Count"]
            tick("Items counted", count, 0)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ResourceNotFoundException":
            return None
        raise
    return Items(
        table,
        count,
        int(told.get("TableSizeBytes", 0)),
        bool(told.get("DeletionProtectionEnabled")),
        _recoverable(client, table),
    )


def _recoverable(client: Any, table: str) -> bool:
    try:
        told = client.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    except (ClientError, BotoCoreError):
        return False
    found = told.get("PointInTimeRecoveryDescription", {})
    return bool(found.get("PointInTimeRecoveryStatus") == "ENABLED")


def _stored(client: Any, group: str) -> int | None:
    pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
    found = [one for page in pages for one in page["logGroups"] if one["logGroupName"] == group]
    return int(found[0].get("storedBytes", 0)) if found else None

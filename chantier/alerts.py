"""The alerts of a deployed site, as people and scripts ask for them."""

from __future__ import annotations

from typing import Any

from chantier.cloud import Cloud
from chantier.records import OPEN_INDEX, OPEN_SITE, SITE, SITE_INDEX, Alert, from_item


def read_alerts(cloud: Cloud, table: str, *, site: str, only_open: bool = False) -> list[Alert]:
    """The alerts of a site, oldest first.

    Args:
        cloud: where.
        table: the alerts table, an output of the stack.
        site: site name.
        only_open: leave out what has closed; one query of the sparse index.
    """
    index, key = (OPEN_INDEX, OPEN_SITE) if only_open else (SITE_INDEX, SITE)
    pages: Any = (
        cloud.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=table,
            IndexName=index,
            KeyConditionExpression="#site = :site",
            ExpressionAttributeNames={"#site": key},
            ExpressionAttributeValues={":site": {"S": site}},
        )
    )
    return [from_item(item) for page in pages for item in page["Items"]]

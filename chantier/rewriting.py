"""Carry out what a comparison found: one transaction an alert, refused if somebody was first.

Every write says what it expects to find, so that a second run, or the live path at the
same moment, changes nothing more. What people said of an alert, and when they were
told, is never touched.
"""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from chantier.cloud import Cloud
from chantier.comparing import TOLD_FIELDS, Change, Stored
from chantier.decoding import parse_time
from chantier.records import (
    CLOSED_AT,
    EXPIRES_AT,
    KEY,
    MACHINE,
    TELL_AT,
    TELL_SITE,
    TOLD_AT,
    Alert,
    Item,
    from_item,
    to_item,
)

CONFLICTS = ("ConditionalCheckFailedException", "TransactionCanceledException")
DAY_S = 86_400
# DynamoDB takes 100 items a transaction; the rest goes with the next comparison.
MOST_GONE = 99
READINGS, SENTENCE = "readings", "sentence"


class Shelf:
    """The alerts of a table, as settling reads and writes them.

    Args:
        cloud: where.
        table: the alerts table, an output of the stack.
        alert_days: days that an alert is kept after its end.
    """

    def __init__(self, cloud: Cloud, table: str, *, alert_days: int) -> None:
        self._client = cloud.client("dynamodb")
        self._table = table
        self._keep_s = alert_days * DAY_S

    def alerts(self, machine: str) -> list[Stored]:
        """Every alert of a machine, oldest first."""
        pages: Any = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="#machine = :machine AND begins_with(#key, :alert)",
            ExpressionAttributeNames={"#machine": MACHINE, "#key": KEY},
            ExpressionAttributeValues={":machine": {"S": machine}, ":alert": {"S": "ALERT#"}},
        )
        items = (item for page in pages for item in page["Items"])
        return [Stored(from_item(item), item.get(TOLD_AT, {}).get("S")) for item in items]

    def carry_out(self, change: Change, *, now: str) -> bool:
        """Write a change, all or nothing.

        Args:
            change: found late, corrected or replaced.
            now: from when people may be told of what is not over, as the records write it.

        Returns:
            False if the table no longer holds what the change was made from.
        """
        write = self._update(change) if change.own else self._put(change, now)
        gone = [self._delete(one.alert) for one in change.gone[:MOST_GONE]]
        try:
            self._client.transact_write_items(TransactItems=[write, *gone])
        except ClientError as refused:
            if refused.response["Error"]["Code"] in CONFLICTS:
                return False
            raise
        return True

    def _put(self, change: Change, now: str) -> dict[str, Any]:
        alert = change.alert
        item = {**to_item(alert), **self._expiry(alert)}
        if change.told_at:
            item[TOLD_AT] = {"S": change.told_at}
        if alert.closed_at is None:
            item |= {TELL_SITE: {"S": alert.site}, TELL_AT: {"S": now}}
        return {
            "Put": {
                "TableName": self._table,
                "Item": item,
                "ConditionExpression": "attribute_not_exists(#key)",
                "ExpressionAttributeNames": {"#key": KEY},
            }
        }

    def _update(self, change: Change) -> dict[str, Any]:
        alert = change.alert
        item = to_item(alert)
        values = {name: item[name] for name in (*TOLD_FIELDS, SENTENCE) if name in item}
        values |= self._expiry(alert)
        if change.told_at:
            values[TOLD_AT] = {"S": change.told_at}
        gone = [name for name in TOLD_FIELDS if name not in item]
        sets = ", ".join(f"#{name} = :{name}" for name in values)
        removes = ", ".join(f"#{name}" for name in gone)
        condition = self._as_read(change.own.alert if change.own else alert)
        names = {f"#{name}": name for name in (*values, *gone)}
        return {
            "Update": {
                "TableName": self._table,
                "Key": _key(alert),
                "UpdateExpression": f"SET {sets}" + (f" REMOVE {removes}" if gone else ""),
                "ConditionExpression": condition["ConditionExpression"],
                "ExpressionAttributeNames": names | condition["ExpressionAttributeNames"],
                "ExpressionAttributeValues": {
                    **{f":{name}": value for name, value in values.items()},
                    **condition["ExpressionAttributeValues"],
                },
            }
        }

    def _delete(self, alert: Alert) -> dict[str, Any]:
        return {
            "Delete": {"TableName": self._table, "Key": _key(alert), **self._as_read(alert)},
        }

    def _as_read(self, alert: Alert) -> dict[str, Any]:
        """The condition that a closed alert still stands as it was read."""
        return {
            "ConditionExpression": "#closed_at = :was_closed AND #readings = :was_readings",
            "ExpressionAttributeNames": {"#closed_at": CLOSED_AT, "#readings": READINGS},
            "ExpressionAttributeValues": {
                ":was_closed": {"S": alert.closed_at},
                ":was_readings": {"N": str(alert.readings)},
            },
        }

    def _expiry(self, alert: Alert) -> Item:
        if alert.closed_at is None:
            return {}
        return {EXPIRES_AT: {"N": str(parse_time(alert.closed_at) + self._keep_s)}}


def _key(alert: Alert) -> Item:
    return {MACHINE: {"S": alert.machine}, KEY: {"S": alert.key}}

"""The alerts that people are still to be told of, in the table: found, taken, done with.

Whoever tells an alert first takes it for five minutes, by moving the time from
which it may be told. So of two who tell at once one does, and what is taken and
never told, because a function broke off, is told after that. An alert that gets
worse, closes or is acknowledged meanwhile has another time or none: it is told
again, or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import Any

from chantier.decoding import parse_time
from chantier.functions.alerts import Table, item_key
from chantier.functions.grouping import HOLD_S, Due
from chantier.functions.signed import CallFailed, dynamodb
from chantier.records import (
    EXPIRES_AT,
    KEY,
    STORM,
    TELL_AT,
    TELL_INDEX,
    TELL_SITE,
    TOLD_AT,
    UNTIL,
    WHOLE_SITE,
    Item,
    from_item,
)
from chantier.telemetry import format_time

# Longer than a function runs.
LEASE_S = 300
# A storm is remembered longer than it is held: what waited for its end must find it.
REMEMBER_S = 86_400


class Pending:
    """The alerts of a site that are to be told.

    Args:
        table: where they are.
        site: site name.
    """

    def __init__(self, table: Table, site: str) -> None:
        self._table = table
        self._site = site

    def due(self, now: str, images: Iterable[Item] = ()) -> list[Due]:
        """The alerts that may be told by now.

        Args:
            now: `2026-11-22T09:14:05Z`.
            images: items as the table's stream gave them: the index may not have them yet.
        """
        found: dict[tuple[str, str], Due] = {}
        for item in (*images, *self._indexed(now)):
            at = item.get(TELL_AT, {}).get("S", "~")
            if at <= now:
                one = Due(from_item(item), at)
                place = one.alert.machine, one.alert.key
                found[place] = max(one, found.get(place, one), key=lambda due: due.tell_at)
        return list(found.values())

    def _indexed(self, now: str) -> Iterator[Item]:
        request: dict[str, Any] = {
            "IndexName": TELL_INDEX,
            "KeyConditionExpression": "#site = :site AND #at <= :now",
            "ExpressionAttributeNames": {"#site": TELL_SITE, "#at": TELL_AT},
            "ExpressionAttributeValues": {":site": {"S": self._site}, ":now": {"S": now}},
        }
        while True:
            page = self._call("Query", request)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def take(self, due: Due, now: int) -> Due | None:
        """The alert as it is now, taken for five minutes; None if it is not to be told any more.

        A time that is taken ends without Z, which tells it from one that was set anew.
        """
        lease = f"{format_time(now + LEASE_S)}+{os.urandom(4).hex()}"
        taken = self._update(
            due,
            {
                "UpdateExpression": "SET #at = :lease",
                "ConditionExpression": "#at = :read",
                "ExpressionAttributeNames": {"#at": TELL_AT},
                "ExpressionAttributeValues": {":lease": {"S": lease}, ":read": {"S": due.tell_at}},
                "ReturnValues": "ALL_NEW",
            },
        )
        return Due(from_item(taken["Attributes"]), lease) if taken else None

    def done(self, taken: Due, now: str) -> None:
        """Note that an alert was told, and ask for it no more unless something new happened."""
        done = {
            "UpdateExpression": "SET #told = :now REMOVE #site, #at",
            "ConditionExpression": "#at = :lease",
            "ExpressionAttributeNames": {"#told": TOLD_AT, "#site": TELL_SITE, "#at": TELL_AT},
            "ExpressionAttributeValues": {":now": {"S": now}, ":lease": {"S": taken.tell_at}},
        }
        told = {
            "UpdateExpression": "SET #told = :now",
            "ConditionExpression": "attribute_exists(#key)",
            "ExpressionAttributeNames": {"#told": TOLD_AT, "#key": KEY},
            "ExpressionAttributeValues": {":now": {"S": now}},
        }
        if self._update(taken, done) is None:
            self._update(taken, told)

    def _update(self, due: Due, change: dict[str, Any]) -> dict[str, Any] | None:
        """Change an alert's item; None if the condition does not hold."""
        key = item_key(due.alert.machine, due.alert.key)
        try:
            return self._call("UpdateItem", {"Key": key, **change})
        except CallFailed as refused:
            if refused.code == "ConditionalCheckFailedException":
                return None
            raise

    def storms(self, codes: Iterable[str]) -> dict[str, str]:
        """By code, until when a storm of it that was told is told no more."""
        keys = [item_key(WHOLE_SITE, STORM + code) for code in sorted(set(codes))]
        return {
            item[KEY]["S"].removeprefix(STORM): item[UNTIL]["S"]
            for item in self._table.items(keys, (KEY, UNTIL))
        }

    def begin_storm(self, code: str, now: str) -> None:
        """Note that a storm has just been told."""
        end = parse_time(now) + HOLD_S
        item = {
            **item_key(WHOLE_SITE, STORM + code),
            UNTIL: {"S": format_time(end)},
            EXPIRES_AT: {"N": str(end + REMEMBER_S)},
        }
        self._call("PutItem", {"Item": item})

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return dynamodb(self._table.service, operation, {"TableName": self._table.name, **request})

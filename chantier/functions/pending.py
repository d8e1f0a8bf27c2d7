"""The alerts that people are still to be told of, in the table: found, taken, done with.

And what people were told last, by fault of a machine and by code.

Whoever tells an alert first takes it for five minutes, by moving the time from
which it may be told. So of two who tell at once one does, and what is taken and
never told, because a function broke off, is told after that. An alert that gets
worse, closes or is acknowledged meanwhile has another time or none: it is told
again, or not at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from chantier.decoding import parse_time
from chantier.functions.alerts import CONFLICTS, Table, item_key
from chantier.functions.grouping import AGAIN_S, Due, LastTold, Storm
from chantier.functions.signed import CallFailed, dynamodb
from chantier.records import (
    EXPIRES_AT,
    KEY,
    LEVEL,
    MACHINE,
    REVISION,
    SEVERITY,
    STORM,
    TELL_AT,
    TELL_INDEX,
    TELL_SITE,
    TOLD,
    TOLD_AT,
    TOLD_MACHINES,
    UNTIL,
    WHOLE_SITE,
    Alert,
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

    def put_off(self, due: Due, until: str) -> None:
        """Tell an alert later, unless something new happens to it first."""
        self._update(
            due,
            {
                "UpdateExpression": "SET #at = :until",
                "ConditionExpression": "#at = :read",
                "ExpressionAttributeNames": {"#at": TELL_AT},
                "ExpressionAttributeValues": {":until": {"S": until}, ":read": {"S": due.tell_at}},
            },
        )

    def done(self, taken: Due, now: str) -> None:
        """Note that an alert was told, and ask for it no more unless something new happened."""
        self._remember(taken.alert, now)
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

    def _remember(self, alert: Alert, now: str) -> None:
        """Note that people were told of a fault of a machine, for its next lives."""
        item = {
            **item_key(alert.machine, told_key(alert)),
            TOLD_AT: {"S": now},
            SEVERITY: {"S": alert.severity},
            LEVEL: {"N": str(alert.level)},
            EXPIRES_AT: {"N": str(parse_time(now) + AGAIN_S)},
        }
        self._call("PutItem", {"Item": item})

    def told(self, alerts: Iterable[Alert]) -> dict[tuple[str, str], LastTold]:
        """By machine and `told_key`, when people were told of these faults last."""
        places = sorted({(alert.machine, told_key(alert)) for alert in alerts})
        keys = [item_key(*place) for place in places]
        return {
            (item[MACHINE]["S"], item[KEY]["S"]): LastTold(
                item[TOLD_AT]["S"], item[SEVERITY]["S"], int(item[LEVEL]["N"])
            )
            for item in self._table.items(keys, (MACHINE, KEY, TOLD_AT, SEVERITY, LEVEL))
        }

    def _update(self, due: Due, change: dict[str, Any]) -> dict[str, Any] | None:
        """Change an alert's item; None if the condition does not hold."""
        key = item_key(due.alert.machine, due.alert.key)
        try:
            return self._call("UpdateItem", {"Key": key, **change})
        except CallFailed as refused:
            if refused.code == "ConditionalCheckFailedException":
                return None
            raise

    def storms(self, codes: Iterable[str]) -> dict[str, Storm]:
        """By code, what people were told of it lately."""
        keys = [item_key(WHOLE_SITE, STORM + code) for code in sorted(set(codes))]
        return {
            item[KEY]["S"].removeprefix(STORM): _storm(item)
            for item in self._table.items(keys, (KEY, UNTIL, TOLD_MACHINES, REVISION))
        }

    def claim(self, storms: Mapping[str, Storm], now: str) -> bool:
        """Write down what is about to be told of some codes, all or nothing.

        Returns:
            False if somebody told of one of them since it was read.
        """
        expires_at = str(parse_time(now) + REMEMBER_S)
        writes = [
            {
                "Put": {
                    "TableName": self._table.name,
                    "Item": {
                        **item_key(WHOLE_SITE, STORM + code),
                        UNTIL: {"S": storm.until},
                        TOLD_MACHINES: {"L": [{"S": " ".join(one)} for one in storm.machines]},
                        REVISION: {"N": str(storm.revision)},
                        EXPIRES_AT: {"N": expires_at},
                    },
                    "ConditionExpression": "attribute_not_exists(#revision) OR #revision = :read",
                    "ExpressionAttributeNames": {"#revision": REVISION},
                    "ExpressionAttributeValues": {":read": {"N": str(storm.revision - 1)}},
                }
            }
            for code, storm in storms.items()
        ]
        try:
            dynamodb(self._table.service, "TransactWriteItems", {"TransactItems": writes})
        except CallFailed as refused:
            if refused.code in CONFLICTS:
                return False
            raise
        return True

    def _call(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return dynamodb(self._table.service, operation, {"TableName": self._table.name, **request})


def told_key(alert: Alert) -> str:
    """The sort key of what people were told of a fault, whichever its life."""
    return f"{TOLD}{alert.code}#{alert.fault}"


def _storm(item: Item) -> Storm:
    machines = [str(one["S"]).partition(" ") for one in item.get(TOLD_MACHINES, {}).get("L", ())]
    return Storm(
        until=item[UNTIL]["S"],
        machines=tuple((at, name) for at, _, name in machines),
        revision=int(item.get(REVISION, {}).get("N", 0)),
    )

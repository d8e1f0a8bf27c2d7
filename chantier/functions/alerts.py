"""Alerts and memory in the table: read once, write once, only what changed.

A memory is only replaced by the one that was folded from it, and the alerts
that the fold changed are written in the same transaction. So of two messages
of a machine that are handled at once one wins, the other is folded again, and
neither leaves half an alert behind; a repeated or late message changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from chantier.decoding import parse_time
from chantier.detection.memory import Event, Memory, dump
from chantier.functions.signed import CallFailed, Service, dynamodb
from chantier.records import (
    ACKED_AT,
    CLOSED_AT,
    EXPIRES_AT,
    KEY,
    MACHINE,
    MEMORY,
    NOTE,
    OPEN_SITE,
    REMEMBERED,
    REVISION,
    TELL_AT,
    TELL_SITE,
    Alert,
    Item,
    to_item,
)
from chantier.telemetry import format_time

# A condition that did not hold, or another transaction on the same item.
CONFLICTS = (
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "TransactionConflictException",
)
DAY = 86_400
# DynamoDB takes 100 items a transaction; one is the memory.
MOST_ALERTS = 99
# It reads 100 items a call, fewer where capacity or the answer's size end first.
MOST_READ, READ_TRIES, PAUSE_S = 100, 8, 0.1


class Table:
    """The alerts table, as the functions that judge use it.

    Args:
        name: of the DynamoDB table.
        alert_days: days that an alert is kept after its end.
    """

    def __init__(self, name: str, *, alert_days: int) -> None:
        self.name = name
        self._keep_s = alert_days * DAY
        self.service = Service("dynamodb")
        # The first message need not wait for it; what fails here is tried again there.
        with suppress(OSError):
            self.service.connection.open()

    def memory(self, machine: str) -> tuple[str | None, int]:
        """What is remembered of a machine, and the version of that; (None, 0) for nothing."""
        found = dynamodb(
            self.service,
            "GetItem",
            {"TableName": self.name, "Key": item_key(machine, MEMORY), "ConsistentRead": True},
        ).get("Item")
        if not found:
            return None, 0
        return found[REMEMBERED]["S"], int(found[REVISION]["N"])

    def items(self, keys: list[Item], names: tuple[str, ...]) -> Iterator[Item]:
        """Some attributes of many items, in no order; a write of the last second may be missed.

        Raises:
            CallFailed: AWS did not answer, or had no capacity left after every try.
        """
        asked = {f"#{index}": name for index, name in enumerate(names)}
        wanted = {"ProjectionExpression": ", ".join(asked), "ExpressionAttributeNames": asked}
        for first in range(0, len(keys), MOST_READ):
            left: list[Item] = keys[first : first + MOST_READ]
            for attempt in range(READ_TRIES):
                time.sleep(attempt * PAUSE_S)
                request = {"RequestItems": {self.name: {"Keys": left, **wanted}}}
                answer = dynamodb(self.service, "BatchGetItem", request)
                yield from answer["Responses"].get(self.name, ())
                left = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
                if not left:
                    break
            else:
                raise CallFailed("UnprocessedKeys", 0, f"{len(left)} items of {self.name}")

    def keep(
        self, machine: str, memory: Memory, version: int, alerts: list[tuple[Alert, str]]
    ) -> bool:
        """Keep a memory and the alerts that changed with it, all or nothing.

        Args:
            machine: machine id.
            memory: what is to be remembered.
            version: of the memory that it was judged from.
            alerts: at most `MOST_ALERTS`, each with the time from which people may be told;
                empty for nothing new.

        Returns:
            False if another invocation changed the memory since `version` was read.

        Raises:
            CallFailed: for any other reason.
        """
        put = {
            "TableName": self.name,
            "Item": {
                **item_key(machine, MEMORY),
                REMEMBERED: {"S": dump(memory)},
                REVISION: {"N": str(version + 1)},
            },
            "ConditionExpression": "attribute_not_exists(#k) OR #v = :v",
            "ExpressionAttributeNames": {"#k": KEY, "#v": REVISION},
            "ExpressionAttributeValues": {":v": {"N": str(version)}},
        }
        try:
            if alerts:
                items = [{"Put": put}, *({"Update": self._update(*one)} for one in alerts)]
                dynamodb(self.service, "TransactWriteItems", {"TransactItems": items})
            else:
                dynamodb(self.service, "PutItem", put)
        except CallFailed as refused:
            if refused.code in CONFLICTS:
                return False
            raise
        return True

    def _update(self, alert: Alert, tell_at: str) -> dict[str, Any]:
        """The update that moves an alert forward; what others wrote into the item stays."""
        values = {k: v for k, v in to_item(alert).items() if k not in (MACHINE, KEY)}
        # What is open again is not to be forgotten either.
        gone = [CLOSED_AT, EXPIRES_AT]
        if alert.closed_at is not None:
            gone = [OPEN_SITE, TELL_SITE, TELL_AT]
            values[EXPIRES_AT] = {"N": str(parse_time(alert.closed_at) + self._keep_s)}
        elif tell_at:
            values |= {TELL_SITE: {"S": alert.site}, TELL_AT: {"S": tell_at}}
            # What got worse has not been seen yet.
            gone += [ACKED_AT, NOTE]
        names = {f"#{index}": name for index, name in enumerate((*values, *gone))}
        short = {name: mark for mark, name in names.items()}
        sets = ", ".join(f"{short[name]} = :{short[name][1:]}" for name in values)
        return {
            "TableName": self.name,
            "Key": item_key(alert.machine, alert.key),
            "UpdateExpression": f"SET {sets} REMOVE " + ", ".join(short[name] for name in gone),
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {f":{short[k][1:]}": v for k, v in values.items()},
        }


def alert_of(event: Event, *, machine: str, site: str, said: str) -> Alert:
    """The alert as it stands after an event; `said` is its sentence."""
    at = format_time(event.t)
    return Alert(
        machine=machine,
        code=event.code,
        fault=event.fault,
        site=site,
        severity=event.severity,
        level=event.level,
        since=format_time(event.since),
        opened_at=format_time(event.opened_at),
        last_seen_at=at,
        closed_at=at if event.kind == "close" else None,
        value=event.value,
        limit=event.limit,
        unit=event.unit,
        lat=event.lat,
        lon=event.lon,
        readings=event.readings,
        sentence=said,
        acked_at=None,
    )


def item_key(machine: str, key: str) -> dict[str, dict[str, str]]:
    """The primary key of an item, as DynamoDB takes it."""
    return {MACHINE: {"S": machine}, KEY: {"S": key}}

"""Alerts and memory in the table: read once, write once, only what changed.

A memory is only replaced by the one that was folded from it, and the alerts
that the fold changed are written in the same transaction. So of two messages
of a machine that are handled at once one wins, the other is folded again, and
neither leaves half an alert behind; a repeated or late message changes nothing.
"""

from __future__ import annotations

from typing import Any

from chantier.detection.memory import Event, Memory, dump, load
from chantier.functions.signed import CallFailed, Service, dynamodb
from chantier.records import KEY, MACHINE, MEMORY, OPEN_SITE, Alert, to_item
from chantier.telemetry import format_time

# A condition that did not hold, or another transaction on the same item.
CONFLICTS = (
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "TransactionConflictException",
)
# DynamoDB takes 100 items a transaction; one is the memory.
MOST_ALERTS = 99


class Table:
    """The alerts table, as the detect function uses it.

    Args:
        name: of the DynamoDB table.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._service = Service("dynamodb")

    def memory(self, machine: str) -> tuple[Memory, int]:
        """What is remembered of a machine, and the version of that; (Memory(), 0) for none."""
        found = dynamodb(
            self._service,
            "GetItem",
            {"TableName": self.name, "Key": _key(machine, MEMORY), "ConsistentRead": True},
        ).get("Item")
        if not found:
            return Memory(), 0
        return load(found["memory"]["S"]), int(found["version"]["N"])

    def keep(self, machine: str, memory: Memory, version: int, alerts: list[Alert]) -> bool:
        """Keep a memory and the alerts that changed with it, all or nothing up to 99 alerts.

        Returns:
            False if another invocation changed the memory since `version` was read.

        Raises:
            CallFailed: for any other reason.
        """
        put = {
            "TableName": self.name,
            "Item": {
                **_key(machine, MEMORY),
                "memory": {"S": dump(memory)},
                "version": {"N": str(version + 1)},
            },
            "ConditionExpression": "attribute_not_exists(#k) OR #v = :v",
            "ExpressionAttributeNames": {"#k": KEY, "#v": "version"},
            "ExpressionAttributeValues": {":v": {"N": str(version)}},
        }
        try:
            if alerts:
                items = [{"Update": self._update(alert)} for alert in alerts]
                while len(items) > MOST_ALERTS:
                    # The memory goes last: what fails before it is folded again.
                    self._transact(items[:MOST_ALERTS])
                    items = items[MOST_ALERTS:]
                self._transact([{"Put": put}, *items])
            else:
                dynamodb(self._service, "PutItem", put)
        except CallFailed as refused:
            if refused.code in CONFLICTS:
                return False
            raise
        return True

    def _transact(self, items: list[dict[str, Any]]) -> None:
        dynamodb(self._service, "TransactWriteItems", {"TransactItems": items})

    def _update(self, alert: Alert) -> dict[str, Any]:
        """The update that moves an alert forward; what others wrote into the item stays."""
        item = to_item(alert)
        values = {name: value for name, value in item.items() if name not in (MACHINE, KEY)}
        names = {f"#{index}": name for index, name in enumerate(values)}
        sets = ", ".join(f"{short} = :{short[1:]}" for short in names)
        gone = "closed_at" if OPEN_SITE in values else OPEN_SITE
        return {
            "TableName": self.name,
            "Key": _key(alert.machine, alert.key),
            "UpdateExpression": f"SET {sets} REMOVE {gone}",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {f":{s[1:]}": values[name] for s, name in names.items()},
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
    )


def _key(machine: str, key: str) -> dict[str, dict[str, str]]:
    return {MACHINE: {"S": machine}, KEY: {"S": key}}

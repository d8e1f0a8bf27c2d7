"""Alerts and memory in the table: read once, write only what changed.

Every write is conditional, so a repeated, reordered or late message changes
nothing: an alert is only ever moved forward, a memory only from the version
that was read.
"""

from __future__ import annotations

from typing import Any

from chantier.detection.memory import Event, Memory, dump, load
from chantier.functions.signed import CallFailed, Service, dynamodb
from chantier.records import KEY, MACHINE, MEMORY, OPEN_SITE, Alert, to_item
from chantier.telemetry import format_time

CONDITION_FAILED = "ConditionalCheckFailedException"


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

    def remember(self, machine: str, memory: Memory, version: int) -> bool:
        """Keep a memory; False if another invocation changed it since `version` was read."""
        return self._write(
            "PutItem",
            Item={
                **_key(machine, MEMORY),
                "memory": {"S": dump(memory)},
                "version": {"N": str(version + 1)},
            },
            ConditionExpression="attribute_not_exists(#k) OR #v = :v",
            ExpressionAttributeNames={"#k": KEY, "#v": "version"},
            ExpressionAttributeValues={":v": {"N": str(version)}},
        )

    def store(self, alert: Alert) -> bool:
        """Move an alert forward; False if the table already knows this or more."""
        item = to_item(alert)
        values = {name: value for name, value in item.items() if name not in (MACHINE, KEY)}
        names = {f"#{index}": name for index, name in enumerate(values)}
        sets = ", ".join(f"{short} = :{short[1:]}" for short in names)
        gone = "" if alert.closed_at is None else f" REMOVE #{OPEN_SITE}"
        if gone:
            names[f"#{OPEN_SITE}"] = OPEN_SITE
        return self._write(
            "UpdateItem",
            Key=_key(alert.machine, alert.key),
            UpdateExpression=f"SET {sets}{gone}",
            ConditionExpression="attribute_not_exists(#k) OR "
            "(attribute_not_exists(#closed) AND #seen < :seen)",
            ExpressionAttributeNames={
                **names,
                "#k": KEY,
                "#closed": "closed_at",
                "#seen": "last_seen_at",
            },
            ExpressionAttributeValues={
                **{
                    f":{short[1:]}": values[name]
                    for short, name in names.items()
                    if name in values
                },
                ":seen": {"S": alert.last_seen_at},
            },
        )

    def _write(self, operation: str, **request: Any) -> bool:
        try:
            dynamodb(self._service, operation, {"TableName": self.name, **request})
        except CallFailed as refused:
            if refused.code == CONDITION_FAILED:
                return False
            raise
        return True


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

"""The alerts that opened in some hours, from the table's index of a site by time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chantier.decoding import parse_time
from chantier.functions.signed import Service, dynamodb
from chantier.hourly import OpenedAlert
from chantier.meters import HOUR_SECONDS
from chantier.records import SITE, SITE_INDEX, Item
from chantier.telemetry import format_time


class Opened:
    """The alerts of a site by the hour in which they opened.

    Args:
        table: name of the alerts table.
        site: site name.
    """

    def __init__(self, table: str, site: str) -> None:
        self._table = table
        self._site = site
        self.service = Service("dynamodb")

    def in_hours(self, hours: Iterable[int]) -> dict[int, list[OpenedAlert]]:
        """The alerts of each of these hours, in order; one query for hours in a row."""
        found: dict[int, list[OpenedAlert]] = {hour: [] for hour in sorted(set(hours))}
        for first, end in _spans_of(found):
            for item in self._between(format_time(first), format_time(end - 1)):
                alert = _alert(item)
                opened = parse_time(alert.opened_at)
                found[opened - opened % HOUR_SECONDS].append(alert)
        return {hour: sorted(alerts, key=_order) for hour, alerts in found.items()}

    def _between(self, first: str, last: str) -> Iterator[Item]:
        fields = {f"#{name}": name for name in OpenedAlert._fields}
        request: dict[str, Any] = {
            "TableName": self._table,
            "IndexName": SITE_INDEX,
            "KeyConditionExpression": "#site = :site AND #opened_at BETWEEN :first AND :last",
            "ProjectionExpression": ", ".join(fields),
            "ExpressionAttributeNames": {"#site": SITE, **fields},
            "ExpressionAttributeValues": {
                ":site": {"S": self._site},
                ":first": {"S": first},
                ":last": {"S": last},
            },
        }
        while True:
            page = dynamodb(self.service, "Query", request)
            yield from page["Items"]
            if not page.get("LastEvaluatedKey"):
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _spans_of(hours: Iterable[int]) -> list[tuple[int, int]]:
    """(beginning, end) of hours that follow each other, of hours in order."""
    spans: list[tuple[int, int]] = []
    for hour in hours:
        if spans and spans[-1][1] == hour:
            spans[-1] = spans[-1][0], hour + HOUR_SECONDS
        else:
            spans.append((hour, hour + HOUR_SECONDS))
    return spans


def _alert(item: Item) -> OpenedAlert:
    said = {name: item[name]["S"] for name in OpenedAlert._fields if name in item}
    return OpenedAlert(**{"fault": "", "closed_at": None, **said})


def _order(alert: OpenedAlert) -> tuple[str, ...]:
    return alert.machine, alert.code, alert.fault, alert.opened_at

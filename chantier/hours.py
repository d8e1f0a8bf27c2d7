"""The hours of a deployed site, as people and scripts ask for them: read, chosen, added up.

Ratios are never averaged: a fleet's is the ratio of its sums, so that a machine counts by
the hours that it worked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from math import fsum
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from chantier.aggregates import HOURS, hour_key, hours_of_keys
from chantier.cloud import Cloud
from chantier.errors import ChantierError

Row = dict[str, Any]
# An hour as `chantier.aggregates` names it, `2026-11-22T09:00:00Z`.
Choice = Callable[[Sequence[str]], Sequence[str]]


class Total(NamedTuple):
    """Rows added up; None where no row knows a figure.

    Attributes:
        engine_h: hours with the engine on.
        idle_h: of these, idling.
        planned_h: hours that the site was open.
        fuel_l: litres.
        cost: in `currency`.
        co2e_kg: kilograms.
        idle: idle hours an engine hour.
        utilisation: engine hours an hour that the site was open, silent machines included.
        lph: litres an engine hour.
        cost_per_h: cost an engine hour.
        currency: of the rows; None where they have none, or several.
        alerts: that opened: critical, warning, info.
        meter_changed: in one of the rows.
    """

    engine_h: float | None
    idle_h: float | None
    planned_h: float | None
    fuel_l: float | None
    cost: float | None
    co2e_kg: float | None
    idle: float | None
    utilisation: float | None
    lph: float | None
    cost_per_h: float | None
    currency: str | None
    alerts: tuple[int, int, int]
    meter_changed: bool


def read_hours(cloud: Cloud, bucket: str, choice: Choice) -> list[Row]:
    """The rows of some hours, as `chantier.aggregates.HOUR_COLUMNS` says them, oldest first.

    Args:
        cloud: where.
        bucket: the data bucket.
        choice: picks hours of all that there are, oldest first.
    """
    client = cloud.client("s3")
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=HOURS)
    keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
    rows: list[Row] = []
    for hour in choice(hours_of_keys(HOURS, keys)):
        body = client.get_object(Bucket=bucket, Key=hour_key(HOURS, hour))["Body"].read()
        rows += (json.loads(line) for line in body.splitlines() if line)
    return rows


def of_day(day: date | None, timezone: str) -> Choice:
    """Chooses the hours of a day of a time zone; without a day, of the last that has any."""
    zone = ZoneInfo(timezone)

    def local(hour: str) -> date:
        return datetime.fromisoformat(hour).astimezone(zone).date()

    def choose(hours: Sequence[str]) -> Sequence[str]:
        wanted = day or (local(hours[-1]) if hours else None)
        return [hour for hour in hours if local(hour) == wanted]

    return choose


def last_of(count: int) -> Choice:
    """Chooses the last hours that were counted."""
    return lambda hours: hours[-count:]


def total(rows: Iterable[Mapping[str, Any]]) -> Total:
    """Rows added up."""
    every = list(rows)
    currencies = {row["currency"] for row in every if row["currency"]}
    one_currency = currencies.pop() if len(currencies) == 1 else None

    def ratio(part: str, whole: str) -> float | None:
        both = [row for row in every if row[part] is not None and row[whole] is not None]
        under = _sum(both, whole)
        return (_sum(both, part) or 0.0) / under if under else None

    return Total(
        engine_h=_sum(every, "engine_h"),
        idle_h=_sum(every, "idle_h"),
        planned_h=_sum(every, "planned_h"),
        fuel_l=_sum(every, "fuel_l"),
        cost=_sum(every, "cost") if one_currency else None,
        co2e_kg=_sum(every, "co2e_kg"),
        idle=ratio("idle_h", "engine_h"),
        utilisation=ratio("engine_h", "planned_h"),
        lph=ratio("fuel_l", "engine_h"),
        cost_per_h=ratio("cost", "engine_h") if one_currency else None,
        currency=one_currency,
        alerts=(
            sum(row["alerts_critical"] for row in every),
            sum(row["alerts_warning"] for row in every),
            sum(row["alerts_info"] for row in every),
        ),
        meter_changed=any(row["meter_changed"] for row in every),
    )


def totals_by(rows: Iterable[Row], column: str) -> dict[str, Total]:
    """Rows added up by what stands in a column, in its order."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[column], []).append(row)
    return {name: total(groups[name]) for name in sorted(groups)}


def count_now(
    cloud: Cloud, function: str, now: float, *, alerts_since: float | None = None
) -> dict[str, Any]:
    """Have what has come until now counted, and say what the function says of it.

    Args:
        cloud: where.
        function: that counts.
        now: epoch seconds.
        alerts_since: epoch seconds; alerts that opened from then on are counted again.
            Without it, those of the last two days.

    Raises:
        ChantierError: it failed, or another run is under way.
    """
    event = {"until": _wire(now)}
    if alerts_since is not None:
        event["alerts_since"] = _wire(alerts_since)
    answer = cloud.client("lambda").invoke(
        FunctionName=function, Payload=json.dumps(event).encode()
    )
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        reason = said.get("errorMessage", "no reason given")
        raise ChantierError(f"{function} failed: {reason}", "Its log says more.")
    if "busy" in said:
        raise ChantierError(
            f"The hours are being counted: {said['busy']}.",
            "Look in a minute, without --refresh; a run that broke off is let go after 16.",
        )
    return said


def _wire(t: float) -> str:
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sum(rows: Iterable[Mapping[str, Any]], column: str) -> float | None:
    known = [row[column] for row in rows if row[column] is not None]
    # Exact, so that rows give the same sum in any order.
    return fsum(known) if known else None

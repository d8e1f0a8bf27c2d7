"""What the hourly aggregates say: their keys in the bucket and the columns of each row.

One object an hour at a key that follows from the hour, JSON lines, overwritten when the
hour is counted again. Times are UTC as Athena reads them, `2026-11-22 09:00:00`. Ratios
are never stored: their numerators and denominators are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

AGGREGATES = "aggregates/"
# One row a machine that spoke in the hour, or was waited for: the dashboard's and the report's.
HOURS = f"{AGGREGATES}hours/"
# One row an alert that opened in the hour.
HOUR_ALERTS = f"{AGGREGATES}alerts/"
# The meters of every machine at the end of the hour: what the next hour is subtracted from.
METERS = f"{AGGREGATES}meters/"
# How far raw data is counted.
PROGRESS = f"{AGGREGATES}progress.json"
HOUR_KEY = re.compile(r"dt=(\d{4}-\d\d-\d\d)/(\d\d)\.json")

# Athena types; the unit is in the name's ending: `_h` hours, `_l` litres, `_kg` kilograms,
# `_cost` the currency of the row.
HOUR_COLUMNS: dict[str, str] = {
    "site": "string",
    "machine": "string",
    "label": "string",
    "class": "string",
    "zone": "string",
    "hour": "timestamp",
    "hour_local": "timestamp",
    "engine_h": "double",
    "idle_h": "double",
    "work_h": "double",
    "planned_h": "double",
    "fuel_l": "double",
    "adblue_l": "double",
    "idle_fuel_l": "double",
    "fuel_cost": "double",
    "adblue_cost": "double",
    "upkeep_cost": "double",
    "depreciation_cost": "double",
    "cost": "double",
    "currency": "string",
    "co2e_kg": "double",
    "alerts_info": "int",
    "alerts_warning": "int",
    "alerts_critical": "int",
    "readings": "int",
    "meter_changed": "boolean",
    "lat": "double",
    "lon": "double",
}
ALERT_COLUMNS: dict[str, str] = {
    "site": "string",
    "machine": "string",
    "label": "string",
    "class": "string",
    "zone": "string",
    "code": "string",
    "fault": "string",
    "severity": "string",
    "opened_at": "timestamp",
    "opened_local": "timestamp",
    "closed_at": "timestamp",
    "lasted_min": "double",
}

# How far back the dashboard goes, days by size. A machine speaks once an hour at least, day
# and night, so that it has 24 rows a day, of 540 bytes (measured on simulated rows).
DASHBOARD_DAYS = {"starter": 400, "fleet": 92}
ROWS_A_DAY, ROW_BYTES = 24, 540


def dashboard_bytes(machines: int, size: str) -> int:
    """What the dashboard reads of `HOURS` each time that it is refreshed."""
    return machines * ROWS_A_DAY * DASHBOARD_DAYS[size] * ROW_BYTES


def hour_key(prefix: str, hour: str) -> str:
    """The object of an hour: `aggregates/hours/dt=2026-11-22/09.json`.

    Args:
        prefix: one of the three above.
        hour: its beginning, UTC, `2026-11-22T09:00:00Z`.
    """
    return f"{prefix}dt={hour[:10]}/{hour[11:13]}.json"


def hours_of_keys(prefix: str, keys: Iterable[str]) -> list[str]:
    """The hours, as `hour_key` takes them, of the objects under a prefix, in order.

    What lies there under another name is left out.
    """
    found = (HOUR_KEY.fullmatch(key.removeprefix(prefix)) for key in keys)
    return sorted(f"{one[1]}T{one[2]}:00:00Z" for one in found if one)

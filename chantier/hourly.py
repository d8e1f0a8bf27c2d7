"""The rows of an hour: what its meters, its alerts and the site make of it.

Pure: no clock, no bucket. `chantier.aggregates` says the columns.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chantier.aggregates import ALERT_COLUMNS, HOUR_COLUMNS
from chantier.decoding import parse_time
from chantier.detection.off_hours import DAY_S, FIRST_WEEKDAY, ahead_of_utc
from chantier.detection.rules import Opening
from chantier.meters import HOUR_SECONDS, NO_METERS, Book, Figures, Sketch, figures
from chantier.telemetry import format_time

# Combustion and upstream of a litre of off-road diesel (GNR), well to wheel: 2.51 + 0.66,
# French decree (arrete) of 26 April 2017.
CO2E_KG_PER_L = 3.17
GRAVITIES = ("info", "warning", "critical")
# Columns that cost money, of which each needs the site's rates.
UNPRICED = dict.fromkeys(
    (
        "adblue_l",
        "idle_fuel_l",
        "fuel_cost",
        "adblue_cost",
        "upkeep_cost",
        "depreciation_cost",
        "cost",
        "currency",
    )
)


class OpenedAlert(NamedTuple):
    """What an hour's aggregates say of an alert."""

    machine: str
    code: str
    fault: str
    severity: str
    opened_at: str
    closed_at: str | None


class Fleet(NamedTuple):
    """A site as its aggregates know it; `fleet_of` reads it from the function's settings.

    Attributes:
        site: site name.
        clock: its offsets and public holidays.
        week: the (first, last) minutes of each span of each day from Monday; none where
            the site file has no calendar.
        machines: label, class and label of the zone of each.
        rates: what an hour and a litre cost; `own` by machine. None for nothing.
    """

    site: str
    clock: Opening
    week: tuple[tuple[tuple[int, int], ...], ...]
    machines: dict[str, tuple[str, str, str]]
    rates: dict[str, Any] | None


def fleet_of(settings: dict[str, Any]) -> Fleet:
    """A site from what `chantier.hour_settings` says of it."""
    offsets = tuple((since, offset) for since, offset in settings["offsets"])
    return Fleet(
        site=settings["site"],
        clock=Opening(offsets=offsets, week=(), off=frozenset(settings["off"])),
        week=tuple(tuple((a, b) for a, b in day) for day in settings["week"]),
        machines={
            machine: (group["label"], group["class"], group["zone"])
            for group in settings["groups"]
            for machine in group["machines"]
        },
        rates=settings.get("rates"),
    )


def hour_rows(book: Book, alerts: Iterable[OpenedAlert], fleet: Fleet) -> list[dict[str, Any]]:
    """A row for each machine that spoke in an hour, or of which an alert opened in it.

    While the site is open also for each of its machines that has spoken before: what stands
    still counts in how the fleet is used.
    """
    opened: dict[str, Counter[str]] = {}
    for alert in alerts:
        opened.setdefault(alert.machine, Counter())[alert.severity] += 1
    times = {
        "hour": _utc(book.hour),
        "hour_local": local_time(fleet, book.hour),
        "planned_h": planned_h(fleet, book.hour),
    }
    waited = book.opening.keys() & fleet.machines if times["planned_h"] else set()
    return [
        times | _row(machine, book, fleet, opened.get(machine, Counter()))
        for machine in sorted({*book.sketches, *opened, *waited})
    ]


def alert_rows(alerts: Iterable[OpenedAlert], fleet: Fleet) -> list[dict[str, Any]]:
    """A row for each alert of an hour."""
    return [
        {
            **_about(alert.machine, fleet),
            "code": alert.code,
            "fault": alert.fault,
            "severity": alert.severity,
            "opened_at": _utc(parse_time(alert.opened_at)),
            "opened_local": local_time(fleet, parse_time(alert.opened_at)),
            "closed_at": _utc(parse_time(alert.closed_at)) if alert.closed_at else None,
            "lasted_min": _minutes_of(alert),
        }
        for alert in sorted(alerts)
    ]


def alerts_of_rows(rows: Iterable[Mapping[str, Any]]) -> list[OpenedAlert]:
    """The alerts that rows were made of."""
    return [
        OpenedAlert(
            machine=row["machine"],
            code=row["code"],
            fault=row["fault"],
            severity=row["severity"],
            opened_at=_wire(row["opened_at"]),
            closed_at=_wire(row["closed_at"]) if row["closed_at"] else None,
        )
        for row in rows
    ]


def as_lines(rows: Iterable[Mapping[str, Any]], columns: Iterable[str]) -> bytes:
    """Rows as JSON lines: every column, in its order."""
    names = tuple(columns)
    return "".join(
        json.dumps({name: row[name] for name in names}, ensure_ascii=False, separators=(",", ":"))
        + "\n"
        for row in rows
    ).encode()


def hour_lines(book: Book, alerts: Iterable[OpenedAlert], fleet: Fleet) -> bytes:
    """The object of an hour under aggregates/hours/."""
    return as_lines(hour_rows(book, alerts, fleet), HOUR_COLUMNS)


def alert_lines(alerts: Iterable[OpenedAlert], fleet: Fleet) -> bytes:
    """The object of an hour under aggregates/alerts/."""
    return as_lines(alert_rows(alerts, fleet), ALERT_COLUMNS)


def planned_h(fleet: Fleet, hour: int) -> float | None:
    """Hours that a site is open in the hour that begins at `hour`, lunch left out.

    None where the site file says no opening hours at all.
    """
    if not any(fleet.week):
        return None
    day, begins = divmod(hour + ahead_of_utc(fleet.clock, hour), DAY_S)
    # An hour of a time zone that is not whole hours from UTC may end on the next day.
    parts = ((day, begins), (day + 1, begins - DAY_S))
    open_s = sum(_open_s(fleet, at, since) for at, since in parts)
    return round(open_s / HOUR_SECONDS, 6)


def _open_s(fleet: Fleet, day: int, since: int) -> int:
    """Seconds open within the hour that begins `since` seconds after a day does."""
    if day in fleet.clock.off:
        return 0
    return sum(
        max(0, min(last * 60, since + HOUR_SECONDS) - max(first * 60, since))
        for first, last in fleet.week[(day + FIRST_WEEKDAY) % 7]
    )


def local_time(fleet: Fleet, t: int) -> str:
    """Epoch seconds by the site's own clock, as Athena reads a timestamp."""
    return _utc(t + ahead_of_utc(fleet.clock, t))


def money(worked: Figures, rates: Mapping[str, Any]) -> dict[str, Any]:
    """What an hour of a machine costs; null where a counter that it needs is absent.

    Fuel and AdBlue by the litre, upkeep and depreciation by the engine hour. AdBlue is a
    share of the fuel, since no machine counts it.
    """
    adblue_l = _times(worked.fuel_l, rates["adblue_pct"] / 100)
    costs = {
        "fuel_cost": _times(worked.fuel_l, rates["fuel_per_l"]),
        "adblue_cost": _times(adblue_l, rates["adblue_per_l"]),
        "upkeep_cost": _times(worked.engine_h, rates["upkeep_per_h"]),
        "depreciation_cost": _times(worked.engine_h, rates["depreciation_per_h"]),
    }
    return {
        "adblue_l": adblue_l,
        "idle_fuel_l": _times(worked.idle_h, rates["idle_lph"]),
        **costs,
        "cost": None if None in costs.values() else round(sum(costs.values()), 6),  # type: ignore[arg-type]  # none is None
        "currency": rates["currency"],
    }


def _row(machine: str, book: Book, fleet: Fleet, opened: Counter[str]) -> dict[str, Any]:
    sketch = book.sketches.get(machine, Sketch())
    worked = figures(book.opening.get(machine, NO_METERS), sketch)
    _, _, lat, lon = sketch.place or (0, 0, None, None)
    return {
        **_about(machine, fleet),
        "engine_h": worked.engine_h,
        "idle_h": worked.idle_h,
        "work_h": worked.work_h,
        "fuel_l": worked.fuel_l,
        **_money_of(machine, worked, book.rates),
        "co2e_kg": _times(worked.fuel_l, CO2E_KG_PER_L),
        **{f"alerts_{gravity}": opened[gravity] for gravity in GRAVITIES},
        "readings": sketch.readings,
        "meter_changed": worked.meter_changed,
        "lat": lat,
        "lon": lon,
    }


def _money_of(machine: str, worked: Figures, rates: dict[str, Any] | None) -> dict[str, Any]:
    if rates is None:
        return dict(UNPRICED)
    return money(worked, {**rates, **rates["own"].get(machine, {})})


def _about(machine: str, fleet: Fleet) -> dict[str, Any]:
    """Whose row it is; of a machine that the site file names no more, its id alone."""
    label, kind, zone = fleet.machines.get(machine, (None, None, None))
    return {
        "site": fleet.site,
        "machine": machine,
        "label": label or None,
        "class": kind,
        "zone": zone or None,
    }


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 6)


def _minutes_of(alert: OpenedAlert) -> float | None:
    if alert.closed_at is None:
        return None
    return round((parse_time(alert.closed_at) - parse_time(alert.opened_at)) / 60, 1)


def _utc(t: int) -> str:
    """Epoch seconds as Athena reads a timestamp: `2026-11-22 09:14:05`."""
    return format_time(t)[:-1].replace("T", " ")


def _wire(timestamp: str) -> str:
    return timestamp.replace(" ", "T") + "Z"

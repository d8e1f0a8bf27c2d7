"""What the functions of a site must know of it, as JSON; `detection.settings` reads it back.

The template carries it, the simulator goes through it too: a machine is judged
by the same numbers on its own box and in the cloud.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from chantier.detection.rules import Rules
from chantier.detection.settings import watched_machines
from chantier.holidays_of import public_holidays, years_unknown
from chantier.site import Calendar, Machine, Site

# The time zone's clock changes and the public holidays are written out for these years.
YEARS = range(2024, 2045)
EPOCH = date(1970, 1, 1)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HOUR_S = 3600


def settings_of(site: Site) -> dict[str, Any]:
    """The settings of the site's functions.

    Keys: `site`; `alert_days`; `offsets` [[epoch s, s ahead of UTC], ...]; `week` [[first
    minute, last minute], ...] from Monday; `off`, public holidays in days since 1970;
    `zones`, rings by name; `groups` of `machines` that share `zone` (its label), `in`
    (names of zones), `volts`, `tank_l`, `vgp_due` (epoch s) and `limits`.
    """
    groups: dict[str, dict[str, Any]] = {}
    for machine in site.machines:
        about = _about(site, machine)
        group = groups.setdefault(json.dumps(about), {**about, "machines": []})
        group["machines"].append(machine.id)
    return {
        "site": site.name,
        "alert_days": site.retention.alert_days,
        "offsets": clock_changes(site.site.timezone),
        "week": _week(site.calendar),
        "off": days_off(site.calendar.public_holidays),
        "zones": {zone.name: [zone.polygon, *zone.holes] for zone in site.zones},
        "groups": list(groups.values()),
    }


def rules_of(site: Site) -> dict[str, Rules]:
    """The rules of every machine, as the site's functions have them."""
    return {name: one.rules for name, one in watched_machines(settings_of(site)).items()}


def _about(site: Site, machine: Machine) -> dict[str, Any]:
    about: dict[str, Any] = {
        "zone": site.zone_label(machine),
        # A machine without a zone may be in any of them.
        "in": [zone.name for zone in site.zones if machine.zone in (zone.name, None)],
        "volts": machine.voltage,
        "tank_l": machine.tank_l or 0,
        "vgp_due": _vgp_due(site, machine),
    }
    if limits := site.limits_of(machine):
        about["limits"] = limits
    return about


def _vgp_due(site: Site, machine: Machine) -> int:
    """When the next general inspection is due, epoch seconds; 0 where the last is not said."""
    if machine.vgp is None:
        return 0
    due = machine.next_vgp(machine.vgp)
    return int(datetime.combine(due, time(), ZoneInfo(site.site.timezone)).timestamp())


def days_off(country: str) -> list[int]:
    """Public holidays, in days since 1970."""
    return [(day - EPOCH).days for day in public_holidays(country, YEARS)]


def holidays_unknown(site: Site, years: Iterable[int]) -> tuple[int, ...]:
    """The years, of some, whose public holidays are not, or not all, written out."""
    unknown = years_unknown(site.calendar.public_holidays, YEARS)
    return tuple(year for year in years if year in unknown)


def _week(calendar: Calendar) -> list[tuple[int, int]]:
    return [_span(getattr(calendar, day)) for day in DAYS]


def _span(hours: tuple[str, ...]) -> tuple[int, int]:
    """From the first opening of a day to its last closing, minutes."""
    if not hours:
        return 0, 0
    first, last = hours[0].split("-")[0], hours[-1].split("-")[1]
    return minutes_of(first), minutes_of(last)


def minutes_of(mark: str) -> int:
    """Minutes after midnight of `HH:MM`."""
    hour, minute = mark.split(":")
    return int(hour) * 60 + int(minute)


@cache
def clock_changes(timezone: str) -> list[tuple[int, int]]:
    """(epoch seconds, seconds ahead of UTC from then on) of a time zone, oldest first."""
    zone = ZoneInfo(timezone)
    at = int(datetime(YEARS[0], 1, 1, tzinfo=UTC).timestamp())
    end = int(datetime(YEARS[-1] + 1, 1, 1, tzinfo=UTC).timestamp())
    changes = [(0, _offset(zone, at))]
    while at < end:
        # No zone changes its clock and back within three days.
        after = at + 72 * HOUR_S
        if _offset(zone, after) != changes[-1][1]:
            moment = _first(zone, at, after)
            changes.append((moment, _offset(zone, moment)))
        at = after
    return changes


def _first(zone: ZoneInfo, before: int, after: int) -> int:
    """The first second of a new offset between two moments that differ in it."""
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (middle, after) if _offset(zone, middle) == old else (before, middle)
    return after


def _offset(zone: ZoneInfo, t: int) -> int:
    offset = datetime.fromtimestamp(t, zone).utcoffset() or timedelta()
    return int(offset.total_seconds())

"""What the aggregate function must know of a site, as JSON; `chantier.hourly` reads it back."""

from __future__ import annotations

from typing import Any

from chantier.site import Calendar, Machine, Site
from chantier.site_settings import DAYS, clock_changes, days_off, minutes_of


def hour_settings_of(site: Site) -> dict[str, Any]:
    """The settings of the aggregate function.

    Keys: `site`; `alert_days`; `offsets` and `off` as in `chantier.site_settings`; `week`, the
    [first minute, last minute] of each span of each day from Monday; `groups` of `machines`
    that share `zone` (its label), `label` and `class`; and where the site file has [rates],
    `rates` by their names there, with `own` rates by machine.
    """
    groups: dict[tuple[str, str, str], list[str]] = {}
    for machine in site.machines:
        shared = site.zone_label(machine), machine.label or "", machine.machine_class
        groups.setdefault(shared, []).append(machine.id)
    said: dict[str, Any] = {
        "site": site.name,
        "alert_days": site.retention.alert_days,
        "offsets": clock_changes(site.site.timezone),
        "off": days_off(site.calendar.public_holidays),
        "week": _spans(site.calendar),
        "groups": [
            {"zone": zone, "label": label, "class": kind, "machines": machines}
            for (zone, label, kind), machines in groups.items()
        ],
    }
    if site.rates is not None:
        own = {one.id: rates for one in site.machines if (rates := _own(one))}
        said["rates"] = {**site.rates.model_dump(), "own": own}
    return said


def _own(machine: Machine) -> dict[str, float]:
    own: dict[str, float] = machine.rates.model_dump(exclude_none=True)
    return own


def _spans(calendar: Calendar) -> list[list[list[int]]]:
    return [
        [[minutes_of(mark) for mark in span.split("-")] for span in getattr(calendar, day)]
        for day in DAYS
    ]

"""Faults of a site file that show only when two places are read together.

It reads the parsed file as it is, right or wrong, so that these faults are told
in the same breath as those of single values.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from chantier.detection.catalogue import DEFAULTS, NOMINAL_VOLTS, rules_for
from chantier.holidays_of import known_countries
from chantier.site_faults import found, nearest
from chantier.telemetry import other_name, probe_name

COUNTRY = re.compile("[A-Z]{2}")
# 30 days.
MAX_SECONDS = 2_592_000
# These may be 0, as may seconds; every other number is above it.
MAY_BE_ZERO = ("margin", "before_h", "before_days", "accuracy_m")
# Numbers that must rise in this order.
ORDERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "COOLANT_HIGH": (("clear", "warning", "critical", "stop"),),
    "HYD_TEMP_HIGH": (("clear", "warning", "critical"),),
    "FUEL_LOW": (("critical", "warning", "clear"),),
    "DEF_LOW": (("critical", "warning", "clear"),),
    "IDLE_LONG": (("info_s", "warning_s"),),
    "BATT_LOW": (("critical", "warning", "info", "clear"),),
    "BATT_HIGH": (("clear", "warning"),),
    "TILT": (
        ("margin", "roll_warning", "roll_critical"),
        ("margin", "pitch_warning", "pitch_critical"),
    ),
    "OVERSPEED": (("clear", "limit"),),
    "SERVICE_DUE": (("before_h", "every_h"),),
}


def contradictions(said: Mapping[str, Any]) -> list[str]:
    """One line a fault: doubled names, unknown zones and countries, limits that cannot be."""
    machines, zones = _tables(said, "machines"), _tables(said, "zones")
    names = {str(zone.get("name")) for _, zone in zones}
    faults = [*_doubled("zones", zones, "name"), *_doubled("machines", machines, "id")]
    faults += _country_faults(said.get("calendar"))
    faults += _probe_faults(said.get("site"), machines)
    site_limits = said.get("limits", {})
    faults += _limit_faults("limits", site_limits, {}, 24)
    for number, machine in machines:
        place = f"machines, no. {number} ({machine.get('id')})"
        zone = machine.get("zone")
        if isinstance(zone, str) and zone not in names:
            known = ", ".join(sorted(names)) or "none is defined"
            faults.append(f"{place}, zone: found {zone!r}; allowed: {known}")
        volts = machine.get("voltage", 24)
        if own := machine.get("limits"):
            faults += _limit_faults(f"{place}, limits", own, site_limits, volts)
    return faults


def _probe_faults(site: Any, machines: list[tuple[int, dict[str, Any]]]) -> list[str]:
    """Machines that would be taken for the one as which `chantier prove` speaks."""
    name = str(site.get("name")) if isinstance(site, dict) else ""
    return [
        f"machines, no. {number}, id: found {machine['id']!r}; chantier prove goes by that name"
        for number, machine in machines
        if name and machine.get("id") in (probe_name(name), other_name(name))
    ]


def _country_faults(calendar: Any) -> list[str]:
    """A country that has the form of one, but whose holidays nobody knows."""
    country = calendar.get("public_holidays") if isinstance(calendar, dict) else None
    if not (isinstance(country, str) and COUNTRY.fullmatch(country)):
        return []
    known = known_countries()
    if country in known:
        return []
    place = "calendar, public_holidays"
    return [f'{place}: found {country!r}; allowed: "" for none, or {", ".join(known)}']


def _tables(said: Mapping[str, Any], key: str) -> list[tuple[int, dict[str, Any]]]:
    listed = said.get(key, [])
    listed = listed if isinstance(listed, list) else []
    return [(number, one) for number, one in enumerate(listed, 1) if isinstance(one, dict)]


def _doubled(kind: str, tables: list[tuple[int, dict[str, Any]]], key: str) -> list[str]:
    counts = Counter(one[key] for _, one in tables if isinstance(one.get(key), str))
    return [
        f"{kind}, {key}: found {name!r} {count} times; allowed: each once"
        for name, count in counts.items()
        if count > 1
    ]


def _limit_faults(place: str, limits: Any, under: Any, volts: Any) -> list[str]:
    faults: list[str] = []
    if not isinstance(limits, dict):
        return faults
    for code, numbers in limits.items():
        if code not in DEFAULTS:
            faults.append(f"{place}, {code}: unknown alert code{nearest(code, DEFAULTS)}")
            continue
        if not isinstance(numbers, dict):
            continue
        wrong = _number_faults(f"{place}, {code}", DEFAULTS[code], numbers)
        below = under.get(code, {}) if isinstance(under, dict) else {}
        faults += wrong or _disorder(f"{place}, {code}", code, {**below, **numbers}, volts)
    return faults


def _number_faults(place: str, known: dict[str, float], numbers: dict[str, Any]) -> list[str]:
    faults = []
    for name, value in numbers.items():
        if name not in known:
            faults.append(f"{place}, {name}: unknown limit{nearest(name, known)}")
        elif _is_number(value) and (allowed := _out_of_bounds(name, value)):
            faults.append(f"{place}, {name}: found {found(value)}; allowed: {allowed}")
    return faults


def _out_of_bounds(name: str, value: float) -> str:
    """What a number may be, if it is something else."""
    if name.endswith("_s"):
        return "" if 0 <= value <= MAX_SECONDS else f"0 to {MAX_SECONDS} seconds"
    if name in MAY_BE_ZERO:
        return "" if value >= 0 else "a number from 0"
    return "" if value > 0 else "a number above 0"


def _disorder(place: str, code: str, numbers: dict[str, Any], volts: Any) -> list[str]:
    """The numbers of a code that are in no possible order."""
    readable = all(_is_number(value) for value in numbers.values())
    if not readable or volts not in NOMINAL_VOLTS or not numbers.keys() <= DEFAULTS[code].keys():
        return []
    merged = rules_for({code: numbers}, volts=volts).limits[code]
    return [
        f"{place}: found {', '.join(f'{name} {merged[name]:g}' for name in order)}; "
        f"allowed: {' < '.join(order)}"
        for order in ORDERS.get(code, ())
        if not all(merged[a] < merged[b] for a, b in pairwise(order))
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)

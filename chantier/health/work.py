"""What the stack has done lately: alerts, data, letters nobody could deliver."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from chantier.aggregates import HOURS, hours_of_keys
from chantier.alerts import read_alerts
from chantier.cloud import Cloud
from chantier.health.part import ATTENTION, GOOD, UNKNOWN, Part
from chantier.letters.reading import Letters
from chantier.letters.wanted import Wanted
from chantier.records import RAW

SEVERITIES = ("critical", "warning", "info")
# Enough to know that there are many.
MOST_LETTERS = 500
# Days of arrival that are looked through for the newest object.
LOOK_BACK_DAYS = 3


def alerts_part(cloud: Cloud, table: str, site: str) -> Part:
    """What needs attention on the site itself."""
    found = Counter(one.severity for one in read_alerts(cloud, table, site=site, only_open=True))
    data = {severity: found[severity] for severity in SEVERITIES}
    if not found:
        return Part("alerts", GOOD, "none open", data)
    text = ", ".join(f"{found[one]} {one}" for one in SEVERITIES if found[one]) + " open"
    state = ATTENTION if found["critical"] else GOOD
    return Part("alerts", state, text, data, "See: chantier alerts --open")


def letters_part(cloud: Cloud, outputs: dict[str, str]) -> Part:
    """What could not be handled."""
    found = Letters(cloud, outputs).read(Wanted(), MOST_LETTERS)
    places = Counter(letter.words for letter in found.letters)
    total = len(found.letters) + found.more
    data = {"total": total, "places": dict(places)}
    if not total:
        return Part("dead letters", GOOD, "none", data)
    more = f", and {found.more} not looked at" if found.more else ""
    text = ", ".join(f"{n} {place}" for place, n in places.most_common()) + more
    return Part("dead letters", ATTENTION, text, data, "See: chantier dead-letters list")


def data_part(cloud: Cloud, bucket: str) -> Part:
    """When the last raw object and the last counted hour came."""
    newest, hours = _newest_raw(cloud, bucket), _hours(cloud, bucket)
    data = {
        "last_raw": newest.isoformat(timespec="seconds") if newest else None,
        "last_hour": hours[-1] if hours else None,
    }
    raw = f"raw {newest:%Y-%m-%d %H:%M} UTC" if newest else f"no raw in {LOOK_BACK_DAYS} days"
    hour = f"last hour counted {hours[-1][:16].replace('T', ' ')}" if hours else "no hour counted"
    return Part("data", GOOD if newest else UNKNOWN, f"{raw}; {hour}", data)


def _newest_raw(cloud: Cloud, bucket: str) -> datetime | None:
    today = datetime.now(UTC).date()
    pages = cloud.client("s3").get_paginator("list_objects_v2")
    for back in range(-1, LOOK_BACK_DAYS):
        prefix = f"{RAW}dt={today - timedelta(back)}/"
        found = [
            one["LastModified"]
            for page in pages.paginate(Bucket=bucket, Prefix=prefix)
            for one in page.get("Contents", [])
        ]
        if found:
            newest: datetime = max(found)
            return newest
    return None


def _hours(cloud: Cloud, bucket: str) -> list[str]:
    pages = cloud.client("s3").get_paginator("list_objects_v2")
    keys = (
        one["Key"]
        for page in pages.paginate(Bucket=bucket, Prefix=HOURS)
        for one in page.get("Contents", [])
    )
    return hours_of_keys(HOURS, keys)

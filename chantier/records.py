"""The shelf: key names of the table and the bucket, and an alert as a DynamoDB item.

One table holds four kinds of items under the partition key `machine`:

    key = ALERT#<opened_at>#<code>#<fault>   one item an alert life
    key = MEMORY                             what detection remembers of the machine
    key = TOLD#<code>#<fault>                when people were told of a fault last, and of
                                             how grave it was; forgotten after half an hour
    key = STORM#<code>                       the machines that a code was told of last, and
                                             until when it is told no more if they are many;
                                             its machine is `#site`, which no machine id can
                                             be

Three indexes: `open` is sparse (only open alerts carry `open_site`), `site` lists
every alert of a site by time, `tell` is sparse too (what people are to be told, and
from when). Attribute names are written here and nowhere else.
"""

from __future__ import annotations

from typing import Any, NamedTuple

MACHINE = "machine"
KEY = "key"
MEMORY = "MEMORY"
SITE = "site"
OPEN_SITE = "open_site"
OPENED_AT = "opened_at"
OPEN_INDEX = "open"
SITE_INDEX = "site"
TELL_SITE = "tell_site"
TELL_AT = "tell_at"
TOLD_AT = "told_at"
CLOSED_AT = "closed_at"
ACKED_AT = "acked_at"
NOTE = "note"
TELL_INDEX = "tell"
# Epoch seconds after which DynamoDB forgets a closed alert.
EXPIRES_AT = "expires_at"
# Of the memory: its text, and how often it was written.
REMEMBERED = "memory"
REVISION = "version"
# Of what was told last of a fault; TOLD_AT says when.
TOLD = "TOLD#"
SEVERITY = "severity"
LEVEL = "level"
# Of a storm: whose it is, its end, and the machines that were told of last.
WHOLE_SITE = "#site"
STORM = "STORM#"
UNTIL = "until"
TOLD_MACHINES = "told"

# ANSI/ISA-18.2 ranks alarms by priority; ours follows from the severity.
PRIORITIES = {"critical": "high", "warning": "medium", "info": "low"}

# Prefixes of the data bucket.
RAW = "raw/"
RAW_ERRORS = "raw-errors/"
QUARANTINE = "quarantine/"

Item = dict[str, dict[str, Any]]


class Alert(NamedTuple):
    """One life of one alert.

    Attributes:
        machine: machine id.
        code: the catalogue's code, for example COOLANT_HIGH.
        fault: what tells two alerts of a code apart (SPN-FMI of a DTC); else empty.
        site: site name.
        severity: info, warning or critical.
        level: 1 for the first level of the code, rising.
        since: when the condition began, `2026-11-22T09:14:05Z`.
        opened_at: when it had lasted long enough to open.
        last_seen_at: the last reading that belongs to it.
        closed_at: when it closed; None while open.
        value: the worst value seen.
        limit: the limit of the current level.
        unit: of both.
        lat: degrees, where it was last seen; None if never known.
        lon: degrees.
        readings: how many readings it has lasted, at least: see `detection.memory.Track`.
        sentence: what, where, since when, what to do, in the site's language.
        acked_at: when a person said that it has been seen; None until then.
        note: what that person wrote; None for nothing.
        found_late: the live path missed it, settling its day found it.
    """

    machine: str
    code: str
    fault: str
    site: str
    severity: str
    level: int
    since: str
    opened_at: str
    last_seen_at: str
    closed_at: str | None
    value: float | None
    limit: float | None
    unit: str
    lat: float | None
    lon: float | None
    readings: int
    sentence: str
    acked_at: str | None = None
    note: str | None = None
    found_late: bool = False

    @property
    def key(self) -> str:
        """The sort key: the same for every message that speaks of this life."""
        return key_of(self.opened_at, self.code, self.fault)

    @property
    def priority(self) -> str:
        """high, medium or low, as ANSI/ISA-18.2 ranks alarms."""
        return PRIORITIES[self.severity]

    @property
    def id(self) -> str:
        """What a person types: `EX-001/COOLANT_HIGH/2026-11-22T09:14:05Z`."""
        parts = (self.machine, self.code, *((self.fault,) if self.fault else ()), self.opened_at)
        return "/".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """The alert as JSON shows it."""
        said = self._asdict()
        lat, lon = said.pop("lat"), said.pop("lon")
        said["position"] = None if lat is None or lon is None else {"lat": lat, "lon": lon}
        state = "closed" if self.closed_at else "open"
        return {"id": self.id, "state": state, "priority": self.priority, **said}


def key_of(opened_at: str, code: str, fault: str) -> str:
    """The sort key of an alert life."""
    return f"ALERT#{opened_at}#{code}#{fault}"


def to_item(alert: Alert) -> Item:
    """The DynamoDB item of an alert, without what is absent."""
    item: Item = {KEY: {"S": alert.key}}
    for name, value in alert._asdict().items():
        if isinstance(value, str):
            item[name] = {"S": value}
        elif isinstance(value, bool):
            if value:
                item[name] = {"BOOL": value}
        elif value is not None:
            item[name] = {"N": repr(value)}
    if alert.closed_at is None:
        item[OPEN_SITE] = {"S": alert.site}
    return item


def from_item(item: Item) -> Alert:
    """The reverse of `to_item`; raises KeyError for an item that is not an alert."""
    values: dict[str, Any] = dict.fromkeys(
        ("closed_at", "value", "limit", "lat", "lon", "acked_at", "note")
    )
    values["found_late"] = False
    for name in Alert._fields:
        if name in item:
            kind, said = next(iter(item[name].items()))
            values[name] = _from_text(said) if kind == "N" else said
    missing = ", ".join(sorted(set(Alert._fields) - set(values)))
    if missing:
        raise KeyError(f"not an alert: no {missing}")
    return Alert(**values)


def _from_text(text: str) -> float:
    return float(text) if "." in text or "e" in text.lower() else int(text)

"""One equipment of a snapshot, understood: its values with their times, and what was wrong.

Nothing is dropped silently: what holds no value, or one that cannot be, becomes a note
that says where and why. Real feeds hold machines with a header alone, empty models,
capacities of 0, install dates of the year 1, and values months older than the others.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chantier.aemp import elements as of
from chantier.aemp.tree import TEXT, Node, plain
from chantier.telemetry import MAX_AHEAD_S, RANGES

# What feeds write where they know nothing.
_NOTHING = ("", "missing", "unknown", "none", "null", "nan", "na", "n/a", "-", "0")
_DURATION = re.compile(r"P(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?"
                       r"(?:(\d+(?:\.\d+)?)S)?)?")  # fmt: skip
_FIRST_YEAR = 1990
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class Value(NamedTuple):
    """One value that a reading holds.

    Attributes:
        element: where it stood.
        field: of the reading.
        t: epoch seconds.
        value: in the reading's unit.
    """

    element: str
    field: str
    t: int
    value: float | bool


class Equipment(NamedTuple):
    """One equipment.

    Attributes:
        number: its place in the file, from 1.
        header: by the standard's names; only what says something.
        values: what readings hold.
        others: elements that are understood and that no reading holds, as they stand.
        notes: what was not taken as it stands, and why.
    """

    number: int
    header: dict[str, str]
    values: tuple[Value, ...]
    others: dict[str, Any]
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """What a person finds it by."""
        says = [self.header.get(name) for name in ("OEMName", "Model")]
        keys = [self.header.get(name) for name in ("EquipmentID", "SerialNumber", "PIN")]
        name = " ".join(one for one in says if one) or "equipment"
        return f"no. {self.number} ({name} {next((one for one in keys if one), 'without a name')})"


def understand(node: Any, number: int, *, snapshot_t: int | None, now: int) -> Equipment:
    """Read one equipment.

    Args:
        node: as `tree` has it.
        number: its place in the file, from 1.
        snapshot_t: the time of the snapshot, for values without one; None if it has none.
        now: epoch seconds; nothing is believed that lies after it.
    """
    if not isinstance(node, dict):
        return Equipment(number, {}, (), {}, (f"it is {str(node)[:40]!r}, not an object",))
    reader = _Reader(snapshot_t, now)
    header = reader.header(node.get("equipmentheader"))
    for name, said in node.items():
        if name not in ("equipmentheader", TEXT, "xmlns"):
            reader.element(name, said)
    return Equipment(number, header, tuple(reader.values), reader.others, tuple(reader.notes))


def read_time(said: Any) -> int | None:
    """Epoch seconds of an ISO 8601 time, UTC where it names no zone; None if it is none."""
    if not isinstance(said, str):
        return None
    try:
        time = datetime.fromisoformat(said.strip())
    except ValueError:
        return None
    if time.year < _FIRST_YEAR:
        return None
    return int((time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp())


class _Reader:
    """What is read of one equipment so far."""

    def __init__(self, snapshot_t: int | None, now: int) -> None:
        self._snapshot_t, self._now = snapshot_t, now
        self.values: list[Value] = []
        self.others: dict[str, Any] = {}
        self.notes: list[str] = []

    def header(self, node: Any) -> dict[str, str]:
        if not isinstance(node, dict):
            self.notes.append("it has no EquipmentHeader")
            return {}
        found: dict[str, str] = {}
        for name in of.HEADER:
            said = node.get(name.lower())
            text = "" if said is None or isinstance(said, dict | list) else str(said).strip()
            if text.lower() in _NOTHING:
                if said is not None:
                    self.notes.append(f"{name} is {text!r}: taken as absent")
            elif name == "UnitInstallDateTime" and read_time(text) is None:
                self.notes.append(f"{name} is {text[:40]}: taken as absent")
            else:
                found[name] = text
        return found

    def element(self, name: str, said: Any) -> None:
        title, read = _READERS.get(name, (name, None))
        if isinstance(said, list):
            for one in said:
                self.element(name, one)
        elif not isinstance(said, dict):
            if said not in (None, ""):
                self.notes.append(f"{title} is {str(said)[:40]!r}, not an element with parts")
            else:
                self.notes.append(f"{title} is empty")
        elif read is None:
            known = {plain(one): one for one in of.NOT_CARRIED}.get(name)
            self.others[known or title] = said
            if known is None:
                self.notes.append(f"{title} is no element of ISO 15143-3 that is known here")
        elif (t := self._time(title, said)) is not None:
            for field, value in read(self, title, said):
                self._take(title, field, t, value)

    def _time(self, title: str, said: Node) -> int | None:
        text = said.get("datetime", said.get("timestamp"))
        if text is None or text == "":
            if self._snapshot_t is None:
                self.notes.append(f"{title} has no datetime, and the snapshot none either")
            else:
                self.notes.append(f"{title} has no datetime: taken as of the snapshot's")
            return self._snapshot_t
        t = read_time(text)
        if t is None:
            self.notes.append(f"{title}: {str(text)[:40]!r} is no time that can be")
        elif t > self._now + MAX_AHEAD_S:
            self.notes.append(f"{title} is of {text}, which has not come yet")
            return None
        return t

    def _take(self, title: str, field: str, t: int, value: float) -> None:
        low, high = RANGES.get(field, (0, 1))
        if low <= value <= high:
            self.values.append(Value(title, field, t, value))
        else:
            self.notes.append(f"{title} says {value:g}, which is not within {low:g} to {high:g}")

    def number(self, title: str, said: Node, part: str) -> float | None:
        """A number of a part; noted if it is none."""
        text = said.get(plain(part), said.get(TEXT) if part != "Longitude" else None)
        if text is None or (isinstance(text, str) and text.strip() == ""):
            self.notes.append(f"{title} has no {part}")
            return None
        try:
            value = float(text)
        except (TypeError, ValueError, OverflowError):
            value = math.nan
        if math.isfinite(value) and not isinstance(text, bool):
            return value
        self.notes.append(f"{title}: {part} is {str(text)[:40]!r}, which is no number")
        return None

    def hours(self, title: str, said: Node) -> float | None:
        """Hours as a number, or as an ISO 8601 duration."""
        text = said.get("hour", said.get("hours"))
        whole = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
        if whole and any(whole.groups()):
            days, hours, minutes, seconds = (float(one or 0) for one in whole.groups())
            return round(days * 24 + hours + minutes / 60 + seconds / 3600, 4)
        return self.number(title, {"hour": text}, "Hour")


Read = list[tuple[str, float | bool]]


def _one(field: str, value: float | None) -> Read:
    return [] if value is None else [(field, value)]


def _location(reader: _Reader, title: str, said: Node) -> Read:
    lat, lon = (reader.number(title, said, part) for part in ("Latitude", "Longitude"))
    if lat is None or lon is None:
        return []
    if lat == lon == 0:
        reader.notes.append(f"{title} is 0, 0: a receiver without a fix")
        return []
    fits = all(RANGES[f][0] <= v <= RANGES[f][1] for f, v in (("lat", lat), ("lon", lon)))
    if not fits:
        reader.notes.append(f"{title} says {lat:g}, {lon:g}, which is nowhere")
        return []
    return [("lat", round(lat, 5)), ("lon", round(lon, 5))]


def _engine(reader: _Reader, title: str, said: Node) -> Read:
    text = str(said.get("running", "")).strip().lower()
    if text in _TRUE or text in _FALSE:
        return [("eng", text in _TRUE)]
    reader.notes.append(f"{title}: Running is {text[:40]!r}, neither true nor false")
    return []


def _fuel(reader: _Reader, title: str, said: Node) -> Read:
    used = reader.number(title, said, "FuelConsumed")
    unit = said.get("fuelunits")
    litres = of.LITRES.get(plain(str(unit))) if unit not in (None, "") else 1.0
    if used is None or litres is None:
        if litres is None:
            reader.notes.append(f"{title}: FuelUnits is {str(unit)[:40]!r}, which is not known")
        return []
    if unit in (None, ""):
        reader.notes.append(f"{title} names no FuelUnits: taken as litres")
    return [("fuel_used_l", round(used * litres, 2))]


def _remaining(field: str) -> Callable[[_Reader, str, Node], Read]:
    def read(reader: _Reader, title: str, said: Node) -> Read:
        if str(said.get(f"{'fuel' if field == 'fuel_pct' else 'def'}tankcapacity")) in _ZEROS:
            reader.notes.append(f"{title}: its tank is said to hold 0: the site file's counts")
        return _one(field, reader.number(title, said, "Percent"))

    return read


def _hours(field: str) -> Callable[[_Reader, str, Node], Read]:
    return lambda reader, title, said: _one(field, reader.hours(title, said))


def _count(reader: _Reader, title: str, said: Node) -> Read:
    return _one("cyc", reader.number(title, said, "Count"))


_ZEROS = ("0", "0.0", "0.00")
_READERS: dict[str, tuple[str, Any]] = {
    plain(name): (name, read)
    for name, read in (
        (of.LOCATION, _location),
        (of.OPERATING_HOURS, _hours("op_h")),
        (of.IDLE_HOURS, _hours("idle_h")),
        (of.FUEL_USED, _fuel),
        (of.FUEL_REMAINING, _remaining("fuel_pct")),
        (of.DEF_REMAINING, _remaining("def_pct")),
        (of.ENGINE_STATUS, _engine),
        (of.LOAD_COUNT, _count),
    )
}

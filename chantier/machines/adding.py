"""Machines out of a CSV file, into the site file: all of them, or none.

The site file is the truth, and people keep comments in it: tables are added at its end, and
nothing that stands there is touched. The result is checked as any site file is, before the
file is replaced.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from chantier.errors import ChantierError, SiteError
from chantier.site import Machine, Site
from chantier.site_faults import nearest

TEXTS = ("id", "class", "label", "zone", "make", "model", "serial")
COLUMNS = (*TEXTS, "tank_l", "voltage", "vgp", "lifting")
NEEDED = ("id", "class")
YES_NO = {"true": True, "yes": True, "oui": True, "1": True} | {
    "false": False,
    "no": False,
    "non": False,
    "0": False,
}
# As `chantier.site_faults` points at a machine.
PLACE = re.compile(r"^machines, no\. (\d+)(?: \([^)]*\))?(?:, )?")


class Row(NamedTuple):
    """A machine of the CSV file.

    Attributes:
        line: of the file, from 1.
        said: as the site file would say it.
    """

    line: int
    said: dict[str, Any]


def add_to_site(csv_path: Path, site_path: Path) -> tuple[Machine, ...]:
    """Add the machines of a CSV file to a site file.

    The first line names the columns; comma or semicolon, UTF-8. `id` and `class` must be
    there, the others may be: label, zone, make, model, serial, tank_l, voltage, vgp, lifting,
    as in the site file. An empty cell says nothing.

    Returns:
        The machines that are new.

    Raises:
        ChantierError: the CSV file cannot be read.
        SiteError: with the fault of every row; nothing was written.
    """
    before = Site.load(site_path)
    rows, faults = _rows(csv_path)
    here = {machine.id for machine in before.machines}
    faults += _taken(rows, here)
    fresh = [row for row in rows if row.said.get("id") not in here]
    site_path = site_path.resolve()
    text = site_path.read_text("utf-8")
    grown = text + ("" if text.endswith("\n") else "\n") + "".join(map(_table, fresh))
    faults += _faults(grown, site_path, fresh, first=len(before.machines))
    if faults:
        raise SiteError(
            f"{csv_path} has {len(faults)} fault{'' if len(faults) == 1 else 's'}; nothing was "
            "added:",
            tuple(faults),
            "Mend them, then run it again.",
        )
    _replace(site_path, grown)
    return Site.load(site_path).machines[len(before.machines) :]


def _rows(path: Path) -> tuple[list[Row], list[str]]:
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ChantierError(f"{path} cannot be read: {error}.", "Save it as UTF-8.") from error
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ",")
    names = [name.strip() for name in next(reader, [])]
    faults = [
        f"line 1: unknown column {name!r}{nearest(name, COLUMNS)}"
        for name in names
        if name not in COLUMNS
    ]
    faults += [f"line 1: the column {name!r} is missing" for name in NEEDED if name not in names]
    faults += [f"line 1: {name!r} twice" for name in sorted(set(names)) if names.count(name) > 1]
    rows: list[Row] = []
    for cells in reader if not faults else ():
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(names):
            faults.append(f"line {reader.line_num}: {len(cells)} cells; {len(names)} columns")
            continue
        said = {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
        row, wrong = _row(reader.line_num, {k: v for k, v in said.items() if v})
        rows.append(row)
        faults += wrong
    if not rows and not faults:
        faults = ["there is no machine in it"]
    return rows, faults


def _row(line: int, cells: Mapping[str, str]) -> tuple[Row, list[str]]:
    """A row with the types of the site file; what does not fit is a fault."""
    said: dict[str, Any] = {}
    faults = []
    for name, cell in cells.items():
        try:
            said[name] = _value(name, cell)
        except (ValueError, KeyError):
            what = {"vgp": "a date such as 2026-09-14", "lifting": "true or false"}
            allowed = what.get(name, "a number")
            faults.append(f"line {line}, {name}: found {cell!r}; allowed: {allowed}")
    return Row(line, said), faults


def _value(name: str, cell: str) -> Any:
    if name == "tank_l":
        return float(cell.replace(",", "."))
    if name == "voltage":
        return int(cell)
    if name == "vgp":
        return date.fromisoformat(cell)
    return YES_NO[cell.lower()] if name == "lifting" else cell


def _taken(rows: list[Row], here: set[str]) -> list[str]:
    """Machines that the site file has already: whose line would count is anybody's guess."""
    return [
        f"line {row.line}: {row.said['id']!r} is in the site file already"
        for row in rows
        if row.said.get("id") in here
    ]


def _table(row: Row) -> str:
    lines = [f"{name} = {_toml(value)}" for name, value in row.said.items()]
    return "\n[[machines]]\n" + "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    if isinstance(value, date):
        return value.isoformat()
    # TOML's basic strings, numbers and truth values are those of JSON, but for DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _faults(text: str, site_path: Path, rows: list[Row], *, first: int) -> list[str]:
    """What a site file would be blamed for, with the lines of the CSV file."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / site_path.name
        draft.write_text(text, "utf-8")
        try:
            Site.load(draft)
        except SiteError as wrong:
            return [_placed(fault, rows, first) for fault in wrong.faults] or [wrong.message]
    return []


def _placed(fault: str, rows: list[Row], first: int) -> str:
    found = PLACE.match(fault)
    number = int(found[1]) - 1 - first if found else -1
    if found is None or not 0 <= number < len(rows):
        return fault
    row = rows[number]
    rest = fault[found.end() :]
    name = row.said.get("id")
    return f"line {row.line}{f' ({name})' if name else ''}{', ' if rest[:1] != ':' else ''}{rest}"


def _replace(path: Path, text: str) -> None:
    """The whole file at one moment; with the rights of the former one."""
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(text, "utf-8")
    draft.chmod(path.stat().st_mode)
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)

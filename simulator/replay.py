"""Recorded readings: read from a file without losing any silently, and sent again.

JSON Lines with one reading a line as the wire writes it, or CSV whose header
names the fields. What the readings mean is `chantier.telemetry`'s affair.
"""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from chantier.decoding import parse, read
from chantier.errors import ChantierError, Malformed
from chantier.telemetry import Reading, ingest_topic
from simulator.batch import pack
from simulator.clock import Accelerated, Clock, Instant
from simulator.depot import Depot
from simulator.link import Line, Link
from simulator.outbox import Outbox
from simulator.report import FleetReport, OnSent, Sent

MOST_READINGS = 12
# At the end, what waits is sent as long as something gets through, s.
PATIENCE_S, FINISH_S = 10.0, 120.0

_WORDS = ("t", "st")
_SWITCHES = {"true": True, "1": True, "false": False, "0": False}
_FIELDS = Reading._fields


def read_recording(path: Path) -> tuple[Reading, ...]:
    """Read a recording, oldest reading first.

    A recording without sequence numbers gets them in the order of its lines. In
    CSV an empty cell is an absent sensor, and `dtc` and `lamp` hold JSON lists.

    Args:
        path: a `.csv` file, or one of JSON Lines.

    Raises:
        ChantierError: it is missing, empty or broken; with the line, and what is wrong there.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise ChantierError(f"There is no recording at {path}.", "Check the path.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ChantierError(f"{path} cannot be read: {error}.", "Give a text file.") from error
    rows = _csv_rows(path, text) if path.suffix.lower() == ".csv" else _json_rows(path, text)
    readings = [_reading(path, line, said) for line, said in rows]
    if not readings:
        raise ChantierError(f"{path} holds no reading.", "Give one reading a line.")
    if not any(reading.seq for reading in readings):
        readings = [one._replace(seq=seq) for seq, one in enumerate(readings, 1)]
    return tuple(sorted(readings, key=lambda reading: (reading.t, reading.seq)))


async def replay(  # noqa: PLR0913 - keyword-only: what, where to, as whom and how fast
    readings: Sequence[Reading],
    line: Line,
    *,
    site: str,
    machine: str,
    speed: float | None = None,
    on_sent: OnSent = lambda _sent: None,
) -> FleetReport:
    """Send recorded readings as one machine.

    Args:
        readings: oldest first.
        line: where it connects.
        site: the site's name.
        machine: machine id.
        speed: recorded seconds in a second; None for as fast as the broker takes them.
        on_sent: hears of each message when it is settled.

    Raises:
        ChantierError: the machine cannot connect.
    """
    sent: list[Sent] = []

    def note(one: Sent) -> None:
        sent.append(one)
        on_sent(one)

    start = readings[0].t if readings else 0
    clock: Clock = Accelerated(start, speed) if speed else Instant(start)
    async with Link(line, queued=True) as link, Depot(on_sent=note) as depot:
        topic = ingest_topic(site, machine)
        outbox = Outbox(link, depot, machine=machine, topic=topic)
        for message in pack(readings, most=MOST_READINGS):
            await clock.sleep_until(message[-1].t)
            outbox.hand_over(message, urgent=False)
            await outbox.calm()
        await outbox.finish(
            patience_s=PATIENCE_S, until=asyncio.get_running_loop().time() + FINISH_S
        )
        outbox.give_up()
    return FleetReport(tuple(sent), lost={machine: outbox.trouble} if outbox.trouble else {})


def _json_rows(path: Path, text: str) -> Iterator[tuple[int, object]]:
    for line, said in enumerate(text.split("\n"), 1):
        if said.strip():
            try:
                yield line, parse(said.encode())
            except Malformed as fault:
                raise _broken(path, line, fault.message) from None


def _csv_rows(path: Path, text: str) -> Iterator[tuple[int, object]]:
    table = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = next(table, [])
        if strange := [name for name in header if name not in _FIELDS]:
            hint = f"Fields are {', '.join(_FIELDS)}."
            raise _broken(path, 1, f"no field is called {strange[0]!r}", hint)
        if twice := [name for name in header if header.count(name) > 1]:
            raise _broken(path, 1, f"{twice[0]} stands there twice")
        for row in table:
            line = table.line_num
            if row and len(row) != len(header):
                raise _broken(path, line, f"{len(row)} cells under {len(header)} names")
            if row:
                cells = zip(header, row, strict=True)
                yield line, {name: _cell(path, line, name, cell) for name, cell in cells if cell}
    except csv.Error as error:
        raise _broken(path, table.line_num, f"not CSV: {error}") from None


def _cell(path: Path, line: int, name: str, cell: str) -> Any:
    """The JSON value that a cell stands for."""
    if name in _WORDS:
        return cell
    if name == "eng":
        return _SWITCHES.get(cell.strip().lower(), cell)
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        raise _broken(path, line, f"{name} is {cell[:40]!r}") from None
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if name == "seq" and whole else value


def _reading(path: Path, line: int, said: object) -> Reading:
    if isinstance(said, dict) and (strange := [name for name in said if name not in _FIELDS]):
        hint = f"Fields are {', '.join(_FIELDS)}."
        raise _broken(path, line, f"no field is called {strange[0]!r}", hint)
    try:
        return read(said)
    except Malformed as fault:
        raise _broken(path, line, fault.message) from None


def _broken(path: Path, line: int, what: str, hint: str = "") -> ChantierError:
    return ChantierError(f"{path}, line {line}: {what}.", hint or "Mend that line.")

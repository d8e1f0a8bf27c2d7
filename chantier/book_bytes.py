"""An hour's meters as they are kept: the same bytes for the same hour, and back."""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

from chantier.decoding import parse_time
from chantier.errors import Malformed
from chantier.meters import COUNTERS, Book, Heights, Meters, Sketch, heights
from chantier.telemetry import format_time

BOOK_VERSION = 1


def dump_book(book: Book) -> bytes:
    """An hour as it is kept: the same bytes for the same hour."""
    said = {
        "v": BOOK_VERSION,
        "hour": format_time(book.hour),
        "rates": book.rates,
        "opening": book.opening,
        "machines": {
            machine: {
                "seen": f"{sketch.seen:x}",
                "first": sketch.first,
                "last": sketch.last,
                **_turns(sketch),
                "place": sketch.place,
            }
            for machine, sketch in book.sketches.items()
        },
    }
    return json.dumps(said, separators=(",", ":"), sort_keys=True).encode()


def load_book(body: bytes) -> Book:
    """The reverse of `dump_book`.

    Raises:
        ValueError: it is damaged, or newer than this.
    """
    try:
        said = json.loads(body)
        if said["v"] != BOOK_VERSION:
            raise ValueError("of another version")
        sketches = {machine: _sketch(one) for machine, one in said["machines"].items()}
        opening = {machine: _meters(one) for machine, one in said["opening"].items()}
        rates = said["rates"]
        if rates is not None:
            rates = {**rates, "own": dict(rates["own"])}
        return Book(parse_time(said["hour"]), rates, opening, sketches)
    except (
        KeyError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        Malformed,
    ) as fault:
        raise ValueError(f"{type(fault).__name__}: {fault}") from None


def _turns(sketch: Sketch) -> dict[str, Heights]:
    """The lowest and the highest of counters, where the first and the last do not tell them."""
    if (sketch.low, sketch.high) == _ends(sketch.first, sketch.last):
        return {}
    return {"low": sketch.low, "high": sketch.high}


def _ends(first: Meters, last: Meters) -> tuple[Heights, Heights]:
    """The lower and the higher of two meters of each counter."""
    both = list(zip(heights(first), heights(last), strict=True))
    low = tuple(min(filter(None, one), default=None) for one in both)
    return low, tuple(max(filter(None, one), default=None) for one in both)


def _sketch(said: dict[str, Any]) -> Sketch:
    place = said["place"]
    if place is not None:
        t, seq, lat, lon = place
        place = int(t), int(seq), _finite(lat), _finite(lon)
    first, last = _meters(said["first"]), _meters(said["last"])
    low, high = _ends(first, last)
    if "low" in said:
        low, high = _heights(said["low"]), _heights(said["high"])
    return Sketch(int(said["seen"], 16), first, last, low, high, place)


def _meters(said: list[Any]) -> Meters:
    _check_counters(said)
    return tuple(one and (int(one[0]), int(one[1]), _finite(one[2])) for one in said)


def _heights(said: list[Any]) -> Heights:
    _check_counters(said)
    return tuple(one and (_finite(one[0]), int(one[1]), int(one[2])) for one in said)


def _check_counters(said: list[Any]) -> None:
    if len(said) != len(COUNTERS):
        raise ValueError(f"{len(said)} counters, expected {len(COUNTERS)}")


def _finite(said: Any) -> float:
    value = float(said)
    if not isfinite(value):
        raise ValueError(f"{value} is no meter")
    return value

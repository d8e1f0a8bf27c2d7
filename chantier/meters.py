"""The meters of machines hour by hour: what is kept of readings, and what is read off it.

Of the readings of a machine in an hour a sketch is kept, and sketches merge: in any
order, in any grouping, any number of times, the same readings give the same sketch.
Figures are differences of counters, never sums of rates: an hour is its closing meter
less that of the hour before, so the hours of a machine add up to the change of its
counter exactly. Nothing here reads a clock or a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chantier.decoding import parse_time
from chantier.errors import Malformed
from chantier.telemetry import RANGES, Reading, format_time

BOOK_VERSION = 1
HOUR_SECONDS = 3600
# Lifetime counters, in the order of every tuple of meters.
COUNTERS = ("op_h", "idle_h", "fuel_used_l")
# No meter runs faster than this an hour: the clock, and all that SPN 183 can say of fuel.
FASTEST = (1.0, 1.0, RANGES["fuel_lph"][1])
# What a counter may be ahead of that: two steps of SPN 247 (0.05 h), of SPN 250 (0.5 L).
STEPS = (0.1, 0.1, 1.0)

# A counter as one reading has it: epoch seconds, sequence number, value.
Meter = tuple[int, int, float]
Meters = tuple[Meter | None, ...]
NO_METERS: Meters = (None,) * len(COUNTERS)


class Sketch(NamedTuple):
    """What is kept of the readings of a machine in an hour.

    Attributes:
        seen: a bit for each second of the hour in which a reading was taken; two of one
            second, or one that comes again, count once.
        first: the earliest meter of each counter; None for one that no reading carries.
        last: the latest of each.
        place: (epoch seconds, sequence number, latitude, longitude), the latest; or None.
    """

    seen: int = 0
    first: Meters = NO_METERS
    last: Meters = NO_METERS
    place: tuple[int, int, float, float] | None = None

    @property
    def readings(self) -> int:
        """Seconds of the hour in which a reading was taken."""
        return self.seen.bit_count()


class Figures(NamedTuple):
    """What a machine did in an hour; None for a counter that it does not carry."""

    engine_h: float | None = None
    idle_h: float | None = None
    fuel_l: float | None = None
    meter_changed: bool = False


class Book(NamedTuple):
    """An hour of a site.

    Attributes:
        hour: its beginning, epoch seconds.
        rates: what an hour and a litre cost when it was first counted; None for nothing.
        opening: the meters of each machine before it, carried through hours of silence.
        sketches: of each machine that spoke.
    """

    hour: int
    rates: dict[str, Any] | None
    opening: dict[str, Meters]
    sketches: dict[str, Sketch]


def sketch_of(readings: Iterable[Reading], hour: int) -> Sketch:
    """The sketch of readings of one machine, all of the hour that begins at `hour`."""
    seen = 0
    first: list[Meter | None] = list(NO_METERS)
    last: list[Meter | None] = list(NO_METERS)
    place = None
    for one in readings:
        t, seq = one.t, one.seq
        seen |= 1 << (t - hour)
        for index, value in enumerate((one.op_h, one.idle_h, one.fuel_used_l)):
            if value is not None:
                meter = t, seq, float(value)
                first[index] = _earliest(first[index], meter)
                last[index] = _latest(last[index], meter)
        if one.lat is not None and one.lon is not None:
            place = _latest(place, (t, seq, float(one.lat), float(one.lon)))
    return Sketch(seen, tuple(first), tuple(last), place)


def merge(one: Sketch, other: Sketch) -> Sketch:
    """The sketch of the readings of both."""
    return Sketch(
        one.seen | other.seen,
        tuple(map(_earliest, one.first, other.first)),
        tuple(map(_latest, one.last, other.last)),
        _latest(one.place, other.place),
    )


def merge_into(sketches: dict[str, Sketch], others: Mapping[str, Sketch]) -> None:
    """Add sketches to those of the same machines."""
    for machine, sketch in others.items():
        known = sketches.get(machine)
        sketches[machine] = merge(known, sketch) if known else sketch


def closing(book: Book) -> dict[str, Meters]:
    """The meters of each machine at the end of an hour."""
    closed = dict(book.opening)
    for machine, sketch in book.sketches.items():
        opened = closed.get(machine, NO_METERS)
        closed[machine] = tuple(map(_latest, opened, sketch.last))
    return closed


def figures(opening: Meters, sketch: Sketch) -> Figures:
    """What a machine did in an hour.

    The first reading ever of a counter is where it is counted from. After a silence
    everything since the last meter falls in the hour in which it is seen. A meter that
    went back, or ran faster than it can, was changed: what lies over the change is not
    counted, only what comes before and after.
    """
    limits = zip(opening, sketch.first, sketch.last, FASTEST, STEPS, strict=True)
    (engine, _), (idle, _), (fuel, _) = worked = [_worked(*each) for each in limits]
    return Figures(engine, idle, fuel, any(changed for _, changed in worked))


def _worked(
    opened: Meter | None, first: Meter | None, last: Meter | None, fastest: float, step: float
) -> tuple[float | None, bool]:
    """What a counter rose by, and whether it was changed."""
    if first is None or last is None:
        return None, False
    begun = opened or first
    until_first = _runs(begun, first, fastest, step)
    after_first = _runs(first, last, fastest, step)
    if until_first and after_first:
        return round(last[2] - begun[2], 6), False
    if after_first:
        return round(last[2] - first[2], 6), True
    return (round(first[2] - begun[2], 6) if until_first else 0.0), True


def _runs(before: Meter, after: Meter, fastest: float, step: float) -> bool:
    """Whether one meter can show both."""
    most = (after[0] - before[0]) / HOUR_SECONDS * fastest + step
    return 0 <= after[2] - before[2] <= most


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
    except (KeyError, TypeError, AttributeError, RecursionError, Malformed) as fault:
        raise ValueError(f"{type(fault).__name__}: {fault}") from None


def _sketch(said: dict[str, Any]) -> Sketch:
    place = said["place"]
    if place is not None:
        t, seq, lat, lon = place
        place = int(t), int(seq), float(lat), float(lon)
    return Sketch(int(said["seen"], 16), _meters(said["first"]), _meters(said["last"]), place)


def _meters(said: list[Any]) -> Meters:
    if len(said) != len(COUNTERS):
        raise ValueError(f"{len(said)} counters, expected {len(COUNTERS)}")
    return tuple(one and (int(one[0]), int(one[1]), float(one[2])) for one in said)


def _earliest(one: Any, other: Any) -> Any:
    """The lesser of two tuples that begin with a time; the other one of None."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def _latest(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return one or other
    return max(one, other)

"""The meters of machines hour by hour: what is kept of readings, and what is read off it.

Of the readings of a machine in an hour a sketch is kept, and sketches merge: in any
order, in any grouping, any number of times, the same readings give the same sketch.
Figures are differences of counters, never sums of rates: an hour is its closing meter
less that of the hour before, so the hours of a machine add up to the change of its
counter exactly. Nothing here reads a clock or a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chantier.telemetry import RANGES, Reading

HOUR_SECONDS = 3600
# Lifetime counters, in the order of every tuple of meters.
COUNTERS = ("op_h", "idle_h", "fuel_used_l")
# No meter runs faster than this an hour: the clock, and all that SPN 183 can say of fuel.
FASTEST = (1.0, 1.0, RANGES["fuel_lph"][1])
# What a counter may be ahead of that: two steps of SPN 247 (0.05 h), of SPN 250 (0.5 L);
# one step of a meter that shows no less than that.
STEPS = (0.1, 0.1, 1.0)
COARSE_STEPS = (1.0, 0.5, 0.25)

# A counter as one reading has it: epoch seconds, sequence number, value.
Meter = tuple[int, int, float]
Meters = tuple[Meter | None, ...]
# The same, by value: value, epoch seconds, sequence number.
Height = tuple[float, int, int]
Heights = tuple[Height | None, ...]
NO_METERS: Meters = (None,) * len(COUNTERS)
NO_HEIGHTS: Heights = (None,) * len(COUNTERS)


class Sketch(NamedTuple):
    """What is kept of the readings of a machine in an hour.

    Attributes:
        seen: a bit for each second of the hour in which a reading was taken; two of one
            second, or one that comes again, count once.
        first: the earliest meter of each counter; None for one that no reading carries.
        last: the latest of each.
        low: the lowest of each, the earliest of several.
        high: the highest of each, the latest of several. A counter that only rises is lowest
            at first and highest at last; otherwise it was changed within the hour.
        place: (epoch seconds, sequence number, latitude, longitude), the latest; or None.
    """

    seen: int = 0
    first: Meters = NO_METERS
    last: Meters = NO_METERS
    low: Heights = NO_HEIGHTS
    high: Heights = NO_HEIGHTS
    place: tuple[int, int, float, float] | None = None

    @property
    def readings(self) -> int:
        """Seconds of the hour in which a reading was taken."""
        return self.seen.bit_count()


class Figures(NamedTuple):
    """What a machine did in an hour; None for a counter that it does not carry.

    Attributes:
        engine_h: hours with the engine on.
        idle_h: of these, idling.
        fuel_l: litres.
        meter_changed: one of the counters was. What it rose by is then what is known of it,
            or None.
        work_h: engine hours that were not idling; None where the two counters were not
            changed together, so that they do not tell of the same time.
    """

    engine_h: float | None = None
    idle_h: float | None = None
    fuel_l: float | None = None
    meter_changed: bool = False
    work_h: float | None = None


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
    told: tuple[list[Meter], ...] = tuple([] for _ in COUNTERS)
    place = None
    for one in readings:
        t, seq = one.t, one.seq
        seen |= 1 << (t - hour)
        for meters, value in zip(told, (one.op_h, one.idle_h, one.fuel_used_l), strict=True):
            if value is not None:
                meters.append((t, seq, float(value)))
        if one.lat is not None and one.lon is not None:
            place = _greatest(place, (t, seq, float(one.lat), float(one.lon)))
    heights = [[(value, t, seq) for t, seq, value in meters] for meters in told]
    return Sketch(
        seen,
        tuple(min(some, default=None) for some in told),
        tuple(max(some, default=None) for some in told),
        tuple(min(some, default=None) for some in heights),
        tuple(max(some, default=None) for some in heights),
        place,
    )


def merge(one: Sketch, other: Sketch) -> Sketch:
    """The sketch of the readings of both."""
    return Sketch(
        one.seen | other.seen,
        tuple(map(_least, one.first, other.first)),
        tuple(map(_greatest, one.last, other.last)),
        tuple(map(_least, one.low, other.low)),
        tuple(map(_greatest, one.high, other.high)),
        _greatest(one.place, other.place),
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
        closed[machine] = tuple(map(_greatest, opened, sketch.last))
    return closed


def figures(opening: Meters, sketch: Sketch) -> Figures:
    """What a machine did in an hour.

    The first reading ever of a counter is where it is counted from. After a silence
    everything since the last meter falls in the hour in which it is seen, and nothing in
    those before it. A meter that
    went back, or ran faster than it can, was changed: what lies over the change is not
    counted, only what comes before and after. Where that cannot be told, nothing is said.
    """
    if not sketch.seen:
        sketch = Sketch(first=opening, last=opening, low=heights(opening), high=heights(opening))
    counters = zip(
        opening, sketch.first, sketch.last, sketch.low, sketch.high, FASTEST, STEPS, strict=True
    )
    rises = [_rise(*each) for each in counters]
    engine, idle, fuel = (rise for rise, _ in rises)
    engine_changed, idle_changed, _ = changed = [one for _, one in rises]
    work = None
    if engine is not None and idle is not None and engine_changed == idle_changed:
        work = round(engine - idle, 6)
        if engine_changed and work < 0:
            work = None
    return Figures(engine, idle, fuel, any(changed), work)


def heights(meters: Meters) -> Heights:
    """Meters as they are compared by value."""
    return tuple(one and (one[2], one[0], one[1]) for one in meters)


def _rise(  # noqa: PLR0913, PLR0917 - what is known of a counter in an hour
    opened: Meter | None,
    first: Meter | None,
    last: Meter | None,
    low: Height | None,
    high: Height | None,
    fastest: float,
    step: float,
) -> tuple[float | None, bool]:
    """What a counter rose by, and whether it was changed."""
    if first is None or last is None or low is None or high is None:
        return None, False

    def rise(before: Meter, after: Meter) -> float | None:
        return after[2] - before[2] if _runs(before, after, fastest, step) else None

    begun = opened or first
    until_first, after_first = rise(begun, first), rise(first, last)
    peak, bottom = (*high[1:], high[0]), (*low[1:], low[0])
    until_peak, since_bottom = rise(first, peak), rise(bottom, last)
    if peak < bottom and until_peak is not None and since_bottom is not None:
        # It went back within the hour, once.
        return round((until_first or 0.0) + until_peak + since_bottom, 6), True
    if until_peak is not None and peak[2] - last[2] > step:
        return None, True
    if until_first is not None and after_first is not None:
        return round(last[2] - begun[2], 6), False
    known = rise(begun, last) if after_first is None else after_first
    return None if known is None else round(known, 6), True


def _runs(before: Meter, after: Meter, fastest: float, step: float) -> bool:
    """Whether one meter can show both."""
    coarse = (each for each in COARSE_STEPS if before[2] % each == after[2] % each == 0)
    most = (after[0] - before[0]) / HOUR_SECONDS * fastest + max(step, next(coarse, 0.0))
    return 0 <= after[2] - before[2] <= most


def _least(one: Any, other: Any) -> Any:
    """The lesser of two tuples; the other one of None."""
    if one is None or other is None:
        return one or other
    return min(one, other)


def _greatest(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return one or other
    return max(one, other)

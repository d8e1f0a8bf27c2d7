"""How fast hours are counted: raw lines through the fold, and an hour of 10,000 machines.

    python bench/aggregate.py [--runs 9] [--machines 10000] [--json]

The lines are those of the example site's simulated machines, as the rule writes them; each
is parsed, decoded and counted as the aggregate function does it. `json.loads` alone over
the same lines runs in turn with it, so that only their ratio matters. Then the hour is
written out once for so many machines: rows, meters, both read back. One core, no network.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable

from chantier.aggregates import HOUR_COLUMNS
from chantier.book_bytes import dump_book, load_book
from chantier.functions.counting import Count
from chantier.hour_settings import hour_settings_of
from chantier.hourly import fleet_of, hour_lines
from chantier.meters import Book, closing
from chantier.site import EXAMPLE, Site
from chantier.telemetry import as_dict
from simulator.shift import shift

# Monday 21 September 2026, 09:00 in Paris.
START, HOUR_S = 1_789_974_000, 3600
# A machine at work sends one message a minute.
MESSAGES_AN_HOUR = 60


def spread(values: list[float], digits: int = 1) -> dict[str, float]:
    """n, minimum, median and maximum."""
    return {
        "n": len(values),
        "min": round(min(values), digits),
        "median": round(statistics.median(values), digits),
        "max": round(max(values), digits),
    }


def raw_lines(site: Site) -> list[bytes]:
    """An hour of the site's machines as lines of raw objects."""
    return [
        json.dumps(
            {
                "v": 1,
                "readings": [as_dict(reading) for reading in readings],
                "site": site.name,
                "machine": machine,
                "arrived_at": (readings[-1].t + 1) * 1000,
            },
            separators=(",", ":"),
        ).encode()
        for machine, readings, _ in shift(site, start=START, duration_s=HOUR_S, seed=3)
    ]


def took(act: Callable[[], object]) -> float:
    """CPU seconds."""
    began = time.process_time()
    act()
    return time.process_time() - began


def counting(lines: list[bytes], machines: set[str], runs: int) -> dict[str, dict[str, float]]:
    """Microseconds a message counted, and of its JSON alone; their ratio pair by pair."""

    def count() -> None:
        counted = Count(machines)
        counted.take(lines)
        assert counted.counted["messages"] == len(lines)

    counted_us, json_us = [], []
    for _ in range(runs):
        counted_us.append(took(count) / len(lines) * 1e6)
        json_us.append(took(lambda: [json.loads(line) for line in lines]) / len(lines) * 1e6)
    return {
        "count_us": spread(counted_us),
        "json_us": spread(json_us),
        "ratio": spread([a / b for a, b in zip(counted_us, json_us, strict=True)], 2),
        "messages_per_s": spread([1e6 / one for one in counted_us], 0),
    }


def writing(site: Site, lines: list[bytes], machines: int) -> dict[str, float]:
    """CPU seconds and bytes of an hour of so many machines, from its sketches on."""
    fleet = fleet_of(hour_settings_of(site))
    counted = Count(set(fleet.machines))
    counted.take(lines)
    hour = min(counted.hours)
    few = counted.hours[hour]
    names = sorted(few)
    many = {
        f"{names[number % len(names)]}-{number}": few[names[number % len(names)]]
        for number in range(machines)
    }
    before = closing(Book(hour - HOUR_S, fleet.rates, {}, many))
    book = Book(hour, fleet.rates, before, many)
    rows, meters = hour_lines(book, [], fleet), dump_book(book)
    assert len(json.loads(rows.partition(b"\n")[0])) == len(HOUR_COLUMNS)
    return {
        "rows_s": round(took(lambda: hour_lines(book, [], fleet)), 2),
        "rows_mb": round(len(rows) / 1e6, 1),
        "meters_s": round(took(lambda: dump_book(book)), 2),
        "read_back_s": round(took(lambda: load_book(meters)), 2),
        "meters_mb": round(len(meters) / 1e6, 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--machines", type=int, default=10_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    site = Site.load(EXAMPLE)
    lines = raw_lines(site)
    fold = counting(lines, {machine.id for machine in site.machines}, asked.runs)
    hour = writing(site, lines, asked.machines)
    messages = asked.machines * MESSAGES_AN_HOUR
    said = {
        **fold,
        "bytes_a_line": round(statistics.mean(map(len, lines))),
        "hour": {
            "machines": asked.machines,
            "messages": messages,
            "count_s": round(messages * fold["count_us"]["median"] / 1e6),
            **hour,
        },
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if asked.json:
        print(json.dumps(said, indent=2))
        return
    for name, value in said.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()

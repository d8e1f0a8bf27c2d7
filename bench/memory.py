"""What remembering costs: DynamoDB units of a fleet's day, per million messages.

    python bench/memory.py [--machines 100] [--hours 8] [--seed 1] [--json]

The machines of the example site, repeated, work a shift in memory; each message
is judged as the detect function does it (one consistent read, a write where the
memory changed materially or an alert did), and the units that DynamoDB would
meter are counted from the very requests' sizes. The same fleet is counted twice:
healthy, and with a warning fault code active on every machine all day.
Prices: us-east-1, on demand.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import date
from math import ceil
from typing import Any

from chantier.detection import dump, hear, load, material, observe
from chantier.detection.memory import worth_telling
from chantier.functions.alerts import alert_of
from chantier.functions.keeping import last_of_each_life
from chantier.records import OPEN_SITE, to_item
from chantier.site import EXAMPLE, Machine, Site
from chantier.site_settings import rules_of
from simulator.hours import hours_of
from simulator.shift import shift

# USD a million request units (AWS price list, us-east-1, on demand).
WRITE_USD, READ_USD = 0.625, 0.125
# A Tuesday.
DAY = date(2026, 9, 22)
# Items: names and values of a memory besides its JSON (machine, key, version).
AROUND_BYTES = 60
# Fuel filter pressure (SPN 94), moderately low: no lamp, a warning.
FAULT = (94, 18, 1)
KB, READ_BYTES = 1024, 4096
# The sentence of an alert, which is not made here.
SENTENCE_BYTES = 200
COUNTED = (
    "messages",
    "read_units",
    "writes",
    "write_units",
    "alert_messages",
    "longest_memory_bytes",
)


def fleet(machines: int) -> Site:
    """The example site with so many machines."""
    site = Site.load(EXAMPLE)
    every = [
        Machine.model_validate({**one.model_dump(by_alias=True), "id": f"{one.id}-{number}"})
        for number in range(-(-machines // len(site.machines)))
        for one in site.machines
    ]
    return site.model_copy(update={"machines": tuple(every[:machines])})


def item_bytes(alert: dict[str, Any]) -> int:
    """The size of an alert's item as DynamoDB counts it."""
    return sum(len(name) + len(str(next(iter(value.values())))) for name, value in alert.items())


def count(
    site: Site, *, start: int, seconds: int, seed: int, fault: tuple[int, ...] | None = None
) -> dict[str, float]:
    """Messages, reads, writes, and their units; `fault` is active in every reading."""
    rules, memories = rules_of(site), dict[str, str]()
    told: dict[str, float] = dict.fromkeys(COUNTED, 0)
    for machine, readings, _ in shift(site, start=start, duration_s=seconds, seed=seed):
        text = memories.get(machine)
        told["messages"] += 1
        told["read_units"] += ceil((len(text or "") + AROUND_BYTES) / READ_BYTES)
        before = load(text)
        after, events = hear(before, readings[-1].t)
        for reading in readings:
            said = reading._replace(dtc=(*reading.dtc, fault)) if fault else reading
            after, fresh = observe(after, said, rules[machine])
            events += fresh
        if not material(before, after, events):
            continue
        events = worth_telling(before, after, last_of_each_life(events))
        memories[machine] = dump(after)
        longest = max(told["longest_memory_bytes"], len(memories[machine]))
        told.update(writes=told["writes"] + 1, longest_memory_bytes=longest)
        told["alert_messages"] += bool(events)
        own = ceil((len(memories[machine]) + AROUND_BYTES) / KB)
        told["write_units"] += own * (2 if events else 1)
        told["write_units"] += sum(_alert_units(events, machine, site.name))
    return told


def _alert_units(events: Any, machine: str, site: str) -> Iterator[int]:
    """A transaction writes at twice the price; each index that holds the item once more."""
    for event in events:
        item = to_item(alert_of(event, machine=machine, site=site, said="x" * SENTENCE_BYTES))
        units = ceil(item_bytes(item) / KB)
        yield units * 2 + units * (1 + (OPEN_SITE in item or event.kind == "close"))


def main() -> None:
    """Count and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument("--hours", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    site = fleet(asked.machines)
    start = hours_of(site).sessions(DAY)[0][0]
    told = {
        name: priced(
            count(site, start=start, seconds=asked.hours * 3600, seed=asked.seed, fault=fault)
        )
        for name, fault in (("healthy", None), ("a_warning_on_each", FAULT))
    }
    print(json.dumps(told, indent=2) if asked.json else told)


def priced(told: dict[str, float]) -> dict[str, float]:
    """The count, with units and USD per million messages."""
    million = told["messages"] / 1e6
    for kind, usd in (("read", READ_USD), ("write", WRITE_USD)):
        units = told[f"{kind}_units"] / million
        told[f"{kind}_units_per_million"] = round(units)
        told[f"{kind}_usd_per_million"] = round(units / 1e6 * usd, 3)
    return told


if __name__ == "__main__":
    main()

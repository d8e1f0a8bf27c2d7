"""Which machines were heard, and when: what detection remembers of each.

Its memory is written when something changes and every five minutes at most, so a time here may
be that much older than the last message. AWS IoT is not asked who is connected: that needs
fleet indexing, which costs and is not turned on.
"""

from __future__ import annotations

from typing import Any

from chantier.cloud import Cloud
from chantier.detection.memory import load
from chantier.health.part import ATTENTION, GOOD, Part
from chantier.records import KEY, MACHINE, MEMORY, REMEMBERED
from chantier.telemetry import format_time

# NO_SIGNAL's own 15 minutes, and what the memory may be behind.
SILENT_S = 20 * 60
# DynamoDB takes 100 keys a call.
_BATCH = 100
_SHOWN = 8


def machines_part(cloud: Cloud, table: str, machines: list[str], *, now: int) -> Part:
    """How many machines are known, were heard, and went silent with the engine on."""
    heard = {one: load(text) for one, text in _memories(cloud, table, machines).items()}
    times = {one: memory.heard for one, memory in heard.items() if memory.heard}
    lately = [one for one, t in times.items() if now - t <= SILENT_S]
    running = [one for one in times if heard[one].engine_on]
    silent = sorted(one for one in running if now - times[one] > SILENT_S)
    never = sorted(set(machines) - set(times))
    data = {
        "known": len(machines),
        "heard_lately": sorted(lately),
        "silent": silent,
        "never_heard": never,
        "last_heard": {one: format_time(t) for one, t in sorted(times.items())},
    }
    text = f"{len(machines)} known, {len(lately)} heard in the last {SILENT_S // 60} minutes"
    if silent:
        text += f", silent with the engine on: {_named(silent)}"
    if never:
        text += f"; never heard: {_named(never)}"
    hint = "Their lines: chantier alerts --open" if silent else ""
    return Part("machines", ATTENTION if silent else GOOD, text, data, hint)


def _memories(cloud: Cloud, table: str, machines: list[str]) -> dict[str, str]:
    client, found = cloud.client("dynamodb"), dict[str, str]()
    for begin in range(0, len(machines), _BATCH):
        some = machines[begin : begin + _BATCH]
        wanted: Any = {table: {"Keys": [{MACHINE: {"S": m}, KEY: {"S": MEMORY}} for m in some]}}
        while wanted:
            said = client.batch_get_item(RequestItems=wanted)
            for item in said["Responses"].get(table, []):
                found[item[MACHINE]["S"]] = item[REMEMBERED]["S"]
            wanted = said.get("UnprocessedKeys")
    return found


def _named(machines: list[str]) -> str:
    more = f" and {len(machines) - _SHOWN} more" if len(machines) > _SHOWN else ""
    return ", ".join(machines[:_SHOWN]) + more

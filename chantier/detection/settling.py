"""Settling: what a day's readings come to, in whatever order and however often they arrived.

The live fold drops a reading that comes too late; here all of them are at hand, so
nothing is late.
"""

from __future__ import annotations

from collections.abc import Iterable

from chantier.detection.memory import Event, Memory
from chantier.detection.observe import observe
from chantier.detection.rules import Rules
from chantier.telemetry import Reading


def settle(
    readings: Iterable[Reading], rules: Rules, memory: Memory | None = None
) -> tuple[Memory, tuple[Event, ...]]:
    """Judge readings of one machine in the order in which they were made.

    Time and sequence number name a reading: of two that share both, one counts, the
    same one in any order of arrival.

    Args:
        readings: in any order, each as often as it came.
        rules: the machine's numbers.
        memory: what is remembered of the time before them; None for nothing.

    Returns:
        The memory after the last one, and the last event of each alert life, by the
        time at which it opened, code and fault.
    """
    memory = memory or Memory()
    last: dict[tuple[int, str, str], Event] = {}
    for reading in sorted(set(readings), key=_in_order):
        memory, events = observe(memory, reading, rules)
        last.update(((event.opened_at, event.code, event.fault), event) for event in events)
    return memory, tuple(last[life] for life in sorted(last))


def _in_order(reading: Reading) -> tuple[int, int, str]:
    return reading.t, reading.seq, repr(reading)

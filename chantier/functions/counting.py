"""Raw messages counted into the sketches of their hours, an object at a time.

What cannot be read is counted, nothing more: the detect function has quarantined it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable

from chantier.decoding import decode
from chantier.errors import Malformed
from chantier.meters import HOUR_SECONDS, Sketch, merge_into, sketch_of
from chantier.telemetry import Reading

# What a machine stored for longer than this before it sent it is not counted any more.
OLDEST_S = 32 * 86_400


class Count:
    """The sketches of messages.

    Args:
        machines: the ids that the site file names; others are not counted.

    Attributes:
        hours: by the beginning of each hour of reading time, the sketch of each machine.
        counted: messages and readings taken, and what was left out, by why.
    """

    def __init__(self, machines: Collection[str]) -> None:
        self._machines = machines
        self.hours: dict[int, dict[str, Sketch]] = {}
        self.counted: Counter[str] = Counter()

    def take(self, lines: Iterable[bytes]) -> None:
        """Count the lines of a raw object."""
        for line in lines:
            if line:
                self.counted[self._take(line)] += 1

    def _take(self, line: bytes) -> str:
        """Count a message, and say what came of it."""
        try:
            said = json.loads(line)
            machine, arrived = said["machine"], int(said["arrived_at"]) // 1000
            if machine not in self._machines:
                return "unknown"
            message = decode(said, now=arrived)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError, Malformed):
            return "unread"
        self.counted["rejected"] += len(message.rejected)
        by_hour: dict[int, list[Reading]] = {}
        for reading in message.readings:
            by_hour.setdefault(reading.t - reading.t % HOUR_SECONDS, []).append(reading)
        for hour, readings in by_hour.items():
            if hour < arrived - OLDEST_S:
                self.counted["too_old"] += len(readings)
            else:
                self.counted["readings"] += len(readings)
                merge_into(self.hours.setdefault(hour, {}), {machine: sketch_of(readings, hour)})
        return "messages"

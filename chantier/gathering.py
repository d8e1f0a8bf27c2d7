"""A site's readings out of the raw data, machine by machine.

Raw objects hold the messages of all machines by arrival. They are read once, one
after the other, and their readings put down in a folder, so that no more than one
machine's is ever held in memory. What they mean is not known here.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from chantier.decoding import decode
from chantier.errors import Malformed
from chantier.raw import RawObject
from chantier.telemetry import Message, Reading, probe_name


class Gathered:
    """Readings put down by machine.

    Args:
        folder: an empty one.
        machines: ids of the machines that the site file names.
        first: readings from then on are kept, epoch seconds.
        end: and those before that.

    Attributes:
        messages: how many were seen; those of the probe of `chantier prove` do not count.
        unread: how many of them say nothing that can be read; the quarantine has them.
    """

    def __init__(self, folder: Path, machines: Collection[str], *, first: int, end: int) -> None:
        self.messages = self.unread = 0
        self._files = {machine: folder / f"{n}.jsonl" for n, machine in enumerate(machines)}
        self._first, self._end = first, end

    def take(self, objects: Iterable[RawObject]) -> None:
        """Put down the readings of raw objects, in any order and as often as they come."""
        for one in objects:
            self.messages += len(one.messages) + one.unread
            self.unread += one.unread
            lines: dict[str, list[str]] = defaultdict(list)
            for said in one.messages:
                machine = said.get("machine")
                if machine == probe_name(str(said.get("site"))):
                    self.messages -= 1
                    continue
                message = _read(said) if machine in self._files else None
                if message is None:
                    self.unread += 1
                else:
                    lines[str(machine)] += (
                        json.dumps(reading)
                        for reading in message.readings
                        if self._first <= reading.t < self._end
                    )
            for name, kept in lines.items():
                with self._files[name].open("a", encoding="utf-8") as file:
                    file.writelines(f"{line}\n" for line in kept)

    def readings(self, machine: str) -> Iterator[Reading]:
        """The readings of a machine, as they arrived."""
        if self._files[machine].exists():
            with self._files[machine].open(encoding="utf-8") as file:
                yield from (_back(json.loads(line)) for line in file)


def _read(said: dict[str, Any]) -> Message | None:
    """A message as the detect function read it when it arrived; None if nothing of it counts."""
    arrived = said.get("arrived_at")
    try:
        message = decode(said, now=arrived // 1000 if type(arrived) is int else None)
    except Malformed:
        return None
    return message if message.readings else None


def _back(values: list[Any]) -> Reading:
    """A reading out of JSON, which knows no tuples."""
    reading = Reading(*values)
    return reading._replace(dtc=tuple(map(tuple, reading.dtc)), lamp=tuple(reading.lamp))

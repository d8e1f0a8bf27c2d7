"""How readings are put together in messages: none too long for the wire.

Shared by what is simulated and what is replayed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from chantier.telemetry import MAX_MESSAGE_BYTES, Reading, as_dict, encode

# Of a message without readings; one comma more for each reading.
_AROUND = len(encode((Reading(0),))) - len(json.dumps(as_dict(Reading(0)), separators=(",", ":")))


def pack(readings: Iterable[Reading], *, most: int) -> Iterator[tuple[Reading, ...]]:
    """Split readings, in their order, into messages of at most `most` and of a legal length."""
    batch: list[Reading] = []
    length = _AROUND
    for reading in readings:
        size = len(json.dumps(as_dict(reading), separators=(",", ":"))) + 1
        if batch and (len(batch) >= most or length + size > MAX_MESSAGE_BYTES):
            yield tuple(batch)
            batch, length = [], _AROUND
        batch.append(reading)
        length += size
    if batch:
        yield tuple(batch)

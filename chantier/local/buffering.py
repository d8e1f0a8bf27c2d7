"""When a delivery stream's buffer becomes an object: by size or by age, whichever is first.

https://docs.aws.amazon.com/firehose/latest/dev/buffering-hints.html
The time is an argument; nothing here reads a clock or writes anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Hints:
    """A stream's buffering hints.

    Attributes:
        size: bytes that fill a buffer.
        seconds: how old its first record may become; 0 means at once.
    """

    size: int
    seconds: float


@dataclass(frozen=True)
class Batch:
    """What one object holds.

    Attributes:
        stream: delivery stream name.
        opened: arrival of the oldest record, seconds since 1970.
        body: the records, one after the other.
        records: how many.
    """

    stream: str
    opened: float
    body: bytes
    records: int


@dataclass
class _Open:
    opened: float
    due: float
    size: int = 0
    records: list[bytes] = field(default_factory=list)


class Buffers:
    """The open buffers of every stream, and those that are full."""

    def __init__(self) -> None:
        self._open: dict[str, _Open] = {}
        self._full: list[Batch] = []

    def add(self, stream: str, record: bytes, hints: Hints, now: float) -> None:
        """Append a record to its stream's buffer."""
        buffer = self._open.setdefault(stream, _Open(opened=now, due=now + hints.seconds))
        buffer.records.append(record)
        buffer.size += len(record)
        # The hints of the last record count, as after an update of the stream.
        buffer.due = buffer.opened + hints.seconds
        if buffer.size >= hints.size:
            self._close(stream)

    def due(self) -> float | None:
        """When `take` will next have something, in the past when it has; None if never."""
        if self._full:
            return 0.0
        return min((buffer.due for buffer in self._open.values()), default=None)

    def take(self, now: float) -> list[Batch]:
        """The buffers that are full or old enough, and no longer here."""
        for stream in [name for name, buffer in self._open.items() if buffer.due <= now]:
            self._close(stream)
        taken, self._full = self._full, []
        return taken

    def _close(self, stream: str) -> None:
        buffer = self._open.pop(stream)
        self._full.append(
            Batch(
                stream=stream,
                opened=buffer.opened,
                body=b"".join(buffer.records),
                records=len(buffer.records),
            )
        )

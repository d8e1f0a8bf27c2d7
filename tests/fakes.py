"""What functions keep, in memory: the alerts table and the data bucket, and nothing of how."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from chantier.comparing import WRITTEN, Change, Span, Stored, compare
from chantier.detection import Event, Memory, Rules, hear, material, observe
from chantier.detection.memory import worth_telling
from chantier.functions.alerts import alert_of
from chantier.functions.keeping import last_of_each_life
from chantier.functions.objects import Bucket, Listed
from chantier.functions.signed import CallFailed
from chantier.records import Alert
from chantier.telemetry import Reading, format_time

MACHINE = "EX-001"


class Shelf:
    """One machine's memory and alerts, by key.

    Args:
        rules: its numbers.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.memory = Memory()
        self.held: dict[str, Stored] = {}

    def judge(self, message: Iterable[Reading], arrived: int) -> None:
        """One message, as the detect function takes it."""
        memory, told = hear(self.memory, arrived)
        for reading in sorted(message, key=lambda one: (one.t, one.seq)):
            memory, events = observe(memory, reading, self.rules)
            told += events
        if material(self.memory, memory, told):
            worth = worth_telling(self.memory, memory, last_of_each_life(told))
            self.memory = memory
            for event in worth:
                alert = spoken(event)
                self.held[alert.key] = Stored(alert)

    def settle(self, lives: Iterable[Alert], span: Span) -> tuple[Change, ...]:
        """Compare and carry out; what was compared."""
        changes = compare(lives, self.held.values(), span)
        for change in changes:
            if change.what in WRITTEN:
                for one in change.gone:
                    del self.held[one.alert.key]
                self.held[change.alert.key] = Stored(change.alert, change.told_at)
        return changes


def spoken(event: Event) -> Alert:
    """The alert after an event, without a sentence."""
    return alert_of(event, machine=MACHINE, site="site", said="")


class Kept(NamedTuple):
    """An object of a bucket in memory."""

    body: bytes
    modified: int
    version: int


class MemoryBucket(Bucket):
    """The data bucket in memory, which can break at a write.

    Args:
        clock: epoch seconds, of what is written.

    Attributes:
        held: every object by its key.
        writes: how often each was written.
    """

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self.held: dict[str, Kept] = {}
        self.writes: Counter[str] = Counter()
        self._left: int | None = None
        self._stays = False

    def breaks(self, *, after: int | None, stays: bool = False) -> None:
        """Let so many writes through, then refuse one, or from then on every one."""
        self._left, self._stays = after, stays

    def listed(self, prefix: str, after: str = "") -> Iterator[Listed]:
        for key, one in sorted(self.held.items()):
            if key.startswith(prefix) and key > after:
                yield Listed(key, format_time(one.modified), len(one.body), str(one.version))

    def get(self, key: str) -> bytes | None:
        return self.held[key].body if key in self.held else None

    def lines(self, one: Listed) -> Iterator[bytes]:
        yield from self.held[one.key].body.split(b"\n")

    def put(self, key: str, body: bytes) -> None:
        if self._left == 0:
            self._left = 0 if self._stays else None
            raise CallFailed("InternalError", 500, key)
        if self._left is not None:
            self._left -= 1
        self.writes[key] += 1
        self.held[key] = Kept(body, self._clock(), self.writes[key])

    def put_if(self, key: str, body: bytes, etag: str) -> None:
        known = str(self.held[key].version) if key in self.held else ""
        if known != etag:
            raise CallFailed("PreconditionFailed", 412, key)
        self.put(key, body)

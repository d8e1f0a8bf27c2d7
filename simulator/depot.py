"""What the outboxes of a run share: the file, the pace, and who looks once a second.

Once a second, what has waited for more than a second is written to the file in one
transaction. So a machine whose messages are acknowledged at once writes nothing, and
SIGKILL loses at most what was made in the two seconds before it and not acknowledged.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Protocol, Self

from chantier.errors import ChantierError
from simulator.pace import Backoff, Pace
from simulator.pulse import Pulse
from simulator.report import OnSent, Sent
from simulator.spool import Message, Spool

TICK_S = 1.0
MOST = 10_000
"""Messages that a machine's queue holds: a week and a half of ten-hour days at one a minute."""

MOST_IN_ALL = 2_000_000
"""Messages that the file holds, of about 1.3 KB each: shared among the machines of the run."""

# Sequence numbers that a machine may use before the next look: a crash leaves a gap, never a
# number used twice.
_RESERVED = 1000


class Waits(Protocol):
    """A machine's messages, as far as the depot cares.

    Attributes:
        machine: machine id.
        last_seq: the last sequence number that was handed over.
        complete: whether nothing more will be handed over.
    """

    machine: str
    last_seq: int
    complete: bool

    @property
    def depth(self) -> int:
        """How many wait."""

    def unsafe(self, up_to: int) -> list[Message]:
        """Those up to a number that are not in the file yet, oldest first."""

    def now_safe(self, messages: list[Message]) -> None:
        """They are in the file now."""

    def rouse(self) -> None:
        """Try again now, whatever it waits for."""

    def make_room(self, excess: int) -> list[Message]:
        """Forget so many, the oldest that are not urgent first; those that went."""


class Depot:
    """An asynchronous context manager; when it is left, what still waits is in the file.

    Args:
        spool: where messages wait that were not acknowledged.
        pulse: the numbers of the run.
        on_sent: hears of each message once, when it is settled.
        machines: how many share the file.
        pace: of what was held up.
        backoff: between two tries.
        most: messages that one machine's queue holds.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, with defaults
        self,
        spool: Spool | None = None,
        *,
        pulse: Pulse | None = None,
        on_sent: OnSent = lambda _sent: None,
        machines: int = 1,
        pace: Pace | None = None,
        backoff: Backoff | None = None,
        most: int = MOST,
    ) -> None:
        self.spool = spool or Spool()
        self.pulse = pulse or Pulse()
        self.pace = pace or Pace()
        self.backoff = backoff or Backoff()
        self._on_sent = on_sent
        self._most = min(most, MOST_IN_ALL // max(machines, 1))
        self._last_n = self.spool.last_n
        self._looked_at = self._last_n
        self._busy: dict[str, Waits] = {}
        self._gone: list[int] = []
        self._counted: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._group = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        """Begin to look once a second."""
        await self._group.__aenter__()
        self.spawn(self._look())
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nobody sends any more: write down what waits, and close the file."""
        try:
            for task in self._tasks:
                task.cancel()
            await self._group.__aexit__(exc_type, exc, trace)
        finally:
            self._write(self._last_n, last=True)
            self.spool.close()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let it run until the depot is left; what it raises ends the run."""
        task = self._group.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def take_over(self, box: Waits) -> None:
        """A machine of which the file may hold something."""
        if box.machine in self.spool.counted:
            self._counted.add(box.machine)
        if box.depth:
            self._busy[box.machine] = box

    def number(self, box: Waits) -> int:
        """The number of the machine's next message; the machine is looked after from now on."""
        self._busy[box.machine] = box
        self._last_n += 1
        return self._last_n

    def settle(self, one: Message, *, sent_at: float, acked_at: float | None) -> None:
        """The broker has a message, or nobody will send it any more."""
        self._on_sent(
            Sent(one.machine, one.t, one.seq, one.readings, one.urgent, sent_at, acked_at)
        )

    def forget(self, n: int) -> None:
        """A message that is in the file need not be."""
        self._gone.append(n)

    def rest(self, machine: str) -> None:
        """Nothing of the machine waits."""
        self._busy.pop(machine, None)

    def rouse(self, machine: str) -> None:
        """A machine that waits for its next try may try now."""
        if box := self._busy.get(machine):
            box.rouse()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.look()

    def look(self) -> None:
        """Write down what has waited since the last look."""
        up_to, self._looked_at = self._looked_at, self._last_n
        self._write(up_to)
        for box in list(self._busy.values()):
            if (excess := box.depth - self._most) > 0:
                self._drop(box, excess)

    def _write(self, up_to: int, *, last: bool = False) -> None:
        boxes = self._busy.values()
        found = [(box, new) for box in boxes if (new := box.unsafe(up_to))]
        counters: dict[str, int | None] = {
            machine: None for machine in self._counted if machine not in self._busy
        }
        told = [box for box in boxes if box.depth] if last else [box for box, _ in found]
        told = [box for box in told if box.last_seq > self.spool.counted.get(box.machine, 0)]
        for box in told:
            counters[box.machine] = box.last_seq + (0 if last and box.complete else _RESERVED)
        if not (found or self._gone or counters):
            return
        new = [one for _, messages in found for one in messages]
        try:
            self.spool.write(new, self._gone, counters)
        except ChantierError as error:
            self.pulse.failed(error.message)
            return
        for box, messages in found:
            box.now_safe(messages)
        self._counted = {*(self._counted & self._busy.keys()), *(box.machine for box in told)}
        if self.spool.path:
            self.pulse.stored += len(new) - len(self._gone)
            self.pulse.spooled += len(new)
        self._gone.clear()

    def _drop(self, box: Waits, excess: int) -> None:
        lost = box.make_room(excess)
        self.pulse.dropped += len(lost)
        for one in lost:
            self.settle(one, sent_at=0.0, acked_at=None)

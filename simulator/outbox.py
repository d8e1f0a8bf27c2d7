"""What waits to be sent on a machine: kept in order until the broker has it.

Shared by what is simulated and what is replayed. A machine hands its messages over and goes
on working; somebody sends them only while there are any. It knows no MQTT: whoever publishes
says `LinkLost` when a try has failed.
"""

from __future__ import annotations

import asyncio
import time
from functools import cached_property
from random import Random
from typing import Protocol

from chantier.errors import ChantierError
from chantier.telemetry import Reading, encode
from simulator.depot import Depot
from simulator.dice import dice
from simulator.spool import Message

# Messages in memory that are read back from the file at a time.
_AHEAD = 4
# Between the last tries, when nothing more will come, s.
_LAST_S = 0.5


class LinkLost(ChantierError):
    """The broker could not be reached, or did not answer: the network's or the endpoint's fault.

    What was to be sent is still there, and the next try begins anew.

    Args:
        message: what happened, and where.
        hint: the next thing to do.
        refused: the broker said no, and will say it again until somebody changes something.
    """

    def __init__(self, message: str, hint: str = "", *, refused: bool = False) -> None:
        super().__init__(message, hint)
        self.refused = refused


class Overtaken(Exception):
    """This message was not sent: the next one of the machine goes first."""


class Publisher(Protocol):
    """What carries bytes to the broker."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish and wait for the acknowledgement; raises `LinkLost` or `Overtaken`."""


class Outbox:
    """The messages of one machine that the broker does not have yet.

    The oldest are sent first, whatever is urgent among them: detection judges a machine's
    readings in order, and would not judge older ones any more.

    Args:
        publisher: what carries them.
        depot: shared by all machines of the run; what an earlier run left there is sent first.
        machine: machine id.
        topic: where they go.

    Attributes:
        machine: machine id.
        last_seq: the last sequence number that was handed over.
        complete: whether nothing more will be handed over.
        trouble: why the last try failed; empty when it did not.
    """

    def __init__(self, publisher: Publisher, depot: Depot, *, machine: str, topic: str) -> None:
        self.machine = machine
        self.last_seq = depot.spool.counted.get(machine, 0)
        self.complete = False
        self.trouble = ""
        self._publisher = publisher
        self._depot = depot
        self._topic = topic
        # In order: what is sent next, then what lies in the file, then what was just handed over.
        self._ahead: list[Message] = []
        self._stored = depot.spool.waiting.get(machine, 0)
        self._fresh: list[Message] = []
        # Numbers: everything up to here is in the file, or was taken out of it.
        self._safe_to = depot.spool.last_n if self._stored else 0
        self._ahead_to = 0
        self._parked = False
        self._late = bool(self._stored)
        self._turn = 0.0
        self._sending: asyncio.Task[None] | None = None
        self._nap: asyncio.Future[None] | None = None
        self._calm: asyncio.Future[None] | None = None
        depot.take_over(self)

    @property
    def depth(self) -> int:
        """How many messages wait."""
        return len(self._ahead) + self._stored + len(self._fresh)

    def hand_over(self, readings: tuple[Reading, ...], *, urgent: bool) -> None:
        """Take a message, to be sent after those that wait."""
        newest = readings[-1]
        self._fresh.append(
            Message(
                self._depot.number(self),
                self.machine,
                newest.t,
                newest.seq,
                len(readings),
                urgent,
                encode(readings),
            )
        )
        self.last_seq = newest.seq
        self.wake()

    def wake(self) -> None:
        """Send what waits, unless that is going on."""
        if self.depth and self._sending is None:
            self._sending = self._depot.spawn(self._send())

    async def calm(self) -> None:
        """Wait until nothing waits any more, or a try has failed."""
        if self._sending and not self._nap:
            self._calm = self._calm or asyncio.get_running_loop().create_future()
            await self._calm

    async def finish(self, *, patience_s: float, until: float) -> None:
        """Nothing more comes: send the rest, as long as something gets through.

        Args:
            patience_s: how long to wait for the next acknowledgement.
            until: the event loop's time at which to stop in any case.
        """
        self.complete = True
        self.rouse()
        self.wake()
        loop = asyncio.get_running_loop()
        while (sending := self._sending) and (left := until - loop.time()) > 0:
            before = self.depth
            await asyncio.wait({sending}, timeout=min(patience_s, left))
            if self.depth == before:
                break
        if self._sending:
            self._sending.cancel()
            await asyncio.wait({self._sending})

    def give_up(self) -> None:
        """Say of what still waits that it was not delivered: nothing keeps it."""
        for one in (*self._ahead, *self._fresh):
            self._depot.settle(one, sent_at=0.0, acked_at=None)
        self._ahead, self._fresh = [], []
        if self._stored:
            for one in self._depot.spool.make_room(
                self.machine, after=self._ahead_to, excess=self._stored
            ):
                self._depot.settle(one, sent_at=0.0, acked_at=None)
        self._stored = 0

    # The depot calls what follows.

    def unsafe(self, up_to: int) -> list[Message]:
        """Messages up to a number that are not in the file yet, oldest first."""
        return [
            one for one in sorted((*self._ahead, *self._fresh)) if self._safe_to < one.n <= up_to
        ]

    def now_safe(self, messages: list[Message]) -> None:
        """They are in the file; of these, only what is sent next stays in memory."""
        self._safe_to = messages[-1].n
        here = len(self._fresh)
        self._fresh = [one for one in self._fresh if one.n > self._safe_to]
        self._stored += here - len(self._fresh)

    def rouse(self) -> None:
        """Try again now, whatever it waits for."""
        if self._nap and not self._nap.done():
            self._nap.set_result(None)

    def make_room(self, excess: int) -> list[Message]:
        """Forget so many, the oldest that are not urgent first; those that went."""
        if self._stored:
            lost = self._depot.spool.make_room(
                self.machine, after=self._ahead_to, excess=min(excess, self._stored)
            )
            self._stored -= len(lost)
            if self._depot.spool.path:
                self._depot.pulse.stored -= len(lost)
            return lost
        # The file cannot be written.
        lost = sorted(self._fresh, key=lambda one: (one.urgent, one.n))[:excess]
        gone = {one.n for one in lost}
        self._fresh = [one for one in self._fresh if one.n not in gone]
        return lost

    async def _send(self) -> None:
        failures = 0
        try:
            while one := self._next():
                if self._late:
                    self._turn = await self._depot.pace.turn(self._turn)
                sent_at = _now_ms()
                try:
                    await self._publisher.publish(self._topic, one.payload)
                except Overtaken:
                    self._parked = True
                except LinkLost as lost:
                    failures += 1
                    await self._bear(lost, failures)
                    if lost.refused and self.complete:
                        return
                else:
                    failures = 0
                    self._delivered(one, sent_at)
        finally:
            self._sending = None
        if not self.depth:
            self._late = False
            self._depot.rest(self.machine)
        self._be_calm()

    def _next(self) -> Message | None:
        """What is sent next; None for nothing, or for one that waits to be overtaken."""
        self._fill(2 if self._parked else 1)
        if self._parked:
            if len(self._ahead) < 2 and not self.complete:  # noqa: PLR2004 - it, and the next one
                return None
            self._ahead[:2] = reversed(self._ahead[:2])
            self._parked = False
        return self._ahead[0] if self._ahead else None

    def _fill(self, wanted: int) -> None:
        while len(self._ahead) < wanted:
            if self._stored:
                found = self._depot.spool.oldest(self.machine, after=self._ahead_to, most=_AHEAD)
                self._stored = self._stored - len(found) if found else 0
                self._ahead += found
            elif self._fresh:
                self._ahead.append(self._fresh.pop(0))
            else:
                return
            self._ahead_to = max(self._ahead_to, *(one.n for one in self._ahead), 0)

    def _delivered(self, one: Message, sent_at: float) -> None:
        self._ahead.remove(one)
        self.trouble = ""
        self._depot.pulse.refused.pop(self.machine, None)
        if one.n <= self._safe_to:
            self._depot.forget(one.n)
        self._depot.settle(one, sent_at=sent_at, acked_at=_now_ms())

    async def _bear(self, lost: LinkLost, failures: int) -> None:
        """Wait for the next try; nobody is told twice of the same refusal."""
        self._late, self.trouble = True, lost.message
        if lost.refused:
            self._depot.pulse.refused[self.machine] = lost.message
        self._be_calm()
        wait_s = self._depot.backoff.wait_s(failures, self._throw, refused=lost.refused)
        if self.complete:
            wait_s = min(wait_s, _LAST_S)
        self._nap = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait({self._nap}, timeout=wait_s)
        finally:
            self._nap = None

    @cached_property
    def _throw(self) -> Random:
        # Most machines never wait, and dice weigh 2.5 KB.
        return dice(self.machine, "backoff")

    def _be_calm(self) -> None:
        if self._calm:
            calm, self._calm = self._calm, None
            if not calm.done():
                calm.set_result(None)


def _now_ms() -> float:
    return time.time() * 1000

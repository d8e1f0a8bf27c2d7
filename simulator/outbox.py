"""What waits to be sent on a machine: kept in order until the broker has it.

Shared by what is simulated and what is replayed. It knows no MQTT: whoever
publishes says `LinkLost` when it has given up for now.
"""

from __future__ import annotations

import time
from collections import deque
from typing import NamedTuple, Protocol

from chantier.errors import ChantierError
from chantier.telemetry import Reading, encode
from simulator.report import OnSent, Sent


class LinkLost(ChantierError):
    """The broker could not be reached, or did not answer: the network's or the endpoint's fault.

    What was to be sent is still there, and the next try begins anew.
    """


class Publisher(Protocol):
    """What carries bytes to the broker."""

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish and wait for the acknowledgement; raises `LinkLost`."""


class _Waiting(NamedTuple):
    readings: tuple[Reading, ...]
    urgent: bool
    sent_at: float = 0.0


class Outbox:
    """The messages of one machine that the broker does not have yet.

    Args:
        publisher: what carries them.
        machine: machine id.
        topic: where they go.
        on_sent: hears of each message once, when it is settled.

    Attributes:
        trouble: why the last message did not get through; empty when it did.
    """

    def __init__(self, publisher: Publisher, *, machine: str, topic: str, on_sent: OnSent) -> None:
        self._publisher = publisher
        self._machine = machine
        self._topic = topic
        self._on_sent = on_sent
        self._waiting: deque[_Waiting] = deque()
        self.trouble = ""

    async def send(self, readings: tuple[Reading, ...], *, urgent: bool) -> None:
        """Send a message, after those that wait; what cannot be sent now waits."""
        self._waiting.append(_Waiting(readings, urgent))
        self.trouble = ""
        while self._waiting and not self.trouble:
            await self._deliver()

    def give_up(self) -> None:
        """Say of what still waits that it was not delivered."""
        while self._waiting:
            self._settle(None)

    async def _deliver(self) -> None:
        self._waiting[0] = waiting = self._waiting[0]._replace(sent_at=_now_ms())
        try:
            await self._publisher.publish(self._topic, encode(waiting.readings))
        except LinkLost as lost:
            self.trouble = lost.message
        else:
            self._settle(_now_ms())

    def _settle(self, acked_at: float | None) -> None:
        readings, urgent, sent_at = self._waiting.popleft()
        newest = readings[-1]
        self._on_sent(
            Sent(self._machine, newest.t, newest.seq, len(readings), urgent, sent_at, acked_at)
        )


def _now_ms() -> float:
    return time.time() * 1000

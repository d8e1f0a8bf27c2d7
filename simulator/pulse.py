"""A run while it goes on, in numbers: who is connected, what was sent, what went wrong.

Counted by the machines' sessions and boxes, read by whoever shows them; another thread
may read. Nothing is kept of a single message.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import log
from typing import Any

from simulator.report import Sent

# Delays are told apart to within a twentieth: steps of 5 %, from 0.1 ms on.
_STEP, _FROM_MS = 1.05, 0.1
_REASONS = 5


@dataclass
class Pulse:
    """The numbers of a run.

    Attributes:
        machines: how many take part.
        online: how many have a session now.
        most: how many had one at the same time, at most.
        connections: sessions that were opened; more than machines if some broke.
        handed: messages that boxes have handed over to be sent.
        acked: messages that the broker has.
        given_up: messages that it never got.
        urgent: messages that the broker has and that left at once.
        readings: how many readings the broker has.
        site_t: epoch seconds of site time that the run has reached.
        failures: by reason, how often a connection or a message failed at a try.
        rotated: sessions that were opened because the machine's certificate is another one.
        left_over: messages that an earlier run had left in the queue; they count as handed over.
        stored: messages that are in the queue's file now.
        spooled: messages that were ever written there by this run.
        dropped: messages that a full queue had no room for; they count as given up.
        refused: by machine id, why the broker does not let it in, or not write.
        faults: by name, how often the network was made to fail.
    """

    machines: int = 0
    online: int = 0
    most: int = 0
    connections: int = 0
    handed: int = 0
    acked: int = 0
    given_up: int = 0
    urgent: int = 0
    readings: int = 0
    site_t: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    rotated: int = 0
    left_over: int = 0
    stored: int = 0
    spooled: int = 0
    dropped: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    _delays: Counter[int] = field(default_factory=Counter)

    @property
    def waiting(self) -> int:
        """Messages that machines hold and the broker does not have yet."""
        return self.handed - self.acked - self.given_up

    @property
    def reconnects(self) -> int:
        """Sessions that had to be opened again because one broke."""
        return max(self.connections - self.machines - self.rotated, 0)

    @property
    def errors(self) -> int:
        """Tries that failed; the next one may have succeeded."""
        return self.failures.total()

    def connected(self) -> None:
        """A session stands."""
        self.online += 1
        self.connections += 1
        # A machine that changes its certificate has two for a moment.
        self.most = max(self.most, min(self.online, self.machines or self.online))

    def disconnected(self) -> None:
        """It stands no more."""
        self.online -= 1

    def renewed(self) -> None:
        """A session took the place of one with an older certificate."""
        self.rotated += 1

    def failed(self, why: str) -> None:
        """A try did not succeed."""
        self.failures[why] += 1

    def hand_over(self, t: int) -> None:
        """A box has a message to send, made at epoch seconds `t` of site time."""
        self.handed += 1
        self.site_t = max(self.site_t, t)

    def inherit(self, messages: int) -> None:
        """An earlier run has left so many messages of a machine in the queue."""
        self.left_over += messages
        self.handed += messages
        self.stored += messages

    def settle(self, sent: Sent) -> None:
        """A message has reached the broker, or was given up."""
        if sent.acked_at is None:
            self.given_up += 1
            return
        self.acked += 1
        self.urgent += sent.urgent
        self.readings += sent.readings
        self._delays[_bin(sent.acked_at - sent.sent_at)] += 1

    def delay_ms(self, share: float) -> float | None:
        """So long from publish to acknowledgement, ms, for a share of the messages; to 5 %."""
        rest = share * self._delays.total()
        for step in sorted(self._delays):
            rest -= self._delays[step]
            if rest <= 0:
                return round(_FROM_MS * _STEP**step, 2)
        return None

    def as_dict(self) -> dict[str, Any]:
        """A run that is over, as JSON shows it."""
        return {
            "machines": self.machines,
            "most_connected": self.most,
            "connections": self.connections,
            "reconnects": self.reconnects,
            "rotated": self.rotated,
            "sent": self.handed,
            "acknowledged": self.acked,
            "readings": self.readings,
            "urgent": self.urgent,
            "delay_ms": {"p50": self.delay_ms(0.5), "p99": self.delay_ms(0.99)},
            "queue": {
                "left_over": self.left_over,
                "spooled": self.spooled,
                "dropped": self.dropped,
                "waiting": self.waiting,
                "on_disk": self.stored,
            },
            "faults": dict(self.faults),
            "errors": dict(self.failures.most_common(_REASONS)),
        }


def _bin(delay_ms: float) -> int:
    return max(0, round(log(max(delay_ms, _FROM_MS) / _FROM_MS, _STEP)))

"""What became of the messages of a run, and what should be found in them.

Plain data for whoever asked for the run; nothing here sends or decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.incident import Expected


class Sent(NamedTuple):
    """One message and what became of it.

    Attributes:
        machine: machine id.
        t: time of its newest reading, epoch seconds of the simulated world.
        seq: sequence number of that reading.
        readings: how many it carries.
        urgent: it left at once.
        sent_at: just before it was published for the last time, epoch ms of this computer.
        acked_at: when the broker had acknowledged it, epoch ms; None when it never did.
    """

    machine: str
    t: int
    seq: int
    readings: int
    urgent: bool
    sent_at: float
    acked_at: float | None


OnSent = Callable[[Sent], None]


@dataclass(frozen=True)
class FleetReport:
    """A run that is over.

    Attributes:
        sent: every message, in the order in which it was settled.
        expected: the alerts that the incidents must have led to.
        lost: by machine id, why its last messages could not be delivered.
        queued: messages that wait in the queue's file for the next run.
        mended: what was wrong with that file, in a sentence.
    """

    sent: tuple[Sent, ...]
    expected: tuple[Expected, ...] = ()
    lost: Mapping[str, str] = field(default_factory=dict)
    queued: int = 0
    mended: str = ""

    @property
    def delivered(self) -> tuple[Sent, ...]:
        """The messages that the broker acknowledged."""
        return tuple(one for one in self.sent if one.acked_at is not None)

    @property
    def undelivered(self) -> tuple[Sent, ...]:
        """The messages that it did not."""
        return tuple(one for one in self.sent if one.acked_at is None)

    @property
    def readings(self) -> int:
        """How many readings were delivered."""
        return sum(one.readings for one in self.delivered)

    @property
    def urgent(self) -> int:
        """How many messages were delivered at once."""
        return sum(one.urgent for one in self.delivered)

"""A machine's line through a network that fails: between its outbox and its session.

What becomes of a message is drawn once, in the order in which messages are first sent, so
the same seed harms the same messages however fast the run is. Breaks are drawn in site time.
Nothing is acknowledged here that the broker does not have.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple, Protocol

from chantier.telemetry import Reading
from simulator.clock import Clock
from simulator.dice import dice
from simulator.network import Network
from simulator.outbox import LinkLost, Overtaken, Publisher
from simulator.pulse import Pulse

# A message is lost so often in a row at most; then the network has mercy.
_MOST_LOSSES = 8


class Cuttable(Publisher, Protocol):
    """A line whose session can be broken."""

    def cut(self, why: str) -> None:
        """End the session without a goodbye."""


class Fate(NamedTuple):
    """What is still to happen to a message.

    Attributes:
        packets: so many times its packet is lost.
        acks: so many times its acknowledgement is lost.
        twice: it is sent twice.
        overtaken: the next one goes first.
        latency_s: how much later it arrives, s.
    """

    packets: int = 0
    acks: int = 0
    twice: bool = False
    overtaken: bool = False
    latency_s: float = 0.0


class Rough:
    """The line of one machine, as bad as it was asked for.

    Args:
        line: what carries messages when the network lets it.
        network: how it fails.
        seed: of the run.
        machine: machine id.
        clock: tells site time.
        pulse: counts what was done.
    """

    def __init__(  # noqa: PLR0913 - keyword-only past two
        self,
        line: Cuttable,
        network: Network,
        *,
        seed: int,
        machine: str,
        clock: Clock,
        pulse: Pulse,
    ) -> None:
        self._line = line
        self._network = network
        self._machine = machine
        self._clock = clock
        self._pulse = pulse
        self._throws = {
            name: dice(seed, machine, "network", name)
            for name in ("loss", "ack", "duplicate", "reorder", "latency", "disconnect")
        }
        self._fates: dict[bytes, Fate] = {}
        self._off = False
        self.skew_s = skew_of(network, seed=seed, machine=machine)

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish, if the network lets it.

        Raises:
            LinkLost: it was lost, or the line is cut.
            Overtaken: the next message goes first.
        """
        fate = self._fates.get(payload) or self._drawn()
        if fate.overtaken:
            self._harm("reorder")
            self._fates[payload] = fate._replace(overtaken=False)
            raise Overtaken
        self._fates[payload] = fate
        if fate.latency_s:
            self._harm("latency")
            await asyncio.sleep(fate.latency_s)
        if self._off:
            raise LinkLost(f"The line of {self._machine} is cut (--network disconnect).")
        if fate.packets:
            self._fates[payload] = fate._replace(packets=fate.packets - 1)
            raise self._lost("message")
        await self._line.publish(topic, payload)
        if fate.acks:
            self._fates[payload] = fate._replace(acks=fate.acks - 1)
            raise self._lost("acknowledgement")
        if fate.twice:
            self._harm("duplicate")
            self._fates[payload] = fate._replace(twice=False)
            await self._line.publish(topic, payload)
        del self._fates[payload]

    async def break_down(self, start: float) -> None:
        """Cut the session now and then, for as long as the run lasts.

        Args:
            start: site time at which the run begins, epoch seconds.
        """
        throw, at = self._throws["disconnect"], start
        while self._network.disconnect_s:
            at += throw.expovariate(1 / self._network.disconnect_s)
            await self._clock.sleep_until(at)
            self._harm("disconnect")
            self._off = True
            self._line.cut("the network was cut (--network disconnect)")
            at += throw.expovariate(1 / self._network.off_s)
            await self._clock.sleep_until(at)
            self._off = False

    def heal(self) -> None:
        """The line is not cut any more."""
        self._off = False

    def _drawn(self) -> Fate:
        network, throws = self._network, self._throws
        packets = acks = 0
        while packets + acks < _MOST_LOSSES and throws["loss"].random() < network.loss:
            if throws["ack"].random() < 0.5:  # noqa: PLR2004 - as often the one as the other
                acks += 1
            else:
                packets += 1
        return Fate(
            packets=packets,
            acks=acks,
            twice=throws["duplicate"].random() < network.duplicate,
            overtaken=throws["reorder"].random() < network.reorder,
            latency_s=network.latency_s * throws["latency"].uniform(0.5, 1.5),
        )

    def _lost(self, what: str) -> LinkLost:
        """A session that waits in vain for an acknowledgement is given up, and another opened."""
        self._harm("loss")
        self._line.cut(f"the {what} was lost (--network loss)")
        return LinkLost(f"A {what} of {self._machine} was lost (--network loss).")

    def _harm(self, what: str) -> None:
        self._pulse.faults[what] += 1


def skew_of(network: Network, *, seed: int, machine: str) -> int:
    """How many seconds a machine's clock is ahead; less than 0 when it is behind."""
    if network.fixed_skew or not network.skew_s:
        return round(network.skew_s)
    most = network.skew_s
    return round(dice(seed, machine, "network", "skew").uniform(-most, most))


def skewed(readings: tuple[Reading, ...], seconds: int) -> tuple[Reading, ...]:
    """Readings as a machine stamps them whose clock is so many seconds ahead."""
    return tuple(one._replace(t=one.t + seconds) for one in readings) if seconds else readings

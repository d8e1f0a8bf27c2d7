"""Many machines at once, each on its own line: the shift, with wire and clock.

It puts together what the other modules do and adds no behaviour of its own.
`simulator.shift` is the same without the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from itertools import chain

from chantier.errors import ChantierError
from chantier.site import Site
from chantier.telemetry import ingest_topic
from simulator.clock import Accelerated, Clock
from simulator.gate import CONNECTS_PER_S, Gate
from simulator.hand import Hand
from simulator.incident import Incident
from simulator.link import Line, Link
from simulator.muster import Run, muster
from simulator.outbox import Outbox
from simulator.pulse import Pulse
from simulator.report import FleetReport, OnSent, Sent
from simulator.sessions import make_room

# Multiples of it spread evenly over a second, however many there are.
_GOLDEN = 0.618033988749895


async def run_fleet(  # noqa: PLR0913 - keyword-only: a run is described by these
    site: Site,
    lines: Mapping[str, Line],
    *,
    start: int,
    duration_s: int,
    speed: float,
    seed: int,
    incidents: Sequence[Incident] = (),
    on_sent: OnSent = lambda _sent: None,
    pulse: Pulse | None = None,
    connects_per_s: float = CONNECTS_PER_S,
    keep: bool = True,
) -> FleetReport:
    """Let machines work and report, each over a session of its own.

    The run begins when every machine is connected. Cancelling it closes the sessions.

    Args:
        site: the site file.
        lines: by machine id, where it connects; a machine without a line takes no part.
        start: epoch seconds of site time.
        duration_s: seconds of site time.
        speed: seconds of site time in a second.
        seed: the same seed gives the same bytes.
        incidents: what goes wrong.
        on_sent: hears of each message when it is settled.
        pulse: is kept up to date while the run goes on.
        connects_per_s: connections a second, first ones and new ones.
        keep: whether the report holds every message; ten thousand machines settle 600,000 an
            hour, of 0.2 KB each.

    Raises:
        ChantierError: a machine cannot connect, or an incident cannot be played.
    """
    run = Run(site=site, start=start, duration_s=duration_s, seed=seed)
    hands = muster(run, incidents, only=lines.keys())
    make_room(len(hands))
    pulse = pulse or Pulse()
    pulse.machines, pulse.site_t = len(hands), start
    gate = Gate(connects_per_s)
    # All before any: a file that is missing is said before the first connection.
    links = [Link(lines[hand.profile.id], gate=gate, watch=pulse) for hand in hands]
    heard = _Heard(pulse, on_sent, keep=keep)
    crew = _Crew(site.name, Accelerated(start, speed), len(hands), heard)
    try:
        async with asyncio.TaskGroup() as group:
            for index, (hand, link) in enumerate(zip(hands, links, strict=True)):
                group.create_task(crew.work(hand, link, index * _GOLDEN % 1))
    except* ChantierError as refused:
        first = _first(refused)
    else:
        expected = tuple(alert for hand in hands for alert in hand.expected())
        return FleetReport(tuple(heard.sent), expected, crew.lost)
    raise first


class _Heard:
    """Who must hear of a message that is settled."""

    def __init__(self, pulse: Pulse, on_sent: OnSent, *, keep: bool) -> None:
        self.pulse = pulse
        self.sent: list[Sent] = []
        self._on_sent = on_sent
        self._keep = keep

    def settled(self, sent: Sent) -> None:
        self.pulse.settle(sent)
        if self._keep:
            self.sent.append(sent)
        self._on_sent(sent)


class _Crew:
    """What the machines of a run share while they work."""

    def __init__(self, site: str, clock: Clock, machines: int, heard: _Heard) -> None:
        self._site = site
        self._clock = clock
        self._everybody = asyncio.Barrier(machines)
        self._heard = heard
        self.lost: dict[str, str] = {}

    async def work(self, hand: Hand, link: Link, late_s: float) -> None:
        """One machine, from its connection to its last message.

        Messages are made on whole seconds of site time; each machine sends its own a
        part of a second later, so that those of the same second are not in phase either.
        """
        machine = hand.profile.id
        async with link:
            # Its morning is lived through while others connect, not in the same moment as theirs.
            messages = hand.messages()
            first = next(messages, None)
            await self._everybody.wait()
            topic = ingest_topic(self._site, machine)
            outbox = Outbox(link, machine=machine, topic=topic, on_sent=self._heard.settled)
            for t, outgoing in chain([first] if first else [], messages):
                await self._clock.sleep_until(t + late_s)
                self._heard.pulse.hand_over(t)
                await outbox.send(outgoing.readings, urgent=outgoing.urgent)
            outbox.give_up()
            if outbox.trouble:
                self.lost[machine] = outbox.trouble


def _first(group: BaseExceptionGroup[ChantierError]) -> ChantierError:
    """One of the errors of a group: they differ in the machine's name alone."""
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner

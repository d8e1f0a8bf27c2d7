"""Many machines at once, each on its own line: the shift, with wire and clock.

It puts together what the other modules do and adds no behaviour of its own.
`simulator.shift` is the same without the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path

from chantier.errors import ChantierError
from chantier.site import Site
from chantier.telemetry import ingest_topic
from simulator.clock import Accelerated, Clock, Instant
from simulator.depot import Depot
from simulator.gate import CONNECTS_PER_S, Gate
from simulator.hand import Hand
from simulator.incident import Expected, Incident
from simulator.link import Line, Link
from simulator.muster import Run, muster
from simulator.network import Network
from simulator.outbox import Outbox
from simulator.pace import CATCH_UP_PER_S, Backoff, Pace
from simulator.pulse import Pulse
from simulator.renewal import keep_current
from simulator.report import FleetReport, OnSent, Sent
from simulator.rough import Rough, skew_of, skewed
from simulator.sessions import make_room
from simulator.spool import Spool

# Multiples of it spread evenly over a second, however many there are.
_GOLDEN = 0.618033988749895
FINISH_S = 30.0
"""How long machines may go on sending when their run is over, s."""

OnCast = Callable[[tuple[Expected, ...]], None]

# Without an acknowledgement for so long, the rest stays for another run.
_PATIENCE_S = 10.0


async def run_fleet(  # noqa: PLR0913 - keyword-only: a run is described by these
    site: Site,
    lines: Mapping[str, Line],
    *,
    start: int,
    duration_s: int,
    speed: float | None,
    seed: int,
    incidents: Sequence[Incident] = (),
    on_sent: OnSent = lambda _sent: None,
    on_cast: OnCast = lambda _expected: None,
    pulse: Pulse | None = None,
    connects_per_s: float = CONNECTS_PER_S,
    catch_up_per_s: float = CATCH_UP_PER_S,
    backoff: Backoff | None = None,
    network: Network | None = None,
    queue: Path | None = None,
    finish_s: float = FINISH_S,
    keep: bool = True,
) -> FleetReport:
    """Let machines work and report, each over a session of its own.

    The run begins when every machine is connected. A line that breaks later stops nobody:
    machines go on working, and what they say waits until the line is back. Cancelling the run
    closes the sessions, and leaves in the queue what was not acknowledged.

    Args:
        site: the site file.
        lines: by machine id, where it connects; a machine without a line takes no part.
        start: epoch seconds of site time.
        duration_s: seconds of site time.
        speed: seconds of site time in a second; None for as fast as the pace of what is caught
            up allows, each machine waiting for its acknowledgements.
        seed: the same seed gives the same bytes.
        incidents: what goes wrong.
        on_sent: hears of each message when it is settled.
        on_cast: hears before the first connection which alerts the incidents must lead to.
        pulse: is kept up to date while the run goes on.
        connects_per_s: connections a second, first ones and new ones.
        catch_up_per_s: messages a second of all machines together, of those that were held up.
        backoff: how long a machine waits before it tries again.
        network: how the network fails; None for one that does not.
        queue: file in which messages outlive the run; what an earlier run left there is sent
            first. None: what the broker does not have at the end is given up.
        finish_s: how long machines may go on sending at the end, s.
        keep: whether the report holds every message; ten thousand machines settle 600,000 an
            hour, of 0.2 KB each.

    Raises:
        ChantierError: a machine cannot connect at the start, an incident cannot be played, or
            the queue cannot be used. Nothing was sent then, and the queue is as it was.
    """
    run = Run(site=site, start=start, duration_s=duration_s, seed=seed)
    hands = muster(run, incidents, only=lines.keys())
    make_room(len(hands))
    pulse = pulse or Pulse()
    pulse.machines, pulse.site_t = len(hands), start
    gate = Gate(connects_per_s)
    # All before any: a file that is missing is said before the first connection.
    links = [Link(lines[hand.profile.id], queued=True, gate=gate, watch=pulse) for hand in hands]
    heard = _Heard(pulse, on_sent, keep=keep)
    spool = Spool(queue)
    if spool.mended:
        pulse.failed(spool.mended)
    depot = Depot(
        spool,
        pulse=pulse,
        on_sent=heard.settled,
        machines=len(hands),
        pace=Pace(catch_up_per_s, speed=speed or 1.0),
        backoff=backoff,
    )
    clock: Clock = Accelerated(start, speed) if speed else Instant(start)
    crew = _Crew(run, clock, depot, network or Network(), machines=len(hands), finish_s=finish_s)
    expected = crew.expected(hands)
    on_cast(expected)
    try:
        async with depot:
            depot.spawn(keep_current(links, renewed=depot.rouse))
            async with asyncio.TaskGroup() as group:
                for index, (hand, link) in enumerate(zip(hands, links, strict=True)):
                    group.create_task(crew.work(hand, link, index * _GOLDEN % 1))
    except* ChantierError as refused:
        first = _first(refused)
    else:
        return FleetReport(tuple(heard.sent), expected, crew.lost, crew.queued, spool.mended)
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

    def __init__(  # noqa: PLR0913 - what they share
        self,
        run: Run,
        clock: Clock,
        depot: Depot,
        network: Network,
        *,
        machines: int,
        finish_s: float,
    ) -> None:
        self._run = run
        self._clock = clock
        self._depot = depot
        self._network = network
        # Time that does not pass holds nobody up: the pace must.
        self._at_pace = isinstance(clock, Instant)
        self._everybody = asyncio.Barrier(machines)
        self._finish_s = finish_s
        self.lost: dict[str, str] = {}
        self.queued = 0

    async def work(self, hand: Hand, link: Link, late_s: float) -> None:
        """One machine, from its connection to its last message.

        Messages are made on whole seconds of site time; each machine sends its own a
        part of a second later, so that those of the same second are not in phase either.
        """
        machine, pulse = hand.profile.id, self._depot.pulse
        async with link:
            rough = self._rough(link, machine)
            topic = ingest_topic(self._run.site.name, machine)
            outbox = Outbox(rough or link, self._depot, machine=machine, topic=topic)
            # Its morning is lived through while others connect, not in the same moment as theirs.
            messages = hand.messages(seq=outbox.last_seq)
            first = next(messages, None)
            await self._everybody.wait()
            pulse.inherit(outbox.depth)
            outbox.wake()
            skew_s = skew_of(self._network, seed=self._run.seed, machine=machine)
            turn = 0.0
            for t, outgoing in chain([first] if first else [], messages):
                await self._clock.sleep_until(t + late_s)
                if self._at_pace:
                    turn = await self._depot.pace.turn(turn)
                pulse.hand_over(t)
                outbox.hand_over(skewed(outgoing.readings, skew_s), urgent=outgoing.urgent)
                if self._at_pace:
                    await outbox.calm()
            if rough:
                rough.heal()
            await self._finish(outbox)

    def expected(self, hands: Sequence[Hand]) -> tuple[Expected, ...]:
        """The alerts that must be found, in the time of each machine's own clock."""
        return tuple(
            _skewed(alert, skew_of(self._network, seed=self._run.seed, machine=alert.machine))
            for hand in hands
            for alert in hand.expected()
        )

    def _rough(self, link: Link, machine: str) -> Rough | None:
        if not self._network.fails:
            return None
        rough = Rough(
            link,
            self._network,
            seed=self._run.seed,
            machine=machine,
            clock=self._clock,
            pulse=self._depot.pulse,
        )
        if self._network.disconnect_s:
            self._depot.spawn(rough.break_down(self._run.start))
        return rough

    async def _finish(self, outbox: Outbox) -> None:
        # Each from its own end: at night one machine is done long before another speaks.
        until = asyncio.get_running_loop().time() + self._finish_s
        await outbox.finish(patience_s=min(_PATIENCE_S, self._finish_s), until=until)
        if not outbox.depth:
            return
        self.lost[outbox.machine] = outbox.trouble or "the run ended before its queue was empty"
        if self._depot.spool.path:
            self.queued += outbox.depth
        else:
            outbox.give_up()


def _skewed(alert: Expected, seconds: int) -> Expected:
    return alert._replace(
        onset=alert.onset + seconds, by=alert.by + seconds, over=alert.over + seconds
    )


def _first(group: BaseExceptionGroup[ChantierError]) -> ChantierError:
    """One of the errors of a group: they differ in the machine's name alone."""
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner

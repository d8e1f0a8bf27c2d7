"""A network that fails: what becomes of each message, and that none is lost by it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from chantier.decoding import decode, parse
from chantier.telemetry import Reading
from simulator.clock import Instant
from simulator.depot import Depot
from simulator.network import EXAMPLE, Network, parse_network
from simulator.outbox import LinkLost, Outbox
from simulator.pace import Backoff, Pace
from simulator.pulse import Pulse
from simulator.rough import Rough, skew_of, skewed

MESSAGES, START = 400, 1_790_000_000
HARSH = Network(loss=0.3, duplicate=0.2, reorder=0.2)


class AtOnce(Pace):
    """No pace at all."""

    async def turn(self, last: float) -> float:
        return last


class Line:
    """A session that takes everything, and can be cut."""

    def __init__(self) -> None:
        self.carried: list[bytes] = []
        self.cuts: list[str] = []

    async def publish(self, _topic: str, payload: bytes) -> None:
        await asyncio.sleep(0)
        self.carried.append(payload)

    def cut(self, why: str) -> None:
        self.cuts.append(why)


def through(
    network: Network, *, seed: int = 1, machine: str = "EX-001", count: int = MESSAGES
) -> tuple[list[int], Pulse, Line]:
    """What arrives, in order, of so many messages numbered from 1."""
    line, pulse = Line(), Pulse()

    async def run() -> None:
        quick = Backoff(first_s=1e-4, most_s=1e-4)
        async with Depot(pulse=pulse, pace=AtOnce(), backoff=quick) as depot:
            rough = Rough(line, network, seed=seed, machine=machine, clock=Instant(0), pulse=pulse)
            outbox = Outbox(rough, depot, machine=machine, topic="a/b")
            for seq in range(1, count + 1):
                outbox.hand_over((Reading(START + seq, seq=seq),), urgent=False)
                await outbox.calm()
            await outbox.finish(patience_s=5, until=asyncio.get_running_loop().time() + 60)

    asyncio.run(run())
    return [decode(parse(one)).readings[0].seq for one in line.carried], pulse, line


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_however_bad_the_network_is_every_message_arrives(seed: int) -> None:
    arrived, pulse, line = through(HARSH, seed=seed)
    assert set(arrived) == set(range(1, MESSAGES + 1))
    assert set(pulse.faults) == {"loss", "duplicate", "reorder"}
    assert len(line.cuts) == pulse.faults["loss"]


def test_the_same_seed_harms_the_same_messages_and_another_machine_has_others() -> None:
    first, second = through(HARSH), through(HARSH)
    assert Counter(first[0]) == Counter(second[0])
    assert first[1].faults == second[1].faults
    assert Counter(through(HARSH, machine="EX-002")[0]) != Counter(first[0])
    assert Counter(through(HARSH, seed=2)[0]) != Counter(first[0])


def test_a_fault_that_is_added_does_not_move_the_others() -> None:
    def doubles(network: Network) -> list[int]:
        return [seq for seq, count in Counter(through(network)[0]).items() if count > 1]

    alone = doubles(Network(duplicate=0.1))
    assert sorted(alone) == sorted(doubles(Network(duplicate=0.1, reorder=0.3)))


def test_faults_happen_about_as_often_as_was_asked() -> None:
    arrived, pulse, _ = through(Network(loss=0.1, duplicate=0.05, reorder=0.02), count=3000)
    assert pulse.faults["loss"] == pytest.approx(300, rel=0.25)
    assert pulse.faults["duplicate"] == pytest.approx(150, rel=0.3)
    assert pulse.faults["reorder"] == pytest.approx(60, rel=0.5)
    # A lost acknowledgement, half of the losses, makes a double too.
    assert len(arrived) - 3000 == pytest.approx(150 + 150, rel=0.3)


def test_without_reordering_whatever_is_lost_goes_before_what_comes_later() -> None:
    arrived, _, _ = through(Network(loss=0.4))
    firsts = list(dict.fromkeys(arrived))
    assert firsts == sorted(firsts)


def test_reordering_swaps_neighbours() -> None:
    arrived, pulse, _ = through(Network(reorder=0.2))
    assert sorted(arrived) == list(range(1, MESSAGES + 1))
    # One that is overtaken by two others stood still because these were to be overtaken too.
    assert sum(a > b for a, b in pairwise(arrived)) > 0
    assert pulse.faults["reorder"] > 40
    assert max(abs(place - seq) for place, seq in enumerate(arrived, 1)) <= 8


def test_latency_keeps_each_message_for_a_while() -> None:
    async def run() -> float:
        rough = Rough(
            Line(),
            Network(latency_s=0.02),
            seed=1,
            machine="EX-001",
            clock=Instant(0),
            pulse=Pulse(),
        )
        loop = asyncio.get_running_loop()
        began = loop.time()
        for n in range(10):
            await rough.publish("a/b", b"%d" % n)
        return loop.time() - began

    assert asyncio.run(run()) >= 10 * 0.01


def test_a_session_is_cut_now_and_then_and_nothing_gets_through_until_it_is_back() -> None:
    class Times(Instant):
        """A clock that tells what it is asked to wait for."""

        def __init__(self) -> None:
            super().__init__(0)
            self.asked: list[float] = []

        async def sleep_until(self, t: float) -> None:
            self.asked.append(t)
            await super().sleep_until(t)

    clock, line, pulse = Times(), Line(), Pulse()
    network = Network(disconnect_s=300, off_s=30)

    async def run() -> list[bool]:
        rough = Rough(line, network, seed=1, machine="EX-001", clock=clock, pulse=pulse)
        breaking = asyncio.create_task(rough.break_down(0))
        through: list[bool] = []
        while len(clock.asked) < 2000:
            try:
                await rough.publish("a/b", b"x")
            except LinkLost as lost:
                assert "cut (--network disconnect)" in lost.message  # noqa: PT017 - each of many
                through.append(False)
            else:
                through.append(True)
            await asyncio.sleep(0)
        breaking.cancel()
        return through

    through = asyncio.run(run())
    assert {True, False} == set(through)
    gaps = [b - a for a, b in pairwise([0.0, *clock.asked])]
    on, off = gaps[::2], gaps[1::2]
    assert sum(on) / len(on) == pytest.approx(300, rel=0.15)
    assert sum(off) / len(off) == pytest.approx(30, rel=0.15)
    assert len(line.cuts) == pulse.faults["disconnect"]


def test_a_clock_is_wrong_by_its_own_amount_or_by_the_same_for_all() -> None:
    names = [f"EX-{n:03d}" for n in range(200)]
    own = [skew_of(parse_network("skew=90s"), seed=1, machine=name) for name in names]
    assert -90 <= min(own) < -70
    assert 70 < max(own) <= 90
    assert own == [skew_of(parse_network("skew=90s"), seed=1, machine=name) for name in names]
    assert {skew_of(parse_network("skew=-600s"), seed=1, machine=name) for name in names} == {-600}
    assert skew_of(Network(), seed=1, machine="EX-001") == 0


def test_a_wrong_clock_changes_the_times_of_readings_and_nothing_else() -> None:
    readings = (Reading(1000, seq=1, rpm=900), Reading(1010, seq=2))
    late = skewed(readings, -90)
    assert [one.t for one in late] == [910, 920]
    assert [one._replace(t=0) for one in late] == [one._replace(t=0) for one in readings]
    assert skewed(readings, 0) is readings


def test_the_example_of_the_command_line_is_survived_whole() -> None:
    arrived, _, _ = through(replace(parse_network(EXAMPLE), latency_s=0.0))
    assert set(arrived) == set(range(1, MESSAGES + 1))

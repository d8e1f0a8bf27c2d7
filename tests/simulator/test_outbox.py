"""A machine's outbox: what waits, in which order it goes, and what the file holds meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from chantier.telemetry import Reading, encode
from simulator.depot import Depot
from simulator.outbox import LinkLost, Outbox, Overtaken
from simulator.pace import Backoff, Pace
from simulator.pulse import Pulse
from simulator.report import Sent
from simulator.spool import Spool

QUICK = Backoff(first_s=0.001, most_s=0.002, refused_s=0.002)
FAST = Pace(1e6, speed=1e6)


class Line:
    """A publisher whose next tries fail; with `shut` every one does."""

    def __init__(self, *faults: Exception, shut: bool = False) -> None:
        self.faults = list(faults)
        self.shut = shut
        self.carried: list[bytes] = []
        self.tries = 0

    async def publish(self, topic: str, payload: bytes) -> None:
        self.tries += 1
        await asyncio.sleep(0)
        if self.shut:
            raise LinkLost(f"{topic} is down", "Wait.")
        if self.faults:
            raise self.faults.pop(0)
        self.carried.append(payload)


def said(seq: int) -> tuple[Reading, ...]:
    return (Reading(1000 + seq, seq=seq),)


def payloads(*seqs: int) -> list[bytes]:
    return [encode(said(seq)) for seq in seqs]


def lost(*, refused: bool = False) -> LinkLost:
    return LinkLost("a/b is down", "Wait.", refused=refused)


def play(
    line: Line,
    act: Callable[[Outbox, Depot], Awaitable[None]],
    *,
    queue: Path | None = None,
    most: int = 100,
    backoff: Backoff = QUICK,
) -> tuple[list[Sent], Pulse, Outbox]:
    """Let an outbox live through something."""
    sent, pulse = list[Sent](), Pulse()

    def settled(one: Sent) -> None:
        sent.append(one)
        pulse.settle(one)

    async def run() -> Outbox:
        async with Depot(
            Spool(queue), pulse=pulse, on_sent=settled, pace=FAST, backoff=backoff, most=most
        ) as depot:
            outbox = Outbox(line, depot, machine="EX-001", topic="a/b")
            outbox.wake()
            await act(outbox, depot)
        return outbox

    return sent, pulse, asyncio.run(asyncio.wait_for(run(), 30))


async def finish(outbox: Outbox, patience_s: float = 0.05) -> None:
    await outbox.finish(patience_s=patience_s, until=asyncio.get_running_loop().time() + 10)


async def three(outbox: Outbox, _depot: Depot) -> None:
    for seq in (1, 2, 3):
        outbox.hand_over(said(seq), urgent=seq == 3)
    await finish(outbox)


@pytest.mark.parametrize("refused", [False, True])
def test_what_cannot_be_sent_waits_and_goes_first_when_the_line_is_back(*, refused: bool) -> None:
    line = Line(lost(), lost(refused=refused), lost())
    sent, pulse, outbox = play(line, three, backoff=QUICK)
    if refused:
        # Nobody waits for a person at the end of a run.
        assert (line.carried, outbox.depth) == ([], 3)
        return
    assert line.carried == payloads(1, 2, 3)
    assert [(one.seq, one.urgent, one.acked_at is not None) for one in sent] == [
        (1, False, True),
        (2, False, True),
        (3, True, True),
    ]
    assert (outbox.trouble, outbox.depth, pulse.refused) == ("", 0, {})


def test_a_machine_whose_line_is_down_goes_on_handing_over_without_waiting() -> None:
    line = Line(shut=True)

    async def act(outbox: Outbox, _depot: Depot) -> None:
        for seq in range(1, 6):
            outbox.hand_over(said(seq), urgent=False)
        await outbox.calm()
        assert (outbox.depth, outbox.trouble, line.carried) == (5, "a/b is down", [])
        line.shut = False
        await finish(outbox)

    play(line, act)
    assert line.carried == payloads(1, 2, 3, 4, 5)


def test_who_has_no_file_is_told_what_was_not_delivered() -> None:
    async def act(outbox: Outbox, depot: Depot) -> None:
        outbox.hand_over((Reading(1), Reading(2, seq=7)), urgent=True)
        outbox.hand_over(said(3), urgent=False)
        depot.look()
        depot.look()
        await finish(outbox)
        outbox.give_up()
        assert outbox.depth == 0

    sent, pulse, _ = play(Line(shut=True), act)
    assert [(one.t, one.seq, one.readings, one.urgent, one.acked_at) for one in sent] == [
        (2, 7, 2, True, None),
        (1003, 3, 1, False, None),
    ]
    assert (pulse.given_up, pulse.stored) == (2, 0)


def test_a_machine_that_is_acknowledged_at_once_writes_nothing(tmp_path: Path) -> None:
    queue = tmp_path / "queue.db"

    async def act(outbox: Outbox, depot: Depot) -> None:
        for seq in range(1, 50):
            outbox.hand_over(said(seq), urgent=False)
            await outbox.calm()
            depot.look()
        assert not queue.exists()
        await finish(outbox)

    sent, pulse, _ = play(Line(), act, queue=queue)
    assert (len(sent), pulse.spooled) == (49, 0)
    assert list(tmp_path.iterdir()) == []


def test_what_waits_for_two_looks_is_in_the_file_and_leaves_memory(tmp_path: Path) -> None:
    queue = tmp_path / "queue.db"

    async def act(outbox: Outbox, depot: Depot) -> None:
        for seq in range(1, 31):
            outbox.hand_over(said(seq), urgent=False)
        await outbox.calm()
        depot.look()
        assert not queue.exists()
        depot.look()
        assert len(depot.spool.oldest("EX-001", after=0, most=99)) == 30
        assert len([one for one in vars(outbox).values() if isinstance(one, list) and one]) == 1
        outbox.hand_over(said(31), urgent=False)
        assert outbox.depth == 31
        depot.look()
        depot.look()
        assert len(depot.spool.oldest("EX-001", after=0, most=99)) == 31

    _, pulse, outbox = play(Line(shut=True), act, queue=queue)
    assert (pulse.spooled, pulse.stored, outbox.depth) == (31, 31, 31)


def test_the_next_run_sends_first_what_the_last_one_left(tmp_path: Path) -> None:
    queue, line = tmp_path / "queue.db", Line()

    async def cut(outbox: Outbox, _depot: Depot) -> None:
        for seq in range(1, 21):
            outbox.hand_over(said(seq), urgent=seq == 20)

    play(Line(shut=True), cut, queue=queue)

    async def resumed(outbox: Outbox, _depot: Depot) -> None:
        assert outbox.depth == 20
        outbox.hand_over(said(5000), urgent=False)
        await finish(outbox)

    sent, pulse, _ = play(line, resumed, queue=queue)
    assert line.carried == payloads(*range(1, 21), 5000)
    assert [one.urgent for one in sent] == [False] * 19 + [True, False]
    assert (pulse.acked, list(tmp_path.iterdir())) == (21, [])


def test_what_the_last_run_left_is_in_order_however_often_runs_are_cut(tmp_path: Path) -> None:
    queue, seq, carried = tmp_path / "queue.db", 0, list[bytes]()
    for _ in range(4):
        line = Line()

        async def cut(outbox: Outbox, depot: Depot, line: Line = line) -> None:
            nonlocal seq
            for _ in range(9):
                seq += 1
                outbox.hand_over(said(seq), urgent=False)
                depot.look()
            while line.tries < 4:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0)
            line.shut = True

        play(line, cut, queue=queue)
        carried += line.carried
    last = Line()
    play(last, lambda outbox, _depot: finish(outbox), queue=queue)
    assert carried + last.carried == payloads(*range(1, 37))


def test_a_machine_counts_on_while_messages_of_an_earlier_run_wait(tmp_path: Path) -> None:
    queue = tmp_path / "queue.db"

    async def at_end(outbox: Outbox, _depot: Depot) -> None:
        outbox.hand_over(said(7), urgent=False)
        await finish(outbox, 0.01)

    async def cut(outbox: Outbox, _depot: Depot) -> None:
        assert outbox.last_seq == 7
        outbox.hand_over(said(8), urgent=False)

    async def after(outbox: Outbox, _depot: Depot) -> None:
        # What a killed run may have counted is skipped: a gap shows what was lost with it.
        assert outbox.last_seq == 1008
        await finish(outbox)

    async def again(outbox: Outbox, _depot: Depot) -> None:
        assert outbox.last_seq == 0

    play(Line(shut=True), at_end, queue=queue)
    play(Line(shut=True), cut, queue=queue)
    play(Line(), after, queue=queue)
    play(Line(), again, queue=queue)


def test_a_start_that_fails_leaves_the_queue_as_it_was(tmp_path: Path) -> None:
    queue = tmp_path / "queue.db"

    async def at_end(outbox: Outbox, _depot: Depot) -> None:
        outbox.hand_over(said(7), urgent=False)
        await finish(outbox, 0.01)

    async def nothing(outbox: Outbox, _depot: Depot) -> None:
        assert (outbox.last_seq, outbox.depth) == (7, 1)

    play(Line(shut=True), at_end, queue=queue)
    for _ in range(3):
        play(Line(shut=True), nothing, queue=queue)


def test_a_full_queue_loses_the_oldest_that_are_not_urgent_and_says_how_many(
    tmp_path: Path,
) -> None:
    line = Line(shut=True)

    async def act(outbox: Outbox, depot: Depot) -> None:
        for seq in range(1, 31):
            outbox.hand_over(said(seq), urgent=seq in (3, 4))
            await outbox.calm()
            depot.look()
        depot.look()
        assert outbox.depth == 10
        line.shut = False
        await finish(outbox)

    sent, pulse, _ = play(line, act, queue=tmp_path / "queue.db", most=10)
    assert pulse.dropped == pulse.given_up == 20
    gone = [one.seq for one in sent if one.acked_at is None]
    # The one that is just being sent is not taken away.
    assert gone == [seq for seq in range(2, 24) if seq not in (3, 4)]
    assert line.carried == payloads(1, 3, 4, *range(24, 31))


def test_a_file_that_cannot_be_written_keeps_messages_in_memory_and_is_said(
    tmp_path: Path,
) -> None:
    (tmp_path / "site").write_text("in the way")
    line = Line(shut=True)

    async def act(outbox: Outbox, depot: Depot) -> None:
        for seq in range(1, 31):
            outbox.hand_over(said(seq), urgent=seq == 2)
            await outbox.calm()
            depot.look()
        assert outbox.depth == 10
        line.shut = False
        await finish(outbox)

    _, pulse, _ = play(line, act, queue=tmp_path / "site" / "queue.db", most=10)
    assert line.carried == payloads(1, 2, *range(23, 31))
    assert "cannot be used" in next(iter(pulse.failures))
    assert pulse.dropped == 20


def test_a_message_that_is_overtaken_goes_after_the_next_one_and_is_kept_meanwhile(
    tmp_path: Path,
) -> None:
    queue, line = tmp_path / "queue.db", Line(Overtaken())

    async def act(outbox: Outbox, depot: Depot) -> None:
        outbox.hand_over(said(1), urgent=False)
        await outbox.calm()
        assert (line.carried, outbox.depth) == ([], 1)
        depot.look()
        depot.look()
        assert len(depot.spool.oldest("EX-001", after=0, most=9)) == 1
        outbox.hand_over(said(2), urgent=False)
        outbox.hand_over(said(3), urgent=False)
        await finish(outbox)

    sent, _, _ = play(line, act, queue=queue)
    assert line.carried == payloads(2, 1, 3)
    assert [one.seq for one in sent] == [2, 1, 3]
    assert not queue.exists()


def test_the_last_message_is_sent_even_if_nothing_comes_to_overtake_it() -> None:
    line = Line(Overtaken())

    async def act(outbox: Outbox, _depot: Depot) -> None:
        outbox.hand_over(said(1), urgent=False)
        await outbox.calm()
        await finish(outbox)

    play(line, act)
    assert line.carried == payloads(1)


def test_a_refusal_is_tried_again_slowly_and_told_until_it_is_lifted() -> None:
    line = Line(lost(refused=True))

    async def act(outbox: Outbox, depot: Depot) -> None:
        outbox.hand_over(said(1), urgent=False)
        await outbox.calm()
        assert depot.pulse.refused == {"EX-001": "a/b is down"}
        while line.tries < 2:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)
        await finish(outbox)

    _, pulse, _ = play(line, act)
    assert line.carried == payloads(1)
    assert pulse.refused == {}

"""Certificates that are replaced while machines work."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bench.fleet.broker import Authority as BenchAuthority
from bench.fleet.broker import installed, mosquitto
from bench.fleet.load import lines_in, topic
from chantier.telemetry import Reading
from simulator.depot import Depot
from simulator.link import Link
from simulator.outbox import LinkLost, Outbox
from simulator.pace import Backoff
from simulator.pulse import Pulse
from simulator.renewal import keep_current

if TYPE_CHECKING:
    from tests.simulator.conftest import Authority, MakeBroker


@contextlib.asynccontextmanager
async def current(*links: Link):  # type: ignore[no-untyped-def] # noqa: ANN201 - a context manager
    keeping = asyncio.create_task(keep_current(links, round_s=0.3))
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})


def test_a_machine_takes_its_new_certificate_and_each_message_arrives_once_and_in_order(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker, pulse, sent = make_broker(), Pulse(machines=1), 0
    authority.issue("before", file="REN-001")

    async def run() -> None:
        nonlocal sent
        async with (
            broker.listening() as port,
            Link(authority.line("REN-001", port), queued=True, watch=pulse) as link,
            current(link),
        ):
            while sent < 100 or not pulse.rotated:
                await link.publish("a/b", b"%d" % sent)
                sent += 1
                if sent == 50:
                    authority.issue("after", file="REN-001")
                await asyncio.sleep(0.002)
            await link.publish("a/b", b"%d" % sent)

    asyncio.run(asyncio.wait_for(run(), 30))
    assert [one.payload for one in broker.received] == [b"%d" % n for n in range(sent + 1)]
    names = [one.common_name for one in broker.received]
    assert names == sorted(names, reverse=True)
    assert set(names) == {"before", "after"}
    assert (pulse.connections, pulse.rotated, pulse.reconnects) == (2, 1, 0)
    assert (pulse.online, pulse.most, pulse.errors) == (0, 1, 0)


def test_a_certificate_that_is_not_whole_yet_or_opens_no_session_leaves_the_old_session(
    authority: Authority, stranger: Authority, make_broker: MakeBroker
) -> None:
    broker, pulse = make_broker(), Pulse(machines=1)
    certificate, key = authority.issue("before", file="REN-002")
    whole = certificate.read_bytes(), key.read_bytes()

    async def run() -> None:
        async with (
            broker.listening() as port,
            Link(authority.line("REN-002", port), queued=True, watch=pulse) as link,
            current(link),
        ):
            certificate.write_bytes(b"half a certifi")
            while not any("cannot be used" in why for why in pulse.failures):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await link.publish("a/b", b"1")
            for kept, other in zip(
                (certificate, key), stranger.issue("other", file="REN-002"), strict=True
            ):
                kept.write_bytes(other.read_bytes())
            while not any("opens no session" in why for why in pulse.failures):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await link.publish("a/b", b"2")
            certificate.write_bytes(whole[0])
            key.write_bytes(whole[1])
            while not pulse.rotated:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            await link.publish("a/b", b"3")

    asyncio.run(asyncio.wait_for(run(), 30))
    assert [one.payload for one in broker.received] == [b"1", b"2", b"3"]
    assert pulse.connections == 2


def test_a_machine_whose_session_ends_comes_back_with_the_new_certificate(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker()
    authority.issue("before", file="REN-003")

    async def run() -> None:
        async with (
            broker.listening() as port,
            Link(authority.line("REN-003", port), queued=True) as link,
        ):
            authority.issue("after", file="REN-003")
            link.cut("its old certificate was withdrawn")
            await link.publish("a/b", b"1")

    asyncio.run(run())
    assert [one.common_name for one in broker.received] == ["after"]


@pytest.mark.skipif(not installed(), reason="mosquitto is not here: apt-get install mosquitto")
def test_mosquitto_hands_the_session_over_to_the_new_certificate_without_a_failure(
    tmp_path: Path,
) -> None:
    authority, pulse = BenchAuthority(tmp_path), Pulse(machines=5)
    with_port = lines_in(tmp_path, 0, 5)
    for line in with_port:
        authority.issue(line.client_id)

    async def run(port: int) -> int:
        lines, sent = lines_in(tmp_path, port, 5), 0
        links = [Link(line, queued=True, watch=pulse) for line in lines]
        async with contextlib.AsyncExitStack() as stack:
            for link in links:
                await stack.enter_async_context(link)
            await stack.enter_async_context(current(*links))
            while pulse.rotated < 5:
                for line, link in zip(lines, links, strict=True):
                    await link.publish(topic(line), b"{}")
                    sent += 1
                if sent == 50:
                    for line in lines:
                        authority.issue(line.client_id)
                await asyncio.sleep(0.005)
        return sent

    with mosquitto(tmp_path) as broker:
        assert asyncio.run(asyncio.wait_for(run(broker.port), 30)) > 50
    assert (pulse.connections, pulse.rotated, pulse.online, pulse.failures) == (10, 5, 0, {})


def test_a_certificate_that_vanished_is_said_with_its_path(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker()
    certificate, _ = authority.issue("REN-004")

    async def run() -> None:
        async with (
            broker.listening() as port,
            Link(authority.line("REN-004", port), queued=True) as link,
        ):
            certificate.unlink()
            link.cut("a test")
            await link.publish("a/b", b"1")

    with pytest.raises(LinkLost) as lost:
        asyncio.run(run())
    assert str(certificate) in lost.value.message
    assert lost.value.hint
    assert not lost.value.refused


def test_a_machine_that_was_shut_out_sends_its_queue_as_soon_as_it_has_a_new_certificate(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker, pulse = make_broker(), Pulse(machines=1)
    authority.issue("before", file="REN-005")
    slow = Backoff(refused_s=3600)

    async def run() -> None:
        async with (
            broker.listening() as port,
            Link(authority.line("REN-005", port), queued=True, watch=pulse) as link,
            Depot(pulse=pulse, backoff=slow) as depot,
        ):
            outbox = Outbox(link, depot, machine="REN-005", topic="a/b")
            keeping = asyncio.create_task(keep_current([link], renewed=depot.rouse, round_s=0.3))
            broker.connack = 0x87
            link.cut("its certificate was withdrawn")
            outbox.hand_over((Reading(1, seq=1),), urgent=False)
            await outbox.calm()
            assert "REN-005" in pulse.refused
            broker.connack = 0
            authority.issue("after", file="REN-005")
            while outbox.depth:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            keeping.cancel()

    asyncio.run(asyncio.wait_for(run(), 30))
    assert [one.common_name for one in broker.received] == ["after"]
    assert pulse.refused == {}

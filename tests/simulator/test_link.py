"""The line: mTLS, acknowledged messages, mended sessions, and refusals in words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chantier.errors import ChantierError
from simulator.link import Line, Link
from simulator.outbox import LinkLost

if TYPE_CHECKING:
    from tests.simulator.conftest import Authority, MakeBroker


async def say(line: Line, *payloads: bytes, tries: int = 3) -> None:
    async with Link(line, tries=tries, timeout_s=0.5, pause_s=0.01) as link:
        for payload in payloads:
            await link.publish("a/b", payload)


def test_a_message_arrives_under_the_name_in_the_certificate(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker()

    async def run() -> None:
        async with broker.listening() as port:
            await say(authority.line("EX-001", port), b"one", b"two")

    asyncio.run(run())
    assert broker.received == [
        ("EX-001", "EX-001", "a/b", b"one"),
        ("EX-001", "EX-001", "a/b", b"two"),
    ]
    assert broker.goodbyes == ["EX-001"]


def test_callers_are_served_in_their_order(authority: Authority, make_broker: MakeBroker) -> None:
    broker = make_broker()

    async def run() -> None:
        async with broker.listening() as port, Link(authority.line("EX-001", port)) as link:
            await asyncio.gather(*(link.publish("a/b", b"%d" % n) for n in range(20)))

    asyncio.run(run())
    assert [one.payload for one in broker.received] == [b"%d" % n for n in range(20)]


def test_a_broken_session_is_mended_and_nothing_is_lost(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker(hang_ups=2)

    async def run() -> None:
        async with broker.listening() as port:
            await say(authority.line("EX-001", port), b"one", b"two")

    asyncio.run(run())
    assert [one.payload for one in broker.received] == [b"one", b"two"]
    assert broker.connects == 3


@pytest.mark.parametrize(("hang_ups", "deaf", "tries"), [(99, False, 3), (0, True, 2)])
def test_a_message_that_is_never_acknowledged_is_given_up_after_its_tries(
    authority: Authority,
    make_broker: MakeBroker,
    *,
    hang_ups: int,
    deaf: bool,
    tries: int,
) -> None:
    broker = make_broker(hang_ups=hang_ups, deaf=deaf)

    async def run() -> None:
        async with broker.listening() as port:
            await say(authority.line("EX-001", port), b"one", tries=tries)

    with pytest.raises(LinkLost, match="EX-001 has no line to localhost"):
        asyncio.run(run())
    assert broker.connects == tries
    assert broker.received == []


def test_a_refusal_is_not_tried_again_and_names_the_policy(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker(connack=0x87)

    async def run() -> None:
        async with broker.listening() as port:
            await say(authority.line("EX-001", port))

    with pytest.raises(LinkLost, match="Not authorized") as refused:
        asyncio.run(run())
    assert "policy" in refused.value.hint
    assert broker.connects == 1


def test_a_broker_of_another_name_is_not_believed(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker()

    async def run() -> LinkLost | None:
        async with broker.listening() as port:
            try:
                await say(replace(authority.line("EX-001", port), host="127.0.0.1"))
            except LinkLost as refused:
                return refused.with_traceback(None)
        return None

    refused = asyncio.run(run())
    assert refused is not None
    assert "CERTIFICATE_VERIFY_FAILED" in refused.message
    assert "not who it should be" in refused.hint
    assert broker.connects == 0


def test_a_certificate_of_another_authority_gets_no_session(
    authority: Authority, make_broker: MakeBroker, stranger: Authority
) -> None:
    broker = make_broker()

    async def run() -> None:
        async with broker.listening() as port:
            await say(replace(stranger.line("EX-001", port), ca=authority.ca), tries=1)

    with pytest.raises(LinkLost) as refused:
        asyncio.run(run())
    assert "certificate" in refused.value.hint
    assert broker.connects == 0


def test_where_nothing_listens_the_hint_says_so(authority: Authority) -> None:
    with pytest.raises(LinkLost, match="Connection refused") as refused:
        asyncio.run(say(authority.line("EX-001", 1), tries=1))
    assert "Nothing listens" in refused.value.hint


@pytest.mark.parametrize("which", ["certificate", "key", "ca"])
def test_a_file_that_is_missing_is_named_before_anything_is_tried(
    authority: Authority, tmp_path: Path, which: str
) -> None:
    missing = tmp_path / "nothing.pem"
    line = authority.line("EX-001", 1)
    without = {
        "certificate": replace(line, certificate=missing),
        "key": replace(line, key=missing),
        "ca": replace(line, ca=missing),
    }
    with pytest.raises(ChantierError, match=r"There is no .* for EX-001 at .*nothing\.pem"):
        Link(without[which])


def test_a_key_of_another_certificate_is_refused(authority: Authority) -> None:
    _, key = authority.issue("EX-002")
    with pytest.raises(ChantierError, match="identity of EX-001 cannot be used"):
        Link(replace(authority.line("EX-001", 1), key=key))


def test_a_message_that_is_not_allowed_is_refused_in_words_and_not_tried_again(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker(puback=0x87)

    async def run() -> None:
        async with broker.listening() as port:
            await say(authority.line("EX-001", port), b"one")

    with pytest.raises(LinkLost, match="refuses the message: Not authorized") as refused:
        asyncio.run(run())
    assert "policy" in refused.value.hint
    assert (broker.connects, len(broker.received)) == (1, 1)


def test_machines_that_connect_at_the_same_moment_show_each_its_own_certificate(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker, names = make_broker(), [f"EX-{n:03d}" for n in range(40)]

    async def run() -> None:
        async with broker.listening() as port:
            await asyncio.gather(*(say(authority.line(name, port), b"x") for name in names))

    asyncio.run(run())
    assert sorted(one.common_name for one in broker.received) == names
    assert all(one.client_id == one.common_name for one in broker.received)


def test_a_certificate_that_was_rotated_is_shown_at_the_next_connection(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker()
    authority.issue("before", file="ROT-001")

    async def run() -> None:
        async with broker.listening() as port, Link(authority.line("ROT-001", port)) as link:
            await link.publish("a/b", b"one")
            authority.issue("after", file="ROT-001")
            await link.close()
            await link.publish("a/b", b"two")

    asyncio.run(run())
    assert [one.common_name for one in broker.received] == ["before", "after"]


@pytest.mark.parametrize(
    ("days", "said"), [((-9, -2), "ran out on"), ((2, 9), "begins on")], ids=["old", "young"]
)
def test_a_certificate_that_is_not_valid_today_is_named_before_anything_is_tried(
    authority: Authority, days: tuple[int, int], said: str
) -> None:
    authority.issue("EX-900", days=days)
    with pytest.raises(ChantierError, match=f"certificate of EX-900 {said} .*EX-900.pem"):
        Link(authority.line("EX-900", 1))


def test_a_quiet_session_is_kept_up_as_often_as_the_broker_asks(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker = make_broker()
    broker.keepalive_s = 1

    async def run() -> None:
        async with broker.listening() as port, Link(authority.line("EX-001", port)):
            while broker.pings < 2:  # noqa: ASYNC110 - the broker tells nobody
                await asyncio.sleep(0.05)

    asyncio.run(asyncio.wait_for(run(), 20))
    assert broker.connects == 1


def test_a_broker_that_answers_no_ping_loses_the_session(
    authority: Authority, make_broker: MakeBroker
) -> None:
    broker, over = make_broker(deaf=True), asyncio.Event()
    broker.keepalive_s = 1

    class Watch:
        def connected(self) -> None: ...
        def disconnected(self) -> None:
            over.set()

        def renewed(self) -> None: ...
        def failed(self, why: str) -> None: ...

    async def run() -> None:
        async with (
            broker.listening() as port,
            Link(authority.line("EX-001", port), watch=Watch()),
        ):
            await asyncio.wait_for(over.wait(), 20)

    asyncio.run(run())
    assert broker.pings == 1
    assert broker.goodbyes == []


def test_an_endpoint_that_does_not_speak_mqtt_5_is_said(authority: Authority) -> None:
    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"\x20\x02\x00\x01")  # an MQTT 3.1.1 broker's "unacceptable version"
        await writer.drain()

    async def run() -> None:
        context = authority.server_context()
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            await say(authority.line("EX-001", port), tries=1)

    with pytest.raises(LinkLost, match="does not speak MQTT 5"):
        asyncio.run(run())

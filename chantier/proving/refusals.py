"""Who must not get in, and what a machine must not do: each is tried, and must be refused.

A refusal proves something only where the probe itself is let in, and that is the case when
these are asked. Names that are tried are nobody's, so that what is let through does no harm.
"""

from __future__ import annotations

import asyncio
import functools
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import mqtt5
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chantier.proving.hops import ANSWER_S, CONNECT_PAUSE_S
from chantier.proving.probe import Paper, line_of
from chantier.proving.promises import Check, broken, holds, unseen
from chantier.proving.stage import Stage
from chantier.site import Site
from chantier.telemetry import ingest_topic, other_name, telemetry_topic
from simulator.papers import Line, Trust, trust
from simulator.wire import Broken, Wire

# "Within seconds"; AWS gives no figure.
WITHDRAWN_S = 60.0
_CONNACK = 0x20
_NO = 0x80


class Bare(Trust):
    """A context that shows no certificate."""

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """As `ssl` has it."""
        return ssl.SSLContext.wrap_bio(self, *args, **kwargs)


class Listener(Wire):
    """A session that tries to listen."""

    async def subscribe(self, topic: str) -> None:
        """Subscribe to a topic.

        Raises:
            Broken: the broker says no.
        """
        self._granted: asyncio.Future[int] = self._loop.create_future()
        wanted = mqtt5.TopicFilter(topic, max_qos=mqtt5.QoS.AT_LEAST_ONCE)
        self._say(mqtt5.SubscribePacket(self._next_id(), [wanted]).write())
        async with asyncio.timeout(ANSWER_S):
            await asyncio.wait((self._granted, self.over), return_when="FIRST_COMPLETED")
        if not self._granted.done():
            raise self._end
        if (code := self._granted.result()) >= _NO:
            raise Broken(f"the broker refuses to be listened to: {code:#x}", refused=True)

    def _hear(self, packet: mqtt5.Packet) -> None:
        if isinstance(packet, mqtt5.SubAckPacket):
            self._granted.set_result(max(int(code) for code in packet.reason_codes))
        else:
            super()._hear(packet)


class NotIn(Exception):
    """The probe has no session in which to try anything."""


class Tried(NamedTuple):
    """What came of something that must be refused.

    Attributes:
        refused: whether it was; None where it could not be tried.
        said: how.
        ms: how long that took.
    """

    refused: bool | None
    said: str
    ms: float


async def _try(act: Callable[[], Awaitable[object]]) -> Tried:
    """Do what must be refused."""
    began = time.perf_counter()
    try:
        await act()
    except NotIn as out:
        return Tried(
            refused=None, said=f"the probe was not let in this time: {out}", ms=_ms_since(began)
        )
    except (Broken, TimeoutError) as no:
        return Tried(refused=True, said=str(no) or "no answer", ms=_ms_since(began))
    return Tried(refused=False, said="the broker allowed it", ms=_ms_since(began))


def _ms_since(began: float) -> float:
    return (time.perf_counter() - began) * 1000


async def _come_in(line: Line, context: Trust) -> None:
    wire = await Wire.open(line, context, timeout_s=ANSWER_S)
    await wire.close()


def strangers(stage: Stage, site: Site, line: Line, folder: Path, paper: Paper) -> list[Check]:
    """Whoever shows a certificate of others, none, no policy's, or speaks no TLS at all.

    Args:
        stage: the deployed site.
        site: the site.
        line: the probe's.
        folder: where files of a rogue go.
        paper: a certificate that AWS IoT made and that has no policy.
    """

    async def run() -> dict[str, Tried]:
        rogue = line_of(stage.cloud, site, folder, "rogue", *_of_another_ca(stage.probe))
        return {
            "another CA": await _try(lambda: _come_in(rogue, trust(rogue))),
            "no certificate": await _try(lambda: _come_in(line, _bare(line))),
            "no TLS": await _try(lambda: _in_plain_text(line)),
            "no policy": await _try(lambda: _come_in(paper.line, trust(paper.line))),
        }

    return [_check(stage, name, tried) for name, tried in asyncio.run(run()).items()]


def trespasses(stage: Stage, line: Line) -> list[Check]:
    """What the probe's own certificate must not do: another's name and topic, and listening."""
    other = other_name(stage.site)
    topics = (ingest_topic(stage.site, other), telemetry_topic(stage.site, other))

    async def publish(topic: str) -> None:
        async with _session(line) as wire:
            # If it is let through, nothing of it can be read, and nobody is called so.
            await wire.publish(topic, b'{"v":1,"readings":[]}', timeout_s=ANSWER_S)

    async def listen() -> None:
        async with _session(line) as wire:
            await wire.subscribe(f"chantier/{stage.site}/#")

    async def run() -> list[tuple[str, Tried]]:
        named = replace(line, client_id=other)
        found = [("another's name", await _try(lambda: _come_in(named, trust(named))))]
        tries: list[tuple[str, Callable[[], Awaitable[object]]]] = [
            ("another's topic", functools.partial(publish, topic)) for topic in topics
        ]
        for name, act in [*tries, ("listening", listen)]:
            # AWS takes one connection a second under one name.
            await asyncio.sleep(CONNECT_PAUSE_S)
            found.append((name, await _try(act)))
        return found

    return _worst(stage, asyncio.run(run()))


def _worst(stage: Stage, tried: list[tuple[str, Tried]]) -> list[Check]:
    """Of what was tried in several ways the one that was not refused."""
    found: dict[str, Tried] = {}
    for name, one in tried:
        if name not in found or found[name].refused:
            found[name] = one
    return [_check(stage, name, one) for name, one in found.items()]


@asynccontextmanager
async def _session(line: Line) -> AsyncIterator[Listener]:
    """A session of the probe."""
    try:
        wire = await Listener.open(line, trust(line), timeout_s=ANSWER_S)
    except Broken as out:
        raise NotIn(str(out)) from out
    try:
        yield wire
    finally:
        await wire.close()


def withdrawn(stage: Stage, paper: Paper) -> Check:
    """Whether a certificate opens the door no more once it is withdrawn."""
    name = paper.arn.rpartition("/")[2]
    stage.client("iot").update_certificate(certificateId=name, newStatus="INACTIVE")
    began = time.monotonic()
    while time.monotonic() - began < WITHDRAWN_S:
        tried = asyncio.run(_try(lambda: _come_in(paper.line, trust(paper.line))))
        if tried.refused:
            after = time.monotonic() - began
            return holds("withdrawn", f"refused {after:.1f} s after: {tried.said}", ms=tried.ms)
        stage.tick(f"waiting for the broker to refuse it: {time.monotonic() - began:.0f} s")
        time.sleep(CONNECT_PAUSE_S)
    return broken(
        "withdrawn",
        f"a certificate still opens the door {WITHDRAWN_S:.0f} s after it was withdrawn",
        f"Its status: aws iot describe-certificate --certificate-id {name}",
    )


def _check(stage: Stage, name: str, tried: Tried) -> Check:
    if tried.refused is None:
        return unseen(name, tried.said)
    if tried.refused:
        return holds(name, f"refused: {tried.said}", ms=tried.ms)
    policy = stage.outputs["MachinePolicyName"]
    return broken(
        name,
        tried.said,
        f"Compare it with the template's: aws iot get-policy --policy-name {policy}",
        f"Put it right: chantier deploy{stage.command}",
    )


def _bare(line: Line) -> Bare:
    context = Bare(ssl.PROTOCOL_TLS_CLIENT)
    if line.ca:
        context.load_verify_locations(line.ca)
    else:
        context.load_default_certs()
    return context


async def _in_plain_text(line: Line) -> None:
    """Say hello without TLS; a broker that answers in MQTT let it in."""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(line.host, line.port)
            try:
                writer.write(mqtt5.ConnectPacket(line.client_id, clean_start=True).write())
                answer = await reader.read(1)
            finally:
                writer.close()
    except OSError as no:
        raise Broken(str(no)) from no
    if not answer or answer[0] != _CONNACK:
        raise Broken("the broker hangs up" if not answer else "the broker answers in TLS")


def _of_another_ca(name: str) -> tuple[bytes, bytes]:
    """A key, and a certificate in the probe's name that an authority of our own signed."""
    pem = serialization.Encoding.PEM
    key, authority = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_named(name))
        .issuer_name(_named("another authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(authority, hashes.SHA256())
    )
    written = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return written, certificate.public_bytes(pem)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])

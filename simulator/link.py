"""The line to the broker: one mTLS session of MQTT for one machine. Only here is MQTT known.

Every message is published with QoS 1, so `publish` returns when the broker has
it. A broken session is mended a bounded number of times, with growing pauses.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import aiomqtt

from chantier.errors import ChantierError
from simulator.dice import dice
from simulator.outbox import LinkLost

_LOG = logging.getLogger(__name__)
# What goes wrong is raised or mended here; whoever wants paho's own words asks for them.
_LOG.addHandler(logging.NullHandler())
_KEEPALIVE_S = 60
_CLOSING_S = 0.2
_LONGEST_PAUSE_S = 15.0
# MQTT 5 section 3.2.2.2: protocol, client id, credentials, authorisation. Trying again
# cannot help; paho gives these codes for MQTT 3.1.1 too.
_REFUSED = (0x84, 0x85, 0x86, 0x87)
# AWS IoT takes device certificates on 443 only under this protocol name.
_ALPN_PORT, _ALPN = 443, "x-amzn-mqtt-ca"


@dataclass(frozen=True, kw_only=True)
class Line:
    """Where a machine connects, and as whom.

    Attributes:
        host: name or address of the endpoint; its certificate must carry it.
        port: TLS port for MQTT with X.509 certificates.
        ca: PEM file of the authority to trust; None for the system's own list.
        certificate: PEM file of the machine's certificate.
        key: PEM file of its private key.
        client_id: thing name, which is the machine id.
    """

    host: str
    port: int
    ca: Path | None
    certificate: Path
    key: Path
    client_id: str


class Link:
    """The session of one machine, an asynchronous context manager.

    Args:
        line: where and as whom.
        tries: how often a connection or a message is tried before it is given up.
        timeout_s: how long the broker may take to answer, s.
        pause_s: the first pause between two tries, s; each one is about twice the last.
    """

    def __init__(
        self, line: Line, *, tries: int = 4, timeout_s: float = 6.0, pause_s: float = 0.5
    ) -> None:
        self._line = line
        self._tries = tries
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._throw = dice(line.client_id, "pauses")
        self._tls = tls_context(line)
        self._turn = asyncio.Lock()
        self._session = contextlib.AsyncExitStack()
        self._client: aiomqtt.Client | None = None
        self._broken: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect.

        Raises:
            LinkLost: the broker refuses, or cannot be reached.
        """
        async with self._turn:
            await self._insist(None)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say goodbye."""
        await self._hang_up()

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1; several callers are served in their order.

        Raises:
            LinkLost: no acknowledgement, however often it was tried.
        """
        async with self._turn:
            await self._insist((topic, payload))

    async def _insist(self, message: tuple[str, bytes] | None) -> None:
        for attempt in range(1, self._tries + 1):
            try:
                if self._client is None:
                    await self._call()
                if message:
                    await self._say(*message)
            except aiomqtt.MqttError as error:
                await self._hang_up()
                if attempt == self._tries or _is_final(error):
                    raise _explained(self._line, error) from error
                await asyncio.sleep(self._pause(attempt))
            else:
                return

    async def _call(self) -> None:
        line = self._line
        client = aiomqtt.Client(
            line.host,
            line.port,
            identifier=line.client_id,
            tls_context=self._tls,
            timeout=self._timeout_s,
            keepalive=_KEEPALIVE_S,
            logger=_LOG,
        )
        opening = asyncio.create_task(self._session.enter_async_context(client))
        try:
            self._client = await asyncio.shield(opening)
        except asyncio.CancelledError:
            # Half a connection cannot be closed: finish it first.
            with contextlib.suppress(aiomqtt.MqttError):
                await opening
            await self._session.aclose()
            raise
        except aiomqtt.MqttError:
            # Without a CONNACK aiomqtt leaves the socket open, and a late one would make a
            # second session under the same client id.
            with contextlib.suppress(aiomqtt.MqttError, TimeoutError):
                await asyncio.wait_for(client.__aexit__(None, None, None), _CLOSING_S)
            raise
        self._broken = asyncio.create_task(_end_of(client))

    async def _say(self, topic: str, payload: bytes) -> None:
        """Publish once; a line that breaks meanwhile is noticed at once, not at the timeout."""
        if self._client is None or self._broken is None:
            return
        said = asyncio.create_task(self._client.publish(topic, payload, qos=1))
        try:
            await asyncio.wait({said, self._broken}, return_when=asyncio.FIRST_COMPLETED)
            if not said.done():
                raise aiomqtt.MqttError("the broker closed the line")
            await said
        finally:
            said.cancel()

    async def _hang_up(self) -> None:
        self._client = None
        if self._broken:
            self._broken.cancel()
            self._broken = None
        # A session that is broken already cannot be closed any better.
        with contextlib.suppress(aiomqtt.MqttError):
            await self._session.aclose()

    def _pause(self, attempt: int) -> float:
        pause = min(self._pause_s * 2.0 ** (attempt - 1), _LONGEST_PAUSE_S)
        return pause * self._throw.uniform(0.5, 1.5)


async def _end_of(client: aiomqtt.Client) -> None:
    """Wait for the line to break. A machine subscribes to nothing, so nothing comes before."""
    with contextlib.suppress(aiomqtt.MqttError):
        async for _ in client.messages:
            pass


def tls_context(line: Line) -> ssl.SSLContext:
    """What a connection trusts, and what it shows: the line's certificate and key."""
    files = {"certificate": line.certificate, "private key": line.key}
    if line.ca:
        files["authority's certificate"] = line.ca
    for what, path in files.items():
        if not path.is_file():
            raise ChantierError(
                f"There is no {what} for {line.client_id} at {path}.",
                "Give the machine its identity first.",
            )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if line.port == _ALPN_PORT:
        context.set_alpn_protocols([_ALPN])
    try:
        if line.ca:
            context.load_verify_locations(line.ca)
        else:
            context.load_default_certs()
        context.load_cert_chain(line.certificate, line.key)
    except (ssl.SSLError, OSError) as error:
        raise ChantierError(
            f"The identity of {line.client_id} cannot be used: {error}.",
            f"Look at {', '.join(map(str, files.values()))}.",
        ) from error
    return context


def _is_refusal(error: aiomqtt.MqttError) -> bool:
    # An error of the connection has paho's own small numbers, a refusal the broker's.
    return isinstance(error, aiomqtt.MqttCodeError) and getattr(error.rc, "value", 0) in _REFUSED


def _is_final(error: aiomqtt.MqttError) -> bool:
    return _is_refusal(error) or isinstance(error.__context__, ssl.SSLCertVerificationError)


def _explained(line: Line, error: aiomqtt.MqttError) -> LinkLost:
    cause = error.__context__
    if _is_refusal(error):
        hint = f"Is its certificate active, and does its policy let {line.client_id} connect?"
    elif isinstance(cause, ssl.SSLCertVerificationError):
        hint = f"The endpoint is not who it should be: check its name and {line.ca or 'the CAs'}."
    elif isinstance(cause, socket.gaierror):
        hint = "Check the name of the endpoint, and the network."
    elif isinstance(cause, ConnectionRefusedError):
        hint = "Nothing listens there: is the broker up, and is the port right?"
    else:
        hint = (
            "A broker closes the line on a certificate or a topic that it does not allow: "
            f"look at the certificate and the policy of {line.client_id}."
        )
    return LinkLost(f"{line.client_id} has no line to {line.host}:{line.port}: {error}.", hint)

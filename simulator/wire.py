"""One MQTT 5 session of one machine: connect, publish with QoS 1, say goodbye. No second try.

The library mqtt5 writes and reads packets, asyncio carries them over TLS; here is
what makes a session of them. Ten thousand fit in a process: a session has no task,
no thread and no queue of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Self, cast

import mqtt5

from simulator.papers import Line, Trust

# A machine says something each minute while its engine runs, so only one at rest has to
# show that it is there; the broker misses a machine after one and a half times this.
_KEEPALIVE_S = 120
_PING_AFTER = 0.75
_CLOSING_S = 0.5
_PACKET_IDS = 0xFFFF
# MQTT 5 section 2.4: from here on a reason code says no. Its `int()` counts: the library's
# reason codes do not compare.
_NO = 0x80
# Of these no second try can help: protocol, client id, credentials, authorisation, topic.
_FINAL = (0x84, 0x85, 0x86, 0x87, 0x8A, 0x8C, 0x90)


_Code = mqtt5.ConnAckReasonCode | mqtt5.PubAckReasonCode | mqtt5.DisconnectReasonCode


class Broken(Exception):
    """A session that is over, or never began; its cause is the network's own error, if any.

    Attributes:
        refused: the broker said no, and will say it again.
    """

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class Wire(asyncio.Protocol):
    """An open session; `Wire.open` makes one.

    Attributes:
        over: done when the session has ended, for whatever reason.
    """

    def __init__(self, client_id: str) -> None:
        self._loop = asyncio.get_running_loop()
        self._client_id = client_id
        self._received = bytearray()
        self._welcome: asyncio.Future[None] = self._loop.create_future()
        self._acks: dict[int, asyncio.Future[None]] = {}
        self._packet_id = 0
        self._keepalive_s = _KEEPALIVE_S
        self._spoke_at = 0.0
        self._pinged = False
        self._timer: asyncio.TimerHandle | None = None
        self._end = Broken("the session is closed")
        self.over: asyncio.Future[None] = self._loop.create_future()

    @classmethod
    async def open(cls, line: Line, trust: Trust, *, timeout_s: float) -> Self:
        """Connect, and wait until the broker lets the machine in.

        Raises:
            Broken: it does not, or cannot be reached.
        """
        wire: Self | None = None
        try:
            async with asyncio.timeout(timeout_s):
                with trust.shows(line):
                    _, wire = await asyncio.get_running_loop().create_connection(
                        lambda: cls(line.client_id),
                        line.host,
                        line.port,
                        ssl=trust,
                        server_hostname=line.host,
                    )
                await wire._welcome  # noqa: SLF001 - its own
        except (OSError, TimeoutError) as error:
            raise Broken(_told(error) or f"no answer within {timeout_s:g} s") from error
        finally:
            if wire and not wire.is_open:
                wire._break(wire._end)  # noqa: SLF001 - its own
        return wire

    @property
    def is_open(self) -> bool:
        """Whether the broker has let the machine in, and the line holds."""
        return self._welcome.done() and not self._welcome.cancelled() and not self.over.done()

    async def publish(self, topic: str, payload: bytes, *, timeout_s: float) -> None:
        """Publish with QoS 1, and wait until the broker has it.

        Raises:
            Broken: the session ended before, the answer is late, or the broker says no.
        """
        if self.over.done():
            raise self._end
        packet_id = self._next_id()
        acked = self._acks[packet_id] = self._loop.create_future()
        self._say(
            mqtt5.PublishPacket(
                topic, payload, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=packet_id
            ).write()
        )
        try:
            async with asyncio.timeout(timeout_s):
                await acked
        except TimeoutError as late:
            raise Broken(f"no acknowledgement within {timeout_s:g} s") from late
        finally:
            self._acks.pop(packet_id, None)

    async def close(self) -> None:
        """Say goodbye; a broker that does not hang up is not waited for."""
        if self.over.done():
            return
        self._say(mqtt5.DisconnectPacket().write())
        self._transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_S):
                await asyncio.shield(self.over)
        self._break(self._end)

    def drop(self, why: str) -> None:
        """End the session without a goodbye, as a network does."""
        self._break(Broken(why))

    # asyncio calls what follows.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """TLS is up: introduce the machine."""
        self._transport = cast(asyncio.Transport, transport)
        self._say(
            mqtt5.ConnectPacket(self._client_id, clean_start=True, keep_alive=_KEEPALIVE_S).write()
        )

    def data_received(self, data: bytes) -> None:
        """Read whole packets; the rest waits for more."""
        self._received += data
        try:
            while self._received:
                packet, length = mqtt5.read(memoryview(bytes(self._received)))
                del self._received[:length]
                self._hear(packet)
        except IndexError:
            return  # mqtt5 says so of a packet that has not come whole
        except ValueError as error:
            self._break(Broken(f"the broker does not speak MQTT 5: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone: nobody waits any longer."""
        lost = (
            Broken(str(exc) or "the line broke") if exc else Broken("the broker closed the line")
        )
        lost.__cause__ = exc
        self._break(lost)

    def _hear(self, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.PubAckPacket():
                self._settle(packet)
            case mqtt5.PingRespPacket():
                self._pinged = False
            case mqtt5.ConnAckPacket():
                self._let_in(packet)
            case mqtt5.DisconnectPacket():
                self._break(_refusal("the broker ended the session", packet.reason_code))
            case _:
                pass  # a machine subscribes to nothing

    def _let_in(self, packet: mqtt5.ConnAckPacket) -> None:
        if int(packet.reason_code) >= _NO:
            self._break(_refusal("the broker refuses the connection", packet.reason_code))
            return
        self._keepalive_s = packet.server_keep_alive or _KEEPALIVE_S
        self._timer = self._loop.call_later(self._keepalive_s * _PING_AFTER, self._look)
        if not self._welcome.done():
            self._welcome.set_result(None)

    def _settle(self, packet: mqtt5.PubAckPacket) -> None:
        acked = self._acks.get(packet.packet_id)
        if acked is None or acked.done():
            return
        if int(packet.reason_code) >= _NO:
            acked.set_exception(_refusal("the broker refuses the message", packet.reason_code))
        else:
            acked.set_result(None)

    def _look(self) -> None:
        """Ping when nothing was said for long; a ping without an answer ends the session."""
        idle_s = self._loop.time() - self._spoke_at
        wait_s = self._keepalive_s * _PING_AFTER
        if self._pinged:
            self._break(Broken("the broker does not answer any more"))
            return
        if idle_s >= wait_s:
            self._say(mqtt5.PingReqPacket().write())
            self._pinged, idle_s = True, 0.0
        self._timer = self._loop.call_later(wait_s - idle_s, self._look)

    def _say(self, packet: bytes) -> None:
        self._spoke_at = self._loop.time()
        self._transport.write(packet)

    def _next_id(self) -> int:
        while True:
            self._packet_id = self._packet_id % _PACKET_IDS + 1
            if self._packet_id not in self._acks:
                return self._packet_id

    def _break(self, why: Broken) -> None:
        """Nothing more comes of this session; the first reason counts."""
        if self.over.done():
            return
        self._end = why
        self.over.set_result(None)
        if self._timer:
            self._timer.cancel()
        for waiting in (self._welcome, *self._acks.values()):
            if not waiting.done():
                waiting.set_exception(why)
        if not self._welcome.cancelled():
            self._welcome.exception()  # nobody may be left to hear it
        self._transport.abort()


def _told(error: OSError) -> str:
    """In the system's words; asyncio has its own for an address that refuses."""
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    return str(error)


def _refusal(what: str, code: _Code) -> Broken:
    words = code.name.replace("_", " ").capitalize()
    return Broken(f"{what}: {words}", refused=int(code) in _FINAL)

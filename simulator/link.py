"""The line to the broker: one mTLS session of MQTT for one machine, mended when it breaks.

Every message is published with QoS 1, so `publish` returns when the broker has
it. A broken session is mended a bounded number of times, with growing pauses; who has a queue
asks for one try and waits by itself. What a session is made of stands in `simulator.wire`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from functools import cached_property
from random import Random
from types import TracebackType
from typing import Protocol, Self

from chantier.errors import ChantierError
from simulator.dice import dice
from simulator.gate import Gate
from simulator.outbox import LinkLost
from simulator.papers import Line, check, edition, tls_context, trust
from simulator.wire import Broken, Wire

__all__ = ["Line", "Link", "Watch", "tls_context"]

_LONGEST_PAUSE_S = 15.0
# An endpoint with several addresses has one error for all of them, of no class of its own.
_NOBODY_THERE = f"[Errno {errno.ECONNREFUSED}]"


class Watch(Protocol):
    """Who hears what becomes of the sessions."""

    def connected(self) -> None:
        """A session stands."""

    def disconnected(self) -> None:
        """It stands no more."""

    def renewed(self) -> None:
        """A session with another certificate took the place of the one before."""

    def failed(self, why: str) -> None:
        """A connection or a message did not succeed this time."""


class _Nobody:
    def connected(self) -> None: ...
    def disconnected(self) -> None: ...
    def renewed(self) -> None: ...
    def failed(self, why: str) -> None: ...


class Link:
    """The session of one machine, an asynchronous context manager.

    Args:
        line: where and as whom.
        tries: how often a connection or a message is tried before it is given up.
        queued: whoever publishes tries again by itself: a message is tried once.
        timeout_s: how long the broker may take to answer, s.
        pause_s: the first pause between two tries, s; each one is about twice the last.
        gate: shared by the machines of a process: how many connect at a time.
        watch: hears of sessions and of failures.

    Raises:
        ChantierError: the machine's certificate or key is missing or cannot be used.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, with defaults
        self,
        line: Line,
        *,
        tries: int = 4,
        queued: bool = False,
        timeout_s: float = 6.0,
        pause_s: float = 0.5,
        gate: Gate | None = None,
        watch: Watch | None = None,
    ) -> None:
        self._line = line
        self._trust = trust(line)
        self._tries = tries
        self._message_tries = 1 if queued else tries
        self._timeout_s = timeout_s
        self._pause_s = pause_s
        self._gate = gate or contextlib.nullcontext()
        self._watch = watch or _Nobody()
        self._turn = asyncio.Lock()
        self._wire: Wire | None = None
        self._shown = edition(line)

    async def __aenter__(self) -> Self:
        """Connect."""
        await self.connect()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say goodbye."""
        await self.close()

    async def connect(self) -> None:
        """Connect, unless there is a session.

        Raises:
            LinkLost: the broker refuses, or cannot be reached.
        """
        async with self._turn:
            await self._insist(None, self._tries)

    async def publish(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 1; several callers are served in their order.

        Raises:
            LinkLost: no acknowledgement, however often it was tried.
        """
        async with self._turn:
            await self._insist((topic, payload), self._message_tries)

    async def close(self) -> None:
        """Say goodbye; the next message would connect again."""
        wire, self._wire = self._wire, None
        if wire:
            await wire.close()

    def cut(self, why: str) -> None:
        """End the session without a goodbye; the next message opens another one."""
        if self._wire:
            self._wire.drop(why)

    @property
    def machine(self) -> str:
        """Whose it is."""
        return self._line.client_id

    @property
    def is_stale(self) -> bool:
        """Whether the last session showed another certificate than the one on disk now."""
        return self._shown != edition(self._line)

    async def renew(self) -> bool:
        """Open a session with the certificate that lies on disk now, then drop the old one.

        No message is under way meanwhile, so none is lost and none sent twice. If the new
        certificate opens no session yet, or is not whole yet, the old session stays.

        Returns:
            Whether there is a session with it.
        """
        async with self._turn:
            if not self.is_stale:
                return True
            old, self._wire = self._wire, None
            try:
                await self._open()
            except Broken as error:
                self._wire = old
                self._watch.failed(f"the new certificate opens no session: {error}")
                return False
            except BaseException:
                self._wire = old
                raise
            self._watch.renewed()
            if old:
                await old.close()
            return True

    async def _insist(self, message: tuple[str, bytes] | None, tries: int) -> None:
        for attempt in range(1, tries + 1):
            try:
                wire = await self._open()
                if message:
                    await wire.publish(*message, timeout_s=self._timeout_s)
            except Broken as error:
                self._watch.failed(str(error))
                await self.close()
                if attempt == tries or _is_final(error):
                    raise _explained(self._line, error) from error
                await asyncio.sleep(self._pause(attempt))
            else:
                return

    async def _open(self) -> Wire:
        if self._wire and self._wire.is_open:
            return self._wire
        await self.close()
        async with self._gate:
            shown = self._looked_through()
            self._wire = wire = await Wire.open(self._line, self._trust, timeout_s=self._timeout_s)
        self._shown = shown
        self._watch.connected()
        wire.over.add_done_callback(lambda _over: self._watch.disconnected())
        return wire

    def _looked_through(self) -> tuple[int, int]:
        """The certificate that lies on disk; looked through if it is another one than last time.

        asyncio would leave a socket behind if it could not be used only when TLS begins.
        """
        lying = edition(self._line)
        if lying != self._shown:
            try:
                check(self._line)
            except ChantierError as unfit:
                raise Broken(unfit.message.rstrip(".")) from unfit
        return lying

    @cached_property
    def _throw(self) -> Random:
        # Most sessions never break, and dice weigh 2.5 KB.
        return dice(self._line.client_id, "pauses")

    def _pause(self, attempt: int) -> float:
        pause = min(self._pause_s * 2.0 ** (attempt - 1), _LONGEST_PAUSE_S)
        return pause * self._throw.uniform(0.5, 1.5)


def _is_final(error: Broken) -> bool:
    return error.refused or isinstance(error.__cause__, ssl.SSLCertVerificationError)


def _explained(line: Line, error: Broken) -> LinkLost:
    cause = error.__cause__
    if error.refused:
        hint = f"Is its certificate active, and does its policy allow {line.client_id} this?"
    elif isinstance(cause, ssl.SSLCertVerificationError):
        hint = f"The endpoint is not who it should be: check its name and {line.ca or 'the CAs'}."
    elif isinstance(cause, ChantierError):
        hint = cause.hint
    elif isinstance(cause, socket.gaierror):
        hint = "Check the name of the endpoint, and the network."
    elif _NOBODY_THERE in str(cause):
        hint = "Nothing listens there: is the broker up, and is the port right?"
    else:
        hint = (
            "A broker closes the line on a certificate or a topic that it does not allow: "
            f"look at the certificate and the policy of {line.client_id}."
        )
    what = f"{line.client_id} has no line to {line.host}:{line.port}: {error}."
    return LinkLost(what, hint, refused=_is_final(error))

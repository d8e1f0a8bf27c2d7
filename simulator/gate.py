"""How many machines of this process may connect: so many a second, and so many at once.

AWS IoT takes 500 connections a second from an account in its large regions and 100 in the
others; ten thousand machines that lose a broker must not all call it in the same second.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from simulator.dice import dice

CONNECTS_PER_S = 100.0
"""What AWS IoT takes from one account in any region."""

AT_ONCE = 64
"""Connections that may be under way: a broker that is slow is not buried under more."""


class Gate:
    """An asynchronous context manager around each connection, first ones and new ones.

    Turns come at the rate, each somewhere in its own slot, so nobody is in phase.

    Args:
        per_s: connections a second.
        at_once: connections under way.
    """

    def __init__(self, per_s: float = CONNECTS_PER_S, at_once: int = AT_ONCE) -> None:
        self._slot_s = 1 / per_s
        self._room = asyncio.Semaphore(at_once)
        self._throw = dice("gate", per_s)
        self._next = 0.0

    async def __aenter__(self) -> None:
        """Wait for a turn."""
        await self._room.acquire()
        try:
            now = asyncio.get_running_loop().time()
            turn = max(self._next, now)
            self._next = turn + self._slot_s
            await asyncio.sleep(turn - now + self._throw.random() * self._slot_s)
        except BaseException:
            self._room.release()
            raise

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The connection stands, or has failed."""
        self._room.release()

"""Time: the world's, a faster one, or none at all. Who waits on a clock does not know which.

Virtual time is epoch seconds; only this module reads the computer's clock to pace anything.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What behaviour may ask of time."""

    def now(self) -> float:
        """Epoch seconds of the simulated world."""

    async def sleep_until(self, t: float) -> None:
        """Wait until the simulated world is at epoch seconds `t`; not at all when it is past."""


class Real:
    """The world's own time."""

    def now(self) -> float:
        """Epoch seconds."""
        return time.time()

    async def sleep_until(self, t: float) -> None:
        """Wait until epoch seconds `t`."""
        await asyncio.sleep(max(t - time.time(), 0))


class Accelerated:
    """A time that begins at `start` when it is first read, and runs `speed` times as fast.

    Args:
        start: epoch seconds of the simulated world.
        speed: simulated seconds in a second; more than 0.
    """

    def __init__(self, start: float, speed: float) -> None:
        self._start = start
        self._speed = speed
        self._begun: float | None = None

    def now(self) -> float:
        """Epoch seconds of the simulated world."""
        if self._begun is None:
            self._begun = time.monotonic()
        return self._start + (time.monotonic() - self._begun) * self._speed

    async def sleep_until(self, t: float) -> None:
        """Wait until the simulated world is at epoch seconds `t`."""
        await asyncio.sleep(max(t - self.now(), 0) / self._speed)


class Instant:
    """A time that is always the one asked for; nobody waits, but others get their turn.

    Args:
        start: epoch seconds of the simulated world.
    """

    def __init__(self, start: float) -> None:
        self._now = start

    def now(self) -> float:
        """The latest epoch seconds that anyone has waited for."""
        return self._now

    async def sleep_until(self, t: float) -> None:
        """Be at epoch seconds `t`."""
        self._now = max(self._now, t)
        await asyncio.sleep(0)

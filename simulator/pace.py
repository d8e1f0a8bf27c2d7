"""How fast what was held up is sent: a rate for the whole process, and a slower one a machine.

What a machine sends while its line is well is not slowed down here.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random

CATCH_UP_PER_S = 100.0
"""Messages a second of all machines together: what the embedded AWS still judges without loss."""

_MACHINE_PER_S = 4.0
# AWS IoT drops what is above 100 publishes a second of one connection.
_MOST_PER_S = 90.0
# From here on a machine sends live more often than it may catch up.
_USUAL_SPEED = 60.0


class Pace:
    """Turns for messages that were held up.

    A machine's own messages must not overtake each other on the way to detection, which runs
    them at the same time: the next one leaves a quarter of a second later.

    Args:
        per_s: messages a second of all machines together.
        speed: of the clock; an accelerated machine catches up faster too.
    """

    def __init__(self, per_s: float = CATCH_UP_PER_S, *, speed: float = 1.0) -> None:
        self._slot_s = 1 / per_s
        self._apart_s = 1 / min(_MACHINE_PER_S * max(speed / _USUAL_SPEED, 1), _MOST_PER_S)
        self._next = 0.0

    async def turn(self, last: float) -> float:
        """Wait for a turn.

        Args:
            last: what the machine's last turn returned, or 0.

        Returns:
            When its turn was, in the event loop's time.
        """
        now = asyncio.get_running_loop().time()
        slot = max(self._next, now)
        self._next = slot + self._slot_s
        at = max(slot, last + self._apart_s)
        await asyncio.sleep(at - now)
        return at


@dataclass(frozen=True)
class Backoff:
    """How long a machine waits before it tries again: full jitter, so that nobody is in phase.

    Attributes:
        first_s: the longest wait after the first failure, s; it doubles with each one.
        most_s: the longest wait, s.
        refused_s: the longest wait after a refusal, which only a person can lift, s.
    """

    first_s: float = 1.0
    most_s: float = 120.0
    refused_s: float = 600.0

    def wait_s(self, failures: int, throw: Random, *, refused: bool) -> float:
        """How long after so many failures in a row, s."""
        if refused:
            return throw.uniform(self.refused_s / 2, self.refused_s)
        return throw.uniform(0, min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 30)))

"""Certificates that change while machines work: noticed within half a minute, without a loss.

One look at each certificate's file in that time, spread over it: ten thousand machines cost
some three hundred looks a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from simulator.link import Link

ROUND_S = 30
"""Seconds in which each machine's certificate is looked at once."""


async def keep_current(
    links: Sequence[Link],
    *,
    renewed: Callable[[str], None] = lambda _machine: None,
    round_s: float = ROUND_S,
) -> None:
    """Give machines whose certificate was replaced a session with the new one, until cancelled.

    Args:
        links: of all machines.
        renewed: hears the id of a machine that has such a session.
        round_s: how often each one is looked at, s.
    """
    while True:
        for part in range(ROUND_S):
            await asyncio.sleep(round_s / ROUND_S)
            stale = [link for link in links[part::ROUND_S] if link.is_stale]
            told = await asyncio.gather(*(link.renew() for link in stale))
            for link, done in zip(stale, told, strict=True):
                if done:
                    renewed(link.machine)

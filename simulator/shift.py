"""A whole site in memory: the behaviour of a fleet without wire or clock.

For what must be fast and exact: tests, benchmarks, calibration.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import merge
from operator import itemgetter

from chantier.site import Site
from chantier.telemetry import Reading
from simulator.agent import Outgoing
from simulator.hand import Hand
from simulator.incident import Incident
from simulator.muster import Run, muster


def shift(
    site: Site,
    *,
    start: int,
    duration_s: int,
    seed: int,
    incidents: Sequence[Incident] = (),
) -> Iterator[tuple[str, tuple[Reading, ...], bool]]:
    """Every message of a run, in order of time.

    Args:
        site: the site file.
        start: epoch seconds.
        duration_s: seconds of site time.
        seed: the same seed gives the same bytes.
        incidents: what goes wrong.

    Yields:
        Machine id, the readings of one message (oldest first), and whether it left at once.

    Raises:
        ChantierError: an incident cannot be played in this run.
    """
    hands = muster(Run(site=site, start=start, duration_s=duration_s, seed=seed), incidents)
    for _, machine, outgoing in merge(*map(_named, hands), key=itemgetter(0)):
        yield machine, outgoing.readings, outgoing.urgent


def _named(hand: Hand) -> Iterator[tuple[int, str, Outgoing]]:
    for t, outgoing in hand.messages():
        yield t, hand.profile.id, outgoing

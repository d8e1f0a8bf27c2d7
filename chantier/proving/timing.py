"""How long a message takes from the probe to its stored alert, and by whose clock.

Three clocks are in it: this computer's, AWS IoT's (`arrived_at`) and Lambda's. The promise is
judged from AWS IoT's to Lambda's, both kept by AWS; on the embedded AWS all are one clock.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median, quantiles
from typing import Any, NamedTuple

# So far apart two clocks may be before one of them is corrected, ms.
AGREE_MS = 5.0


class Spoken(NamedTuple):
    """A message that was published.

    Attributes:
        seq: of its newest reading.
        left_at: just before the publish, epoch ms by this computer's clock.
        acked_at: when the broker's acknowledgement was here, by the same.
    """

    seq: int
    left_at: float
    acked_at: float


class Spread(NamedTuple):
    """Times in ms."""

    n: int
    p50: float
    p95: float
    p99: float
    least: float
    most: float


class Timing(NamedTuple):
    """Where the time goes.

    Attributes:
        acknowledged: publish to acknowledgement, there and back, by this computer's clock.
        in_cloud: the rule has it, to the alert is stored, by AWS's clocks.
        in_function: within the detect function, by its clock.
        whole: publish to stored alert, over this computer's clock and AWS's.
        ahead_ms: how far AWS's clock is ahead of this computer's, as far as the
            acknowledgements let one see (as NTP does); 0 for within `AGREE_MS` of that.
    """

    acknowledged: Spread
    in_cloud: Spread
    in_function: Spread
    whole: Spread
    ahead_ms: float

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        told = {name: one for name, one in self._asdict().items() if name != "ahead_ms"}
        return {
            **{f"{name}_ms": one._asdict() for name, one in told.items()},
            "clock_ahead_ms": self.ahead_ms,
        }


def timing(spoken: Sequence[Spoken], lines: Mapping[int, Mapping[str, Any]]) -> Timing | None:
    """The times of those messages that changed an alert; None if none did.

    Args:
        spoken: what was published.
        lines: the detect function's line of each, by `seq`.
    """
    both = [(one, lines[one.seq]) for one in spoken if lines.get(one.seq, {}).get("alerts")]
    if not both:
        return None
    ahead = ahead_ms([(one, line["arrived_at"]) for one, line in both])
    return Timing(
        acknowledged=spread([one.acked_at - one.left_at for one, _ in both]),
        in_cloud=spread([line["stored_at"] - line["arrived_at"] for _, line in both]),
        in_function=spread([line["stored_at"] - line["began_at"] for _, line in both]),
        whole=spread([line["stored_at"] - ahead - one.left_at for one, line in both]),
        ahead_ms=ahead,
    )


def ahead_ms(pairs: Sequence[tuple[Spoken, float]]) -> float:
    """How far another clock is ahead that stamped messages between publish and acknowledgement.

    Each message bounds it from both sides; the tightest bounds count.
    """
    least = max(stamped - one.acked_at for one, stamped in pairs)
    most = min(stamped - one.left_at for one, stamped in pairs)
    if least - AGREE_MS <= 0 <= most + AGREE_MS:
        return 0.0
    return round(median((least, most)), 1)


def spread(values: Sequence[float]) -> Spread:
    """Percentiles of at least one value."""
    cuts = quantiles(values, n=100, method="inclusive") if len(values) > 1 else list(values) * 99
    figures = (cuts[49], cuts[94], cuts[98], min(values), max(values))
    return Spread(len(values), *(round(figure, 1) for figure in figures))

"""What a family of alerts says of one reading; `observe` makes events of it."""

from __future__ import annotations

from typing import NamedTuple

from chantier.detection.memory import Track

NOT_FOLLOWED = Track()
# Only where it stands has changed: nothing to tell.
WAIT = "wait"
# It is followed no more, and was never open.
FORGET = "forget"


class Told(NamedTuple):
    """One condition after one reading.

    Attributes:
        kind: open, update, escalate, close, wait or forget.
        code: the catalogue's code.
        track: where it stands now; for a close where it ended.
        severity: of the level reached.
        fault: what tells two alerts of a code apart; else empty.
        limit: of the level; None where there is none.
        unit: of value and limit.
    """

    kind: str
    code: str
    track: Track
    severity: str = "info"
    fault: str = ""
    limit: float | None = None
    unit: str = ""

    @property
    def name(self) -> str:
        """The name of its track."""
        return f"{self.code}:{self.fault}" if self.fault else self.code


def ended(code: str, track: Track | None, *, severity: str = "info", unit: str = "") -> list[Told]:
    """The end of a condition: closed if it was open, forgotten if it was only followed."""
    if track is None:
        return []
    return [Told("close" if track.level else FORGET, code, track, severity, unit=unit)]

"""One thing that was looked at: whether it is right, and the fix if it is not."""

from __future__ import annotations

from typing import NamedTuple

GOOD, WARNING, FAULT, SKIPPED = "good", "warning", "fault", "skipped"


class Finding(NamedTuple):
    """One thing.

    Attributes:
        what: was looked at.
        verdict: good, warning (works, but not for long, or not for all), fault, or skipped.
        text: what was found.
        fix: what to do; empty when nothing is.
    """

    what: str
    verdict: str
    text: str
    fix: str = ""

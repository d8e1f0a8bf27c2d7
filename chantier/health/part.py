"""One part of a site's health: how it is, in words and as data."""

from __future__ import annotations

from typing import Any, NamedTuple

GOOD, ATTENTION, UNKNOWN = "good", "attention", "unknown"


class Part(NamedTuple):
    """A part.

    Attributes:
        name: for example "stack".
        state: good, attention (somebody should look), or unknown (it could not be asked).
        text: how it is, for people.
        data: the same for scripts.
        hint: what to do; empty when there is nothing to do.
    """

    name: str
    state: str
    text: str
    data: Any = None
    hint: str = ""

"""A letter: one message that something went wrong with, wherever it lies.

Values only; what reads and sends them is written elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chantier.letters.places import Place

ID_DIGITS = 10
# All of an ARN but the name that it ends with.
ARN = re.compile(r"\barn:aws[\w-]*:\S*[:/](?=\w)")
DETECT, WATCH, AGGREGATE = "detect", "watch", "aggregate"


class Way(NamedTuple):
    """What replaying a letter does: call a function, write raw data, both, or nothing.

    Attributes:
        function: which one is called: detect, watch, aggregate; empty for none.
        event: what it is called with.
        raw: lines for the raw store; empty for none.
        hindrance: why nothing can be done; empty when something can.
    """

    function: str = ""
    event: Any = None
    raw: str = ""
    hindrance: str = ""

    @property
    def sentence(self) -> str:
        """What it does, for people."""
        if self.hindrance:
            return f"nothing: {self.hindrance}"
        done = []
        if self.function == DETECT:
            done.append("calls detect with the message as it arrived; what was judged stays so")
        elif self.function:
            done.append(f"calls {self.function} as it was called; once more changes nothing")
        if self.raw:
            done.append("stores it under raw/, in an object of its own: twice is once")
        return "; ".join(done)


class Letter(NamedTuple):
    """One message, and what went wrong with it.

    Attributes:
        id: what a person types; the same as long as the letter lies there.
        place: name of its place.
        words: its place in words.
        at: when it ended there, `2026-11-22T09:14:05Z`.
        machine: who sent it, by its topic; empty where it is no one machine's.
        reason: what went wrong, a sentence, with what AWS said, shorter.
        error: what AWS said, as it said it; empty for nothing.
        tries: how often it was tried, as far as is known, replays included.
        size: bytes of the message.
        source: key of its object, or id of its message in the queue.
        text: the message as text.
        facts: what else is known of where it came from, by name.
        way: what replaying it does.
    """

    id: str
    place: str
    words: str
    at: str
    machine: str
    reason: str
    error: str
    tries: int
    size: int
    source: str
    text: str
    facts: dict[str, str]
    way: Way

    def as_dict(self) -> dict[str, Any]:
        """As a list shows it in JSON."""
        names = ("id", "place", "words", "at", "machine", "reason", "error", "tries", "size")
        return {name: getattr(self, name) for name in names}

    def whole(self) -> dict[str, Any]:
        """As JSON shows it whole; the message as JSON where it is."""
        more = {"source": self.source, "facts": self.facts, "replay": self.way.sentence}
        return {**self.as_dict(), **more, "message": json_or_text(self.text)}


def id_of(place: Place, source: str) -> str:
    """A letter's id: its place's mark, and a hash of what it lies under."""
    return f"{place.mark}-{hashlib.sha256(source.encode()).hexdigest()[:ID_DIGITS]}"


def one_message(event: dict[str, Any]) -> dict[str, Any]:
    """A machine's message as detect takes it: one, whatever size the site has.

    A fleet's function takes what has `Records` for many messages, each of the machine that it
    names; a machine could speak for another one by it.
    """
    return {name: value for name, value in event.items() if name != "Records"}


def json_or_text(text: str) -> Any:
    """The JSON value of a text, or the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def plain(error: str) -> str:
    """What AWS said, shorter: of a JSON answer its message, of an ARN its last part."""
    before, brace, rest = error.partition("{")
    said = json_or_text(brace + rest)
    if isinstance(said, dict):
        error = before + str(said.get("message") or said.get("Message") or rest)
    return ARN.sub("", error)


def written(value: Any) -> str:
    """A JSON value as text; a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def moment(ms: float) -> str:
    """Epoch milliseconds as letters write them; empty for what no clock says."""
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return ""

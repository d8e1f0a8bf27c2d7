"""Which letters are asked for, and what was found of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from chantier.letters.letter import Letter
from chantier.letters.places import Place

NO_LIMIT = 10**9
# Receives how many letters were found.
Tick = Callable[[int], None]
# What tells two occurrences of one fault apart: numbers, and ids of requests.
VARYING = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9A-Z]{16,}\b|\d+")


def no_tick(_count: int) -> None:
    """Tell nobody."""


class Wanted(NamedTuple):
    """Which letters are asked for.

    Attributes:
        places: names of places; empty for all.
        machine: of this machine alone; empty for all.
        since: that ended there at this moment or later, ISO 8601 UTC; empty for all.
        reason: whose reason has this text in it, in any case of letters; empty for all.
        ids: these alone; empty for all.
        without: ids of letters that are not asked for.
    """

    places: frozenset[str] = frozenset()
    machine: str = ""
    since: str = ""
    reason: str = ""
    ids: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()

    def looks_in(self, place: Place) -> bool:
        """Whether any letter of a place may be asked for."""
        return (not self.places or place.name in self.places) and (
            not self.ids or bool(self.ids_of(place))
        )

    def ids_of(self, *places: Place) -> set[str]:
        """The ids that are asked for of some places."""
        marks = {place.mark for place in places}
        return {one for one in self.ids if one.partition("-")[0] in marks}

    def takes(self, letter: Letter) -> bool:
        """Whether a letter is asked for."""
        return (
            (not self.places or letter.place in self.places)
            and (not self.machine or letter.machine == self.machine)
            and letter.at >= self.since
            and self.reason.lower() in letter.reason.lower()
            and self.names(letter.id)
        )

    def names(self, one: str) -> bool:
        """Whether the letter of an id is asked for, whatever it is."""
        return (not self.ids or one in self.ids) and one not in self.without


class Found(NamedTuple):
    """Letters that were found.

    Attributes:
        letters: the oldest first.
        more: how many more there are, about; read or not.
        hidden: messages of the queue that somebody else holds just now.
    """

    letters: tuple[Letter, ...]
    more: int
    hidden: int


class Count(NamedTuple):
    """Letters of one place that have one reason.

    Attributes:
        words: the place, in words.
        reason: the reason of the first of them.
        letters: how many they are.
    """

    words: str
    reason: str
    letters: int


def counts(letters: Iterable[Letter]) -> list[Count]:
    """How many there are by place and reason, the most first.

    Reasons that differ in numbers and ids alone count as one.
    """
    kinds: dict[tuple[str, str], list[str]] = {}
    for letter in letters:
        kind = VARYING.sub("#", letter.reason)
        kinds.setdefault((letter.words, kind), []).append(letter.reason)
    told = (Count(words, reasons[0], len(reasons)) for (words, _), reasons in kinds.items())
    return sorted(told, key=lambda one: (-one.letters, one.words, one.reason))

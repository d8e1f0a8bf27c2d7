"""Dropping: letters removed without being replayed, because somebody said so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from chantier.letters.letter import Letter
from chantier.letters.reading import QUEUED, Letters
from chantier.letters.wanted import Wanted

WORKERS = 8
# What the bucket's lifecycle leaves of a deleted object: `resources.storage.REPLACED_DAYS`.
VERSION_DAYS = 30


def warning(letters: Iterable[Letter]) -> str:
    """What dropping these letters means, a sentence for people."""
    letters = list(letters)
    one = len(letters) == 1
    queued = sum(letter.place in QUEUED for letter in letters)
    kept = len(letters) - queued
    parts = []
    if queued:
        parts.append(f"{queued} in the queue: gone for good")
    if kept:
        parts.append(
            f"{kept} in the bucket: old versions are kept {VERSION_DAYS} days more, then gone"
        )
    many = "1 dead letter" if one else f"{len(letters)} dead letters"
    return f"{many} will be dropped, and not be replayed ({'; '.join(parts)})."


def drop_letters(
    letters: Letters, which: Sequence[Letter], tick: Callable[[int, int], None]
) -> int:
    """Remove letters.

    Args:
        letters: of the site.
        which: as they were read, maybe a while ago.
        tick: receives how many were removed, and how many there are.

    Returns:
        How many were removed; the others were gone, or somebody else held them.
    """
    if not which:
        return 0
    done = 0
    wanted = Wanted(ids=frozenset(letter.id for letter in which))
    with letters.held(wanted, len(which)) as found, ThreadPoolExecutor(WORKERS) as pool:
        for done, _ in enumerate(pool.map(letters.remove, found.letters), 1):
            tick(done, len(found.letters))
    return done

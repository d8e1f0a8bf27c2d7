"""What is remembered of letters that were replayed in vain: an object each, beside the letters.

    replays/<id>.json   {"replays": 2, "at": "2026-11-22T09:14:05Z", "reason": "..."}

The letter itself is never rewritten: a message in a queue cannot be, and what detect keeps
it overwrites itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from chantier.letters.letter import Letter, moment
from chantier.letters.places import REPLAYS

READERS = 8
REPLAYED = "replayed"


class Note(NamedTuple):
    """How replaying a letter went so far.

    Attributes:
        replays: how often it was in vain.
        at: when it was last, ISO 8601 UTC.
        reason: what was said then.
    """

    replays: int
    at: str
    reason: str


class Notes:
    """The notes in a data bucket.

    Args:
        client: of S3.
        bucket: the data bucket.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def on(self, ids: Iterable[str]) -> dict[str, Note]:
        """The notes on some letters, by id."""
        wanted = {f"{REPLAYS}{one}.json": one for one in ids}
        pages = self._client.get_paginator("list_objects_v2")
        there = (
            one["Key"]
            for page in pages.paginate(Bucket=self._bucket, Prefix=REPLAYS)
            for one in page.get("Contents", ())
        )
        keys = [key for key in there if key in wanted]
        with ThreadPoolExecutor(READERS) as pool:
            notes = zip(keys, pool.map(self._read, keys), strict=True)
            return {wanted[key]: note for key, note in notes if note is not None}

    def write(self, letter: Letter, reason: str, ms: float) -> Note:
        """Note that a letter was replayed in vain once more."""
        key = f"{REPLAYS}{letter.id}.json"
        before = self._read(key)
        note = Note((before.replays if before else 0) + 1, moment(ms), reason)
        body = json.dumps(note._asdict()).encode()
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body)
        return note

    def forget(self, letter: Letter) -> None:
        """Remove the note on a letter that is gone; none is no fault."""
        self._client.delete_object(Bucket=self._bucket, Key=f"{REPLAYS}{letter.id}.json")

    def _read(self, key: str) -> Note | None:
        try:
            body = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None
        said = json.loads(body)
        return Note(int(said["replays"]), str(said["at"]), str(said["reason"]))


def noted(letter: Letter, notes: Mapping[str, Note]) -> Letter:
    """The letter with what its last replay said, if there was one."""
    note = notes.get(letter.id)
    if note is None:
        return letter
    facts = {**letter.facts, "first reason": letter.reason, REPLAYED: note.at}
    return letter._replace(
        tries=letter.tries + note.replays, reason=f"replayed in vain: {note.reason}", facts=facts
    )


def is_noted(letter: Letter) -> bool:
    """Whether there was a note on a letter when it was read."""
    return REPLAYED in letter.facts

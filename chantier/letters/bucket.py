"""Letters in the data bucket, found and removed.

Objects are listed before they are read, and only those that may be asked for are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

from chantier.letters import objects
from chantier.letters.letter import Letter, id_of
from chantier.letters.places import PLACES, Place
from chantier.letters.wanted import Tick, Wanted

READERS = 8
PIECE = 64


class Bucket:
    """The letters of a data bucket.

    Args:
        client: of S3.
        name: of the bucket.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def find(self, wanted: Wanted, limit: int, tick: Tick) -> tuple[list[Letter], int]:
        """The letters that are asked for, oldest first, and how many objects were not read."""
        keys = sorted(
            (at, key)
            for at, key, place in self.listed(wanted)
            if at >= wanted.since
            and (not wanted.machine or objects.machine_of(key) in ("", wanted.machine))
            and wanted.names(id_of(place, key))
        )
        found: list[Letter] = []
        read, left = 0, iter(keys)
        with ThreadPoolExecutor(READERS) as pool:
            while len(found) < limit and (piece := list(islice(left, min(PIECE, limit)))):
                letters = pool.map(lambda one: self._read(*one), piece)
                found += (one for one in letters if one is not None and wanted.takes(one))
                read += len(piece)
                tick(len(found))
        return found, len(keys) - read

    def listed(self, wanted: Wanted) -> Iterator[tuple[str, str, Place]]:
        """When each object of the places was written, its key, and its place."""
        pages = self._client.get_paginator("list_objects_v2")
        for place in PLACES:
            if place.prefix and wanted.looks_in(place):
                for page in pages.paginate(Bucket=self._name, Prefix=place.prefix):
                    for one in page.get("Contents", ()):
                        at = one["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
                        yield at, one["Key"], place

    def there(self, letter: Letter) -> bool:
        """Whether a letter still lies there."""
        answer = self._client.list_objects_v2(Bucket=self._name, Prefix=letter.source, MaxKeys=1)
        return any(one["Key"] == letter.source for one in answer.get("Contents", ()))

    def remove(self, letter: Letter) -> None:
        """Remove a letter; the bucket keeps its version for as long as it keeps any."""
        self._client.delete_object(Bucket=self._name, Key=letter.source)

    def _read(self, at: str, key: str) -> Letter | None:
        """The letter in an object; None if somebody has removed it since it was listed."""
        try:
            body = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except self._client.exceptions.NoSuchKey:
            return None
        return objects.read(key, at, body)

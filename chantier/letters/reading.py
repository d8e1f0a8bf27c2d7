"""The letters of a site, read from every place; what is said of them is remembered here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.letters.bucket import Bucket
from chantier.letters.letter import Letter, id_of
from chantier.letters.notes import Notes, is_noted, noted
from chantier.letters.places import CALL, PLACES, QUEUE
from chantier.letters.queue import LOOK_S, WORK_S, Queue
from chantier.letters.wanted import NO_LIMIT, Found, Tick, Wanted, no_tick

# Of what somebody typed for an id.
SHOWN = 40
QUEUED = (CALL.name, QUEUE.name)


class Letters:
    """The letters of a deployed site.

    Args:
        cloud: where.
        outputs: of its stack.
    """

    def __init__(self, cloud: Cloud, outputs: dict[str, str]) -> None:
        self.outputs = outputs
        client = cloud.client("s3")
        self.notes = Notes(client, outputs["DataBucketName"])
        self._bucket = Bucket(client, outputs["DataBucketName"])
        self._queue = Queue(cloud.client("sqs"), outputs)

    def read(self, wanted: Wanted, limit: int, tick: Tick = no_tick) -> Found:
        """The letters that are asked for, at most so many; nothing stays hidden."""
        with self.held(wanted, limit, tick, hold_s=LOOK_S) as found:
            return found

    @contextmanager
    def held(
        self, wanted: Wanted, limit: int, tick: Tick = no_tick, *, hold_s: int = WORK_S
    ) -> Iterator[Found]:
        """The letters that are asked for; those of the queue are ours meanwhile.

        Args:
            wanted: which.
            limit: how many of them at most; of the queue, SQS says which.
            tick: receives how many were found.
            hold_s: how long those of the queue stay ours if this process ends meanwhile.
        """
        queued: list[Letter] = []
        more = hidden = 0
        try:
            if any(map(wanted.looks_in, (CALL, QUEUE))):
                queued, more, hidden = self._queue.find(wanted, limit, hold_s, tick)
            kept, left = self._bucket.find(wanted, limit, lambda n: tick(len(queued) + n))
            found = [*queued, *kept]
            notes = self.notes.on(letter.id for letter in found) if found else {}
            found = sorted((noted(one, notes) for one in found), key=_order)
            left += max(0, len(found) - limit)
            yield Found(tuple(found[:limit]), more + left, hidden)
        finally:
            self._queue.release()

    def named(self, ids: Iterable[str]) -> tuple[Letter, ...]:
        """The letters of some ids, each of which must lie somewhere.

        Raises:
            ChantierError: an id that nothing lies under, with those that look like it.
        """
        wanted = Wanted(ids=frozenset(ids))
        letters = self.read(wanted, len(wanted.ids)).letters
        missing = sorted(wanted.ids - {letter.id for letter in letters})
        if missing:
            near = self._like(missing[0])
            hint = f"Did you mean {' or '.join(near)}? " if near else ""
            raise ChantierError(
                f"No dead letter has the id {missing[0][:SHOWN]}: it was replayed or dropped, "
                "or somebody else holds it just now.",
                f"{hint}See which there are: chantier dead-letters list",
            )
        return letters

    def there(self, letter: Letter, seconds: int) -> bool:
        """Whether a letter still lies there; one of the queue is then ours for so long."""
        if letter.place in QUEUED:
            return self._queue.keep(letter, seconds)
        return self._bucket.there(letter)

    def remove(self, letter: Letter) -> None:
        """Remove a letter from its place, then what was noted on it before it was read."""
        if letter.place in QUEUED:
            self._queue.remove(letter)
        else:
            self._bucket.remove(letter)
        if is_noted(letter):
            self.notes.forget(letter)

    def _like(self, one: str) -> list[str]:
        """The ids that look like one; objects are not read for it."""
        mark = one.partition("-")[0]
        wanted = Wanted(places=frozenset(place.name for place in PLACES if place.mark == mark))
        ids = [id_of(place, key) for _, key, place in self._bucket.listed(wanted)]
        if any(map(wanted.looks_in, (CALL, QUEUE))):
            try:
                queued, _, _ = self._queue.find(wanted, NO_LIMIT, LOOK_S, no_tick)
            finally:
                self._queue.release()
            ids += (letter.id for letter in queued)
        return difflib.get_close_matches(one, ids, n=3)


def _order(letter: Letter) -> tuple[str, str]:
    return letter.at, letter.id

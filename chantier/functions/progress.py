"""How far the raw data is counted, and who is counting: aggregates/progress.json.

A run that is about to write says so first, on the condition that nobody else has since
it looked. So two runs never write at once, and a run that broke off is known: the next
one then looks again at every hour from the earliest that was being written.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from chantier.aggregates import PROGRESS
from chantier.decoding import parse_time
from chantier.errors import Malformed
from chantier.functions.objects import Bucket
from chantier.functions.signed import CallFailed
from chantier.telemetry import format_time

PROGRESS_VERSION = 1
# Longer than a function may run (15 minutes).
RUN_S = 960
# How far the clocks of two runs may be apart: what lies further ahead, a wrong clock wrote.
AHEAD_S = 60
SOMEBODY_WAS_FIRST = ("PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey")


class Busy(Exception):
    """Another run is under way."""


class Progress(NamedTuple):
    """How far the raw data is counted.

    Attributes:
        until: the last moment of writing that was counted, epoch seconds; None at first.
        unsettled: beginnings of hours with alerts that were still open.
        mending: the earliest hour that a run was writing when it broke off; or None.
        begun: when the run that is writing began, epoch seconds; or None.
        damaged: it could not be read.
    """

    until: int | None = None
    unsettled: tuple[int, ...] = ()
    mending: int | None = None
    begun: int | None = None
    damaged: bool = False


class Ledger:
    """Where the progress is kept.

    Args:
        bucket: the data bucket.
    """

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._etag = ""
        self._mine = False

    def read(self, now: int) -> Progress:
        """The progress as it is.

        Raises:
            Busy: another run is writing.
        """
        # Listed before it is read: if it changes between the two, nothing can be written.
        found = [one for one in self._bucket.listed(PROGRESS) if one.key == PROGRESS]
        self._etag = found[0].etag if found else ""
        body = self._bucket.get(PROGRESS) if found else None
        progress = Progress() if body is None else _read(body)
        if progress.until is not None and progress.until > now + AHEAD_S:
            progress = progress._replace(until=None, damaged=True)
        if progress.begun is not None and -AHEAD_S <= now - progress.begun < RUN_S:
            raise Busy(f"another run began at {format_time(progress.begun)}")
        return progress

    def begin(self, progress: Progress) -> None:
        """Say that hours are about to be written.

        Raises:
            Busy: another run said so first.
        """
        self._put_if_unchanged(progress)
        self._mine = True

    def end(self, progress: Progress) -> None:
        """Say how far it is counted now.

        Raises:
            Busy: nothing was written, and another run began meanwhile.
        """
        if self._mine:
            self._bucket.put(PROGRESS, _dump(progress))
        else:
            self._put_if_unchanged(progress)

    def _put_if_unchanged(self, progress: Progress) -> None:
        try:
            self._bucket.put_if(PROGRESS, _dump(progress), self._etag)
        except CallFailed as refused:
            if refused.code in SOMEBODY_WAS_FIRST:
                raise Busy("another run began at the same time") from None
            raise


def _dump(progress: Progress) -> bytes:
    said = {
        "v": PROGRESS_VERSION,
        "until": _time(progress.until),
        "unsettled": [_time(hour) for hour in progress.unsettled],
        "mending": _time(progress.mending),
        "begun": _time(progress.begun),
    }
    return json.dumps(said, indent=1).encode()


def _read(body: bytes) -> Progress:
    try:
        said = json.loads(body)
        if said["v"] != PROGRESS_VERSION:
            return Progress(damaged=True)
        return Progress(
            until=_moment(said["until"]),
            unsettled=tuple(parse_time(hour) for hour in said["unsettled"]),
            mending=_moment(said["mending"]),
            begun=_moment(said["begun"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError, Malformed):
        return Progress(damaged=True)


def _time(t: int | None) -> str | None:
    return None if t is None else format_time(t)


def _moment(said: Any) -> int | None:
    return None if said is None else parse_time(said)

"""The aggregate function: raw messages in, an hour's figures of each machine out.

    schedule, ten past every hour -> raw objects since the last run -> sketches
      -> aggregates/meters/ (merged, so that a message counts once)
      -> aggregates/hours/, aggregates/alerts/ (what people and dashboards read)

It reads a little more than is new, and writes an object only where its bytes change: a
run that is repeated, or that makes up for one that failed, ends as if there had been
one. It prints one JSON line an invocation, which CloudWatch keeps.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from chantier.decoding import parse_time
from chantier.functions.books import Books, Sketches
from chantier.functions.counting import OLDEST_S, Count
from chantier.functions.objects import Bucket, Listed
from chantier.functions.opened import Opened
from chantier.functions.prices import fuel_price
from chantier.functions.progress import Busy, Ledger, Progress
from chantier.hourly import fleet_of
from chantier.meters import HOUR_SECONDS
from chantier.records import RAW
from chantier.telemetry import format_time

# What was written so long before the last run's end is read again.
OVERLAP_S = 300
# The day in a raw object's key is that of its first message, which waits for the others; and
# Firehose tries for a day to write an object that S3 does not take.
WAITS_S = 86_400
# Alerts of so long are looked at again in every run: settling a day changes them. Settling an
# older day says so (`alerts_since`).
SETTLED_S = 48 * HOUR_SECONDS
# An hour's messages are written by the end of the next one, but for what comes late.
RECOUNT_S = 2 * HOUR_SECONDS
# What one run reads; what is left is the next one's. 10,000 machines send about 1.2 GB an hour.
MOST_READ_BYTES = 4_000_000_000
A_DAY_S = 86_400


class Due(NamedTuple):
    """What a run is called for, epoch seconds.

    Attributes:
        until: of writing, to which moment raw objects are counted.
        since: from which on they are counted again; None to go on.
        alerts_since: from when on alerts are looked at again; None for the last two days.
    """

    until: int
    since: int | None
    alerts_since: int | None


class Aggregate:
    """The function with its settings; `handle` is the Lambda handler.

    Args:
        settings: what `chantier.hour_settings` says of the site.
        clock: epoch seconds.
    """

    def __init__(self, settings: dict[str, Any], clock: Callable[[], float] = time.time) -> None:
        self.fleet = fleet_of(settings)
        self.bucket = Bucket(os.environ["BUCKET"])
        self.opened = Opened(os.environ["TABLE"], self.fleet.site)
        self._parameter = os.environ.get("FUEL_PRICE", "")
        self._keep_s = settings["alert_days"] * A_DAY_S
        self._clock = clock

    def handle(self, event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        """One run: `until`, when it is due (now), and `since`, to count again from a moment.

        `alerts_since` has the alerts from a moment on looked at again, and reads nothing more
        for it. An empty event starts the environment and touches nothing.

        While another run is under way this one does nothing and says so (`busy`): the next
        one makes up for it.

        Raises:
            CallFailed: AWS did not answer; the next run makes up for this one.
        """
        said: dict[str, Any] = {"began_at": round(self._clock() * 1000, 1)}
        if event == {}:
            said["warm"] = True
        else:
            now = int(self._clock())
            named = {name: parse_time(event[name]) for name in Due._fields if name in event}
            due = Due(
                min(named.get("until", now), now), named.get("since"), named.get("alerts_since")
            )
            try:
                self._run(now, due, said)
            except Busy as reason:
                said["busy"] = str(reason)
        said["ended_at"] = round(self._clock() * 1000, 1)
        print(json.dumps(said, separators=(",", ":")))
        return said

    def _run(self, now: int, due: Due, said: dict[str, Any]) -> None:
        ledger = Ledger(self.bucket)
        progress = ledger.read(now)
        books = self._books(now, said)
        if progress.damaged:
            books.damaged.append("progress")
        since = self._since(progress, books, due.until) if due.since is None else due.since
        # Further back the meters that hours are subtracted from are gone, and with them the rates.
        oldest = due.until - OLDEST_S
        since = max(since, oldest)
        if progress.until is None:
            # If this run breaks off, the next one begins where it did.
            progress = progress._replace(until=since + OVERLAP_S)
        objects, until = _as_many(self._raw(since, due.until), due.until, said)
        count = self._count(objects)
        looked = min(since - SETTLED_S, until - SETTLED_S, due.alerts_since or since)
        looked = max(looked, oldest)
        hours = self._hours(count, books, progress, range(looked, until))
        if hours:
            _write(ledger, progress, books, count, hours, now)
        reached = max(until, progress.until or 0)
        ledger.end(Progress(until=reached, unsettled=books.open_hours()))
        said |= {
            "since": format_time(since),
            "until": format_time(until),
            "alerts_since": format_time(looked),
            "objects": len(objects),
            **{name: count.counted[name] for name in ("messages", "readings")},
            **{name: number for name, number in sorted(count.counted.items()) if number},
            "hours": books.written,
            "damaged": books.damaged,
        }

    def _since(self, progress: Progress, books: Books, until: int) -> int:
        """From which moment of writing raw objects are to be read."""
        if progress.until is not None:
            return min(progress.until, until) - OVERLAP_S
        last = books.last() if progress.damaged else None
        return min(last or until, until - HOUR_SECONDS)

    def _hours(self, count: Count, books: Books, progress: Progress, looked: range) -> list[int]:
        """The hours to bring up to date: with readings, with other alerts, or left half done.

        Args:
            count: the readings that are new.
            books: the hours.
            progress: as the last run left it.
            looked: the seconds of which alerts are looked at.
        """
        begun = looked.start - looked.start % HOUR_SECONDS
        lately = range(begun, looked.stop + 1, HOUR_SECONDS)
        hours = {*count.hours, *books.news({*count.hours, *lately, *progress.unsettled})}
        if progress.mending is not None:
            hours.add(progress.mending)
        return sorted(hours)

    def _books(self, now: int, said: dict[str, Any]) -> Books:
        return Books(
            self.bucket,
            self.opened,
            self.fleet,
            rates=self._rates(said),
            recount=self._recount,
            forgotten_before=now - self._keep_s,
        )

    def _rates(self, said: dict[str, Any]) -> dict[str, Any] | None:
        """The site's rates at today's price of fuel."""
        if self.fleet.rates is None:
            return None
        price = fuel_price(self._parameter)
        if price is None:
            price = self.fleet.rates["fuel_per_l"]
            said["trouble"] = f"{self._parameter} is no price: the site file's counts"
        said["fuel_per_l"] = price
        return {**self.fleet.rates, "fuel_per_l": price}

    def _raw(self, since: int, until: int) -> list[Listed]:
        """The raw objects written after one moment, and not after another, oldest first."""
        first, last = format_time(since), format_time(until)
        days = range((since - WAITS_S) // A_DAY_S, until // A_DAY_S + 1)
        found = (
            one
            for day in days
            for one in self.bucket.listed(f"{RAW}dt={format_time(day * A_DAY_S)[:10]}/")
            if first < one.modified <= last
        )
        return sorted(found, key=lambda one: (one.modified, one.key))

    def _count(self, objects: list[Listed]) -> Count:
        count = Count(self.fleet.machines)
        for one in objects:
            count.take(self.bucket.lines(one))
        return count

    def _recount(self, hour: int) -> Sketches:
        """The sketches of an hour from the raw data written in it and in the next one."""
        return self._count(self._raw(hour, hour + RECOUNT_S)).hours.get(hour, {})


def _write(  # noqa: PLR0913, PLR0917 - one step of a run
    ledger: Ledger, progress: Progress, books: Books, count: Count, hours: list[int], now: int
) -> None:
    """Write the hours; if that breaks off, the next run knows from where on to look."""
    mending = progress._replace(mending=min(hours), damaged=False)
    ledger.begin(mending._replace(begun=now))
    try:
        books.update(count.hours, hours, whole=progress.mending is not None)
    except BaseException:
        ledger.end(mending._replace(begun=None))
        raise


def _as_many(objects: list[Listed], until: int, said: dict[str, Any]) -> tuple[list[Listed], int]:
    """As many as one run reads, and until when they were written; all that one second wrote."""
    left = MOST_READ_BYTES
    for index, one in enumerate(objects):
        left -= one.size
        following = objects[index + 1 : index + 2]
        if left < 0 and following and following[0].modified > one.modified:
            said["behind"] = len(objects) - index - 1
            return objects[: index + 1], parse_time(one.modified)
    return objects, until

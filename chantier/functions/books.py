"""The hours of a site in the bucket: brought up to date, those after them too.

An hour's figures are its closing meters less those of the hour before. So what comes
late to an hour may move the hours after it: they are gone through one after the other
until the closing meters are what they were. One hour at a time is in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from chantier.aggregates import HOUR_ALERTS, HOURS, METERS, hour_key, hours_of_keys
from chantier.book_bytes import dump_book, load_book
from chantier.decoding import parse_time
from chantier.functions.objects import Bucket
from chantier.functions.opened import Opened
from chantier.hourly import Fleet, OpenedAlert, alert_lines, alerts_of_rows, hour_lines
from chantier.meters import Book, Meters, Sketch, closing, merge_into
from chantier.telemetry import format_time

ONE_DAY_S = 86_400
# An hour's predecessor is looked for this far back before every hour there is is listed.
BACK_S = 62 * ONE_DAY_S
Sketches = dict[str, Sketch]


class Books:
    """The hours of a site.

    Args:
        bucket: the data bucket.
        opened: the alerts.
        fleet: the site.
        rates: of hours that are counted for the first time.
        recount: the sketches of an hour from its raw data, for one that is damaged.
        forgotten_before: epoch seconds; of hours before it the table may have forgotten alerts.

    Attributes:
        written: hours of which an object changed.
        damaged: what could not be read, and was counted anew.
    """

    def __init__(  # noqa: PLR0913 - what an hour is made of
        self,
        bucket: Bucket,
        opened: Opened,
        fleet: Fleet,
        *,
        rates: dict[str, Any] | None,
        recount: Callable[[int], Sketches],
        forgotten_before: int,
    ) -> None:
        self._bucket = bucket
        self._opened = opened
        self._fleet = fleet
        self._rates = rates
        self._recount = recount
        self._forgotten_before = forgotten_before
        self._alerts: dict[int, list[OpenedAlert]] = {}
        self._known: list[int] = []
        self.written: list[str] = []
        self.damaged: list[str] = []

    def last(self) -> int | None:
        """The latest hour that there is."""
        return max(self._listed(""), default=None)

    def news(self, hours: Iterable[int]) -> list[int]:
        """Those of some hours whose alerts are not what was kept of them."""
        self._alerts |= self._opened.in_hours(hours)
        return [hour for hour in sorted(self._alerts) if self._has_news(hour)]

    def open_hours(self) -> tuple[int, ...]:
        """The hours, of those looked at, with alerts that are still open."""
        return tuple(
            hour
            for hour, alerts in sorted(self._alerts.items())
            if any(alert.closed_at is None for alert in alerts)
        )

    def update(self, counted: dict[int, Sketches], hours: list[int], *, whole: bool) -> None:
        """Bring hours up to date, and those after them as far as they change.

        Args:
            counted: what was read, by hour.
            hours: which to look at, these included.
            whole: look at every hour from the first of them on.
        """
        start = min(hours)
        self._find(start)
        opening: dict[str, Meters] | None = None
        moves = whole
        for hour in sorted({*hours, *(one for one in self._known if one >= start)}):
            if hour not in hours and not moves:
                opening = None
                continue
            if opening is None:
                opening = self._closing_before(hour)
            before = self._read(hour)
            book = self._update(hour, before, opening, counted.get(hour, {}))
            opening = closing(book)
            moves = whole or before is None or closing(before) != opening

    def _update(
        self, hour: int, before: Book | None, opening: dict[str, Meters], more: Sketches
    ) -> Book:
        """An hour with what was read since, written if anything is new."""
        if before is None:
            before = Book(hour, self._rates, {}, {})
            if format_time(hour) in self.damaged:
                merge_into(before.sketches, self._recount(hour))
        book = before._replace(opening=opening, sketches=dict(before.sketches))
        merge_into(book.sketches, more)
        alerts = self._alerts_of(hour)
        changed = [
            self._write(HOURS, hour, hour_lines(book, alerts, self._fleet)),
            bool(alerts or self._kept_alerts(hour) is not None)
            and self._write(HOUR_ALERTS, hour, alert_lines(alerts, self._fleet)),
            self._write(METERS, hour, dump_book(book)),
        ]
        if any(changed):
            self.written.append(format_time(hour))
        if hour not in self._known:
            self._known = sorted([*self._known, hour])
        return book

    def _write(self, prefix: str, hour: int, body: bytes) -> bool:
        """Write an object unless it has these bytes; whether it was written."""
        key = hour_key(prefix, format_time(hour))
        if self._bucket.get(key) == body:
            return False
        self._bucket.put(key, body)
        return True

    def _closing_before(self, hour: int) -> dict[str, Meters]:
        """The meters before an hour: those at the end of the last one that there is."""
        earlier = [one for one in self._known if one < hour]
        if not earlier:
            return {}
        before = self._read(earlier[-1])
        if before is None:
            before = self._update(earlier[-1], None, self._closing_before(earlier[-1]), {})
        return closing(before)

    def _read(self, hour: int) -> Book | None:
        """An hour; None for one that was never counted, or is damaged."""
        body = self._bucket.get(hour_key(METERS, format_time(hour)))
        if body is None:
            return None
        try:
            book = load_book(body)
        except ValueError:
            book = None
        if book is None or book.hour != hour:
            self.damaged.append(format_time(hour))
            return None
        return book

    def _has_news(self, hour: int) -> bool:
        """Whether the alerts of an hour are not those that were kept."""
        kept = self._kept_alerts(hour)
        alerts = self._alerts_of(hour)
        return bool(alerts) if kept is None else kept != alert_lines(alerts, self._fleet)

    def _alerts_of(self, hour: int) -> list[OpenedAlert]:
        """The alerts of an hour, those included that the table may have forgotten since."""
        if hour not in self._alerts:
            self._alerts |= self._opened.in_hours([hour])
        alerts = {alert[:5]: alert for alert in self._alerts[hour]}
        if hour < self._forgotten_before:
            for alert in _alerts_in(self._kept_alerts(hour) or b""):
                alerts.setdefault(alert[:5], alert)
        return sorted(alerts.values(), key=lambda alert: alert[:5])

    def _kept_alerts(self, hour: int) -> bytes | None:
        return self._bucket.get(hour_key(HOUR_ALERTS, format_time(hour)))

    def _find(self, start: int) -> None:
        """Learn which hours there are from a good while before one."""
        self._known = self._listed(hour_key(METERS, format_time(max(start - BACK_S, 0))))
        if not self._known or self._known[0] >= start:
            self._known = self._listed("")

    def _listed(self, after: str) -> list[int]:
        keys = (one.key for one in self._bucket.listed(METERS, after))
        return [parse_time(hour) for hour in hours_of_keys(METERS, keys)]


def _alerts_in(body: bytes) -> list[OpenedAlert]:
    """The alerts that were kept of an hour; none where that is damaged."""
    try:
        return alerts_of_rows([json.loads(line) for line in body.splitlines() if line])
    except (ValueError, KeyError, TypeError, AttributeError):
        return []

"""When a site is open, in epoch seconds, and which hour of it is worth showing.

It reads the calendar of a site; it knows no machine and no clock. Public
holidays are days off where the site file names a country.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chantier.errors import ChantierError
from chantier.holidays_of import public_holidays
from chantier.site import Calendar, Site

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# For a site whose file gives no hours at all [M].
_LONG_DAY, _SHORT_DAY = ("07:30-12:00", "13:00-16:30"), ("07:30-12:00", "13:00-15:30")
_USUAL = Calendar(
    monday=_LONG_DAY,
    tuesday=_LONG_DAY,
    wednesday=_LONG_DAY,
    thursday=_LONG_DAY,
    friday=_SHORT_DAY,
)
_NOON, _ONE = 12 * 60, 13 * 60
# A session longer than this has a lunch break in it, whether the file says so or not.
_WITHOUT_BREAK_MIN = 6 * 60
# By then the machines have been started: see `plan`.
_ALL_STARTED_S = 15 * 60
_LOOK_BACK_DAYS = 21

Session = tuple[int, int]


class Hours:
    """The opening hours of a site.

    Args:
        calendar: as the site file says; an empty one stands for the usual week.
        timezone: IANA name.
    """

    def __init__(self, calendar: Calendar, timezone: str) -> None:
        named = any(getattr(calendar, day) for day in _DAYS)
        self._calendar = calendar if named else _USUAL
        self._country = calendar.public_holidays
        self._zone = ZoneInfo(timezone)
        self._off: dict[int, frozenset[date]] = {}

    def day_of(self, t: int) -> date:
        """The local date at epoch seconds `t`."""
        return datetime.fromtimestamp(t, self._zone).date()

    def midnight(self, day: date) -> int:
        """When a local day begins, epoch seconds."""
        return int(datetime.combine(day, time(), self._zone).timestamp())

    def sessions(self, day: date) -> tuple[Session, ...]:
        """The opening hours of one day as (start, end), epoch seconds, lunch left out."""
        if self.is_holiday(day):
            return ()
        said = getattr(self._calendar, _DAYS[day.weekday()])
        return tuple(
            (self._moment(day, start), self._moment(day, end))
            for hours in said
            for start, end in _around_lunch(*map(_minutes, hours.split("-")))
        )

    def is_holiday(self, day: date) -> bool:
        """Whether a day is a public holiday of the site's country."""
        if day.year not in self._off:
            self._off[day.year] = frozenset(public_holidays(self._country, (day.year,)))
        return day in self._off[day.year]

    def _moment(self, day: date, minutes: int) -> int:
        # Through the local clock, not by adding to midnight: a day may have 23 or 25 hours.
        there = datetime.combine(day + timedelta(minutes // 1440), time(), self._zone)
        hour, minute = divmod(minutes % 1440, 60)
        return int(there.replace(hour=hour, minute=minute).timestamp())


def hours_of(site: Site) -> Hours:
    """The opening hours of a site."""
    return Hours(site.calendar, site.site.timezone)


def busy_hour(site: Site, *, before: int, duration_s: int = 3600) -> int:
    """The newest start of a stretch that is over `before` a moment and in which machines run.

    Args:
        site: whose calendar counts.
        before: epoch seconds by which the stretch must be over.
        duration_s: its length.

    Returns:
        Epoch seconds, a quarter of an hour after an opening.

    Raises:
        ChantierError: no opening of the last weeks is long enough.
    """
    hours = hours_of(site)
    today = hours.day_of(before)
    for back in range(_LOOK_BACK_DAYS):
        for start, end in reversed(hours.sessions(today - timedelta(days=back))):
            first = start + _ALL_STARTED_S
            if first + duration_s <= min(before, end):
                return first
    raise ChantierError(
        f"No opening of {site.name} in the last {_LOOK_BACK_DAYS} days lasts "
        f"{(duration_s + _ALL_STARTED_S) // 60} minutes.",
        "Shorten the run, or lengthen a day of [calendar].",
    )


def _minutes(mark: str) -> int:
    hour, minute = mark.split(":")
    return int(hour) * 60 + int(minute)


def _around_lunch(start: int, end: int) -> Iterator[tuple[int, int]]:
    if end - start > _WITHOUT_BREAK_MIN and start < _NOON and end > _ONE:
        yield start, _NOON
        yield _ONE, end
    else:
        yield start, end

"""Settle a day: fold its raw data again, in order, and put the table right.

The live path judges what arrives and drops what comes after newer readings were
judged. The raw data has everything, and detection is a pure fold: here nothing is late.
"""

from __future__ import annotations

import tempfile
import time as clock
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from chantier.cloud import Cloud
from chantier.comparing import WRITTEN, Change, Span, compare
from chantier.detection import words_en, words_fr
from chantier.detection.sentence import Words
from chantier.detection.settling import settle
from chantier.errors import ChantierError
from chantier.functions.saying import Speaker
from chantier.gathering import Gathered
from chantier.raw import raw_days
from chantier.records import Alert
from chantier.rewriting import Shelf
from chantier.site import Site
from chantier.site_settings import settings_of
from chantier.telemetry import Reading, format_time

Tick = Callable[[str, int, int], None]

WORDS: dict[str, Words] = {"fr": words_fr.WORDS, "en": words_en.WORDS}
# What was going on at midnight is known from the day before; what has not ended a week
# after the day is left as it is.
BEFORE, AFTER = timedelta(days=1), timedelta(days=7)
# A raw object lies under the day of its first message, which may be older than the
# others by the delivery's buffer; a machine's clock may be ahead by minutes.
SLACK = timedelta(hours=1)
TRIES = 5


class Days(NamedTuple):
    """The moments that settling a day needs, in the site's time zone.

    Attributes:
        lead: from when readings are read.
        first: beginning of the day.
        last: its end.
        end: until when readings are read.
        now: when it is settled.
    """

    lead: datetime
    first: datetime
    last: datetime
    end: datetime
    now: datetime


class Settled(NamedTuple):
    """What settling a day came to.

    Attributes:
        day: local day of the site, `2026-11-22`.
        messages: raw messages that were read.
        unread: how many of them say nothing that can be read.
        changes: what was done, or would be, and what is only said.
    """

    day: str
    messages: int
    unread: int
    changes: tuple[Change, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {
            "day": self.day,
            "messages": self.messages,
            "unread": self.unread,
            "changed": sum(change.what in WRITTEN for change in self.changes),
            "alerts": [
                {
                    "what": change.what,
                    "replaces": [one.alert.id for one in change.gone],
                    "alert": change.alert.as_dict(),
                }
                for change in self.changes
            ],
        }


def days_of(site: Site, day: date | None, *, now: float) -> Days:
    """The moments of a day, yesterday for None.

    Args:
        site: the site, whose clock counts.
        day: local day.
        now: epoch seconds.

    Raises:
        ChantierError: the day has not begun, or its alerts are no longer kept.
    """
    zone = ZoneInfo(site.site.timezone)
    today = datetime.fromtimestamp(now, zone).date()
    day = day or today - timedelta(days=1)
    if day > today:
        raise ChantierError(f"{day} has not begun at {site.name}.", "Give a day until today.")
    kept = min(site.retention.alert_days, site.retention.raw_days)
    if day <= today - timedelta(days=kept):
        raise ChantierError(
            f"{day} is more than {kept} days ago: nothing is kept of it.",
            "[retention] of the site file says how long raw data and alerts are kept.",
        )
    marks = (day - BEFORE, day, day + timedelta(days=1), day + timedelta(days=1) + AFTER)
    lead, first, last, end = (datetime.combine(mark, time(), zone) for mark in marks)
    return Days(lead, first, last, end, now=datetime.fromtimestamp(now, zone))


def settle_day(  # noqa: PLR0913 - keyword-only: what is settled, and how
    cloud: Cloud,
    site: Site,
    outputs: dict[str, str],
    days: Days,
    *,
    dry_run: bool,
    tick: Tick,
) -> Settled:
    """Settle a day of a deployed site.

    Args:
        cloud: where.
        site: the site; machines are judged by its numbers as they are now.
        outputs: of the stack.
        days: from `days_of`.
        dry_run: change nothing.
        tick: receives what is going on, how much is done, and how much there is.

    Raises:
        ChantierError: the table changed at every try.
    """
    speaker = Speaker(settings_of(site), WORDS[site.site.language])
    table = outputs["AlertsTableName"]
    shelf = Shelf(cloud, table, alert_days=site.retention.alert_days)
    changes: list[Change] = []
    with tempfile.TemporaryDirectory(prefix="chantier-") as folder:
        read = Gathered(
            Path(folder),
            speaker.machines,
            first=int(days.lead.timestamp()),
            end=int(days.end.timestamp()),
        )
        arrived = _arrivals(days.lead, days.now)
        seen = raw_days(
            cloud,
            outputs["DataBucketName"],
            arrived,
            lambda done, there: tick("raw objects read", done, there),
        )
        read.take(seen)
        for done, machine in enumerate(speaker.machines, 1):
            lives, until = _lives(speaker, machine, read.readings(machine))
            span = Span(_iso(days.first), _iso(days.last), until)
            changes += _put_right(shelf, machine, lives, span, dry_run=dry_run)
            tick("machines settled", done, len(speaker.machines))
    return Settled(f"{days.first:%Y-%m-%d}", read.messages, read.unread, tuple(changes))


def _arrivals(lead: datetime, now: datetime) -> Iterator[str]:
    """The UTC days on which readings from `lead` on can have arrived, up to now."""
    day = (lead.astimezone(UTC) - SLACK).date()
    while day <= now.astimezone(UTC).date():
        yield f"{day:%Y-%m-%d}"
        day += timedelta(days=1)


def _lives(speaker: Speaker, machine: str, readings: Iterator[Reading]) -> tuple[list[Alert], str]:
    """The alerts that a machine's readings come to, and the time of the newest reading."""
    memory, events = settle(readings, speaker.machines[machine].rules)
    until = format_time(memory.t) if memory.t else ""
    return [speaker.alert(machine, event) for event in events], until


def _put_right(
    shelf: Shelf, machine: str, lives: list[Alert], span: Span, *, dry_run: bool
) -> list[Change]:
    """Compare and write until nothing is left to write; what was done, and what is only said."""
    done: list[Change] = []
    for _ in range(TRIES):
        found = compare(lives, shelf.alerts(machine), span)
        wanted = [change for change in found if change.what in WRITTEN]
        if dry_run or not wanted:
            return sorted([*done, *found], key=lambda change: change.alert.key)
        now = format_time(int(clock.time()))
        done += [change for change in wanted if shelf.carry_out(change, now=now)]
    raise ChantierError(f"Alerts of {machine} changed at every try to settle them.", "Try again.")


def _iso(moment: datetime) -> str:
    return format_time(int(moment.timestamp()))

"""What the readings of a day come to against what the table holds: a pure comparison.

Alerts of one machine, code and fault never overlap. So what overlaps an alert of the
readings under another opening is that alert, seen too late or in pieces.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from chantier.detection.passing import LATCHED
from chantier.records import Alert

FOUND_LATE = "found late"
CORRECTED = "corrected"
REPLACED = "replaced"
UNEXPLAINED = "unexplained"
STILL_OPEN = "still open"
BEGAN_EARLIER = "began earlier"
# What is carried out; the others are only said.
WRITTEN = (FOUND_LATE, CORRECTED, REPLACED)

# Silence and dates are in no reading, and a service is in the memory alone.
LEFT_OUT = ("NO_SIGNAL", "VGP_DUE", "SERVICE_DUE")
# Everything that an event says of an alert but its name and its sentence.
TOLD_FIELDS = (
    "severity",
    "level",
    "since",
    "last_seen_at",
    "closed_at",
    "value",
    "limit",
    "unit",
    "lat",
    "lon",
)
# After every time as the records write it.
NEVER = "~"


class Stored(NamedTuple):
    """An alert of the table.

    Attributes:
        alert: as it stands there.
        told_at: when people were told of it; None for never.
    """

    alert: Alert
    told_at: str | None = None


class Span(NamedTuple):
    """What is compared; times as the records write them.

    Attributes:
        first: beginning of the day.
        last: its end.
        until: time of the machine's newest reading; empty where there is none.
    """

    first: str
    last: str
    until: str

    def holds(self, alert: Alert) -> bool:
        """Whether an alert opened in the day."""
        return self.first <= alert.opened_at < self.last


class Change(NamedTuple):
    """What is to be done, or said, about one alert.

    Attributes:
        what: found late, corrected, replaced, unexplained, still open, began earlier.
        alert: as it should stand; as it stands where nothing is done.
        own: what the table holds under its key; None for nothing.
        gone: what it takes the place of.
        told_at: when people were told of it; None for never.
    """

    what: str
    alert: Alert
    own: Stored | None = None
    gone: tuple[Stored, ...] = ()
    told_at: str | None = None


def compare(lives: Iterable[Alert], stored: Iterable[Stored], span: Span) -> tuple[Change, ...]:
    """Compare one machine's alerts.

    Args:
        lives: what its readings come to, from the day before on: every alert as it
            stands after the last of them.
        stored: all that the table holds of it.
        span: the day.

    Returns:
        What is to be done or said, by the time of opening.
    """
    kinds: dict[tuple[str, str], tuple[list[Alert], list[Stored]]] = {}
    for life in lives:
        kinds.setdefault((life.code, life.fault), ([], []))[0].append(life)
    for one in stored:
        kinds.setdefault((one.alert.code, one.alert.fault), ([], []))[1].append(one)
    found: dict[tuple[str, str], Change] = {}
    for (code, _), (of_kind, held) in kinds.items():
        if code not in LEFT_OUT:
            judge = _by_opening if code in LATCHED else _by_life
            for change in judge(sorted(of_kind, key=_opened), held, span):
                found.setdefault((change.what, change.alert.key), change)
    return tuple(sorted(found.values(), key=lambda change: change.alert.key))


def _by_life(lives: Sequence[Alert], stored: Sequence[Stored], span: Span) -> Iterator[Change]:
    """Alerts that end by themselves."""
    keys = {life.key for life in lives}
    strays = [one for one in stored if one.alert.key not in keys]
    # What was going on before the readings begin is not in them as it was.
    earlier = [one.alert for one in strays if one.alert.opened_at < span.first]
    strays = [one for one in strays if span.first <= one.alert.opened_at <= span.until]
    for life in lives:
        mine = [one for one in strays if _overlap(life, one.alert)]
        early = life.opened_at >= span.last and any(span.holds(one.alert) for one in mine)
        if not span.holds(life) and not early:
            continue
        strays = [one for one in strays if one not in mine]
        own = next((one for one in stored if one.alert.key == life.key), None)
        if own is None and any(_overlap(life, alert) for alert in earlier):
            yield from (Change(BEGAN_EARLIER, one.alert) for one in mine)
        else:
            yield from _judge_life(life, own, mine, stored)
    for one in strays:
        if span.holds(one.alert):
            yield Change(_why(one.alert, lives), one.alert)


def _why(stray: Alert, lives: Sequence[Alert]) -> str:
    """Why an alert of the table is left as it is though no reading of the day says it."""
    if stray.closed_at is None:
        return STILL_OPEN
    return BEGAN_EARLIER if any(_overlap(life, stray) for life in lives) else UNEXPLAINED


def _judge_life(
    life: Alert, own: Stored | None, mine: Sequence[Stored], stored: Sequence[Stored]
) -> Iterator[Change]:
    open_now = [
        one.alert for one in stored if one.alert.closed_at is None and _overlap(life, one.alert)
    ]
    if open_now or life.closed_at is None:
        yield Change(STILL_OPEN, open_now[0] if open_now else own.alert if own else life)
        return
    before = [*([own] if own else []), *mine]
    right = life._replace(
        acked_at=next((one.alert.acked_at for one in before if one.alert.acked_at), None),
        note=next((one.alert.note for one in before if one.alert.note), None),
        found_late=all(one.alert.found_late for one in before),
    )
    told_at = next((one.told_at for one in before if one.told_at), None)
    if mine:
        yield Change(REPLACED, right, own, tuple(mine), told_at)
    elif own is None:
        yield Change(FOUND_LATE, right)
    elif any(getattr(own.alert, name) != getattr(right, name) for name in TOLD_FIELDS):
        yield Change(CORRECTED, right, own, (), told_at)


def _by_opening(lives: Sequence[Alert], stored: Sequence[Stored], span: Span) -> Iterator[Change]:
    """Alerts that only people close: readings do not say when, so two of them may be one here."""
    for life in lives:
        known = (
            one.alert.opened_at < span.last and (one.alert.closed_at or NEVER) >= life.opened_at
            for one in stored
        )
        if span.holds(life) and not any(known):
            yield Change(FOUND_LATE, life._replace(found_late=True))
    for one in stored:
        told = any(life.opened_at < span.last for life in lives)
        if span.holds(one.alert) and one.alert.opened_at <= span.until and not told:
            yield Change(UNEXPLAINED, one.alert)


def _overlap(one: Alert, other: Alert) -> bool:
    return one.opened_at <= (other.closed_at or NEVER) and other.opened_at <= (
        one.closed_at or NEVER
    )


def _opened(alert: Alert) -> str:
    return alert.opened_at

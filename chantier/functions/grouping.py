"""Which alerts go out in one message: one cause, one message.

Nothing here calls AWS or reads a clock. A cause is a code that many machines have at
once (a network that fails, a heat wave), else the machine itself: one fault
usually trips several codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chantier.records import Alert

# A code on so many machines is one cause.
STORM_MACHINES = 3
# More messages at once than a person reads: they go out as one.
MOST_MESSAGES = 5
# For so long a storm is told no more, s; what joins it goes together afterwards.
HOLD_S = 300
GRAVEST_FIRST = ("critical", "warning", "info")


class Due(NamedTuple):
    """An alert that is to be told.

    Attributes:
        alert: as it was read.
        tell_at: from when, `2026-11-22T09:14:05Z`; it changes with all that happens to it.
    """

    alert: Alert
    tell_at: str


class Parcel(NamedTuple):
    """What goes out in one message.

    Attributes:
        due: at least one alert, the gravest first.
        storms: the codes that it tells of many machines.
    """

    due: tuple[Due, ...]
    storms: tuple[str, ...] = ()


def parcels(due: Iterable[Due], storms: Mapping[str, str], now: str) -> list[Parcel]:
    """The messages that are to go out, the gravest first.

    Args:
        due: what is to be told.
        storms: by code, until when a storm that was told is told no more.
        now: `2026-11-22T09:14:05Z`.
    """
    telling = sorted((one for one in due if not _held(one.alert, storms, now)), key=_order)
    codes = tuple(sorted({one.alert.code for one in telling}))
    stormy = tuple(code for code in codes if _is_storm(code, telling, storms, now))
    found = [
        Parcel(tuple(one for one in telling if one.alert.code == code), (code,)) for code in stormy
    ]
    rest = [one for one in telling if one.alert.code not in stormy]
    found += [
        Parcel(tuple(one for one in rest if one.alert.machine == machine))
        for machine in sorted({one.alert.machine for one in rest})
    ]
    if len(found) > MOST_MESSAGES:
        return [Parcel(tuple(telling), stormy)]
    return sorted(found, key=lambda parcel: _order(parcel.due[0]))


def _held(alert: Alert, storms: Mapping[str, str], now: str) -> bool:
    """Whether it waits because its storm has just been told; what is critical never does."""
    return alert.severity != GRAVEST_FIRST[0] and now < storms.get(alert.code, "")


def _is_storm(code: str, telling: list[Due], storms: Mapping[str, str], now: str) -> bool:
    """Whether a code is told as one: on many machines, or what has waited for a storm to pass."""
    mine = [one for one in telling if one.alert.code == code]
    until = storms.get(code, "")
    waited = until <= now and any(one.tell_at <= until for one in mine)
    return waited or len({one.alert.machine for one in mine}) >= STORM_MACHINES


def _order(due: Due) -> tuple[int, str, str]:
    return GRAVEST_FIRST.index(due.alert.severity), due.alert.opened_at, due.alert.id

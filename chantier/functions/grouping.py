"""Which alerts go out in one message, and which wait: one cause, one message, not every minute.

Nothing here calls AWS or reads a clock. A cause is a code that many machines have at
once or one after the other (a network that fails, a heat wave), else the machine
itself: one fault usually trips several codes. What comes and goes is one cause too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from chantier.decoding import parse_time
from chantier.records import Alert
from chantier.telemetry import format_time

# A code on so many machines is one cause, at once or within the time it is held.
STORM_MACHINES = 3
# More messages at once than a person reads: they go out as one.
MOST_MESSAGES = 5
# For so long a storm is told no more, s; what joins it goes together afterwards.
HOLD_S = 300
# What is critical cannot wait so long; the others go with it.
GRAVE_HOLD_S = 60
# What comes and goes is not told again for so long, s.
AGAIN_S = 1800
GRAVEST_FIRST = ("critical", "warning", "info")
# It ends a time that telling moved; one that was set anew ends with Z.
MOVED = "+later"


class Due(NamedTuple):
    """An alert that is to be told.

    Attributes:
        alert: as it was read.
        tell_at: from when, `2026-11-22T09:14:05Z`; it changes with all that happens to it.
    """

    alert: Alert
    tell_at: str


class LastTold(NamedTuple):
    """The last time that people were told of a fault of a machine, in whichever life.

    Attributes:
        at: `2026-11-22T09:14:05Z`.
        severity: info, warning or critical.
        level: 1 for the first level of the code.
    """

    at: str
    severity: str
    level: int


class Storm(NamedTuple):
    """What is known of a code on all machines.

    Attributes:
        until: while it is a storm, five minutes after its last message; empty for never.
        machines: (time, machine) of who was told last, the latest first; three are enough.
        revision: how often that was written.
    """

    until: str = ""
    machines: tuple[tuple[str, str], ...] = ()
    revision: int = 0


class Parcel(NamedTuple):
    """What goes out in one message.

    Attributes:
        due: at least one alert, the gravest first.
        storms: the codes that it tells of many machines.
    """

    due: tuple[Due, ...]
    storms: tuple[str, ...] = ()


def quiet_until(alert: Alert, told: LastTold | None, now: str) -> str:
    """Until when an alert is not told because its fault was just told; empty for tell it.

    Args:
        alert: what is to be told.
        told: the last time that people were told of this fault.
        now: `2026-11-22T09:14:05Z`.
    """
    if told is None or _gravity(alert) > _gravity(told):
        return ""
    end = _later(told.at, AGAIN_S)
    return end + MOVED if now < end else ""


def parcels(due: Iterable[Due], storms: Mapping[str, Storm], now: str) -> list[Parcel]:
    """The messages that are to go out, the gravest first.

    Args:
        due: what is to be told.
        storms: by code, what is known of it.
        now: `2026-11-22T09:14:05Z`.
    """
    found_due = sorted(due, key=_order)
    # Of a storm all goes together or nothing.
    free = {
        one.alert.code for one in found_due if not _held(one.alert, _of(one.alert, storms), now)
    }
    telling = [one for one in found_due if one.alert.code in free]
    stormy = tuple(
        code for code in sorted(free) if _is_storm(code, telling, storms.get(code, Storm()), now)
    )
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


def storms_after(parcel: Parcel, storms: Mapping[str, Storm], now: str) -> dict[str, Storm]:
    """What is known, by code, once a message has gone out; only of the codes that it tells."""
    after = {}
    for code in sorted({one.alert.code for one in parcel.due}):
        before = storms.get(code, Storm())
        named = {one.alert.machine for one in parcel.due if one.alert.code == code}
        machines = [(now, machine) for machine in sorted(named)]
        machines += [one for one in _lately(before, now) if one[1] not in named]
        until = _later(now, HOLD_S) if code in parcel.storms else before.until
        after[code] = Storm(until, tuple(machines[:STORM_MACHINES]), before.revision + 1)
    return after


def _of(alert: Alert, storms: Mapping[str, Storm]) -> Storm:
    return storms.get(alert.code, Storm())


def _held(alert: Alert, storm: Storm, now: str) -> bool:
    """Whether it waits because its storm has just been told."""
    if now >= storm.until:
        return False
    grave = alert.severity == GRAVEST_FIRST[0]
    return not grave or now < _later(storm.until, GRAVE_HOLD_S - HOLD_S)


def _is_storm(code: str, telling: list[Due], storm: Storm, now: str) -> bool:
    """Whether a code is told as one.

    It goes on while it is held, and with what has waited for its end; it begins on many
    machines, those that were told lately among them.
    """
    mine = [one for one in telling if one.alert.code == code]
    goes_on = now < storm.until or any(one.tell_at <= storm.until for one in mine)
    machines = {one.alert.machine for one in mine} | {name for _, name in _lately(storm, now)}
    return goes_on or len(machines) >= STORM_MACHINES


def _lately(storm: Storm, now: str) -> list[tuple[str, str]]:
    """Who was told of in the last five minutes."""
    return [one for one in storm.machines if now < _later(one[0], HOLD_S)]


def _gravity(what: Alert | LastTold) -> tuple[int, int]:
    return -GRAVEST_FIRST.index(what.severity), what.level


def _order(due: Due) -> tuple[int, str, str]:
    return GRAVEST_FIRST.index(due.alert.severity), due.alert.opened_at, due.alert.id


def _later(at: str, seconds: int) -> str:
    return format_time(parse_time(at) + seconds)

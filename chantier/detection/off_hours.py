"""Work outside the hours of a site: its week, its time zone, its public holidays.

Lunch is not outside: a site is open from its first hour of a day to its last.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from chantier.detection.memory import Memory, Track
from chantier.detection.rules import Opening, Rules
from chantier.detection.told import WAIT, Told, ended
from chantier.telemetry import Reading

OFF_HOURS = {"for_s": 300.0}
DAY_S = 86_400
# 1970-01-01 was a Thursday.
FIRST_WEEKDAY = 3
# Later than any offset's beginning, as a second half to compare with.
ANY_OFFSET = 100_000


def ahead_of_utc(opening: Opening, t: int) -> int:
    """Seconds that the site's clock is ahead of UTC at epoch seconds `t`."""
    index = bisect_right(opening.offsets, (t, ANY_OFFSET))
    return opening.offsets[max(index - 1, 0)][1]


def is_open(opening: Opening, t: int) -> bool:
    """Whether a site is open at epoch seconds `t`, by its own clock."""
    day, second = divmod(t + ahead_of_utc(opening, t), DAY_S)
    if day in opening.off:
        return False
    first, last = opening.week[(day + FIRST_WEEKDAY) % 7]
    return first * 60 <= second < last * 60


def follow_hours(
    now: Memory, reading: Reading, rules: Rules, tracks: dict[str, Track]
) -> Iterator[Told]:
    """Judge whether the engine may run now; `now` knows since when it does."""
    opening, track = rules.opening, tracks.get("OFF_HOURS")
    if opening is None or not now.engine_on or is_open(opening, reading.t):
        yield from ended("OFF_HOURS", track, severity="warning")
    elif track is None:
        yield Told(WAIT, "OFF_HOURS", Track(held=(reading.t,)))
    elif not track.level and reading.t - track.held[0] >= rules.limits["OFF_HOURS"]["for_s"]:
        since = track.held[0]
        fresh = track._replace(level=1, since=since, opened_at=reading.t, readings=1)
        yield Told("open", "OFF_HOURS", fresh, "warning")

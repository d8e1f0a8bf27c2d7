"""A condition: limits with persistence, a clear level of its own, and a start-up inhibit.

This is how engine controllers judge a sensor, and the one state machine that
every threshold of the catalogue runs on:

    quiet -- limit held long enough --> open -- a higher one --> escalated
      ^                                   |                          |
      +--------- calm long enough --------+--------------------------+
"""

from __future__ import annotations

from operator import ge, gt, le, lt
from typing import NamedTuple

from chantier.detection.memory import Track

# The numbers of one code, by name.
Numbers = dict[str, float]

ANY_RPM = 1e9
COMPARE = {">=": ge, ">": gt, "<=": le, "<": lt}


class Level(NamedTuple):
    """One step of a condition: past `limit` for `for_s` seconds."""

    severity: str
    limit: float
    for_s: int


class Condition(NamedTuple):
    """A threshold of the catalogue, with its numbers filled in.

    Attributes:
        code: the catalogue's code.
        field: the field of the reading that it watches.
        unit: of that field.
        opens: how a value is past a limit: >=, >, <= or <.
        clears: how a value is past the clear level.
        levels: the steps, mildest first.
        clear: it calms down when the value is past this one.
        clear_for_s: and has been for this many seconds.
        inhibit_s: seconds after engine start in which it is not judged.
        engine: judged only while the engine runs.
        above_rpm: judged only above this engine speed, 1/min; -1 for any.
        up_to_rpm: and only up to this one.
        gap_s: silence of the sensor after which a limit does not count as held; 0 for any.
        fault: what tells two conditions of a code apart; else empty.
        absolute: whether the value's sign does not count.
        stops: whether it is over when the engine stops.
    """

    code: str
    field: str
    unit: str
    opens: str
    clears: str
    levels: tuple[Level, ...]
    clear: float
    clear_for_s: int
    inhibit_s: int = 30
    engine: bool = True
    above_rpm: float = -1.0
    up_to_rpm: float = ANY_RPM
    gap_s: int = 120
    fault: str = ""
    absolute: bool = False
    stops: bool = False


def step(rule: Condition, track: Track, value: float, t: int) -> tuple[str, Track]:
    """Judge one value.

    Args:
        rule: the condition.
        track: where it stood.
        value: in the rule's unit.
        t: time of the reading, epoch seconds.

    Returns:
        What happened (open, escalate, update, close, or "" for nothing) and where it stands.
    """
    past = COMPARE[rule.opens]
    broken = bool(rule.gap_s) and bool(track.last) and t - track.last > rule.gap_s
    last = t if rule.gap_s else 0
    before = track.held if len(track.held) == len(rule.levels) else (0,) * len(rule.levels)
    held = tuple(
        0 if not past(value, level.limit) else t if broken or not since else since
        for level, since in zip(rule.levels, before, strict=True)
    )
    reached = max(
        (
            index
            for index, (level, since) in enumerate(zip(rule.levels, held, strict=True), 1)
            if since and t - since >= level.for_s
        ),
        default=0,
    )
    if track.level:
        return _while_open(rule, track._replace(held=held, last=last), reached, value, t)
    if not reached:
        return "", Track(held=held, last=last) if any(held) else Track()
    since = min(start for start in held if start)
    base = rule.levels[0].limit
    track = Track(reached, held, since, opened_at=t, worst=value, base=base, readings=1)
    return "open", track._replace(last=last)


def _while_open(
    rule: Condition, track: Track, reached: int, value: float, t: int
) -> tuple[str, Track]:
    base = rule.levels[0].limit
    margin, before = value - base, (track.worst or 0.0) - track.base
    if margin > before if rule.opens.startswith(">") else margin < before:
        track = track._replace(worst=value, base=base)
    track = track._replace(readings=track.readings + 1)
    if reached > track.level:
        return "escalate", track._replace(level=reached, calm=0)
    # A milder regime cannot tell that the stricter one is healthy again.
    if base < track.base or not COMPARE[rule.clears](value, rule.clear):
        return "update", track._replace(calm=0)
    calm = track.calm or t
    if t - calm >= rule.clear_for_s:
        return "close", track._replace(calm=calm)
    return "update", track._replace(calm=calm)

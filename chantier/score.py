"""A run judged: what was sent against what was stored, what was scripted against what was found.

Pure: it is handed what the simulator sent, what lies in the bucket, the table
and the log, and counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import quantiles
from typing import Any, NamedTuple

from chantier.decoding import parse_time
from chantier.raw import RawObject
from chantier.records import Alert
from simulator.incident import Expected
from simulator.report import Sent

# Machines idle, are refuelled and come near their service without anybody scripting it.
ORDINARY = ("IDLE_LONG", "REFUEL", "SERVICE_DUE")
# An alert of an incident may open until so long after its cause has gone, s.
AFTERMATH_S = 120

MessageName = tuple[str, int, int]


class Latency(NamedTuple):
    """From the moment a machine hands a message to its link until its alert is in the table.

    Attributes:
        n: messages that changed an alert.
        p50: milliseconds.
        p95: milliseconds.
        p99: milliseconds.
    """

    n: int
    p50: float
    p95: float
    p99: float


class Verdict(NamedTuple):
    """Scripted alerts against found ones.

    Attributes:
        found: scripted and found once, as bad as scripted, closed if it had to be.
        missing: scripted, and not so found.
        unexpected: found, not scripted, and nothing that ordinary life leads to.
    """

    found: tuple[Expected, ...]
    missing: tuple[Expected, ...]
    unexpected: tuple[Alert, ...]


def message_names(objects: Iterable[RawObject]) -> set[MessageName]:
    """(machine, time, sequence) of the newest reading of each raw message that can be read."""
    names = set()
    for one in objects:
        for message in one.messages:
            readings = message.get("readings")
            if isinstance(readings, list) and readings and isinstance(readings[-1], dict):
                last = readings[-1]
                if isinstance(last.get("t"), str):
                    when = parse_time(last["t"])
                    names.add((str(message["machine"]), when, int(last.get("seq", 0))))
    return names


def lost(sent: Iterable[Sent], arrived: set[MessageName]) -> list[Sent]:
    """The messages that were sent and did not arrive."""
    return [one for one in sent if (one.machine, one.t, one.seq) not in arrived]


def judged(log: Iterable[Mapping[str, Any]]) -> set[MessageName]:
    """(machine, time, sequence) of the newest reading of each message that detection handled."""
    return {(line["machine"], line["t"], line["seq"]) for line in log if "t" in line}


def judge(expected: Sequence[Expected], alerts: Sequence[Alert]) -> Verdict:
    """Hold the found alerts against the scripted ones; what ordinary life leads to is left out."""
    found: list[Expected] = []
    missing: list[Expected] = []
    claimed: set[str] = set()
    for one in expected:
        same = [alert for alert in alerts if _is_of(alert, one)]
        claimed.update(alert.id for alert in same)
        right = len(same) == 1 and _as_scripted(same[0], one)
        (found if right else missing).append(one)
    left = (alert for alert in alerts if alert.id not in claimed)
    also = {(one.machine, code) for one in expected for code in one.also}
    unexpected = tuple(
        alert
        for alert in left
        if alert.code not in ORDINARY and (alert.machine, alert.code) not in also
    )
    return Verdict(tuple(found), tuple(missing), unexpected)


def _is_of(alert: Alert, one: Expected) -> bool:
    same = (alert.machine, alert.code) == (one.machine, one.code)
    if not same or one.fault not in ("", alert.fault):
        return False
    opened = parse_time(alert.opened_at)
    return opened >= one.onset and (not one.over or opened <= one.over + AFTERMATH_S)


def _as_scripted(alert: Alert, one: Expected) -> bool:
    in_time = not one.by or parse_time(alert.opened_at) <= one.by
    return in_time and alert.severity == one.severity and (bool(alert.closed_at) or not one.closes)


def latency(sent: Iterable[Sent], log: Iterable[Mapping[str, Any]]) -> Latency | None:
    """Publish to stored alert, over every message that changed one; None if none did.

    Both ends are read from the same computer's clock: the sender's just before
    the publish, the function's just after its last write returned.
    """
    sent_at = {(one.machine, one.t, one.seq): one.sent_at for one in sent}
    took = [
        line["stored_at"] - sent_at[name]
        for line in log
        if line.get("alerts")
        and (name := (line["machine"], line["t"], line.get("seq", 0))) in sent_at
    ]
    if not took:
        return None
    cuts = quantiles(took, n=100, method="inclusive") if len(took) > 1 else took * 99
    return Latency(len(took), *(round(cuts[at - 1], 1) for at in (50, 95, 99)))

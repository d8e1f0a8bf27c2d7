"""Judging a machine and keeping what came of it: one read, one write, again if somebody was first.

What the functions that judge share: whoever judges hands in a pure function
from memory to memory and events.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from chantier.detection.memory import Event, Memory, material
from chantier.detection.sentence import Words
from chantier.functions.alerts import Table
from chantier.functions.saying import Speaker
from chantier.telemetry import format_time

Judge = Callable[[Memory], tuple[Memory, tuple[Event, ...]]]

# Two messages of one machine may be handled at once; each retry judges again.
TRIES = 8
# A reading older than this on arrival is late: its alert may be over already, so nobody
# is told before the messages behind it have had time to say so.
LATE_S, PATIENCE_S = 180, 300
TOLD_SEVERITIES = ("warning", "critical")


class Keeper:
    """The alerts of a site, as its functions keep them.

    Args:
        settings: what `chantier.site_settings` says of the site.
        words: the catalogue's sentences in the site's language.
    """

    def __init__(self, settings: dict[str, Any], words: Words) -> None:
        self._speaker = Speaker(settings, words)
        self.site = self._speaker.site
        self.machines = self._speaker.machines
        self.table = Table(os.environ["TABLE"], alert_days=settings["alert_days"])

    def judge(self, machine: str, judge: Judge, *, arrived: int) -> list[dict[str, str]]:
        """Judge a machine, and store what changed.

        Args:
            machine: machine id.
            judge: from its memory to the next one, and what is to be told.
            arrived: epoch seconds by the cloud's clock.

        Returns:
            `kind` and `id` of each alert that changed.

        Raises:
            CallFailed: AWS did not answer.
        """
        for attempt in range(TRIES):
            # Of several messages handled at once, each waits its own while.
            time.sleep(attempt * os.urandom(1)[0] / 10_000)
            before, version = self.table.memory(machine)
            after, events = judge(before)
            events = last_of_each_life(events)
            alerts = [
                (self._speaker.alert(machine, event), tell_at(event, arrived)) for event in events
            ]
            unchanged = not events and not material(before, after)
            if unchanged or self.table.keep(machine, after, version, alerts):
                return [
                    {"kind": event.kind, "id": alert.id}
                    for event, (alert, _) in zip(events, alerts, strict=True)
                ]
        raise RuntimeError(f"{machine}: memory changed {TRIES} times under one message")


def last_of_each_life(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """The last event of each alert life; an update after news is still news."""
    last: dict[tuple[str, str, int], Event] = {}
    for event in events:
        life = (event.code, event.fault, event.opened_at)
        first = last.get(life)
        kind = first.kind if first and event.kind == "update" else event.kind
        last[life] = event._replace(kind=kind)
    return tuple(last.values())


def tell_at(event: Event, arrived: int) -> str:
    """From when people may be told of an event; empty for never."""
    if event.kind not in ("open", "escalate") or event.severity not in TOLD_SEVERITIES:
        return ""
    return format_time(arrived + (PATIENCE_S if arrived - event.t > LATE_S else 0))

"""Judging a machine and keeping what came of it: one read, one write, again if somebody was first.

What the functions that judge share: whoever judges hands in pure functions from memory
to memory and events, one a reading. What they change is kept in pieces, each with its
memory in one transaction, so that an invocation that ends halfway has kept whole readings.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

from chantier.detection.memory import Event, Memory, load, material, worth_telling
from chantier.detection.sentence import Words
from chantier.functions.alerts import MOST_ALERTS, Table
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

    def judge(self, machine: str, *judges: Judge, arrived: int) -> list[dict[str, str]]:
        """Judge a machine, and store what changed.

        Args:
            machine: machine id.
            judges: one after the other, each from its memory to the next one, and what is
                to be told; each changes at most `MOST_ALERTS` alerts.
            arrived: epoch seconds by the cloud's clock.

        Returns:
            `kind` and `id` of each alert that was stored.

        Raises:
            CallFailed: AWS did not answer; the pieces before are kept.
        """
        kinds: dict[str, str] = {}
        while judges:
            judged, stored = self._judge_a_piece(machine, judges, arrived)
            judges = judges[judged:]
            for name, kind in stored:
                kinds[name] = kinds.get(name, kind) if kind == "update" else kind
        return [{"kind": kind, "id": name} for name, kind in kinds.items()]

    def _judge_a_piece(
        self, machine: str, judges: tuple[Judge, ...], arrived: int
    ) -> tuple[int, list[tuple[str, str]]]:
        """Judge as much as one transaction takes; how many that were, and what it stored."""
        for attempt in range(TRIES):
            # Of several messages handled at once, each waits its own while.
            time.sleep(attempt * os.urandom(1)[0] / 10_000)
            text, version = self.table.memory(machine)
            before = read_memory(machine, text)
            after, events, judged = piece_of(before, judges)
            if judged == len(judges) and not material(before, after, events):
                return judged, []
            events = worth_telling(before, after, events)
            alerts = [
                (self._speaker.alert(machine, event), tell_at(event, arrived)) for event in events
            ]
            if self.table.keep(machine, after, version, alerts):
                kinds = (event.kind for event in events)
                return judged, [
                    (one.id, kind) for (one, _), kind in zip(alerts, kinds, strict=True)
                ]
        raise RuntimeError(f"{machine}: memory changed {TRIES} times under one message")


def read_memory(machine: str, text: str | None) -> Memory:
    """What is remembered of a machine; one that cannot be read begins anew, and the log says so.

    Alerts that were open then stay open in the table.
    """
    try:
        return load(text)
    except ValueError as fault:
        said = {"machine": machine, "memory": "started anew", "reason": str(fault)}
        print(json.dumps(said, separators=(",", ":")))
        return Memory()


def piece_of(memory: Memory, judges: tuple[Judge, ...]) -> tuple[Memory, tuple[Event, ...], int]:
    """Judge until more alerts would change than one transaction takes.

    Returns:
        The memory then, the last event of each life, and how many have judged, at least one.
    """
    told: tuple[Event, ...] = ()
    for judged, judge in enumerate(judges):
        after, events = judge(memory)
        both = last_of_each_life(told + events)
        if judged and len(both) > MOST_ALERTS:
            return memory, told, judged
        memory, told = after, both
    return memory, told, len(judges)


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

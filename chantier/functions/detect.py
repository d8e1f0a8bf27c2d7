"""The detect function: a message in, alerts in the table, what cannot be read in quarantine.

    rule -> handle(event) -> decode -> observe, reading by reading -> table
                               `-> quarantine/, with the reason

It reads the machine from the rule, which took it from the topic, never from
the payload. It prints one JSON line an invocation, which CloudWatch keeps.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from typing import Any, NamedTuple

from chantier.decoding import decode
from chantier.detection.catalogue import Rules, rules_for
from chantier.detection.memory import Event, Memory
from chantier.detection.observe import observe
from chantier.detection.sentence import Words, sentence
from chantier.errors import Malformed
from chantier.functions.alerts import Table, alert_of
from chantier.functions.signed import Service, put_object
from chantier.records import QUARANTINE, Alert
from chantier.telemetry import Message, format_time

# Two messages of one machine may be handled at once; each retry folds again.
TRIES = 8
MOST_REASONS = 10
# The year 2100, in ms: nothing arrives later.
LAST_MS = 4_102_444_800_000


class Watched(NamedTuple):
    """A machine that the site file names."""

    zone: str
    rules: Rules


class Detect:
    """The function with its settings; `handle` is the Lambda handler.

    Args:
        settings: `site`, `tz` (POSIX TZ string) and `groups` of machines that
            share `zone`, `volts` and `limits`.
        words: the catalogue's sentences in the site's language.
    """

    def __init__(self, settings: dict[str, Any], words: Words) -> None:
        os.environ["TZ"] = settings["tz"]
        time.tzset()
        self.site = str(settings["site"])
        self.words = words
        self.machines: dict[str, Watched] = {}
        for group in settings["groups"]:
            rules = rules_for(group.get("limits"), volts=group.get("volts", 24))
            watched = Watched(group.get("zone", ""), rules)
            self.machines.update(dict.fromkeys(group["machines"], watched))
        self.bucket = os.environ["BUCKET"]
        self.table = Table(os.environ["TABLE"])
        self.s3 = Service("s3")

    def handle(self, event: Any, _context: object = None) -> dict[str, Any]:
        """One message; an empty event starts the environment and touches nothing.

        Raises:
            CallFailed: AWS did not answer; Lambda retries, then keeps the event.
        """
        said: dict[str, Any] = {
            "began_at": _now_ms(),
            "machine": None,
            "readings": 0,
            "alerts": [],
        }
        if event == {}:
            said["warm"] = True
        else:
            self._take(event, said)
        said["stored_at"] = _now_ms()
        print(json.dumps(said, separators=(",", ":")))
        return said

    def _take(self, event: Any, said: dict[str, Any]) -> None:
        body = event if isinstance(event, dict) else {}
        machine = str(body.get("machine", "unknown"))
        arrived = body.get("arrived_at")
        if type(arrived) is not int or not 0 <= arrived < LAST_MS:
            arrived = int(_now_ms())
        said.update(machine=machine, arrived_at=arrived)
        message = self._read(event, machine, arrived)
        if message.rejected:
            reason = "; ".join(message.rejected[:MOST_REASONS])
            said["quarantined"] = self._quarantine(event, machine, arrived, reason)
        if message.readings:
            newest = message.readings[-1]
            said.update(readings=len(message.readings), t=newest.t, seq=newest.seq)
            said["alerts"] = self._judge(machine, message)

    def _read(self, event: Any, machine: str, arrived: int) -> Message:
        """The message; one that says nothing we can use has no reading, only reasons."""
        if machine not in self.machines:
            return Message((), (f"machine {machine[:64]!r} is not in the site file",))
        try:
            return decode(event, now=arrived // 1000)
        except Malformed as fault:
            return Message((), (fault.message,))

    def _judge(self, machine: str, message: Message) -> list[dict[str, str]]:
        """Fold the readings, store what changed, and say what was stored."""
        for attempt in range(TRIES):
            # Of several messages handled at once, each waits its own while.
            time.sleep(attempt * os.urandom(1)[0] / 10_000)
            before, version = self.table.memory(machine)
            after, events = self._fold(machine, before, message)
            alerts = [self._alert(machine, event) for event in events]
            unchanged = not events and not changed(before, after)
            if unchanged or self.table.keep(machine, after, version, alerts):
                return [{"kind": e.kind, "id": a.id} for e, a in zip(events, alerts, strict=True)]
        raise RuntimeError(f"{machine}: memory changed {TRIES} times under one message")

    def _fold(
        self, machine: str, memory: Memory, message: Message
    ) -> tuple[Memory, tuple[Event, ...]]:
        """The memory after a message, and the last event of each alert life."""
        last: dict[tuple[str, str, int], Event] = {}
        for reading in message.readings:
            memory, events = observe(memory, reading, self.machines[machine].rules)
            for event in events:
                life = (event.code, event.fault, event.opened_at)
                first = last.get(life)
                kind = first.kind if first and event.kind == "update" else event.kind
                last[life] = event._replace(kind=kind)
        return memory, tuple(last.values())

    def _alert(self, machine: str, event: Event) -> Alert:
        said = sentence(
            event, self.words, machine=machine, zone=self.machines[machine].zone, clock=_clock
        )
        return alert_of(event, machine=machine, site=self.site, said=said)

    def _quarantine(self, event: Any, machine: str, arrived: int, reason: str) -> str:
        """Keep a message that cannot be read, once a day however often it comes; say why."""
        try:
            text = json.dumps(event, sort_keys=True)
        except RecursionError:
            text, reason = "null", f"{reason}; too deep to copy here, the raw data has it"
        mark = hashlib.sha256(text.replace(str(arrived), "").encode()).hexdigest()[:32]
        day = format_time(arrived // 1000)[:10]
        kept = {"reason": reason, "machine": machine, "arrived_at": arrived, "message": text}
        key = f"{QUARANTINE}dt={day}/{machine}-{mark}.json"
        put_object(self.s3, self.bucket, key, json.dumps(kept).encode())
        return reason


def changed(before: Memory, after: Memory) -> bool:
    """Whether a memory is worth a write: time and place are only while something is followed."""
    followed = bool(after.tracks) and after != before
    return followed or (before.engine_on, before.tracks) != (after.engine_on, after.tracks)


def _now_ms() -> float:
    return round(time.time() * 1000, 1)


def _clock(t: int, pattern: str) -> str:
    return time.strftime(pattern, time.localtime(t))

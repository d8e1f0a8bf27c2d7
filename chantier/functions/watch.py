"""The watch function: judges what no message says, and tells people what is new.

    schedule, every 5 minutes        -> pass_time, machine by machine -> table
    schedule, every minute, stream   -> what is to be told -> one message a cause -> topic

The stream only wakes it up sooner; what waits for a storm is the schedule's. It prints
one JSON line an invocation, which CloudWatch keeps; at log level WARN only of those that
did anything.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

from chantier.decoding import parse_time
from chantier.detection.passing import pass_time
from chantier.detection.sentence import Words
from chantier.errors import Malformed
from chantier.functions.alerts import item_key
from chantier.functions.grouping import Due, Parcel, parcels, quiet_until, storms_after
from chantier.functions.keeping import Keeper, read_memory
from chantier.functions.log_line import log_line
from chantier.functions.notice import notice
from chantier.functions.pending import Pending, told_key
from chantier.functions.signed import CallFailed, Service
from chantier.functions.topic import publish
from chantier.records import MACHINE, MEMORY, REMEMBERED, Item
from chantier.telemetry import format_time

# More in one invocation would not end before it is stopped; the others follow at the next.
MOST_TOLD = 1000
# Machines are judged so often, s; the schedule calls more often than that.
JUDGE_S, CALL_S = 300, 60
# Two that tell of one code at once: the second reads again what the first wrote.
CLAIMS, CLAIM_PAUSE_S = 5, 0.2
# A memory that cannot be read, or that keeps changing: of one machine, not of the others.
ONE_MACHINES_FAULT = (ValueError, TypeError, KeyError, RuntimeError)


class Watch:
    """The function with its settings; `handle` is the Lambda handler.

    Args:
        settings: what `chantier.site_settings` says of the site.
        words: of the site's language.
        clock: epoch seconds.
    """

    def __init__(
        self, settings: dict[str, Any], words: Words, clock: Callable[[], float] = time.time
    ) -> None:
        self.keeper = Keeper(settings, words)
        self.pending = Pending(self.keeper.table, self.keeper.site)
        self.topic = os.environ["TOPIC"]
        self.sns = Service("sns")
        self.words = words
        self._clock = clock

    def handle(self, event: dict[str, Any], _context: object = None) -> dict[str, Any]:
        """One call of the schedule (`{"check": true}`) or of the stream (`{"Records": [...]}`).

        The schedule says `at`, when the call was due; without it machines are judged.
        An empty event starts the environment and touches nothing.

        Raises:
            CallFailed: AWS did not answer; Lambda calls again.
            RuntimeError: a machine could not be judged, or a message not be sent; all
                the others were.
        """
        said: dict[str, Any] = {
            "began_at": _now_ms(),
            "alerts": [],
            "told": [],
            "trouble": [],
        }
        if event == {}:
            said["warm"] = True
        else:
            now = int(self._clock())
            if event.get("check") and _is_judging(event.get("at")):
                self._check(now, said)
            records = (record.get("dynamodb", {}) for record in event.get("Records", ()))
            self._tell(now, [one["NewImage"] for one in records if "NewImage" in one], said)
        said["ended_at"] = _now_ms()
        log_line(said)
        if said["trouble"]:
            raise RuntimeError("; ".join(said["trouble"]))
        return said

    def _check(self, now: int, said: dict[str, Any]) -> None:
        """Judge every machine of the site at a moment."""
        machines = sorted(self.keeper.machines)
        keys = [item_key(machine, MEMORY) for machine in machines]
        items = self.keeper.table.items(keys, (MACHINE, REMEMBERED))
        known = {item[MACHINE]["S"]: item[REMEMBERED]["S"] for item in items}
        said["checked"] = len(machines)
        for machine in machines:
            try:
                said["alerts"] += self._judge(machine, known.get(machine), now)
            except ONE_MACHINES_FAULT as fault:
                said["trouble"].append(f"{machine}: {fault}")

    def _judge(self, machine: str, remembered: str | None, now: int) -> list[dict[str, str]]:
        """Judge a machine again by what is surely its memory, if there is anything to tell."""
        rules = self.keeper.machines[machine].rules
        if not pass_time(read_memory(machine, remembered), now, rules)[1]:
            return []
        return self.keeper.judge(
            machine, lambda memory: pass_time(memory, now, rules), arrived=now
        )

    def _tell(self, now: int, images: list[Item], said: dict[str, Any]) -> None:
        """Tell people what is to be told by now, one message a cause."""
        at = format_time(now)
        due = self._not_again(self.pending.due(at, images), at)
        room = MOST_TOLD
        for attempt in range(CLAIMS if due else 0):
            time.sleep(attempt * CLAIM_PAUSE_S)
            storms = self.pending.storms(one.alert.code for one in due)
            handled: set[Due] = set()
            contested = False
            for whole in parcels(due, storms, at):
                parcel = Parcel(whole.due[:room], whole.storms)
                after = storms_after(parcel, storms, at)
                if parcel.due and self.pending.claim(after, at):
                    storms |= after
                    handled.update(parcel.due)
                    room -= self._send(parcel, now, said)
                else:
                    contested |= bool(parcel.due)
            due = [one for one in due if one not in handled]
            if not contested:
                break
        if due:
            said["waiting"] = len(due)

    def _not_again(self, due: list[Due], at: str) -> list[Due]:
        """What is to be told without what was just told; that is told later, if it lasts."""
        told = self.pending.told(one.alert for one in due)
        telling = []
        for one in due:
            last = told.get((one.alert.machine, told_key(one.alert)))
            if until := quiet_until(one.alert, last, at):
                self.pending.put_off(one, until)
            else:
                telling.append(one)
        return telling

    def _send(self, parcel: Parcel, now: int, said: dict[str, Any]) -> int:
        """Send what nobody else has taken, and say how many alerts that was."""
        taken = [one for one in (self.pending.take(due, now) for due in parcel.due) if one]
        if not taken:
            return 0
        alerts = [one.alert for one in taken]
        subject_line, text = notice(alerts, self.words)
        try:
            publish(
                self.sns,
                self.topic,
                subject=subject_line,
                message=text,
                attributes=self._attributes(taken),
            )
        except CallFailed as fault:
            # Told again when it is free again; what comes after it is not to wait for that.
            said["trouble"].append(f"{subject_line}: {fault}")
            return len(taken)
        at = format_time(now)
        for one in taken:
            self.pending.done(one, at)
        said["told"].append({"subject": subject_line, "alerts": [alert.id for alert in alerts]})
        return len(taken)

    def _attributes(self, taken: list[Due]) -> list[tuple[str, str, str]]:
        """What subscribers may filter by; a message of several codes is found by each."""
        codes = sorted({one.alert.code for one in taken})
        return [
            ("site", "String", self.keeper.site),
            ("severity", "String", taken[0].alert.severity),
            ("code", "String.Array", json.dumps(codes)),
        ]


def _is_judging(at: object) -> bool:
    """Whether a call that was due at a time is one in five; one that does not say when is."""
    try:
        return parse_time(at) % JUDGE_S < CALL_S
    except Malformed:
        return True


def _now_ms() -> float:
    return round(time.time() * 1000, 1)

"""The detect function: a message in, alerts in the table, what cannot be read in quarantine.

    rule -> handle(event) -> decode -> observe, reading by reading -> table
                               `-> quarantine/, with the reason

It reads the machine from the rule, which took it from the topic, never from
the payload. It prints one JSON line an invocation, which CloudWatch keeps; at log level
WARN only of those that changed anything.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from functools import partial
from typing import Any

from chantier.decoding import decode
from chantier.detection.catalogue import DEFAULT_RULES
from chantier.detection.memory import Event, Memory
from chantier.detection.observe import observe
from chantier.detection.passing import hear
from chantier.detection.sentence import Words
from chantier.detection.settings import Watched
from chantier.errors import Malformed
from chantier.functions.keeping import Keeper
from chantier.functions.log_line import log_line
from chantier.functions.signed import Service, put_object
from chantier.records import QUARANTINE
from chantier.telemetry import Message, Reading, format_time, probe_name

MOST_REASONS = 10
# The year 2100, in ms: nothing arrives later.
LAST_MS = 4_102_444_800_000


class Detect:
    """The function with its settings; `handle` is the Lambda handler.

    Args:
        settings: what `chantier.site_settings` says of the site.
        words: the catalogue's sentences in the site's language.
    """

    def __init__(self, settings: dict[str, Any], words: Words) -> None:
        self.keeper = Keeper(settings, words)
        # `chantier prove` speaks as it. Only who judges messages knows it: no other function
        # watches it, counts it or tells of it.
        self.keeper.machines[probe_name(self.keeper.site)] = Watched("", DEFAULT_RULES)
        self.bucket = os.environ["BUCKET"]
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
        log_line(said)
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
        if machine in self.keeper.machines:
            # Also one that cannot be read: whoever sends it is not silent.
            said["alerts"], late = self._judge(machine, message, arrived // 1000)
            if late:
                said["late"] = late

    def _read(self, event: Any, machine: str, arrived: int) -> Message:
        """The message; one that says nothing we can use has no reading, only reasons."""
        if isinstance(event, dict) and machine not in self.keeper.machines:
            return Message((), (f"machine {machine[:64]!r} is not in the site file",))
        try:
            return decode(event, now=arrived // 1000)
        except Malformed as fault:
            return Message((), (fault.message,))

    def _judge(
        self, machine: str, message: Message, arrived: int
    ) -> tuple[list[dict[str, str]], int]:
        """Judge the readings; what was stored, and how many came too late to be judged."""
        rules = self.keeper.machines[machine].rules
        late: set[Reading] = set()

        def judge(memory: Memory, reading: Reading) -> tuple[Memory, tuple[Event, ...]]:
            if (reading.t, reading.seq) <= (memory.t, memory.seq):
                late.add(reading)
            return observe(memory, reading, rules)

        judges = (partial(judge, reading=one) for one in message.readings)
        changed = self.keeper.judge(
            machine, partial(hear, arrived=arrived), *judges, arrived=arrived
        )
        return changed, len(late)

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


def _now_ms() -> float:
    return round(time.time() * 1000, 1)

"""The detect function behind a queue: several messages a call, each judged and kept on its own.

    queue -> handle({"Records": [...]}) -> oldest first -> Detect.handle, one a message
                                              `-> batchItemFailures: these come again, alone

It prints one JSON line a message, as the function without a queue does: whoever reads
the log need not know which of them wrote it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from chantier.decoding import decode
from chantier.detection.sentence import Words
from chantier.errors import Malformed
from chantier.functions.detect import Detect


class Batch:
    """The function with its settings; `handle` is the Lambda handler.

    Args:
        settings: what `chantier.site_settings` says of the site.
        words: the catalogue's sentences in the site's language.
    """

    def __init__(self, settings: dict[str, Any], words: Words) -> None:
        self.detect = Detect(settings, words)

    def handle(self, event: Any, _context: object = None) -> dict[str, Any]:
        """The messages of a batch; what is no batch is one message, or an empty event.

        Returns:
            `batchItemFailures`, the messages that are to come again; SQS hands them out
            again when their visibility timeout is over, and keeps them in the dead
            letters after the last try.
        """
        if not (isinstance(event, dict) and "Records" in event):
            return self.detect.handle(event)
        failed = judge_each(event["Records"], self.detect.handle)
        return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}


def judge_each(records: list[dict[str, Any]], judge: Callable[[object], object]) -> list[str]:
    """Judge the messages of a batch one after the other, the oldest readings first.

    Args:
        records: as SQS gives them to Lambda.
        judge: judges one message and keeps what came of it.

    Returns:
        `messageId` of each that is to come again.
    """
    failed: list[str] = []
    waiting: set[str] = set()
    told = [(record, read_body(record["body"])) for record in records]
    for record, body in sorted(told, key=lambda one: first_taken(one[1])):
        machine = machine_of(body)
        fault = "waits for an older message" if machine in waiting else fault_of(judge, body)
        if not fault:
            continue
        print(json.dumps({"machine": machine, "failed": fault}, separators=(",", ":")))
        failed.append(record["messageId"])
        if record["attributes"]["ApproximateReceiveCount"] == "1":
            # Mostly AWS is busy: a newer message that went first would make this one late.
            # Who fails a second time may be at fault himself, and holds nobody up.
            waiting.add(machine)
    return failed


def fault_of(judge: Callable[[object], object], body: object) -> str:
    """Judge one message; what went wrong, empty for nothing."""
    try:
        judge(body)
    except Exception as fault:  # noqa: BLE001 - one message's fault, whatever it is, is not the others'
        return f"{type(fault).__name__}: {fault}"
    return ""


def read_body(text: str) -> object:
    """The message in a queue's record; a text that is not JSON stays one, and is quarantined."""
    try:
        body: object = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return body


def machine_of(body: object) -> str:
    """Whose message it is, by the rule; empty where it does not say."""
    return str(body.get("machine", "")) if isinstance(body, dict) else ""


def first_taken(body: object) -> tuple[int, int]:
    """Time and number of a message's oldest reading; what cannot be read comes first."""
    try:
        readings = decode(body).readings
    except Malformed:
        return 0, 0
    return (readings[0].t, readings[0].seq) if readings else (0, 0)

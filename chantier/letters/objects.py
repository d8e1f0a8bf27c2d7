"""Letters in the data bucket: rule errors, quarantined messages, raw data put aside.

    quarantine/rule/<machine>/<ms>-<uuid>.json     AWS IoT's error document, as it is
    quarantine/dt=<day>/<machine>-<hash>.json      what the detect function kept
    raw-errors/<type>/dt=<day>/...                 lines, or Firehose's documents of them

Bytes in, letters out. Whatever lies there makes a letter: one that cannot be read says so.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Any

from chantier.decoding import parse
from chantier.errors import Malformed
from chantier.letters.letter import DETECT, Letter, Way, id_of, moment, one_message, plain
from chantier.letters.places import RAW_ERROR, RULE, UNREAD, Place

STRANGE = "what lies here is not what this place keeps"
# A failed action of the rule, as AWS IoT names it -> whom it should have handed the message to.
ACTIONS = {"lambda": "detection", "sqs": "the queue before detection", "firehose": "the raw store"}
# The rule runs its SQL on `chantier/<site>/<machine>/telemetry`; Basic Ingest puts more before it.
TOPIC = re.compile(r"chantier/(?P<site>[^/]+)/(?P<machine>[^/]+)/telemetry$")


def place_of(key: str) -> Place | None:
    """The place of an object; None for one that is no letter."""
    return next((one for one in (RULE, UNREAD, RAW_ERROR) if key.startswith(one.prefix)), None)


def machine_of(key: str) -> str:
    """Whose message an object is, by its key; empty where that does not say."""
    place = place_of(key)
    if place == RULE:
        return key.removeprefix(RULE.prefix).partition("/")[0]
    if place == UNREAD:
        return key.rpartition("/")[2].rpartition("-")[0]
    return ""


def read(key: str, at: str, body: bytes) -> Letter:
    """The letter in an object.

    Args:
        key: of the object.
        at: when it was written, ISO 8601 UTC.
        body: its bytes.
    """
    place = place_of(key) or UNREAD
    readers: dict[Place, Callable[[str, str, bytes], Letter]] = {
        RULE: rule_error,
        UNREAD: quarantined,
        RAW_ERROR: raw_error,
    }
    try:
        return readers[place](key, at, body)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        text = body.decode(errors="replace")
        way = Way(hindrance=STRANGE)
        return _letter(place, key, at, machine=machine_of(key), reason=STRANGE, text=text, way=way)


def rule_error(key: str, at: str, body: bytes) -> Letter:
    """What the rule's error action kept.

    https://docs.aws.amazon.com/iot/latest/developerguide/rule-error-handling.html
    """
    said = json.loads(body)
    failures = said["failures"]
    if not failures:
        raise ValueError(STRANGE)
    payload = _decoded(said.get("base64OriginalPayload", ""))
    machine = machine_of(key)
    stamp = key.rpartition("/")[2].partition("-")[0]
    arrived = int(stamp) if stamp.isdigit() else None
    facts = {
        "topic": str(said.get("topic", "")),
        "client": str(said.get("clientId", "")),
        "trace": str(said.get("cloudwatchTraceId", "")),
        "failed": ", ".join(str(one.get("failedAction", "")) for one in failures),
    }
    return _letter(
        RULE,
        key,
        moment(arrived) if arrived is not None else at,
        machine=machine,
        reason="; ".join(map(_failure, failures)),
        error="; ".join(str(one.get("errorMessage", "")) for one in failures),
        text=payload.decode(errors="replace"),
        size=len(payload),
        facts=facts,
        way=_repeat(failures, payload, facts["topic"], machine, arrived),
    )


def _failure(failure: dict[str, Any]) -> str:
    to = _handed_to(failure)
    said = plain(str(failure.get("errorMessage", "no reason given")))
    if to:
        return f"AWS IoT could not hand it to {to}: {said}"
    return f"the rule cannot read it: {said}"


def _handed_to(failure: dict[str, Any]) -> str:
    name = str(failure.get("failedAction", "")).lower()
    return next((to for action, to in ACTIONS.items() if action in name), "")


def _repeat(
    failures: list[dict[str, Any]], payload: bytes, topic: str, machine: str, arrived: int | None
) -> Way:
    """What the rule should have done and has not; what it has done is not done again."""
    try:
        message = parse(payload)
    except Malformed as fault:
        return Way(hindrance=f"{fault.message}, and no replay can mend that")
    if not isinstance(message, dict):
        return Way(hindrance="its payload is not a JSON object, and no replay can mend that")
    said = TOPIC.search(topic)
    if not said or said["machine"] != machine or arrived is None:
        return Way(hindrance="who sent it, and when, cannot be told from topic and key")
    # As in the rule's SQL: what it adds wins over fields of the same name in the payload.
    event = {**message, "site": said["site"], "machine": machine, "arrived_at": arrived}
    missed = {_handed_to(failure) for failure in failures}
    raw = ACTIONS["firehose"] in missed or "" in missed
    judged = bool(missed - {ACTIONS["firehose"]})
    return Way(
        function=DETECT if judged else "",
        event=one_message(event) if judged else None,
        raw=json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n" if raw else "",
    )


def quarantined(key: str, at: str, body: bytes) -> Letter:
    """What the detect function kept."""
    said = json.loads(body)
    text, arrived = said["message"], said["arrived_at"]
    event = json.loads(text)
    way = Way(hindrance="detection reads messages that are JSON objects, and this is none")
    if isinstance(event, dict):
        way = Way(function=DETECT, event=one_message({"arrived_at": arrived, **event}))
    return _letter(
        UNREAD,
        key,
        # Whoever sends it again makes its object new, and not the message.
        moment(arrived) or at,
        machine=said["machine"],
        reason=said["reason"],
        text=text,
        way=way,
    )


def raw_error(key: str, at: str, body: bytes) -> Letter:
    """Lines that Firehose put aside, as they are or each in a document with its reason.

    https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html
    """
    lines, errors, tries = [], [], 1
    for line in body.splitlines():
        said = json.loads(line)
        if isinstance(said, dict) and "rawData" in said:
            lines += _decoded(said["rawData"]).decode().splitlines()
            errors.append(_first(said, "errorMessage", "lastErrorMessage"))
            tries = max(tries, int(said.get("attemptsMade", 1)))
        else:
            lines.append(line.decode())
    machines = {str(json.loads(line).get("machine", "")) for line in lines}
    kind = key.removeprefix(RAW_ERROR.prefix).partition("/")[0]
    error = "; ".join(sorted({error for error in errors if error}))
    return _letter(
        RAW_ERROR,
        key,
        at,
        machine=machines.pop() if len(machines) == 1 else "",
        reason=f"Firehose put it aside ({kind})" + (f": {error}" if error else ""),
        error=error,
        text="\n".join(lines),
        tries=tries,
        facts={"messages": str(len(lines)), "type": kind},
        way=Way(
            raw="".join(f"{line}\n" for line in lines),
            hindrance="" if lines else "there is nothing in it",
        ),
    )


def _first(said: dict[str, Any], *names: str) -> str:
    return next((str(said[name]) for name in names if said.get(name)), "")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return b""


def _letter(  # noqa: PLR0913 - a letter's parts
    place: Place,
    key: str,
    at: str,
    *,
    machine: str,
    reason: str,
    text: str,
    way: Way,
    error: str = "",
    size: int | None = None,
    tries: int = 1,
    facts: dict[str, str] | None = None,
) -> Letter:
    return Letter(
        id=id_of(place, key),
        place=place.name,
        words=place.words,
        at=at,
        machine=str(machine),
        reason=str(reason),
        error=error,
        tries=tries,
        size=len(text.encode(errors="replace")) if size is None else size,
        source=key,
        text=text,
        facts=facts or {},
        way=way,
    )

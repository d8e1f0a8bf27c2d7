"""Letters in the dead-letter queue: whatever a function or a schedule could not handle.

    of the fleet's queue   what the rule put there, after the last receive
    of Lambda              a record that wraps the event, with what the function said
    of the table's stream  a record that names the changes, and does not hold them
    of a schedule          the event, with the reason beside it

The first is told by where SQS says that it came from, before anything in it is looked at:
a machine wrote it, and might make it look like one of the others.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chantier.letters.letter import (
    AGGREGATE,
    DETECT,
    WATCH,
    Letter,
    Way,
    id_of,
    json_or_text,
    moment,
    one_message,
    plain,
    written,
)
from chantier.letters.places import CALL, QUEUE, Place

# What any call of these makes up for, whichever call it was that failed.
WAKE = {"check": True}
UNKNOWN = "it is a call of a function that this stack does not have"
NO_REASON = "SQS keeps no reason"
# The name of an output of the stack -> what the function is called here.
OUTPUTS = {
    "DetectFunctionName": DETECT,
    "WatchFunctionName": WATCH,
    "AggregateFunctionName": AGGREGATE,
}


def functions_of(outputs: Mapping[str, str]) -> dict[str, str]:
    """What a function is called here, by its name on AWS."""
    return {outputs[name]: short for name, short in OUTPUTS.items() if name in outputs}


def read(message: Mapping[str, Any], functions: Mapping[str, str], receives: int) -> Letter:
    """The letter in a message of the dead-letter queue.

    Args:
        message: as SQS hands it out, with all its attributes.
        functions: as `functions_of` gives them.
        receives: after how many a fleet's queue gives a message up; 0 where there is none.
    """
    body = json_or_text(message["Body"])
    of_queue = "DeadLetterQueueSourceArn" in message.get("Attributes", {})
    try:
        if not of_queue and isinstance(body, dict) and "requestContext" in body:
            return _invocation(message, body, functions)
        if not of_queue and "TARGET_ARN" in message.get("MessageAttributes", {}):
            return _scheduled(message, body, functions)
    except (ValueError, TypeError, LookupError, AttributeError):
        return _letter(
            message,
            CALL,
            CALL.words,
            reason="a record of a failed call that cannot be read",
            way=Way(hindrance="its record is not as Lambda and schedules write it"),
        )
    return _of_queue(message, body, receives)


def _of_queue(message: Mapping[str, Any], body: Any, receives: int) -> Letter:
    how_often = f"failed {receives} times" if receives else "failed at every try"
    way = Way(hindrance="detection reads messages that are JSON objects, and this is none")
    if isinstance(body, dict):
        way = Way(function=DETECT, event=one_message(body))
    return _letter(
        message,
        QUEUE,
        QUEUE.words,
        machine=_machine(body),
        reason=f"detect {how_often}; {NO_REASON}, detect's log may",
        tries=receives,
        way=way,
    )


def _invocation(
    message: Mapping[str, Any], body: dict[str, Any], functions: Mapping[str, str]
) -> Letter:
    context = body["requestContext"]
    name = _name(str(context.get("functionArn", "")))
    short = functions.get(name, "")
    answer = body.get("responsePayload")
    error = _error(answer)
    condition = str(context.get("condition", ""))
    tries = int(context.get("approximateInvokeCount", 0))
    batch = body.get("DDBStreamBatchInfo")
    event = WAKE if batch else body.get("requestPayload")
    if batch:
        words = f"failed stream call of {short or name}"
        failed = f"{short or name} failed on {batch.get('batchSize', 'some')} changes of the table"
    else:
        words = f"failed invocation of {short or name}"
        failed = f"{short or name} was not called" if not tries else f"{short or name} failed"
    return _letter(
        message,
        CALL,
        words,
        machine=_machine(event),
        reason=f"{failed}: {plain(error) or condition or 'no reason given'}",
        error=error,
        tries=tries,
        text=written(batch or event),
        facts={
            "function": name,
            "request": str(context.get("requestId", "")),
            "condition": condition,
            "stack": _stack_trace(answer),
        },
        way=_call(short, event),
    )


def _scheduled(message: Mapping[str, Any], body: Any, functions: Mapping[str, str]) -> Letter:
    said = {
        name: str(one.get("StringValue", "")) for name, one in message["MessageAttributes"].items()
    }
    name = _name(said["TARGET_ARN"])
    short = functions.get(name, "")
    error = ": ".join(filter(None, (said.get("ERROR_CODE"), said.get("ERROR_MESSAGE"))))
    return _letter(
        message,
        CALL,
        f"schedule of {short or name}",
        reason=f"the schedule could not call {short or name}: {plain(error) or 'no reason given'}",
        error=error,
        tries=int(said.get("RETRY_ATTEMPTS", 0)) + 1,
        facts={
            "function": name,
            "schedule": said.get("SCHEDULE_ARN", ""),
            "due": said.get("SCHEDULED_TIME", ""),
            "condition": said.get("EXHAUSTED_RETRY_CONDITION", ""),
        },
        way=_call(short, body),
    )


def _call(short: str, event: Any) -> Way:
    if not short:
        return Way(hindrance=UNKNOWN)
    if event is None:
        return Way(hindrance="the record does not hold what the function was called with")
    if short == DETECT and isinstance(event, dict):
        event = one_message(event)
    return Way(function=short, event=event)


def _error(answer: Any) -> str:
    """What a function said when it failed; what it wrapped its reason in, left out."""
    if not isinstance(answer, dict):
        return ""
    kind, said = str(answer.get("errorType", "")), str(answer.get("errorMessage", ""))
    return ": ".join(filter(None, (kind, said)))


def _stack_trace(answer: Any) -> str:
    lines = answer.get("stackTrace") if isinstance(answer, dict) else None
    return "".join(map(str, lines)) if isinstance(lines, list) else ""


def _machine(event: Any) -> str:
    return str(event.get("machine", "")) if isinstance(event, dict) else ""


def _name(arn: str) -> str:
    """A function's name from its ARN, with or without a qualifier."""
    return arn.partition(":function:")[2].partition(":")[0]


def _letter(  # noqa: PLR0913 - a letter's parts
    message: Mapping[str, Any],
    place: Place,
    words: str,
    *,
    reason: str,
    way: Way,
    machine: str = "",
    error: str = "",
    tries: int = 0,
    text: str | None = None,
    facts: dict[str, str] | None = None,
) -> Letter:
    text = message["Body"] if text is None else text
    sent = message.get("Attributes", {}).get("SentTimestamp", "0")
    return Letter(
        id=id_of(place, message["MessageId"]),
        place=place.name,
        words=words,
        at=moment(int(sent)),
        machine=machine,
        reason=reason,
        error=error,
        tries=tries,
        size=len(text.encode(errors="replace")),
        source=message["MessageId"],
        text=text,
        facts={name: value for name, value in (facts or {}).items() if value},
        way=way,
    )

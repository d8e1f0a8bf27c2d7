"""Object names as Firehose and IoT rules make them; text in, text out.

Firehose: `!{timestamp:yyyy-MM-dd}` with Java's patterns, in UTC, and
`<prefix><stream>-<version>-YYYY-MM-DD-HH-MM-SS-<uuid>`.
https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html

IoT: `${topic(3)}` and its like.
https://docs.aws.amazon.com/iot/latest/developerguide/iot-substitution-templates.html

No clock and no file is read here.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

DEFAULT_PREFIX = "yyyy/MM/dd/HH/"
"""What Firehose appends to a prefix that says no time."""

_EXPRESSION = re.compile(r"!\{(\w+):([^}]*)\}")
_JAVA_TOKEN = re.compile(r"'([^']*)'|([yMdHmsD])\2*|.", re.DOTALL)
_CENTURY = 100
_SHORT_YEAR = 2


def java_time(pattern: str, when: datetime) -> str:
    """Write `when` in one of Java's date patterns: y M d H m s D and 'text'."""
    values = {
        "y": when.year,
        "M": when.month,
        "d": when.day,
        "H": when.hour,
        "m": when.minute,
        "s": when.second,
        "D": when.timetuple().tm_yday,
    }

    def write(match: re.Match[str]) -> str:
        quoted, letter = match.groups()
        if quoted is not None:
            return quoted or "'"
        if letter is None:
            return match[0]
        width = len(match[0])
        value = values[letter]
        if letter == "y" and width == _SHORT_YEAR:
            value %= _CENTURY
        return str(value).zfill(width)

    return _JAVA_TOKEN.sub(write, pattern)


def prefix(template: str, when: datetime, *, error_type: str = "") -> str:
    """Evaluate a delivery stream's Prefix or ErrorOutputPrefix.

    Args:
        template: as the stream says it; may be empty.
        when: arrival of the oldest record in the object.
        error_type: what `!{firehose:error-output-type}` says.

    Raises:
        ValueError: an expression that Firehose does not know here.
    """
    timed = False

    def write(match: re.Match[str]) -> str:
        nonlocal timed
        namespace, value = match.groups()
        if namespace == "timestamp":
            timed = True
            return java_time(value, when)
        if (namespace, value) == ("firehose", "random-string"):
            return uuid.uuid4().hex[:11]
        if (namespace, value) == ("firehose", "error-output-type") and error_type:
            return error_type
        raise ValueError(f"the prefix {template!r} has an expression that is unknown: {match[0]}")

    written = _EXPRESSION.sub(write, template)
    return written if timed else written + java_time(DEFAULT_PREFIX, when)


def object_name(stream: str, version: str, when: datetime) -> str:
    """The last part of a Firehose object's key."""
    stamp = java_time("yyyy-MM-dd-HH-mm-ss", when)
    return f"{stream}-{version}-{stamp}-{uuid.uuid4()}"


@dataclass(frozen=True)
class Origin:
    """The message that a substitution template speaks of.

    Attributes:
        topic: where it was published, without the Basic Ingest prefix.
        client_id: who published it; None when it did not come over MQTT.
        trace_id: the rules engine's name for it.
        at: when it arrived, UTC.
    """

    topic: str
    client_id: str | None = None
    trace_id: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))


_TEMPLATE = re.compile(r"\$\{([^}]*)\}")
_CALL = re.compile(r"\s*(\w+)\s*\((.*)\)\s*", re.DOTALL)
_PARSE_TIME = re.compile(
    r"""\s*(["'])(?P<pattern>.*?)\1\s*,\s*timestamp\(\s*\)\s*(,\s*(["'])UTC\4\s*)?""",
    re.IGNORECASE,
)


def substitute(template: str, origin: Origin) -> str:
    """Fill the `${...}` of an IoT rule action's key.

    Raises:
        ValueError: a function that is not known here, or a topic level that is not there.
    """
    return _TEMPLATE.sub(lambda match: _value(match[1], origin), template)


def _value(expression: str, origin: Origin) -> str:
    call = _CALL.fullmatch(expression)
    if call is None:
        raise ValueError(f"${{{expression}}} is not a call of a function known here")
    name, argument = call[1].lower(), call[2].strip()
    if name == "topic" and argument:
        return _level(argument, origin.topic)
    if name == "parse_time" and (time := _PARSE_TIME.fullmatch(argument)):
        return java_time(time["pattern"], origin.at)
    plain: Mapping[str, str] = {
        "topic": origin.topic,
        "timestamp": str(int(origin.at.timestamp() * 1000)),
        "newuuid": str(uuid.uuid4()),
        "traceid": origin.trace_id,
        "clientid": origin.client_id or "n/a",
    }
    if argument or name not in plain:
        raise ValueError(f"${{{expression}}} is not a function known here")
    return plain[name]


def _level(argument: str, topic: str) -> str:
    levels = topic.split("/")
    if not argument.isdecimal() or not 1 <= int(argument) <= len(levels):
        raise ValueError(f"the topic {topic!r} has no level {argument}")
    return levels[int(argument) - 1]

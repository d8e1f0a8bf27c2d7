"""Which payloads a rule may evaluate, and JSON as the rules engine writes it.

AWS IoT refuses at the broker what is above 128 KB, and runs a rule's error
action when its SQL needs a JSON object and the payload is none. The embedded
AWS does neither; this says where it should. Bytes and values only: nothing
here knows of rules, actions or the embedded AWS.
"""

from __future__ import annotations

import json
from typing import Any

LIMIT = 128 * 1024
"""AWS IoT's largest MQTT payload; its broker ends the connection above it.

https://docs.aws.amazon.com/general/latest/gr/iot-core.html#message-broker-limits
"""


class Refused(Exception):
    """A payload that the rule cannot evaluate; the text is the reason."""


NOT_TEXT = object()
"""What `parse` answers for bytes that are not UTF-8."""


def parse(payload: bytes) -> Any:
    """The message in a payload: a JSON value, the text when it is not JSON, or `NOT_TEXT`.

    Raises:
        Refused: it is above AWS's limit, or nested deeper than can be read.
    """
    if len(payload) > LIMIT:
        raise Refused(
            f"payload of {len(payload)} bytes: AWS IoT takes {LIMIT}; "
            f"base64OriginalPayload holds the first {LIMIT}"
        )
    try:
        text = payload.decode("utf-8")
    except UnicodeDecodeError:
        return NOT_TEXT
    try:
        return _STRICT.decode(text)
    except RecursionError:
        raise Refused("payload is nested too deeply to be read") from None
    except ValueError:
        return text


def require_object(message: Any) -> None:
    """Check that a SELECT may take fields from `message`.

    Raises:
        Refused: it is not a JSON object.
    """
    if message is NOT_TEXT:
        raise Refused("payload is not UTF-8 text")
    if not isinstance(message, dict):
        raise Refused("payload is not a JSON object")


def needs_object(select_items: list[str]) -> bool:
    """Whether a SELECT list takes fields from a JSON object.

    A bare `*` hands the payload on as it came, and `encode(*, 'base64')` is
    AWS's way to carry any bytes.
    """
    items = ["".join(item.split()).lower() for item in select_items]
    return items != ["*"] and not any(item.startswith("encode(*,") for item in items)


def dump(value: Any) -> bytes:
    """Compact JSON in UTF-8; text is written as it is."""
    if isinstance(value, str):
        return _encode(value)
    return _encode(json.dumps(value, ensure_ascii=False, separators=(",", ":")), value)


def _encode(text: str, value: Any = None) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        # A lone surrogate, which JSON may carry only as an escape.
        return json.dumps(text if value is None else value, separators=(",", ":")).encode("ascii")


def _no_constant(name: str) -> None:
    raise ValueError(name)


# RFC 8259 has no NaN and no Infinity, which Python would let pass.
_STRICT = json.JSONDecoder(parse_constant=_no_constant)

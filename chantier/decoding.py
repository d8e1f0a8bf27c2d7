"""What can be read of a message, and why the rest cannot.

Every refusal is a `Malformed` whose message says what was found and what was
expected: it is the reason that the quarantine keeps. Nothing else is ever raised.
"""

from __future__ import annotations

import json
from datetime import datetime

from chantier.errors import Malformed
from chantier.telemetry import (
    LAMPS,
    MAX_AHEAD_S,
    MAX_DTC,
    MAX_PAYLOAD_BYTES,
    RANGES,
    STATES,
    VERSION,
    Message,
    Reading,
    format_time,
)

# Python refuses to print integers of thousands of digits.
HUGE = 10**40
INF = float("inf")
# From the year 2000 to 2100: outside it is a clock that lost its battery.
FIRST_T, LAST_T = 946_684_800, 4_102_444_800
# J1939-73: 19 bits of SPN, 5 of FMI, 7 of occurrence count; J1939-21: 8 of source address.
MOST = (524_287, 31, 127, 255)


def parse(payload: bytes) -> object:
    """The JSON value of a payload.

    Raises:
        Malformed: too long, not UTF-8, not JSON (NaN and Infinity are not), or too deep.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise Malformed(f"payload of {len(payload)} bytes, AWS IoT takes {MAX_PAYLOAD_BYTES}")
    try:
        return json.loads(payload, parse_constant=_refuse_constant)
    except RecursionError:
        raise Malformed("not JSON that can be read: nested too deep") from None
    except (UnicodeDecodeError, ValueError) as error:
        raise Malformed(f"not JSON: {error}") from None


def decode(body: object, *, now: int | None = None) -> Message:
    """What a parsed message says.

    Args:
        body: the JSON value, as `parse` or a Lambda event gives it.
        now: epoch seconds of arrival; readings from the future are then rejected.

    Returns:
        The good readings and why each other one was rejected.

    Raises:
        Malformed: nothing of the message can be read.
    """
    if not isinstance(body, dict):
        raise Malformed(f"message is {_kind(body)}, expected an object")
    version = body.get("v")
    if type(version) is not int or version < 1:
        raise Malformed(f"v is {_kind(version)}, expected {VERSION}")
    if version > VERSION:
        raise Malformed(f"v is {version}, newer than {VERSION}, the newest this stack reads")
    said = body.get("readings")
    if not isinstance(said, list):
        raise Malformed(f"readings is {_kind(said)}, expected a list")
    if not said:
        raise Malformed("readings is empty")
    good: list[Reading] = []
    rejected: list[str] = []
    for index, one in enumerate(said):
        try:
            good.append(read(one, now=now))
        except Malformed as fault:
            rejected.append(f"readings[{index}]: {fault.message}")
    good.sort(key=lambda reading: (reading.t, reading.seq))
    return Message(tuple(good), tuple(rejected))


def read(said: object, *, now: int | None = None) -> Reading:
    """One reading from its JSON object; unknown keys are ignored.

    Raises:
        Malformed: a missing `t`, a wrong type, or a time more than five minutes ahead of `now`.
    """
    if not isinstance(said, dict):
        raise Malformed(f"is {_kind(said)}, expected an object")
    if "t" not in said:
        raise Malformed("t is missing")
    t = parse_time(said["t"])
    if now is not None and t > now + MAX_AHEAD_S:
        raise Malformed(f"t is {format_time(t)}, {t - now} s ahead of the clock")
    values = {key: _number(key, said[key]) for key in RANGES if key in said}
    return Reading(
        t=t,
        seq=_sequence(said.get("seq", 0)),
        st=_choice("st", said.get("st"), STATES),
        eng=_switch(said.get("eng")),
        dtc=_codes(said.get("dtc", [])),
        lamp=_lamps(said.get("lamp", [])),
        **values,
    )


def parse_time(text: object) -> int:
    """Epoch seconds of a wire time, the reverse of `telemetry.format_time`.

    Raises:
        Malformed: it is anything but a time with its offset.
    """
    if not isinstance(text, str):
        raise Malformed(f"t is {_kind(text)}, expected a UTC time such as 2026-11-22T09:14:05Z")
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.utcoffset() is None or not FIRST_T <= when.timestamp() < LAST_T:
        raise Malformed(f"t is {text[:40]!r}, expected a UTC time such as 2026-11-22T09:14:05Z")
    return int(when.timestamp())


def _number(key: str, value: object) -> float | None:
    low, high = RANGES[key]
    if type(value) is float or type(value) is int:
        if low <= value <= high:
            # Six decimals are finer than any sensor, and DynamoDB refuses numbers near zero.
            return round(value, 6)
        # Neither NaN nor what is too large for a float, `1e999`, is between these two.
        if -INF < value < INF:
            return None
    raise Malformed(f"{key} is {_kind(value)}, expected a number")


def _sequence(value: object) -> int:
    if type(value) is not int or value < 0:
        raise Malformed(f"seq is {_kind(value)}, expected a whole number from 0")
    return value


def _switch(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise Malformed(f"eng is {_kind(value)}, expected true or false")


def _choice(key: str, value: object, allowed: tuple[str, ...]) -> str | None:
    if value is None:
        return None
    if isinstance(value, str) and value in allowed:
        return value
    raise Malformed(f"{key} is {_kind(value)}, expected one of {allowed}")


def _lamps(value: object) -> tuple[str, ...]:
    lit = [value] if isinstance(value, str) else value
    if not isinstance(lit, list):
        raise Malformed(f"lamp is {_kind(value)}, expected any of {LAMPS}")
    for lamp in lit:
        _choice("lamp", lamp if lamp is not None else "null", LAMPS)
    return tuple(lit)


def _codes(value: object) -> tuple[tuple[int, ...], ...]:
    if not isinstance(value, list) or len(value) > MAX_DTC:
        raise Malformed(f"dtc is {_kind(value)}, expected at most {MAX_DTC} of [spn, fmi, oc]")
    # J1939-73 says "no fault" as one code of zeros.
    return tuple(code for code in map(_code, value) if code[:2] != (0, 0))


def _code(code: object) -> tuple[int, ...]:
    if (
        isinstance(code, list)
        and len(MOST) - 1 <= len(code) <= len(MOST)
        and all(type(n) is int and 0 <= n <= most for n, most in zip(code, MOST, strict=False))
    ):
        return tuple(code)
    raise Malformed(f"dtc holds {_kind(code)}, expected [spn, fmi, oc] as whole numbers")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _kind(value: object) -> str:
    """What was found, short enough for a log line and free of surprises."""
    if value is None:
        return "null or missing"
    if isinstance(value, int) and abs(value) >= HUGE:
        return "a huge number"
    if isinstance(value, bool | int | float | str):
        return json.dumps(value)[:40]
    return {"list": "a list", "dict": "an object"}.get(type(value).__name__, "of a strange type")

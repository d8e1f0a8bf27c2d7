"""The wire: what a machine says, and on which topic.

Every topic, unit and limit of a message is written here and nowhere else; the
IoT rule, the device policy, the Lambda and the simulator all ask this module.
It opens no socket and reads no clock.

A message is `{"v":1,"readings":[...]}`, oldest reading first, of one machine.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chantier.errors import Malformed

VERSION = 1

# AWS IoT meters in 5 KB steps: a longer message costs double and says no more.
MAX_MESSAGE_BYTES = 5_000
MAX_READING_BYTES = 400
# AWS IoT Core quota, "Maximum message size": the broker refuses a larger publish.
MAX_PAYLOAD_BYTES = 128 * 1024
MAX_DTC = 5
# A machine's clock may run ahead of the cloud's by this much before it is not believed.
MAX_AHEAD_S = 300

# Python refuses to print integers of thousands of digits.
HUGE = 10**40

STATES = ("OFF", "IDLE", "WORK", "TRAVEL")
LAMPS = ("RSL", "AWL", "PL", "MIL")


class Reading(NamedTuple):
    """One look at every sensor of a machine; an absent sensor is None.

    Units are those of the wire: `t` epoch seconds UTC, `rpm` 1/min, `load_pct`
    % of torque, `fuel_lph` L/h, `fuel_used_l` L lifetime, `*_pct` %, `*_h` h
    lifetime, `cool_c` and `hyd_c` degC, `oil_kpa` kPa, `batt_v` V, `lat` and
    `lon` degrees WGS-84, `spd_kmh` km/h, `pitch` and `roll` degrees.
    """

    t: int
    seq: int = 0
    st: str | None = None
    eng: bool | None = None
    rpm: float | None = None
    load_pct: float | None = None
    fuel_lph: float | None = None
    fuel_used_l: float | None = None
    fuel_pct: float | None = None
    def_pct: float | None = None
    op_h: float | None = None
    idle_h: float | None = None
    cool_c: float | None = None
    hyd_c: float | None = None
    oil_kpa: float | None = None
    batt_v: float | None = None
    lat: float | None = None
    lon: float | None = None
    spd_kmh: float | None = None
    pitch: float | None = None
    roll: float | None = None
    cyc: float | None = None
    dtc: tuple[tuple[int, int, int], ...] = ()
    lamp: tuple[str, ...] = ()


class Message(NamedTuple):
    """What could be read of one message.

    Attributes:
        readings: the good ones, oldest first.
        rejected: why each of the others could not be read; empty when all were.
    """

    readings: tuple[Reading, ...]
    rejected: tuple[str, ...] = ()


# What a sensor can say at all (J1939-71 data ranges, rounded outwards). A value
# outside is a dead sensor: detection takes it as absent, the raw data keeps it.
RANGES: dict[str, tuple[float, float]] = {
    "rpm": (0, 8032),
    "load_pct": (0, 250),
    "fuel_lph": (0, 3213),
    "fuel_used_l": (0, 2.2e9),
    "fuel_pct": (0, 100),
    "def_pct": (0, 100),
    "op_h": (0, 2.2e8),
    "idle_h": (0, 2.2e8),
    "cool_c": (-60, 250),
    "hyd_c": (-60, 250),
    "oil_kpa": (0, 1000),
    "batt_v": (0, 100),
    "lat": (-90, 90),
    "lon": (-180, 180),
    "spd_kmh": (0, 251),
    "pitch": (-180, 180),
    "roll": (-180, 180),
    "cyc": (0, 1e12),
}


def telemetry_topic(site: str, machine: str) -> str:
    """The topic of one machine: `chantier/<site>/<machine>/telemetry`."""
    return f"chantier/{site}/{machine}/telemetry"


def rule_name(site: str) -> str:
    """The IoT topic rule of a site; AWS allows no hyphen in it."""
    return "chantier_" + site.replace("-", "_")


def ingest_topic(site: str, machine: str) -> str:
    """The Basic Ingest topic: the rule alone hears it, and no broker fee is due."""
    return f"$aws/rules/{rule_name(site)}/{telemetry_topic(site, machine)}"


def rule_sql(site: str) -> str:
    """The rule's SQL: the message, plus who sent it and when it arrived.

    The fields after `*` win over fields of the same name in the payload, so a
    machine cannot claim to be another one.
    """
    added = "topic(2) AS site, topic(3) AS machine, timestamp() AS arrived_at"
    return f"SELECT *, {added} FROM '{telemetry_topic(site, '+')}'"  # noqa: S608 - a site name has no quote


def format_time(t: int) -> str:
    """Epoch seconds as the wire writes them: `2026-11-22T09:14:05Z`."""
    return datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_time(text: object) -> int:
    """The reverse of `format_time`; raises `Malformed` for anything that is not UTC."""
    if not isinstance(text, str):
        raise Malformed(f"t is {_kind(text)}, expected a UTC time such as 2026-11-22T09:14:05Z")
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        when = None
    if when is None or when.utcoffset() is None:
        raise Malformed(f"t is {text[:40]!r}, expected a UTC time such as 2026-11-22T09:14:05Z")
    return int(when.timestamp())


def encode(readings: tuple[Reading, ...]) -> bytes:
    """The bytes of one message.

    Raises:
        Malformed: there is nothing to say, or more than one message may carry.
    """
    if not readings:
        raise Malformed("a message carries at least one reading")
    body = {"v": VERSION, "readings": [as_dict(reading) for reading in readings]}
    payload = json.dumps(body, separators=(",", ":"), allow_nan=False).encode()
    if len(payload) > MAX_MESSAGE_BYTES:
        raise Malformed(f"message of {len(payload)} bytes, at most {MAX_MESSAGE_BYTES}")
    return payload


def as_dict(reading: Reading) -> dict[str, Any]:
    """The reading as the wire's JSON object, without what is absent."""
    said = {key: value for key, value in reading._asdict().items() if value not in (None, ())}
    said["t"] = format_time(reading.t)
    return said


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


def _number(key: str, value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or value != value:  # noqa: PLR0124 - only NaN differs from itself
        raise Malformed(f"{key} is {_kind(value)}, expected a number")
    low, high = RANGES[key]
    return value if low <= value <= high else None


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


def _codes(value: object) -> tuple[tuple[int, int, int], ...]:
    if not isinstance(value, list) or len(value) > MAX_DTC:
        raise Malformed(f"dtc is {_kind(value)}, expected at most {MAX_DTC} of [spn, fmi, oc]")
    return tuple(_code(code) for code in value)


def _code(code: object) -> tuple[int, int, int]:
    if isinstance(code, list) and [type(part) for part in code] == [int, int, int]:
        spn, fmi, occurrences = code
        if spn >= 0 and 0 <= fmi <= 31 and occurrences >= 0:  # noqa: PLR2004 - FMI has 5 bits
            return spn, fmi, occurrences
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

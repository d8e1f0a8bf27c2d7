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

STATES = ("OFF", "IDLE", "WORK", "TRAVEL")
LAMPS = ("RSL", "AWL", "PL", "MIL")


class Reading(NamedTuple):
    """One look at every sensor of a machine; an absent sensor is None.

    Units are those of the wire: `t` epoch seconds UTC, `rpm` 1/min, `load_pct`
    % of torque, `fuel_lph` L/h, `fuel_used_l` L lifetime, `*_pct` %, `*_h` h
    lifetime, `cool_c` and `hyd_c` degC, `oil_kpa` kPa, `batt_v` V, `lat` and
    `lon` degrees WGS-84, `acc_m` m (radius of the fix), `spd_kmh` km/h, `pitch`
    and `roll` degrees; `dtc` (SPN, FMI, occurrences) or these with the J1939
    source address fourth.
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
    acc_m: float | None = None
    spd_kmh: float | None = None
    pitch: float | None = None
    roll: float | None = None
    cyc: float | None = None
    dtc: tuple[tuple[int, ...], ...] = ()
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
    "acc_m": (0, 1e10),
    "spd_kmh": (0, 251),
    "pitch": (-180, 180),
    "roll": (-180, 180),
    "cyc": (0, 1e12),
}


def telemetry_topic(site: str, machine: str) -> str:
    """The topic of one machine: `chantier/<site>/<machine>/telemetry`."""
    return f"chantier/{site}/{machine}/telemetry"


def probe_name(site: str) -> str:
    """The machine as which `chantier prove` speaks; no machine of the site may bear its name."""
    return f"probe-{site}"


def other_name(site: str) -> str:
    """A machine that there is not: the probe tries in vain to be it (no site has a `_`)."""
    return f"{probe_name(site)}_other"


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

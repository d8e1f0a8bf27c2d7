"""The wire: what is read, what is refused, and with which words."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chantier.decoding import decode, parse, parse_time, read
from chantier.errors import Malformed
from chantier.telemetry import (
    MAX_MESSAGE_BYTES,
    MAX_PAYLOAD_BYTES,
    MAX_READING_BYTES,
    RANGES,
    Message,
    Reading,
    as_dict,
    encode,
    format_time,
    ingest_topic,
    rule_name,
    rule_sql,
    telemetry_topic,
)

EXAMPLE = {
    "t": "2026-11-22T09:14:05Z",
    "seq": 51234,
    "st": "WORK",
    "eng": True,
    "rpm": 1648,
    "load_pct": 62,
    "fuel_lph": 16.4,
    "fuel_used_l": 20118.4,
    "fuel_pct": 63.2,
    "def_pct": 71.0,
    "op_h": 3469.42,
    "idle_h": 1060.15,
    "cool_c": 88,
    "hyd_c": 64,
    "oil_kpa": 410,
    "batt_v": 27.9,
    "lat": 48.85661,
    "lon": 2.35222,
    "spd_kmh": 0.0,
    "pitch": 1.8,
    "roll": -0.9,
    "cyc": 187,
    "dtc": [[110, 15, 3]],
    "lamp": ["AWL"],
}


def test_a_full_reading_survives_the_wire() -> None:
    reading = read(EXAMPLE)
    assert json.loads(json.dumps(as_dict(reading))) == EXAMPLE
    assert decode(parse(encode((reading,)))) == Message((reading,))


def test_a_full_reading_fits_its_400_bytes() -> None:
    assert len(json.dumps(EXAMPLE, separators=(",", ":"))) <= MAX_READING_BYTES


def test_twelve_full_readings_fit_one_metered_step() -> None:
    assert len(encode((read(EXAMPLE),) * 12)) <= MAX_MESSAGE_BYTES


def test_a_message_longer_than_a_metered_step_is_refused() -> None:
    with pytest.raises(Malformed, match="at most 5000"):
        encode((read(EXAMPLE),) * 20)


def test_an_empty_message_is_refused() -> None:
    with pytest.raises(Malformed, match="at least one reading"):
        encode(())


def test_an_absent_sensor_is_omitted_and_never_zero() -> None:
    assert as_dict(Reading(t=946_684_800)) == {"t": "2000-01-01T00:00:00Z", "seq": 0}
    assert read({"t": "2000-01-01T00:00:00Z"}).fuel_pct is None


def test_a_number_near_zero_is_zero() -> None:
    assert read({**EXAMPLE, "oil_kpa": 1e-200}).oil_kpa == 0


def test_unknown_keys_are_ignored() -> None:
    assert read({**EXAMPLE, "operator": "?", "new_sensor": {"a": [1]}}) == read(EXAMPLE)


def test_a_value_that_no_sensor_can_give_is_taken_as_absent() -> None:
    assert read({**EXAMPLE, "cool_c": 999}).cool_c is None


def test_readings_come_out_oldest_first() -> None:
    late = {"t": "2026-11-22T09:14:15Z", "seq": 2}
    early = {"t": "2026-11-22T09:14:05Z", "seq": 1}
    message = decode({"v": 1, "readings": [late, early]})
    assert [reading.seq for reading in message.readings] == [1, 2]


def test_one_bad_reading_does_not_cost_the_others() -> None:
    message = decode({"v": 1, "readings": [EXAMPLE, {"seq": 2}]})
    assert message == Message((read(EXAMPLE),), ("readings[1]: t is missing",))


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"not json", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"v":1,"readings":[{"cool_c":NaN}]}', "NaN is not a JSON number"),
        (b'{"v":Infinity}', "Infinity is not a JSON number"),
        (b"[" * 100_000, "nested too deep"),
        (b"[" * (10 * 1024 * 1024), "payload of 10485760 bytes"),
        (b" " * (MAX_PAYLOAD_BYTES + 1), "AWS IoT takes 131072"),
    ],
)
def test_bytes_that_are_no_json_are_refused_with_the_reason(payload: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        parse(payload)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "message is a list, expected an object"),
        ("text", 'message is "text", expected an object'),
        (None, "message is null or missing, expected an object"),
        ({"readings": []}, "v is null or missing, expected 1"),
        ({"v": True, "readings": []}, "v is true, expected 1"),
        ({"v": "1", "readings": []}, 'v is "1", expected 1'),
        ({"v": 2, "readings": [EXAMPLE]}, "v is 2, newer than 1"),
        ({"v": 1}, "readings is null or missing, expected a list"),
        ({"v": 1, "readings": {}}, "readings is an object, expected a list"),
        ({"v": 1, "readings": []}, "readings is empty"),
    ],
)
def test_a_message_of_another_shape_is_refused_with_the_reason(body: Any, reason: str) -> None:
    with pytest.raises(Malformed) as refused:
        decode(body)
    assert reason in refused.value.message


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"t": 5}, "t is 5, expected a UTC time"),
        ({"t": "yesterday"}, "t is 'yesterday', expected a UTC time"),
        ({"t": "2026-11-22T09:14:05"}, "expected a UTC time"),
        ({"t": "9999-12-31T23:59:59-14:00"}, "expected a UTC time"),
        ({"t": "0001-01-01T00:00:00+14:00"}, "expected a UTC time"),
        ({"t": "1980-01-06T00:00:00Z"}, "expected a UTC time"),
        ({"seq": -1}, "seq is -1, expected a whole number"),
        ({"seq": 1.5}, "seq is 1.5, expected a whole number"),
        ({"st": "SLEEP"}, 'st is "SLEEP", expected one of'),
        ({"eng": 1}, "eng is 1, expected true or false"),
        ({"rpm": "1648"}, 'rpm is "1648", expected a number'),
        ({"rpm": True}, "rpm is true, expected a number"),
        ({"rpm": float("nan")}, "rpm is NaN, expected a number"),
        ({"op_h": float("inf")}, "op_h is Infinity, expected a number"),
        ({"op_h": float("-inf")}, "op_h is -Infinity, expected a number"),
        ({"seq": float("inf")}, "seq is Infinity, expected a whole number"),
        ({"rpm": [1]}, "rpm is a list, expected a number"),
        ({"dtc": [[110, 15]]}, "dtc holds a list, expected [spn, fmi, oc]"),
        ({"dtc": [[110, 32, 1]]}, "dtc holds a list, expected [spn, fmi, oc]"),
        ({"dtc": [[524_288, 1, 1]]}, "dtc holds a list, expected [spn, fmi, oc]"),
        ({"dtc": [[110, 1, 128]]}, "dtc holds a list, expected [spn, fmi, oc]"),
        ({"dtc": [[1, 1, 1]] * 6}, "dtc is a list, expected at most 5"),
        ({"lamp": ["BLUE"]}, 'lamp is "BLUE", expected one of'),
        ({"lamp": 3}, "lamp is 3, expected any of"),
    ],
)
def test_a_reading_with_a_wrong_type_is_refused_with_the_reason(
    wrong: dict[str, Any], reason: str
) -> None:
    with pytest.raises(Malformed) as refused:
        read({**EXAMPLE, **wrong})
    assert reason in refused.value.message


def test_a_reading_from_the_future_is_refused() -> None:
    now = parse_time(EXAMPLE["t"])
    assert read(EXAMPLE, now=now - 299).t == now
    with pytest.raises(Malformed, match="600 s ahead of the clock"):
        read(EXAMPLE, now=now - 600)


def test_a_fault_code_of_zeros_is_no_fault() -> None:
    assert read({**EXAMPLE, "dtc": [[0, 0, 0], [110, 15, 3]]}).dtc == ((110, 15, 3),)


def test_one_lamp_may_be_a_text() -> None:
    assert read({**EXAMPLE, "lamp": "RSL"}).lamp == ("RSL",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
READING = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("t", "seq", "st", "eng", "dtc", "lamp", *RANGES), JSON)
)


@given(JSON | st.fixed_dictionaries({"v": st.just(1), "readings": st.lists(JSON | READING)}))
def test_no_json_value_of_any_shape_raises_anything_but_malformed(body: Any) -> None:
    try:
        message = decode(body)
    except Malformed:
        return
    assert message.readings or message.rejected


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_malformed(payload: bytes) -> None:
    with suppress(Malformed):
        parse(payload)


def test_a_number_that_no_computer_holds_costs_its_reading_and_says_why() -> None:
    body = parse(b'{"v":1,"readings":[{"t":"2026-11-22T09:14:05Z","fuel_used_l":1e999}]}')
    reason = "readings[0]: fuel_used_l is Infinity, expected a number"
    assert decode(body) == Message((), (reason,))


@given(st.integers(min_value=946_684_800, max_value=4_000_000_000))
def test_a_time_survives_the_wire(t: int) -> None:
    assert parse_time(format_time(t)) == t


def test_the_rule_reads_the_machine_from_the_topic_that_machines_publish_on() -> None:
    topic = telemetry_topic("a-site", "EX-001")
    assert topic == "chantier/a-site/EX-001/telemetry"
    assert topic.split("/")[1] == "a-site"
    assert topic.split("/")[2] == "EX-001"
    assert rule_name("a-site") == "chantier_a_site"
    assert ingest_topic("a-site", "EX-001") == f"$aws/rules/chantier_a_site/{topic}"
    assert rule_sql("a-site").endswith("FROM 'chantier/a-site/+/telemetry'")
    assert "topic(2) AS site, topic(3) AS machine" in rule_sql("a-site")

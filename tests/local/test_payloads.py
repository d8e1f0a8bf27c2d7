"""Which payloads a rule may evaluate."""

from __future__ import annotations

import json

import pytest

from chantier.local.payloads import (
    LIMIT,
    NOT_TEXT,
    Refused,
    dump,
    needs_object,
    parse,
    require_object,
)


def test_a_json_object_is_read() -> None:
    assert parse(b'{"a": [1, "\xc3\xa9"]}') == {"a": [1, "é"]}


def test_text_that_is_not_json_stays_text() -> None:
    assert parse(b"{broken") == "{broken"
    assert parse(b'{"a": -Infinity}') == '{"a": -Infinity}'


def test_bytes_that_are_not_text_are_told_apart() -> None:
    assert parse(b"\xff") is NOT_TEXT


def test_the_limit_is_awss_own() -> None:
    assert parse(b'"' + b"x" * (LIMIT - 2) + b'"')
    with pytest.raises(Refused, match=f"{LIMIT + 1} bytes"):
        parse(b"x" * (LIMIT + 1))


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(Refused, match="nested"):
        parse(b"[" * LIMIT)


@pytest.mark.parametrize("message", [[1], "text", 3, None, NOT_TEXT])
def test_only_an_object_has_fields(message: object) -> None:
    with pytest.raises(Refused):
        require_object(message)


@pytest.mark.parametrize(
    ("items", "needed"),
    [
        (["*"], False),
        ([" * "], False),
        (["encode(*, 'base64') AS bytes", "topic(3) AS machine"], False),
        (["*", "topic(3) AS machine"], True),
        (["speed"], True),
    ],
)
def test_a_bare_star_and_encode_take_any_payload(items: list[str], *, needed: bool) -> None:
    assert needs_object(items) is needed


def test_json_is_compact_and_keeps_accents() -> None:
    assert dump({"a": "é", "b": [1, 2]}) == '{"a":"é","b":[1,2]}'.encode()


def test_text_is_written_as_it_is() -> None:
    assert dump("{broken") == b"{broken"


def test_a_lone_surrogate_stays_valid_json() -> None:
    assert json.loads(dump({"a": "\ud800"})) == {"a": "\ud800"}

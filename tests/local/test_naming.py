"""Names of objects, as Firehose and IoT rules make them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from chantier.local.naming import Origin, java_time, object_name, prefix, substitute

WHEN = datetime(2026, 3, 7, 5, 4, 9, tzinfo=UTC)
ORIGIN = Origin("chantier/lyon/GRUE-1/telemetry", "grue-1", "trace-7", WHEN)


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("yyyy-MM-dd", "2026-03-07"),
        ("yy/M/d", "26/3/7"),
        ("HH'h'mm''ss", "05h04'09"),
        ("DDD", "066"),
        ("dt=yyyy", "7t=2026"),
    ],
)
def test_a_java_pattern_is_written_as_java_does(pattern: str, written: str) -> None:
    assert java_time(pattern, WHEN) == written


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("", "2026/03/07/05/"),
        ("raw/", "raw/2026/03/07/05/"),
        ("raw/dt=!{timestamp:yyyy-MM-dd}/", "raw/dt=2026-03-07/"),
        ("e/!{firehose:error-output-type}/!{timestamp:HH}/", "e/oops/05/"),
    ],
)
def test_a_prefix_is_evaluated_at_the_given_time(template: str, written: str) -> None:
    assert prefix(template, WHEN, error_type="oops") == written


def test_a_random_string_is_new_each_time() -> None:
    template = "!{firehose:random-string}/!{timestamp:yyyy}/"
    assert prefix(template, WHEN) != prefix(template, WHEN)


@pytest.mark.parametrize("expression", ["!{partitionKeyFromQuery:a}", "!{firehose:other}"])
def test_an_unknown_expression_is_an_error(expression: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        prefix(expression, WHEN)


def test_an_object_is_named_after_stream_version_time_and_a_unique_id() -> None:
    name = object_name("stream", "3", WHEN)
    assert name.startswith("stream-3-2026-03-07-05-04-09-")
    assert name != object_name("stream", "3", WHEN)


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ("plain", "plain"),
        ("${topic()}", "chantier/lyon/GRUE-1/telemetry"),
        ("q/${topic(3)}/x", "q/GRUE-1/x"),
        ("${ clientid() }", "grue-1"),
        ("${traceid()}", "trace-7"),
        ("${timestamp()}", "1772859849000"),
        ('dt=${parse_time("yyyy-MM-dd", timestamp())}/', "dt=2026-03-07/"),
        ("dt=${parse_time('yyyy', timestamp(), 'UTC')}/", "dt=2026/"),
    ],
)
def test_a_substitution_template_speaks_of_the_message(template: str, written: str) -> None:
    assert substitute(template, ORIGIN) == written


def test_newuuid_is_new_each_time() -> None:
    assert substitute("${newuuid()}", ORIGIN) != substitute("${newuuid()}", ORIGIN)


@pytest.mark.parametrize("template", ["${topic(9)}", "${topic(0)}", "${unknown()}", "${field}"])
def test_a_template_that_cannot_be_filled_is_an_error(template: str) -> None:
    with pytest.raises(ValueError, match=r"known here|no level"):
        substitute(template, ORIGIN)

"""The hours of a site on the embedded AWS: counted once, whatever comes when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from chantier.aggregates import (
    ALERT_COLUMNS,
    HOUR_ALERTS,
    HOUR_COLUMNS,
    HOURS,
    METERS,
    PROGRESS,
    hour_key,
)
from chantier.book_bytes import load_book
from chantier.cli import main
from chantier.cloud import Cloud
from chantier.functions import objects
from chantier.functions.alerts import item_key
from chantier.functions.objects import Bucket
from chantier.functions.progress import RUN_S
from chantier.functions.signed import CallFailed
from chantier.records import Alert, key_of, to_item
from chantier.site import EXAMPLE, Site
from chantier.telemetry import format_time
from tests.embedded.conftest import Deployed, deploy_site

pytestmark = pytest.mark.embedded
HOUR = 3600
# Whole hours ago, so that no reading is from the future.
NOW = datetime.now(UTC)
BEGIN = int((NOW - timedelta(hours=6)).timestamp()) // HOUR * HOUR
MACHINE = "EX-001"
Row = dict[str, Any]


@pytest.fixture(scope="module")
def counted(cloud: Cloud, project: Path) -> Deployed:
    """The example site under another name, in English, with one machine that costs more."""
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"] |= {"name": "counted", "language": "en"}
    said["machines"][1]["rates"] = {"depreciation_per_h": 30.0}
    return deploy_site(cloud, Site.model_validate(said), project, things=False)


@pytest.fixture(autouse=True)
def empty(counted: Deployed) -> Iterator[None]:
    """Each test begins without raw data, aggregates and alerts."""
    yield
    s3 = counted.cloud.client("s3")
    for name in keys(counted, ""):
        s3.delete_object(Bucket=bucket(counted), Key=name)
    table = counted.outputs["AlertsTableName"]
    for alert in counted.alerts():
        key = item_key(alert.machine, alert.key)
        counted.cloud.client("dynamodb").delete_item(TableName=table, Key=key)


def bucket(site: Deployed) -> str:
    return site.outputs["DataBucketName"]


def keys(site: Deployed, prefix: str) -> list[str]:
    s3 = site.cloud.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket(site), Prefix=prefix)
    return [one["Key"] for page in pages for one in page.get("Contents", [])]


def versions(site: Deployed) -> int:
    """How often an aggregate was written, but for the progress."""
    s3 = site.cloud.client("s3")
    found = s3.list_object_versions(Bucket=bucket(site), Prefix="aggregates/")["Versions"]
    return sum(one["Key"] != PROGRESS for one in found)


def bodies(site: Deployed) -> dict[str, bytes]:
    return {key: get(site, key) for key in keys(site, "aggregates/") if key != PROGRESS}


def get(site: Deployed, key: str) -> bytes:
    body = site.cloud.client("s3").get_object(Bucket=bucket(site), Key=key)["Body"].read()
    return bytes(body)


def put(site: Deployed, key: str, body: bytes) -> None:
    site.cloud.client("s3").put_object(Bucket=bucket(site), Key=key, Body=body)


def reading(t: int, op_h: float, **more: Any) -> Row:
    seen = {"t": format_time(t), "seq": t - BEGIN, "eng": True, "op_h": op_h}
    return {**seen, "idle_h": op_h / 4, "fuel_used_l": op_h * 12, **more}


def arrive(site: Deployed, name: str, machine: str, *readings: Row, junk: bytes = b"") -> None:
    """A raw object with one message, as the rule and Firehose write it."""
    line = {
        "v": 1,
        "readings": list(readings),
        "site": site.site.name,
        "machine": machine,
        "arrived_at": int(datetime.now(UTC).timestamp() * 1000),
    }
    put(
        site,
        f"raw/dt={datetime.now(UTC):%Y-%m-%d}/{name}",
        json.dumps(line).encode() + b"\n" + junk,
    )


def run(site: Deployed, **event: str) -> Row:
    answer = call(site, **event)
    assert "errorMessage" not in answer, answer
    return answer


def call(site: Deployed, **event: str) -> Row:
    """Call the deployed function as its schedule does."""
    answer = site.cloud.client("lambda").invoke(
        FunctionName=site.outputs["AggregateFunctionName"],
        Payload=json.dumps(event or {"until": format_time(int(NOW.timestamp()) + HOUR)}).encode(),
    )
    said: Row = json.loads(answer["Payload"].read())
    return said


def rows(site: Deployed, hour: int, prefix: str = HOURS) -> list[Row]:
    body = get(site, hour_key(prefix, format_time(hour)))
    return [json.loads(line) for line in body.splitlines()]


def store_alert(site: Deployed, opened: int, code: str, severity: str, **more: Any) -> None:
    at = format_time(opened)
    alert = Alert(
        machine=MACHINE,
        code=code,
        fault="",
        site=site.site.name,
        severity=severity,
        level=1,
        since=at,
        opened_at=at,
        last_seen_at=at,
        closed_at=None,
        value=None,
        limit=None,
        unit="",
        lat=None,
        lon=None,
        readings=1,
        sentence="",
    )._replace(**more)
    item = to_item(alert) | item_key(MACHINE, key_of(at, code, ""))
    site.cloud.client("dynamodb").put_item(TableName=site.outputs["AlertsTableName"], Item=item)


def test_hours_are_counted_and_a_second_run_changes_no_byte(counted: Deployed) -> None:
    for hour in range(3):
        start = BEGIN + hour * HOUR
        arrive(
            counted,
            f"{hour}",
            MACHINE,
            reading(start + 60, 100 + hour, lat=48.7, lon=2.2),
            reading(start + 3000, 100.8 + hour),
        )
    said = run(counted)
    assert (said["messages"], said["readings"]) == (3, 6)
    assert said["hours"] == [format_time(BEGIN + n * HOUR) for n in range(3)]
    worked = [rows(counted, BEGIN + n * HOUR)[0] for n in range(3)]
    assert [row["engine_h"] for row in worked] == [0.8, 1.0, 1.0]
    first = worked[0]
    assert list(first) == list(HOUR_COLUMNS)
    assert (first["fuel_l"], first["fuel_cost"], first["cost"]) == (9.6, 11.52, 30.1504)
    assert (first["lat"], first["lon"], first["readings"]) == (48.7, 2.2, 2)
    before, written = bodies(counted), versions(counted)
    assert run(counted)["hours"] == []
    assert (bodies(counted), versions(counted)) == (before, written)


def test_what_comes_late_moves_its_hour_and_the_ones_after_it(counted: Deployed) -> None:
    arrive(counted, "a", MACHINE, reading(BEGIN, 100), reading(BEGIN + 600, 100.1))
    arrive(counted, "b", MACHINE, reading(BEGIN + 3 * HOUR, 101))
    arrive(counted, "c", "EX-002", reading(BEGIN + 2 * HOUR, 7), reading(BEGIN + 4 * HOUR, 8))
    run(counted)
    assert rows(counted, BEGIN + 3 * HOUR)[0]["engine_h"] == 0.9
    arrive(counted, "late", MACHINE, reading(BEGIN + HOUR + 60, 100.5))
    said = run(counted)
    assert said["hours"] == [format_time(BEGIN + n * HOUR) for n in (1, 2, 3)]
    late = bodies(counted)
    assert rows(counted, BEGIN + HOUR)[0]["engine_h"] == 0.4
    assert rows(counted, BEGIN + 3 * HOUR)[0]["engine_h"] == 0.5
    for key in keys(counted, "aggregates/"):
        counted.cloud.client("s3").delete_object(Bucket=bucket(counted), Key=key)
    run(counted)
    assert bodies(counted) == late, "as if everything had come at once"


def test_alerts_count_in_the_hour_in_which_they_opened_and_close_later(counted: Deployed) -> None:
    arrive(counted, "a", MACHINE, reading(BEGIN, 100))
    store_alert(counted, BEGIN + 10, "DTC", "warning")
    store_alert(counted, BEGIN + HOUR + 10, "NO_SIGNAL", "critical")
    run(counted)
    (first,) = rows(counted, BEGIN)
    (silent,) = rows(counted, BEGIN + HOUR)
    assert (first["alerts_warning"], first["readings"]) == (1, 1)
    assert (silent["alerts_critical"], silent["readings"], silent["engine_h"]) == (1, 0, 0.0)
    (told,) = rows(counted, BEGIN, HOUR_ALERTS)
    assert list(told) == list(ALERT_COLUMNS)
    assert (told["code"], told["closed_at"]) == ("DTC", None)
    store_alert(counted, BEGIN + 10, "DTC", "warning", closed_at=format_time(BEGIN + 100))
    assert run(counted)["hours"] == [format_time(BEGIN)]
    (told,) = rows(counted, BEGIN, HOUR_ALERTS)
    assert told["lasted_min"] == 1.5


def test_an_hour_keeps_the_price_it_was_counted_with(counted: Deployed) -> None:
    ssm, name = counted.cloud.client("ssm"), counted.outputs["FuelPriceName"]
    arrive(counted, "a", MACHINE, reading(BEGIN, 100), reading(BEGIN + 600, 100.1))
    assert run(counted)["fuel_per_l"] == 1.2
    try:
        ssm.put_parameter(Name=name, Value="2.5", Overwrite=True)
        later = BEGIN + HOUR
        arrive(counted, "b", MACHINE, reading(BEGIN + 660, 100.2), reading(later, 101.2))
        run(counted)
    finally:
        ssm.put_parameter(Name=name, Value="1.2", Overwrite=True)
    assert rows(counted, BEGIN)[0]["fuel_cost"] == round(0.2 * 12 * 1.2, 6)
    assert rows(counted, later)[0]["fuel_cost"] == 12 * 2.5


def test_a_machines_own_rates_count_for_it(counted: Deployed) -> None:
    arrive(counted, "a", "EX-002", reading(BEGIN, 100), reading(BEGIN + 1800, 100.5))
    run(counted)
    assert rows(counted, BEGIN)[0]["depreciation_cost"] == 15.0


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b'{"v":1,"hour":null}', b"[]", b"\xff"])
def test_a_damaged_hour_is_counted_anew_from_the_raw_data(counted: Deployed, body: bytes) -> None:
    start = int(NOW.timestamp()) // HOUR * HOUR - HOUR
    arrive(counted, "a", MACHINE, reading(start, 100), reading(start + 60, 100.1))
    arrive(counted, "b", "EX-002", reading(start, 5))
    run(counted)
    right = bodies(counted)
    put(counted, hour_key(METERS, format_time(start)), body)
    assert run(counted)["damaged"] == [format_time(start)]
    assert bodies(counted) == right
    assert run(counted)["damaged"] == []


def test_a_damaged_progress_is_begun_anew(counted: Deployed) -> None:
    arrive(counted, "a", MACHINE, reading(BEGIN, 100))
    run(counted)
    right = bodies(counted)
    put(counted, PROGRESS, b"{")
    assert run(counted)["damaged"] == ["progress"]
    assert bodies(counted) == right
    assert run(counted)["damaged"] == []


def test_what_cannot_be_read_is_counted_and_stops_nothing(counted: Deployed) -> None:
    old = reading(BEGIN - 40 * 24 * HOUR, 50, seq=0)
    junk = b'nonsense\n[1]\n{"v":9,"machine":"EX-001","arrived_at":1}\n'
    arrive(counted, "a", MACHINE, reading(BEGIN, 100), {"seq": 1}, old, junk=junk)
    arrive(counted, "b", "GHOST", reading(BEGIN, 100))
    said = run(counted)
    assert {name: said[name] for name in ("unread", "unknown", "rejected", "too_old")} == {
        "unread": 3,
        "unknown": 1,
        "rejected": 1,
        "too_old": 1,
    }
    assert said["hours"] == [format_time(BEGIN)]


def test_two_runs_never_write_at_once(counted: Deployed, tmp_path: Path) -> None:
    arrive(counted, "a", MACHINE, reading(BEGIN, 100))
    run(counted)
    kept = json.loads(get(counted, PROGRESS))
    now = int(datetime.now(UTC).timestamp())
    other = kept | {"begun": format_time(now), "mending": format_time(BEGIN)}
    put(counted, PROGRESS, json.dumps(other).encode())
    assert "another run began" in run(counted)["busy"]
    refused = told(counted, tmp_path, "--refresh")
    assert refused.exit_code == 1
    assert "The hours are being counted" in refused.stderr
    broken_off = other | {"begun": format_time(now - RUN_S)}
    put(counted, PROGRESS, json.dumps(broken_off).encode())
    run(counted)
    assert json.loads(get(counted, PROGRESS))["begun"] is None


def test_a_run_that_broke_off_is_made_up_for(counted: Deployed) -> None:
    for hour in range(4):
        arrive(counted, f"{hour}", MACHINE, reading(BEGIN + hour * HOUR, 100 + hour / 2))
    run(counted)
    right = bodies(counted)
    # Some hours were written, others not, as if it had been stopped in between.
    third = hour_key(METERS, format_time(BEGIN + 3 * HOUR))
    book = json.loads(right[third])
    book["opening"] = {}
    put(counted, third, json.dumps(book).encode())
    put(counted, hour_key(HOURS, format_time(BEGIN + 2 * HOUR)), b"")
    kept = json.loads(get(counted, PROGRESS)) | {"mending": format_time(BEGIN)}
    put(counted, PROGRESS, json.dumps(kept).encode())
    run(counted)
    assert bodies(counted) == right


def test_the_meters_of_a_silent_machine_are_carried(counted: Deployed) -> None:
    arrive(counted, "a", MACHINE, reading(BEGIN, 100))
    arrive(counted, "b", "EX-002", reading(BEGIN + HOUR, 5))
    run(counted)
    book = load_book(get(counted, hour_key(METERS, format_time(BEGIN + HOUR))))
    assert list(book.sketches) == ["EX-002"]
    assert book.opening[MACHINE][0] == (BEGIN, 0, 100.0)


def test_a_bucket_is_listed_to_its_end_and_an_object_is_read_in_parts(
    counted: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = counted.cloud.credentials or ("", "")
    for name, value in {
        "AWS_REGION": counted.cloud.region,
        "AWS_ENDPOINT_URL": str(counted.cloud.endpoint_url),
        "AWS_CA_BUNDLE": str(counted.cloud.ca),
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    monkeypatch.setattr(objects, "PART_BYTES", 7)
    reader = Bucket(bucket(counted))
    text = b"one\n\nand a longer line & more\nthe last"
    names = [f"raw/dt=2026-01-01/{n:04} é&+" for n in range(1003)]
    for name in names:
        reader.put(name, text)
    found = list(reader.listed("raw/dt=2026-01-01/"))
    assert [one.key for one in found] == names
    assert [one.key for one in reader.listed("raw/dt=2026-01-01/", names[1000])] == names[1001:]
    assert list(reader.lines(found[0])) == text.split(b"\n")
    assert reader.get("raw/none") is None
    with pytest.raises(CallFailed, match="PreconditionFailed"):
        reader.put_if(names[0], b"", "")
    reader.put_if(names[0], b"new", found[0].etag)
    with pytest.raises(CallFailed, match="PreconditionFailed"):
        reader.put_if(names[0], b"newer", found[0].etag)
    reader.service.connection.close()


def told(site: Deployed, tmp_path: Path, *options: str) -> Result:
    """The command as a person types it, in a folder with the site's file."""
    path = tmp_path / "chantier.toml"
    text = EXAMPLE.read_text("utf-8").replace('"zac-des-tilleuls"', '"counted"', 1)
    path.write_text(text.replace('language = "fr"', 'language = "en"'), "utf-8")
    (tmp_path / ".chantier").unlink(missing_ok=True)
    (tmp_path / ".chantier").symlink_to(site.home)
    command = ["report", "--site", str(path), "--local", *options]
    return CliRunner().invoke(main, command, prog_name="chantier")


def test_the_report_counts_adds_up_and_gives_the_rows(counted: Deployed, tmp_path: Path) -> None:
    nothing = told(counted, tmp_path)
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "chantier report --hours --refresh --local" in nothing.stderr
    arrive(counted, "a", MACHINE, reading(BEGIN, 100), reading(BEGIN + 1800, 100.5))
    arrive(
        counted,
        "b",
        "EX-003",
        reading(BEGIN, 10, idle_h=1),
        reading(BEGIN + 3000, 10.8, idle_h=1.8),
    )
    arrive(counted, "c", "NOT-OURS", reading(BEGIN, 100), junk=b"{\n")
    shown = told(counted, tmp_path, "--hours", "--refresh", "--last", "3")
    assert shown.exit_code == 0, shown.output
    assert "Counted 2 messages" in shown.stderr
    assert "Not counted: 1 messages of machines that the deployed site file" in shown.stderr
    assert "Not counted: 1 messages that cannot be read" in shown.stderr
    (fleet,) = (line for line in shown.stdout.splitlines() if "Fleet" in line)
    # Ratios of sums: 0.925 of 1.3 hours idling, 15.6 litres in 1.3 hours.
    assert fleet.split()[1:3] == ["1.3", "71"]
    assert fleet.split()[-5:] == ["15.6", "12.0", "48.99", "37.69", "0/0/0"]
    said = told(counted, tmp_path, "--json", "--last", "3")
    assert json.loads(said.stdout) == rows(counted, BEGIN)
    alone = told(counted, tmp_path, "--machine", MACHINE, "--json")
    assert [row["machine"] for row in json.loads(alone.stdout)] == [MACHINE]


def test_the_schedule_calls_the_function_at_ten_past_with_the_time_it_is_due(
    counted: Deployed,
) -> None:
    found = counted.cloud.client("scheduler").get_schedule(Name="chantier-counted-hours")
    assert found["ScheduleExpression"] == "cron(10 * * * ? *)"
    assert json.loads(found["Target"]["Input"]) == {"until": "<aws.scheduler.scheduled-time>"}

"""A day settled on the embedded AWS: sent in any order, it ends as in order."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from chantier.acknowledging import acknowledge_alert
from chantier.cli import main
from chantier.cloud import Cloud
from chantier.comparing import (
    CORRECTED,
    FOUND_LATE,
    REPLACED,
    STILL_OPEN,
    UNEXPLAINED,
    WRITTEN,
    Change,
    Stored,
)
from chantier.detection.settling import settle
from chantier.hours import count_now, of_day, read_hours
from chantier.records import KEY, MACHINE, TELL_AT, Alert, to_item
from chantier.rewriting import Shelf
from chantier.settling import Settled, days_of, settle_day
from chantier.site import EXAMPLE, Site
from chantier.site_settings import rules_of
from chantier.telemetry import Reading, as_dict, format_time
from simulator.incident import parse
from simulator.shift import shift
from tests.embedded.conftest import Deployed, deploy_site, until
from tests.fakes import spoken

pytestmark = pytest.mark.embedded
HOUR = 3600
ZONE = ZoneInfo("Europe/Paris")
PLAYED = ("surchauffe@EX-001+5m", "perte-pression-huile@EX-002+5m")
# A Monday evening.
NOW = datetime(2026, 9, 21, 18, tzinfo=UTC)
# Days ago, so that each test settles a day of its own.
SIMULATED, SAID, UNTOLD = (NOW.astimezone(ZONE).date() - timedelta(days=n) for n in (3, 4, 5))
Message = dict[str, Any]


@pytest.fixture(scope="module")
def site(cloud: Cloud, project: Path) -> Deployed:
    """The example site under another name."""
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"] |= {"name": "settled"}
    return deploy_site(cloud, Site.model_validate(said), project, things=False)


def arrive(
    site: Deployed, messages: list[Message], *, judged: bool = True, now: datetime = NOW
) -> None:
    """Messages as the rule hands them over: to the function, and to the raw data."""
    arrived = int(now.timestamp())
    lines: list[Message] = []
    for message in messages:
        lines.append({**message, "site": site.site.name, "arrived_at": arrived * 1000})
        if judged:
            site.invoke({**message, "arrived_at": arrived * 1000})
    body = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    number = site.cloud.client("s3").list_objects_v2(Bucket=bucket(site)).get("KeyCount", 0)
    key = f"raw/dt={now:%Y-%m-%d}/{number:04}"
    site.cloud.client("s3").put_object(Bucket=bucket(site), Key=key, Body=body)


def bucket(site: Deployed) -> str:
    return site.outputs["DataBucketName"]


def settled(site: Deployed, day: Any, *, dry_run: bool = False) -> Settled:
    days = days_of(site.site, day, now=NOW.timestamp())
    ticks: list[tuple[str, int, int]] = []
    found = settle_day(
        site.cloud,
        site.site,
        site.outputs,
        days,
        dry_run=dry_run,
        tick=lambda *told: ticks.append(told),
    )
    assert ticks[-1] == ("machines settled", *[len(site.site.machines)] * 2)
    return found


def changed(found: Settled) -> list[tuple[str, str]]:
    return [(one.what, one.alert.id) for one in found.changes if one.what in WRITTEN]


def told(machine: str, *readings: Reading) -> Message:
    return {"v": 1, "machine": machine, "readings": [as_dict(one) for one in readings]}


def at(day: Any, minute: int, **values: Any) -> Reading:
    start = int(datetime(day.year, day.month, day.day, 9, tzinfo=ZONE).timestamp())
    known: dict[str, Any] = {
        "eng": True,
        "rpm": 1650.0,
        "cool_c": 90.0,
    }
    return Reading(start + 60 * minute, minute, **(known | values))


def test_an_hour_of_incidents_in_any_order_settles_as_in_order(site: Deployed) -> None:
    morning = datetime(SIMULATED.year, SIMULATED.month, SIMULATED.day, 9, tzinfo=ZONE)
    ids = [machine.id for machine in site.site.machines]
    run = shift(
        site.site,
        start=int(morning.timestamp()),
        duration_s=HOUR,
        seed=7,
        incidents=[parse(text, ids) for text in PLAYED],
    )
    played = [(machine, readings) for machine, readings, _ in run if machine in ids[:3]]
    dice = Random(7)  # noqa: S311 - an order, not a secret
    mixed = played + dice.choices(played, k=20)
    dice.shuffle(mixed)
    arrive(site, [told(machine, *readings) for machine, readings in mixed])

    def lives_of(machine: str, readings: list[Reading]) -> list[Alert]:
        _, events = settle(readings, rules_of(site.site)[machine])
        return [spoken(event)._replace(machine=machine) for event in events]

    by_machine: dict[str, list[Reading]] = defaultdict(list)
    for machine, readings in played:
        by_machine[machine] += readings
    right = {
        life.id: core(life)
        for machine, readings in by_machine.items()
        for life in lives_of(machine, readings)
        if life.closed_at
    }
    assert {str(life[0]) for life in right.values()} >= {"COOLANT_HIGH", "OIL_PRESS_LOW"}

    def closed() -> dict[str, tuple[object, ...]]:
        return {one.id: core(one) for one in site.alerts() if one.closed_at}

    before = site.alerts()
    assert closed() != right
    foreseen = settled(site, SIMULATED, dry_run=True)
    assert site.alerts() == before
    found = settled(site, SIMULATED)
    assert changed(found) == changed(foreseen) != []
    assert found.messages == len(mixed)
    # What no reading supports is kept, and said.
    odd = [one.alert.id for one in found.changes if one.what == UNEXPLAINED]
    assert {name: one for name, one in closed().items() if name not in odd} == right
    assert changed(settled(site, SIMULATED)) == []
    late = [one for one in site.alerts() if one.found_late]
    assert len(late) == sum(what == FOUND_LATE for what, _ in changed(found))
    assert all(one.sentence.startswith(f"{one.machine} : ") for one in late)


def core(alert: Alert) -> tuple[object, ...]:
    """What detection says of an alert."""
    return (
        alert.code,
        alert.fault,
        alert.severity,
        alert.since,
        alert.opened_at,
        alert.closed_at,
        alert.value,
        alert.limit,
        alert.lat,
        alert.lon,
    )


def test_an_acknowledged_alert_keeps_what_was_said_of_it(site: Deployed) -> None:
    machine, codes = "TB-001", ((110, 3, 1),)
    opened = [told(machine, at(SAID, 10, dtc=codes)), told(machine, at(SAID, 11, dtc=codes))]
    arrive(site, opened)
    (alert,) = site.alerts(machine)
    acknowledge_alert(
        site.cloud,
        site.outputs["AlertsTableName"],
        alert.id,
        site=site.site.name,
        alert_days=10,
        note="vu",
    )
    arrive(site, [told(machine, at(SAID, minute)) for minute in range(12, 40)])
    (seen,) = site.alerts(machine)
    assert seen.closed_at
    # Offline on its second link: it had begun sooner, and came back once more.
    late = [told(machine, at(SAID, minute, dtc=((110, 3, 5),))) for minute in (5, 6, 12)]
    arrive(site, late)
    assert site.alerts(machine) == [seen]
    (change,) = settled(site, SAID).changes
    assert change.what == REPLACED
    (now,) = site.alerts(machine)
    assert now.opened_at < seen.opened_at
    assert (now.acked_at, now.note, now.found_late) == (seen.acked_at, "vu", False)

    arrive(site, [told(machine, at(SAID, 13, dtc=((110, 3, 9),)))])
    assert [one.what for one in settled(site, SAID).changes] == [CORRECTED]
    (last,) = site.alerts(machine)
    assert (last.value, last.acked_at, last.note) == (9, seen.acked_at, "vu")
    assert changed(settled(site, SAID)) == []


def test_what_is_found_late_is_told_to_nobody_unless_it_is_not_over(site: Deployed) -> None:
    machine, levels = "TB-003", (60.0, 60.0, 30.0, 30.0, 30.0, 30.0)
    parked = [
        told(machine, at(UNTOLD, 60 + n, eng=False, rpm=0.0, fuel_pct=level))
        for n, level in enumerate(levels)
    ]
    hot = [
        told(machine, at(UNTOLD, n, cool_c=112.0 if n in (9, 10, 11) else 90)) for n in range(30)
    ]
    arrive(site, [*hot, *parked], judged=False)
    found = [one for one in settled(site, UNTOLD).changes if one.alert.machine == machine]
    assert [(one.what, one.alert.code) for one in found] == [
        (FOUND_LATE, "COOLANT_HIGH"),
        (FOUND_LATE, "FUEL_DROP"),
    ]
    items = {one.alert.code: item_of(site, one.alert) for one in found}
    assert TELL_AT not in items["COOLANT_HIGH"]
    assert int(items["COOLANT_HIGH"]["expires_at"]["N"]) > NOW.timestamp()
    theft = next(one for one in site.alerts(machine) if one.code == "FUEL_DROP")
    assert theft.closed_at is None
    # Told at once, by the function that tells.
    assert until(lambda: "told_at" in item_of(site, theft), bool)
    acknowledge_alert(
        site.cloud, site.outputs["AlertsTableName"], theft.id, site=site.site.name, alert_days=10
    )
    assert changed(settled(site, UNTOLD)) == []


def item_of(site: Deployed, alert: Alert) -> dict[str, Any]:
    got = site.cloud.client("dynamodb").get_item(
        TableName=site.outputs["AlertsTableName"],
        Key={MACHINE: {"S": alert.machine}, KEY: {"S": alert.key}},
    )
    return dict(got["Item"])


def test_what_no_reading_tells_and_what_is_open_is_left_and_said(site: Deployed) -> None:
    machine, day = "CH-001", UNTOLD - timedelta(days=1)
    arrive(site, [told(machine, at(day, n)) for n in range(60)])
    (reading,) = (at(day, 20),)
    opened = format_time(reading.t)
    (like,) = site.alerts("TB-001")
    open_one = like._replace(
        machine=machine, opened_at=opened, since=opened, closed_at=None, code="TILT", fault="roll"
    )
    stray = open_one._replace(code="OVERSPEED", fault="", closed_at=format_time(reading.t + 60))
    for one in (open_one, stray):
        site.cloud.client("dynamodb").put_item(
            TableName=site.outputs["AlertsTableName"], Item=to_item(one)
        )
    found = [one for one in settled(site, day).changes if one.alert.machine == machine]
    assert sorted((one.what, one.alert.code) for one in found) == [
        (STILL_OPEN, "TILT"),
        (UNEXPLAINED, "OVERSPEED"),
    ]
    assert sorted(site.alerts(machine)) == sorted([open_one, stray])


def test_a_change_is_refused_once_the_table_holds_something_else(site: Deployed) -> None:
    machine, day = "CO-001", UNTOLD - timedelta(days=2)
    arrive(
        site, [told(machine, at(day, n, dtc=((110, 3, 1),) if n == 9 else ())) for n in range(30)]
    )
    (alert,) = site.alerts(machine)
    shelf = Shelf(site.cloud, site.outputs["AlertsTableName"], alert_days=10)
    (own,) = shelf.alerts(machine)
    other = Stored(alert._replace(closed_at=alert.opened_at))
    now = format_time(int(NOW.timestamp()))
    sooner = alert._replace(opened_at=alert.since[:-3] + "00Z", code="TILT")
    for change in (
        Change(FOUND_LATE, alert),
        Change(CORRECTED, alert, other),
        Change(REPLACED, sooner, None, (other,)),
    ):
        assert not shelf.carry_out(change, now=now)
    assert site.alerts(machine) == [alert]
    worse = Change(CORRECTED, alert._replace(severity="critical", value=None), own)
    assert shelf.carry_out(worse, now=now)
    assert site.alerts(machine) == [worse.alert]
    assert [one.what for one in settled(site, day).changes] == [CORRECTED]
    assert site.alerts(machine) == [alert]


@pytest.fixture(scope="module")
def file(site: Deployed, project: Path) -> Path:
    """The site's file."""
    path = project / "settled.toml"
    named = EXAMPLE.read_text("utf-8").replace('"zac-des-tilleuls"', f'"{site.site.name}"')
    path.write_text(named, "utf-8")
    return path


def settle_by_command(file: Path, day: date, *options: str) -> Result:
    said = ["alerts", "settle", "--site", str(file), "--local", "--day", str(day), *options]
    return CliRunner().invoke(main, said, prog_name="chantier")


def test_the_command_says_what_would_change_and_changes_it(site: Deployed, file: Path) -> None:
    machine, day = "CO-002", UNTOLD - timedelta(days=5)
    hot = [told(machine, at(day, n, cool_c=112.0 if n in (9, 10) else 90.0)) for n in range(30)]
    arrive(site, hot, judged=False)

    dry = settle_by_command(file, day, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert re.search(rf"{machine} +COOLANT_HIGH/{day}T\S+ +found late", dry.stdout)
    assert re.search(
        rf"{day}: \d+ messages read; 1 alerts would change, 1 found late.\n$", dry.stderr
    )
    assert not site.alerts(machine)
    done = json.loads(settle_by_command(file, day, "--json").stdout)
    assert (done["dry_run"], done["changed"]) == (False, 1)
    assert [one.as_dict() for one in site.alerts(machine)] == [done["alerts"][0]["alert"]]
    again = settle_by_command(file, day)
    assert (again.exit_code, again.stdout) == (0, "")
    assert re.search(rf"{day}: \d+ messages read; 0 alerts changed.\n", again.stderr)
    # Their meters are gone.
    assert re.search(
        r"Hours before .* UTC are closed: their counts of alerts stay\.\n$", again.stderr
    )
    shown = CliRunner().invoke(main, ["alerts", "--site", str(file), "--local"])
    assert "retrouvée après coup" in " ".join(shown.stdout.split())


def test_the_hours_of_an_older_day_count_what_settling_it_found(
    site: Deployed, file: Path
) -> None:
    machine, today = "CO-001", datetime.now(UTC)
    day = (today - timedelta(days=5)).date()
    hot = [told(machine, at(day, n, cool_c=112.0 if n in (9, 10) else 90.0)) for n in range(30)]
    arrive(site, hot, judged=False, now=today)
    count_now(site.cloud, site.outputs["AggregateFunctionName"], today.timestamp() + HOUR)

    def counted() -> list[tuple[int, int]]:
        (row,) = (
            row
            for row in read_hours(site.cloud, bucket(site), of_day(day, str(ZONE)))
            if row["machine"] == machine
        )
        return [(row[f"alerts_{gravity}"], row["readings"]) for gravity in ("critical", "warning")]

    assert counted() == [(0, 30), (0, 30)]
    done = settle_by_command(file, day)
    assert done.exit_code == 0, done.output
    assert "are closed" not in done.stderr
    assert sum(alerts for alerts, _ in counted()) == 1

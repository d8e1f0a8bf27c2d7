"""What people are told, and when: the watch function on the embedded AWS."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chantier.acknowledging import GONE, acknowledge_alert, log_machine_service
from chantier.cloud import Cloud
from chantier.detection.memory import load
from chantier.detection.words_en import WORDS
from chantier.errors import ChantierError
from chantier.functions.alerts import item_key
from chantier.functions.watch import Watch
from chantier.records import (
    EXPIRES_AT,
    MEMORY,
    OPEN_SITE,
    REMEMBERED,
    REVISION,
    STORM,
    TELL_AT,
    TELL_SITE,
    TOLD_AT,
    WHOLE_SITE,
    Alert,
    from_item,
    to_item,
)
from chantier.site import EXAMPLE, Site
from chantier.site_settings import settings_of
from chantier.telemetry import format_time
from tests.embedded.conftest import Deployed, deploy_site, until

pytestmark = pytest.mark.embedded
HOT, HOTTER = 110, 112
DAY_S = 86_400
CATALOGUE = WORDS["title"].keys()
# Long enough for the table's stream to have woken the function up, s.
QUIET_S = 2.5


class Mailbox:
    """Who is subscribed to the site's topic."""

    def __init__(self, watched: Deployed) -> None:
        self._sqs = watched.cloud.client("sqs")
        self.queue = self._sqs.create_queue(QueueName=f"mail-{watched.site.name}")["QueueUrl"]
        topic = watched.outputs["AlertsTopicArn"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=["QueueArn"])
        may = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn["Attributes"]["QueueArn"],
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may]})
        self._sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"Policy": policy})
        watched.cloud.client("sns").subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=arn["Attributes"]["QueueArn"]
        )
        self._all: list[dict[str, Any]] = []

    def read(self) -> list[dict[str, Any]]:
        """Every notice so far."""
        while True:
            got = self._sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
            for one in got.get("Messages", ()):
                self._all.append(json.loads(one["Body"]))
                self._sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=one["ReceiptHandle"])
            if not got.get("Messages"):
                return self._all

    def of(self, *machines: str) -> list[dict[str, Any]]:
        """The notices that speak of any of these machines."""
        return [one for one in self.read() if any(m in one["Message"] for m in machines)]


@pytest.fixture(scope="module")
def watched(cloud: Cloud, project: Path) -> Deployed:
    """A site of many machines, in English."""
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"] |= {"name": "watched", "language": "en"}
    said["limits"], said["zones"], said["calendar"] = {}, [], {}
    plain = [f"{group}-{n:03}" for group in ("EX", "ST", "DG") for n in range(24)]
    machines: list[dict[str, Any]] = [{"id": name, "class": "roller"} for name in plain]
    last_vgp = (datetime.now(UTC) - timedelta(days=350)).date()
    machines.append({"id": "VGP-001", "class": "roller", "vgp": last_vgp})
    said["machines"] = machines
    return deploy_site(cloud, Site.model_validate(said), project, things=False)


@pytest.fixture(scope="module")
def mailbox(watched: Deployed) -> Mailbox:
    return Mailbox(watched)


@pytest.fixture(autouse=True)
def calm(watched: Deployed) -> None:
    """No test is in the storm of another."""
    client, name = watched.cloud.client("dynamodb"), watched.outputs["AlertsTableName"]
    for code in CATALOGUE:
        client.delete_item(TableName=name, Key=item_key(WHOLE_SITE, STORM + code))


@pytest.fixture
def watch_at(
    watched: Deployed, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[float], Watch]]:
    """The function in this process, at another moment than now."""
    key, secret = watched.cloud.credentials or ("", "")
    for name, value in {
        "TABLE": watched.outputs["AlertsTableName"],
        "TOPIC": watched.outputs["AlertsTopicArn"],
        "AWS_REGION": watched.cloud.region,
        "AWS_ENDPOINT_URL": str(watched.cloud.endpoint_url),
        "AWS_CA_BUNDLE": str(watched.cloud.ca),
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": secret,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)

    made = []

    def at(ahead_s: float) -> Watch:
        made.append(Watch(settings_of(watched.site), WORDS, lambda: time.time() + ahead_s))
        return made[-1]

    yield at
    for watch in made:
        for service in (watch.sns, watch.keeper.table.service):
            service.connection.close()


def check(watched: Deployed) -> dict[str, Any]:
    """Call the deployed function as its schedule does."""
    answer = watched.cloud.client("lambda").invoke(
        FunctionName=watched.outputs["WatchFunctionName"], Payload=b'{"check": true}'
    )
    said: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, said
    return said


def send(
    watched: Deployed,
    machine: str,
    *readings: dict[str, Any],
    age_s: int = 0,
    arrives: float | None = None,
) -> None:
    """One message of a machine, its last reading `age_s` old, ten seconds between readings."""
    end = int(time.time()) - age_s
    dated = [
        {"seq": n, **reading, "t": format_time(end - 10 * (len(readings) - 1 - n))}
        for n, reading in enumerate(readings)
    ]
    body = {"v": 1, "machine": machine, "readings": dated}
    watched.invoke(body if arrives is None else {**body, "arrived_at": int(arrives * 1000)})


def running(**values: Any) -> dict[str, Any]:
    return {"eng": True, "rpm": 1650, "lat": 48.7, "lon": 2.2, **values}


def overheat(watched: Deployed, machine: str, cool_c: float = HOT, age_s: int = 0) -> None:
    readings = [running(cool_c=90)] * 5 + [running(cool_c=cool_c)] * 3
    send(watched, machine, *readings, age_s=age_s)


def item(watched: Deployed, alert: Alert) -> dict[str, Any]:
    found = watched.cloud.client("dynamodb").get_item(
        TableName=watched.outputs["AlertsTableName"],
        Key={"machine": {"S": alert.machine}, "key": {"S": alert.key}},
        ConsistentRead=True,
    )
    return dict(found["Item"])


def invocations(watched: Deployed) -> int:
    """How many times the watch function has run, its schedule aside."""
    logs = watched.cloud.client("logs")
    group = f"/aws/lambda/{watched.outputs['WatchFunctionName']}"
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    lines = [one["message"] for page in pages for one in page["events"]]
    return sum("began_at" in line and "checked" not in line for line in lines)


def test_an_alert_is_told_once_with_its_sentence_place_and_what_to_type(
    watched: Deployed, mailbox: Mailbox
) -> None:
    overheat(watched, "EX-000")
    (notice,) = until(lambda: mailbox.of("EX-000"), bool)
    (alert,) = watched.alerts("EX-000")
    assert notice["Subject"] == "[WARNING] EX-000: engine overheating"
    assert notice["Message"] == (
        f"[medium priority] {alert.sentence}\n"
        "Where: https://www.openstreetmap.org/?mlat=48.70000&mlon=2.20000#map=17/48.70000/2.20000\n"
        f"When somebody takes care of it: chantier alerts ack {alert.id}\n"
    )
    attributes = {name: one["Value"] for name, one in notice["MessageAttributes"].items()}
    assert attributes == {"site": "watched", "severity": "warning", "code": '["COOLANT_HIGH"]'}
    until(lambda: item(watched, alert), lambda one: TOLD_AT in one)
    assert TELL_AT not in item(watched, alert)


def test_a_message_that_comes_again_tells_nothing_again(
    watched: Deployed, mailbox: Mailbox
) -> None:
    body = {
        "v": 1,
        "machine": "EX-001",
        "readings": [
            {**running(dtc=[[100, 1, 1]], lamp=["RSL"]), "t": format_time(int(time.time()))}
        ],
    }
    watched.invoke(body)
    assert len(until(lambda: mailbox.of("EX-001"), bool)) == 1
    watched.invoke(body)
    check(watched)
    time.sleep(QUIET_S)
    assert len(mailbox.of("EX-001")) == 1


def test_what_is_for_the_daily_report_is_not_told(watched: Deployed, mailbox: Mailbox) -> None:
    send(watched, "EX-002", *[running(spd_kmh=30.0)] * 4)
    (alert,) = watched.alerts("EX-002")
    assert (alert.code, alert.severity, alert.priority) == ("OVERSPEED", "info", "low")
    check(watched)
    time.sleep(QUIET_S)
    assert mailbox.of("EX-002") == []


def test_what_gets_worse_is_told_again(watched: Deployed, mailbox: Mailbox) -> None:
    overheat(watched, "EX-003", HOT, age_s=40)
    until(lambda: mailbox.of("EX-003"), bool)
    send(watched, "EX-003", *[running(cool_c=HOTTER)] * 3)
    found = until(lambda: mailbox.of("EX-003"), lambda notices: len(notices) > 1)
    assert [one["Subject"].split("]")[0] for one in found] == ["[WARNING", "[CRITICAL"]


def test_several_alerts_of_a_machine_are_one_message_the_gravest_first(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    readings = [running(cool_c=90, oil_kpa=400)] * 4
    readings += [running(cool_c=HOT, oil_kpa=60, batt_v=23.5)] * 3
    send(watched, "EX-004", *readings, age_s=200)
    codes = {alert.code for alert in watched.alerts("EX-004", only_open=True)}
    assert codes >= {"COOLANT_HIGH", "OIL_PRESS_LOW"}
    watch_at(400).handle({"check": False, "Records": []})
    (notice,) = mailbox.of("EX-004")
    assert notice["Subject"] == f"[CRITICAL] EX-004: {len(codes)} alerts"
    paragraphs = notice["Message"].split("\n\n")
    assert len(paragraphs) == len(codes)
    assert paragraphs[0].startswith("[high priority]")
    assert paragraphs[-1].startswith("[medium priority]")


def test_a_code_on_many_machines_is_one_message_and_what_follows_waits(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    storm = [f"ST-{n:03}" for n in range(20)]
    for machine in storm:
        overheat(watched, machine, age_s=200)
    said = watch_at(400).handle({"Records": []})
    assert [len(one["alerts"]) for one in said["told"]] == [20]
    (notice,) = mailbox.of(*storm)
    assert notice["Subject"] == "[WARNING] engine overheating: 20 machines"
    assert all(machine in notice["Message"] for machine in storm)

    late, grave = "ST-020", "ST-021"
    overheat(watched, late, age_s=200)
    overheat(watched, grave, HOTTER, age_s=200)
    said = watch_at(500).handle({"Records": []})
    assert machines_of(said) == [[grave, late]]
    overheat(watched, "ST-022", age_s=200)
    assert watch_at(700).handle({"Records": []})["waiting"] == 1
    assert machines_of(watch_at(810).handle({"Records": []})) == [["ST-022"]]


def machines_of(said: dict[str, Any]) -> list[list[str]]:
    """The machines of each message."""
    return [[id_.split("/")[0] for id_ in one["alerts"]] for one in said["told"]]


@pytest.mark.parametrize(("severity", "messages"), [("warning", 4), ("critical", 6)])
def test_a_storm_that_trickles_in_is_a_few_messages(
    watched: Deployed,
    watch_at: Callable[[float], Watch],
    severity: str,
    messages: int,
) -> None:
    told: list[list[str]] = []
    names = [f"TR-{severity}-{n:02}" for n in range(12)]
    began = time.time()
    for second in range(0, 700, 20):
        moment = 4000 + began - time.time() + second
        if second < 240:
            put(watched, names[second // 20], "TILT", severity, int(began) + 4000 + second)
        told += machines_of(watch_at(moment).handle({"Records": []}))
    assert len(told) == messages
    assert sorted(name for one in told for name in one) == names


def put(watched: Deployed, machine: str, code: str, severity: str, t: int) -> Alert:
    """An alert that is to be told from a moment on, as the functions that judge store it."""
    at = format_time(t)
    alert = Alert(
        machine=machine,
        code=code,
        fault="",
        site=watched.site.name,
        severity=severity,
        level=2 if severity == "critical" else 1,
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
        sentence=f"{machine}: {code}.",
    )
    stored = {**to_item(alert), TELL_SITE: {"S": alert.site}, TELL_AT: {"S": at}}
    name = watched.outputs["AlertsTableName"]
    watched.cloud.client("dynamodb").put_item(TableName=name, Item=stored)
    return alert


def close(watched: Deployed, alert: Alert) -> None:
    """The alert is over, as the functions that judge store it."""
    name = watched.outputs["AlertsTableName"]
    over = to_item(alert._replace(closed_at=alert.opened_at))
    watched.cloud.client("dynamodb").put_item(TableName=name, Item=over)


def test_what_comes_and_goes_is_told_every_half_hour_and_what_is_worse_at_once(
    watched: Deployed, watch_at: Callable[[float], Watch]
) -> None:
    told: list[list[str]] = []
    began = int(time.time())
    for second in range(0, 7200, 180):
        alert = put(watched, "FL-000", "TILT", "warning", began + 20_000 + second)
        ahead = 20_000 + second + began - time.time()
        told += machines_of(watch_at(ahead + 2).handle({"Records": []}))
        close(watched, alert)
    assert 2 <= len(told) <= 5
    # Told 28 minutes ago: what is open now waits, what is worse does not.
    end = began + 20_000 + 7100
    lasts = put(watched, "FL-000", "TILT", "warning", end)
    at = end - time.time()
    assert machines_of(watch_at(at + 2).handle({"Records": []})) == []
    assert machines_of(watch_at(at + 110).handle({"Records": []})) == [["FL-000"]]
    close(watched, lasts)
    worse = put(watched, "FL-000", "TILT", "critical", end + 200)
    assert machines_of(watch_at(at + 202).handle({"Records": []})) == [["FL-000"]]
    assert machines_of(watch_at(at + 210).handle({"Records": []})) == []
    close(watched, worse)


def test_more_messages_than_a_person_reads_are_one_digest(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    fleet = [f"DG-{n:03}" for n in range(6)]
    values: list[dict[str, Any]] = [
        {"dtc": [[94, 3, 1]], "lamp": ["AWL"]},
        {"dtc": [[94, 4, 1]], "lamp": ["AWL"]},
        {"oil_kpa": 60},
        {"oil_kpa": 60},
        {"roll": 12.0},
        {"batt_v": 30.0},
    ]
    for machine, value in zip(fleet, values, strict=True):
        send(watched, machine, *[running()] * 4, *[running(**value)] * 14, age_s=200)
    said = watch_at(400).handle({"Records": []})
    assert [len(one["alerts"]) for one in said["told"]] == [6]
    (notice,) = mailbox.of(*fleet)
    assert notice["Subject"].startswith("[CRITICAL] 6 alerts")
    assert notice["MessageAttributes"]["code"]["Value"].count('"') == 8


def test_what_is_over_when_it_arrives_is_not_told_and_what_lasts_is_told_later(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    overheat(watched, "EX-005", age_s=2000)
    send(watched, "EX-005", *[running(cool_c=90)] * 14, age_s=1000)
    overheat(watched, "EX-006", HOTTER, age_s=2000)
    check(watched)
    time.sleep(QUIET_S)
    assert mailbox.of("EX-005", "EX-006") == []
    watch_at(400).handle({"Records": []})
    assert [one["Subject"] for one in mailbox.of("EX-005", "EX-006")] == [
        "[CRITICAL] EX-006: engine overheating"
    ]
    (over,) = watched.alerts("EX-005")
    assert over.closed_at
    left = item(watched, over)
    assert TELL_AT not in left
    assert TOLD_AT not in left
    kept_s = int(left[EXPIRES_AT]["N"]) - time.time()
    assert kept_s > (watched.site.retention.alert_days - 1) * DAY_S


def test_two_at_once_tell_once(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    overheat(watched, "EX-007", HOTTER, age_s=200)
    watches = [watch_at(400) for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        told = [
            one["told"] for one in pool.map(lambda watch: watch.handle({"Records": []}), watches)
        ]
    assert sum(map(len, told)) == 1
    assert len(mailbox.of("EX-007")) == 1


def test_what_was_taken_and_never_told_is_told_later(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    overheat(watched, "EX-008", HOTTER, age_s=200)
    broken = watch_at(400)
    now = int(time.time()) + 400
    (due,) = broken.pending.due(format_time(now))
    assert broken.pending.take(due, now)
    watch_at(500).handle({"Records": []})
    assert mailbox.of("EX-008") == []
    watch_at(800).handle({"Records": []})
    assert len(mailbox.of("EX-008")) == 1


def test_what_gets_worse_while_it_is_told_is_told_again(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    overheat(watched, "EX-009", HOT, age_s=240)
    telling, now = watch_at(400), int(time.time()) + 400
    (due,) = (
        one for one in telling.pending.due(format_time(now)) if one.alert.machine == "EX-009"
    )
    taken = telling.pending.take(due, now)
    assert taken
    send(watched, "EX-009", *[running(cool_c=HOTTER)] * 3, age_s=200)
    telling.pending.done(taken, format_time(now))
    watch_at(800).handle({"Records": []})
    (notice,) = mailbox.of("EX-009")
    assert notice["Subject"].startswith("[CRITICAL]")


def test_what_could_not_be_sent_is_an_error_and_is_sent_later(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    overheat(watched, "EX-018", HOTTER, age_s=200)
    broken = watch_at(400)
    broken.topic += "-that-is-not-there"
    with pytest.raises(RuntimeError, match="EX-018: engine overheating: NotFound"):
        broken.handle({"Records": []})
    watch_at(800).handle({"Records": []})
    assert len(mailbox.of("EX-018")) == 1


def test_a_machine_that_ran_and_went_silent_is_told_and_its_next_message_ends_it(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    send(watched, "EX-010", running())
    watch_at(1190).handle({"check": True})
    assert watched.alerts("EX-010") == []
    watch_at(1210).handle({"check": True})
    (silent,) = watched.alerts("EX-010")
    assert (silent.code, silent.severity, silent.value) == ("NO_SIGNAL", "warning", 15)
    # Others were told 20 seconds ago: it goes out with what follows them.
    watch_at(1500).handle({"Records": []})
    assert any("EX-010" in one["Message"] for one in mailbox.read())
    send(watched, "EX-010", running(seq=9))
    assert watched.alerts("EX-010", only_open=True), "it arrived before the silence was one"
    send(watched, "EX-010", running(seq=10), arrives=time.time() + 1600)
    (heard,) = watched.alerts("EX-010")
    assert heard.closed_at


def test_a_memory_that_cannot_be_read_begins_anew_and_the_others_are_judged(
    watched: Deployed, watch_at: Callable[[float], Watch]
) -> None:
    send(watched, "EX-020", running())
    table = watched.cloud.client("dynamodb")
    name, key = watched.outputs["AlertsTableName"], item_key("EX-019", MEMORY)
    damaged = {**key, REMEMBERED: {"S": '{"v":99}'}, REVISION: {"N": "1"}}
    table.put_item(TableName=name, Item=damaged)
    watch_at(1210).handle({"check": True})
    send(watched, "EX-019", running(cool_c=90))
    kept = table.get_item(TableName=name, Key=key)["Item"]
    assert load(kept[REMEMBERED]["S"]).engine_on
    assert [alert.code for alert in watched.alerts("EX-020")] == ["NO_SIGNAL"]


def test_a_machine_never_heard_is_not_silent_but_its_inspection_is_due(
    watched: Deployed, mailbox: Mailbox
) -> None:
    check(watched)
    check(watched)
    (due,) = watched.alerts("VGP-001")
    assert (due.code, due.severity) == ("VGP_DUE", "warning")
    assert len(until(lambda: mailbox.of("VGP-001"), bool)) == 1
    assert watched.alerts("EX-023") == []


def test_a_tow_that_is_acknowledged_closes_and_the_next_reading_does_not_open_it_again(
    watched: Deployed,
) -> None:
    parked = {"eng": False, "lat": 48.7, "lon": 2.2}
    moved = {"eng": False, "lat": 48.705, "lon": 2.2}
    send(watched, "EX-011", parked, parked, moved, moved, moved, age_s=60)
    (tow,) = watched.alerts("EX-011", only_open=True)
    assert tow.code == "TOW"
    seen = acknowledge(watched, "EX-011/TOW", note="moved by the hauler")
    assert seen.id == tow.id
    send(watched, "EX-011", moved, {**moved, "seq": 77}, {**moved, "seq": 78})
    (closed,) = watched.alerts("EX-011")
    assert closed.closed_at == closed.acked_at == seen.acked_at
    assert closed.note == "moved by the hauler"
    left = item(watched, closed)
    assert EXPIRES_AT in left
    assert TELL_AT not in left
    with pytest.raises(ChantierError, match="nothing to acknowledge"):
        acknowledge(watched, closed.id)


@dataclass(frozen=True)
class Interrupted(Cloud):
    """A cloud where something happens just before the first transaction."""

    before: list[Callable[[], None]] = field(default_factory=list)

    def client(self, service: str) -> Any:
        client = super().client(service)
        write = client.transact_write_items

        def interrupted(**request: Any) -> Any:
            if self.before:
                self.before.pop()()
            return write(**request)

        client.transact_write_items = interrupted
        return client


def test_a_message_that_comes_first_is_not_lost_by_an_acknowledgement(watched: Deployed) -> None:
    machine = "EX-017"
    parked = {"eng": False, "lat": 48.7, "lon": 2.2}
    moved = {**parked, "lat": 48.705}
    send(watched, machine, parked, parked, moved, moved, age_s=100)
    (tow,) = watched.alerts(machine, only_open=True)

    def go_on() -> None:
        send(watched, machine, {**moved, "lat": 48.72, "seq": 9}, age_s=60)

    said = {one.name: getattr(watched.cloud, one.name) for one in fields(Cloud)}
    cloud = Interrupted(**said, before=[go_on])
    seen = acknowledge(replace(watched, cloud=cloud), tow.id)
    assert not cloud.before
    (kept,) = watched.alerts(machine)
    assert kept == seen
    assert kept.value is not None
    assert tow.value is not None
    assert kept.value > tow.value
    send(watched, machine, {**moved, "lat": 48.72, "seq": 10})
    assert watched.alerts(machine) == [kept]


def test_an_alert_that_ends_by_itself_stays_open_when_it_is_acknowledged_and_is_not_told(
    watched: Deployed, mailbox: Mailbox, watch_at: Callable[[float], Watch]
) -> None:
    overheat(watched, "EX-012", HOT, age_s=260)
    (alert,) = watched.alerts("EX-012")
    acknowledge(watched, alert.id)
    watch_at(400).handle({"Records": []})
    assert mailbox.of("EX-012") == []
    (still,) = watched.alerts("EX-012", only_open=True)
    assert still.acked_at
    with pytest.raises(ChantierError, match="was acknowledged at"):
        acknowledge(watched, alert.id)
    send(watched, "EX-012", *[running(cool_c=HOTTER)] * 3, age_s=200)
    (worse,) = watched.alerts("EX-012", only_open=True)
    assert (worse.severity, worse.acked_at) == ("critical", None)


def test_an_id_that_is_unknown_or_stands_for_two_says_what_to_do(watched: Deployed) -> None:
    with pytest.raises(ChantierError, match="no such alert") as unknown:
        acknowledge(watched, "EX-013/TOW/2026-11-22T09:14:05Z")
    assert "chantier alerts --open --json" in unknown.value.hint
    send(watched, "EX-013", running(dtc=[[100, 1, 1], [110, 0, 1]], lamp=["RSL"]))
    with pytest.raises(ChantierError, match="stands for 2 open alerts") as two:
        acknowledge(watched, "EX-013/DTC")
    assert "EX-013/DTC/100-1/" in two.value.hint
    assert acknowledge(watched, "EX-013/DTC/110-0").fault == "110-0"


def test_a_service_that_is_noted_ends_its_alert_with_the_next_reading(watched: Deployed) -> None:
    send(watched, "EX-014", running(op_h=240.0), age_s=60)
    (first,) = watched.alerts("EX-014")
    send(watched, "EX-014", *[running(op_h=251.0)] * 2, age_s=30)
    (due,) = watched.alerts("EX-014", only_open=True)
    assert (first.code, first.severity, due.severity) == ("SERVICE_DUE", "info", "warning")
    logged = log_machine_service(
        watched.cloud, watched.outputs["AlertsTableName"], "EX-014", hours=251, every_h=250
    )
    assert (logged.counts_as, logged.next_due) == (250, 500)
    send(watched, "EX-014", running(op_h=251.1, seq=5))
    (done,) = watched.alerts("EX-014")
    assert done.closed_at


def test_a_change_that_is_not_to_be_told_does_not_wake_the_function(watched: Deployed) -> None:
    time.sleep(QUIET_S)
    before = until(lambda: invocations(watched), bool)
    send(watched, "EX-015", *[running(spd_kmh=30.0)] * 4)
    send(watched, "EX-016", *[running(cool_c=90)] * 4)
    time.sleep(QUIET_S)
    assert invocations(watched) == before


def test_telling_does_not_wake_the_function_again(watched: Deployed, mailbox: Mailbox) -> None:
    before = invocations(watched)
    overheat(watched, "EX-021", HOTTER)
    until(lambda: mailbox.of("EX-021"), bool)
    time.sleep(QUIET_S)
    assert invocations(watched) == before + 1


@pytest.fixture(scope="module")
def as_watch(watched: Deployed) -> Iterator[Callable[[str], Any]]:
    """Clients with the watch function's role."""
    iam = watched.cloud.client("iam")
    (name,) = (
        one["RoleName"]
        for one in iam.list_roles(MaxItems=1000)["Roles"]
        if "watched-WatchRole" in one["RoleName"]
    )
    twin = f"{name}-twin"[:64]
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    made = iam.create_role(RoleName=twin, AssumeRolePolicyDocument=document)["Role"]
    policy = iam.get_role_policy(RoleName=name, PolicyName="own-work")["PolicyDocument"]
    iam.put_role_policy(RoleName=twin, PolicyName="own-work", PolicyDocument=json.dumps(policy))
    session = watched.cloud.client("sts").assume_role(RoleArn=made["Arn"], RoleSessionName="test")[
        "Credentials"
    ]

    def client(service: str) -> Any:
        import boto3  # noqa: PLC0415 - the one client with a session token

        return boto3.client(
            service,  # type: ignore[call-overload]  # the name is not known statically
            region_name=watched.cloud.region,
            endpoint_url=watched.cloud.endpoint_url,
            verify=str(watched.cloud.ca),
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )

    yield client
    iam.delete_role_policy(RoleName=twin, PolicyName="own-work")
    iam.delete_role(RoleName=twin)


@pytest.mark.parametrize(
    ("service", "operation", "request_"),
    [
        ("dynamodb", "scan", {"TableName": "AlertsTableName"}),
        ("dynamodb", "delete_item", {"TableName": "AlertsTableName", "Key": {}}),
        ("sns", "subscribe", {"TopicArn": "AlertsTopicArn", "Protocol": "email"}),
        ("s3", "list_objects_v2", {"Bucket": "DataBucketName"}),
        ("sqs", "receive_message", {"QueueUrl": "DeadLettersUrl"}),
    ],
)
def test_the_function_may_not_do_what_is_not_its_work(
    watched: Deployed,
    as_watch: Callable[[str], Any],
    service: str,
    operation: str,
    request_: dict[str, Any],
) -> None:
    client = as_watch(service)
    filled = {
        name: watched.outputs.get(value, value) if isinstance(value, str) else value
        for name, value in request_.items()
    }
    if operation == "delete_item":
        filled["Key"] = {"machine": {"S": "EX-000"}, "key": {"S": "MEMORY"}}
    with pytest.raises(client.exceptions.ClientError, match=r"(?i)denied|not authorized"):
        getattr(client, operation)(**filled)


def acknowledge(
    watched: Deployed, alert_id: str, note: str = "", machines: list[str] | None = None
) -> Alert:
    return acknowledge_alert(
        watched.cloud,
        watched.outputs["AlertsTableName"],
        alert_id,
        site=watched.site.name,
        alert_days=watched.site.retention.alert_days,
        note=note,
        machines=machines,
    )


def test_an_alert_of_a_machine_that_left_the_site_is_closed_by_acknowledging_it(
    watched: Deployed,
) -> None:
    left = put(watched, "OLD-000", "BATT_LOW", "warning", int(time.time()) + 90_000)
    seen = acknowledge(watched, "OLD-000/BATT_LOW", note="sold")
    assert (seen.closed_at, seen.acked_at is None) == (None, False)
    closed = acknowledge(watched, left.id, machines=["EX-000"])
    assert closed.closed_at
    assert (closed.acked_at, closed.note) == (seen.acked_at, f"sold; {GONE}")
    stored = item(watched, closed)
    assert from_item(stored) == closed
    assert EXPIRES_AT in stored
    assert OPEN_SITE not in stored
    with pytest.raises(ChantierError, match="nothing to acknowledge"):
        acknowledge(watched, left.id, machines=["EX-000"])


def test_of_the_schedules_calls_every_fifth_judges(watch_at: Callable[[float], Watch]) -> None:
    watch = watch_at(0)
    due = [f"2026-11-22T09:{minute:02}:27Z" for minute in range(10)]
    judged = ["checked" in watch.handle({"check": True, "at": at}) for at in due]
    assert judged == [True, False, False, False, False] * 2
    assert "checked" in watch.handle({"check": True})

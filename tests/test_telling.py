"""What goes out in one message, and what it says. No AWS here."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.decoding import parse_time
from chantier.detection.words_en import WORDS
from chantier.detection.words_fr import WORDS as MOTS
from chantier.functions.alerts import Table
from chantier.functions.grouping import (
    MOST_MESSAGES,
    Due,
    LastTold,
    Storm,
    parcels,
    quiet_until,
    storms_after,
)
from chantier.functions.notice import notice, paragraph
from chantier.functions.signed import CallFailed
from chantier.records import Alert, Item
from chantier.telemetry import format_time
from tests.servers import server

OPENED, NOW, LATER = "2026-11-22T09:00:00Z", "2026-11-22T09:10:00Z", "2026-11-22T09:15:00Z"


def alert(machine: str, code: str, severity: str = "warning", **changes: object) -> Alert:
    plain = Alert(
        machine=machine,
        code=code,
        fault="",
        site="site",
        severity=severity,
        level=1,
        since=OPENED,
        opened_at=OPENED,
        last_seen_at=OPENED,
        closed_at=None,
        value=110,
        limit=109,
        unit="°C",
        lat=None,
        lon=None,
        readings=1,
        sentence=f"{machine}: {code}.",
    )
    return plain._replace(**changes)  # type: ignore[arg-type]


def due(*alerts: Alert, tell_at: str = NOW) -> list[Due]:
    return [Due(one, tell_at) for one in alerts]


def told(*alerts: Alert, storms: dict[str, str] | None = None, now: str = NOW) -> list[list[str]]:
    """The machines and codes of each message."""
    known = {code: Storm(until) for code, until in (storms or {}).items()}
    found = parcels(due(*alerts), known, now)
    return [[f"{one.alert.machine} {one.alert.code}" for one in parcel.due] for parcel in found]


def test_alerts_of_one_machine_go_out_together_the_gravest_first() -> None:
    assert told(
        alert("A", "FUEL_LOW"), alert("A", "OIL_PRESS_LOW", "critical"), alert("B", "BATT_LOW")
    ) == [["A OIL_PRESS_LOW", "A FUEL_LOW"], ["B BATT_LOW"]]


def test_a_code_on_three_machines_is_one_message_and_the_rest_goes_by_machine() -> None:
    alerts = [alert(machine, "NO_SIGNAL") for machine in "ABC"]
    assert told(*alerts, alert("A", "TOW", "critical")) == [
        ["A TOW"],
        ["A NO_SIGNAL", "B NO_SIGNAL", "C NO_SIGNAL"],
    ]
    assert len(told(*alerts[:2])) == 2


def test_what_joins_a_storm_waits_until_it_has_passed_and_then_goes_together() -> None:
    joins = [alert("D", "NO_SIGNAL"), alert("E", "NO_SIGNAL")]
    storms = {"NO_SIGNAL": LATER}
    assert told(*joins, storms=storms) == []
    assert told(*joins, storms=storms, now=LATER) == [["D NO_SIGNAL", "E NO_SIGNAL"]]


def test_what_is_critical_waits_a_minute_for_a_storm_and_takes_the_others_with_it() -> None:
    alerts = [alert("D", "COOLANT_HIGH", "critical"), alert("E", "COOLANT_HIGH")]
    told_of = {"COOLANT_HIGH": "2026-11-22T09:14:01Z"}
    assert told(*alerts, storms=told_of) == []
    assert told(*alerts, storms={"COOLANT_HIGH": "2026-11-22T09:14:00Z"}) == [
        ["D COOLANT_HIGH", "E COOLANT_HIGH"]
    ]
    assert told(alerts[1], storms={"COOLANT_HIGH": "2026-11-22T09:14:00Z"}) == []


@pytest.mark.parametrize(("severity", "messages"), [("warning", 4), ("critical", 6)])
def test_a_storm_that_trickles_in_is_a_few_messages(severity: str, messages: int) -> None:
    began, waiting, sent = parse_time(OPENED), [], []
    storms: dict[str, Storm] = {}
    for second in range(0, 700, 20):
        now = format_time(began + second)
        if second < 240:
            waiting += due(alert(f"M{second:03}", "NO_SIGNAL", severity), tell_at=now)
        for parcel in parcels(waiting, storms, now):
            storms |= storms_after(parcel, storms, now)
            waiting = [one for one in waiting if one not in parcel.due]
            sent.append(len(parcel.due))
    assert sent[:3] == [1, 1, 1]
    assert (len(sent), sum(sent), waiting) == (messages, 12, [])
    assert len(storms["NO_SIGNAL"].machines) == 3


def test_three_machines_in_more_than_five_minutes_are_no_storm() -> None:
    known = {"DTC": Storm("", ((OPENED, "B"), (OPENED, "A")))}
    (third,) = parcels(due(alert("C", "DTC")), known, "2026-11-22T09:05:00Z")
    assert third.storms == ()
    (third,) = parcels(due(alert("C", "DTC")), known, "2026-11-22T09:04:59Z")
    assert third.storms == ("DTC",)
    (again,) = parcels(due(alert("A", "DTC")), known, "2026-11-22T09:04:59Z")
    assert again.storms == ()


@pytest.mark.parametrize(
    ("severity", "level", "now", "until"),
    [
        ("warning", 1, "2026-11-22T09:29:59Z", "2026-11-22T09:30:00Z+later"),
        ("warning", 1, "2026-11-22T09:30:00Z", ""),
        ("critical", 2, "2026-11-22T09:00:01Z", ""),
    ],
)
def test_what_was_just_told_is_told_again_after_half_an_hour_or_when_it_is_worse(
    severity: str, level: int, now: str, until: str
) -> None:
    last = LastTold(OPENED, "warning", 1)
    assert quiet_until(alert("A", "DTC", severity, level=level), last, now) == until


def test_a_quieter_life_of_what_was_told_as_critical_is_not_told_and_a_new_fault_is() -> None:
    last = LastTold(OPENED, "critical", 2)
    assert quiet_until(alert("A", "DTC"), last, NOW) == "2026-11-22T09:30:00Z+later"
    assert quiet_until(alert("A", "DTC"), None, NOW) == ""
    # The last level of COOLANT_HIGH asks to stop the engine; its severity is the second's.
    assert quiet_until(alert("A", "COOLANT_HIGH", "critical", level=3), last, NOW) == ""


def test_too_many_messages_are_one_digest() -> None:
    alerts = [alert(f"M{n}", f"CODE{n}") for n in range(MOST_MESSAGES + 1)]
    assert len(told(*alerts[:-1])) == MOST_MESSAGES
    assert [len(one) for one in told(*alerts)] == [MOST_MESSAGES + 1]


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ABCDEFGH"),
            st.sampled_from(["TOW", "DTC", "FUEL_LOW"]),
            st.sampled_from(["warning", "critical"]),
        ),
        unique_by=lambda one: one[:2],
    ),
    st.dictionaries(st.sampled_from(["TOW", "DTC"]), st.sampled_from([OPENED, LATER])),
)
def test_each_alert_goes_out_once_or_waits_for_its_storm(
    pairs: list[tuple[str, str, str]], storms: dict[str, str]
) -> None:
    alerts = [alert(*one) for one in pairs]
    known = {code: Storm(until) for code, until in storms.items()}
    found = parcels(due(*alerts), known, NOW)
    sent = [one.alert for parcel in found for one in parcel.due]
    assert len(set(sent)) == len(sent)
    waiting = set(alerts) - set(sent)
    assert all(storms[one.code] > NOW for one in waiting)
    assert len(found) <= MOST_MESSAGES
    grave = [parcel.due[0].alert.severity for parcel in found]
    assert grave == sorted(grave)


def test_a_paragraph_says_priority_place_and_what_to_type() -> None:
    one = alert("EX-001", "TOW", "critical", lat=48.7, lon=-2.25)
    assert paragraph(one, MOTS) == (
        "[priorité haute] EX-001: TOW.\n"
        "Où : https://www.openstreetmap.org/?mlat=48.70000&mlon=-2.25000#map=17/48.70000/-2.25000\n"
        "Dès que quelqu'un s'en occupe, acquitter : "
        "chantier alerts ack EX-001/TOW/2026-11-22T09:00:00Z"
    )


def test_both_languages_have_the_same_lines() -> None:
    assert WORDS["notice"].keys() == MOTS["notice"].keys()


def test_a_text_that_sns_would_not_take_is_cut_and_says_how_much_is_left_out() -> None:
    alerts = [alert(f"EX-{n:04}", "TOW", sentence="é" * 500) for n in range(400)]
    subject, text = notice(alerts, WORDS)
    assert len(text.encode()) < 256 * 1024
    shown = text.count("chantier alerts ack")
    assert 0 < shown < 400
    assert text.endswith(f"And {400 - shown} more: chantier alerts --open\n")
    assert subject.isascii()


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Table]:
    def at(port: int) -> Table:
        for name, value in {
            "AWS_REGION": "eu-west-3",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
        }.items():
            monkeypatch.setenv(name, value)
        return Table("alerts", alert_days=1)

    return at


def answer(found: list[Item], left: list[Item]) -> bytes:
    unprocessed = {"alerts": {"Keys": left}} if left else {}
    body = json.dumps({"Responses": {"alerts": found}, "UnprocessedKeys": unprocessed}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(body) + body


def test_items_that_dynamodb_leaves_out_are_asked_for_again(
    table: Callable[[int], Table],
) -> None:
    keys: list[Item] = [{"machine": {"S": name}} for name in "AB"]
    first, second = answer([{"machine": {"S": "A"}}], keys[1:]), answer(keys[1:], [])
    with server([first, second]) as told_to:
        read = table(told_to.port)
        found = list(read.items(keys, ("machine",)))
        read.service.connection.close()
    assert found == keys
    asked = [json.loads(one.partition(b"\r\n\r\n")[2]) for one in told_to.asked]
    assert [one["RequestItems"]["alerts"]["Keys"] for one in asked] == [keys, keys[1:]]


def test_items_that_dynamodb_never_gives_are_an_error(table: Callable[[int], Table]) -> None:
    keys: list[Item] = [{"machine": {"S": "A"}}]
    with server([answer([], keys)] * 8) as told_to:
        read = table(told_to.port)
        with pytest.raises(CallFailed, match="UnprocessedKeys"):
            list(read.items(keys, ("machine",)))
        read.service.connection.close()

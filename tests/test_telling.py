"""What goes out in one message, and what it says. No AWS here."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.detection.words_en import WORDS
from chantier.detection.words_fr import WORDS as MOTS
from chantier.functions.alerts import Table
from chantier.functions.grouping import MOST_MESSAGES, Due, parcels
from chantier.functions.notice import notice, paragraph
from chantier.functions.signed import CallFailed
from chantier.records import Alert, Item
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
    found = parcels(due(*alerts), storms or {}, now)
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


def test_what_is_critical_does_not_wait_for_a_storm() -> None:
    grave = alert("D", "COOLANT_HIGH", "critical")
    waits = alert("E", "COOLANT_HIGH")
    assert told(grave, waits, storms={"COOLANT_HIGH": LATER}) == [["D COOLANT_HIGH"]]


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
    found = parcels(due(*alerts), storms, NOW)
    sent = [one.alert for parcel in found for one in parcel.due]
    assert len(set(sent)) == len(sent)
    waiting = set(alerts) - set(sent)
    assert all(one.severity != "critical" and storms[one.code] > NOW for one in waiting)
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

"""A day settles: what is compared with what, and the law that it holds in any order. No AWS."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.comparing import (
    BEGAN_EARLIER,
    CORRECTED,
    FOUND_LATE,
    LEFT_OUT,
    REPLACED,
    STILL_OPEN,
    UNEXPLAINED,
    WRITTEN,
    Span,
    Stored,
    compare,
)
from chantier.detection import Rules
from chantier.detection.passing import LATCHED
from chantier.detection.settling import settle
from chantier.errors import ChantierError
from chantier.gathering import Gathered
from chantier.raw import RawObject
from chantier.records import Alert, from_item, to_item
from chantier.settling import days_of
from chantier.site import EXAMPLE, Site
from chantier.telemetry import Reading, as_dict, format_time
from tests.fakes import Shelf, spoken
from tests.stories import START
from tests.test_laws import DAYS, INEXACT, MACHINES


def on(hour: str) -> str:
    """A moment of the day that is settled, or `-` and `+` for the day before and after."""
    day = {"-": "21", "+": "23"}.get(hour[0], "22")
    return f"2026-09-{day}T{hour.lstrip('-+')}:00Z"


SPAN = Span(on("00:00"), on("+00:00"), on("+12:00"))


def alert(opened: str, closed: str | None = None, code: str = "DTC", **more: object) -> Alert:
    """An alert of one machine."""
    plain = Alert(
        machine="EX-001",
        code=code,
        fault="",
        site="site",
        severity="warning",
        level=1,
        since=on(opened),
        opened_at=on(opened),
        last_seen_at=on(closed or opened),
        closed_at=on(closed) if closed else None,
        value=1.0,
        limit=None,
        unit="",
        lat=None,
        lon=None,
        readings=6,
        sentence="",
    )
    return plain._replace(**more)  # type: ignore[arg-type]


class Compared(NamedTuple):
    """What a comparison is to find: (what, opening, openings of what it takes the place of)."""

    says: str
    lives: tuple[Alert, ...]
    stored: tuple[Alert, ...]
    found: tuple[tuple[str, str, tuple[str, ...]], ...] = ()


TOW, NO_SIGNAL = "TOW", "NO_SIGNAL"
COMPARED = (
    Compared("nothing", (), ()),
    Compared("as it should", (alert("09:00", "10:00"),), (alert("09:00", "10:00"),)),
    Compared("missing", (alert("09:00", "10:00"),), (), ((FOUND_LATE, "09:00", ()),)),
    Compared(
        "ended at another time",
        (alert("09:00", "10:00"),),
        (alert("09:00", "09:30"),),
        ((CORRECTED, "09:00", ()),),
    ),
    Compared(
        "opened too late",
        (alert("09:00", "10:00"),),
        (alert("09:20", "10:00"),),
        ((REPLACED, "09:00", ("09:20",)),),
    ),
    Compared(
        "in pieces",
        (alert("09:00", "10:00"),),
        (alert("09:00", "09:10"), alert("09:20", "09:30"), alert("09:40", "10:00")),
        ((REPLACED, "09:00", ("09:20", "09:40")),),
    ),
    Compared(
        "two as one",
        (alert("09:00", "09:10"), alert("09:20", "10:00")),
        (alert("09:00", "10:00"),),
        ((CORRECTED, "09:00", ()), (FOUND_LATE, "09:20", ())),
    ),
    Compared(
        "nothing like it",
        (alert("09:00", "10:00"),),
        (alert("09:00", "10:00"), alert("11:00", "11:30")),
        ((UNEXPLAINED, "11:00", ()),),
    ),
    Compared("another code", (), (alert("11:00", "11:30"),), ((UNEXPLAINED, "11:00", ()),)),
    Compared("after the last reading", (), (alert("+12:30", "+12:40"),)),
    Compared(
        "open at the end of the data",
        (alert("09:00"),),
        (alert("09:00", "10:00"),),
        ((STILL_OPEN, "09:00", ()),),
    ),
    Compared(
        "open in the table",
        (alert("09:00", "10:00"),),
        (alert("09:30"),),
        ((STILL_OPEN, "09:30", ()),),
    ),
    Compared(
        "open in the table, from nothing",
        (),
        (alert("09:30"),),
        ((STILL_OPEN, "09:30", ()),),
    ),
    Compared(
        "two as one that is still open",
        (alert("09:00", "09:10"), alert("09:20", "10:00")),
        (alert("09:00"),),
        ((STILL_OPEN, "09:00", ()),),
    ),
    Compared("of the day before", (alert("-09:00", "-10:00"),), ()),
    Compared("of the day after", (alert("+09:00", "+10:00"),), ()),
    Compared(
        "open since before the readings begin",
        (alert("08:00", "10:00"),),
        (alert("-00:00", "10:00"),),
    ),
    Compared(
        "a piece of what was open before the readings begin",
        (alert("08:00", "10:00"),),
        (alert("-00:00", "09:00"), alert("09:30", "10:00")),
        ((BEGAN_EARLIER, "09:30", ()),),
    ),
    Compared(
        "wrong the day before, right today",
        (alert("-23:00", "-23:30"), alert("08:00", "10:00")),
        (alert("-23:00", "10:00"),),
        ((FOUND_LATE, "08:00", ()),),
    ),
    Compared(
        "seen after midnight",
        (alert("23:50", "+01:00"),),
        (alert("+00:10", "+01:00"),),
        ((REPLACED, "23:50", ("+00:10",)),),
    ),
    Compared(
        "seen before midnight",
        (alert("+00:10", "+01:00"),),
        (alert("23:50", "+01:00"),),
        ((REPLACED, "+00:10", ("23:50",)),),
    ),
    Compared(
        "began the day before, seen today",
        (alert("-23:50", "01:00"),),
        (alert("00:10", "01:00"),),
        ((BEGAN_EARLIER, "00:10", ()),),
    ),
    Compared("a silence", (), (alert("09:00", "10:00", NO_SIGNAL),)),
    Compared(
        "a theft that was closed", (alert("09:00", code=TOW),), (alert("09:00", "9:30", TOW),)
    ),
    Compared("a theft seen later", (alert("09:00", code=TOW),), (alert("09:30", "10:00", TOW),)),
    Compared("a theft missed", (alert("09:00", code=TOW),), (), ((FOUND_LATE, "09:00", ()),)),
    Compared(
        "a theft missed after another",
        (alert("09:00", code=TOW),),
        (alert("08:00", "08:30", TOW),),
        ((FOUND_LATE, "09:00", ()),),
    ),
    Compared(
        "a theft that no reading tells",
        (),
        (alert("09:00", "10:00", TOW),),
        ((UNEXPLAINED, "09:00", ()),),
    ),
)


@pytest.mark.parametrize("case", COMPARED, ids=lambda case: case.says)
def test_a_comparison_finds(case: Compared) -> None:
    found = compare(case.lives, map(Stored, case.stored), SPAN)
    assert [
        (change.what, change.alert.opened_at, tuple(one.alert.opened_at for one in change.gone))
        for change in found
    ] == [(what, on(opened), tuple(map(on, gone))) for what, opened, gone in case.found]


@pytest.mark.parametrize("field", ["severity", "level", "value", "limit", "lat"])
def test_an_alert_that_differs_is_corrected(field: str) -> None:
    life = alert("09:00", "10:00")._replace(limit=1.0, lat=48.7)
    other = life._replace(**{field: {"severity": "critical"}.get(field, 7)})  # type: ignore[arg-type]
    (change,) = compare((life,), (Stored(other),), SPAN)
    assert (change.what, change.alert) == (CORRECTED, life)


def test_a_sentence_that_is_worded_otherwise_is_left() -> None:
    life = alert("09:00", "10:00")
    assert not compare((life,), (Stored(life._replace(sentence="x")),), SPAN)


def test_what_people_said_and_when_they_were_told_stays() -> None:
    life = alert("09:00", "10:00")
    seen = Stored(alert("09:20", "10:00", acked_at=on("09:40"), note="seen"), on("09:30"))
    (change,) = compare((life,), (seen,), SPAN)
    assert change.alert == life._replace(acked_at=on("09:40"), note="seen")
    assert change.told_at == on("09:30")


def test_only_what_nobody_had_seen_is_found_late() -> None:
    life = alert("09:00", "10:00")
    (missing,) = compare((life,), (), SPAN)
    assert missing.alert.found_late
    (again,) = compare((life,), (Stored(missing.alert._replace(value=2.0)),), SPAN)
    assert (again.what, again.alert.found_late) == (CORRECTED, True)
    (seen,) = compare((life,), (Stored(alert("09:20", "10:00")),), SPAN)
    assert not seen.alert.found_late


@pytest.mark.parametrize("found_late", [False, True])
def test_found_late_is_kept_in_the_table_and_told_as_json(*, found_late: bool) -> None:
    kept = alert("09:00", "10:00", found_late=found_late)
    assert from_item(to_item(kept)) == kept
    assert ("found_late" in to_item(kept)) is found_late
    assert kept.as_dict()["found_late"] is found_late


# The law: any order of arrival, however often, and the table ends as in order.

A_MESSAGE = 4


def mended(day: list[Reading], rules: Rules) -> list[list[Reading]]:
    """After the day: the machine works in health for two hours, then is parked in its zone."""
    end = max((reading.t for reading in day), default=START)
    volts = (rules.limits["BATT_LOW"]["clear"] + rules.limits["BATT_HIGH"]["clear"]) / 2
    work = Reading(
        end,
        st="WORK",
        eng=True,
        rpm=1650.0,
        fuel_pct=80.0,
        def_pct=80.0,
        cool_c=90.0,
        hyd_c=70.0,
        oil_kpa=400.0,
        batt_v=volts,
        lat=48.7005,
        lon=2.2005,
        acc_m=2.0,
        spd_kmh=5.0,
        pitch=0.0,
        roll=0.0,
    )
    parked = work._replace(st=None, eng=False, rpm=0.0, oil_kpa=0.0, spd_kmh=0.0)
    return [
        [(work if minute < 120 else parked)._replace(t=end + 60 * minute, seq=10_000 + minute)]
        for minute in range(1, 140)
    ]


def kept(alerts: dict[str, Alert], odd: dict[str, Alert]) -> list[Alert]:
    """The alerts that are not odd, by key."""
    return [alert for key, alert in sorted(alerts.items()) if key not in odd]


def counted(alert: Alert) -> Alert:
    """An alert without its count of readings, which the live path may understate."""
    return alert._replace(readings=0)


@settings(max_examples=200, deadline=None)
@given(DAYS, MACHINES, st.data())
def test_a_day_in_any_order_and_however_often_settles_as_in_order(
    day: list[Reading], rules: Rules, data: st.DataObject
) -> None:
    messages = [day[first : first + A_MESSAGE] for first in range(0, len(day), A_MESSAGE)]
    twice = data.draw(st.lists(st.sampled_from(messages), max_size=5)) if messages else []
    after = mended(day, rules)
    memory, told = settle((one for message in [*messages, *after] for one in message), rules)
    lives = [spoken(event) for event in told]
    span = Span("", "~", format_time(memory.t))
    for order in (messages, data.draw(st.permutations([*messages, *twice]))):
        shelf = Shelf(rules)
        for number, message in enumerate([*order, *after]):
            shelf.judge(message, START + number)
        shelf.settle(lives, span)
        again = shelf.settle(lives, span)
        assert not [one.what for one in again if one.what in WRITTEN]
        # What no reading supports is kept, and said.
        odd = {one.alert.key: one.alert for one in again if one.what == UNEXPLAINED}
        assert order is not messages or {one.code for one in odd.values()} <= {*INEXACT}
        left = {key: bare(one.alert) for key, one in shelf.held.items() if ends(one.alert)}
        right = {life.key: bare(life) for life in lives if ends(life)}
        assert [*map(counted, kept(left, odd))] == [*map(counted, kept(right, {}))]


def ends(one: Alert) -> bool:
    """Whether it is of a code that ends by itself."""
    return one.code not in (*LATCHED, *LEFT_OUT)


def bare(one: Alert) -> Alert:
    """An alert whoever found it."""
    return one._replace(found_late=False)


# The days.


def test_a_day_is_the_sites_own_and_yesterday_unless_said() -> None:
    site = Site.load(EXAMPLE)
    now = datetime(2026, 10, 26, 22, 59, tzinfo=UTC).timestamp()
    days = days_of(site, None, now=now)
    assert [f"{mark.astimezone(UTC):%d %H}" for mark in days[:4]] == [
        "23 22",
        "24 22",
        "25 23",
        "01 23",
    ]
    assert days == days_of(site, date(2026, 10, 25), now=now)
    assert days.now.timestamp() == now
    assert days_of(site, None, now=now + 60).first == days.last


@pytest.mark.parametrize("day", [date(2026, 10, 27), date(2023, 10, 27)])
def test_a_day_that_has_not_begun_or_is_not_kept_is_refused(day: date) -> None:
    now = datetime(2026, 10, 26, 12, tzinfo=UTC).timestamp()
    with pytest.raises(ChantierError, match=str(day)):
        days_of(Site.load(EXAMPLE), day, now=now)


# The readings.


def test_readings_are_gathered_by_machine_and_what_cannot_be_read_is_counted(
    tmp_path: Path,
) -> None:
    full = Reading(
        START,
        3,
        st="IDLE",
        eng=True,
        rpm=900.0,
        dtc=((110, 15, 1), (100, 1, 126, 3)),
        lamp=("RSL",),
    )
    said = {"v": 1, "machine": "EX-001", "arrived_at": START * 1000}
    ahead = {"t": format_time(START + 3600)}

    def told(*readings: object, **more: object) -> dict[str, Any]:
        return dict(json.loads(json.dumps({**said, "readings": readings, **more})))

    objects = [
        RawObject("a", (told(as_dict(full)), told({"t": format_time(START - 1)})), 1),
        RawObject("b", (told(as_dict(full), ahead), told(ahead), told(), told(as_dict(full)))),
        RawObject("c", (told(as_dict(full), machine="EX-999"), told(as_dict(full), v=9))),
    ]
    gathered = Gathered(tmp_path, ["EX-001", "EX-002"], first=START, end=START + 60)
    gathered.take(objects)
    assert list(gathered.readings("EX-001")) == [full] * 3
    assert list(gathered.readings("EX-002")) == []
    assert (gathered.messages, gathered.unread) == (9, 5)

"""The aggregate function on a bucket in memory: runs that break off, and what comes late."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.aggregates import HOUR_ALERTS, METERS, PROGRESS, hour_key
from chantier.functions import aggregate as aggregating
from chantier.functions.aggregate import Aggregate
from chantier.functions.opened import Opened
from chantier.functions.progress import RUN_S
from chantier.functions.signed import CallFailed
from chantier.hour_settings import hour_settings_of
from chantier.hourly import OpenedAlert
from chantier.records import RAW
from chantier.resources.functions import source
from chantier.site import EXAMPLE, Site
from chantier.telemetry import format_time
from tests.fakes import MemoryBucket

HOUR, DAY = 3600, 86_400
# Between what arrives and the run: longer than what every run reads again.
LATER = 600
# Monday 21 September 2026, 05:00 UTC.
START = 1_789_966_800
RUNS = 4
UNPRICED = Site.load(EXAMPLE).model_copy(update={"rates": None})
MACHINES = ("EX-001", "EX-002", "CH-001")


class MemoryAlerts(Opened):
    """The alerts of a site, as the table would give them."""

    def __init__(self, alerts: Iterable[OpenedAlert] = ()) -> None:
        self.alerts = list(alerts)
        self.asked: list[int] = []

    def in_hours(self, hours: Iterable[int]) -> dict[int, list[OpenedAlert]]:
        found: dict[int, list[OpenedAlert]] = {hour: [] for hour in hours}
        self.asked += found
        for alert in self.alerts:
            for hour, alerts in found.items():
                if format_time(hour)[:13] == alert.opened_at[:13]:
                    alerts.append(alert)
        return found


class World:
    """A site whose raw data and aggregates are in memory, and whose clock stands still."""

    def __init__(self, alert_days: int = 1000) -> None:
        self.now = START
        self.bucket = MemoryBucket(lambda: self.now)
        self.alerts = MemoryAlerts()
        self.settings = {**hour_settings_of(UNPRICED), "alert_days": alert_days}

    def arrive(self, machine: str, *readings: tuple[int, float]) -> None:
        """A raw object with one message."""
        told = [
            {"t": format_time(t), "seq": t % 7, "op_h": op_h, "fuel_used_l": op_h * 10}
            for t, op_h in readings
        ]
        line = {"v": 1, "machine": machine, "arrived_at": self.now * 1000, "readings": told}
        key = f"{RAW}dt={format_time(self.now)[:10]}/{len(self.bucket.held):05}"
        self.bucket.put(key, json.dumps(line).encode() + b"\n")

    def run(self, **event: str) -> dict[str, Any]:
        """Call the function now."""
        function = Aggregate(self.settings, lambda: self.now)
        function.bucket, function.opened = self.bucket, self.alerts
        return function.handle(event or {"until": format_time(self.now)})

    def aggregates(self) -> dict[str, bytes]:
        """Every aggregate but the progress."""
        held = {key: one.body for key, one in self.bucket.held.items()}
        return {k: v for k, v in held.items() if not k.startswith(RAW) and k != PROGRESS}

    def at(self, key: str) -> bytes:
        return self.bucket.held[key].body


@pytest.fixture(autouse=True, scope="module")
def environment() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_REGION", "BUCKET", "TABLE"):
            patch.setenv(name, "nowhere")
        yield


@st.composite
def arrivals(draw: st.DrawFn) -> list[list[tuple[str, int, float]]]:
    """What arrives before each run: counters that only rise, some of it hours late."""
    batches: list[list[tuple[str, int, float]]] = [[] for _ in range(RUNS)]
    for machine in MACHINES:
        t, op_h = START - 2 * HOUR, 100.0
        for _ in range(draw(st.integers(0, 8))):
            passed = draw(st.integers(1, 3000))
            t += passed
            op_h = round(op_h + passed / HOUR * draw(st.sampled_from((0, 0.5, 1))), 4)
            first = max(0, (t + LATER - START) // HOUR + 1)
            if first < RUNS:
                batches[draw(st.integers(first, RUNS - 1))].append((machine, t, op_h))
    return batches


@settings(max_examples=150, deadline=None)
@given(
    batches=arrivals(),
    failing=st.lists(st.none() | st.integers(0, 12), min_size=RUNS - 1, max_size=RUNS - 1),
    stays=st.booleans(),
)
def test_whatever_comes_when_and_whichever_runs_break_off_it_ends_the_same(
    batches: list[list[tuple[str, int, float]]], failing: list[int | None], *, stays: bool
) -> None:
    """A run breaks off at its n-th write, and may or may not be able to say so."""
    world, at_once = World(), World()
    world.run()
    for batch, fails in zip(batches, [*failing, None], strict=True):
        world.now += HOUR - LATER
        for machine, t, op_h in batch:
            world.arrive(machine, (t, op_h))
        world.now += LATER
        world.bucket.breaks(after=fails, stays=stays)
        try:
            world.run()
        except CallFailed:
            assert fails is not None
        world.bucket.breaks(after=None)
    at_once.now = world.now
    for machine, t, op_h in (one for batch in batches for one in batch):
        at_once.arrive(machine, (t, op_h))
    at_once.run()
    assert world.aggregates() == at_once.aggregates()
    assert world.run()["hours"] == []


def test_a_second_run_writes_nothing_but_its_progress() -> None:
    world = World()
    world.arrive("EX-001", (START - 60, 5.0))
    world.run()
    before = dict(world.bucket.writes)
    world.run()
    changed = {key for key, count in world.bucket.writes.items() if count != before.get(key)}
    assert changed == {PROGRESS}


def test_a_failed_run_is_made_up_for_by_the_next_one() -> None:
    """Also by one much later than the hour that a first run counts."""
    world = World()
    world.now += HOUR
    world.arrive("EX-001", (world.now - 60, 5.0))
    world.bucket.breaks(after=1)
    with pytest.raises(CallFailed):
        world.run()
    world.bucket.breaks(after=None)
    world.now += 5 * HOUR
    assert world.run()["hours"] == [format_time(START)]


@pytest.mark.parametrize("writes", range(1, 7))
def test_hours_that_a_run_did_not_get_to_are_put_right_by_the_next_one(writes: int) -> None:
    """A late reading moves the hour after its own; the run stops anywhere between the two."""
    world, at_once = World(), World()
    early, late, after = (START - 90 * 60, 1.0), (START - 61 * 60, 1.4), (START - 60, 2.0)
    for one in (world, at_once):
        one.arrive("EX-001", early)
        one.arrive("EX-001", after)
    world.now += LATER
    world.run()
    world.now = at_once.now = START + HOUR
    for one in (world, at_once):
        one.arrive("EX-001", late)
    world.now += LATER
    world.bucket.breaks(after=writes)
    with suppress(CallFailed):
        world.run()
    world.bucket.breaks(after=None)
    world.now += HOUR
    world.run()
    at_once.run(since=format_time(START - HOUR))
    assert world.aggregates() == at_once.aggregates()


def test_the_first_run_counts_the_last_hour_or_what_it_is_told() -> None:
    world = World()
    world.arrive("EX-001", (START - 60, 5.0))
    world.now += 2 * HOUR
    assert world.run()["objects"] == 0
    assert world.run(since=format_time(START - HOUR))["objects"] == 1


def test_a_run_that_is_due_in_the_future_counts_until_now() -> None:
    world = World()
    said = world.run(until=format_time(START + DAY))
    assert said["until"] == format_time(START)


def test_a_run_that_is_behind_leaves_the_rest_to_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aggregating, "MOST_READ_BYTES", 200)
    world = World()
    for minute in range(6):
        world.now = START + 600 * minute
        world.arrive("EX-001", (world.now, 5.0 + minute / 10))
    # Two messages a run, of which one was read before: it may have been written late.
    runs = [world.run() for _ in range(5)]
    assert [said.get("behind", 0) for said in runs] == [4, 3, 2, 1, 0]
    at_once = World()
    at_once.now = world.now
    for minute in range(6):
        at_once.arrive("EX-001", (START + 600 * minute, 5.0 + minute / 10))
    monkeypatch.undo()
    at_once.run()
    assert world.aggregates() == at_once.aggregates()


def test_an_alert_that_is_still_open_is_looked_at_until_it_closes() -> None:
    world = World()
    alert = OpenedAlert("EX-001", "DTC", "", "warning", format_time(START - 60), None)
    world.alerts.alerts = [alert]
    world.run()
    key = hour_key(HOUR_ALERTS, format_time(START - HOUR))
    assert json.loads(world.at(key))["lasted_min"] is None
    # Long after the two days in which every alert is looked at again.
    for days in (3, 5):
        world.now = START + days * DAY
        world.run()
    world.alerts.alerts = [alert._replace(closed_at=format_time(START + 4 * DAY))]
    assert world.run()["hours"] == [format_time(START - HOUR)]
    assert json.loads(world.at(key))["lasted_min"] == 4 * 24 * 60 + 1
    world.now += HOUR
    world.alerts.asked.clear()
    world.run()
    assert START - HOUR not in world.alerts.asked


def test_alerts_of_silent_hours_are_counted_after_a_long_pause() -> None:
    """Hours without a reading, longer ago than every run looks at alerts again."""
    world = World()
    world.arrive("EX-001", (START - 60, 5.0))
    world.run()
    world.alerts.alerts = [
        OpenedAlert("EX-001", "NO_SIGNAL", "", "info", format_time(at), format_time(at + 60))
        for at in (START - 40 * HOUR, START + 3 * HOUR, START + 60 * HOUR)
    ]
    world.now += 5 * DAY
    assert world.run()["hours"] == [format_time(START + hours * HOUR) for hours in (-40, 3, 60)]


def test_alerts_of_an_older_day_are_counted_again_when_a_run_is_told_of_them() -> None:
    """What settling a day does: no raw object is read again for it."""
    world = World()
    world.arrive("EX-001", (START - 60, 5.0))
    world.run()
    world.now += 10 * DAY
    world.run()
    opened = START - 60
    world.alerts.alerts = [
        OpenedAlert("EX-001", "TILT", "roll", "critical", format_time(opened), format_time(START))
    ]
    world.now += HOUR
    assert world.run()["hours"] == []
    said = world.run(alerts_since=format_time(opened))
    assert (said["hours"], said["objects"]) == ([format_time(START - HOUR)], 0)
    row = json.loads(world.at(hour_key("aggregates/hours/", format_time(START - HOUR))))
    assert (row["alerts_critical"], row["readings"]) == (1, 1)
    assert world.run(alerts_since=format_time(opened))["hours"] == []


def test_alerts_of_hours_whose_meters_are_gone_are_left_as_they_are() -> None:
    world = World()
    world.run()
    world.now += 33 * DAY
    world.alerts.alerts = [OpenedAlert("EX-001", "DTC", "", "info", format_time(START), None)]
    assert world.run(alerts_since=format_time(START))["hours"] == []


def test_alerts_that_the_table_forgot_are_kept_and_those_put_right_are_not() -> None:
    world = World(alert_days=1)
    alert = OpenedAlert(
        "EX-001", "DTC", "", "warning", format_time(START - 60), format_time(START)
    )
    world.alerts.alerts = [alert]
    world.run()
    before = world.aggregates()
    world.alerts.alerts = []
    world.now += 36 * HOUR
    world.run()
    assert world.aggregates() == before
    young = World()
    young.alerts.alerts = [alert]
    young.run()
    young.alerts.alerts = []
    young.run()
    assert young.at(hour_key(HOUR_ALERTS, format_time(START - HOUR))) == b""


def test_the_meters_of_a_machine_outlast_a_winter() -> None:
    world = World()
    world.arrive("EX-001", (START - 60, 100.0))
    world.run()
    world.now += 120 * DAY
    world.arrive("EX-001", (world.now - 60, 107.0))
    world.run()
    key = hour_key("aggregates/hours/", format_time(world.now - HOUR))
    assert json.loads(world.at(key))["engine_h"] == 7.0


def test_the_last_hour_before_a_late_one_may_itself_be_damaged() -> None:
    world = World()
    world.arrive("EX-001", (START - 60, 100.0))
    world.run()
    right = world.aggregates()
    world.bucket.put(hour_key(METERS, format_time(START - HOUR)), b"{")
    world.now += 10 * HOUR
    world.arrive("EX-001", (world.now - 60, 102.0))
    said = world.run()
    assert said["damaged"] == [format_time(START - HOUR)]
    assert right.items() <= world.aggregates().items()
    key = hour_key("aggregates/hours/", format_time(world.now - HOUR))
    assert json.loads(world.at(key))["engine_h"] == 2.0


def test_numbers_that_no_computer_holds_are_counted_as_unread() -> None:
    world = World()
    line = (
        b'{"v":1,"machine":"EX-001","arrived_at":%s,"readings":'
        b'[{"t":"2026-09-21T04:59:00Z","op_h":%s},{"t":"2026-09-21T04:59:10Z","op_h":7}]}\n'
    )
    arrived = str(START * 1000).encode()
    lines = [line % (b"1e999", b"7"), line % (arrived, b"1e999"), line % (arrived, b"-1e999")]
    world.bucket.put(f"{RAW}dt={format_time(START)[:10]}/x", b"".join(lines))
    said = world.run()
    assert (said["unread"], said["messages"], said["rejected"], said["readings"]) == (1, 2, 2, 2)


def test_a_run_that_began_is_left_alone_until_it_must_have_ended() -> None:
    world = World()
    world.arrive("EX-001", (START - 60, 100.0))
    world.bucket.breaks(after=1, stays=True)
    with pytest.raises(CallFailed):
        world.run()
    world.bucket.breaks(after=None)
    world.now += RUN_S - 1
    assert "another run began" in world.run()["busy"]
    world.now += 1
    assert world.run()["hours"] == [format_time(START - HOUR)]


@pytest.mark.parametrize("ahead", [DAY, 30 * 365 * DAY])
def test_a_mark_of_the_future_is_of_a_wrong_clock_and_holds_nobody_up(ahead: int) -> None:
    """Neither that a run began then, nor that everything is counted until then."""
    world, right = World(), World()
    for one in (world, right):
        one.arrive("EX-001", (START - 60, 100.0))
        one.run()
    said = json.loads(world.at(PROGRESS))
    wrong = format_time(START + ahead)
    for mark in ("begun", "until"):
        world.bucket.put(PROGRESS, json.dumps(said | {mark: wrong}).encode())
        for one in (world, right):
            one.now += 2 * HOUR
            one.arrive("EX-001", (one.now - 5000, 100.0 + (one.now - START) / HOUR))
            one.now += HOUR
            one.run()
    assert world.aggregates() == right.aggregates()
    assert json.loads(world.at(PROGRESS)) == json.loads(right.at(PROGRESS))


def test_the_clocks_of_two_runs_may_differ_a_little() -> None:
    world = World()
    world.run()
    said = json.loads(world.at(PROGRESS)) | {"begun": format_time(START + 5)}
    world.bucket.put(PROGRESS, json.dumps(said).encode())
    assert "another run began" in world.run()["busy"]


def test_an_empty_event_touches_nothing() -> None:
    world = World()
    function = Aggregate(world.settings)
    assert function.handle({})["warm"]


def test_the_detect_function_carries_nothing_of_the_aggregates() -> None:
    text = source(Site.load(EXAMPLE), "detect")
    for name in ("xml", "put_if", "list-type", "HOUR_COLUMNS", "aggregates/"):
        assert name not in text

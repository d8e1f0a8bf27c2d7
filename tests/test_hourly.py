"""An hour's figures: differences of meters, whatever comes when and how often."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.aggregates import (
    ALERT_COLUMNS,
    HOUR_COLUMNS,
    HOURS,
    hour_key,
    hours_of_keys,
)
from chantier.book_bytes import dump_book, load_book
from chantier.hour_settings import hour_settings_of
from chantier.hourly import (
    Fleet,
    OpenedAlert,
    alert_rows,
    alerts_of_rows,
    fleet_of,
    hour_rows,
    local_time,
    money,
    planned_h,
)
from chantier.hours import Row, last_of, of_day, total, totals_by
from chantier.meters import (
    COUNTERS,
    NO_METERS,
    Book,
    Figures,
    Meters,
    Sketch,
    closing,
    figures,
    merge,
    merge_into,
    sketch_of,
)
from chantier.site import EXAMPLE, Site
from chantier.telemetry import Reading

HOUR = 3600
# Monday 21 September 2026, 07:00 in Paris.
START = 1_789_966_800
MACHINE = "EX-001"
SITE = Site.load(EXAMPLE)
FLEET = fleet_of(hour_settings_of(SITE))
STEPS = st.integers(0, 600), st.integers(0, 20)


def at(second: int, op_h: float | None = None, **more: float | None) -> Reading:
    return Reading(t=START + second, seq=second, op_h=op_h, **more)  # type: ignore[arg-type]  # counters and places alone


def fold(books: dict[int, Book], readings: list[Reading]) -> dict[int, Book]:
    """What the function does with readings of one machine, in one go."""
    sketches = {hour: dict(book.sketches) for hour, book in books.items()}
    for reading in readings:
        hour = reading.t // HOUR * HOUR
        merge_into(sketches.setdefault(hour, {}), {MACHINE: sketch_of([reading], hour)})
    opening: dict[str, Meters] = {}
    after: dict[int, Book] = {}
    for hour in sorted(sketches):
        after[hour] = Book(hour, None, opening, sketches[hour])
        opening = closing(after[hour])
    return after


def worked(books: dict[int, Book]) -> list[Figures]:
    return [
        figures(book.opening.get(MACHINE, NO_METERS), book.sketches[MACHINE])
        for _, book in sorted(books.items())
    ]


@st.composite
def shifts(draw: st.DrawFn) -> list[Reading]:
    """Readings of a machine whose counters never go back, some of them absent, over hours."""
    t, op_s, fuel = START, 0, 0
    readings = []
    for seq in range(draw(st.integers(1, 30))):
        passed = draw(st.integers(0, 5000))
        t += passed
        ran = draw(st.integers(0, passed))
        op_s, fuel = op_s + ran, fuel + draw(st.integers(0, ran // 60))
        known = draw(st.lists(st.booleans(), min_size=4, max_size=4))
        values = (op_s / HOUR, op_s / HOUR / 4, fuel / 2, 48.0 + seq / 1000)
        op_h, idle_h, fuel_used_l, lat = (
            round(value, 6) if one else None for value, one in zip(values, known, strict=True)
        )
        readings.append(
            Reading(t, seq, op_h=op_h, idle_h=idle_h, fuel_used_l=fuel_used_l, lat=lat, lon=2.0)
        )
    return readings


@given(shifts(), st.randoms(use_true_random=False))
def test_any_order_and_any_repetition_gives_the_same_hours(
    readings: list[Reading], dice: Random
) -> None:
    again = readings + dice.choices(readings, k=len(readings))
    dice.shuffle(again)
    assert fold({}, again) == fold({}, readings)


@given(shifts(), st.randoms(use_true_random=False))
def test_what_comes_late_ends_as_if_it_had_come_at_once(
    readings: list[Reading], dice: Random
) -> None:
    late = [one for one in readings if dice.random() < 0.5]
    in_time = [one for one in readings if one not in late]
    assert fold(fold({}, in_time), late) == fold({}, readings)


@given(shifts())
def test_the_hours_of_a_machine_add_up_to_the_change_of_each_counter(
    readings: list[Reading],
) -> None:
    hours = worked(fold({}, readings))
    assert not any(hour.meter_changed for hour in hours)
    for counter, name in zip(COUNTERS, ("engine_h", "idle_h", "fuel_l"), strict=True):
        values = [v for one in readings if (v := getattr(one, counter)) is not None]
        counted = [v for hour in hours if (v := getattr(hour, name)) is not None]
        if not values:
            assert not counted
        else:
            assert sum(counted) == pytest.approx(values[-1] - values[0], abs=1e-5)


@given(shifts(), shifts(), shifts())
def test_merging_is_commutative_associative_and_idempotent(
    one: list[Reading], two: list[Reading], three: list[Reading]
) -> None:
    a, b, c = (
        sketch_of([reading._replace(t=START + reading.t % HOUR) for reading in some], START)
        for some in (one, two, three)
    )
    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == a
    assert merge(a, Sketch()) == a


@settings(max_examples=50)
@given(shifts())
def test_an_hour_is_kept_as_the_same_bytes_and_read_back_whole(readings: list[Reading]) -> None:
    for book in fold({}, readings).values():
        assert load_book(dump_book(book)) == book
        assert dump_book(load_book(dump_book(book))) == dump_book(book)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"v":2,"hour":"2026-09-21T05:00:00Z","rates":null,"opening":{},"machines":{}}',
        b'{"v":1,"hour":"soon","rates":null,"opening":{},"machines":{}}',
        b'{"v":1,"hour":"2026-09-21T05:00:00Z","rates":null,"opening":{"a":[1]},"machines":{}}',
        b'{"v":1,"hour":"2026-09-21T05:00:00Z","rates":[],"opening":{},"machines":{}}',
        b'{"v":1,"hour":"2026-09-21T05:00:00Z","rates":null,"opening":{},"machines":{"a":7}}',
        *(
            b'{"v":1,"hour":"2026-09-21T05:00:00Z","rates":null,"opening":{"a":[%s,null,null]},'
            b'"machines":{}}' % meter
            for meter in (b"[1e999,0,1]", b"[0,1e999,1]", b"[0,0,1e999]", b"[0,0,NaN]")
        ),
        b"[" * 100_000,
    ],
    ids=lambda body: str(body[:30]),
)
def test_a_damaged_hour_is_told_from_a_whole_one(body: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        load_book(body)


def test_the_first_reading_ever_is_where_a_machine_is_counted_from() -> None:
    assert worked(fold({}, [at(0, 3000.0)])) == [Figures(engine_h=0.0)]


def test_a_silence_falls_in_the_hour_in_which_it_ends() -> None:
    hours = worked(fold({}, [at(0, 100.0), at(5 * HOUR, 103.0)]))
    assert [hour.engine_h for hour in hours] == [0.0, 3.0]


@pytest.mark.parametrize(
    ("readings", "told"),
    [
        # A new meter: what it showed before it was first read is not known.
        ([at(0, 100.0), at(HOUR, 5.0), at(HOUR + 1800, 5.5)], (0.5, True)),
        # A box that shows zero until it has heard from the engine, then the old meter again.
        ([at(0, 100.0), at(HOUR, 100.2), at(HOUR + 60, 0.0)], (0.2, True)),
        ([at(0, 0.0), at(HOUR, 100.2), at(HOUR + 1800, 100.5)], (0.3, True)),
        # Changed twice: nothing ran in between.
        ([at(0, 100.0), at(HOUR, 50.0), at(HOUR + 60, 0.0)], (0.0, True)),
        # It begins at zero again within the hour: 0.5 before that, 0.3 after it.
        (
            [
                at(0, 100.0),
                at(HOUR, 100.0),
                at(HOUR + 1800, 100.5),
                at(HOUR + 1860, 0.0),
                at(HOUR + 2940, 0.3),
            ],
            (0.8, True),
        ),
        # Within the first hour ever.
        ([at(0, 100.0), at(1800, 100.5), at(1860, 0.0), at(2940, 0.3)], (0.8, True)),
        # It began the hour at zero, and begins there again: when is not kept.
        ([at(0, 0.0), at(1800, 0.5), at(1860, 0.0), at(2940, 0.3)], (None, True)),
        # Its last digit goes to and fro.
        ([at(0, 100.0), at(600, 100.1), at(660, 100.05)], (0.05, False)),
        # A used one in its place: when it came is not kept.
        ([at(0, 100.0), at(1800, 100.5), at(1860, 5000.0), at(2940, 5000.3)], (None, True)),
        # A box that says zero at first, then the meter of the hour before.
        ([at(0, 100.0), at(HOUR, 0.0), at(HOUR + 60, 100.1), at(HOUR + 1800, 100.5)], (0.5, True)),
        # A reading that is far off between two that one meter can show.
        ([at(0, 100.0), at(60, 9000.0), at(1800, 100.5)], (0.5, False)),
        # It counts whole hours, and comes to the next one when it does.
        ([at(0, 100.0), at(HOUR - 60, 100.0), at(HOUR + 60, 101.0)], (1.0, False)),
        ([at(0, 100.0), at(HOUR - 60, 100.0), at(HOUR + 60, 102.0)], (0.0, True)),
        # A meter's last digit may be ahead of the clock.
        ([at(0, 100.0), at(HOUR, 101.05)], (1.05, False)),
    ],
)
def test_a_meter_that_was_changed_counts_on_either_side_of_the_change(
    readings: list[Reading], told: tuple[float, bool]
) -> None:
    last = worked(fold({}, readings))[-1]
    assert (last.engine_h, last.meter_changed) == told


def test_what_came_between_is_not_counted_where_one_of_two_meters_was_changed() -> None:
    old, new = at(0, 100.0, idle_h=40.0), at(1800, 100.2, idle_h=40.1)
    book = fold({}, [old, new, at(1860, 0.0, idle_h=40.1), at(3000, 0.1, idle_h=40.4)])[START]
    (row,) = hour_rows(book, [], FLEET)
    assert (row["engine_h"], row["idle_h"], row["meter_changed"]) == (0.3, 0.4, True)
    assert row["work_h"] is None
    both = [old, new, at(1860, 0.0, idle_h=0.0), at(3000, 0.3, idle_h=0.1)]
    (row,) = hour_rows(fold({}, both)[START], [], FLEET)
    assert (row["engine_h"], row["idle_h"], row["work_h"]) == (0.5, 0.2, 0.3)


@given(shifts(), st.integers(0, 29), st.randoms(use_true_random=False))
def test_an_hour_with_a_change_of_meters_does_not_depend_on_the_order(
    readings: list[Reading], turn: int, dice: Random
) -> None:
    """And is kept as bytes that give the same figures."""
    first = readings[0]._replace(op_h=50.0)
    changed = [first] + [
        one._replace(op_h=None if one.op_h is None else one.op_h + (0.0 if n < turn else 60.0))
        for n, one in enumerate(readings)
    ]
    in_order = fold({}, changed)
    shuffled = dice.sample(changed, k=len(changed))
    assert fold({}, shuffled) == in_order
    assert {hour: load_book(dump_book(book)) for hour, book in in_order.items()} == in_order


def test_an_hour_that_was_kept_before_restarts_were_is_read() -> None:
    body = (
        b'{"v":1,"hour":"2026-09-21T05:00:00Z","rates":null,"opening":{},"machines":{"EX-001":'
        b'{"seen":"1","first":[[1789966800,0,100.0],null,null],'
        b'"last":[[1789966860,60,100.0],null,null],"place":null}}}'
    )
    later = load_book(body)
    merge_into(later.sketches, {MACHINE: sketch_of([at(1860, 100.5)], START)})
    assert worked({START: later}) == [Figures(engine_h=0.5)]


def test_two_readings_of_one_second_count_once() -> None:
    one = Reading(START, 1, op_h=1.0)
    assert sketch_of([one, one._replace(seq=2)], START).readings == 1


def test_the_rows_have_the_columns_that_are_promised_in_their_order() -> None:
    alert = OpenedAlert(MACHINE, "DTC", "94-18", "warning", "2026-09-21T05:10:00Z", None)
    book = fold({}, [at(0, 100.0)])[START]
    (row,) = hour_rows(book, [alert], FLEET)
    assert set(row) == set(HOUR_COLUMNS)
    (told,) = alert_rows([alert], FLEET)
    assert list(told) == list(ALERT_COLUMNS)


def test_a_row_says_what_a_machine_did_and_what_it_cost() -> None:
    readings = [
        at(0, 100.0, idle_h=10.0, fuel_used_l=500.0),
        at(1800, 100.5, idle_h=10.2, fuel_used_l=506.0, lat=48.7, lon=2.2),
    ]
    book = fold({}, readings)[START]._replace(rates=FLEET.rates)
    (row,) = hour_rows(book, [], FLEET)
    assert row == {
        "site": "zac-des-tilleuls",
        "machine": "EX-001",
        "label": "Pelle 22 t",
        "class": "crawler-excavator",
        "zone": "Plateforme nord",
        "hour": "2026-09-21 05:00:00",
        "hour_local": "2026-09-21 07:00:00",
        "engine_h": 0.5,
        "idle_h": 0.2,
        "work_h": 0.3,
        "planned_h": 0.5,
        "fuel_l": 6.0,
        "adblue_l": 0.18,
        "idle_fuel_l": 0.76,
        "fuel_cost": 7.2,
        "adblue_cost": 0.144,
        "upkeep_cost": 4.0,
        "depreciation_cost": 7.5,
        "cost": 18.844,
        "currency": "EUR",
        "co2e_kg": 19.02,
        "alerts_info": 0,
        "alerts_warning": 0,
        "alerts_critical": 0,
        "readings": 2,
        "meter_changed": False,
        "lat": 48.7,
        "lon": 2.2,
    }


def test_without_rates_nothing_is_priced() -> None:
    book = fold({}, [at(0, 100.0, fuel_used_l=1.0), at(60, 100.0, fuel_used_l=2.0)])[START]
    (row,) = hour_rows(book, [], FLEET)
    assert [name for name in HOUR_COLUMNS if name.endswith("cost") and row[name] is not None] == []
    assert (row["currency"], row["adblue_l"], row["co2e_kg"]) == (None, None, 3.17)


def test_a_cost_of_which_a_part_is_unknown_is_unknown() -> None:
    assert FLEET.rates
    priced = money(Figures(engine_h=1.0), FLEET.rates)
    assert (priced["upkeep_cost"], priced["fuel_cost"], priced["cost"]) == (8.0, None, None)


def test_a_machine_with_an_alert_and_no_reading_has_a_row() -> None:
    alert = OpenedAlert("EX-002", "NO_SIGNAL", "", "critical", "2026-09-21T05:10:00Z", None)
    (row,) = hour_rows(Book(START, FLEET.rates, {}, {}), [alert], FLEET)
    assert (row["alerts_critical"], row["readings"], row["engine_h"]) == (1, 0, None)


def test_a_machine_that_is_silent_while_the_site_is_open_lowers_the_use_of_the_fleet() -> None:
    said = [at(0, 100.0, idle_h=10.0), at(HOUR, 101.0, idle_h=10.1)]
    begun = {"EX-002": sketch_of([at(0, 7.0)], START), "GONE": sketch_of([at(0, 7.0)], START)}
    first = Book(START, FLEET.rates, {}, {MACHINE: sketch_of(said[:1], START), **begun})
    at_work = {MACHINE: sketch_of(said[1:], START + HOUR)}
    rows = hour_rows(Book(START + HOUR, FLEET.rates, closing(first), at_work), [], FLEET)
    # One that has never spoken, or that the site file names no more, is not waited for.
    assert [(one["machine"], one["planned_h"], one["engine_h"]) for one in rows] == [
        (MACHINE, 1.0, 1.0),
        ("EX-002", 1.0, 0.0),
    ]
    silent = rows[1]
    assert (silent["readings"], silent["fuel_l"], silent["lat"]) == (0, None, None)
    assert total(rows).utilisation == 0.5
    night = Book(START - 4 * HOUR, FLEET.rates, closing(first), {})
    assert hour_rows(night, [], FLEET) == []


def test_a_machine_that_the_site_names_no_more_keeps_its_row() -> None:
    book = Book(START, None, {}, {"OLD": sketch_of([at(0, 1.0)], START)})
    (row,) = hour_rows(book, [], FLEET)
    assert (row["machine"], row["label"], row["class"], row["zone"]) == ("OLD", None, None, None)


def test_alerts_are_read_back_from_their_rows() -> None:
    alerts = [
        OpenedAlert(MACHINE, "DTC", "94-18", "warning", "2026-09-21T05:10:00Z", None),
        OpenedAlert(
            MACHINE, "FUEL_LOW", "", "info", "2026-09-21T05:11:00Z", "2026-09-21T05:12:30Z"
        ),
    ]
    rows = alert_rows(alerts, FLEET)
    assert alerts_of_rows(rows) == alerts
    assert [row["lasted_min"] for row in rows] == [None, 1.5]


@pytest.mark.parametrize(
    ("local", "hours"),
    [
        ("Monday before", 0.0),
        ("Monday 07:00", 0.5),
        ("Monday 09:00", 1.0),
        ("Monday 12:00", 0.0),
        ("Monday 16:00", 0.5),
        ("Friday 15:00", 0.5),
        ("Saturday 09:00", 0.0),
        ("14 July 09:00", 0.0),
    ],
)
def test_planned_hours_are_those_of_the_calendar_without_lunch(local: str, hours: float) -> None:
    moments = {
        "Monday before": START - HOUR,
        "Monday 07:00": START,
        "Monday 09:00": START + 2 * HOUR,
        "Monday 12:00": START + 5 * HOUR,
        "Monday 16:00": START + 9 * HOUR,
        "Friday 15:00": START + (4 * 24 + 8) * HOUR,
        "Saturday 09:00": START + (5 * 24 + 2) * HOUR,
        "14 July 09:00": START - (69 * 24 - 2) * HOUR,
    }
    assert planned_h(FLEET, moments[local]) == hours


def site(**changes: object) -> Fleet:
    said = SITE.model_dump(by_alias=True)
    said["site"] |= changes.pop("site", {})
    return fleet_of(hour_settings_of(Site.model_validate(said | changes)))


def test_a_day_of_planned_hours_is_the_calendars_wherever_the_clock_changes() -> None:
    for timezone in ("Europe/Paris", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns"):
        fleet = site(site={"timezone": timezone})
        week = [planned_h(fleet, START - 24 * HOUR + n * HOUR) for n in range(7 * 24)]
        assert sum(filter(None, week)) == pytest.approx(4 * 8 + 7, abs=1e-4), timezone


def test_a_site_without_a_calendar_has_no_planned_hours() -> None:
    assert planned_h(site(calendar={}), START) is None


def test_local_time_follows_the_clock_changes() -> None:
    # The night of 25 October 2026: three o'clock is two o'clock again.
    assert local_time(FLEET, 1_792_886_400) == "2026-10-25 02:00:00"
    assert local_time(FLEET, 1_792_890_000) == "2026-10-25 02:00:00"


def test_the_settings_are_python_as_they_stand() -> None:
    """They are written into the function's code: null, true and false would not be read."""
    text = str(hour_settings_of(SITE))
    assert not [word for word in ("None", "True", "False") if word in text]
    assert "rates" not in hour_settings_of(SITE.model_copy(update={"rates": None}))


def test_hours_are_read_from_keys_and_nothing_else_is() -> None:
    hours = ["2026-09-21T09:00:00Z", "2026-09-20T23:00:00Z"]
    keys = [hour_key(HOURS, hour) for hour in hours]
    assert hours_of_keys(HOURS, [*keys, HOURS, f"{HOURS}dt=2026-09-21/x.json"]) == hours[::-1]


def row(machine: str, hour: str, **values: object) -> Row:
    known: Row = defaultdict(lambda: None, machine=machine, hour=hour, currency="EUR")
    counts = dict.fromkeys(("alerts_info", "alerts_warning", "alerts_critical"), 0)
    return known | counts | {"meter_changed": False} | values


def test_a_fleets_ratio_is_the_ratio_of_its_sums() -> None:
    rows = [
        row("A", "1", engine_h=9.0, idle_h=0.9, fuel_l=90.0, planned_h=8.0, cost=300.0),
        row("B", "1", engine_h=1.0, idle_h=0.9, fuel_l=4.0, planned_h=8.0, cost=30.0),
        # Knows no fuel: neither its litres nor its hours count for litres an hour.
        row("C", "2", engine_h=10.0, idle_h=0.2, planned_h=4.0),
    ]
    fleet = total(rows)
    assert (fleet.engine_h, fleet.fuel_l, fleet.cost) == (20.0, 94.0, 330.0)
    assert (fleet.idle, fleet.lph, fleet.cost_per_h) == (0.1, 9.4, 33.0)
    assert fleet.utilisation == 1.0
    assert list(totals_by(rows, "hour")) == ["1", "2"]


def test_nothing_is_divided_by_nothing_and_currencies_are_not_added() -> None:
    off = total([row("A", "1", engine_h=0.0, idle_h=0.0, fuel_l=0.0, planned_h=0.0)])
    assert (off.idle, off.lph, off.utilisation) == (None, None, None)
    both = [row("A", "1", cost=1.0), row("B", "1", cost=1.0, currency="CHF")]
    assert (total(both).cost, total(both).currency) == (None, None)


def test_a_day_is_the_sites_own_and_the_last_one_unless_said_otherwise() -> None:
    hours = [f"2026-09-{day}T{hour:02}:00:00Z" for day in (20, 21) for hour in (10, 21, 22)]
    assert of_day(None, "Europe/Paris")(hours) == hours[-1:]
    assert of_day(None, "UTC")(hours) == hours[3:]
    assert of_day(None, "UTC")([]) == []
    assert last_of(2)(hours) == hours[-2:]

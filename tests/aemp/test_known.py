"""What is known last of a machine: each value with its own time, and only what can be."""

from __future__ import annotations

from typing import Any

from chantier.aemp.known import known
from chantier.telemetry import Reading

DAY = 86_400
T = 1_792_000_000


def parts(
    readings: list[Reading], name: str, tank_l: float | None = None
) -> tuple[int, dict[str, Any]] | None:
    return next(
        ((one.t, one.parts) for one in known(readings, tank_l=tank_l) if one.name == name), None
    )


def test_each_value_carries_the_time_at_which_it_was_last_said() -> None:
    told = [Reading(T, op_h=10.0, idle_h=3.0), Reading(T + 60, op_h=10.05), Reading(T + 120)]
    assert parts(told, "CumulativeOperatingHours") == (T + 60, {"Hour": 10.05})
    assert parts(told, "CumulativeIdleHours") == (T, {"Hour": 3.0})


def test_a_machine_that_was_never_heard_has_no_element() -> None:
    assert known([], tank_l=345) == ()


def test_a_value_that_no_sensor_can_say_is_as_absent() -> None:
    told = [
        Reading(T, fuel_pct=40.0, lat=48.0, lon=2.0),
        Reading(T + 60, fuel_pct=102.0, lat=91.0),
    ]
    assert parts(told, "FuelRemaining") == (T, {"Percent": 40.0})
    assert parts(told, "Location") == (T, {"Latitude": 48.0, "Longitude": 2.0})


def test_the_tank_of_the_site_file_is_its_capacity() -> None:
    said = {"Percent": 40.0, "FuelTankCapacityUnits": "litre", "FuelTankCapacity": 345.0}
    assert parts([Reading(T, fuel_pct=40.0)], "FuelRemaining", 345.0) == (T, said)


def test_the_engine_status_is_of_its_last_change() -> None:
    told = [Reading(T + n, eng=on) for n, on in enumerate((False, True, True, False, False))]
    assert parts(told, "EngineStatus") == (T + 3, {"EngineNumber": "1", "Running": False})


def test_fuel_of_the_last_day_is_a_difference_of_counts_and_unknown_without_an_old_one() -> None:
    told = [Reading(T, fuel_used_l=100.0), Reading(T + DAY, fuel_used_l=160.5)]
    assert parts(told, "FuelUsedLast24") == (
        T + DAY,
        {"FuelUnits": "litre", "FuelConsumed": 60.5},
    )
    assert parts(told[1:], "FuelUsedLast24") is None


def test_a_meter_that_was_changed_says_nothing_of_the_last_day() -> None:
    told = [Reading(T, fuel_used_l=100.0), Reading(T + DAY, fuel_used_l=2.0)]
    assert parts(told, "FuelUsedLast24") is None


def test_the_mean_load_is_weighted_by_time_with_the_engine_on() -> None:
    told = [
        Reading(T, eng=True, load_pct=20.0),
        Reading(T + 10, eng=True, load_pct=80.0),
        Reading(T + 40, eng=False, load_pct=0.0),
        Reading(T + 9_000, eng=True, load_pct=90.0),
    ]
    assert parts(told, "AverageLoadFactorLast24") == (T + 9_000, {"Percent": 65.0})


def test_the_order_of_arrival_does_not_count() -> None:
    told = [
        Reading(
            T + 10 * n, n, eng=n % 5 != 0, op_h=n / 10, load_pct=float(n), spd_kmh=float(n % 7)
        )
        for n in range(40)
    ]
    mixed = told[::2][::-1] + told[1::2]
    assert known(mixed, tank_l=None) == known(told, tank_l=None)

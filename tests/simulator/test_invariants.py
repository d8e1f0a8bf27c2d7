"""The checker of invariants: silent for a sound trace, and it tells each way to break one."""

from __future__ import annotations

import pytest

from chantier.telemetry import Reading
from simulator.classes import CRAWLER_EXCAVATOR
from simulator.invariants import broken
from simulator.trace import Step, Trace

T = 1_791_956_700


def trace(*steps: Step) -> Trace:
    return Trace("EX-001", CRAWLER_EXCAVATOR, 345.0, (), steps=list(steps))


def look(n: int, *, refuels_l: float = 0.0, **said: float | bool) -> Step:
    """A machine that burns 18 L/h, a reading each 100 s: half a litre between two."""
    usual: dict[str, float | bool] = {
        "eng": True,
        "rpm": 1650.0,
        "fuel_lph": 18.0,
        "fuel_used_l": 20_000.0 + n / 2,
        "fuel_pct": 60.0 - 100 * n / 2 / 345,
        "op_h": 3000.0,
        "idle_h": 900.0,
        "cyc": 1000 + n,
    }
    return Step(Reading(T + 100 * n, **{**usual, **said}), refuels_l)  # type: ignore[arg-type] # a mapping of mixed types


def sound() -> list[Step]:
    return [look(n) for n in range(60)]


def test_a_sound_machine_breaks_nothing() -> None:
    assert list(broken(trace(*sound()))) == []


@pytest.mark.parametrize("name", ["op_h", "idle_h", "fuel_used_l", "cyc"])
def test_a_counter_that_falls_is_told(name: str) -> None:
    steps = sound()
    steps[7] = look(7, **{name: 1.0})
    assert any(f"at {T + 700}: {name} fell from" in fault for fault in broken(trace(*steps)))


def test_more_idling_than_running_is_told() -> None:
    (fault, *_) = broken(trace(look(0, idle_h=3000.05), look(1, idle_h=3000.05)))
    assert "idle_h 3000.05 is more than op_h 3000.0" in fault


@pytest.mark.parametrize("said", [{"rpm": 0.125}, {"fuel_lph": 0.05}])
def test_an_engine_that_is_off_and_turns_or_burns_is_told(said: dict[str, float]) -> None:
    still = {"eng": False, "rpm": 0.0, "fuel_lph": 0.0}
    (fault,) = broken(trace(look(0, **{**still, **said})))
    assert "the engine is off at" in fault


def test_a_counter_that_rises_with_the_engine_off_is_told() -> None:
    off = look(0, eng=False, rpm=0.0, fuel_lph=0.0)
    faults = list(broken(trace(off, look(1, fuel_used_l=20_000.0, fuel_pct=60.0, cyc=1000))))
    assert faults == []
    faults = list(broken(trace(off, look(1, op_h=3000.05, fuel_used_l=20_000.0, cyc=1000))))
    assert faults == [f"EX-001 at {T + 100}: op_h rose from 3000.0 to 3000.05 with the engine off"]


def test_a_fuel_counter_that_counts_two_percent_too_much_is_told() -> None:
    steps = [
        look(n, fuel_used_l=20_000.0 + n / 2 * 1.02, fuel_pct=60 - n / 2 * 1.02 / 3.45)
        for n in range(200)
    ]
    assert any("fuel_lph says" in fault for fault in broken(trace(*steps)))
    steps = [
        look(n, fuel_used_l=20_000.0 + n / 2 * 1.009, fuel_pct=60 - n / 2 * 1.009 / 3.45)
        for n in range(200)
    ]
    assert list(broken(trace(*steps))) == []


def test_fuel_that_leaves_unburnt_or_comes_from_nowhere_is_told() -> None:
    for share in (50.0, 70.0):
        steps = sound()
        steps[30] = look(30, fuel_pct=share)
        (fault,) = broken(trace(*steps))
        assert f"at {T + 3000}: the tank has" in fault


def test_a_refuel_explains_a_level_that_rises() -> None:
    later = [look(n, fuel_pct=80 - 100 * n / 2 / 345, refuels_l=0.2 * 345) for n in range(30, 60)]
    assert list(broken(trace(*sound()[:30], *later))) == []

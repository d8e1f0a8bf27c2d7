"""How fast what was held up is sent, and how long a machine waits before it tries again."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from simulator.dice import dice
from simulator.pace import Backoff, Pace


def turns(pace: Pace, machines: int, each: int) -> list[tuple[int, float]]:
    """Who had a turn, and when, in order."""
    found: list[tuple[int, float]] = []

    async def one(machine: int) -> None:
        last = 0.0
        for _ in range(each):
            last = await pace.turn(last)
            found.append((machine, last))

    async def run() -> None:
        await asyncio.gather(*(one(machine) for machine in range(machines)))

    asyncio.run(run())
    return sorted(found, key=lambda turn: turn[1])


def test_all_machines_together_have_so_many_turns_a_second_and_everybody_has_some() -> None:
    found = turns(Pace(500, speed=1e6), 20, 5)
    assert found[-1][1] - found[0][1] >= 99 / 500 - 1e-6
    assert {machine for machine, _ in found[:20]} == set(range(20))


@pytest.mark.parametrize(("speed", "per_s"), [(1, 4), (600, 40), (1e6, 90)])
def test_one_machine_sends_slowly_enough_to_be_judged_in_order(speed: float, per_s: float) -> None:
    times = [at for _, at in turns(Pace(1e6, speed=speed), 1, 4)]
    assert [b - a for a, b in pairwise(times)] == pytest.approx([1 / per_s] * 3, rel=0.5)
    assert min(b - a for a, b in pairwise(times)) >= 1 / per_s - 1e-6


def test_waits_grow_to_their_limit_and_are_spread_over_their_whole_length() -> None:
    backoff, throw = Backoff(), dice("a machine")
    for failures, most in [(1, 1), (2, 2), (5, 16), (8, 120), (2000, 120)]:
        waits = [backoff.wait_s(failures, throw, refused=False) for _ in range(500)]
        assert max(waits) <= most
        assert min(waits) < most / 20
        assert max(waits) > most * 0.95


def test_the_same_machine_waits_as_long_each_time_and_another_one_does_not() -> None:
    def waits(machine: str) -> list[float]:
        throw = dice(machine)
        return [Backoff().wait_s(n, throw, refused=False) for n in range(1, 9)]

    assert waits("EX-001") == waits("EX-001") != waits("EX-002")


def test_after_a_refusal_the_next_try_is_minutes_away() -> None:
    waits = [Backoff().wait_s(1, dice(n), refused=True) for n in range(200)]
    assert min(waits) >= 300
    assert max(waits) <= 600

"""Time: whoever waits cannot tell which clock it is."""

from __future__ import annotations

import asyncio
import time

import pytest

from simulator.clock import Accelerated, Clock, Instant, Real


@pytest.mark.parametrize("speed", [50.0, 2000.0])
def test_an_accelerated_clock_takes_a_share_of_the_time(speed: float) -> None:
    clock, wait = Accelerated(1000.0, speed), 0.05 * speed
    begun = time.monotonic()
    asyncio.run(clock.sleep_until(1000.0 + wait))
    assert time.monotonic() - begun >= 0.045
    assert clock.now() >= 1000.0 + wait


def test_an_accelerated_clock_begins_when_it_is_first_read() -> None:
    clock = Accelerated(1000.0, 1e6)
    time.sleep(0.01)
    assert clock.now() == pytest.approx(1000.0, abs=5000)
    assert clock.now() >= 1000.0


def test_an_instant_clock_waits_for_nobody_and_never_goes_back() -> None:
    clock = Instant(1000.0)
    asyncio.run(clock.sleep_until(1e9))
    asyncio.run(clock.sleep_until(5.0))
    assert clock.now() == 1e9


@pytest.mark.parametrize("clock", [Real(), Accelerated(0.0, 1.0), Instant(0.0)])
def test_a_moment_that_is_past_is_not_waited_for(clock: Clock) -> None:
    begun = time.monotonic()
    asyncio.run(clock.sleep_until(clock.now() - 3600))
    assert time.monotonic() - begun < 60

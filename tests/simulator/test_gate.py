"""The gate: so many connections a second, so many at once."""

from __future__ import annotations

import asyncio

from simulator.gate import Gate


def passed(gate: Gate, machines: int, stay_s: float = 0.0) -> tuple[list[float], int]:
    """When each went through, and how many were inside at the same time at most."""
    times: list[float] = []
    inside = most = 0

    async def one() -> None:
        nonlocal inside, most
        async with gate:
            times.append(asyncio.get_running_loop().time())
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(stay_s)
            inside -= 1

    async def run() -> None:
        await asyncio.gather(*(one() for _ in range(machines)))

    asyncio.run(run())
    return times, most


def test_no_more_connect_in_a_second_than_the_rate_allows() -> None:
    times, _ = passed(Gate(200), 60)
    # Each has a slot of 5 ms and lies anywhere in it.
    assert times[-1] - times[0] >= 58 / 200 * 0.95


def test_no_more_connections_are_under_way_than_there_is_room_for() -> None:
    _, most = passed(Gate(10_000, at_once=3), 20, stay_s=0.002)
    assert most == 3


def test_who_is_cancelled_while_it_waits_leaves_its_room_to_others() -> None:
    async def run() -> None:
        gate = Gate(2, at_once=1)
        waiting = asyncio.create_task(gate.__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        async with gate:
            pass

    asyncio.run(asyncio.wait_for(run(), 60))

"""Where an incident sends a machine: out of its ground, back, and away."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.dice import dice
from simulator.effect import NONE, Effect
from simulator.ground import Ground
from simulator.walker import Walker

GROUND = Ground([(48.714, 2.239), (48.714, 2.242), (48.712, 2.243), (48.712, 2.239)])
ANGLED = Ground(
    [(48.0, 2.0), (48.0, 2.01), (48.004, 2.01), (48.004, 2.008), (48.001, 2.005)],
    [[(48.0004, 2.002), (48.0004, 2.004), (48.0008, 2.004), (48.0008, 2.002)]],
)
OUT = Effect(start=0, end=1, outside_m=60.0)
HOME = Effect(start=0, end=1, home=True)
AWAY = Effect(start=0, end=1, away=True)


def walked(walker: Walker, metres: float) -> tuple[float, float]:
    walker.move(metres)
    return walker.fix(still=True)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([GROUND, ANGLED]), st.floats(20, 300))
def test_a_machine_sent_out_stands_that_far_outside_and_finds_home(
    seed: int, ground: Ground, metres: float
) -> None:
    walker = Walker(ground, dice(seed))
    home = walked(walker, 100)
    walker.obey(Effect(start=0, end=1, outside_m=metres))
    there = walked(walker, ground.span_m + 2 * metres + 10)
    assert walker.arrived
    assert not ground.holds(there)
    assert metres <= ground.fence_m(there) < metres + 30
    assert walked(walker, 50) == there
    walker.obey(HOME)
    assert walked(walker, 10_000) == home
    walker.obey(NONE)
    assert ground.holds(walked(walker, 25))
    assert not walker.arrived


def test_the_way_out_does_not_begin_anew_with_another_stage() -> None:
    walker = Walker(GROUND, dice(1))
    walker.obey(OUT)
    walked(walker, 5)
    walker.obey(Effect(start=1, end=2, outside_m=60.0))
    there = walked(walker, 1000)
    assert 60 <= GROUND.fence_m(there) < 80


def test_a_machine_that_is_carried_away_goes_straight_on() -> None:
    walker = Walker(GROUND, dice(1))
    places = [walker.fix(still=True)]
    walker.obey(AWAY)
    places += [walked(walker, 1000) for _ in range(3)]
    legs = [GROUND.metres(one, other) for one, other in pairwise(places)]
    assert all(abs(leg - 1000) < 5 for leg in legs)
    assert abs(GROUND.metres(places[0], places[-1]) - 3000) < 15


def test_the_distance_to_the_fence_is_that_to_its_nearest_part() -> None:
    square = Ground([(0.0, 0.0), (0.0, 0.001), (0.001, 0.001), (0.001, 0.0)])
    assert abs(square.fence_m((0.0005, 0.0005)) - 55.66) < 0.1
    assert abs(square.fence_m((0.002, 0.0005)) - 111.32) < 0.1
    assert abs(square.fence_m((0.002, 0.002)) - 157.4) < 0.2

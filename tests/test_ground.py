"""The laws of the geometry: what a zone holds, and how far its border is."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chantier.detection.ground import holds, metres_between, metres_from_border
from chantier.detection.rules import Ring

# In steps of a hundred-thousandth of a degree, as fixes are told.

GRID = st.integers(-40, 40)
SPOT = st.tuples(GRID, GRID)


def ring_of(corners: list[tuple[int, int]]) -> Ring:
    return tuple((48.7 + north / 1e5, 2.2 + east / 1e5) for north, east in corners)


RINGS = st.lists(SPOT, min_size=3, max_size=8, unique=True)
POLYGONS = st.lists(RINGS, min_size=1, max_size=3)


def crossings(ring: list[tuple[int, int]], spot: tuple[int, int]) -> int | None:
    """How often a ray to the east crosses a ring, in whole numbers; None on the ring."""
    north, east = spot
    count = 0
    for (a_north, a_east), (b_north, b_east) in pairwise([*ring, ring[0]]):
        side = (b_north - a_north) * (east - a_east) - (b_east - a_east) * (north - a_north)
        within = min(a_north, b_north) <= north <= max(a_north, b_north) and min(
            a_east, b_east
        ) <= east <= max(a_east, b_east)
        if side == 0 and within:
            return None
        up, down = a_north <= north < b_north, b_north <= north < a_north
        count += (up and side < 0) or (down and side > 0)
    return count


@settings(max_examples=300)
@given(POLYGONS, SPOT)
def test_a_polygon_holds_what_an_exact_count_says(
    rings: list[list[tuple[int, int]]], spot: tuple[int, int]
) -> None:
    polygon = tuple(ring_of(ring) for ring in rings)
    ((lat, lon),) = ring_of([spot])
    counts = [crossings(ring, spot) for ring in rings]
    if any(count is None for count in counts):
        assert metres_from_border(polygon, lat, lon) < 1e-6
    else:
        assert holds(polygon, lat, lon) == bool(sum(count or 0 for count in counts) % 2)
        assert metres_from_border(polygon, lat, lon) > 1e-6


@given(RINGS, SPOT)
def test_a_hole_is_outside(corners: list[tuple[int, int]], spot: tuple[int, int]) -> None:
    around = [(-99, -99), (-99, 99), (99, 99), (99, -99)]
    outline, inner = ring_of(around), ring_of(corners)
    ((lat, lon),) = ring_of([spot])
    assert holds((outline,), lat, lon)
    if crossings(corners, spot) is not None:
        assert holds((outline, inner), lat, lon) != holds((inner,), lat, lon)


@given(POLYGONS, SPOT, st.integers(0, 7), st.sampled_from([1, -1]))
def test_where_a_ring_begins_and_which_way_it_goes_do_not_matter(
    rings: list[list[tuple[int, int]]], spot: tuple[int, int], turn: int, way: int
) -> None:
    turned = [ring[turn % len(ring) :] + ring[: turn % len(ring)] for ring in rings]
    other = [ring[::way] for ring in turned]
    closed = [[*ring, ring[0]] for ring in other]
    ((lat, lon),) = ring_of([spot])
    one, two, three = (tuple(map(ring_of, each)) for each in (rings, other, closed))
    if all(crossings(ring, spot) is not None for ring in rings):
        assert holds(one, lat, lon) == holds(two, lat, lon) == holds(three, lat, lon)
    far = metres_from_border(one, lat, lon)
    assert math.isclose(far, metres_from_border(two, lat, lon), abs_tol=1e-6)
    assert math.isclose(far, metres_from_border(three, lat, lon), abs_tol=1e-6)


@given(POLYGONS, SPOT, st.data())
def test_the_border_is_no_farther_than_any_of_its_points(
    rings: list[list[tuple[int, int]]], spot: tuple[int, int], data: st.DataObject
) -> None:
    polygon = tuple(ring_of(ring) for ring in rings)
    ((lat, lon),) = ring_of([spot])
    far = metres_from_border(polygon, lat, lon)
    ring = data.draw(st.sampled_from(polygon))
    index, share = data.draw(st.integers(0, len(ring) - 1)), data.draw(st.floats(0, 1))
    (a_lat, a_lon), (b_lat, b_lon) = ring[index - 1], ring[index]
    point = (a_lat + share * (b_lat - a_lat), a_lon + share * (b_lon - a_lon))
    assert metres_from_border(polygon, *point) < 1e-6
    assert far <= metres_between(lat, lon, point) + 1e-6


PLACES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(PLACES, PLACES)
def test_a_distance_is_never_negative_and_never_without_end(
    one: tuple[float, float], other: tuple[float, float]
) -> None:
    far = metres_between(*one, other)
    assert 0 <= far < 3e7
    assert metres_between(*one, one) < 1e-6


@given(SPOT, SPOT)
def test_a_distance_is_the_same_there_and_back(
    one: tuple[int, int], other: tuple[int, int]
) -> None:
    here, there = ring_of([one, other])
    assert math.isclose(
        metres_between(*here, there), metres_between(*there, here), rel_tol=1e-4, abs_tol=1e-6
    )

"""When a buffer becomes an object."""

from __future__ import annotations

import math

from chantier.local.buffering import Buffers, Hints

HINTS = Hints(size=10, seconds=60)


def test_nothing_is_taken_before_its_time() -> None:
    buffers = Buffers()
    buffers.add("s", b"1234", HINTS, now=100)
    assert buffers.due() == 160
    assert buffers.take(159.9) == []


def test_age_counts_from_the_oldest_record() -> None:
    buffers = Buffers()
    buffers.add("s", b"a", HINTS, now=100)
    buffers.add("s", b"b", HINTS, now=159)
    [batch] = buffers.take(160)
    assert (batch.body, batch.opened, batch.records) == (b"ab", 100, 2)
    assert buffers.due() is None


def test_a_full_buffer_is_taken_at_once_and_the_next_record_opens_another() -> None:
    buffers = Buffers()
    buffers.add("s", b"12345", HINTS, now=100)
    buffers.add("s", b"67890", HINTS, now=101)
    buffers.add("s", b"x", HINTS, now=102)
    assert buffers.due() == 0.0
    assert [batch.body for batch in buffers.take(102)] == [b"1234567890"]
    assert buffers.due() == 162


def test_an_interval_of_zero_is_due_at_once() -> None:
    buffers = Buffers()
    buffers.add("s", b"x", Hints(size=10, seconds=0), now=100)
    assert [batch.body for batch in buffers.take(100)] == [b"x"]


def test_streams_do_not_mix() -> None:
    buffers = Buffers()
    buffers.add("a", b"1", HINTS, now=100)
    buffers.add("b", b"2", HINTS, now=130)
    assert [batch.stream for batch in buffers.take(160)] == ["a"]
    assert [batch.stream for batch in buffers.take(math.inf)] == ["b"]


def test_hints_that_change_count_for_what_is_buffered() -> None:
    buffers = Buffers()
    buffers.add("s", b"1", HINTS, now=100)
    buffers.add("s", b"2", Hints(size=10, seconds=5), now=103)
    assert buffers.due() == 105

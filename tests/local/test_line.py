"""A line of jobs served by threads."""

from __future__ import annotations

import threading

import pytest

from chantier.local.line import Full, Line


def test_jobs_are_served_in_their_order() -> None:
    line: Line[str] = Line(limit=3)
    for job in "abc":
        line.join(job)
    assert [line.take() for _ in range(3)] == ["a", "b", "c"]


def test_a_job_put_back_waits_for_its_time_and_lets_others_pass() -> None:
    line: Line[str] = Line(limit=3)
    line.join("later")
    line.again(line.take(), delay=0.05)
    line.join("now")
    assert [line.take(), line.take()] == ["now", "later"]


def test_a_full_line_refuses_new_jobs_and_takes_back_old_ones() -> None:
    line: Line[int] = Line(limit=1)
    line.join(1)
    with pytest.raises(Full):
        line.join(2)
    job = line.take()
    line.join(3)
    line.again(job, delay=0)
    assert sorted([line.take(), line.take()]) == [1, 3]


def test_finishing_serves_what_would_wait_for_long() -> None:
    line: Line[str] = Line(limit=3)
    line.join("retry")
    line.again(line.take(), delay=3600)
    served: list[str] = []

    def serve() -> None:
        served.append(line.take())
        line.done()

    thread = threading.Thread(target=serve)
    thread.start()
    assert line.finish(seconds=10) == 0
    thread.join()
    assert served == ["retry"]


def test_finishing_says_how_many_did_not_end() -> None:
    line: Line[int] = Line(limit=3)
    line.join(1)
    line.join(2)
    assert line.finish(seconds=0.01) == 2

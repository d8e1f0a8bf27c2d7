"""What happens to records between their arrival and their bucket, on a clock of the test's."""

from __future__ import annotations

import base64
import json
import threading
from pathlib import Path

import pytest

from chantier.local.buffering import Hints
from chantier.local.delivery import Delivery
from chantier.local.streams import Refusal, Stream, Write

START = 1_772_859_849.0  # 2026-03-07T05:04:09Z


class Shelf:
    """A store in memory that refuses some keys."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.refused: tuple[str, ...] = ()
        self.final = False

    def put(self, write: Write) -> None:
        """Keep it, or refuse it."""
        if write.key.startswith(self.refused):
            raise Refusal("no", final=self.final)
        self.objects[write.key] = write.body


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        """What time it is."""
        return self.now


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def delivery(shelf: Shelf, clock: Clock, tmp_path: Path) -> Delivery:
    return Delivery(shelf, tmp_path / "undelivered", clock)


def stream(error_prefix: str = "", prefix: str = "raw/dt=!{timestamp:yyyy-MM-dd}/") -> Stream:
    return Stream(
        name="stream",
        arn="arn:stream",
        version="1",
        role="arn:role",
        bucket="bucket",
        prefix=prefix,
        error_prefix=error_prefix,
        gzip=False,
        hints=Hints(size=1000, seconds=60),
    )


def set_aside(folder: Path) -> list[bytes]:
    files = (folder / "undelivered").glob("*.json")
    return [base64.b64decode(json.loads(file.read_text())["base64"]) for file in files]


def test_an_object_is_dated_by_its_oldest_record(
    delivery: Delivery, shelf: Shelf, clock: Clock
) -> None:
    clock.now = START + 68_149  # two seconds before midnight
    delivery.accept(stream(), [b"old"])
    clock.now += 60
    assert delivery.step() > clock.now
    [key] = shelf.objects
    assert key.startswith("raw/dt=2026-03-07/stream-1-2026-03-07-23-59-58-")


def test_a_write_that_failed_is_tried_again_later_and_later(
    delivery: Delivery, shelf: Shelf, clock: Clock
) -> None:
    shelf.refused = ("raw/",)
    delivery.accept(stream(), [b"a"])
    clock.now += 60
    pauses = []
    for _ in range(8):
        due = delivery.step()
        pauses.append(due - clock.now)
        clock.now = due
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    shelf.refused = ()
    delivery.step()
    assert list(shelf.objects.values()) == [b"a"]


def test_a_final_refusal_goes_under_the_error_prefix(
    delivery: Delivery, shelf: Shelf, clock: Clock
) -> None:
    shelf.refused, shelf.final = ("raw/",), True
    delivery.accept(stream("errors/!{firehose:error-output-type}/"), [b"a"])
    clock.now += 60
    delivery.step()
    [key] = shelf.objects
    assert key.startswith("errors/delivery-failed/2026/03/07/05/stream-1-")


def test_a_passing_refusal_does_not(delivery: Delivery, shelf: Shelf, clock: Clock) -> None:
    shelf.refused = ("raw/",)
    delivery.accept(stream("errors/"), [b"a"])
    clock.now += 60
    delivery.step()
    assert not shelf.objects


def test_closing_writes_what_is_young(delivery: Delivery, shelf: Shelf) -> None:
    delivery.start()
    delivery.accept(stream(), [b"a", b"b"])
    delivery.close(10)
    assert list(shelf.objects.values()) == [b"ab"]


def test_closing_sets_aside_what_no_bucket_takes(
    delivery: Delivery, shelf: Shelf, tmp_path: Path
) -> None:
    shelf.refused = ("",)
    delivery.start()
    delivery.accept(stream(), [b"kept"])
    delivery.close(10)
    assert set_aside(tmp_path) == [b"kept"]


def test_refused_writes_do_not_fill_the_memory(shelf: Shelf, clock: Clock, tmp_path: Path) -> None:
    delivery = Delivery(shelf, tmp_path / "undelivered", clock, memory=10)
    shelf.refused = ("",)
    for body in (b"oldest", b"newest"):
        delivery.put(Write("arn:role", "s", "arn:source", "bucket", "../../x", body))
    delivery.step()
    assert set_aside(tmp_path) == [b"oldest"]


def test_a_prefix_that_cannot_be_evaluated_loses_nothing(
    delivery: Delivery, clock: Clock, tmp_path: Path
) -> None:
    delivery.accept(stream(prefix="!{lambda:no}/"), [b"kept"])
    clock.now += 60
    delivery.step()
    assert set_aside(tmp_path) == [b"kept"]


def test_a_write_under_way_when_the_time_is_over_is_kept(clock: Clock, tmp_path: Path) -> None:
    asked, answer = threading.Event(), threading.Event()

    class Slow:
        def put(self, write: Write) -> None:
            """Take longer than anybody waits."""
            asked.set()
            answer.wait(10)
            raise Refusal(write.key, final=False)

    delivery = Delivery(Slow(), tmp_path / "undelivered", clock)
    delivery.start()
    delivery.put(Write("arn:role", "s", "arn:source", "bucket", "key", b"kept"))
    assert asked.wait(10)
    delivery.close(0.01)
    assert set_aside(tmp_path) == [b"kept"]
    answer.set()

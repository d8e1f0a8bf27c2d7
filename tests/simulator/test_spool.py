"""The file in which messages wait: what it keeps, in which order, and what damage does to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chantier.errors import ChantierError
from simulator.spool import Message, Spool


def message(n: int, machine: str = "EX-001", *, urgent: bool = False) -> Message:
    return Message(n, machine, 1000 + n, n, 6, urgent, b"%d" % n * 400)


def kept(path: Path, *messages: Message) -> None:
    """A file as a run leaves it that was killed: its connection was never closed."""
    spool = Spool(path)
    spool.write(messages, counters={"EX-001": 99})
    spool.close()


def test_what_was_written_is_there_for_the_next_run_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "site" / "queue.db"
    kept(path, *(message(n, machine) for n in (3, 1, 2) for machine in ["AB"[n % 2]]))
    spool = Spool(path)
    assert (spool.waiting, spool.counted, spool.last_n) == ({"A": 1, "B": 2}, {"EX-001": 99}, 3)
    assert spool.oldest("B", after=0, most=9) == [message(1, "B"), message(3, "B")]
    assert spool.oldest("B", after=1, most=9) == [message(3, "B")]
    assert spool.oldest("B", after=0, most=1) == [message(1, "B")]
    spool.close()


def test_there_is_no_file_while_nothing_waits(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    Spool(path).close()
    assert not path.exists()
    spool = Spool(path)
    spool.write([message(1)])
    assert path.exists()
    spool.write([], [1])
    spool.close()
    assert list(tmp_path.iterdir()) == []


def test_room_is_made_by_the_oldest_that_are_not_urgent_then_by_the_oldest(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "queue.db")
    spool.write(message(n, urgent=n in (1, 3)) for n in range(1, 6))
    spool.write([message(9, "EX-002")])
    assert [one.n for one in spool.make_room("EX-001", after=0, excess=2)] == [2, 4]
    assert [one.n for one in spool.make_room("EX-001", after=0, excess=2)] == [5, 1]
    assert [one.n for one in spool.oldest("EX-001", after=0, most=9)] == [3]
    assert [one.n for one in spool.oldest("EX-002", after=0, most=9)] == [9]
    spool.close()


def test_a_second_run_is_refused_while_the_first_has_the_file(tmp_path: Path) -> None:
    first = Spool(tmp_path / "queue.db")
    first.write([message(1)])
    with pytest.raises(ChantierError, match=r"Another run has the queue .* open") as refused:
        Spool(tmp_path / "queue.db")
    assert "Wait until it ends" in refused.value.hint
    first.close()


def test_a_log_that_was_torn_while_it_was_written_costs_the_torn_transaction_alone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "queue.db"
    spool = Spool(path)
    spool.write([message(1), message(2)])
    whole = (tmp_path / "queue.db-wal").stat().st_size
    spool.write([message(3)])
    log = (tmp_path / "queue.db-wal").read_bytes()
    killed = tmp_path / "killed"
    killed.mkdir()
    (killed / "queue.db").write_bytes(path.read_bytes())
    (killed / "queue.db-wal").write_bytes(log[: (whole + len(log)) // 2])
    spool.close()
    found = Spool(killed / "queue.db")
    assert (found.waiting, found.mended) == ({"EX-001": 2}, "")
    assert found.oldest("EX-001", after=0, most=9) == [message(1), message(2)]
    found.close()


@pytest.mark.parametrize("left", [0.3, 0.6, 0.9])
def test_a_file_that_was_cut_short_gives_what_can_be_read_and_the_rest_is_put_aside(
    tmp_path: Path, left: float
) -> None:
    path = tmp_path / "queue.db"
    kept(path, *(message(n) for n in range(1, 400)))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * left) // 4096 * 4096])
    spool = Spool(path)
    saved = spool.waiting.get("EX-001", 0)
    assert 399 * left * 0.8 < saved < 399
    assert f"{saved} messages were saved" in spool.mended
    assert spool.oldest("EX-001", after=0, most=saved + 1) == [
        message(n) for n in range(1, saved + 1)
    ]
    assert whole.startswith((tmp_path / "queue.broken-1.db").read_bytes())
    spool.write([message(500)])
    spool.close()
    assert Spool(path).waiting == {"EX-001": saved + 1}


def test_a_file_that_is_no_queue_at_all_is_put_aside_whole_and_said(tmp_path: Path) -> None:
    path = tmp_path / "queue.db"
    path.write_bytes(b"not a data base" * 1000)
    spool = Spool(path)
    assert spool.waiting == {}
    assert "0 messages were saved, the rest stays in" in spool.mended
    assert (tmp_path / "queue.broken-1.db").read_bytes() == b"not a data base" * 1000
    spool.close()
    path.write_bytes(b"again" * 1000)
    Spool(path).close()
    assert (tmp_path / "queue.broken-2.db").read_bytes() == b"again" * 1000


def test_a_file_that_cannot_be_written_is_said_with_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "queue.db").mkdir()
    with pytest.raises(ChantierError, match="cannot be used") as refused:
        Spool(tmp_path / "queue.db")
    assert "disk full" in refused.value.hint

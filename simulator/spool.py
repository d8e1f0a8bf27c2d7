"""What machines still have to send, on disk: one file for all machines of a site.

SQLite, because one transaction a second serves ten thousand machines, a message in the
middle is removed as cheaply as the last one, and its log heals a write that was torn: after
SIGKILL the file holds what the last transaction held. There is no file while nothing waits.
Nothing here sends, and nothing decides what is worth keeping.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from chantier.errors import ChantierError

_TABLES = """\
CREATE TABLE IF NOT EXISTS message (
    n INTEGER PRIMARY KEY, machine TEXT NOT NULL, t INTEGER NOT NULL, seq INTEGER NOT NULL,
    readings INTEGER NOT NULL, urgent INTEGER NOT NULL, payload BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS by_machine ON message (machine, n);
CREATE TABLE IF NOT EXISTS counter (machine TEXT PRIMARY KEY, seq INTEGER NOT NULL);
"""
_COLUMNS = "n, machine, t, seq, readings, urgent, payload"
_INSERT = f"INSERT OR REPLACE INTO message ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
_SOME = 500
# Their bytes are checked before they are trusted.
_SOUND = "typeof(payload) = 'blob' AND typeof(machine) = 'text' AND typeof(t) = 'integer'"


class Message(NamedTuple):
    """A message that waits.

    Attributes:
        n: its place among all messages of the file; later ones have larger numbers.
        machine: machine id.
        t: time of its newest reading, epoch seconds.
        seq: sequence number of that reading.
        readings: how many it carries.
        urgent: whether its last reading is news.
        payload: its bytes, as they are published.
    """

    n: int
    machine: str
    t: int
    seq: int
    readings: int
    urgent: bool
    payload: bytes


class Spool:
    """The file, open until `close`.

    Args:
        path: the file; None for one in memory, gone when it is closed.

    Attributes:
        waiting: by machine id, how many messages it held when it was opened.
        counted: by machine id, the last sequence number that the machine may have used.
        last_n: the largest number of a message.
        mended: what was wrong with the file, in a sentence; empty when nothing was.

    Raises:
        ChantierError: another run has it open, or it cannot be read or written.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.waiting: dict[str, int] = {}
        self.counted: dict[str, int] = {}
        self.last_n = 0
        self.mended = ""
        self._base: sqlite3.Connection | None = None
        if path and path.exists():
            try:
                self._look()
            except (sqlite3.Error, OSError) as error:
                raise self._unusable(error) from error

    def write(
        self,
        new: Iterable[Message],
        gone: Iterable[int] = (),
        counters: Mapping[str, int | None] | None = None,
    ) -> None:
        """Keep and forget messages in one transaction.

        Args:
            new: to be kept.
            gone: numbers of those to be forgotten.
            counters: by machine id, the last sequence number used; None forgets it.

        Raises:
            ChantierError: nothing was written.
        """
        said = counters or {}
        try:
            with self._open() as base:
                base.executemany(_INSERT, new)
                base.executemany("DELETE FROM message WHERE n = ?", [(n,) for n in gone])
                base.executemany(
                    "INSERT OR REPLACE INTO counter VALUES (?, ?)",
                    [(machine, seq) for machine, seq in said.items() if seq is not None],
                )
                base.executemany(
                    "DELETE FROM counter WHERE machine = ?",
                    [(machine,) for machine, seq in said.items() if seq is None],
                )
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error

    def oldest(self, machine: str, *, after: int, most: int) -> list[Message]:
        """The next messages of a machine, oldest first, numbered above `after`."""
        return self._read("machine = ? AND n > ? ORDER BY n LIMIT ?", (machine, after, most))

    def make_room(self, machine: str, *, after: int, excess: int) -> list[Message]:
        """Forget so many messages of a machine, the oldest that are not urgent first; these."""
        lost = self._read(
            "machine = ? AND n > ? ORDER BY urgent, n LIMIT ?", (machine, after, excess)
        )
        self.write((), [one.n for one in lost])
        return lost

    def close(self) -> None:
        """Close it; a file in which nothing waits is removed."""
        if self._base is None:
            return
        with closing(self._base) as base, suppress(sqlite3.Error):
            (left,) = base.execute("SELECT count(*) FROM message").fetchone()
            if self.path and not left:
                base.close()
                self.path.unlink(missing_ok=True)
        self._base = None

    def _open(self) -> sqlite3.Connection:
        if self._base is None:
            if self.path:
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._base = _connected(self.path)
            self._base.executescript(_TABLES)
        return self._base

    def _read(self, where: str, values: tuple[str, int, int]) -> list[Message]:
        try:
            rows = self._open().execute(f"SELECT {_COLUMNS} FROM message WHERE {where}", values)  # noqa: S608 - constants
            return [_message(row) for row in rows]
        except (sqlite3.Error, OSError) as error:
            raise self._unusable(error) from error

    def _look(self) -> None:
        """Open a file that is there, mend it if need be, and count what waits in it."""
        if not self._is_sound():
            self._mend()
        base = self._open()
        self.waiting = dict(base.execute("SELECT machine, count(*) FROM message GROUP BY machine"))
        self.counted = dict(base.execute("SELECT machine, seq FROM counter"))
        (last,) = base.execute("SELECT max(n) FROM message").fetchone()
        self.last_n = last or 0

    def _is_sound(self) -> bool:
        try:
            base = self._open()
            (said,) = base.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError:
            raise  # locked, or not to be read: another fault than what stands in it
        except sqlite3.DatabaseError:
            return False
        return bool(said == "ok")

    def _mend(self) -> None:
        """Put the file aside, and take over what can be read of it."""
        if self._base:
            self._base.close()
            self._base = None
        path, aside = self._path, _free(self._path)
        for end in ("", "-wal"):
            with suppress(FileNotFoundError):
                Path(f"{path}{end}").rename(f"{aside}{end}")
        saved = 0
        for some in _readable(aside):
            self.write(some)
            saved += len(some)
        self.mended = (
            f"The queue {path} was damaged: {saved} messages were saved, "
            f"the rest stays in {aside}."
        )

    @property
    def _path(self) -> Path:
        return self.path or Path(":memory:")

    def _unusable(self, error: Exception) -> ChantierError:
        if "locked" in str(error):
            return ChantierError(
                f"Another run has the queue {self._path} open.", "Wait until it ends, or stop it."
            )
        return ChantierError(
            f"The queue {self._path} cannot be used: {error}.",
            "Is the disk full, or the file another user's?",
        )


def _connected(path: Path | None) -> sqlite3.Connection:
    base = sqlite3.connect(path or ":memory:", timeout=0.1)
    try:
        # A second run would send the same messages. What the system has survives SIGKILL;
        # syncing each second would cost a disk more than a power cut is worth here.
        base.executescript(
            "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        )
    except sqlite3.Error:
        base.close()
        raise
    return base


def _readable(aside: Path) -> Iterator[list[Message]]:
    """What can be read of a damaged file, some at a time: of a copy, for reading may mend."""
    with tempfile.TemporaryDirectory(dir=aside.parent) as folder:
        for end in ("", "-wal"):
            with suppress(FileNotFoundError):
                shutil.copyfile(f"{aside}{end}", f"{folder}/copy{end}")
        with closing(sqlite3.connect(f"{folder}/copy")) as copy, suppress(sqlite3.DatabaseError):
            # Without it SQLite reads nothing of a file that is shorter than it says.
            copy.execute("PRAGMA writable_schema=ON")
            # The order of its table; the index may be what is damaged.
            rows = copy.execute(f"SELECT {_COLUMNS} FROM message NOT INDEXED WHERE {_SOUND}")  # noqa: S608 - constants
            while some := _whole(rows):
                yield some


def _whole(rows: sqlite3.Cursor) -> list[Message]:
    some: list[Message] = []
    with suppress(sqlite3.DatabaseError):
        for row in rows:
            some.append(_message(row))
            if len(some) == _SOME:
                break
    return some


def _message(row: tuple[int, str, int, int, int, int, bytes]) -> Message:
    n, machine, t, seq, readings, urgent, payload = row
    return Message(n, machine, t, seq, readings, bool(urgent), payload)


def _free(path: Path) -> Path:
    """A name beside the file that is not taken."""
    count = 1
    while (aside := path.with_name(f"{path.stem}.broken-{count}{path.suffix}")).exists():
        count += 1
    return aside

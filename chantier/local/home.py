"""The state folder of the local AWS: its paths, its two locks, who runs in it.

    lock         held by the server for as long as it lives, by the kernel
    busy         held by `up` and `down` while they work
    server.json  what the server wrote when it started
    tls/         the API's certificate and the authorities to trust
    data/ s3/    what survives a stop; tmp/ does not
    undelivered/ records that no bucket took, kept for a person to look at

"Is it running?" is asked of the lock and never of the pid: a pid is used again
by the system, a lock dies with its owner. Nothing here starts or ends a process.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

LOCK_SECONDS = 5.0
"""How long a server tries for the lock: `status` takes it for an instant to look."""

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Server:
    """What a running server says of itself.

    Attributes:
        pid: its process, leader of its own session and group.
        api_port: loopback port of the AWS API (HTTPS).
        broker_port: loopback port of the MQTT broker (mutual TLS).
        region: AWS region that it plays.
        workers: how many Lambda processes it may run at once for IoT rules.
        since: when it started, ISO 8601 in UTC.
    """

    pid: int
    api_port: int
    broker_port: int
    region: str
    workers: int
    since: str


@dataclass(frozen=True)
class Home:
    """The state folder.

    Attributes:
        root: the folder, absolute.
    """

    root: Path

    @property
    def lock(self) -> Path:
        """Held by the server."""
        return self.root / "lock"

    @property
    def log(self) -> Path:
        """What the server prints."""
        return self.root / "server.log"

    @property
    def tls(self) -> Path:
        """Certificates and the server's key."""
        return self.root / "tls"

    @property
    def ca(self) -> Path:
        """The authority of the API's certificate."""
        return self.tls / "ca.pem"

    @property
    def broker_ca(self) -> Path:
        """The authority of the broker's certificate."""
        return self.tls / "broker-ca.pem"

    @property
    def data(self) -> Path:
        """Saved state of the services."""
        return self.root / "data"

    @property
    def objects(self) -> Path:
        """S3 objects."""
        return self.root / "s3"

    @property
    def tmp(self) -> Path:
        """Working files of Lambda processes."""
        return self.root / "tmp"

    @property
    def undelivered(self) -> Path:
        """Records that no bucket took."""
        return self.root / "undelivered"

    def create(self) -> None:
        """Make the folders, for this user alone; empty the working files."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.rmtree(self.tmp, ignore_errors=True)
        for folder in (self.tls, self.data, self.objects, self.tmp):
            folder.mkdir(mode=0o700, exist_ok=True)

    def wipe(self) -> None:
        """Remove what the services saved; certificates and ports stay."""
        for folder in (self.data, self.objects, self.tmp, self.undelivered):
            shutil.rmtree(folder, ignore_errors=True)
        self.broker_ca.unlink(missing_ok=True)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Let one `up` or `down` work at a time; the next one waits."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.root / "busy").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def occupied(self) -> bool:
        """Whether a server holds the lock."""
        try:
            file = self.lock.open("a")
        except FileNotFoundError:
            return False
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    def occupy(self) -> int:
        """Take the lock for the life of this process.

        Returns:
            The file descriptor that holds it; never close it.

        Raises:
            BlockingIOError: another server lives here.
        """
        descriptor = os.open(self.lock, os.O_WRONLY | os.O_CREAT, 0o600)
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_POLL_SECONDS)
            else:
                return descriptor

    def announce(self, server: Server) -> None:
        """Write who runs here."""
        _write(self.root / "server.json", asdict(server))

    def server(self) -> Server | None:
        """Who runs here now, or None."""
        return self.last() if self.occupied() else None

    def last(self) -> Server | None:
        """Who ran here last, running or not."""
        with suppress(FileNotFoundError, ValueError, TypeError):
            return Server(**json.loads((self.root / "server.json").read_text("utf-8")))
        return None

    def forget(self) -> None:
        """Remove the word of a server that is gone; its ports are remembered."""
        if last := self.last():
            _write(self.root / "ports.json", {"api": last.api_port, "broker": last.broker_port})
        (self.root / "server.json").unlink(missing_ok=True)

    def remembered_ports(self) -> tuple[int, int]:
        """The ports of the last run, or zeros."""
        if last := self.last():
            return last.api_port, last.broker_port
        with suppress(FileNotFoundError, ValueError, KeyError, TypeError):
            ports = json.loads((self.root / "ports.json").read_text("utf-8"))
            return int(ports["api"]), int(ports["broker"])
        return 0, 0

    def log_tail(self, lines: int) -> list[str]:
        """The last lines that the server printed."""
        with suppress(FileNotFoundError):
            return self.log.read_text("utf-8", errors="replace").splitlines()[-lines:]
        return []


def _write(path: Path, value: dict[str, object]) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value), "utf-8")
    partial.replace(path)

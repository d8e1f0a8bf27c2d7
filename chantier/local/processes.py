"""The processes of one local AWS: its server and the server's Lambda workers.

They are found by a mark in their environment, which children inherit and
strangers never have, so that a pid used again by the system is never touched.
Nothing here knows what the processes do.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

MARK = "CHANTIER_LOCAL_HOME"
"""Environment variable that names the state folder a process belongs to."""

_PROC = Path("/proc")
_POLL_SECONDS = 0.02


def members(home: Path) -> list[int]:
    """Living processes that belong to the state folder `home`.

    Where the system has no /proc (macOS) the answer is empty: there the
    workers end by themselves when their server closes their standard input.
    """
    mark = f"{MARK}={home}".encode()
    found = []
    for entry in _PROC.glob("[0-9]*"):
        # A process may end, or belong to another user, while we look.
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def ended(pid: int) -> bool:
    """Whether our child `pid` has ended; collects it when it has."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return False


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for `condition`, at most `seconds`; whether it came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def ask_to_end(pid: int) -> None:
    """Send SIGTERM to one process."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)


def end_group(pid: int) -> None:
    """Send SIGKILL to the group that `pid` leads."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def sweep(home: Path, seconds: float) -> bool:
    """End whatever still belongs to `home`.

    Returns:
        Whether nothing is left.
    """

    def clean() -> bool:
        left = members(home)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            ended(pid)
        return not left

    return until(clean, seconds)

"""Saving the state of the embedded AWS while it runs, so that SIGKILL does not lose it.

ministack saves at a clean stop only. A change of what is deployed is saved a
second later; data that goes through it, once a minute. It never spends more
than a twentieth of the time, however large the state grows.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

SOON = 1.0
"""Seconds after a change of what is deployed."""

LATER = 60.0
"""Seconds after data went through."""

REST = 20.0
"""Rest after a save, as a multiple of what it took."""


TRIES = 5
"""How often a state is read that changes under the reader's hand."""


def patient(read: Callable[[], Any]) -> Callable[[], Any]:
    """Read a state that other threads change; None, which saves nothing, when it never holds."""

    def reader() -> Any:
        for _ in range(TRIES):
            try:
                return read()
            except RuntimeError:
                # "dictionary changed size during iteration"
                continue
        return None

    return reader


class Checkpoint:
    """Saves after changes, in a thread of its own.

    Args:
        save: writes the whole state.
    """

    def __init__(self, save: Callable[[], None]) -> None:
        self._save = save
        self._changed = threading.Condition()
        self._due = float("inf")
        self._rested = 0.0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def mark(self, seconds: float) -> None:
        """Something may have changed; save within `seconds` if that is not too often."""
        due = time.monotonic() + seconds
        if due >= self._due:
            return
        with self._changed:
            self._due = due
            self._changed.notify()

    def close(self) -> None:
        """Stop; a save that goes on is ended."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while self._wait():
            start = time.monotonic()
            self._save()
            self._rested = time.monotonic() + (time.monotonic() - start) * REST

    def _wait(self) -> bool:
        with self._changed:
            while not self._closing:
                wait = max(self._due, self._rested) - time.monotonic()
                if wait <= 0:
                    self._due = float("inf")
                    return True
                self._changed.wait(min(wait, threading.TIMEOUT_MAX))
            return False

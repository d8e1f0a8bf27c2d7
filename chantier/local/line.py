"""A bounded line of jobs, each served no sooner than its time.

It keeps the order of equal times. Nothing here knows what a job is.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from typing import Generic, TypeVar

Job = TypeVar("Job")


class Full(Exception):
    """The line has no room for a new job."""


class Line(Generic[Job]):
    """A line that several threads serve.

    Args:
        limit: how many jobs may wait.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        lock = threading.Lock()
        self._ready = threading.Condition(lock)
        self._idle = threading.Condition(lock)
        self._jobs: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._unfinished = 0
        self._hurried = False

    def join(self, job: Job) -> None:
        """Put a new job at the end.

        Raises:
            Full: there is no room.
        """
        with self._ready:
            if len(self._jobs) >= self._limit:
                raise Full
            self._unfinished += 1
            self._push(job, time.monotonic())

    def again(self, job: Job, delay: float) -> None:
        """Put a job that was taken back in the line, for `delay` seconds later."""
        with self._ready:
            self._push(job, time.monotonic() + delay)

    def take(self) -> Job:
        """Wait for the next job whose time has come; end it with `done` or `again`."""
        with self._ready:
            while True:
                wait = self._wait()
                if wait is not None and wait <= 0:
                    job = heapq.heappop(self._jobs)[2]
                    # Another thread must watch the time of the next one.
                    self._ready.notify()
                    return job
                self._ready.wait(wait)

    def done(self) -> None:
        """A job taken has ended for good."""
        with self._ready:
            self._unfinished -= 1
            self._idle.notify_all()

    def finish(self, seconds: float) -> int:
        """Serve what waits without further delay, at most for `seconds`.

        Returns:
            How many jobs have not ended.
        """
        with self._ready:
            self._hurried = True
            self._ready.notify_all()
            self._idle.wait_for(lambda: not self._unfinished, timeout=seconds)
            return self._unfinished

    def _wait(self) -> float | None:
        if not self._jobs:
            return None
        return 0.0 if self._hurried else self._jobs[0][0] - time.monotonic()

    def _push(self, job: Job, when: float) -> None:
        heapq.heappush(self._jobs, (when, next(self._order), job))
        self._ready.notify()

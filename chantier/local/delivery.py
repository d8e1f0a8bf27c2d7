"""What Firehose does behind PutRecord: buffer, name an object, write it, try again.

One thread does all the writing, through a `Store` that it is given. A record
accepted here ends in its bucket, under the stream's error prefix, or in the
folder `undelivered` with a line in the log; after SIGKILL the open buffers are
lost, which Firehose's are not.
"""

from __future__ import annotations

import base64
import json
import logging
import math
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from chantier.local.buffering import Batch, Buffers
from chantier.local.streams import Refusal, Store, Stream, Write

log = logging.getLogger("chantier.local.delivery")

MEMORY = 64 * 1024 * 1024
"""Bytes of refused writes that wait in memory; older ones go to `undelivered`."""

_LONGEST_PAUSE = 60.0
_FIRST_PAUSE = 1.0
_IDLE_SECONDS = 3600.0


@dataclass(frozen=True)
class _Pending:
    write: Write
    due: float
    pause: float


class Delivery:
    """Buffers of every stream, and the writes that follow from them.

    Args:
        store: where objects go.
        undelivered: folder for what no bucket took.
        clock: seconds since 1970.
        memory: bytes of refused writes that wait in memory.
    """

    def __init__(
        self,
        store: Store,
        undelivered: Path,
        clock: Callable[[], float] = time.time,
        memory: int = MEMORY,
    ) -> None:
        self._store = store
        self._undelivered = undelivered
        self._clock = clock
        self._memory = memory
        self._changed = threading.Condition()
        self._buffers = Buffers()
        self._streams: dict[str, Stream] = {}
        self._pending: list[_Pending] = []
        self._taken: deque[_Pending] = deque()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)

    def start(self) -> None:
        """Begin to write, in a thread."""
        self._thread.start()

    def accept(self, stream: Stream, records: list[bytes]) -> None:
        """Take records for a stream; they are buffered."""
        with self._changed:
            self._streams[stream.name] = stream
            for record in records:
                self._buffers.add(stream.name, record, stream.hints, self._clock())
            self._changed.notify()

    def put(self, write: Write) -> None:
        """Take one object, unbuffered."""
        with self._changed:
            self._pending.append(_Pending(write, due=self._clock(), pause=_FIRST_PAUSE))
            self._changed.notify()

    def step(self) -> float:
        """Write what is due.

        Returns:
            When something will be due next, seconds since 1970.
        """
        self._taken.extend(self._take_due())
        while self._taken:
            self._attempt(self._taken[0])
            self._taken.popleft()
        self._bound_memory()
        return self._next_due()

    def close(self, seconds: float) -> None:
        """Write everything, however young; set aside what cannot be written."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(seconds)
        with self._changed:
            # What is under way when the time is over is kept too; it may then exist twice.
            left = [*self._taken, *self._pending]
            self._pending = []
        for pending in left:
            self._set_aside(pending.write)

    def _run(self) -> None:
        while True:
            due = self.step()
            with self._changed:
                if self._closing:
                    break
                if self._next_due_unlocked() >= due:
                    self._changed.wait(max(0.0, due - self._clock()))
        self.step()

    def _take_due(self) -> list[_Pending]:
        with self._changed:
            now = self._clock()
            limit = math.inf if self._closing else now
            batches = self._buffers.take(limit)
            due = [pending for pending in self._pending if pending.due <= limit]
            self._pending = [pending for pending in self._pending if pending.due > limit]
            streams = dict(self._streams)
        for batch in batches:
            try:
                write = streams[batch.stream].write(batch)
            except ValueError as reason:
                self._set_aside_batch(streams[batch.stream], batch, str(reason))
            else:
                due.append(_Pending(write, due=now, pause=_FIRST_PAUSE))
        return due

    def _attempt(self, pending: _Pending) -> None:
        write = pending.write
        try:
            self._store.put(write)
        except Refusal as reason:
            # One line, no traceback: the reason is the store's own sentence.
            log.error("%s was not written to %s: %s", write.key, write.bucket, reason)  # noqa: TRY400
            if not (reason.final and self._spared(write)):
                self._again(pending)

    def _spared(self, write: Write) -> bool:
        if not write.spare_key:
            return False
        try:
            self._store.put(replace(write, key=write.spare_key, spare_key=""))
        except Refusal as reason:
            log.error("%s was not written either: %s", write.spare_key, reason)  # noqa: TRY400
            return False
        log.error("it is in %s instead", write.spare_key)
        return True

    def _again(self, pending: _Pending) -> None:
        pause = min(pending.pause * 2, _LONGEST_PAUSE)
        with self._changed:
            due = self._clock() + pending.pause
            self._pending.append(_Pending(pending.write, due=due, pause=pause))

    def _bound_memory(self) -> None:
        with self._changed:
            size = sum(len(pending.write.body) for pending in self._pending)
            left = []
            while size > self._memory:
                left.append(self._pending.pop(0))
                size -= len(left[-1].write.body)
        for pending in left:
            self._set_aside(pending.write)

    def _next_due(self) -> float:
        with self._changed:
            return self._next_due_unlocked()

    def _next_due_unlocked(self) -> float:
        dues = [pending.due for pending in self._pending]
        buffered = self._buffers.due()
        return min(
            [*dues, *([] if buffered is None else [buffered]), self._clock() + _IDLE_SECONDS]
        )

    def _set_aside_batch(self, stream: Stream, batch: Batch, reason: str) -> None:
        log.error("delivery stream %s: %s", stream.name, reason)
        self._set_aside(
            Write(
                role=stream.role,
                service="",
                source=stream.arn,
                bucket=stream.bucket,
                key="",
                body=batch.body,
            )
        )

    def _set_aside(self, write: Write) -> None:
        # A name of our own: a key may come from a topic, and a topic may hold "..".
        path = self._undelivered / f"{uuid.uuid4()}.json"
        self._undelivered.mkdir(mode=0o700, exist_ok=True)
        content = {
            "bucket": write.bucket,
            "key": write.key,
            "role": write.role,
            "base64": base64.b64encode(write.body).decode("ascii"),
        }
        path.write_text(json.dumps(content), "utf-8")
        log.error("%s bytes for %s are kept in %s", len(write.body), write.bucket, path)

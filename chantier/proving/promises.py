"""What is promised, in the README's own words, and what was seen of it.

No check without a promise: `tests/test_proving.py` looks for each of them in the README.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

PATH, SPEED, DOOR, KEEPING = "path", "speed", "door", "keeping"


class Promise(NamedTuple):
    """A promise.

    Attributes:
        part: path, speed, door or keeping.
        words: the README's.
    """

    part: str
    words: str


_ONE = "One certificate a machine: a new one takes the place of the old"
_FOUND = "a Lambda finds alerts and DynamoDB keeps them"
_TLS = "machine --MQTT/mTLS--> IoT rule"
PROMISES: dict[str, Promise] = {
    "certificate": Promise(PATH, "AWS sees a signing request only"),
    "connect": Promise(PATH, "Machines with X.509 certificates send telemetry to AWS IoT Core"),
    "publish": Promise(PATH, "on its Basic Ingest topic"),
    "rule": Promise(PATH, "The machine's name comes from the topic, which the policy guards"),
    "judged": Promise(PATH, _FOUND),
    "stored": Promise(PATH, _FOUND),
    "untold": Promise(PATH, "`info` is never sent to anybody"),
    "closed": Promise(PATH, "may escalate, and closes by itself"),
    "quarantine": Promise(PATH, "it lies under `quarantine/` in the bucket with its reason"),
    "raw": Promise(PATH, "Firehose and S3 keep every raw message"),
    "in time": Promise(SPEED, "the 100 ms that we aim at"),
    "another CA": Promise(DOOR, _TLS),
    "no certificate": Promise(DOOR, "refuses a client without a certificate"),
    "no TLS": Promise(DOOR, _TLS),
    "no policy": Promise(DOOR, "a machine connects only as itself"),
    "another's name": Promise(DOOR, "a machine connects only as itself"),
    "another's topic": Promise(DOOR, "publishes only on its own topic"),
    "listening": Promise(DOOR, "and subscribes to nothing"),
    "withdrawn": Promise(DOOR, _ONE),
    "bucket private": Promise(KEEPING, "the bucket is private and versioned"),
    "bucket versioned": Promise(KEEPING, "the bucket is private and versioned"),
    "bucket encrypted": Promise(KEEPING, "everything is encrypted at rest"),
    "object encrypted": Promise(KEEPING, "everything is encrypted at rest"),
    "bucket TLS only": Promise(KEEPING, "Bucket and queue refuse plain text"),
    "raw tiering": Promise(KEEPING, "storage tiering"),
    "table encrypted": Promise(KEEPING, "everything is encrypted at rest"),
    "table on demand": Promise(KEEPING, "on demand"),
    "table recovery": Promise(KEEPING, "point-in-time recovery"),
    "queue encrypted": Promise(KEEPING, "everything is encrypted at rest"),
    "queue TLS only": Promise(KEEPING, "Bucket and queue refuse plain text"),
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was seen of a promise.

    Attributes:
        name: a key of `PROMISES`.
        holds: None where it could not be seen.
        said: what was seen, or why nothing was.
        ms: how long it took, where that is measured.
        look: what to look at or to type next, where it does not hold.
    """

    name: str
    holds: bool | None
    said: str
    ms: float | None = None
    look: tuple[str, ...] = ()

    @property
    def promise(self) -> Promise:
        """What is promised."""
        return PROMISES[self.name]

    def as_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {**asdict(self), "part": self.promise.part, "promise": self.promise.words}


def holds(name: str, said: str, *, ms: float | None = None) -> Check:
    """A promise that holds."""
    return Check(name=name, holds=True, said=said, ms=None if ms is None else round(ms, 1))


def broken(name: str, said: str, *look: str) -> Check:
    """A promise that does not hold, and what to look at next."""
    return Check(name=name, holds=False, said=said, look=look)


def unseen(name: str, why: str) -> Check:
    """A promise of which nothing could be seen."""
    return Check(name=name, holds=None, said=why)

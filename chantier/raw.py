"""What lies in the data bucket: raw messages by day, and the quarantine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.letters.bucket import Bucket
from chantier.letters.places import RULE, UNREAD
from chantier.letters.wanted import NO_LIMIT, Wanted, no_tick
from chantier.records import RAW

SHOWN = 200
UNREADABLE = Wanted(places=frozenset({RULE.name, UNREAD.name}))


class RawObject(NamedTuple):
    """One object under raw/, with the messages in it.

    Attributes:
        key: of the object in the bucket.
        messages: as the rule wrote them.
        unread: lines that are no message.
    """

    key: str
    messages: tuple[dict[str, Any], ...]
    unread: int = 0


class Quarantined(NamedTuple):
    """A message that could not be read.

    Attributes:
        key: of its object in the bucket.
        machine: who sent it, by its topic.
        at: when it arrived, ISO 8601 UTC.
        reason: why it could not be read.
        message: its beginning, as text.
    """

    key: str
    machine: str
    at: str
    reason: str
    message: str


def raw_objects(cloud: Cloud, bucket: str) -> Iterator[RawObject]:
    """Every object under raw/, oldest day first."""
    client = cloud.client("s3")
    for key in _keys(client, bucket, RAW):
        yield _raw_object(client, bucket, key)


def raw_days(
    cloud: Cloud, bucket: str, days: Iterable[str], tick: Callable[[int, int], None]
) -> Iterator[RawObject]:
    """The objects of some days of arrival, one after the other.

    Args:
        cloud: where.
        bucket: the data bucket.
        days: UTC days, `2026-11-22`.
        tick: receives how many objects were read, and how many there are.
    """
    client = cloud.client("s3")
    keys = [key for day in days for key in _keys(client, bucket, f"{RAW}dt={day}/")]
    for done, key in enumerate(keys, 1):
        yield _raw_object(client, bucket, key)
        tick(done, len(keys))


def raw_files(
    folder: Path, days: Iterable[str], tick: Callable[[int, int], None]
) -> Iterator[RawObject]:
    """The same out of a folder, as `simulate --backfill --out` writes it."""
    paths = [path for day in days for path in sorted((folder / f"{RAW}dt={day}").glob("*.jsonl"))]
    for done, path in enumerate(paths, 1):
        yield _parsed(path.relative_to(folder).as_posix(), path.read_bytes())
        tick(done, len(paths))


def last_day(folder: Path) -> int:
    """The end of the last day under `raw/` of a folder, epoch seconds.

    Raises:
        ChantierError: there is none.
    """
    days = sorted(path.name for path in (folder / RAW).glob("dt=????-??-??"))
    if not days:
        raise ChantierError(
            f"There is no {RAW}dt=YYYY-MM-DD/ in {folder}.",
            "Write some: chantier simulate --backfill 3d --out DIR",
        )
    day = datetime.fromisoformat(days[-1].removeprefix("dt=")).replace(tzinfo=UTC)
    return int(day.timestamp()) + 86_400 - 1


def _raw_object(client: Any, bucket: str, key: str) -> RawObject:
    return _parsed(key, client.get_object(Bucket=bucket, Key=key)["Body"].read())


def _parsed(key: str, body: bytes) -> RawObject:
    lines = [line for line in body.splitlines() if line]
    messages = tuple(message for line in lines if (message := _message(line)) is not None)
    return RawObject(key, messages, len(lines) - len(messages))


def _message(line: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def quarantine(cloud: Cloud, bucket: str) -> list[Quarantined]:
    """Every message in quarantine, also the rule's, with its reason; oldest first."""
    found, _ = Bucket(cloud.client("s3"), bucket).find(UNREADABLE, NO_LIMIT, no_tick)
    return [
        Quarantined(one.source, one.machine, one.at, one.reason, one.text[:SHOWN]) for one in found
    ]


def _keys(client: Any, bucket: str, prefix: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", []):
            yield one["Key"]

"""Buckets emptied of every version, and tables deleted.

S3 deletes no bucket that holds anything: not a former version, not a delete marker, not a
part of an upload that nobody finished. DeleteObjects takes 1,000 keys a call and answers
200 even when it deleted none of them: the errors stand in its answer, one a key.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chantier.errors import ChantierError

Tick = Callable[[int], None]
Key = dict[str, str]

# S3: 3,500 deletions a second under one prefix.
WORKERS = 4
PASSES = 5
SOON = ("SlowDown", "InternalError", "ServiceUnavailable", "OperationAborted")
MISSING = ("NoSuchBucket", "404", "NoSuchUpload")
TABLE_PAUSE_S, TABLE_TRIES = 0.5, 240


class Content(NamedTuple):
    """What a bucket holds.

    Attributes:
        name: the bucket.
        objects: that can be read by their key.
        versions: of objects, the current ones too.
        markers: delete markers.
        uploads: that were never finished.
        size: bytes of all versions.
    """

    name: str
    objects: int
    versions: int
    markers: int
    uploads: int
    size: int

    @property
    def is_empty(self) -> bool:
        """Whether S3 would delete it as it is."""
        return not (self.versions or self.markers or self.uploads)


def content(client: Any, bucket: str, tick: Tick = lambda _count: None) -> Content | None:
    """What a bucket holds; None if there is no such bucket.

    Args:
        client: of S3.
        bucket: its name.
        tick: receives how many versions were counted so far.
    """
    objects = versions = markers = size = 0
    try:
        for page in _versions(client, bucket):
            found = page.get("Versions", [])
            versions += len(found)
            objects += sum(bool(one["IsLatest"]) for one in found)
            size += sum(one["Size"] for one in found)
            markers += len(page.get("DeleteMarkers", []))
            tick(versions)
        uploads = sum(1 for _ in _uploads(client, bucket))
    except ClientError as error:
        if _code(error) in MISSING:
            return None
        raise
    return Content(bucket, objects, versions, markers, uploads, size)


def empty(client: Any, bucket: str, tick: Tick) -> int:
    """Delete every version, delete marker and unfinished upload of a bucket.

    Several calls run at a time, and no more are begun than can be held in memory.

    Args:
        client: of S3.
        bucket: its name; one that is not there is empty.
        tick: receives how many versions and markers were deleted so far.

    Returns:
        How many.

    Raises:
        ChantierError: S3 keeps some of them; with its reasons.
    """
    done = 0
    try:
        for upload in _uploads(client, bucket):
            _abort(client, bucket, upload)
        for _ in range(PASSES):
            # What arrived meanwhile, and what S3 was too busy for, is there in the next pass.
            before = done
            refused: dict[str, tuple[str, str]] = {}
            for deleted, errors in _deleted(client, bucket):
                done += deleted
                refused |= errors
                tick(done)
            if done == before and not refused:
                return done
            final = {key: why for key, why in refused.items() if why[0] not in SOON}
            if final:
                raise _kept(bucket, final)
    except ClientError as error:
        if _code(error) in MISSING:
            return done
        raise
    raise ChantierError(
        f"Bucket {bucket} is still not empty after {PASSES} passes: something writes to it.",
        "Find out what does, then run it again.",
    )


def delete_bucket(client: Any, bucket: str) -> None:
    """Delete an empty bucket; one that is not there is deleted."""
    try:
        client.delete_bucket(Bucket=bucket)
    except ClientError as error:
        if _code(error) not in MISSING:
            raise


def delete_table(client: Any, table: str) -> None:
    """Delete a table with its items, its protection lifted first; wait until it is gone."""
    for _ in range(TABLE_TRIES):
        try:
            told = client.describe_table(TableName=table)["Table"]
            if told["TableStatus"] == "ACTIVE":
                if told.get("DeletionProtectionEnabled"):
                    client.update_table(TableName=table, DeletionProtectionEnabled=False)
                else:
                    client.delete_table(TableName=table)
        except ClientError as error:
            if _code(error) == "ResourceNotFoundException":
                return
            if _code(error) != "ResourceInUseException":
                raise
        time.sleep(TABLE_PAUSE_S)
    raise ChantierError(f"Table {table} is still there.", "Run it again in a few minutes.")


def _versions(client: Any, bucket: str) -> Iterator[Any]:
    yield from client.get_paginator("list_object_versions").paginate(Bucket=bucket)


def _uploads(client: Any, bucket: str) -> Iterator[Any]:
    for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
        yield from page.get("Uploads", [])


def _abort(client: Any, bucket: str, upload: Any) -> None:
    try:
        client.abort_multipart_upload(
            Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
        )
    except ClientError as error:
        if _code(error) not in MISSING:
            raise


Batch = tuple[int, dict[str, tuple[str, str]]]


def _deleted(client: Any, bucket: str) -> Iterator[Batch]:
    """One pass: how many each call deleted, and what it did not."""
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        running: set[Future[Batch]] = set()
        for page in _versions(client, bucket):
            keys = [
                {"Key": one["Key"], "VersionId": one["VersionId"]}
                for one in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
            ]
            if keys:
                running.add(pool.submit(_delete, client, bucket, keys))
            if len(running) > WORKERS:
                ended, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (one.result() for one in ended)
        yield from (one.result() for one in running)


def _delete(client: Any, bucket: str, keys: list[Key]) -> Batch:
    told = client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
    errors = {
        f"{one['Key']} {one.get('VersionId', '')}": (one["Code"], one.get("Message", ""))
        for one in told.get("Errors", [])
    }
    return len(keys) - len(errors), errors


def _kept(bucket: str, refused: dict[str, tuple[str, str]]) -> ChantierError:
    key, (code, why) = next(iter(refused.items()))
    return ChantierError(
        f"S3 keeps {len(refused):,} versions in {bucket}; the first, {key}: {code} {why}".strip(),
        "A lock or a policy holds them. Lift that, then run it again.",
    )


def _code(error: ClientError) -> str:
    return str(error.response["Error"]["Code"])

"""A site's data copied to a folder, and checked there before anything is deleted.

    DIR/data/<key>        every object of the data bucket, as it is: raw/ and quarantine/
                          hold JSON lines, aggregates/ the hours
    DIR/alerts.jsonl      every item of the table, a line each, in DynamoDB's own JSON
    DIR/manifest.jsonl    a line a file: path, bytes, SHA-256, lines, and the ETag it had

Former versions are not copied: they are aggregates that were counted again. What Athena
answered is not either: it can be asked again. Running it again copies what has changed.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.pacing import each, told

Tick = Callable[[str, int, int], None]
# What can be made again: `chantier.resources.storage.ATHENA_RESULTS`.
LEFT_OUT = ("athena/",)
ALERTS, MANIFEST, DATA = "alerts.jsonl", "manifest.jsonl", "data"
CHUNK = 1 << 20
# Files take more room than their bytes.
ROOM = 1.1


class File(NamedTuple):
    """A file of the export.

    Attributes:
        path: under the export's folder.
        size: bytes.
        sha256: of its bytes.
        lines: how many.
        etag: S3's mark of the object that it was copied from; empty for the table's.
    """

    path: str
    size: int
    sha256: str
    lines: int
    etag: str


class Exported(NamedTuple):
    """An export that is whole.

    Attributes:
        at: its folder.
        objects: how many were copied, now or before.
        size: their bytes.
        alerts: items of the table.
        manifest: SHA-256 of the manifest.
    """

    at: Path
    objects: int
    size: int
    alerts: int
    manifest: str


def export(
    cloud: Cloud, at: Path, *, buckets: list[str], tables: list[str], tick: Tick
) -> Exported:
    """Copy the data of a site, and check the copy against what S3 lists now.

    Args:
        cloud: where.
        at: the folder; it may hold an earlier export of the same site.
        buckets: names of its buckets.
        tables: names of its tables.
        tick: receives what goes on, how much is done, and how much there is.

    Raises:
        ChantierError: there is no room, or a copy is not what it should be; nothing of the
            site was touched.
    """
    s3 = cloud.client("s3")
    known = read_manifest(at)
    listed = {
        target_of(bucket if len(buckets) > 1 else "", one["Key"]): (bucket, one)
        for bucket in buckets
        for one in _objects(s3, bucket)
    }
    due = {
        path: found
        for path, found in listed.items()
        if not _is_there(at, known.get(path), found[1])
    }
    _need_room(at, sum(one["Size"] for _, one in due.values()))
    outcomes = each(
        lambda item: _copied(s3, at, item[0], item[1][0], item[1][1]["Key"]),
        due.items(),
        tick=lambda done, there: tick("Objects exported", done, there),
    )
    if wrong := [f"{one.of[0]}: {told(one.error)}" for one in outcomes if one.error]:
        raise ChantierError(
            f"{len(wrong)} of {len(due)} objects could not be exported; the first, {wrong[0]}",
            "Nothing was deleted. Run it again: it goes on from here.",
        )
    files = {path: file for path, file in known.items() if path in listed}
    files |= {one.made.path: one.made for one in outcomes if one.made}
    alerts = _table(cloud, at, tables)
    manifest = _write_manifest(at, [*files.values(), alerts])
    verify(at, tick)
    size = sum(one.size for one in files.values())
    return Exported(at, len(files), size, alerts.lines, manifest)


def verify(at: Path, tick: Tick) -> None:
    """Read every file again, and compare it with the manifest.

    Raises:
        ChantierError: one is missing, or not what was written.
    """
    files = read_manifest(at)
    for done, file in enumerate(files.values(), 1):
        found = _measured(at / file.path, file.path, file.etag)
        if found != file:
            raise ChantierError(
                f"{at / file.path} is not what was exported.",
                "Nothing was deleted. Is the disk sound? Remove the file, then run it again.",
            )
        tick("Files checked", done, len(files))


def read_manifest(at: Path) -> dict[str, File]:
    """The files of an export by their path; none where there is no whole manifest."""
    try:
        lines = (at / MANIFEST).read_text("utf-8").splitlines()
        return {file.path: file for file in (File(**json.loads(line)) for line in lines)}
    except (OSError, ValueError, TypeError):
        return {}


def _objects(s3: Any, bucket: str) -> Iterator[Any]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            if not one["Key"].startswith(LEFT_OUT):
                yield one


def target_of(bucket: str, key: str) -> str:
    """Where an object goes: its key, in which nothing leads out of the folder."""
    parts = [quote(part, safe=" =+@,:()[]~") or "%" for part in key.split("/")]
    safe = ["%2E" * len(part) if part in (".", "..") else part for part in parts]
    return "/".join([DATA, *([bucket] if bucket else []), *safe])


def _is_there(at: Path, file: File | None, one: Mapping[str, Any]) -> bool:
    return bool(file and file.etag == one["ETag"] and (at / file.path).is_file())


def _copied(s3: Any, at: Path, path: str, bucket: str, key: str) -> File:
    answer = s3.get_object(Bucket=bucket, Key=key)
    target = at / path
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{target.name}.part")
        with draft.open("wb") as file:
            for chunk in answer["Body"].iter_chunks(CHUNK):
                file.write(chunk)
        found = _measured(draft, path, answer["ETag"])
        if found.size != answer["ContentLength"]:
            raise ChantierError(f"only {found.size} of {answer['ContentLength']} bytes arrived")
        draft.replace(target)
    except OSError as error:
        raise ChantierError(f"{target} cannot be written: {error}") from error
    return found


def _measured(path: Path, name: str, etag: str) -> File:
    digest, size, lines = hashlib.sha256(), 0, 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                lines += chunk.count(b"\n")
    except OSError:
        size = -1
    return File(name, size, digest.hexdigest(), lines, etag)


def _table(cloud: Cloud, at: Path, tables: list[str]) -> File:
    """Every item of the tables, as DynamoDB says it: that is also what it reads back."""
    client = cloud.client("dynamodb")
    at.mkdir(parents=True, exist_ok=True)
    draft = at / f"{ALERTS}.part"
    with draft.open("w", encoding="utf-8") as file:
        for table in tables:
            for page in client.get_paginator("scan").paginate(
                TableName=table, ConsistentRead=True
            ):
                file.writelines(f"{json.dumps(one, default=_text)}\n" for one in page["Items"])
    draft.replace(at / ALERTS)
    return _measured(at / ALERTS, ALERTS, "")


def _text(value: object) -> str:
    """Binary values, of which the product writes none."""
    return value.hex() if isinstance(value, bytes) else str(value)


def _write_manifest(at: Path, files: list[File]) -> str:
    text = "".join(f"{json.dumps(one._asdict())}\n" for one in sorted(files))
    draft = at / f"{MANIFEST}.part"
    draft.write_text(text, "utf-8")
    draft.replace(at / MANIFEST)
    return hashlib.sha256(text.encode()).hexdigest()


def _need_room(at: Path, size: int) -> None:
    try:
        at.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ChantierError(f"{at} cannot be made: {error}.", "Name another folder.") from error
    free = shutil.disk_usage(at).free
    if size * ROOM > free:
        raise ChantierError(
            f"The data has {size:,} bytes; {at} has room for {free:,}.",
            "Nothing was deleted. Name a folder on a larger disk: --export DIR",
        )

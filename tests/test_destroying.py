"""What a site taken down does where S3 or AWS IoT says no, and where its copies go. No AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from botocore.exceptions import ClientError

from chantier.cloud import Cloud
from chantier.destroying.emptying import content, empty
from chantier.destroying.exporting import target_of
from chantier.destroying.finding import (
    BUCKET,
    Resource,
    Stack,
    drop_notes,
    read_notes,
    write_notes,
)
from chantier.destroying.inventory import Inventory
from chantier.destroying.unstacking import check
from chantier.errors import ChantierError
from chantier.identity import QUEUE_FILE
from chantier.machines.retiring import STILL_ATTACHED, patiently

PAGE = 1_000
Version = tuple[str, str]


class Told(NamedTuple):
    """What S3 says to the deletion of a version, and how often."""

    code: str
    times: int


class Versions:
    """S3 with one bucket of versions, some of which it does not delete at first, or ever.

    Args:
        there: key and version id of each.
        refused: what it says, by version.
        marked: of them, the delete markers.
    """

    def __init__(
        self, there: list[Version], refused: dict[Version, Told], *, marked: int = 0
    ) -> None:
        self.there = dict.fromkeys(there)
        self.markers = set(there[:marked])
        self.refused = dict(refused)
        self.calls: list[int] = []

    def get_paginator(self, operation: str) -> _Pages:
        return _Pages(self, operation)

    def delete_objects(self, *, Bucket: str, Delete: dict[str, Any]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert Bucket == "data"
        assert Delete["Quiet"]
        self.calls.append(len(Delete["Objects"]))
        errors = []
        for one in Delete["Objects"]:
            version = one["Key"], one["VersionId"]
            told = self.refused.get(version, Told("", 0))
            if told.times:
                self.refused[version] = told._replace(times=told.times - 1)
                errors.append({**one, "Code": told.code, "Message": "not now"})
            else:
                self.there.pop(version, None)
        return {"Errors": errors} if errors else {}


class _Pages:
    def __init__(self, s3: Versions, operation: str) -> None:
        self._s3, self._operation = s3, operation

    def paginate(self, *, Bucket: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - boto3's names
        if Bucket != "data":
            raise ClientError({"Error": {"Code": "NoSuchBucket"}}, self._operation)
        if self._operation == "list_multipart_uploads":
            return
        there = list(self._s3.there)
        for start in range(0, max(1, len(there)), PAGE):
            rows: dict[str, list[dict[str, Any]]] = {"Versions": [], "DeleteMarkers": []}
            for one in there[start : start + PAGE]:
                kind = "DeleteMarkers" if one in self._s3.markers else "Versions"
                row = {"Key": one[0], "VersionId": one[1], "IsLatest": one[1] == "2", "Size": 10}
                rows[kind].append(row)
            yield rows


def versions(count: int) -> list[Version]:
    return [(f"raw/{number:05}", version) for number in range(count) for version in "012"]


def test_every_version_and_marker_goes_a_thousand_a_call() -> None:
    s3, counted = Versions(versions(1_500), {}, marked=7), list[int]()
    assert content(s3, "data") == ("data", 1498, 4493, 7, 0, 44_930)
    assert empty(s3, "data", counted.append) == 4_500
    assert s3.there == {}
    assert max(s3.calls) == PAGE
    assert counted[-1] == 4_500


def test_what_s3_was_too_busy_for_goes_in_the_next_pass() -> None:
    there = versions(10)
    s3 = Versions(there, {there[3]: Told("SlowDown", 1), there[4]: Told("InternalError", 2)})
    assert empty(s3, "data", lambda _count: None) == 30
    assert s3.there == {}


def test_a_version_that_s3_keeps_is_named_with_its_reason() -> None:
    there = versions(10)
    s3 = Versions(there, {there[3]: Told("AccessDenied", 99), there[9]: Told("AccessDenied", 99)})
    with pytest.raises(ChantierError, match="S3 keeps 2 versions in data; the first, raw/00001 0"):
        empty(s3, "data", lambda _count: None)
    assert set(s3.there) == {there[3], there[9]}


def test_a_bucket_that_never_gets_empty_is_given_up() -> None:
    there = versions(2)
    s3 = Versions(there, {there[0]: Told("SlowDown", 99)})
    with pytest.raises(ChantierError, match="still not empty"):
        empty(s3, "data", lambda _count: None)


def test_a_bucket_that_is_gone_is_empty() -> None:
    s3 = Versions([], {})
    assert empty(s3, "gone", lambda _count: None) == 0
    assert content(s3, "gone") is None


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("raw/dt=2026-11-22/a-1.json", "data/raw/dt=2026-11-22/a-1.json"),
        ("../../etc/passwd", "data/%2E%2E/%2E%2E/etc/passwd"),
        ("/etc//passwd", "data/%/etc/%/passwd"),
        ("a/./b", "data/a/%2E/b"),
        ("a\\b\x00c\n", "data/a%5Cb%00c%0A"),
        ("raw%2E/é", "data/raw%252E/%C3%A9"),
    ],
)
def test_no_key_leads_out_of_the_folder_and_no_two_meet(key: str, path: str) -> None:
    assert target_of("", key) == path
    assert target_of("bucket", key) == path.replace("data/", "data/bucket/", 1)


def stack(status: str, *, stays: bool = True) -> Stack:
    held = (Resource(BUCKET, "data", stays),)
    return Stack("chantier-x", "arn", status, protected=False, parameters={}, resources=held)


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_a_stack_that_is_busy_is_left_alone(status: str) -> None:
    with pytest.raises(ChantierError, match=f"is {status}"):
        check(stack(status), with_data=True)


@pytest.mark.parametrize(
    "status",
    ["CREATE_COMPLETE", "DELETE_FAILED", "DELETE_IN_PROGRESS", "REVIEW_IN_PROGRESS"],
)
def test_a_stack_that_rests_or_is_going_can_be_deleted(status: str) -> None:
    check(stack(status), with_data=False)
    check(stack(status, stays=False), with_data=True)


def test_data_that_the_stack_would_take_with_it_cannot_be_kept() -> None:
    with pytest.raises(ChantierError, match="does not keep data"):
        check(stack("CREATE_COMPLETE", stays=False), with_data=False)


def test_a_deletion_waits_until_nothing_is_attached_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chantier.machines.retiring.PAUSES_S", (0.0,) * 3)
    answers = [*STILL_ATTACHED, ""]

    def delete() -> None:
        if code := answers.pop(0):
            raise ClientError({"Error": {"Code": code}}, "DeleteThing")

    patiently(delete)
    assert answers == []
    answers[:] = ["UnauthorizedException"]
    with pytest.raises(ClientError, match="Unauthorized"):
        patiently(delete)


def test_notes_are_read_back_and_damaged_ones_are_none(tmp_path: Path) -> None:
    cloud, noted = Cloud(name="aws", region="eu-west-3"), (Resource(BUCKET, "data", stays=True),)
    assert read_notes(tmp_path, cloud, "x") == ()
    write_notes(tmp_path, cloud, "x", noted)
    assert read_notes(tmp_path, cloud, "x") == noted
    (tmp_path / "aws" / "destroying" / "x.json").write_text("[", "utf-8")
    assert read_notes(tmp_path, cloud, "x") == ()
    drop_notes(tmp_path, cloud, "x")
    drop_notes(tmp_path, cloud, "x")


def test_messages_that_were_never_sent_are_named_before_they_go(tmp_path: Path) -> None:
    nothing: Any = None
    found = Inventory("site", "eu-west-3", nothing, nothing, (), (), {}, None, (tmp_path,))
    assert not found.unsent
    (tmp_path / QUEUE_FILE).write_bytes(b"")
    assert found.unsent == (tmp_path / QUEUE_FILE,)

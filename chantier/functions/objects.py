"""The data bucket as a function reads and writes it: listed, read whole or by the line.

What no function needs but the one that counts stays out of `signed`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import fromstring

from chantier.functions.signed import CallFailed, Service, put_object, quoted

# An object is read in pieces of this, so that its size does not matter.
PART_BYTES = 8 * 1024 * 1024
NOT_FOUND = 404
S3_XML = "{http://s3.amazonaws.com/doc/2006-03-01/}"


class Listed(NamedTuple):
    """An object as a listing shows it.

    Attributes:
        key: its name.
        modified: when it was written, `2026-11-22T09:14:05Z`.
        size: bytes.
        etag: what it holds, as a condition of a write takes it.
    """

    key: str
    modified: str
    size: int
    etag: str


class Bucket:
    """The data bucket.

    Args:
        name: of the bucket.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.service = Service("s3")

    def listed(self, prefix: str, after: str = "") -> Iterator[Listed]:
        """The objects under a prefix in the order of their keys, those after one key alone."""
        asked = {"list-type": "2", "prefix": prefix}
        if after:
            asked["start-after"] = after
        while True:
            page = fromstring(self.service.call("GET", self._path("", asked), {}, b""))  # noqa: S314 - S3's own answer, over TLS
            for one in page.iter(f"{S3_XML}Contents"):
                said = {part.tag.removeprefix(S3_XML): part.text or "" for part in one}
                modified = said["LastModified"][:19] + "Z"
                yield Listed(said["Key"], modified, int(said["Size"]), said["ETag"])
            token = page.findtext(f"{S3_XML}NextContinuationToken")
            if not token:
                return
            asked["continuation-token"] = token

    def get(self, key: str) -> bytes | None:
        """A whole object; None if there is none."""
        try:
            return self.service.call("GET", self._path(key), {}, b"")
        except CallFailed as refused:
            if refused.status == NOT_FOUND:
                return None
            raise

    def lines(self, one: Listed) -> Iterator[bytes]:
        """The lines of an object, however large it is."""
        path, rest = self._path(one.key), b""
        for first in range(0, one.size, PART_BYTES):
            last = min(first + PART_BYTES, one.size) - 1
            part = self.service.call("GET", path, {"range": f"bytes={first}-{last}"}, b"")
            *whole, rest = (rest + part).split(b"\n")
            yield from whole
        yield rest

    def put(self, key: str, body: bytes) -> None:
        """Write an object."""
        put_object(self.service, self.name, key, body)

    def put_if(self, key: str, body: bytes, etag: str) -> None:
        """Write an object that nobody has written since it was listed; `etag` empty for a new one.

        Raises:
            CallFailed: PreconditionFailed or ConditionalRequestConflict, somebody was first.
        """
        held = {"if-match": etag} if etag else {"if-none-match": "*"}
        headers = {"content-type": "application/json", **held}
        self.service.call("PUT", self._path(key), headers, body)

    def _path(self, key: str, asked: dict[str, str] | None = None) -> str:
        parts = (f"{name}={_value(value)}" for name, value in sorted((asked or {}).items()))
        query = "&".join(parts)
        # A key's path has a slash after the bucket, the bucket itself has none.
        path = f"/{self.name}/{quoted(key)}" if key else f"/{self.name}"
        return f"{path}?{query}" if query else path


def _value(text: str) -> str:
    """A value of a query, in which a slash does not stand for itself."""
    return quoted(text).replace("/", "%2F")

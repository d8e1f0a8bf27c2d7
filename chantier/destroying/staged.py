"""A site's templates in the bucket through which long ones are deployed.

The bucket is one an account and region, for all sites; a site's own lie under its name.
"""

from __future__ import annotations

from typing import NamedTuple

from botocore.exceptions import ClientError

from chantier.cloud import Cloud
from chantier.staging import bucket_name

MISSING = ("NoSuchBucket", "404", "AccessDenied", "403")


class Staged(NamedTuple):
    """Templates of a site.

    Attributes:
        bucket: where they lie.
        keys: of theirs.
        size: bytes.
    """

    bucket: str
    keys: tuple[str, ...]
    size: int


def staged_of(cloud: Cloud, site: str) -> Staged | None:
    """A site's templates; None where there are none."""
    bucket = bucket_name(cloud)
    pages = cloud.client("s3").get_paginator("list_objects_v2")
    try:
        found = [
            one
            for page in pages.paginate(Bucket=bucket, Prefix=f"{site}/")
            for one in page.get("Contents", [])
        ]
    except ClientError as error:
        if error.response["Error"]["Code"] in MISSING:
            return None
        raise
    if not found:
        return None
    return Staged(bucket, tuple(one["Key"] for one in found), sum(one["Size"] for one in found))


def unstage(cloud: Cloud, staged: Staged) -> None:
    """Delete them; the bucket stays."""
    client = cloud.client("s3")
    for key in staged.keys:
        client.delete_object(Bucket=staged.bucket, Key=key)

"""Where messages end up in the bucket: each in the raw data, and broken ones in quarantine."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from chantier.proving.cleaning import days
from chantier.proving.probe import Message
from chantier.proving.promises import Check, broken, holds, unseen
from chantier.proving.stage import Stage
from chantier.proving.timing import Spoken
from chantier.records import QUARANTINE, RAW
from chantier.stack import stack_name

SLOW_POLL_S = 2.0
# Clocks may differ by so much.
SLACK_S = 120
ENCRYPTED = ("AES256", "aws:kms", "aws:kms:dsse")


def quarantined(stage: Stage, message: Message) -> tuple[Check, Check]:
    """Whether a broken message lies in quarantine with its reason, encrypted."""
    client, bucket = stage.client("s3"), stage.outputs["DataBucketName"]
    mark = f'"seq": {message.seq}'

    def find() -> tuple[str, str] | None:
        for day in days(2):
            prefix = f"{QUARANTINE}dt={day}/{stage.probe}-"
            for key, _ in _objects(client, bucket, prefix):
                got = client.get_object(Bucket=bucket, Key=key)
                kept = json.loads(got["Body"].read())
                if kept["machine"] == stage.probe and mark in kept["message"]:
                    return kept["reason"], str(got.get("ServerSideEncryption"))
        return None

    found = stage.until("the broken message in quarantine", find)
    if not found:
        look = f"What the function said: chantier logs detect{stage.command}"
        return (
            broken("quarantine", "a broken message is not there", look),
            unseen("object encrypted", "no object of the probe to look at"),
        )
    reason, encryption = found
    secret = (
        holds("object encrypted", f"an object of this run is ({encryption})")
        if encryption in ENCRYPTED
        else broken(
            "object encrypted",
            "an object of this run is not",
            f"aws s3api get-bucket-encryption --bucket {bucket}",
        )
    )
    return holds("quarantine", reason), secret


def raw(stage: Stage, spoken: Sequence[Spoken], since: float, *, patience_s: float) -> Check:
    """Whether every message lies in the raw data; Firehose collects for minutes."""
    client, bucket = stage.client("s3"), stage.outputs["DataBucketName"]
    seen: set[str] = set()
    there: set[int] = set()
    sent = {one.seq for one in spoken}

    def look() -> bool | None:
        for key, size in _new_raw(client, bucket, since):
            if (mark := f"{key} {size}") not in seen:
                seen.add(mark)
                body = client.get_object(Bucket=bucket, Key=key)["Body"]
                there.update(_numbers(body.iter_lines(), stage.probe))
        return sent <= there or None

    if stage.until(
        f"{len(sent)} messages in the raw data", look, poll_s=SLOW_POLL_S, patience_s=patience_s
    ):
        late_s = time.time() - spoken[-1].acked_at / 1000
        return holds("raw", f"all {len(sent)} messages, {late_s:.0f} s after the last at most")
    return broken(
        "raw",
        f"{len(sent & there)} of {len(sent)} messages in {RAW} after {patience_s:.0f} s",
        f"Why Firehose could not: the log group /aws/kinesisfirehose/chantier-{stage.site}-raw",
        f"Messages that the rule could not hand on: chantier quarantine{stage.command}",
    )


def _numbers(lines: Iterator[bytes], probe: str) -> Iterator[int]:
    """The `seq` of the newest reading of each of the probe's messages."""
    mark = json.dumps(probe).encode()
    for line in lines:
        if mark in line:
            yield json.loads(line)["readings"][-1]["seq"]


def _new_raw(client: Any, bucket: str, since: float) -> Iterator[tuple[str, int]]:
    """The raw objects written since a moment; their day is that of their first message."""
    first_day = datetime.fromtimestamp(since, UTC) - timedelta(hours=1)
    count = (datetime.now(UTC).date() - first_day.date()).days + 1
    for day in days(count):
        for key, one in _objects(client, bucket, f"{RAW}dt={day}/"):
            if one["LastModified"].timestamp() >= since - SLACK_S:
                yield key, one["Size"]


def _objects(client: Any, bucket: str, prefix: str) -> Iterator[tuple[str, Any]]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for one in page.get("Contents", []):
            yield one["Key"], one


def buffer_s(stage: Stage) -> float:
    """How long Firehose collects raw messages, as it is deployed."""
    name = stage.client("cloudformation").describe_stack_resource(
        StackName=stack_name(stage.site), LogicalResourceId="RawDelivery"
    )["StackResourceDetail"]["PhysicalResourceId"]
    told = stage.client("firehose").describe_delivery_stream(DeliveryStreamName=name)
    to = told["DeliveryStreamDescription"]["Destinations"][0]["ExtendedS3DestinationDescription"]
    return float(to["BufferingHints"]["IntervalInSeconds"])

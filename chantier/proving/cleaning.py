"""Everything a run of the probe made is taken away, also what one left that was killed.

Nothing is remembered for it: the thing knows its certificates, the table and the bucket know
the probe's name. What stays are lines in raw objects, which the probe shares with machines.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chantier.cloud import Cloud
from chantier.records import KEY, MACHINE, QUARANTINE
from chantier.telemetry import other_name, probe_name

# AWS detaches a certificate a moment after it says so.
TRIES, PAUSE_S = 12, 1.0
# A quarantined message's mark, as the detect function makes it, and what comes after.
TAIL = len("-.json") + 32
# DynamoDB deletes so many items a call.
BATCH = 25
DAYS = 2


class Cleaning:
    """What takes the probe of a site away.

    Args:
        cloud: where the site is deployed.
        site: site name.
        outputs: of its stack.
    """

    def __init__(self, cloud: Cloud, site: str, outputs: Mapping[str, str]) -> None:
        self._iot = cloud.client("iot")
        self._table = cloud.client("dynamodb")
        self._s3 = cloud.client("s3")
        self._outputs = outputs
        self._names = probe_name(site), other_name(site)

    def sweep(self, *, calm_s: float = 0.0) -> tuple[str, ...]:
        """Take everything away; a step that fails holds no other up.

        Args:
            calm_s: messages may still be on their way: look again for so long.

        Returns:
            What is still there, each with why; nothing where all is clean.
        """
        steps: dict[str, Callable[[], None]] = {
            f"the certificates of {self._names[0]}": self._certificates,
            f"the thing {self._names[0]}": self._thing,
            "its rows in the alerts table": self._rows,
            "its messages in quarantine": self._quarantine,
        }
        end = time.monotonic() + calm_s
        while True:
            left = tuple(self._try(what, step) for what, step in steps.items())
            if time.monotonic() >= end:
                return tuple(fault for fault in left if fault)
            time.sleep(PAUSE_S)

    def _try(self, what: str, step: Callable[[], None]) -> str:
        try:
            step()
        except (ClientError, BotoCoreError) as fault:
            return f"{what}: {fault}"
        return ""

    def _certificates(self) -> None:
        """First of all none opens the door any more."""
        try:
            arns = self._iot.list_thing_principals(thingName=self._names[0])["principals"]
        except self._iot.exceptions.ResourceNotFoundException:
            return
        for arn in arns:
            name = arn.rpartition("/")[2]
            self._iot.update_certificate(certificateId=name, newStatus="INACTIVE")
            for policy in self._iot.list_attached_policies(target=arn)["policies"]:
                self._iot.detach_policy(policyName=policy["policyName"], target=arn)
            self._iot.detach_thing_principal(thingName=self._names[0], principal=arn)
            self._insist(self._iot.delete_certificate, certificateId=name, forceDelete=True)

    def _thing(self) -> None:
        """AWS takes the deletion of a thing that is not there for done."""
        self._insist(self._iot.delete_thing, thingName=self._names[0])

    def _insist(self, call: Callable[..., Any], **request: Any) -> None:
        for attempt in range(TRIES):
            try:
                call(**request)
            except self._iot.exceptions.ResourceNotFoundException:
                return
            except ClientError:
                if attempt == TRIES - 1:
                    raise
                time.sleep(PAUSE_S)
            else:
                return

    def _rows(self) -> None:
        table = self._outputs["AlertsTableName"]
        pages = self._table.get_paginator("query").paginate(
            TableName=table,
            ConsistentRead=True,
            KeyConditionExpression="#machine = :machine",
            ProjectionExpression="#machine, #key",
            ExpressionAttributeNames={"#machine": MACHINE, "#key": KEY},
            ExpressionAttributeValues={":machine": {"S": self._names[0]}},
        )
        keys = [{"DeleteRequest": {"Key": item}} for page in pages for item in page["Items"]]
        while keys:
            asked, keys = keys[:BATCH], keys[BATCH:]
            answer = self._table.batch_write_item(RequestItems={table: asked})
            keys += answer.get("UnprocessedItems", {}).get(table, [])

    def _quarantine(self) -> None:
        """Every version: what is deleted in a versioned bucket is only hidden."""
        bucket = self._outputs["DataBucketName"]
        for prefix in self._prefixes():
            pages = self._s3.get_paginator("list_object_versions").paginate(
                Bucket=bucket, Prefix=prefix
            )
            for page in pages:
                for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                    if prefix.endswith("/") or len(one["Key"]) == len(prefix) - 1 + TAIL:
                        self._s3.delete_object(
                            Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"]
                        )

    def _prefixes(self) -> Iterator[str]:
        """Where messages of the probe are, of today and yesterday."""
        for name in self._names:
            yield f"{QUARANTINE}rule/{name}/"
            yield from (f"{QUARANTINE}dt={day}/{name}-" for day in days(DAYS))


def days(count: int) -> Iterator[str]:
    """The last days in UTC, the earliest first: what arrived lies under them."""
    today = datetime.now(UTC).date()
    yield from (f"{today - timedelta(days=back)}" for back in reversed(range(count)))


@contextmanager
def undisturbed() -> Iterator[None]:
    """Neither Ctrl-C nor the end of a job stops what happens meanwhile."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {one: signal.signal(one, signal.SIG_IGN) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)

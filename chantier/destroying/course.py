"""A site taken down, step by step, in an order in which what cannot be undone comes last.

1  what there is is written down, for a run after an interrupted one
2  the data is exported and the copy checked, if asked for
3  machines leave: sessions, certificates, things, then what held the policies
4  what Firehose still holds is waited for, if the data is wanted
5  the stack is deleted; what writes to the bucket and the table goes with it
6  the export is completed by what arrived meanwhile
7  buckets are emptied and deleted, tables deleted, unless they are kept
8  templates that were staged, and files on this computer
9  every service is asked whether anything is left
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from chantier.cloud import Cloud
from chantier.destroying.emptying import delete_bucket, delete_table, empty
from chantier.destroying.exporting import Exported, export
from chantier.destroying.finding import (
    CERTIFICATE,
    STREAM,
    THING,
    Resource,
    drop_notes,
    write_notes,
)
from chantier.destroying.inventory import Inventory
from chantier.destroying.leaving import Gone, leave
from chantier.destroying.staged import unstage
from chantier.destroying.unstacking import check, delete
from chantier.destroying.verifying import Left, verify

Say = Callable[[str], None]
Tick = Callable[[str, int, int], None]
# Beside what Firehose collects: what is on its way from the rule.
MARGIN_S = 5
BUFFER = "RawBufferSeconds"


class Order(NamedTuple):
    """What is to be done.

    Attributes:
        keep_data: buckets and tables stay, with what is in them.
        export: a folder for a copy of the data; None for no copy.
        wait: wait for what Firehose still holds, where data is kept or exported.
    """

    keep_data: bool
    export: Path | None = None
    wait: bool = True


class Ended(NamedTuple):
    """What was done.

    Attributes:
        site: site name.
        machines: what left of them.
        versions: versions and delete markers deleted from buckets.
        kept: names of buckets and tables that stay.
        exported: the copy of the data, if one was made.
        left: what is still there although it should not.
    """

    site: str
    machines: Gone
    versions: int
    kept: tuple[str, ...]
    exported: Exported | None
    left: Left


def destroy(  # noqa: PLR0913 - keyword-only past three
    cloud: Cloud, found: Inventory, order: Order, *, home: Path, say: Say, tick: Tick
) -> Ended:
    """Take a site down. May be run again, whatever stopped it.

    Args:
        cloud: where the site is.
        found: all that it has, looked at just before.
        order: what is to be done.
        home: the project's `.chantier` folder.
        say: receives a line at the end of each step.
        tick: receives what goes on, how much is done, and how much there is.

    Raises:
        ChantierError: a step could not be done; those before it are.
        StackError: the stack ended badly; the data was not touched.
    """
    stack = found.traces.stack
    if stack:
        check(stack, with_data=not order.keep_data)
    papers = tuple(Resource(CERTIFICATE, arn, stays=False) for arn in found.fleet.certificates)
    write_notes(home, cloud, found.site, (*found.traces.resources, *papers))
    exported = _export(cloud, found, order, tick=tick)
    _tell_export(None, exported, say=say)
    gone = _leave(cloud, found, say=say, tick=tick)
    _wait(found, order, say=say, tick=tick)
    if stack:
        delete(cloud, stack, with_data=not order.keep_data, tick=tick)
        count = sum(not one.stays for one in stack.resources)
        say(f"Stack {stack.name} deleted, {count} resources.")
    if exported:
        before, exported = exported, _export(cloud, found, order, tick=tick)
        _tell_export(before, exported, say=say)
    kept = _names(found) if order.keep_data else ()
    versions = 0 if order.keep_data else _data(cloud, found, say=say, tick=tick)
    _tidy(cloud, found, say=say)
    resources, arns = found.traces.resources, tuple(found.fleet.certificates)
    stays = frozenset((*kept, *_foreign(found, gone)))
    left = verify(cloud, found.site, resources, arns, kept=stays)
    if not left.there and not left.unknown:
        drop_notes(home, cloud, found.site)
    return Ended(found.site, gone, versions, kept, exported, left)


def _leave(cloud: Cloud, found: Inventory, *, say: Say, tick: Tick) -> Gone:
    gone = leave(cloud, found.site, found.fleet, found.traces, tick)
    if gone.certificates or gone.things:
        say(f"{gone.certificates} certificates and {gone.things} things deleted.")
    for one in gone.kept:
        say(f"Certificate {one.certificate_id[:12]} stays: {one.why}.")
    return gone


def _tidy(cloud: Cloud, found: Inventory, *, say: Say) -> None:
    """What lies outside of the stack: staged templates, and papers that open nothing."""
    if found.staged:
        unstage(cloud, found.staged)
        say(f"Staged templates deleted: {len(found.staged.keys)}.")
    for path in found.papers:
        shutil.rmtree(path)


def _export(cloud: Cloud, found: Inventory, order: Order, *, tick: Tick) -> Exported | None:
    if order.export is None:
        return None
    buckets, tables = [one.name for one in found.buckets], [one.name for one in found.tables]
    return export(cloud, order.export, buckets=buckets, tables=tables, tick=tick)


def _tell_export(before: Exported | None, made: Exported | None, *, say: Say) -> None:
    if made is None:
        return
    if before is None:
        say(
            f"Exported to {made.at}: {made.objects:,} objects, {made.size:,} bytes, "
            f"{made.alerts:,} items; every file read again and its SHA-256 compared."
        )
    elif made.manifest != before.manifest:
        more = made.objects - before.objects
        say(f"Exported what came meanwhile, and checked: {more:,} objects more.")


def _wait(found: Inventory, order: Order, *, say: Say, tick: Tick) -> None:
    """Firehose delivers what it holds at the end of its interval, and deletion may lose it."""
    stack = found.traces.stack
    wanted = order.keep_data or order.export
    if not (stack and wanted and order.wait and found.fleet.open_doors):
        return
    if not found.traces.names(STREAM):
        return
    seconds = int(stack.parameters.get(BUFFER, 0)) + MARGIN_S
    say(f"Firehose may hold the last {seconds} s of telemetry; waiting for it.")
    for second in range(seconds):
        tick("Waiting for Firehose, seconds", second, seconds)
        time.sleep(1)


def _data(cloud: Cloud, found: Inventory, *, say: Say, tick: Tick) -> int:
    """Delete the data: nothing brings it back."""
    s3, dynamodb, versions = cloud.client("s3"), cloud.client("dynamodb"), 0
    for bucket in found.buckets:
        there = bucket.versions + bucket.markers
        deleted = empty(
            s3,
            bucket.name,
            lambda done, there=there: tick("Versions deleted", done, there),  # type: ignore[misc]  # bound now
        )
        delete_bucket(s3, bucket.name)
        versions += deleted
        say(f"Bucket {bucket.name} deleted, {deleted:,} versions and delete markers.")
    for table in found.tables:
        delete_table(dynamodb, table.name)
        backup = "; DynamoDB keeps a backup of it for 35 days, free" if table.recoverable else ""
        say(f"Table {table.name} deleted, {table.items:,} items{backup}.")
    return versions


def _names(found: Inventory) -> tuple[str, ...]:
    return (*(one.name for one in found.buckets), *(one.name for one in found.tables))


def _foreign(found: Inventory, gone: Gone) -> list[str]:
    """What stays because it is somebody else's: certificates, and things of another site."""
    kept = {one.certificate_id for one in gone.kept}
    arns = [arn for arn in found.fleet.certificates if arn.rpartition("/")[2] in kept]
    # A thing of the stack that says it is another site's was left to it.
    return [*arns, *(name for name in found.traces.names(THING) if name not in found.fleet.things)]

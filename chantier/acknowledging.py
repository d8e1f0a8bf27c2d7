"""What people tell a deployed site: an alert has been seen, a service has been done.

Detection may judge the same machine at the same moment. So a memory is only
replaced by the one that was made from it, with the alert that it belongs to in the
same transaction, and tried again if a message came first. Nobody is asked for a name.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from chantier.alerts import read_alerts
from chantier.cloud import Cloud
from chantier.decoding import parse_time
from chantier.detection.memory import Memory, dump, load
from chantier.detection.passing import LATCHED, acknowledge, log_service
from chantier.errors import ChantierError
from chantier.records import (
    ACKED_AT,
    CLOSED_AT,
    EXPIRES_AT,
    KEY,
    MACHINE,
    MEMORY,
    NOTE,
    OPEN_SITE,
    REMEMBERED,
    REVISION,
    TELL_AT,
    TELL_SITE,
    Alert,
    from_item,
    key_of,
)
from chantier.telemetry import format_time

TRIES = 8
PAUSE_S = 0.05
DAY_S = 86_400
MOST_NOTE = 1_000
# Why an alert closed that nothing else would ever close.
GONE = "the machine is no longer in the site file"
# More than a machine runs in its life, h.
MOST_HOURS = 1_000_000
CONFLICTS = ("ConditionalCheckFailedException", "TransactionCanceledException")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
HOW_TO_FIND = "Their IDs: chantier alerts --open --json"


class Logged(NamedTuple):
    """A service that was noted.

    Attributes:
        machine: machine id.
        hours: what the hour meter showed.
        counts_as: the interval that it is counted as, h.
        next_due: the hour meter at which the next one is due, h.
    """

    machine: str
    hours: float
    counts_as: float
    next_due: float


def find_alert(cloud: Cloud, table: str, alert_id: str, *, site: str) -> Alert:
    """The alert of an ID; without its last part, the open alert of that machine and code.

    Raises:
        ChantierError: there is none, or more than one.
    """
    machine, _, rest = alert_id.partition("/")
    head, _, opened_at = rest.rpartition("/")
    if TIME.fullmatch(opened_at):
        code, _, fault = head.partition("/")
        key = {MACHINE: {"S": machine}, KEY: {"S": key_of(opened_at, code, fault)}}
        got = cloud.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
        found = [from_item(got["Item"])] if "Item" in got else []
    else:
        opened = read_alerts(cloud, table, site=site, only_open=True)
        found = [one for one in opened if f"{one.id}/".startswith(f"{alert_id.rstrip('/')}/")]
    if not found:
        raise ChantierError(f"There is no such alert: {alert_id!r}.", HOW_TO_FIND)
    if len(found) > 1:
        ids = "\n".join(f"  {one.id}" for one in found)
        raise ChantierError(
            f"{alert_id!r} stands for {len(found)} open alerts.", f"Say which:\n{ids}"
        )
    return found[0]


def acknowledge_alert(  # noqa: PLR0913 - keyword-only: what is said of the alert
    cloud: Cloud,
    table: str,
    alert_id: str,
    *,
    site: str,
    alert_days: int,
    note: str = "",
    machines: Collection[str] | None = None,
) -> Alert:
    """Note that somebody takes care of an alert; a theft or a tow is closed by it.

    So is every alert of a machine that is no longer in the site file, acknowledged before
    or not: nothing judges that machine any more. Its note says why it closed.

    Args:
        cloud: where.
        table: the alerts table, an output of the stack.
        alert_id: as `Alert.id`, or shorter as `find_alert` takes it.
        site: site name.
        alert_days: days that an alert is kept after its end.
        note: a few words for whoever reads it later; no names are needed.
        machines: ids of the site file's machines; None for not known.

    Returns:
        The alert as it stands now.

    Raises:
        ChantierError: there is no such alert, or nothing is left to acknowledge.
    """
    if len(note) > MOST_NOTE or not note.isprintable():
        raise ChantierError(f"A note has one line of at most {MOST_NOTE} characters.")
    client = cloud.client("dynamodb")
    alert = find_alert(cloud, table, alert_id, site=site)
    for attempt in range(TRIES):
        time.sleep(attempt * PAUSE_S)
        gone = machines is not None and alert.machine not in machines
        _refuse_done(alert, gone=gone)
        seen = _gone(alert, note) if gone else _seen(alert, note)
        writes = [{"Update": {"TableName": table, **_update(seen, alert_days, again=gone)}}]
        if alert.code in LATCHED:
            forget = partial(acknowledge, code=alert.code)
            writes.append(_memory_write(client, table, alert.machine, forget))
        if _written(client, writes):
            return seen
        alert = find_alert(cloud, table, alert.id, site=site)
    raise _busy(alert.machine)


def log_machine_service(
    cloud: Cloud, table: str, machine: str, *, hours: float, every_h: float
) -> Logged:
    """Note a service; the alert that asked for it closes with the machine's next reading.

    Args:
        cloud: where.
        table: the alerts table, an output of the stack.
        machine: machine id.
        hours: what the hour meter showed.
        every_h: the machine's service interval, h.

    Raises:
        ChantierError: no hour meter shows that.
    """
    if not 0 <= hours < MOST_HOURS:
        raise ChantierError(
            f"No hour meter shows {hours:g} h.", f"Give the hours, from 0 to {MOST_HOURS:,}."
        )
    client = cloud.client("dynamodb")
    for attempt in range(TRIES):
        time.sleep(attempt * PAUSE_S)
        serviced = partial(log_service, hours=hours, every_h=every_h)
        write = _memory_write(client, table, machine, serviced)
        if _written(client, [write]):
            counts_as = log_service(Memory(), hours, every_h).service_h or 0.0
            return Logged(machine, hours, counts_as, counts_as + every_h)
    raise _busy(machine)


def _refuse_done(alert: Alert, *, gone: bool) -> None:
    if alert.closed_at is not None:
        raise ChantierError(
            f"{alert.id} closed at {alert.closed_at}: there is nothing to acknowledge.",
            "What is still open: chantier alerts --open",
        )
    if alert.acked_at is not None and not gone:
        raise ChantierError(
            f"{alert.id} was acknowledged at {alert.acked_at}.",
            "It closes by itself when its cause is gone; what is open: chantier alerts --open",
        )


def _seen(alert: Alert, note: str) -> Alert:
    """The alert once it is acknowledged."""
    now = format_time(int(time.time()))
    closed_at = max(now, alert.last_seen_at) if alert.code in LATCHED else None
    return alert._replace(acked_at=now, note=note or None, closed_at=closed_at)


def _gone(alert: Alert, note: str) -> Alert:
    """The alert of a machine that is gone once it is acknowledged."""
    now = format_time(int(time.time()))
    said = "; ".join(part for part in (note or alert.note, GONE) if part)
    return alert._replace(
        acked_at=alert.acked_at or now, note=said, closed_at=max(now, alert.last_seen_at)
    )


def _update(seen: Alert, alert_days: int, *, again: bool) -> dict[str, Any]:
    """The change of an alert's item, refused if somebody was first.

    Args:
        seen: the alert as it is to be.
        alert_days: days that an alert is kept after its end.
        again: somebody may have acknowledged it before.
    """
    values: dict[str, Any] = {ACKED_AT: {"S": seen.acked_at}}
    gone = [TELL_SITE, TELL_AT]
    if seen.note:
        values[NOTE] = {"S": seen.note}
    if seen.closed_at:
        values[CLOSED_AT] = {"S": seen.closed_at}
        values[EXPIRES_AT] = {"N": str(parse_time(seen.closed_at) + alert_days * DAY_S)}
        gone.append(OPEN_SITE)
    sets = ", ".join(f"#{name} = :{name}" for name in values)
    return {
        "Key": {MACHINE: {"S": seen.machine}, KEY: {"S": seen.key}},
        "UpdateExpression": f"SET {sets} REMOVE " + ", ".join(f"#{name}" for name in gone),
        "ConditionExpression": (
            f"attribute_exists(#{KEY}) AND attribute_not_exists(#{CLOSED_AT})"
            + ("" if again else f" AND attribute_not_exists(#{ACKED_AT})")
        ),
        "ExpressionAttributeNames": {
            f"#{name}": name for name in {*values, *gone, KEY, ACKED_AT, CLOSED_AT}
        },
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
    }


def _memory_write(
    client: Any, table: str, machine: str, change: Callable[[Memory], Memory]
) -> dict[str, Any]:
    """The write that changes a machine's memory, refused if a message changed it first."""
    key = {MACHINE: {"S": machine}, KEY: {"S": MEMORY}}
    item = client.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item", {})
    revision = int(item[REVISION]["N"]) if item else 0
    memory = change(load(item[REMEMBERED]["S"] if item else None))
    return {
        "Put": {
            "TableName": table,
            "Item": {
                **key,
                REMEMBERED: {"S": dump(memory)},
                REVISION: {"N": str(revision + 1)},
            },
            "ConditionExpression": "attribute_not_exists(#key) OR #revision = :revision",
            "ExpressionAttributeNames": {"#key": KEY, "#revision": REVISION},
            "ExpressionAttributeValues": {":revision": {"N": str(revision)}},
        }
    }


def _written(client: Any, writes: Sequence[dict[str, Any]]) -> bool:
    """Write all or nothing; False if a condition does not hold."""
    try:
        client.transact_write_items(TransactItems=list(writes))
    except ClientError as refused:
        if refused.response["Error"]["Code"] in CONFLICTS:
            return False
        raise
    return True


def _busy(machine: str) -> ChantierError:
    return ChantierError(f"{machine} sent messages at every try to note this.", "Try again.")

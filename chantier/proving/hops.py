"""A message of the probe on its way: connected, published, judged, stored, closed.

What is waited for is asked again and again, no longer than `patience_s`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from chantier.alerts import read_alerts
from chantier.logs import read_log
from chantier.proving.astray import astray
from chantier.proving.probe import CODE, Message
from chantier.proving.promises import Check, broken, holds
from chantier.proving.stage import Stage
from chantier.proving.timing import Spoken
from chantier.records import KEY, MACHINE, TELL_AT, Alert, from_item, key_of
from chantier.telemetry import ingest_topic, probe_name
from simulator.papers import Line, trust
from simulator.wire import Broken, Wire

ANSWER_S = 10.0
# AWS takes one connection a second under one name; a certificate opens the door after some.
CONNECT_PAUSE_S = 1.1
# Clocks that differ must not hide a line of the log.
SLACK_S = 120


class Talk(NamedTuple):
    """What came of a session of the probe.

    Attributes:
        connected_ms: what the connection took; None where the probe was not let in.
        spoken: the messages that the broker has.
        fault: why it ended before its time; empty if it did not.
    """

    connected_ms: float | None
    spoken: tuple[Spoken, ...] = ()
    fault: str = ""


def speak(stage: Stage, line: Line, messages: Sequence[Message], *, pace_s: float = 0.0) -> Talk:
    """Connect as the probe and publish, one message a `pace_s`, each acknowledged in turn."""
    return asyncio.run(_talk(stage, line, messages, pace_s))


async def _talk(stage: Stage, line: Line, messages: Sequence[Message], pace_s: float) -> Talk:
    try:
        wire, took = await _connect(line, stage.patience_s)
    except Broken as fault:
        return Talk(None, (), str(fault))
    topic, spoken = ingest_topic(stage.site, probe_name(stage.site)), list[Spoken]()
    try:
        for message in messages:
            began = time.monotonic()
            left = time.time() * 1000
            await wire.publish(topic, message.payload, timeout_s=ANSWER_S)
            spoken.append(Spoken(message.seq, left, time.time() * 1000))
            await asyncio.sleep(max(0.0, began + pace_s - time.monotonic()))
    except Broken as fault:
        return Talk(took, tuple(spoken), str(fault))
    finally:
        await wire.close()
    return Talk(took, tuple(spoken))


async def _connect(line: Line, patience_s: float) -> tuple[Wire, float]:
    """A session, and how long the attempt took that was let in, ms."""
    end = time.monotonic() + patience_s
    while True:
        began = time.perf_counter()
        try:
            wire = await Wire.open(line, trust(line), timeout_s=ANSWER_S)
        except Broken:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(CONNECT_PAUSE_S)
        else:
            return wire, (time.perf_counter() - began) * 1000


def let_in(stage: Stage, line: Line, talk: Talk) -> tuple[Check, ...]:
    """The first two hops: whether the broker took the probe, and then its message."""
    where = f"{line.host}:{line.port}"
    policy = stage.outputs["MachinePolicyName"]
    look = f"The policy of the machines: aws iot get-policy --policy-name {policy}"
    if talk.connected_ms is None:
        way = f"Does anything between here and {where} hold MQTT back?"
        return (broken("connect", f"{where}: {talk.fault}", look, way),)
    said = f"{where}, both sides show a certificate"
    connected = holds("connect", said, ms=talk.connected_ms)
    if not talk.spoken:
        return connected, broken("publish", talk.fault, look)
    acked = talk.spoken[0].acked_at - talk.spoken[0].left_at
    return connected, holds("publish", "acknowledged (QoS 1): there and back", ms=acked)


def log_lines(stage: Stage, since: float) -> dict[int, dict[str, Any]]:
    """The detect function's lines about the probe since a moment, by `seq` (-1 for none)."""
    lines = read_log(
        stage.cloud, stage.outputs["DetectLogName"], since_ms=int((since - SLACK_S) * 1000)
    )
    return {line.get("seq", -1): line for line in lines if line.get("machine") == stage.probe}


def alert_item(stage: Stage, message: Message) -> dict[str, Any] | None:
    """The row of the alert that a message opens, as the table surely has it."""
    key = {MACHINE: {"S": stage.probe}, KEY: {"S": key_of(message.opens, CODE, "")}}
    found: dict[str, Any] = stage.client("dynamodb").get_item(
        TableName=stage.outputs["AlertsTableName"], Key=key, ConsistentRead=True
    )
    return found.get("Item")


def judged(stage: Stage, message: Message, since: float) -> tuple[Check, ...]:
    """The rule, the function and the table: the first message on its way."""
    item = stage.until("the alert", lambda: alert_item(stage, message))
    if item is None:
        return astray(stage, message, log_lines(stage, since).get(message.seq))
    found = stage.until("the function's log", lambda: log_lines(stage, since).get(message.seq))
    if found is None:
        return astray(stage, message, None)
    alert = from_item(item)
    in_function = found["stored_at"] - found["began_at"]
    in_cloud = found["stored_at"] - found["arrived_at"]
    untold = TELL_AT not in item and alert.severity == "info"
    return (
        holds("rule", "its text claimed to be another machine; the topic counts"),
        holds("judged", "by the detect function: its own time", ms=in_function),
        holds("stored", f"{alert.code} ({alert.severity}), since the rule had it", ms=in_cloud),
        holds("untold", "an information: there is nothing to tell")
        if untold
        else broken("untold", f"{alert.severity}, to be told at {item.get(TELL_AT)}"),
    )


def closed(stage: Stage, opened: Sequence[Message]) -> Check:
    """Whether every alert that the probe opened is closed again."""
    keys = {one.opens for one in opened}

    def over() -> list[Alert] | None:
        alerts = read_alerts(stage.cloud, stage.outputs["AlertsTableName"], site=stage.probe)
        mine = [one for one in alerts if one.opened_at in keys and one.closed_at]
        return mine if len(mine) == len(keys) else None

    found = stage.until("the alerts to close", over)
    if found:
        many = f"{len(found)} alerts, opened and closed"
        return holds("closed", many)
    look = f"What the function said: chantier logs detect{stage.command}"
    return broken("closed", "not every alert of the probe is closed, or found by its site", look)

"""What the product does with its permissions, on the path that a machine's message takes.

Each behaviour returns when it worked, raises `Refused` when AWS refused, and fails
otherwise. It makes what it needs afresh, so that it can be tried again and again.
"""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import uuid4

from chantier.functions.alerts import item_key
from chantier.records import QUARANTINE, RAW, RAW_ERRORS, STORM, WHOLE_SITE
from chantier.telemetry import format_time
from tests.embedded.conftest import until
from tests.embedded.privilege.stage import Stage

HOT_C = 112
HOURS_S = 7_200


class Refused(Exception):
    """AWS refused it; the text is what it said."""


def invoke(stage: Stage, function: str, event: dict[str, Any]) -> dict[str, Any]:
    """Call a function, by its logical id, and wait for its answer."""
    answer = stage.root("lambda").invoke(
        FunctionName=stage.ids[function], Payload=json.dumps(event).encode()
    )
    said = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        assert "not authorized to perform" in said["errorMessage"], said
        raise Refused(said["errorMessage"])
    return dict(said)


def message(machine: str, *, age_s: int = 0, **values: Any) -> dict[str, Any]:
    """A message of one reading."""
    reading = {"t": format_time(int(time.time()) - age_s), "seq": 1, "eng": True, "rpm": 1650}
    return {"v": 1, "machine": machine, "readings": [reading | values]}


def detect(stage: Stage, event: dict[str, Any]) -> dict[str, Any]:
    """Call the detect function as the rule does."""
    return invoke(stage, "Detect", event)


def watch(stage: Stage, event: dict[str, Any]) -> dict[str, Any]:
    """Call the watch function as its schedule does."""
    return invoke(stage, "Watch", event)


def hears_a_machine(stage: Stage) -> None:
    """The first message of a machine is remembered."""
    assert detect(stage, message(stage.fresh()))["readings"] == 1


def opens_an_alert(stage: Stage) -> None:
    """A hot engine is stored as an alert."""
    assert detect(stage, _overheating(stage.fresh()))["alerts"]


def quarantines_a_message(stage: Stage) -> None:
    """A message that cannot be read is kept with its reason."""
    said = detect(stage, {"v": 1, "machine": stage.fresh(), "readings": str(uuid4())})
    assert said["quarantined"]


def finds_a_silent_machine(stage: Stage) -> None:
    """A machine that fell silent with its engine on is found by the schedule's call."""
    machine, then = stage.fresh(), int(time.time()) - HOURS_S
    detect(stage, {**message(machine, age_s=HOURS_S), "arrived_at": then * 1000})
    found = watch(stage, {"check": True})["alerts"]
    assert any(alert["id"].startswith(f"{machine}/") for alert in found), found


def looks_for_what_is_to_be_told(stage: Stage) -> None:
    """The schedule's call finds what people are to be told of."""
    watch(stage, {"Records": []})


def tells_people(stage: Stage) -> None:
    """An alert goes out to the topic."""
    machine = stage.fresh()
    (alert,) = detect(stage, _overheating(machine))["alerts"]
    # The machine of the last try is not to make this one wait.
    storm = item_key(WHOLE_SITE, STORM + alert["id"].split("/")[1])
    table = stage.deployed.outputs["AlertsTableName"]
    stage.root("dynamodb").delete_item(TableName=table, Key=storm)
    told = watch(stage, {"Records": []})["told"]
    assert any(alert["id"] in one["alerts"] for one in told), told


def keeps_a_raw_message(stage: Stage) -> None:
    """A message that is published lies under raw/, by way of the rule and Firehose."""
    _published(stage, RAW)


def keeps_what_raw_refuses(stage: Stage) -> None:
    """Where raw/ takes nothing, the message lies under raw-errors/."""
    _published(stage, RAW_ERRORS)


def keeps_what_the_rule_cannot_read(stage: Stage) -> None:
    """A message that is no JSON is kept by the rule's error action."""
    machine, mark = stage.fresh(), str(uuid4())
    seen = len(_log(stage))
    stage.deployed.publish(machine, f"not JSON {mark}".encode())

    def kept() -> bool:
        return any(mark in one.message for one in stage.deployed.quarantine())

    def refused() -> list[str]:
        return _refusals(stage, seen, f"{QUARANTINE}rule/{machine}/")

    until(lambda: kept() or refused(), bool)
    if not kept():
        raise Refused("\n".join(refused()))


def _published(stage: Stage, prefix: str) -> None:
    """Publish a message and find it under a prefix of the data bucket.

    The rule writes to its error action what Firehose does not take.
    """
    machine = stage.fresh()
    seen = len(_log(stage))
    stage.deployed.send(machine, {"t": format_time(int(time.time())), "seq": 1})

    def kept() -> bool:
        return machine.encode() in _text(stage, prefix)

    def refused() -> list[str]:
        by_rule = [one.reason for one in stage.deployed.quarantine() if one.machine == machine]
        return by_rule or _refusals(stage, seen, prefix)

    until(lambda: kept() or refused(), bool)
    if not kept():
        raise Refused("\n".join(refused()))


def _text(stage: Stage, prefix: str) -> bytes:
    """Everything that lies under a prefix."""
    client, bucket = stage.root("s3"), stage.deployed.outputs["DataBucketName"]
    listed = client.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return b"".join(
        client.get_object(Bucket=bucket, Key=one["Key"])["Body"].read() for one in listed
    )


def _refusals(stage: Stage, seen: int, prefix: str) -> list[str]:
    """What the local AWS says, since `seen`, of writes under a prefix that were refused."""
    lines = _log(stage)[seen:].splitlines()
    return [line for line in lines if f" {prefix}" in line and "was not written" in line]


def _log(stage: Stage) -> str:
    return (stage.deployed.home / "local" / "server.log").read_text("utf-8")


def _overheating(machine: str) -> dict[str, Any]:
    end = int(time.time())
    readings = [
        {"t": format_time(end - 10 * age), "seq": 8 - age, "eng": True, "rpm": 1650}
        | {"cool_c": 90 if age > 2 else HOT_C}
        for age in range(7, -1, -1)
    ]
    return {"v": 1, "machine": machine, "readings": readings}

"""A site of size fleet: the same messages through a queue, and what becomes of those that fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from chantier.cloud import Cloud
from chantier.records import MEMORY
from chantier.site import Site
from chantier.telemetry import format_time
from tests.embedded.conftest import Deployed, deploy_site, example_site, until
from tests.stories import Case, expected_alerts, load_cases, site_of

pytestmark = pytest.mark.embedded
START = 1_790_000_000
# One of each kind of rule: a level, a fault code, a place, a duration, a lasting voltage.
PLAYED = ("coolant-escalates", "dtc-red", "oil-flaps", "idle-just-below", "battery-24v-at-13v")
CASES = [case for case in load_cases() if case.name in PLAYED]


@pytest.fixture(scope="module")
def fleet(cloud: Cloud, project: Path) -> Deployed:
    """The example site, deployed as a starter and then made a fleet."""
    starter = example_site("fleet-size", "F-")
    deploy_site(cloud, starter, project)
    deployed = deploy_site(cloud, starter.of_size("fleet"), project)
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=deployed.outputs["IngestQueueUrl"], Attributes={"VisibilityTimeout": "1"}
    )
    return deployed


def hot(second: int, cool_c: float) -> dict[str, Any]:
    when = {"t": format_time(START + second), "seq": second}
    return {**when, "eng": True, "rpm": 1650, "cool_c": cool_c}


def fault(second: int, spn: int) -> dict[str, Any]:
    return {"t": format_time(START + second), "seq": second, "eng": True, "dtc": [[spn, 3, 1]]}


def message(machine: str, *readings: dict[str, Any]) -> str:
    """What the rule puts in the queue."""
    said = {"v": 1, "readings": list(readings), "site": "fleet-size", "machine": machine}
    return json.dumps({**said, "arrived_at": START * 1000})


def put(site: Deployed, *bodies: str) -> None:
    """Put messages in the queue, as the rule does."""
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    answer = site.cloud.client("sqs").send_message_batch(
        QueueUrl=site.outputs["IngestQueueUrl"], Entries=entries
    )
    assert not answer.get("Failed")


def waiting(site: Deployed) -> int:
    """Messages in the queue, also those that are being judged."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    told = site.cloud.client("sqs").get_queue_attributes(
        QueueUrl=site.outputs["IngestQueueUrl"], AttributeNames=names
    )
    return sum(int(told["Attributes"][name]) for name in names)


def dead(site: Deployed) -> list[str]:
    """What lies in the dead letters, taken out of them."""
    client, url = site.cloud.client("sqs"), site.outputs["DeadLettersUrl"]
    found = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for one in found:
        client.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return [str(one["Body"]) for one in found]


def damage_memory(site: Deployed, machine: str) -> None:
    """From now on no message of this machine can be judged."""
    site.cloud.client("dynamodb").put_item(
        TableName=site.outputs["AlertsTableName"],
        Item={"machine": {"S": machine}, "key": {"S": MEMORY}},
    )


def test_a_message_over_mtls_becomes_an_alert_and_raw_data_through_the_queue(
    fleet: Deployed,
) -> None:
    readings = [hot(second, 90 if second < 60 else 112) for second in range(0, 80, 10)]
    fleet.send("F-EX-001", *readings)
    (alert,) = until(lambda: fleet.alerts("F-EX-001"), bool)
    assert (alert.code, alert.severity, alert.closed_at) == ("COOLANT_HIGH", "critical", None)

    def raw() -> list[Any]:
        return [one["readings"] for one in fleet.raw() if one["machine"] == "F-EX-001"]

    assert until(raw, bool) == [readings]
    assert until(lambda: waiting(fleet), lambda count: not count) == 0


def test_the_rule_calls_the_function_no_more(fleet: Deployed) -> None:
    rule = fleet.cloud.client("iot").get_topic_rule(ruleName="chantier_fleet_size")["rule"]
    assert [kind for action in rule["actions"] for kind in action] == ["sqs", "firehose"]


def test_a_poisoned_message_blocks_nobody_and_ends_in_the_dead_letters(fleet: Deployed) -> None:
    damage_memory(fleet, "F-EX-002")
    poisoned = message("F-EX-002", fault(0, 100))
    others = [f"F-{name}" for name in ("CH-001", "CH-002", "CH-003", "TB-001")]
    put(fleet, poisoned, *(message(machine, fault(0, 100)) for machine in others))
    found = until(lambda: fleet.alerts(*others), lambda alerts: len(alerts) == len(others))
    assert sorted(alert.machine for alert in found) == sorted(others)
    kept = until(lambda: dead(fleet), bool)
    assert kept == [poisoned]
    assert waiting(fleet) == 0
    assert not fleet.alerts("F-EX-002")


def test_a_message_that_fails_is_judged_when_the_trouble_is_over(fleet: Deployed) -> None:
    damage_memory(fleet, "F-EX-003")
    put(fleet, message("F-EX-003", fault(0, 200)))
    until(lambda: waiting(fleet), bool)
    fleet.cloud.client("dynamodb").delete_item(
        TableName=fleet.outputs["AlertsTableName"],
        Key={"machine": {"S": "F-EX-003"}, "key": {"S": MEMORY}},
    )
    (alert,) = until(lambda: fleet.alerts("F-EX-003"), bool)
    assert alert.fault == "200-3"
    assert dead(fleet) == []


def test_a_body_that_is_no_message_is_quarantined_and_not_tried_again(fleet: Deployed) -> None:
    put(fleet, "not JSON at all", message("F-TB-002", fault(0, 300)))
    (kept,) = until(lambda: [one for one in fleet.quarantine() if "not JSON" in one.message], bool)
    assert kept.reason == 'message is "not JSON at all", expected an object'
    assert until(lambda: fleet.alerts("F-TB-002"), bool)
    assert until(lambda: waiting(fleet), lambda count: not count) == 0
    assert dead(fleet) == []


def test_messages_of_one_machine_are_judged_oldest_first_within_a_batch(fleet: Deployed) -> None:
    story = [hot(second, 90 if second < 60 else 112) for second in range(0, 80, 10)]
    bodies = [message("F-TB-003", reading) for reading in reversed(story)]
    records = [{"messageId": str(n), "body": body} for n, body in enumerate(bodies)]
    # Called as Lambda calls it: SQS itself may hand them out in two batches.
    assert fleet.invoke({"Records": records}) == {"batchItemFailures": []}
    (alert,) = fleet.alerts("F-TB-003")
    assert alert.since == format_time(START + 60)


@pytest.fixture(scope="module")
def cases_fleet(cloud: Cloud, project: Path) -> Deployed:
    """The site of the cases as a fleet."""
    said = site_of("plain").of_size("fleet").model_dump(by_alias=True)
    said["site"]["name"] = "fleet-cases"
    return deploy_site(cloud, Site.model_validate(said), project)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_leaves_the_same_alerts_through_the_queue(
    cases_fleet: Deployed, case: Case
) -> None:
    for step in case.steps:
        body = {**step.message, "machine": case.name, "arrived_at": step.arrived * 1000}
        put(cases_fleet, json.dumps(body))
        # A machine's messages are a minute apart; those of a story would overtake each other.
        assert until(lambda: waiting(cases_fleet), lambda count: not count) == 0
    left = sorted(
        (a.code, a.fault, a.severity, a.since, a.opened_at, a.closed_at, a.value)
        for a in cases_fleet.alerts(case.name)
    )
    assert left == expected_alerts(case), case.says


def test_every_kind_of_rule_is_played() -> None:
    assert {case.name for case in CASES} == set(PLAYED)
    assert {case.site for case in CASES} == {"plain"}

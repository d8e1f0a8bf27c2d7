"""A message that cannot be read lands in quarantine with its reason, and breaks nothing."""

from __future__ import annotations

import json

import pytest

from chantier.site import Machine
from tests.embedded.conftest import Deployed, until

pytestmark = pytest.mark.embedded
SENDER = "TB-001"
GOOD = {"t": "2026-09-21T14:13:20Z", "seq": 1}


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"not json at all", "not a JSON object"),
        (b"\xff\xfe\xfd binary", "UTF-8"),
        (b"[1, 2, 3]", "not a JSON object"),
        (b'"text"', "not a JSON object"),
        (b"", ""),
        (b'{"v":1,"readings":[{"t":"2026-09-21T14:13:20Z","cool_c":NaN}]}', "JSON"),
        (b"[" * 20_000, "nested too deeply"),
        (b'{"v":1,"readings":' + b"[" * 20_000, "nested too deeply"),
        (b"[" * (10 * 1024 * 1024), "10485760"),
        (b'{"v":2,"readings":[]}', "v is 2, newer than 1"),
        (b'{"v":1}', "readings is null or missing"),
        (b'{"v":1,"readings":[{"seq":1}]}', "readings[0]: t is missing"),
        (b'{"v":1,"readings":[{"t":"soon"}]}', "readings[0]: t is 'soon'"),
        (
            b'{"v":1,"readings":[{"t":"2026-09-21T14:13:20Z","rpm":"fast"}]}',
            'rpm is "fast", expected a number',
        ),
    ],
    ids=lambda value: str(value[:24]),
)
def test_a_message_that_cannot_be_read_is_kept_with_its_reason(
    deployed: Deployed, payload: bytes, reason: str
) -> None:
    known = {one.key for one in deployed.quarantine()}
    deployed.publish(SENDER, payload)

    def new() -> list[str]:
        return [one.reason for one in deployed.quarantine() if one.key not in known]

    (said,) = until(new, bool)
    assert reason in said
    assert all(one.machine == SENDER for one in deployed.quarantine() if one.key not in known)


def test_the_good_readings_of_a_half_broken_message_still_count(deployed: Deployed) -> None:
    body = {
        "v": 1,
        "machine": "TB-002",
        "readings": [{**GOOD, "dtc": [[100, 1, 1]], "lamp": ["RSL"]}, {"seq": 2}],
    }
    said = deployed.invoke(body)
    assert said["readings"] == 1
    assert said["quarantined"] == "readings[1]: t is missing"
    assert [alert.code for alert in deployed.alerts("TB-002")] == ["DTC"]


def test_a_machine_that_the_site_does_not_name_is_quarantined(deployed: Deployed) -> None:
    ghost = Machine.model_validate({"id": "GHOST-1", "class": "roller"})
    more = deployed.site.model_copy(update={"machines": (*deployed.site.machines, ghost)})
    stage = Deployed(more, deployed.cloud, deployed.home, deployed.outputs)
    known = {one.key for one in deployed.quarantine()}
    stage.send("GHOST-1", GOOD)

    def new() -> list[str]:
        return [one.reason for one in deployed.quarantine() if one.key not in known]

    assert until(new, bool) == ["machine 'GHOST-1' is not in the site file"]


def test_a_reading_from_the_future_is_quarantined(deployed: Deployed) -> None:
    said = deployed.invoke(
        {
            "v": 1,
            "machine": SENDER,
            "arrived_at": 1_790_000_000_000,
            "readings": [{"t": "2030-01-01T00:00:00Z"}],
        }
    )
    assert "ahead of the clock" in said["quarantined"]


@pytest.mark.parametrize(
    "event", [[], "text", 5, None, [{}], {"machine": 7}, {"arrived_at": 10**30}, {"v": "\ud800"}]
)
def test_an_event_of_any_shape_is_quarantined_and_not_raised(
    deployed: Deployed, event: object
) -> None:
    assert deployed.invoke(event)["quarantined"]


def test_the_same_broken_message_is_kept_once(deployed: Deployed) -> None:
    event = {"v": 9, "machine": SENDER, "arrived_at": 1_790_000_000_001}
    before = len(deployed.quarantine())
    for _ in range(3):
        deployed.invoke(event)
    assert len(deployed.quarantine()) == before + 1


def test_the_kept_message_is_whole(deployed: Deployed) -> None:
    event = {"v": 9, "machine": SENDER, "arrived_at": 1_790_000_000_002, "x": "y" * 300}
    deployed.invoke(event)
    client, bucket = deployed.cloud.client("s3"), deployed.outputs["DataBucketName"]
    bodies = [
        json.loads(client.get_object(Bucket=bucket, Key=one.key)["Body"].read())
        for one in deployed.quarantine()
    ]
    kept = [json.loads(body["message"]) for body in bodies if "message" in body]
    assert event in kept

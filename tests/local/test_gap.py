"""What the gap filler does with a rule's message, in the embedded AWS."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import aiomqtt
import pytest

from chantier import local
from chantier.cloud import Cloud
from chantier.local.payloads import LIMIT

if TYPE_CHECKING:
    from tests.local.conftest import Identity, Stack

pytestmark = pytest.mark.embedded


def lines(objects: dict[str, bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for body in objects.values() for line in body.splitlines()]


def the_failure(stack: Stack, eventually: Callable[..., Any]) -> dict[str, Any]:
    [content] = eventually(lambda: stack.objects("quarantine/")).values()
    document: dict[str, Any] = json.loads(content)
    return document


def test_messages_of_one_interval_land_in_one_object_under_the_deployed_prefix(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud, interval=2)
    for number in range(5):
        stack.publish({"n": number, "machine": "a lie", "texte": "élingue"})

    [(key, body)] = eventually(lambda: stack.objects("raw/")).items()

    assert key.startswith("raw/dt=20")
    assert f"/{stack.stream}-1-20" in key
    assert body.count(b"\n") == 5
    assert [line["n"] for line in lines({key: body})] == [0, 1, 2, 3, 4]
    assert {line["machine"] for line in lines({key: body})} == {"GRUE-1"}
    assert "élingue".encode() in body


def test_an_interval_of_zero_delivers_at_once(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud, interval=0)
    stack.publish({"n": 1})
    assert lines(eventually(lambda: stack.objects("raw/")))[0]["n"] == 1


def test_a_gzip_stream_writes_gzip_objects(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud, interval=0, compression="GZIP")
    stack.publish({"n": 1})
    [(key, body)] = eventually(lambda: stack.objects("raw/")).items()
    assert key.endswith(".gz")
    assert json.loads(gzip.decompress(body))["n"] == 1


def test_a_stream_whose_role_may_not_write_delivers_nothing_until_it_may(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud, interval=0)
    stack.refuse(stack.firehose_role, "s3:PutObject")
    stack.publish({"n": 1})
    eventually(stack.invocations)
    assert not stack.objects("")
    stack.allow(stack.firehose_role, "s3:PutObject", f"arn:aws:s3:::{stack.bucket}/raw/*")
    assert lines(eventually(lambda: stack.objects("raw/")))[0]["n"] == 1


def test_a_refused_object_goes_under_the_error_prefix(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud, interval=0, errors="errors/!{firehose:error-output-type}/")
    stack.allow(stack.firehose_role, "s3:PutObject", f"arn:aws:s3:::{stack.bucket}/errors/*")
    stack.publish({"n": 1})
    found = eventually(lambda: stack.objects("errors/delivery-failed/20"))
    assert lines(found)[0]["n"] == 1
    assert not stack.objects("raw/")


def test_a_rule_whose_role_may_not_put_records_fails_to_its_error_action(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud)
    stack.refuse(stack.rule_role, "firehose:PutRecord")
    stack.publish({"n": 1})
    [failure] = the_failure(stack, eventually)["failures"]
    assert failure["failedAction"] == "FirehoseAction"
    assert "is not authorized to perform firehose:PutRecord" in failure["errorMessage"]


def test_an_unknown_stream_is_a_failure_like_any_other(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud, stream="nowhere")
    stack.publish({"n": 1})
    [failure] = the_failure(stack, eventually)["failures"]
    assert failure["failedResource"] == "nowhere"
    assert "not found" in failure["errorMessage"]
    assert eventually(stack.invocations)[0]["event"]["n"] == 1


NOT_EVALUATED = {
    "not JSON": (b"{broken", "not a JSON object"),
    "empty": (b"", "not a JSON object"),
    "a JSON array": (b"[1, 2]", "not a JSON object"),
    "not UTF-8": (b'{"a": "\xff"}', "not UTF-8"),
    "NaN": (b'{"a": NaN}', "not a JSON object"),
    "a number too long": (b'{"a": ' + b"9" * 5000 + b"}", "not a JSON object"),
    "nested too deeply": (b"[" * 100_000, "nested too deeply"),
}


@pytest.mark.parametrize("case", NOT_EVALUATED)
def test_a_payload_that_is_no_json_object_is_quarantined_whole_and_runs_no_action(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any], case: str
) -> None:
    payload, reason = NOT_EVALUATED[case]
    stack = deploy(cloud, interval=0)
    stack.publish(payload)
    stack.publish({"after": True})

    document = the_failure(stack, eventually)

    assert base64.b64decode(document["base64OriginalPayload"]) == payload
    assert reason in document["failures"][0]["errorMessage"]
    assert document["topic"] == "chantier/site/GRUE-1/telemetry"
    [invocation] = eventually(stack.invocations)
    assert invocation["event"]["after"]
    assert [line["after"] for line in lines(eventually(lambda: stack.objects("raw/")))] == [True]


def test_ten_megabytes_of_brackets_over_mqtt_are_quarantined_and_bounded(
    cloud: Cloud,
    deploy: Callable[..., Stack],
    enroll: Callable[..., Identity],
    connect: Callable[..., aiomqtt.Client],
    eventually: Callable[..., Any],
) -> None:
    stack = deploy(cloud)
    identity = enroll(cloud, f"{stack.name}-grue")
    topic = f"$aws/rules/{stack.rule}/chantier/site/{identity.thing}/telemetry"

    async def publish() -> None:
        async with connect(cloud, identity) as client:
            await client.publish(topic, b"[" * 10_000_000, qos=1)
            await client.publish(topic, b'{"after": true}', qos=1)

    asyncio.run(publish())

    document = the_failure(stack, eventually)
    assert base64.b64decode(document["base64OriginalPayload"]) == b"[" * LIMIT
    assert "10000000 bytes" in document["failures"][0]["errorMessage"]
    assert document["clientId"] == identity.thing
    assert eventually(stack.invocations)[0]["event"]["after"]


def test_bytes_may_still_be_carried_by_encode(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud, sql="SELECT encode(*, 'base64') AS bytes, topic(3) AS machine")
    stack.publish(b"\xff\x00")
    event = eventually(stack.invocations)[0]["event"]
    assert base64.b64decode(event["bytes"]) == b"\xff\x00"
    assert event["machine"] == "GRUE-1"


def test_the_error_action_writes_with_the_role_of_the_rule(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud)
    stack.refuse(stack.rule_role, "s3:PutObject")
    stack.publish(b"{broken")
    stack.publish({"after": True})
    eventually(stack.invocations)
    assert not stack.objects("quarantine/")
    stack.allow(stack.rule_role, "s3:PutObject", f"arn:aws:s3:::{stack.bucket}/quarantine/*")
    assert eventually(lambda: stack.objects("quarantine/"))


def test_a_burst_reaches_the_function_whole_with_no_more_processes_than_workers(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    stack = deploy(cloud, interval=60)
    for number in range(100):
        stack.publish({"n": number})
    eventually(lambda: len(stack.invocations()) >= 100)
    seen = stack.invocations()
    assert sorted(invocation["event"]["n"] for invocation in seen) == list(range(100))
    assert len({invocation["pid"] for invocation in seen}) <= 4


def test_a_function_that_fails_is_retried_twice_and_sent_to_its_destination(
    cloud: Cloud, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    sqs = cloud.client("sqs")
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    stack = deploy(cloud, on_failure=attributes["Attributes"]["QueueArn"])
    stack.publish({"n": 7, "fail": True})
    [message] = eventually(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(message["Body"])["requestPayload"]["n"] == 7
    assert len(stack.invocations()) == 3


def test_warm_makes_as_many_processes_as_asked(cloud: Cloud, deploy: Callable[..., Stack]) -> None:
    stack = deploy(cloud)
    assert local.warm(cloud, stack.function, workers=4) == 4
    assert not stack.invocations()

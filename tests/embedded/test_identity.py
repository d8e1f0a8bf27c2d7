"""The certificate is the identity: what a machine can do with it, and what it cannot."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from chantier.errors import ChantierError
from chantier.identity import Identity, find, need
from chantier.telemetry import format_time, ingest_topic, telemetry_topic
from tests.embedded.conftest import Deployed, until

pytestmark = pytest.mark.embedded
MINE, OTHER = "CH-001", "CH-002"


def session(
    deployed: Deployed, identity: Identity, name: str, act: Callable[[aiomqtt.Client], Any]
) -> None:
    """Do something in a session of its own; raises MqttError where the broker refuses."""
    broker = deployed.cloud.broker()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(broker.ca)
    context.load_cert_chain(identity.certificate, identity.key)

    async def run() -> None:
        # What paho tells nobody of when it is hung up on: the test sees the refusal itself.
        asyncio.get_running_loop().set_exception_handler(lambda _loop, _about: None)
        async with aiomqtt.Client(
            broker.host, broker.port, identifier=name, tls_context=context, timeout=5
        ) as client:
            await act(client)

    asyncio.run(run())


def message(seq: int) -> bytes:
    return json.dumps(
        {"v": 1, "readings": [{"t": format_time(1_790_000_000), "seq": seq}]}
    ).encode()


def test_a_machine_publishes_on_its_own_topic(deployed: Deployed) -> None:
    deployed.publish(MINE, message(41))
    found = until(lambda: sent(deployed, 41), bool)
    assert [one["machine"] for one in found] == [MINE]


def sent(deployed: Deployed, seq: int) -> list[dict[str, Any]]:
    return [
        message
        for message in deployed.raw()
        # Other tests send what is no message at all.
        if {"seq": seq}.items() <= dict((message.get("readings") or [{}])[0]).items()
    ]


@pytest.mark.parametrize(
    "topic",
    [
        ingest_topic("zac-des-tilleuls", OTHER),
        telemetry_topic("zac-des-tilleuls", OTHER),
        telemetry_topic("zac-des-tilleuls", MINE),
        "$aws/rules/another_rule/chantier/zac-des-tilleuls/CH-001/telemetry",
        f"$aws/things/{MINE}/shadow/update",
    ],
)
def test_a_machine_cannot_publish_anywhere_else(deployed: Deployed, topic: str) -> None:
    mark = 9000 + len(topic)
    with pytest.raises(ChantierError):
        deployed.publish(MINE, message(mark), topic=topic)
    deployed.publish(MINE, message(42))
    until(lambda: sent(deployed, 42), bool)
    assert sent(deployed, mark) == []


def test_a_machine_cannot_connect_under_another_machines_name(deployed: Deployed) -> None:
    async def nothing(_client: aiomqtt.Client) -> None: ...

    deployed.enrol(OTHER)
    session(deployed, deployed.enrol(MINE), MINE, nothing)
    with pytest.raises(aiomqtt.MqttError):
        session(deployed, deployed.enrol(MINE), OTHER, nothing)


@pytest.mark.parametrize("topic", ["#", "chantier/#", "$aws/events/presence/#"])
def test_a_machine_cannot_listen_to_anything(deployed: Deployed, topic: str) -> None:
    async def listen(client: aiomqtt.Client) -> None:
        answer = await client.subscribe(topic, qos=1)
        granted = [getattr(code, "value", code) for code in answer]
        if any(code >= 128 for code in granted):
            raise aiomqtt.MqttError(f"refused: {granted}")

    with pytest.raises(aiomqtt.MqttError):
        session(deployed, deployed.enrol(MINE), MINE, listen)


def test_a_withdrawn_certificate_does_not_open_the_door(deployed: Deployed) -> None:
    machine = "CH-003"
    identity = deployed.enrol(machine)
    deployed.publish(machine, message(43))
    iot = deployed.cloud.client("iot")
    certificate_id = identity.certificate_arn.rpartition("/")[2]
    iot.update_certificate(certificateId=certificate_id, newStatus="INACTIVE")
    line = (identity, machine)

    async def nothing(_client: aiomqtt.Client) -> None: ...

    with pytest.raises(aiomqtt.MqttError):
        session(deployed, *line, nothing)
    again = deployed.enrol(machine)
    assert again.created
    assert again.certificate_arn != identity.certificate_arn
    deployed.publish(machine, message(44))


def test_keys_are_for_their_owner_alone_and_git_ignores_them(deployed: Deployed) -> None:
    identity = deployed.enrol(MINE)
    for path in identity.key.parent.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(identity.key.parent.stat().st_mode) == 0o700
    project = deployed.home.parent
    subprocess.run(["git", "init", "--quiet", project], check=True)
    listed = subprocess.run(
        ["git", "-C", project, "status", "--porcelain", "--untracked-files=all"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert ".chantier" not in listed.stdout


def test_a_machine_has_one_certificate_whatever_was_lost(deployed: Deployed) -> None:
    machine = "CH-002"
    first = deployed.enrol(machine)
    for lose in (
        lambda one: one.key.unlink(),
        lambda one: one.key.with_name("machine.json").write_text("{", "utf-8"),
        lambda one: one.certificate.write_text("damaged", "utf-8"),
        lambda one: shutil.rmtree(one.key.parent),
    ):
        lose(deployed.enrol(machine))
        again = deployed.enrol(machine)
        assert again.created
        principals = deployed.cloud.client("iot").list_thing_principals(thingName=machine)
        assert principals["principals"] == [again.certificate_arn]
    iot, certificate_id = deployed.cloud.client("iot"), first.certificate_arn.rpartition("/")[2]
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_certificate(certificateId=certificate_id)
    deployed.publish(machine, message(45))


def test_enrolling_twice_keeps_the_certificate(deployed: Deployed) -> None:
    first = deployed.enrol(MINE)
    again = deployed.enrol(MINE)
    assert not again.created
    assert again.certificate_arn == first.certificate_arn
    assert find(deployed.home, deployed.cloud, deployed.site.name, MINE) == again


def test_the_thing_carries_its_type_group_and_site(deployed: Deployed) -> None:
    deployed.enrol(MINE)
    iot = deployed.cloud.client("iot")
    thing = iot.describe_thing(thingName=MINE)
    assert thing["thingTypeName"] == deployed.outputs["MachineTypeName"]
    assert thing["attributes"] == {"site": deployed.site.name, "class": "wheel-loader"}
    groups = iot.list_thing_groups_for_thing(thingName=MINE)["thingGroups"]
    assert [group["groupName"] for group in groups] == [deployed.outputs["MachineGroupName"]]


def test_a_name_that_another_site_has_is_refused(deployed: Deployed) -> None:
    deployed.cloud.client("iot").update_thing(
        thingName="CO-002", attributePayload={"attributes": {"site": "elsewhere"}}
    )
    with pytest.raises(ChantierError, match="belongs to site 'elsewhere'"):
        deployed.enrol("CO-002")


def test_a_machine_without_certificate_is_told_the_next_command(
    deployed: Deployed, tmp_path: Path
) -> None:
    with pytest.raises(ChantierError) as refused:
        need(tmp_path, deployed.cloud, deployed.site.name, [MINE])
    assert refused.value.hint == f"Make it: chantier machine add {MINE} --local"
    with pytest.raises(ChantierError, match="for 2 machines, CH-001 first"):
        need(tmp_path, deployed.cloud, deployed.site.name, [MINE, OTHER])

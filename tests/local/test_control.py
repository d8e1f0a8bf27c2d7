"""Starting and stopping the embedded AWS: what runs, what listens, what is left."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiomqtt
import pytest

from chantier import local
from chantier.cloud import Cloud
from chantier.errors import LocalError
from chantier.local import processes
from chantier.local.home import Home, Server

if TYPE_CHECKING:
    from tests.local.conftest import Identity, Stack

pytestmark = pytest.mark.embedded

REGION = "eu-west-3"
LISTENING = "0A"
LOOPBACK = "0100007F"
# MQTT 3.1.1, clean session, client id "one".
CONNECT = b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03one"
CONNACK = b"\x20"


def silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    """A state folder for one test, stopped after it."""
    home = tmp_path / ".chantier" / "local"
    yield home
    local.down(home)


def start(home: Path, **options: Any) -> Cloud:
    return local.up(home, region=REGION, say=silent, **options)


def listening_sockets(pid: int) -> set[tuple[str, int]]:
    """(address, port) of every TCP socket on which `pid` listens, as /proc writes them."""
    inodes = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = str(entry.readlink())
        except FileNotFoundError:
            continue  # closed while we looked, so not one that listens
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                address, port = fields[1].split(":")
                found.add((address, int(port, 16)))
    return found


def test_up_is_ready_and_down_leaves_no_process(own: Path) -> None:
    said: list[str] = []
    cloud = local.up(own, region=REGION, say=said.append)
    state = local.status(own)
    assert state.running
    assert state.answers
    assert state.pid in processes.members(own)
    assert state.as_dict()["api"] == cloud.endpoint_url
    assert cloud.client("sts").get_caller_identity()["Account"] == "000000000000"
    assert any(str(cloud.endpoint_url) in line for line in said)

    assert local.down(own)

    assert not processes.members(own)
    assert not local.status(own).running
    assert not local.down(own)


def test_only_two_sockets_listen_and_both_on_loopback(cloud: Cloud, home: Path) -> None:
    state = local.status(home)
    assert state.pid
    assert cloud.local_broker
    assert listening_sockets(state.pid) == {
        (LOOPBACK, state.api_port),
        (LOOPBACK, cloud.local_broker.port),
    }


def test_a_second_up_finds_the_first(own: Path) -> None:
    first = start(own)
    pid = local.status(own).pid
    said: list[str] = []
    assert local.up(own, region=REGION, say=said.append) == first
    assert local.cloud(own) == first
    assert local.status(own).pid == pid
    assert "already" in said[0]


def test_two_at_once_start_one(own: Path) -> None:
    found: list[Cloud] = []
    threads = [threading.Thread(target=lambda: found.append(start(own))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert len(set(found)) == 1
    assert len(processes.members(own)) == 1


def test_another_region_is_refused_while_one_runs(cloud: Cloud, home: Path) -> None:
    with pytest.raises(LocalError, match=r"eu-west-3 and not us-east-1") as error:
        local.up(home, region="us-east-1", say=silent)
    assert error.value.hint == "Stop it first: chantier local down"
    assert cloud == local.cloud(home)


def test_nothing_running_is_said_with_the_next_command(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="not running") as error:
        local.cloud(tmp_path)
    assert error.value.hint == "Start it: chantier local up"


def test_a_port_that_is_taken_is_said_with_the_next_command(own: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=f"Port {port} is taken") as error:
            start(own, broker_port=port)
    assert "chantier local up --broker-port" in error.value.hint
    assert not processes.members(own)


def test_ports_asked_for_are_used_and_kept_for_the_next_time(own: Path) -> None:
    first = start(own)
    local.down(own)
    assert start(own).endpoint_url == first.endpoint_url
    assert local.cloud(own).local_broker == first.local_broker


def test_private_keys_are_for_the_owner_alone(cloud: Cloud, home: Path) -> None:
    assert cloud.ca == Home(home.resolve()).ca
    keys = list((home / "tls").glob("*.key"))
    assert keys
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


def answer_to(context: ssl.SSLContext, cloud: Cloud) -> bytes:
    """The first byte that the broker answers to a CONNECT; none when it refuses the client."""
    broker = cloud.broker()
    try:
        with (
            socket.create_connection((broker.host, broker.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=broker.host) as secure,
        ):
            secure.sendall(CONNECT)
            # In TLS 1.3 the client hears of the refusal when it first reads.
            return secure.recv(1)
    except (ssl.SSLError, ConnectionError):
        return b""


def test_a_client_without_a_certificate_is_refused(
    cloud: Cloud, enroll: Callable[..., Identity]
) -> None:
    context = ssl.create_default_context(cafile=str(cloud.broker().ca))
    assert answer_to(context, cloud) == b""
    known = enroll(cloud, "with-a-certificate")
    context.load_cert_chain(known.certificate, known.key)
    assert answer_to(context, cloud) == CONNACK


def test_a_client_with_an_unknown_certificate_is_refused(cloud: Cloud, home: Path) -> None:
    context = ssl.create_default_context(cafile=str(cloud.broker().ca))
    context.load_cert_chain(home / "tls" / "server.pem", home / "tls" / "server.key")
    assert answer_to(context, cloud) == b""


def test_a_machine_registered_while_the_broker_runs_connects_and_publishes(
    cloud: Cloud,
    enroll: Callable[..., Identity],
    connect: Callable[[Cloud, Identity], aiomqtt.Client],
) -> None:
    first = enroll(cloud, "first")

    async def exchange() -> bytes:
        async with connect(cloud, first) as listener:
            await listener.subscribe("chantier/site/second/telemetry", qos=1)
            second = await asyncio.to_thread(enroll, cloud, "second")
            async with connect(cloud, second) as speaker:
                await speaker.publish("chantier/site/second/telemetry", b"late", qos=1)
            message = await anext(aiter(listener.messages))
            assert isinstance(message.payload, bytes)
            return message.payload

    assert asyncio.run(exchange()) == b"late"


def test_a_start_that_dies_shows_the_log_and_leaves_nothing(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken" / "ministack"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise SystemExit('the disk is on fire')")
    monkeypatch.setenv("PYTHONPATH", str(broken.parent))
    with pytest.raises(LocalError, match="the disk is on fire") as error:
        start(own)
    assert str(own / "server.log") in error.value.hint
    assert not processes.members(own)
    assert not local.status(own).running


def test_a_start_that_hangs_is_given_up_and_leaves_nothing(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hanging = tmp_path / "hanging" / "ministack"
    hanging.mkdir(parents=True)
    (hanging / "__init__.py").write_text("import time; time.sleep(600)")
    monkeypatch.setenv("PYTHONPATH", str(hanging.parent))
    with pytest.raises(LocalError, match="was not ready after 1 s"):
        start(own, patience=1)
    assert not processes.members(own)


def test_ctrl_c_during_up_leaves_nothing(own: Path, eventually: Callable[..., Any]) -> None:
    program = (
        "import sys; from pathlib import Path; from chantier import local\n"
        f"local.up(Path(sys.argv[1]), region={REGION!r}, say=print)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", program, str(own)],
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as child:
        eventually(lambda: processes.members(own))
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=60)
    assert b"KeyboardInterrupt" in errors
    assert child.returncode != 0
    assert not processes.members(own)
    assert not local.status(own).running


def test_a_stale_state_never_ends_a_stranger(own: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "600"], start_new_session=True) as stranger:
        home = Home(own.resolve())
        home.create()
        home.announce(Server(stranger.pid, 1, 2, REGION, 8, "2026-01-01T00:00:00+00:00"))
        assert not local.status(own).running
        assert not local.down(own)
        home.announce(Server(stranger.pid, 1, 2, REGION, 8, "2026-01-01T00:00:00+00:00"))
        start(own)
        assert local.down(own)
        assert stranger.poll() is None
        stranger.kill()


def test_a_killed_server_is_replaced_with_its_things_and_objects(
    own: Path, eventually: Callable[..., Any]
) -> None:
    cloud = start(own)
    broker_ca = cloud.broker().ca
    assert broker_ca
    authority = broker_ca.read_bytes()
    cloud.client("iot").create_thing(thingName="GRUE-1")
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="a-bucket", CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_object(Bucket="a-bucket", Key="key", Body=b"body")
    state = own / "data" / "iot.json"
    eventually(lambda: state.exists() and "GRUE-1" in state.read_text())

    pid = local.status(own).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not local.status(own).running)

    again = start(own)
    assert again == cloud
    assert broker_ca.read_bytes() == authority
    assert again.client("iot").describe_thing(thingName="GRUE-1")["thingName"] == "GRUE-1"
    assert again.client("s3").get_object(Bucket="a-bucket", Key="key")["Body"].read() == b"body"


def test_down_ends_the_workers_of_a_killed_server(
    own: Path, deploy: Callable[..., Stack], eventually: Callable[..., Any]
) -> None:
    cloud = start(own)
    stack = deploy(cloud)
    stack.publish({"sleep": 600})
    eventually(stack.invocations)
    pid = local.status(own).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not local.status(own).running)
    assert processes.members(own)
    assert not local.down(own)
    assert not processes.members(own)


def test_a_stop_delivers_what_is_buffered_and_keeps_what_is_deployed(
    own: Path, deploy: Callable[..., Stack]
) -> None:
    stack = deploy(start(own), interval=300)
    stack.publish({"n": 1})
    assert local.down(own)
    start(own)
    [body] = stack.objects("raw/").values()
    assert json.loads(body)["n"] == 1
    assert stack.cloud.client("iot").get_topic_rule(ruleName=stack.rule)["rule"]


def test_wipe_forgets_what_was_deployed(own: Path) -> None:
    start(own).client("iot").create_thing(thingName="GRUE-1")
    assert local.down(own, wipe=True)
    assert start(own).client("iot").list_things()["things"] == []


def test_the_server_sees_neither_the_callers_profile_nor_secrets_nor_proxies(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:1")
    monkeypatch.setenv("A_SECRET", "of the caller")
    start(own)
    variables = Path(f"/proc/{local.status(own).pid}/environ").read_bytes()
    for word in (b"production", b"proxy.invalid", b"A_SECRET"):
        assert word not in variables

"""One embedded AWS for the whole folder, and a small stack in it."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiomqtt
import paho.mqtt.client as paho
import pytest

from chantier import local
from chantier.cloud import Cloud

REGION = "eu-west-3"
ACCOUNT = "000000000000"
PATIENCE = 20.0

HANDLER = """
import json, os, time

def handler(event, context):
    print("invoked")
    if not event:
        time.sleep(0.2)
        return
    with open(os.environ["OUT"], "a") as out:
        out.write(json.dumps({"event": event, "at": time.time(), "pid": os.getpid()}) + "\\n")
    time.sleep(event.get("sleep", 0))
    if event.get("fail"):
        raise RuntimeError("told to fail")
"""


@dataclass(frozen=True)
class Identity:
    """A machine's certificate and key, in files."""

    thing: str
    certificate: Path
    key: Path


@dataclass(frozen=True)
class Stack:
    """What a test deploys for itself."""

    cloud: Cloud
    name: str
    bucket: str
    stream: str
    rule: str
    function: str
    firehose_role: str
    rule_role: str
    out: Path

    def publish(self, payload: bytes | dict[str, Any], machine: str = "GRUE-1") -> None:
        """Publish through Basic Ingest, over HTTPS."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        topic = f"$aws/rules/{self.rule}/chantier/site/{machine}/telemetry"
        self.cloud.client("iot-data").publish(topic=topic, qos=1, payload=body)

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Every object under `prefix`."""
        s3 = self.cloud.client("s3")
        found = s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        return {
            item["Key"]: s3.get_object(Bucket=self.bucket, Key=item["Key"])["Body"].read()
            for item in found
        }

    def invocations(self) -> list[dict[str, Any]]:
        """What the function has seen."""
        if not self.out.exists():
            return []
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def allow(self, role: str, action: str, resource: str) -> None:
        """Give a role its one permission."""
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}],
        }
        self.cloud.client("iam").put_role_policy(
            RoleName=role, PolicyName=action.replace(":", "-"), PolicyDocument=json.dumps(document)
        )

    def refuse(self, role: str, action: str) -> None:
        """Take it away."""
        self.cloud.client("iam").delete_role_policy(
            RoleName=role, PolicyName=action.replace(":", "-")
        )


def eventually(condition: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Wait until `condition` is true, and return it."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)
    return found


@pytest.fixture(name="eventually")
def _eventually() -> Callable[..., Any]:
    return eventually


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("local") / ".chantier" / "local"


@pytest.fixture(scope="session")
def cloud(home: Path) -> Iterator[Cloud]:
    running = local.up(home, region=REGION, say=lambda _: None, workers=4)
    yield running
    local.down(home)


@pytest.fixture(scope="session")
def enroll(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Identity]:
    """Register a machine, as it is done on AWS."""

    def enrolled(cloud: Cloud, thing: str) -> Identity:
        iot = cloud.client("iot")
        iot.create_thing(thingName=thing)
        made = iot.create_keys_and_certificate(setAsActive=True)
        policy = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "iot:*", "Resource": "*"}],
        }
        iot.create_policy(policyName=f"{thing}-policy", policyDocument=json.dumps(policy))
        iot.attach_policy(policyName=f"{thing}-policy", target=made["certificateArn"])
        iot.attach_thing_principal(thingName=thing, principal=made["certificateArn"])
        folder = tmp_path_factory.mktemp(thing)
        (folder / "certificate.pem").write_text(made["certificatePem"])
        (folder / "key.pem").write_text(made["keyPair"]["PrivateKey"])
        return Identity(thing, folder / "certificate.pem", folder / "key.pem")

    return enrolled


@pytest.fixture(scope="session")
def connect() -> Callable[[Cloud, Identity], aiomqtt.Client]:
    """An MQTT client of a machine, not yet connected."""

    def connected(cloud: Cloud, identity: Identity) -> aiomqtt.Client:
        broker = cloud.broker()
        return aiomqtt.Client(
            broker.host,
            broker.port,
            identifier=identity.thing,
            protocol=aiomqtt.ProtocolVersion.V311,
            tls_params=aiomqtt.TLSParameters(
                ca_certs=str(broker.ca),
                certfile=str(identity.certificate),
                keyfile=str(identity.key),
            ),
        )

    assert paho.MQTTv311
    return connected


@pytest.fixture
def deploy(tmp_path: Path) -> Callable[..., Stack]:
    """A bucket, a delivery stream, a function and a rule that feeds both."""

    def deployed(cloud: Cloud, **changes: Any) -> Stack:
        name = f"t{uuid.uuid4().hex[:8]}"
        stack = Stack(
            cloud=cloud,
            name=name,
            bucket=f"{name}-raw",
            stream=f"{name}-stream",
            rule=f"{name}_rule",
            function=f"{name}-detect",
            firehose_role=f"{name}-firehose",
            rule_role=f"{name}-rule",
            out=tmp_path / "invocations",
        )
        cloud.client("s3").create_bucket(
            Bucket=stack.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        _make_roles(stack)
        _make_stream(stack, changes)
        _make_function(stack, changes)
        _make_rule(stack, changes)
        return stack

    return deployed


def _make_roles(stack: Stack) -> None:
    source = f"arn:aws:iot:{REGION}:{ACCOUNT}:rule/{stack.rule}"
    _make_role(stack, stack.rule_role, "iot.amazonaws.com", {"aws:SourceArn": source})
    _make_role(
        stack, stack.firehose_role, "firehose.amazonaws.com", {"aws:SourceAccount": ACCOUNT}
    )
    _make_role(stack, f"{stack.name}-lambda", "lambda.amazonaws.com", {})
    raw, bad = f"arn:aws:s3:::{stack.bucket}/raw/*", f"arn:aws:s3:::{stack.bucket}/quarantine/*"
    stream = f"arn:aws:firehose:{REGION}:{ACCOUNT}:deliverystream/{stack.stream}"
    stack.allow(stack.firehose_role, "s3:PutObject", raw)
    stack.allow(stack.rule_role, "s3:PutObject", bad)
    stack.allow(stack.rule_role, "firehose:PutRecord", stream)


def _make_role(stack: Stack, name: str, service: str, equals: dict[str, str]) -> None:
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    if equals:
        statement["Condition"] = {"StringEquals": equals}
    stack.cloud.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def role_arn(name: str) -> str:
    """ARN of a role of this account."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def _make_stream(stack: Stack, changes: dict[str, Any]) -> None:
    stack.cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName=stack.stream,
        ExtendedS3DestinationConfiguration={
            "RoleARN": role_arn(stack.firehose_role),
            "BucketARN": f"arn:aws:s3:::{stack.bucket}",
            "Prefix": "raw/dt=!{timestamp:yyyy-MM-dd}/",
            "BufferingHints": {
                "SizeInMBs": 1,
                "IntervalInSeconds": changes.get("interval", 1),
            },
            "CompressionFormat": changes.get("compression", "UNCOMPRESSED"),
            **({"ErrorOutputPrefix": changes["errors"]} if "errors" in changes else {}),
        },
    )


def _make_function(stack: Stack, changes: dict[str, Any]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("index.py", HANDLER)
    functions = stack.cloud.client("lambda")
    functions.create_function(
        FunctionName=stack.function,
        Runtime="python3.13",
        Handler="index.handler",
        Role=role_arn(f"{stack.name}-lambda"),
        Code={"ZipFile": archive.getvalue()},
        Environment={"Variables": {"OUT": str(stack.out)}},
        Timeout=30,
    )
    if "on_failure" in changes:
        functions.put_function_event_invoke_config(
            FunctionName=stack.function,
            DestinationConfig={"OnFailure": {"Destination": changes["on_failure"]}},
        )


def _make_rule(stack: Stack, changes: dict[str, Any]) -> None:
    role = role_arn(stack.rule_role)
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{stack.function}"
    firehose = {
        "deliveryStreamName": changes.get("stream", stack.stream),
        "roleArn": role,
        "separator": "\n",
    }
    stack.cloud.client("iot").create_topic_rule(
        ruleName=stack.rule,
        topicRulePayload={
            "sql": changes.get(
                "sql",
                "SELECT *, topic(3) AS machine, timestamp() AS received "
                "FROM 'chantier/+/+/telemetry'",
            ),
            "awsIotSqlVersion": "2016-03-23",
            "actions": [{"firehose": firehose}, {"lambda": {"functionArn": function}}],
            "errorAction": {
                "s3": {
                    "roleArn": role,
                    "bucketName": stack.bucket,
                    "key": "quarantine/${topic(3)}/${newuuid()}.json",
                }
            },
        },
    )

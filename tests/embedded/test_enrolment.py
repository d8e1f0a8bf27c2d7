"""Machines that fetch their own certificate by claim, over mTLS; and things in a stack."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import pytest
from click.testing import CliRunner

from chantier import claiming
from chantier.claiming import Claim, enrol_with_claim, make_claim
from chantier.cli import main
from chantier.cloud import Cloud
from chantier.enrolment import (
    REQUEST_TOPIC,
    claim_client_id,
    provisioning_topic,
)
from chantier.errors import ChantierError, StackError
from chantier.identity import Identity, folder, withdraw
from chantier.local import without_lacking
from chantier.sending import lines_of
from chantier.site import EXAMPLE, Site
from chantier.stack import deploy, stack_name
from chantier.telemetry import format_time, ingest_topic, telemetry_topic
from chantier.template import synthesize
from simulator.claim import Issued, enrol_by_claim
from simulator.link import Line, Link
from tests.embedded.conftest import Deployed, deploy_site, until

pytestmark = pytest.mark.embedded
SITE = "claims"
SERIAL = "CAT0320GJ00417"


def site_of(name: str, *machines: dict[str, Any], size: str = "starter") -> Site:
    said = Site.load(EXAMPLE).model_dump(by_alias=True)
    said["site"] |= {"name": name, "size": size}
    said["machines"] = [{"class": "roller", **machine} for machine in machines]
    return Site.model_validate(said)


@pytest.fixture(scope="module")
def claims(cloud: Cloud, project: Path) -> Deployed:
    """A site whose machines are to enrol themselves."""
    machines = [{"id": f"ENR-{number:03}"} for number in range(1, 11)]
    machines[0]["serial"] = SERIAL
    machines[0]["class"] = "crawler-excavator"
    return deploy_site(cloud, site_of(SITE, *machines), project)


@pytest.fixture(scope="module")
def claim(claims: Deployed) -> Claim:
    return make_claim(claims.cloud, SITE, outputs=claims.outputs, home=claims.home)


def enrol(claims: Deployed, claim: Claim, machine: str, serial: str = "") -> Identity:
    return enrol_with_claim(claim, machine, serial=serial, home=claims.home, cloud=claims.cloud)


def publish(claims: Deployed, identity: Identity, seq: int) -> None:
    line = lines_of(claims.cloud, [identity])[identity.machine]
    reading = {"t": format_time(1_790_000_000), "seq": seq}

    async def send() -> None:
        async with Link(line, tries=1) as link:
            body = json.dumps({"v": 1, "readings": [reading]}).encode()
            await link.publish(ingest_topic(SITE, identity.machine), body)

    asyncio.run(send())


def arrived(claims: Deployed, seq: int) -> list[str]:
    return [one["machine"] for one in claims.raw() if one["readings"][0].get("seq") == seq]


def refusals(claims: Deployed) -> list[dict[str, Any]]:
    """What the enrol function logged of refused machines."""
    logs = claims.cloud.client("logs")
    name = f"/aws/lambda/chantier-{SITE}-enrol"
    found = logs.filter_log_events(logGroupName=name)["events"]
    lines = [one["message"] for one in found if one["message"].startswith("{")]
    return [said for said in map(json.loads, lines) if not said.get("allowed", True)]


def test_a_machine_with_a_claim_fetches_its_certificate_and_sends(
    claims: Deployed, claim: Claim
) -> None:
    identity = enrol(claims, claim, "ENR-001", SERIAL)
    publish(claims, identity, 701)
    assert until(lambda: arrived(claims, 701), bool) == ["ENR-001"]
    iot = claims.cloud.client("iot")
    assert iot.list_thing_principals(thingName="ENR-001")["principals"] == [
        identity.certificate_arn
    ]
    thing = iot.describe_thing(thingName="ENR-001")
    assert thing["attributes"] == {"site": SITE, "class": "crawler-excavator"}
    assert thing["thingTypeName"] == claims.outputs["MachineTypeName"]
    groups = iot.list_thing_groups_for_thing(thingName="ENR-001")["thingGroups"]
    assert [one["groupName"] for one in groups] == [claims.outputs["MachineGroupName"]]
    for path in (identity.key, identity.certificate, claim.at / "claim.key"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_machine_that_enrolled_itself_is_known_to_the_commands(
    claims: Deployed, claim: Claim
) -> None:
    identity = enrol(claims, claim, "ENR-002")
    again = claims.enrol("ENR-002")
    assert not again.created
    assert again.certificate_arn == identity.certificate_arn


def test_a_machine_that_the_site_file_does_not_name_is_refused(
    claims: Deployed, claim: Claim
) -> None:
    with pytest.raises(ChantierError, match="refuses to enrol ENR-666: AccessDenied"):
        enrol(claims, claim, "ENR-666")
    iot = claims.cloud.client("iot")
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName="ENR-666")
    told = until(lambda: [one for one in refusals(claims) if one["machine"] == "ENR-666"], bool)
    assert told[0]["refused"] == "the site file names no such machine"


def test_a_machine_of_another_serial_number_is_refused(claims: Deployed, claim: Claim) -> None:
    for serial in ("", SERIAL.lower()):
        with pytest.raises(ChantierError, match="AccessDenied"):
            enrol(claims, claim, "ENR-001", serial)
    reason = "its serial number is not the one of the site file"
    told = until(
        lambda: [one for one in refusals(claims) if one["refused"] == reason],
        lambda found: len(found) == 2,
    )
    assert [one["machine"] for one in told] == ["ENR-001"] * 2


def test_a_claim_cannot_take_over_a_machine_that_is_enrolled(
    claims: Deployed, claim: Claim
) -> None:
    first = enrol(claims, claim, "ENR-003")
    key = first.key.read_bytes()
    with pytest.raises(ChantierError, match="AccessDenied"):
        enrol(claims, claim, "ENR-003")
    assert first.key.read_bytes() == key
    assert sorted(path.name for path in first.key.parent.parent.glob(".*")) == []
    publish(claims, first, 703)
    assert until(lambda: arrived(claims, 703), bool)


def test_a_replaced_box_enrols_once_the_old_certificate_is_withdrawn(
    claims: Deployed, claim: Claim
) -> None:
    old = enrol(claims, claim, "ENR-004")
    iot = claims.cloud.client("iot")
    iot.detach_thing_principal(thingName="ENR-004", principal=old.certificate_arn)
    new = enrol(claims, claim, "ENR-004")
    assert new.certificate_arn != old.certificate_arn
    publish(claims, new, 704)
    assert until(lambda: arrived(claims, 704), bool)


def stopped(
    monkeypatch: pytest.MonkeyPatch, claims: Deployed, claim: Claim, machine: str, *, after: str
) -> Path:
    """An enrolment that Ctrl-C stops once the certificate is issued, or registered too."""
    stop = KeyboardInterrupt()

    async def stopping(line: Line, *, keep: Callable[[Issued], None], **said: Any) -> Issued:
        def keep_then_stop(issued: Issued) -> None:
            keep(issued)
            if after == "issued":
                raise stop

        await enrol_by_claim(line, keep=keep_then_stop, **said)
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(claiming, "enrol_by_claim", stopping)
        with pytest.raises(KeyboardInterrupt):
            enrol(claims, claim, machine)
    return folder(claims.home, claims.cloud, SITE)


@pytest.mark.parametrize(("after", "machine"), [("issued", "ENR-008"), ("registered", "ENR-009")])
def test_an_enrolment_that_was_interrupted_is_gone_on_with_by_the_next_run(
    monkeypatch: pytest.MonkeyPatch, claims: Deployed, claim: Claim, after: str, machine: str
) -> None:
    at = stopped(monkeypatch, claims, claim, machine, after=after)
    key = (at / f".{machine}.claiming" / "private.key").read_bytes()
    identity = enrol(claims, claim, machine)
    assert identity.key.read_bytes() == key
    assert sorted(path.name for path in identity.key.parent.iterdir()) == [
        "certificate.pem",
        "machine.json",
        "private.key",
    ]
    principals = claims.cloud.client("iot").list_thing_principals(thingName=machine)["principals"]
    assert principals == [identity.certificate_arn]
    assert not claims.enrol(machine).created


def test_a_draft_that_opens_nothing_any_more_gives_way_to_a_new_key(
    monkeypatch: pytest.MonkeyPatch, claims: Deployed, claim: Claim
) -> None:
    at = stopped(monkeypatch, claims, claim, "ENR-010", after="issued")
    draft = at / ".ENR-010.claiming"
    facts = json.loads((draft / "issued.json").read_text("utf-8"))
    (draft / "issued.json").write_text(json.dumps({**facts, "token": "spent"}), "utf-8")
    key = (draft / "private.key").read_bytes()
    identity = enrol(claims, claim, "ENR-010")
    assert identity.key.read_bytes() != key
    assert not draft.exists()


def session(claim: Claim, act: Callable[[aiomqtt.Client], Any], name: str = "") -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(claim.ca)
    context.load_cert_chain(claim.at / "claim.pem", claim.at / "claim.key")
    name = name or claim_client_id(SITE, "ENR-005")

    async def run() -> None:
        async with aiomqtt.Client(
            claim.host, claim.port, identifier=name, tls_context=context, timeout=5
        ) as client:
            await act(client)
            # The broker closes the line on what it refuses: a word after it must get through.
            await client.publish(REQUEST_TOPIC, b"?", qos=1)

    asyncio.run(run())


@pytest.mark.parametrize(
    "topic",
    [
        ingest_topic(SITE, "ENR-005"),
        telemetry_topic(SITE, "ENR-005"),
        "$aws/certificates/create/json",
        provisioning_topic("chantier-other"),
        "$aws/things/ENR-005/shadow/update",
    ],
)
def test_a_claim_publishes_nothing_but_its_two_requests(claim: Claim, topic: str) -> None:
    async def publish_there(client: aiomqtt.Client) -> None:
        await client.publish(topic, b"{}", qos=1)

    with pytest.raises(aiomqtt.MqttError):
        session(claim, publish_there)


@pytest.mark.parametrize(
    "topic",
    ["#", "chantier/#", "$aws/certificates/create/json/accepted", "$aws/events/presence/#"],
)
def test_a_claim_listens_to_nothing_but_its_answers(claim: Claim, topic: str) -> None:
    async def listen(client: aiomqtt.Client) -> None:
        answer = await client.subscribe(topic, qos=1)
        if any(getattr(code, "value", code) >= 128 for code in answer):
            raise aiomqtt.MqttError("refused")

    with pytest.raises(aiomqtt.MqttError):
        session(claim, listen)


def test_a_claim_does_not_connect_as_a_machine(claim: Claim) -> None:
    async def nothing(_client: aiomqtt.Client) -> None: ...

    session(claim, nothing)
    with pytest.raises(aiomqtt.MqttError):
        session(claim, nothing, name="ENR-005")


def test_a_claim_is_kept_until_it_is_renewed_and_then_opens_nothing(
    claims: Deployed, tmp_path: Path
) -> None:
    def make(*, renew: bool = False) -> Claim:
        return make_claim(
            claims.cloud, SITE, outputs=claims.outputs, home=claims.home, renew=renew
        )

    kept = make()
    again = make()
    assert (again.created, again.certificate_arn) == (False, kept.certificate_arn)
    stolen = kept._replace(at=tmp_path / "stolen")
    shutil.copytree(kept.at, stolen.at)
    new = make(renew=True)
    assert new.created
    policy = claims.outputs["ClaimPolicyName"]
    targets = claims.cloud.client("iot").list_targets_for_policy(policyName=policy)["targets"]
    assert targets == [new.certificate_arn]
    with pytest.raises(ChantierError, match="ENR-006 has no answer"):
        enrol(claims, stolen, "ENR-006")
    enrol(claims, new, "ENR-006")


def test_the_commands_make_a_claim_and_enrol_a_machine_by_it(claims: Deployed) -> None:
    path = claims.home.parent / "claims.toml"
    said = EXAMPLE.read_text("utf-8").replace('"zac-des-tilleuls"', f'"{SITE}"', 1)
    path.write_text(said.replace('id = "TB-003"', 'id = "ENR-007"', 1), "utf-8")
    options = ["--site", str(path), "--local", "--json"]
    made = CliRunner().invoke(main, ["machine", "claim", *options])
    assert made.exit_code == 0, made.output
    at = Path(json.loads(made.stdout)["at"])
    assert sorted(one.name for one in at.iterdir()) == ["claim.json", "claim.key", "claim.pem"]
    assert "PRIVATE KEY" not in made.output
    done = CliRunner().invoke(main, ["machine", "enrol", "ENR-007", "--claim", str(at), *options])
    assert done.exit_code == 0, done.output
    iot = claims.cloud.client("iot")
    arn = json.loads(done.stdout)["certificate_arn"]
    assert iot.list_thing_principals(thingName="ENR-007")["principals"] == [arn]
    again = CliRunner().invoke(main, ["machine", "enrol", "ENR-007", "--claim", str(at), *options])
    assert again.exit_code == 1
    assert "AccessDenied" in again.stderr


def test_what_is_not_a_signing_request_is_told(claims: Deployed) -> None:
    claim = make_claim(claims.cloud, SITE, outputs=claims.outputs, home=claims.home)
    answers: list[dict[str, Any]] = []

    async def ask(client: aiomqtt.Client) -> None:
        await client.subscribe([(f"{REQUEST_TOPIC}/rejected", 1)])
        for payload in (b"not JSON", b'{"certificateSigningRequest": "none"}'):
            await client.publish(REQUEST_TOPIC, payload, qos=1)
            message = await asyncio.wait_for(anext(aiter(client.messages)), 5)
            answers.append(json.loads(bytes(message.payload)))

    session(claim, ask)
    assert [one["statusCode"] for one in answers] == [400, 400]


@pytest.mark.parametrize(
    ("role", "action"),
    [
        ("ProvisioningRole", "iot:UpdateThing"),
        ("ProvisioningRole", "iot:AddThingToThingGroup"),
        ("ProvisioningRole", "iot:AttachPolicy"),
        ("ProvisioningRole", "iot:AttachThingPrincipal"),
        ("ProvisioningRole", "iot:UpdateCertificate"),
        ("EnrolRole", "iot:DescribeThing"),
        ("EnrolRole", "iot:ListThingPrincipals"),
    ],
)
def test_nobody_enrols_by_a_role_that_lacks_an_action(
    claims: Deployed, role: str, action: str
) -> None:
    claim = make_claim(claims.cloud, SITE, outputs=claims.outputs, home=claims.home)
    with (
        without(claims.cloud, SITE, role, action),
        pytest.raises(ChantierError, match="refuses to enrol ENR-005"),
    ):
        enrol(claims, claim, "ENR-005")


@contextmanager
def without(cloud: Cloud, site: str, role: str, action: str) -> Iterator[None]:
    """Take one action from a role for a while."""
    iam, formation = cloud.client("iam"), cloud.client("cloudformation")
    found = formation.describe_stack_resource(StackName=stack_name(site), LogicalResourceId=role)
    name = found["StackResourceDetail"]["PhysicalResourceId"]
    where = {"RoleName": name, "PolicyName": "own-work"}
    text = json.dumps(iam.get_role_policy(**where)["PolicyDocument"])
    assert action in text
    iam.put_role_policy(**where, PolicyDocument=text.replace(action, "iot:ListThings"))
    try:
        yield
    finally:
        iam.put_role_policy(**where, PolicyDocument=text)


def test_where_the_stack_makes_no_things_a_machine_makes_its_own(
    cloud: Cloud, project: Path
) -> None:
    name = "claims-fleet"
    fleet = site_of(name, {"id": "FLEET-1", "class": "mobile-crane"}, size="fleet")
    done = deploy_site(cloud, fleet, project)
    iot = cloud.client("iot")
    with pytest.raises(iot.exceptions.ResourceNotFoundException):
        iot.describe_thing(thingName="FLEET-1")
    claim = make_claim(cloud, name, outputs=done.outputs, home=done.home)
    with (
        without(cloud, name, "ProvisioningRole", "iot:CreateThing"),
        pytest.raises(ChantierError, match="AccessDenied"),
    ):
        enrol(done, claim, "FLEET-1")
    enrol(done, claim, "FLEET-1")
    thing = iot.describe_thing(thingName="FLEET-1")
    assert thing["attributes"] == {"site": name, "class": "mobile-crane"}
    assert thing["thingTypeName"] == done.outputs["MachineTypeName"]


def deployed_as(cloud: Cloud, site: Site) -> list[str]:
    said: list[str] = []
    body = synthesize(site)
    lacking = without_lacking(body, lambda _line: None)
    deploy(cloud, body, site=site.name, parameters=lacking, say=said.append)
    return said


def test_things_live_through_every_step_of_a_stack(cloud: Cloud, project: Path) -> None:
    """Made by it, enrolled, dropped from the site, taken back, left behind, taken back."""
    name, iot = "thing-steps", cloud.client("iot")
    one, two = {"id": "STEP-1"}, {"id": "STEP_1"}
    site = site_of(name, one)
    done = deploy_site(cloud, site, project)
    first = done.enrol("STEP-1")
    assert iot.describe_thing(thingName="STEP-1")["thingTypeName"]

    both = deployed_as(cloud, site_of(name, one, two))
    assert "  add     ThingSTEPzu1 AWS::IoT::Thing" in both

    deployed_as(cloud, site_of(name, two))
    assert iot.list_thing_principals(thingName="STEP-1")["principals"] == [first.certificate_arn]

    back = deployed_as(cloud, site)
    assert any(line.split()[:2] == ["import", "ThingSTEPzd1"] for line in back)
    assert not done.enrol("STEP-1").created

    deployed_as(cloud, site_of(name, one, two))
    withdraw(
        iot,
        first.certificate_arn,
        policy=done.outputs["MachinePolicyName"],
        thing="STEP-1",
    )
    iot.delete_thing(thingName="STEP-1")
    client = cloud.client("cloudformation")
    client.delete_stack(StackName=stack_name(name))
    client.get_waiter("stack_delete_complete").wait(
        StackName=stack_name(name), WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )
    assert iot.describe_thing(thingName="STEP_1")["attributes"]["site"] == name
    again = [line.split()[:2] for line in deployed_as(cloud, site_of(name, one, two))]
    assert ["import", "ThingSTEPzu1"] in again
    assert ["add", "ThingSTEPzd1"] in again


def test_a_site_whose_machines_were_there_before_their_things_deploys(
    cloud: Cloud, project: Path
) -> None:
    name = "before-things"
    site = site_of(name, {"id": "EARLY-1"})
    minimal = synthesize(site, minimal=True)
    done = deploy(cloud, minimal, site=name, parameters={}, say=lambda _line: None)
    early = Deployed(site, cloud, project / ".chantier", done.outputs)
    first = early.enrol("EARLY-1")
    said = deployed_as(cloud, site)
    assert any(line.split()[:2] == ["import", "ThingEARLYzd1"] for line in said)
    assert early.enrol("EARLY-1").certificate_arn == first.certificate_arn


def test_a_thing_of_another_sites_stack_is_not_taken(cloud: Cloud, project: Path) -> None:
    site = site_of("first-owner", {"id": "SHARED-1"})
    deploy_site(cloud, site, project)
    with pytest.raises(StackError, match=r"ThingSHAREDzd1|SHARED-1"):
        deployed_as(cloud, site_of("second-owner", {"id": "SHARED-1"}))
    thing = cloud.client("iot").describe_thing(thingName="SHARED-1")
    assert thing["attributes"]["site"] == "first-owner"

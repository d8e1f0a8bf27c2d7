"""A machine's identity: a key made here, a certificate from AWS IoT, a thing to hang it on.

The private key never leaves this computer: AWS gets a signing request only.
Everything lies under `.chantier/<cloud>/machines/<site>/<id>/`, which git ignores.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from chantier.cloud import Cloud
from chantier.errors import ChantierError
from chantier.site import Machine, Site

KEY_FILE = "private.key"
CERTIFICATE_FILE = "certificate.pem"
QUEUE_FILE = "queue.db"
"""Beside the identities: messages that the site's machines could not send yet."""

ABOUT_FILE = "machine.json"
MACHINES, CLAIMS = "machines", "claims"
PRIVATE = 0o600
# Lies beside a local AWS that a demo made; gone once something of the user's is in it.
DEMO_MARK = "made-by-demo"


class Shut(ChantierError):
    """The machine was revoked: whoever enrols many leaves it out, and says so."""


class Identity(NamedTuple):
    """Where a machine's identity lies.

    Attributes:
        machine: machine id, also the thing's name and the MQTT client id.
        key: PEM file of the private key, mode 0600.
        certificate: PEM file of the certificate.
        certificate_arn: of the certificate in AWS IoT.
        created: False when it was there already.
    """

    machine: str
    key: Path
    certificate: Path
    certificate_arn: str
    created: bool = False


def folder(home: Path, cloud: Cloud, site: str) -> Path:
    """Where the identities of a site's machines lie for one cloud."""
    return home / cloud.name / MACHINES / site


def find(home: Path, cloud: Cloud, site: str, machine: str) -> Identity | None:
    """The identity of a machine, if a whole one is here."""
    at = folder(home, cloud, site) / machine
    key, certificate = at / KEY_FILE, at / CERTIFICATE_FILE
    arn = noted_arn(at / ABOUT_FILE)
    return Identity(machine, key, certificate, arn) if arn and match(key, certificate) else None


def noted_arn(about: Path) -> str:
    """The ARN that is noted beside a certificate; empty for none."""
    try:
        return str(json.loads(about.read_text("utf-8"))["certificate_arn"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def match(key: Path, certificate: Path) -> bool:
    """Whether the two PEM files are there and belong together."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        return False
    return True


def forget(home: Path, cloud_name: str) -> None:
    """Remove every identity and claim of a cloud that is no more."""
    for kind in (MACHINES, CLAIMS):
        shutil.rmtree(home / cloud_name / kind, ignore_errors=True)


def need(home: Path, cloud: Cloud, site: str, machines: Sequence[str]) -> list[Identity]:
    """The identities of machines; an error with the command that makes those that miss."""
    found = {machine: find(home, cloud, site, machine) for machine in machines}
    missing = [machine for machine, identity in found.items() if identity is None]
    if missing:
        one = len(missing) == 1
        who = missing[0] if one else f"{len(missing)} machines, {missing[0]} first"
        local = " --local" if cloud.name == "local" else ""
        raise ChantierError(
            f"No certificate is here for {who}.",
            f"Make it: chantier machine add {missing[0] if one else '--all'}{local}",
        )
    return [identity for identity in found.values() if identity]


def enrol(  # noqa: PLR0913 - keyword-only, the last two with defaults
    cloud: Cloud,
    site: Site,
    machine: Machine,
    *,
    outputs: Mapping[str, str],
    home: Path,
    client: Any = None,
    pardon: bool = True,
) -> Identity:
    """Give a machine its identity; one that it has here, and that works, is kept.

    A machine has one certificate: a new one takes the place of every other.

    Args:
        cloud: where the site is deployed.
        site: the site.
        machine: one of its machines.
        outputs: of the deployed stack.
        home: the project's `.chantier` folder.
        client: of AWS IoT; one is made unless there is one to share.
        pardon: a new certificate for a machine that was revoked, too.

    Raises:
        ChantierError: another site's machine bears the same name in this account.
        Shut: it was revoked, and there is no pardon.
    """
    client = client or cloud.client("iot")
    known = find(home, cloud, site.name, machine.id)
    _thing(client, site, machine, outputs)
    policy = outputs["MachinePolicyName"]
    if known and _is_attached(client, known, machine.id):
        _withdraw_others(client, machine.id, known.certificate_arn, policy=policy)
        return known
    if not pardon:
        _refuse_revoked(client, machine.id)
    at = folder(home, cloud, site.name) / machine.id
    key, request = key_and_request(machine.id)
    made = client.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=True)
    arn = str(made["certificateArn"])
    try:
        client.attach_policy(policyName=policy, target=arn)
        client.attach_thing_principal(thingName=machine.id, principal=arn)
        keep_out_of_git(home)
        write_private(at / KEY_FILE, key)
        write_private(at / CERTIFICATE_FILE, made["certificatePem"].encode())
        about = {"machine": machine.id, "site": site.name, "certificate_arn": arn}
        write_private(at / ABOUT_FILE, (json.dumps(about, indent=2) + "\n").encode())
    except BaseException:
        withdraw(client, arn, policy=policy, thing=machine.id)
        raise
    _withdraw_others(client, machine.id, arn, policy=policy)
    return Identity(machine.id, at / KEY_FILE, at / CERTIFICATE_FILE, arn, created=True)


def _thing(client: Any, site: Site, machine: Machine, outputs: Mapping[str, str]) -> None:
    """The thing, of the site's type and in its group; made if it is not there.

    One that the stack made has no type yet: CloudFormation cannot give it.
    """
    said = {"site": site.name, "class": machine.machine_class}
    try:
        found = client.describe_thing(thingName=machine.id)
    except client.exceptions.ResourceNotFoundException:
        client.create_thing(
            thingName=machine.id,
            thingTypeName=outputs["MachineTypeName"],
            attributePayload={"attributes": said},
        )
    else:
        owner = found.get("attributes", {}).get("site")
        if owner != site.name:
            raise ChantierError(
                f"The name {machine.id} belongs to "
                + (f"site {owner!r}" if owner else "a thing that is not chantier's")
                + " in this AWS account.",
                "Things share names account-wide: give the machine another id in the site file. "
                "If it moved here, take it out of that site's file, deploy that site, and "
                f"delete what it left: aws iot delete-thing --thing-name {machine.id}",
            )
        if found.get("thingTypeName") != outputs["MachineTypeName"]:
            client.update_thing(thingName=machine.id, thingTypeName=outputs["MachineTypeName"])
    client.add_thing_to_thing_group(
        thingGroupName=outputs["MachineGroupName"], thingName=machine.id
    )


def _is_attached(client: Any, identity: Identity, thing: str) -> bool:
    """Whether the certificate kept here still opens the door."""
    principals = client.list_thing_principals(thingName=thing)["principals"]
    if identity.certificate_arn not in principals:
        return False
    certificate_id = identity.certificate_arn.rpartition("/")[2]
    told = client.describe_certificate(certificateId=certificate_id)["certificateDescription"]
    return bool(told["status"] == "ACTIVE")


def _refuse_revoked(client: Any, thing: str) -> None:
    for arn in client.list_thing_principals(thingName=thing)["principals"]:
        told = client.describe_certificate(certificateId=arn.rpartition("/")[2])
        if told["certificateDescription"]["status"] == "REVOKED":
            raise Shut(f"{thing} is revoked.", f"To let it in again: chantier machine add {thing}")


def _withdraw_others(client: Any, thing: str, arn: str, *, policy: str) -> None:
    """Take back every certificate of a thing but one; also what an interruption left."""
    for other in client.list_thing_principals(thingName=thing)["principals"]:
        if other != arn:
            withdraw(client, other, policy=policy, thing=thing)


def withdraw(client: Any, arn: str, *, policy: str, thing: str = "") -> None:
    """Take back a certificate, of a thing or of none: one not handed over whole, or replaced."""
    certificate_id = arn.rpartition("/")[2]
    # First of all it must not open the door; the rest may be finished by the next run.
    client.update_certificate(certificateId=certificate_id, newStatus="INACTIVE")
    client.detach_policy(policyName=policy, target=arn)
    if thing:
        client.detach_thing_principal(thingName=thing, principal=arn)
    client.delete_certificate(certificateId=certificate_id, forceDelete=True)


def key_and_request(machine: str) -> tuple[bytes, str]:
    """A new EC P-256 key and its certificate signing request, PEM, for a machine or a claim."""
    from cryptography import x509  # noqa: PLC0415 - only enrolment needs it
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, machine)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    pem = serialization.Encoding.PEM
    written = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return written, request.sign(key, hashes.SHA256()).public_bytes(pem).decode()


def keep_out_of_git(home: Path) -> None:
    """Make the project's folder: for its owner alone, and ignored by any repository it lies in."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.chmod(0o700)
    (home / ".gitignore").write_text("*\n", "utf-8")


def write_private(path: Path, data: bytes) -> None:
    """A file that nobody else could read at any moment, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as file:
        file.write(data)
    draft.replace(path)

"""Claims: what a box is sent out with, and how the machine in it becomes itself.

A claim's folder holds all that a machine needs to enrol: certificate, key, and where
and by which template. Many machines share it, so it is worth guarding: it admits, once,
each machine that the site file names. It lies under `.chantier/<cloud>/claims/<site>/`.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from chantier.claim_draft import ISSUED_FILE, begin, drafting, issued_before, keep
from chantier.cloud import Cloud
from chantier.enrolment import claim_client_id
from chantier.errors import ChantierError
from chantier.identity import (
    ABOUT_FILE,
    CERTIFICATE_FILE,
    CLAIMS,
    KEY_FILE,
    Identity,
    folder,
    keep_out_of_git,
    key_and_request,
    withdraw,
    write_private,
)
from simulator.claim import Issued, Refused, enrol_by_claim, opens, register_by_claim
from simulator.link import Line

CLAIM_KEY, CLAIM_CERTIFICATE, CLAIM_ABOUT = "claim.key", "claim.pem", "claim.json"
# As in a site file; it becomes part of a path here.
MACHINE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Claim(NamedTuple):
    """A claim that lies in a folder.

    Attributes:
        at: the folder.
        site: whose machines it admits.
        template: name of the provisioning template.
        host: of the MQTT endpoint.
        port: of the MQTT endpoint.
        ca: PEM file of the authority to trust; empty for the system's own list.
        certificate_arn: of the claim's certificate.
        created: False when it was there already.
    """

    at: Path
    site: str
    template: str
    host: str
    port: int
    ca: str
    certificate_arn: str
    created: bool = False


def claims_folder(home: Path, cloud: Cloud, site: str) -> Path:
    """Where the claim of a site lies for one cloud."""
    return home / cloud.name / CLAIMS / site


def read_claim(at: Path, site: str) -> Claim:
    """The claim in a folder.

    Raises:
        ChantierError: there is none, not a whole one, or one of another site.
    """
    try:
        said = json.loads((at / CLAIM_ABOUT).read_text("utf-8"))
        claim = Claim(at, **{name: said[name] for name in Claim._fields[1:-1]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ChantierError(
            f"There is no whole claim in {at}.", "Make one: chantier machine claim"
        ) from error
    if claim.site != site:
        raise ChantierError(f"The claim in {at} is of site {claim.site}, not of {site}.")
    return claim


def make_claim(
    cloud: Cloud, site: str, *, outputs: Mapping[str, str], home: Path, renew: bool = False
) -> Claim:
    """The claim of a site; one that is here and works is kept.

    Args:
        cloud: where the site is deployed.
        site: site name.
        outputs: of the deployed stack.
        home: the project's `.chantier` folder.
        renew: make another, and withdraw every claim that there was.
    """
    client, at = cloud.client("iot"), claims_folder(home, cloud, site)
    policy = outputs["ClaimPolicyName"]
    claims = _targets(client, policy)
    if not renew and (known := _known(at, site)) and _works(client, known, claims):
        return known
    key, request = key_and_request(f"claim of {site}")
    made = client.create_certificate_from_csr(certificateSigningRequest=request, setAsActive=True)
    arn, broker = str(made["certificateArn"]), cloud.broker()
    ca = str(broker.ca or "")
    template = outputs["ProvisioningTemplateName"]
    claim = Claim(at, site, template, broker.host, broker.port, ca, arn, created=True)
    try:
        client.attach_policy(policyName=policy, target=arn)
        keep_out_of_git(home)
        write_private(at / CLAIM_KEY, key)
        write_private(at / CLAIM_CERTIFICATE, made["certificatePem"].encode())
        about = {name: getattr(claim, name) for name in Claim._fields[1:-1]}
        write_private(at / CLAIM_ABOUT, (json.dumps(about, indent=2) + "\n").encode())
    except BaseException:
        withdraw(client, arn, policy=policy)
        raise
    for other in claims if renew else ():
        withdraw(client, other, policy=policy)
    return claim


def _known(at: Path, site: str) -> Claim | None:
    try:
        return read_claim(at, site)
    except ChantierError:
        return None


def _works(client: Any, claim: Claim, claims: Sequence[str]) -> bool:
    """Whether a claim that lies here still opens the door."""
    if claim.certificate_arn not in claims:
        return False
    certificate_id = claim.certificate_arn.rpartition("/")[2]
    told = client.describe_certificate(certificateId=certificate_id)["certificateDescription"]
    return bool(told["status"] == "ACTIVE")


def _targets(client: Any, policy: str) -> list[str]:
    pages = client.get_paginator("list_targets_for_policy").paginate(policyName=policy)
    return [str(target) for page in pages for target in page["targets"]]


def enrol_with_claim(
    claim: Claim, machine: str, *, serial: str, home: Path, cloud: Cloud
) -> Identity:
    """What a machine does with its claim: its key is made here, and stays here.

    Nothing that was here before is touched unless AWS IoT admits the machine. A run that
    was interrupted once the certificate was issued is gone on with by the next one.

    Args:
        claim: what its box was sent out with.
        machine: machine id.
        serial: the machine's serial number; empty where the site file gives none.
        home: the project's `.chantier` folder.
        cloud: names the folder of the identity; it is not called.

    Raises:
        ChantierError: the claim does not open the door, or AWS IoT refuses the machine.
    """
    if not MACHINE_ID.fullmatch(machine):
        raise ChantierError(f"{machine!r} is no machine id: letters, digits, - and _, 64 at most.")
    at = folder(home, cloud, claim.site) / machine
    keep_out_of_git(home)
    with drafting(at, machine) as draft:
        issued = _taken_up(claim, machine, serial, draft) or _fresh(claim, machine, serial, draft)
        arn = f"{claim.certificate_arn.rpartition('/')[0]}/{issued.certificate_id}"
        about = {"machine": machine, "site": claim.site, "certificate_arn": arn}
        write_private(draft / ABOUT_FILE, (json.dumps(about, indent=2) + "\n").encode())
        if at.exists():
            shutil.rmtree(at)
        draft.replace(at)
        (at / ISSUED_FILE).unlink()
    return Identity(machine, at / KEY_FILE, at / CERTIFICATE_FILE, arn, created=True)


def _taken_up(claim: Claim, machine: str, serial: str, draft: Path) -> Issued | None:
    """What an interrupted run was issued, if AWS IoT admits the machine with it."""
    issued = issued_before(draft)
    if issued is None:
        return None
    own = replace(
        _line(claim, machine),
        certificate=draft / CERTIFICATE_FILE,
        key=draft / KEY_FILE,
        client_id=machine,
    )
    if asyncio.run(opens(own)):
        return issued
    registers = register_by_claim(
        _line(claim, machine), issued, template=claim.template, machine=machine, serial=serial
    )
    try:
        asyncio.run(registers)
    except Refused:
        # The interrupted run's own registration may have ended only now.
        return issued if asyncio.run(opens(own)) else None
    return issued


def _fresh(claim: Claim, machine: str, serial: str, draft: Path) -> Issued:
    """What AWS IoT admits the machine with, for a new key."""
    key, request = key_and_request(machine)
    begin(draft, key)
    try:
        return asyncio.run(
            enrol_by_claim(
                _line(claim, machine),
                template=claim.template,
                machine=machine,
                serial=serial,
                request=request,
                keep=lambda issued: keep(draft, issued),
            )
        )
    except BaseException as error:
        # Whatever else stopped it, AWS IoT may have said yes.
        if isinstance(error, Refused) or issued_before(draft) is None:
            shutil.rmtree(draft)
        raise


def _line(claim: Claim, machine: str) -> Line:
    return Line(
        host=claim.host,
        port=claim.port,
        ca=Path(claim.ca) if claim.ca else None,
        certificate=claim.at / CLAIM_CERTIFICATE,
        key=claim.at / CLAIM_KEY,
        client_id=claim_client_id(claim.site, machine),
    )

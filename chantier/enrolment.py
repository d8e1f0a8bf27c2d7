"""Enrolment by claim: what a machine and AWS IoT say to each other, and the names in it.

A machine comes with a claim, a certificate that many machines share and that may do
nothing but this: hand in a signing request, get a certificate, and register as itself.

    create-from-csr/json            signing request     -> certificate, ownership token
    <template>/provision/json       token, parameters   -> the thing, the certificate active

JSON on each topic; answers come on `<topic>/accepted` or `<topic>/rejected`. The
request that has AWS make the private key is not among them: a key stays on its machine.
https://docs.aws.amazon.com/iot/latest/developerguide/fleet-provision-api.html
"""

from __future__ import annotations

import hashlib

# What the hook is called with; AWS IoT knows this one version.
HOOK_VERSION = "2020-04-01"
# Parameters of the provisioning template: a machine says the first two, the hook the third.
MACHINE_PARAMETER, SERIAL_PARAMETER, CLASS_PARAMETER = "Machine", "Serial", "Class"

REQUEST_TOPIC = "$aws/certificates/create-from-csr/json"
ACCEPTED, REJECTED = "accepted", "rejected"

# AWS IoT's own limit of a provisioning template's name, and what is left of a long site's.
MAX_TEMPLATE_NAME, KEPT, DIGEST = 36, 18, 8


def template_name(site: str) -> str:
    """The provisioning template of a site, at most 36 characters.

    A site of up to 27 characters keeps its whole name. A longer one keeps the first 18,
    and its SHA-256 tells it from others; no site's name has the underscore between them.
    """
    name = f"chantier-{site}"
    if len(name) <= MAX_TEMPLATE_NAME:
        return name
    return f"chantier-{site[:KEPT]}_{hashlib.sha256(site.encode()).hexdigest()[:DIGEST]}"


def provisioning_topic(template: str) -> str:
    """Where a machine registers: the request's topic, of a provisioning template."""
    return f"$aws/provisioning-templates/{template}/provision/json"


def claim_client_id(site: str, machine: str) -> str:
    """The MQTT client id of a machine while it has a claim only; at most 128 characters."""
    return f"chantier-{site}-claim-{machine}"

"""What we answer to checkers, each with the reason, in one table.

Keys are resource types, or logical ids where a resource differs from others of its type;
`CKV_` and a number are checkov's checks, `CH` and a number those of `chantier lint`.
The reasons stand in the template, where checkers and reviewers look for them, so they
are short. Who adds a check's cause takes its answer out: `make audit` tells stale ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import Template

Answers = Mapping[str, Mapping[str, str]]

ANSWERS: Answers = {
    "AWS::DynamoDB::Table": {"CKV_AWS_119": "Encrypted by the AWS-managed key"},
    "AWS::Lambda::Function": {
        "CKV_AWS_115": "A new account has none to reserve",
        "CKV_AWS_116": "Failures go to DeadLetters",
        "CKV_AWS_117": "It calls public AWS endpoints only",
        "CKV_AWS_173": "It holds names only, no secrets",
    },
    "AWS::Logs::LogGroup": {"CKV_AWS_158": "Encrypted by CloudWatch's own key"},
    "AWS::S3::Bucket": {"CKV_AWS_18": "Access logs are the owner's choice"},
    "AWS::SQS::Queue": {"CKV_AWS_27": "Encrypted by SQS's own key"},
    # A stream's name ends with the time at which the table got it.
    "OperationsTopic": {"CKV_AWS_26": "Alarms and Budgets cannot use SNS's own key"},
    "WatchRole": {"CH302/FindTheStream": "Streams are named by their time"},
    # Machine ids are the owner's, without the site's name; AWS names certificates.
    "ProvisioningRole": {
        "CH302/MakeTheThing": "Things bear machine ids, which share no prefix",
        "CH302/PutItInItsGroup": "Things bear machine ids, which share no prefix",
        "CH302/ActivateTheCertificate": "AWS IoT names a certificate when it makes it",
        "CH302/AttachItToTheThing": "IAM knows no resource for this action",
    },
    "EnrolRole": {
        "CH302/SeeWhoseTheThingIs": "Things bear machine ids, which share no prefix",
        "CH302/SeeWhoIsEnrolled": "IAM knows no resource for this action",
    },
    "ClaimPolicy": {"CH302/ConnectWithAClaim": "Each box adds an ending of its own"},
    "IotLoggingRole": {
        "CH302/MakeTheLog": "IAM takes a log group with and without this end",
        "CH302/Log": "The streams of one log group, which AWS IoT names",
    },
}

# Where a resource has this property, the check passes and needs no answer.
UNNEEDED = {
    "CKV_AWS_115": "ReservedConcurrentExecutions",
    "CKV_AWS_18": "LoggingConfiguration",
}


def answer(template: Template, answers: Answers = ANSWERS) -> None:
    """Write the answers in the Metadata of the resources that they are for."""
    for title, resource in template.resources.items():
        given = {
            check: why
            for of in (resource.resource_type, title)
            for check, why in answers.get(of, {}).items()
            if UNNEEDED.get(check) not in resource.properties
        }
        if given:
            resource.Metadata = {**resource.resource.get("Metadata", {}), **_metadata(given)}


def _metadata(given: Mapping[str, str]) -> dict[str, Any]:
    """The answers in the form in which each checker reads them."""
    skip = [{"id": key, "comment": why} for key, why in given.items() if not key.startswith("CH")]
    ours = {key: why for key, why in given.items() if key.startswith("CH")}
    return ({"checkov": {"skip": skip}} if skip else {}) | (
        {"chantier": {"answers": ours}} if ours else {}
    )

"""How the bucket, the table and the queue of a deployed site keep data, as AWS describes them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from chantier.proving.promises import Check, broken, holds
from chantier.proving.stage import Stage
from chantier.records import RAW

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# A text is why it does not hold; what holds says how.
Look = Callable[[], tuple[bool, str]]


def keeping(stage: Stage) -> list[Check]:
    """Look at each setting that keeps data as it is promised."""
    looks: dict[str, Look] = {**_bucket(stage), **_table(stage), **_queue(stage)}
    return [_checked(stage, name, look) for name, look in looks.items()]


def _checked(stage: Stage, name: str, look: Look) -> Check:
    try:
        right, said = look()
    except ClientError as fault:
        right, said = False, str(fault)
    if right:
        return holds(name, said)
    return broken(name, said, f"What differs from the template: chantier deploy{stage.command}")


def _bucket(stage: Stage) -> dict[str, Look]:
    client, name = stage.client("s3"), stage.outputs["DataBucketName"]

    def private() -> tuple[bool, str]:
        told = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
        return all(told.get(one) for one in BLOCKS), "public access is blocked in all four ways"

    def versioned() -> tuple[bool, str]:
        status = client.get_bucket_versioning(Bucket=name).get("Status", "never enabled")
        return status == "Enabled", f"versioning: {status}"

    def encrypted() -> tuple[bool, str]:
        told = client.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
        used = told["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        return used == "AES256", f"new objects: SSE {used}"

    def tls_only() -> tuple[bool, str]:
        policy = json.loads(client.get_bucket_policy(Bucket=name)["Policy"])
        return refuses_plain_text(policy), "its policy on calls without TLS"

    def tiering() -> tuple[bool, str]:
        rules = client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"]
        tiers = [
            step["StorageClass"]
            for rule in rules
            if (rule.get("Filter") or rule).get("Prefix") == RAW and rule["Status"] == "Enabled"
            for step in rule.get("Transitions", ())
        ]
        return tiers == ["INTELLIGENT_TIERING"], f"{RAW} goes to {', '.join(tiers) or 'no tier'}"

    return {
        "bucket private": private,
        "bucket versioned": versioned,
        "bucket encrypted": encrypted,
        "bucket TLS only": tls_only,
        "raw tiering": tiering,
    }


def _table(stage: Stage) -> dict[str, Look]:
    client, name = stage.client("dynamodb"), stage.outputs["AlertsTableName"]

    def encrypted() -> tuple[bool, str]:
        said = _described(client, name).get("SSEDescription", {})
        status = said.get("Status", "only by DynamoDB's own key")
        return status == "ENABLED", f"encryption with the account's key: {status}"

    def on_demand() -> tuple[bool, str]:
        mode = _described(client, name).get("BillingModeSummary", {}).get("BillingMode", "none")
        return mode == "PAY_PER_REQUEST", f"billing mode {mode}"

    def recovery() -> tuple[bool, str]:
        told = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        status = told["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
        return status == "ENABLED", f"point-in-time recovery: {status}"

    return {"table encrypted": encrypted, "table on demand": on_demand, "table recovery": recovery}


def _described(client: Any, name: str) -> dict[str, Any]:
    table: dict[str, Any] = client.describe_table(TableName=name)["Table"]
    return table


def _queue(stage: Stage) -> dict[str, Look]:
    def attribute(name: str) -> str:
        told = stage.client("sqs").get_queue_attributes(
            QueueUrl=stage.outputs["DeadLettersUrl"], AttributeNames=[name]
        )
        return str(told.get("Attributes", {}).get(name, ""))

    def encrypted() -> tuple[bool, str]:
        on = attribute("SqsManagedSseEnabled")
        return on == "true", f"dead letters, SQS-managed encryption: {on or 'off'}"

    def tls_only() -> tuple[bool, str]:
        policy = json.loads(attribute("Policy") or "{}")
        return refuses_plain_text(policy), "dead letters, its policy on calls without TLS"

    return {"queue encrypted": encrypted, "queue TLS only": tls_only}


def refuses_plain_text(policy: dict[str, Any]) -> bool:
    """Whether a resource policy refuses every call without TLS, from anybody."""
    return any(
        one["Effect"] == "Deny"
        and one.get("Principal") in ("*", {"AWS": "*"})
        and str(one["Condition"]["Bool"].get("aws:SecureTransport")).lower() == "false"
        for one in policy.get("Statement", ())
        if "Bool" in one.get("Condition", {})
    )

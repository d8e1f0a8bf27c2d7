"""What the embedded broker lacks of enrolment by claim: a certificate for a signing request.

It answers the request that has AWS make the private key, and registers machines as AWS
does; this adds `create-from-csr`, in JSON. It reaches private names of ministack and
runs in its process only.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable
from typing import Any

from ministack.services import iot

REQUEST = "create-from-csr"
TOPIC = f"$aws/certificates/{REQUEST}/json"
OK = 200

Reply = tuple[str, dict[str, Any]]


def install(changed: Callable[[], None]) -> None:
    """Answer signing requests, beside what the broker answers by itself.

    Args:
        changed: called after each request, for what it changed is to be saved.
    """
    parse, answer = iot._parse_fleet_provisioning_topic, iot._fleet_provisioning_reply  # noqa: SLF001 - the only way in

    def parse_topic(topic: str) -> tuple[str, str | None] | None:
        found: tuple[str, str | None] | None = (REQUEST, None) if topic == TOPIC else parse(topic)
        return found

    async def reply(account: str, region: str, operation: str, *rest: Any) -> Reply:
        if operation == REQUEST:
            said = _certificate(account, region, rest[1])
        else:
            said = await answer(account, region, operation, *rest)
        changed()
        return said

    iot._parse_fleet_provisioning_topic = parse_topic  # noqa: SLF001
    iot._fleet_provisioning_reply = reply  # noqa: SLF001


def _certificate(account: str, region: str, payload: bytes) -> Reply:
    """A certificate that waits to be registered, and the token that proves whose it is."""
    try:
        request = json.loads(payload)
    except ValueError:
        request = None
    if not isinstance(request, dict):
        return _rejected("InvalidPayload", "Message cannot be parsed", 400)
    with iot.request_scope(account, region):
        status, _, body = iot._create_certificate_from_csr(request, {})  # noqa: SLF001
        made = json.loads(body)
        if status != OK:
            message = str(made.get("message", "CSR violates constraints"))
            return _rejected("InvalidCertificateSigningRequest", message, status)
        certificate_id = made["certificateId"]
        iot._certificates[certificate_id]["status"] = "PENDING_ACTIVATION"  # noqa: SLF001
        token = secrets.token_urlsafe(48)
        iot._drop_expired(iot._ownership_tokens)  # noqa: SLF001
        iot._ownership_tokens[token] = {  # noqa: SLF001
            "certificateId": certificate_id,
            "expiration": time.time() + iot._OWNERSHIP_TOKEN_SECONDS,  # noqa: SLF001
        }
    return "accepted", {
        "certificateId": certificate_id,
        "certificatePem": made["certificatePem"],
        "certificateOwnershipToken": token,
    }


def _rejected(code: str, message: str, status: int) -> Reply:
    return "rejected", {"statusCode": status, "errorCode": code, "errorMessage": message}

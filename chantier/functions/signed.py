"""One signed HTTPS call to an AWS service, with the standard library alone.

boto3 takes longer to import than the detect function takes to start and store
an alert, so the function signs its two kinds of calls itself (AWS Signature
Version 4, checked against botocore's signer in the tests). It honours the same
standard settings as the SDKs: AWS_ENDPOINT_URL, AWS_CA_BUNDLE, AWS_REGION and
the credentials of the environment, which Lambda rotates.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from typing import Any

from chantier.functions.connection import Connection

# What stands for itself in a path (RFC 3986, 2.3), and the slash.
PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
# Seconds before each attempt; the second is at once, for a connection that went stale.
ATTEMPTS = (0.0, 0.0, 0.2)
SERVER_ERROR, BUSY = 500, 429
OK = 300


class CallFailed(Exception):
    """A service refused a call.

    Attributes:
        code: AWS's error code, for example ConditionalCheckFailedException.
        status: HTTP status.
    """

    def __init__(self, code: str, status: int, detail: str) -> None:
        super().__init__(f"{code} ({status}): {detail}")
        self.code = code
        self.status = status


def signature(  # noqa: PLR0913 - what the algorithm signs
    method: str,
    url: str,
    headers: dict[str, str],
    body: bytes,
    *,
    service: str,
    region: str,
    key: tuple[str, str],
) -> str:
    """The Authorization header of a request (Signature Version 4).

    Args:
        method: HTTP method.
        url: whole URL, its path already percent-encoded; a query in the order and the
            encoding that the algorithm signs.
        headers: what is signed, lower-case names, with `host` and `x-amz-date`.
        body: payload.
        service: signing name, for example "dynamodb".
        region: of the service.
        key: access key id and secret access key.
    """
    stamp = headers["x-amz-date"]
    names = ";".join(sorted(headers))
    listed = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    digest = hashlib.sha256(body).hexdigest()
    path, _, query = url.partition("://")[2].partition("/")[2].partition("?")
    request = f"{method}\n/{path}\n{query}\n{listed}\n{names}\n{digest}"
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    hashed = hashlib.sha256(request.encode()).hexdigest()
    secret = ("AWS4" + key[1]).encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        secret = hmac.digest(secret, part.encode(), "sha256")
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashed}"
    signed = hmac.digest(secret, to_sign.encode(), "sha256").hex()
    return (
        f"AWS4-HMAC-SHA256 Credential={key[0]}/{scope}, SignedHeaders={names}, Signature={signed}"
    )


class Service:
    """A kept-alive connection to one service of one region."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.region = os.environ["AWS_REGION"]
        at = os.environ.get("AWS_ENDPOINT_URL") or f"https://{name}.{self.region}.amazonaws.com"
        self.url = at.rstrip("/")
        self.connection = Connection(self.url)

    def call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        """Send one request, again where that can help.

        Raises:
            CallFailed: refused, or no answer after three attempts.
        """
        for attempt, pause in enumerate(ATTEMPTS, 1):
            time.sleep(pause)
            last = attempt == len(ATTEMPTS)
            try:
                status, answer = self._once(method, path, headers, body)
            except OSError as error:
                if last:
                    raise CallFailed(type(error).__name__, 0, str(error)) from error
                continue
            if status < OK:
                return answer
            code = _error_code(answer)
            again = status >= SERVER_ERROR or status == BUSY
            if last or not (again or "Throttl" in code or "Throughput" in code):
                raise CallFailed(code, status, answer.decode(errors="replace")[:300])
        raise AssertionError

    def _once(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        url = self.url + path
        signed = {
            **headers,
            "host": self.connection.host,
            "x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "x-amz-content-sha256": hashlib.sha256(body).hexdigest(),
        }
        if token := os.environ.get("AWS_SESSION_TOKEN"):
            signed["x-amz-security-token"] = token
        key = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
        signed["authorization"] = signature(
            method, url, signed, body, service=self.name, region=self.region, key=key
        )
        return self.connection.ask(method, path, signed, body)


def dynamodb(service: Service, operation: str, request: dict[str, Any]) -> dict[str, Any]:
    """One DynamoDB operation; raises `CallFailed`."""
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "x-amz-target": f"DynamoDB_20120810.{operation}",
    }
    answer: dict[str, Any] = json.loads(
        service.call("POST", "/", headers, json.dumps(request).encode())
    )
    return answer


def put_object(service: Service, bucket: str, key: str, body: bytes) -> None:
    """Write one S3 object; raises `CallFailed`."""
    service.call("PUT", f"/{bucket}/{quoted(key)}", {"content-type": "application/json"}, body)


def _error_code(answer: bytes) -> str:
    """AWS's error code: JSON services name it `__type`, S3 writes XML."""
    text = answer.decode(errors="replace")
    if text.startswith("{"):
        return str(json.loads(text).get("__type", "")).rpartition("#")[2]
    return text.partition("<Code>")[2].partition("</Code>")[0] or "Unknown"


def quoted(key: str) -> str:
    """An S3 key as a path; `urllib.parse` does the same and takes 2 ms to import."""
    return "".join(chr(byte) if byte in PLAIN else f"%{byte:02X}" for byte in key.encode())

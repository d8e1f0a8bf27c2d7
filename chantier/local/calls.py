"""Questions to a running local AWS that no AWS client asks: readiness, authority, workers.

HTTPS on loopback, checked against our own authority. Nothing here starts or
stops anything.
"""

from __future__ import annotations

import http.client
import json
import ssl
from http import HTTPStatus
from pathlib import Path
from typing import Any

from chantier.local.ports import LOOPBACK

READY_PATH = "/_ministack/ready"
BROKER_CA_PATH = "/_ministack/iot/ca.pem"
WORKERS_PATH = "/_chantier/workers"
"""Ours: how many processes each Lambda function has."""

_TIMEOUT_SECONDS = 5.0


class NoAnswer(Exception):
    """The server does not answer, or not with what was asked."""


def get(port: int, ca: Path, path: str) -> bytes:
    """The body at `path`.

    Raises:
        NoAnswer: there is none.
    """
    try:
        context = ssl.create_default_context(cafile=str(ca))
        connection = http.client.HTTPSConnection(
            LOOPBACK, port, context=context, timeout=_TIMEOUT_SECONDS
        )
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
    except (OSError, http.client.HTTPException) as reason:
        raise NoAnswer(str(reason)) from reason
    if answer.status != HTTPStatus.OK:
        raise NoAnswer(f"{path} answered {answer.status}")
    return body


def broker_state(port: int, ca: Path) -> str:
    """What the server says of its broker: "listening", "starting", "degraded", "disabled".

    Raises:
        NoAnswer: the server is not ready.
    """
    return str(_object(port, ca, READY_PATH).get("iot_mtls", ""))


def workers(port: int, ca: Path) -> dict[str, int]:
    """How many processes each Lambda function has.

    Raises:
        NoAnswer: the server does not say.
    """
    return {str(name): int(count) for name, count in _object(port, ca, WORKERS_PATH).items()}


def refresh_broker_ca(port: int, ca: Path, broker_ca: Path) -> None:
    """Write the authority of the broker's certificate as it is now.

    Raises:
        NoAnswer: the server does not say.
    """
    found = get(port, ca, BROKER_CA_PATH)
    if not broker_ca.exists() or broker_ca.read_bytes() != found:
        partial = broker_ca.with_suffix(".partial")
        partial.write_bytes(found)
        partial.replace(broker_ca)


def _object(port: int, ca: Path, path: str) -> dict[str, Any]:
    try:
        found = json.loads(get(port, ca, path))
    except ValueError as reason:
        raise NoAnswer(f"{path} did not answer with JSON") from reason
    if not isinstance(found, dict):
        raise NoAnswer(f"{path} did not answer with a JSON object")
    return found

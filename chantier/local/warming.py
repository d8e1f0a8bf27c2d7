"""Making a Lambda function's processes before the first message needs them.

The embedded AWS starts a process only for an invocation that finds every other
one busy, so warming is invoking, many times at once. Nothing here knows what
the function does, but that an empty event must touch nothing.
"""

from __future__ import annotations

import concurrent.futures
import threading
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from chantier.cloud import Cloud
from chantier.errors import LocalError
from chantier.local import calls

ROUNDS = 5
"""Bursts that are tried; one is enough after a deployment, when no process is warm."""

EVENT = b"{}"
"""What a function is invoked with; ours do nothing when they see it."""

_PATIENCE_SECONDS = 60.0


def warm(cloud: Cloud, function_name: str, *, workers: int) -> int:
    """Invoke a function until `workers` processes of it are warm.

    Args:
        cloud: the local AWS.
        function_name: the function's name.
        workers: how many processes; not more than the fuse of `environment`.

    Returns:
        How many there are; it may be fewer when the function is very quick.

    Raises:
        LocalError: the function failed, or cannot be invoked.
    """
    client = cloud.client("lambda")
    for _ in range(ROUNDS):
        if _count(cloud, function_name) >= workers:
            break
        _burst(client, function_name, workers)
    return _count(cloud, function_name)


def _count(cloud: Cloud, function_name: str) -> int:
    port = urlsplit(cloud.endpoint_url or "").port
    if cloud.ca is None or port is None:
        raise LocalError("Only the functions of the local AWS are warmed.")
    try:
        return calls.workers(port, cloud.ca).get(function_name, 0)
    except calls.NoAnswer as reason:
        raise LocalError(
            f"The local AWS does not answer: {reason}", hint="Start it: chantier local up"
        ) from reason


def _burst(client: Any, function_name: str, size: int) -> None:
    together = threading.Barrier(size, timeout=_PATIENCE_SECONDS)

    def invoke(_: int) -> None:
        together.wait()
        _invoke(client, function_name)

    with concurrent.futures.ThreadPoolExecutor(size) as threads:
        list(threads.map(invoke, range(size)))


def _invoke(client: Any, function_name: str) -> None:
    try:
        answer = client.invoke(FunctionName=function_name, Payload=EVENT)
    except (ClientError, BotoCoreError) as reason:
        raise LocalError(f"{function_name} could not be invoked: {reason}") from reason
    said = answer["Payload"].read().decode("utf-8", errors="replace")
    if "FunctionError" in answer:
        raise LocalError(f"{function_name} failed when it was warmed up: {said}")

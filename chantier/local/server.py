"""The process of the local AWS: ministack, served on two loopback ports.

Run as `python -m chantier.local.server`, with the environment of
`environment.for_server`. It does not call ministack's own `main`, which would
also take port 443. It reaches private names, hence the check of the version.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import logging
import os
import resource
import signal
import ssl
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chantier.errors import LocalError
from chantier.local.calls import WORKERS_PATH
from chantier.local.environment import without_us
from chantier.local.home import Home, Server
from chantier.local.ports import LOOPBACK
from chantier.local.version import check

DRAIN_SECONDS = 10.0
"""How long a stop waits for invocations, and again for deliveries."""

_KEEP_ALIVE_SECONDS = 75
# Everything that mattered has ended before hypercorn waits for its connections.
_GRACE_SECONDS = 0.5
_QUIET_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Services whose calls are data that flows, not what is deployed.
_FLOWING = (b"/s3/", b"/dynamodb/", b"/sqs/", b"/iotdata/", b"/firehose/", b"/logs/", b"/sts/")

# Logs are the bulk of the state, and nobody misses them after a SIGKILL.
_NOT_KEPT = frozenset({"cloudwatch_logs"})
# Python's own figures, 700, 10 and 10, are for a process with less in it.
_GARBAGE = (10_000, 20, 100)
_NO_EVENT = (ssl.SSLError, ConnectionError, TimeoutError, asyncio.CancelledError)


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM; the exit status."""
    options = _options(arguments)
    home = Home(Path(options.home))
    check()
    home.occupy()
    os.chdir(home.root)
    os.environ["PYTHONPATH"] = without_us(os.environ.get("PYTHONPATH", ""))
    _allow_many_connections()
    home.announce(
        Server(
            pid=os.getpid(),
            api_port=options.api_port,
            broker_port=options.broker_port,
            region=os.environ["MINISTACK_REGION"],
            workers=options.workers,
            since=datetime.now(UTC).isoformat(timespec="seconds"),
        )
    )
    asyncio.run(_serve(home, options.api_port, options.workers))
    _end_workers()
    return 0


def _allow_many_connections() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # macOS refuses the "unlimited" that it says.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chantier.local.server")
    parser.add_argument("--home", required=True)
    parser.add_argument("--api-port", type=int, required=True)
    parser.add_argument("--broker-port", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    return parser.parse_args(arguments)


async def _serve(home: Home, port: int, workers: int) -> None:
    from hypercorn.asyncio import serve  # noqa: PLC0415 - after the lock and the limits
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack import app as ministack  # noqa: PLC0415

    from chantier.local import claims, connections  # noqa: PLC0415
    from chantier.local.checkpoint import SOON, Checkpoint  # noqa: PLC0415
    from chantier.local.listener import harden  # noqa: PLC0415

    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    loop.set_exception_handler(_report)
    harden(loop)
    gap = _gap(home, port, workers)
    checkpoint = Checkpoint(lambda: _save(ministack))
    checkpoint.start()
    claims.install(lambda: checkpoint.mark(SOON))
    connections.install()

    async def until_told() -> None:
        await told.wait()
        await _quiesce(gap, checkpoint)

    _rest_from_garbage()
    config = Config()
    config.bind = [f"{LOOPBACK}:{port}"]
    config.certfile = os.environ["MINISTACK_SSL_CERT"]
    config.keyfile = os.environ["MINISTACK_SSL_KEY"]
    config.keep_alive_timeout = _KEEP_ALIVE_SECONDS
    config.graceful_timeout = _GRACE_SECONDS
    config.loglevel = os.environ["LOG_LEVEL"]
    await serve(_around(ministack.app, checkpoint), config, shutdown_trigger=until_told)


def _rest_from_garbage() -> None:
    """What is loaded stays: looking through it for garbage stops every message for 0.1 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GARBAGE)


def _save(ministack: Any) -> None:
    from chantier.local.checkpoint import patient  # noqa: PLC0415

    states = ministack._build_persistence_save_dict()  # noqa: SLF001 - as its own shutdown
    ministack.save_all(
        {name: patient(read) for name, read in states.items() if name not in _NOT_KEPT}
    )


def _gap(home: Home, port: int, workers: int) -> Any:
    from chantier.local.aws import Aws  # noqa: PLC0415 - boto3, after the lock
    from chantier.local.delivery import Delivery  # noqa: PLC0415
    from chantier.local.gap import Gap  # noqa: PLC0415
    from chantier.local.lambdas import Functions  # noqa: PLC0415

    aws = Aws(
        endpoint=f"https://{LOOPBACK}:{port}",
        ca=str(home.ca),
        region=os.environ["MINISTACK_REGION"],
    )
    aws.prepare()
    gap = Gap(aws, Delivery(aws, home.undelivered), Functions(workers))
    gap.install()
    return gap


def _report(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    # A client that goes away without a goodbye is no event: a stop meets many.
    if not isinstance(context.get("exception"), _NO_EVENT):
        loop.default_exception_handler(context)


async def _quiesce(gap: Any, checkpoint: Any) -> None:
    """Take no more messages and end what was accepted, while the API still answers."""
    from ministack.services import iot  # noqa: PLC0415

    await iot.mtls_stop()
    await asyncio.to_thread(gap.close, DRAIN_SECONDS)
    # It must not write beside the save that ministack makes when it stops.
    await asyncio.to_thread(checkpoint.close)


def _around(ministack: Any, checkpoint: Any) -> Any:
    from chantier.local.checkpoint import LATER, SOON  # noqa: PLC0415

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if scope["path"] == WORKERS_PATH:
                await _answer(send, _workers())
                return
            if scope["path"].startswith("/_ministack/iot/"):
                # The first look at the broker's authority makes it.
                checkpoint.mark(SOON)
            elif scope["method"] not in _QUIET_METHODS:
                checkpoint.mark(LATER if _flows(scope["headers"]) else SOON)
        await ministack(scope, receive, send)

    return application


def _flows(headers: list[tuple[bytes, bytes]]) -> bool:
    signature = next((value for name, value in headers if name == b"authorization"), b"")
    return any(service in signature for service in _FLOWING)


async def _answer(send: Any, content: object) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})


def _workers() -> dict[str, int]:
    from ministack.core import lambda_runtime  # noqa: PLC0415

    counts: dict[str, int] = {}
    for key, workers in list(lambda_runtime._workers.items()):  # noqa: SLF001 - no API for it
        name = key.split(":")[2]
        alive = [worker for worker in workers if worker._proc is not None]  # noqa: SLF001
        counts[name] = counts.get(name, 0) + len(alive)
    return counts


def _end_workers() -> None:
    from ministack.core import lambda_runtime  # noqa: PLC0415

    lambda_runtime.reset()


if __name__ == "__main__":
    try:
        ended = main(sys.argv[1:])
    except LocalError as error:
        sys.exit(str(error))
    logging.shutdown()
    # All is saved and the workers are gone. After a busy run the interpreter
    # would take seconds to free its memory one object at a time.
    os._exit(ended)

"""What a caller asks of the local AWS of a state folder: start, find, describe, stop.

How its process is started and ended is written in `starting`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from chantier.cloud import Broker, Cloud
from chantier.errors import LocalError
from chantier.local import calls, environment, version
from chantier.local.home import Home, Server
from chantier.local.ports import LOOPBACK, choose
from chantier.local.starting import START_SECONDS, start, stop

STOP_SECONDS = 45.0
"""How long a stop may take before it is forced: deliveries, then the save."""


# Lambda processes that IoT rules may use at once, and that a deployment keeps warm.
WORKERS = 8


@dataclass(frozen=True)
class Status:
    """What can be said of a local AWS from outside.

    Attributes:
        running: whether its server lives.
        answers: whether the server answers.
        home: its state folder.
        pid: the server's process.
        api: https URL of the AWS API.
        api_port: its port.
        broker_port: port of the MQTT broker.
        region: AWS region that it plays.
        since: when it started, ISO 8601 in UTC.
        workers: how many Lambda processes IoT rules may use at once.
        lambda_workers: living processes of each Lambda function.
    """

    running: bool
    answers: bool
    home: str
    pid: int | None = None
    api: str | None = None
    api_port: int | None = None
    broker_port: int | None = None
    region: str | None = None
    since: str | None = None
    workers: int | None = None
    lambda_workers: dict[str, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return asdict(self)


def up(  # noqa: PLR0913 - each one is a choice of the caller's
    home: Path,
    *,
    region: str,
    say: Callable[[str], None],
    workers: int = WORKERS,
    api_port: int | None = None,
    broker_port: int | None = None,
    patience: float = START_SECONDS,
) -> Cloud:
    """Start the local AWS, or find it running; it outlives this process.

    What survives `down`: everything deployed, IoT things and certificates,
    table items, queue messages, logs, S3 objects. What survives SIGKILL: S3
    objects; what was deployed or registered until a second or two before;
    table items and queue messages until a minute before. Never the MQTT
    sessions; after SIGKILL neither the logs nor the open Firehose buffers.

    Args:
        home: its state folder, made when it is missing.
        region: AWS region that it plays.
        say: called with each line of progress.
        workers: how many Lambda processes IoT rules may use at once.
        api_port: port of the AWS API; the one of last time, or a free one.
        broker_port: port of the MQTT broker; likewise.
        patience: seconds that the start may take.

    Raises:
        LocalError: it cannot start; nothing is left behind.
    """
    version.check()
    place = Home(home.resolve())
    with place.busy():
        if server := place.server():
            return _again(place, server, region, say)
        ports = _ports(place, api_port, broker_port)
        say(f"Starting the local AWS ({region}) in {place.root} ...")
        begun = time.monotonic()
        server = start(place, region=region, workers=workers, ports=ports, patience=patience)
        say(
            f"Ready in {time.monotonic() - begun:.1f} s: API {_endpoint(server.api_port)}, "
            f"MQTT broker {LOOPBACK}:{server.broker_port}."
        )
        return _cloud(place, server)


def status(home: Path) -> Status:
    """Whether a local AWS runs in `home`, and where."""
    place = Home(home.resolve())
    server = place.server()
    if server is None:
        return Status(running=False, answers=False, home=str(place.root))
    try:
        counts = calls.workers(server.api_port, place.ca)
    except calls.NoAnswer:
        counts = None
    return Status(
        running=True,
        answers=counts is not None,
        home=str(place.root),
        pid=server.pid,
        api=_endpoint(server.api_port),
        api_port=server.api_port,
        broker_port=server.broker_port,
        region=server.region,
        since=server.since,
        workers=server.workers,
        lambda_workers=counts,
    )


def down(home: Path, *, wipe: bool = False) -> bool:
    """Stop the local AWS of `home`, with all its processes.

    Args:
        home: its state folder.
        wipe: also remove what it saved.

    Returns:
        Whether it was running.

    Raises:
        LocalError: a process would not end.
    """
    place = Home(home.resolve())
    if not place.root.exists():
        return False
    with place.busy():
        running = place.occupied()
        stop(place, STOP_SECONDS)
        if wipe:
            place.wipe()
    return running


def cloud(home: Path) -> Cloud:
    """The local AWS that runs in `home`.

    Raises:
        LocalError: none runs there, or it does not answer.
    """
    place = Home(home.resolve())
    server = place.server()
    if server is None:
        raise LocalError("The local AWS is not running.", hint="Start it: chantier local up")
    try:
        calls.refresh_broker_ca(server.api_port, place.ca, place.broker_ca)
    except calls.NoAnswer as reason:
        raise LocalError(
            f"The local AWS runs (process {server.pid}) but does not answer: {reason}",
            hint="Start it again: chantier local down && chantier local up",
        ) from reason
    return _cloud(place, server)


def _again(place: Home, server: Server, region: str, say: Callable[[str], None]) -> Cloud:
    if server.region != region:
        raise LocalError(
            f"The local AWS runs already, as region {server.region} and not {region}.",
            hint="Stop it first: chantier local down",
        )
    found = cloud(place.root)
    say(f"The local AWS runs already: API {found.endpoint_url}.")
    return found


def _ports(place: Home, api_port: int | None, broker_port: int | None) -> tuple[int, int]:
    api, broker = place.remembered_ports()
    return (
        choose(api_port, api, option="--api-port"),
        choose(broker_port, broker, option="--broker-port"),
    )


def _endpoint(port: int) -> str:
    return f"https://{LOOPBACK}:{port}"


def _cloud(place: Home, server: Server) -> Cloud:
    return Cloud(
        name="local",
        region=server.region,
        endpoint_url=_endpoint(server.api_port),
        ca=place.ca,
        credentials=environment.CREDENTIALS,
        local_broker=Broker(host=LOOPBACK, port=server.broker_port, ca=place.broker_ca),
    )

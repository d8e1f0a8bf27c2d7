"""The server's process, from its start until it is ready, and to its end.

It is started in a session of its own and outlives this process. Everything is
bounded in time, and a start that fails leaves no process behind. What a caller
asks for is decided elsewhere.
"""

from __future__ import annotations

import os
import signal
import sys
import time

from chantier.errors import LocalError
from chantier.local import calls, certificates, environment, processes
from chantier.local.home import Home, Server

START_SECONDS = 60.0
"""How long a start may take: it restores what the last run saved."""

FORCED_SECONDS = 10.0
"""How long the system may take to end what was killed."""

LOG_LINES = 15
"""Lines of the server's log that an error shows."""

_POLL_SECONDS = 0.02


def start(
    place: Home, *, region: str, workers: int, ports: tuple[int, int], patience: float
) -> Server:
    """Start the server of `place` and wait until it is ready.

    Args:
        place: its state folder.
        region: AWS region that it plays.
        workers: how many Lambda processes IoT rules may use at once.
        ports: of the API and of the broker.
        patience: seconds that it may take.

    Raises:
        LocalError: it did not start; nothing is left behind.
    """
    # What a killed server left would share the folder with the new one.
    processes.sweep(place.root, FORCED_SECONDS)
    place.create()
    certificates.ensure(place)
    try:
        pid = _spawn(place, region, workers, ports)
        _wait_until_ready(place, pid, ports, patience)
        calls.refresh_broker_ca(ports[0], place.ca, place.broker_ca)
        server = _alive(place)
    except calls.NoAnswer as reason:
        stop(place, 0)
        raise _failed(place, str(reason)) from reason
    except BaseException:
        # Ctrl-C too: what was started is ours to end.
        stop(place, 0)
        raise
    return server


def _alive(place: Home) -> Server:
    server = place.server()
    if server is None:
        raise _failed(place, "it ended as soon as it was ready")
    return server


def _spawn(place: Home, region: str, workers: int, ports: tuple[int, int]) -> int:
    api_port, broker_port = ports
    variables = environment.for_server(
        place,
        os.environ,
        api_port=api_port,
        broker_port=broker_port,
        region=region,
        workers=workers,
    )
    arguments = [
        *(sys.executable, "-P", "-m", "chantier.local.server"),
        *("--home", str(place.root), "--workers", str(workers)),
        *("--api-port", str(api_port), "--broker-port", str(broker_port)),
    ]
    fresh = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    # Not subprocess: its Popen objects complain when they are dropped with the child alive.
    return os.posix_spawn(
        sys.executable,
        arguments,
        variables,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(place.log), fresh, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        # A shell that ignores Ctrl-C for its background jobs hands that on.
        setsigdef=[signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
    )


def _wait_until_ready(place: Home, pid: int, ports: tuple[int, int], patience: float) -> None:
    deadline = time.monotonic() + patience
    while True:
        if processes.ended(pid):
            raise _failed(place, "it ended while it was starting")
        try:
            state = calls.broker_state(ports[0], place.ca)
        except calls.NoAnswer as reason:
            if time.monotonic() > deadline:
                raise _failed(
                    place, f"it was not ready after {patience:.0f} s: {reason}"
                ) from reason
        else:
            if state != "listening":
                raise _failed(place, f"its broker is {state} on port {ports[1]}")
            return
        time.sleep(_POLL_SECONDS)


def _failed(place: Home, reason: str) -> LocalError:
    tail = "\n".join(f"  {line}" for line in place.log_tail(LOG_LINES))
    return LocalError(
        f"The local AWS did not start: {reason}." + (f"\n{tail}" if tail else ""),
        hint=f"Read the whole log: less {place.log}",
    )


def stop(place: Home, patience: float) -> None:
    """End the server of `place` and its workers.

    Args:
        place: its state folder.
        patience: seconds that it is given to end by itself; 0 forces it at once.

    Raises:
        LocalError: a process would not end.
    """
    if place.occupied() and (server := place.last()):
        if patience:
            processes.ask_to_end(server.pid)
        if not processes.until(lambda: not place.occupied(), patience):
            processes.end_group(server.pid)
        processes.until(lambda: not place.occupied(), FORCED_SECONDS)
        processes.ended(server.pid)
    if not processes.sweep(place.root, FORCED_SECONDS) or place.occupied():
        raise LocalError(
            f"Processes of the local AWS in {place.root} would not end: "
            f"{', '.join(map(str, processes.members(place.root))) or 'unknown'}.",
            hint="Look at them: ps -ef | grep chantier.local.server",
        )
    place.forget()

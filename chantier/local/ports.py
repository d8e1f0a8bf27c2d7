"""Which loopback ports the local AWS listens on: asked for, remembered, or free.

Nothing here keeps a port open.
"""

from __future__ import annotations

import socket

from chantier.errors import LocalError

LOOPBACK = "127.0.0.1"
"""The only address that the local AWS listens on."""


def choose(asked: int | None, remembered: int, *, option: str) -> int:
    """A port to listen on.

    Args:
        asked: the port that the caller wants, or None.
        remembered: the port of the last run, or 0; taken when it is still free.
        option: how the caller asks for it, for the message.

    Raises:
        LocalError: the port asked for is taken.
    """
    if asked is not None:
        if not _free(asked):
            raise LocalError(
                f"Port {asked} is taken by another program.",
                hint=f"Choose another one: chantier local up {option} {asked + 1}",
            )
        return asked
    if remembered and _free(remembered):
        return remembered
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As the servers do; else a connection closed a moment ago makes the port look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except (OSError, OverflowError):
            return False
        return True

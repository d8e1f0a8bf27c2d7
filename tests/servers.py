"""Real servers on this machine: one that says exactly what it is told, byte by byte."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

# A connection that must stay open after its last answer says this instead of bytes.
HOLD = b""


@dataclass
class Told:
    """Where the server listens, and what it was asked, whole requests, in order."""

    port: int
    asked: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextmanager
def server(
    *scripts: Sequence[bytes], context: ssl.SSLContext | None = None, wait_s: float = 5
) -> Iterator[Told]:
    """Serve each connection with the next script: one request read, one entry said; then close.

    Args:
        scripts: per connection, what to say to each request; HOLD says nothing and waits.
        context: speaks TLS with it.
        wait_s: how long a held connection stays open at most.
    """
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        told = Told(listening.getsockname()[1])

        def serve() -> None:
            for script in scripts:
                with suppress(OSError):
                    plain, _ = listening.accept()
                    with plain:
                        told.connections += 1
                        plain.settimeout(5)
                        one = context.wrap_socket(plain, server_side=True) if context else plain
                        with one:
                            _follow(one, script, told, over, wait_s)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield told
        finally:
            over.set()
            # A script that nobody asked for would wait for ever.
            for _ in scripts:
                with suppress(OSError):
                    socket.create_connection(("127.0.0.1", told.port), timeout=1).close()
            thread.join(10)
            assert not thread.is_alive()


def _follow(
    one: socket.socket, script: Sequence[bytes], told: Told, over: threading.Event, wait_s: float
) -> None:
    for say in script:
        asked = _request(one)
        if not asked:
            return
        told.asked.append(asked)
        if say == HOLD:
            over.wait(wait_s)
        else:
            one.sendall(say)


def _request(one: socket.socket) -> bytes:
    """One request with its body; empty when the client went away."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = one.recv(65_536)
        if not piece:
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        body += one.recv(65_536)
    return head + b"\r\n\r\n" + body

"""One HTTP/1.1 connection, kept alive: a request written at once, its answer read whole.

It exists for the cold start: `http.client` imports `email`, 15 ms on a machine
where bare Python starts in 20 ms, and this module imports what TLS needs anyway
(`bench/detect.py` measures the whole start, `--runs 15`). It reads what AWS
services answer to POST and PUT, bodies by length, chunked, or until the end; it
never follows, decompresses or retries, and knows no HEAD, 204 or 304.
"""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from typing import Any

TIMEOUT_S = 5
# Status line and headers together; AWS's are under 2 KB.
MAX_HEAD_BYTES = 65_536
PIECE_BYTES = 65_536
# More digits than any length has.
MOST_DIGITS = 12
FIRST_STATUS, FINAL_STATUS, LAST_STATUS = 100, 200, 599


class BrokenAnswer(OSError):
    """What the server sent is not an HTTP/1.1 answer, or not the whole of one."""


class Connection:
    """A connection to one server: opened when it is needed, and again after it was closed.

    Args:
        url: scheme, host and perhaps port of the server; what follows is ignored.
    """

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        self.host = rest.partition("/")[0]
        self._tls = scheme != "http"
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Open it before it is needed: what starts a function has more CPU than what runs it.

        Raises:
            OSError: not reached or not trusted.
        """
        if self._socket is None:
            self._socket = _connected(self.host, tls=self._tls)

    def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        """Send one request; the status and the body of its answer.

        Raises:
            OSError: not reached, not trusted, too slow, or `BrokenAnswer`; the
                connection is then closed, and the next request opens another.
            ValueError: the path or a header would not stay on its line.
        """
        request = _request_bytes(method, path, headers, body)
        keep = False
        try:
            self.open()
            assert self._socket is not None  # noqa: S101 - just opened
            self._socket.sendall(request)
            status, answer, keep = read_answer(self._socket.recv)
        finally:
            if not keep:
                self.close()
        return status, answer

    def close(self) -> None:
        """Close it; a connection that is not open stays so."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Incoming:
    """What the server sends, in the order it comes.

    Args:
        receive: gives up to so many bytes, none at the end, as `socket.recv`.

    Attributes:
        kept: received and not yet read.
        room: bytes that the lines to come may still have.
    """

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self.kept = bytearray()
        self.room = MAX_HEAD_BYTES

    def line(self) -> str:
        """The next line, without its end."""
        end = self.kept.find(b"\r\n")
        while end < 0 and len(self.kept) <= self.room:
            self._more()
            end = self.kept.find(b"\r\n")
        line = self.take(end + 2) if end >= 0 else b""
        self.room -= len(line)
        if not line or self.room < 0:
            raise BrokenAnswer(f"more than {MAX_HEAD_BYTES} bytes of headers")
        return line[:-2].decode("latin-1")

    def take(self, size: int) -> bytes:
        """The next bytes, exactly so many."""
        while len(self.kept) < size:
            self._more()
        taken = bytes(self.kept[:size])
        del self.kept[:size]
        return taken

    def rest(self) -> bytes:
        """All bytes until the server closes."""
        while piece := self._receive(PIECE_BYTES):
            self.kept += piece
        return self.take(len(self.kept))

    def _more(self) -> None:
        piece = self._receive(PIECE_BYTES)
        if not piece:
            raise BrokenAnswer("the connection ended before the answer did")
        self.kept += piece


def read_answer(receive: Callable[[int], bytes]) -> tuple[int, bytes, bool]:
    """One answer: status, body, and whether the connection can carry another request.

    Raises:
        BrokenAnswer: it is cut short, or not HTTP/1.1 as AWS's services speak it.
    """
    incoming = Incoming(receive)
    version, status, headers = _answer_head(incoming)
    while status < FINAL_STATUS:  # RFC 9110, 15.2: announcements come before the answer
        version, status, headers = _answer_head(incoming)
    said = headers.get("connection", "").lower()
    keep = "keep-alive" in said if version == "HTTP/1.0" else "close" not in said
    length, coding = headers.get("content-length"), headers.get("transfer-encoding")
    if coding is not None:
        # RFC 9112, 6.3: a length beside a coding may be an attempt to smuggle an answer.
        if coding.lower() != "chunked" or length is not None:
            raise BrokenAnswer(f"a body that cannot be delimited: {coding[:40]!r}")
        body = _chunked_body(incoming)
    elif length is not None:
        body = incoming.take(_whole_number(length, 10))
    else:
        body, keep = incoming.rest(), False
    return status, body, keep and not incoming.kept


def _answer_head(incoming: Incoming) -> tuple[str, int, dict[str, str]]:
    """Version, status, and headers by lower-case name; repeated ones joined by commas."""
    version, _, rest = incoming.line().partition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or rest[3:4] not in ("", " "):
        raise BrokenAnswer(f"{version[:40]!r} is not HTTP/1.1")
    status = _whole_number(rest[:3], 10)
    if not FIRST_STATUS <= status <= LAST_STATUS:
        raise BrokenAnswer(f"{status} is not a status")
    headers: dict[str, str] = {}
    while line := incoming.line():
        name, colon, value = line.partition(":")
        if not colon or not name or name.split() != [name]:
            raise BrokenAnswer(f"{line[:40]!r} is not a header")
        name, value = name.lower(), value.strip(" \t")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return version, status, headers


def _chunked_body(incoming: Incoming) -> bytes:
    """RFC 9112, 7.1; extensions and trailers are read and dropped."""
    chunks: list[bytes] = []
    while size := _whole_number(incoming.line().partition(";")[0].strip(" \t"), 16):
        chunks.append(incoming.take(size))
        incoming.room = MAX_HEAD_BYTES
        if incoming.line():
            raise BrokenAnswer("a chunk is longer than it said")
    while incoming.line():
        pass
    return b"".join(chunks)


def _whole_number(text: str, base: int) -> int:
    """Digits and nothing else: `int` alone would take signs, spaces, underscores and 0x."""
    if not 0 < len(text) <= MOST_DIGITS or text.lower().strip("0123456789abcdef"[:base]):
        raise BrokenAnswer(f"{text[:40]!r} is not a length or a status")
    return int(text, base)


def _request_bytes(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1"]
    whole = {**headers, "accept-encoding": "identity", "content-length": str(len(body))}
    lines += [f"{name}: {value}" for name, value in whole.items()]
    for line in lines:
        if not (line.isascii() and line.isprintable()):
            name = line.partition(":")[0]  # not the value: it may be the session's token
            raise ValueError(f"not fit for a line of HTTP: {name[:40]!r}")
    if " " in method + path:
        raise ValueError(f"a space in a request's first line: {lines[0][:40]!r}")
    return "\r\n".join((*lines, "", "")).encode("ascii") + body


def _connected(netloc: str, *, tls: bool) -> socket.socket:
    """A connection to `host`, `host:port` or `[address]:port`; over TLS 1.2 or newer, verified."""
    name, colon, port = netloc.rpartition(":")
    if not colon or port.endswith("]"):
        name, port = netloc, "443" if tls else "80"
    # As bytes: a name in a text is encoded by `encodings.idna`, 1.5 ms to import.
    host = name.strip("[]").encode("ascii")
    context = _trust() if tls else None
    plain = _reached(host, int(port))
    return context.wrap_socket(plain, server_hostname=host) if context else plain


def _trust() -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _reached(host: bytes, port: int) -> socket.socket:
    address: tuple[Any, int] = host, port  # typeshed knows texts only, getaddrinfo takes both
    reached = socket.create_connection(address, timeout=TIMEOUT_S)
    # A long body is several packets, and none of them waits for the others' receipts.
    reached.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return reached

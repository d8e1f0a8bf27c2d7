"""What a machine shows when it connects, and whom it trusts: certificate, key, TLS context.

A list of authorities takes up to 23 ms and 600 KiB to load, a machine's certificate half
a millisecond: machines that trust the same share one context, and each shows its own.
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509

from chantier.errors import ChantierError

Context = TypeVar("Context", bound=ssl.SSLContext)
# AWS IoT takes device certificates on 443 only under this protocol name.
_ALPN_PORT, _ALPN = 443, "x-amzn-mqtt-ca"
# Whose certificate a connection shows that is being opened by the task that runs.
_SHOWN: ContextVar[tuple[Path, Path]] = ContextVar("certificate and key")
# No other thread may load its own between a machine's certificate and its connection.
_LOADING = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Line:
    """Where a machine connects, and as whom.

    Attributes:
        host: name or address of the endpoint; its certificate must carry it.
        port: TLS port for MQTT with X.509 certificates.
        ca: PEM file of the authority to trust; None for the system's own list.
        certificate: PEM file of the machine's certificate.
        key: PEM file of its private key.
        client_id: thing name, which is the machine id.
    """

    host: str
    port: int
    ca: Path | None
    certificate: Path
    key: Path
    client_id: str


class Trust(ssl.SSLContext):
    """A context for many machines: one list of authorities, its own certificate to each.

    OpenSSL copies what a context holds when a connection is made from it, and asyncio makes
    it in the context variables of the task that connects. So the files are read again at
    each connection, and one that was rotated meanwhile is the one that is shown.
    """

    @contextlib.contextmanager
    def shows(self, line: Line) -> Iterator[None]:
        """Connections that this task opens meanwhile show the machine's certificate."""
        token = _SHOWN.set((line.certificate, line.key))
        try:
            yield
        finally:
            _SHOWN.reset(token)

    def wrap_bio(self, *args: Any, **kwargs: Any) -> ssl.SSLObject:
        """As the class above has it, with the certificate of the task that connects."""
        with _LOADING:
            self.load_cert_chain(*_SHOWN.get())
            return super().wrap_bio(*args, **kwargs)


def trust(line: Line) -> Trust:
    """The context for a line, shared with all that trust the same.

    Raises:
        ChantierError: the machine's certificate or key is missing, does not fit or is out of
            date, or the authority's cannot be used.
    """
    check(line)
    return _trusting(line)


def tls_context(line: Line) -> ssl.SSLContext:
    """A context of its own for one line, for whoever connects otherwise than by `Trust`."""
    check(line)
    context = _context(
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), line.ca, alpn=line.port == _ALPN_PORT
    )
    context.load_cert_chain(line.certificate, line.key)
    return context


def check(line: Line) -> None:
    """Whether a machine's papers are there, belong together and are valid today.

    Raises:
        ChantierError: they are not.
    """
    files = {"certificate": line.certificate, "private key": line.key}
    if line.ca:
        files["authority's certificate"] = line.ca
    for what, path in files.items():
        if not path.is_file():
            raise ChantierError(
                f"There is no {what} for {line.client_id} at {path}.",
                "Give the machine its identity first.",
            )
    try:
        with _LOADING:
            _trusting(line).load_cert_chain(line.certificate, line.key)
        certificate = x509.load_pem_x509_certificate(line.certificate.read_bytes())
    except (ssl.SSLError, OSError, ValueError) as error:
        raise ChantierError(
            f"The identity of {line.client_id} cannot be used: {error}.",
            f"Look at {', '.join(map(str, files.values()))}.",
        ) from error
    _refuse_stale(line, certificate)


def edition(line: Line) -> tuple[int, int]:
    """Another value for another certificate in the same file; (0, 0) while there is none."""
    try:
        said = line.certificate.stat()
    except OSError:
        return 0, 0
    return said.st_mtime_ns, said.st_ino


def _refuse_stale(line: Line, certificate: x509.Certificate) -> None:
    now = datetime.now(UTC)
    if certificate.not_valid_after_utc < now:
        raise ChantierError(
            f"The certificate of {line.client_id} ran out on "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC: {line.certificate}.",
            f"Remove {line.certificate.parent}, then: chantier machine add {line.client_id}",
        )
    if certificate.not_valid_before_utc > now:
        raise ChantierError(
            f"The certificate of {line.client_id} begins on "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC: {line.certificate}.",
            "Is this computer's clock right?",
        )


def _trusting(line: Line) -> Trust:
    # A local AWS that was wiped has another authority in the same file.
    written = line.ca.stat().st_mtime_ns if line.ca else 0
    return _shared(line.ca, written, line.port == _ALPN_PORT)


@lru_cache(maxsize=8)
def _shared(ca: Path | None, _written: int, alpn: bool) -> Trust:  # noqa: FBT001 - a cache key
    return _context(Trust(ssl.PROTOCOL_TLS_CLIENT), ca, alpn=alpn)


def _context(context: Context, ca: Path | None, *, alpn: bool) -> Context:
    if alpn:
        context.set_alpn_protocols([_ALPN])
    if ca:
        context.load_verify_locations(ca)
    else:
        context.load_default_certs()
    return context

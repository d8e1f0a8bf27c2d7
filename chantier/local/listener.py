"""The listeners: the broker's made as strict as AWS's, all kept on loopback and lean.

ministack's broker accepts clients without a certificate, on every address.
This changes both from outside, through private names of it and of asyncio.
"""

from __future__ import annotations

import asyncio
import asyncio.constants
import asyncio.sslproto
import ssl
from typing import Any

from ministack.services import iot

from chantier.local.ports import LOOPBACK

TLS_BUFFER = 32 * 1024
"""Bytes that asyncio sets aside for a TLS connection: 256 KiB otherwise, for each machine."""

TLS_GOODBYE_SECONDS = 0.5
"""How long a closing TLS connection waits for the peer's word: 30 otherwise, at each stop."""

_EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is replaced


def harden(loop: asyncio.AbstractEventLoop) -> None:
    """Bind to loopback, require a client certificate, shrink buffers and goodbyes."""
    _bind_to_loopback(loop)
    _require_certificate()
    asyncio.sslproto.SSLProtocol.max_size = TLS_BUFFER
    asyncio.constants.SSL_SHUTDOWN_TIMEOUT = TLS_GOODBYE_SECONDS  # the loop has no setting for it


def _bind_to_loopback(loop: asyncio.AbstractEventLoop) -> None:
    create = loop.create_server

    async def create_server(factory: Any, host: Any = None, port: Any = None, **rest: Any) -> Any:
        return await create(factory, LOOPBACK if host == _EVERYWHERE else host, port, **rest)

    loop.create_server = create_server  # type: ignore[assignment, method-assign]  # a wrapper


def _require_certificate() -> None:
    build = iot._mtls_build_ssl_context  # noqa: SLF001 - no setting for it

    def build_ssl_context() -> ssl.SSLContext:
        context: ssl.SSLContext = build()
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    iot._mtls_build_ssl_context = build_ssl_context  # noqa: SLF001

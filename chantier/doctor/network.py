"""The way to the broker: name, port, TLS. Networks of building sites often close 8883."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from chantier.cloud import Broker, Cloud
from chantier.doctor.finding import FAULT, GOOD, SKIPPED, WARNING, Finding

_PATIENCE_S = 5.0
# AWS IoT takes device certificates on 443 only under this protocol name.
_ALPN = "x-amzn-mqtt-ca"
_HTTPS = 443


def network(cloud: Cloud) -> Iterator[Finding]:
    """Whether a TLS session with the broker can be begun from here."""
    try:
        broker = cloud.broker()
    except (ClientError, BotoCoreError) as error:
        yield Finding("broker", SKIPPED, f"its name is not known: {error}"[:200])
        return
    usual = reach(broker, broker.port)
    if cloud.local_broker:
        yield usual
        return
    other = reach(broker, _HTTPS)
    if usual.verdict == FAULT and other.verdict == GOOD:
        yield usual._replace(
            verdict=WARNING, fix="Open 8883 outwards, or let the boxes use 443, which is open."
        )
    else:
        yield usual
    yield other


def reach(broker: Broker, port: int) -> Finding:
    """Begin a TLS session, without a certificate of our own."""
    what = f"broker, port {port}"
    context = ssl.create_default_context(cafile=str(broker.ca) if broker.ca else None)
    if port == _HTTPS:
        context.set_alpn_protocols([_ALPN])
    try:
        with (
            socket.create_connection((broker.host, port), timeout=_PATIENCE_S) as line,
            context.wrap_socket(line, server_hostname=broker.host) as session,
        ):
            return Finding(what, GOOD, f"{broker.host}, {session.version()}")
    except socket.gaierror as error:
        fix = "Check the network, and its name service."
        return Finding(what, FAULT, f"{broker.host} has no address: {error.strerror}", fix)
    except ssl.SSLCertVerificationError as error:
        fix = (
            "Something between here and AWS puts its own certificate in: ask the network's owner."
        )
        return Finding(what, FAULT, f"{broker.host} is not trusted: {error.verify_message}", fix)
    except OSError as error:
        fix = f"Is the port {port} open outwards? Is the broker up?"
        return Finding(what, FAULT, f"{broker.host} cannot be reached: {error}", fix)

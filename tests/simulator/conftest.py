"""What the simulator's tests share: a site, identities, and a small broker with real mTLS."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, Protocol

import mqtt5
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from chantier.site import EXAMPLE, Site
from simulator.hours import busy_hour
from simulator.link import Line

WEDNESDAY_NOON = int(dt.datetime(2026, 10, 14, 12, tzinfo=dt.UTC).timestamp())
_DAY = dt.timedelta(days=1)


class Received(NamedTuple):
    """One publish as the broker saw it, with the name in the client's certificate."""

    client_id: str
    common_name: str
    topic: str
    payload: bytes


@dataclass
class Broker:
    """MQTT 5 over mTLS, as much of it as a machine needs; its faults are set by the test.

    Attributes:
        connack: its answer to a connect; 0 is welcome, 0x87 not authorised.
        puback: its answer to a publish; 0x87 not authorised.
        hang_ups: so many publishes are answered by closing the line.
        deaf: it never acknowledges a publish, and answers no ping.
        keepalive_s: how often it wants to hear something.
        pings: how often it was asked whether it is there.
        received: what was published and acknowledged.
        goodbyes: clients that said DISCONNECT.
    """

    context: ssl.SSLContext
    connack: int = 0
    puback: int = 0
    hang_ups: int = 0
    deaf: bool = False
    keepalive_s: int | None = None
    connects: int = 0
    pings: int = 0
    received: list[Received] = field(default_factory=list)
    goodbyes: list[str] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[int]:
        """Serve on a port of loopback; on a free one if none is named."""
        sessions: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if task := asyncio.current_task():
                sessions[task] = writer
            with contextlib.suppress(asyncio.IncompleteReadError, OSError):
                await self._session(reader, writer)
            writer.transport.abort()

        server = await asyncio.start_server(serve, "127.0.0.1", port, ssl=self.context)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            if sessions:
                # A goodbye may still be on its way.
                await asyncio.wait(sessions, timeout=0.5)
                for writer in sessions.values():
                    writer.transport.abort()
                await asyncio.wait(sessions)

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client_id = ""
        name = dict(part[0] for part in writer.get_extra_info("peercert")["subject"])["commonName"]
        async for packet in _packets(reader):
            match packet:
                case mqtt5.ConnectPacket():
                    self.connects += 1
                    client_id = packet.client_id
                    code = mqtt5.ConnAckReasonCode(self.connack)
                    welcome = mqtt5.ConnAckPacket(
                        reason_code=code, server_keep_alive=self.keepalive_s
                    )
                    writer.write(welcome.write())
                case mqtt5.PublishPacket(packet_id=int(packet_id)):
                    if self.hang_ups:
                        self.hang_ups -= 1
                        return
                    if not self.deaf:
                        self.received.append(
                            Received(client_id, name, packet.topic, packet.payload)
                        )
                        said = mqtt5.PubAckReasonCode(self.puback)
                        writer.write(mqtt5.PubAckPacket(packet_id, reason_code=said).write())
                case mqtt5.PingReqPacket():
                    self.pings += 1
                    if not self.deaf:
                        writer.write(mqtt5.PingRespPacket().write())
                case mqtt5.DisconnectPacket():
                    self.goodbyes.append(client_id)
                    return
            await writer.drain()


async def _packets(reader: asyncio.StreamReader) -> AsyncIterator[mqtt5.Packet]:
    data = b""
    while more := await reader.read(65_536):
        data += more
        with contextlib.suppress(IndexError):  # a packet that has not come whole
            while data:
                packet, length = mqtt5.read(memoryview(data))
                data = data[length:]
                yield packet


class Authority:
    """Signs certificates for a test, and keeps the files in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.ca = folder / "ca.pem"
        authority = x509.BasicConstraints(ca=True, path_length=None)
        self.ca.write_bytes(self._signed(self._name, self._key, authority))

    def issue(
        self,
        name: str,
        *,
        host: str | None = None,
        file: str = "",
        days: tuple[int, int] = (-1, 1),
    ) -> tuple[Path, Path]:
        """A certificate and its key, as PEM files; valid from and until so many days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.DNSName(host or name)])
        stem = file or name
        certificate, private = self.folder / f"{stem}.pem", self.folder / f"{stem}.key"
        certificate.write_bytes(self._signed(subject, key, names, days))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return certificate, private

    def line(self, machine: str, port: int) -> Line:
        """The line of a machine to a broker on this computer."""
        certificate, key = self.folder / f"{machine}.pem", self.folder / f"{machine}.key"
        if not certificate.exists():
            self.issue(machine)
        return Line(
            host="localhost",
            port=port,
            ca=self.ca,
            certificate=certificate,
            key=key,
            client_id=machine,
        )

    def server_context(self) -> ssl.SSLContext:
        """A server that takes only clients with a certificate of this authority."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue("localhost"))
        context.load_verify_locations(self.ca)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extension: x509.ExtensionType,
        days: tuple[int, int] = (-1, 1),
    ) -> bytes:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + days[0] * _DAY)
            .not_valid_after(now + days[1] * _DAY)
            .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
            .sign(self._key, hashes.SHA256())
            .public_bytes(serialization.Encoding.PEM)
        )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("pki"), "test authority")


@pytest.fixture(scope="session")
def server_context(authority: Authority) -> ssl.SSLContext:
    return authority.server_context()


@pytest.fixture(scope="session")
def site() -> Site:
    return Site.load(EXAMPLE)


@pytest.fixture(scope="session")
def start(site: Site) -> int:
    """A quarter of an hour after a Wednesday's opening."""
    return busy_hour(site, before=WEDNESDAY_NOON)


@pytest.fixture(scope="session")
def recorded() -> Path:
    """A recording of a real engine."""
    here = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("CHANTIER_DATA", here.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no recorded telemetry at {folder}; set CHANTIER_DATA")
    return folder


class MakeBroker(Protocol):
    """Builds a broker that takes the authority's certificates."""

    def __call__(
        self, *, connack: int = 0, puback: int = 0, hang_ups: int = 0, deaf: bool = False
    ) -> Broker: ...


@pytest.fixture
def make_broker(server_context: ssl.SSLContext) -> MakeBroker:
    def make(
        *, connack: int = 0, puback: int = 0, hang_ups: int = 0, deaf: bool = False
    ) -> Broker:
        return Broker(server_context, connack=connack, puback=puback, hang_ups=hang_ups, deaf=deaf)

    return make


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("other-pki"), "another authority")

"""mosquitto on loopback with an authority of its own: every client shows a certificate.

Everything lies in a folder that is given, and is gone with it.
"""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "127.0.0.1"
DAY = dt.timedelta(days=1)
CONFIG = """\
listener {port} 127.0.0.1
cafile {folder}/ca.pem
certfile {folder}/localhost.pem
keyfile {folder}/localhost.key
require_certificate true
use_identity_as_username true
acl_file {folder}/acl
persistence false
max_connections -1
set_tcp_nodelay true
user {user}
log_dest file {folder}/mosquitto.log
log_type error
log_type warning
"""
# The name in its certificate is the only place that a machine may write to.
ACL = """\
pattern write machines/%u/readings
pattern write $aws/rules/+/chantier/+/%u/telemetry
"""


class Broker(NamedTuple):
    """A mosquitto that listens.

    Attributes:
        port: for mTLS, on loopback.
        process: the running server.
    """

    port: int
    process: subprocess.Popen[bytes]


def installed() -> str | None:
    """Where mosquitto is; Debian keeps it out of the path of users."""
    return shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")


class Authority:
    """Signs EC P-256 certificates, and keeps them as PEM files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("bench authority")
        self._write("ca", self._key, self._signed(self._name, self._key, host=None))
        self.issue("localhost", host=True)

    def issue(self, name: str, *, host: bool = False) -> None:
        """NAME.pem and NAME.key, valid for a day."""
        key = ec.generate_private_key(ec.SECP256R1())
        self._write(name, key, self._signed(_name(name), key, host=name if host else ""))

    def _signed(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, host: str | None
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - DAY)
            .not_valid_after(now + DAY)
            .add_extension(x509.BasicConstraints(ca=host is None, path_length=None), critical=True)
        )
        if host:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            made = made.add_extension(names, critical=False)
        return made.sign(self._key, hashes.SHA256())

    def _write(self, name: str, key: ec.EllipticCurvePrivateKey, made: x509.Certificate) -> None:
        (self._folder / f"{name}.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
        (self._folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


@contextmanager
def mosquitto(folder: Path, *, port: int = 0) -> Iterator[Broker]:
    """Run a broker with the certificates of a folder: ca.pem, localhost.pem and localhost.key."""
    program = installed()
    assert program, "mosquitto is not here: apt-get install mosquitto"
    with socket.create_server((HOST, port)) as free:
        port = free.getsockname()[1]
    config = folder / "mosquitto.conf"
    user = Path.home().owner()
    config.write_text(CONFIG.format(port=port, folder=folder, user=user), "utf-8")
    (folder / "acl").write_text(ACL, "utf-8")
    (folder / "acl").chmod(0o600)
    process = subprocess.Popen([program, "-c", str(config)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        yield Broker(port, process)
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        assert process.poll() is None, "mosquitto did not start: see mosquitto.log"
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"mosquitto does not listen on {port}")

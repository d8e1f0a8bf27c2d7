"""The API's TLS certificate: a small authority that signs one name, then forgets its key.

The authority's private key is never written, so nobody can sign a second
certificate with it. Machine certificates are not made here.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chantier.local.home import Home

# Apple's limit for a server certificate, the shortest of those that clients enforce.
_VALID = dt.timedelta(days=397)
_RENEW = dt.timedelta(days=30)
_CLOCK_SKEW = dt.timedelta(hours=1)


def certificate_path(home: Home) -> Path:
    """The server's certificate, followed by its authority's."""
    return home.tls / "server.pem"


def key_path(home: Home) -> Path:
    """The server's private key."""
    return home.tls / "server.key"


def ensure(home: Home) -> None:
    """Mint the authority, the certificate and the key, unless they still hold."""
    if not _holds(home):
        _mint(home)


def _holds(home: Home) -> bool:
    if not (key_path(home).exists() and certificate_path(home).exists()):
        return False
    try:
        authority = x509.load_pem_x509_certificate(home.ca.read_bytes())
        leaf = x509.load_pem_x509_certificate(certificate_path(home).read_bytes())
        key = serialization.load_pem_private_key(key_path(home).read_bytes(), password=None)
    except (OSError, ValueError):
        return False
    return (
        leaf.issuer == authority.subject
        and key.public_key() == leaf.public_key()
        and leaf.not_valid_after_utc > dt.datetime.now(dt.UTC) + _RENEW
    )


def _mint(home: Home) -> None:
    authority_key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"chantier local AWS {os.urandom(4).hex()}")
    authority = (
        _builder(name, name, authority_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = (
        _builder(_name("localhost"), name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            ),
            critical=False,
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()),
            critical=False,
        )
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    _write_private(
        key_path(home),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    certificate_path(home).write_bytes(leaf.public_bytes(pem) + authority.public_bytes(pem))
    home.ca.write_bytes(authority.public_bytes(pem))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_private(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)

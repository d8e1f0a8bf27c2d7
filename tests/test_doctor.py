"""What must be right before the rest can work: found, and told with its fix."""

from __future__ import annotations

import datetime as dt
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from chantier.cli import main
from chantier.cloud import Broker
from chantier.doctor import here
from chantier.doctor.account import clock
from chantier.doctor.network import reach
from chantier.identity import CERTIFICATE_FILE, KEY_FILE
from chantier.site import EXAMPLE, Site

NOW = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
DATE = "Mon, 23 Nov 2026 {}:{}:00 GMT"


@pytest.fixture(scope="module")
def site() -> Site:
    return Site.load(EXAMPLE)


def certificate(days: float, host: str = "") -> tuple[bytes, bytes]:
    """A certificate that signs itself, and its key, PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host or "machine")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=400))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host or "m")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return made.public_bytes(pem), key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)


def identity(folder: Path, machine: str, *, days: float = 300, mode: int = 0o600) -> None:
    at = folder / machine
    at.mkdir(parents=True)
    pem, key = certificate(days)
    (at / CERTIFICATE_FILE).write_bytes(pem)
    (at / KEY_FILE).write_bytes(key)
    (at / KEY_FILE).chmod(mode)


def test_good_identities_are_told_with_the_first_end(site: Site, tmp_path: Path) -> None:
    identity(tmp_path, "EX-001")
    identity(tmp_path, "EX-002", days=100)
    keys, certificates = here.identities(site, tmp_path)
    assert (keys.verdict, certificates.verdict) == ("good", "good")
    end = dt.datetime.now(dt.UTC) + dt.timedelta(days=100)
    assert f"{end:%Y-%m}" in certificates.text


@pytest.mark.parametrize(
    ("days", "verdict", "fix"),
    [(12, "warning", "chantier machine rotate"), (-1, "fault", "chantier machine add EX-002")],
)
def test_a_certificate_that_ends_is_told_before_and_after(
    site: Site, tmp_path: Path, days: float, verdict: str, fix: str
) -> None:
    identity(tmp_path, "EX-001")
    identity(tmp_path, "EX-002", days=days)
    _, certificates = here.identities(site, tmp_path)
    assert certificates.verdict == verdict
    assert "EX-002" in certificates.text
    assert fix in certificates.fix


def test_a_key_that_others_may_read_is_a_fault(site: Site, tmp_path: Path) -> None:
    identity(tmp_path, "EX-001", mode=0o644)
    keys, _ = here.identities(site, tmp_path)
    assert keys.verdict == "fault"
    assert keys.fix == f"chmod 600 {tmp_path / 'EX-001' / KEY_FILE}"


def test_a_certificate_that_cannot_be_read_is_a_fault(site: Site, tmp_path: Path) -> None:
    identity(tmp_path, "EX-001")
    (tmp_path / "EX-001" / CERTIFICATE_FILE).write_text("nothing", "ascii")
    _, certificates = here.identities(site, tmp_path)
    assert certificates.verdict == "fault"
    assert "not readable: EX-001" in certificates.text


def test_no_identity_yet_is_no_fault(site: Site, tmp_path: Path) -> None:
    (found,) = here.identities(site, tmp_path)
    assert found.verdict == "skipped"
    assert "machine add" in found.fix


@pytest.mark.parametrize(
    ("hour", "minute", "verdict"),
    [("09", "00", "good"), ("08", "58", "warning"), ("09", "05", "fault"), ("08", "54", "fault")],
)
def test_a_clock_that_is_off_is_told_as_far_as_aws_bears_it(
    hour: str, minute: str, verdict: str
) -> None:
    assert clock(DATE.format(hour, minute), NOW).verdict == verdict


def test_a_service_without_a_time_says_nothing_of_the_clock() -> None:
    assert clock("yesterday", NOW).verdict == "skipped"


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[Broker]:
    """Something on loopback that begins TLS sessions."""
    pem, key = certificate(10, "localhost")
    (tmp_path / "c.pem").write_bytes(pem)
    (tmp_path / "k.pem").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    line, _ = server.accept()
                except OSError:
                    return
                with line:
                    try:
                        context.wrap_socket(line, server_side=True).close()
                    except OSError:
                        continue

        threading.Thread(target=serve, daemon=True).start()
        yield Broker("localhost", server.getsockname()[1], tmp_path / "c.pem")
        server.shutdown(socket.SHUT_RDWR)


def test_a_broker_that_answers_and_is_trusted_is_good(tls: Broker) -> None:
    found = reach(tls, tls.port)
    assert (found.verdict, found.text) == ("good", "localhost, TLSv1.3")


def test_a_broker_of_another_authority_is_told_as_such(tls: Broker) -> None:
    found = reach(Broker(tls.host, tls.port, None), tls.port)
    assert found.verdict == "fault"
    assert "not trusted" in found.text


def test_a_closed_port_and_an_unknown_name_are_told_with_what_to_look_at() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    closed = reach(Broker("127.0.0.1", port, None), port)
    assert closed.verdict == "fault"
    assert "port" in closed.fix
    unknown = reach(Broker("broker.invalid", 8883, None), 8883)
    assert unknown.verdict == "fault"
    assert "name service" in unknown.fix


def run(*words: str, site: Path = EXAMPLE) -> tuple[int, list[dict[str, str]]]:
    bare = {
        **{name: "" for name in os.environ if name.startswith("AWS_")},
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    env = {name: value or None for name, value in bare.items()}
    done = CliRunner(env=env).invoke(main, ["doctor", "--json", "--site", str(site), *words])
    return done.exit_code, json.loads(done.stdout)


def test_without_credentials_the_rest_is_skipped_and_said() -> None:
    code, found = run()
    verdicts = {one["what"]: one["verdict"] for one in found}
    assert code == 1
    assert verdicts["credentials"] == "fault"
    assert verdicts["clock"] == verdicts["broker"] == "skipped"
    assert verdicts["python"] == verdicts["packages"] == verdicts["site file"] == "good"


def test_a_site_file_with_faults_is_told_with_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "chantier.toml"
    path.write_text("[site]\nname = 'ZAC'\n", "utf-8")
    code, found = run(site=path)
    assert code == 1
    assert found[-1]["what"] == "site file"
    assert "allowed: a-z" in found[-1]["text"]


def test_a_local_aws_that_is_down_is_told_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "chantier.toml"
    path.write_text(EXAMPLE.read_text("utf-8"), "utf-8")
    code, found = run("--local", site=path)
    assert code == 1
    assert "chantier local up" in found[-1]["fix"]

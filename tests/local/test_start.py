"""What is prepared before the server starts."""

from __future__ import annotations

import os
import ssl
import threading
from importlib import metadata
from pathlib import Path

import pytest

from chantier.errors import LocalError
from chantier.local import certificates, environment, version
from chantier.local.checkpoint import TRIES, Checkpoint, patient
from chantier.local.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.create()
    certificates.ensure(made)
    return made


def test_ministack_missing_is_said_with_the_next_command() -> None:
    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    with pytest.raises(LocalError, match="not installed") as error:
        version.check(absent)
    assert error.value.hint == "pip install 'chantier[local]'"


def test_another_ministack_is_refused() -> None:
    with pytest.raises(LocalError, match=r"ministack 1.6.0 is installed.*1.5.33 only"):
        version.check(lambda _: "1.6.0")


def test_the_certificate_is_for_loopback_and_its_authoritys_key_is_nowhere(home: Home) -> None:
    context = ssl.create_default_context(cafile=str(home.ca))
    assert len(context.get_ca_certs()) == 1
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
        certificates.certificate_path(home), certificates.key_path(home)
    )
    assert sorted(path.name for path in home.tls.iterdir()) == [
        "ca.pem",
        "server.key",
        "server.pem",
    ]


def test_a_certificate_that_holds_is_kept_and_a_damaged_one_replaced(home: Home) -> None:
    before = home.ca.read_bytes()
    certificates.ensure(home)
    assert home.ca.read_bytes() == before
    certificates.key_path(home).write_text("damaged")
    certificates.ensure(home)
    assert home.ca.read_bytes() != before


def test_the_environment_is_built_from_a_few_names_of_the_callers(home: Home) -> None:
    caller = {"PATH": "/bin", "AWS_PROFILE": "x", "SSL_CERT_FILE": "y", "PYTHONPATH": "/mine"}
    found = environment.for_server(
        home, caller, api_port=1, broker_port=2, region="eu-west-3", workers=8
    )
    assert found["PATH"] == "/bin"
    assert "AWS_PROFILE" not in found
    assert found["SSL_CERT_FILE"] == str(home.ca)
    assert environment.without_us(found["PYTHONPATH"]) == "/mine"


def test_a_caller_without_a_python_path_leaves_none_to_the_functions(home: Home) -> None:
    found = environment.for_server(
        home, {}, api_port=1, broker_port=2, region="eu-west-3", workers=8
    )
    assert os.pathsep not in found["PYTHONPATH"]
    assert environment.without_us(found["PYTHONPATH"]) == ""


def test_a_change_is_saved_and_quiet_times_are_not() -> None:
    saved = threading.Semaphore(0)
    checkpoint = Checkpoint(saved.release)
    checkpoint.start()
    assert not saved.acquire(timeout=0.05)
    checkpoint.mark(0)
    assert saved.acquire(timeout=10)
    assert not saved.acquire(timeout=0.05)
    checkpoint.close()


def test_an_urgent_mark_is_not_held_back_by_a_patient_one() -> None:
    saved = threading.Semaphore(0)
    checkpoint = Checkpoint(saved.release)
    checkpoint.start()
    checkpoint.mark(3600)
    checkpoint.mark(0)
    assert saved.acquire(timeout=10)
    checkpoint.close()


def test_a_state_that_changes_while_it_is_read_is_read_again_and_at_last_left_alone() -> None:
    answers = iter([RuntimeError("dictionary changed size during iteration"), None])

    def once() -> str:
        if error := next(answers):
            raise error
        return "state"

    def never() -> str:
        seen.append(1)
        raise RuntimeError("dictionary changed size during iteration")

    seen: list[int] = []
    assert patient(once)() == "state"
    assert patient(never)() is None
    assert len(seen) == TRIES

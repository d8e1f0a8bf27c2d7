"""The function's HTTP: whole answers are read, anything else closes the connection."""

from __future__ import annotations

import hashlib
import http.server
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chantier.functions import connection
from chantier.functions.connection import (
    MAX_HEAD_BYTES,
    BrokenAnswer,
    Connection,
    read_answer,
)
from chantier.functions.signed import CallFailed, Service, dynamodb, put_object
from chantier.local import certificates
from chantier.local.home import Home
from tests.servers import HOLD, server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
BIG = 200_000


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """An authority, and its certificate for localhost."""
    made = Home(tmp_path_factory.mktemp("tls"))
    made.tls.mkdir(parents=True, exist_ok=True)
    certificates.ensure(made)
    return made


@pytest.fixture(scope="module")
def context(home: Home) -> ssl.SSLContext:
    """What a server with that certificate speaks."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificates.certificate_path(home), certificates.key_path(home))
    return made


@pytest.fixture
def trusted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(home.ca))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Service]:
    """DynamoDB at a port of this machine."""
    monkeypatch.setenv("AWS_REGION", "eu-west-3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)

    def at(port: int) -> Service:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        return Service("dynamodb")

    return at


class Echo(http.server.BaseHTTPRequestHandler):
    """Python's own server: it says what it was asked, and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        said = {
            "path": self.path,
            "headers": dict(self.headers),
            "digest": hashlib.sha256(body).hexdigest(),
            "port": self.client_address[1],
        }
        answer = json.dumps(said).encode()
        self.send_response(201)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - http.server's own name
        """Say nothing."""


@contextmanager
def echo(context: ssl.SSLContext | None = None) -> Iterator[int]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo) as serving:
        serving.daemon_threads = True
        if context:
            serving.socket = context.wrap_socket(serving.socket, server_side=True)
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield serving.server_address[1]
        serving.shutdown()
        thread.join()


@contextmanager
def connected(port: int, *, host: str = "127.0.0.1", scheme: str = "http") -> Iterator[Connection]:
    made = Connection(f"{scheme}://{host}:{port}")
    yield made
    made.close()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.usefixtures("trusted")
def test_two_requests_share_one_verified_connection(context: ssl.SSLContext, host: str) -> None:
    body = bytes(range(256)) * (BIG // 256)
    with echo(context) as port, connected(port, host=host, scheme="https") as one:
        answers = [
            one.ask("POST", "/a%20b", {"host": one.host, "x-one": "1"}, body) for _ in range(2)
        ]
    first, second = (json.loads(said) for _, said in answers)
    assert [status for status, _ in answers] == [201, 201]
    assert first == second, "the same connection, from the same port"
    assert first["path"] == "/a%20b"
    assert first["digest"] == hashlib.sha256(body).hexdigest()
    assert first["headers"]["x-one"] == "1"
    assert first["headers"]["host"] == f"{host}:{port}"


def test_plain_http_works_where_the_endpoint_asks_for_it() -> None:
    with echo() as port, connected(port) as one:
        status, _ = one.ask("POST", "/", {"host": one.host}, b"{}")
    assert status == 201


def test_a_certificate_of_nobody_we_trust_is_refused(
    context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    with (
        server([OK], context=context) as told,
        connected(told.port, scheme="https") as one,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        one.ask("POST", "/", {}, b"")
    assert told.asked == []


@pytest.mark.usefixtures("trusted")
def test_a_certificate_of_another_name_is_refused(context: ssl.SSLContext) -> None:
    with (
        server([OK], context=context) as told,
        connected(told.port, host="127.1", scheme="https") as one,
        pytest.raises(ssl.SSLCertVerificationError, match=r"127\.1"),
    ):
        one.ask("POST", "/", {}, b"")
    assert told.asked == []


@pytest.mark.usefixtures("trusted")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
def test_tls_older_than_1_2_is_refused(home: Home) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(certificates.certificate_path(home), certificates.key_path(home))
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.minimum_version = ssl.TLSVersion.TLSv1_1
    with (
        server([OK], context=old) as told,
        connected(told.port, scheme="https") as one,
        pytest.raises(ssl.SSLError),
    ):
        one.ask("POST", "/", {}, b"")
    assert told.asked == []


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-LENGTH:3 \r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", b""),
        (
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
                b"3;ext=1\r\nabc\r\n0A\r\n0123456789\r\n0\r\nx-sum: 1\r\n\r\n"
            ),
            b"abc0123456789",
        ),
        (b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK, b"{}"),
        (b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\na", b"a"),
    ],
)
def test_a_whole_answer_keeps_the_connection(answer: bytes, body: bytes) -> None:
    with server([answer, OK]) as told, connected(told.port) as one:
        assert one.ask("POST", "/", {}, b"1") == (200, body)
        assert one.ask("POST", "/", {}, b"2") == (200, b"{}")
    assert told.connections == 1


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\na", b"a"),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", b"a"),
        (b"HTTP/1.1 200 OK\r\n\r\nall of it", b"all of it"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na, and more than was said", b"a"),
    ],
)
def test_a_last_answer_is_read_and_the_next_request_opens_another(
    answer: bytes, body: bytes
) -> None:
    with server([answer], [OK]) as told, connected(told.port) as one:
        assert one.ask("POST", "/", {}, b"1") == (200, body)
        assert one.ask("POST", "/", {}, b"2") == (200, b"{}")
    assert told.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"\x00\x01garbage\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 000 OK\r\n\r\n",
        b"HTTP/1.1 999 OK\r\n\r\n",
        b"HTTP/1.1 \xb2\xb2\xb2 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\n0123456789",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: 1\r\n folded: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: 1\r\n" * MAX_HEAD_BYTES,
        b"HTTP/1.1 100 Continue\r\n\r\n" * MAX_HEAD_BYTES,
        b"a" * (MAX_HEAD_BYTES + 1000),
        b"",
    ],
    ids=lambda answer: repr(answer[:60]),
)
def test_anything_else_is_a_fault_and_the_next_request_opens_another(answer: bytes) -> None:
    # The empty answer: the server closes as soon as it accepts.
    with server([answer] if answer else [], [OK]) as told, connected(told.port) as one:
        # It may also reset the connection under our feet while more was to be read.
        with pytest.raises((BrokenAnswer, ConnectionError)):
            one.ask("POST", "/", {}, b"1")
        assert one.ask("POST", "/", {}, b"2") == (200, b"{}")
    assert told.connections == 2


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {"a": "1\r\nx: 2"}),
        ("/", {"a": "1\n"}),
        ("/", {"a\r\nx": "1"}),
        ("/", {"a": "é"}),
        ("/", {"a": "\x7f"}),
        ("/ HTTP/1.1\r\nx: 1", {}),
        ("/a b", {}),
    ],
)
def test_nothing_leaves_its_line(path: str, headers: dict[str, str]) -> None:
    with server([OK]) as told, connected(told.port) as one:
        with pytest.raises(ValueError, match="line"):
            one.ask("POST", path, headers, b"")
        assert one.ask("POST", "/", {}, b"") == (200, b"{}")
    assert len(told.asked) == 1


def test_a_refused_header_does_not_show_its_value() -> None:
    with connected(1) as one, pytest.raises(ValueError, match="x-amz-security-token") as refused:
        one.ask("POST", "/", {"x-amz-security-token": "secret\n"}, b"")
    assert "secret" not in str(refused.value)


def test_a_connection_that_went_stale_is_tried_again_at_once(
    service: Callable[[int], Service],
) -> None:
    with server([OK], [OK]) as told:
        one = service(told.port)
        assert dynamodb(one, "GetItem", {}) == {}
        assert dynamodb(one, "GetItem", {}) == {}  # the server closed after the first
        one.connection.close()
    assert (told.connections, len(told.asked)) == (2, 2)


def test_three_faults_are_a_failed_call(service: Callable[[int], Service]) -> None:
    with (
        server([b"?\r\n"], [b"?\r\n"], [b"?\r\n"]) as told,
        pytest.raises(CallFailed, match="BrokenAnswer") as failed,
    ):
        dynamodb(service(told.port), "GetItem", {})
    assert told.connections == 3
    assert failed.value.status == 0


def test_a_server_error_is_tried_again_and_a_refusal_is_not(
    service: Callable[[int], Service],
) -> None:
    down = b"HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n"
    with server([down, OK]) as told:
        one = service(told.port)
        assert dynamodb(one, "GetItem", {}) == {}
        one.connection.close()
    assert len(told.asked) == 2
    said = b'{"__type":"com.amazonaws#ConditionalCheckFailedException"}'
    refused = b"HTTP/1.1 400 X\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
    with server([refused, OK]) as told:
        one = service(told.port)
        with pytest.raises(CallFailed, match="ConditionalCheckFailedException"):
            dynamodb(one, "PutItem", {})
        one.connection.close()
    assert len(told.asked) == 1


def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TIMEOUT_S", 0.2)
    with server([HOLD]) as told, connected(told.port) as one, pytest.raises(TimeoutError):
        one.ask("POST", "/", {}, b"")


@given(key=st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_a_key_is_quoted_as_urllib_quotes_it(key: str) -> None:
    asked: list[str] = []

    class Listening(Service):
        def __init__(self) -> None:
            """No settings are needed to listen."""

        def call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
            del headers, body
            asked.extend((method, path))
            return b""

    put_object(Listening(), "bucket", key, b"x")
    assert asked == ["PUT", f"/bucket/{quote(key)}"]


def in_pieces(data: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    """A `recv` that gives the bytes in pieces of such sizes, then the rest, then none."""
    left = bytearray(data)
    waiting = list(sizes)

    def receive(most: int) -> bytes:
        size = min(waiting.pop(0) if waiting else most, most)
        piece = bytes(left[:size])
        del left[:size]
        return piece

    return receive


SIZES = st.lists(st.integers(1, 40), max_size=20)


@given(chunks=st.lists(st.binary(min_size=1, max_size=50), max_size=8), sizes=SIZES)
def test_however_it_is_cut_an_answer_is_the_same(chunks: list[bytes], sizes: list[int]) -> None:
    body = b"".join(chunks)
    sized = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    coded = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s0\r\n\r\n" % coded
    until = b"HTTP/1.1 200 OK\r\n\r\n" + body
    assert read_answer(in_pieces(sized, sizes)) == (200, body, True)
    assert read_answer(in_pieces(chunked, sizes)) == (200, body, True)
    assert read_answer(in_pieces(until, sizes)) == (200, body, False)


@given(cut=st.integers(0, 70), sizes=SIZES)
def test_no_part_of_an_answer_passes_for_the_whole(cut: int, sizes: list[int]) -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
    with pytest.raises(BrokenAnswer):
        read_answer(in_pieces(whole[: min(cut, len(whole) - 1)], sizes))


@given(
    head=st.sampled_from([b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\ncontent-length:"]),
    rest=st.binary(max_size=200),
)
def test_any_bytes_are_an_answer_or_a_broken_one(head: bytes, rest: bytes) -> None:
    try:
        status, _, _ = read_answer(in_pieces(head + rest, []))
    except BrokenAnswer:
        return
    assert 200 <= status < 600

"""What libcurl does for us: certificates, proxies, odd answers; and what it must not do."""

from __future__ import annotations

import gzip
import io
import json
import os
import resource
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
import zlib
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from fallback_review import __version__
from fallback_review.index.client import IndexClient
from fallback_review.index.credentials import Credentials
from fallback_review.index.deadline import Question
from fallback_review.index.errors import QuestionError
from fallback_review.index.http import Limits, Wire
from fallback_review.index.origins import origin_of, sendable
from fallback_review.index.page_cache import open_cache
from fallback_review.model import Cause
from tests.conftest import lab_tool
from tests.index.indexes import chainguard, pypi
from tests.servers import relay
from tests.servers.scripted import FOREVER, RESET, Seen, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.servers.certificates import Certificates
    from tests.servers.scripted import ScriptedServer

QUICK = Limits(connect=5, read=5, question=10, total=20, retries=0)
JSON = "application/vnd.pypi.simple.v1+json"
EMPTY = json.dumps({"meta": {"api-version": "1.0"}, "name": "six", "files": []}).encode()
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity"}
AUTHORITY = trustme.CA()


def tls(*names: str, until: datetime | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names, not_after=until).configure_cert(context)
    return context


@pytest.fixture
def authority(tmp_path: Path) -> str:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    return str(tmp_path / "authority.pem")


def wire(server: ScriptedServer, limits: Limits = QUICK) -> Wire:
    origin = origin_of(server.url)
    return Wire(origin, None, connections=2, limits=limits, ca_bundle=None, environ={}, accept="*/*")


def message(
    server: ScriptedServer, *, ca_bundle: str | None = None, environ: Mapping[str, str] | None = None
) -> str:
    with IndexClient(pypi(server.url), limits=QUICK, ca_bundle=ca_bundle, environ=environ) as client:
        return client.ask(["six"])["six"].message


@pytest.mark.parametrize(
    ("context", "trusted", "words"),
    [
        (tls("127.0.0.1"), True, ""),
        (
            tls("127.0.0.1"),
            False,
            "its TLS certificate is not trusted: unable to get local issuer certificate",
        ),
        (tls("other.example"), True, "its TLS certificate is not trusted: it is made for other host names"),
        (
            tls("127.0.0.1", until=datetime(2020, 1, 1, tzinfo=UTC)),
            True,
            "its TLS certificate is not trusted: certificate has expired",
        ),
    ],
    ids=["good", "unknown authority", "other host", "expired"],
)
def test_certificates(context: ssl.SSLContext, authority: str, words: str, *, trusted: bool) -> None:
    with scripted(lambda _: answer(200, EMPTY), tls=context) as server:
        said = message(server, ca_bundle=authority if trusted else None)
        assert said.removeprefix(f"127.0.0.1:{server.port} could not be asked: ") == words
        assert len(server.seen) == (not words)


@pytest.mark.lab
def test_a_folder_of_authorities_is_all_that_is_trusted(authority: str, tmp_path: Path) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    for folder, certificate in ((ours, AUTHORITY), (others, trustme.CA())):
        folder.mkdir()
        certificate.cert_pem.write_to_path(str(folder / "one.pem"))
        subprocess.run([lab_tool("openssl"), "rehash", str(folder)], check=True)
    with scripted(lambda _: answer(200, EMPTY), tls=tls("127.0.0.1")) as server:
        assert message(server, ca_bundle=str(ours)) == ""
        # Not even with a file that the process's environment names.
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SSL_CERT_FILE", authority)
            assert "not trusted" in message(server, ca_bundle=str(others))


@pytest.mark.parametrize("secure", [False, True], ids=["http proxy", "https proxy"])
def test_through_a_tunnel_the_proxy_and_the_index_get_their_own_credentials(
    certificates: Certificates, *, secure: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    with ExitStack() as stack:
        server = stack.enter_context(scripted(lambda _: answer(200, EMPTY), tls=context))
        port, asked = stack.enter_context(relay.proxy(server.port))
        if secure:
            port = stack.enter_context(relay.tls(port, certificates))
        environ = {"https_proxy": f"{'https' if secure else 'http'}://who:se%63ret@127.0.0.1:{port}"}
        client = IndexClient(
            chainguard("https://127.0.0.1:1/simple/"),
            Credentials("ann", "right"),
            limits=QUICK,
            ca_bundle=certificates.authority,
            environ=environ,
        )
        assert stack.enter_context(client).ask(["six"])["six"].problem is None
    lines = asked[0].lower().split("\r\n")
    assert lines[0] == "connect 127.0.0.1:1 http/1.1"
    assert "proxy-authorization: basic d2hvonnly3jlda==" in lines  # printf who:secret | base64
    assert not [line for line in lines if line.startswith("authorization:")]
    assert f"user-agent: fallback-review/{__version__}" in lines
    (seen,) = server.seen
    assert (seen.path, seen.headers["authorization"]) == ("/simple/six/", "Basic YW5uOnJpZ2h0")
    assert "proxy-authorization" not in seen.headers


def test_a_proxy_that_does_not_connect() -> None:
    with (
        scripted(lambda _: [b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"]) as proxy,
        IndexClient(
            pypi("https://index.example/"), limits=QUICK, environ={"https_proxy": proxy.url}
        ) as client,
    ):
        said = client.ask(["six"])["six"].message
    assert said == "index.example could not be asked: the proxy answered 403 when it was asked to connect"


def test_what_stands_before_and_behind_an_answer_is_none_of_it() -> None:
    before = b"HTTP/1.1 100 Continue\r\nContent-Type: text/plain\r\n\r\n"
    head = b"HTTP/1.1 200 Fine\r\nContent-Type: " + JSON.encode() + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = (
        f"{len(EMPTY):x}\r\n".encode()
        + EMPTY
        + b"\r\n0\r\nContent-Type: text/plain\r\nHTTP/9 500 x: y\r\n\r\n"
    )
    with scripted(lambda _: [before, head, body]) as server:
        assert message(server) == ""


def test_an_answer_with_two_types_has_none_that_is_known() -> None:
    with scripted(lambda _: answer(200, EMPTY, headers={"content-type": "text/html"})) as server:
        assert message(server).endswith(f"answered with {JSON}? text/html instead of a simple index page")


LONG = EMPTY[:-1] + b", " + b" " * 200_000 + b'"more": 1}'
"""A page that is longer than what is read of an error."""


@pytest.mark.parametrize(
    "line", [b"HTTP/1.1\t200 OK", b"http/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.0 200 \xff"]
)
def test_an_answer_is_read_whole_however_its_status_is_written(line: bytes) -> None:
    length = f"Content-Length: {len(LONG)}\r\n".encode()
    head = line + b"\r\nContent-Type: " + JSON.encode() + b"\r\n" + length + b"\r\n"
    with scripted(lambda _: [head, LONG]) as server:
        assert message(server) == ""


@pytest.mark.parametrize(
    "header",
    [
        "Content-Length: 99999999999999999999999",
        "Content-Length: 99999999999999999999999\r\nContent-Length: 300",
        "Content-Length: -1",
        "Content-Length: +5",
        "Content-Length: 5x",
        "Content-Length : 300",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding\xa0: chunked",
        "\x85Transfer-Encoding: chunked",
    ],
)
def test_a_length_that_is_none_shows_no_body_complete(header: str) -> None:
    links = "".join(f'<a href="six-1.{number}.tar.gz">six-1.{number}.tar.gz</a>\n' for number in range(9))
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{header}\r\n\r\n".encode("latin-1")
    with scripted(lambda _: [head, f"<!DOCTYPE html><html><body>{links}".encode()]) as server:
        assert message(server) != ""


@pytest.mark.parametrize("line", ["http/ 4: X", "HTTP/1.0 5xx: X"])
def test_a_header_that_looks_like_a_status_makes_no_answer_shorter(line: str) -> None:
    head = f"HTTP/1.1 200 OK\r\n{line}\r\nContent-Type: {JSON}\r\nContent-Length: {len(LONG)}\r\n\r\n"
    with scripted(lambda _: [head.encode(), LONG]) as server:
        assert message(server).endswith("its answer is not valid HTTP")


def test_an_address_without_end() -> None:
    with scripted(lambda _: answer(200)) as server:
        asked = wire(server)
        for length in (1_100_000, 8_100_000):
            with pytest.raises(QuestionError):
                asked.get(f"{server.url}/{'x' * length}", Question(10), headers=HEADERS)
        assert asked.get(f"{server.url}/file", Question(10), headers=HEADERS).status == 200
        asked.close()


def test_credentials_of_any_bytes_are_sent_as_they_are() -> None:
    with scripted(lambda _: answer(200, EMPTY)) as server:
        credentials = Credentials("org", b"p\xe9".decode(errors="surrogateescape"))
        with IndexClient(chainguard(server.url), credentials, limits=QUICK) as client:
            assert client.ask(["six"])["six"].problem is None
    assert server.seen[0].headers["authorization"] == "Basic b3JnOnDp"  # printf 'org:p\xe9' | base64


def _packed(*parts: bytes) -> bytes:
    return b"".join(gzip.compress(part) for part in parts)


@pytest.mark.parametrize(
    ("coding", "body", "words"),
    [
        ("gzip", _packed(EMPTY), ""),
        ("x-gzip", _packed(EMPTY[:9], EMPTY[9:]), ""),
        ("gzip", _packed(EMPTY) + bytes(9), ""),
        ("GZIP", _packed(EMPTY) + bytes(9) + _packed(EMPTY[:9]), ""),
        ("deflate", zlib.compress(EMPTY), ""),
        ("deflate", zlib.compress(EMPTY)[2:-4], ""),
        ("identity", EMPTY, ""),
        ("aws-chunked", EMPTY, ""),
        ("utf-8, gzip", _packed(EMPTY), ""),
        ("gzip", _packed(EMPTY)[:-9], "its compressed answer cannot be unpacked"),
        ("deflate", zlib.compress(EMPTY)[:-1], "its compressed answer cannot be unpacked"),
        ("gzip", _packed(EMPTY) + _packed(EMPTY)[:-9], "its compressed answer cannot be unpacked"),
        ("gzip", EMPTY, "its compressed answer cannot be unpacked"),
        ("gzip, gzip", _packed(_packed(EMPTY)), "its compressed answer cannot be unpacked"),
    ],
    ids=[
        "usual",
        "members",
        "zeros behind",
        "member behind zeros",
        "deflate",
        "bare deflate",
        "identity",
        "of S3",
        "no coding",
        "cut gzip",
        "cut deflate",
        "cut member",
        "none",
        "twice",
    ],
)
def test_codings(coding: str, body: bytes, words: str) -> None:
    with scripted(lambda _: answer(200, body, headers={"Content-Encoding": coding})) as server:
        assert message(server).endswith(words)
        assert bool(message(server)) is bool(words)


@pytest.mark.parametrize(
    "packed", [EMPTY, _packed(bytes(1 << 20)), b"x" * 3_000_000], ids=["no", "much", "huge"]
)
def test_of_a_refusal_the_status_counts_whatever_its_body_is(packed: bytes) -> None:
    with scripted(lambda _: answer(404, packed, headers={"Content-Encoding": "gzip"})) as server:
        assert message(server).endswith("answered 404 Not Found")


def test_a_reset_while_tls_begins_may_pass() -> None:
    turns = iter([True, True])
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def reset() -> None:
            for _ in turns:
                connection, _ = listener.accept()
                connection.recv(10)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.close()

        thread = threading.Thread(target=reset)
        thread.start()
        patient = Limits(connect=5, question=10, retries=1, backoff=0.01)
        with IndexClient(pypi(f"https://127.0.0.1:{listener.getsockname()[1]}/"), limits=patient) as client:
            said = client.ask(["six"])["six"].message
        thread.join(30)
    assert said.endswith("the connection was closed before the answer was complete")
    assert list(turns) == []


@pytest.mark.parametrize("place", ["größe.pem", "\udcff.pem"])
def test_authorities_lie_anywhere(authority: str, place: str, tmp_path: Path) -> None:
    moved = shutil.copy(authority, tmp_path / place)
    with scripted(lambda _: answer(200, EMPTY), tls=tls("127.0.0.1")) as server:
        assert message(server, environ={"SSL_CERT_FILE": str(moved)}) == ""


@pytest.mark.parametrize("bundle", ["-----BEGIN CERTIFICATE-----\n" + "A" * 5000, "no\0where", "/dev/null/x"])
def test_authorities_that_are_nowhere(bundle: str) -> None:
    with scripted(lambda _: answer(200, EMPTY), tls=tls("127.0.0.1")) as server:
        assert message(server, environ={"SSL_CERT_FILE": bundle}).endswith("cannot be found")


def test_a_page_whose_time_is_no_ascii_is_asked_for_again(tmp_path: Path) -> None:
    told = {"Last-Modified": "Thu, 01 Jan 2020 00:00:00 GMT \u00e9", "Date": "Fri, 02 Jan 2026 00:00:00 GMT"}
    with scripted(lambda _: answer(200, EMPTY, headers=told)) as server:
        for _ in range(2):
            with (
                open_cache(tmp_path / "kept", pytest.fail) as cache,
                IndexClient(pypi(server.url), limits=QUICK, cache=cache) as client,
            ):
                assert client.ask(["six"])["six"].problem is None
    # The same bytes, which the test's server reads as Latin-1.
    assert server.seen[1].headers["if-modified-since"] == told["Last-Modified"].encode().decode("latin-1")


def test_a_caller_who_takes_his_time_costs_no_answer() -> None:
    names = [f"name-{number}" for number in range(40)]
    hasty = Limits(connect=1, read=1, question=1.5, retries=0)
    with (
        scripted(lambda _: answer(404)) as server,
        IndexClient(pypi(server.url), limits=hasty, connections=20) as client,
    ):
        found = client.ask(names, on_answer=lambda _: time.sleep(0.1))
    assert {each.problem for each in found.values()} == {Cause.PROJECT_MISSING}


class Lasting(ThreadingHTTPServer):
    """A server that keeps connections, and counts them."""

    daemon_threads = True
    begun = 0

    def get_request(self) -> Any:
        self.begun += 1
        return super().get_request()


@contextmanager
def lasting(status: int, location: str = "") -> Iterator[Lasting]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if location:
                self.send_header("Location", f"{location}{self.path}")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with Lasting(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(30)


def test_connections_are_kept_to_an_index_and_to_where_it_sends_on() -> None:
    with (
        lasting(404) as there,
        lasting(302, f"http://127.0.0.1:{there.server_port}") as index,
        IndexClient(pypi(f"http://127.0.0.1:{index.server_port}/"), limits=QUICK, connections=4) as client,
    ):
        found = client.ask([f"name-{number}" for number in range(60)])
    assert {each.problem for each in found.values()} == {Cause.PROJECT_MISSING}
    assert index.begun <= 4
    assert there.begun <= 4


def test_requests_that_fail_are_told_too(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="fallback_review.requests"):
        with scripted(lambda _: [RESET]) as server:
            message(server)
        with scripted(lambda _: answer(404)) as other:
            message(other)
    assert [record.getMessage() for record in caplog.records] == [
        f'http://127.0.0.1:{server.port} "GET /six/" failed: the connection was closed before the answer was complete',
        f'http://127.0.0.1:{other.port} "GET /six/ HTTP/1.1" 404 0',
    ]


def test_an_index_with_a_name_in_another_script_gets_its_credentials() -> None:
    with scripted(lambda _: answer(200, EMPTY)) as proxy:
        environ = {"http_proxy": proxy.url}
        index = chainguard("http://b\u00fccher.example/simple/")
        with IndexClient(index, Credentials("ann", "right"), limits=QUICK, environ=environ) as client:
            assert client.ask(["six"])["six"].problem is None
    (seen,) = proxy.seen
    assert seen.path == "http://xn--bcher-kva.example/simple/six/"
    assert seen.headers["authorization"] == "Basic YW5uOnJpZ2h0"


class Full(io.BytesIO):
    """A file on a disk with no room."""

    def write(self, _data: object) -> int:
        raise OSError(28, "No space left on device")


class Late(io.BytesIO):
    """A file that says only at the next look that there was no room."""

    def seek(self, _offset: int, _whence: int = 0) -> int:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("full", [Full, Late])
def test_a_disk_without_room(full: type[io.BytesIO]) -> None:
    with scripted(lambda _: answer(200, b"x" * 10)) as server:
        asked = wire(server)
        with pytest.raises(QuestionError, match=r"^the request failed \(OSError\)$"):
            asked.get(f"{server.url}/file", Question(10), headers=HEADERS, into=full())
        asked.close()


def test_only_success_goes_into_the_file_and_nothing_else_stays_in_it() -> None:
    held = io.BytesIO(b"what an earlier try left behind")
    with scripted(
        lambda seen: answer(200, b"bytes") if "good" in seen.path else answer(404, b"none")
    ) as server:
        asked = wire(server)
        missing = asked.get(f"{server.url}/bad", Question(10), headers=HEADERS, into=held)
        assert (missing.status, missing.body, held.getvalue()) == (404, b"none", b"")
        good = asked.get(f"{server.url}/good", Question(10), headers=HEADERS, into=held)
        assert (good.status, good.body, held.getvalue()) == (200, b"", b"bytes")
        asked.close()


@pytest.mark.parametrize(
    "script", [[FOREVER], answer(503, headers={"Retry-After": "9"})], ids=["asking", "pausing"]
)
def test_a_question_is_cut_by_another_thread(script: list[object]) -> None:
    asked = threading.Event()

    def reply(_: Seen) -> list[object]:
        asked.set()
        return script

    said: list[str] = []
    with scripted(reply) as server:
        patient = wire(server, Limits(retries=3))
        question = Question(60)

        def ask() -> None:
            try:
                patient.get(f"{server.url}/file", question, headers=HEADERS)
            except QuestionError as error:
                said.append(error.words)

        thread = threading.Thread(target=ask)
        thread.start()
        assert asked.wait(30)
        question.cut()
        thread.join(30)
        patient.close()
    assert len(said) == 1
    assert len(server.seen) == 1


def test_who_has_stopped_asks_nothing() -> None:
    with scripted(lambda _: answer(200)) as server:
        asked = wire(server)
        asked.stop()
        with pytest.raises(QuestionError, match=r"^the check was stopped$"):
            asked.get(f"{server.url}/file", Question(10), headers=HEADERS)
        assert server.seen == []


def test_many_open_files_hinder_nobody() -> None:
    """`select` knows file descriptors below 1,024 alone."""
    most, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        if most < 2048:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
            stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (most, hard))
        with scripted(lambda _: answer(200, EMPTY)) as server:
            for _ in range(1100):
                stack.callback(os.close, os.dup(0))
            assert message(server) == ""


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://index.example:8443/a/b%20c/?q=1&r=[2]", None),
        ("https://[::1]:8443/a/~b/", None),
        ("https://index.example/a b/", "https://index.example/a%20b/"),
        ("https://index.example/größe/?x=ü", "https://index.example/gr%C3%B6%C3%9Fe/?x=%C3%BC"),
        ("https://bücher.example/a/", "https://xn--bcher-kva.example/a/"),
        ("https://index.example/a\r\nX-Evil: 1\r\n/", "https://index.example/aX-Evil:%201/"),
        (
            'https://index.example/a\x00\x1f{}|\\^`"<>/',
            "https://index.example/a%00%1F%7B%7D%7C%5C%5E%60%22%3C%3E/",
        ),
    ],
)
def test_addresses_are_sent_in_the_characters_of_the_standard(url: str, sent: str | None) -> None:
    assert sendable(url) == (sent or url)


def test_a_host_without_a_name_in_ascii_is_none() -> None:
    with pytest.raises(ValueError, match="idna"):
        sendable(f"https://{'ü' * 80}.example/")

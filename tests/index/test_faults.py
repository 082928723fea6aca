"""Against a server that fails on purpose: each fault has its own words, none hangs, none is a fallback."""

from __future__ import annotations

import gzip
import itertools
import json
import ssl
import threading
import time
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fallback_review.index.client import IndexClient
from fallback_review.index.credentials import Credentials
from fallback_review.index.http import Limits, Wire
from fallback_review.model import Answer, Cause
from tests.index.indexes import chainguard, pypi
from tests.servers.process import free_port
from tests.servers.scripted import FOREVER, RESET, ScriptedServer, Seen, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.servers.certificates import Certificates

QUICK = Limits(connect=2, read=2, question=5, total=20, retries=2, backoff=0.01)
EMPTY = json.dumps({"meta": {"api-version": "1.0"}, "name": "six", "files": []}).encode()


def ask_one(
    server: ScriptedServer, *, limits: Limits = QUICK, credentials: Credentials | None = None
) -> Answer:
    with IndexClient(chainguard(f"{server.url}/simple"), credentials, limits=limits) as client:
        return client.ask(["six"])["six"]


def ask_script(reply: Callable[[Seen], Iterable[object]], *, limits: Limits = QUICK) -> tuple[Answer, int]:
    """Return the answer, and how many requests it took."""
    with scripted(reply) as server:
        return ask_one(server, limits=limits), len(server.seen)


@pytest.mark.parametrize(
    ("status", "problem", "words", "requests"),
    [
        (204, Cause.MALFORMED_INDEX, "204 No Content instead of a simple index page", 1),
        (304, Cause.MALFORMED_INDEX, "304 Not Modified", 1),
        (400, Cause.UNREACHABLE, "400 Bad Request", 1),
        (401, Cause.UNAUTHORIZED, "token missing or expired (no credentials were sent); make a new one", 1),
        (403, Cause.FORBIDDEN, "not entitled to this index", 1),
        (404, Cause.PROJECT_MISSING, "404 Not Found", 1),
        (407, Cause.UNREACHABLE, "the proxy wants credentials", 1),
        (418, Cause.UNREACHABLE, "418", 1),
        (429, Cause.UNREACHABLE, "429 Too Many Requests", 3),
        (500, Cause.UNREACHABLE, "500 Internal Server Error", 3),
        (503, Cause.UNREACHABLE, "503 Service Unavailable", 3),
        (599, Cause.UNREACHABLE, "answered 599", 1),
    ],
)
def test_every_status_has_its_own_result(status: int, problem: Cause, words: str, requests: int) -> None:
    result, count = ask_script(lambda _: answer(status, b"" if status in (204, 304) else b"<p>no</p>"))
    assert (result.problem, count) == (problem, requests)
    assert words in result.message
    assert result.message.startswith("127.0.0.1:")
    assert result.answered == (problem is Cause.PROJECT_MISSING)


@pytest.mark.parametrize(
    ("body", "reason", "words"),
    [
        (b'{"reason": "POLICY_ORG_BLOCKLIST"}', "POLICY_ORG_BLOCKLIST", "blocklist"),
        (b'{"reason": "POLICY_COOLDOWN"}', "POLICY_COOLDOWN", "cooldown"),
        (b'{"reason": "MALWARE_DETECTED"}', "MALWARE_DETECTED", "malware was found"),
        (b'{"reason": "SOMETHING_NEW"}', "SOMETHING_NEW", "SOMETHING_NEW"),
        (b'{"reason": "<script>"}', None, "it does not say why"),
        (b'{"reason": 5}', None, "it does not say why"),
        (b'["reason"]', None, "it does not say why"),
        (b'{"reason": "MALW', None, "it does not say why"),
        (b"[" * 60_000, None, "it does not say why"),
        (b"\xff\xfe", None, "it does not say why"),
    ],
)
def test_409_is_blocked_with_its_reason(body: bytes, reason: str | None, words: str) -> None:
    result, count = ask_script(lambda _: answer(409, body, content_type="application/json"))
    assert (result.problem, result.reason, count, result.answered) == (Cause.BLOCKED, reason, 1, True)
    assert words in result.message


@pytest.mark.parametrize(
    ("body", "content_type", "words", "refused"),
    [
        (b"<form><input type=password></form>", "text/html", "answered with a log-in page", False),
        (EMPTY[:-3], "application/vnd.pypi.simple.v1+json", "answered with invalid or truncated JSON", True),
        (EMPTY, "text/plain", "answered with text/plain instead of a simple index page", True),
    ],
)
def test_a_200_that_is_no_project_detail_is_malformed(
    body: bytes, content_type: str, words: str, *, refused: bool
) -> None:
    """At a log-in page no installer stops: to them it lists nothing (measured)."""
    result, count = ask_script(lambda _: answer(200, body, content_type=content_type))
    assert (result.problem, result.files, count) == (Cause.MALFORMED_INDEX, (), 1)
    assert result.refused is refused
    assert result.message.startswith("127.0.0.1:")
    assert result.message.endswith(words)


def test_a_huge_error_page_is_read_only_at_its_beginning() -> None:
    result, _ = ask_script(lambda _: answer(404, b"x" * 3_000_000))
    assert result.problem is Cause.PROJECT_MISSING


def test_retry_after_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    turns, pauses = itertools.count(), list[float]()

    def note(_wire: Wire, seconds: float, _question: object) -> Iterable[object]:
        pauses.append(seconds)
        return ()

    monkeypatch.setattr(Wire, "_pause", note)

    def reply(_: Seen) -> list[object]:
        return answer(200, EMPTY) if next(turns) else answer(429, headers={"Retry-After": "1"})

    result, count = ask_script(reply)
    assert (result.problem, count) == (None, 2)
    assert max(pauses) == 1


def test_a_retry_after_beyond_the_time_given_is_not_waited_for() -> None:
    result, count = ask_script(lambda _: answer(503, headers={"Retry-After": "3600"}))
    assert (result.problem, count) == (Cause.UNREACHABLE, 1)
    assert "wait longer than the limit of 5 s" in result.message


def test_an_unreadable_retry_after_is_passed_over() -> None:
    turns = itertools.count()

    def reply(_: Seen) -> list[object]:
        return answer(200, EMPTY) if next(turns) else answer(502, headers={"Retry-After": "soon\x01"})

    assert ask_script(reply)[0].problem is None


def _drip(head: bytes) -> Iterator[object]:
    yield head
    while True:
        yield b"x"
        yield 0.05


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX-",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100000\r\n\r\n",
    ],
    ids=["headers", "body", "not gzip"],
)
def test_a_slow_drip_is_cut(head: bytes) -> None:
    result, _ = ask_script(lambda _: _drip(head), limits=Limits(read=2, question=0.6, retries=0))
    assert result.problem in (Cause.UNREACHABLE, Cause.MALFORMED_INDEX)
    if b"gzip" not in head:
        assert "no complete answer within 0.6 s" in result.message


def test_a_slow_drip_over_tls_is_cut(certificates: Certificates) -> None:
    with scripted(lambda _: _drip(b"HTTP/1.1 200 OK\r\nX-"), tls=_tls(certificates)) as server:
        limits = Limits(read=2, question=0.6, retries=0)
        with IndexClient(pypi(server.url), limits=limits, ca_bundle=certificates.authority) as client:
            result = client.ask(["six"])["six"]
    assert "no complete answer within 0.6 s" in result.message


def test_connections_share_one_reading_of_the_authorities(certificates: Certificates, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_bytes(Path(certificates.authority).read_bytes())
    with (
        scripted(lambda _: answer(404), tls=_tls(certificates)) as server,  # each connection serves once
        IndexClient(pypi(server.url), ca_bundle=str(authority)) as client,
    ):
        first = client.ask(["six"])["six"]
        authority.write_text("no certificate any more")
        later = client.ask(["attrs", "idna"]).values()
    assert [each.problem for each in (first, *later)] == [Cause.PROJECT_MISSING] * 3


def test_silence_is_a_time_out() -> None:
    result, count = ask_script(lambda _: [FOREVER], limits=Limits(read=0.2, retries=1, backoff=0.01))
    assert (result.problem, count) == (Cause.UNREACHABLE, 2)
    assert "no answer in time" in result.message


def test_the_time_for_everything_is_kept() -> None:
    def reply(seen: Seen) -> Iterator[object]:
        if "six" in seen.path:
            yield from answer(200, EMPTY)
        yield FOREVER

    limits = Limits(total=0.5)
    with scripted(reply) as server, IndexClient(pypi(server.url), limits=limits) as client:
        answers = client.ask(["six", *(f"slow-{number}" for number in range(40))])
    assert answers["six"].problem is None
    assert {answers[name].problem for name in answers if name != "six"} == {Cause.UNREACHABLE}
    assert "the limit of 0.5 s for all names was used up" in answers["slow-39"].message


def test_closing_wakes_a_pause() -> None:
    limits = Limits(total=0.3, question=60)
    threads = threading.active_count()
    with (
        scripted(lambda _: answer(503, headers={"Retry-After": "20"})) as server,
        IndexClient(pypi(server.url), limits=limits) as client,
    ):
        assert "the limit of 0.3 s" in client.ask(["six"])["six"].message
    for _ in range(50):
        if threading.active_count() <= threads:
            break
        time.sleep(0.05)
    assert threading.active_count() <= threads


CUT = "the connection was closed before the answer was complete"
NOT_HTTP = "its answer is not valid HTTP"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([RESET], CUT),
        ([], CUT),
        (answer(200, EMPTY, length=len(EMPTY) + 10), CUT),
        ([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"], CUT),
        ([b"garbage\r\n\r\n"], NOT_HTTP),
        (answer(302, headers={"Location": "/a/", "location": "/b/"}), NOT_HTTP),
    ],
    ids=["reset", "closed", "in body", "in chunk", "not HTTP", "two targets"],
)
def test_a_killed_connection_is_tried_again_then_unreachable(script: list[object], words: str) -> None:
    result, count = ask_script(lambda _: script)
    assert (result.problem, count) == (Cause.UNREACHABLE, 3)
    assert result.message.endswith(words)


def test_a_refused_connection() -> None:
    with IndexClient(pypi(f"http://127.0.0.1:{free_port()}/"), limits=QUICK) as client:
        result = client.ask(["six"])["six"]
    assert result.problem is Cause.UNREACHABLE
    assert result.message.endswith("the connection was refused")


def test_a_name_without_address() -> None:
    with IndexClient(pypi("http://no-such-host.invalid/simple/"), limits=QUICK) as client:
        result = client.ask(["six"])["six"]
    assert result.problem is Cause.UNREACHABLE
    assert result.message.endswith("a host name could not be resolved (DNS)")


def test_an_index_that_is_down_is_not_hammered() -> None:
    limits = Limits(retries=0)
    with scripted(lambda _: answer(500)) as server:
        with IndexClient(pypi(server.url), limits=limits, connections=4) as client:
            answers = client.ask([f"name-{number}" for number in range(300)])
        assert 8 <= len(server.seen) <= 16  # four may be under way, and four answers not yet looked at
    assert {result.problem for result in answers.values()} == {Cause.UNREACHABLE}
    assert sum("so this package was not asked for" in a.message for a in answers.values()) >= 284


def test_a_few_failures_among_answers_stop_nothing() -> None:
    def reply(seen: Seen) -> list[object]:
        return answer(404) if "good" in seen.path else answer(403)

    with scripted(reply) as server, IndexClient(pypi(server.url), connections=1) as client:
        answers = client.ask(["good-0", *(f"bad-{number}" for number in range(12)), "good-1"])
    assert answers["good-1"].problem is Cause.PROJECT_MISSING
    assert answers["bad-11"].message.count("answered 403") == 1  # a port may hold these digits too
    assert "not asked for" not in answers["bad-11"].message


def test_redirect_loops_end() -> None:
    result, count = ask_script(lambda seen: answer(302, headers={"Location": seen.path}))
    assert (result.problem, count) == (Cause.UNREACHABLE, 6)
    assert "redirects more than 5 times" in result.message


@pytest.mark.parametrize(
    "target", ["ftp://index.example/", "file:///etc/passwd", "http://[bad/", "javascript:x"]
)
def test_redirects_out_of_the_web_are_refused(target: str) -> None:
    result, count = ask_script(lambda _: answer(302, headers={"Location": target}))
    assert (result.problem, count) == (Cause.UNREACHABLE, 1)
    assert target not in result.message


def _tls(certificates: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.certificate, certificates.key)
    return context


def test_a_redirect_from_https_to_http_is_refused(certificates: Certificates) -> None:
    with scripted(lambda _: answer(200, EMPTY)) as plain:
        location = {"Location": f"{plain.url}/simple/six/"}
        with (
            scripted(lambda _: answer(302, headers=location), tls=_tls(certificates)) as secure,
            IndexClient(
                chainguard(secure.url), Credentials("u", "p"), ca_bundle=certificates.authority
            ) as client,
        ):
            result = client.ask(["six"])["six"]
    assert "from https to http, which is not followed" in result.message
    assert plain.seen == []


def test_credentials_that_left_once_do_not_come_back() -> None:
    """A stranger that redirects back could choose what is asked with the credentials."""
    home: list[str] = []

    def stranger(_: Seen) -> list[object]:
        return answer(302, headers={"Location": f"{home[0]}/simple/secret/"})

    with scripted(stranger) as away:

        def reply(seen: Seen) -> list[object]:
            if "secret" in seen.path:
                return answer(401)
            return answer(302, headers={"Location": away.url, "Set-Cookie": "session=1"})

        with scripted(reply) as server:
            home.append(server.url)
            result = ask_one(server, credentials=Credentials("u", "p"))
    assert result.problem is Cause.UNAUTHORIZED
    assert [("authorization" in seen.headers, "cookie" in seen.headers) for seen in server.seen] == [
        (True, False),
        (False, False),
    ]
    assert "authorization" not in away.seen[0].headers


def test_credentials_inside_a_redirect_are_not_used() -> None:
    def reply(seen: Seen) -> list[object]:
        if seen.path == "/there/":
            return answer(200, EMPTY)
        return answer(302, headers={"Location": f"http://eve:pw@{seen.headers['host']}/there/#x"})

    with scripted(reply) as server:
        assert ask_one(server).problem is None
    assert "authorization" not in server.seen[1].headers


def test_credentials_of_any_script_are_sent_as_utf8() -> None:
    with scripted(lambda _: answer(200, EMPTY)) as server:
        assert ask_one(server, credentials=Credentials("org/id", "pässwörd✓")).problem is None
    # printf 'org/id:pässwörd✓' | base64
    assert server.seen[0].headers["authorization"] == "Basic b3JnL2lkOnDDpHNzd8O2cmTinJM="


def _gzipped(body: bytes) -> list[object]:
    return answer(200, body, headers={"Content-Encoding": "gzip"})


def test_a_compressed_answer_is_unpacked() -> None:
    assert ask_script(lambda _: _gzipped(gzip.compress(EMPTY)))[0].problem is None


def test_bodies_that_are_too_large_are_refused() -> None:
    megabyte = zlib.compressobj(9, wbits=31)
    bomb = b"".join(megabyte.compress(bytes(1 << 20)) for _ in range(80)) + megabyte.flush()
    result, count = ask_script(lambda _: _gzipped(bomb))
    assert (result.problem, count) == (Cause.MALFORMED_INDEX, 1)
    assert result.message.endswith("could not be read: its answer is larger than 64 MB")

    def endless(_: Seen) -> Iterator[object]:
        yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
        while True:
            yield bytes(1 << 20)

    result, _ = ask_script(endless, limits=Limits())
    assert result.message.endswith("larger than 64 MB")


def test_a_compressed_answer_that_is_damaged() -> None:
    result, count = ask_script(lambda _: _gzipped(b"\x1f\x8bnonsense that is not deflated"))
    assert (result.problem, count) == (Cause.MALFORMED_INDEX, 1)
    assert "cannot be unpacked" in result.message


@pytest.mark.parametrize(
    "name",
    ["../../x", "a?b", "a#b", "a b", "A", "a_b", "a.b", "a--b", "-a", "a\n", "\u202ea", "", "é", "a\x00"],
)
def test_a_name_that_is_not_normalised_is_never_sent(name: str) -> None:
    with scripted(lambda _: answer(200, EMPTY)) as server:
        with IndexClient(chainguard(server.url)) as client:
            result = client.ask([name])[name]
        assert server.seen == []
    assert (result.problem, result.answered) == (Cause.UNREACHABLE, False)
    assert "is not a normalised package name" in result.message
    assert result.message.isprintable()
    assert result.message.isascii()


def test_no_url_is_not_configured() -> None:
    with IndexClient(chainguard("")) as client:
        result = client.ask(["six"])["six"]
    assert (result.problem, result.message) == (Cause.NOT_CONFIGURED, "no index is configured")


@pytest.mark.parametrize(
    "url", ["ftp://u:secret@x/", "nonsense", "http://", "http://[x", "http://x:99999999/"]
)
def test_a_url_that_is_none_is_not_configured(url: str) -> None:
    with IndexClient(pypi(url)) as client:
        result = client.ask(["six"])["six"]
    assert (result.problem, result.answered) == (Cause.NOT_CONFIGURED, False)
    assert "not an http or https URL" in result.message
    assert "secret" not in result.message


def test_the_url_keeps_its_query_and_loses_its_credentials() -> None:
    with scripted(lambda _: answer(200, EMPTY)) as server:
        url = server.url.replace("//", "//user:secret@") + "/a/simple?layout=2"
        with IndexClient(chainguard(url)) as client:
            assert client.ask(["six"])["six"].problem is None
    assert server.seen[0].path == "/a/simple/six/?layout=2"
    assert "authorization" not in server.seen[0].headers
    assert server.seen[0].headers["accept"].startswith("application/vnd.pypi.simple.v1+json,")


def test_who_is_stopped_waits_for_no_index() -> None:
    asked = threading.Event()

    def silent(_: Seen) -> Iterable[object]:
        asked.set()
        return [FOREVER]

    patient = Limits(read=300, question=300, total=300)
    with (
        scripted(silent) as server,
        IndexClient(chainguard(f"{server.url}/simple"), limits=patient) as client,
    ):
        answers: dict[str, Answer] = {}
        asking = threading.Thread(target=lambda: answers.update(client.ask(["six", "urllib3"])))
        asking.start()
        assert asked.wait(60)
        client.stop()
        asking.join(60)
        assert {answer.problem for answer in answers.values()} == {Cause.UNREACHABLE}
        assert {"six", "urllib3"} == answers.keys()
        assert all(
            each in client.ask(["later"])["later"].message for each in ("could not be asked", "stopped")
        )

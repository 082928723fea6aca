from __future__ import annotations

import socket
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from fallback_review.github.client import Client, Pace, Patience
from fallback_review.github.delivery import Delivery, Done, attempt, shortfall
from fallback_review.github.errors import EventError, GitHubError, Need, Trouble, graphql_refusal, refusal
from tests.conftest import lab_tool
from tests.github_lab.fixtures import QUICK
from tests.github_lab.front import Fault
from tests.github_lab.lab import JOB
from tests.servers.scripted import scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.github_lab.lab import Lab

    Connect = Callable[..., Client]

READ = Need.CONTENTS_READ


def test_importing_it_brings_no_cryptographic_library() -> None:
    """Only Apps have keys."""
    code = "import sys; import fallback_review.github.client; sys.exit('jwt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_token_is_told_at_once() -> None:
    with pytest.raises(GitHubError, match="check the github-token input"):
        Client("", api_url="https://github.example/api/v3", graphql_url="https://github.example/api/graphql")


def test_enterprise_server_s_paths(lab: Lab, connect: Connect) -> None:
    repository = lab.repository({"uv.lock": "a\n"})
    base = lab.front.url
    with connect(api_url=f"{base}/api/v3", graphql_url=f"{base}/api/graphql") as client:
        assert client.raw(f"{repository.path}/contents/uv.lock", need=READ, ref="main") == b"a\n"
        assert client.graphql("query { viewer { login } }", {}, need=READ) == {
            "viewer": {"login": "github-actions[bot]"}
        }


def test_headers(lab: Lab, client: Client) -> None:
    repository = lab.repository({"uv.lock": "a\n"})
    client.raw(f"{repository.path}/contents/uv.lock", need=READ)
    headers = lab.front.exchanges[-1].headers
    assert headers["user-agent"].startswith("fallback-review/")
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["accept"] == "application/vnd.github.raw+json"
    assert headers["authorization"] == f"Bearer {JOB}"


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        quick = Patience(retries=1, backoff=0.0)
        url = f"http://127.0.0.1:{port}"
        with Client("secret-token", api_url=url, graphql_url=f"{url}/graphql", patience=quick) as client:
            with pytest.raises(GitHubError, match="did not answer") as caught:
                client.get("/user", need=READ)
            with pytest.raises(GitHubError):
                client.graphql("query { viewer { login } }", {}, need=READ)
    assert caught.value.trouble is Trouble.UNREACHABLE
    assert "secret-token" not in str(caught.value)


def test_a_proxy_is_used(lab: Lab, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = lab.repository({"uv.lock": "a\n"})
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "")
        proxy.settimeout(5)
        quick = Patience(retries=0, timeout=1)
        url = "http://github.example"
        with Client("t", api_url=url, graphql_url=url, patience=quick) as client, pytest.raises(GitHubError):
            client.get(f"{repository.path}", need=READ)
        connection, _ = proxy.accept()
        with connection:
            assert connection.recv(100).startswith(b"GET http://github.example")


def test_a_certificate_bundle_that_is_not_there(tmp_path: Path) -> None:
    url = "https://127.0.0.1:1"
    bundle = str(tmp_path / "absent.pem")
    with (
        Client("t", api_url=url, graphql_url=url, ca_bundle=bundle, patience=QUICK) as client,
        pytest.raises(GitHubError, match="CA") as caught,
    ):
        client.get("/user", need=READ)
    assert caught.value.trouble is Trouble.UNREACHABLE


@pytest.mark.lab
def test_an_organisation_s_own_certificate_authority(tmp_path: Path) -> None:
    certificate, key = tmp_path / "ca.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            *(lab_tool("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"),
            *("-days", "2", "-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)

    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "15")
            self.end_headers()
            self.wfile.write(b'{"login":"ghe"}')

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Hello) as server:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_args: None  # type: ignore[method-assign]  # the refused handshake
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        url = f"https://localhost:{server.server_port}"
        quick = Patience(retries=0, timeout=5)
        with Client("t", api_url=url, graphql_url=url, ca_bundle=str(certificate), patience=quick) as client:
            assert client.get("/user", need=READ)["login"] == "ghe"
        with (
            Client("t", api_url=url, graphql_url=url, patience=quick) as client,
            pytest.raises(GitHubError, match="SSLError"),
        ):
            client.get("/user", need=READ)
        server.shutdown()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Type: text/pl",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nsix==",
    ],
)
def test_an_answer_without_length_is_not_taken_for_a_file(answer: bytes) -> None:
    """A connection that ends early must not make a lockfile empty, or short."""
    with scripted(lambda _: [answer]) as server:
        quick = Patience(retries=0, timeout=5)
        with (
            Client("t", api_url=server.url, graphql_url=server.url, patience=quick) as client,
            pytest.raises(GitHubError, match="did not answer"),
        ):
            client.raw("/repos/acme/app/contents/requirements.txt", need=READ)


@pytest.mark.parametrize("location", ["https://localhost/elsewhere", "http://other.example/x"])
def test_a_redirect_to_another_host_is_not_followed(lab: Lab, client: Client, location: str) -> None:
    elsewhere = Fault(verb="GET", path="/user", status=301, headers={"Location": location}, times=99)
    lab.front.faults.append(elsewhere)
    with pytest.raises(GitHubError, match="sent us to another host"):
        client.get("/user", need=READ)
    assert lab.requests() == ["GET /user"] * (1 + QUICK.retries)


def test_a_repository_that_was_renamed(lab: Lab, client: Client) -> None:
    """Such a redirect takes the same request, whatever its verb, and only so many in a row."""
    repository = lab.repository({"uv.lock": "a\n"})
    here = f"{repository.path}/issues"
    moved = Fault(verb="(GET|POST)", path="/repos/old/.*", status=301, headers={"Location": here}, times=2)
    lab.front.faults.append(moved)
    client.create("/repos/old/app/issues", {"title": "x"}, need=Need.ISSUES_WRITE, found=lambda: None)
    assert [issue["title"] for issue in client.get("/repos/old/app/issues", need=READ, state="all")] == ["x"]
    lab.front.faults.append(Fault(verb="GET", path=".*", status=301, headers={"Location": here}, times=99))
    with pytest.raises(GitHubError, match="TooManyRedirects"):
        client.get("/repos/old/app/issues", need=READ)


def test_an_answer_cut_off(lab: Lab, client: Client) -> None:
    lab.front.faults.append(
        Fault(verb="GET", path="/user", status=200, headers={"Content-Type": "text/html"}, times=99)
    )
    lab.front.faults[0].raw = b"<html>login"
    with pytest.raises(GitHubError, match="was not JSON"):
        client.get("/user", need=READ)


def test_pages_stop_at_the_limit(lab: Lab, client: Client) -> None:
    pull = lab.repository({"a": "1"}).pull_request({f"{number:03}": "x" for number in range(250)})
    path = f"{pull.repository.path}/pulls/{pull.number}/files"
    assert len(list(client.pages(path, need=READ, limit=200))) == 200
    assert len(lab.front.exchanges) == 2
    assert len(list(client.pages(path, need=READ))) == 250


def test_deleting_what_is_gone_is_fine_and_other_trouble_is_not(
    lab: Lab, connect: Connect, client: Client
) -> None:
    repository = lab.repository({})
    path = f"{repository.path}/issues/comments/1"
    client.delete(path, need=Need.PULL_REQUESTS_WRITE)
    with pytest.raises(GitHubError):
        connect(lab.token(contents="read")).delete(path, need=Need.PULL_REQUESTS_WRITE)


EXHAUSTED = {"message": "API rate limit exceeded for installation ID 1."}


def exhausted(seconds: int, **more: str) -> Fault:
    """Make the next request exhaust the token's limit, until so many seconds after GitHub's own noon."""
    headers = {
        "Date": "Mon, 02 Nov 2026 12:00:00 GMT",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(1793620800 + seconds),
        **more,
    }
    return Fault(verb=".*", path="/user", status=403, headers=headers, body=EXHAUSTED, times=99)


def test_an_exhausted_limit_that_lasts_longer_than_a_run_waits(lab: Lab, client: Client) -> None:
    lab.front.faults.append(exhausted(3_000))
    with pytest.raises(GitHubError) as caught:
        client.get("/user", need=READ)
    assert caught.value.trouble is Trouble.RATE_LIMITED
    assert str(caught.value).endswith(
        "run the job again after 2026-11-02 12:50 UTC; runs that share a token share its rate limit"
    )
    assert len(lab.front.exchanges) == 1


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits, which take no time here."""
    waits: list[float] = []
    monkeypatch.setattr("fallback_review.github.client.sleep", waits.append)
    return waits


def test_an_exhausted_limit_is_waited_for_once(lab: Lab, connect: Connect, slept: list[float]) -> None:
    """By GitHub's clock, whatever ours says."""
    fault = exhausted(80)
    fault.times = 1
    lab.front.faults.append(fault)
    with connect("ghp_acme", patience=Patience()) as client:
        assert client.get("/user", need=READ)["login"] == "acme"
        assert slept == [81.0]
        fault.times = 1
        with pytest.raises(GitHubError, match="after 2026-11-02 12:01 UTC"):
            client.get("/user", need=READ)  # together that is more than a run waits
    assert slept == [81.0]


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({}, [60.0]),  # a secondary limit that says nothing
        ({"Retry-After": "7"}, [7.0]),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "soon"}, [60.0]),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 30}, [60.0]),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "0"}, [1.0]),
    ],
)
def test_what_a_limit_says(
    lab: Lab, connect: Connect, slept: list[float], headers: dict[str, str], waits: list[float]
) -> None:
    lab.front.faults.append(Fault(verb="GET", path="/user", status=429, headers=headers, body=EXHAUSTED))
    with connect("ghp_acme", patience=Patience()) as client:
        client.get("/user", need=READ)
    assert slept == waits


@pytest.mark.parametrize(
    "fault",
    [
        Fault(verb="POST", path="/graphql", status=403, headers={"Retry-After": "60"}, body=EXHAUSTED),
        Fault(verb="POST", path="/graphql", status=502),
        Fault(verb="POST", path="/graphql", killed=True),
        Fault(verb="POST", path="/graphql", status=404),
    ],
    ids=lambda fault: str(fault.status),
)
def test_a_shortcut_is_not_waited_for_and_not_tried_again(
    lab: Lab, connect: Connect, slept: list[float], fault: Fault
) -> None:
    fault.times = 99
    lab.front.faults.append(fault)
    with connect(patience=Patience()) as client:
        for _ in range(3):
            with pytest.raises(GitHubError):
                client.shortcut("query { viewer { login } }", {}, need=READ)
    assert (slept, lab.requests()) == ([], ["POST /graphql"])


def test_a_query_that_is_wrong_leaves_other_shortcuts_open(lab: Lab, client: Client) -> None:
    with pytest.raises(GitHubError):
        client.shortcut("query { nonsense }", {}, need=READ)
    assert client.shortcut("query { viewer { login } }", {}, need=READ)["viewer"]["login"]


def test_writes_are_spaced() -> None:
    """GitHub takes about 80 writes a minute; some may follow each other at once."""
    pace, now, sent = Pace(Patience()), 100.0, []
    for _ in range(300):
        now += pace.delay(now)
        sent.append(now)
    assert sent[:10] == [100.0] * 10
    assert max(sum(1 for each in sent if start <= each < start + 60) for start in sent) <= 80
    assert pace.delay(now + 3_600) == 0.0


def test_only_writes_are_spaced(lab: Lab, connect: Connect, slept: list[float]) -> None:
    repository = lab.repository({})
    with connect(patience=Patience(free_writes=1, between_writes=5.0)) as client:
        for _ in range(3):
            client.get(repository.path, need=READ)
            client.graphql("query { viewer { login } }", {}, need=READ)
        assert slept == []
        for _ in range(2):
            client.create(
                f"{repository.path}/issues", {"title": "x"}, need=Need.ISSUES_WRITE, found=lambda: None
            )
    assert slept[0] == 0.0
    assert 0.0 < slept[1] <= 5.0


@pytest.mark.parametrize(
    ("status", "headers", "data", "trouble"),
    [
        (401, {}, {"message": "Bad credentials"}, Trouble.UNAUTHORIZED),
        (403, {}, {"message": "Resource not accessible by integration"}, Trouble.FORBIDDEN),
        (403, {}, "<html>blocked by a proxy</html>", Trouble.FORBIDDEN),
        (403, {"X-RateLimit-Remaining": "0"}, {}, Trouble.RATE_LIMITED),
        (403, {}, {"message": "You have exceeded a secondary rate limit"}, Trouble.RATE_LIMITED),
        (404, {}, '{"message":"Not Found"}', Trouble.NOT_FOUND),
        (409, {}, {"message": "Git Repository is empty."}, Trouble.UNAVAILABLE),
        (410, {}, {"message": "Issues has been disabled in this repository."}, Trouble.UNAVAILABLE),
        (451, {}, {"message": "Repository access blocked"}, Trouble.UNAVAILABLE),
        (422, {}, {"message": "Validation Failed", "errors": ["x"]}, Trouble.REFUSED),
        (429, {}, None, Trouble.RATE_LIMITED),
        (500, {}, [], Trouble.UNREACHABLE),
    ],
)
def test_refusals(status: int, headers: dict[str, str], data: object, trouble: Trouble) -> None:
    error = refusal(status, headers, data, "GitHub, asked to GET /x,", READ)
    assert error.trouble is trouble
    assert str(status) in str(error)
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("accepted", "need", "named"),
    [
        ("", Need.STATUSES_WRITE, "statuses: write"),
        ("pull_requests=write; issues=write", Need.PULL_REQUESTS_WRITE, "pull-requests: write"),
        ("issues=write; pull_requests=write", Need.PULL_REQUESTS_WRITE, "pull-requests: write"),
        ("issues=read; pull_requests=read", Need.PULL_REQUESTS_WRITE, "pull-requests: write"),
        ("issues=write", Need.PULL_REQUESTS_WRITE, "issues: write"),
        ("contents=write,workflows=write", Need.CONTENTS_READ, "contents: write, workflows: write"),
    ],
)
def test_the_missing_permission(accepted: str, need: Need, named: str) -> None:
    error = refusal(403, {"X-Accepted-GitHub-Permissions": accepted}, {}, "x", need)
    assert error.permission == named
    assert f"`{named}`" in str(error)


@pytest.mark.parametrize(
    "message",
    [
        "Unable to create comment because issue is locked.",
        "Repository was archived so is read-only.",
        "The `acme` organization has an IP allow list enabled, and your IP address is not permitted.",
        "Resource protected by organization SAML enforcement.",
    ],
)
def test_what_no_permission_helps_against(message: str) -> None:
    error = refusal(403, {}, {"message": message}, "GitHub, asked to POST /x,", Need.PULL_REQUESTS_WRITE)
    assert (error.trouble, error.permission) == (Trouble.FORBIDDEN, None)
    assert str(error).endswith("; the token may not do this, for the reason that GitHub gives")
    assert message[:30] in str(error)


def test_an_empty_repository_is_no_fault_of_ours() -> None:
    error = refusal(409, {}, {"message": "Git Repository is empty."}, "GitHub, asked to GET /x,", READ)
    assert str(error) == (
        "GitHub, asked to GET /x, said 409: Git Repository is empty; correct that, or run the job "
        "again if it goes away by itself"
    )


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        ("FORBIDDEN", Trouble.FORBIDDEN),
        ("INSUFFICIENT_SCOPES", Trouble.FORBIDDEN),
        ("NOT_FOUND", Trouble.NOT_FOUND),
        ("RATE_LIMITED", Trouble.RATE_LIMITED),
        (None, Trouble.REFUSED),
    ],
)
def test_graphql_refusals(kind: str | None, trouble: Trouble) -> None:
    error = graphql_refusal({"type": kind, "message": "so\nit is"}, Need.PULL_REQUESTS_WRITE)
    assert error.trouble is trouble
    assert "so it is" in str(error)


def test_shortfall_names_the_channel_and_what_to_do() -> None:
    def no() -> Delivery:
        raise GitHubError(Trouble.FORBIDDEN, "GitHub said 403", permission="statuses: write")

    def odd() -> Delivery:
        raise EventError("the payload is odd")

    deliveries = [
        Delivery(channel="comment", done=Done.CREATED),
        attempt("commit status", no),
        attempt("review comments", odd),
    ]
    assert shortfall(deliveries) == (
        "No commit status: GitHub said 403; add `statuses: write` to the job's `permissions:`",
        "No review comments: the payload is odd",
    )

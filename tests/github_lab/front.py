"""The front of the stateful GitHub: who asks, what they may, what breaks, and a record of everything."""

from __future__ import annotations

import json
import re
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import TYPE_CHECKING, Any

import requests

from tests.github_lab.exchanges import Exchange
from tests.github_lab.gaps import Answer, Gaps

if TYPE_CHECKING:
    from collections.abc import Callable

ALL = {
    "contents": "write",
    "pull_requests": "write",
    "issues": "write",
    "statuses": "write",
    "checks": "write",
}
NEEDED = (
    # verb, path, alternatives of permissions; the first that fits counts
    ("GET", r"/repos/[^/]+/[^/]+/(contents|compare|git|commits)/?.*", ("contents=read",)),
    ("GET", r"/repos/[^/]+/[^/]+/pulls.*", ("pull_requests=read",)),
    ("GET", r"/repos/[^/]+/[^/]+/issues.*", ("issues=read", "pull_requests=read")),
    ("POST", r"/repos/[^/]+/[^/]+/statuses/.*", ("statuses=write",)),
    ("POST", r"/repos/[^/]+/[^/]+/issues", ("issues=write",)),
    ("PATCH", r"/repos/[^/]+/[^/]+/issues/\d+", ("issues=write",)),
    ("(POST|PATCH|DELETE)", r"/repos/[^/]+/[^/]+/pulls/.*", ("pull_requests=write",)),
    ("(POST|PATCH|DELETE)", r"/repos/[^/]+/[^/]+/issues/.*", ("issues=write", "pull_requests=write")),
)


@dataclass(slots=True, kw_only=True)
class Token:
    """Who a token is and what it may; `permissions` None is a person's, which may everything."""

    login: str
    permissions: dict[str, str] | None = None

    @property
    def installation(self) -> bool:
        return self.permissions is not None

    def may(self, permission: str) -> bool:
        name, _, level = permission.partition("=")
        held = (self.permissions if self.permissions is not None else ALL).get(name)
        return held in {"write", level}


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that goes wrong, `times` times, with the requests that it matches."""

    verb: str
    path: str
    """A regular expression for the whole path."""
    times: int = 1
    status: int | None = None
    killed: bool = False
    """Whether the connection is closed without an answer."""
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=lambda: {"message": "injected"})
    raw: bytes | None = None
    """Sent instead of the body."""
    after_work: bool = False
    """Whether GitHub does what was asked before it goes wrong."""
    before: Callable[[], object] | None = None
    """Called first; where neither status nor killed is given, nothing else happens."""

    def matches(self, verb: str, path: str) -> bool:
        return (
            self.times > 0
            and re.fullmatch(self.verb, verb) is not None
            and bool(re.fullmatch(self.path, path))
        )


class Front:
    """Listens on a port of its own and passes on to the emulator what the emulator can do."""

    def __init__(self) -> None:
        self.tokens: dict[str, Token] = {}
        self.faults: list[Fault] = []
        self.exchanges: list[Exchange] = []
        self.lock = threading.Lock()
        self.emulator = ""
        self.worked = count()
        self.session = requests.Session()
        self.gaps = Gaps(self)
        front = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do(self) -> None:
                front.handle(self)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do  # noqa: N815 - http.server's names

            def log_message(self, *args: object) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://localhost:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.session.close()

    def token_of(self, login: str) -> str:
        """Return a token of the emulator's, which lets each do 5,000 requests an hour: the next in time."""
        return f"emulated-{login}-{next(self.worked) // 4_000}"

    def work(
        self, verb: str, url: str, login: str, *, body: Any = None, accept: str = "application/json"
    ) -> requests.Response:
        """Have the emulator do something as `login`, past the front's checks and records."""
        return self.session.request(
            verb,
            f"{self.emulator}{url}",
            json=body,
            headers={"Authorization": f"token {self.token_of(login)}", "Accept": accept},
            timeout=30,
            allow_redirects=False,
        )

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        length = int(request.headers.get("Content-Length") or 0)
        raw = request.rfile.read(length)
        url = request.path.removeprefix("/api/v3").replace("/api/graphql", "/graphql")
        path = url.partition("?")[0]
        secret = (request.headers.get("Authorization") or "").rpartition(" ")[2]
        token = self.tokens.get(secret)
        exchange = Exchange(
            verb=request.command,
            url=url,
            login=token.login if token else None,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=json.loads(raw) if raw else None,
        )
        with self.lock:
            self.exchanges.append(exchange)
            fault = next((fault for fault in self.faults if fault.matches(request.command, path)), None)
            if fault:
                fault.times -= 1
        if fault and fault.before:
            fault.before()
        if fault and not fault.killed and fault.status is None:
            fault = None
        if fault and not fault.after_work:
            self.fail(request, exchange, fault)
            return
        answer = self.answer(exchange, token)
        if fault:
            self.fail(request, exchange, fault)
            return
        exchange.status = answer.status
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        exchange.answer = json.loads(answer.content) if is_json and answer.content else None
        self.send(request, answer)

    def fail(self, request: BaseHTTPRequestHandler, exchange: Exchange, fault: Fault) -> None:
        exchange.injected = True
        request.close_connection = True
        if fault.killed or fault.status is None:
            request.connection.shutdown(socket.SHUT_RDWR)
            return
        exchange.status = fault.status
        answer = Answer.json(fault.body, fault.status)
        answer.headers.update({"Connection": "close", **fault.headers})
        if fault.raw is not None:
            answer.content = fault.raw
        self.send(request, answer)

    def send(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        request.send_response_only(answer.status)
        answer.headers.setdefault("Date", request.date_time_string())
        for name, value in answer.headers.items():
            request.send_header(name, value)
        if answer.status != 204:
            request.send_header("Content-Length", str(len(answer.content)))
        request.end_headers()
        if answer.status != 204:
            request.wfile.write(answer.content)

    def answer(self, exchange: Exchange, token: Token | None) -> Answer:
        if token is None:
            as_app = self.gaps.bot.as_app(exchange)
            return as_app or Answer.json({"message": "Bad credentials", "status": "401"}, 401)
        refused = self.refused(exchange, token)
        if refused:
            return refused
        with self.lock:  # GitHub's own database is one, too
            return self.gaps.answer(exchange, token)

    def refused(self, exchange: Exchange, token: Token) -> Answer | None:
        for verb, path, alternatives in NEEDED:
            if re.fullmatch(verb, exchange.verb) and re.fullmatch(path, exchange.path):
                if any(token.may(permission) for permission in alternatives):
                    return None
                return forbidden("; ".join(alternatives))
        if exchange.path == "/user" and token.installation:
            return forbidden("")
        return None


def forbidden(accepted: str) -> Answer:
    body = {"message": "Resource not accessible by integration", "status": "403"}
    answer = Answer.json(body, 403)
    if accepted:
        answer.headers["X-Accepted-GitHub-Permissions"] = accepted
    return answer

"""A small index server on loopback ports: Chainguard, PyPI and a private index over real HTTP.

What Chainguard's side imitates, and from where it is known:
- HTTP basic authentication on the indexes and files; 401 without it (libraries documentation).
- One simple index that lists built and upstream files; the tier shows only in the file's URL path:
  ``/python/simple/NAME/VERSION/FILE``, ``/python-upstream/simple/…``, ``/python-remediated/simple/…``.
- 409 with a JSON body naming the ``reason`` for a blocked package, 404 for one that it does not have.
- The VEX feed, open to all: ``/openvex/v1/pypi/NAME.openvex.json`` (libraries documentation).
- PEP 691 JSON beside PEP 503 HTML, PEP 658 metadata, a redirect to the address with a slash.
"""

from __future__ import annotations

import base64
import hmac
import json
import socketserver
from collections import defaultdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct, field
from packaging.utils import canonicalize_name

from fallback_review.cli.demo import pages
from fallback_review.cli.demo.build import build
from fallback_review.cli.demo.universe import Shelf

if TYPE_CHECKING:
    from types import TracebackType

    from fallback_review.cli.demo.build import BuiltFile
    from fallback_review.cli.demo.universe import Universe

LOOPBACK = "127.0.0.1"
_BYTES = "application/octet-stream"

_FILES_BELOW = {
    Shelf.BUILT: "/python/simple/{name}/{version}/{file}",
    Shelf.UPSTREAM: "/python-upstream/simple/{name}/{version}/{file}",
    Shelf.REMEDIATED: "/python-remediated/simple/{name}/{version}/{file}",
    Shelf.PYPI: "/packages/{name}/{file}",
    Shelf.PRIVATE: "/files/{name}/{file}",
}


class Served(Struct, frozen=True, kw_only=True):
    """One request that a server got, for tests and for the curious."""

    host: str
    """``chainguard``, ``pypi`` or ``private``."""
    path: str
    status: int
    credentials: bool
    """Whether the request carried an Authorization header, right or wrong."""


class _Reply(Struct, frozen=True):
    status: HTTPStatus
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class _Site:
    """What one host serves: index pages below a prefix each, and files at their paths."""

    def __init__(self, name: str, indexes: dict[str, tuple[Shelf, ...]], universe: Universe) -> None:
        self.name = name
        self.indexes = indexes
        self.authorization: str | None = None
        self.open_to_all: dict[str, bytes] = {}
        self.blocked: dict[str, str] = {}
        self.files: dict[str, BuiltFile] = {}
        self._listed: defaultdict[tuple[str, str], list[tuple[str, BuiltFile]]] = defaultdict(list)
        for release in universe.releases:
            for shelf, kinds in release.on.items():
                for kind in kinds:
                    self._add(shelf, build(release, shelf, kind))

    def _add(self, shelf: Shelf, file: BuiltFile) -> None:
        name = canonicalize_name(file.release.name)
        for prefix, shelves in self.indexes.items():
            if shelf in shelves:
                path = _FILES_BELOW[shelf].format(name=name, version=file.release.version, file=file.filename)
                self.files[path] = file
                self._listed[prefix, name].append((quote(path), file))

    def reply(self, target: str, accept: str | None, authorization: str | None) -> _Reply:
        """Answer one request."""
        path = unquote(urlsplit(target).path)
        if path in self.open_to_all:
            return _Reply(HTTPStatus.OK, self.open_to_all[path], _typed("application/json"))
        expected = self.authorization
        if expected is not None and not hmac.compare_digest(
            (authorization or "").encode(), expected.encode()
        ):
            return _Reply(
                HTTPStatus.UNAUTHORIZED,
                b"Credentials are missing or wrong.\n",
                {"WWW-Authenticate": 'Basic realm="Chainguard Libraries"', "Content-Type": "text/plain"},
            )
        if path in self.files:
            return _Reply(HTTPStatus.OK, self.files[path].content, _typed(_BYTES))
        if file := self.files.get(path.removesuffix(".metadata")):
            return _Reply(HTTPStatus.OK, file.metadata, _typed(_BYTES))
        for prefix in self.indexes:
            if path.startswith(prefix) or path + "/" == prefix:
                return self._page(prefix, path, accept)
        return _not_found()

    def _page(self, prefix: str, path: str, accept: str | None) -> _Reply:
        given = path.removeprefix(prefix).rstrip("/") if path.startswith(prefix) else ""
        if "/" in given:
            return _not_found()
        name = canonicalize_name(given)
        address = f"{prefix}{name}/" if name else prefix
        if path != address:
            return _Reply(HTTPStatus.MOVED_PERMANENTLY, headers={"Location": quote(address)})
        if name in self.blocked:
            reason = {"reason": self.blocked[name], "message": f"{name} is blocked"}
            return _Reply(HTTPStatus.CONFLICT, json.dumps(reason).encode(), _typed("application/json"))
        content_type = pages.negotiate(accept)
        if content_type is None:
            return _Reply(HTTPStatus.NOT_ACCEPTABLE)
        return self._listing(prefix, name, content_type)

    def _listing(self, prefix: str, name: str, content_type: str) -> _Reply:
        if not name:
            names = sorted({listed for where, listed in self._listed if where == prefix})
            return _Reply(HTTPStatus.OK, pages.project_list(names, content_type), _typed(content_type))
        files = self._listed.get((prefix, name))
        if not files:
            return _not_found()
        return _Reply(HTTPStatus.OK, pages.project_detail(name, files, content_type), _typed(content_type))


def _typed(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Vary": "Accept"}


def _not_found() -> _Reply:
    return _Reply(HTTPStatus.NOT_FOUND, b"Not here.\n", {"Content-Type": "text/plain"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # one write for headers and body: no waiting for a delayed acknowledgement
    server: _Server

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        site = self.server.site
        authorization = self.headers.get("Authorization")
        reply = site.reply(self.path, self.headers.get("Accept"), authorization)
        self.server.log.append(
            Served(
                host=site.name,
                path=self.path,
                status=reply.status.value,
                credentials=authorization is not None,
            )
        )
        self.send_response(reply.status)
        for key, value in reply.headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if with_body:
            self.wfile.write(reply.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's own name
        """Stay silent: requests are kept in the log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, site: _Site, log: list[Served], port: int) -> None:
        self.site = site
        self.log = log
        super().__init__((LOOPBACK, port), _Handler)

    def server_bind(self) -> None:
        """Bind without asking the resolver for a host name, which can take seconds and leave the machine."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = LOOPBACK, self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent when a client hangs up early."""


class DemoIndex:
    """Chainguard, PyPI and a private index, each on a loopback port of its own, while the context lasts.

    Only Chainguard asks for credentials. `log` holds every request to any of them, in order.
    """

    def __init__(
        self, universe: Universe, *, credentials: tuple[str, str] = ("demo/identity", "demo-token")
    ) -> None:
        self.username, self.password = credentials
        self.log: list[Served] = []
        chainguard = _Site(
            "chainguard",
            {
                "/python/simple/": (Shelf.BUILT, Shelf.UPSTREAM),
                "/python-remediated/simple/": (Shelf.REMEDIATED,),
            },
            universe,
        )
        chainguard.authorization = "Basic " + base64.b64encode(":".join(credentials).encode()).decode()
        chainguard.blocked = {canonicalize_name(name): reason for name, reason in universe.blocked.items()}
        chainguard.open_to_all = {
            f"/openvex/v1/pypi/{name}.openvex.json": pages.vex_document(name, fixes)
            for name, fixes in universe.fixes.items()
        }
        self._sites = (
            chainguard,
            _Site("pypi", {"/simple/": (Shelf.PYPI,)}, universe),
            _Site("private", {"/simple/": (Shelf.PRIVATE,)}, universe),
        )
        self._servers: list[_Server] = []

    def __enter__(self) -> Self:
        for site in self._sites:
            server = _Server(site, self.log, port=0)
            self._servers.append(server)
            Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    @property
    def chainguard(self) -> str:
        """The base address of Chainguard's host, without a slash at the end."""
        return self._base(0)

    @property
    def pypi(self) -> str:
        """The base address of PyPI's host."""
        return self._base(1)

    @property
    def private(self) -> str:
        """The base address of the private index's host."""
        return self._base(2)

    def fill(self, text: str) -> str:
        """Replace the placeholders ``{chainguard}``, ``{pypi}`` and ``{private}`` by the base addresses."""
        for name, base in self._bases().items():
            text = text.replace(f"{{{name}}}", base)
        return text

    def empty(self, text: str) -> str:
        """Replace the base addresses by their placeholders: the opposite of `fill`."""
        for name, base in self._bases().items():
            text = text.replace(base, f"{{{name}}}")
        return text

    def _bases(self) -> dict[str, str]:
        return {"chainguard": self.chainguard, "pypi": self.pypi, "private": self.private}

    def _base(self, position: int) -> str:
        return f"http://{LOOPBACK}:{self._servers[position].server_port}"

"""Real index servers on loopback, for real installers: a Chainguard, a PyPI, and managers that merge them."""

from __future__ import annotations

import base64
import hashlib
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import quote, unquote

from fallback_review.model import Answer, Cause, Edition, Index, Owner, ProjectFile, Tier
from fallback_review.prediction.addresses import Addresses
from fallback_review.prediction.candidates import parse_filename
from fallback_review.prediction.layouts import LAYOUTS
from fallback_review.prediction.listing import ListedFile, Page

from .wheels import sdist_bytes, wheel_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.prediction import Answers

USER, PASSWORD = "reader", "s3cret"
SIDES = ("c", "p")


@dataclass
class World:
    """What both origins hold, by project; and what a server at `base` serves of it."""

    names: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
    base: str = ""
    guarded: bool = False
    """Whether Chainguard's index asks for a password; its files lie in open storage, as pre-signed ones do."""
    requests: list[str] = field(default_factory=list)

    def contents(self, side: str, filename: str) -> bytes:
        return contents(filename, origin=side)

    def page(self, side: str, project: str) -> Page:
        number = SIDES.index(side)
        return tuple(self.listed(side, name) for name in self.names[project][number])

    def listed(self, side: str, filename: str) -> ListedFile:
        parsed = parse_filename(filename)
        assert parsed is not None
        file = ProjectFile(
            filename=filename,
            url=f"{self.base}/files/{side}/{quote(filename)}",
            version=str(parsed.version),
            sha256=hashlib.sha256(self.contents(side, filename)).hexdigest(),
            tier=Tier.BUILT if side == "c" else None,
        )
        return ListedFile(file=file, index=self.index(side))

    def served(self, index: str, project: str) -> Page:
        """One index's page: an origin's own, or a layout's merge."""
        if index in SIDES:
            return self.page(index, project)
        pages = {self.index(side): self.page(side, project) for side in SIDES}
        return LAYOUTS[index].arrange(self.addresses)[0].page(pages).page

    def respond(self, path: str, authorization: str | None) -> tuple[int, bytes]:
        """Status and body for one request."""
        self.requests.append(path)
        parts = [unquote(part) for part in path.partition("?")[0].split("/") if part]
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.guarded and parts[:1] == ["c"] and authorization != f"Basic {wanted}":
            return 401, b"token missing or expired"
        if parts[:1] == ["files"]:
            found = parse_filename(parts[2]) is not None
            return (200, self.contents(parts[1], parts[2])) if found else (404, b"no such file")
        if len(parts) == 1:
            return 200, "".join(f'<a href="{name}/">{name}</a>\n' for name in self.names).encode()
        page = self.served(parts[0], parts[1]) if parts[1] in self.names else ()
        links = "".join(
            f'<a href="{f.file.url}#sha256={f.file.sha256}">{f.file.filename}</a><br>' for f in page
        )
        return (200 if page else 404), f"<!DOCTYPE html><html><body>{links}</body></html>".encode()

    def index(self, side: str) -> Index:
        """An origin's own index."""
        owner, edition = {"c": (Owner.CHAINGUARD, Edition.MAIN), "p": (Owner.PYPI, None)}[side]
        return Index(f"{self.base}/{side}/", owner, edition)

    @property
    def addresses(self) -> Addresses:
        """What the settings of a repository would name."""
        return Addresses(chainguard=self.index("c"), pypi=self.index("p"))

    def answers(self, project: str) -> Answers:
        """What both origins say of a project."""
        heard = {}
        for side in SIDES:
            files = tuple(each.file for each in self.page(side, project))
            problem = None if files else Cause.PROJECT_MISSING
            index = self.index(side)
            heard[index] = Answer(index=index, name=project, files=files, problem=problem)
        return {project: heard}


def contents(filename: str, origin: str) -> bytes:
    """A real wheel or sdist of that name, the same bytes whenever it is asked for."""
    parsed = parse_filename(filename)
    assert parsed is not None
    name, version = str(parsed.name), str(parsed.version)
    if parsed.wheel:
        return wheel_bytes(name, version, filename, origin=origin)
    return sdist_bytes(name, version, filename, origin=origin)


class Site(Protocol):
    """What can be served: it learns its address, and answers paths."""

    base: str

    def respond(self, path: str, authorization: str | None) -> tuple[int, bytes]:
        """Status and body for one request."""
        ...


AnySite = TypeVar("AnySite", bound=Site)


@contextmanager
def serving(world: AnySite) -> Iterator[AnySite]:
    """Serve a site until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(world))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    world.base = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def handler(world: Site) -> type[BaseHTTPRequestHandler]:
    """The request handler of one site; pages are HTML, or JSON where they start like it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = world.respond(self.path, self.headers.get("Authorization"))
            self.send_response(status)
            if status == 401:
                self.send_header("WWW-Authenticate", 'Basic realm="c"')
            if body.startswith(b'{"meta":'):
                self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            elif body.startswith((b"<", b"token")):
                self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Stay quiet."""

    return Handler

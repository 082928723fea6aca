"""Reviews whose Chainguard index or whose PyPI fails, the other being nginx in good health."""

from __future__ import annotations

import io
import json
import logging
import ssl
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING

from fallback_review.index import Credentials, IndexClient, Limits
from fallback_review.lockfiles import Text
from fallback_review.model import Answer, Role
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.review import review
from fallback_review.report import FORMATS, render
from fallback_review.settings import schema
from tests.faults import broken
from tests.faults.rows import Row, leaks
from tests.servers.certificates import make_certificates
from tests.servers.nginx import PASSWORD, USERNAME, nginx_index
from tests.servers.pages import File, as_json
from tests.servers.scripted import ScriptedServer, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from fallback_review.model import Review
    from tests.faults.broken import Reply

LIMITS = Limits(connect=1.0, read=0.5, question=1.5, total=2.5, retries=1, backoff=0.05)
PATIENT = Limits(retries=1, backoff=0.05)
"""The product's own limits, for a page that takes its time because it is large."""
WHEEL = "/python/simple/made/1.0/made-1.0-py3-none-any.whl"
FILES = [File(url=WHEEL)]
PAGE = as_json("made", FILES).encode()
LARGE = 50_000_000
NAMES = {Role.CHAINGUARD: "Chainguard's index", Role.PYPI: "PyPI's index"}
TLS = "TLS failure: a certificate that nobody vouches for"


def faults(stranger: str) -> dict[str, Reply]:
    """Return the scripts; `stranger` is another host."""
    blocked = json.dumps({"reason": "MALWARE_DETECTED"}).encode()
    return {
        "401": broken.status(401, {"WWW-Authenticate": 'Basic realm="index"'}),
        "403": broken.status(403),
        "404": broken.status(404),
        "409 with a reason": broken.status(409, body=blocked),
        "409 without a reason": broken.status(409),
        "429": broken.status(429),
        "429, Retry-After: 1": broken.status(429, {"Retry-After": "1"}),
        "429, Retry-After: 3600": broken.status(429, {"Retry-After": "3600"}),
        "500": broken.status(500),
        "502": broken.status(502),
        "time-out": broken.silent,
        "slow drip in the body": broken.dripping,
        "slow drip in the headers": broken.dripping_headers,
        "truncated body (length says more)": lambda _: answer(200, PAGE, length=len(PAGE) + 10),
        "truncated body (length fits)": lambda _: answer(200, PAGE[:-9]),
        "wrong content type": lambda _: answer(200, PAGE, content_type="text/plain"),
        "HTML log-in page with 200": broken.log_in,
        "redirect loop": broken.looping,
        "redirect to another host, which wants a password": broken.redirecting(stranger),
        "killed connection": broken.killed,
    }


def rows(folder: Path) -> Iterator[Row]:
    """Run every fault of both indexes."""
    with ExitStack() as stack:
        for name in ("nginx", "large", "tls"):
            (folder / name).mkdir()
        nginx = stack.enter_context(nginx_index(folder / "nginx", {"made": FILES, "other": FILES}))
        page = folder / "nginx/site/simple/large/index.json"
        page.parent.mkdir()
        page.write_text(_large())
        stranger = stack.enter_context(
            scripted(broken.status(401, {"WWW-Authenticate": 'Basic realm="stranger"'}))
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificates = make_certificates(folder / "tls")
        context.load_cert_chain(certificates.certificate, certificates.key)
        for role in NAMES:
            # What Chainguard does not have is asked of PyPI.
            healthy, name = (
                (nginx.open, "made") if role is Role.CHAINGUARD else (nginx.guarded, "not-at-chainguard")
            )
            for fault, reply in faults(stranger.url).items():
                with scripted(reply) as server:
                    yield Trial(role, fault, f"{server.url}/simple/", healthy, name, (stranger,)).row()
            with scripted(lambda _: answer(200, PAGE), tls=context) as server:
                yield Trial(role, TLS, f"{server.url}/simple/", healthy, name).row()
            large = Trial(role, "50 MB page", nginx.open, healthy, name="large")
            yield replace(large, limits=PATIENT).row()
            if role is Role.CHAINGUARD:
                yield Trial(role, "401 of nginx", nginx.guarded, healthy, name, known=False).row()


def _large() -> str:
    """Return a project detail of 50 MB: many files, each with many words about why it is yanked."""
    files = [
        File(
            url=f"/python/simple/large/{minor}.0/large-{minor}.0-py3-none-any.whl",
            extra={"yanked": "x" * 1_800},
        )
        for minor in range(2, 25_000)
    ]
    kept = File(url="/python/simple/large/1.0/large-1.0-py3-none-any.whl")
    page = as_json("large", [*files, kept])
    assert len(page) > LARGE
    return page


@dataclass(frozen=True, slots=True)
class Trial:
    """One review: `role` is the index that fails, at `broken`."""

    role: Role
    fault: str
    broken: str
    healthy: str
    name: str
    strangers: tuple[ScriptedServer, ...] = ()
    limits: Limits = field(default=LIMITS, kw_only=True)
    known: bool = field(default=True, kw_only=True)
    """Whether the password is the right one."""

    def row(self) -> Row:
        """Run it."""
        password = PASSWORD if self.known else f"not-{PASSWORD}"
        with _listening() as log:
            result, answers = self._review(Credentials(USERNAME, password))
        texts = {name: render(result, name) for name in sorted(FORMATS)}
        texts["log"] = log.getvalue()
        texts["redirect"] = "\n".join(str(seen) for server in self.strangers for seen in server.seen)
        said = answers[self.role, self.name]
        return Row(
            counterpart=NAMES[self.role],
            fault=self.fault,
            answered=said.answered,
            conclusion=result.conclusion.value,
            exit_code=result.conclusion.exit_code,
            words=_words(result),
            leaks=leaks(texts, USERNAME, password),
        )

    def _review(self, credentials: Credentials) -> tuple[Review, dict[tuple[Role, str], Answer]]:
        urls = {Role.CHAINGUARD: self.healthy, Role.PYPI: self.healthy, self.role: self.broken}
        configured = schema.parse(
            f'[indexes]\nchainguard = "{urls[Role.CHAINGUARD]}"\npypi = "{urls[Role.PYPI]}"\n'
            'layout = "virtual-file"\n'.encode(),
            path="settings.toml",
        )
        pin = f"{self.name}==1.0\n"
        compared = compare(None, Text(path="requirements.txt", text=pin))
        answers: dict[tuple[Role, str], Answer] = {}
        with ExitStack() as stack:
            clients = {
                role: stack.enter_context(IndexClient(urls.get(role), role, credentials, limits=self.limits))
                for role in (Role.CHAINGUARD, Role.PYPI, Role.VEX)
            }

            def ask(role: Role, names: Collection[str]) -> Mapping[str, Answer]:
                given = clients[role].ask(names)
                answers.update({(role, name): each for name, each in given.items()})
                return given

            result = review([compared], configured, ask, today=date(2026, 1, 1))
        return result, answers


def _words(result: Review) -> str:
    """Return the reason in a word, and the evidence."""
    (change,) = result.lockfiles[0].changes
    evidence = change.verdicts[0].evidence[0]
    return f"{change.why}. {evidence}" if change.why else evidence


@contextmanager
def _listening() -> Iterator[io.StringIO]:
    """Collect what every library logs."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield text
    finally:
        root.setLevel(level)
        root.removeHandler(handler)

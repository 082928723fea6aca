"""Reviews of a lock in each format whose Chainguard index or whose PyPI fails, the other being in good health."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
import ssl
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from fallback_review.index.client import IndexClient
from fallback_review.index.credentials import Credentials
from fallback_review.index.http import Limits
from fallback_review.index.session import Remembering
from fallback_review.model import Index, Owner
from fallback_review.pipeline.ask import KNOWN_PROJECT
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.review import review
from fallback_review.report import FORMATS, render
from fallback_review.settings import validation
from tests.faults import broken
from tests.faults.locks import Pin, Sample, samples
from tests.faults.rows import Row, leaks
from tests.servers.certificates import make_certificates
from tests.servers.nginx import PASSWORD, USERNAME, nginx_index
from tests.servers.pages import File, as_json
from tests.servers.scripted import ScriptedServer, Seen, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from fallback_review.model import Answer, Review
    from fallback_review.pipeline.ask import Wanted
    from fallback_review.prediction import Answers
    from tests.faults.broken import Reply

LIMITS = Limits(connect=1.0, read=0.5, question=1.5, total=2.5, retries=1, backoff=0.05)
PATIENT = Limits(retries=1, backoff=0.05)
"""The product's own limits, for a page that takes its time because it is large."""
NAMES = {Owner.CHAINGUARD: "Chainguard's index", Owner.PYPI: "PyPI's index"}
TLS = "TLS failure: a certificate that is not trusted"
HEALTHY = "none: it answers"
PAGE_OF_50_MB = "50 MB page"
LARGE = 50_000_000
OTHERS = "https://files.pypi.test/packages"
"""Where PyPI keeps its files: another host, which its own pages tell."""


def ours(name: str) -> File:
    """Return the wheel that Chainguard has built."""
    return File(url=f"/python/simple/{name}/1.0/{name.replace('-', '_')}-1.0-py3-none-any.whl")


def pypis(name: str) -> File:
    """Return PyPI's wheel: other bytes."""
    return File(url=f"{OTHERS}/{name.replace('-', '_')}-1.0-py3-none-any.whl")


CHAINGUARDS_PAGES = {"made": [ours("made")]}
PYPIS_PAGES = {name: [pypis(name)] for name in (KNOWN_PROJECT, "made", "only-on-pypi")}


def asked_for(seen: Seen) -> str:
    """Return the project that a request asks for."""
    return seen.path.rstrip("/").rpartition("/")[2]


def listing(pages: Mapping[str, list[File]]) -> Reply:
    """Return what answers with these pages, as an index in good health does."""

    def reply(seen: Seen) -> Iterable[object]:
        name = asked_for(seen)
        return answer(200, as_json(name, pages[name]).encode()) if name in pages else answer(404)

    return reply


def faults(pages: Mapping[str, list[File]], stranger: str, impostor: str) -> dict[str, Reply]:
    """Return the scripts of an index that has these pages; `stranger` and `impostor` are other hosts."""
    blocked = json.dumps({"reason": "MALWARE_DETECTED"}).encode()

    def page(seen: Seen) -> bytes:
        return as_json(asked_for(seen), pages.get(asked_for(seen), [])).encode()

    return {
        HEALTHY: listing(pages),
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
        "truncated body (length says more)": lambda seen: answer(
            200, page(seen), length=len(page(seen)) + 10
        ),
        "truncated body (length fits)": lambda seen: answer(200, page(seen)[:-9]),
        "wrong content type": lambda seen: answer(200, page(seen), content_type="text/plain"),
        "HTML log-in page with 200": broken.log_in,
        "a page that lists nothing": lambda seen: answer(200, as_json(asked_for(seen), []).encode()),
        "a page that lists other bytes": listing({name: [_other(*files)] for name, files in pages.items()}),
        "redirect loop": broken.looping,
        "redirect to another host, which wants a password": broken.redirecting(stranger),
        "redirect to another host, which lists the file": broken.redirecting(impostor),
        "killed connection": broken.killed,
    }


def _other(file: File) -> File:
    return dataclasses.replace(file, extra={"hashes": {"sha256": "0" * 64}})


def rows(folder: Path, *owners: Owner) -> Iterator[Row]:
    """Run every fault of these indexes on a lock of every format; of both, where none is named."""
    with ExitStack() as stack:
        for name in ("chainguard", "pypi", "tls"):
            (folder / name).mkdir()
        chainguard = stack.enter_context(nginx_index(folder / "chainguard", CHAINGUARDS_PAGES))
        pypi = stack.enter_context(nginx_index(folder / "pypi", PYPIS_PAGES))
        for served, project, file in (
            ("chainguard", "large", ours("large")),
            ("pypi", "vast", pypis("vast")),
        ):
            page = folder / served / "site/simple" / project / "index.json"
            page.parent.mkdir()
            page.write_text(_large(project, file))
        wanting = broken.status(401, {"WWW-Authenticate": 'Basic realm="stranger"'})
        stranger = stack.enter_context(scripted(wanting))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificates = make_certificates(folder / "tls")
        context.load_cert_chain(certificates.certificate, certificates.key)
        for owner, pages, healthy, name in (
            (Owner.CHAINGUARD, CHAINGUARDS_PAGES, pypi.open, "made"),
            # What Chainguard does not have is asked of PyPI.
            (Owner.PYPI, PYPIS_PAGES, chainguard.guarded, "only-on-pypi"),
        ):
            if owners and owner not in owners:
                continue
            impostor = stack.enter_context(scripted(listing(pages)))
            for fault, reply in faults(pages, stranger.url, impostor.url).items():
                with scripted(reply) as server:
                    yield from Trial(
                        owner, fault, f"{server.url}/simple/", healthy, name, (stranger, impostor)
                    ).rows()
            with scripted(listing(pages), tls=context) as server:
                yield from Trial(owner, TLS, f"{server.url}/simple/", healthy, name).rows()
            at, large = (chainguard, "large") if owner is Owner.CHAINGUARD else (pypi, "vast")
            yield from Trial(owner, PAGE_OF_50_MB, at.open, healthy, large, limits=PATIENT).rows()
        if not owners or Owner.CHAINGUARD in owners:
            guarded = Trial(
                Owner.CHAINGUARD, "401 of nginx", chainguard.guarded, pypi.open, "made", known=False
            )
            yield from guarded.rows()


def _large(name: str, kept: File) -> str:
    """Return a project detail of 50 MB: many files, each with many words about why it is yanked."""
    files = [
        File(url=kept.url.replace("1.0", f"{minor}.0"), extra={"yanked": "x" * 1_800})
        for minor in range(2, 25_000)
    ]
    page = as_json(name, [*files, kept])
    assert len(page) > LARGE
    return page


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault of one index: `owner` says whose it is, `broken` where it answers."""

    owner: Owner
    fault: str
    broken: str
    healthy: str
    name: str
    """The project that the locks hold."""
    strangers: tuple[ScriptedServer, ...] = ()
    limits: Limits = field(default=LIMITS, kw_only=True)
    known: bool = field(default=True, kw_only=True)
    """Whether the password is the right one."""

    def rows(self) -> Iterator[Row]:
        """Review a lock in every way in which a format holds a package; each index is asked once."""
        credentials = Credentials(USERNAME, PASSWORD if self.known else f"not-{PASSWORD}")
        with _asking(credentials, self.limits) as ask:
            for sample in samples():
                # A direct reference goes past Chainguard's index; whose its host is, PyPI's pages tell.
                if self.owner is Owner.PYPI or not sample.direct:
                    yield self._row(sample, ask, credentials)

    def _row(self, sample: Sample, ask: Remembering, credentials: Credentials) -> Row:
        with _listening() as log:
            result = self._review(sample, ask)
        texts = {name: render(result, name) for name in sorted(FORMATS)}
        texts["log"] = log.getvalue()
        texts["redirect"] = "\n".join(str(seen) for server in self.strangers for seen in server.seen)
        said = [
            heard
            for each in ask.answers.values()
            for index, heard in each.items()
            if index.owner is self.owner
        ]
        assert said, f"{sample.format} asked nothing of {NAMES[self.owner]}: the row says nothing"
        return Row(
            counterpart=NAMES[self.owner],
            fault=self.fault,
            lock=sample.format,
            kind=sample.kind,
            answered=all(each.answered for each in said),
            conclusion=result.conclusion.value,
            exit_code=result.conclusion.exit_code,
            words=_words(result),
            leaks=leaks(texts, credentials.username, credentials.password),
        )

    def _review(self, sample: Sample, ask: Remembering) -> Review:
        urls = {Owner.CHAINGUARD: self.healthy, Owner.PYPI: self.healthy, self.owner: self.broken}
        settings = {
            "chainguard": urls[Owner.CHAINGUARD],
            "pypi": urls[Owner.PYPI],
            "layout": "virtual-file",
            "vex": "",
        }
        text = sample.text(self._pin(sample))
        return review(
            [compare(None, text)], validation.validate({"indexes": settings}), ask, today=date(2026, 1, 1)
        )

    def _pin(self, sample: Sample) -> Pin:
        """Return what the lock says; each names Chainguard's index, where it names one, and its hash is the file's."""
        if self.owner is Owner.CHAINGUARD:
            file = ours(self.name)
            url = self.broken.removesuffix("/simple/").removesuffix("/python") + file.url
            return Pin(name=self.name, url=url, sha256=file.sha256, index=self.broken)
        file = pypis(self.name)
        # A source that a lock without URLs names would be asked alone, whatever the layout.
        index = self.healthy if sample.locks_url else None
        return Pin(name=self.name, url=file.url, sha256=file.sha256, index=index)


@contextmanager
def _asking(credentials: Credentials, limits: Limits) -> Iterator[Remembering]:
    """Give what asks any index, each project once."""
    clients: dict[Index, IndexClient] = {}
    with ExitStack() as stack:

        def ask(wanted: Wanted) -> Answers:
            found: dict[str, dict[Index, Answer]] = {}
            for index, names in wanted.items():
                if index not in clients:
                    clients[index] = stack.enter_context(IndexClient(index, credentials, limits=limits))
                for name, heard in clients[index].ask(names).items():
                    found.setdefault(name, {})[index] = heard
            return found

        yield Remembering(ask)


def _words(result: Review) -> str:
    """Return the reason in a word, and the evidence."""
    (change,) = result.lockfiles[0].changes
    evidence = change.verdicts[0].evidence[0].said
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

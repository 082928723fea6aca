"""Steps of a job whose GitHub fails: through the lab's front, or a server that fails byte by byte in its place."""

from __future__ import annotations

import io
import ssl
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from fallback_review.action import main
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.github.client import Patience
from tests.action.job import PASSWORD, UNIVERSE, USERNAME, Runner, lock, settings
from tests.faults import broken
from tests.faults.rows import Row, leaks
from tests.github_lab.front import Fault
from tests.github_lab.lab import JOB, Lab
from tests.github_lab.payloads import of_pull_request
from tests.servers.certificates import make_certificates
from tests.servers.scripted import answer, scripted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.faults.broken import Reply
    from tests.github_lab.lab import PullRequest

PATIENCE = Patience(
    retries=1, backoff=0.05, longest_wait=1.5, unnamed_wait=0.05, timeout=1, between_writes=0.0
)
LIMITED = {"message": "You have exceeded a secondary rate limit."}
COMPARISON = b'{"status": "ahead", "files": [{"filename": "requirements.txt", "sta'
AT_THE_FRONT: dict[str, dict[str, Any]] = {
    "401": {"status": 401, "body": {"message": "Bad credentials"}},
    "403": {"status": 403, "body": {"message": "Resource not accessible by integration"}},
    "404": {"status": 404, "body": {"message": "Not Found"}},
    "409": {"status": 409, "body": {"message": "Git Repository is empty."}},
    "429": {"status": 429, "body": LIMITED},
    "429, Retry-After: 1": {"status": 429, "headers": {"Retry-After": "1"}, "body": LIMITED},
    "429, Retry-After: 3600": {"status": 429, "headers": {"Retry-After": "3600"}, "body": LIMITED},
    "403, secondary limit, Retry-After: 3600": {
        "status": 403,
        "headers": {"Retry-After": "3600"},
        "body": LIMITED,
    },
    "500": {"status": 500},
    "502": {"status": 502},
    "time-out": {"killed": True, "before": lambda: time.sleep(1.5)},
    "truncated body (length fits)": {"status": 200, "raw": COMPARISON},
    "killed connection": {"killed": True},
}
IN_ITS_PLACE: dict[str, Reply] = {
    "slow drip in the body": broken.dripping,
    "slow drip in the headers": broken.dripping_headers,
    "truncated body (length says more)": lambda _: answer(200, COMPARISON, length=10_000),
    "wrong content type": lambda _: answer(200, b"all is well", content_type="text/plain"),
    "HTML log-in page with 200": broken.log_in,
    "redirect loop": broken.looping,
}


def rows(folder: Path) -> Iterator[Row]:
    """Run every fault."""
    with ExitStack() as stack:
        lab = Lab()
        stack.callback(lab.close)
        index = stack.enter_context(DemoIndex(UNIVERSE, credentials=(USERNAME, PASSWORD)))
        lab.reset()
        before = {"requirements.txt": lock(built="1.0"), ".github/fallback-review.toml": settings(index)}
        pull = lab.repository(before).pull_request({"requirements.txt": lock(built="2.0")})
        step = _Step(Runner(lab=lab, index=index, folder=folder), pull)
        for fault, trouble in AT_THE_FRONT.items():
            lab.front.faults.append(Fault(verb=".*", path=".*", times=1_000, **trouble))
            yield step.row(fault)
            lab.front.faults.clear()
        stranger = stack.enter_context(scripted(broken.log_in))
        in_its_place = {**IN_ITS_PLACE, "redirect to another host": broken.redirecting(stranger.url)}
        for fault, reply in in_its_place.items():
            with scripted(reply) as server:
                yield step.row(fault, server.url)
        (folder / "tls").mkdir()
        certificates = make_certificates(folder / "tls")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.certificate, certificates.key)
        with scripted(broken.log_in, tls=context) as server:
            yield step.row("TLS failure: a certificate that is not trusted", server.url)
        assert all(JOB not in str(seen) for seen in stranger.seen)


@dataclass(frozen=True, slots=True)
class _Step:
    runner: Runner
    pull: PullRequest

    def row(self, fault: str, in_its_place: str | None = None) -> Row:
        """Run the step; `in_its_place` is the address of what answers instead of the front."""
        variables = {}
        if in_its_place:
            variables = {"GITHUB_API_URL": in_its_place, "GITHUB_GRAPHQL_URL": f"{in_its_place}/graphql"}
        environ = self.runner.environment(of_pull_request(self.pull), variables=variables)
        log = io.StringIO()
        code = main.run(environ, log, patience=PATIENCE)
        ended = self.runner.ended(environ, code, log.getvalue())  # searches for secrets, too
        errors = [_spoken(line) for line in ended.annotations("error")]
        said = [line for line in ended.log.splitlines() if not line.startswith("::add-mask::")]
        texts = {"log": "\n".join(said), "outputs": str(ended.outputs), "summary": ended.summary}
        return Row(
            counterpart="GitHub",
            fault=fault,
            answered=False,
            conclusion=ended.outputs.get("conclusion", "none"),
            exit_code=code,
            words="; ".join(errors),
            leaks=(*leaks(texts, "x-access-token", JOB), *leaks(texts, USERNAME, PASSWORD)),
        )


def _spoken(line: str) -> str:
    """Return the words of a workflow command, as the runner shows them."""
    return unquote(line.split("::", 2)[2])

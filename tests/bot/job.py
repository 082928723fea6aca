"""Jobs of the bot as GitHub's runner starts them, and an index that catches up."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fallback_review.action import main
from fallback_review.cli.demo.build import build
from fallback_review.cli.demo.universe import PURE, SDIST, Release, Shelf, Universe
from fallback_review.github.conversation import COMMENT
from tests.action.job import Ended, Runner
from tests.github_lab.fixtures import QUICK
from tests.github_lab.payloads import of_comment, of_schedule

if TYPE_CHECKING:
    from fallback_review.cli.demo.server import DemoIndex
    from tests.github_lab.lab import PullRequest, Repository

LOCK = "requirements.txt"
BOTH = (PURE, SDIST)
BUILT = {Shelf.BUILT: BOTH, Shelf.PYPI: BOTH}
ONLY_PYPI = {Shelf.PYPI: BOTH}
LATE = Release(name="late", version="2.0", on=ONLY_PYPI)
UNIVERSE = Universe(
    releases=(
        Release(name="late", version="1.0", on=BUILT),
        LATE,
        Release(name="good", version="1.0", on=BUILT),
        Release(name="absent", version="1.0", on=ONLY_PYPI),
    )
)
"""`late` 2.0 is not built yet, `absent` never will be."""
BEFORE = {LOCK: "good==1.0\n"}
FALLS = {LOCK: "good==1.0\nlate==2.0\n"}
US = "github-actions[bot]"


def chainguard_builds(index: DemoIndex, release: Release = LATE) -> None:
    """Have Chainguard build a release from now on."""
    for kind in BOTH:
        index._sites[0]._add(Shelf.BUILT, build(release, Shelf.BUILT, kind))


@dataclass(slots=True)
class Bot(Runner):
    """Starts the Action on the events of the bot."""

    told: list[str] = field(default_factory=list)

    def comment(
        self,
        pull: PullRequest,
        body: str,
        login: str = "octocat",
        *,
        at: dict[str, Any] | None = None,
        **more: Any,
    ) -> tuple[int, Ended]:
        """Write a comment and run what it starts; return the comment's id and the run."""
        comment = pull.comment(body, login=login)
        self.lab.front.exchanges.clear()
        return comment, self.step(
            self.environment(of_comment(pull, comment, **(at or {})), event="issue_comment", **more)
        )

    def scheduled(self, repository: Repository, mode: str = "", *, number: int = 1, **inputs: Any) -> Ended:
        self.lab.front.exchanges.clear()
        return self.step(
            self.environment(
                of_schedule(repository),
                event="schedule",
                variables={"GITHUB_RUN_NUMBER": str(number)},
                mode=mode,
                **inputs,
            )
        )

    def step(self, environ: dict[str, str]) -> Ended:
        log = io.StringIO()
        code = main.run(environ, log, patience=QUICK)
        return self.ended(environ, code, log.getvalue())

    def ended(self, environ: dict[str, str], code: int, log: str) -> Ended:
        from pathlib import Path

        ended = Ended(
            code=code,
            log=log,
            outputs={},
            summary=Path(environ["GITHUB_STEP_SUMMARY"]).read_text(),
            workspace=Path(environ["GITHUB_WORKSPACE"]),
        )
        self.nothing_secret_in(ended)
        return ended


def sticky(pull: PullRequest) -> str:
    """Return the text of the one comment of ours."""
    [body] = [comment["body"] for comment in pull.comments() if COMMENT.read(comment["body"]) is not None]
    return str(body)


def statuses(pull: PullRequest) -> list[str]:
    """Return the states that the head was given, in order."""
    found = pull.repository.lab.front.gaps.statuses
    return [each["state"] for each in found if each["sha"] == pull.head]

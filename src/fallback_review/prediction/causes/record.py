"""What a `Cause` record holds, and the facts that its words may speak of."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fallback_review.lockfiles import FORMATS
from fallback_review.model import Advice, Role
from fallback_review.model.versions import parse_version
from fallback_review.prediction.layouts import LAYOUTS
from fallback_review.prediction.nearest import nearest, remediated

if TYPE_CHECKING:
    from packaging.version import Version

    from fallback_review.model import Cause, Change, Verdict
    from fallback_review.prediction.context import Book, Situation

_INDEXES = {
    Role.CHAINGUARD: "Chainguard",
    Role.REMEDIATED: "Chainguard's remediated index",
    Role.PYPI: "PyPI",
    Role.RESOLVER: "your index",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One verdict with all that is known around it: what a cause's words are made from."""

    verdict: Verdict
    change: Change
    situation: Situation
    book: Book
    format: str = ""
    """The lockfile's registered format; empty where only the reason is asked for."""
    path: str = ""
    """The lockfile's path as it is: whatever a pull request calls it."""

    @property
    def wanted(self) -> Version | None:
        """The version that the lock asks for; None where it names none."""
        return parse_version(self.verdict.version or "")

    @property
    def near(self) -> tuple[str, ...]:
        """The nearest versions that Chainguard built; empty where it has none."""
        wanted = self.wanted
        return tuple(map(str, nearest(self.change.name, wanted, self.book))) if wanted is not None else ()

    @property
    def fixed(self) -> Version | None:
        """The newest ``+cgr.N`` of the wanted version; None where Chainguard has none."""
        wanted = self.wanted
        return remediated(self.change.name, wanted, self.book) if wanted is not None else None

    @property
    def relock(self) -> str | None:
        """The command that locks this package again; None where its format has none."""
        known = FORMATS.get(self.format)
        return known.relock_command(self.change.name, None, self.path) if known is not None else None

    @property
    def update_hashes(self) -> str | None:
        """The command that moves a lock to Chainguard's hashes; None where it does not know the format."""
        known = FORMATS.get(self.format)
        if known is None or not known.update_hashes:
            return None
        return f"chainctl libraries update-hashes {shlex.quote(self.path)}"

    @property
    def installer(self) -> str:
        """Who installs the lockfile, for example ``uv``."""
        return self.situation.installer

    @property
    def configured_on_client(self) -> bool:
        """Whether the installer itself is configured with both indexes, not one index that merges them."""
        return LAYOUTS[self.situation.layout].client

    @property
    def silent(self) -> str:
        """Which index gave the verdict's cause instead of an answer, in words; empty where none did."""
        answers = (self.book.get((role, self.change.name)) for role in Role)
        roles = (each.role for each in answers if each is not None and each.problem is self.verdict.cause)
        return next((_INDEXES[role] for role in roles), "")


Why = str | Callable[[Facts], str]
"""One short clause, or what makes it."""
Step = str | Advice | Callable[[Facts], Advice]
"""One next step, or what makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said of a cause, or of one reason of it."""

    why: Why
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRecord:
    """Everything that people are told about one cause."""

    cause: Cause
    """Its name, which is also its anchor in the documentation."""
    title: str
    """What is up, in few words: a heading, and the description of a rule in SARIF."""
    words: Words
    reasons: Mapping[str, Words] = field(default_factory=dict)
    """Words of their own by the verdict's `reason`; any other reason is told by `words`."""

    @property
    def anchor(self) -> str:
        """Where the documentation speaks of it, as a path below ``docs/`` with a fragment."""
        return f"reference/causes.md#{self.cause}"

    def why(self, facts: Facts) -> str:
        """Return why it is so, as one short clause of plain text."""
        why = self._words(facts).why
        return why if isinstance(why, str) else why(facts)

    def advice(self, facts: Facts) -> Advice:
        """Return the next step."""
        step = self._words(facts).step
        if isinstance(step, str):
            return Advice(text=step)
        return step if isinstance(step, Advice) else step(facts)

    def _words(self, facts: Facts) -> Words:
        return self.reasons.get(facts.verdict.reason or "", self.words)


def move_to_remediated(facts: Facts) -> Advice:
    """Return the step to the remediated build of the wanted version, which must exist."""
    return Advice(text=f"Chainguard has {facts.fixed}, remediated: move the lock to it", command=facts.relock)

"""One entry on one target with all that is known about it, and what a prediction returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fallback_review.model import Cause, Outcome, Role, Verdict
from fallback_review.prediction.context import host

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import Answer, LockedPackage, Lockfile, Target
    from fallback_review.prediction.candidates import Request, Step
    from fallback_review.prediction.context import Book, Situation
    from fallback_review.prediction.listing import Pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A verdict and the steps to it."""

    verdict: Verdict
    steps: tuple[Step, ...] = ()
    needs_pypi: bool = False
    """Whether PyPI was not asked and its answer could change or explain the verdict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """An index that said nothing."""

    cause: Cause
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that one prediction looks at."""

    package: LockedPackage
    lockfile: Lockfile
    target: Target
    situation: Situation
    book: Book
    request: Request
    pages: Pages

    def answer(self, role: Role) -> Answer | None:
        """Return what an index said about this project; None when it was not asked."""
        return self.book.get((role, self.package.name))

    @property
    def block_reason(self) -> str | None:
        """Why Chainguard blocks this project, as its policy says; None where it does not, or does not say."""
        answer = self.answer(Role.CHAINGUARD)
        return answer.reason if answer is not None else None

    def unanswered(self, roles: Iterable[Role]) -> Unanswered | None:
        """Return the first of these indexes that said nothing; None when all answered.

        The remediated index counts only where one is configured.
        """
        for role in roles:
            answer = self.answer(role)
            if answer is None:
                if role is not Role.REMEDIATED or self.situation.remediated_url is not None:
                    return Unanswered(
                        cause=Cause.NOT_CONFIGURED, said=f"the {role.value} index was not asked"
                    )
            elif not answer.answered:
                cause = answer.problem or Cause.UNREACHABLE
                said = answer.message or f"the {role.value} index did not answer: {cause}"
                return Unanswered(cause=cause, said=said)
        return None

    def verdict(
        self,
        outcome: Outcome,
        cause: Cause | None = None,
        *,
        reason: str | None = None,
        file: str | None = None,
        url: str | None = None,
        evidence: tuple[str, ...] = (),
    ) -> Verdict:
        """Return a verdict for this entry and target."""
        return Verdict(
            version=self.package.version,
            target=self.target.label,
            outcome=outcome,
            cause=cause,
            reason=reason,
            file=file,
            url_host=(host(url) or None) if url else None,
            evidence=evidence,
            informational=self.target.informational,
        )

    def unknown(
        self, why: Unanswered, *more: str, file: str | None = None, url: str | None = None
    ) -> Verdict:
        """Return the verdict of what could not be asked."""
        return self.verdict(Outcome.UNKNOWN, why.cause, file=file, url=url, evidence=(why.said, *more))

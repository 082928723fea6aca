"""One entry that is to be installed on one target, with all that is known about it; and what is derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.model import Cause, Edition, Evidence, EvidenceKind, Owner, Verdict
from fallback_review.model.files import NO_FILES, Files
from fallback_review.prediction.addresses import host

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fallback_review.model import (
        Answer,
        Assumption,
        Index,
        LockedPackage,
        Lockfile,
        Outcome,
        ProjectFile,
        Target,
    )
    from fallback_review.prediction.candidates import Request, Step
    from fallback_review.prediction.context import Context
    from fallback_review.prediction.listing import Pages


class Derivation(Struct, frozen=True, kw_only=True):
    """A verdict and the steps to it."""

    verdict: Verdict
    steps: tuple[Step, ...] = ()
    needs: frozenset[Index] = frozenset()
    """Indexes that were not asked and whose answers could change or explain the verdict."""


class Unanswered(Struct, frozen=True, kw_only=True):
    """An index that said nothing."""

    cause: Cause
    said: str
    index: Index
    asked: bool = True
    """Whether it was asked at all."""
    can_be_asked: bool = True

    @property
    def evidence(self) -> Evidence:
        """What there is to say about it."""
        return Evidence(EvidenceKind.UNANSWERED, self.said, self.index.url)

    @property
    def needs(self) -> frozenset[Index]:
        """The index, where asking it may help."""
        return frozenset() if self.asked or not self.can_be_asked else frozenset({self.index})


class Installation(Struct, frozen=True, kw_only=True):
    """Everything that one prediction looks at."""

    package: LockedPackage
    lockfile: Lockfile
    target: Target
    context: Context
    answers: Mapping[Index, Answer]
    """What each index said about this project."""
    request: Request
    pages: Pages

    def files(self, *indexes: Index | None) -> Iterable[ProjectFile]:
        """Give what these indexes list; nothing of one that did not answer with a page."""
        return (file for index in indexes if index for file in files_of(self.answers.get(index)))

    @property
    def chainguards(self) -> tuple[Index, ...]:
        """Every index of Chainguard's that has been asked for this project."""
        return tuple(index for index in self.answers if index.chainguards)

    @property
    def block_reason(self) -> str | None:
        """Why Chainguard blocks this project, as its policy says; None where it does not, or does not say."""
        return next(
            (self.answers[index].reason for index in self.chainguards if self.answers[index].reason), None
        )

    def unanswered(self, index: Index) -> Unanswered | None:
        """Return what is missing of an index; None where it answered."""
        answer = self.answers.get(index)
        if answer is None:
            return Unanswered(
                cause=Cause.NOT_CONFIGURED,
                said=f"{name_of(index)} was not asked",
                index=index,
                asked=False,
                can_be_asked=self.context.addresses.can_be_asked(index),
            )
        if answer.answered:
            return None
        cause = answer.problem or Cause.UNREACHABLE
        said = answer.message or f"{name_of(index)} did not answer: {cause}"
        return Unanswered(cause=cause, said=said, index=index)

    def verdict(
        self,
        outcome: Outcome,
        cause: Cause | None = None,
        *,
        reason: str | None = None,
        file: str | None = None,
        url: str | None = None,
        evidence: tuple[Evidence, ...] = (),
        assumptions: tuple[Assumption, ...] = (),
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
            assumptions=assumptions,
            informational=self.target.informational,
        )


def files_of(answer: Answer | None) -> Files:
    """Return what a page lists; nothing where there is no page."""
    if answer is None or answer.problem is not None:
        return NO_FILES
    return answer.files if isinstance(answer.files, Files) else Files(answer.files)


def name_of(index: Index) -> str:
    """Return what a sentence calls an index."""
    match index.owner, index.edition:
        case Owner.CHAINGUARD, Edition.REMEDIATED:
            return "Chainguard's remediated index"
        case Owner.CHAINGUARD, Edition.CUDA:
            folder = index.url.rstrip("/").removesuffix("/simple").rpartition("/")[2]
            return f"Chainguard's CUDA index ({folder})"
        case Owner.CHAINGUARD, _:
            return "Chainguard's index"
        case Owner.PYPI, _:
            return "PyPI"
        case Owner.OWN, _:
            return f"your index ({host(index.url)})" if host(index.url) else "your index"
        case _:
            return host(index.url) or index.url

"""Entries whose lock names the files' URLs: choose among those, then tell the file's origin."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles import format_of
from fallback_review.model import Cause, Evidence, EvidenceKind, Outcome
from fallback_review.prediction import locked_urls
from fallback_review.prediction.addresses import host
from fallback_review.prediction.availability import lacking, upstream_reason
from fallback_review.prediction.install_request import installer_of
from fallback_review.prediction.installation import Derivation, Installation, files_of
from fallback_review.prediction.installers import Failure
from fallback_review.prediction.locked_origin import of_locked
from fallback_review.prediction.targets import applies

if TYPE_CHECKING:
    from fallback_review.model import Artifact
    from fallback_review.prediction.candidates import Step
    from fallback_review.prediction.origin import FileOrigin


_NOTHING = {
    Failure.NO_COMPATIBLE: "the lock names no file for this target",
    Failure.UNUSABLE_ARCHIVE: "the installer can't read an archive, or a file's name, that the lock names",
}


def from_lock(subject: Installation) -> Derivation | None:
    """Predict an entry from the URLs in its lock; None where it is for other platforms than the target's.

    A universal lock holds packages that a dependency's marker keeps to one platform (pywin32): the markers of
    the dependencies that lead to it say so, where they are known; for a package that comes along with such a
    one, its wheels do: one without any file for the target's system is not installed there.
    """
    package, target = subject.package, subject.target
    per_platform = format_of(subject.lockfile).per_platform
    chosen = locked_urls.choose(
        package,
        subject.request,
        target,
        installer_of(subject.context),
        per_platform=per_platform,
    )
    needed = package.needed_when
    if chosen.failure is Failure.NO_COMPATIBLE and (
        per_platform
        or not applies(needed, target)
        or (needed is None and locked_urls.for_another_system(package, target))
    ):
        return None
    if chosen.artifact is None:
        verdict = subject.verdict(
            Outcome.INSTALL_FAILS,
            Cause.NO_COMPATIBLE_FILE,
            reason=(chosen.failure or Failure.NO_COMPATIBLE).value,
            evidence=(
                Evidence(
                    EvidenceKind.LOCKED, chosen.why or _NOTHING[chosen.failure or Failure.NO_COMPATIBLE]
                ),
            ),
        )
        return Derivation(verdict=verdict, steps=chosen.steps)
    taken = dict.fromkeys((chosen.artifact, *chosen.others))
    derived = [_taken(artifact, subject, chosen.steps) for artifact in taken]
    worst = min(derived, key=lambda each: each.verdict.outcome.rank)
    needs = frozenset(index for each in derived for index in each.needs)
    return replace(_with_strays(worst, subject), needs=needs)


def _with_strays(derived: Derivation, subject: Installation) -> Derivation:
    """An entry that holds files of nobody's host is no pass, whichever of its files this target takes."""
    if derived.verdict.outcome.rank <= Outcome.UNKNOWN.rank:
        return derived
    addresses = subject.context.addresses
    listed = {file.url for answer in subject.answers.values() for file in files_of(answer)}
    # A mirror of PyPI's rewrites links: what has PyPI's bytes is PyPI's, wherever it lies.
    theirs = {file.sha256 for file in subject.files(addresses.pypi)} - {None}
    strays = [
        each.url
        for each in subject.package.artifacts
        if each.url and each.url not in listed and addresses.home(each.url) is None
        if each.sha256 not in theirs
    ]
    if not strays:
        return derived
    hosts = ", ".join(dict.fromkeys(host(url) or url for url in strays))
    said = f"for other targets the entry names files on {hosts}, which no setting names"
    verdict = replace(
        derived.verdict,
        outcome=Outcome.UNKNOWN,
        cause=Cause.NOT_CONFIGURED,
        reason="hosts",
        evidence=(Evidence(EvidenceKind.FILE_HOST, said, strays[0]), *derived.verdict.evidence),
    )
    return replace(derived, verdict=verdict)


def _taken(locked: Artifact, subject: Installation, steps: tuple[Step, ...]) -> Derivation:
    artifact = replace(locked, filename=locked_urls.filename_of(locked))
    origin = of_locked(artifact, subject, _accepted(locked, subject))
    cause, reason = _cause(origin, subject)
    verdict = subject.verdict(
        origin.outcome,
        cause,
        reason=reason,
        file=artifact.filename,
        url=artifact.url,
        evidence=origin.evidence,
        assumptions=origin.assumptions,
    )
    return Derivation(verdict=verdict, steps=steps, needs=origin.needs)


def _accepted(artifact: Artifact, subject: Installation) -> frozenset[str]:
    """Return the SHA-256 digests that the installer takes for a file.

    PDM takes any hash of the entry for any of its files (measured with 2.29.3).
    """
    if installer_of(subject.context).any_hash_of_entry(subject.context.installer_version):
        return subject.request.hashes
    return frozenset({artifact.sha256}) if artifact.sha256 else frozenset()


def _cause(origin: FileOrigin, subject: Installation) -> tuple[Cause | None, str | None]:
    if origin.outcome is Outcome.UPSTREAM:
        return Cause.UPSTREAM_TIER, upstream_reason(origin.outcome, subject)
    if origin.outcome is not Outcome.PYPI:
        return origin.cause, origin.reason
    if not any(subject.answers[index].answered for index in subject.chainguards):
        return Cause.LOCK_PINS_PYPI_URL, None
    cause = lacking(subject) or Cause.LOCK_PINS_PYPI_URL
    return cause, subject.block_reason if cause is Cause.BLOCKED else None

"""Where a file comes from that a lock names by its URL: a claim, held to what indexes list.

The page of the index that the URL belongs to has to list it; whose the bytes are is then `origin`'s to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.lockfiles.names import is_sha256
from fallback_review.model import (
    Artifact,
    Cause,
    Edition,
    Evidence,
    EvidenceKind,
    Index,
    Outcome,
    Owner,
    Tier,
)
from fallback_review.prediction.addresses import host
from fallback_review.prediction.install_request import named_index
from fallback_review.prediction.installation import Installation, files_of, name_of
from fallback_review.prediction.installers import Failure
from fallback_review.prediction.origin import (
    FileOrigin,
    of_bytes,
    of_chainguard,
    on_a_strangers_host,
    page_index,
    silent,
    told,
    unknown,
)
from fallback_review.prediction.same_file import (
    any_has_bytes,
    at_its_address,
    entry_of,
    is_at,
    is_called,
    same_version,
    side_by_side,
    with_any_bytes,
)

if TYPE_CHECKING:
    from fallback_review.model import ProjectFile


def of_locked(artifact: Artifact, subject: Installation, accepted: frozenset[str]) -> FileOrigin:
    """Return the origin of a file that the lock names by URL; `artifact.filename` is given.

    Args:
        artifact: The file.
        subject: The installation.
        accepted: The SHA-256 digests that the installer takes for this file; empty where it checks none.
    """
    url = artifact.url or ""
    locked = Evidence(EvidenceKind.LOCKED, f"the lock names a file on {host(url) or url}", url)
    if accepted and not any(map(is_sha256, accepted)):
        return _mismatch(locked, Evidence(EvidenceKind.LOCKED, "no file can have the lock's sha256"))
    claim = _Claim(artifact, subject, accepted, locked)
    index = _whose(url, subject)
    if index is None:
        return claim.on_no_known_host()
    if index.owner is Owner.PYPI:
        return claim.on_pypi(index)
    if not subject.context.addresses.can_be_asked(index):
        return claim.of_any_bytes()
    return claim.held_to_page(index)


class _Claim(Struct, frozen=True):
    """What a lock says of one file, and what the indexes say."""

    artifact: Artifact
    subject: Installation
    accepted: frozenset[str]
    locked: Evidence

    def of_any_bytes(self) -> FileOrigin:
        """Return the worst origin of a file that may have any of these bytes: its index is not asked."""
        found = [of_bytes(each, self.subject, self.locked) for each in sorted(self.accepted)]
        nothing = unknown(self.locked, reason="no-sha256")
        return min(found, key=lambda each: each.outcome.rank, default=nothing)

    def on_no_known_host(self) -> FileOrigin:
        """A file is PyPI's, wherever it lies, where the lock takes it from there or PyPI lists its bytes."""
        pypi = self.subject.context.addresses.pypi
        named = named_index(self.subject.package, self.subject.context)
        theirs = self._at_pypi()
        if theirs is not None:
            same = Evidence(EvidenceKind.SAME_BYTES, f"PyPI lists these bytes ({theirs.filename})", pypi.url)
            return FileOrigin(outcome=Outcome.PYPI, evidence=(self.locked, same))
        if named == pypi:
            source = Evidence(EvidenceKind.LOCKED, "the lock names PyPI as its index", pypi.url)
            return FileOrigin(outcome=Outcome.PYPI, evidence=(self.locked, source))
        return unknown(self.locked, on_a_strangers_host(self.artifact.url or ""), reason="hosts")

    def on_pypi(self, pypi: Index) -> FileOrigin:
        """The URL brings PyPI's bytes, if any: the lock's hash may not allow them."""
        artifact, accepted, locked = self.artifact, self.accepted, self.locked
        listed = files_of(self.subject.answers.get(pypi))
        there = entry_of(artifact, listed)
        if there is not None and accepted and there.sha256 not in (None, *accepted):
            return _mismatch(locked, _otherwise(pypi, there))
        if there is None and accepted:
            ours = self._others_bytes()
            if ours is not None and not any_has_bytes(accepted, listed):
                missing = self.subject.unanswered(pypi)
                if missing is not None:
                    return silent(missing, locked, ours)
                return _mismatch(locked, ours)
        known = Evidence(EvidenceKind.FILE_HOST, f"{host(artifact.url or '')} is PyPI's", artifact.url or "")
        listing = (
            ()
            if there is None
            else (Evidence(EvidenceKind.LISTED, f"PyPI lists {there.filename}{told(there)}", pypi.url),)
        )
        return FileOrigin(outcome=Outcome.PYPI, evidence=(*listing, locked, known))

    def held_to_page(self, index: Index) -> FileOrigin:
        """Hold a URL of an index that can be asked to the index's page."""
        answer = self.subject.answers.get(index)
        if answer is not None and answer.problem is Cause.BLOCKED:
            said = answer.message or f"{name_of(index)} blocks this package"
            return FileOrigin(
                outcome=Outcome.INSTALL_FAILS,
                cause=Cause.BLOCKED,
                reason=answer.reason,
                evidence=(Evidence(EvidenceKind.BLOCKED, said, index.url), self.locked),
            )
        missing = self.subject.unanswered(index)
        if missing is not None:
            return silent(missing, self.locked)
        page_of = page_index(index, answer, self.subject)
        listed = files_of(answer)
        named = tuple(file for file in listed if is_called(self.artifact, file))
        there = (
            at_its_address(self.artifact, listed)
            or with_any_bytes(self.accepted, named)
            or next(iter(named), None)
        )
        if there is None or page_of != index:
            return self._unlisted(index, page_of)
        return self._held_to(there, index)

    def _held_to(self, there: ProjectFile, index: Index) -> FileOrigin:
        """Return the origin of a locked file that its index's page lists, under its URL or its name."""
        artifact, subject, accepted, locked = self.artifact, self.subject, self.accepted, self.locked
        # Elsewhere under the same name, it takes a hash on both sides to tell that it is the same file.
        if not (accepted and there.sha256) and not is_at(artifact, there):
            other = _elsewhere(index, there)
            return (
                unknown(other, locked, cause=Cause.MALFORMED_INDEX)
                if accepted
                else unknown(other, locked, reason="no-sha256")
            )
        if not accepted and artifact.hashes and f"sha256:{there.sha256}" not in artifact.hashes:
            said = "the lock's hashes are not of a kind that the index tells, so they can't be compared"
            return unknown(locked, Evidence(EvidenceKind.LOCKED, said), reason="no-sha256")
        if accepted and there.sha256 not in (None, *accepted):
            return self._another_file(there, index)
        seen = Evidence(
            EvidenceKind.LISTED, f"{name_of(index)} lists {there.filename}{told(there)}", index.url
        )
        possible: list[str | None] = [there.sha256] if there.sha256 else [*sorted(accepted)] or [None]
        found = [
            of_bytes(digest, subject, seen)
            if index.owner is Owner.OWN
            else of_chainguard(replace(there, sha256=digest), index, subject, seen)
            for digest in possible
        ]
        worst = min(found, key=lambda each: each.outcome.rank)
        return replace(worst, evidence=(*worst.evidence, locked))

    def _unlisted(self, index: Index, page_of: Index) -> FileOrigin:
        if page_of != index:
            said = (
                f"the page of {name_of(index)} came from {name_of(page_of)}, "
                "so it says nothing about this index"
            )
            redirected = Evidence(EvidenceKind.REDIRECTED, said, page_of.url)
            return unknown(redirected, self.locked, cause=Cause.MALFORMED_INDEX)
        answer = self.subject.answers.get(index)
        if answer is not None and answer.problem is Cause.PROJECT_MISSING:
            cause, what = Cause.PROJECT_MISSING, "this project"
        elif not any(same_version(self.artifact, file) for file in files_of(answer)):
            cause, what = Cause.VERSION_MISSING, "this version"
        else:
            cause, what = Cause.NO_CANDIDATE, "this file"
        not_listed = Evidence(EvidenceKind.NOT_LISTED, f"{name_of(index)} does not list {what}", index.url)
        return FileOrigin(
            outcome=Outcome.INSTALL_FAILS,
            cause=cause,
            reason=Failure.NOT_LISTED.value,
            evidence=(not_listed, self.locked),
        )

    def _another_file(self, there: ProjectFile, index: Index) -> FileOrigin:
        """The index lists the file with another SHA-256 than the lock allows.

        A file of another tier is another file: an organisation keeps the upstream one that it pulled first
        after Chainguard has built that version (Chainguard's documentation, "Build pinning").
        """
        otherwise = _otherwise(index, there)
        if side_by_side(there.url, self.artifact.url or ""):
            return _mismatch(self.locked, otherwise)
        pypi = self.subject.context.addresses.pypi
        theirs = self._at_pypi()
        if theirs is not None:
            said = f"PyPI lists the lock's bytes ({theirs.filename})"
            same = Evidence(EvidenceKind.SAME_BYTES, said, pypi.url)
            return FileOrigin(outcome=Outcome.UPSTREAM, evidence=(self.locked, same, otherwise))
        missing = self.subject.unanswered(pypi)
        if missing is not None:
            return silent(missing, self.locked, otherwise)
        return _mismatch(self.locked, otherwise)

    def _at_pypi(self) -> ProjectFile | None:
        """Return PyPI's file with the bytes that the lock allows."""
        pypi = self.subject.context.addresses.pypi
        return with_any_bytes(self.accepted, files_of(self.subject.answers.get(pypi)))

    def _others_bytes(self) -> Evidence | None:
        """Say where the lock's hash is that of a file of Chainguard's own, which PyPI's URL can't bring."""
        for index in self.subject.chainguards:
            own = (
                file
                for file in files_of(self.subject.answers.get(index))
                if file.tier is not Tier.UPSTREAM and file.url != self.artifact.url
            )
            if any_has_bytes(self.accepted, own):
                said = f"the lock's hash is that of a file of {name_of(index)}, not of the URL that it names"
                return Evidence(EvidenceKind.LISTED_OTHERWISE, said, index.url)
        return None


def _whose(url: str, subject: Installation) -> Index | None:
    """Return the index that a URL belongs to: by its address, else one on its host that lists it."""
    home = subject.context.addresses.home(url)
    if home is not None:
        return home
    for index, answer in subject.answers.items():
        near = index.edition is not Edition.VEX and host(url) == host(index.url)
        if near and any(file.url == url for file in files_of(answer)):
            return index
    return None


def _mismatch(*evidence: Evidence) -> FileOrigin:
    return FileOrigin(
        outcome=Outcome.INSTALL_FAILS,
        cause=Cause.HASH_MISMATCH,
        reason=Failure.HASH_MISMATCH.value,
        evidence=evidence,
    )


def _otherwise(index: Index, file: ProjectFile) -> Evidence:
    said = f"{name_of(index)} lists {file.filename} with another sha256 than the lock allows"
    return Evidence(EvidenceKind.LISTED_OTHERWISE, said, index.url)


def _elsewhere(index: Index, file: ProjectFile) -> Evidence:
    """Say that an index lists a file of that name at another address than the lock's."""
    said = (
        f"{name_of(index)} lists {file.filename} at another address, and no hash tells whether it is the same"
    )
    return Evidence(EvidenceKind.LISTED_OTHERWISE, said, index.url)

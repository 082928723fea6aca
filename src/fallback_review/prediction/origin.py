"""Whose file is it? Told by evidence, strongest first; evidence that disagrees is said, never hidden.

1. its SHA-256 in Chainguard's project detail (the tier from that file's URL path), or in PyPI's;
2. the URL's host and path; 3. the index that the lock names.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from fallback_review.lockfiles.urls import address_of
from fallback_review.model import Outcome, ProjectFile, Role, Tier
from fallback_review.prediction.candidates import parse_filename
from fallback_review.prediction.context import Place, host, place

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model import Artifact, LockedPackage
    from fallback_review.prediction.context import Book, Situation
    from fallback_review.prediction.listing import ListedFile

OURS = (Role.CHAINGUARD, Role.REMEDIATED)
_OF_TIER = {
    Tier.BUILT: Outcome.CHAINGUARD,
    Tier.REMEDIATED: Outcome.REMEDIATED,
    Tier.UPSTREAM: Outcome.UPSTREAM,
}
_OF_PLACE = {Place.CHAINGUARD: Role.CHAINGUARD, Place.REMEDIATED: Role.REMEDIATED, Place.PYPI: Role.PYPI}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a file comes from, as far as it can be told."""

    outcome: Outcome | None
    """None where nothing tells."""
    evidence: tuple[str, ...] = ()
    mismatch: bool = False
    """Whether the locked URL brings other bytes than the lock allows."""
    stray: bool = False
    """Whether the locked URL is on a host that neither settings nor the named index's page know."""


def of_listed(listed: ListedFile) -> Origin:
    """Return the origin of a file of a listing: its page's owner, and its tier."""
    file = listed.file
    if listed.owner is Role.PYPI:
        return Origin(outcome=Outcome.PYPI, evidence=(f"PyPI lists {file.filename}{_short(file.sha256)}",))
    where = "Chainguard's remediated index" if listed.owner is Role.REMEDIATED else "Chainguard's index"
    outcome = of_chainguard(file, listed.owner)
    tier = file.tier.value if file.tier else "tier not told"
    return Origin(outcome=outcome, evidence=(f"{where} lists {file.filename}{_short(file.sha256)}, {tier}",))


def of_chainguard(file: ProjectFile, role: Role | None) -> Outcome:
    """Return the origin of a file of Chainguard's indexes: by tier; a ``+cgr.N`` version is remediated."""
    if file.tier is Tier.UPSTREAM:
        return Outcome.UPSTREAM
    if role is Role.REMEDIATED or _is_remediated(file.filename):
        return Outcome.REMEDIATED
    return _OF_TIER[file.tier] if file.tier else Outcome.CHAINGUARD


def of_locked(artifact: Artifact, package: LockedPackage, situation: Situation, book: Book) -> Origin:
    """Return the origin of a file that the lock names by URL."""
    name = package.name
    ours, theirs = by_sha256(name, artifact.sha256, book)
    at = whose_url(artifact.url, name, situation, book)
    by_hash = None
    if ours:
        by_hash = _ours_by_hash(ours, theirs, artifact, at)
    elif theirs:
        by_hash = _theirs_by_hash(theirs, artifact, name, at, book)
    if by_hash is not None:
        return _held_to_url(by_hash, artifact, name, book)
    by_url = _by_url(artifact.url, at)
    if by_url is None:
        return _weak(artifact, package, situation, book, at)
    said: tuple[str, ...] = (f"the locked URL is {_owner_words(at)} ({host(artifact.url or '')})",)
    roles = (Role.PYPI,) if at is Place.PYPI else OURS
    if artifact.sha256 and _listed_otherwise(artifact, name, book, roles):
        said = (*said, "that index lists the file with another sha256: the evidence disagrees")
        return Origin(outcome=None, evidence=said, mismatch=True)
    return Origin(outcome=by_url, evidence=said)


def _ours_by_hash(
    ours: tuple[Role, ProjectFile], theirs: ProjectFile | None, artifact: Artifact, at: Place
) -> Origin:
    role, file = ours
    outcome = of_chainguard(file, role)
    said = [
        f"its sha256 is Chainguard's ({file.tier.value if file.tier else 'tier not told'}: {file.filename})"
    ]
    if theirs:
        said.append("PyPI lists the same bytes")
    if at is not Place.PYPI:
        return Origin(outcome=outcome, evidence=tuple(said))
    said.append(f"the locked URL is PyPI's ({host(artifact.url or '')})")
    if outcome is Outcome.UPSTREAM or theirs:
        return Origin(outcome=Outcome.PYPI, evidence=tuple(said))
    said.append("that URL brings PyPI's bytes: the evidence disagrees")
    return Origin(outcome=None, evidence=tuple(said), mismatch=True)


def _theirs_by_hash(theirs: ProjectFile, artifact: Artifact, name: str, at: Place, book: Book) -> Origin:
    said = [f"its sha256 is PyPI's ({theirs.filename})"]
    if at not in (Place.CHAINGUARD, Place.REMEDIATED):
        return Origin(outcome=Outcome.PYPI, evidence=tuple(said))
    said.append(f"the locked URL is Chainguard's ({host(artifact.url or '')})")
    if _by_url(artifact.url, at) is Outcome.UPSTREAM:
        return Origin(outcome=Outcome.UPSTREAM, evidence=tuple(said))
    if _listed_otherwise(artifact, name, book, OURS):
        said.append("that URL brings Chainguard's bytes: the evidence disagrees")
        return Origin(outcome=None, evidence=tuple(said), mismatch=True)
    said.append("so these are PyPI's bytes, served by Chainguard: the evidence disagrees")
    return Origin(outcome=Outcome.UPSTREAM, evidence=tuple(said))


def by_sha256(
    name: str, sha256: str | None, book: Book
) -> tuple[tuple[Role, ProjectFile] | None, ProjectFile | None]:
    """Return Chainguard's file and PyPI's file that have these bytes.

    Among Chainguard's a built file comes before an upstream copy.
    """
    if sha256 is None:
        return None, None
    found = [(role, file) for role in OURS for file in files(role, name, book) if file.sha256 == sha256]
    ours = min(found, key=lambda pair: pair[1].tier is Tier.UPSTREAM, default=None)
    theirs = next((file for file in files(Role.PYPI, name, book) if file.sha256 == sha256), None)
    return ours, theirs


def files(role: Role, name: str, book: Book) -> tuple[ProjectFile, ...]:
    """Return what an index lists for a project; nothing where it did not answer with a detail."""
    answer = book.get((role, name))
    return answer.files if answer is not None and answer.problem is None else ()


def whose_url(url: str | None, name: str, situation: Situation, book: Book) -> Place:
    """Say whose a file URL is: by a project detail's URL, then by settings, then by a folder seen there."""
    if url is None:
        return Place.UNSTATED
    pairs = (
        (Role.CHAINGUARD, Place.CHAINGUARD),
        (Role.REMEDIATED, Place.REMEDIATED),
        (Role.PYPI, Place.PYPI),
    )
    for role, owner in pairs:
        if any(file.url == url for file in files(role, name, book)):
            return owner
    said = place(url, situation)
    if said is not Place.OTHER:
        return said
    seen = [owner for role, owner in pairs if _in_folder(url, files(role, name, book))]
    return seen[0] if len(seen) == 1 else said


def _in_folder(url: str, listed: Iterable[ProjectFile]) -> bool:
    """Whether a URL lies in the folder that an index's files of this project share on that host.

    The host alone is too little: a storage service or a repository manager has everybody's files.
    """
    at = address_of(url)
    there = [address_of(file.url) for file in listed]
    folders = [
        posixpath.dirname(each.path)
        for each in there
        if at and each and (each.scheme, each.host) == (at.scheme, at.host)
    ]
    shared = posixpath.commonpath(folders) if folders else "/"
    return at is not None and shared != "/" and at.path.startswith(f"{shared}/")


def tier_of(url: str) -> Tier:
    """Read the tier off a Chainguard file URL: `/python/`, `/python-upstream/`, `/python-remediated/`.

    A ``+cgr.N`` version is remediated wherever it lies.
    """
    at = address_of(url)
    parts = at.path.split("/") if at else [""]
    for part in parts:
        if part.endswith("-upstream"):
            return Tier.UPSTREAM
        if part.endswith("-remediated"):
            return Tier.REMEDIATED
    return Tier.REMEDIATED if _is_remediated(unquote(parts[-1])) else Tier.BUILT


def _is_remediated(filename: str) -> bool:
    parsed = parse_filename(filename)
    return ((parsed.version.local if parsed else None) or "").startswith("cgr")


def _by_url(url: str | None, at: Place) -> Outcome | None:
    if url is None or at not in _OF_PLACE:
        return None
    if at is Place.PYPI:
        return Outcome.PYPI
    return Outcome.REMEDIATED if at is Place.REMEDIATED else _OF_TIER[tier_of(url)]


def _held_to_url(found: Origin, artifact: Artifact, name: str, book: Book) -> Origin:
    """Return what the hash tells, unless an index lists the very URL with another SHA-256 (measured)."""
    listed = (file for role in (*OURS, Role.PYPI) for file in files(role, name, book))
    other = any(file.url == artifact.url and file.sha256 not in (None, artifact.sha256) for file in listed)
    if found.mismatch or not other:
        return found
    said = "the locked URL is another file's: the evidence disagrees"
    return Origin(outcome=None, evidence=(*found.evidence, said), mismatch=True)


def _listed_otherwise(artifact: Artifact, name: str, book: Book, roles: tuple[Role, ...]) -> bool:
    """Whether one of these indexes lists that URL, or that name on its host, with another SHA-256.

    A file of another tier is another file: an organisation keeps the upstream one that it pulled first after
    Chainguard has built that version (Chainguard's documentation, "Build pinning").
    """
    url = artifact.url or ""
    return any(
        file.sha256 not in (None, artifact.sha256)
        and (file.url == url or (file.filename == artifact.filename and _side_by_side(file.url, url)))
        for role in roles
        for file in files(role, name, book)
    )


def _side_by_side(one: str, other: str) -> bool:
    return host(one) == host(other) and tier_of(one) is tier_of(other)


def _weak(artifact: Artifact, package: LockedPackage, situation: Situation, book: Book, at: Place) -> Origin:
    """Go by the index that the lock names; Chainguard's does not speak for a file elsewhere."""
    named = place(package.source.location, situation)
    where = host(artifact.url or "")
    elsewhere = (Place.OTHER, Place.LOCAL, Place.NEIGHBOUR)
    if named in (Place.CHAINGUARD, Place.REMEDIATED) and at in elsewhere:
        said = (
            f"the lock names {_owner_words(named)} index, but takes the file from "
            f"{where or 'elsewhere'}, where that index lists none"
        )
        return Origin(outcome=None, evidence=(said,), stray=True)
    if named in (Place.CHAINGUARD, Place.REMEDIATED, Place.PYPI):
        outcome = {Place.PYPI: Outcome.PYPI, Place.REMEDIATED: Outcome.REMEDIATED}.get(
            named, Outcome.CHAINGUARD
        )
        return Origin(outcome=outcome, evidence=(f"the lock names {_owner_words(named)} index",))
    asked = [book.get((role, package.name)) for role in (Role.CHAINGUARD, Role.PYPI)]
    if artifact.sha256 and all(answer is not None and answer.answered for answer in asked):
        return Origin(
            outcome=Outcome.PRIVATE,
            evidence=("neither Chainguard nor PyPI lists these bytes: your organisation's own",),
        )
    return Origin(outcome=None, evidence=("nothing tells whose file this is",))


def _owner_words(at: Place) -> str:
    return "PyPI's" if at is Place.PYPI else "Chainguard's"


def _short(sha256: str | None) -> str:
    return f" (sha256 {sha256[:12]}…)" if sha256 else " (no sha256)"

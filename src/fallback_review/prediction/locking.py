"""What locking the entry again would record: which version, from which index, with which files.

Measured on the installers. `uv lock` and `poetry lock` record one version's files of one index without asking
whether they fit; PDM asks its sources together; Pipenv asks pip, on the first source alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.prediction.candidates import matching, public, read
from fallback_review.prediction.installers import Failure, InstallerOptions
from fallback_review.prediction.installers.pipenv import PIPENV

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.version import Version

    from fallback_review.prediction.candidates import Candidate, Request
    from fallback_review.prediction.listing import IndexPage, ListedFile


class Relocked(Struct, frozen=True, kw_only=True):
    """What a new lock would hold for one package."""

    version: Version | None = None
    files: tuple[ListedFile, ...] = ()
    failure: Failure | None = None


def relock(
    installer: str,
    request: Request,
    indexes: Sequence[IndexPage],
    options: InstallerOptions,
    *,
    keep: Version | None = None,
) -> Relocked:
    """Return what the installer's own lock command would record; `keep` is the version in the present lock.

    uv stays with the present version (or a local version of it) where the index still has it, records the
    wheels by file name and one sdist; where it finds no wheel, it builds the sdist for its metadata and holds
    it to the present lock's hashes (measured).
    """
    if installer == "pipenv":
        return _pipenv(replace(request, hashes=frozenset()), indexes)
    if installer == "uv":
        return _uv(request, indexes, options, keep)
    if installer == "poetry":
        return _poetry(request, indexes)
    if options.respect_source_order:
        return _first(_found(request, indexes))
    return _of(request, indexes, None)


def _found(request: Request, indexes: Iterable[IndexPage], keep: Version | None = None) -> list[Relocked]:
    each = (_of(request, [index], keep) for index in indexes)
    return [found for found in each if found.version is not None]


def _first(found: Sequence[Relocked]) -> Relocked:
    return found[0] if found else Relocked(failure=Failure.NO_VERSION)


def _newest(found: Sequence[Relocked]) -> Relocked:
    """Return the best version of all; equal versions to the earlier index."""
    newest = max((each.version for each in found if each.version is not None), default=None)
    return _first([each for each in found if each.version == newest])


def _uv(
    request: Request, indexes: Sequence[IndexPage], options: InstallerOptions, keep: Version | None
) -> Relocked:
    ordered = sorted(indexes, key=lambda index: index.default)
    if options.uv_strategy == "first-index":
        ordered = next(([index] for index in ordered if index.page), [])
    every = _found(request, ordered, keep)
    best = _newest(every) if options.uv_strategy == "unsafe-best-match" else _first(every)
    wheels = sorted((f for f in best.files if is_wheel(f)), key=lambda f: f.file.filename)
    sdists = [f for f in best.files if not is_wheel(f)][:1]
    if sdists and not wheels and not request.allows_bytes(sdists[0]):
        return Relocked(failure=Failure.HASH_MISMATCH)
    return replace(best, files=(*sdists, *wheels))


def _poetry(request: Request, indexes: Sequence[IndexPage]) -> Relocked:
    """Supplemental sources are asked where no primary one has a match."""
    primary = _found(request, [index for index in indexes if not index.supplemental])
    return _newest(primary or _found(request, indexes))


def _of(request: Request, indexes: Iterable[IndexPage], keep: Version | None) -> Relocked:
    candidates = read(request, (index.page for index in indexes)).kept
    admitted = matching(request, candidates)
    versions = frozenset(c.version for c in candidates if str(c.version) in admitted)
    if not versions:
        return Relocked(failure=Failure.NO_VERSION)
    kept = [v for v in versions if keep is not None and public(v) == public(keep)]
    version = max(kept or versions)
    return Relocked(version=version, files=_files(candidates, version))


def _files(candidates: Iterable[Candidate], version: Version | None) -> tuple[ListedFile, ...]:
    return tuple(candidate.listed for candidate in candidates if candidate.version == version)


def is_wheel(listed: ListedFile) -> bool:
    """Whether a listed file is a wheel, by its name."""
    return listed.file.filename.endswith(".whl")


def _pipenv(request: Request, indexes: Sequence[IndexPage]) -> Relocked:
    first = indexes[:1]
    choice = PIPENV.choose(request, first, InstallerOptions())
    if choice.file is None:
        return Relocked(failure=Failure.NO_VERSION)
    candidates = read(request, (index.page for index in first)).kept
    version = next(c.version for c in candidates if c.listed is choice.file)
    return Relocked(version=version, files=_files(candidates, version))

"""The small interface that every installer stands behind."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.prediction.candidates import ANY_ARCHIVE, Archives
from fallback_review.prediction.targets import ranks

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping, Sequence

    from packaging.tags import Tag

    from fallback_review.model import Target
    from fallback_review.prediction.candidates import Candidate, Request, Sieve, Step
    from fallback_review.prediction.listing import IndexPage, ListedFile


class Failure(StrEnum):
    """Why an installer gives up."""

    NO_VERSION = "no-version"
    """Nothing matches the requirement."""
    NO_COMPATIBLE = "no-compatible"
    """The version is there, nothing of it fits the target or the options."""
    HASH_MISMATCH = "hash-mismatch"
    """A file was chosen and its bytes are not what the lock allows."""
    HASH_NOT_IN_LOCK = "hash-not-in-lock"
    """Poetry: no file of the version has a hash that the lock allows."""
    ENVIRONMENT_OR_HASH = "env-or-hash"
    """PDM: no file fits the environment and the lock's hashes."""
    NO_UPLOAD_TIME = "no-upload-time"
    """pip: uploads are bounded by time, and an index does not say when a file was uploaded."""
    HASH_REQUIRED = "hash-required"
    """Hashes are required, and the entry has none."""
    UNUSABLE_ARCHIVE = "unusable-archive"
    """A source distribution was chosen that the installer can't unpack."""
    LIMITED = "limited"
    """pip: a constraint, or a bound of upload times or releases, excludes the version or file of the lock."""
    NOT_LISTED = "not-listed"
    """The lock names a file by URL, and the index that it belongs to does not list it."""


class Choice(Struct, frozen=True, kw_only=True):
    """What an installer does with a listing."""

    file: ListedFile | None = None
    """The file that gets installed."""
    failure: Failure | None = None
    refused: ListedFile | None = None
    """The file that was chosen, and refused for its bytes."""
    steps: tuple[Step, ...] = ()


class InstallerOptions(Struct, frozen=True, kw_only=True):
    """What an installer's own configuration decides."""

    uv_strategy: str = "first-index"
    respect_source_order: bool = False


def every_page(
    _request: Request, indexes: Sequence[IndexPage], _options: InstallerOptions
) -> Sequence[IndexPage]:
    """Return the pages that an installer reads which looks at all of its indexes."""
    return indexes


class Installer(Struct, frozen=True, kw_only=True):
    """One installer."""

    name: str
    choose: Callable[[Request, Sequence[IndexPage], InstallerOptions], Choice]
    reads: Callable[[Request, Sequence[IndexPage], InstallerOptions], Sequence[IndexPage]] = every_page
    """The pages that it comes to read, among those of the indexes that it is given."""
    archives: Archives = ANY_ARCHIVE
    """The source distributions that it takes."""
    plain_linux_first: Callable[[str | None], bool] = lambda _version: False
    """Whether `linux_<arch>` outranks manylinux, by the installer's version (None: the current one)."""
    tag_order: Callable[[Target], Mapping[Tag, int]] | None = None
    """The tags with their ranks, where it is not the order of `packaging.tags`."""
    doubled_underscores: bool = False
    """Whether it takes wheels whose name has ``__``, which `packaging` refuses."""
    locked_build_tags: bool = False
    """Whether build tags are compared among the URLs of a lock."""
    pinned_hashes: bool = False
    """Whether an entry's hashes count for the version of its ``==`` alone, and constraints files' do not."""
    standard_names: bool = False
    """Whether a lock is no lock to it where a file's name is not as the standards have it."""
    hash_form: Callable[[bool], re.Pattern[str] | None] = lambda _urls_locked: None
    """What every hash has to look like, or the lock is none to it, by whether locks of the kind name URLs."""
    empty_mark_yanks: bool = False
    """Whether ``"yanked": ""`` in JSON, and ``data-yanked`` without a value, mark a file as yanked."""
    joins_comments: bool = True
    """Whether a requirements file's comment that ends in a backslash goes on in the next line."""
    index_order: str = "pooled"
    """In which order it asks what it is configured with: ``pooled`` (built-in PyPI or the default index
    first, none has priority), ``default-last``, ``by-priority``, ``built-in-first`` or ``first-source``."""
    any_hash_of_entry: Callable[[str | None], bool] = lambda _version: False
    """Whether it takes any hash of an entry for any of the entry's locked URLs, by its version."""
    dated_urls: bool = False
    """Whether a bound on upload times rules out the URLs of a lock, which tell none."""
    limits_locked: bool = False
    """Whether constraints, and bounds of upload times and of releases, count for a lock that names URLs."""
    one_source: bool = False
    """Whether an entry is looked up in the one source that the lock names."""

    def ranks(self, target: Target, version: str | None) -> Mapping[Tag, int]:
        """Return each tag that fits the target with its rank, 0 the best, for a version of the installer."""
        if self.tag_order is not None:
            return self.tag_order(target)
        return ranks(target, plain_linux_first=self.plain_linux_first(version))


def fail(failure: Failure, sieve: Sieve) -> Choice:
    """Return the choice of an installer that has nothing to install."""
    return Choice(failure=failure, steps=tuple(sieve.steps))


def take(best: Candidate, request: Request, sieve: Sieve) -> Choice:
    """Return the chosen file, or its refusal when the bytes are not allowed."""
    sieve.kept = [best]
    if not best.wheel and request.archives.end_of(best.filename) in request.archives.broken:
        sieve.note("chosen, then refused: the installer can't unpack such an archive")
        return Choice(failure=Failure.UNUSABLE_ARCHIVE, refused=best.listed, steps=tuple(sieve.steps))
    if request.allows_bytes(best.listed):
        sieve.note("chosen")
        return Choice(file=best.listed, steps=tuple(sieve.steps))
    sieve.note("chosen, then refused: its SHA-256 is not among the lock's")
    return Choice(failure=Failure.HASH_MISMATCH, refused=best.listed, steps=tuple(sieve.steps))

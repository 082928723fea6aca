"""Listed files read as candidates: version, tags, build, rank; and a sieve that remembers what fell out."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct, field
from packaging.utils import (
    BuildTag,
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
)

from fallback_review.lockfiles.listed_names import ENDS, version_in
from fallback_review.lockfiles.names import read_wheel_name
from fallback_review.model import Owner, PackageOptions, Prereleases
from fallback_review.model.versions import parse_version, public_version
from fallback_review.prediction import requires_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.tags import Tag
    from packaging.version import Version

    from fallback_review.prediction.listing import ListedFile, Page

ALLOWED = 2
"""`Request.link_state` of a link whose hash is allowed."""
_DOUBLED = re.compile("__+")
ARCHIVE_ENDS = (
    ".tar.gz", ".zip", ".tar.bz2", ".tbz", ".tgz", ".tar.xz", ".txz", ".tlz", ".tar.lzma", ".tar", ".tar.Z",
)  # fmt: skip
"""How source distributions' names end, for one installer or another."""


class Parsed(Struct, frozen=True, kw_only=True):
    """What a file name says (PEP 427, PEP 625)."""

    name: str
    version: Version
    wheel: bool
    build: BuildTag = ()
    tags: frozenset[Tag] = frozenset()


class Archives(Struct, frozen=True, kw_only=True):
    """Which source distributions an installer takes, and how it reads their names."""

    ends: tuple[str, ...]
    """How their names end; a file that ends otherwise is nothing to it."""
    version: Callable[[str, str], str | None]
    """From a file name without its end and the project's normalised name: the version, or None."""
    unpacked: frozenset[str] = frozenset(ARCHIVE_ENDS)
    """Those whose files it unpacks where a lock names their URLs."""
    passed_over: frozenset[str] = frozenset()
    """Those of the ends whose files count as the version's, and are never taken."""
    broken: frozenset[str] = frozenset()
    """Those of the ends whose files are chosen like others, and then can't be installed."""
    no_sdists: frozenset[str] = frozenset()
    """Those of the ends that options about source distributions do not reach."""

    def end_of(self, filename: str) -> str | None:
        """Return the end that makes a file a source distribution; None where it is none."""
        return next((end for end in self.ends if filename.endswith(end)), None)


def behind_last_dash(stem: str, project: str) -> str | None:
    """Return the version that the standard reads (PEP 625)."""
    name, _, version = stem.rpartition("-")
    return version if canonicalize_name(name) == project else None


def behind_project(stem: str, project: str) -> str | None:
    """Return all that stands behind the project's name: `foo-1.0-beta1` is version `1.0-beta1` of `foo`."""
    for at, sign in enumerate(stem):
        if sign == "-" and canonicalize_name(stem[:at]) == project:
            return stem[at + 1 :]
    return None


ANY_ARCHIVE = Archives(ends=ARCHIVE_ENDS, version=behind_last_dash)
NO_OPTIONS = PackageOptions()


class Candidate(Struct, frozen=True, kw_only=True):
    """A listed file on one target."""

    listed: ListedFile
    version: Version
    wheel: bool
    build: BuildTag
    rank: int | None
    """The best tag's rank on the target, 0 the best; None for a wheel that does not fit; a sdist is last."""
    position: int
    """Where it stands in the whole listing."""

    @property
    def filename(self) -> str:
        """The name that its link has."""
        return self.listed.file.filename


class Request(Struct, frozen=True, kw_only=True):
    """What an installer is asked for, of one project on one target."""

    name: str
    specifier: SpecifierSet
    version: Version | None = None
    """The exact pin."""
    lone_pins: frozenset[Version] = frozenset()
    """The versions of ``==`` and ``===`` that stand alone, in the entry or in what options say of it."""
    hashes: frozenset[str] = frozenset()
    """SHA-256 digests that are allowed; empty where the lock verifies nothing."""
    own_hashes: frozenset[str] = frozenset()
    """Those of the entry alone, without what constraints leave of them; empty where it has none."""
    hashed_version: Version | None = None
    """The one version that the hashes are for; None for all."""
    hashes_missing: bool = False
    """Whether hashes are required and there are none."""
    trust_unhashed: bool = False
    """Whether bytes of an unknown digest are taken to be allowed: some hash of the lock is not explained."""
    trusted_names: frozenset[str] = frozenset()
    """The file names that the lock gives for such hashes; empty where it gives none."""
    names_elsewhere: frozenset[str] = frozenset()
    """Names of files whose listed bytes the lock allows: a merged index may link to the same file."""
    options: PackageOptions = NO_OPTIONS
    archives: Archives = ANY_ARCHIVE
    doubled_underscores: bool = True
    """Whether the installer takes wheels whose name has ``__``."""
    python: str
    """The full Python version."""
    ranks: Mapping[Tag, int]
    """Each tag that fits, the best first."""

    def allows_bytes(self, listed: ListedFile) -> bool:
        """Whether the file passes the check that every installer makes after the download."""
        if not self.hashes:
            return True
        digest = listed.bytes_sha256
        if digest is not None:
            return digest in self.hashes
        name = listed.file.filename
        named = not self.trusted_names or name in self.trusted_names
        merged = listed.index is not None and listed.index.owner is Owner.OWN
        return (self.trust_unhashed and named) or (merged and name in self.names_elsewhere)

    def may_be_called(self, filename: str) -> bool:
        """Whether a file of this name may be one of the pinned version, or its version can't be told."""
        if not filename.endswith(ENDS):
            return False
        said = version_in(filename, self.name)
        return (
            said is None or self.version is None or public_version(said) == public_version(str(self.version))
        )

    def link_state(self, listed: ListedFile) -> int:
        """Return `ALLOWED` (or no hash is asked), 1 for a link without hash, 0 for one not allowed.

        A link whose digests are of other kinds alone is not allowed either (measured: pip, uv).
        """
        if not self.hashes:
            return ALLOWED
        if listed.file.sha256 is None:
            return 0 if listed.file.oddity is not None and listed.file.oddity.foreign_hash else 1
        return ALLOWED if listed.file.sha256 in self.hashes else 0


class Step(Struct, frozen=True, kw_only=True):
    """One filter of a derivation. What its files are called is asked by `explain` alone."""

    title: str
    remaining: tuple[Candidate | str, ...]
    fallen_out: tuple[Candidate | str, ...] = ()

    @property
    def kept(self) -> tuple[str, ...]:
        """The files that remain, and who lists them."""
        return tuple(map(_label, self.remaining))

    @property
    def dropped(self) -> tuple[str, ...]:
        """The files that the filter lets fall out."""
        return tuple(map(_label, self.fallen_out))


class Sieve(Struct):
    """Candidates under one filter after the other."""

    kept: list[Candidate]
    steps: list[Step] = field(default_factory=list)

    def keep(self, title: str, test: Callable[[Candidate], bool]) -> list[Candidate]:
        """Keep what passes, note the step if anything fell out, and return what fell out."""
        kept: list[Candidate] = []
        dropped: list[Candidate] = []
        for candidate in self.kept:
            (kept if test(candidate) else dropped).append(candidate)
        self.kept = kept
        if dropped:
            self.note(title, dropped)
        return dropped

    def note(self, title: str, dropped: Iterable[Candidate] = ()) -> None:
        """Remember a step."""
        self.steps.append(Step(title=title, remaining=tuple(self.kept), fallen_out=tuple(dropped)))


def _label(candidate: Candidate | str) -> str:
    if isinstance(candidate, str):
        return candidate
    index = candidate.listed.index
    return f"{candidate.filename} ({index.owner.value if index else 'lock'})"


@lru_cache(maxsize=65536)
def parse_filename(filename: str) -> Parsed | None:
    """Return what a wheel's or sdist's name says; None for anything else.

    A wheel's name with ``__`` in it is read too, although `packaging` refuses it: uv and Poetry take it.
    """
    if filename.endswith(".whl"):
        try:
            stem, dash, platforms = filename.rpartition("-")
            name, version, build, tags = read_wheel_name(f"{_DOUBLED.sub('_', stem)}{dash}{platforms}")
        except ValueError:  # InvalidWheelFilename, or a number of more digits than Python reads
            return None
        return Parsed(name=name, version=version, wheel=True, build=build, tags=tags)
    ending = next((end for end in ARCHIVE_ENDS if filename.endswith(end)), None)
    if ending is None:
        return None
    try:
        name, version = parse_sdist_filename(filename.removesuffix(ending) + ".tar.gz")
    except ValueError:
        return None
    return Parsed(name=name, version=version, wheel=False)


@lru_cache(maxsize=65536)
def public(version: Version) -> str:
    """Return a version without its local part, in one spelling: `1.0` and `1.0.0` are the same (PEP 440)."""
    return canonicalize_version(version.public)


def read(request: Request, pages: Iterable[Page]) -> Sieve:
    """Return the candidates of the requested versions on all pages, in listing order."""
    found: list[Candidate] = []
    position = 0
    for page in pages:
        for listed in page:
            position += 1
            parsed = _wanted(request, listed)
            if parsed is not None:
                found.append(_candidate(request, listed, parsed, position))
    sieve = Sieve(found)
    sieve.note(f"listed for {request.name}{request.specifier}")
    return sieve


def may_match(request: Request, listed: ListedFile) -> bool:
    """Whether what the index says of a file's version leaves open that it is the pinned one."""
    said = parse_version(listed.file.version) if listed.file.version is not None else None
    return request.version is None or said is None or public(said) == public(request.version)


def _wanted(request: Request, listed: ListedFile) -> Parsed | None:
    """Return the parsed name of a file that may match; other versions are left out before parsing names."""
    filename = listed.file.filename
    if not may_match(request, listed):
        return None
    if not filename.endswith(".whl"):
        return parse_sdist(filename, request.name, request.archives)
    parsed = parse_filename(filename)
    if parsed is None or canonicalize_name(parsed.name) != request.name:
        return None
    return parsed if request.doubled_underscores or not has_doubled(filename) else None


@lru_cache(maxsize=65536)
def parse_sdist(filename: str, project: str, archives: Archives) -> Parsed | None:
    """Return what a sdist's name says to an installer; None where it is none of the project's."""
    end = archives.end_of(filename)
    said = archives.version(filename.removesuffix(end), project) if end is not None else None
    version = parse_version(said) if said is not None else None
    return Parsed(name=project, version=version, wheel=False) if version is not None else None


def has_doubled(filename: str) -> bool:
    """Whether a wheel's name has ``__``, for which `packaging` refuses it."""
    return filename.endswith(".whl") and "__" in filename.rpartition("-")[0]


def _candidate(request: Request, listed: ListedFile, parsed: Parsed, position: int) -> Candidate:
    if parsed.wheel:
        ranks = [request.ranks[tag] for tag in parsed.tags if tag in request.ranks]
        rank = min(ranks) if ranks else None
    else:
        rank = len(request.ranks)
    return Candidate(
        listed=listed,
        version=parsed.version,
        wheel=parsed.wheel,
        build=parsed.build,
        rank=rank,
        position=position,
    )


def matching(request: Request, candidates: Iterable[Candidate]) -> frozenset[str]:
    """Return the versions that the requirement admits (PEP 440, pre-releases as `packaging` has them).

    Each as it is spelt: ``===1.0`` admits no ``1``, although the two are equal.
    """
    versions = {str(candidate.version) for candidate in candidates}
    allowed = {Prereleases.ALLOW: True, Prereleases.DISALLOW: False}.get(request.options.prereleases)
    return frozenset(request.specifier.filter(versions, prereleases=allowed))


def drop_misfits(request: Request, sieve: Sieve) -> None:
    """Apply the options, the tags and requires-python."""
    drop_unfit_kinds(request, sieve)
    drop_late_uploads(request, sieve)
    sieve.keep(
        f"requires-python excludes {request.python}",
        lambda c: requires_python.fits(c.listed.file.requires_python, request.python),
    )


def drop_unfit_kinds(request: Request, sieve: Sieve) -> None:
    """Apply the options on kinds of files, and the tags."""
    if not request.options.sdists:
        sieve.keep(
            "source distributions may not be taken",
            lambda c: c.wheel or request.archives.end_of(c.filename) in request.archives.no_sdists,
        )
    if not request.options.wheels:
        sieve.keep("wheels may not be taken", lambda c: not c.wheel)
    if request.archives.passed_over:
        sieve.keep(
            "the installer does not take this kind of archive",
            lambda c: c.wheel or request.archives.end_of(c.filename) not in request.archives.passed_over,
        )
    sieve.keep("the wheel's tags do not fit the target", lambda c: c.rank is not None)


def drop_late_uploads(request: Request, sieve: Sieve) -> list[Candidate]:
    """Apply the bound on upload times; return what is too late, or tells no time (measured: uv, PDM)."""
    bound = request.options.uploaded_before
    if bound is None:
        return []
    return sieve.keep(
        f"uploaded at {bound:%Y-%m-%d %H:%M} UTC or later, or at an unknown time",
        lambda c: c.listed.file.upload_time is not None and c.listed.file.upload_time < bound,
    )

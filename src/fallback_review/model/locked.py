"""What a lockfile holds."""

from __future__ import annotations

from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from fallback_review.model.options import NO_OPTIONS, Constraint, InstallOptions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class SourceKind(StrEnum):
    """Where a lock says that an entry comes from."""

    REGISTRY = "registry"
    URL = "url"
    GIT = "git"
    HG = "hg"
    SVN = "svn"
    BZR = "bzr"
    PATH = "path"
    DIRECTORY = "directory"
    EDITABLE = "editable"
    VIRTUAL = "virtual"
    CHANNEL = "channel"

    @property
    def from_index(self) -> bool:
        """Whether an installer finds the files through a simple index."""
        return self is SourceKind.REGISTRY


class Source(Struct, frozen=True, kw_only=True):
    """The source of a locked package: compared as a whole, `location` None means "not stated"."""

    kind: SourceKind
    location: str | None = None
    """Index URL, repository URL, file URL or path, as the lock states it, without credentials."""
    reference: str | None = None
    """A branch, tag or short commit that the lock asks for; of an index, the name that Poetry goes by."""
    commit: str | None = None
    """The commit that a VCS source is locked to."""
    subdirectory: str | None = None
    """The folder of a repository or archive that holds the project: another one is another project."""


class Artifact(Struct, frozen=True, kw_only=True):
    """One file that a lock allows for a package."""

    filename: str | None = None
    url: str | None = None
    """The locked URL, without credentials; None where the lock leaves the URL to the index."""
    path: str | None = None
    hashes: tuple[str, ...] = ()
    """Each as ``algorithm:hexdigest``, as the installer compares it; it may be any text."""
    target_platform: str | None = None
    """The platform that a per-platform lock repeats the entry for (conda-lock, pixi)."""

    @property
    def sha256(self) -> str | None:
        """The SHA-256 that the file's bytes must have; None where another hash lets other bytes in too.

        Any one of a file's hashes is enough, of whatever algorithm (measured with pip 26.3 and uv 0.13).
        """
        algorithm, _, digest = self.hashes[0].partition(":") if len(self.hashes) == 1 else ("", "", "")
        return digest if algorithm == "sha256" else None


class Ecosystem(StrEnum):
    """Which world a locked package belongs to; only PyPI packages are judged."""

    PYPI = "pypi"
    CONDA = "conda"


class LockedPackage(Struct, frozen=True, kw_only=True, eq=False):
    """One entry of a lockfile. Two are equal by all but `own`, `uploaded` and `extra`."""

    name: str
    """Normalised by PEP 503 (conda names: lower case only)."""
    version: str | None = None
    """The exact version in the file's own spelling; None where the lock has none."""
    specifier: str | None = None
    """What an entry asks for as `packaging` prints it, where that is not just ``==version``.

    Of an entry without a version ``>=1,<2``, of one with a version ``===1.0`` or ``!=1.0+cgr.1,==1.0``.
    """
    own: tuple[str, frozenset[str]] | None = None
    """The specifier and hashes of the entry alone, where constraints files are joined to it."""
    source: Source
    artifacts: tuple[Artifact, ...] = ()
    line: int
    """Where the entry starts in its file, counted from 1."""
    path: str | None = None
    """The file that holds the entry when it is not the lockfile itself (an included requirements file)."""
    marker: str | None = None
    needed_when: str | None = None
    """The markers of the dependencies that lead to it, joined: empty for always, None for not known."""
    uploaded: tuple[tuple[str, datetime], ...] = ()
    """File names with the times of their uploads, where the lock tells them."""
    requires_python: str | None = None
    refused: str | None = None
    """Why no installer takes the entry, whatever the indexes answer (it names an index that is none)."""
    local: bool = False
    """A workspace member, an editable or the project itself: counted apart, never noise."""
    ecosystem: Ecosystem = Ecosystem.PYPI
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that the entry says (dependencies, groups…), to see that only metadata changed."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LockedPackage) and _told_of_package(self) == _told_of_package(other)

    def __hash__(self) -> int:
        return hash(_told_of_package(self))

    def __repr__(self) -> str:
        return _without(self, "extra")

    @property
    def shown_version(self) -> str | None:
        """What a person reads as the version: the pin, else the specifier."""
        return self.version if self.version is not None else self.specifier

    @property
    def hashes(self) -> frozenset[str]:
        """Every hash that the lock allows for this entry."""
        return frozenset(h for artifact in self.artifacts for h in artifact.hashes)

    @property
    def sha256s(self) -> frozenset[str]:
        """The digests of those hashes that are called SHA-256."""
        return frozenset(h.removeprefix("sha256:") for h in self.hashes if h.startswith("sha256:"))

    @property
    def urls_locked(self) -> bool:
        """Whether the lock names the files' URLs, so that the installer asks no index."""
        return any(artifact.url for artifact in self.artifacts)


_ASIDE = {"own", "uploaded", "extra"}
_told_of_package = attrgetter(*(name for name in LockedPackage.__struct_fields__ if name not in _ASIDE))


class LockIndex(Struct, frozen=True, kw_only=True):
    """An index that a lockfile itself names, in the file's order."""

    url: str
    """Without credentials."""
    role: str
    """``index-url``, ``extra-index-url``, ``find-links`` or ``source``."""
    name: str | None = None
    line: int | None = None
    path: str | None = None
    """The file that holds the line when it is not the lockfile itself (an included requirements file)."""
    has_credentials: bool = False
    """Whether the file holds credentials in this URL: reported, never repeated."""


class Notice(Struct, frozen=True, kw_only=True):
    """Something about a file or a setting that a person should know."""

    text: str
    path: str | None = None
    line: int | None = None
    outdated: bool = False
    """Whether it says that the project changed since the lock was made."""


class Compiled(Struct, frozen=True, kw_only=True):
    """What a requirements file says in its first lines about the tool that made it."""

    tool: str
    """``pip-compile`` or ``uv``."""
    source: str
    """The name of the file beside it that it is made from: ``requirements.in``."""
    options: tuple[str, ...] = ()
    """Options of the command that decide what the file looks like: ``--generate-hashes``, ``--universal``."""


class Lockfile(Struct, frozen=True, kw_only=True, eq=False):
    """The parsed form of one lockfile, or of the part of it that differs from the other side.

    Two are equal by all but `header`.
    """

    path: str
    format: str = ""
    """The format's registered name, for example ``uv.lock``; `lockfiles.parse` sets it, not the reader."""
    packages: tuple[LockedPackage, ...] = ()
    unnamed: tuple[Notice, ...] = ()
    """Requirements without a name: a bare archive URL, ``.``."""
    nameless: tuple[LockedPackage, ...] = ()
    """Those of them that come from outside the project's own tree: they go by their text."""
    indexes: tuple[LockIndex, ...] = ()
    options: InstallOptions = NO_OPTIONS
    requires_python: str | None = None
    environments: tuple[str, ...] = ()
    """Markers of the environments that the lock is for, any of which may hold; empty for all."""
    installer: str | None = None
    """The installer that wrote the file, where it says so (pylock.toml's ``created-by``)."""
    read_by: tuple[str, ...] = ()
    """Further installers that read such a file, whoever wrote it."""
    compiled: Compiled | None = None
    """The tool that made a requirements file, where the file says so."""
    notices: tuple[Notice, ...] = ()
    unread: tuple[Notice, ...] = ()
    """Those of the notices that may hide packages: an include out of reach, a line that is no requirement."""
    elsewhere: tuple[Notice, ...] = ()
    """Those of the unread that name a file which the installer reads and nobody here does: one at a URL."""
    crowded: tuple[Notice, ...] = ()
    """Options of requirements files behind something else on their line, which not every installer takes."""
    loose_constraints: tuple[Constraint, ...] = ()
    """What files named by ``-c`` say without one exact version; the entries are narrowed by it already."""
    header: Mapping[str, Any] = field(default_factory=dict)
    omitted: int = 0
    """How many entries were left out because the other side has the very same text."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lockfile) and _told_of_lockfile(self) == _told_of_lockfile(other)

    def __hash__(self) -> int:
        return hash(_told_of_lockfile(self))

    def __repr__(self) -> str:
        return _without(self, "header")


_told_of_lockfile = attrgetter(*(name for name in Lockfile.__struct_fields__ if name != "header"))


def _without(value: Struct, raw: str) -> str:
    """Return how a value prints without the field that holds raw parts of a file: they may have passwords."""
    shown = ", ".join(f"{name}={getattr(value, name)!r}" for name in value.__struct_fields__ if name != raw)
    return f"{type(value).__name__}({shown})"

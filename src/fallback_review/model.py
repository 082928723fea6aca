"""The nouns: frozen values that flow one way, from lockfiles and project details to a `Review`.

Nothing here reads, asks or decides. Words are those of the packaging field (PEP 503, 508, 691, 751).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


# ── What a lockfile holds ──────────────────────────────────────────────────────────────────────────


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The source of a locked package: compared as a whole, `location` None means "not stated"."""

    kind: SourceKind
    location: str | None = None
    """Index URL, repository URL, file URL or path, as the lock states it, without credentials."""
    reference: str | None = None
    """A branch, tag or short commit that the lock asks for."""
    commit: str | None = None
    """The commit that a VCS source is locked to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file that a lock allows for a package."""

    filename: str | None = None
    url: str | None = None
    """The locked URL, without credentials; None where the lock leaves the URL to the index."""
    path: str | None = None
    hashes: tuple[str, ...] = ()
    """Each as ``algorithm:hexdigest``, lower case."""
    target_platform: str | None = None
    """The platform that a per-platform lock repeats the entry for (conda-lock, pixi)."""

    @property
    def sha256(self) -> str | None:
        """The hex digest of the first SHA-256 among the hashes."""
        return next((h.partition(":")[2] for h in self.hashes if h.startswith("sha256:")), None)


class Ecosystem(StrEnum):
    """Which world a locked package belongs to; only PyPI packages are judged."""

    PYPI = "pypi"
    CONDA = "conda"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPackage:
    """One entry of a lockfile."""

    name: str
    """Normalised by PEP 503 (conda names: lower case only)."""
    version: str | None = None
    """The exact version in the file's own spelling; None where the lock has none."""
    specifier: str | None = None
    """What an entry that is not pinned asks for (``>=1,<2``), as `packaging` prints it."""
    source: Source
    artifacts: tuple[Artifact, ...] = ()
    line: int
    """Where the entry starts in its file, counted from 1."""
    path: str | None = None
    """The file that holds the entry when it is not the lockfile itself (an included requirements file)."""
    marker: str | None = None
    requires_python: str | None = None
    local: bool = False
    """A workspace member, an editable or the project itself: counted apart, never noise."""
    ecosystem: Ecosystem = Ecosystem.PYPI
    extra: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False, repr=False)
    """Everything else that the entry says (dependencies, groups…), to see that only metadata changed."""

    @property
    def shown_version(self) -> str | None:
        """What a person reads as the version: the pin, else the specifier."""
        return self.version if self.version is not None else self.specifier

    @property
    def identity(self) -> tuple[str | None, Source]:
        """What makes two entries of one name the same: version text and source."""
        return (self.shown_version, self.source)

    @property
    def hashes(self) -> frozenset[str]:
        """Every hash that the lock allows for this entry."""
        return frozenset(h for artifact in self.artifacts for h in artifact.hashes)

    @property
    def urls_locked(self) -> bool:
        """Whether the lock names the files' URLs, so that the installer asks no index."""
        return any(artifact.url for artifact in self.artifacts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockIndex:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallOptions:
    """Options in a requirements file that change what pip and uv choose."""

    no_index: bool = False
    only_binary: frozenset[str] = frozenset()
    """Normalised names, or ``:all:``."""
    no_binary: frozenset[str] = frozenset()
    prefer_binary: bool = False
    pre: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something about a file or a setting that a person should know."""

    text: str
    path: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lockfile:
    """The parsed form of one lockfile, or of the part of it that differs from the other side."""

    path: str
    format: str
    """The format's registered name, for example ``uv.lock`` or ``requirements.txt``."""
    packages: tuple[LockedPackage, ...] = ()
    unnamed: tuple[Notice, ...] = ()
    """Requirements without a name (a bare archive URL, ``.``): shown, not compared."""
    indexes: tuple[LockIndex, ...] = ()
    options: InstallOptions = InstallOptions()
    requires_python: str | None = None
    installer: str | None = None
    """The installer that wrote the file, where it says so (pylock.toml's ``created-by``)."""
    notices: tuple[Notice, ...] = ()
    header: Mapping[str, Any] = field(default_factory=dict, compare=False, hash=False, repr=False)
    omitted: int = 0
    """How many entries were left out because the other side has the very same text."""


# ── What a pull request changes ────────────────────────────────────────────────────────────────────


class ChangeKind(StrEnum):
    """What happened to one name in one lockfile."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    SOURCE_CHANGED = "source-changed"
    ARTIFACTS_CHANGED = "artifacts-changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One name in one lockfile, on both sides."""

    name: str
    kind: ChangeKind
    before: tuple[LockedPackage, ...]
    """Every distinct (version, source) of the name at the base, oldest version first."""
    after: tuple[LockedPackage, ...]
    gained: tuple[LockedPackage, ...]
    """The entries of `after` that are new or whose artifacts are new: these get verdicts."""
    source_changed: bool = False
    hashes_added: int = 0
    hashes_removed: int = 0
    hosts_before: tuple[str, ...] = ()
    hosts_after: tuple[str, ...] = ()
    """File hosts on each side, filled where they differ."""
    became_unhashed: bool = False
    local: bool = False
    ecosystem: Ecosystem = Ecosystem.PYPI

    @property
    def line(self) -> int | None:
        """The line of the first new entry at the head; None when the name is gone."""
        entries = self.gained or self.after
        return entries[0].line if entries else None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataChange:
    """An entry whose version, source and artifacts stayed, while other fields changed."""

    name: str
    version: str | None
    source: Source
    fields: tuple[str, ...]
    ecosystem: Ecosystem = Ecosystem.PYPI


@dataclass(frozen=True, slots=True, kw_only=True)
class LockfileDiff:
    """What changed between two sides of one lockfile (either side may be absent)."""

    path: str
    format: str
    base_path: str | None
    base_format: str | None
    changes: tuple[Change, ...]
    metadata_only: tuple[MetadataChange, ...] = ()
    header_changed: tuple[str, ...] = ()
    base: Lockfile
    head: Lockfile
    notices: tuple[Notice, ...] = ()


# ── What an index says ─────────────────────────────────────────────────────────────────────────────


class Tier(StrEnum):
    """What a Chainguard file is, read off its URL path."""

    BUILT = "built"
    REMEDIATED = "remediated"
    UPSTREAM = "upstream"


class Role(StrEnum):
    """Which index an answer came from."""

    CHAINGUARD = "chainguard"
    REMEDIATED = "remediated"
    PYPI = "pypi"
    RESOLVER = "resolver"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectFile:
    """One file of a project detail (PEP 503, 691, 700)."""

    filename: str
    url: str
    """Without credentials and fragment."""
    version: str | None
    """As the file name spells it; None where the name is not a wheel's or sdist's."""
    sha256: str | None = None
    requires_python: str | None = None
    yanked: bool = False
    size: int | None = None
    upload_time: datetime | None = None
    has_provenance: bool = False
    tier: Tier | None = None
    """Only for files of Chainguard's indexes."""


class Outcome(StrEnum):
    """Where the chosen file comes from, or why there is none; declared worst first."""

    INSTALL_FAILS = "install-fails"
    UNKNOWN = "unknown"
    PYPI = "pypi"
    UPSTREAM = "upstream"
    DIRECT = "direct"
    PRIVATE = "private"
    REMEDIATED = "remediated"
    CHAINGUARD = "chainguard"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Outcome).index(self)


class Cause(StrEnum):
    """Why an outcome is not `chainguard`."""

    PROJECT_MISSING = "project-missing"
    VERSION_MISSING = "version-missing"
    NO_COMPATIBLE_FILE = "no-compatible-file"
    ONLY_SDIST = "only-sdist"
    LOCK_PINS_PYPI_URL = "lock-pins-pypi-url"
    LOCK_PINS_PYPI_HASH = "lock-pins-pypi-hash"
    INSTALLER_PREFERS_PYPI = "installer-prefers-pypi"
    HASH_MISMATCH = "hash-mismatch"
    NO_CANDIDATE = "no-candidate"
    UPSTREAM_TIER = "upstream-tier"
    BLOCKED = "blocked"
    YANKED = "yanked"
    NOT_PINNED = "not-pinned"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    UNREACHABLE = "unreachable"
    MALFORMED_INDEX = "malformed-index"
    NOT_CONFIGURED = "not-configured"
    MANAGER_FELL_THROUGH = "manager-fell-through"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one index said when it was asked for one project.

    `problem` is None when it answered with a project detail, PROJECT_MISSING for a 404 (an answer too),
    BLOCKED for a 409, else the reason why it could not be asked.
    """

    role: Role
    name: str
    files: tuple[ProjectFile, ...] = ()
    problem: Cause | None = None
    message: str = ""
    """One line for people: what happened and where, without credentials."""
    reason: str | None = None
    """For BLOCKED: the policy's reason, for example ``MALWARE_DETECTED``."""

    @property
    def answered(self) -> bool:
        """Whether the index said what it has: a project detail, "no such project" or "blocked"."""
        return self.problem in (None, Cause.PROJECT_MISSING, Cause.BLOCKED)


# ── What will be installed ─────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An environment that will install: Python version, platform, architecture, C library."""

    python: str
    """Major and minor, for example ``3.12``; ``3.13t`` is free-threaded."""
    platform: str
    """``linux``, ``musllinux``, ``macos`` or ``windows``."""
    arch: str
    """``x86_64`` or ``aarch64`` (macOS ``arm64``, Windows ``amd64``)."""
    glibc: str = "2.39"
    """The C library's version on Linux (musl's on musllinux), the macOS version on macOS."""
    informational: bool = False
    """Shown, but never what decides the conclusion."""

    @property
    def label(self) -> str:
        """For example ``py3.12 linux-x86_64``."""
        return f"py{self.python} {self.platform}-{self.arch}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The prediction for one locked package on one target."""

    version: str | None
    target: str
    """The target's label."""
    outcome: Outcome
    cause: Cause | None = None
    reason: str | None = None
    """A detail of the cause: the policy's reason of BLOCKED, the installer's failure of INSTALL_FAILS."""
    file: str | None = None
    url_host: str | None = None
    evidence: tuple[str, ...] = ()
    """Sentences, strongest first; contradictions are among them."""
    informational: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One concrete next step."""

    text: str
    command: str | None = None
    """Copy-paste, where there is one."""


# ── What the team makes of it ──────────────────────────────────────────────────────────────────────


class Conclusion(StrEnum):
    """The gate."""

    PASS = "pass"  # noqa: S105 - a conclusion, not a password
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The entry of the allow list that covers a change."""

    package: str
    reason: str
    owner: str | None = None
    expires: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedChange:
    """A change with its prediction and what policy makes of it."""

    change: Change
    outcome: Outcome | None = None
    """The worst over the targets; None when there is nothing to install or it is out of scope."""
    cause: Cause | None = None
    reason: str | None = None
    why: str = ""
    """The cause as one short clause for people."""
    advice: Advice | None = None
    verdicts: tuple[Verdict, ...] = ()
    differs_on: tuple[str, ...] = ()
    """Labels of the targets whose outcome differs from the worst one."""
    conclusion: Conclusion = Conclusion.PASS
    allowance: Allowance | None = None
    note: str | None = None
    """One quiet remark ("released 2 days ago")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedLockfile:
    """One lockfile of the review."""

    path: str
    format: str
    installer: str
    layout: str
    changes: tuple[ReviewedChange, ...]
    metadata_only: tuple[MetadataChange, ...] = ()
    unnamed: tuple[Notice, ...] = ()
    notices: tuple[Notice, ...] = ()
    base_path: str | None = None
    base_format: str | None = None
    header_changed: tuple[str, ...] = ()
    base_entries: int = 0
    head_entries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Everything that a report needs; renderings are functions of this value alone."""

    conclusion: Conclusion
    lockfiles: tuple[ReviewedLockfile, ...] = ()
    targets: tuple[Target, ...] = ()
    findings: tuple[Notice, ...] = ()
    """What is wrong with the configuration itself."""
    unreadable: tuple[Notice, ...] = ()
    """Files that look like lockfiles and could not be read: with one of them, the whole is no pass."""
    scope: str = "changes"
    """``changes`` for two sides, ``all`` for the scan of one lockfile."""
    base: str | None = None
    head: str | None = None
    head_url: str | None = None
    """Prefix for links to the head's files, where there is one."""
    run_url: str | None = None

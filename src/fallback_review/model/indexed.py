"""What an index says, and the words for where a file comes from."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Self, cast

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class Tier(StrEnum):
    """What a Chainguard file is, read off its URL path."""

    BUILT = "built"
    REMEDIATED = "remediated"
    UPSTREAM = "upstream"


class Owner(StrEnum):
    """Whose an index is."""

    CHAINGUARD = "chainguard"
    PYPI = "pypi"
    """PyPI itself, or the mirror that the settings name in its place."""
    OWN = "own"
    """The organisation's own, by the settings."""
    NOBODY = "nobody"
    """No setting names it."""
    LOCAL = "local"
    """A folder of the machine that installs."""


class Edition(StrEnum):
    """Which of Chainguard's indexes one is, or what else it holds."""

    MAIN = "main"
    REMEDIATED = "remediated"
    CUDA = "cuda"
    VEX = "vex"
    """Chainguard's public VEX feed: no index, asked for remarks alone; no verdict depends on it."""


class Index(Struct, frozen=True, order=True, cache_hash=True):
    """A package index: an address with an owner. Two addresses are two indexes.

    For example ``Index("https://libraries.cgr.dev/cu128/simple/", Owner.CHAINGUARD, Edition.CUDA)``.
    """

    url: str
    """Without credentials, with a last slash; empty for a virtual index whose address nobody named."""
    owner: Owner
    edition: Edition | None = None
    """Of Chainguard's indexes alone."""

    @property
    def chainguards(self) -> bool:
        """Whether it is an index of Chainguard's: the VEX feed is none."""
        return self.owner is Owner.CHAINGUARD and self.edition is not Edition.VEX


class Oddity(Struct, frozen=True, kw_only=True):
    """What is unusual in a file's entry on its page, so that installers do not read it alike."""

    said: str | None = None
    """Where nobody can say what is taken: why, as a clause for people."""
    names: tuple[str, ...] = ()
    """Further names that some installer has for the file, beside its file name."""
    empty_mark: bool = False
    """Whether the mark that it is yanked has no value, and is none to some installers."""
    foreign_hash: bool = False
    """Whether its link has a digest, and none of the kind that is compared: no SHA-256."""


class ProjectFile(Struct, frozen=True, kw_only=True):
    """One file of a project detail (PEP 503, 691, 700)."""

    filename: str
    url: str
    """Without credentials and fragment."""
    version: str | None
    """As the file name spells it; None where the name is not a wheel's or sdist's, or others read another."""
    sha256: str | None = None
    requires_python: str | None = None
    yanked: bool = False
    size: int | None = None
    upload_time: datetime | None = None
    has_provenance: bool | None = None
    """Whether it has attestations (PEP 740); None where the page does not say."""
    provenance_url: str | None = None
    """Where they are, if it has some."""
    tier: Tier | None = None
    """Only for files of Chainguard's indexes."""
    oddity: Oddity | None = None
    """None where every installer reads the entry alike."""


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
        return _RANKS[self]


_RANKS = {outcome: rank for rank, outcome in enumerate(Outcome)}


class Cause(str):
    """Why an outcome is not `chainguard`, by its name: ``version-missing``.

    A name is one object, so that causes are compared by identity. What is said of each is a record of
    `prediction.causes`; a further cause makes its own name there.
    """

    __slots__ = ()
    _known: ClassVar[dict[str, Cause]] = {}

    PROJECT_MISSING: ClassVar[Cause]
    VERSION_MISSING: ClassVar[Cause]
    NO_COMPATIBLE_FILE: ClassVar[Cause]
    ONLY_SDIST: ClassVar[Cause]
    LOCK_PINS_PYPI_URL: ClassVar[Cause]
    LOCK_PINS_PYPI_HASH: ClassVar[Cause]
    CONFIGURED_FOR_PYPI: ClassVar[Cause]
    INSTALLER_PREFERS_PYPI: ClassVar[Cause]
    HASH_MISMATCH: ClassVar[Cause]
    NO_CANDIDATE: ClassVar[Cause]
    UPSTREAM_TIER: ClassVar[Cause]
    BLOCKED: ClassVar[Cause]
    YANKED: ClassVar[Cause]
    NOT_PINNED: ClassVar[Cause]
    UNAUTHORIZED: ClassVar[Cause]
    FORBIDDEN: ClassVar[Cause]
    UNREACHABLE: ClassVar[Cause]
    MALFORMED_INDEX: ClassVar[Cause]
    PRIVATE_NAME: ClassVar[Cause]
    NOT_CONFIGURED: ClassVar[Cause]
    MANAGER_FELL_THROUGH: ClassVar[Cause]

    def __new__(cls, name: str) -> Self:
        """Return the cause of this name."""
        return cast("Self", cls._known.setdefault(name, super().__new__(cls, name)))


for _constant in Cause.__annotations__.keys() - {"_known"}:
    setattr(Cause, _constant, Cause(_constant.lower().replace("_", "-")))


MALWARE_DETECTED = "MALWARE_DETECTED"
"""The reason of BLOCKED that no allowance covers: what an index answers for a package with malware in it."""


class Remediation(Struct, frozen=True, kw_only=True):
    """What the VEX feed says of one remediated version."""

    version: str
    """Normalised by PEP 440, with its ``+cgr.N``."""
    fixes: tuple[str, ...]
    """Vulnerabilities, each by one name (``CVE-…`` where it has one), sorted."""


class Answer(Struct, frozen=True, kw_only=True):
    """What one index said when it was asked for one project, its page.

    `problem` is None when it answered with a project detail, PROJECT_MISSING for a 404 (an answer too),
    BLOCKED for a 409, else the reason why it could not be asked.
    """

    index: Index
    name: str
    files: Sequence[ProjectFile] = ()
    problem: Cause | None = None
    url: str | None = None
    """Where the page came from in the end, after redirects; None: from the index's own address."""
    message: str = ""
    """One line for people: what happened and where, without credentials."""
    reason: str | None = None
    """For BLOCKED: the policy's reason, for example ``MALWARE_DETECTED``."""
    refused: bool = False
    """For MALFORMED_INDEX: whether some installer stops at this page, whatever else it has found."""
    remediations: tuple[Remediation, ...] = ()
    """Of the VEX feed alone."""

    @property
    def answered(self) -> bool:
        """Whether the index said what it has: a project detail, "no such project" or "blocked"."""
        return self.problem in (None, Cause.PROJECT_MISSING, Cause.BLOCKED)

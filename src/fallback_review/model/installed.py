"""What is installed: where each distribution comes from, and whether its files are as its wheel has them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.model.reviewed import Conclusion

if TYPE_CHECKING:
    from fallback_review.model.indexed import Outcome
    from fallback_review.model.locked import Notice
    from fallback_review.model.reviewed import Allowance


class Origin(StrEnum):
    """Where an installed distribution comes from; declared worst first."""

    MIXED = "mixed"
    """Some of its files are Chainguard's alone, others another origin's alone."""
    UNVERIFIABLE = "unverifiable"
    """It cannot be told: no index answered, or what is left is the same in both."""
    PYPI = "pypi"
    UPSTREAM = "upstream"
    """PyPI's own bytes, which Chainguard's index lists too."""
    LOCAL_BUILD = "local-build"
    """Built or linked here, from a folder, a repository or a source distribution."""
    PRIVATE = "private"
    SYSTEM = "system"
    """The operating system's, or conda's: their package managers answer for it."""
    REMEDIATED = "remediated"
    CHAINGUARD = "chainguard"


class Integrity(StrEnum):
    """How the files on disk stand to their wheel's own RECORD; declared worst first."""

    CHANGED = "changed"
    """A file has other bytes than the wheel gives it."""
    ADDED = "added"
    """A file lies among the distribution's that no wheel explains."""
    BYTECODE_DIFFERS = "bytecode-differs"
    """A ``.pyc`` is not what its source compiles to, and would run instead of it."""
    OVERWRITTEN = "overwritten"
    """A file is that of another installed wheel which has one of the same name."""
    NOT_CHECKED = "not-checked"
    SLIMMED = "slimmed"
    """Files are missing; what is there is unchanged."""
    INTACT = "intact"


class Proof(StrEnum):
    """What a distribution was compared with; declared weakest first."""

    NONE = "none"
    ITSELF = "itself"
    """Its own RECORD alone, which whoever changes a file can change too."""
    HASH = "hash"
    """A sha256 that somebody else states (a pip report), against the pages of the indexes."""
    RECORD = "record"
    """The wheel's RECORD, read from the index by range: trust rests on TLS."""
    WHEEL = "wheel"
    """The whole wheel: its bytes have the sha256 that the index lists."""
    ATTESTED = "attested"
    """The same, and a signed attestation (PEP 740) names its publisher."""


class Deviation(Struct, frozen=True, kw_only=True):
    """One file that is not as its wheel has it."""

    path: str
    """Below the place that was verified."""
    kind: Integrity
    detail: str = ""


class PredictionCheck(Struct, frozen=True, kw_only=True):
    """Whether the prediction for a distribution held."""

    held: bool | None
    """None where it could not be told."""
    predicted: Outcome | None
    why: str = ""


class VerifiedDistribution(Struct, frozen=True, kw_only=True):
    """One installed distribution, or one wheel."""

    name: str
    """Normalised by PEP 503."""
    version: str | None
    place: str
    """Its ``.dist-info``, or its file, below the place that was verified."""
    origin: Origin
    integrity: Integrity
    proof: Proof
    why: str = ""
    """The origin as one short clause for people."""
    installer: str | None = None
    """What `INSTALLER` says: anybody can write it."""
    file: str | None = None
    """The file name of the wheel that explains it."""
    deviations: tuple[Deviation, ...] = ()
    """At most `MOST_NAMED` of them, worst first."""
    deviating: int = 0
    """How many there are."""
    files: int = 0
    """How many files were compared."""
    bytecode_unchecked: int = 0
    """Bytecode files that no compiler at hand could check."""
    attestation: str | None = None
    """Who published the wheel by its attestation, or why that could not be verified; None where not asked."""
    linked: bool = False
    """Whether it is the project's own, installed as a link to its folder: none of its code lies here."""
    malware: bool = False
    """Whether an index blocks this version since malware was found in it."""
    conclusion: Conclusion = Conclusion.PASS
    allowance: Allowance | None = None
    prediction: PredictionCheck | None = None
    line: int | None = None
    """Of its entry in the lock that the prediction was made from."""


MOST_NAMED = 20
"""Deviations named of one distribution; the others are counted."""


class Verification(Struct, frozen=True, kw_only=True):
    """What one place holds: everything that a report needs."""

    place: str
    """As it was named."""
    kind: str
    """``environment``, ``wheels``, ``pip-report`` or ``image``."""
    conclusion: Conclusion
    distributions: tuple[VerifiedDistribution, ...] = ()
    strays: tuple[Deviation, ...] = ()
    """Files beside the distributions that none of them explains."""
    startup: tuple[str, ...] = ()
    """Files that Python runs at every start (``.pth``, ``sitecustomize``), whoever brought them."""
    findings: tuple[Notice, ...] = ()
    unreadable: tuple[Notice, ...] = ()
    """What could not be read or asked as a whole: then it is no pass."""
    target: str | None = None
    """The target's label, where the place tells its Python and platform."""
    lockfile: str | None = None
    """The lock that predictions were made from."""
    absent: tuple[str, ...] = ()
    """Packages that installing the lock brings, and that are not here."""
    requests: int = 0
    received: int = 0
    """Questions for files, and the bytes of their answers."""

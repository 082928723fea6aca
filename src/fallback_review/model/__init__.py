"""The nouns: frozen values that flow one way, from lockfiles and project details to a `Review`.

Nothing here reads, asks or decides. Words are those of the packaging field (PEP 503, 508, 691, 751).
"""

from fallback_review.model.changed import Change, ChangeKind, LockfileDiff, MetadataChange
from fallback_review.model.demanded import Demand, Demands
from fallback_review.model.indexed import (
    MALWARE_DETECTED,
    Answer,
    Cause,
    Edition,
    Index,
    Oddity,
    Outcome,
    Owner,
    ProjectFile,
    Remediation,
    Tier,
)
from fallback_review.model.locked import (
    Artifact,
    Compiled,
    Ecosystem,
    LockedPackage,
    Lockfile,
    LockIndex,
    Notice,
    Source,
    SourceKind,
)
from fallback_review.model.offered import Offered, Project
from fallback_review.model.options import (
    ALL,
    Constraint,
    InstallOptions,
    NotModelled,
    PackageOptions,
    Prereleases,
)
from fallback_review.model.predicted import (
    Advice,
    Assumption,
    AssumptionKind,
    Evidence,
    EvidenceKind,
    Target,
    Verdict,
    deciding,
)
from fallback_review.model.reviewed import Allowance, Conclusion, Review, ReviewedChange, ReviewedLockfile

__all__ = [
    "ALL",
    "MALWARE_DETECTED",
    "Advice",
    "Allowance",
    "Answer",
    "Artifact",
    "Assumption",
    "AssumptionKind",
    "Cause",
    "Change",
    "ChangeKind",
    "Compiled",
    "Conclusion",
    "Constraint",
    "Demand",
    "Demands",
    "Ecosystem",
    "Edition",
    "Evidence",
    "EvidenceKind",
    "Index",
    "InstallOptions",
    "LockIndex",
    "LockedPackage",
    "Lockfile",
    "LockfileDiff",
    "MetadataChange",
    "NotModelled",
    "Notice",
    "Oddity",
    "Offered",
    "Outcome",
    "Owner",
    "PackageOptions",
    "Prereleases",
    "Project",
    "ProjectFile",
    "Remediation",
    "Review",
    "ReviewedChange",
    "ReviewedLockfile",
    "Source",
    "SourceKind",
    "Target",
    "Tier",
    "Verdict",
    "deciding",
]

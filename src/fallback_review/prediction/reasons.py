"""Why a verdict is not `chainguard`, as one short clause of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Cause, Outcome, Role
from fallback_review.prediction.candidates import parse_version
from fallback_review.prediction.nearest import nearest

if TYPE_CHECKING:
    from fallback_review.model import Change, Verdict
    from fallback_review.prediction.context import Book, Situation

_BLOCK_REASONS = {
    "MALWARE_DETECTED": "malware was found in it",
    "POLICY_COOLDOWN": "it is in its cooldown",
    "POLICY_ORG_BLOCKLIST": "your organisation's policy blocks it",
}
_NAMES = {
    Role.CHAINGUARD: "Chainguard",
    Role.REMEDIATED: "Chainguard's remediated index",
    Role.PYPI: "PyPI",
    Role.RESOLVER: "your index",
}
_PROBLEMS = {
    Cause.UNAUTHORIZED: "token missing or expired",
    Cause.FORBIDDEN: "access is not allowed",
    Cause.UNREACHABLE: "the index could not be reached",
    Cause.MALFORMED_INDEX: "the index's answer could not be read",
}
_CLAUSES = {
    Cause.PROJECT_MISSING: "Chainguard does not have this project",
    Cause.NO_COMPATIBLE_FILE: "no file that fits this target",
    Cause.ONLY_SDIST: "Chainguard has only a source distribution for this target",
    Cause.LOCK_PINS_PYPI_URL: "the lock takes it from PyPI; Chainguard's index is not asked",
    Cause.LOCK_PINS_PYPI_HASH: "the lock allows only hashes of PyPI's files",
    Cause.HASH_MISMATCH: "the lock's hashes are not those of the file that will be served",
    Cause.NO_CANDIDATE: "no index has a file that this entry allows",
    Cause.UPSTREAM_TIER: "PyPI's own file, through Chainguard's index",
    Cause.YANKED: "Chainguard's files of this version are yanked",
    Cause.NOT_PINNED: "not pinned: decided at install time",
    Cause.NOT_CONFIGURED: "Chainguard's index was not asked: no credentials are set",
    Cause.MANAGER_FELL_THROUGH: (
        "your index serves none of Chainguard's files: its Chainguard credentials may have expired"
    ),
}
_BY_REASON: dict[tuple[Cause, str | None], str] = {
    (Cause.UPSTREAM_TIER, "built-available"): (
        "PyPI's own file, through Chainguard's index; Chainguard has built it since"
    ),
    (Cause.NOT_CONFIGURED, "index"): "the lockfile names another index too, which was not asked",
    (Cause.NOT_CONFIGURED, "hosts"): "it is not known whose host its files lie on",
    (Cause.NOT_CONFIGURED, "no-sha256"): "the lock has no sha256 to compare with the indexes'",
    (Cause.NOT_CONFIGURED, "remediated"): "a remediated version, and the remediated index was not asked",
    (Cause.NOT_CONFIGURED, "unasked"): "not found, and another index of yours was not asked",
    (Cause.NOT_CONFIGURED, "layout"): "the index layout is not known, and the answer hangs on it",
}


def describe(verdict: Verdict, change: Change, situation: Situation, book: Book) -> str:
    """Return why a verdict is not `chainguard`; empty where it is."""
    if verdict.outcome is Outcome.DIRECT:
        return "not from an index"
    if verdict.outcome is Outcome.PRIVATE:
        return "from another index"
    if verdict.cause is None:
        return ""
    if verdict.cause in _PROBLEMS:
        return _unasked(verdict.cause, change, book)
    if verdict.cause is Cause.VERSION_MISSING:
        return _version_missing(verdict, change, book)
    special = {
        Cause.BLOCKED: _blocked(verdict),
        Cause.INSTALLER_PREFERS_PYPI: f"both have it, and {situation.installer} ranks PyPI's file higher",
    }
    by_reason = _BY_REASON.get((verdict.cause, verdict.reason))
    return by_reason or special.get(verdict.cause) or _CLAUSES[verdict.cause]


def _version_missing(verdict: Verdict, change: Change, book: Book) -> str:
    wanted = parse_version(verdict.version or "")
    near = nearest(change.name, wanted, book) if wanted is not None else ()
    said = f"Chainguard has no {verdict.version or 'version that matches'}"
    return said + (f"; nearest {' and '.join(map(str, near))}" if near else "")


def _blocked(verdict: Verdict) -> str:
    known = _BLOCK_REASONS.get(verdict.reason or "")
    return f"Chainguard blocks it: {known}" if known else "Chainguard blocks it"


def _unasked(cause: Cause, change: Change, book: Book) -> str:
    answers = (book.get((role, change.name)) for role in Role)
    role = next((answer.role for answer in answers if answer is not None and answer.problem is cause), None)
    return f"{_NAMES[role]}: {_PROBLEMS[cause]}" if role else _PROBLEMS[cause]

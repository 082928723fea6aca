"""One concrete next step for a change's worst verdict, and the cause as one short clause; plain text."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from fallback_review.model import Advice, Cause, Outcome, Role
from fallback_review.prediction.candidates import parse_version
from fallback_review.prediction.listing import LAYOUTS
from fallback_review.prediction.nearest import nearest, remediated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.version import Version

    from fallback_review.model import Change, Verdict
    from fallback_review.prediction.situation import Book, Situation

_UPGRADE = {
    "uv.lock": "uv lock --upgrade-package {name}",
    "poetry.lock": "poetry update {name}",
    "pdm.lock": "pdm update {name}",
    "Pipfile.lock": "pipenv upgrade {name}",
    "requirements.txt": "pip-compile -P {name}",
    "pixi.lock": "pixi update {name}",
    "conda-lock.yml": "conda-lock lock --update {name}",
}
_UPDATE_HASHES = frozenset(
    {"requirements.txt", "poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"}
)
"""The files that `chainctl libraries update-hashes` handles (its documentation)."""
_REQUESTED = "asking for a missing package requests its build"
_MISSING = {Cause.PROJECT_MISSING, Cause.VERSION_MISSING}
_HASHES = {Cause.LOCK_PINS_PYPI_HASH, Cause.HASH_MISMATCH}
_BLOCK_REASONS = {
    "MALWARE_DETECTED": "malware was found in it",
    "POLICY_COOLDOWN": "it is in its cooldown",
    "POLICY_ORG_BLOCKLIST": "your organisation's policy blocks it",
}


def advise(
    change: Change,
    verdicts: Iterable[Verdict],
    situation: Situation,
    book: Book,
    *,
    format: str,  # noqa: A002 - the lock's word
) -> Advice | None:
    """Return what to do about the worst of a change's verdicts; None where nothing is to be done.

    `format` is the lockfile's registered format; commands are written for it.
    """
    worst = worst_of(verdicts)
    if worst is None:
        return None
    name = change.name
    wanted = parse_version(worst.version) if worst.version else None
    fixed = remediated(name, wanted, book) if wanted is not None else None
    upgrade = _upgrade(name, format)
    if worst.outcome in (Outcome.CHAINGUARD, Outcome.UPSTREAM) and fixed is not None and wanted != fixed:
        return Advice(text=f"Chainguard has a remediated {fixed}: move the lock to it", command=upgrade)
    if worst.cause is None:
        return None
    if worst.cause in _MISSING:
        return _for_missing(name, wanted, fixed, book, upgrade)
    if worst.cause in _HASHES:
        return _for_hashes(format, upgrade)
    return _for_others(worst, wanted, name, situation, book, format=format, upgrade=upgrade)


def worst_of(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the worst verdict of the targets that count (of all, where none counts)."""
    every = list(verdicts)
    return min([v for v in every if not v.informational] or every, key=lambda v: v.outcome.rank, default=None)


def _upgrade(name: str, lock_format: str) -> str | None:
    command = _UPGRADE.get(lock_format)
    return command.format(name=shlex.quote(name)) if command else None


def _for_missing(
    name: str, wanted: Version | None, fixed: Version | None, book: Book, upgrade: str | None
) -> Advice:
    if fixed is not None:
        return Advice(text=f"Chainguard has {fixed}, remediated: move the lock to it", command=upgrade)
    near = nearest(name, wanted, book) if wanted is not None else ()
    if near:
        return Advice(text=f"pin {' or '.join(map(str, near))}, or wait: {_REQUESTED}")
    return Advice(text=f"wait: {_REQUESTED}")


def _for_hashes(lock_format: str, upgrade: str | None) -> Advice:
    if lock_format in _UPDATE_HASHES:
        return Advice(
            text="put the hashes of Chainguard's files into the lock",
            command=f"chainctl libraries update-hashes {lock_format}",
        )
    return Advice(text="lock this package again through Chainguard's index", command=upgrade)


def _for_others(
    worst: Verdict,
    wanted: Version | None,
    name: str,
    situation: Situation,
    book: Book,
    *,
    format: str,  # noqa: A002 - the lock's word
    upgrade: str | None,
) -> Advice | None:
    near = " or ".join(map(str, nearest(name, wanted, book))) if wanted is not None else ""
    match worst.cause:
        case Cause.LOCK_PINS_PYPI_URL:
            if format in _UPDATE_HASHES:
                return Advice(
                    text="move the locked files to Chainguard's",
                    command=f"chainctl libraries update-hashes {format}",
                )
            return Advice(text="lock this package again with Chainguard's index in front", command=upgrade)
        case Cause.NO_COMPATIBLE_FILE | Cause.ONLY_SDIST:
            also = f", or pin {near}" if near else ""
            return Advice(text=f"allow it for this target{also}, or wait for a wheel that fits")
        case Cause.INSTALLER_PREFERS_PYPI:
            if LAYOUTS[situation.layout].client:
                return Advice(
                    text="leave PyPI's index out of the installer's configuration, or put Chainguard's in front"
                )
            return Advice(
                text="let the repository manager serve a version from Chainguard alone once Chainguard has it"
            )
        case Cause.NO_CANDIDATE:
            return Advice(
                text="lock this package again: no index has a file that this entry allows", command=upgrade
            )
        case Cause.UPSTREAM_TIER:
            if worst.reason == "built-available":
                return Advice(
                    text="Chainguard has built it since: clear the organisation's pinned copy",
                    command="chainctl libraries cache zap",
                )
            return Advice(
                text=f"pin {near}, or wait: Chainguard has not built it yet"
                if near
                else "wait: Chainguard has not built it yet"
            )
        case Cause.BLOCKED:
            return Advice(text=f"choose another version{f' ({near})' if near else ''}: this one is blocked")
        case Cause.YANKED:
            return Advice(text=f"choose a version that is not yanked{f' ({near})' if near else ''}")
        case Cause.NOT_PINNED:
            return Advice(text=f"pin an exact version{f' ({near})' if near else ''}")
        case Cause.UNAUTHORIZED:
            return Advice(
                text="renew the Chainguard token: it is missing or expired",
                command="chainctl auth pull-token create --repository=python",
            )
        case Cause.FORBIDDEN:
            return Advice(
                text="check that the identity may pull Python libraries, and that its user name is complete"
            )
        case Cause.UNREACHABLE:
            return Advice(text="run the check again")
        case Cause.MALFORMED_INDEX:
            return Advice(text="check the index's address: what it answers is no simple index")
        case Cause.NOT_CONFIGURED:
            return Advice(text="say in the settings which indexes are used and how they are arranged")
        case Cause.MANAGER_FELL_THROUGH:
            return Advice(
                text="renew the repository manager's Chainguard credentials, then run the check again"
            )
        case _:
            return None


def describe(verdict: Verdict, change: Change, situation: Situation, book: Book) -> str:
    """Return why a verdict is not `chainguard`, in one short clause of plain text; empty where it is."""
    wanted = parse_version(verdict.version) if verdict.version else None
    version = verdict.version or "matching version"
    if verdict.outcome is Outcome.DIRECT:
        return "not from an index"
    if verdict.outcome is Outcome.PRIVATE:
        return "from another index"
    if verdict.cause is Cause.VERSION_MISSING:
        near = nearest(change.name, wanted, book) if wanted is not None else ()
        return f"Chainguard has no {version}" + (f"; nearest {' and '.join(map(str, near))}" if near else "")
    if verdict.cause is Cause.BLOCKED:
        known = _BLOCK_REASONS.get(verdict.reason or "")
        return f"Chainguard blocks it: {known}" if known else "Chainguard blocks it"
    if verdict.cause in (Cause.UNAUTHORIZED, Cause.FORBIDDEN, Cause.UNREACHABLE, Cause.MALFORMED_INDEX):
        return _unasked(verdict, change, book)
    if verdict.cause is Cause.INSTALLER_PREFERS_PYPI:
        return f"both have it, and {situation.installer} prefers PyPI's file"
    if verdict.cause is Cause.UPSTREAM_TIER and verdict.reason == "built-available":
        return "PyPI's own file, through Chainguard's index; Chainguard has built it since"
    return _CLAUSES.get(verdict.cause, "") if verdict.cause else ""


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
    Cause.NOT_CONFIGURED: "not known how the indexes are arranged",
    Cause.MANAGER_FELL_THROUGH: "your index serves none of Chainguard's files; its Chainguard credentials may have expired",
}
_PROBLEMS = {
    Cause.UNAUTHORIZED: "token missing or expired",
    Cause.FORBIDDEN: "access is not allowed",
    Cause.UNREACHABLE: "the index could not be reached",
    Cause.MALFORMED_INDEX: "the index's answer could not be read",
}


def _unasked(verdict: Verdict, change: Change, book: Book) -> str:
    cause = verdict.cause or Cause.UNREACHABLE
    said = next(
        (a for role in Role if (a := book.get((role, change.name))) is not None and a.problem is cause), None
    )
    where = f"{_NAMES[said.role]}: " if said is not None else ""
    return f"could not check: {where}{_PROBLEMS[cause]}"


_NAMES = {
    Role.CHAINGUARD: "Chainguard",
    Role.REMEDIATED: "Chainguard's remediated index",
    Role.PYPI: "PyPI",
    Role.RESOLVER: "your index",
}

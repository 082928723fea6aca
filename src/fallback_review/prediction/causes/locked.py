"""Causes that lie with the lock, or with how the installer chooses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.lockfiles import FORMATS
from fallback_review.model import Advice, Cause
from fallback_review.prediction.causes.record import CauseRecord, Words

if TYPE_CHECKING:
    from fallback_review.prediction.causes.record import Facts


def _url(facts: Facts) -> Advice:
    known = FORMATS.get(facts.format)
    if known is not None and known.project_file is not None:
        return Advice(
            text=f"name Chainguard's index first in {known.project_file}, then lock again",
            command=known.lock_all_command(facts.path),
        )
    return _update(facts, "point the lock at Chainguard's files")


def _hashes(facts: Facts) -> Advice:
    return _update(facts, "put the hashes of Chainguard's files into the lock")


def _update(facts: Facts, text: str) -> Advice:
    """Chainguard's documented way first; locking again where it does not know the format."""
    if facts.update_hashes:
        return Advice(text=text, command=facts.update_hashes)
    return Advice(text="lock this package again through Chainguard's index", command=facts.relock)


def _lock_again(facts: Facts) -> Advice:
    return Advice(
        text="lock this package again: no index has a file that this entry allows", command=facts.relock
    )


def _preferred(facts: Facts) -> str:
    return f"both have it, and {facts.installer} ranks PyPI's file higher"


def _prefer_chainguard(facts: Facts) -> Advice:
    if facts.configured_on_client:
        return Advice(
            text="put Chainguard's index in front of PyPI's, or leave PyPI's out of the configuration"
        )
    return Advice(
        text="let the repository manager serve a version from Chainguard alone once Chainguard has it"
    )


RECORDS = (
    CauseRecord(
        cause=Cause.LOCK_PINS_PYPI_URL,
        title="The lock names PyPI's files",
        words=Words(why="the lock takes it from PyPI; Chainguard's index is not asked", step=_url),
    ),
    CauseRecord(
        cause=Cause.LOCK_PINS_PYPI_HASH,
        title="The lock allows only PyPI's files",
        words=Words(why="the lock allows only hashes of PyPI's files", step=_hashes),
    ),
    CauseRecord(
        cause=Cause.HASH_MISMATCH,
        title="The lock refuses the file that it will get",
        words=Words(why="the lock's hashes are not those of the file that will be served", step=_hashes),
    ),
    CauseRecord(
        cause=Cause.NO_CANDIDATE,
        title="No index has a file that the lock allows",
        words=Words(why="no index has a file that this entry allows", step=_lock_again),
    ),
    CauseRecord(
        cause=Cause.NOT_PINNED,
        title="The requirement is not pinned",
        words=Words(
            why="not pinned: decided at install time",
            step="pin an exact version, so that what is reviewed is what gets installed",
        ),
    ),
    CauseRecord(
        cause=Cause.INSTALLER_PREFERS_PYPI,
        title="The installer prefers PyPI's file",
        words=Words(why=_preferred, step=_prefer_chainguard),
    ),
)

"""Causes that lie with the lock, or with how the installer chooses."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from fallback_review.model import Advice, Cause
from fallback_review.prediction.causes.record import CauseRecord, Words

if TYPE_CHECKING:
    from fallback_review.prediction.causes.record import Facts


def _url(facts: Facts) -> Advice:
    known = facts.format
    if known is not None and known.project_file is not None and facts.lockfile is not None:
        file = posixpath.join(posixpath.dirname(facts.lockfile.path), known.project_file)
        text = f"name Chainguard's index first in {file}, then lock this package again"
        return Advice(text=text + _if_any(facts), command=facts.relock)
    return _update(facts, "point the lock at Chainguard's files")


def _hashes(facts: Facts) -> Advice:
    return _update(facts, "put the hashes of Chainguard's files into the lock")


def _if_any(facts: Facts) -> str:
    return ". Chainguard's index did not say whether it has the version" if facts.unheard else ""


def _update(facts: Facts, text: str) -> Advice:
    """Chainguard's documented way first; where the lock is as that leaves it, the next way.

    It appends where a format allows several hashes, so that an installer may still take PyPI's file; a
    pylock.toml that it appended to still has PyPI's row first, which pip and uv take (both measured).
    """
    command = facts.update_hashes()
    if command is None:
        text = "lock this package again through Chainguard's index"
        return Advice(text=text + _if_any(facts), command=facts.relock)
    if not facts.updated:
        return Advice(text=text + _if_any(facts), command=command)
    if facts.format is not None and not facts.format.locks_urls:
        return Advice(
            text="replace PyPI's hashes: the lock allows both sources' files",
            command=facts.update_hashes("--replace"),
        )
    path = facts.lockfile.path if facts.lockfile is not None else "the lock"
    return Advice(
        text=f"remove PyPI's files of {facts.change.name} from {path}: it lists Chainguard's files too, and "
        "the installer takes the first that fits",
        command=facts.relock,
    )


def _lock_again(facts: Facts) -> Advice:
    return Advice(text="lock this package again", command=facts.relock)


def _preferred(facts: Facts) -> str:
    return f"both have it, and {facts.installer} prefers PyPI's file"


def _prefer_chainguard(facts: Facts) -> Advice:
    if facts.updated and (command := facts.update_hashes("--replace")):
        return Advice(text="replace PyPI's hashes: the lock allows both sources' files", command=command)
    if facts.configured_on_client:
        return Advice(
            text=f"remove PyPI's index from {facts.installer}'s configuration, or put Chainguard's before it"
        )
    return Advice(
        text="set the repository manager to serve a version from Chainguard alone once Chainguard has it"
    )


RECORDS = (
    CauseRecord(
        cause=Cause.LOCK_PINS_PYPI_URL,
        title="The lock names PyPI's files",
        meaning=(
            "The lock names PyPI as the source of the package, or the addresses of PyPI's files. The "
            "installer takes them and does not ask Chainguard's index, whatever its configuration "
            "says. Move the lock to Chainguard's files."
        ),
        words=Words(why="the lock takes it from PyPI; Chainguard's index is not asked", step=_url),
    ),
    CauseRecord(
        cause=Cause.LOCK_PINS_PYPI_HASH,
        title="The lock allows only PyPI's files",
        meaning=(
            "The lock allows only files with PyPI's hashes. Chainguard's build of the same version "
            "has other bytes, so the installer skips it. Put the hashes of Chainguard's files "
            "into the lock."
        ),
        words=Words(why="the lock allows only hashes of PyPI's files", step=_hashes),
    ),
    CauseRecord(
        cause=Cause.HASH_MISMATCH,
        title="The lock refuses the file that it will get",
        meaning=(
            "The installer will be given a file whose hash is not in the lock, so the install "
            "fails. This happens when the index changes and the lock does not. Put the hashes of "
            "Chainguard's files into the lock."
        ),
        words=Words(why="the lock does not hold the hash of the file that the index serves", step=_hashes),
    ),
    CauseRecord(
        cause=Cause.NO_CANDIDATE,
        title="No index has a file that the lock allows",
        meaning=(
            "No index that is asked has a file that this entry of the lock allows, so the "
            "install fails. Lock the package again."
        ),
        words=Words(why="no index has a file that the lock allows", step=_lock_again),
    ),
    CauseRecord(
        cause=Cause.NOT_PINNED,
        title="The requirement is not pinned",
        meaning=(
            "The requirement names no exact version. The installer decides when it installs, so "
            "a review can only say what it would take today. Pin an exact version."
        ),
        words=Words(
            why="not pinned: the installer decides when it installs",
            step="pin an exact version: then the review and the install see the same file",
        ),
    ),
    CauseRecord(
        cause=Cause.CONFIGURED_FOR_PYPI,
        title="The installer asks PyPI alone",
        meaning=(
            "The installer's own configuration names PyPI and no index of Chainguard's, so Chainguard's "
            "index is never asked. Name Chainguard's index in the configuration, in PyPI's place."
        ),
        words=Words(
            why=lambda facts: f"{facts.installer} is configured to ask PyPI alone",
            step="name Chainguard's index in the installer's configuration, in PyPI's place",
        ),
    ),
    CauseRecord(
        cause=Cause.PRIVATE_NAME,
        title="A private name is taken from a public index",
        meaning=(
            "The settings call the name private, and the lock takes the package from a public index, where "
            "anybody may have put a package of that name. Take it from your own index."
        ),
        words=Words(
            why="the settings call its name private, and the lock takes it from a public index",
            step="take it from your own index: name that as its source, and lock it again; if the name is "
            "public, take it out of private in [policy]",
        ),
    ),
    CauseRecord(
        cause=Cause.INSTALLER_PREFERS_PYPI,
        title="The installer prefers PyPI's file",
        meaning=(
            "Both Chainguard and PyPI have a file that the lock allows, and the installer ranks "
            "PyPI's higher: by its tags, or by the order of the indexes. Take PyPI out of the "
            "configuration, or put Chainguard's index before it."
        ),
        words=Words(why=_preferred, step=_prefer_chainguard),
    ),
)

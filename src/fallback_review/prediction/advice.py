"""One concrete next step for a change's worst verdict, written for the lock's format; plain text."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fallback_review.model import Advice, Cause, Outcome
from fallback_review.prediction.candidates import parse_version
from fallback_review.prediction.layouts import LAYOUTS
from fallback_review.prediction.nearest import nearest, remediated

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from packaging.version import Version

    from fallback_review.model import Change, Verdict
    from fallback_review.prediction.context import Book, Situation

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
_INDEX_LOCKED = {"poetry.lock": ("pyproject.toml", "poetry lock"), "Pipfile.lock": ("Pipfile", "pipenv lock")}
"""Locks that say which index an entry comes from, whatever its hashes: who names it, and what moves it."""
_CONFIGURE = {
    "layout": "say in the settings how the indexes are arranged: layout in [indexes]",
    "no-sha256": "lock it again with sha256 hashes",
    "remediated": "name the remediated index in the settings: remediated in [indexes]",
    "index": "lock with hashes, or name that index in the settings: own-hosts in [indexes]; if the "
    "package is meant to come from there, name that: private in [policy]",
    "unasked": "if it is meant to come from there, name it in the settings: private in [policy]",
    "hosts": "name the host of its files in the settings: pypi-hosts or own-hosts in [indexes]",
}
"""What the settings, or the lock, lack, by the reason of `Cause.NOT_CONFIGURED`."""
_UNBLOCKED = {
    "MALWARE_DETECTED": "do not install it: take it out, and look where it was installed before",
    "POLICY_COOLDOWN": "wait until its cooldown is over, or pin an older version",
    "POLICY_ORG_BLOCKLIST": "choose another package, or ask whoever keeps your organisation's blocklist",
}
"""What to do by the reason that the index gives for a block."""
_REQUESTED = "its build is now requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    worst: Verdict
    wanted: Version | None
    near: str
    """The nearest versions that Chainguard built, as text; empty where there are none."""
    fixed: Version | None
    """The newest ``+cgr.N`` of the wanted version."""
    format: str
    path: str
    """Quoted for a shell: it is whatever a pull request calls its file."""
    upgrade: str | None
    """The command that locks this package again."""
    client: bool
    """Whether the installer itself is configured with both indexes."""


def advise(
    change: Change,
    verdicts: Iterable[Verdict],
    situation: Situation,
    book: Book,
    *,
    format: str,  # noqa: A002 - the lockfile's own word, and the caller's
    path: str,
) -> Advice | None:
    """Return what to do about the worst of a change's verdicts; None where nothing is to be done.

    `format` is the lockfile's registered format, `path` where it is: commands are written for them.
    """
    every = list(verdicts)
    deciding = [verdict for verdict in every if not verdict.informational] or every
    worst = min(deciding, key=lambda verdict: verdict.outcome.rank, default=None)
    if worst is None:
        return None
    wanted = parse_version(worst.version or "")
    command = _UPGRADE.get(format)
    facts = _Facts(
        worst=worst,
        wanted=wanted,
        near=" or ".join(map(str, nearest(change.name, wanted, book))) if wanted and worst.cause else "",
        fixed=remediated(change.name, wanted, book) if wanted else None,
        format=format,
        path=shlex.quote(path),
        upgrade=command.format(name=shlex.quote(change.name)) if command else None,
        client=LAYOUTS[situation.layout].client,
    )
    if worst.outcome in (Outcome.CHAINGUARD, Outcome.UPSTREAM) and facts.fixed not in (None, wanted):
        return Advice(
            text=f"Chainguard has {facts.fixed}, remediated: move the lock to it", command=facts.upgrade
        )
    step = _STEPS.get(worst.cause) if worst.cause is not None else None
    return step(facts) if step is not None else None


def _missing(facts: _Facts) -> Advice:
    if facts.fixed is not None:
        return Advice(
            text=f"Chainguard has {facts.fixed}, remediated: move the lock to it", command=facts.upgrade
        )
    return Advice(text=f"pin {facts.near}, or wait: {_REQUESTED}" if facts.near else f"wait: {_REQUESTED}")


def _hashes(facts: _Facts) -> Advice:
    return _update(facts, "put the hashes of Chainguard's files into the lock")


def _url(facts: _Facts) -> Advice:
    if facts.format in _INDEX_LOCKED:
        project, command = _INDEX_LOCKED[facts.format]
        return Advice(text=f"name Chainguard's index first in {project}, then lock again", command=command)
    return _update(facts, "point the lock at Chainguard's files")


def _update(facts: _Facts, text: str) -> Advice:
    """Chainguard's documented way first; locking again where it does not know the format."""
    if facts.format in _UPDATE_HASHES:
        return Advice(text=text, command=f"chainctl libraries update-hashes {facts.path}")
    return Advice(text="lock this package again through Chainguard's index", command=facts.upgrade)


def _no_fit(facts: _Facts) -> Advice:
    also = f", pin {facts.near}" if facts.near else ""
    if facts.worst.outcome is Outcome.INSTALL_FAILS:
        return Advice(
            text=f"take this target out of the settings if nothing installs there{also}, or wait for a wheel"
        )
    return Advice(text=f"allow it{also}, or wait for a wheel that fits")


def _preferred(facts: _Facts) -> Advice:
    if facts.client:
        return Advice(
            text="put Chainguard's index in front of PyPI's, or leave PyPI's out of the configuration"
        )
    return Advice(
        text="let the repository manager serve a version from Chainguard alone once Chainguard has it"
    )


def _upstream(facts: _Facts) -> Advice:
    if facts.worst.reason == "built-available":
        update = (
            f" && chainctl libraries update-hashes {facts.path}" if facts.format in _UPDATE_HASHES else ""
        )
        return Advice(
            text="Chainguard has built it, but the lock (or your organisation's build pinning) holds the "
            "upstream file: clear that copy, then update the lock",
            command=f"chainctl libraries cache zap{update}",
        )
    return Advice(text=f"pin {facts.near}, or wait for the build" if facts.near else "wait for the build")


def _unconfigured(facts: _Facts) -> Advice:
    text = _CONFIGURE.get(facts.worst.reason or "")
    if text is not None:
        return Advice(text=text)
    return Advice(
        text="make a token, and give its two values: as index-username and index-password, or as the "
        "variables that it comes in",
        command="chainctl auth pull-token create --repository=python",
    )


def _blocked(facts: _Facts) -> Advice:
    return Advice(
        text=_UNBLOCKED.get(facts.worst.reason or "", "choose another package: this one is blocked")
    )


def _lock_again(facts: _Facts) -> Advice:
    return Advice(
        text="lock this package again: no index has a file that this entry allows", command=facts.upgrade
    )


def _another(text: str) -> Callable[[_Facts], Advice]:
    return lambda facts: Advice(text=text + (f" ({facts.near})" if facts.near else ""))


def _always(text: str, command: str | None = None) -> Callable[[_Facts], Advice]:
    return lambda _facts: Advice(text=text, command=command)


_STEPS: Mapping[Cause, Callable[[_Facts], Advice]] = {
    Cause.PROJECT_MISSING: _missing,
    Cause.VERSION_MISSING: _missing,
    Cause.NO_COMPATIBLE_FILE: _no_fit,
    Cause.ONLY_SDIST: _no_fit,
    Cause.LOCK_PINS_PYPI_URL: _url,
    Cause.LOCK_PINS_PYPI_HASH: _hashes,
    Cause.HASH_MISMATCH: _hashes,
    Cause.INSTALLER_PREFERS_PYPI: _preferred,
    Cause.NO_CANDIDATE: _lock_again,
    Cause.UPSTREAM_TIER: _upstream,
    Cause.BLOCKED: _blocked,
    Cause.YANKED: _another("choose a version that is not yanked"),
    Cause.NOT_PINNED: _always("pin an exact version, so that what is reviewed is what gets installed"),
    Cause.UNAUTHORIZED: _always(
        "renew the token: it is missing or expired", "chainctl auth pull-token create --repository=python"
    ),
    Cause.FORBIDDEN: _always(
        "check that the identity may pull Python libraries, and that its user name is complete"
    ),
    Cause.UNREACHABLE: _always("run the check again"),
    Cause.MALFORMED_INDEX: _always("check the index's address: what it answers can't be used"),
    Cause.NOT_CONFIGURED: _unconfigured,
    Cause.MANAGER_FELL_THROUGH: _always(
        "renew the repository manager's Chainguard credentials, then run the check again"
    ),
}

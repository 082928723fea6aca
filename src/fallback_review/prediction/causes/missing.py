"""Causes that lie with what Chainguard has: a project, version or file that it lacks, blocks or yanked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import MALWARE_DETECTED, Advice, Cause, Outcome
from fallback_review.prediction.causes.record import CauseRecord, Words, move_to_remediated

if TYPE_CHECKING:
    from fallback_review.prediction.causes.record import Facts

_REQUESTED = "its build is now requested"


def _version_missing(facts: Facts) -> str:
    near = " and ".join(facts.near)
    said = f"Chainguard has no {facts.verdict.version or 'version that matches'}"
    return said + (f"; nearest {near}" if near else "")


def _wait_or_pin(facts: Facts) -> Advice:
    if facts.fixed is not None:
        return move_to_remediated(facts)
    near = " or ".join(facts.near)
    return Advice(text=f"pin {near}, or wait: {_REQUESTED}" if near else f"wait: {_REQUESTED}")


def _no_fit(facts: Facts) -> Advice:
    near = " or ".join(facts.near)
    also = f", pin {near}" if near else ""
    if facts.verdict.outcome is Outcome.INSTALL_FAILS:
        return Advice(
            text=f"take this target out of the settings if nothing installs there{also}, or wait for a wheel"
        )
    return Advice(text=f"allow it{also}, or wait for a wheel that fits")


def _not_yanked(facts: Facts) -> Advice:
    near = " or ".join(facts.near)
    return Advice(text="choose a version that is not yanked" + (f" ({near})" if near else ""))


def _upstream(facts: Facts) -> Advice:
    near = " or ".join(facts.near)
    return Advice(text=f"pin {near}, or wait for the build" if near else "wait for the build")


def _pinned_copy(facts: Facts) -> Advice:
    update = f" && {facts.update_hashes}" if facts.update_hashes else ""
    return Advice(
        text="Chainguard has built it, but the lock (or your organisation's build pinning) holds the "
        "upstream file: clear that copy, then update the lock",
        command=f"chainctl libraries cache zap{update}",
    )


BLOCK_REASONS = {
    MALWARE_DETECTED: "malware was found in it",
    "POLICY_COOLDOWN": "it is in its cooldown",
    "POLICY_ORG_BLOCKLIST": "it is on your organisation's blocklist",
}
"""Why an index blocks a package, by the reason that it answers with."""


def _blocked(reason: str, step: str) -> Words:
    return Words(why=f"Chainguard blocks it: {BLOCK_REASONS[reason]}", step=step)


RECORDS = (
    CauseRecord(
        cause=Cause.PROJECT_MISSING,
        title="Chainguard does not have this project",
        words=Words(why="Chainguard does not have this project", step=_wait_or_pin),
    ),
    CauseRecord(
        cause=Cause.VERSION_MISSING,
        title="Chainguard does not have this version",
        words=Words(why=_version_missing, step=_wait_or_pin),
    ),
    CauseRecord(
        cause=Cause.NO_COMPATIBLE_FILE,
        title="Chainguard has no file for this target",
        words=Words(why="no file that fits this target", step=_no_fit),
    ),
    CauseRecord(
        cause=Cause.ONLY_SDIST,
        title="Chainguard has only a source distribution",
        words=Words(why="Chainguard has only a source distribution for this target", step=_no_fit),
    ),
    CauseRecord(
        cause=Cause.UPSTREAM_TIER,
        title="Chainguard serves PyPI's own file",
        words=Words(why="Chainguard has not rebuilt this version", step=_upstream),
        reasons={
            "built-available": Words(
                why="Chainguard has rebuilt this version since",
                step=_pinned_copy,
            )
        },
    ),
    CauseRecord(
        cause=Cause.BLOCKED,
        title="Chainguard blocks this package",
        words=Words(why="Chainguard blocks it", step="choose another package: this one is blocked"),
        reasons={
            MALWARE_DETECTED: _blocked(
                MALWARE_DETECTED, "do not install it: take it out, and look where it was installed before"
            ),
            "POLICY_COOLDOWN": _blocked(
                "POLICY_COOLDOWN", "wait until its cooldown is over, or pin an older version"
            ),
            "POLICY_ORG_BLOCKLIST": _blocked(
                "POLICY_ORG_BLOCKLIST",
                "choose another package, or ask whoever keeps your organisation's blocklist",
            ),
        },
    ),
    CauseRecord(
        cause=Cause.YANKED,
        title="Chainguard's files of this version are yanked",
        words=Words(why="Chainguard's files of this version are yanked", step=_not_yanked),
    ),
)

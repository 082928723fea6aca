"""Causes that lie with what Chainguard has: a project, version or file that it lacks, blocks or yanked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import MALWARE_DETECTED, Advice, Cause, Outcome
from fallback_review.prediction.causes.record import CauseRecord, Words, move_to_remediated, pin_or

if TYPE_CHECKING:
    from fallback_review.prediction.causes.record import Facts, Step

_WAIT = "wait for Chainguard's build, which this check has requested"


def _version_missing(facts: Facts) -> str:
    return f"Chainguard has no {facts.verdict.version or 'version that matches'}"


def _wait_or_pin(facts: Facts) -> Advice:
    return move_to_remediated(facts) if facts.fixed is not None else pin_or(facts, _WAIT)


def _no_wheel(facts: Facts) -> str:
    return f"Chainguard has no wheel for {facts.target}"


def _only_sdist(facts: Facts) -> str:
    return f"Chainguard has only a source distribution for {facts.target}"


def _wait_for_wheel(facts: Facts) -> Advice:
    """A target is taken out of the settings last, and by whoever knows that nothing installs there."""
    otherwise = "wait for a wheel"
    if facts.verdict.outcome is not Outcome.INSTALL_FAILS:
        return pin_or(facts, f"{otherwise}, or allow PyPI's file in the settings: [[allow]]")
    return pin_or(
        facts,
        f"{otherwise}. If nothing installs it for {facts.target}, take that out of [targets] in the settings",
    )


def _not_yanked(facts: Facts) -> Advice:
    return pin_or(facts, "choose a version that is not yanked")


def _upstream(facts: Facts) -> Advice:
    return pin_or(facts, "wait for Chainguard's build")


def _pinned_copy(facts: Facts) -> Advice:
    update = facts.update_hashes()
    return Advice(
        text="clear your organisation's copy of PyPI's file (build pinning), then update the lock",
        command="chainctl libraries cache zap" + (f" && {update}" if update else ""),
    )


def _cooldown(facts: Facts) -> Advice:
    return pin_or(facts, "wait until its cooldown is over")


BLOCK_REASONS = {
    MALWARE_DETECTED: "malware was found in it",
    "POLICY_COOLDOWN": "it is in its cooldown",
    "POLICY_ORG_BLOCKLIST": "it is on your organisation's blocklist",
}
"""Why an index blocks a package, by the reason that it answers with."""


def _blocked(reason: str, step: Step) -> Words:
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
        title="Chainguard has no wheel for the target",
        words=Words(why=_no_wheel, step=_wait_for_wheel),
    ),
    CauseRecord(
        cause=Cause.ONLY_SDIST,
        title="Chainguard has only a source distribution",
        words=Words(why=_only_sdist, step=_wait_for_wheel),
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
            "POLICY_COOLDOWN": _blocked("POLICY_COOLDOWN", _cooldown),
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

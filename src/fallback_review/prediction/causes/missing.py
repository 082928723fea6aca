"""Causes that lie with what Chainguard has: a project, version or file that it lacks, blocks or yanked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import MALWARE_DETECTED, Advice, Cause, Outcome
from fallback_review.prediction.causes.record import CauseRecord, Words, move_to_remediated, pin_or

if TYPE_CHECKING:
    from fallback_review.prediction.causes.record import Facts, Step

_WAIT = "wait for Chainguard's build, which this check has requested"


_OTHER_OPTION = {
    "no-binary": "take the package out of no-binary in {installer}'s configuration",
    "a bound of upload times": "check the bound of upload times in {installer}'s configuration: where a page "
    "tells no times, no file counts as old enough",
}
"""The step for each option that may leave out Chainguard's wheel."""


def _version_missing(facts: Facts) -> str:
    return f"Chainguard has no {facts.verdict.version or 'version that matches'}"


def _wait_or_pin(facts: Facts) -> Advice:
    return move_to_remediated(facts) if facts.fixed is not None else pin_or(facts, _held_back(facts) or _WAIT)


def _held_back(facts: Facts) -> str:
    """Say until when the organisation's cooldown holds the version back; empty where it does not."""
    served, days = facts.served_from, facts.context.cooldown_days
    return f"wait until {served:%Y-%m-%d}: your cooldown of {days} days holds it back" if served else ""


def _no_wheel(facts: Facts) -> str:
    if facts.left_out_by is not None:
        return f"an option leaves out Chainguard's wheel for {facts.target}: {facts.left_out_by}"
    said = facts.said_of_lock
    if said is None or facts.chainguard_has_wheel is False:
        return f"Chainguard has no wheel for {facts.target}"
    return said.replace("this target", facts.target)


def _only_sdist(facts: Facts) -> str:
    return f"Chainguard has only a source distribution for {facts.target}"


def _wait_for_wheel(facts: Facts) -> Advice:
    """A target is taken out of the settings last, and by whoever knows that nothing installs there."""
    if facts.left_out_by is not None:
        text = _OTHER_OPTION[facts.left_out_by].format(installer=facts.installer)
        return Advice(text=text)
    if facts.said_of_lock is not None and facts.chainguard_has_wheel is not False:
        if facts.chainguard_has_wheel:
            text = "lock this package again through Chainguard's index, which has a wheel for it"
            return Advice(text=text, command=facts.relock)
        return Advice(
            text="run the check again: Chainguard's index did not say whether it has a wheel for it"
        )
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
    return pin_or(facts, _held_back(facts) or "wait until its cooldown is over")


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
        meaning=(
            "Chainguard's index answers 404 for the project, so the installer takes it from PyPI or "
            "fails. Asking for it has requested its build. Wait for the build, use another package, "
            "or allow it in the settings."
        ),
        words=Words(why="Chainguard does not have this project", step=_wait_or_pin),
    ),
    CauseRecord(
        cause=Cause.VERSION_MISSING,
        title="Chainguard does not have this version",
        meaning=(
            "Chainguard has the project and not this version. Asking for it has requested its build. "
            "Pin a version that Chainguard has, or wait."
        ),
        words=Words(why=_version_missing, step=_wait_or_pin),
    ),
    CauseRecord(
        cause=Cause.NO_COMPATIBLE_FILE,
        title="Chainguard has no wheel for the target",
        meaning=(
            "Chainguard has the version, and no wheel of it fits the target: another Python version, "
            "architecture or C library. Chainguard builds native wheels for Linux alone. Pin a "
            "version with a wheel for every target, or wait for one. Where the lock alone lacks the "
            "wheel, lock the package again."
        ),
        words=Words(why=_no_wheel, step=_wait_for_wheel),
        reasons={
            "limited": Words(
                why=lambda facts: f"{facts.installer}'s options exclude it: {facts.said_of_lock}",
                step="change the option, or lock again so that the lock fits it",
            )
        },
    ),
    CauseRecord(
        cause=Cause.ONLY_SDIST,
        title="Chainguard has only a source distribution",
        meaning=(
            "Chainguard has only the source distribution of the version. A build on your machine is "
            "not Chainguard's build. Pin a version with a wheel, or wait for one."
        ),
        words=Words(why=_only_sdist, step=_wait_for_wheel),
    ),
    CauseRecord(
        cause=Cause.UPSTREAM_TIER,
        title="Chainguard serves PyPI's own file",
        meaning=(
            "Chainguard's index serves PyPI's own file: it is scanned, and it is not rebuilt from "
            "source. This is Chainguard's hosted fallback. The setting upstream-tier in [policy] says "
            "whether the check allows it, warns or fails."
        ),
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
        meaning=(
            "Chainguard's index blocks the project or the version: malware was found, your "
            "organisation's policy blocks it, or it is younger than the cooldown. No allowance lets "
            "malware in."
        ),
        words=Words(why="Chainguard blocks it", step="choose another package: this one is blocked"),
        reasons={
            MALWARE_DETECTED: _blocked(
                MALWARE_DETECTED, "do not install it: remove it, and find out where it was installed before"
            ),
            "POLICY_COOLDOWN": _blocked("POLICY_COOLDOWN", _cooldown),
            "POLICY_ORG_BLOCKLIST": _blocked(
                "POLICY_ORG_BLOCKLIST",
                "choose another package, or ask the owners of your organisation's blocklist",
            ),
        },
    ),
    CauseRecord(
        cause=Cause.YANKED,
        title="Chainguard's files of this version are yanked",
        meaning=(
            "The files of the version were withdrawn by their authors (PEP 592). An exact pin may "
            "still take them. Choose another version."
        ),
        words=Words(why="Chainguard's files of this version are yanked", step=_not_yanked),
    ),
)

"""What a team's rules make of the predictions: a conclusion for each change, and one for all."""

from __future__ import annotations

from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from fallback_review.lockfiles.names import is_project_name
from fallback_review.model import Allowance, Cause, Change, Conclusion, Notice, Outcome
from fallback_review.settings.schema import SETTINGS_PATH

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import date

    from fallback_review.settings.schema import Allow, Policy, Severity

EXPIRY_WARNING = timedelta(days=14)

_BY_SEVERITY: dict[Severity, Conclusion] = {
    "allow": Conclusion.PASS,
    "warn": Conclusion.WARN,
    "fail": Conclusion.FAIL,
}
_WORST_FIRST = (Conclusion.FAIL, Conclusion.UNKNOWN, Conclusion.WARN, Conclusion.PASS)


def judge(outcome: Outcome | None, cause: Cause | None, policy: Policy) -> Conclusion:
    """Say what the policy makes of one change's worst outcome, before the allow list is asked.

    Nothing to install passes. What could not be checked is `unknown` (or `warn`, where the team says so)
    and never passes. An unpinned requirement is not a failure to check: it has a rule of its own.
    """
    if outcome is None:
        return Conclusion.PASS
    if cause is Cause.NOT_PINNED:
        return _BY_SEVERITY[policy.unpinned]
    if outcome is Outcome.UNKNOWN:
        return could_not_check(policy)
    if outcome.value in policy.fail_on:
        return Conclusion.FAIL
    otherwise = {
        Outcome.UPSTREAM: _BY_SEVERITY[policy.upstream_tier],
        Outcome.INSTALL_FAILS: Conclusion.WARN,
        Outcome.PYPI: Conclusion.WARN,
    }
    return otherwise.get(outcome, Conclusion.PASS)


def could_not_check(policy: Policy) -> Conclusion:
    """Say what the policy makes of something that could not be checked."""
    return Conclusion.UNKNOWN if policy.on_unknown == "fail" else Conclusion.WARN


def severity(given: Severity) -> Conclusion:
    """Return the conclusion that a rule of its own asks for."""
    return _BY_SEVERITY[given]


def allowance(change: Change, allow: Iterable[Allow], today: date) -> Allowance | None:
    """Return the first entry of the allow list that covers every version that the change brings in.

    An entry is in force through its last day (`expires`), and not after.
    """
    return allowance_for(change.name, [package.version for package in change.gained], allow, today)


def allowance_for(
    name: str, versions: Collection[str | None], allow: Iterable[Allow], today: date
) -> Allowance | None:
    """Return the first entry of the allow list that covers all these versions of a name."""
    for entry in allow:
        if _in_force(entry, today) and _covers(entry, name, versions):
            return Allowance(
                package=entry.package,
                reason=entry.reason,
                owner=entry.owner,
                expires=entry.expires.isoformat() if entry.expires else None,
            )
    return None


def expiry_notices(allow: Iterable[Allow], today: date, *, path: str) -> tuple[Notice, ...]:
    """Say which entries of the allow list have expired, or will within two weeks."""
    notices = []
    for entry in allow:
        if entry.expires is None or entry.expires > today + EXPIRY_WARNING:
            continue
        owner = f" (owner: {entry.owner})" if entry.owner else ""
        days = (entry.expires - today).days
        when = (
            f"expired on {entry.expires.isoformat()} and no longer applies"
            if days < 0
            else f"expires on {entry.expires.isoformat()}"
        )
        notices.append(
            Notice(
                path=path,
                text=f"the allow list's entry for {entry.package}{owner} {when}: renew or remove it",
            )
        )
    return tuple(notices)


def unused_notices(allow: Iterable[Allow], names: Iterable[str]) -> tuple[Notice, ...]:
    """Say which entries of the allow list match none of the packages that are there."""
    here = [canonicalize_name(name) for name in names]
    return tuple(
        Notice(path=SETTINGS_PATH, text=f"[[allow]] {entry.package} matches no package here: remove it")
        for entry in allow
        if not any(fnmatchcase(name, entry.package) for name in here)
    )


def conclude(conclusions: Iterable[Conclusion]) -> Conclusion:
    """Return the worst of the conclusions; nothing at all passes."""
    return min(conclusions, key=_WORST_FIRST.index, default=Conclusion.PASS)


def _in_force(entry: Allow, today: date) -> bool:
    return entry.expires is None or today <= entry.expires


def _covers(entry: Allow, name: str, versions: Collection[str | None]) -> bool:
    # What has no name goes by its URL: no pattern of names is about that.
    named = fnmatchcase(canonicalize_name(name), entry.package) and is_project_name(name)
    if not named and entry.package != "*":
        return False
    if entry.version is None:
        return True
    specifier = SpecifierSet(entry.version)
    return all(version is not None and _within(version, specifier) for version in versions)


def _within(version: str, specifier: SpecifierSet) -> bool:
    try:
        return specifier.contains(Version(version), prereleases=True)
    except ValueError:  # InvalidVersion, or a number of more digits than Python reads
        return False

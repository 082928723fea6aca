"""The policy: what conclusion each outcome gets, and what the allow list covers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from fallback_review.model import (
    Cause,
    Change,
    ChangeKind,
    Conclusion,
    LockedPackage,
    Outcome,
    Source,
    SourceKind,
)
from fallback_review.settings import policy, validation

if TYPE_CHECKING:
    from fallback_review.settings.schema import Allow, Policy

TODAY = date(2026, 11, 21)


def rules(**keys: object) -> Policy:
    return validation.validate({"policy": keys}).policy


def allow(**keys: object) -> tuple[Allow, ...]:
    return validation.validate({"allow": [{"reason": "agreed", **keys}]}).allow


def change(name: str, *versions: str | None) -> Change:
    gained = tuple(
        LockedPackage(name=name, version=version, source=Source(kind=SourceKind.REGISTRY), line=1)
        for version in versions
    )
    return Change(name=name, kind=ChangeKind.ADDED, before=(), after=gained, gained=gained)


@pytest.mark.parametrize(
    ("outcome", "cause", "keys", "expected"),
    [
        (None, None, {}, Conclusion.PASS),
        (Outcome.CHAINGUARD, None, {}, Conclusion.PASS),
        (Outcome.CHAINGUARD, None, {"fail-on": ["chainguard"]}, Conclusion.FAIL),
        (Outcome.PYPI, Cause.VERSION_MISSING, {}, Conclusion.FAIL),
        (Outcome.PYPI, Cause.VERSION_MISSING, {"fail-on": []}, Conclusion.WARN),
        (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH, {}, Conclusion.FAIL),
        (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH, {"fail-on": ["pypi"]}, Conclusion.WARN),
        (Outcome.UPSTREAM, Cause.UPSTREAM_TIER, {}, Conclusion.WARN),
        (Outcome.UPSTREAM, Cause.UPSTREAM_TIER, {"upstream-tier": "allow"}, Conclusion.PASS),
        (Outcome.UPSTREAM, Cause.UPSTREAM_TIER, {"upstream-tier": "fail"}, Conclusion.FAIL),
        (Outcome.UPSTREAM, Cause.UPSTREAM_TIER, {"fail-on": ["upstream"]}, Conclusion.FAIL),
        (Outcome.DIRECT, None, {}, Conclusion.PASS),
        (Outcome.DIRECT, None, {"fail-on": ["direct"]}, Conclusion.FAIL),
        (Outcome.PRIVATE, None, {}, Conclusion.PASS),
        (Outcome.UNKNOWN, Cause.UNREACHABLE, {}, Conclusion.UNKNOWN),
        (Outcome.UNKNOWN, Cause.UNREACHABLE, {"on-unknown": "warn"}, Conclusion.WARN),
        (Outcome.UNKNOWN, Cause.NOT_PINNED, {}, Conclusion.WARN),
        (Outcome.UNKNOWN, Cause.NOT_PINNED, {"unpinned": "fail"}, Conclusion.FAIL),
        (Outcome.PYPI, Cause.NOT_PINNED, {"unpinned": "allow"}, Conclusion.PASS),
    ],
)
def test_each_outcome_has_its_conclusion(
    outcome: Outcome | None, cause: Cause | None, keys: dict[str, object], expected: Conclusion
) -> None:
    assert policy.judge(outcome, cause, rules(**keys)) is expected


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("on_unknown", ["fail", "warn"])
def test_what_could_not_be_checked_never_passes(outcome: Outcome, on_unknown: str) -> None:
    verdict = policy.judge(outcome, None, rules(**{"on-unknown": on_unknown, "fail-on": []}))

    assert (verdict is not Conclusion.PASS) or outcome is not Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("conclusions", "worst"),
    [
        ([], Conclusion.PASS),
        ([Conclusion.PASS, Conclusion.WARN], Conclusion.WARN),
        ([Conclusion.WARN, Conclusion.UNKNOWN], Conclusion.UNKNOWN),
        ([Conclusion.UNKNOWN, Conclusion.FAIL, Conclusion.PASS], Conclusion.FAIL),
    ],
)
def test_the_worst_conclusion_counts(conclusions: list[Conclusion], worst: Conclusion) -> None:
    assert policy.conclude(conclusions) is worst


@pytest.mark.parametrize(
    ("entry", "subject", "covered"),
    [
        ({"package": "nvidia-*"}, change("nvidia-cublas-cu12", "12.1"), True),
        ({"package": "Nvidia_*"}, change("nvidia-cublas-cu12", "12.1"), True),
        ({"package": "nvidia"}, change("nvidia-cublas-cu12", "12.1"), False),
        ({"package": "torch", "version": ">=2,<3"}, change("torch", "2.9.0+cu128"), True),
        ({"package": "torch", "version": ">=2,<3"}, change("torch", "2.9.0", "3.0"), False),
        ({"package": "torch", "version": ">=2"}, change("torch", "2.9.0rc1"), True),
        ({"package": "torch", "version": ">=2"}, change("torch", None), False),
        ({"package": "torch", "version": ">=2"}, change("torch", "not a version"), False),
        ({"package": "torch", "expires": TODAY}, change("torch", "2"), True),
        ({"package": "torch", "expires": date(2026, 11, 20)}, change("torch", "2"), False),
    ],
)
def test_an_allowance_covers_by_name_version_and_date(
    entry: dict[str, object], subject: Change, covered: bool
) -> None:
    assert (policy.allowance(subject, allow(**entry), TODAY) is not None) is covered


def test_an_allowance_carries_its_reason_owner_and_end() -> None:
    given = policy.allowance(
        change("torch", "2"), allow(package="torch", owner="@ml", expires=date(2027, 1, 1)), TODAY
    )

    assert given is not None
    assert (given.reason, given.owner, given.expires) == ("agreed", "@ml", "2027-01-01")


@pytest.mark.parametrize(
    ("expires", "says"),
    [
        (date(2026, 12, 6), None),
        (
            date(2026, 12, 5),
            "the allow list's entry for torch (owner: @ml) expires on 2026-12-05: renew or remove it",
        ),
        (TODAY, "expires on 2026-11-21"),
        (date(2026, 11, 20), "expired on 2026-11-20 and no longer applies"),
        (None, None),
    ],
)
def test_an_entry_speaks_up_two_weeks_before_its_end(expires: date | None, says: str | None) -> None:
    notices = policy.expiry_notices(
        allow(package="torch", owner="@ml", expires=expires), TODAY, path="settings.toml"
    )

    assert [notice.path for notice in notices] == (["settings.toml"] if says else [])
    assert all(says in notice.text for notice in notices if says)

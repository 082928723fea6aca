"""One next step and one clause for each cause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fallback_review.model import Cause, Outcome, Role, Source, SourceKind, Tier, Verdict
from fallback_review.prediction import CAUSES, LAYOUTS, advise, describe

from .build import answer, book, change, file, package, situation

C, R, P = Role.CHAINGUARD, Role.REMEDIATED, Role.PYPI
NOTHING = book(answer(C, problem=Cause.PROJECT_MISSING))
MANY = book(
    answer(
        C,
        "x-1.60.8-py3-none-any.whl",
        "x-1.62.0-py3-none-any.whl",
        "x-1.61.1rc1-py3-none-any.whl",
        "x-2.0.0-py3-none-any.whl",
        file("x-1.60.9-py3-none-any.whl", yanked=True),
        file("x-1.61.1-py3-none-any.whl", tier=Tier.UPSTREAM),
    )
)


def verdict(
    outcome: Outcome, cause: Cause | None, *, version: str | None = "1.61.0", reason: str | None = None
) -> Verdict:
    return Verdict(version=version, target="py3.12 linux-x86_64", outcome=outcome, cause=cause, reason=reason)


MISSING = verdict(Outcome.PYPI, Cause.VERSION_MISSING)


def test_the_nearest_built_versions_are_advised() -> None:
    told = advise(change(package("1.61.0")), [MISSING], situation(), MANY, format="uv.lock", path="uv.lock")
    assert told is not None
    assert told.text == "pin 1.60.8 or 1.62.0, or wait: its build is now requested"
    said = describe(MISSING, change(package("1.61.0")), situation(), MANY)
    assert said == "Chainguard has no 1.61.0; nearest 1.60.8 and 1.62.0"


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        ("1.62.1", "1.62.0"),
        ("1.60.1", "1.60.8"),
        ("1.61.5", "1.60.8 or 1.62.0"),
        ("1.62.0.post1", "1.62.0"),
        ("3.0", "2.0.0"),
        ("1!1.61.0", "2.0.0"),
    ],
)
def test_the_release_series_comes_first(wanted: str, near: str) -> None:
    told = advise(
        change(), [replace(MISSING, version=wanted)], situation(), MANY, format="uv.lock", path="uv.lock"
    )
    assert told is not None
    assert told.text.removeprefix("pin ").partition(", or wait")[0] == (
        "1.62.0" if wanted == "1.61.5x" else near
    )


def test_the_same_series_is_named_first() -> None:
    known = book(answer(C, "x-1.4.9-py3-none-any.whl", "x-1.5.7-py3-none-any.whl"))
    told = advise(
        change(), [replace(MISSING, version="1.5.2")], situation(), known, format="uv.lock", path="uv.lock"
    )
    assert told is not None
    assert told.text.startswith("pin 1.5.7 or 1.4.9,")


def test_nothing_near_is_a_wait() -> None:
    told = advise(
        change(),
        [verdict(Outcome.PYPI, Cause.PROJECT_MISSING)],
        situation(),
        NOTHING,
        format="uv.lock",
        path="uv.lock",
    )
    assert told is not None
    assert told.text == "wait: its build is now requested"
    unpinned = replace(MISSING, version=None)
    assert describe(unpinned, change(), situation(), NOTHING) == "Chainguard has no version that matches"


@pytest.mark.parametrize(
    ("lock", "command"),
    [
        ("uv.lock", "uv lock --upgrade-package x"),
        ("poetry.lock", "poetry update x"),
        ("pdm.lock", "pdm update x"),
        ("Pipfile.lock", "pipenv upgrade --lock-only x"),
        ("requirements.txt", "pip-compile -P x -o requirements.txt requirements.in"),
        ("pixi.lock", "pixi update x"),
        ("pylock.toml", None),
    ],
)
def test_a_remediated_version_is_advised_with_the_formats_own_command(lock: str, command: str | None) -> None:
    known = book(answer(C, "x-1.61.0+cgr.1-py3-none-any.whl", "x-1.61.0+cgr.2-py3-none-any.whl"), answer(R))
    for worst in (MISSING, verdict(Outcome.CHAINGUARD, None), verdict(Outcome.UPSTREAM, Cause.UPSTREAM_TIER)):
        told = advise(change(), [worst], situation(), known, format=lock, path=lock)
        assert told is not None
        assert "1.61.0+cgr.2" in told.text
        assert told.command == command


@pytest.mark.parametrize("cause", [Cause.HASH_MISMATCH, Cause.LOCK_PINS_PYPI_HASH, Cause.LOCK_PINS_PYPI_URL])
def test_hash_causes_get_the_documented_command(cause: Cause) -> None:
    worst = verdict(Outcome.INSTALL_FAILS, cause)
    for lock in ("uv.lock", "pdm.lock", "requirements.txt", "pylock.toml"):
        told = advise(change(), [worst], situation(), MANY, format=lock, path=lock)
        assert told is not None
        assert told.command == f"chainctl libraries update-hashes {lock}"
    other = advise(change(), [worst], situation(), MANY, format="pixi.lock", path="pixi.lock")
    assert other is not None
    assert other.command == "pixi update x"


@pytest.mark.parametrize(
    ("lock", "project", "relock"),
    [("poetry.lock", "pyproject.toml", "poetry lock"), ("Pipfile.lock", "Pipfile", "pipenv lock")],
)
def test_hashes_do_not_move_a_lock_that_names_its_indexes(lock: str, project: str, relock: str) -> None:
    named = advise(
        change(), [verdict(Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL)], situation(), MANY, format=lock, path=lock
    )
    assert named is not None
    assert f"Chainguard's index first in {project}" in named.text
    assert named.command == relock
    served = verdict(Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
    hashes = advise(change(), [served], situation(), MANY, format=lock, path=lock)
    assert hashes is not None
    assert hashes.command == f"chainctl libraries update-hashes {lock}"


@pytest.mark.parametrize("cause", list(CAUSES))
def test_every_cause_has_a_clause_and_a_step(cause: Cause) -> None:
    outcome = Outcome.UNKNOWN if cause in (Cause.UNAUTHORIZED, Cause.FORBIDDEN) else Outcome.PYPI
    worst = verdict(outcome, cause)
    clause = describe(worst, change(), situation(), MANY)
    told = advise(change(), [worst], situation(), MANY, format="uv.lock", path="uv.lock")
    assert clause
    assert "\n" not in clause
    assert told is not None
    assert told.text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("MALWARE_DETECTED", "do not install it"),
        ("POLICY_COOLDOWN", "wait until its cooldown is over"),
        ("POLICY_ORG_BLOCKLIST", "ask whoever keeps your organisation's blocklist"),
        ("SOMETHING_NEW", "choose another package"),
        (None, "choose another package"),
    ],
)
def test_what_to_do_about_a_block_hangs_on_its_reason(reason: str | None, said: str) -> None:
    blocked = verdict(Outcome.INSTALL_FAILS, Cause.BLOCKED, reason=reason)
    told = advise(change(), [blocked], situation(), MANY, format="uv.lock", path="uv.lock")
    assert told is not None
    assert said in told.text


@pytest.mark.parametrize(
    ("cause", "reason", "said"),
    [
        (Cause.BLOCKED, "MALWARE_DETECTED", "Chainguard blocks it: malware was found in it"),
        (Cause.BLOCKED, "SOMETHING_NEW", "Chainguard blocks it"),
        (
            Cause.UPSTREAM_TIER,
            "built-available",
            "Chainguard has rebuilt this version since",
        ),
        (Cause.NOT_CONFIGURED, "layout", "the index layout is not known, and the answer hangs on it"),
    ],
)
def test_a_reason_makes_the_clause_exact(cause: Cause, reason: str, said: str) -> None:
    assert describe(verdict(Outcome.PYPI, cause, reason=reason), change(), situation(), MANY) == said


def test_an_unanswered_index_is_named() -> None:
    silent = book(answer(C, problem=Cause.UNAUTHORIZED))
    worst = verdict(Outcome.UNKNOWN, Cause.UNAUTHORIZED)
    said = describe(worst, change(), situation(), silent)
    assert said == "Chainguard: token missing or expired"


def test_good_outcomes_need_neither_clause_nor_step() -> None:
    good = verdict(Outcome.CHAINGUARD, None)
    assert describe(good, change(), situation(), MANY) == ""
    assert advise(change(), [good], situation(), MANY, format="uv.lock", path="uv.lock") is None
    assert advise(change(), [], situation(), MANY, format="uv.lock", path="uv.lock") is None
    private = describe(verdict(Outcome.PRIVATE, None), change(), situation(), MANY)
    assert private == "its name or its index is private: no index was asked for it"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (SourceKind.GIT, "the lock takes it from a Git repository"),
        (SourceKind.URL, "the lock takes it from a URL"),
        (SourceKind.EDITABLE, "the lock takes it from a folder"),
    ],
)
def test_a_direct_reference_says_what_it_is(kind: SourceKind, said: str) -> None:
    entry = package("1.0", source=Source(kind=kind, location="here"))
    assert describe(verdict(Outcome.DIRECT, None), change(entry), situation(), MANY) == said


def test_the_worst_target_that_counts_is_advised_on() -> None:
    worse = replace(verdict(Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH), informational=True)
    told = advise(change(), [worse, MISSING], situation(), MANY, format="uv.lock", path="uv.lock")
    assert told is not None
    assert told.text.startswith("pin 1.60.8")
    only = advise(change(), [worse], situation(), MANY, format="uv.lock", path="uv.lock")
    assert only is not None
    assert only.command == "chainctl libraries update-hashes uv.lock"


def test_where_both_have_it_the_arrangement_is_advised_on() -> None:
    worst = verdict(Outcome.PYPI, Cause.INSTALLER_PREFERS_PYPI)
    texts = {}
    for layout in ("extra-index", "virtual-file"):
        told = advise(change(), [worst], situation(layout=layout), MANY, format="uv.lock", path="uv.lock")
        assert told is not None
        texts[LAYOUTS[layout].client] = told.text
    assert "in front of PyPI's" in texts[True]
    assert "repository manager" in texts[False]


def test_a_pinned_upstream_copy_is_cleared() -> None:
    worst = verdict(Outcome.UPSTREAM, Cause.UPSTREAM_TIER, reason="built-available")
    told = advise(change(), [worst], situation(), MANY, format="uv.lock", path="uv.lock")
    assert told is not None
    assert told.command == "chainctl libraries cache zap && chainctl libraries update-hashes uv.lock"


def test_a_hostile_name_is_quoted_in_commands() -> None:
    hostile = replace(change(), name="x;rm -rf ~")
    told = advise(
        hostile,
        [verdict(Outcome.PYPI, Cause.NO_CANDIDATE)],
        situation(),
        {},
        format="uv.lock",
        path="uv.lock",
    )
    assert told is not None
    assert told.command == "uv lock --upgrade-package 'x;rm -rf ~'"


def test_a_commands_path_is_quoted_for_the_shell() -> None:
    worst = verdict(Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL)

    told = advise(change(), [worst], situation(), MANY, format="uv.lock", path="a b/$(id)/uv.lock")

    assert told is not None
    assert told.command == "chainctl libraries update-hashes 'a b/$(id)/uv.lock'"


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (None, "make a token"),
        ("layout", "layout in [indexes]"),
        ("index", "own-hosts in [indexes]"),
        ("hosts", "pypi-hosts or own-hosts in [indexes]"),
        ("remediated", "remediated in [indexes]"),
        ("no-sha256", "with sha256 hashes"),
    ],
)
def test_what_is_not_configured_has_a_step_of_its_own(reason: str | None, step: str) -> None:
    worst = verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason=reason)
    told = advise(change(), [worst], situation(), MANY, format="uv.lock", path="uv.lock")
    assert told is not None
    assert step in told.text
    assert (told.command is None) is (reason is not None)

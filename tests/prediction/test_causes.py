"""One next step and one clause for each cause."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from fallback_review.model import (
    Advice,
    Cause,
    Evidence,
    EvidenceKind,
    InstallOptions,
    LockedPackage,
    Lockfile,
    Outcome,
    Source,
    SourceKind,
    Target,
    Tier,
    Verdict,
)
from fallback_review.prediction import CAUSES, LAYOUTS, Answers, Context, advise, describe

from .build import (
    LINUX,
    LOCK,
    MAC,
    RES,
    C,
    P,
    R,
    addresses,
    answer,
    answers,
    change,
    context,
    file,
    package,
    sha,
)

if TYPE_CHECKING:
    from fallback_review.prediction.causes import CauseRecord

NOTHING = answers(answer(C, problem=Cause.PROJECT_MISSING))
MANY = answers(
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


WAIT = "wait for Chainguard's build, which this check has requested"


def step(
    *verdicts: Verdict,
    lock: Lockfile = LOCK,
    known: Answers = MANY,
    where: Context | None = None,
    entries: tuple[LockedPackage, ...] = (),
    targets: tuple[Target, ...] = (LINUX,),
) -> Advice:
    """What is advised about some verdicts, which must be something."""
    told = advise(change(*entries), verdicts, where or context(), known, lockfile=lock, targets=targets)
    assert told is not None
    return told


def test_the_nearest_built_version_is_advised_with_its_command() -> None:
    told = step(MISSING)
    assert told.text == f"pin 1.62.0; or {WAIT}"
    assert told.command == "uv lock --upgrade-package x==1.62.0"
    assert describe(MISSING, change(package("1.61.0")), context(), MANY) == "Chainguard has no 1.61.0"


@pytest.mark.parametrize(
    ("wanted", "near"),
    [
        ("1.62.1", "1.62.0 (a downgrade)"),
        ("1.60.1", "1.60.8"),
        ("1.61.5", "1.62.0"),
        ("1.62.0.post1", "1.62.0 (a downgrade)"),
        ("3.0", "2.0.0 (a downgrade)"),
        ("1!1.61.0", "2.0.0 (a downgrade)"),
    ],
)
def test_the_release_series_comes_first_and_a_downgrade_is_called_so(wanted: str, near: str) -> None:
    assert step(replace(MISSING, version=wanted)).text == f"pin {near}; or {WAIT}"


def test_an_earlier_version_of_the_series_comes_before_a_later_series() -> None:
    known = answers(
        answer(C, "x-1.4.9-py3-none-any.whl", "x-1.5.1-py3-none-any.whl", "x-1.6.0-py3-none-any.whl")
    )
    told = step(replace(MISSING, version="1.5.2"), known=known)
    assert told.text.startswith("pin 1.5.1 (a downgrade);")


def test_only_a_version_for_every_target_that_decides_is_advised() -> None:
    """Where the nearest version fails the same way, it is no way out."""
    known = answers(
        answer(
            C,
            "x-1.62.0-cp312-cp312-manylinux_2_28_x86_64.whl",
            file("x-1.63.0-py3-none-any.whl", requires_python=">=3.13"),
            "x-1.64.0.tar.gz",
            "x-1.65.0-cp312-cp312-manylinux_2_28_x86_64.whl",
            "x-1.65.0-cp312-cp312-macosx_11_0_arm64.whl",
        )
    )
    assert step(MISSING, known=known).text.startswith("pin 1.62.0;")
    assert step(MISSING, known=known, targets=(LINUX, MAC)).text.startswith("pin 1.65.0;")
    newer = replace(LINUX, python="3.13")
    assert step(MISSING, known=known, targets=(newer,)).text.startswith("pin 1.63.0;")
    assert step(MISSING, known=known, targets=(LINUX, newer)).text == WAIT
    assert step(MISSING, known=known, targets=(LINUX, replace(MAC, informational=True))).text.startswith(
        "pin 1.62.0;"
    )


def test_an_index_that_did_not_answer_gives_no_pin() -> None:
    silent = answers(answer(C, problem=Cause.UNREACHABLE))
    assert step(MISSING, known=silent) == Advice(text=WAIT)


def test_nothing_near_is_a_wait() -> None:
    assert step(verdict(Outcome.PYPI, Cause.PROJECT_MISSING), known=NOTHING) == Advice(text=WAIT)
    unpinned = replace(MISSING, version=None)
    assert describe(unpinned, change(), context(), NOTHING) == "Chainguard has no version that matches"
    assert step(unpinned) == Advice(text=WAIT)


def test_a_pin_without_a_command_says_where_to_write_it() -> None:
    entry = package("1.61.0", path="base.txt")
    by_hand = step(
        MISSING, lock=Lockfile(path="requirements.txt", format="requirements.txt"), entries=(entry,)
    )
    assert by_hand == Advice(text=f"pin 1.62.0: write x==1.62.0 at base.txt:3; or {WAIT}")
    made = step(MISSING, lock=Lockfile(path="w/pylock.toml", format="pylock.toml"))
    assert made.command is None
    assert (
        "pin 1.62.0: require x==1.62.0 in the file that w/pylock.toml is made from, then lock again; or"
        in made.text
    )


def test_a_missing_wheel_names_the_target_and_leaves_the_settings_for_last() -> None:
    known = answers(answer(C, "x-1.61.0-cp312-cp312-manylinux_2_28_aarch64.whl"))
    fails = verdict(Outcome.INSTALL_FAILS, Cause.NO_COMPATIBLE_FILE)
    assert (
        describe(fails, change(), context(), known)
        == "Chainguard has no wheel for Python 3.12 on linux-x86_64"
    )
    assert step(fails, known=known).text == (
        "wait for a wheel. If nothing installs it for Python 3.12 on linux-x86_64, take that out of [targets] "
        "in the settings"
    )
    falls_back = verdict(Outcome.PYPI, Cause.ONLY_SDIST)
    assert (
        step(falls_back, known=known).text
        == "wait for a wheel, or allow PyPI's file in the settings: [[allow]]"
    )


LACKS = replace(
    verdict(Outcome.INSTALL_FAILS, Cause.NO_COMPATIBLE_FILE),
    evidence=(Evidence(EvidenceKind.LOCKED, "the lock names no file for this target"),),
)


@pytest.mark.parametrize(
    ("known", "why", "advice"),
    [
        (
            answers(answer(C, "x-1.61.0-cp312-cp312-manylinux_2_28_aarch64.whl")),
            "Chainguard has no wheel for Python 3.12 on linux-x86_64",
            Advice(
                text="wait for a wheel. If nothing installs it for Python 3.12 on linux-x86_64, take that out of "
                "[targets] in the settings"
            ),
        ),
        (
            answers(answer(C, "x-1.61.0-py3-none-any.whl")),
            "the lock names no file for Python 3.12 on linux-x86_64",
            Advice(
                text="lock this package again through Chainguard's index, which has a wheel for it",
                command="uv lock --upgrade-package x==1.61.0",
            ),
        ),
        (
            answers(answer(C, problem=Cause.UNAUTHORIZED)),
            "the lock names no file for Python 3.12 on linux-x86_64",
            Advice(text="run the check again: Chainguard's index did not say whether it has a wheel for it"),
        ),
        (
            answers(),
            "the lock names no file for Python 3.12 on linux-x86_64",
            Advice(text="run the check again: Chainguard's index did not say whether it has a wheel for it"),
        ),
    ],
    ids=["lacks it", "has it", "did not answer", "was not asked"],
)
def test_a_file_that_the_lock_lacks_is_chainguards_only_where_its_index_says_so(
    known: Answers, why: str, advice: Advice
) -> None:
    assert describe(LACKS, change(package("1.61.0")), context(), known, targets=(LINUX,)) == why
    assert step(LACKS, known=known, entries=(package("1.61.0"),)) == advice


@pytest.mark.parametrize(
    ("options", "why", "advice"),
    [
        (
            InstallOptions(no_binary=frozenset({"x"})),
            "no-binary",
            "take the package out of no-binary in pip's configuration",
        ),
        (
            InstallOptions(uploaded_before=datetime(2020, 1, 1, tzinfo=UTC)),
            "a bound of upload times",
            "check the bound of upload times in pip's configuration",
        ),
    ],
)
def test_what_an_option_leaves_out_is_not_what_chainguard_lacks(
    options: InstallOptions, why: str, advice: str
) -> None:
    where = replace(context("pip"), options=options)
    known = answers(answer(C, "x-1.61.0-py3-none-any.whl"))
    fails = verdict(Outcome.INSTALL_FAILS, Cause.NO_COMPATIBLE_FILE)
    said = describe(fails, change(package("1.61.0")), where, known, targets=(LINUX,))
    assert said == f"an option leaves out Chainguard's wheel for Python 3.12 on linux-x86_64: {why}"
    told = advise(change(package("1.61.0")), [fails], where, known, lockfile=LOCK, targets=(LINUX,))
    assert told is not None
    assert told.text.startswith(advice)


@pytest.mark.parametrize(
    ("lock", "command"),
    [
        ("api/uv.lock", "uv lock --directory api --upgrade-package x==1.61.0+cgr.2"),
        ("api/poetry.lock", "poetry -C api add --lock x==1.61.0+cgr.2"),
        ("api/pdm.lock", "pdm add -p api --no-sync x==1.61.0+cgr.2"),
        ("api/Pipfile.lock", "cd api && pipenv upgrade x==1.61.0+cgr.2"),
        ("api/pixi.lock", "pixi add --pypi --manifest-path api x==1.61.0+cgr.2"),
        ("api/pylock.toml", None),
    ],
)
def test_a_remediated_version_is_advised_with_the_formats_own_command(lock: str, command: str | None) -> None:
    known = answers(
        answer(C, "x-1.61.0+cgr.1-py3-none-any.whl", "x-1.61.0+cgr.2-py3-none-any.whl"), answer(R)
    )
    for worst in (MISSING, verdict(Outcome.CHAINGUARD, None), verdict(Outcome.UPSTREAM, Cause.UPSTREAM_TIER)):
        told = step(worst, lock=Lockfile(path=lock, format=lock.removeprefix("api/")), known=known)
        assert told.text.startswith("move to 1.61.0+cgr.2, which Chainguard has remediated")
        assert told.command == command


URL_CAUSES = [Cause.HASH_MISMATCH, Cause.LOCK_PINS_PYPI_HASH, Cause.LOCK_PINS_PYPI_URL]


@pytest.mark.parametrize("cause", URL_CAUSES)
def test_hash_causes_get_the_documented_command(cause: Cause) -> None:
    worst = verdict(Outcome.INSTALL_FAILS, cause)
    for lock in ("uv.lock", "pdm.lock", "requirements.txt", "pylock.toml"):
        told = step(worst, lock=Lockfile(path=lock, format=lock))
        assert told.command == f"chainctl libraries update-hashes {lock}"
    other = step(worst, lock=Lockfile(path="pixi.lock", format="pixi.lock"))
    assert other.command == "pixi add --pypi x==1.61.0"


@pytest.mark.parametrize("cause", URL_CAUSES)
@pytest.mark.parametrize("lock", ["uv.lock", "poetry.lock", "pixi.lock"])
def test_no_advice_takes_for_granted_what_an_index_did_not_say(cause: Cause, lock: str) -> None:
    worst, file_ = verdict(Outcome.PYPI, cause), Lockfile(path=lock, format=lock)
    silent = answers(answer(R), answer(C, problem=Cause.UNAUTHORIZED))
    told, sure = step(worst, lock=file_, known=silent), step(worst, lock=file_)
    assert told.text == f"{sure.text}. Chainguard's index did not say whether it has the version"
    assert told.command == sure.command
    listed = answers(answer(R, problem=Cause.UNAUTHORIZED), answer(C, "x-1.61.0-py3-none-any.whl"))
    assert step(worst, lock=file_, known=listed) == sure


def test_a_repository_manager_is_named_to_the_documented_command() -> None:
    where = context(at=addresses(resolver=RES))
    told = step(verdict(Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH), where=where)
    assert told.command == (f"chainctl libraries update-hashes --registry-url {RES.url} uv.lock")


@pytest.mark.parametrize("cause", URL_CAUSES)
def test_a_lock_as_the_documented_command_leaves_it_is_advised_the_next_way(cause: Cause) -> None:
    """Advice that was followed and did not help is not given again."""
    known = answers(answer(C, file("x-1.61.0-py3-none-any.whl", mark="c")))
    updated = (package("1.61.0", hashes=(sha("c"), sha("p"))),)
    worst = verdict(Outcome.PYPI, cause)
    for name, command in (
        ("requirements.txt", "chainctl libraries update-hashes --replace requirements.txt"),
        ("pylock.toml", None),
        ("uv.lock", "uv lock --upgrade-package x==1.61.0"),
    ):
        told = step(worst, lock=Lockfile(path=name, format=name), known=known, entries=updated)
        assert told.command == command
    assert "remove PyPI's files of x from uv.lock" in told.text
    prefers = verdict(Outcome.PYPI, Cause.INSTALLER_PREFERS_PYPI)
    lock = Lockfile(path="requirements.txt", format="requirements.txt")
    again = step(prefers, lock=lock, known=known, entries=updated)
    assert again.command == "chainctl libraries update-hashes --replace requirements.txt"


@pytest.mark.parametrize(
    ("lock", "project", "relock"),
    [
        ("w/poetry.lock", "w/pyproject.toml", "poetry -C w add --lock x==1.61.0"),
        ("w/Pipfile.lock", "w/Pipfile", "cd w && pipenv upgrade x==1.61.0"),
    ],
)
def test_hashes_do_not_move_a_lock_that_names_its_indexes(lock: str, project: str, relock: str) -> None:
    held = Lockfile(path=lock, format=lock.removeprefix("w/"))
    named = step(verdict(Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL), lock=held)
    assert named == Advice(
        text=f"name Chainguard's index first in {project}, then lock this package again", command=relock
    )
    hashes = step(verdict(Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH), lock=held)
    assert hashes.command == f"chainctl libraries update-hashes {lock}"


@pytest.mark.parametrize("cause", list(CAUSES))
def test_every_cause_has_a_clause_and_a_step(cause: Cause) -> None:
    outcome = Outcome.UNKNOWN if cause in (Cause.UNAUTHORIZED, Cause.FORBIDDEN) else Outcome.PYPI
    worst = verdict(outcome, cause)
    clause = describe(worst, change(), context(), MANY)
    told = advise(
        change(),
        [worst],
        context(),
        MANY,
        lockfile=Lockfile(path="uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )
    assert clause
    assert "\n" not in clause
    assert told is not None
    assert told.text


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("MALWARE_DETECTED", "do not install it"),
        ("POLICY_COOLDOWN", "pin 1.62.0; or wait until its cooldown is over"),
        ("POLICY_ORG_BLOCKLIST", "ask the owners of your organisation's blocklist"),
        ("SOMETHING_NEW", "choose another package"),
        (None, "choose another package"),
    ],
)
def test_what_to_do_about_a_block_hangs_on_its_reason(reason: str | None, said: str) -> None:
    blocked = verdict(Outcome.INSTALL_FAILS, Cause.BLOCKED, reason=reason)
    told = advise(
        change(),
        [blocked],
        context(),
        MANY,
        lockfile=Lockfile(path="uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )
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
        (Cause.NOT_CONFIGURED, "layout", "the answer depends on the index layout, which is not known"),
    ],
)
def test_a_reason_makes_the_clause_exact(cause: Cause, reason: str, said: str) -> None:
    assert describe(verdict(Outcome.PYPI, cause, reason=reason), change(), context(), MANY) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("manager", "the lock takes it from corp.example, which no setting names"),
        ("new-host", "the lockfile takes nothing else from corp.example yet"),
    ],
)
def test_the_host_that_nobody_named_is_said(reason: str, said: str) -> None:
    worst = replace(verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason=reason), url_host="corp.example")
    assert describe(worst, change(), context(), {}) == said


def test_the_index_that_was_not_asked_is_named() -> None:
    unasked = Evidence(EvidenceKind.UNANSWERED, "not asked", RES.url)
    worst = replace(verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason="index"), evidence=(unasked,))
    assert describe(worst, change(), context(), {}) == "it may come from corp.example, which was not asked"


def test_an_unanswered_index_is_named() -> None:
    silent = answers(answer(C, problem=Cause.UNAUTHORIZED))
    worst = verdict(Outcome.UNKNOWN, Cause.UNAUTHORIZED)
    said = describe(worst, change(), context(), silent)
    assert said == "Chainguard's index: token missing or expired"


def test_good_outcomes_need_neither_clause_nor_step() -> None:
    good = verdict(Outcome.CHAINGUARD, None)
    assert describe(good, change(), context(), MANY) == ""
    assert (
        advise(
            change(),
            [good],
            context(),
            MANY,
            lockfile=Lockfile(path="uv.lock", format="uv.lock"),
            targets=(LINUX,),
        )
        is None
    )
    assert (
        advise(
            change(),
            [],
            context(),
            MANY,
            lockfile=Lockfile(path="uv.lock", format="uv.lock"),
            targets=(LINUX,),
        )
        is None
    )
    private = describe(verdict(Outcome.PRIVATE, None), change(), context(), MANY)
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
    assert describe(verdict(Outcome.DIRECT, None), change(entry), context(), MANY) == said


def test_the_worst_target_that_counts_is_advised_on() -> None:
    worse = replace(verdict(Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH), informational=True)
    told = advise(
        change(),
        [worse, MISSING],
        context(),
        MANY,
        lockfile=Lockfile(path="uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )
    assert told is not None
    assert told.text.startswith("pin 1.62.0")
    only = advise(
        change(),
        [worse],
        context(),
        MANY,
        lockfile=Lockfile(path="uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )
    assert only is not None
    assert only.command == "chainctl libraries update-hashes uv.lock"


def test_where_both_have_it_the_arrangement_is_advised_on() -> None:
    worst = verdict(Outcome.PYPI, Cause.INSTALLER_PREFERS_PYPI)
    texts = {}
    for layout in ("extra-index", "virtual-file"):
        told = advise(
            change(),
            [worst],
            context(layout=layout),
            MANY,
            lockfile=Lockfile(path="uv.lock", format="uv.lock"),
            targets=(LINUX,),
        )
        assert told is not None
        texts[LAYOUTS[layout].client] = told.text
    assert "put Chainguard's before it" in texts[True]
    assert "repository manager" in texts[False]


def test_a_pinned_upstream_copy_is_cleared() -> None:
    worst = verdict(Outcome.UPSTREAM, Cause.UPSTREAM_TIER, reason="built-available")
    told = advise(
        change(),
        [worst],
        context(),
        MANY,
        lockfile=Lockfile(path="uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )
    assert told is not None
    assert told.command == "chainctl libraries cache zap && chainctl libraries update-hashes uv.lock"


def test_a_hostile_name_is_quoted_in_commands() -> None:
    hostile = replace(change(), name="x;rm -rf ~")
    told = advise(
        hostile,
        [verdict(Outcome.PYPI, Cause.NO_CANDIDATE)],
        context(),
        {},
        lockfile=Lockfile(path="uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )
    assert told is not None
    assert told.command == "uv lock --upgrade-package 'x;rm -rf ~==1.61.0'"


def test_a_commands_path_is_quoted_for_the_shell() -> None:
    worst = verdict(Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL)

    told = advise(
        change(),
        [worst],
        context(),
        MANY,
        lockfile=Lockfile(path="a b/$(id)/uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )

    assert told is not None
    assert told.command == "chainctl libraries update-hashes 'a b/$(id)/uv.lock'"


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (None, "make a token"),
        ("layout", "layout in [indexes]"),
        ("index", "resolver for your own"),
        ("own", "resolver in [indexes]"),
        ("manager", "its host and path in own-hosts"),
        ("new-host", "own-hosts in [indexes]"),
        ("hosts", "pypi-hosts or own-hosts in [indexes]"),
        ("remediated", "remediated in [indexes]"),
        ("no-sha256", "with sha256 hashes"),
    ],
)
def test_what_is_not_configured_has_a_step_of_its_own(reason: str | None, step: str) -> None:
    worst = verdict(Outcome.UNKNOWN, Cause.NOT_CONFIGURED, reason=reason)
    told = advise(
        change(),
        [worst],
        context(),
        MANY,
        lockfile=Lockfile(path="uv.lock", format="uv.lock"),
        targets=(LINUX,),
    )
    assert told is not None
    assert step in told.text
    assert (told.command is None) is (reason is not None)


@pytest.mark.parametrize("record", CAUSES.values(), ids=lambda record: record.cause)
def test_every_cause_is_explained(record: CauseRecord) -> None:
    assert record.title[0].isupper()
    assert not record.title.endswith(".")
    assert record.meaning.endswith(".")
    assert record.address.endswith(f"/docs/reference/causes.md#{record.cause}")


@pytest.mark.parametrize(
    ("days", "today", "said"),
    [
        (7, date(2026, 11, 25), "wait until 2026-11-28: your cooldown of 7 days holds it back"),
        (7, date(2026, 11, 28), WAIT),
        (None, date(2026, 11, 25), WAIT),
        (7, None, WAIT),
    ],
)
def test_a_version_in_its_cooldown_is_told_the_day(days: int | None, today: date | None, said: str) -> None:
    theirs = file("x-1.61.0-py3-none-any.whl", P, upload_time=datetime(2026, 11, 21, 9, tzinfo=UTC))
    known = answers(answer(C, problem=Cause.PROJECT_MISSING), answer(P, theirs))
    where = context(cooldown_days=days, today=today)
    assert step(MISSING, known=known, where=where).text == said
    blocked = replace(verdict(Outcome.INSTALL_FAILS, Cause.BLOCKED), reason="POLICY_COOLDOWN")
    told = step(blocked, known=known, where=where).text
    assert told == (said if said != WAIT else "wait until its cooldown is over")

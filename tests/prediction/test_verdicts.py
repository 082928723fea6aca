"""Outcomes and causes, one small situation each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fallback_review.lockfiles import Text, parse
from fallback_review.model import (
    Artifact,
    Cause,
    Ecosystem,
    InstallOptions,
    Lockfile,
    LockIndex,
    Outcome,
    Role,
    Source,
    SourceKind,
    Target,
    Tier,
    Verdict,
)
from fallback_review.prediction import Book, Situation, explain, further_questions, predict, questions

from .build import (
    FILES,
    INDEX,
    LINUX,
    LOCK,
    MAC,
    WINDOWS,
    answer,
    artifact,
    book,
    file,
    locked,
    package,
    sha,
    situation,
)

ARM = Target(python="3.12", platform="linux", arch="aarch64", glibc="2.36")
C, R, P, RES = Role.CHAINGUARD, Role.REMEDIATED, Role.PYPI, Role.RESOLVER
WHEEL = "x-1.0-py3-none-any.whl"
SDIST = "x-1.0.tar.gz"
MISFIT = "x-1.0-cp313-cp313-win_amd64.whl"
NO_PYPI = answer(P, problem=Cause.PROJECT_MISSING)
NO_CHAINGUARD = answer(C, problem=Cause.PROJECT_MISSING)


def said(verdict: Verdict | None) -> tuple[Outcome, Cause | None]:
    assert verdict is not None
    return verdict.outcome, verdict.cause


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (NO_CHAINGUARD, (Outcome.PYPI, Cause.PROJECT_MISSING)),
        (answer(C, "x-0.9-py3-none-any.whl"), (Outcome.PYPI, Cause.VERSION_MISSING)),
        (answer(C, MISFIT), (Outcome.PYPI, Cause.NO_COMPATIBLE_FILE)),
        (answer(C, SDIST), (Outcome.PYPI, Cause.ONLY_SDIST)),
        (answer(C, WHEEL), (Outcome.CHAINGUARD, None)),
        (answer(C, "x-1.0+cgr.1-py3-none-any.whl"), (Outcome.REMEDIATED, None)),
        (answer(C, file(WHEEL, tier=Tier.UPSTREAM)), (Outcome.UPSTREAM, Cause.UPSTREAM_TIER)),
        (answer(C, file(WHEEL, tier=None)), (Outcome.CHAINGUARD, None)),
        (answer(C, problem=Cause.BLOCKED, reason="MALWARE_DETECTED"), (Outcome.PYPI, Cause.BLOCKED)),
        (answer(C, problem=Cause.UNAUTHORIZED), (Outcome.UNKNOWN, Cause.UNAUTHORIZED)),
        (answer(C, problem=Cause.UNREACHABLE), (Outcome.UNKNOWN, Cause.UNREACHABLE)),
    ],
)
def test_a_merged_index(ours: object, expected: tuple[Outcome, Cause | None]) -> None:
    known = book(ours, answer(P, WHEEL))  # type: ignore[arg-type]  # parametrize hides the type
    assert said(predict(package(), LOCK, LINUX, situation(), known)) == expected


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (NO_CHAINGUARD, Cause.PROJECT_MISSING),
        (answer(C, "x-0.9-py3-none-any.whl"), Cause.VERSION_MISSING),
        (answer(C, MISFIT), Cause.NO_COMPATIBLE_FILE),
        (answer(C, problem=Cause.BLOCKED, reason="POLICY_COOLDOWN"), Cause.BLOCKED),
    ],
)
def test_chainguard_alone_fails_where_it_has_nothing(ours: object, expected: Cause) -> None:
    known = book(ours)  # type: ignore[arg-type]  # parametrize hides the type
    where = situation(layout="chainguard-only")
    assert said(predict(package(), LOCK, LINUX, where, known)) == (Outcome.INSTALL_FAILS, expected)
    assert further_questions(package(), LOCK, [LINUX], where, known) == frozenset()


@pytest.mark.parametrize("pin", ["1", "1.0", "1.0.0"])
def test_a_pin_and_a_file_may_spell_one_version_differently(pin: str) -> None:
    """PEP 440: trailing zeros do not matter."""
    where = situation(layout="chainguard-only")
    for listed in ("x-1.0-py3-none-any.whl", "x-1.0.0-py3-none-any.whl", "x-1-py3-none-any.whl"):
        verdict = predict(package(pin), LOCK, LINUX, where, book(answer(C, listed)))
        assert said(verdict) == (Outcome.CHAINGUARD, None)
    fixed = book(answer(C, "x-1.0+cgr.1-py3-none-any.whl"))
    assert said(predict(package(pin), LOCK, LINUX, where, fixed)) == (Outcome.REMEDIATED, None)


def test_the_reason_of_a_block_is_passed_on() -> None:
    known = book(answer(C, problem=Cause.BLOCKED, reason="POLICY_COOLDOWN"), answer(P, WHEEL))
    for layout in ("chainguard-only", "virtual-file"):
        verdict = predict(package(), LOCK, LINUX, situation(layout=layout), known)
        assert verdict is not None
        assert verdict.reason == "POLICY_COOLDOWN"


def test_a_source_distribution_is_said_to_be_built_on_the_target() -> None:
    verdict = predict(package(), LOCK, LINUX, situation(layout="chainguard-only"), book(answer(C, SDIST)))
    assert verdict is not None
    assert (verdict.outcome, verdict.reason) == (Outcome.CHAINGUARD, "sdist")
    assert any("built on the target" in line for line in verdict.evidence)


def test_only_binary_leaves_nothing_to_install() -> None:
    lock = replace(LOCK, options=InstallOptions(only_binary=frozenset({"x"})))
    where = situation(layout="chainguard-only")
    assert said(predict(package(), lock, LINUX, where, book(answer(C, SDIST)))) == (
        Outcome.INSTALL_FAILS,
        Cause.NO_COMPATIBLE_FILE,
    )


def test_no_binary_builds_the_source() -> None:
    lock = replace(LOCK, options=InstallOptions(no_binary=frozenset({":all:"})))
    known = book(answer(C, SDIST, WHEEL))
    for installer in ("pip", "uv"):
        verdict = predict(package(), lock, LINUX, situation(installer, "chainguard-only"), known)
        assert verdict is not None
        assert verdict.file == SDIST


@pytest.mark.parametrize("installer", ["pip", "uv", "poetry", "pdm", "pipenv"])
def test_pypis_hashes_against_chainguards_file(installer: str) -> None:
    ours, theirs = file(WHEEL), file(WHEEL, P)
    known = book(answer(C, ours), answer(P, theirs))
    entry = package(hashes=(str(theirs.sha256),))
    verdict = predict(entry, LOCK, LINUX, situation(installer, "chainguard-only"), known)
    assert said(verdict) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
    assert verdict is not None
    assert "the lock holds hashes of PyPI's files" in verdict.evidence
    without = book(answer(C, ours))
    assert said(predict(entry, LOCK, LINUX, situation(installer, "chainguard-only"), without)) == said(
        verdict
    )
    assert further_questions(entry, LOCK, [LINUX], situation(installer, "chainguard-only"), without) == {P}


def test_pypis_hashes_take_pypis_file_where_both_are_listed() -> None:
    theirs = file("x-1.0-py2.py3-none-any.whl", P)
    known = book(answer(C, WHEEL), answer(P, theirs))
    entry = package(hashes=(str(theirs.sha256),))
    assert said(predict(entry, LOCK, LINUX, situation(), known)) == (Outcome.PYPI, Cause.LOCK_PINS_PYPI_HASH)


def test_the_higher_tag_wins_whoever_built_it() -> None:
    known = book(
        answer(C, "x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"),
        answer(P, "x-1.0-cp312-cp312-manylinux_2_34_x86_64.whl"),
    )
    assert said(predict(package(), LOCK, LINUX, situation(), known)) == (
        Outcome.PYPI,
        Cause.INSTALLER_PREFERS_PYPI,
    )


def test_a_link_without_hash_is_taken_for_the_hash_that_nothing_else_explains() -> None:
    ours = file(WHEEL, sha256=None)
    entry = package(hashes=(sha("built"),))
    where = situation(layout="chainguard-only")
    assert said(predict(entry, LOCK, LINUX, where, book(answer(C, ours)))) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
    )
    assert further_questions(entry, LOCK, [LINUX], where, book(answer(C, ours))) == {P}
    verdict = predict(entry, LOCK, LINUX, where, book(answer(C, ours), answer(P, WHEEL)))
    assert said(verdict) == (Outcome.CHAINGUARD, None)
    theirs = package(hashes=(str(file(WHEEL, P).sha256),))
    known = book(answer(C, ours), answer(P, WHEEL))
    assert said(predict(theirs, LOCK, LINUX, where, known)) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)


# ── Entries that no index is asked for ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        (package(source=Source(kind=SourceKind.GIT, location="https://git.example/x")), Outcome.DIRECT),
        (package(source=Source(kind=SourceKind.EDITABLE, location=".")), Outcome.DIRECT),
        (package(local=True), Outcome.DIRECT),
        (package(index="../wheels"), Outcome.DIRECT),
        (package(index="https://other.example/simple"), Outcome.PRIVATE),
        (package(name="acme-x"), Outcome.PRIVATE),
        (locked(Artifact(url="https://elsewhere.example/x.whl"), index=None), Outcome.PRIVATE),
    ],
)
def test_direct_and_private_entries_are_asked_nowhere(entry: object, outcome: Outcome) -> None:
    where = situation(private=("Acme-*",))
    assert questions(entry, where) == frozenset()  # type: ignore[arg-type]  # parametrize hides the type
    assert further_questions(entry, LOCK, [LINUX], where, {}) == frozenset()  # type: ignore[arg-type]  # the same
    assert said(predict(entry, LOCK, LINUX, where, {})) == (outcome, None)  # type: ignore[arg-type]  # the same


def test_conda_packages_and_excluded_entries_get_no_verdict() -> None:
    conda = package(ecosystem=Ecosystem.CONDA, source=Source(kind=SourceKind.CHANNEL))
    assert questions(conda, situation()) == frozenset()
    assert predict(conda, LOCK, LINUX, situation(), {}) is None
    windows_only = package(marker="sys_platform == 'win32'")
    assert predict(windows_only, LOCK, LINUX, situation(), book(answer(C, WHEEL))) is None
    assert further_questions(windows_only, LOCK, [LINUX], situation(), book(answer(C, WHEEL))) == frozenset()
    assert "its marker excludes it" in explain(windows_only, LOCK, LINUX, situation(), {}).facts[-1]


def test_what_is_asked_first() -> None:
    everywhere = situation(remediated_url=INDEX[R], resolver_url=INDEX[RES])
    assert questions(package(), everywhere) == {C, R, RES}
    assert questions(package(), situation(chainguard_url=None)) == frozenset()
    unset = predict(package(), LOCK, LINUX, situation(chainguard_url=None), {})
    assert said(unset) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)


def test_the_remediated_index_stands_in_front() -> None:
    where = situation(layout="chainguard-only", remediated_url=INDEX[R])
    known = book(answer(C, WHEEL), answer(R, "x-1.0+cgr.2-py3-none-any.whl"))
    assert said(predict(package(), LOCK, LINUX, where, known)) == (Outcome.REMEDIATED, None)
    silent = book(answer(C, WHEEL), answer(R, problem=Cause.FORBIDDEN))
    assert said(predict(package(), LOCK, LINUX, where, silent)) == (Outcome.UNKNOWN, Cause.FORBIDDEN)
    only = book(NO_CHAINGUARD, answer(R, "x-1.0+cgr.2-py3-none-any.whl"))
    assert said(predict(package(), LOCK, LINUX, where, only)) == (Outcome.REMEDIATED, None)


FIXED = "x-1.0+cgr.2-py3-none-any.whl"


@pytest.mark.parametrize(
    ("ours", "more", "expected"),
    [
        ((WHEEL,), {}, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        ((), {}, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        ((FIXED,), {}, (Outcome.REMEDIATED, None)),
        # An index that lists remediated versions has no other place for them.
        (("x-1.0+cgr.1-py3-none-any.whl",), {}, (Outcome.INSTALL_FAILS, Cause.VERSION_MISSING)),
        ((WHEEL,), {"remediated_url": INDEX[R]}, (Outcome.INSTALL_FAILS, Cause.VERSION_MISSING)),
    ],
)
def test_a_remediated_pin_is_looked_for_where_remediated_versions_are(
    ours: tuple[str, ...], more: dict[str, str], expected: tuple[Outcome, Cause | None]
) -> None:
    known = book(answer(C, *ours), answer(R, WHEEL), answer(P, WHEEL))
    assert said(predict(package("1.0+cgr.2"), LOCK, LINUX, situation(**more), known)) == expected


@pytest.mark.parametrize(
    ("known", "location", "expected"),
    [
        (book(NO_CHAINGUARD), None, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        (book(answer(C, "x-2.0-py3-none-any.whl")), None, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        (book(answer(C, WHEEL)), None, (Outcome.CHAINGUARD, None)),
        (book(answer(C, problem=Cause.BLOCKED)), None, (Outcome.INSTALL_FAILS, Cause.BLOCKED)),
        # An entry that names Chainguard's index is looked for there alone.
        (book(NO_CHAINGUARD), INDEX[C], (Outcome.INSTALL_FAILS, Cause.PROJECT_MISSING)),
    ],
)
def test_what_is_not_found_may_lie_in_an_index_that_was_not_asked(
    known: Book, location: str | None, expected: tuple[Outcome, Cause | None]
) -> None:
    where = situation(layout="chainguard-only", unasked=("https://own.index.example/simple",))
    source = Source(kind=SourceKind.REGISTRY, location=location)
    assert said(predict(package(source=source), LOCK, LINUX, where, known)) == expected


# ── Not pinned, yanked, requires-python ─────────────────────────────────────────────────────────────


def test_an_entry_without_a_pin_never_passes_where_pypi_may_win_tomorrow() -> None:
    entry = package(None, specifier=">=1")
    known = book(answer(C, WHEEL), answer(P, WHEEL))
    assert said(predict(entry, LOCK, LINUX, situation(), known)) == (Outcome.UNKNOWN, Cause.NOT_PINNED)
    newer = book(answer(C, WHEEL), answer(P, "x-2.0-py3-none-any.whl"))
    assert said(predict(entry, LOCK, LINUX, situation(), newer)) == (Outcome.PYPI, Cause.NOT_PINNED)
    alone = situation(layout="chainguard-only")
    assert said(predict(entry, LOCK, LINUX, alone, known)) == (Outcome.CHAINGUARD, Cause.NOT_PINNED)
    assert said(predict(entry, LOCK, LINUX, situation(), book(answer(C, problem=Cause.UNAUTHORIZED)))) == (
        Outcome.UNKNOWN,
        Cause.UNAUTHORIZED,
    )


@pytest.mark.parametrize("installer", ["pip", "uv", "pdm"])
def test_yanked_files_are_for_exact_pins(installer: str) -> None:
    where = situation(installer, "chainguard-only")
    known = book(answer(C, file(WHEEL, yanked=True)))
    pinned = predict(package(), LOCK, LINUX, where, known)
    assert said(pinned) == (Outcome.CHAINGUARD, None)
    assert pinned is not None
    assert any("yanked" in line for line in pinned.evidence)
    open_ = predict(package(None, specifier=">=1"), LOCK, LINUX, where, known)
    assert open_ is not None
    assert open_.outcome is Outcome.INSTALL_FAILS


def test_what_chainguard_yanked_comes_from_pypi() -> None:
    known = book(answer(C, file(WHEEL, yanked=True)), answer(P, SDIST))
    verdict = predict(package(None, specifier=">=1"), LOCK, LINUX, situation(), known)
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.PYPI, Cause.NOT_PINNED)


@pytest.mark.parametrize("wanted", ["<3.12", ">=3.13", "==3.11.*"])
def test_a_file_for_another_python_is_passed_over(wanted: str) -> None:
    known = book(answer(C, file(WHEEL, requires_python=wanted)), answer(P, SDIST))
    assert said(predict(package(), LOCK, LINUX, situation(), known)) == (
        Outcome.PYPI,
        Cause.NO_COMPATIBLE_FILE,
    )


@pytest.mark.parametrize("layout", ["uv-chainguard-first-unsafe-best-match", "virtual-concat"])
@pytest.mark.parametrize(
    ("wanted", "taken"),
    [("<3.12", C), ("==3.11.*", C), ("!=3.12.*", C), ("~=3.10", C), (">3.13", None)],
)
def test_uv_heeds_the_lower_bound_of_the_best_file_alone(
    wanted: str, taken: Role | None, layout: str
) -> None:
    """Measured: an upper bound is not heeded; a lower one rules the version out in every index."""
    native = "x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
    known = book(answer(C, file(native, requires_python=wanted)), answer(P, WHEEL))
    verdict = predict(package(), LOCK, LINUX, situation("uv", layout), known)
    expected = (Outcome.CHAINGUARD, None) if taken else (Outcome.INSTALL_FAILS, Cause.NO_COMPATIBLE_FILE)
    assert said(verdict) == expected


def test_uv_goes_on_to_the_next_version_where_the_newest_wants_a_newer_python() -> None:
    fixed = file("x-1.0+cgr.1-py3-none-any.whl", requires_python=">=3.13")
    known = book(answer(C, fixed), answer(P, WHEEL))
    where = situation("uv", "virtual-concat")
    assert said(predict(package(), LOCK, LINUX, where, known)) == (Outcome.PYPI, Cause.NO_COMPATIBLE_FILE)


def test_uv_takes_a_yanked_file_for_a_pin_of_its_very_version_alone() -> None:
    """Measured: pip takes a yanked `1.0+cgr.1` for `==1.0` where there is nothing else, uv never."""
    known = book(answer(C, file("x-1.0+cgr.1-py3-none-any.whl", yanked=True)))
    only = "chainguard-only"
    assert said(predict(package(), LOCK, LINUX, situation("pip", only), known)) == (Outcome.REMEDIATED, None)
    uv = predict(package(), LOCK, LINUX, situation("uv", only), known)
    assert uv is not None
    assert uv.outcome is Outcome.INSTALL_FAILS
    exact = predict(package("1.0+cgr.1"), LOCK, LINUX, situation("uv", only), known)
    assert said(exact) == (Outcome.REMEDIATED, None)


def test_hashes_of_another_kind_are_never_a_pass() -> None:
    """pip checks sha512 and passes over sha256; index pages tell sha256 alone."""
    entry = replace(package(), artifacts=(Artifact(hashes=("sha512:" + "a" * 128,)),))
    verdict = predict(entry, LOCK, LINUX, situation(layout="chainguard-only"), book(answer(C, WHEEL)))
    assert verdict is not None
    assert (verdict.outcome, verdict.reason, verdict.file) == (Outcome.UNKNOWN, "no-sha256", WHEEL)
    assert "sha512" in verdict.evidence[0]
    lacking = predict(
        entry, LOCK, LINUX, situation(), book(answer(C, "x-2.0-py3-none-any.whl"), answer(P, WHEEL))
    )
    assert said(lacking) == (Outcome.PYPI, Cause.VERSION_MISSING)


def test_a_direct_reference_to_pypis_own_file_comes_from_pypi() -> None:
    url = FILES[P] + WHEEL
    entry = replace(package(), source=Source(kind=SourceKind.URL, location=url))
    assert said(predict(entry, LOCK, LINUX, situation(), {})) == (Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL)
    elsewhere = replace(entry, source=Source(kind=SourceKind.URL, location="https://x.example/" + WHEEL))
    assert said(predict(elsewhere, LOCK, LINUX, situation(), {})) == (Outcome.DIRECT, None)


def test_a_requires_python_that_cant_be_read_admits_all() -> None:
    known = book(answer(C, file(WHEEL, requires_python=">=3.x")))
    assert said(predict(package(), LOCK, LINUX, situation(layout="chainguard-only"), known)) == (
        Outcome.CHAINGUARD,
        None,
    )


def test_a_version_that_is_no_version_is_an_arbitrary_pin() -> None:
    known = book(answer(C, WHEEL))
    verdict = predict(package("2004d-rc"), LOCK, LINUX, situation(layout="chainguard-only"), known)
    assert said(verdict) == (Outcome.INSTALL_FAILS, Cause.VERSION_MISSING)


# ── The layouts ─────────────────────────────────────────────────────────────────────────────────────


def test_an_unknown_layout_says_both_answers_where_they_differ() -> None:
    known = book(answer(C, "x-0.9-py3-none-any.whl"), answer(P, WHEEL))
    verdict = predict(package(), LOCK, LINUX, situation(layout="unknown"), known)
    assert said(verdict) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert verdict is not None
    assert verdict.reason == "layout"
    assert sum("install-fails" in line or "pypi" in line for line in verdict.evidence) == 2
    same = book(answer(C, WHEEL), answer(P, WHEEL))
    assert said(predict(package(), LOCK, LINUX, situation(layout="unknown"), same)) == (
        Outcome.CHAINGUARD,
        None,
    )
    silent = book(answer(C, problem=Cause.UNREACHABLE))
    assert said(predict(package(), LOCK, LINUX, situation(layout="unknown"), silent)) == (
        Outcome.UNKNOWN,
        Cause.UNREACHABLE,
    )


def test_poetry_asks_the_source_that_the_lock_names() -> None:
    known = book(answer(C, WHEEL), answer(P, WHEEL))
    poetry = situation("poetry")
    assert said(predict(package(index=INDEX[P]), LOCK, LINUX, poetry, known)) == (
        Outcome.PYPI,
        Cause.LOCK_PINS_PYPI_URL,
    )
    assert said(predict(package(index=INDEX[C]), LOCK, LINUX, poetry, known)) == (Outcome.CHAINGUARD, None)
    assert said(predict(package(), LOCK, LINUX, poetry, known)) == (Outcome.CHAINGUARD, None)
    primary = situation("poetry", "poetry-primary")
    assert said(predict(package(), LOCK, LINUX, primary, known)) == (
        Outcome.PYPI,
        Cause.INSTALLER_PREFERS_PYPI,
    )
    silent = book(answer(C, problem=Cause.UNAUTHORIZED), answer(P, WHEEL))
    assert said(predict(package(index=INDEX[P]), LOCK, LINUX, poetry, silent)) == (
        Outcome.PYPI,
        Cause.LOCK_PINS_PYPI_URL,
    )


def test_pipenv_asks_the_first_source() -> None:
    known = book(answer(C, WHEEL), answer(P, WHEEL))
    lock = Lockfile(
        path="Pipfile.lock",
        format="Pipfile.lock",
        indexes=(LockIndex(url=INDEX[P], role="source", name="pypi"),),
    )
    assert said(predict(package(), lock, LINUX, situation("pipenv"), known)) == (
        Outcome.PYPI,
        Cause.INSTALLER_PREFERS_PYPI,
    )
    assert said(predict(package(), LOCK, LINUX, situation("pipenv", "pipenv"), known)) == (
        Outcome.CHAINGUARD,
        None,
    )


@pytest.mark.parametrize(
    ("lines", "pip", "uv"),
    [
        ((("index-url", C),), Outcome.CHAINGUARD, Outcome.CHAINGUARD),
        ((("index-url", C), ("extra-index-url", P)), Outcome.PYPI, Outcome.PYPI),
        ((("index-url", P), ("extra-index-url", C)), Outcome.CHAINGUARD, Outcome.CHAINGUARD),
        ((("extra-index-url", P),), Outcome.PYPI, Outcome.PYPI),
        ((("index-url", RES),), Outcome.UNKNOWN, Outcome.UNKNOWN),
        ((("index-url", C), ("extra-index-url", RES)), Outcome.UNKNOWN, Outcome.UNKNOWN),
    ],
)
def test_index_lines_of_a_requirements_file_are_what_is_asked(
    lines: tuple[tuple[str, Role], ...], pip: Outcome, uv: Outcome
) -> None:
    known = book(answer(C, WHEEL), answer(P, WHEEL))
    indexes = tuple(LockIndex(url=INDEX[role], role=option) for option, role in lines)
    lock = Lockfile(path="requirements.txt", format="requirements.txt", indexes=indexes)
    for installer, expected in (("pip", pip), ("uv", uv)):
        verdict = predict(package(), lock, LINUX, situation(installer), known)
        assert verdict is not None
        assert verdict.outcome is expected


@pytest.mark.parametrize(
    ("hashes", "more", "outcome"),
    [
        ((f"sha256:{sha('ours')}",), {}, Outcome.CHAINGUARD),
        ((f"sha256:{sha('strange')}",), {}, Outcome.UNKNOWN),
        ((), {"own_hosts": frozenset({"corp.example"})}, Outcome.CHAINGUARD),
    ],
    ids=["all hashes are known", "a hash is a stranger's", "the index is the organisation's"],
)
def test_an_unknown_index_may_have_it_too_unless_the_hashes_rule_it_out(
    hashes: tuple[str, ...], more: dict[str, Any], outcome: Outcome
) -> None:
    known = book(answer(C, file(WHEEL, C, mark="ours")), answer(P, file(WHEEL, P, mark="pypi")))
    lock = replace(
        LOCK,
        path="requirements.txt",
        format="requirements.txt",
        indexes=(LockIndex(url=INDEX[RES], role="extra-index-url"),),
    )
    entry = replace(package(), artifacts=(Artifact(hashes=hashes),) if hashes else ())
    verdict = predict(entry, lock, LINUX, situation("pip", "chainguard-only", **more), known)
    assert verdict is not None
    assert verdict.outcome is outcome


def test_an_installer_that_is_not_known_is_predicted_as_pip() -> None:
    known = book(answer(C, WHEEL), answer(P, "x-1.0-py2.py3-none-any.whl"))
    verdicts = [
        predict(package(), LOCK, LINUX, situation(name), known) for name in ("pip", "poetry-plugin-export")
    ]
    assert verdicts[0] == verdicts[1]


# ── Locks that name URLs ────────────────────────────────────────────────────────────────────────────


def uv(*, known: Book, entry: object, where: Situation | None = None) -> Verdict:
    verdict = predict(entry, LOCK, LINUX, where or situation("uv"), known)  # type: ignore[arg-type]  # an entry of `locked`
    assert verdict is not None
    return verdict


def test_the_locked_url_is_taken_whatever_the_layout() -> None:
    theirs = file(WHEEL, P)
    entry = locked(artifact(theirs))
    known = book(answer(C, WHEEL))
    for layout in ("chainguard-only", "virtual-file", "extra-index"):
        verdict = uv(known=known, entry=entry, where=situation("uv", layout))
        assert said(verdict) == (Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL)
        assert verdict.url_host == "files.pypi.test"
    assert said(uv(known=book(NO_CHAINGUARD), entry=entry)) == (Outcome.PYPI, Cause.PROJECT_MISSING)
    assert further_questions(entry, LOCK, [LINUX], situation("uv"), known) == frozenset()


def test_a_silent_chainguard_leaves_what_the_url_proves() -> None:
    silent = book(answer(C, problem=Cause.UNAUTHORIZED))
    assert said(uv(known=silent, entry=locked(artifact(file(WHEEL, P))))) == (
        Outcome.PYPI,
        Cause.LOCK_PINS_PYPI_URL,
    )
    assert said(uv(known=silent, entry=locked(artifact(file(WHEEL)), index=INDEX[C]))) == (
        Outcome.CHAINGUARD,
        None,
    )
    upstream = locked(artifact(file(WHEEL, tier=Tier.UPSTREAM)), index=INDEX[C])
    assert said(uv(known=silent, entry=upstream)) == (Outcome.UPSTREAM, Cause.UPSTREAM_TIER)
    through = locked(
        Artifact(filename=WHEEL, url=FILES[RES] + WHEEL, hashes=(f"sha256:{sha('a')}",)), index=INDEX[RES]
    )
    manager = situation("uv", own_hosts=frozenset({"corp.example"}))
    assert said(uv(known=silent, entry=through, where=manager)) == (Outcome.UNKNOWN, Cause.UNAUTHORIZED)


def test_through_a_manager_the_hash_tells() -> None:
    manager = situation("uv", own_hosts=frozenset({"corp.example"}))
    ours, theirs, upstream = file(WHEEL), file(WHEEL, P), file(SDIST, mark="u", tier=Tier.UPSTREAM)
    known = book(answer(C, ours, upstream), answer(P, theirs, file(SDIST, P, mark="u")))

    def through(digest: str | None, name: str = WHEEL) -> object:
        hashes = (f"sha256:{digest}",) if digest else ()
        return locked(Artifact(filename=name, url=FILES[RES] + name, hashes=hashes), index=INDEX[RES])

    assert said(uv(known=known, entry=through(ours.sha256), where=manager)) == (Outcome.CHAINGUARD, None)
    assert said(uv(known=known, entry=through(theirs.sha256), where=manager)) == (
        Outcome.PYPI,
        Cause.LOCK_PINS_PYPI_URL,
    )
    copied = uv(known=known, entry=through(upstream.sha256, SDIST), where=manager)
    assert (copied.outcome, copied.reason) == (Outcome.UPSTREAM, "built-available")
    assert "PyPI lists the same bytes" in copied.evidence
    assert uv(known=known, entry=through(sha("own")), where=manager).outcome is Outcome.PRIVATE
    assert said(uv(known=known, entry=through(None), where=manager)) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
    )
    first = book(answer(C, ours))
    assert further_questions(through(sha("own")), LOCK, [LINUX], manager, first) == {P}  # type: ignore[arg-type]  # an entry
    assert said(uv(known=first, entry=through(sha("own")), where=manager)) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
    )


def test_a_hash_that_is_not_the_urls_fails_and_the_contradiction_is_said() -> None:
    ours, theirs = file(WHEEL), file(WHEEL, P)
    known = book(answer(C, ours), answer(P, theirs))
    swapped = locked(artifact(theirs, hashes=(f"sha256:{ours.sha256}",)))
    verdict = uv(known=known, entry=swapped)
    assert said(verdict) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
    assert "disagrees" in verdict.evidence[-1]
    other_way = locked(artifact(ours, hashes=(f"sha256:{theirs.sha256}",)), index=INDEX[C])
    assert said(uv(known=known, entry=other_way)) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
    stale = locked(artifact(theirs, hashes=(f"sha256:{sha('old')}",)))
    assert said(uv(known=known, entry=stale)) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)


def test_pypis_bytes_under_chainguards_address() -> None:
    theirs = file(WHEEL, P)
    known = book(answer(C, "x-0.9-py3-none-any.whl"), answer(P, theirs))
    built_path = locked(artifact(theirs, url=FILES[C] + WHEEL), index=INDEX[C])
    verdict = uv(known=known, entry=built_path)
    assert (verdict.outcome, "disagrees" in verdict.evidence[-1]) == (Outcome.UPSTREAM, True)
    honest = locked(artifact(file(WHEEL, mark="pypi" + WHEEL, tier=Tier.UPSTREAM)), index=INDEX[C])
    assert uv(known=known, entry=honest).outcome is Outcome.UPSTREAM


def test_the_same_bytes_straight_from_pypi_are_pypis() -> None:
    theirs = file(WHEEL, P, mark="same")
    known = book(answer(C, file(WHEEL, mark="same", tier=Tier.UPSTREAM)))
    assert uv(known=known, entry=locked(artifact(theirs))).outcome is Outcome.PYPI


def test_a_file_on_a_host_that_no_setting_names_is_told_by_the_index_or_the_detail() -> None:
    mirror = Artifact(filename=WHEEL, url="https://cdn.example/x/" + WHEEL, hashes=(f"sha256:{sha('q')}",))
    verdict = uv(known=book(answer(C, "x-2.0-py3-none-any.whl")), entry=locked(mirror))
    assert (verdict.outcome, verdict.evidence) == (Outcome.PYPI, ("the lock names PyPI's index",))
    for role, outcome in ((C, Outcome.CHAINGUARD), (R, Outcome.REMEDIATED)):
        own = situation("uv", remediated_url=INDEX[R], own_hosts=frozenset({"cdn.example"}))
        assert uv(known={}, entry=locked(mirror, index=INDEX[role]), where=own).outcome is outcome
    on_cdn = file(WHEEL, P, url="https://cdn.example/x/" + SDIST)
    known = book(answer(P, on_cdn), answer(C, "x-2.0-py3-none-any.whl"))
    seen = uv(known=known, entry=locked(mirror))
    assert seen.evidence[0].startswith("the locked URL is PyPI's")


@pytest.mark.parametrize("hashes", [(), (f"sha256:{sha('q')}",)])
def test_chainguards_index_does_not_speak_for_a_file_on_a_strangers_host(hashes: tuple[str, ...]) -> None:
    """uv takes the locked URL, whatever index stands above it."""
    stray = Artifact(filename=WHEEL, url="https://evil.example/x/" + WHEEL, hashes=hashes)
    entry = locked(stray, index=INDEX[C])
    verdict = uv(known=book(answer(C, WHEEL), answer(P, WHEEL)), entry=entry)
    assert (verdict.outcome, verdict.cause, verdict.reason) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        "hosts",
    )
    assert "evil.example" in verdict.evidence[1]
    silent = uv(known=book(answer(C, problem=Cause.UNAUTHORIZED)), entry=entry)
    assert (silent.outcome, silent.cause, silent.reason) == (Outcome.UNKNOWN, Cause.UNAUTHORIZED, None)
    bytes_of_ours = replace(stray, hashes=(f"sha256:{sha(WHEEL)}",))
    known = book(answer(C, file(WHEEL, mark=WHEEL)))
    assert uv(known=known, entry=locked(bytes_of_ours, index=INDEX[C])).outcome is Outcome.CHAINGUARD


def test_the_targets_own_file_is_chosen_before_it_is_judged() -> None:
    linux = file("x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl")
    mac = file("x-1.0-cp312-cp312-macosx_11_0_arm64.whl", tier=Tier.UPSTREAM)
    entry = locked(artifact(linux), artifact(mac), index=INDEX[C])
    known = book(answer(C, linux, mac))
    outcomes = [predict(entry, LOCK, target, situation("uv"), known) for target in (LINUX, MAC)]
    assert [each.outcome for each in outcomes if each] == [Outcome.CHAINGUARD, Outcome.UPSTREAM]
    too_new = file("x-1.0-cp312-cp312-manylinux_2_39_x86_64.whl")
    nothing = locked(artifact(too_new), index=INDEX[C])
    assert said(uv(known=known, entry=nothing)) == (Outcome.INSTALL_FAILS, Cause.NO_COMPATIBLE_FILE)


def test_a_package_for_other_systems_only_is_not_installed_here() -> None:
    windows = artifact(file("x-308-cp312-cp312-win_amd64.whl", P))
    entry = locked(windows, version="308")
    assert predict(entry, LOCK, LINUX, situation("uv"), book(NO_CHAINGUARD)) is None
    there = predict(entry, LOCK, WINDOWS, situation("uv"), book(NO_CHAINGUARD))
    assert there is not None
    assert there.outcome is Outcome.PYPI
    built = locked(windows, artifact(file("x-308.tar.gz", P)), version="308")
    assert predict(built, LOCK, LINUX, situation("uv"), book(NO_CHAINGUARD)) is not None


def test_another_architecture_alone_is_how_an_install_fails() -> None:
    arm = locked(artifact(file("x-308-cp312-cp312-manylinux_2_28_aarch64.whl", P)), version="308")
    here = predict(arm, LOCK, LINUX, situation("uv"), book(NO_CHAINGUARD))
    assert here is not None
    assert here.outcome is Outcome.INSTALL_FAILS


@pytest.mark.parametrize(
    ("needed_when", "outcome"),
    [
        ("sys_platform == 'win32'", None),
        ("(platform_machine == 'aarch64') or (sys_platform == 'win32')", None),
        ("sys_platform == 'linux'", Outcome.INSTALL_FAILS),
        ("", Outcome.INSTALL_FAILS),
    ],
)
def test_what_leads_to_an_entry_says_whether_it_is_missed(needed_when: str, outcome: Outcome | None) -> None:
    windows = locked(artifact(file("x-308-cp312-cp312-win_amd64.whl", P)), version="308")
    entry = replace(windows, needed_when=needed_when)
    verdict = predict(entry, LOCK, LINUX, situation("uv"), book(NO_CHAINGUARD))
    assert (verdict.outcome if verdict else None) is outcome


@pytest.mark.parametrize(
    "url",
    [
        r"https://evil.example\@libraries.cgr.dev/python/simple/x/",
        r"https:\\evil.example/python/simple/x/",
        "https:evil.example/python/simple/x/",
        "https:///evil.example/python/simple/x/",
        "file:///srv/x/",
        "FILE://libraries.cgr.dev/python/simple/x/",
        "http://libraries.cgr.dev/python/simple/x/",
        "ftp://libraries.cgr.dev/python/simple/x/",
        "https://libraries.cgr.dev:8443/python/simple/x/",
        "https://libraries.cgr.dev/elsewhere/x/",
    ],
)
def test_an_address_that_only_looks_like_chainguards_is_not(url: str) -> None:
    """Measured: uv 0.13 takes the first three from evil.example, and the fourth and fifth from this disk."""
    entry = locked(Artifact(filename=WHEEL, url=url + WHEEL), index=INDEX[C])
    assert uv(known=book(answer(C, WHEEL), answer(P, WHEEL)), entry=entry).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "folder", ["python%2Dupstream", "python-remediated/../python-upstream", "python/%2e%2e/python-upstream"]
)
def test_a_tier_is_read_off_the_path_that_is_asked_for(folder: str) -> None:
    url = f"https://libraries.cgr.dev/{folder}/simple/x/1.0/{WHEEL}"
    entry = locked(Artifact(filename=WHEEL, url=url), index=INDEX[C])
    assert uv(known=book(answer(C, WHEEL)), entry=entry).outcome is Outcome.UPSTREAM


@pytest.mark.parametrize("hashes", [(), (f"sha256:{sha('theirs')}",)])
@pytest.mark.parametrize("folder", ["pypi", "chainguard/../pypi"])
def test_one_manager_may_hold_both_indexes(hashes: tuple[str, ...], folder: str) -> None:
    """Chainguard's index behind a repository manager: what else its host has is not Chainguard's."""
    host = "https://manager.example/api"
    where = situation("uv", chainguard_url=f"{host}/chainguard/simple/")
    ours = file("x-2.0-py3-none-any.whl", url=f"{host}/chainguard/packages/x-2.0-py3-none-any.whl", tier=None)
    known = book(answer(C, ours), answer(P, file(WHEEL, P, mark="theirs")))

    def of(path: str, index: str = "all") -> Outcome:
        entry = Artifact(filename=WHEEL, url=f"{host}/{path}/packages/{WHEEL}", hashes=hashes)
        return uv(known=known, entry=locked(entry, index=f"{host}/{index}/simple/"), where=where).outcome

    assert of(folder) is Outcome.UNKNOWN
    assert hashes or of("chainguard", index="chainguard") is Outcome.CHAINGUARD
    assert of(folder, index="chainguard") is (Outcome.PYPI if hashes else Outcome.UNKNOWN)
    beside = locked(Artifact(filename=WHEEL, url=f"{host}/pypi/packages/{WHEEL}"), index=None)
    for entry in (beside, package("1.0", index=f"{host}/all/simple/")):
        assert uv(known=known, entry=entry, where=where).reason == "hosts"
        assert questions(entry, where) == frozenset()


def test_a_storage_service_that_both_use_tells_nothing() -> None:
    store = "https://storage.example"
    listed = file("x-2.0-py3-none-any.whl", url=f"{store}/ours/x-2.0-py3-none-any.whl")
    for folder, outcome in (("ours", Outcome.CHAINGUARD), ("theirs", Outcome.UNKNOWN)):
        entry = locked(Artifact(filename=WHEEL, url=f"{store}/{folder}/{WHEEL}"), index=INDEX[C])
        assert uv(known=book(answer(C, listed), answer(P)), entry=entry).outcome is outcome


def test_a_host_that_may_be_pypis_or_private_is_not_known_and_never_asked_about() -> None:
    entry = locked(Artifact(url="https://elsewhere.example/x.whl"), index=None)
    untold = situation("uv", pypi_hosts=frozenset())
    verdict = predict(entry, LOCK, LINUX, untold, {})
    assert verdict is not None
    assert (verdict.outcome, verdict.cause, verdict.reason) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        "hosts",
    )
    assert "elsewhere.example" in verdict.evidence[0]
    assert questions(entry, untold) == frozenset()


def test_pipenvs_made_up_urls_are_not_believed() -> None:
    ours = file(WHEEL)
    wheels = f'[{{url = "https://pypi.test/invented.whl", hashes = {{sha256 = "{ours.sha256}"}}}}]'
    entry = f'[[packages]]\nname = "x"\nversion = "1.0"\nwheels = {wheels}\n'
    text = f'lock-version = "1.0"\ncreated-by = "pipenv"\n\n{entry}'
    lock = parse(Text(path="pylock.toml", text=text))
    known = book(answer(C, ours), answer(P, WHEEL))
    assert said(predict(lock.packages[0], lock, LINUX, situation(), known)) == (Outcome.CHAINGUARD, None)


@pytest.mark.parametrize(
    ("platform", "chosen"),
    [("linux-64", True), ("linux-aarch64", False), ("osx-arm64", False), ("noarch", True)],
)
def test_a_per_platform_lock_counts_only_its_platforms_files(platform: str, chosen: bool) -> None:
    entry = locked(artifact(file(WHEEL), target_platform=platform), index=INDEX[C])
    assert (uv(known={}, entry=entry).outcome is Outcome.CHAINGUARD) is chosen


def test_an_archive_whose_name_says_nothing_is_a_last_resort() -> None:
    odd = Artifact(url="https://files.pypi.test/x/archive", hashes=())
    assert uv(known=book(NO_CHAINGUARD), entry=locked(odd)).file == "archive"
    both = locked(odd, artifact(file(WHEEL, P)))
    assert uv(known=book(NO_CHAINGUARD), entry=both).file == WHEEL


# ── The organisation's own index ────────────────────────────────────────────────────────────────────


MANAGER = situation(resolver_url=INDEX[RES])


def listed_as(each: str, role: Role) -> object:
    """The manager's line for a file: its own URL, the origin's bytes."""
    return file(each, RES, sha256=file(each, role).sha256)


def observed(*answers: object, entry: object = None, targets: object = None) -> Verdict:
    verdict = predict(entry or package(), LOCK, LINUX, MANAGER, book(*answers))  # type: ignore[arg-type]  # test values
    assert verdict is not None
    return verdict


def test_origin_of_an_observed_listing_is_told_by_hash() -> None:
    theirs = answer(RES, listed_as("x-1.0-py2.py3-none-any.whl", P), listed_as(WHEEL, C))  # type: ignore[arg-type]  # test values
    known = (answer(C, WHEEL), answer(P, "x-1.0-py2.py3-none-any.whl"))
    assert said(observed(theirs, *known)) == (Outcome.CHAINGUARD, None)
    other_order = answer(RES, *reversed(theirs.files))
    assert said(observed(other_order, *known)) == (Outcome.PYPI, Cause.INSTALLER_PREFERS_PYPI)
    own = answer(RES, file(WHEEL, RES, mark="own"))
    assert said(observed(own, NO_CHAINGUARD, NO_PYPI)) == (Outcome.PRIVATE, None)
    assert said(observed(own, NO_CHAINGUARD)) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert further_questions(package(), LOCK, [LINUX], MANAGER, book(own, NO_CHAINGUARD)) == {P}
    unhashed = answer(RES, file(WHEEL, RES, sha256=None))
    assert said(observed(unhashed, NO_CHAINGUARD, NO_PYPI)) == (Outcome.UNKNOWN, Cause.MALFORMED_INDEX)


def test_a_manager_that_fell_through_is_no_wall_of_fallbacks() -> None:
    fell = answer(RES, listed_as(WHEEL, P))  # type: ignore[arg-type]  # test values
    for theirs in ((), (answer(P, WHEEL),)):
        assert said(observed(fell, answer(C, WHEEL), *theirs)) == (
            Outcome.UNKNOWN,
            Cause.MANAGER_FELL_THROUGH,
        )
    assert said(observed(fell, NO_CHAINGUARD, answer(P, WHEEL))) == (Outcome.PYPI, Cause.PROJECT_MISSING)
    copies = answer(C, file(WHEEL, tier=Tier.UPSTREAM, sha256=file(WHEEL, P).sha256))
    assert observed(fell, copies, answer(P, WHEEL)).outcome is Outcome.UPSTREAM


@pytest.mark.parametrize("role", [RES, C])
def test_an_observed_listing_needs_both_answers(role: Role) -> None:
    other = C if role is RES else RES
    silent = (answer(role, problem=Cause.UNAUTHORIZED), answer(other, WHEEL))
    assert said(observed(*silent)) == (Outcome.UNKNOWN, Cause.UNAUTHORIZED)


def test_hashes_are_checked_against_the_observed_listing() -> None:
    served = answer(RES, file(WHEEL, RES, mark="new"), listed_as(SDIST, C))  # type: ignore[arg-type]  # test values
    entry = package(hashes=(sha("old"),))
    ours = answer(C, SDIST)
    assert said(observed(served, ours, NO_PYPI, entry=entry)) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)


def test_an_unpinned_entry_of_an_observed_listing() -> None:
    served = answer(RES, listed_as(WHEEL, C))  # type: ignore[arg-type]  # test values
    entry = package(None, specifier=">=1")
    assert said(observed(served, answer(C, WHEEL), entry=entry)) == (Outcome.UNKNOWN, Cause.NOT_PINNED)


def test_an_explanation_tells_every_step() -> None:
    known = book(answer(C, WHEEL, MISFIT, SDIST), answer(P, WHEEL, message="asked today"))
    told = explain(package(), LOCK, LINUX, situation(), known)
    assert told.package == "x==1.0"
    assert any("virtual-file" in fact for fact in told.facts)
    assert "pypi: 1 files (asked today)" in told.facts
    dropped = [name for step in told.steps for name in step.dropped]
    assert f"{MISFIT} (chainguard)" in dropped
    assert told.steps[-1].title == "chosen"
    assert told.verdict == predict(package(), LOCK, LINUX, situation(), known)
    silent = explain(
        package(None, specifier=">=1"), LOCK, LINUX, situation(), book(answer(C, problem=Cause.FORBIDDEN))
    )
    assert (silent.package, silent.steps) == ("x>=1", ())
    assert "chainguard: forbidden" in silent.facts


def test_an_explanation_tells_what_locking_again_would_record() -> None:
    theirs = file(WHEEL, P)
    entry = locked(artifact(theirs))
    known = book(answer(C, WHEEL), answer(P, theirs))
    facts = explain(entry, LOCK, LINUX, situation("uv", "virtual-file"), known).facts
    assert "locking it again through this layout would record 1.0 from chainguard" in facts
    missing = book(NO_CHAINGUARD, answer(P, theirs))
    alone = explain(entry, LOCK, LINUX, situation("uv", "chainguard-only"), missing).facts
    assert "locking it again through this layout would fail: no-version" in alone
    silent = explain(entry, LOCK, LINUX, situation("uv"), book(answer(C, WHEEL))).facts
    assert not any("locking it again" in fact for fact in silent)


def per_platform(*artifacts: Artifact, target: Target = LINUX) -> Verdict | None:
    lock = Lockfile(path="pixi.lock", format="pixi.lock")
    return predict(locked(*artifacts, index=None), lock, target, situation("pixi"), book(answer(C, WHEEL)))


def test_a_lock_per_platform_brings_its_own_interpreter() -> None:
    older = artifact(file("x-1.0-cp311-cp311-manylinux_2_28_x86_64.whl", P), target_platform="linux-64")
    shared = artifact(file("x-1.0-cp311-cp311-manylinux_2_17_x86_64.whl", P))
    apple = artifact(file("x-1.0-cp311-cp311-macosx_11_0_arm64.whl", P), target_platform="osx-arm64")
    universal = artifact(file("x-1.0-cp311-cp311-macosx_11_0_universal2.whl", P))
    for ours in (older, shared):
        verdict = per_platform(apple, ours)
        assert verdict is not None
        assert (verdict.outcome, verdict.file) == (Outcome.PYPI, ours.filename)
        assert per_platform(older, apple, target=MAC) is not None
    assert per_platform(apple) is None
    assert per_platform(universal) is None
    assert per_platform(universal, target=MAC) is not None

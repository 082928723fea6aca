"""Outcomes and causes, one small situation each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from fallback_review.lockfiles import Text, parse
from fallback_review.model import (
    Artifact,
    AssumptionKind,
    Cause,
    Ecosystem,
    Edition,
    Evidence,
    EvidenceKind,
    Index,
    InstallOptions,
    Lockfile,
    LockIndex,
    Outcome,
    Owner,
    Source,
    SourceKind,
    Tier,
    Verdict,
)
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.context import prepare
from fallback_review.prediction import Answers, Context, explain, further_questions, predict, questions
from fallback_review.settings.schema import Indexes, Settings

from .build import (
    CUDA,
    FILES,
    LINUX,
    LOCK,
    MAC,
    RES,
    STRANGER,
    WINDOWS,
    C,
    P,
    R,
    addresses,
    answer,
    answers,
    artifact,
    asked_in_turn,
    context,
    file,
    locked,
    package,
    sha,
    told,
)

if TYPE_CHECKING:
    from fallback_review.model import Answer, LockedPackage, ProjectFile, Target
    from fallback_review.prediction.addresses import Addresses
    from fallback_review.prediction.listing import AskedIndex

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
        # Bytes come first: what PyPI lists too is PyPI's, whatever the path says.
        (answer(C, file(WHEEL, mark=f"pypi{WHEEL}")), (Outcome.UPSTREAM, Cause.UPSTREAM_TIER)),
        (answer(C, file(WHEEL, mark=f"pypi{WHEEL}", tier=None)), (Outcome.UPSTREAM, Cause.UPSTREAM_TIER)),
        (answer(C, file(WHEEL, sha256=None)), (Outcome.UNKNOWN, Cause.MALFORMED_INDEX)),
        (answer(C, problem=Cause.BLOCKED, reason="MALWARE_DETECTED"), (Outcome.PYPI, Cause.BLOCKED)),
        (answer(C, problem=Cause.UNAUTHORIZED), (Outcome.UNKNOWN, Cause.UNAUTHORIZED)),
        (answer(C, problem=Cause.UNREACHABLE), (Outcome.UNKNOWN, Cause.UNREACHABLE)),
    ],
)
def test_a_merged_index(ours: Answer, expected: tuple[Outcome, Cause | None]) -> None:
    known = answers(ours, answer(P, WHEEL))
    assert said(predict(package(), LOCK, LINUX, context(), known)) == expected


@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (NO_CHAINGUARD, Cause.PROJECT_MISSING),
        (answer(C, "x-0.9-py3-none-any.whl"), Cause.VERSION_MISSING),
        (answer(C, MISFIT), Cause.NO_COMPATIBLE_FILE),
        (answer(C, problem=Cause.BLOCKED, reason="POLICY_COOLDOWN"), Cause.BLOCKED),
    ],
)
def test_chainguard_alone_fails_where_it_has_nothing(ours: Answer, expected: Cause) -> None:
    known = answers(ours)
    where = context(layout="chainguard-only")
    assert said(predict(package(), LOCK, LINUX, where, known)) == (Outcome.INSTALL_FAILS, expected)
    assert further_questions(package(), LOCK, [LINUX], where, known) == frozenset()


@pytest.mark.parametrize("pin", ["1", "1.0", "1.0.0"])
def test_a_pin_and_a_file_may_spell_one_version_differently(pin: str) -> None:
    """PEP 440: trailing zeros do not matter."""
    where = context(layout="chainguard-only")
    for listed in ("x-1.0-py3-none-any.whl", "x-1.0.0-py3-none-any.whl", "x-1-py3-none-any.whl"):
        verdict = predict(package(pin), LOCK, LINUX, where, answers(answer(C, listed)))
        assert said(verdict) == (Outcome.CHAINGUARD, None)
    fixed = answers(answer(C, "x-1.0+cgr.1-py3-none-any.whl"))
    assert said(predict(package(pin), LOCK, LINUX, where, fixed)) == (Outcome.REMEDIATED, None)


def test_the_reason_of_a_block_is_passed_on() -> None:
    known = answers(answer(C, problem=Cause.BLOCKED, reason="POLICY_COOLDOWN"), answer(P, WHEEL))
    for layout in ("chainguard-only", "virtual-file"):
        verdict = predict(package(), LOCK, LINUX, context(layout=layout), known)
        assert verdict is not None
        assert verdict.reason == "POLICY_COOLDOWN"


def test_a_source_distribution_is_said_to_be_built_on_the_target() -> None:
    verdict = predict(package(), LOCK, LINUX, context(layout="chainguard-only"), answers(answer(C, SDIST)))
    assert verdict is not None
    assert (verdict.outcome, verdict.reason) == (Outcome.CHAINGUARD, "sdist")
    assert "built on the target" in told(verdict)


def test_only_binary_leaves_nothing_to_install() -> None:
    lock = replace(LOCK, options=InstallOptions(only_binary=frozenset({"x"})))
    where = context(layout="chainguard-only")
    assert said(predict(package(), lock, LINUX, where, answers(answer(C, SDIST)))) == (
        Outcome.INSTALL_FAILS,
        Cause.NO_COMPATIBLE_FILE,
    )


def test_no_binary_builds_the_source() -> None:
    lock = replace(LOCK, options=InstallOptions(no_binary=frozenset({":all:"})))
    known = answers(answer(C, SDIST, WHEEL))
    for installer in ("pip", "uv"):
        verdict = predict(package(), lock, LINUX, context(installer, "chainguard-only"), known)
        assert verdict is not None
        assert verdict.file == SDIST


@pytest.mark.parametrize("installer", ["pip", "uv", "poetry", "pdm", "pipenv"])
def test_pypis_hashes_against_chainguards_file(installer: str) -> None:
    ours, theirs = file(WHEEL), file(WHEEL, P)
    known = answers(answer(C, ours), answer(P, theirs))
    entry = package(hashes=(str(theirs.sha256),))
    verdict = predict(entry, LOCK, LINUX, context(installer, "chainguard-only"), known)
    assert said(verdict) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
    assert verdict is not None
    assert "the lock holds hashes of PyPI's files" in told(verdict)
    without = answers(answer(C, ours))
    assert said(predict(entry, LOCK, LINUX, context(installer, "chainguard-only"), without)) == said(verdict)
    assert further_questions(entry, LOCK, [LINUX], context(installer, "chainguard-only"), without) == {P}


def test_pypis_hashes_take_pypis_file_where_both_are_listed() -> None:
    theirs = file("x-1.0-py2.py3-none-any.whl", P)
    known = answers(answer(C, WHEEL), answer(P, theirs))
    entry = package(hashes=(str(theirs.sha256),))
    assert said(predict(entry, LOCK, LINUX, context(), known)) == (Outcome.PYPI, Cause.LOCK_PINS_PYPI_HASH)


def test_the_higher_tag_wins_whoever_built_it() -> None:
    known = answers(
        answer(C, "x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"),
        answer(P, "x-1.0-cp312-cp312-manylinux_2_34_x86_64.whl"),
    )
    assert said(predict(package(), LOCK, LINUX, context(), known)) == (
        Outcome.PYPI,
        Cause.INSTALLER_PREFERS_PYPI,
    )


def test_a_link_without_hash_is_taken_for_the_hash_that_nothing_else_explains() -> None:
    ours = file(WHEEL, sha256=None)
    entry = package(hashes=(sha("built"),))
    where = context(layout="chainguard-only")
    for silent in (answers(answer(C, ours)), answers(answer(C, ours), answer(P, problem=Cause.UNREACHABLE))):
        verdict = predict(entry, LOCK, LINUX, where, silent)
        assert verdict is not None
        assert verdict.outcome is Outcome.UNKNOWN
    assert further_questions(entry, LOCK, [LINUX], where, answers(answer(C, ours))) == {P}
    alone = predict(entry, LOCK, LINUX, where, answers(answer(C, ours), answer(P, SDIST)))
    assert said(alone) == (Outcome.CHAINGUARD, None)
    assert alone is not None
    assert "no sha256" in told(alone)
    theirs = package(hashes=(str(file(WHEEL, P).sha256),))
    known = answers(answer(C, ours), answer(P, WHEEL))
    assert said(predict(theirs, LOCK, LINUX, where, known)) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)


# ── Entries that no index is asked for ──────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://files.acme.example/team/" + WHEEL, Outcome.PRIVATE),
        ("https://files.acme.example/team/../other/" + WHEEL, Outcome.UNKNOWN),
        ("https://files.acme.example/other/" + WHEEL, Outcome.UNKNOWN),
        ("https://stranger.example/team/" + WHEEL, Outcome.UNKNOWN),
    ],
)
def test_a_private_names_file_lies_where_the_settings_say(url: str, outcome: Outcome) -> None:
    """uv takes the locked URL, whatever index stands above it and whoever calls the name private."""
    own = addresses(own=("files.acme.example/team",))
    entry = replace(
        locked(Artifact(url=url, filename=WHEEL), index="https://files.acme.example/team/simple/"),
        name="acme-x",
    )
    found = uv(known={}, entry=entry, where=context("uv", at=own, private=("acme-*",)))
    assert found.outcome is outcome


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        (package(source=Source(kind=SourceKind.GIT, location="https://git.example/x")), Outcome.DIRECT),
        (package(source=Source(kind=SourceKind.EDITABLE, location=".")), Outcome.DIRECT),
        (package(local=True), Outcome.DIRECT),
        (package(index="../wheels"), Outcome.DIRECT),
        (package(name="acme-x"), Outcome.PRIVATE),
        (package(name="acme-x", index=RES), Outcome.UNKNOWN),
        (locked(Artifact(url=FILES[RES] + WHEEL), index=None), Outcome.UNKNOWN),
    ],
)
def test_direct_and_private_entries_are_asked_nowhere(entry: LockedPackage, outcome: Outcome) -> None:
    where = context(private=("Acme-*",))
    assert questions(entry, LOCK, where) == frozenset()
    assert further_questions(entry, LOCK, [LINUX], where, {}) == frozenset()
    cause = Cause.NOT_CONFIGURED if outcome is Outcome.UNKNOWN else None
    assert said(predict(entry, LOCK, LINUX, where, {})) == (outcome, cause)


@pytest.mark.parametrize(
    ("entry", "asks", "reason"),
    [
        (package(index=STRANGER), None, "manager"),
        (locked(Artifact(url=FILES[STRANGER] + WHEEL), index=STRANGER), None, "manager"),
        (locked(Artifact(url=FILES[STRANGER] + WHEEL), index=None), None, "hosts"),
        (package(), asked_in_turn(STRANGER), "manager"),
    ],
)
def test_what_comes_from_an_index_that_no_setting_names_is_not_known_and_not_asked_about(
    entry: LockedPackage, asks: tuple[AskedIndex, ...] | None, reason: str
) -> None:
    where = context(asks=asks)
    assert questions(entry, LOCK, where) == frozenset()
    assert further_questions(entry, LOCK, [LINUX], where, {}) == frozenset()
    verdict = predict(entry, LOCK, LINUX, where, answers(answer(C, WHEEL), answer(P, WHEEL)))
    assert said(verdict) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert verdict is not None
    assert (verdict.reason, verdict.url_host) == (reason, "stranger.example")
    assert "stranger.example, which no setting names" in told(verdict)


@pytest.mark.parametrize(
    ("entry", "layout", "outcome"),
    [
        (package(name="acme-x", index=P), "virtual-file", Outcome.PYPI),
        (locked(artifact(file(WHEEL, P)), index=None), "virtual-file", Outcome.PYPI),
        (locked(artifact(file(WHEEL, P)), index=RES), "virtual-file", Outcome.PYPI),
        (package(name="acme-x", index=C), "virtual-file", Outcome.UNKNOWN),
        (locked(artifact(file(WHEEL)), index=None), "virtual-file", Outcome.UNKNOWN),
        (package(name="acme-x"), "explicit", Outcome.UNKNOWN),
        (package(name="acme-x"), "extra-index", Outcome.UNKNOWN),
    ],
)
def test_a_private_name_that_is_taken_from_a_public_index_is_said_to_be(
    entry: LockedPackage, layout: str, outcome: Outcome
) -> None:
    """Dependency confusion: what is said needs no question, so that the name stays unasked."""
    mine = replace(entry, name="acme-x")
    where = context(layout=layout, private=("acme-*",))
    assert questions(mine, LOCK, where) == frozenset()
    assert said(predict(mine, LOCK, LINUX, where, {})) == (outcome, Cause.PRIVATE_NAME)


def test_conda_packages_and_excluded_entries_get_no_verdict() -> None:
    conda = package(ecosystem=Ecosystem.CONDA, source=Source(kind=SourceKind.CHANNEL))
    assert questions(conda, LOCK, context()) == frozenset()
    assert predict(conda, LOCK, LINUX, context(), {}) is None
    windows_only = package(marker="sys_platform == 'win32'")
    assert predict(windows_only, LOCK, LINUX, context(), answers(answer(C, WHEEL))) is None
    assert further_questions(windows_only, LOCK, [LINUX], context(), answers(answer(C, WHEEL))) == frozenset()
    assert "its marker excludes it" in explain(windows_only, LOCK, LINUX, context(), {}).facts[-1]


def test_what_is_asked_first() -> None:
    assert questions(package(), LOCK, context()) == {C, P}
    assert questions(package(), LOCK, context(layout="explicit")) == {C, P}
    own = addresses(remediated=R, resolver=RES, own=("corp.example",))
    assert questions(package(), LOCK, context(at=own, asks=asked_in_turn(RES))) == {C, R, RES, P}
    beside = context(asks=asked_in_turn(C, CUDA))
    assert questions(package(), LOCK, beside) == {C, CUDA, P}
    assert questions(package(index=CUDA), LOCK, context("poetry")) == {C, CUDA, P}
    unasked = context(at=addresses(own=("corp.example",)), asks=asked_in_turn(C, RES))
    assert questions(package(), LOCK, unasked) == {C, P}


@pytest.mark.parametrize(
    ("entry", "asked"),
    [
        (locked(artifact(file(WHEEL, P))), {C}),
        (locked(artifact(file(WHEEL)), index=C), {C, P}),
        (locked(artifact(file(WHEEL, CUDA)), index=CUDA), {C, CUDA, P}),
        (locked(artifact(file(WHEEL, P)), artifact(file(SDIST, C))), {C, P}),
        (locked(artifact(file(WHEEL, STRANGER)), index=C), {C, P}),
    ],
)
def test_pypi_is_asked_at_once_where_a_locked_url_may_turn_out_green(
    entry: LockedPackage, asked: set[Index]
) -> None:
    assert questions(entry, LOCK, context("uv")) == asked


def test_no_credentials_are_no_answer() -> None:
    silent = answers(answer(C, problem=Cause.NOT_CONFIGURED), answer(P, WHEEL))
    assert said(predict(package(), LOCK, LINUX, context(), silent)) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)


def test_the_remediated_index_stands_in_front() -> None:
    where = context(layout="chainguard-only", at=addresses(remediated=R))
    known = answers(answer(C, WHEEL), answer(R, "x-1.0+cgr.2-py3-none-any.whl"))
    assert said(predict(package(), LOCK, LINUX, where, known)) == (Outcome.REMEDIATED, None)
    silent = answers(answer(C, WHEEL), answer(R, problem=Cause.FORBIDDEN))
    assert said(predict(package(), LOCK, LINUX, where, silent)) == (Outcome.UNKNOWN, Cause.FORBIDDEN)
    only = answers(NO_CHAINGUARD, answer(R, "x-1.0+cgr.2-py3-none-any.whl"))
    assert said(predict(package(), LOCK, LINUX, where, only)) == (Outcome.REMEDIATED, None)


FIXED = "x-1.0+cgr.2-py3-none-any.whl"


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((WHEEL,), None, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        ((), None, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        ((FIXED,), None, (Outcome.REMEDIATED, None)),
        # An index that lists remediated versions has no other place for them.
        (("x-1.0+cgr.1-py3-none-any.whl",), None, (Outcome.INSTALL_FAILS, Cause.VERSION_MISSING)),
        ((WHEEL,), (WHEEL,), (Outcome.INSTALL_FAILS, Cause.VERSION_MISSING)),
        ((WHEEL,), (FIXED,), (Outcome.REMEDIATED, None)),
    ],
)
@pytest.mark.parametrize("installer", ["pip", "uv", "poetry"])
def test_a_remediated_pin_is_looked_for_where_remediated_versions_are(
    ours: tuple[str, ...],
    theirs: tuple[str, ...] | None,
    expected: tuple[Outcome, Cause | None],
    installer: str,
) -> None:
    apart = (answer(R, *theirs),) if theirs is not None else ()
    known = answers(answer(C, *ours), *apart, answer(P, WHEEL))
    where = context(installer, at=addresses(remediated=R if apart else None))
    assert said(predict(package("1.0+cgr.2"), LOCK, LINUX, where, known)) == expected


@pytest.mark.parametrize(
    ("known", "named", "expected"),
    [
        (answers(NO_CHAINGUARD), None, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        (answers(answer(C, "x-2.0-py3-none-any.whl")), None, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        (answers(answer(C, WHEEL)), None, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        (answers(answer(C, problem=Cause.BLOCKED)), None, (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        # An entry that names Chainguard's index is looked for there alone.
        (answers(NO_CHAINGUARD), C, (Outcome.INSTALL_FAILS, Cause.PROJECT_MISSING)),
        (answers(answer(C, WHEEL)), C, (Outcome.CHAINGUARD, None)),
    ],
)
@pytest.mark.parametrize("whose", [("own.example",), ()])
def test_what_is_not_found_may_lie_in_an_index_that_was_not_asked(
    known: Answers, named: Index | None, expected: tuple[Outcome, Cause | None], whose: tuple[str, ...]
) -> None:
    at = addresses(own=whose)
    other = at.index_at("https://own.example/simple/")
    for installer in ("pip", "uv", "pdm") if named is None else ("poetry", "pipenv"):
        where = context(installer, at=at, asks=asked_in_turn(C, other))
        assert said(predict(package(index=named), LOCK, LINUX, where, known)) == expected


@pytest.mark.parametrize(
    ("installer", "first", "second", "outcome"),
    [
        ("pip", C, STRANGER, Outcome.CHAINGUARD),
        ("pip", STRANGER, C, Outcome.CHAINGUARD),
        ("pdm", C, STRANGER, Outcome.CHAINGUARD),
        # uv asks its default index last, and stays with the first that has the project.
        ("uv", STRANGER, C, Outcome.CHAINGUARD),
        ("uv", C, STRANGER, Outcome.UNKNOWN),
    ],
)
def test_hashes_of_chainguards_file_rule_out_what_was_not_asked(
    installer: str, first: Index, second: Index, outcome: Outcome
) -> None:
    ours = file(WHEEL)
    where = context(installer, asks=asked_in_turn(first, second))
    entry = package(hashes=(str(ours.sha256),))
    verdict = predict(entry, LOCK, LINUX, where, answers(answer(C, ours), answer(P, WHEEL)))
    assert verdict is not None
    assert verdict.outcome is outcome


UPSTREAMS = file(SDIST, tier=Tier.UPSTREAM)
ON_A_STRANGERS_HOST = file(SDIST, url=FILES[STRANGER] + SDIST)


@pytest.mark.parametrize(
    ("installer", "default", "sdist", "pypi", "outcome"),
    [
        ("pip", C, file(SDIST), answer(P, WHEEL), Outcome.CHAINGUARD),
        ("pip", STRANGER, file(SDIST), answer(P, WHEEL), Outcome.CHAINGUARD),
        ("pip", C, file(SDIST, tier=None), answer(P, WHEEL), Outcome.CHAINGUARD),
        ("pip", C, file(SDIST), NO_PYPI, Outcome.CHAINGUARD),
        ("pdm", C, file(SDIST), answer(P, WHEEL), Outcome.CHAINGUARD),
        ("uv", STRANGER, file(SDIST), answer(P, WHEEL), Outcome.CHAINGUARD),
        # uv stays with the first index that has the project, and may find no allowed file there.
        ("uv", C, file(SDIST), answer(P, WHEEL), Outcome.UNKNOWN),
        # One of the hashes is not Chainguard's alone, or nobody can say that it is.
        ("pip", C, file(SDIST), answer(P, file(SDIST, P, sha256=file(SDIST).sha256)), Outcome.UNKNOWN),
        ("pip", C, file(SDIST), answer(P, problem=Cause.UNREACHABLE), Outcome.UNKNOWN),
        ("pip", C, file(SDIST), None, Outcome.UNKNOWN),
        ("pip", C, UPSTREAMS, answer(P, WHEEL), Outcome.UNKNOWN),
        ("pip", C, ON_A_STRANGERS_HOST, answer(P, WHEEL), Outcome.UNKNOWN),
    ],
)
def test_hashes_that_are_all_chainguards_rule_out_what_was_not_asked(
    installer: str, default: Index, sdist: ProjectFile, pypi: Answer | None, outcome: Outcome
) -> None:
    ours = file(WHEEL)
    other = STRANGER if default is C else C
    where = context(installer, asks=asked_in_turn(default, other))
    entry = package(hashes=(str(ours.sha256), str(sdist.sha256)))
    known = answers(*([pypi] if pypi is not None else []), answer(C, ours, sdist))
    verdict = predict(entry, LOCK, LINUX, where, known)
    assert verdict is not None
    assert verdict.outcome is outcome


@pytest.mark.parametrize("options", [InstallOptions(), InstallOptions(verify_hashes=False)])
def test_a_hash_that_no_page_explains_or_that_nobody_checks_rules_nothing_out(
    options: InstallOptions,
) -> None:
    ours, sdist = file(WHEEL), file(SDIST)
    hashes = [str(ours.sha256), str(sdist.sha256)]
    hashes += [sha("nobody's")] if options.verify_hashes else []
    where = context("pip", asks=asked_in_turn(C, STRANGER), options=options)
    known = answers(answer(C, ours, sdist), answer(P, WHEEL))
    verdict = predict(package(hashes=tuple(hashes)), LOCK, LINUX, where, known)
    assert verdict is not None
    assert verdict.outcome is Outcome.UNKNOWN


def test_malware_is_said_where_another_index_was_not_asked() -> None:
    blocked = answer(C, problem=Cause.BLOCKED, reason="MALWARE_DETECTED")
    verdict = predict(
        package(), LOCK, LINUX, context(asks=asked_in_turn(C, STRANGER)), answers(blocked, NO_PYPI)
    )
    assert verdict is not None
    assert (*said(verdict), verdict.reason) == (Outcome.UNKNOWN, Cause.BLOCKED, "MALWARE_DETECTED")
    assert verdict.evidence[0].kind is EvidenceKind.BLOCKED


def test_what_neither_has_may_lie_in_the_organisations_index() -> None:
    """A virtual index that is modelled may hold files of its own: only asking it would tell."""
    known = answers(NO_CHAINGUARD, NO_PYPI)
    own = context(at=addresses(own=("corp.example",)))
    verdict = predict(package(), LOCK, LINUX, own, known)
    assert said(verdict) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert verdict is not None
    assert verdict.reason == "own"
    assert said(predict(package(), LOCK, LINUX, context(), known)) == (
        Outcome.INSTALL_FAILS,
        Cause.PROJECT_MISSING,
    )
    asked = context(at=addresses(own=("corp.example",), resolver=RES), asks=asked_in_turn(RES))
    empty = answers(NO_CHAINGUARD, NO_PYPI, answer(RES, problem=Cause.PROJECT_MISSING))
    assert said(predict(package(), LOCK, LINUX, asked, empty)) == (
        Outcome.INSTALL_FAILS,
        Cause.PROJECT_MISSING,
    )


# ── Not pinned, yanked, requires-python ─────────────────────────────────────────────────────────────


def test_an_entry_without_a_pin_never_passes_where_pypi_may_win_tomorrow() -> None:
    entry = package(None, specifier=">=1")
    known = answers(answer(C, WHEEL), answer(P, WHEEL))
    assert said(predict(entry, LOCK, LINUX, context(), known)) == (Outcome.UNKNOWN, Cause.NOT_PINNED)
    newer = answers(answer(C, WHEEL), answer(P, "x-2.0-py3-none-any.whl"))
    assert said(predict(entry, LOCK, LINUX, context(), newer)) == (Outcome.PYPI, Cause.NOT_PINNED)
    alone = context(layout="chainguard-only")
    assert said(predict(entry, LOCK, LINUX, alone, known)) == (Outcome.CHAINGUARD, Cause.NOT_PINNED)
    assert said(predict(entry, LOCK, LINUX, context(), answers(answer(C, problem=Cause.UNAUTHORIZED)))) == (
        Outcome.UNKNOWN,
        Cause.UNAUTHORIZED,
    )


@pytest.mark.parametrize("installer", ["pip", "uv", "pdm"])
def test_yanked_files_are_for_exact_pins(installer: str) -> None:
    where = context(installer, "chainguard-only")
    known = answers(answer(C, file(WHEEL, yanked=True)))
    pinned = predict(package(), LOCK, LINUX, where, known)
    assert said(pinned) == (Outcome.CHAINGUARD, None)
    assert pinned is not None
    assert "yanked" in told(pinned)
    open_ = predict(package(None, specifier=">=1"), LOCK, LINUX, where, known)
    assert open_ is not None
    assert open_.outcome is Outcome.INSTALL_FAILS


def test_what_chainguard_yanked_comes_from_pypi() -> None:
    known = answers(answer(C, file(WHEEL, yanked=True)), answer(P, SDIST))
    verdict = predict(package(None, specifier=">=1"), LOCK, LINUX, context(), known)
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.PYPI, Cause.NOT_PINNED)


@pytest.mark.parametrize("wanted", ["<3.12", ">=3.13", "==3.11.*"])
def test_a_file_for_another_python_is_passed_over(wanted: str) -> None:
    known = answers(answer(C, file(WHEEL, requires_python=wanted)), answer(P, SDIST))
    assert said(predict(package(), LOCK, LINUX, context(), known)) == (
        Outcome.PYPI,
        Cause.NO_COMPATIBLE_FILE,
    )


@pytest.mark.parametrize("layout", ["uv-chainguard-first-unsafe-best-match", "virtual-concat"])
@pytest.mark.parametrize(
    ("wanted", "taken"),
    [("<3.12", C), ("==3.11.*", C), ("!=3.12.*", C), ("~=3.10", C), (">3.13", None)],
)
def test_uv_heeds_the_lower_bound_of_the_best_file_alone(
    wanted: str, taken: Index | None, layout: str
) -> None:
    """Measured: an upper bound is not heeded; a lower one rules the version out in every index."""
    native = "x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
    known = answers(answer(C, file(native, requires_python=wanted)), answer(P, WHEEL))
    verdict = predict(package(), LOCK, LINUX, context("uv", layout), known)
    expected = (Outcome.CHAINGUARD, None) if taken else (Outcome.INSTALL_FAILS, Cause.NO_COMPATIBLE_FILE)
    assert said(verdict) == expected


def test_uv_goes_on_to_the_next_version_where_the_newest_wants_a_newer_python() -> None:
    fixed = file("x-1.0+cgr.1-py3-none-any.whl", requires_python=">=3.13")
    known = answers(answer(C, fixed), answer(P, WHEEL))
    where = context("uv", "virtual-concat")
    assert said(predict(package(), LOCK, LINUX, where, known)) == (Outcome.PYPI, Cause.NO_COMPATIBLE_FILE)


def test_uv_takes_a_yanked_file_for_a_pin_of_its_very_version_alone() -> None:
    """Measured: pip takes a yanked `1.0+cgr.1` for `==1.0` where there is nothing else, uv never."""
    known = answers(answer(C, file("x-1.0+cgr.1-py3-none-any.whl", yanked=True)))
    only = "chainguard-only"
    assert said(predict(package(), LOCK, LINUX, context("pip", only), known)) == (Outcome.REMEDIATED, None)
    uv = predict(package(), LOCK, LINUX, context("uv", only), known)
    assert uv is not None
    assert uv.outcome is Outcome.INSTALL_FAILS
    exact = predict(package("1.0+cgr.1"), LOCK, LINUX, context("uv", only), known)
    assert said(exact) == (Outcome.REMEDIATED, None)


def test_hashes_of_another_kind_are_never_a_pass() -> None:
    """pip checks sha512 and passes over sha256; index pages tell sha256 alone."""
    entry = replace(package(), artifacts=(Artifact(hashes=("sha512:" + "a" * 128,)),))
    verdict = predict(entry, LOCK, LINUX, context(layout="chainguard-only"), answers(answer(C, WHEEL)))
    assert verdict is not None
    assert (verdict.outcome, verdict.reason, verdict.file) == (Outcome.UNKNOWN, "no-sha256", WHEEL)
    assert "sha512" in verdict.evidence[0].said
    lacking = predict(
        entry, LOCK, LINUX, context(), answers(answer(C, "x-2.0-py3-none-any.whl"), answer(P, WHEEL))
    )
    assert said(lacking) == (Outcome.PYPI, Cause.VERSION_MISSING)


def test_a_direct_reference_to_pypis_own_file_comes_from_pypi() -> None:
    url = FILES[P] + WHEEL
    entry = replace(package(), source=Source(kind=SourceKind.URL, location=url))
    assert said(predict(entry, LOCK, LINUX, context(), {})) == (Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL)
    elsewhere = replace(entry, source=Source(kind=SourceKind.URL, location="https://x.example/" + WHEEL))
    assert said(predict(elsewhere, LOCK, LINUX, context(), {})) == (Outcome.DIRECT, None)


@pytest.mark.parametrize("kind", [SourceKind.URL, SourceKind.GIT])
def test_a_direct_reference_to_a_host_that_is_new_is_no_silent_pass(kind: SourceKind) -> None:
    entry = package(source=Source(kind=kind, location="https://x.example/" + WHEEL))
    new = context(new_hosts=frozenset({"x.example"}))
    verdict = predict(entry, LOCK, LINUX, new, {})
    assert said(verdict) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert verdict is not None
    assert (verdict.reason, verdict.url_host) == ("new-host", "x.example")
    named = replace(new, addresses=addresses(own=("x.example",)))
    assert said(predict(entry, LOCK, LINUX, named, {})) == (Outcome.DIRECT, None)


def test_a_direct_reference_may_be_pypis_where_it_is_not_known_which_hosts_are() -> None:
    entry = package(source=Source(kind=SourceKind.URL, location="https://x.example/" + WHEEL))
    unlearnt = context(pypi_hosts_known=False)
    verdict = predict(entry, LOCK, LINUX, unlearnt, {})
    assert said(verdict) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert verdict is not None
    assert verdict.reason == "hosts"
    git = package(source=Source(kind=SourceKind.GIT, location="https://git.example/x"))
    assert said(predict(git, LOCK, LINUX, unlearnt, {})) == (Outcome.DIRECT, None)


def test_a_requires_python_that_cant_be_read_admits_all() -> None:
    known = answers(answer(C, file(WHEEL, requires_python=">=3.x")))
    assert said(predict(package(), LOCK, LINUX, context(layout="chainguard-only"), known)) == (
        Outcome.CHAINGUARD,
        None,
    )


def test_a_version_that_is_no_version_is_an_arbitrary_pin() -> None:
    known = answers(answer(C, WHEEL))
    verdict = predict(package("2004d-rc"), LOCK, LINUX, context(layout="chainguard-only"), known)
    assert said(verdict) == (Outcome.INSTALL_FAILS, Cause.VERSION_MISSING)


# ── The layouts ─────────────────────────────────────────────────────────────────────────────────────


def test_an_unknown_layout_says_both_answers_where_they_differ() -> None:
    known = answers(answer(C, "x-0.9-py3-none-any.whl"), answer(P, WHEEL))
    verdict = predict(package(), LOCK, LINUX, context(layout="unknown"), known)
    assert said(verdict) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert verdict is not None
    assert verdict.reason == "layout"
    assert sum("install-fails" in each.said or "pypi" in each.said for each in verdict.evidence) == 2
    same = answers(answer(C, WHEEL), answer(P, WHEEL))
    assert said(predict(package(), LOCK, LINUX, context(layout="unknown"), same)) == (
        Outcome.CHAINGUARD,
        None,
    )
    silent = answers(answer(C, problem=Cause.UNREACHABLE))
    assert said(predict(package(), LOCK, LINUX, context(layout="unknown"), silent)) == (
        Outcome.UNKNOWN,
        Cause.UNREACHABLE,
    )


POETRY = Lockfile(path="poetry.lock", format="poetry.lock")


def test_poetry_asks_the_source_that_the_lock_names() -> None:
    known = answers(answer(C, WHEEL), answer(P, WHEEL))
    silent = answers(answer(C, problem=Cause.UNAUTHORIZED), answer(P, WHEEL))
    for where in (context("poetry"), context("poetry", "poetry-primary")):
        for heard in (known, silent):
            assert said(predict(package(index=P), POETRY, LINUX, where, heard)) == (
                Outcome.PYPI,
                Cause.LOCK_PINS_PYPI_URL,
            )
        ours = predict(package(index=C), POETRY, LINUX, where, known)
        assert said(ours) == (Outcome.CHAINGUARD, None)
        unheard = predict(package(index=C), POETRY, LINUX, where, silent)
        assert said(unheard) == (Outcome.UNKNOWN, Cause.UNAUTHORIZED)


def test_poetry_takes_from_pypi_what_names_no_source() -> None:
    """The lock leaves PyPI out; where one virtual index stands in its place, that is what is asked."""
    known = answers(answer(C, WHEEL), answer(P, WHEEL))
    assert said(predict(package(), POETRY, LINUX, context("poetry"), known)) == (Outcome.CHAINGUARD, None)
    primary = context("poetry", "poetry-primary")
    assert said(predict(package(), POETRY, LINUX, primary, known)) == (
        Outcome.PYPI,
        Cause.LOCK_PINS_PYPI_URL,
    )
    alone = context("poetry", asks=asked_in_turn(P))
    assert said(predict(package(), POETRY, LINUX, alone, known)) == (Outcome.PYPI, Cause.CONFIGURED_FOR_PYPI)


def test_pipenv_asks_the_first_source() -> None:
    known = answers(answer(C, WHEEL), answer(P, WHEEL))
    lock = Lockfile(
        path="Pipfile.lock",
        format="Pipfile.lock",
        indexes=(LockIndex(url=P.url, role="source", name="pypi"),),
    )
    assert said(predict(package(), lock, LINUX, context("pipenv", asks=asked_in_turn(P)), known)) == (
        Outcome.PYPI,
        Cause.CONFIGURED_FOR_PYPI,
    )
    assert said(predict(package(), LOCK, LINUX, context("pipenv", "pipenv"), known)) == (
        Outcome.CHAINGUARD,
        None,
    )


def of_requirements(
    text: str, installer: str = "pip", at: Addresses | None = None, *, layout: str | None = None
) -> tuple[LockedPackage, Lockfile, Context]:
    """The entry of a requirements file with the context that a review gives it."""
    settings = Settings(indexes=Indexes(installer=installer, layout=layout))
    prepared = prepare(whole(Text(path="requirements.txt", text=text)), settings, at or addresses())
    (entry,) = prepared.diff.head.packages
    return entry, prepared.diff.head, prepared.context_of(entry)


@pytest.mark.parametrize("installer", ["pip", "uv"])
@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((("index-url", C),), (Outcome.CHAINGUARD, None)),
        ((("index-url", C), ("extra-index-url", P)), (Outcome.PYPI, Cause.INSTALLER_PREFERS_PYPI)),
        ((("index-url", P), ("extra-index-url", C)), (Outcome.CHAINGUARD, None)),
        ((("extra-index-url", P),), (Outcome.PYPI, Cause.CONFIGURED_FOR_PYPI)),
        ((("index-url", P),), (Outcome.PYPI, Cause.CONFIGURED_FOR_PYPI)),
        ((("index-url", RES),), (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        ((("index-url", C), ("extra-index-url", RES)), (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)),
        ((("index-url", CUDA), ("extra-index-url", C)), (Outcome.CHAINGUARD, None)),
    ],
)
def test_index_lines_of_a_requirements_file_are_what_is_asked(
    lines: tuple[tuple[str, Index], ...], expected: tuple[Outcome, Cause | None], installer: str
) -> None:
    same = answer(CUDA, problem=Cause.PROJECT_MISSING)
    known = answers(answer(C, WHEEL), answer(P, WHEEL), same)
    text = "".join(f"--{option} {index.url}\n" for option, index in lines)
    entry, lock, where = of_requirements(f"{text}x==1.0\n", installer)
    verdict = predict(entry, lock, LINUX, where, known)
    assert said(verdict) == expected
    assert verdict is not None
    assert verdict.assumptions == ()


def test_a_line_that_names_the_organisations_index_says_nothing_of_its_layout() -> None:
    """It is modelled, and that is an assumption until the settings name its layout, or its address."""
    known = answers(answer(C, WHEEL), answer(P, WHEEL))
    text = f"--index-url {RES.url}\nx==1.0\n"
    own = addresses(own=("corp.example",))
    for layout, assumed in ((None, [AssumptionKind.LAYOUT]), ("virtual-file", [])):
        entry, lock, where = of_requirements(text, at=own, layout=layout)
        verdict = predict(entry, lock, LINUX, replace(where, indexes=context().indexes), known)
        assert said(verdict) == (Outcome.CHAINGUARD, None)
        assert verdict is not None
        assert [each.kind for each in verdict.assumptions] == assumed


def test_where_nothing_is_configured_the_layout_is_assumed() -> None:
    entry, lock, where = of_requirements("x==1.0\n")
    verdict = predict(entry, lock, LINUX, where, answers(answer(C, WHEEL), answer(P, WHEEL)))
    assert said(verdict) == (Outcome.CHAINGUARD, None)
    assert verdict is not None
    assert [each.kind for each in verdict.assumptions] == [AssumptionKind.LAYOUT]
    url = predict(
        locked(artifact(file(WHEEL)), index=C), LOCK, LINUX, where, answers(answer(C, WHEEL), NO_PYPI)
    )
    assert said(url) == (Outcome.CHAINGUARD, None)
    assert url is not None
    assert url.assumptions == ()


@pytest.mark.parametrize(
    ("hashes", "whose", "outcome"),
    [
        ((f"sha256:{sha('ours')}",), (), Outcome.CHAINGUARD),
        ((f"sha256:{sha('strange')}",), (), Outcome.UNKNOWN),
        ((), (), Outcome.UNKNOWN),
        ((), ("corp.example",), Outcome.UNKNOWN),
    ],
    ids=["all hashes are known", "a hash is a stranger's", "no hashes", "the index is the organisation's"],
)
def test_an_unknown_index_may_have_it_too_unless_the_hashes_rule_it_out(
    hashes: tuple[str, ...], whose: tuple[str, ...], outcome: Outcome
) -> None:
    known = answers(answer(C, file(WHEEL, C, mark="ours")), answer(P, file(WHEEL, P, mark="pypi")))
    listed = "".join(f" --hash={each}" for each in hashes)
    text = f"--index-url {C.url}\n--extra-index-url {RES.url}\nx==1.0{listed}\n"
    entry, lock, where = of_requirements(text, at=addresses(own=whose))
    verdict = predict(entry, lock, LINUX, where, known)
    assert verdict is not None
    assert verdict.outcome is outcome
    assert outcome is Outcome.CHAINGUARD or verdict.reason == "index"


def test_an_installer_that_is_not_known_is_predicted_as_pip() -> None:
    known = answers(answer(C, WHEEL), answer(P, "x-1.0-py2.py3-none-any.whl"))
    verdicts = [
        predict(package(), LOCK, LINUX, context(name), known) for name in ("pip", "poetry-plugin-export")
    ]
    assert verdicts[0] == verdicts[1]


# ── Locks that name URLs ────────────────────────────────────────────────────────────────────────────


def uv(*, known: Answers, entry: LockedPackage, where: Context | None = None) -> Verdict:
    verdict = predict(entry, LOCK, LINUX, where or context("uv"), known)
    assert verdict is not None
    return verdict


def test_the_locked_url_is_taken_whatever_the_layout() -> None:
    theirs = file(WHEEL, P)
    entry = locked(artifact(theirs))
    known = answers(answer(C, WHEEL))
    for layout in ("chainguard-only", "virtual-file", "extra-index"):
        verdict = uv(known=known, entry=entry, where=context("uv", layout))
        assert said(verdict) == (Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL)
        assert verdict.url_host == "files.pypi.test"
    assert said(uv(known=answers(NO_CHAINGUARD), entry=entry)) == (Outcome.PYPI, Cause.PROJECT_MISSING)
    assert further_questions(entry, LOCK, [LINUX], context("uv"), known) == frozenset()


@pytest.mark.parametrize("problem", [Cause.UNAUTHORIZED, Cause.UNREACHABLE, Cause.FORBIDDEN])
def test_a_locked_url_is_a_claim_that_a_silent_chainguard_leaves_open(problem: Cause) -> None:
    silent = answers(answer(C, problem=problem), answer(P, WHEEL))
    assert said(uv(known=silent, entry=locked(artifact(file(WHEEL, P))))) == (
        Outcome.PYPI,
        Cause.LOCK_PINS_PYPI_URL,
    )
    for tier in (Tier.BUILT, Tier.UPSTREAM, None):
        entry = locked(artifact(file(WHEEL, tier=tier)), index=C)
        assert said(uv(known=silent, entry=entry)) == (Outcome.UNKNOWN, problem)
    through = locked(
        Artifact(filename=WHEEL, url=FILES[RES] + WHEEL, hashes=(f"sha256:{sha('a')}",)), index=RES
    )
    manager = context("uv", at=addresses(own=("corp.example",)))
    assert said(uv(known=silent, entry=through, where=manager)) == (Outcome.UNKNOWN, problem)


@pytest.mark.parametrize(
    ("ours", "cause"),
    [
        (NO_CHAINGUARD, Cause.PROJECT_MISSING),
        (answer(C), Cause.VERSION_MISSING),
        (answer(C, "x-0.9-py3-none-any.whl"), Cause.VERSION_MISSING),
        (answer(C, SDIST), Cause.NO_CANDIDATE),
    ],
)
@pytest.mark.parametrize("theirs", [NO_PYPI, answer(P, WHEEL)])
@pytest.mark.parametrize("tier", [Tier.BUILT, Tier.UPSTREAM])
def test_a_locked_url_that_chainguards_page_does_not_list_brings_nothing(
    ours: Answer, cause: Cause, theirs: Answer, tier: Tier
) -> None:
    entry = locked(artifact(file(WHEEL, tier=tier, mark=f"pypi{WHEEL}")), index=C)
    verdict = uv(known=answers(ours, theirs), entry=entry)
    assert (*said(verdict), verdict.reason) == (Outcome.INSTALL_FAILS, cause, "not-listed")
    assert EvidenceKind.NOT_LISTED in kinds(verdict)


def test_a_locked_url_of_a_blocked_package_brings_nothing() -> None:
    blocked = answer(C, problem=Cause.BLOCKED, reason="MALWARE_DETECTED", message="malware")
    verdict = uv(known=answers(blocked, NO_PYPI), entry=locked(artifact(file(WHEEL)), index=C))
    assert (*said(verdict), verdict.reason) == (Outcome.INSTALL_FAILS, Cause.BLOCKED, "MALWARE_DETECTED")
    assert verdict.evidence[0] == Evidence(EvidenceKind.BLOCKED, "malware", C.url)


def test_a_page_that_came_from_another_address_is_that_addresss() -> None:
    """A redirect to PyPI: what it lists is not Chainguard's."""
    entry = locked(artifact(file(WHEEL)), index=C)
    for url in ("https://pypi.test/simple/x/", "https://stranger.example/simple/x/"):
        moved = answers(answer(C, WHEEL, url=url), NO_PYPI)
        assert said(uv(known=moved, entry=entry)) == (Outcome.UNKNOWN, Cause.MALFORMED_INDEX)
        looked_up = predict(package(), LOCK, LINUX, context(layout="chainguard-only"), moved)
        assert looked_up is not None
        assert looked_up.outcome is (Outcome.PYPI if "pypi" in url else Outcome.UNKNOWN)
    here = answers(answer(C, WHEEL, url=f"{C.url}X/"), NO_PYPI)
    assert said(uv(known=here, entry=entry)) == (Outcome.CHAINGUARD, None)


def test_through_a_manager_the_hash_tells() -> None:
    manager = context("uv", at=addresses(own=("corp.example",)))
    ours, theirs, upstream = file(WHEEL), file(WHEEL, P), file(SDIST, mark="u", tier=Tier.UPSTREAM)
    known = answers(answer(C, ours, upstream), answer(P, theirs, file(SDIST, P, mark="u")))

    def through(digest: str | None, name: str = WHEEL) -> LockedPackage:
        hashes = (f"sha256:{digest}",) if digest else ()
        return locked(Artifact(filename=name, url=FILES[RES] + name, hashes=hashes), index=RES)

    assert said(uv(known=known, entry=through(ours.sha256), where=manager)) == (Outcome.CHAINGUARD, None)
    assert said(uv(known=known, entry=through(theirs.sha256), where=manager)) == (
        Outcome.PYPI,
        Cause.LOCK_PINS_PYPI_URL,
    )
    copied = uv(known=known, entry=through(upstream.sha256, SDIST), where=manager)
    assert (copied.outcome, copied.reason) == (Outcome.UPSTREAM, "built-available")
    assert f"Chainguard's index lists these bytes (sha256 {(upstream.sha256 or '')[:12]}…), upstream" in told(
        copied
    )
    assert uv(known=known, entry=through(sha("own")), where=manager).outcome is Outcome.PRIVATE
    assert said(uv(known=known, entry=through(None), where=manager)) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
    )
    first = answers(answer(C, ours))
    assert further_questions(through(sha("own")), LOCK, [LINUX], manager, first) == {P}
    assert said(uv(known=first, entry=through(sha("own")), where=manager)) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
    )


def kinds(verdict: Verdict) -> set[EvidenceKind]:
    return {each.kind for each in verdict.evidence}


def test_a_hash_that_is_not_the_urls_fails_and_the_contradiction_is_said() -> None:
    ours, theirs = file(WHEEL), file(WHEEL, P)
    known = answers(answer(C, ours), answer(P, theirs))
    swapped = locked(artifact(theirs, hashes=(f"sha256:{ours.sha256}",)))
    other_way = locked(artifact(ours, hashes=(f"sha256:{theirs.sha256}",)), index=C)
    stale = locked(artifact(theirs, hashes=(f"sha256:{sha('old')}",)))
    for entry in (swapped, other_way, stale):
        verdict = uv(known=known, entry=entry)
        assert said(verdict) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)
        assert {EvidenceKind.LOCKED, EvidenceKind.LISTED_OTHERWISE} <= kinds(verdict)
    unseen = uv(known=answers(answer(C, ours)), entry=swapped)
    assert said(unseen) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert further_questions(swapped, LOCK, [LINUX], context("uv"), answers(answer(C, ours))) == {P}


@pytest.mark.parametrize("tier", [Tier.BUILT, None, Tier.UPSTREAM])
def test_pypis_bytes_under_chainguards_address(tier: Tier | None) -> None:
    theirs = file(WHEEL, P)
    listed = file(WHEEL, mark=f"pypi{WHEEL}", tier=tier)
    entry = locked(artifact(listed), index=C)
    verdict = uv(known=answers(answer(C, listed), answer(P, theirs)), entry=entry)
    assert said(verdict) == (Outcome.UPSTREAM, Cause.UPSTREAM_TIER)
    assert tier is Tier.UPSTREAM or EvidenceKind.SAME_BYTES in kinds(verdict)


def test_a_tier_that_nothing_tells_is_assumed_where_pypi_is_silent() -> None:
    listed = file(WHEEL, tier=None)
    silent = answers(answer(C, listed), answer(P, problem=Cause.UNREACHABLE))
    where = context(layout="chainguard-only")
    for verdict in (
        uv(known=silent, entry=locked(artifact(listed), index=C)),
        predict(package(), LOCK, LINUX, where, silent),
    ):
        assert said(verdict) == (Outcome.CHAINGUARD, None)
        assert verdict is not None
        assert [each.kind for each in verdict.assumptions] == [AssumptionKind.TIER]
    told_by_path = predict(
        package(), LOCK, LINUX, where, answers(answer(C, WHEEL), answer(P, problem=Cause.UNREACHABLE))
    )
    assert told_by_path is not None
    assert (told_by_path.outcome, told_by_path.assumptions) == (Outcome.CHAINGUARD, ())


def test_the_same_bytes_straight_from_pypi_are_pypis() -> None:
    theirs = file(WHEEL, P, mark="same")
    known = answers(answer(C, file(WHEEL, mark="same", tier=Tier.UPSTREAM)))
    assert uv(known=known, entry=locked(artifact(theirs))).outcome is Outcome.PYPI


def test_a_locked_url_on_a_host_that_no_setting_names_is_nobodys() -> None:
    known = answers(answer(C, "x-2.0-py3-none-any.whl"), answer(P, WHEEL))
    other = artifact(file(WHEEL, P, mark="other", url="https://cdn.example/x/" + WHEEL))
    verdict = uv(known=known, entry=locked(other))
    assert (*said(verdict), verdict.reason) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED, "hosts")
    assert "cdn.example, which no setting names" in told(verdict)


def test_bytes_that_pypi_lists_are_pypis_on_whatever_host() -> None:
    """The hash in the lock says which bytes they are; who serves them does not matter."""
    mirror = artifact(file(WHEEL, P, url="https://cdn.example/x/" + WHEEL))
    known = answers(answer(C, "x-2.0-py3-none-any.whl"), answer(P, WHEEL))
    assert said(uv(known=known, entry=locked(mirror))) == (Outcome.PYPI, Cause.VERSION_MISSING)
    learnt = context("uv", at=addresses(pypi_hosts=frozenset({"cdn.example"})))
    assert said(uv(known=known, entry=locked(mirror), where=learnt)) == (Outcome.PYPI, Cause.VERSION_MISSING)
    own = context("uv", at=addresses(own=("cdn.example",)))
    assert said(uv(known=known, entry=locked(mirror), where=own)) == (Outcome.PYPI, Cause.VERSION_MISSING)


@pytest.mark.parametrize("hashes", [(), (f"sha256:{sha('q')}",), (f"sha256:{file(WHEEL).sha256}",)])
def test_chainguards_index_does_not_speak_for_a_file_on_a_strangers_host(hashes: tuple[str, ...]) -> None:
    """uv takes the locked URL, whatever index stands above it."""
    stray = Artifact(filename=WHEEL, url="https://evil.example/x/" + WHEEL, hashes=hashes)
    entry = locked(stray, index=C)
    for ours in (answer(C, WHEEL), answer(C, problem=Cause.UNAUTHORIZED)):
        verdict = uv(known=answers(ours, answer(P, WHEEL)), entry=entry)
        assert (*said(verdict), verdict.reason) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED, "hosts")
        assert "evil.example" in told(verdict)


def test_a_strangers_file_for_another_target_is_no_pass() -> None:
    stray = Artifact(filename=MISFIT, url="https://evil.example/x/" + MISFIT)
    entry = locked(artifact(file(WHEEL)), stray, index=C)
    verdict = uv(known=answers(answer(C, WHEEL), NO_PYPI), entry=entry)
    assert (*said(verdict), verdict.reason) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED, "hosts")
    assert (verdict.file, "evil.example" in verdict.evidence[0].said) == (WHEEL, True)
    failing = uv(known=answers(NO_CHAINGUARD, NO_PYPI), entry=entry)
    assert failing.outcome is Outcome.INSTALL_FAILS


@pytest.mark.parametrize("listed", [True, False])
def test_a_file_on_pypis_host_is_pypis_whatever_page_lists_it(listed: bool) -> None:
    """A page that plays Chainguard and links to PyPI's file host."""
    theirs = file(WHEEL, P)
    pypi = answer(P, theirs) if listed else answer(P, problem=Cause.UNREACHABLE)
    known = answers(answer(C, theirs), pypi)
    entry = locked(artifact(theirs), index=C)
    assert uv(known=known, entry=entry).outcome is Outcome.PYPI
    looked_up = predict(package(), LOCK, LINUX, context(layout="chainguard-only"), known)
    assert looked_up is not None
    assert looked_up.outcome is Outcome.PYPI


def through_the_manager(mark: str) -> LockedPackage:
    """An entry whose file lies on the organisation's own host."""
    hashes = (f"sha256:{sha(mark)}",)
    return locked(Artifact(filename=WHEEL, url=FILES[RES] + WHEEL, hashes=hashes), index=RES)


def test_what_chainguards_page_takes_from_pypis_host_is_pypis_wherever_a_lock_takes_it_from() -> None:
    """The page ties these bytes to PyPI's host, even while PyPI itself is silent."""
    linked = file(WHEEL, mark="same", url=FILES[P] + WHEEL, tier=None)
    silent = answers(answer(C, linked), answer(P, problem=Cause.UNREACHABLE))
    own = context("uv", at=addresses(own=("corp.example",)))
    for entry in (locked(artifact(file(WHEEL, mark="same")), index=C), through_the_manager("same")):
        assert said(uv(known=silent, entry=entry, where=own)) == (Outcome.UPSTREAM, Cause.UPSTREAM_TIER)


def test_a_page_that_came_from_pypi_proves_nothing_through_a_manager_either() -> None:
    moved = answer(C, file(WHEEL, mark="same"), url="https://pypi.test/simple/x/")
    own = context("uv", at=addresses(own=("corp.example",)))
    for pypi in (answer(P, problem=Cause.UNREACHABLE), NO_PYPI):
        verdict = uv(known=answers(moved, pypi), entry=through_the_manager("same"), where=own)
        assert verdict.outcome not in (Outcome.CHAINGUARD, Outcome.REMEDIATED)


def test_a_page_of_chainguards_that_links_to_a_strangers_host_proves_nothing() -> None:
    astray = file(WHEEL, url="https://storage.example/x/" + WHEEL, tier=None)
    known = answers(answer(C, astray), NO_PYPI)
    looked_up = predict(package(), LOCK, LINUX, context(layout="chainguard-only"), known)
    for verdict in (looked_up, uv(known=known, entry=locked(artifact(astray), index=C))):
        assert said(verdict) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
        assert verdict is not None
        assert verdict.reason == "hosts"


def test_the_targets_own_file_is_chosen_before_it_is_judged() -> None:
    linux = file("x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl")
    mac = file("x-1.0-cp312-cp312-macosx_11_0_arm64.whl", tier=Tier.UPSTREAM)
    entry = locked(artifact(linux), artifact(mac), index=C)
    known = answers(answer(C, linux, mac))
    outcomes = [predict(entry, LOCK, target, context("uv"), known) for target in (LINUX, MAC)]
    assert [each.outcome for each in outcomes if each] == [Outcome.CHAINGUARD, Outcome.UPSTREAM]
    too_new = file("x-1.0-cp312-cp312-manylinux_2_39_x86_64.whl")
    nothing = locked(artifact(too_new), index=C)
    assert said(uv(known=known, entry=nothing)) == (Outcome.INSTALL_FAILS, Cause.NO_COMPATIBLE_FILE)


def test_a_package_for_other_systems_only_is_not_installed_here() -> None:
    windows = artifact(file("x-308-cp312-cp312-win_amd64.whl", P))
    entry = locked(windows, version="308")
    assert predict(entry, LOCK, LINUX, context("uv"), answers(NO_CHAINGUARD)) is None
    there = predict(entry, LOCK, WINDOWS, context("uv"), answers(NO_CHAINGUARD))
    assert there is not None
    assert there.outcome is Outcome.PYPI
    built = locked(windows, artifact(file("x-308.tar.gz", P)), version="308")
    assert predict(built, LOCK, LINUX, context("uv"), answers(NO_CHAINGUARD)) is not None


def test_another_architecture_alone_is_how_an_install_fails() -> None:
    arm = locked(artifact(file("x-308-cp312-cp312-manylinux_2_28_aarch64.whl", P)), version="308")
    here = predict(arm, LOCK, LINUX, context("uv"), answers(NO_CHAINGUARD))
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
    verdict = predict(entry, LOCK, LINUX, context("uv"), answers(NO_CHAINGUARD))
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
    entry = locked(Artifact(filename=WHEEL, url=url + WHEEL), index=C)
    assert uv(known=answers(answer(C, WHEEL), answer(P, WHEEL)), entry=entry).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "folder", ["python%2Dupstream", "python-remediated/../python-upstream", "python/%2e%2e/python-upstream"]
)
def test_a_built_file_does_not_speak_for_another_address_without_its_hash(folder: str) -> None:
    """The path that is asked for is the upstream tier's, however it is spelt; the page lists the built file."""
    url = f"https://libraries.cgr.dev/{folder}/simple/x/1.0/{WHEEL}"
    entry = locked(Artifact(filename=WHEEL, url=url), index=C)
    outcome = uv(known=answers(answer(C, WHEEL), NO_PYPI), entry=entry).outcome
    assert outcome in (Outcome.UPSTREAM, Outcome.UNKNOWN, Outcome.INSTALL_FAILS)
    with_bytes = locked(Artifact(filename=WHEEL, url=url, hashes=(f"sha256:{file(WHEEL).sha256}",)), index=C)
    assert uv(known=answers(answer(C, WHEEL), NO_PYPI), entry=with_bytes).outcome is Outcome.CHAINGUARD


@pytest.mark.parametrize("hashes", [(), (f"sha256:{sha('theirs')}",)])
@pytest.mark.parametrize("folder", ["pypi", "chainguard/../pypi"])
def test_one_manager_may_hold_both_indexes(hashes: tuple[str, ...], folder: str) -> None:
    """Chainguard's index behind a repository manager: what else its host has is nobody's."""
    host = "https://manager.example/api"
    behind = Index(f"{host}/chainguard/simple/", Owner.CHAINGUARD, Edition.MAIN)
    where = context("uv", at=addresses(chainguard=behind, own=("manager.example",)))
    ours = file(WHEEL, url=f"{host}/chainguard/packages/{WHEEL}", tier=None)
    known = answers(answer(behind, ours), answer(P, file(WHEEL, P, mark="theirs")))

    def of(path: str, index: str = "all") -> Outcome:
        entry = Artifact(filename=WHEEL, url=f"{host}/{path}/packages/{WHEEL}", hashes=hashes)
        return uv(known=known, entry=locked(entry, index=f"{host}/{index}/simple/"), where=where).outcome

    assert of(folder) is Outcome.UNKNOWN
    assert of(folder, index="chainguard") is (Outcome.PYPI if hashes else Outcome.UNKNOWN)
    assert of("chainguard", index="chainguard") is (Outcome.INSTALL_FAILS if hashes else Outcome.CHAINGUARD)
    beside = locked(Artifact(filename=WHEEL, url=f"{host}/pypi/packages/{WHEEL}"), index=None)
    for entry, reason in ((beside, "hosts"), (package("1.0", index=f"{host}/all/simple/"), "manager")):
        if reason == "hosts":
            assert uv(known=known, entry=entry, where=where).reason == reason
        else:
            poetry = replace(where, installer="poetry")
            assert uv(known=known, entry=entry, where=poetry).reason == reason
        assert questions(entry, LOCK, where) == frozenset()
    both = replace(where, addresses=replace(where.addresses, own=("manager.example/api/all",)))
    assert (
        uv(known=known, entry=package(index=f"{host}/all/simple/"), where=both).outcome is not Outcome.UNKNOWN
    )


def test_a_host_that_may_be_pypis_or_private_is_not_known_and_never_asked_about() -> None:
    entry = locked(Artifact(url="https://elsewhere.example/x.whl"), index=None)
    untold = context("uv", at=addresses(pypi_hosts=frozenset()))
    verdict = predict(entry, LOCK, LINUX, untold, {})
    assert verdict is not None
    assert (verdict.outcome, verdict.cause, verdict.reason) == (
        Outcome.UNKNOWN,
        Cause.NOT_CONFIGURED,
        "hosts",
    )
    assert "elsewhere.example" in verdict.evidence[0].said
    assert questions(entry, LOCK, untold) == frozenset()


def test_pipenvs_made_up_urls_are_not_believed() -> None:
    ours = file(WHEEL)
    wheels = f'[{{url = "https://pypi.test/invented.whl", hashes = {{sha256 = "{ours.sha256}"}}}}]'
    entry = f'[[packages]]\nname = "x"\nversion = "1.0"\nwheels = {wheels}\n'
    text = f'lock-version = "1.0"\ncreated-by = "pipenv"\n\n{entry}'
    lock = parse(Text(path="pylock.toml", text=text))
    known = answers(answer(C, ours), answer(P, WHEEL))
    assert said(predict(lock.packages[0], lock, LINUX, context(), known)) == (Outcome.CHAINGUARD, None)


@pytest.mark.parametrize(
    ("platform", "chosen"),
    [("linux-64", True), ("linux-aarch64", False), ("osx-arm64", False), ("noarch", True)],
)
def test_a_per_platform_lock_counts_only_its_platforms_files(platform: str, chosen: bool) -> None:
    entry = locked(artifact(file(WHEEL), target_platform=platform), index=C)
    outcome = uv(known=answers(answer(C, WHEEL), NO_PYPI), entry=entry).outcome
    assert outcome is (Outcome.CHAINGUARD if chosen else Outcome.INSTALL_FAILS)


def test_an_archive_whose_name_says_nothing_is_a_last_resort() -> None:
    odd = Artifact(url="https://files.pypi.test/x/archive", hashes=())
    assert uv(known=answers(NO_CHAINGUARD), entry=locked(odd)).file == "archive"
    both = locked(odd, artifact(file(WHEEL, P)))
    assert uv(known=answers(NO_CHAINGUARD), entry=both).file == WHEEL


# ── The organisation's own index ────────────────────────────────────────────────────────────────────


MANAGER = context(at=addresses(resolver=RES, own=("corp.example",)), asks=asked_in_turn(RES))


def listed_as(each: str, index: Index) -> ProjectFile:
    """The manager's line for a file: its own URL, the origin's bytes."""
    return file(each, RES, sha256=file(each, index).sha256)


def observed(*heard: Answer, entry: LockedPackage | None = None) -> Verdict:
    verdict = predict(entry or package(), LOCK, LINUX, MANAGER, answers(*heard))
    assert verdict is not None
    return verdict


def test_origin_of_an_observed_listing_is_told_by_hash() -> None:
    theirs = answer(RES, listed_as("x-1.0-py2.py3-none-any.whl", P), listed_as(WHEEL, C))
    known = (answer(C, WHEEL), answer(P, "x-1.0-py2.py3-none-any.whl"))
    assert said(observed(theirs, *known)) == (Outcome.CHAINGUARD, None)
    other_order = answer(RES, *reversed(theirs.files))
    assert said(observed(other_order, *known)) == (Outcome.PYPI, Cause.INSTALLER_PREFERS_PYPI)
    own = answer(RES, file(WHEEL, RES, mark="own"))
    assert said(observed(own, NO_CHAINGUARD, NO_PYPI)) == (Outcome.PRIVATE, None)
    assert said(observed(own, NO_CHAINGUARD)) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
    assert further_questions(package(), LOCK, [LINUX], MANAGER, answers(own, NO_CHAINGUARD)) == {P}
    unhashed = answer(RES, file(WHEEL, RES, sha256=None))
    assert said(observed(unhashed, NO_CHAINGUARD, NO_PYPI)) == (Outcome.UNKNOWN, Cause.MALFORMED_INDEX)


def test_a_manager_that_fell_through_is_no_wall_of_fallbacks() -> None:
    fell = answer(RES, listed_as(WHEEL, P))
    for theirs in ((), (answer(P, WHEEL),)):
        assert said(observed(fell, answer(C, WHEEL), *theirs)) == (
            Outcome.UNKNOWN,
            Cause.MANAGER_FELL_THROUGH,
        )
    assert said(observed(fell, NO_CHAINGUARD, answer(P, WHEEL))) == (Outcome.PYPI, Cause.PROJECT_MISSING)
    copies = answer(C, file(WHEEL, tier=Tier.UPSTREAM, sha256=file(WHEEL, P).sha256))
    assert observed(fell, copies, answer(P, WHEEL)).outcome is Outcome.UPSTREAM


@pytest.mark.parametrize("silent", [RES, C])
def test_an_observed_listing_needs_both_answers(silent: Index) -> None:
    other = C if silent == RES else RES
    heard = (answer(silent, problem=Cause.UNAUTHORIZED), answer(other, WHEEL))
    assert said(observed(*heard)) == (Outcome.UNKNOWN, Cause.UNAUTHORIZED)


def test_hashes_are_checked_against_the_observed_listing() -> None:
    served = answer(RES, file(WHEEL, RES, mark="new"), listed_as(SDIST, C))
    entry = package(hashes=(sha("old"),))
    ours = answer(C, SDIST)
    assert said(observed(served, ours, NO_PYPI, entry=entry)) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)


def test_an_unpinned_entry_of_an_observed_listing() -> None:
    served = answer(RES, listed_as(WHEEL, C))
    entry = package(None, specifier=">=1")
    assert said(observed(served, answer(C, WHEEL), entry=entry)) == (Outcome.UNKNOWN, Cause.NOT_PINNED)


def test_an_explanation_tells_every_step() -> None:
    known = answers(answer(C, WHEEL, MISFIT, SDIST), answer(P, WHEEL, message="asked today"))
    shown = explain(package(), LOCK, LINUX, context(), known)
    assert shown.package == "x==1.0"
    assert any("virtual-file" in fact for fact in shown.facts)
    assert f"pypi {P.url}: 1 files (asked today)" in shown.facts
    dropped = [name for step in shown.steps for name in step.dropped]
    assert f"{MISFIT} (chainguard)" in dropped
    assert shown.steps[-1].title == "chosen"
    assert shown.verdict == predict(package(), LOCK, LINUX, context(), known)
    silent = explain(
        package(None, specifier=">=1"), LOCK, LINUX, context(), answers(answer(C, problem=Cause.FORBIDDEN))
    )
    assert (silent.package, silent.steps) == ("x>=1", ())
    assert f"chainguard {C.url}: forbidden" in silent.facts


def test_an_explanation_tells_what_locking_again_would_record() -> None:
    theirs = file(WHEEL, P)
    entry = locked(artifact(theirs))
    known = answers(answer(C, WHEEL), answer(P, theirs))
    facts = explain(entry, LOCK, LINUX, context("uv", "virtual-file"), known).facts
    assert "locking it again through these indexes would record 1.0 from chainguard" in facts
    missing = answers(NO_CHAINGUARD, answer(P, theirs))
    alone = explain(entry, LOCK, LINUX, context("uv", "chainguard-only"), missing).facts
    assert "locking it again through these indexes would fail: no-version" in alone
    silent = explain(entry, LOCK, LINUX, context("uv"), answers(answer(C, WHEEL))).facts
    assert not any("locking it again" in fact for fact in silent)


def per_platform(*artifacts: Artifact, target: Target = LINUX) -> Verdict | None:
    lock = Lockfile(path="pixi.lock", format="pixi.lock")
    return predict(locked(*artifacts, index=None), lock, target, context("pixi"), answers(answer(C, WHEEL)))


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


@pytest.mark.parametrize(
    ("filename", "url"),
    [
        ("x-0.9-py3-none-any.whl", FILES[C] + "x-0.9-py3-none-any.whl"),
        (WHEEL, FILES[C] + "x-0.9-py3-none-any.whl"),
        ("x-0.9.tar.gz", FILES[C] + "x-0.9.tar.gz"),
    ],
)
def test_a_file_of_another_version_is_refused(filename: str, url: str) -> None:
    """What the entry says that it locks is not what would be fetched."""
    listed = file(url.rpartition("/")[2])
    entry = locked(Artifact(filename=filename, url=url, hashes=(f"sha256:{listed.sha256}",)), index=C)
    found = uv(known=answers(answer(C, WHEEL, listed), answer(P, WHEEL)), entry=entry)
    assert (*said(found), found.reason) == (Outcome.INSTALL_FAILS, Cause("installer-refuses"), "lock")
    assert "is none of x 1.0" in told(found)


def test_a_page_without_hashes_does_not_vouch_for_a_locked_url_that_it_does_not_list() -> None:
    bare = replace(file(WHEEL), sha256=None)
    elsewhere = Artifact(filename=WHEEL, url=FILES[C] + "other/" + WHEEL, hashes=(f"sha256:{sha('a')}",))
    found = uv(known=answers(answer(C, bare), answer(P)), entry=locked(elsewhere, index=C))
    assert said(found) == (Outcome.UNKNOWN, Cause.MALFORMED_INDEX)
    assert "no hash tells whether it is the same" in told(found)
    there = Artifact(filename=WHEEL, url=bare.url, hashes=(f"sha256:{sha('a')}",))
    found = uv(known=answers(answer(C, bare), answer(P)), entry=locked(there, index=C))
    assert found.outcome is Outcome.CHAINGUARD

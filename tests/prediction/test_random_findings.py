"""Rules that random cases found (`differential/`): each was first seen in the real installer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from fallback_review.lockfiles import Text
from fallback_review.model import Cause, InstallOptions, Lockfile, Outcome, Target, Tier
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.context import prepare
from fallback_review.prediction import further_questions, predict
from fallback_review.prediction.listing import one
from fallback_review.prediction.targets import pdm_ranks
from fallback_review.settings import validation
from fallback_review.settings.schema import Indexes, Settings

from .build import LINUX, RES, C, P, addresses, answer, answers, artifact, context, file, locked, package, sha

if TYPE_CHECKING:
    from fallback_review.model import Index, ProjectFile

REQUIREMENTS = Lockfile(path="requirements.txt", format="requirements.txt")
WHEEL = "x-1.0-py3-none-any.whl"
NATIVE = "x-1.0-cp312-cp312-manylinux_2_28_x86_64.whl"
OLDER, OTHER = (f"x-1.0-cp312-cp312-{system}.whl" for system in ("musllinux_1_2_x86_64", "win_amd64"))


def taken(
    installer: str,
    layout: str,
    ours: tuple[ProjectFile | str, ...],
    theirs: tuple[ProjectFile | str, ...],
    **more: Any,
) -> tuple[Outcome, str | None]:
    """The outcome and the file of one entry without hashes."""
    known = answers(answer(C, *ours), answer(P, *theirs))
    entry = package(**more)
    verdict = predict(entry, REQUIREMENTS, LINUX, context(installer, layout), known)
    assert verdict is not None
    return verdict.outcome, verdict.file


@pytest.mark.parametrize(("installer", "outcome"), [("pip", Outcome.CHAINGUARD), ("uv", Outcome.PYPI)])
def test_an_index_url_line_replaces_the_lines_before_it_for_pip(installer: str, outcome: Outcome) -> None:
    text = f"--extra-index-url {P.url}\n--index-url {C.url}\nx==1.0\n"
    settings = Settings(indexes=Indexes(installer=installer))
    prepared = prepare(whole(Text(path="requirements.txt", text=text)), settings, addresses())
    known = answers(answer(C, WHEEL), answer(P, NATIVE))
    verdict = predict(package(), prepared.diff.head, LINUX, prepared.context, known)
    assert verdict is not None
    assert verdict.outcome is outcome


def test_pypi_is_asked_for_the_bytes_that_chainguard_serves_of_it() -> None:
    """pip takes the link that is listed last, of two with the same bytes."""
    copy = file(WHEEL, tier=Tier.UPSTREAM, mark="same")
    entry, where = package(hashes=(sha("same"),)), context("pip", "extra-index")
    ours = answer(C, copy)
    assert further_questions(entry, REQUIREMENTS, [LINUX], where, answers(ours)) == {P}
    silent = answers(ours, answer(P, problem=Cause.UNREACHABLE))
    unheard = predict(entry, REQUIREMENTS, LINUX, where, silent)
    assert unheard is not None
    assert (unheard.outcome, unheard.cause) == (Outcome.UNKNOWN, Cause.UNREACHABLE)
    known = answers(ours, answer(P, file(WHEEL, P, mark="same")))
    verdict = predict(entry, REQUIREMENTS, LINUX, where, known)
    assert verdict is not None
    assert verdict.outcome is Outcome.PYPI


@pytest.mark.parametrize("asked", ["==1.*", "~=1.0", "<2", "<=1.5", "<1.2.3", ">=1,<2", "==1!2.*", "===1.1"])
def test_pypi_is_asked_what_it_has_below_an_upper_bound(asked: str) -> None:
    entry = package(None, specifier=asked)
    known = answers(answer(C, "x-0.1-py3-none-any.whl"))
    assert further_questions(entry, REQUIREMENTS, [LINUX], context("pip", "virtual-version"), known) == {P}


@pytest.mark.parametrize(
    ("wanted", "outcome"),
    [
        ("3.x", Outcome.PYPI),
        (">=3.8 <3.11", Outcome.PYPI),
        (">=3.8.*", Outcome.CHAINGUARD),
        (">=3.8<4", Outcome.CHAINGUARD),
        (">=3.8,", Outcome.CHAINGUARD),
        ("'>=3.8'", Outcome.CHAINGUARD),
        (">=3.14.*", Outcome.INSTALL_FAILS),
    ],
)
def test_uv_passes_over_a_file_whose_requires_python_cannot_be_read(wanted: str, outcome: Outcome) -> None:
    ours = (file(NATIVE, requires_python=wanted),)
    assert taken("uv", "virtual-concat", ours, (WHEEL,)) == (
        outcome,
        {Outcome.CHAINGUARD: NATIVE, Outcome.PYPI: WHEEL}.get(outcome),
    )
    assert taken("pip", "virtual-concat", ours, (WHEEL,)) == (Outcome.CHAINGUARD, NATIVE)


@pytest.mark.parametrize(("installer", "outcome"), [("uv", Outcome.PYPI), ("pip", Outcome.CHAINGUARD)])
def test_uv_compares_the_build_tags_of_locked_urls(installer: str, outcome: Outcome) -> None:
    ours, theirs = file("x-1.0-2-py3-none-any.whl"), file("x-1.0-10-py3-none-any.whl", P)
    known = answers(answer(C, ours), answer(P, theirs))
    entry = locked(artifact(ours), artifact(theirs))
    lock = Lockfile(path="pylock.toml", format="pylock.toml")
    verdict = predict(entry, lock, LINUX, context(installer), known)
    assert verdict is not None
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("installer", "layout", "outcome"),
    [
        ("uv", "virtual-file", Outcome.CHAINGUARD),
        ("poetry", "virtual-file", Outcome.CHAINGUARD),
        ("pip", "virtual-file", Outcome.PYPI),
        ("pdm", "pdm", Outcome.PYPI),
        ("pipenv", "virtual-file", Outcome.PYPI),
    ],
)
def test_uv_and_poetry_take_a_wheel_with_doubled_underscores(
    installer: str, layout: str, outcome: Outcome
) -> None:
    ours, theirs = (
        file(name, index, version="1.0")
        for name, index in (("x__y-1.0-cp312-cp312-linux_x86_64.whl", C), ("x_y-1.0-py3-none-any.whl", P))
    )
    known = answers(answer(C, ours, name="x-y"), answer(P, theirs, name="x-y"))
    verdict = predict(package(name="x-y"), REQUIREMENTS, LINUX, context(installer, layout), known)
    assert verdict is not None
    assert verdict.outcome is outcome


def test_a_locked_wheel_with_doubled_underscores_is_taken_by_uv_alone() -> None:
    odd, plain = (
        file("x__y-1.0-cp312-cp312-linux_x86_64.whl", version="1.0"),
        file("x_y-1.0-py3-none-any.whl", P),
    )
    known = answers(answer(C, odd, name="x-y"), answer(P, plain, name="x-y"))
    entry = package(name="x-y", index=P, artifacts=(artifact(odd), artifact(plain)))
    lock = Lockfile(path="pylock.toml", format="pylock.toml")
    outcomes = [predict(entry, lock, LINUX, context(each), known) for each in ("uv", "pdm")]
    assert [each.outcome for each in outcomes if each] == [Outcome.CHAINGUARD, Outcome.PYPI]


def test_uv_takes_no_sdist_whose_name_is_longer_than_the_projects() -> None:
    odd = file("x__y-1.0.tar.gz", version="1.0")
    known = answers(answer(C, odd, name="x-y"), answer(P, name="x-y"))
    outcomes = [
        predict(package(name="x-y"), REQUIREMENTS, LINUX, context(each), known) for each in ("uv", "pip")
    ]
    assert [each.outcome for each in outcomes if each] == [Outcome.INSTALL_FAILS, Outcome.CHAINGUARD]


def test_poetry_prefers_links_without_hash_where_the_lock_has_none() -> None:
    bare = file("x-1.0.tar.gz", sha256=None)
    assert taken("poetry", "virtual-file", (bare,), (NATIVE,)) == (Outcome.CHAINGUARD, "x-1.0.tar.gz")


def test_uv_takes_a_pre_release_where_no_other_version_fits() -> None:
    theirs = ("x-2.0-cp312-cp312-win_amd64.whl", "x-1.0rc1-py3-none-any.whl")
    asked = {"version": None, "specifier": ">=0.9"}
    assert taken("uv", "virtual-file", (), theirs, **asked) == (Outcome.PYPI, "x-1.0rc1-py3-none-any.whl")
    assert taken("pip", "virtual-file", (), theirs, **asked) == (Outcome.PYPI, "x-1.0rc1-py3-none-any.whl")


@pytest.mark.parametrize(
    ("ours", "theirs", "pdm", "pip"),
    [
        ("py312-none-any", "cp39-abi3-manylinux_2_28_x86_64", C, P),
        ("cp312-none-any", "cp311-abi3-manylinux_2_28_x86_64", C, P),
        ("cp312-abi3-manylinux_2_17_x86_64", "cp312-none-any", C, C),
        ("py311-none-any", "py3-none-any", P, P),
        ("cp312-cp312-any", "py3-none-any", C, P),
    ],
)
def test_pdm_ranks_tags_in_an_order_of_its_own(ours: str, theirs: str, pdm: Index, pip: Index) -> None:
    pages = (f"x-1.0-{ours}.whl",), (f"x-1.0-{theirs}.whl",)
    names = {C: (Outcome.CHAINGUARD, pages[0][0]), P: (Outcome.PYPI, pages[1][0])}
    assert taken("pdm", "pdm", *pages) == names[pdm]
    assert taken("pip", "virtual-concat-pypi-first", *pages) == names[pip]


def test_pdm_refuses_a_wheel_for_an_older_python_without_abi() -> None:
    assert taken("pdm", "pdm", ("x-1.0-py311-none-any.whl",), ()) == (Outcome.INSTALL_FAILS, None)
    assert taken("pip", "extra-index", ("x-1.0-py311-none-any.whl",), ()) == (
        Outcome.CHAINGUARD,
        "x-1.0-py311-none-any.whl",
    )


def test_pdm_puts_the_oldest_musl_first_and_knows_free_threaded_tags() -> None:
    musl = Target(python="3.13t", platform="musllinux", arch="x86_64", glibc="1.2")
    first = [str(tag) for tag in pdm_ranks(musl)][:4]
    linux = "cp313-cp313t-linux_x86_64"
    assert first == [linux, *(f"cp313-cp313t-musllinux_1_{n}_x86_64" for n in (1, 2)), "cp313-cp313t-any"]
    assert not any(tag.abi == "abi3" for tag in pdm_ranks(musl))


@pytest.mark.parametrize(
    ("hashes", "outcome"), [(1, Outcome.UNKNOWN), (2, Outcome.REMEDIATED), (3, Outcome.UNKNOWN)]
)
def test_a_hash_that_may_be_either_links_proves_neither(hashes: int, outcome: Outcome) -> None:
    bare = tuple(file(name, sha256=None) for name in ("x-1.0+cgr.1-py3-none-any.whl", WHEEL))
    entry = package(hashes=tuple(map(sha, ("a", "b", "c")[:hashes])))
    known = answers(answer(C, *bare), answer(P))
    verdict = predict(entry, REQUIREMENTS, LINUX, context("pip", "virtual-file"), known)
    assert verdict is not None
    assert verdict.outcome is outcome
    assert (verdict.cause is Cause.MALFORMED_INDEX) is (outcome is Outcome.UNKNOWN)


def test_an_upstream_link_without_hash_has_the_bytes_of_pypis_file() -> None:
    bare = file(WHEEL, tier=Tier.UPSTREAM, sha256=None)
    theirs = file(WHEEL, P)
    entry = package(hashes=(str(theirs.sha256),))
    known = answers(answer(C, bare), answer(P, theirs))
    verdict = predict(entry, REQUIREMENTS, LINUX, context("uv", "chainguard-only"), known)
    assert verdict is not None
    assert verdict.outcome is Outcome.UPSTREAM


@pytest.mark.parametrize("index", [C, P])
def test_a_locked_url_beside_another_files_hash_fails(index: Index) -> None:
    pure, native = file(WHEEL, index), file(NATIVE, index)
    entry = locked(artifact(native, hashes=(f"sha256:{pure.sha256}",)), index=index)
    lock = Lockfile(path="pylock.toml", format="pylock.toml")
    known = answers(answer(index, pure, native), answer(C if index == P else P))
    verdict = predict(entry, lock, LINUX, context("uv"), known)
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.INSTALL_FAILS, Cause.HASH_MISMATCH)


def test_three_equals_signs_admit_a_version_as_it_is_spelt() -> None:
    """``1`` beside it is an equal version, and another text."""
    ours = ("x-1.tar.gz", WHEEL)
    entry = replace(package("1.0"), specifier="===1.0")
    known = answers(answer(C, *ours), answer(P))
    verdict = predict(entry, REQUIREMENTS, LINUX, context("pip", "virtual-file"), known)
    assert verdict is not None
    assert (verdict.outcome, verdict.file) == (Outcome.CHAINGUARD, WHEEL)


def test_constraints_hashes_prefer_a_file_and_refuse_none() -> None:
    """pip filters by the hashes that both sides allow, and holds the download to the entry's own."""
    ours = file(WHEEL)
    digest = f"sha256:{ours.sha256}"
    entry = replace(package(hashes=(sha("other"),)), own=("==1.0", frozenset({digest})))
    known = answers(answer(C, ours), answer(P))
    verdict = predict(entry, REQUIREMENTS, LINUX, context("pip", "virtual-file"), known)
    assert verdict is not None
    assert verdict.outcome is Outcome.CHAINGUARD


@pytest.mark.parametrize(
    "decided", [{"layout": "virtual-file"}, {"resolver": "https://own.example/simple/"}, {}]
)
def test_without_an_index_nothing_comes_from_one(decided: dict[str, str]) -> None:
    """``--no-index`` outranks what the settings say of indexes."""
    text = Text(path="requirements.txt", text="--no-index\nx==1.0\n")
    settings = Settings(indexes=validation.validate({"indexes": decided}).indexes)
    prepared = prepare(whole(text), settings, addresses())
    assert prepared.context.indexes == ()
    entry = prepared.diff.head.packages[0]
    known = answers(answer(C, WHEEL), answer(P))
    verdict = predict(entry, prepared.diff.head, LINUX, prepared.context, known)
    assert verdict is not None
    assert verdict.outcome not in (Outcome.CHAINGUARD, Outcome.REMEDIATED, Outcome.PRIVATE)


@pytest.mark.parametrize(
    ("installer", "outcome"), [("pdm", Outcome.INSTALL_FAILS), ("uv", Outcome.CHAINGUARD)]
)
def test_pdm_takes_no_locked_url_where_uploads_are_bounded(installer: str, outcome: Outcome) -> None:
    """The lock tells no upload time, and such a file counts as too late."""
    options = InstallOptions(uploaded_before=datetime(2026, 1, 1, tzinfo=UTC))
    where = replace(context(installer), options=options)
    entry = locked(artifact(file(WHEEL)), index=C)
    lock = Lockfile(path="pdm.lock", format="pdm.lock")
    verdict = predict(entry, lock, LINUX, where, answers(answer(C, WHEEL), answer(P)))
    assert verdict is not None
    assert verdict.outcome is outcome


def test_a_merged_indexs_link_without_hash_may_be_the_file_that_pypi_lists() -> None:
    """Pipenv installed PyPI's bytes through a manager."""
    bare = replace(file(WHEEL), sha256=None)
    theirs = file(WHEEL, P)
    entry = package(hashes=(str(theirs.sha256),))
    where = replace(context("pipenv"), indexes=(one(RES),), addresses=addresses(resolver=RES))
    known = answers(answer(RES, bare), answer(P, theirs), answer(C, file(WHEEL)))
    lock = Lockfile(path="Pipfile.lock", format="Pipfile.lock")
    verdict = predict(entry, lock, LINUX, where, known)
    assert verdict is not None
    assert (verdict.outcome, verdict.cause) == (Outcome.UNKNOWN, Cause.MANAGER_FELL_THROUGH)


@pytest.mark.parametrize(
    ("untimed", "outcome"),
    [
        ("x__y-1.0-py3-none-any.whl", Outcome.CHAINGUARD),
        ("x_y-1.0-0-py3-none-any.whl", Outcome.INSTALL_FAILS),
    ],
)
def test_pip_asks_for_no_upload_time_of_a_wheel_that_it_does_not_read(untimed: str, outcome: Outcome) -> None:
    options = InstallOptions(uploaded_before=datetime(2026, 1, 1, tzinfo=UTC))
    where = replace(context("pip"), options=options)
    timed = file("x_y-1.0-py3-none-any.whl", upload_time=datetime(2025, 1, 1, tzinfo=UTC))
    known = {
        "x-y": {C: replace(answer(C, timed, file(untimed)), name="x-y"), P: replace(answer(P), name="x-y")}
    }
    verdict = predict(package(name="x-y"), REQUIREMENTS, LINUX, where, known)
    assert verdict is not None
    assert verdict.outcome is outcome


def test_poetry_takes_some_archives_where_source_distributions_are_refused() -> None:
    """They are none to it; it prefers one to a yanked wheel, and then can't install it."""
    options = InstallOptions(only_binary=frozenset({"x"}))
    where = replace(context("poetry"), options=options)
    ours = answer(C, file(WHEEL, yanked=True), file("x-1.0.tar.xz"))
    lock = Lockfile(path="poetry.lock", format="poetry.lock")
    verdict = predict(package(), lock, LINUX, where, answers(ours, answer(P)))
    assert verdict is not None
    assert verdict.outcome is Outcome.INSTALL_FAILS


@pytest.mark.parametrize(("late", "outcome"), [(OTHER, Outcome.PYPI), (None, Outcome.INSTALL_FAILS)])
def test_uv_goes_to_the_next_index_where_a_versions_file_is_too_late(
    late: str | None, outcome: Outcome
) -> None:
    """Without one, a version whose files don't fit is not looked for elsewhere."""
    options = InstallOptions(uploaded_before=datetime(2026, 1, 1, tzinfo=UTC))
    where = replace(context("uv", "uv-chainguard-first-unsafe-first-match"), options=options)
    soon, early = datetime(2026, 6, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
    ours = [file(OLDER, upload_time=early), *([file(late, upload_time=soon)] if late else [])]
    known = answers(answer(C, *ours), answer(P, file(WHEEL, P, upload_time=early)))
    verdict = predict(package(), REQUIREMENTS, LINUX, where, known)
    assert verdict is not None
    assert verdict.outcome is outcome


@pytest.mark.parametrize(("first", "outcome"), [(2025, Outcome.CHAINGUARD), (2027, Outcome.INSTALL_FAILS)])
def test_the_chosen_one_of_two_locked_files_of_one_name_tells_its_time(first: int, outcome: Outcome) -> None:
    options = InstallOptions(uploaded_before=datetime(2026, 1, 1, tzinfo=UTC))
    where = replace(context("pip"), options=options)
    ours, theirs = file(WHEEL), file(WHEEL, P)
    times = ((WHEEL, datetime(first, 1, 1, tzinfo=UTC)), (WHEEL, datetime(2026, 6, 1, tzinfo=UTC)))
    entry = replace(locked(artifact(ours), artifact(theirs), index=C), uploaded=times)
    lock = Lockfile(path="pylock.toml", format="pylock.toml")
    verdict = predict(entry, lock, LINUX, where, answers(answer(C, ours), answer(P, theirs)))
    assert verdict is not None
    assert verdict.outcome is outcome


@pytest.mark.parametrize(
    ("installer", "layout", "reads"),
    [
        ("pip", "extra-index", True),
        ("uv", "uv-chainguard-first-unsafe-best-match", True),
        ("uv", "uv-chainguard-first-unsafe-first-match", True),
        ("uv", "uv-chainguard-first", False),
        ("uv", "chainguard-only", False),
        ("pdm", "pdm", True),
        ("pdm", "pdm-respect-source-order", False),
        ("pipenv", "pipenv", False),
    ],
)
def test_an_installer_may_stop_at_a_page_that_it_reads(installer: str, layout: str, *, reads: bool) -> None:
    """PyPI can't change what is chosen: so one that is down today decides nothing."""
    ours = file("x-1.0+cgr.1-py3-none-any.whl")
    entry = package("1.0+cgr.1", hashes=(str(ours.sha256),))
    down = answer(P, problem=Cause.UNREACHABLE)
    refused = replace(answer(P, problem=Cause.MALFORMED_INDEX, message="a size cannot be read"), refused=True)
    found = [
        predict(entry, REQUIREMENTS, LINUX, context(installer, layout), answers(answer(C, ours), theirs))
        for theirs in (down, refused)
    ]
    said = [(each.outcome, each.cause, each.reason) for each in found if each]
    green = (Outcome.REMEDIATED, None, None)
    assert said == [green, (Outcome.UNKNOWN, Cause.MALFORMED_INDEX, "page") if reads else green]

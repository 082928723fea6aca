"""What holds for every requirements, Pipfile, pixi and conda-lock file: written, shuffled, damaged, hostile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fallback_review.lockfiles.diff import diff
from fallback_review.lockfiles.formats import conda_lock, pipfile, pixi, requirements
from fallback_review.lockfiles.text import LockfileError, Text
from fallback_review.model import ChangeKind, Ecosystem, LockedPackage, Lockfile
from tests import hostile
from tests.work import calls

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fallback_review.lockfiles.format import Format

BUSY = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,4})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}((a|b|rc)[0-9])?(\+cgr\.[0-9])?", fullmatch=True)
HASHES = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)


@dataclass(frozen=True)
class Pin:
    """A package to be written."""

    name: str
    version: str
    digest: str


PINS = st.lists(
    st.builds(Pin, NAMES, VERSIONS, HASHES), min_size=1, max_size=8, unique_by=lambda pin: pin.name
)


def write_requirements(pins: Sequence[Pin]) -> str:
    return "# head\n" + "".join(
        f"{pin.name}=={pin.version} \\\n    --hash=sha256:{pin.digest}\n    # via x\n" for pin in pins
    )


def write_pipfile(pins: Sequence[Pin]) -> str:
    rows = {pin.name: {"hashes": [f"sha256:{pin.digest}"], "version": f"=={pin.version}"} for pin in pins}
    sources = [{"name": "pypi", "url": "https://pypi.test/simple"}]
    return json.dumps({"_meta": {"sources": sources}, "default": rows, "develop": {}}, indent=4)


def write_pixi(pins: Sequence[Pin]) -> str:
    rows = [
        {
            "pypi": f"https://files.pypi.test/{pin.name.replace('-', '_')}-{pin.version}-py3-none-any.whl",
            "name": pin.name,
            "version": pin.version,
            "sha256": pin.digest,
        }
        for pin in pins
    ]
    asked = {"linux-64": [{"pypi": row["pypi"]} for row in rows]}
    document = {"version": 6, "environments": {"default": {"packages": asked}}, "packages": rows}
    return yaml.safe_dump(document, sort_keys=False)


def write_conda_lock(pins: Sequence[Pin]) -> str:
    rows = [
        {
            "name": pin.name,
            "version": pin.version,
            "manager": "pip",
            "platform": platform,
            "url": f"https://files.pypi.test/{pin.name}-{pin.version}.tar.gz",
            "hash": {"sha256": pin.digest},
        }
        for pin in pins
        for platform in ("linux-64", "osx-64")
    ]
    return yaml.safe_dump({"metadata": {}, "package": rows}, sort_keys=False)


@dataclass(frozen=True)
class Case:
    """A format and how its files are written."""

    format: Format
    write: Callable[[Sequence[Pin]], str]

    def read(self, text: str) -> Lockfile:
        return replace(self.format.parse(Text(path="x.lock", text=text)), format=self.format.name)

    def try_to_read(self, text: str) -> tuple[Lockfile | None, str]:
        """Read what may be broken: the result, or the error's one line."""
        try:
            return self.read(text), ""
        except LockfileError as error:
            return None, str(error)


CASES = [
    Case(requirements.FORMAT, write_requirements),
    Case(pipfile.FORMAT, write_pipfile),
    Case(pixi.FORMAT, write_pixi),
    Case(conda_lock.FORMAT, write_conda_lock),
]
every_format = pytest.mark.parametrize("case", CASES, ids=lambda case: case.format.name)


def told(package: LockedPackage) -> Pin:
    (digest,) = {value.removeprefix("sha256:") for value in package.hashes}
    return Pin(package.name, str(package.version), digest)


@every_format
@BUSY
@given(pins=PINS)
def test_what_is_written_is_read_back(case: Case, pins: list[Pin]) -> None:
    text = case.write(pins)
    lock = case.read(text)
    assert [told(package) for package in lock.packages] == pins
    assert not lock.notices
    rows = text.split("\n")
    for package in lock.packages:
        begins = "\n".join(rows[package.line - 1 : package.line + 1])
        assert package.name in begins.replace("_", "-")
        assert package.ecosystem is Ecosystem.PYPI
    assert case.format.looks_like(text)
    assert [other.format.name for other in CASES if other.format.looks_like(text)] == [case.format.name]


@every_format
@BUSY
@given(pins=PINS, seed=st.randoms(use_true_random=False))
def test_order_changes_nothing(case: Case, pins: list[Pin], seed: Any) -> None:
    shuffled = pins[:]
    seed.shuffle(shuffled)
    found = diff(case.read(case.write(pins)), case.read(case.write(shuffled)))
    assert (found.changes, found.metadata_only, found.header_changed) == ((), (), ())


@every_format
@BUSY
@given(pins=PINS, at=st.integers(0, 7))
def test_one_package_more_is_one_change_on_its_line(case: Case, pins: list[Pin], at: int) -> None:
    new = pins[at % len(pins)]
    before = [pin for pin in pins if pin is not new]
    text = case.write(pins)
    (change,) = diff(case.read(case.write(before)), case.read(text)).changes
    assert (change.kind, change.name) == (ChangeKind.ADDED, new.name)
    assert change.line is not None
    rows = text.split("\n")
    assert new.name in rows[change.line - 1].replace("_", "-") or new.name in rows[change.line]


@every_format
@settings(BUSY, max_examples=60)
@given(text=st.text(), pins=PINS, cut=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_damage_ends_in_an_error_or_a_result(
    case: Case, text: str, pins: list[Pin], cut: tuple[float, float]
) -> None:
    whole = case.write(pins)
    start, end = sorted(int(part * len(whole)) for part in cut)
    for damaged in (text, whole[:start] + text + whole[end:], whole[:start]):
        case.format.looks_like(damaged)
        lock, error = case.try_to_read(damaged)
        assert "\n" not in error
        assert len(error) < 1000
        for package in lock.packages if lock is not None else ():
            assert 1 <= package.line <= damaged.count("\n") + 1
            assert package.name


SCALARS = st.sampled_from(
    ["", "x", "==1", "*", "1", "~", "true", "https://a.example/x-1-0.conda", ".", "git+https://g.test/x@"]
)
VALUES = st.recursive(
    SCALARS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["version", "hashes", "index", "git", "path", "file", "editable", "name", "url", "hash", "manager", "pypi",
             "conda", "kind", "sha256", "packages", "indexes", "sources", "conda_source", "source", "platform"]
        ),
        inner,
        max_size=5,
    ),
    max_leaves=12,
)  # fmt: skip
DOCUMENTS = st.dictionaries(
    st.sampled_from(
        ["version", "environments", "packages", "package", "metadata", "_meta", "default", "develop"]
    ),
    VALUES | st.lists(VALUES, max_size=3),
)


@every_format
@settings(BUSY, max_examples=60)
@given(document=DOCUMENTS)
def test_wrong_types_end_in_an_error_or_a_result(case: Case, document: dict[str, Any]) -> None:
    lock, error = case.try_to_read(json.dumps(document))
    assert (lock is None) == error.startswith("x.lock")
    assert all(package.line >= 1 for package in (lock.packages if lock is not None else ()))


def many(count: int) -> list[Pin]:
    return [Pin(f"p{number}", f"1.{number}", f"{number:064x}") for number in range(count)]


@every_format
def test_work_grows_with_the_file(case: Case) -> None:
    small, large = case.write(many(50)), case.write(many(400))
    case.read(large)  # the small one's entries are among its own: both are known alike from here on
    ratio = calls(lambda: case.read(large)) / calls(lambda: case.read(small))
    assert ratio < 8 * 1.1


@every_format
@pytest.mark.parametrize("made", hostile.LOCKFILES.values(), ids=hostile.LOCKFILES)
def test_hostile_lines_end_in_an_error_or_a_result(case: Case, made: Callable[[int], str]) -> None:
    text = made(hostile.ENOUGH)
    case.format.looks_like(text)
    lock, error = case.try_to_read(text)
    assert (lock is None) == (0 < len(error) < 1000)


def test_a_pair_of_sides_keeps_its_unpinned_packages() -> None:
    case = CASES[0]
    base = case.read("six\nfoo>=1\n")
    head = replace(case.read("six\nfoo>=2\n"), path="y")
    (change,) = diff(base, head).changes
    assert change.name == "foo"

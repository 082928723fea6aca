"""What no real lockfile holds: endless versions, names and notices."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles import FORMATS, LockfileError, Text, parse, parse_pair
from fallback_review.lockfiles.diff import diff
from fallback_review.lockfiles.limits import LONGEST_NAME, LONGEST_TEXT, LONGEST_VERSION, MOST_NOTICES
from fallback_review.lockfiles.names import read_filename, version_in_filename
from fallback_review.model.versions import parse_version
from fallback_review.prediction.candidates import parse_filename
from tests import hostile
from tests.lockfiles.writers import WRITERS, Entry

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = "1" * 5_000  # more than Python's int() reads


def pipfile(name: str, version: str) -> str:
    return json.dumps({"_meta": {"sources": []}, "default": {name: {"version": f"=={version}"}}}, indent=1)


def pixi(name: str, version: str) -> str:
    return (
        "version: 6\nenvironments:\n  x:\n    packages:\n      linux-64:\n"
        "      - pypi: https://files.pypi.test/x.whl\npackages:\n"
        f"- pypi: https://files.pypi.test/x.whl\n  name: {name}\n  version: '{version}'\n"
    )


def conda_lock(name: str, version: str) -> str:
    return (
        f"version: 1\nmetadata: {{}}\npackage:\n- name: {name}\n  version: '{version}'\n  manager: pip\n"
        "  platform: linux-64\n  url: https://files.pypi.test/x.whl\n"
    )


def toml(path: str) -> Callable[[str, str], str]:
    return lambda name, version: WRITERS[path].text([Entry(name, version)]).text


WRITE: dict[str, Callable[[str, str], str]] = {
    "Pipfile.lock": pipfile,
    "pixi.lock": pixi,
    "conda-lock.yml": conda_lock,
    **{path: toml(path) for path in WRITERS},
}


def test_every_format_is_bounded_here() -> None:
    assert {*WRITE, "requirements.txt"} == set(FORMATS)


@pytest.mark.parametrize("path", WRITE)
@pytest.mark.parametrize("version", [DIGITS, f"1.{DIGITS}", f"1+{DIGITS}", "x" * (LONGEST_VERSION + 1)])
def test_an_endless_version_refuses_the_file_and_names_the_line(path: str, version: str) -> None:
    text = Text(path=path, text=WRITE[path]("alpha", version))
    with pytest.raises(LockfileError, match="an entry has a version of more than 200 characters") as caught:
        parse(text)
    assert caught.value.line is not None
    other = Text(path=path, text=WRITE[path]("alpha", "1.0"))
    for sides in ((other, text), (text, other)):
        with pytest.raises(LockfileError, match="a version of more than"):
            diff(*parse_pair(*sides))


@pytest.mark.parametrize("path", WRITE)
def test_an_endless_name_refuses_the_file(path: str) -> None:
    with pytest.raises(LockfileError, match="a name of more than 200 characters"):
        parse(Text(path=path, text=WRITE[path]("a" * (LONGEST_NAME + 1), "1.0")))
    assert parse(Text(path=path, text=WRITE[path]("a" * LONGEST_NAME, "1.0"))).packages


def test_other_endless_texts_refuse_the_file() -> None:
    good = WRITERS["pylock.toml"].text([Entry("alpha", "1.0")]).text
    name = "alpha-1.0-00-py3-none-any.whl"
    with pytest.raises(LockfileError, match="a file name of more than 2,000 characters"):
        parse(Text(path="pylock.toml", text=good.replace(name, "a" * LONGEST_TEXT + name)))
    python = f'version = "1.0"\nrequires-python = ">={DIGITS}"\n'
    with pytest.raises(LockfileError, match="a required Python of more than 2,000 characters"):
        parse(Text(path="pylock.toml", text=good.replace('version = "1.0"\n', python)))


@pytest.mark.parametrize("specifier", [f">={DIGITS},<2", f"=={DIGITS}.*", f"!={DIGITS}"])
def test_an_endless_specifier_in_a_pipfile_is_refused(specifier: str) -> None:
    text = json.dumps({"_meta": {}, "default": {"alpha": {"version": specifier}}})
    with pytest.raises(LockfileError, match=r"default\.alpha\.version: is (too long for|neither) a version"):
        parse(Text(path="Pipfile.lock", text=text))


@pytest.mark.parametrize(
    "line",
    [
        f"alpha=={DIGITS}", f"alpha=={DIGITS},!=2", f"alpha~={DIGITS}.1", f"alpha>={DIGITS}", f"alpha==={DIGITS}",
        "a" * 201 + "==1", f"https://files.pypi.test/alpha-{DIGITS}-py3-none-any.whl",
        f"alpha @ https://files.pypi.test/alpha-{DIGITS}.tar.gz", f"./alpha-{DIGITS}.tar.gz",
    ],
)  # fmt: skip
def test_an_endless_requirement_becomes_a_notice(line: str) -> None:
    lock = parse(Text(path="requirements.txt", text=f"{line}\nbeta==1.0\n"))
    assert [package.name for package in lock.packages] == ["beta"]
    (notice,) = (*lock.notices, *lock.unnamed)
    assert notice.line == 1


def test_numbers_that_python_does_not_read_are_no_versions() -> None:
    assert parse_version(DIGITS) is None
    assert version_in_filename(f"alpha-{DIGITS}-py3-none-any.whl") is None
    assert version_in_filename(f"alpha-1-{DIGITS}-py3-none-any.whl") is None
    assert read_filename(f"alpha-{DIGITS}.tar.gz") == (None, None)


def test_notices_are_counted_beyond_the_first() -> None:
    lock = parse(Text(path="requirements.txt", text="==nothing\n" * 2_500 + "beta==1.0\n"))
    assert len(lock.notices) == MOST_NOTICES + 1
    assert [notice.line for notice in lock.notices[:3]] == [1, 2, 3]
    assert lock.notices[-1].text == "and 2,400 more notices about this file; fix the first ones to see them"
    unnamed = parse(Text(path="requirements.txt", text="".join(f"./x{n}\n" for n in range(101)))).unnamed
    assert len(unnamed) == MOST_NOTICES + 1
    assert unnamed[-1].text.startswith("and 1 more requirements without a name")


def test_as_many_notices_as_are_kept_need_no_count() -> None:
    lock = parse(Text(path="requirements.txt", text="==nothing\n" * MOST_NOTICES))
    assert len(lock.notices) == MOST_NOTICES
    assert all("more" not in notice.text for notice in lock.notices)


def test_many_constraints_of_one_name_are_bounded_and_told() -> None:
    limits = "".join(f"alpha!=1.{number}\n" for number in range(500)) + "alpha==2.0\n"
    text = Text(path="requirements.txt", text="alpha\n-c limits.txt\n", read={"limits.txt": limits}.get)
    lock = parse(text)
    assert [(package.name, package.version) for package in lock.packages] == [("alpha", "2.0")]
    assert lock.notices[0].text == "'alpha' has 501 constraints, of which the first 50 are applied"
    assert (lock.notices[0].path, lock.notices[0].line) == ("limits.txt", 1)


MANY = [".".join(f"{letter}{number}" for number in range(120)) for letter in "abc"]
BOMB = f"x-1.0-{'-'.join(MANY)}.whl"
"""1,477 letters that stand for 1,728,000 tags: half a gigabyte of them."""
REAL = "x-1.0-cp310.cp311.cp312.pp310.pp311-none.abi3-macosx_10_9_x86_64.macosx_11_0_arm64.macosx_11_0_x86_64.whl"


def test_a_wheel_of_endless_tags_is_refused_before_they_are_made() -> None:
    for reader in (version_in_filename, lambda name: read_filename(name)[1], version_of_candidate):
        assert reader(REAL) == "1.0"
        assert reader(BOMB) is None
    entry = '[[package]]\nname = "x"\nversion = "1.0"\nsource = {{ registry = "https://pypi.test/simple" }}\n'
    files = 'wheels = [{{ url = "https://files.pypi.test/{}" }}]\n'
    assert parse(Text(path="uv.lock", text="version = 1\n" + (entry + files).format(REAL))).packages
    with pytest.raises(LockfileError, match="a wheel for more than 512 tags"):
        parse(Text(path="uv.lock", text="version = 1\n" + (entry + files).format(BOMB)))


def version_of_candidate(filename: str) -> str | None:
    found = parse_filename(filename)
    return str(found.version) if found else None


def test_a_name_of_underscores_is_none() -> None:
    assert parse_filename(hostile.FILENAMES["underscores"](hostile.ENOUGH)) is None

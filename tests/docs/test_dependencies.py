"""Every dependency that is asked for has its line in the document that says what for, and no line is left over."""

from __future__ import annotations

import re
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT

DOCUMENT = ROOT / "docs/dependencies.md"
FIRST_CELLS = re.findall(r"^\| ([^|]+) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE)


def asked_for() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [
        each
        for part in (project["dependencies"], *project["optional-dependencies"].values())
        for each in part
    ]
    for file in (ROOT / "requirements").glob("*.in"):
        lines += [line.partition("#")[0] for line in file.read_text("utf-8").splitlines()]
    return {
        canonicalize_name(Requirement(line).name) for line in lines if line.strip() and line[0] not in "#-"
    }


def named() -> set[str]:
    words = {word for cell in FIRST_CELLS for word in re.split(r"[ ,()`]+", cell) if word}
    return {canonicalize_name(word) for word in words if not word.startswith(("requirements/", "-"))}


def test_every_dependency_is_in_the_document() -> None:
    stubs = {name for name in asked_for() if name.startswith("types-")}
    assert "types-*" in DOCUMENT.read_text("utf-8")
    bounded = {"hishel", "unearth"}  # PDM's own, held back
    assert asked_for() - stubs - bounded - named() == set()


def test_nothing_in_the_document_is_no_dependency() -> None:
    assert named() - asked_for() - {"package", "types-*"} == set()

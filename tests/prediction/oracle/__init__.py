"""What installers really took, measured: 10,460 installs out of two small indexes, C (Chainguard's) and P (PyPI's).

A row is one installer under one arrangement of the indexes, with one package and one set of hashes in its lock; it
ends in the file that was installed, told by its content, or in the failure. The host was CPython 3.12, x86_64,
glibc 2.36. `universe.json` holds the packages, `rows.jsonl.xz` the rows, `written.py` puts a row as a lockfile.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from fallback_review.model import Target

HOST = Target(python="3.12", platform="linux", arch="x86_64", glibc="2.36")
CHAINGUARD, PYPI, OWN = (
    "https://libraries.test/python/simple/",
    "https://pypi.test/simple/",
    "https://corp.test/simple/",
)
"""The indexes' addresses; the last is the organisation's own virtual index, which merges the two."""
SIDES = {"c": "chainguard", "p": "pypi"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of the universe, as one of the two indexes lists it."""

    side: str
    """``c`` or ``p``."""
    filename: str
    version: str
    sha256: str

    @property
    def url(self) -> str:
        if self.side == "p":
            return f"https://files.pypi.test/packages/{self.sha256[:2]}/{self.sha256[2:]}/{self.filename}"
        project = self.filename.partition("-")[0].lower().replace("_", "-")
        return f"{CHAINGUARD}{project}/{self.version}/{self.filename}"


@dataclass(frozen=True, slots=True, eq=False)
class Universe:
    projects: dict[str, Any]
    tags_pip_26_3: list[str]
    tags_older_pip: list[str]

    def page(self, project: str, side: str) -> list[Listed]:
        """What one of the two indexes lists for a project."""
        return [
            Listed(side, file["filename"], file["version"], file["sha256"])
            for file in self.projects[project][SIDES[side]]
        ]

    def spelt(self, project: str, text: str) -> tuple[Listed, bool]:
        """The file that a row spells as ``P:alpha-1.0.tar.gz``, and whether its lock has the hash of it."""
        side, _, name = text.partition(":")
        bare = name.removeprefix("URL ").removesuffix(" NOHASH")
        listed = next(file for file in self.page(project, side.lower()) if file.filename == bare)
        return listed, not name.endswith(" NOHASH")


@cache
def universe() -> Universe:
    return Universe(**json.loads((Path(__file__).parent / "universe.json").read_text()))


@cache
def rows() -> list[Row]:
    with lzma.open(Path(__file__).parent / "rows.jsonl.xz", "rt") as lines:
        return [json.loads(line) for line in lines]

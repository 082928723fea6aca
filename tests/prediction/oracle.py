"""The oracle's rows, put as questions to the ordinary code: pages, locks and set-ups."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fallback_review.model import (
    Artifact,
    InstallOptions,
    LockedPackage,
    Lockfile,
    PackageOptions,
    ProjectFile,
    Role,
    Source,
    SourceKind,
    Target,
)
from fallback_review.prediction import INSTALLERS, LAYOUTS
from fallback_review.prediction.candidates import Request, parse_filename
from fallback_review.prediction.installers import Choice, Options
from fallback_review.prediction.listing import Index, ListedFile, Page, listing, one_index

if TYPE_CHECKING:
    from pathlib import Path

HOST = Target(python="3.12", platform="linux", arch="x86_64", glibc="2.36")
OWNER = {"c": Role.CHAINGUARD, "p": Role.PYPI}
SIDE = {"c": "chainguard", "p": "pypi"}
SERVERS = {
    "vpkg": "virtual-project",
    "vver": "virtual-version",
    "vfile": "virtual-file",
    "vfilep": "virtual-file-pypi-first",
    "vcp": "virtual-concat",
    "vpc": "virtual-concat-pypi-first",
}
UV_STRATEGIES = {"first": "first-index", "ufm": "unsafe-first-match", "ubm": "unsafe-best-match"}
PIP_LAYOUTS = {"c+p": "extra-index", "p+c": "extra-index-pypi-first"}
UV_LAYOUTS = {
    "c+p": "uv-chainguard-first",
    "p+c": "uv-pypi-first",
    "idx-url=c,extra=p": "extra-index",
    "c+builtin": "uv-chainguard-first",
}
CLIENTS = {
    "poetry": {
        "c explicit, no dep source": "poetry-explicit",
        "c primary + builtin primary": "poetry-primary",
        "c primary + builtin supplemental": "poetry-supplemental",
        "c primary + p primary": "poetry-primary",
        "p primary + c primary": "poetry-primary-pypi-first",
        "c primary + p supplemental": "poetry-supplemental",
    },
    "pdm": {
        "c + p": "pdm",
        "c + p rso": "pdm-respect-source-order",
        "c + builtin": "pdm-builtin-pypi",
        "p + c": "pdm-builtin-pypi",
    },
    "pipenv": {"c + p": "pipenv", "c + p search_all": "pipenv"},
}
ONLY_C = {
    "c",
    "c explicit, dep source=c",
    "c explicit, source=c",
    "c include_packages",
    "c include, p exclude",
    "p + c, index=cgr",
}
ONLY_P = {
    "p",
    "builtin",
    "c explicit, no source",
    "c explicit, no dep source",
    "c supplemental (builtin primary)",
}

Row = dict[str, Any]
Result = str | tuple[str, str, str, str | None]


@dataclass(frozen=True, eq=False)
class Universe:
    projects: dict[str, Any]
    tags_pip_26_3: list[str]
    tags_older_pip: list[str]

    @classmethod
    def read(cls, folder: Path) -> Universe:
        return cls(**json.loads((folder / "universe.json").read_text()))

    @cache  # noqa: B019 - one universe lives as long as the session
    def page(self, project: str, side: str, *, linked: bool = True) -> Page:
        """One side's page; Chainguard's links carry no hash under flag h0 (`linked` false)."""
        return tuple(
            ListedFile(
                file=ProjectFile(
                    filename=file["filename"],
                    url=f"https://{side}.test/{file['filename']}",
                    version=file["version"],
                    sha256=file["sha256"] if linked or side == "p" else None,
                ),
                owner=OWNER[side],
                digest=file["sha256"],
            )
            for file in self.projects[project][SIDE[side]]
        )

    def locked(self, project: str, spelt: str) -> tuple[str, str, str | None]:
        """Side, file name and SHA-256 of what a lock row spells as ``P:alpha-1.0.tar.gz``."""
        origin, _, name = spelt.partition(":")
        side = origin.lower()
        name = name.removeprefix("URL ")
        bare = name.removesuffix(" NOHASH")
        digest = next(f["sha256"] for f in self.projects[project][SIDE[side]] if f["filename"] == bare)
        return side, bare, None if name != bare else digest


def rows(folder: Path) -> list[Row]:
    with (folder / "rows.jsonl").open() as lines:
        return [json.loads(line) for line in lines]


def measured(row: Row) -> Result:
    outcome = row["outcome"]
    if "fails" in outcome:
        return str(outcome["fails"])
    return (outcome["origin"], outcome["kind"], outcome["version"], outcome.get("tags"))


def said(choice: Choice) -> Result:
    if choice.file is None:
        assert choice.failure is not None
        return choice.failure.value
    return described(choice.file)


def described(listed: ListedFile) -> Result:
    origin = "C" if listed.owner is Role.CHAINGUARD else "P"
    name = listed.file.filename
    parsed = parse_filename(name)
    assert parsed is not None
    if not parsed.wheel:
        return (origin, "sdist", str(parsed.version), None)
    return (origin, "wheel", str(parsed.version), "-".join(name.removesuffix(".whl").split("-")[-3:]))


def request(row: Row, installer: str, specifier: str, hashes: frozenset[str]) -> Request:
    rules = INSTALLERS[installer]
    version = Version(specifier.lstrip("=")) if specifier.startswith("==") else None
    return Request(
        name=row["project"],
        specifier=SpecifierSet(specifier),
        version=version,
        hashes=hashes,
        options=PackageOptions(sdists=row["option"] != "onlybin", prefer_binary=row["option"] == "preferbin"),
        python="3.12.99",
        ranks=rules.ranks(HOST, row["tool_version"] or None),
    )


def lookup(universe: Universe, row: Row, layout: str) -> tuple[Index, ...]:
    linked = row["flags"] != "h0"
    pages = (
        universe.page(row["project"], "c", linked=linked),
        (),
        universe.page(row["project"], "p", linked=linked),
    )
    return listing(LAYOUTS[layout], pages)


def indexes(universe: Universe, row: Row, setup: str, tool: str) -> tuple[tuple[Index, ...], Options]:
    """What a set-up's spelling means: the indexes in order, and the installer's options."""
    linked = row["flags"] != "h0"
    if setup in ONLY_C:
        return one_index(universe.page(row["project"], "c", linked=linked)), Options()
    if setup in ONLY_P or (tool == "pipenv" and setup.startswith("p ")):
        return one_index(universe.page(row["project"], "p", linked=linked)), Options()
    if setup in SERVERS:
        return lookup(universe, row, SERVERS[setup]), Options()
    if tool == "pip":
        return lookup(universe, row, PIP_LAYOUTS[setup]), Options()
    if tool == "uv":
        name, _, strategy = setup.rpartition(" ")
        return lookup(universe, row, UV_LAYOUTS[name]), Options(uv_strategy=UV_STRATEGIES[strategy])
    ordered = setup.endswith(" rso")
    name = CLIENTS[tool].get(setup) or CLIENTS[tool][setup.removesuffix(" rso")]
    return lookup(universe, row, name), Options(respect_source_order=ordered)


def locked_package(universe: Universe, row: Row, spelt: list[str], version: str) -> LockedPackage:
    """A lock that names URLs, as the row spells it."""
    artifacts = []
    for each in spelt:
        side, name, digest = universe.locked(row["project"], each)
        url = f"https://{side}.test/{name}"
        artifacts.append(Artifact(filename=name, url=url, hashes=(f"sha256:{digest}",) if digest else ()))
    return LockedPackage(
        name=row["project"],
        version=version,
        source=Source(kind=SourceKind.REGISTRY),
        artifacts=tuple(artifacts),
        line=1,
    )


def lockfile(row: Row) -> Lockfile:
    only = frozenset({":all:"}) if row["option"] == "onlybin" else frozenset()
    return Lockfile(path="lock", format="lock", options=InstallOptions(only_binary=only))

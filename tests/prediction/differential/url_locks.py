"""uv.lock and pylock.toml: locks that name the files' URLs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

from fallback_review.prediction.candidates import parse_filename

from .cases import PYPI
from .configured import Said, for_pip, for_uv, ini
from .origins import sha256_of
from .projects import FOREIGN, Project, arranged

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from fallback_review.settings.schema import Indexes

    from .cases import Case, File
    from .origins import Origins


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file of a lock that names URLs."""

    file: File
    url: str
    digest: str

    @property
    def wheel(self) -> bool:
        return self.file.filename.endswith(".whl")


def rows(case: Case, origins: Origins) -> list[Row]:
    """The files of the very version that a lock would name; the first may have another one's hash."""
    found = []
    for each in case.locked or case.chainguard:
        parsed = parse_filename(each.filename)
        if parsed is None or canonicalize_name(parsed.name) != case.normalised or not case.pinned:
            continue
        if "__" in each.filename:  # pip refuses such a lock as a whole
            continue
        if str(parsed.version) == str(Version(case.pin)):
            found.append(Row(file=each, url=origins.url(each, case), digest=sha256_of(each)))
    sdists = [each for each in found if not each.wheel][:1]
    found = [*sdists, *(each for each in found if each.wheel)]
    # Nobody asks PyPI whether a locked URL of its own brings the locked bytes: that entry is a fallback anyway.
    if found and case.swapped and found[0].file.linked_hash and found[0].file.shelf != PYPI:
        found[0] = dataclasses.replace(found[0], digest=found[-1].digest if found[1:] else FOREIGN)
    return found


def _locked_index(case: Case, origins: Origins, chance: random.Random) -> tuple[str, Indexes]:
    there = arranged(case, origins, chance)
    return there.addresses[there.locked], there.indexes


def uv_lock(case: Case, origins: Origins) -> Project | None:
    """A uv.lock; a hash may be missing, as in real ones."""
    chance = case.chance
    index, settings = _locked_index(case, origins, chance)
    said = for_uv(case, chance, requirements=False)
    found = rows(case, origins)
    if not found:
        return None

    def spelt(row: Row) -> str:
        digest = "" if chance.random() < 0.03 else f', hash = "sha256:{row.digest}"'
        return f'{{ url = "{row.url}"{digest} }}'

    lines = [
        "version = 1",
        "revision = 3",
        'requires-python = ">=3.8"',
        "",
        "[[package]]",
        f'name = "{case.normalised}"',
        f'version = "{Version(case.pin)}"',
        f'source = {{ registry = "{index}" }}',
        *(f"sdist = {spelt(each)}" for each in found if not each.wheel),
        "wheels = [",
        *(f"    {spelt(each)}," for each in found if each.wheel),
        "]",
        "",
        "[[package]]",
        'name = "root"',
        'version = "0"',
        'source = { virtual = "." }',
        f'dependencies = [{{ name = "{case.normalised}" }}]',
        "",
        "[package.metadata]",
        f'requires-dist = [{{ name = "{case.normalised}" }}]',
        "",
    ]
    manifest = f'[project]\nname = "root"\nversion = "0"\nrequires-python = ">=3.8"\ndependencies = ["{case.name}"]\n'
    if said.settings:
        manifest += "\n".join(["[tool.uv]", *said.settings, ""])
    return Project(
        form="uv.lock",
        keys=tuple(said.keys),
        lock="uv.lock",
        files={"uv.lock": "\n".join(lines), "pyproject.toml": manifest},
        command=("sync", "--frozen", "--no-install-project"),
        environment={"UV_PROJECT_ENVIRONMENT": "{target}", "UV_DEFAULT_INDEX": origins.index(PYPI)},
        indexes=settings,
    )


def _pylock(case: Case, origins: Origins, installer: str, command: Sequence[str]) -> Project | None:
    chance = case.chance
    index, settings = _locked_index(case, origins, chance)
    found = rows(case, origins)
    if not found:
        return None

    def spelt(row: Row) -> list[str]:
        named = [] if chance.random() < 0.3 else [f'name = "{row.file.filename}"']
        named += [f"upload-time = {row.file.uploaded}"] if chance.random() < 0.7 else []
        return [*named, f'url = "{row.url}"', f'hashes = {{sha256 = "{row.digest}"}}', ""]

    said, own = Said(), {}
    if installer == "pip":
        said = for_pip(case, chance)
        tables = (("global", said.more), ("install", said.settings), (":env:", said.outranking))
        own = {"pip.conf": ini(tables)} if any(each for _, each in tables) else {}
    lines = ['lock-version = "1.0"', 'created-by = "test"', "", "[[packages]]"]
    lines += [f'name = "{case.normalised}"', f'version = "{case.pin}"']
    lines += [f'index = "{index}"', ""] if chance.random() < 0.7 else [""]
    for each in found:
        lines += ["[[packages.wheels]]" if each.wheel else "[packages.sdist]", *spelt(each)]
    return Project(
        form="pylock.toml",
        keys=tuple(said.keys),
        lock="pylock.toml",
        files={**said.files, **own, "pylock.toml": "\n".join(lines)},
        command=(*command, "--target", "{target}", "-r", "pylock.toml"),
        environment={
            "PIP_INDEX_URL": origins.index(PYPI),
            "UV_DEFAULT_INDEX": origins.index(PYPI),
            **({"PIP_CONFIG_FILE": "{folder}/pip.conf"} if own else {}),
        },
        indexes=replace(settings, installer=installer),
    )


def pip_pylock(case: Case, origins: Origins) -> Project | None:
    """A pylock.toml that pip installs."""
    return _pylock(case, origins, "pip", ("install", "--no-deps", "--no-compile"))


def uv_pylock(case: Case, origins: Origins) -> Project | None:
    """A pylock.toml that uv installs."""
    return _pylock(case, origins, "uv", ("pip", "install", "--no-deps", "--preview-features", "pylock"))

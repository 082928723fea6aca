"""Configuration texts with what they mean: one row a shape that a tool's documentation or a measurement names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fallback_review import configuration
from fallback_review.model import Edition, Index, LockedPackage, Lockfile, Owner, Source, SourceKind
from fallback_review.prediction.addresses import Addresses

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fallback_review.configuration import Arrangement, Configuration
    from fallback_review.model import LockIndex, Notice

C = "https://libraries.cgr.dev/python/simple/"
R = "https://libraries.cgr.dev/python-remediated/simple/"
P = "https://pypi.test/simple"
MANAGER = "https://artifacts.index.example/api/pypi/python/simple"
OTHER = "https://private.index.example/simple"

ADDRESSES = Addresses(
    chainguard=Index(C, Owner.CHAINGUARD, Edition.MAIN),
    pypi=Index(f"{P}/", Owner.PYPI),
    pypi_hosts=frozenset({"pypi.test", "files.pypi.test"}),
)
LOCKS = {
    "pip": ("requirements.txt", "requirements.txt"),
    "uv": ("uv.lock", "uv.lock"),
    "poetry": ("poetry.lock", "poetry.lock"),
    "pdm": ("pdm.lock", "pdm.lock"),
    "pipenv": ("Pipfile.lock", "Pipfile.lock"),
    "pixi": ("pixi.lock", "pixi.lock"),
}


def package(name: str, location: str | None = None, line: int = 1) -> LockedPackage:
    source = Source(kind=SourceKind.REGISTRY, location=location)
    return LockedPackage(name=name, version="1.0", source=source, line=line)


def lock(
    installer: str,
    *,
    path: str | None = None,
    indexes: Iterable[LockIndex] = (),
    packages: Iterable[LockedPackage] = (),
    omitted: int = 0,
) -> Lockfile:
    usual, lock_format = LOCKS[installer]
    return Lockfile(
        path=path or usual,
        format=lock_format,
        indexes=tuple(indexes),
        packages=tuple(packages),
        omitted=omitted,
    )


@dataclass
class Tree:
    """A folder of texts that counts what is asked of it."""

    files: Mapping[str, str]
    asked: list[str] = field(default_factory=list)

    def text_of(self, path: str) -> str | None:
        self.asked.append(path)
        return self.files.get(path)


def read(installer: str, files: Mapping[str, str], lockfile: Lockfile | None = None) -> Configuration:
    return configuration.read(lockfile or lock(installer), Tree(files).text_of, installer=installer)


def arrange(installer: str, files: Mapping[str, str], lockfile: Lockfile | None = None) -> Arrangement:
    return configuration.arrange(read(installer, files, lockfile), ADDRESSES)


def findings(
    installer: str, files: Mapping[str, str], lockfile: Lockfile | None = None
) -> tuple[Notice, ...]:
    lockfile = lockfile or lock(installer)
    return configuration.findings(read(installer, files, lockfile), lockfile, ADDRESSES)


def uv_index(url: str, name: str = "", *more: str, table: str = "tool.uv.index") -> str:
    lines = [f"[[{table}]]", *([f'name = "{name}"'] if name else []), f'url = "{url}"', *more]
    return "\n".join(lines) + "\n"


def poetry_source(name: str, url: str = "", *more: str) -> str:
    lines = ["[[tool.poetry.source]]", f'name = "{name}"', *([f'url = "{url}"'] if url else []), *more]
    return "\n".join(lines) + "\n"


def pdm_source(name: str, url: str = "", *more: str) -> str:
    return poetry_source(name, url, *more).replace("poetry", "pdm")


def pipfile_source(name: str, url: str) -> str:
    return f'[[source]]\nname = "{name}"\nurl = "{url}"\nverify_ssl = true\n'

"""requirements.txt, for pip and for uv: indexes in the file itself, in the tool's own files, or outside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fallback_review.settings.schema import Targets

from .cases import PYPI
from .projects import HERE, Project, arranged, hashes_of

if TYPE_CHECKING:
    import random

    from .cases import Case
    from .origins import Origins

_ELSEWHERE = {
    "x86_64-manylinux_2_28": Targets(python=("3.12",), platforms=("linux-x86_64",), glibc="2.28"),
    "aarch64-manylinux_2_36": Targets(python=("3.12",), platforms=("linux-aarch64",), glibc="2.36"),
    "x86_64-unknown-linux-musl": Targets(python=("3.12",), platforms=("musllinux-x86_64",), musl="1.2"),
    "aarch64-unknown-linux-musl": Targets(python=("3.12",), platforms=("musllinux-aarch64",), musl="1.2"),
    "aarch64-apple-darwin": Targets(python=("3.12",), platforms=("macos-arm64",), macos="13.0"),
    "x86_64-apple-darwin": Targets(python=("3.12",), platforms=("macos-x86_64",), macos="13.0"),
    "x86_64-pc-windows-msvc": Targets(python=("3.12",), platforms=("windows-amd64",)),
    "aarch64-pc-windows-msvc": Targets(python=("3.12",), platforms=("windows-arm64",)),
}
"""uv's names of other platforms, which it resolves for from here."""
_STRATEGIES = ("first-index", "unsafe-first-match", "unsafe-best-match")


def _requirement(case: Case) -> str:
    asked = f"=={case.pin}" if case.pinned else case.pin
    return f"{case.name}{asked}{''.join(f' --hash=sha256:{each}' for each in hashes_of(case))}\n"


def _options(case: Case, chance: random.Random) -> list[str]:
    if chance.random() > 0.2:
        return []
    options = (
        "--only-binary :all:",
        f"--only-binary {case.name}",
        f"--no-binary {case.normalised}",
        "--prefer-binary",
        "--pre",
    )
    return [chance.choice(options)]


def of_pip(case: Case, origins: Origins) -> Project:
    """A requirements.txt that pip installs."""
    chance = case.chance
    there = arranged(case, origins, chance)
    lines = _options(case, chance)
    files, environment = {}, {}
    first, *rest = there.addresses
    builtin = there.whose[0] == PYPI and chance.random() < 0.5
    how = chance.choice(("lines", "pip.conf")) if not there.merged else "environment"
    if how == "environment" or builtin:
        environment["PIP_INDEX_URL"] = first
    if how == "lines":
        lines += [] if builtin else [f"--index-url {first}"]
        lines += [f"--extra-index-url {each}" for each in rest]
        _shuffle_two(lines, rest, chance)
    elif how == "pip.conf":
        said = [] if builtin else [f"index-url = {first}"]
        files["pip.conf"] = "\n".join(
            ["[global]", *said, *([f"extra-index-url = {' '.join(rest)}"] if rest else []), ""]
        )
        environment["PIP_CONFIG_FILE"] = "{folder}/pip.conf"
    files["requirements.txt"] = "\n".join([*lines, _requirement(case)])
    return Project(
        form=f"requirements.txt, {how}",
        lock="requirements.txt",
        files=files,
        command=("install", "--no-deps", "--no-compile", "--target", "{target}", "-r", "requirements.txt"),
        environment=environment,
        indexes=there.indexes,
        through_manager=there.merged,
    )


def of_uv(case: Case, origins: Origins) -> Project:
    """A requirements.txt that uv installs."""
    chance = case.chance
    there = arranged(case, origins, chance)
    lines = _options(case, chance)
    files, environment = {}, {}
    *rest, last = there.addresses
    builtin = there.whose[-1] == PYPI and chance.random() < 0.5
    strategy = chance.choice(_STRATEGIES)
    how = chance.choice(("lines", "index tables", "pip table")) if not there.merged else "environment"
    if how == "environment" or builtin:
        environment["UV_DEFAULT_INDEX"] = last
    if how == "lines":
        lines += [f"--extra-index-url {each}" for each in rest]
        lines += [] if builtin else [f"--index-url {last}"]
        _shuffle_two(lines, rest, chance)
        files["uv.toml"] = f'index-strategy = "{strategy}"\n'
    elif how == "index tables":
        explicit = chance.random() < 0.15 and there.whose[-1] == PYPI
        tables = [_uv_index(f"i{n}", url, "explicit" if explicit else "") for n, url in enumerate(rest)]
        tables += [] if builtin else [_uv_index("last", last, "default")]
        _shuffle_two(tables, rest, chance)
        path = chance.choice(("uv.toml", "pyproject.toml"))
        text = f'index-strategy = "{strategy}"\n\n' + "\n".join(tables)
        files[path] = (
            text if path == "uv.toml" else "[tool.uv]\n" + text.replace("[[index]]", "[[tool.uv.index]]")
        )
    elif how == "pip table":
        said = [f"extra-index-url = {json.dumps(list(rest))}"] if rest else []
        said += [] if builtin else [f'index-url = "{last}"']
        files["uv.toml"] = "\n".join(["[pip]", *said, f'index-strategy = "{strategy}"', ""])
    files["requirements.txt"] = "\n".join([*lines, _requirement(case)])
    elsewhere = chance.choice(sorted(_ELSEWHERE)) if chance.random() < 0.3 else None
    options = ("--python-platform", elsewhere, "--python-version", "3.12") if elsewhere else ()
    return Project(
        form=f"requirements.txt, {how}" + (", another platform" if elsewhere else ""),
        lock="requirements.txt",
        files=files,
        command=("pip", "install", "--no-deps", *options, "--target", "{target}", "-r", "requirements.txt"),
        environment=environment,
        indexes=there.indexes.model_copy(update={"installer": "uv"}),
        targets=_ELSEWHERE[elsewhere] if elsewhere else HERE,
        through_manager=there.merged,
    )


def _uv_index(name: str, url: str, flag: str) -> str:
    return f'[[index]]\nname = "{name}"\nurl = "{url}"\n' + (f"{flag} = true\n" if flag else "")


def _shuffle_two(lines: list[str], rest: list[str], chance: random.Random) -> None:
    """Put lines in any order, where that leaves the order of Chainguard's own two indexes alone."""
    if len(rest) < 2:
        chance.shuffle(lines)

"""requirements.txt, for pip and for uv: indexes and options in the file itself, in the tool's own files, or outside."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.settings.schema import Targets

from .cases import PYPI, STRANGER
from .configured import for_pip, for_uv, ini
from .projects import HERE, Project, arranged, hashes_of

if TYPE_CHECKING:
    import random

    from .cases import Case
    from .configured import Said
    from .origins import Origins
    from .projects import Arranged

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
_MICRO = platform.python_version()
_MARKERS = (
    f"python_full_version == '{_MICRO}'",
    f"python_full_version < '{_MICRO}'",
    f"python_full_version >= '{_MICRO}'",
    f"implementation_version > '{_MICRO}'",
    f"implementation_version <= '{_MICRO}'",
)
"""Markers that hold or not by the micro version of the Python that runs."""


def _requirement(case: Case, said: Said, chance: random.Random, *, micro: bool) -> str:
    asked = f"=={case.pin}" if case.pinned else case.pin
    if case.pinned and chance.random() < 0.12:
        asked = chance.choice(
            (f"==={case.pin}", f"=={case.pin},!=1.0+cgr.1", f"=={case.pin},<2", f"!=2,=={case.pin}")
        )
        said.keys.append("line: === or more clauses")
    marker = ""
    if micro and chance.random() < 0.1:
        marker = f" ; {chance.choice(_MARKERS)}"
        said.keys.append("line: a marker of the micro version")
    hashes = "".join(f" --hash=sha256:{each}" for each in hashes_of(case))
    behind = "".join(f" {each}" for each in said.behind)
    return f"{case.name}{asked}{marker}{hashes}{behind}\n"


def of_pip(case: Case, origins: Origins) -> Project:
    """A requirements.txt that pip installs."""
    chance = case.chance
    there = arranged(case, origins, chance)
    said = for_pip(case, chance)
    environment = {}
    first, *rest = there.addresses
    builtin = there.whose[0] == PYPI and chance.random() < 0.5
    ways = ("lines", "pip.conf", "pip.conf and lines")
    how = chance.choice(ways) if not there.merged else "environment"
    if how == "environment" or builtin:
        environment["PIP_INDEX_URL"] = first
    conf, lines = [], []
    in_lines = rest if how == "lines" else rest[: chance.randrange(len(rest) + 1)] if "and" in how else []
    if how == "lines":
        lines += [] if builtin else [f"--index-url {first}"]
    elif how != "environment":
        conf += [] if builtin else [f"index-url = {first}"]
    lines += [f"--extra-index-url {each}" for each in in_lines]
    _shuffle_two(lines, rest, chance)
    more = [each for each in rest if each not in in_lines and how != "environment"]
    if not there.merged and chance.random() < 0.12:  # once more: the first position counts
        again = chance.choice((first, first.rstrip("/"), *rest))
        said.keys.append("an index twice")
        (more if how != "lines" else in_lines).append(again)
        if how == "lines":
            lines.append(f"--extra-index-url {again}")
    if not there.merged and chance.random() < 0.06:
        more.append(origins.index(STRANGER))
        said.keys.append("an index of nobody's")
    conf += [f"extra-index-url = {' '.join(more)}"] if more else []
    files = dict(said.files)
    where = chance.choice(("global", "global", ":env:"))
    tables = [
        (name, [*lines, *(conf if name == where else [])])
        for name, lines in (("global", said.more), ("install", said.settings), (":env:", said.outranking))
    ]
    if chance.random() < 0.3:
        tables.reverse()
    if any(each for _, each in tables):
        place = chance.choice(("pip.conf", ".pip/pip.conf"))
        files[place] = ini(tables)
        environment["PIP_CONFIG_FILE"] = f"{{folder}}/{place}"
        said.keys.append(place)
    files["requirements.txt"] = "\n".join([*said.lines, *lines, _requirement(case, said, chance, micro=True)])
    return Project(
        form=f"requirements.txt, {how}",
        keys=tuple(said.keys),
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
    said = for_uv(case, chance, requirements=True)
    *rest, last = there.addresses
    builtin = there.whose[-1] == PYPI and chance.random() < 0.5
    strategy = chance.choice(_STRATEGIES)
    ways = ("lines", "index tables", "pip table", "tables and lines")
    how = chance.choice(ways) if not there.merged else "environment"
    environment = {"UV_DEFAULT_INDEX": last} if how == "environment" or builtin else {}
    path = chance.choice(("uv.toml", "pyproject.toml"))
    settings, pip, tables, lines = [f'index-strategy = "{strategy}"', *said.settings], [*said.more], [], []
    if how == "lines":
        lines += [f"--extra-index-url {each}" for each in rest]
        lines += [] if builtin else [f"--index-url {last}"]
        _shuffle_two(lines, rest, chance)
    elif how == "index tables":
        explicit = chance.random() < 0.15 and there.whose[-1] == PYPI
        tables = [_uv_index(f"i{n}", url, "explicit" if explicit else "") for n, url in enumerate(rest)]
        tables += [] if builtin else [_uv_index("last", last, "default")]
        _shuffle_two(tables, rest, chance)
    elif how == "tables and lines":
        split = chance.randrange(len(rest) + 1)
        tables = [_uv_index(f"i{n}", url, "") for n, url in enumerate(rest[:split])]
        lines = [f"--extra-index-url {each}" for each in rest[split:]]
        lines += [] if builtin else [f"--index-url {last}"]
    elif how == "pip table":
        pip += [f"extra-index-url = {json.dumps(list(rest))}"] if rest else []
        pip += [] if builtin else [f'index-url = "{last}"']
    if chance.random() < 0.1 and tables:
        tables[0] += "exclude-newer = false\n"
        said.keys.append("index: exclude-newer = false")
    tables += _strange(there, origins, said, chance)
    if lines and not builtin and chance.random() < 0.05:
        lines.append(f"--index-url {last}")
        said.keys.append("line: --index-url twice")
    files = {**said.files, path: _uv_settings(path, settings, pip, tables)}
    if any("override" in line for line in settings):
        said.keys.append("override")
    files["requirements.txt"] = "\n".join(
        [*said.lines, *lines, _requirement(case, said, chance, micro=False)]
    )
    elsewhere = chance.choice(sorted(_ELSEWHERE)) if chance.random() < 0.3 else None
    options = ("--python-platform", elsewhere, "--python-version", "3.12") if elsewhere else ()
    return Project(
        form=f"requirements.txt, {how}" + (", another platform" if elsewhere else ""),
        keys=(*said.keys, path),
        lock="requirements.txt",
        files=files,
        command=("pip", "install", "--no-deps", *options, "--target", "{target}", "-r", "requirements.txt"),
        environment=environment | {"TZ": "UTC"},
        indexes=replace(there.indexes, installer="uv"),
        targets=_ELSEWHERE[elsewhere] if elsewhere else HERE,
        through_manager=there.merged,
    )


def _strange(there: Arranged, origins: Origins, said: Said, chance: random.Random) -> list[str]:
    if there.merged or chance.random() > 0.06:
        return []
    said.keys.append("an index of nobody's")
    return [_uv_index("strange", origins.index(STRANGER), "")]


def _uv_settings(path: str, settings: list[str], pip: list[str], tables: list[str]) -> str:
    text = "\n".join([*settings, ""]) + "".join(tables)
    text += "\n".join(["[pip]", *pip, ""]) if pip else ""
    if path == "uv.toml":
        return text
    return "[tool.uv]\n" + text.replace("[[index]]", "[[tool.uv.index]]").replace("[pip]", "[tool.uv.pip]")


def _uv_index(name: str, url: str, flag: str) -> str:
    return f'[[index]]\nname = "{name}"\nurl = "{url}"\n' + (f"{flag} = true\n" if flag else "")


def _shuffle_two(lines: list[str], rest: list[str], chance: random.Random) -> None:
    """Put lines in any order, where that leaves the order of Chainguard's own two indexes alone."""
    if len(rest) < 2:
        chance.shuffle(lines)

"""A measured row -> a repository: the lockfile's text, the installer's own configuration, the settings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import tomli
from packaging.version import Version
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from fallback_review.lockfiles.content_hashes import pdm_hash, pipenv_hashes, poetry_hash
from tests.prediction.oracle import CHAINGUARD, OWN, PYPI, SIDES, universe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tests.prediction.oracle import Listed, Row

VIRTUAL = {
    "c": "chainguard-only",
    "vpkg": "virtual-project",
    "vver": "virtual-version",
    "vfile": "virtual-file",
    "vfilep": "virtual-file-pypi-first",
    "vcp": "virtual-concat",
    "vpc": "virtual-concat-pypi-first",
}
"""What a server serves -> the settings' word for it."""
STRATEGIES = {"first": "first-index", "ufm": "unsafe-first-match", "ubm": "unsafe-best-match"}
ADDRESSES = {"c": CHAINGUARD, "p": PYPI, "builtin": PYPI_SIMPLE_ENDPOINT, "cgr": CHAINGUARD, "pub": PYPI}
PROJECT = '[project]\nname = "app"\nversion = "0"\nrequires-python = ">=3.12"\ndependencies = ["{pin}"]\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One row as files."""

    path: str
    text: str
    beside: Mapping[str, str] = field(default_factory=dict)
    """The installer's configuration."""
    layout: str | None = None
    """What the settings say of the organisation's virtual index."""
    installer: str | None = None
    """The installer, where the settings have to name it."""

    @property
    def settings(self) -> str:
        indexes = {"layout": self.layout, "installer": self.installer}
        named = "".join(f'{key} = "{value}"\n' for key, value in indexes.items() if value)
        return (
            '[targets]\npython = ["3.12"]\nplatforms = ["linux-x86_64"]\nglibc = "2.36"\n'
            f'[indexes]\nchainguard = "{CHAINGUARD}"\npypi = "{PYPI}"\nvex = ""\n'
            f'pypi-hosts = ["files.pypi.test"]\nown-hosts = ["corp.test"]\n{named}'
        )


def write(row: Row) -> Written | str:
    """Return a row as files, or why there is no lockfile to review."""
    if row["phase"] == "lock":
        return "locking failed: there is no lockfile"
    if row["tool"] == "uv project" and "UV_" in row["phase"] and "--frozen" not in row["phase"]:
        return "a variable names another index for that one call of uv"
    return _TOOLS[row["tool"]](row)


# ── requirements.txt ────────────────────────────────────────────────────────────────────────────────


def _pip(row: Row) -> Written:
    setup = row["setup"]
    first, _, second = setup.partition("+")
    lines = [f"--index-url {ADDRESSES.get(first, OWN)}"]
    lines += [f"--extra-index-url {ADDRESSES[second]}"] if second else []
    return Written(
        path="requirements.txt",
        text="\n".join([*lines, *_options(row), _requirement(row)]) + "\n",
        layout=_layout(setup),
    )


def _uv_pip(row: Row) -> Written:
    setup, _, strategy = row["setup"].rpartition(" ") if " " in row["setup"] else (row["setup"], "", "first")
    lines: list[str] = []
    indexes = ""
    if setup.startswith("idx-url="):
        lines = [f"--index-url {CHAINGUARD}", f"--extra-index-url {PYPI}"]
    else:
        *before, default = setup.split("+")
        indexes = _uv_indexes(before, default)
    return Written(
        path="requirements.txt",
        text="\n".join([*lines, *_options(row), _requirement(row)]) + "\n",
        beside={"uv.toml": f'index-strategy = "{STRATEGIES[strategy]}"\n{indexes}'},
        layout=_layout(setup),
        installer="uv",
    )


def _uv_indexes(before: Iterable[str], default: str, *, table: str = "index", explicit: bool = False) -> str:
    named = "".join(
        f'[[{table}]]\nname = "{each}"\nurl = "{ADDRESSES[each]}"\n{"explicit = true" if explicit else ""}\n'
        for each in before
    )
    if default == "builtin":
        return named
    return f'{named}[[{table}]]\nname = "{default}"\nurl = "{ADDRESSES.get(default, OWN)}"\ndefault = true\n'


def _options(row: Row) -> list[str]:
    return {"onlybin": ["--only-binary :all:"], "preferbin": ["--prefer-binary"]}.get(row["option"], [])


def _requirement(row: Row) -> str:
    asked = universe().projects[row["project"]]["requirement"]
    if row["hashes"] == "none":
        return f"{row['project']}{asked}"
    version = asked.removeprefix("==") if asked.startswith("==") else "1.0" if row["hashes"] == "c" else "2.0"
    digests = [
        file.sha256
        for side in SIDES
        if row["hashes"] in (side, "both")
        for file in universe().page(row["project"], side)
        if Version(file.version).public == version
    ]
    return " ".join([f"{row['project']}=={version}", *(f"--hash=sha256:{digest}" for digest in digests)])


# ── locks that name URLs ────────────────────────────────────────────────────────────────────────────


def _uv_lock(row: Row) -> Written:
    [lock] = row["lock"]
    registry = lock["registry"]
    files = [universe().spelt(row["project"], each) for each in lock["files"]]
    sdist = [_inline(file, hashed=hashed) for file, hashed in files if file.filename.endswith(".tar.gz")]
    wheels = [_inline(file, hashed=hashed) for file, hashed in files if file.filename.endswith(".whl")]
    setup, _, strategy = row["setup"].rpartition(" ")
    if strategy in STRATEGIES:
        *before, default = setup.split("+")
        configured = _uv_indexes(before, default, table="tool.uv.index")
        configured += f'[tool.uv]\nindex-strategy = "{STRATEGIES[strategy]}"\n'
    elif row["setup"].startswith("c explicit"):
        configured = _uv_indexes(
            ["c"], "builtin" if registry == "builtin" else "p", table="tool.uv.index", explicit=True
        )
        if row["setup"].endswith("source=c"):
            configured += f'[tool.uv.sources]\n{row["project"]} = {{ index = "c" }}\n'
    else:
        configured = _uv_indexes([], row["setup"], table="tool.uv.index")
    pin = f"{row['project']}=={lock['version']}"
    return Written(
        path="uv.lock",
        text=(
            'version = 1\nrevision = 3\nrequires-python = ">=3.12"\n\n'
            '[[package]]\nname = "app"\nversion = "0"\nsource = { virtual = "." }\n'
            f'dependencies = [\n    {{ name = "{row["project"]}" }},\n]\n\n'
            f'[[package]]\nname = "{row["project"]}"\nversion = "{lock["version"]}"\n'
            f'source = {{ registry = "{ADDRESSES.get(registry, OWN).rstrip("/")}" }}\n'
            + "".join(f"sdist = {each}\n" for each in sdist[:1])
            + f"wheels = [\n{''.join(f'    {each},{chr(10)}' for each in wheels)}]\n"
        ),
        beside={"pyproject.toml": PROJECT.format(pin=pin) + configured},
        layout=_layout(row["setup"]),
    )


def _inline(file: Listed, *, hashed: bool) -> str:
    digest = f', hash = "sha256:{file.sha256}"' if hashed else ""
    return f'{{ url = "{file.url}"{digest}, size = 1 }}'


def _pylock(row: Row) -> Written:
    """A lock of one origin; `swapped`: the other origin's hash stands beside each URL."""
    configured, locked, keyed = (each.split(" ")[-1] for each in row["setup"].split(", "))
    side = locked.lower()
    page = universe().page(row["project"], side)
    newest = max(Version(file.version) for file in page)
    files = [file for file in page if Version(file.version) == newest]
    digests = {file.filename: file.sha256 for file in files}
    if row["hashes"] == "swapped":
        other = universe().page(row["project"], "p" if side == "c" else "c")[0].sha256
        digests = dict.fromkeys(digests, other)
    table = {
        file.filename: f'{{ name = "{file.filename}", url = "{file.url}", '
        f'hashes = {{ sha256 = "{digests[file.filename]}" }} }}'
        for file in files
    }
    wheels = [entry for name, entry in table.items() if name.endswith(".whl")]
    sdists = [entry for name, entry in table.items() if name.endswith(".tar.gz")]
    index = f'index = "{ADDRESSES[side]}"\n' if keyed == "True" else ""
    uv = row["tool"].startswith("uv")
    return Written(
        path="pylock.toml",
        text=(
            'lock-version = "1.0"\ncreated-by = "a-tool"\n\n'
            f'[[packages]]\nname = "{row["project"]}"\nversion = "{newest}"\n{index}'
            + "".join(f"sdist = {entry}\n" for entry in sdists[:1])
            + f"wheels = [\n{''.join(f'    {entry},{chr(10)}' for entry in wheels)}]\n"
        ),
        beside={"uv.toml": _uv_indexes([], configured)} if uv else {},
        layout=_layout(configured) if uv else None,
        installer="uv" if uv else "pip",
    )


# ── locks that leave the URLs to an index ───────────────────────────────────────────────────────────


def _poetry(row: Row) -> Written:
    """`builtin: p then X`: what is reached as PyPI serves X by now, which the settings say."""
    lock, setup = row["lock"], row["setup"]
    later = setup.rpartition(" then ")[2] if " then " in setup else ""
    sources = [] if later else _POETRY.get(setup, [])
    name = lock["source"]
    source = ""
    if name is not None:
        url = {**ADDRESSES, "one": ADDRESSES.get(setup, OWN), "corp": OWN}[name]
        source = f'\n[package.source]\ntype = "legacy"\nurl = "{url.rstrip("/")}"\nreference = "{name}"\n'
        sources = sources or [(name, url, "primary")]
    configured = "".join(
        f'[[tool.poetry.source]]\nname = "{each}"\n{f"url = {json.dumps(url)}" if url else ""}\n'
        f'priority = "{priority}"\n'
        for each, url, priority in sources
    )
    manifest = PROJECT.format(pin=f"{row['project']}=={lock['version']}") + configured
    digest = poetry_hash(tomli.loads(manifest))
    return Written(
        path="poetry.lock",
        text=(
            f'[[package]]\nname = "{row["project"]}"\nversion = "{lock["version"]}"\ndescription = ""\n'
            f'optional = false\npython-versions = ">=3.8"\ngroups = ["main"]\nfiles = [\n{_named(row)}]\n'
            f'{source}\n[metadata]\nlock-version = "2.1"\npython-versions = ">=3.12"\n'
            f'content-hash = "{digest}"\n'
        ),
        beside={"pyproject.toml": manifest},
        layout=_layout(setup, later),
    )


_BUILTIN = ("PyPI", "")
_POETRY = {
    "c explicit, no dep source": [("cgr", CHAINGUARD, "explicit")],
    "c explicit, dep source=c": [("cgr", CHAINGUARD, "explicit")],
    "c primary + builtin primary": [("cgr", CHAINGUARD, "primary"), (*_BUILTIN, "primary")],
    "c primary + builtin supplemental": [("cgr", CHAINGUARD, "primary"), (*_BUILTIN, "supplemental")],
    "c primary + p primary": [("cgr", CHAINGUARD, "primary"), ("pub", PYPI, "primary")],
    "c primary + p supplemental": [("cgr", CHAINGUARD, "primary"), ("pub", PYPI, "supplemental")],
    "p primary + c primary": [("pub", PYPI, "primary"), ("cgr", CHAINGUARD, "primary")],
    "c supplemental (builtin primary)": [("cgr", CHAINGUARD, "supplemental")],
}


def _pdm(row: Row) -> Written:
    lock, setup = row["lock"], row["setup"]
    later = setup.rpartition(" then ")[2] if " then " in setup else ""
    arranged, _, ordered = setup.partition(" rso")
    sources = _PDM.get(arranged, [("pypi", ADDRESSES.get(arranged, OWN), "")])
    if setup.startswith("PDM_PYPI_URL"):
        sources = []
    configured = "".join(
        f'[[tool.pdm.source]]\nname = "{name}"\nurl = "{url}"\n{more.format(row["project"])}\n'
        for name, url, more in sources
    )
    if " rso" in setup:
        configured += f"[tool.pdm.resolution]\nrespect-source-order = true\n{ordered}"
    static = row["option"] == "static"
    strategy = '["inherit_metadata", "static_urls"]' if static else '["inherit_metadata"]'
    manifest = PROJECT.format(pin=f"{row['project']}=={lock['version']}") + configured
    return Written(
        path="pdm.lock",
        text=(
            f'[metadata]\ngroups = ["default"]\nstrategy = {strategy}\nlock_version = "4.5.1"\n'
            f'content_hash = "sha256:{pdm_hash(tomli.loads(manifest))}"\n\n'
            '[[metadata.targets]]\nrequires_python = ">=3.12"\n\n'
            f'[[package]]\nname = "{row["project"]}"\nversion = "{lock["version"]}"\nsummary = ""\n'
            f'groups = ["default"]\nfiles = [\n{_named(row, by="url" if static else "file")}]\n'
        ),
        beside={"pyproject.toml": manifest},
        layout=_layout(arranged, later),
    )


_PDM = {
    "builtin": [],
    "c + p": [("cgr", CHAINGUARD, ""), ("pypi", PYPI, "")],
    "c + builtin": [("cgr", CHAINGUARD, "")],
    "p + c": [("pypi", PYPI, ""), ("cgr", CHAINGUARD, "")],
    "c include_packages": [("cgr", CHAINGUARD, 'include_packages = ["{}"]')],
    "c include, p exclude": [
        ("cgr", CHAINGUARD, 'include_packages = ["{}"]'),
        ("pypi", PYPI, 'exclude_packages = ["{}"]'),
    ],
}


def _pipenv(row: Row) -> Written:
    """Pipenv does not heed PIPENV_PYPI_MIRROR where a lock names its sources."""
    lock, setup = row["lock"], row["setup"]
    later = setup.rpartition(" then ")[2] if setup.startswith("dyn") else ""
    if setup.startswith("PIPENV_PYPI_MIRROR"):
        named = {"pypi": PYPI}
    elif " + " in setup:
        both = {"c": ("cgr", CHAINGUARD), "p": ("pypi", PYPI)}
        named = dict(both[each[0]] for each in setup.split(" + "))
    else:
        named = {"pypi": ADDRESSES.get(setup, OWN)}
    hashes = [f"sha256:{universe().spelt(row['project'], each)[0].sha256}" for each in lock["files"]]
    sources = "".join(
        f'[[source]]\nurl = "{url}"\nverify_ssl = true\nname = "{name}"\n' for name, url in named.items()
    )
    manifest = f'{sources}[packages]\n{row["project"]} = "{lock["version"]}"\n'
    document = {
        "_meta": {
            "hash": {"sha256": pipenv_hashes(tomli.loads(manifest))[0]},
            "pipfile-spec": 6,
            "requires": {},
            "sources": [{"name": name, "url": url, "verify_ssl": True} for name, url in named.items()],
        },
        "default": {row["project"]: {"hashes": hashes, "index": lock["index"], "version": lock["version"]}},
        "develop": {},
    }
    return Written(
        path="Pipfile.lock",
        text=json.dumps(document, indent=4),
        beside={"Pipfile": manifest},
        layout=_layout(setup, later),
    )


def _named(row: Row, *, by: str = "file") -> str:
    lines = []
    for each in row["lock"]["files"]:
        file, hashed = universe().spelt(row["project"], each)
        digest = f', hash = "sha256:{file.sha256}"' if hashed else ""
        lines.append(f'    {{{by} = "{file.url if by == "url" else file.filename}"{digest}}},\n')
    return "".join(lines)


def _layout(setup: str, later: str = "") -> str | None:
    """What the settings say of a server: what it serves, maybe only later; nothing of the two indexes."""
    return VIRTUAL.get(later or setup) if later or setup != "c" else None


_TOOLS: Mapping[str, Callable[[Row], Written]] = {
    "pip": _pip,
    "uv pip": _uv_pip,
    "uv project": _uv_lock,
    "pip -r pylock": _pylock,
    "uv pip sync": _pylock,
    "uv pip install -r": _pylock,
    "poetry": _poetry,
    "pdm": _pdm,
    "pipenv": _pipenv,
}

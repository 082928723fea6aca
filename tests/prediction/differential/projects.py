"""A case as one installer's own files: a lock, the configuration of its indexes, and the settings to review it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from fallback_review.prediction.candidates import parse_filename
from fallback_review.settings import Indexes

from .cases import CHAINGUARD, PYPI, REMEDIATED, Case, File
from .origins import sha256_of

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Mapping, Sequence

    from .origins import Origins

MERGED = (
    "virtual-project",
    "virtual-version",
    "virtual-file",
    "virtual-file-pypi-first",
    "virtual-concat",
    "virtual-concat-pypi-first",
)
FOREIGN = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """What lies in the folder that an installer runs in."""

    form: str
    """Which lock and which kind of configuration, for the count."""
    lock: str
    files: Mapping[str, str]
    command: tuple[str, ...]
    """After the installer's name; ``{target}`` is the folder to install into."""
    environment: Mapping[str, str] = field(default_factory=dict)
    indexes: Indexes
    """The settings of the review."""
    through_manager: bool = False
    """Whether links lead through a manager: then bytes alone tell the owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """An arrangement of indexes: which are asked in which order, or a manager that merges them."""

    addresses: tuple[str, ...]
    whose: tuple[str, ...]
    indexes: Indexes
    merged: bool
    first_locked: int
    """Which of them the lock names, where it names one."""


def arrangement(case: Case, origins: Origins, chance: random.Random) -> Drawn:
    """Draw how the client comes to the indexes."""
    own = (*((REMEDIATED,) if case.remediated_apart else ()), CHAINGUARD)
    known = {
        "chainguard": origins.index(CHAINGUARD),
        "remediated": origins.index(REMEDIATED) if case.remediated_apart else None,
        "pypi": origins.index(PYPI),
        "pypi_hosts": (origins.pypi.base.partition("://")[2],),
    }
    if chance.random() < 0.35:
        layout = chance.choice(MERGED)
        manager = {"layout": layout} if chance.random() < 0.5 else {"resolver": origins.index(layout)}
        hosts = (origins.manager.base.partition("://")[2],)
        settings = Indexes.model_validate(known | manager | {"own_hosts": hosts}, by_name=True)
        return Drawn(
            addresses=(origins.index(layout),), whose=(layout,), indexes=settings, merged=True, first_locked=0
        )
    whose = chance.choice((own, (*own, PYPI), (*own, PYPI), (PYPI, *own)))
    return Drawn(
        addresses=tuple(map(origins.index, whose)),
        whose=whose,
        indexes=Indexes.model_validate(known, by_name=True),
        merged=False,
        first_locked=chance.randrange(len(whose)),
    )


def hashes_of(case: Case) -> list[str]:
    digests = dict.fromkeys(sha256_of(each) for each in case.locked)
    return [*digests, *([FOREIGN] if case.foreign_hash and digests else [])]


# ── requirements.txt: pip and uv ────────────────────────────────────────────────────────────────────


def requirement(case: Case) -> str:
    asked = f"=={case.pin}" if case.pinned else case.pin
    return f"{case.name}{asked}{''.join(f' --hash=sha256:{each}' for each in hashes_of(case))}\n"


def binary_lines(case: Case, chance: random.Random) -> list[str]:
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


def pip_requirements(case: Case, origins: Origins) -> Project:
    chance = case.chance
    drawn = arrangement(case, origins, chance)
    lines = binary_lines(case, chance)
    files, environment = {}, {}
    first, *rest = drawn.addresses
    builtin = drawn.whose[0] == PYPI and chance.random() < 0.5
    how = chance.choice(("lines", "pip.conf")) if not drawn.merged else "environment"
    if how == "environment" or builtin:
        environment["PIP_INDEX_URL"] = first
    if how == "lines":
        lines += [] if builtin else [f"--index-url {first}"]
        lines += [f"--extra-index-url {each}" for each in rest]
        chance.shuffle(lines) if len(rest) < 2 else None
    elif how == "pip.conf":
        said = [] if builtin else [f"index-url = {first}"]
        files["pip.conf"] = "\n".join(
            ["[global]", *said, *([f"extra-index-url = {' '.join(rest)}"] if rest else []), ""]
        )
        environment["PIP_CONFIG_FILE"] = "{folder}/pip.conf"
    files["requirements.txt"] = "\n".join([*lines, requirement(case)])
    return Project(
        form=f"requirements.txt, {how}",
        lock="requirements.txt",
        files=files,
        command=("install", "--no-deps", "--no-compile", "--target", "{target}", "-r", "requirements.txt"),
        environment=environment,
        indexes=drawn.indexes,
        through_manager=drawn.merged,
    )


UV_STRATEGIES = ("first-index", "unsafe-first-match", "unsafe-best-match")


def uv_requirements(case: Case, origins: Origins) -> Project:
    chance = case.chance
    drawn = arrangement(case, origins, chance)
    lines = binary_lines(case, chance)
    files, environment = {}, {}
    *rest, last = drawn.addresses
    builtin = drawn.whose[-1] == PYPI and chance.random() < 0.5
    strategy = chance.choice(UV_STRATEGIES)
    how = chance.choice(("lines", "index tables", "pip table")) if not drawn.merged else "environment"
    settings = drawn.indexes
    if how == "environment" or builtin:
        environment["UV_DEFAULT_INDEX"] = last
    if how == "lines":
        lines += [f"--extra-index-url {each}" for each in rest]
        lines += [] if builtin else [f"--index-url {last}"]
        chance.shuffle(lines) if len(rest) < 2 else None
        files["uv.toml"] = f'index-strategy = "{strategy}"\n'
    elif how == "index tables":
        explicit = chance.random() < 0.15 and drawn.whose[-1] == PYPI
        tables = [_uv_index(f"i{n}", url, "explicit" if explicit else "") for n, url in enumerate(rest)]
        tables += [] if builtin else [_uv_index("last", last, "default")]
        chance.shuffle(tables) if len(rest) < 2 else None
        path = chance.choice(("uv.toml", "pyproject.toml"))
        text = f'index-strategy = "{strategy}"\n\n' + "\n".join(tables)
        files[path] = (
            text if path == "uv.toml" else "[tool.uv]\n" + text.replace("[[index]]", "[[tool.uv.index]]")
        )
    elif how == "pip table":
        said = [f"extra-index-url = {json.dumps(list(rest))}"] if rest else []
        said += [] if builtin else [f'index-url = "{last}"']
        files["uv.toml"] = "\n".join(["[pip]", *said, f'index-strategy = "{strategy}"', ""])
    files["requirements.txt"] = "\n".join([*lines, requirement(case)])
    return Project(
        form=f"requirements.txt, {how}",
        lock="requirements.txt",
        files=files,
        command=("pip", "install", "--no-deps", "--target", "{target}", "-r", "requirements.txt"),
        environment=environment,
        indexes=settings.model_copy(update={"installer": "uv"}),
        through_manager=drawn.merged,
    )


def _uv_index(name: str, url: str, flag: str) -> str:
    return f'[[index]]\nname = "{name}"\nurl = "{url}"\n' + (f"{flag} = true\n" if flag else "")


# ── Locks that name URLs ────────────────────────────────────────────────────────────────────────────


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
    if found and case.swapped and found[0].file.linked_hash:
        found[0] = Row(
            file=found[0].file, url=found[0].url, digest=sha256_of(found[-1].file) if found[1:] else FOREIGN
        )
    return found


def _locked_index(case: Case, origins: Origins, chance: random.Random) -> tuple[str, Indexes]:
    drawn = arrangement(case, origins, chance)
    return drawn.addresses[drawn.first_locked], drawn.indexes


def uv_lock(case: Case, origins: Origins) -> Project | None:
    chance = case.chance
    index, settings = _locked_index(case, origins, chance)
    found = rows(case, origins)
    if not found:
        return None

    def spelt(row: Row) -> str:
        digest = "" if chance.random() < 0.03 else f', hash = "sha256:{row.digest}"'
        return f'{{ url = "{row.url}"{digest}, size = 1 }}'

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
    return Project(
        form="uv.lock",
        lock="uv.lock",
        files={"uv.lock": "\n".join(lines).replace(", size = 1", ""), "pyproject.toml": manifest},
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
        return [*named, f'url = "{row.url}"', f'hashes = {{sha256 = "{row.digest}"}}', ""]

    lines = ['lock-version = "1.0"', 'created-by = "test"', "", "[[packages]]"]
    lines += [f'name = "{case.normalised}"', f'version = "{case.pin}"']
    lines += [f'index = "{index}"', ""] if chance.random() < 0.7 else [""]
    for each in found:
        lines += ["[[packages.wheels]]" if each.wheel else "[packages.sdist]", *spelt(each)]
    return Project(
        form="pylock.toml",
        lock="pylock.toml",
        files={"pylock.toml": "\n".join(lines)},
        command=(*command, "--target", "{target}", "-r", "pylock.toml"),
        environment={"PIP_INDEX_URL": origins.index(PYPI), "UV_DEFAULT_INDEX": origins.index(PYPI)},
        indexes=settings.model_copy(update={"installer": installer}),
    )


def pip_pylock(case: Case, origins: Origins) -> Project | None:
    return _pylock(case, origins, "pip", ("install", "--no-deps", "--no-compile"))


def uv_pylock(case: Case, origins: Origins) -> Project | None:
    return _pylock(case, origins, "uv", ("pip", "install", "--no-deps", "--preview-features", "pylock"))


# ── Poetry, PDM, Pipenv ─────────────────────────────────────────────────────────────────────────────


def poetry(case: Case, origins: Origins) -> Project | None:
    if not case.pinned:
        return None
    chance = case.chance
    drawn = arrangement(case, origins, chance)
    supplemental = chance.random() < 0.4
    sources = [
        {"name": f"s{n}", "url": url, "priority": "supplemental" if supplemental and n else "primary"}
        for n, url in enumerate(drawn.addresses)
    ]
    if len(sources) > 1 and chance.random() < 0.2:
        sources[drawn.first_locked]["priority"] = "explicit"
    if all(each["priority"] != "primary" for each in sources):
        sources[0]["priority"] = "primary"
    named = sources[drawn.first_locked]
    wanted = f"=={case.pin}"
    dependencies = {"python": ">=3.8", case.name: {"version": wanted, "source": named["name"]}}
    relevant = {"dependencies": dependencies, "source": sources, "extras": None, "dev-dependencies": None}
    content_hash = hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()
    manifest = ["[tool.poetry]", "package-mode = false", "", "[tool.poetry.dependencies]", 'python = ">=3.8"']
    manifest += [f'"{case.name}" = {{version = "{wanted}", source = "{named["name"]}"}}', ""]
    for each in sources:
        manifest += ["[[tool.poetry.source]]", *(f'{key} = "{value}"' for key, value in each.items()), ""]
    lock = [
        "# This file is automatically @generated by Poetry 2.5.1 and should not be changed by hand.",
        "",
        "[[package]]",
        f'name = "{case.normalised}"',
        f'version = "{case.pin}"',
        'description = ""',
        "optional = false",
        'python-versions = "*"',
        'groups = ["main"]',
        "files = [",
        *_files(case, "    {{file = {name}, hash = {digest}}},"),
        "]",
        "",
        "[package.source]",
        'type = "legacy"',
        f'url = "{named["url"].rstrip("/")}"',
        f'reference = "{named["name"]}"',
        "",
        "[metadata]",
        'lock-version = "2.1"',
        'python-versions = ">=3.8"',
        f'content-hash = "{content_hash}"',
        "",
    ]
    return Project(
        form="poetry.lock",
        lock="poetry.lock",
        files={"poetry.lock": "\n".join(lock), "pyproject.toml": "\n".join(manifest)},
        command=("install", "--no-root", "--no-interaction", "--no-cache"),
        indexes=drawn.indexes,
        through_manager=drawn.merged,
    )


def _files(case: Case, pattern: str) -> list[str]:
    lines = [
        pattern.format(name=json.dumps(each.filename), digest=json.dumps(f"sha256:{sha256_of(each)}"))
        for each in case.locked
    ]
    if lines and case.foreign_hash:
        name = f"case_{case.number}-{case.pin}-py3-none-any.whl"
        lines.append(pattern.format(name=json.dumps(name), digest=json.dumps(f"sha256:{FOREIGN}")))
    return lines


def pdm(case: Case, origins: Origins) -> Project | None:
    if not case.pinned:
        return None
    chance = case.chance
    drawn = arrangement(case, origins, chance)
    builtin = drawn.whose[0] == PYPI and chance.random() < 0.5
    manifest = [
        "[project]",
        'name = "root"',
        'version = "0"',
        'requires-python = ">=3.8"',
        f'dependencies = ["{case.name}=={case.pin}"]',
        "",
        "[tool.pdm]",
        "distribution = false",
        "",
    ]
    if chance.random() < 0.4:
        manifest += ["[tool.pdm.resolution]", "respect-source-order = true", ""]
    rule = chance.choice(("include_packages", "exclude_packages")) if chance.random() < 0.2 else ""
    ruled = chance.randrange(len(drawn.whose))
    if drawn.whose[ruled] == REMEDIATED or (rule == "exclude_packages" and len(drawn.whose) == 1):
        rule = ""  # nothing would be left to ask, or half of Chainguard's
    named = list(zip(drawn.whose, drawn.addresses, strict=True))[1 if builtin else 0 :]
    for number, (_, url) in enumerate(named):
        # a source of the name "pypi" takes the place of PDM's built-in PyPI
        name = "pypi" if not builtin and number == 0 else f"s{number}"
        manifest += ["[[tool.pdm.source]]", f'name = "{name}"', f'url = "{url}"']
        manifest += (
            [f'{rule} = ["{chance.choice(("case-*", case.normalised, "other-*"))}"]']
            if rule and number == ruled
            else []
        )
        manifest += [""]
    static = chance.random() < 0.2
    found = rows(case, origins)
    files = _files(case, "    {{file = {name}, hash = {digest}}},")
    if static:
        if not found:
            return None
        files = [f'    {{url = "{each.url}", hash = "sha256:{each.digest}"}},' for each in found]
    lock = [
        "# This file is @generated by PDM.",
        "",
        "[metadata]",
        'groups = ["default"]',
        'strategy = ["inherit_metadata", "static_urls"]' if static else 'strategy = ["inherit_metadata"]',
        'lock_version = "4.5.0"',
        f'content_hash = "sha256:{FOREIGN}"',
        "",
        "[[metadata.targets]]",
        'requires_python = ">=3.8"',
        "",
        "[[package]]",
        f'name = "{case.normalised}"',
        f'version = "{case.pin}"',
        'groups = ["default"]',
        "files = [",
        *files,
        "]",
        "",
    ]
    return Project(
        form="pdm.lock, static URLs" if static else "pdm.lock",
        lock="pdm.lock",
        files={"pdm.lock": "\n".join(lock), "pyproject.toml": "\n".join(manifest)},
        command=("sync", "--no-self"),
        environment={"PDM_PYPI_URL": origins.index(PYPI)},
        indexes=drawn.indexes,
        through_manager=drawn.merged,
    )


def pipenv(case: Case, origins: Origins) -> Project | None:
    if not case.pinned:
        return None
    chance = case.chance
    drawn = arrangement(case, origins, chance)
    sources = [{"name": f"s{n}", "url": url, "verify_ssl": False} for n, url in enumerate(drawn.addresses)]
    entry: dict[str, object] = {"version": f"=={case.pin}"}
    if hashes := hashes_of(case):
        entry["hashes"] = [f"sha256:{each}" for each in hashes]
    if chance.random() < 0.6:
        entry["index"] = sources[drawn.first_locked]["name"]
    lock = {
        "_meta": {
            "hash": {"sha256": FOREIGN},
            "pipfile-spec": 6,
            "requires": {},
            "sources": sources,
        },
        "default": {case.normalised: entry},
        "develop": {},
    }
    manifest = []
    for each in sources:
        manifest += [
            "[[source]]",
            f'url = "{each["url"]}"',
            "verify_ssl = false",
            f'name = "{each["name"]}"',
            "",
        ]
    index = f', index = "{entry["index"]}"' if "index" in entry else ""
    manifest += ["[packages]", f'"{case.name}" = {{version = "=={case.pin}"{index}}}', ""]
    return Project(
        form="Pipfile.lock",
        lock="Pipfile.lock",
        files={"Pipfile.lock": json.dumps(lock, indent=4), "Pipfile": "\n".join(manifest)},
        command=("sync",),
        indexes=drawn.indexes,
        through_manager=drawn.merged,
    )


FORMS: Mapping[str, tuple[Callable[[Case, Origins], Project | None], ...]] = {
    "pip": (*[pip_requirements] * 4, pip_pylock),
    "uv": (*[uv_requirements] * 4, uv_lock, uv_pylock),
    "poetry": (poetry,),
    "pdm": (pdm,),
    "pipenv": (pipenv,),
}


def project_for(installer: str, case: Case, origins: Origins) -> Project | None:
    """Return the case as the installer's project; None where the installer has no such lock."""
    forms = FORMS[installer]
    return forms[case.number % len(forms)](case, origins)

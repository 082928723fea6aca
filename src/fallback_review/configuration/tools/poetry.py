"""Poetry: ``[[tool.poetry.source]]`` and dependencies in ``pyproject.toml``, and ``poetry.toml``.

Rules, from python-poetry.org/docs/repositories, Poetry 2.5's `Factory.create_pool`, and measured: a source
without a priority is primary; PyPI stays in, as a primary source, while no source is primary and none is
named PyPI; the name PyPI, in any case and without a URL, is PyPI itself. Before 2.0: ``default = true`` or
the priority ``default`` shuts PyPI out, ``secondary = true`` comes behind the primary ones.
``installer.no-binary`` and ``only-binary`` choose between the files of a version, a name before ``:all:``;
names in an array must be spelt as PEP 503 has them. A lock whose content hash does not fit
``pyproject.toml`` is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.configuration.keys import Keys, Unmodelled, not_comparable
from fallback_review.configuration.tools.interface import Tool
from fallback_review.configuration.values import Configuration, ConfiguredIndex, clip
from fallback_review.lockfiles.content_hashes import is_content_hash, poetry_hashes
from fallback_review.lockfiles.installer_files import beside
from fallback_review.lockfiles.names import normalise_name
from fallback_review.model import InstallOptions, Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.documents import ConfigurationFiles, Section
    from fallback_review.model import Lockfile

PRIMARY = frozenset({"default", "primary"})
KEYS = Keys(
    installer="poetry",
    place="poetry.toml",
    modelled={
        "installer.no-binary": "takes only source distributions; a name outranks `:all:`",
        "installer.only-binary": "takes only wheels, of named packages or of all",
    },
    not_modelled={
        "installer.re-resolve": Unmodelled(effect="Poetry does not follow the lock's markers"),
    },
    harmless=frozenset({
        "cache-dir", "data-dir", "installer.build-config-settings", "installer.builtin-uninstall",
        "installer.max-workers", "installer.parallel", "keyring.enabled", "python.installation-dir",
        "requests.max-retries", "solver.lazy-wheel", "solver.min-release-age",
        "solver.min-release-age-exclude", "solver.min-release-age-exclude-source", "system-git-client",
        "virtualenvs.create", "virtualenvs.in-project", "virtualenvs.options.always-copy",
        "virtualenvs.options.no-pip", "virtualenvs.options.system-site-packages", "virtualenvs.path",
        "virtualenvs.prompt", "virtualenvs.use-poetry-python",
    }),
    unknown="Poetry ignores keys that it does not know; a newer version may know it",
)  # fmt: skip
FAMILIES = (
    "certificates.",
    "http-basic.",
    "pypi-token.",
    "repositories.",
    "installer.build-config-settings.",
)
"""Keys of ``poetry.toml`` that go on with a name of the user's: credentials, and where to publish."""
PROJECT_KEYS = Keys(
    installer="poetry",
    place="[tool.poetry] of pyproject.toml",
    modelled={
        "source": "the sources with their priorities",
        "dependencies": "the source that a package names",
        "dev-dependencies": "the source that a package names",
        "group": "the source that a package names",
    },
    harmless=frozenset({
        "authors", "build", "build-constraints", "classifiers", "description", "documentation", "exclude",
        "extras", "homepage", "include", "keywords", "license", "maintainers", "name", "package-mode",
        "packages", "plugins", "readme", "repository", "requires-plugins", "requires-poetry", "scripts",
        "urls", "version",
    }),
    unknown="Poetry 2 stops at it",
)  # fmt: skip
SOURCE_KEYS = Keys(
    installer="poetry",
    place="[[tool.poetry.source]]",
    modelled={
        "name": "its name",
        "url": "its address",
        "priority": "whether it is asked first, after the others, or only for packages that name it",
        "links": "whether it is an index or one page that lists files",
        "default": "before Poetry 2: it takes PyPI's place",
        "secondary": "before Poetry 2: it is asked after the others",
    },
    harmless=frozenset({"indexed"}),
    unknown="Poetry 2 stops at it",
)
VARIABLES = frozenset(
    {"POETRY_INSTALLER_NO_BINARY", "POETRY_INSTALLER_ONLY_BINARY", "POETRY_INSTALLER_RE_RESOLVE"}
)
_NOW = "2.1"
"""The lock version that Poetry 2 writes."""


def read(lockfile: Lockfile, files: ConfigurationFiles) -> Configuration:
    """Return Poetry's configuration for a lockfile."""
    config, path = beside(lockfile.path, "poetry.toml", "pyproject.toml")
    settings, document = files.toml(config), files.toml(path)
    poetry = document.table("tool", "poetry") if document else None
    indexes = tuple(_indexes(poetry)) if poetry else ()
    flat = settings.holding(dict(_flattened(settings.data))) if settings else None
    sources = list(poetry.tables("source")) if poetry else []
    tables = [(KEYS, flat)] if flat else []
    tables += [(PROJECT_KEYS, poetry)] if poetry else []
    tables += [(SOURCE_KEYS, table) for table in sources]
    return Configuration(
        installer="poetry",
        indexes=indexes,
        names_sources=document is not None,
        package_index=_package_index(poetry) if poetry else {},
        builtin_pypi=not any(
            index.priority in PRIMARY or (index.name or "").lower() == "pypi" for index in indexes
        ),
        options=_options(flat) if flat else InstallOptions(),
        not_modelled=tuple(each for keys, table in tables for each in keys.passed_over(table)),
        unknown_keys=(
            *(each for keys, table in tables for each in keys.strange(table)),
            *(
                not_comparable(_content_hash(lockfile), lockfile, document.path)
                if document and poetry
                else ()
            ),
        ),
        refused=next(iter(files.broken), None)
        or (_crash(flat) if flat else None)
        or _refused(lockfile, document, poetry, sources),
        files=tuple(each.path for each in (document, settings) if each is not None),
    )


def _flattened(data: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Give the values of nested tables under dotted keys, as Poetry calls them."""
    for key, value in data.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and value:
            yield from _flattened(value, f"{name}.")
        elif not f"{name}.".startswith(FAMILIES):
            yield name, value


def _options(settings: Section) -> InstallOptions:
    return InstallOptions(
        no_binary=_policy(settings.data.get("installer.no-binary")),
        only_binary=_policy(settings.data.get("installer.only-binary")),
    )


def _policy(value: Any) -> frozenset[str]:
    """Return the names of a policy: an array, or names with commas, ``true`` for all (measured)."""
    if isinstance(value, str):
        if value.lower() in ("true", "1"):
            return frozenset({":all:"})
        value = [
            name if name in (":all:", ":none:") else normalise_name(name)
            for each in value.split(",")
            if (name := each.strip())
        ]
    names = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
    return frozenset(names) - {":none:"}


def _crash(settings: Section) -> Notice | None:
    """Poetry takes a policy in quotes or as an array, and stops at ``true`` without quotes (measured)."""
    for key in ("installer.no-binary", "installer.only-binary"):
        if settings.data.get(key) is True:
            name = key.removeprefix("installer.")
            text = f'Poetry stops at {name} = true in {settings.path}. Write {name} = [":all:"]'
            return Notice(text=text, path=settings.path, line=settings.line_of_key(name))
    return None


def _refused(
    lockfile: Lockfile, document: Section | None, poetry: Section | None, sources: list[Section]
) -> Notice | None:
    """Return why Poetry stops, where files tell (measured with 2.5)."""
    metadata = lockfile.header.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    if document is None or poetry is None:
        return None
    if str(metadata.get("lock-version", "")) >= _NOW:
        for keys, table in ((PROJECT_KEYS, poetry), *((SOURCE_KEYS, each) for each in sources)):
            for key in table.data:
                old = table is not poetry and key in ("default", "secondary")
                if old or keys.treatment(key) is None:
                    text = f"Poetry 2 stops at {clip(key)} in {keys.place}, and installs nothing. Take it out"
                    return Notice(text=text, path=table.path, line=table.line_of_key(key))
    said = _content_hash(lockfile)
    if is_content_hash(said) and said not in poetry_hashes(document.data):
        text = (
            "pyproject.toml changed since the last `poetry lock`, and `poetry install` refuses "
            f"{clip(lockfile.path)}. Lock again"
        )
        return Notice(text=text, path=lockfile.path, outdated=True)
    return None


def _content_hash(lockfile: Lockfile) -> object:
    metadata = lockfile.header.get("metadata")
    return metadata.get("content-hash") if isinstance(metadata, dict) else None


def _indexes(poetry: Section) -> Iterator[ConfiguredIndex]:
    for table in poetry.tables("source"):
        name = table.word("name")
        url, line = table.address(table.word("url") or "")
        is_pypi = name is not None and name.lower() == "pypi"
        if not url and not is_pypi:
            continue
        priority = _priority(table)
        yield ConfiguredIndex(
            url=url,
            key="[[tool.poetry.source]]",
            name=name,
            priority=priority,
            default=priority == "default",
            explicit=priority == "explicit",
            flat=table.flag("links"),
            path=poetry.path,
            line=line or table.line_of(name or ""),
        )


def _priority(table: Section) -> str:
    given = table.word("priority")
    if given:
        return given.lower()
    if table.flag("default"):
        return "default"
    return "secondary" if table.flag("secondary") else "primary"


def _package_index(poetry: Section) -> dict[str, str]:
    groups = [group.table("dependencies") for _, group in poetry.table("group").each()]
    found: dict[str, str] = {}
    for section in (poetry.table("dependencies"), poetry.table("dev-dependencies"), *groups):
        for name, value in section.data.items():
            for choice in value if isinstance(value, list) else [value]:
                if isinstance(choice, dict) and isinstance(choice.get("source"), str):
                    found.setdefault(normalise_name(name), choice["source"])
    return found


TOOL = Tool(read=read, keys=(KEYS, PROJECT_KEYS, SOURCE_KEYS), variables=VARIABLES)

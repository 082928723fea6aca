"""PDM: ``[tool.pdm]`` of ``pyproject.toml``, and ``pdm.toml``.

Rules, from pdm-project.org/en/latest/usage/config ("Configure the package indexes"), PDM 2.29's
`Project.get_sources`, and measured: PyPI is put in front of every other source unless one is named ``pypi``
or ``pypi.ignore_stored_index`` is set; sources of ``pdm.toml`` come behind those of ``pyproject.toml``;
``include_packages`` and ``exclude_packages`` are patterns, and the first outranks the second. `pdm sync`
follows ``no-binary``, ``only-binary`` (which wins), ``prefer-binary`` and ``exclude-newer``; overrides count
when locking alone. A lock whose content hash does not fit is installed by `pdm sync` as it stands, and by
`pdm install` after locking again.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from fallback_review.configuration.keys import Keys, Unmodelled, not_comparable
from fallback_review.configuration.timestamps import before, iso_moment, just_after
from fallback_review.configuration.tools.interface import Tool
from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.content_hashes import is_content_hash, pdm_hash
from fallback_review.lockfiles.installer_files import beside
from fallback_review.lockfiles.names import normalise_name
from fallback_review.model import ALL, InstallOptions, Notice, NotModelled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.documents import ConfigurationFiles, Section
    from fallback_review.model import Lockfile


def _names(value: Any) -> frozenset[str]:
    texts = value if isinstance(value, list) else []
    return frozenset(normalise_name(each) for each in texts if isinstance(each, str))


KEYS = Keys(
    installer="pdm",
    place="pdm.toml",
    modelled={
        "pypi.url": "the address that is asked in PyPI's place",
        "pypi.ignore_stored_index": "whether the sources in this file count",
        "strategy.exclude-newer": "takes only older files, and none without an upload time",
    },
    not_modelled={
        "use_uv": Unmodelled(effect="uv installs, with its own rules"),
    },
    harmless=frozenset({
        "build_isolation", "cache_dir", "check_update", "global_project.fallback",
        "global_project.fallback_verbose", "global_project.path", "global_project.user_site", "install.cache",
        "install.cache_method", "install.parallel", "lock.format", "log_dir", "pypi.ca_certs",
        "pypi.client_cert", "pypi.client_key", "pypi.json_api", "pypi.password", "pypi.username",
        "pypi.verify_ssl", "python.install_root", "python.providers", "python.use_pyenv",
        "python.use_python_version", "python.use_venv", "request_timeout", "scripts.show_header",
        "strategy.inherit_metadata", "strategy.resolve_max_rounds", "strategy.save", "strategy.update",
        "theme.error", "theme.info", "theme.primary", "theme.req", "theme.success", "theme.warning",
        "venv.backend", "venv.in_project", "venv.location", "venv.prompt", "venv.with_pip",
    }),
    unknown="PDM ignores keys that it does not know; a newer version may know it",
)  # fmt: skip
FAMILIES = ("pypi.", "repository.")
"""Tables of ``pdm.toml`` with a name of the user's: further sources, and where to publish."""
PROJECT_KEYS = Keys(
    installer="pdm",
    place="[tool.pdm] of pyproject.toml",
    modelled={"source": "the sources: see [[tool.pdm.source]]", "resolution": "see [tool.pdm.resolution]"},
    harmless=frozenset({
        "build", "dev-dependencies", "distribution", "ignore_package_warnings", "options", "package-type",
        "plugins", "publish", "scripts", "version", "workspace",
    }),
    unknown="PDM ignores keys that it does not know; a newer version may know it",
)  # fmt: skip
RESOLUTION_KEYS = Keys(
    installer="pdm",
    place="[tool.pdm.resolution]",
    modelled={
        "respect-source-order": "takes the first source that has a file for the target",
        "no-binary": "takes only source distributions, of named packages or of all",
        "only-binary": "takes only wheels; it outranks no-binary",
        "exclude-newer": "takes only older files, and none without an upload time",
        "exclude-newer-override": "the same for one package",
    },
    not_modelled={
        "excludes": Unmodelled(effect="the package is not installed", names=_names, locked_urls=True),
        "prefer-binary": Unmodelled(effect="an older wheel may be taken before a newer source distribution"),
    },
    harmless=frozenset({"allow-prereleases", "lock_inputs", "overrides"}),
    unknown=PROJECT_KEYS.unknown,
)
SOURCE_KEYS = Keys(
    installer="pdm",
    place="[[tool.pdm.source]]",
    modelled={
        "name": "its name; a source named `pypi` takes PyPI's place",
        "url": "its address",
        "type": "whether it is an index or one page that lists files",
        "include_packages": "the packages that only this source is asked for",
        "exclude_packages": "the packages that this source is not asked for",
    },
    harmless=frozenset({"ca_certs", "client_cert", "client_key", "password", "username", "verify_ssl"}),
    unknown=PROJECT_KEYS.unknown,
)
VARIABLES = frozenset({
    "PDM_CONFIG_FILE", "PDM_IGNORE_STORED_INDEX", "PDM_LOCKFILE", "PDM_NO_BINARY", "PDM_ONLY_BINARY",
    "PDM_OVERRIDE", "PDM_PREFER_BINARY", "PDM_PYPI_URL", "PDM_USE_UV",
})  # fmt: skip
_SPAN = re.compile(r"(?P<count>\d{1,7})(?P<unit>[dhw])", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 168}


def read(lockfile: Lockfile, files: ConfigurationFiles) -> Configuration:
    """Return PDM's configuration for a lockfile."""
    own, manifest = beside(lockfile.path, "pdm.toml", "pyproject.toml")
    project, config = files.toml(manifest), files.toml(own)
    pdm = project.table("tool", "pdm") if project else None
    indexes = list(_sources(pdm)) if pdm else []
    named_pypi = any(index.name == "pypi" for index in indexes)
    ignore_stored = False
    if config is not None:
        stored = config.table("pypi")
        ignore_stored = stored.flag("ignore_stored_index")
        if not ignore_stored:
            known = {index.name for index in indexes}
            tables = [each for each in stored.each() if each[0] not in known and each[1].word("url")]
            indexes += [_index(table, f"[pypi.{name}]", name) for name, table in tables]
            if stored.word("url") and not named_pypi:
                indexes.insert(0, _index(stored, "[pypi]", "pypi"))
                named_pypi = True
    resolution = pdm.table("resolution") if pdm else None
    flat = config.holding(dict(_flattened(config.data))) if config else None
    options, unclear = _options(resolution, flat, files.now)
    tables_of_keys = [(KEYS, flat), (PROJECT_KEYS, pdm), (RESOLUTION_KEYS, resolution)]
    given = [(keys, table) for keys, table in tables_of_keys if table is not None]
    given += [(SOURCE_KEYS, table) for table in (pdm.tables("source") if pdm else ())]
    return Configuration(
        installer="pdm",
        indexes=tuple(indexes),
        respect_source_order=resolution.flag("respect-source-order") if resolution else False,
        builtin_pypi=not named_pypi and not ignore_stored,
        options=options,
        not_modelled=(
            *(each for keys, table in given for each in keys.passed_over(table)),
            *unclear,
            *(_stale(lockfile, project) if project else ()),
        ),
        unknown_keys=(
            *(each for keys, table in given for each in keys.strange(table)),
            *(not_comparable(_content_hash(lockfile), lockfile, project.path) if project else ()),
        ),
        refused=next(iter(files.broken), None) or _refused(resolution, flat),
        files=tuple(each.path for each in (project, config) if each is not None),
    )


def _flattened(data: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Give the values of nested tables under dotted keys, as PDM calls them."""
    for key, value in data.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            if not prefix or f"{prefix}" not in FAMILIES:
                yield from _flattened(value, f"{name}.")
        else:
            yield name, value


def _options(
    resolution: Section | None, config: Section | None, now: datetime | None
) -> tuple[InstallOptions, list[NotModelled]]:
    resolution_data = resolution.data if resolution else {}
    bounds: list[tuple[Section | None, str, str | None, Any]] = [
        (resolution, "exclude-newer", None, resolution_data.get("exclude-newer"))
    ]
    if config and not bounds[0][3]:
        bounds = [(config, "strategy.exclude-newer", None, config.data.get("strategy.exclude-newer"))]
    overrides = resolution.table("exclude-newer-override").data if resolution else {}
    bounds += [(resolution, "exclude-newer-override", normalise_name(k), v) for k, v in overrides.items()]
    found: dict[str | None, datetime | None] = {}
    unclear = []
    for section, key, name, value in bounds:
        if value is None or section is None:
            continue
        found[name] = _moment(value, now)
        if value is not False and found[name] is None:
            unclear.append(
                NotModelled(
                    key=key,
                    path=section.path,
                    line=section.line_of_key(key),
                    effect="files that were uploaded later are skipped",
                    names=None if name is None else frozenset({name}),
                )
            )
    only = _listed(resolution_data.get("only-binary"))
    general = found.pop(None, None)
    return InstallOptions(
        only_binary=only,
        no_binary=_listed(resolution_data.get("no-binary")) - only,
        uploaded_before=general,
        uploaded_before_of={str(name): bound for name, bound in found.items()},
    ), unclear


def _listed(value: Any) -> frozenset[str]:
    """Return names of an array, or of a text with commas."""
    texts = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
    names = [each.strip() for each in texts if isinstance(each, str)]
    return frozenset(each if each == ALL else normalise_name(each) for each in names if each)


def _moment(value: Any, now: datetime | None) -> datetime | None:
    """Return from when on an upload is too late: PDM takes what was uploaded at the very moment."""
    if not isinstance(value, str):
        return None
    ago = _SPAN.fullmatch(value)
    if ago is None:
        moment = iso_moment(value)
    else:
        span = timedelta(hours=int(ago["count"]) * _HOURS[ago["unit"]])
        moment = before(now, span) if now is not None else None
    return just_after(moment) if moment is not None else None


def _refused(resolution: Section | None, config: Section | None) -> Notice | None:
    """Return why PDM stops at a bound of upload times: it takes dates and spans (measured)."""
    tables = ((resolution, "exclude-newer"), (config, "strategy.exclude-newer"))
    for section, key in tables:
        value = section.data.get(key) if section else None
        if section and value and _moment(value, datetime(2026, 1, 1, tzinfo=UTC)) is None:
            text = f"PDM stops at {key} in {section.path}: write a date such as 2026-01-01, or 7d"
            return Notice(text=text, path=section.path, line=section.line_of_key(key))
    return None


def _stale(lockfile: Lockfile, project: Section) -> Iterator[NotModelled]:
    """Give the content hash of a lock that its project has left behind."""
    metadata = lockfile.header.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    said = _content_hash(lockfile)
    if (
        is_content_hash(said)
        and str(metadata.get("lock_version", "")).startswith("4.5")
        and "lock_inputs" not in metadata
        and "workspace" not in project.table("tool", "pdm").data
        and isinstance(project.data.get("project"), dict)
        and str(said).removeprefix("sha256:") != pdm_hash(project.data)
    ):
        yield NotModelled(
            key="content_hash",
            path=lockfile.path,
            effect="pyproject.toml changed since the last `pdm lock`: `pdm install` locks again, and "
            "`pdm sync` does not",
            locked_urls=True,
            outdated=True,
        )


def _content_hash(lockfile: Lockfile) -> object:
    metadata = lockfile.header.get("metadata")
    return metadata.get("content_hash") if isinstance(metadata, dict) else None


def _sources(pdm: Section) -> Iterator[ConfiguredIndex]:
    for table in pdm.tables("source"):
        if table.word("url") or table.word("name") == "pypi":
            yield _index(table, "[[tool.pdm.source]]", table.word("name"))


def _index(table: Section, key: str, name: str | None) -> ConfiguredIndex:
    url, line = table.address(table.word("url") or "")
    return ConfiguredIndex(
        url=url,
        key=key,
        name=name,
        flat=table.word("type") == "find_links",
        include=table.words("include_packages"),
        exclude=table.words("exclude_packages"),
        path=table.path,
        line=line,
    )


TOOL = Tool(read=read, keys=(KEYS, PROJECT_KEYS, RESOLUTION_KEYS, SOURCE_KEYS), variables=VARIABLES)

"""pip: ``pip.conf`` or ``pip.ini``, and the lines of a requirements file.

Rules, from pip's documentation ("Configuration", "Requirements file format") and its source, measured with
pip 26.3: ``[:env:]`` outranks ``[install]``, and that ``[global]``, key by key; no other section counts. But
options that name packages add up in the order global, install, :env:, the constraints files that they name,
lines of the file. Those constraints files may hold index lines and options too, which count before the
requirements file's. An ``--index-url`` line replaces every index known so far, an
``--extra-index-url`` line adds one, of one address the first position counts; without any ``index-url`` PyPI
is asked; ``no-index`` asks none, whatever stands behind it. A file with one key twice is refused.
"""

from __future__ import annotations

import posixpath
import re
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from fallback_review.configuration.constraints import ConstraintsFiles, by_name, from_files
from fallback_review.configuration.documents import MOST_INDEXES
from fallback_review.configuration.keys import Keys, Treatment, Unmodelled
from fallback_review.configuration.timestamps import before, iso_moment
from fallback_review.configuration.tools.interface import Tool
from fallback_review.configuration.values import Configuration, ConfiguredIndex
from fallback_review.lockfiles.formats.requirements.effects import exclusive, with_flags
from fallback_review.lockfiles.installer_files import pip_files
from fallback_review.model import InstallOptions, Notice, NotModelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from fallback_review.configuration.documents import ConfigurationFiles, Section
    from fallback_review.model import Lockfile, LockIndex

_SECTIONS = ("global", "install", ":env:")
"""The sections that count for `pip install`, a later one before an earlier one."""
_INDEX_KEYS = ("index-url", "extra-index-url", "find-links")
_FLAGS = ("no-binary", "only-binary", "all-releases", "only-final")
_SWITCHES = ("no-index", "prefer-binary", "pre", "require-hashes", "no-require-hashes")
_TARGET = Unmodelled(effect="pip takes files for another target than the settings name")
_MORE = Unmodelled(effect="more is installed than the lockfile says")
KEYS = Keys(
    installer="pip",
    place="pip.conf, [global], [install] and [:env:]",
    modelled={
        "index-url": "the first index",
        "extra-index-url": "more indexes; pip takes the best file of all of them",
        "find-links": "folders and pages that list more files",
        "no-index": "asks no index",
        "no-binary": "takes only source distributions, of named packages or of all; a name outranks `:all:`",
        "only-binary": "takes only wheels, of named packages or of all",
        "prefer-binary": "takes an older wheel before a newer source distribution",
        "pre": "takes pre-releases too",
        "all-releases": "takes pre-releases too, of named packages or of all",
        "only-final": "takes no pre-releases, of named packages or of all",
        "uploaded-prior-to": "takes only older files; an index without upload times fails the install",
        "require-hashes": "an entry without hashes fails the install",
        "no-require-hashes": "lets some entries have hashes and others none",
        "constraint": "files that limit versions, hashes and addresses",
    },
    not_modelled={
        "platform": _TARGET,
        "python-version": _TARGET,
        "implementation": _TARGET,
        "abi": _TARGET,
        "ignore-requires-python": Unmodelled(effect="pip may take files for another Python"),
        "requirement": _MORE,
        "editable": _MORE,
        "group": _MORE,
        "requirements-from-script": _MORE,
        "only-deps": Unmodelled(effect="the requirements themselves are not installed", locked_urls=True),
        "use-deprecated": Unmodelled(effect="an older resolver may choose other versions", pinned=False),
    },
    harmless=frozenset({
        "break-system-packages", "build-constraint", "cache-dir", "cert", "check-build-dependencies",
        "client-cert", "compile", "config-settings", "debug", "disable-pip-version-check", "dry-run",
        "exists-action", "force-reinstall", "help", "ignore-installed", "isolated", "keyring-provider", "log",
        "no-build-isolation", "no-cache-dir", "no-clean", "no-color", "no-compile", "no-deps", "no-input",
        "no-proxy-env", "no-python-version-warning", "no-user", "no-warn-conflicts",
        "no-warn-script-location", "prefix", "progress-bar", "proxy", "python", "quiet", "refresh-package",
        "report", "require-virtualenv", "resume-retries", "retries", "root", "root-user-action", "src",
        "target", "timeout", "trusted-host", "upgrade", "upgrade-strategy", "use-feature", "use-pep517",
        "user", "verbose",
    }),
    unknown="pip ignores keys that it does not know; a newer version may know it",
)  # fmt: skip
VARIABLES = frozenset({"PIP_CONFIG_FILE"}) | {
    f"PIP_{key.upper().replace('-', '_')}" for key in (*KEYS.modelled, *KEYS.not_modelled)
}
"""pip reads each of its options from a variable, too."""
ALIASES = {
    "pypi-url": "index-url",
    "no-dependencies": "no-deps",
    "only-dependencies": "only-deps",
    "source": "src",
    "source-dir": "src",
    "source-directory": "src",
    "require-venv": "require-virtualenv",
    "log-file": "log",
    "local-log": "log",
    "default-timeout": "timeout",
}
"""Other names that pip has for some of its options."""
_TELLING = frozenset({Treatment.MODELLED, Treatment.NOT_MODELLED})
_YES = frozenset({"1", "yes", "true", "on", "y", "t"})
_NO = frozenset({"0", "no", "false", "off", "n", "f"})
_DAYS = re.compile(r"P(\d{1,6})D", re.ASCII)


def read(lockfile: Lockfile, files: ConfigurationFiles) -> Configuration:
    """Return pip's configuration: the first configuration file that says anything, then the lock's lines."""
    said = next(_filled(files, lockfile.path), None)
    section = said.section if said else None
    limits = _constraints(section, lockfile) if section else ConstraintsFiles()
    indexes = _indexes(section) if section else []
    for line in (*limits.indexes[:MOST_INDEXES], *lockfile.indexes[:MOST_INDEXES]):
        if line.role == "index-url":
            indexes = [index for index in indexes if index.flat]
        indexes.append(from_line(line, lockfile.path))
    options, unclear = _options(said, limits, lockfile, files) if said else (lockfile.options, [])
    strange = KEYS.strange(section) if section else ()
    return Configuration(
        installer="pip",
        indexes=tuple(_once(indexes)),
        builtin_pypi=not any(index.default for index in indexes),
        no_index=options.no_index,
        options=_with_hashes_for_all(options, lockfile),
        not_modelled=(*(KEYS.passed_over(section) if section else ()), *unclear),
        unknown_keys=tuple(strange),
        refused=next(iter(files.broken), None)
        or (_refused(said) if said else None)
        or _hashes_refused(options, section, lockfile),
        files=(
            *([section.path] if section else []),
            *([lockfile.path] if lockfile.indexes else []),
        ),
    )


def from_line(line: LockIndex, path: str) -> ConfiguredIndex:
    """Return the index that a line or a source of a lockfile names."""
    return ConfiguredIndex(
        url=line.url,
        key=f"--{line.role}" if line.role != "source" else "_meta.sources",
        name=line.name,
        default=line.role == "index-url",
        flat=line.role == "find-links",
        path=line.path or path,
        line=line.line,
    )


class _Said(NamedTuple):
    section: Section
    """The file's options, those of a later one of `_SECTIONS` over those of an earlier one."""
    flags: tuple[tuple[str, str], ...]
    """Its options that name packages, which add up instead."""


def _filled(files: ConfigurationFiles, path: str) -> Iterator[_Said]:
    """Give each configuration file that says anything about what is installed."""
    for name in dict.fromkeys((*files.named, *pip_files(path))):
        document = files.ini(name)
        sections = [document.data.get(table, {}) for table in _SECTIONS] if document else []
        # pip passes over a key without a value: it takes nothing back (measured).
        tables = [{key: value for key, value in section.items() if value} for section in sections]
        options = {ALIASES.get(key, key): value for table in tables for key, value in table.items()}
        if document and any(KEYS.treatment(key) in _TELLING for key in options):
            flags = tuple(
                (f"--{key}", value) for table in tables for key, value in table.items() if key in _FLAGS
            )
            yield _Said(document.holding(options), flags)


def _indexes(section: Section) -> list[ConfiguredIndex]:
    found = []
    for key in _INDEX_KEYS:
        for given in section.data.get(key, "").split()[:MOST_INDEXES]:
            url, line = section.address(given)
            if url:
                index = ConfiguredIndex(
                    url=url,
                    key=key,
                    default=key == "index-url",
                    flat=key == "find-links",
                    path=section.path,
                    line=line,
                )
                found.append(index)
    return found


def _once(indexes: list[ConfiguredIndex]) -> Iterator[ConfiguredIndex]:
    """Give each address once, with or without a slash at its end: the first position counts (measured)."""
    seen = set()
    for index in indexes:
        address = (index.url.removesuffix("/"), index.flat)
        if address not in seen:
            seen.add(address)
            yield index


def _constraints(section: Section, lockfile: Lockfile) -> ConstraintsFiles:
    named = section.data.get("constraint", "").split()
    return from_files(named, section, posixpath.dirname(lockfile.path))


def _options(
    said: _Said, limits: ConstraintsFiles, lockfile: Lockfile, files: ConfigurationFiles
) -> tuple[InstallOptions, list[NotModelled]]:
    """Return what the files and the lock's own lines say, and which of the file's keys can't be told."""
    section, unclear = said.section, [*limits.unclear]
    lines = (*limits.options, lockfile.options)
    given = section.data.get("uploaded-prior-to")
    bound = _moment(given, files.now) if given else None
    if given and bound is None:
        unclear.append(
            NotModelled(
                key="uploaded-prior-to",
                path=section.path,
                line=section.line_of_key("uploaded-prior-to"),
                effect="files that were uploaded later are skipped",
                locked_urls=True,
            )
        )
    pre = (("--pre", ""),) if _is_yes(section, "pre") else ()
    base = InstallOptions(
        no_index=any(each.no_index for each in lines) or _is_yes(section, "no-index"),
        require_hashes=any(each.require_hashes for each in lines) or _is_yes(section, "require-hashes"),
        no_require_hashes=any(each.no_require_hashes for each in lines)
        or _is_yes(section, "no-require-hashes"),
        prefer_binary=any(each.prefer_binary for each in lines) or _is_yes(section, "prefer-binary"),
        uploaded_before=bound,
        constraints=by_name(limits.constraints),
    )
    return with_flags(base, (*said.flags, *pre, *(flag for each in lines for flag in each.flags))), unclear


def _moment(given: str, now: datetime | None) -> datetime | None:
    days = _DAYS.fullmatch(given.strip())
    if days is None:
        return iso_moment(given)
    return before(now, timedelta(days=int(days[1]))) if now is not None else None


def _with_hashes_for_all(options: InstallOptions, lockfile: Lockfile) -> InstallOptions:
    """One entry with hashes makes pip ask for hashes of all, unless it is told not to (measured)."""
    if options.require_hashes or options.no_require_hashes:
        return options
    return replace(options, require_hashes=lockfile.options.hashes_of_some)


def _is_yes(section: Section, key: str) -> bool:
    return section.data.get(key, "").strip().lower() in _YES


def _refused(said: _Said) -> Notice | None:
    """Return why pip stops at a configuration file, where it does (measured)."""
    section = said.section
    for key in _SWITCHES:
        if key in section.data and section.data[key].strip().lower() not in _YES | _NO:
            text = f"pip refuses {section.path}, where {key} is not yes or no, and installs nothing. Fix it"
            return Notice(text=text, path=section.path, line=section.line_of_key(key))
    if _is_yes(section, "pre") and any(exclusive(said.flags, "--all-releases", "--only-final")):
        text = f"pip refuses {section.path}, where pre stands beside all-releases or only-final. Take one out"
        return Notice(text=text, path=section.path, line=section.line_of_key("pre"))
    return None


def _hashes_refused(options: InstallOptions, section: Section | None, lockfile: Lockfile) -> Notice | None:
    """Return why pip stops where hashes are asked for and not asked for, by files or lines (measured)."""
    if not (options.require_hashes and options.no_require_hashes):
        return None
    key = "no-require-hashes"
    from_file = section if section is not None and _is_yes(section, key) else None
    path = from_file.path if from_file else lockfile.path
    text = f"pip refuses {key} beside require-hashes, and installs nothing. Take one of them out"
    return Notice(text=text, path=path, line=from_file.line_of_key(key) if from_file else None)


TOOL = Tool(read=read, keys=(KEYS,), variables=VARIABLES)

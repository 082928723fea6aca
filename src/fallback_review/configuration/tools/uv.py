"""uv: ``uv.toml``, ``[tool.uv]`` of ``pyproject.toml``, a script's own block, lines of requirements.

Rules, from docs.astral.sh/uv ("Package indexes", "Configuration files", "Settings"), and measured, 0.13:

- The nearest folder with a ``uv.toml``, else with ``[tool.uv]``, counts, and of two in one folder ``uv.toml``
  does; a script's ``[tool.uv]`` (PEP 723) comes before both. uv reads no ``pip.conf``.
- A ``uv.toml`` with a key that uv does not know, or of another type, stops uv. ``[tool.uv]`` with such a key
  is passed over as a whole, with a warning, and uv looks in the folder above.
- ``[tool.uv.pip]`` outranks ``[tool.uv]`` for `uv pip`, key by key; what names packages adds up.
- The first index that says ``default = true``, or else ``index-url``, stands for PyPI and is asked last; of
  two with one name the first counts. The lines of a requirements file come behind all others, and add to
  them; two ``--index-url`` lines stop uv.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from fallback_review.configuration.constraints import (
    by_name,
    from_addresses,
    from_requirements,
)
from fallback_review.configuration.documents import MOST_INDEXES
from fallback_review.configuration.timestamps import before, end_of_day, is_date, iso_moment, span
from fallback_review.configuration.tools import uv_keys
from fallback_review.configuration.tools.interface import Tool
from fallback_review.configuration.tools.pip import from_line
from fallback_review.configuration.tools.uv_demands import demands_of, other_options
from fallback_review.configuration.tools.uv_keys import (
    BOTH_MODELLED,
    INDEX_KEYS,
    KEYS,
    MOST_NAMES,
    PIP_KEYS,
    STRATEGIES,
    invalid,
)
from fallback_review.configuration.values import Configuration, ConfiguredIndex, clip
from fallback_review.lockfiles import format_of
from fallback_review.lockfiles.installer_files import folders, script_of, within
from fallback_review.lockfiles.names import normalise_name
from fallback_review.model import ALL, InstallOptions, Notice, NotModelled, Prereleases
from fallback_review.model.versions import lone_pin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from fallback_review.configuration.documents import ConfigurationFiles, Section
    from fallback_review.model import Constraint, Lockfile


class _Layer(NamedTuple):
    """One table of options that counts."""

    options: Section
    prefix: str
    """How keys of it are called: ``tool.uv.`` in a ``pyproject.toml``."""
    sources: Section


class _Found(NamedTuple):
    layers: list[_Layer]
    refused: Notice | None
    void: list[NotModelled]
    """Tables that this uv passes over, and another one may not."""
    ignored: tuple[Notice, ...] = ()
    """A table that `uv.toml` beside it takes the place of."""
    project: Section | None = None
    """The file of the project, or of the script, that the lock is for."""


def read(lockfile: Lockfile, files: ConfigurationFiles) -> Configuration:
    """Return uv's configuration for a lockfile."""
    is_pip = format_of(lockfile).by_pip_interface
    found = _layers(lockfile.path, files, is_pip=is_pip)
    indexes: list[ConfiguredIndex] = []
    late: list[ConfiguredIndex] = []
    strategy: str | None = None
    package_index: dict[str, str] = {}
    options = _Merged(lockfile.options, files.now)
    for layer in found.layers:
        pip = layer.options.table("pip") if is_pip else layer.options.holding({})
        merged = layer.options.holding({**layer.options.data, **_shared(pip)})
        plain, pip_style = _indexes(merged, layer.prefix)
        indexes += plain
        late += pip_style
        strategy = strategy or STRATEGIES.get(merged.word("index-strategy") or "")
        package_index = {**_sources(layer.sources), **package_index}
        options.add(layer.options, pip, merged)
    late += [from_line(line, lockfile.path) for line in lockfile.indexes[:MOST_INDEXES]]
    every = tuple(_by_first_name((*indexes, *late)))
    merged_options = options.result(lockfile)
    loose = _loose(merged_options, lockfile)
    project = None if is_pip or found.refused or found.void else found.project
    tool = project.table("tool", "uv") if project else None
    tables = [(KEYS, layer.options) for layer in found.layers]
    tables += [(PIP_KEYS, layer.options.table("pip")) for layer in found.layers if is_pip]
    tables += [(INDEX_KEYS, table) for layer in found.layers for table in layer.options.tables("index")]
    return Configuration(
        installer="uv",
        indexes=every,
        strategy=strategy,
        package_index=package_index,
        builtin_pypi=not any(index.default for index in every),
        no_index=merged_options.no_index,
        options=merged_options,
        not_modelled=(
            *(each for keys, table in tables for each in keys.passed_over(table)),
            *options.unclear,
            *(_unbounded(found.layers) if merged_options.uploaded_before else ()),
            *found.void,
            *(_perhaps_refused(each) for each in loose if each.marker is not None),
            *(other_options(lockfile, (each.options for each in found.layers)) if project else ()),
        ),
        unknown_keys=tuple(each for keys, table in tables for each in keys.strange(table)),
        demands=demands_of(lockfile, project, tool, every) if project and tool else None,
        refused=found.refused or _refused_lines(lockfile) or _refused_hashes(loose),
        ignored=found.ignored,
        files=tuple(
            dict.fromkeys((*(each.options.path for each in found.layers), *(each.path for each in every)))
        ),
    )


def _layers(path: str, files: ConfigurationFiles, *, is_pip: bool) -> _Found:
    """Return the script's own block, then the nearest folder's options."""
    layers: list[_Layer] = []
    void: list[NotModelled] = []
    script = script_of(path)
    of = files.script(script) if script else None
    if of:
        options = of.table("tool", "uv")
        layers.append(_Layer(options, "tool.uv.", options.table("sources")))
    for folder in folders(path):
        own = files.toml(at := within(folder, "uv.toml"))
        project = files.toml(within(folder, "pyproject.toml"))
        if script is None and folder == folders(path)[0]:
            of = project
        broken = {notice.path: notice for notice in files.broken}
        if at in broken or (not is_pip and folder == folders(path)[0] and files.broken):
            return _Found(layers, broken.get(at) or files.broken[0], void)
        tool = project.table("tool", "uv") if project and "uv" in project.table("tool").data else None
        if own:
            refused = invalid(own, own_file=True)
            layers.append(_Layer(own, "", (tool or own).table("sources")))
            return _Found(layers, refused, void, tuple(_ignored(own, tool)) if tool else (), of)
        if tool:
            wrong = invalid(tool, own_file=False)
            if wrong is None:
                layers.append(_Layer(tool, "tool.uv.", tool.table("sources")))
                return _Found(layers, None, void, project=of)
            void += _void(tool, wrong)
    return _Found(layers, None, void, project=of)


def _ignored(own: Section, tool: Section) -> Iterator[Notice]:
    """Say which indexes of a ``pyproject.toml`` mean nothing beside a ``uv.toml`` (measured)."""
    keys = ("index", "index-url", "extra-index-url", "find-links")
    key = next((key for key in keys if key in tool.data), None)
    if key is not None:
        text = f"uv ignores {key} in [tool.uv], because it reads {own.path} instead. Move {key} there"
        yield Notice(text=text, path=tool.path, line=tool.line_of_key(key))


def _void(tool: Section, wrong: Notice) -> Iterator[NotModelled]:
    """Give a table that is passed over for an unknown key, which a newer uv may know."""
    tool.files.problems.append(wrong)
    tables = ((KEYS, tool), (PIP_KEYS, tool.table("pip")))
    for key in [key for keys, table in tables for key in table.data if keys.treatment(key) is None][:1]:
        yield NotModelled(
            key=clip(key),
            path=tool.path,
            line=tool.line_of_key(key),
            effect="uv 0.13 does not know it and ignores the whole of [tool.uv]; a newer uv may use it",
            locked_urls=True,
        )


def _shared(pip: Section) -> dict[str, Any]:
    """Return those options of ``[pip]`` that outrank the general ones of the same name."""
    return {key: pip.data[key] for key in (*BOTH_MODELLED,) if key in pip.data}


class _Merged:
    """The install options of one layer after the other, the first of which counts."""

    def __init__(self, lines: InstallOptions, now: datetime | None) -> None:
        self.lines = lines
        self.now = now
        self.unclear: list[NotModelled] = []
        self._switches: dict[str, Any] = {}
        self._kinds: dict[str, set[str]] = {"no-binary": set(), "only-binary": set()}
        self._packages: dict[str, dict[str, Any]] = {"newer": {}, "prerelease": {}}
        self._requirements: dict[str, list[Constraint]] = {"constraint": [], "override": []}

    def add(self, options: Section, pip: Section, merged: Section) -> None:
        """Take in one layer: its general options, those for `uv pip`, and both together."""
        for key in ("no-index", "prerelease", "exclude-newer"):
            if key in merged.data:
                self._switches.setdefault(key, merged.data[key])
        for key in ("require-hashes", "verify-hashes"):
            if key in pip.data:
                self._switches.setdefault(key, pip.data[key])
        self._kind("no-binary", _of_package(options, "no-binary"), _named(pip, "no-binary"))
        build = {ALL} if pip.flag("no-build") else _named(pip, "only-binary")
        self._kind("only-binary", _of_package(options, "no-build"), build)
        for table in (pip, options):
            for name, value in table.table("exclude-newer-package").data.items():
                self._packages["newer"].setdefault(normalise_name(name), value)
        for name, value in options.table("prerelease-package").data.items():
            self._packages["prerelease"].setdefault(normalise_name(name), value)
        for kind, every in self._requirements.items():
            every.extend(from_requirements(options, f"{kind}-dependencies"))
        self._note_unclear(options)

    def _note_unclear(self, options: Section) -> None:
        spans: list[tuple[str, str | None, Any]] = [
            ("exclude-newer", None, self._switches.get("exclude-newer"))
        ]
        spans += [("exclude-newer-package", name, value) for name, value in self._packages["newer"].items()]
        for key, name, value in spans:
            if value and self._bound(value) is None:
                self._unclear(options, key, "files that were uploaded later are skipped", name)
        for kind, found in self._requirements.items():
            self.unclear += from_addresses(found, f"{kind}-dependencies")
        for each in self._requirements["override"]:
            if each.marker is not None:
                effect = "it is installed where a marker holds, and nowhere else"
                self._unclear(options, "override-dependencies", effect, each.name)

    def _unclear(self, options: Section, key: str, effect: str, name: str | None) -> None:
        names = None if name is None else frozenset({name})
        line = options.line_of_key(key)
        self.unclear.append(NotModelled(key=key, path=options.path, line=line, effect=effect, names=names))

    def _kind(self, kind: str, *more: set[str]) -> None:
        self._kinds[kind] = _united(self._kinds[kind], *more)

    def _bound(self, value: Any) -> datetime | None:
        """Return the moment that a bound stands for; None for none, and where nobody knows when it is now."""
        if not isinstance(value, str):
            return None
        moment = iso_moment(value)
        if moment is not None:
            return end_of_day(moment) if is_date(value) else moment
        ago = span(value)
        return before(self.now, ago) if ago is not None and self.now is not None else None

    def result(self, lockfile: Lockfile) -> InstallOptions:
        """Return what all layers and the lockfile's own lines say together."""
        for flag, value in self.lines.flags:
            kind = flag.removeprefix("--")
            if kind in self._kinds and value != ":none:":
                self._kind(kind, {value if value == ALL else normalise_name(value)})
        given = self._switches
        required = bool(given.get("require-hashes")) or self.lines.require_hashes
        return InstallOptions(
            no_index=bool(given.get("no-index")) or self.lines.no_index,
            require_hashes=required and format_of(lockfile).by_pip_interface,
            verify_hashes=required or given.get("verify-hashes", True) is not False,
            only_binary=frozenset(self._kinds["only-binary"]),
            no_binary=frozenset(self._kinds["no-binary"]),
            prereleases=_mode(given.get("prerelease")),
            prereleases_of={name: _mode(mode) for name, mode in self._packages["prerelease"].items()},
            uploaded_before=self._bound(given.get("exclude-newer")),
            uploaded_before_of={name: self._bound(value) for name, value in self._packages["newer"].items()},
            constraints=by_name(self._requirements["constraint"]),
            overrides=by_name(self._requirements["override"]),
            flags=self.lines.flags,
        )


def _unbounded(layers: Iterable[_Layer]) -> Iterator[NotModelled]:
    """Give the indexes for which the general bound of upload times does not count (measured).

    A package's own bound, `exclude-newer-package`, outranks an index's.
    """
    for table in (each for layer in layers for each in layer.options.tables("index")):
        if table.data.get("exclude-newer") is False:
            yield NotModelled(
                key="exclude-newer",
                path=table.path,
                line=table.line_of(table.word("url") or ""),
                effect="uv takes the files of one index whenever they were uploaded",
            )


def _of_package(options: Section, kind: str) -> set[str]:
    """Return whom ``no-binary`` or ``no-build`` is for: all, or nobody where it is false, or those named."""
    value = options.data.get(kind)
    if value is None:
        return {normalise_name(each) for each in options.texts(f"{kind}-package", most=MOST_NAMES)}
    return {ALL} if value is True else set()


def _named(pip: Section, key: str) -> set[str]:
    """Return the names in one of pip's lists, in which the last ``:all:`` or ``:none:`` starts anew."""
    names: set[str] = set()
    for each in pip.texts(key, most=MOST_NAMES):
        if each == ALL:
            return {ALL}
        names = set() if each == ":none:" else names | {normalise_name(each)}
    return names


def _united(*sets: set[str]) -> set[str]:
    """Return the union, in which all leaves no names."""
    union = set().union(*sets)
    return {ALL} if ALL in union else union


def _mode(value: Any) -> Prereleases:
    known = isinstance(value, str) and value in set(Prereleases)
    return Prereleases(value) if known else Prereleases.IF_NECESSARY_OR_EXPLICIT


def _by_first_name(indexes: tuple[ConfiguredIndex, ...]) -> Iterator[ConfiguredIndex]:
    """Give the indexes without those whose name an earlier one has (measured)."""
    seen = set()
    for index in indexes:
        if index.name is None or index.name not in seen:
            seen.add(index.name)
            yield index


_ONLY_OF_PIP = frozenset({"--all-releases", "--only-final", "--no-require-hashes"})
"""Options of lines at which uv stops; it passes over others that only pip has, with a warning (measured)."""


def _refused_lines(lockfile: Lockfile) -> Notice | None:
    """Return why uv stops at a requirements file that pip takes, where it does (measured)."""
    lines = [index for index in lockfile.indexes if index.role == "index-url"]
    files = Counter(index.path for index in lines)
    if len(lines) > 1 and (max(files.values()) > 1 or len({index.url for index in lines}) > 1):
        text = "uv stops at a second --index-url line and installs nothing. Take one of them out"
        return Notice(text=text, path=lines[1].path or lockfile.path, line=lines[1].line)
    for crowded in lockfile.crowded[:1]:
        text = f"uv stops at {crowded.text}. Take it out, or write it on a line of its own"
        return Notice(text=text, path=crowded.path, line=crowded.line)
    only_of_pip = [("--no-require-hashes", "")] if lockfile.options.no_require_hashes else []
    for flag, value in (*only_of_pip, *lockfile.options.flags):
        if flag in _ONLY_OF_PIP:
            text = f"uv stops at the option {flag}, which only pip knows. Take it out"
            return Notice(text=text, path=lockfile.path)
        if "," in value:
            text = f"uv stops at {flag} {clip(value)}: it takes one name in each line. Split it"
            return Notice(text=text, path=lockfile.path)
    return None


def _loose(options: InstallOptions, lockfile: Lockfile) -> list[Constraint]:
    """Return the constraints without a version: uv stops there where hashes are required (measured)."""
    if not options.require_hashes:
        return []
    of_keys = [each for every in options.constraints.values() for each in every if each.url is None]
    return [*(each for each in of_keys if lone_pin(each.specifier) is None), *lockfile.loose_constraints]


def _refused_hashes(loose: Iterable[Constraint]) -> Notice | None:
    """Return why uv stops at one of those constraints, wherever it installs."""
    for each in loose:
        if each.marker is None:
            said = clip(f"{each.name}{each.specifier}")
            text = (
                f"hashes are required, and uv stops at a constraint without a version: {said}. Pin it with =="
            )
            return Notice(text=text, path=each.path, line=each.line)
    return None


def _perhaps_refused(constraint: Constraint) -> NotModelled:
    """Return what may be of a constraint that holds on some machines alone."""
    return NotModelled(
        key=f"the constraint {clip(f'{constraint.name}{constraint.specifier}')}",
        path=constraint.path,
        line=constraint.line,
        effect="hashes are required, and uv stops at a constraint without a version where its marker holds",
    )


def _indexes(options: Section, prefix: str) -> tuple[list[ConfiguredIndex], list[ConfiguredIndex]]:
    """Return the indexes of ``index`` tables, and those of the pip-style keys, which come behind them."""
    tables = []
    for table in options.tables("index"):
        url, line = table.address(table.word("url") or "")
        if url:
            index = ConfiguredIndex(
                url=url,
                key=f"[[{prefix}index]]",
                name=table.word("name"),
                default=table.flag("default"),
                explicit=table.flag("explicit"),
                flat=table.word("format") == "flat",
                path=options.path,
                line=line,
            )
            tables.append(index)
    pip_style = []
    for key in ("extra-index-url", "index-url", "find-links"):
        for given in (
            [options.word(key) or ""] if key == "index-url" else options.texts(key, most=MOST_INDEXES)
        ):
            url, line = options.address(given)
            if url:
                index = ConfiguredIndex(
                    url=url,
                    key=prefix + key,
                    default=key == "index-url",
                    flat=key == "find-links",
                    path=options.path,
                    line=line,
                )
                pip_style.append(index)
    return tables, pip_style


def _sources(sources: Section) -> dict[str, str]:
    """Return the index that each package of ``[tool.uv.sources]`` names, the first where several."""
    found = {}
    for name, value in sources.data.items():
        choices = value if isinstance(value, list) else [value]
        named = (each.get("index") for each in choices[:MOST_INDEXES] if isinstance(each, dict))
        index = next((each for each in named if isinstance(each, str)), None)
        if index:
            found[normalise_name(name)] = index
    return found


TOOL = Tool(read=read, keys=(uv_keys.KEYS, uv_keys.PIP_KEYS, uv_keys.INDEX_KEYS), variables=uv_keys.VARIABLES)

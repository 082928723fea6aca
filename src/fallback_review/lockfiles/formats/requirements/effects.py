"""What the options of a requirements file do to the whole install.

Source: pip's documentation, "Requirements File Format", "Global options".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field
from msgspec.structs import replace

from fallback_review.lockfiles.formats.requirements.lines import shown
from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import ALL, InstallOptions, LockIndex, Notice, Prereleases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.lockfiles.formats.requirements.entries import Position
    from fallback_review.lockfiles.formats.requirements.options import LineOptions

VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
"""An environment variable as pip replaces it."""

_NONE = ":none:"
_SWITCHES = ("no_index", "prefer_binary", "require_hashes", "no_require_hashes")
_IN_HEADER = (
    "index_url", "extra_index_urls", "find_links", "no_index", "prefer_binary", "require_hashes",
    "no_require_hashes", "pre",
)  # fmt: skip


def with_flags(options: InstallOptions, flags: Iterable[tuple[str, str]]) -> InstallOptions:
    """Return options with what pip makes of such flags as `InstallOptions.flags` holds, in their order."""
    flags = tuple(flags)
    only_binary, no_binary = exclusive(flags, "--only-binary", "--no-binary")
    all_releases, only_final = exclusive(flags, "--all-releases", "--only-final")
    by_name = dict.fromkeys(only_final, Prereleases.DISALLOW) | dict.fromkeys(all_releases, Prereleases.ALLOW)
    return replace(
        options,
        only_binary=only_binary,
        no_binary=no_binary,
        prereleases=by_name.pop(ALL, Prereleases.IF_NECESSARY_OR_EXPLICIT),
        prereleases_of=by_name,
        flags=flags,
    )


def exclusive(
    flags: Iterable[tuple[str, str]], one: str, other: str
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that two options have come to, of which the later one takes a name from the other.

    Args:
        flags: options with their values, in order.
        one: the option whose names come first in the answer, for example ``--no-binary``.
        other: the contrary option, for example ``--only-binary``.

    Source: pip's `FormatControl.handle_mutual_excludes`, and `ReleaseControl`, which does the same; ``--pre``
    adds every name to ``--all-releases`` and takes none away (measured with pip 26.3).
    """
    names: dict[str, set[str]] = {one: set(), other: set()}
    for flag, value in flags:
        if flag == "--pre" and one == "--all-releases":
            names[one].add(ALL)
        elif flag in names:
            _give(value.split(","), names[flag], names[other if flag == one else one])
    return frozenset(names[one]), frozenset(names[other])


def _give(names: list[str], to: set[str], taken_from: set[str]) -> None:
    if ALL in names:
        to.clear()
        taken_from.clear()
        to.add(ALL)
        names = names[len(names) - names[::-1].index(ALL) :]
        if _NONE not in names:
            return
    for name in names:
        if name == _NONE:
            to.clear()
            continue
        normal = normalise_name(name.strip())
        taken_from.discard(normal)
        to.add(normal)


class OptionEffects(Struct):
    """The options gathered so far, over all files."""

    indexes: list[LockIndex] = field(default_factory=list)
    hashes_of_some: bool = False
    """Whether a requirement has ``--hash``."""
    _flags: list[tuple[str, str]] = field(default_factory=list)
    _switches: set[str] = field(default_factory=set)
    _own: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, options: LineOptions, place: Position) -> list[Notice]:
        """Take in one line of options; return what a person should know about it."""
        values = options.values
        notices = []
        if values.get("hashes"):
            text = "pip ignores a --hash that belongs to no requirement"
            notices.append(Notice(text=text, path=place.path, line=place.line))
        index = [("index-url", str(values["index_url"]))] if "index_url" in values else []
        index += [("extra-index-url", url) for url in options.all("extra_index_urls")]
        index += [("find-links", url) for url in options.all("find_links")]
        for role, url in index:
            notices.extend(self._index(url, role, place))
        self._switches.update(name for name in _SWITCHES if name in values)
        self._flags += [("--pre", "")] if "pre" in values else []
        if place.path is None:
            self._remember(options)
        return notices

    def add_flags(self, options: LineOptions, place: Position) -> None:
        """Take in the options of any line that name packages: pip heeds them wherever they stand.

        Behind a requirement, an include or an editable as well, and for every package (measured, 26.3).
        """
        self._flags += options.exclusive
        if place.path is None:
            for flag, names in options.exclusive:
                self._own.setdefault(flag.removeprefix("--").replace("-", "_"), []).append(names)

    def install_options(self) -> InstallOptions:
        """Return the options that change what an installer chooses."""
        return with_flags(
            InstallOptions(
                no_index="no_index" in self._switches,
                require_hashes="require_hashes" in self._switches,
                no_require_hashes="no_require_hashes" in self._switches,
                hashes_of_some=self.hashes_of_some,
                prefer_binary="prefer_binary" in self._switches,
            ),
            self._flags,
        )

    def header(self) -> dict[str, tuple[Any, ...]]:
        """Return the lockfile's own options under pip's names, without credentials, a value for each line."""
        return {name: tuple(values) for name, values in sorted(self._own.items())}

    def _index(self, url: str, role: str, place: Position) -> list[Notice]:
        clean, has_credentials = strip_credentials(url)
        self.indexes.append(
            LockIndex(url=clean, role=role, line=place.line, path=place.path, has_credentials=has_credentials)
        )
        if VARIABLE.search(clean) is None:
            return []
        text = f"--{role} {shown(clean)} depends on the environment"
        return [Notice(text=text, path=place.path, line=place.line)]

    def _remember(self, options: LineOptions) -> None:
        for name in _IN_HEADER:
            if name not in options.values:
                continue
            value = options.values[name]
            if isinstance(value, list):
                value = tuple(strip_credentials(str(one))[0] for one in value)
            elif isinstance(value, str):
                value = strip_credentials(value)[0]
            self._own.setdefault(name, []).append(value)

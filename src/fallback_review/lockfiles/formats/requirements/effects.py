"""What the options of a requirements file do to the whole install.

Source: pip's documentation, "Requirements File Format", "Global options"; the order of ``--no-binary`` and
``--only-binary`` follows pip's `FormatControl.handle_mutual_excludes`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fallback_review.lockfiles.common import normalise_name, strip_credentials
from fallback_review.lockfiles.formats.requirements.messages import shown
from fallback_review.model import InstallOptions, LockIndex, Notice

if TYPE_CHECKING:
    from fallback_review.lockfiles.formats.requirements.entries import Place
    from fallback_review.lockfiles.formats.requirements.options import Options

VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
"""An environment variable as pip replaces it."""

_IN_HEADER = (
    "index_url", "extra_index_urls", "find_links", "no_index", "prefer_binary", "require_hashes", "pre",
    "all_releases", "only_final",
)  # fmt: skip


@dataclass(slots=True)
class OptionEffects:
    """The options gathered so far, over all files."""

    indexes: list[LockIndex] = field(default_factory=list)
    _only_binary: set[str] = field(default_factory=set)
    _no_binary: set[str] = field(default_factory=set)
    _switches: set[str] = field(default_factory=set)
    _own: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, options: Options, place: Place) -> list[Notice]:
        """Take in one line of options; return what a person should know about it."""
        values = options.values
        notices = []
        if values.get("hashes"):
            text = "pip passes over a --hash that belongs to no requirement"
            notices.append(Notice(text=text, path=place.path, line=place.line))
        index = [("index-url", str(values["index_url"]))] if "index_url" in values else []
        index += [("extra-index-url", url) for url in options.all("extra_index_urls")]
        index += [("find-links", url) for url in options.all("find_links")]
        for role, url in index:
            notices.extend(self._index(url, role, place))
        self._switches.update(name for name in ("no_index", "prefer_binary", "pre") if name in values)
        if ":all:" in options.all("all_releases"):
            self._switches.add("pre")
        for flag, names in options.binary:
            self._format_control(flag, names)
        if place.path is None:
            self._remember(options)
        return notices

    def install_options(self) -> InstallOptions:
        """Return the options that change what an installer chooses."""
        return InstallOptions(
            no_index="no_index" in self._switches,
            only_binary=frozenset(self._only_binary),
            no_binary=frozenset(self._no_binary),
            prefer_binary="prefer_binary" in self._switches,
            pre="pre" in self._switches,
        )

    def header(self) -> dict[str, tuple[Any, ...]]:
        """Return the lockfile's own options under pip's names, without credentials, a value for each line."""
        return {name: tuple(values) for name, values in sorted(self._own.items())}

    def _index(self, url: str, role: str, place: Place) -> list[Notice]:
        clean, has_credentials = strip_credentials(url)
        self.indexes.append(
            LockIndex(url=clean, role=role, line=place.line, path=place.path, has_credentials=has_credentials)
        )
        if VARIABLE.search(clean) is None:
            return []
        text = f"--{role} {shown(clean)} depends on the environment"
        return [Notice(text=text, path=place.path, line=place.line)]

    def _format_control(self, flag: str, value: str) -> None:
        target, other = self._no_binary, self._only_binary
        if flag == "--only-binary":
            target, other = other, target
        names = value.split(",")
        if ":all:" in names:
            other.clear()
            target.clear()
            target.add(":all:")
            names = names[len(names) - names[::-1].index(":all:") :]
            if ":none:" not in names:
                return
        for name in names:
            if name == ":none:":
                target.clear()
                continue
            normal = normalise_name(name.strip())
            other.discard(normal)
            target.add(normal)

    def _remember(self, options: Options) -> None:
        for name in _IN_HEADER:
            if name not in options.values:
                continue
            value = options.values[name]
            if isinstance(value, list):
                value = tuple(strip_credentials(str(one))[0] for one in value)
            elif isinstance(value, str):
                value = strip_credentials(value)[0]
            self._own.setdefault(name, []).append(value)
        for flag, names in options.binary:
            self._own.setdefault(flag.removeprefix("--").replace("-", "_"), []).append(names)

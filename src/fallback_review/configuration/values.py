"""What is known of an installer's index configuration: frozen values, in the words of the tools."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fallback_review.lockfiles.names import normalise_name
from fallback_review.model.options import NO_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.model import Demands, InstallOptions, Notice, NotModelled

    ReadText = Callable[[str], str | None]
    """Gives the text of a file of the tree that the lockfile is in; None where there is none."""

_LONGEST_SHOWN = 160


class ConfiguredIndex(Struct, frozen=True, kw_only=True):
    """One index that a configuration file, or the lockfile itself, names."""

    url: str
    """Without credentials; empty where the tool's own word stands for PyPI (Poetry's ``name = "PyPI"``)."""
    key: str
    """The key that names it, for example ``[[tool.uv.index]]`` or ``extra-index-url``."""
    name: str | None = None
    priority: str | None = None
    """Poetry: ``primary``, ``supplemental``, ``explicit``, and before 2.0 ``default`` and ``secondary``."""
    default: bool = False
    """pip's ``index-url`` and uv's default index: pip asks it first, uv last."""
    explicit: bool = False
    """Asked only for packages that name it."""
    flat: bool = False
    """``find-links``, or a flat index: a list of files, no simple index."""
    include: tuple[str, ...] = ()
    """PDM's ``include_packages``: these names are looked up here alone."""
    exclude: tuple[str, ...] = ()
    """PDM's ``exclude_packages``: these names are not looked up here."""
    path: str
    line: int | None = None

    @property
    def shown(self) -> str:
        """What a sentence calls it: its name, else its address."""
        return clip(self.name or self.url or "PyPI")

    @property
    def where(self) -> str:
        """File, line and key, for a sentence."""
        return f"{self.path}{f':{self.line}' if self.line else ''}, {self.key}"


class Configuration(Struct, frozen=True, kw_only=True):
    """How an installer is configured for a lockfile, as far as files of the repository say."""

    installer: str
    indexes: tuple[ConfiguredIndex, ...] = ()
    """In the files' order; `arrange` knows in which order a tool asks them."""
    strategy: str | None = None
    """uv's and pixi's ``index-strategy``."""
    respect_source_order: bool = False
    """PDM's ``[tool.pdm.resolution] respect-source-order``."""
    package_index: Mapping[str, str] = field(default_factory=dict)
    """Normalised package name to the index (its name, for pixi its address) that the package names."""
    names_sources: bool = False
    """Poetry: a lock's entries go by the names of these indexes, whatever address it gives (measured)."""
    builtin_pypi: bool = True
    """Whether the tool asks PyPI without being told to."""
    no_index: bool = False
    search_all_sources: bool = False
    """Pipenv's ``install_search_all_sources``: every source is asked for every package, pooled as by pip."""
    options: InstallOptions = NO_OPTIONS
    """What else changes which file is taken, of the files and of the lockfile's own lines."""
    not_modelled: tuple[NotModelled, ...] = ()
    """Keys that are set and whose effect is not predicted: what depends on them is not known."""
    unknown_keys: tuple[Notice, ...] = ()
    """Keys that have no place in the tool's table: a newer version of the tool may have them."""
    demands: Demands | None = None
    """What the lock must hold to fit its project; None where a hash in the lock tells, or nobody compares."""
    refused: Notice | None = None
    """Why the tool refuses this configuration and installs nothing, where files tell."""
    ignored: tuple[Notice, ...] = ()
    """What the tool passes over because another file speaks instead."""
    files: tuple[str, ...] = ()
    """The files that said so."""
    credentials: tuple[tuple[str, int], ...] = ()
    """File and line of each address with credentials; the address itself is kept nowhere."""
    problems: tuple[Notice, ...] = ()
    """What could not be read."""


def matches(name: str, pattern: str) -> bool:
    """Whether a normalised name fits a pattern (`fnmatch`), as PDM compares them."""
    return fnmatchcase(name, normalise_name(pattern))


def clip(text: str) -> str:
    """Return text of a file as a sentence can carry it: one line, printable, short."""
    line = "".join(each if each.isprintable() else "�" for each in text[: _LONGEST_SHOWN + 1])
    return line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"

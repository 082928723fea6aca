"""What of an installer's configuration, beside its indexes, changes which file it takes."""

from __future__ import annotations

from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from fallback_review.model.locked import LockedPackage

ALL = ":all:"
"""Stands for every name in `InstallOptions.only_binary` and `no_binary`."""


class Prereleases(StrEnum):
    """When a pre-release may be taken, in uv's words."""

    DISALLOW = "disallow"
    ALLOW = "allow"
    IF_NECESSARY = "if-necessary"
    EXPLICIT = "explicit"
    IF_NECESSARY_OR_EXPLICIT = "if-necessary-or-explicit"
    """Where nobody says anything: pip's rule and uv's."""


class Constraint(Struct, frozen=True, kw_only=True):
    """What a configuration says about the version of one package, whoever asks for it."""

    name: str
    """Normalised."""
    specifier: str = ""
    """As `packaging` reads it."""
    hashes: frozenset[str] = frozenset()
    """Each as ``algorithm:hexdigest``: only a file that has one of them is taken; empty for any."""
    marker: str | None = None
    url: str | None = None
    """Where it is taken from instead of an index (``NAME @ URL``), without credentials."""
    path: str
    """The file that says so."""
    line: int | None = None

    @property
    def where(self) -> str:
        """File and line, for a sentence."""
        return f"{self.path}:{self.line}" if self.line else self.path


class PackageOptions(Struct, frozen=True, kw_only=True):
    """The install options of one package."""

    wheels: bool = True
    """Whether a wheel may be taken."""
    sdists: bool = True
    """Whether a source distribution may be taken."""
    prefer_binary: bool = False
    prereleases: Prereleases = Prereleases.IF_NECESSARY_OR_EXPLICIT
    uploaded_before: datetime | None = None
    require_hashes: bool = False
    verify_hashes: bool = True
    constraints: tuple[Constraint, ...] = ()
    overrides: tuple[Constraint, ...] = ()


class InstallOptions(Struct, frozen=True, kw_only=True):
    """The install options of one lockfile.

    Those of a `Lockfile` are what its own lines say; `configuration.read` joins them with what the
    installer's files say, by that installer's rules.
    """

    no_index: bool = False
    require_hashes: bool = False
    """Whether an entry without hashes fails the install."""
    hashes_of_some: bool = False
    """Whether a line has ``--hash``; a hash in a URL is none."""
    no_require_hashes: bool = False
    """Whether pip is told that hashes of some entries do not ask for hashes of all."""
    verify_hashes: bool = True
    """Whether the lock's hashes are checked."""
    only_binary: frozenset[str] = frozenset()
    """Normalised names, or ``:all:``; of these no source distribution is taken."""
    no_binary: frozenset[str] = frozenset()
    """Normalised names, or ``:all:``; of these no wheel is taken."""
    prefer_binary: bool = False
    prereleases: Prereleases = Prereleases.IF_NECESSARY_OR_EXPLICIT
    prereleases_of: Mapping[str, Prereleases] = field(default_factory=dict)
    """By normalised name; outranks `prereleases`."""
    uploaded_before: datetime | None = None
    """Files that were uploaded then or later are not taken; None for no bound."""
    uploaded_before_of: Mapping[str, datetime | None] = field(default_factory=dict)
    """By normalised name; outranks `uploaded_before`."""
    constraints: Mapping[str, tuple[Constraint, ...]] = field(default_factory=dict)
    """By normalised name: what must hold besides what the entry asks for."""
    overrides: Mapping[str, tuple[Constraint, ...]] = field(default_factory=dict)
    """By normalised name: what is asked for instead of what the entry asks for."""
    flags: tuple[tuple[str, str], ...] = ()
    """A requirements file's own options that name packages, such as ``--no-binary``, and values, in order."""

    def __hash__(self) -> int:
        return hash(_hashed(self))

    def of(self, name: str) -> PackageOptions:
        """Return the options of one package, by its normalised name."""
        return PackageOptions(
            wheels=_allowed(name, self.no_binary, self.only_binary),
            sdists=_allowed(name, self.only_binary, self.no_binary),
            prefer_binary=self.prefer_binary,
            prereleases=self.prereleases_of.get(name, self.prereleases),
            uploaded_before=self.uploaded_before_of.get(name, self.uploaded_before),
            require_hashes=self.require_hashes,
            verify_hashes=self.verify_hashes,
            constraints=self.constraints.get(name, ()),
            overrides=self.overrides.get(name, ()),
        )


_MAPPINGS = {"prereleases_of", "uploaded_before_of", "constraints", "overrides"}
_hashed = attrgetter(*(name for name in InstallOptions.__struct_fields__ if name not in _MAPPINGS))
NO_OPTIONS = InstallOptions()
"""Where nobody says anything."""


class NotModelled(Struct, frozen=True, kw_only=True):
    """A key that is set, and known to change what is installed in a way that is not predicted."""

    key: str
    """As a sentence can carry it."""
    path: str
    line: int | None = None
    effect: str
    """What it does, as a clause."""
    names: frozenset[str] | None = None
    """The packages that depend on it, by normalised name; None for all."""
    pinned: bool = True
    """Whether entries with an exact version depend on it."""
    locked_urls: bool = False
    """Whether entries whose files' URLs the lock names depend on it."""
    outdated: bool = False
    """Whether the key is the lock's own hash of its project, which changed since."""

    @property
    def where(self) -> str:
        """File, line and key, for a sentence."""
        return f"{self.path}{f':{self.line}' if self.line else ''}, {self.key}"

    def concerns(self, package: LockedPackage) -> bool:
        """Whether what is installed for an entry depends on the key."""
        return (
            (self.names is None or package.name in self.names)
            and (self.pinned or package.version is None)
            and (self.locked_urls or not package.urls_locked)
        )


def _allowed(name: str, forbidden: frozenset[str], contrary: frozenset[str]) -> bool:
    """Whether a kind of files may be taken: a name outranks ``:all:`` (measured with pip, uv and Poetry)."""
    if name in forbidden:
        return False
    return ALL not in forbidden or name in contrary

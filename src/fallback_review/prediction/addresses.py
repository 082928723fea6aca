"""Whose an address is: told by scheme, host, port and path, never by the host of something else.

A host can hold many repositories: there the longest prefix that somebody named speaks, and nobody speaks for
the rest. Chainguard keeps each of its indexes in a folder of its own, on its host or below a repository
manager's remote (its documentation, "Access" and "Artifactory"): ``python`` (``python-upstream`` holds the
files of its PyPI fallback, ``files`` those of an older backend), ``python-remediated``, ``cu124`` and so on.
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.lockfiles.urls import Address, address_of, has_variable
from fallback_review.model import Edition, Index, Owner

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAIN_FOLDERS = ("python", "python-upstream", "files")
_REMEDIATED_FOLDER = "python-remediated"
_FOLDER = re.compile(r"python(?:-upstream|-remediated)?|cu\d{3}")
_CUDA_VERSIONS = range(124, 140)
"""Documented are cu124 to cu130; an address that is asked must not be an invention of a pull request."""
_PAGES = "simple/"


def host(url: str) -> str:
    """Return host and port of a URL, lower case; empty for a path or what is no URL."""
    at = address_of(url)
    return at.host if at else ""


class _Territory(Struct, frozen=True):
    """Addresses below one prefix, and the index that their files belong to."""

    scheme: str | None
    """None: any."""
    host: str
    path: str
    """With a last slash."""
    index: Index
    any_port: bool = False

    def holds(self, at: Address) -> bool:
        return (
            self.scheme in (None, at.scheme)
            and self.host in ((at.host, at.host.partition(":")[0]) if self.any_port else (at.host,))
            and f"{at.path.rstrip('/')}/".startswith(self.path)
        )


class Addresses(Struct, frozen=True, kw_only=True, dict=True):
    """The addresses that settings and documentation name; equal ones compare equal."""

    chainguard: Index | None
    """Chainguard's main index, as it is asked."""
    pypi: Index
    """PyPI, or the mirror that is asked in its place."""
    remediated: Index | None = None
    resolver: Index | None = None
    """The organisation's own virtual index, which can be asked."""
    vex: Index | None = None
    """Chainguard's VEX feed."""
    further: tuple[Index, ...] = ()
    """Further indexes of Chainguard's that the settings name."""
    pypi_itself: str | None = None
    """PyPI's own address, which locks name also where a mirror is asked."""
    pypi_hosts: frozenset[str] = frozenset()
    """Hosts that are PyPI's as a whole: those of the settings, and those that PyPI's own pages lead to."""
    own: tuple[str, ...] = ()
    """Hosts, or hosts with the beginning of a path, that are the organisation's."""

    @cached_property
    def known(self) -> tuple[Index, ...]:
        """Every index that the settings name."""
        first = (self.chainguard, self.remediated, *self.further, self.resolver, self.pypi)
        return tuple(index for index in first if index is not None)

    @property
    def chainguards(self) -> tuple[Index, ...]:
        """What a usual arrangement holds of Chainguard's: the remediated index in front of the main one."""
        first = (self.remediated, self.chainguard)
        return tuple(index for index in first if index is not None)

    @property
    def askable(self) -> tuple[Index, ...]:
        """Every index that can be asked: those of the settings, and Chainguard's documented ones beside."""
        first = (*self.known, *self._siblings, *((self.vex,) if self.vex else ()))
        return tuple(dict.fromkeys(first))

    def can_be_asked(self, index: Index) -> bool:
        """Whether an index has an address that is asked from here."""
        return index.owner in (Owner.CHAINGUARD, Owner.PYPI) or index == self.resolver

    def index_at(self, url: str) -> Index:
        """Return the index whose address is `url`, whoever's it is: exactly that address, not its host."""
        found = self._indexes_at.get(url)
        if found is None:
            found = self._indexes_at[url] = self._index_at(url)
        return found

    def _index_at(self, url: str) -> Index:
        at = address_of(url)
        if at is None or at.scheme == "file":
            # With "${" a variable of the environment decides, as Pipenv lets it.
            return Index(url, Owner.NOBODY if has_variable(url) else Owner.LOCAL)
        root = _root(at)
        for index in self.known:
            if _same(root, index.url):
                return index
        if self.pypi_itself and _same(root, self.pypi_itself):
            return self.pypi
        for index in self._siblings:
            if _same(root, index.url):
                return index
        if root.path.endswith(f"/{_PAGES}") and root.host in self.pypi_hosts:
            return self.pypi
        bare = f"{root.scheme}://{root.host}{root.path}"
        owner = Owner.OWN if any(own.holds(root) for own in self._own) else Owner.NOBODY
        return Index(bare, owner)

    def home(self, url: str) -> Index | None:
        """Return the index that a file's URL belongs to, by the longest prefix that is known; None: nobody's.

        It says where to look for the file, and proves nothing: a page has to list it.
        """
        at = address_of(url)
        if at is None or not at.host:
            return None
        folder = Address(at.scheme, at.host, f"{at.path.rpartition('/')[0]}/")
        if folder not in self._homes:
            near = (
                *self._territories.get(at.host, ()),
                *self._territories.get(at.host.partition(":")[0], ()),
            )
            found = [each for each in near if each.holds(folder)]
            best = max(found, key=lambda each: (len(each.path), each.scheme is not None), default=None)
            self._homes[folder] = best and best.index
        return self._homes[folder]

    @cached_property
    def _indexes_at(self) -> dict[str, Index]:
        """What `index_at` has found: locks name the same few addresses over and over."""
        return {}

    @cached_property
    def _homes(self) -> dict[Address, Index | None]:
        """What `home` has found, by folder."""
        return {}

    @cached_property
    def _siblings(self) -> tuple[Index, ...]:
        """Chainguard's documented indexes beside a configured one."""
        found = []
        for root in filter(None, (address_of(i.url) for i in (self.chainguard, self.remediated) if i)):
            above = _above(root)
            if above is None:
                continue
            base = f"{root.scheme}://{root.host}{above}"
            editions = {"python": Edition.MAIN, _REMEDIATED_FOLDER: Edition.REMEDIATED}
            editions |= {f"cu{number}": Edition.CUDA for number in _CUDA_VERSIONS}
            found += [
                Index(f"{base}{folder}/{_PAGES}", Owner.CHAINGUARD, edition)
                for folder, edition in editions.items()
            ]
        return tuple(found)

    @cached_property
    def _own(self) -> tuple[_Territory, ...]:
        """What `own` names; a bare host does not speak for what lies beside a repository that is named."""
        named = {
            root.host for root in map(address_of, (i.url for i in self.known)) if root and root.path != "/"
        }
        found = []
        for text in self.own:
            at, _, path = text.partition("/")
            beside_named = any(at in (each, each.partition(":")[0]) for each in named)
            if path or not beside_named:
                prefix = f"/{path.strip('/')}/" if path.strip("/") else "/"
                found.append(_Territory(None, at, prefix, Index(f"https://{at}{prefix}", Owner.OWN)))
        return tuple(found)

    @cached_property
    def _territories(self) -> dict[str, list[_Territory]]:
        """Everything that is known, by host."""
        found: dict[str, list[_Territory]] = {}
        for each in self._each_territory():
            found.setdefault(each.host, []).append(each)
        return found

    def _each_territory(self) -> Iterator[_Territory]:
        for index in self.known:
            root = address_of(index.url)
            if root is not None:
                yield _Territory(root.scheme, root.host, _folder(root), index)
                if index.edition is Edition.MAIN and (above := _above(root)) is not None:
                    for name in _MAIN_FOLDERS:
                        yield _Territory(root.scheme, root.host, f"{above}{name}/", index)
        known = {address_of(index.url) for index in self.known}
        for index in self._siblings:
            root = address_of(index.url)
            if root is not None and root not in known:
                yield _Territory(root.scheme, root.host, _folder(root), index)
        if self.pypi_itself and (root := address_of(self.pypi_itself)) is not None:
            yield _Territory(root.scheme, root.host, _folder(root), self.pypi)
        for each in self.pypi_hosts:
            yield _Territory(None, each, "/", self.pypi, any_port=True)
        yield from self._own


def _root(at: Address) -> Address:
    return Address(at.scheme, at.host, f"{at.path.rstrip('/')}/")


def _same(root: Address, url: str) -> bool:
    other = _address(url)
    return other is not None and root == other


@lru_cache(maxsize=512)
def _address(url: str) -> Address | None:
    at = address_of(url)
    return _root(at) if at else None


def _folder(root: Address) -> str:
    """Return the folder of an index at `root`: managers and Chainguard keep files beside ``simple/``."""
    return f"{root.path.rstrip('/')}/".removesuffix(_PAGES)


def _above(root: Address) -> str | None:
    """Return the folder that holds all of Chainguard's indexes, where `root` is one of them by its name."""
    above, _, last = _folder(root).rstrip("/").rpartition("/")
    return f"{above}/" if _FOLDER.fullmatch(last) else None


def owner_of_page(asked: Index, url: str, addresses: Addresses) -> Index:
    """Return the index that a page belongs to which came from `url` when `asked` was asked.

    A redirect within the index's own folder changes nothing; one that leaves it gives another index's page.
    """
    at, own = address_of(url), address_of(asked.url)
    if at is None or own is None:
        return asked
    if (at.scheme, at.host) == (own.scheme, own.host) and at.path.startswith(_folder(_root(own))):
        return asked
    home = addresses.home(url)
    if home is not None and (home.owner is asked.owner):
        return asked
    return home or Index(url, Owner.NOBODY)

"""What a lockfile format is: the record of all that is true of it."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fallback_review.lockfiles.installer_files import no_files

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.lockfiles.text import Text
    from fallback_review.model import Lockfile


def _never(_path: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Relock:
    """How one package of a lock is locked again: templates of a command for a shell.

    In a template ``{name}`` is the package, ``{requirement}`` the package with the version (``aa==1.0``),
    ``{file}`` the lock's own path, ``{stem}`` that path without its suffix, and ``{folder}`` what `folder`
    makes of the lock's folder: nothing where it lies at the root.
    """

    newest: str
    """Moves the package to the newest version that its project allows."""
    exact: str | None = None
    """Moves it to one version; None where the tool has no command for that."""
    folder: str = ""
    """How the command is told of the lock's folder, for example ``-C {} ``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One lockfile format: everything that is true of it and not of a single file.

    No other module asks for a format by its name, so that a new format is this record and one line in
    `registry`.
    """

    name: str
    """For example ``uv.lock``."""
    installer: str
    """The installer that reads it: ``pip``, ``uv``, ``poetry``, ``pdm``, ``pipenv`` or ``pixi``."""
    claims: Callable[[str], bool]
    """Whether a path has this format's usual name."""
    only_constrains: Callable[[str], bool] = _never
    """Whether a path's usual name says that the file installs nothing, and only constrains other files."""
    suffixes_of_any_name: frozenset[str] = frozenset()
    """Suffixes of files that may be this format whatever they are called (``.txt``): their content tells."""
    looks_like: Callable[[str], bool]
    """Whether a text, under whatever name, is this format; cheap, without parsing it."""
    parse: Callable[[Text], Lockfile]
    """The whole file; raises `LockfileError`."""
    parse_pair: Callable[[Text, Text], tuple[Lockfile, Lockfile]] | None = None
    """Both sides without the entries whose text they share (counted in `Lockfile.omitted`)."""
    may_be_empty: bool = False
    """Whether an empty file is one: it installs nothing."""
    configured_by: Callable[[str], tuple[str, ...]] = no_files
    """The lockfile's path -> the files that may configure its installer, in the order of their precedence."""
    project_file: str | None = None
    """The file of the project that names the sources by which the lock's entries go (``Pipfile``)."""
    lock_all: str | None = None
    """The command that makes the whole lock again, with `Relock`'s words, where the sources decide."""
    relock: Relock | None = None
    """How one package is locked again; None where no tool does that."""
    update_hashes: bool = False
    """Whether `chainctl libraries update-hashes` handles the file (its documentation)."""
    heeds_requires_python: bool = False
    """Whether its installer takes no Python that the lock does not allow (measured: pip, uv, PDM)."""
    per_platform: bool = False
    """Whether it names files for each platform and locks the interpreter too."""
    locks_urls: bool = False
    """Whether entries name their files' URLs, which are installed whatever the configuration says."""
    any_hash_of_an_entry: bool = False
    """Whether its installer accepts each hash of an entry for each of its files, where URLs are locked."""
    unnamed_is_default_index: bool = False
    """Whether an entry that names no index comes from the default one, and from no other."""
    by_pip_interface: bool = False
    """Whether uv reads it by `uv pip`, so that ``[tool.uv.pip]`` counts."""

    def relock_command(self, name: str, version: str | None, path: str) -> str | None:
        """Return the command that locks one package again, quoted for a shell, as pasted at the root.

        Args:
            name: the package's normalised name.
            version: the version to move to; None for the newest that the project allows.
            path: where the lockfile is in the repository.

        None comes out where no command does that: PDM, for example, has none for one version.
        """
        if self.relock is None:
            return None
        template = self.relock.newest if version is None else self.relock.exact
        return None if template is None else _filled(template, self.relock.folder, name, version, path)

    def lock_all_command(self, path: str) -> str | None:
        """Return the command that makes the whole lock again, quoted for a shell, or None."""
        if self.lock_all is None:
            return None
        return _filled(self.lock_all, self.relock.folder if self.relock else "", "", None, path)


def _filled(template: str, folder: str, name: str, version: str | None, path: str) -> str:
    at = posixpath.dirname(path)
    requirement = name if version is None else f"{name}=={version}"
    return template.format(
        name=shlex.quote(name),
        requirement=shlex.quote(requirement),
        file=shlex.quote(path),
        stem=shlex.quote(posixpath.splitext(path)[0]),
        folder=folder.format(shlex.quote(at)) if at else "",
    )

"""What a lockfile format is: the record of all that is true of it."""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fallback_review.lockfiles.installer_files import no_files

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from fallback_review.lockfiles.mend.edits import Edit, Mending
    from fallback_review.lockfiles.text import Text
    from fallback_review.model import Compiled, Lockfile


class Relock(Struct, frozen=True, kw_only=True):
    """How one package of a lock is locked again: templates of a command for a shell.

    In a template ``{name}`` is the package, ``{requirement}`` the package with the version (``aa==1.0``),
    ``{file}`` the lock's own path, ``{source}`` the file beside it that it is made from, ``{options}``
    the options that it was made with, and ``{folder}`` what `folder` makes of the lock's folder:
    nothing where it lies at the root.
    """

    newest: str
    """Moves the package to the newest version that its project allows."""
    exact: str | None = None
    """Moves it to one version; None where the tool has no command for that."""
    whole: str | None = None
    """Locks the whole file again once its project changed; None where its installer does so unasked."""
    folder: str = ""
    """How the command is told of the lock's folder, for example ``-C {} ``."""


class Format(Struct, frozen=True, kw_only=True):
    """One lockfile format: everything that is true of it and not of a single file.

    No other module asks for a format by its name, so that a new format is this record, one line in
    `registry` and one in `usual_names`.
    """

    name: str
    """For example ``uv.lock``."""
    installer: str
    """The installer that reads it: ``pip``, ``uv``, ``poetry``, ``pdm``, ``pipenv`` or ``pixi``."""
    looks_like: Callable[[str], bool]
    """Whether a text, under whatever name, is this format; cheap, without parsing it."""
    parse: Callable[[Text], Lockfile]
    """The whole file; raises `LockfileError`."""
    parse_pair: Callable[[Text, Text], tuple[Lockfile, Lockfile]] | None = None
    """Both sides without the entries whose text they share (counted in `Lockfile.omitted`)."""
    names_files: Callable[[str], bool] | None = None
    """Whether a text may name other files to be read with it (``-r base.txt``); None for a format without."""
    may_be_empty: bool = False
    """Whether an empty file is one: it installs nothing."""
    configured_by: Callable[[str], tuple[str, ...]] = no_files
    """The lockfile's path -> the files that may configure its installer, in the order of their precedence."""
    project_file: str | None = None
    """The file of the project that names the sources by which the lock's entries go (``Pipfile``)."""
    relock: Relock | None = None
    """How one package is locked again; None where no tool does that."""
    relock_by: Mapping[str, Relock] = field(default_factory=dict)
    """The same by the tool that made the file, where several make this format (`Lockfile.compiled`)."""
    installs_all: bool = False
    """Whether an install brings every entry whose marker holds: it has no groups and no extras."""
    made_by_hand: bool = False
    """Whether people write such files too, so that a version may be changed in the file itself."""
    update_hashes: bool = False
    """Whether `chainctl libraries update-hashes` handles the file (its documentation)."""
    heeds_requires_python: bool = False
    """Whether its installer takes no Python that the lock does not allow (measured: pip, uv, PDM)."""
    heeds_entries_python: bool = False
    """Whether its installer refuses it for an entry that is not for its Python (measured: pip, uv)."""
    per_platform: bool = False
    """Whether it names files for each platform and locks the interpreter too."""
    locks_urls: bool = False
    """Whether entries name their files' URLs, which are installed whatever the configuration says."""
    unnamed_is_default_index: bool = False
    """Whether an entry that names no index comes from the default one, and from no other."""
    mend: Callable[[str, Mending], Iterator[Edit]] | None = None
    """The edits of a text that give one entry other files (`mend`); None where nobody has measured them."""
    refreshed: Callable[[str, str | None, Collection[tuple[str | None, str]]], str] | None = None
    """A mended text, the text of `made_from`, earlier sources -> it with the project's hash made anew."""
    project_sources: Callable[[str], list[tuple[str | None, str]]] | None = None
    """Name and address of each source in `made_from`, where the configuration is read off the lock itself."""
    asks_index: bool = True
    """Whether its installer asks an index for an entry, or takes the addresses in the lock alone."""
    locks_index: bool = False
    """Whether entries name the index that they come from, in the project's own words."""
    resolves_again: bool = False
    """Whether its installer resolves again and writes the lock back where the project asks other indexes."""
    often_configured_outside: bool = False
    """Whether the index is often named where no repository tells: by an option, a variable, a user's file."""
    install_again: str = ""
    """The command that swaps what is installed already; ``{file}`` is the lock's path."""
    made_from: str | None = None
    """The file beside it whose contents its hash is of."""
    by_pip_interface: bool = False
    """Whether uv reads it by `uv pip`, so that ``[tool.uv.pip]`` counts."""

    def relock_command(
        self, name: str, version: str | None, path: str, *, compiled: Compiled | None = None
    ) -> str | None:
        """Return the command that locks one package again, quoted for a shell, as pasted at the root.

        Args:
            name: the package's normalised name.
            version: the version to move to; None for the newest that the project allows.
            path: where the lockfile is in the repository.
            compiled: what the lockfile says about the tool that made it.

        None comes out where no command does that: conda-lock, for example, has none for one version.
        """
        relock = self.relock_by.get(compiled.tool) if compiled is not None else self.relock
        if relock is None:
            return None
        template = relock.newest if version is None else relock.exact
        if template is None:
            return None
        requirement = name if version is None else f"{name}=={version}"
        return _filled(template, relock.folder, path, name=name, requirement=requirement, compiled=compiled)

    def lock_command(self, path: str, *, compiled: Compiled | None = None) -> str | None:
        """Return the command that locks the whole file again, quoted for a shell, as pasted at the root."""
        relock = self.relock_by.get(compiled.tool) if compiled is not None else self.relock
        if relock is None or relock.whole is None:
            return None
        return _filled(relock.whole, relock.folder, path, compiled=compiled)


def _filled(
    template: str,
    folder: str,
    path: str,
    *,
    name: str = "",
    requirement: str = "",
    compiled: Compiled | None = None,
) -> str:
    at = posixpath.dirname(path)
    return template.format(
        name=shlex.quote(name),
        requirement=shlex.quote(requirement),
        file=shlex.quote(path),
        source=shlex.quote(posixpath.join(at, compiled.source)) if compiled else "",
        options="".join(f"{shlex.quote(option)} " for option in compiled.options) if compiled else "",
        folder=folder.format(shlex.quote(at)) if at else "",
    )

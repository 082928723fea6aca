"""How installers are configured with Chainguard's index and PyPI, as the repository's own files tell.

A format's `configured_by` says which files to look at, `read` reads them, `arrange` gives the indexes that
are asked, in order, `findings` says what is wrong with them, `compare` what a pull request changes about
them, `opened` what that lets in. Text in, values out: nothing here opens a file, asks an index or reads the
environment. Whatever is configured outside the repository (a user's own files, variables of a build) can't be
seen from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.configuration.documents import ConfigurationFiles
from fallback_review.configuration.findings import findings
from fallback_review.configuration.index_changes import alike, compare, moved, with_gone
from fallback_review.configuration.index_order import Arrangement, arrange, sources_by_name
from fallback_review.configuration.new_sources import opened, unlocked
from fallback_review.configuration.tools import TOOLS
from fallback_review.configuration.values import Configuration, ConfiguredIndex, matches
from fallback_review.lockfiles import format_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from fallback_review.configuration.values import ReadText
    from fallback_review.model import Lockfile

__all__ = [
    "Arrangement",
    "Configuration",
    "ConfiguredIndex",
    "alike",
    "arrange",
    "compare",
    "findings",
    "matches",
    "moved",
    "opened",
    "read",
    "sources_by_name",
    "unlocked",
    "with_gone",
]


def read(
    lockfile: Lockfile,
    text_of: ReadText,
    *,
    installer: str,
    now: datetime | None = None,
    named: Iterable[str] = (),
) -> Configuration:
    """Return how an installer is configured for a lockfile.

    Args:
        lockfile: gives the path, the format, and the indexes that the lock itself names.
        text_of: gives the text of a file by its path in the same tree, None where there is none, and raises
            `LockfileError` where it is no text; asked only for paths that the format's `configured_by`
            names, each at most once and for no more than it takes, and for constraints files that those name.
        installer: whose rules and files count; a name that is not known is read as pip.
        now: when the install is, for options that count days from then; None where nobody knows.
        named: further paths of pip's configuration, which come first: those of `environment.pip_files`.

    What can't be read is in `Configuration.problems`; nothing is raised.
    """
    named = tuple(named)
    known = frozenset((*named, *format_of(lockfile).configured_by(lockfile.path)))
    files = ConfigurationFiles(
        text_of=lambda path: text_of(path) if path in known else None,
        beside=text_of,
        now=now,
        named=named,
    )
    configuration = TOOLS.get(installer, TOOLS["pip"]).read(lockfile, files)
    return replace(
        configuration, problems=tuple(files.problems), credentials=tuple(dict.fromkeys(files.credentials))
    )

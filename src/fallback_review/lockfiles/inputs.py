"""The inputs of a lockfile: every other file of its repository that decides what installing it brings.

Those are the files that it includes or constrains by, and what these include; the target of its link; and the
files that configure its installer. Each counts whether it is there or not: where one comes or goes, or says
something else, the same lockfile may bring other packages.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.registry import recognise
from fallback_review.lockfiles.text import LockfileError, real

if TYPE_CHECKING:
    from fallback_review.lockfiles.text import Text


def inputs(text: Text) -> frozenset[str]:
    """Return the paths of a lockfile's inputs, as far as its text tells on this side.

    What can't be read has those that were met before. Only paths inside the repository are looked at, and no
    more of them than the readers of lockfiles follow.
    """
    asked: set[str] = set()

    def read(path: str) -> str | None:
        asked.add(path)
        return text.read(path)

    known = recognise(text.path)
    with suppress(LockfileError):
        found = real(replace(text, read=read))
        known = recognise(text.path, found.text.text)
        if known is not None and known.names_files is not None and known.names_files(found.text.text):
            known.parse(found.text)
    return frozenset(asked).union(known.configured_by(text.path) if known is not None else ())

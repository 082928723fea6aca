"""Looking at a repository manager's virtual index: whose files it serves, and how it merges them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from msgspec import Struct

from fallback_review.index import open as access
from fallback_review.pipeline.context import addresses_of
from fallback_review.settings import validation

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fallback_review.model import Answer, Index

_IDENTITY, _TOKEN = "CHAINGUARD_PYTHON_IDENTITY_ID", "CHAINGUARD_PYTHON_TOKEN"
_MOST_ASKED = 5
_USUAL = ("urllib3", "idna", "certifi")
"""Projects that both have, where the lockfiles name none."""


class Observed(Struct, frozen=True):
    """What was seen."""

    said: str
    """One sentence for people."""
    layout: str | None = None
    """The layout that explains it; None where none does."""


def observe(
    resolver: str,
    names: Sequence[str],
    environ: Mapping[str, str] = os.environ,
    addresses: Mapping[str, str] | None = None,
) -> Observed:
    """Ask a virtual index, Chainguard's and PyPI's for a package that both have, and compare their files.

    Args:
        resolver: The virtual index's address.
        names: Packages to try, the likeliest first.
        environ: For credentials.
        addresses: Keys of ``[indexes]`` in place of their defaults.

    Raises:
        SettingsError: the address is none.
    """
    table = {"indexes": {**(addresses or {}), "resolver": resolver}}
    indexes = validation.validate(table, path="init", spelling="--{}").indexes
    at = addresses_of(indexes)
    own, ours = at.resolver, at.chainguard
    if own is None or ours is None:
        return Observed("Your index was not asked.")
    if not (environ.get(_IDENTITY) and environ.get(_TOKEN)):
        return Observed(f"Your index was not asked: {_IDENTITY} and {_TOKEN} are not set.")
    asked = list(names[:_MOST_ASKED]) or list(_USUAL)
    with access.open_indexes(indexes, access.Secrets(environ=environ)) as ask:
        answers = ask(dict.fromkeys((own, ours, at.pypi), asked))
    silent = [
        answer.message for name in asked for answer in answers.get(name, {}).values() if not answer.answered
    ]
    for name in asked:
        found = [_files(answers.get(name, {}), index) for index in (own, ours, at.pypi)]
        if all(found):
            return compared(name, *found)
    why = f" ({silent[0]})" if silent else ""
    return Observed(
        f"No package is on your index, on Chainguard's and on PyPI's, so nothing was compared{why}."
    )


def _files(answers: Mapping[Index, Answer], index: Index) -> dict[tuple[str, str], str]:
    """Return the files of an index that tell a hash: (name, sha256) to version."""
    answer = answers.get(index)
    return {
        (file.filename, file.sha256): file.version or ""
        for file in (answer.files if answer is not None and answer.problem is None else ())
        if file.sha256
    }


def compared(
    name: str,
    served: Mapping[tuple[str, str], str],
    ours: Mapping[tuple[str, str], str],
    theirs: Mapping[tuple[str, str], str],
) -> Observed:
    """Say how a page comes about from Chainguard's and PyPI's: by (file name, sha256) to version."""
    built = served.keys() & (ours.keys() - theirs.keys())
    public = served.keys() & theirs.keys()
    if not built:
        return Observed(
            f"Your index serves none of Chainguard's files of {name}: it does not include Chainguard's "
            "index, or its credentials for Chainguard have expired."
        )
    said = f"Your index serves {len(built):,} of Chainguard's and {len(public):,} of PyPI's files of {name}"
    if not public:
        return Observed(
            f"{said}: the first repository that has a project serves it alone.", "virtual-project"
        )
    twice = _names(built) & _names(public)
    if twice:
        return Observed(f"{said}, both under one name: it lists every file.", "virtual-concat")
    if {ours[each] for each in built} & {theirs[each] for each in public}:
        return Observed(f"{said}: for one file name the first repository wins.", "virtual-file")
    return Observed(f"{said}: for one version the first repository wins.", "virtual-version")


def _names(files: Iterable[tuple[str, str]]) -> set[str]:
    return {name for name, _ in files}

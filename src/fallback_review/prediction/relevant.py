"""Of all that indexes list for a project, what an entry has to do with.

A page lists every version of a project, and an entry is of one. Only what may bear on its verdict is looked
at: files of its version, of the versions in its own file names, with the bytes that it allows, at the URLs
that it names; and on every page the files that have the bytes of one of those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.lockfiles.listed_names import version_in
from fallback_review.lockfiles.names import is_sha256
from fallback_review.model.files import Sought
from fallback_review.model.versions import public_version
from fallback_review.prediction.installation import files_of
from fallback_review.prediction.locked_urls import filename_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.model import Answer, Index, LockedPackage, PackageOptions


def about(
    package: LockedPackage, options: PackageOptions, heard: Mapping[Index, Answer]
) -> Mapping[Index, Answer]:
    """Return the answers with the files that an entry has to do with, which know their whole pages.

    An entry without a pin, or one whose pin the options move, has to do with all of them.
    """
    version = public_version(package.version) if package.version is not None else None
    if version is None or package.specifier is not None or options.overrides or options.constraints:
        return heard
    names = {
        name for each in package.artifacts for name in (each.filename, filename_in(each.url or "")) if name
    }
    sought = Sought(
        versions=frozenset(
            {version, *(public_version(version_in(name, package.name)) or version for name in names)}
        ),
        sha256=frozenset(filter(is_sha256, package.sha256s)),
        urls=frozenset(each.url for each in package.artifacts if each.url),
        names=frozenset(names),
    )
    pages = {index: files_of(answer).about(sought) for index, answer in heard.items()}
    same_bytes = {file.sha256 for files in pages.values() for file in files if file.sha256} - sought.sha256
    if same_bytes:
        more = replace(sought, sha256=sought.sha256 | same_bytes)
        pages = {index: files_of(answer).about(more) for index, answer in heard.items()}
    return {index: replace(answer, files=pages[index]) for index, answer in heard.items()}

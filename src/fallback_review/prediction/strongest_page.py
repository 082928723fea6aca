"""Does an answer hang on an index that has not answered? Tried out: the strongest page that it could have.

An index that was not asked, or did not answer, might list anything. If the installer's choice stays the
same even when that index offers, under each name and version that could win, a file that ranks first, its
answer is not needed. This holds for any arrangement and installer, present or future, without a table.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.version import Version

from fallback_review.model import Owner, ProjectFile, Tier
from fallback_review.model.versions import parse_version
from fallback_review.prediction.candidates import may_match, parse_filename
from fallback_review.prediction.listing import ListedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.specifiers import SpecifierSet

    from fallback_review.model import Index
    from fallback_review.prediction.candidates import Request
    from fallback_review.prediction.listing import Page, Pages

_ABOVE_ALL = "99999"
_BEFORE_ANY_BOUND = datetime.min.replace(tzinfo=UTC)
_ANY_BYTES = "f" * 64


def strongest_pages(index: Index, request: Request, pages: Pages) -> tuple[Page, ...]:
    """Return the pages that an index would have if it were to win wherever it can.

    Where the lock has hashes, its files have one of them: one that no known page explains, where there is
    one; else each that is known, and on another page none of them, which makes an install fail. What
    Chainguard serves of PyPI's own bytes, PyPI has too.
    """
    listed = [each for page in pages.values() for each in page]
    known = {each.bytes_sha256 for each in listed}
    unexplained = request.hashes - known
    ways = [[min(unexplained)]] if unexplained else [sorted(request.hashes), [_ANY_BYTES]]
    own_bytes = tuple(
        replace(each, index=index)
        for each in listed
        if index.owner is Owner.PYPI and each.index is not None and each.index.owner is Owner.CHAINGUARD
        if each.file.tier in (Tier.UPSTREAM, None)
    )
    names = dict.fromkeys(_names(request, listed))
    return tuple(
        (
            *own_bytes,
            *(_listed(name, version, digest, index) for digest in digests for name, version in names),
        )
        for digests in ways
        if digests
    )


def _names(request: Request, listed: Iterable[ListedFile]) -> Iterable[tuple[str, str]]:
    """Yield file names: those already there that may match, and the best wheel of every such version."""
    best = next(iter(request.ranks))
    stem = request.name.replace("-", "_")
    versions = set()
    for each in listed:
        parsed = parse_filename(each.file.filename) if may_match(request, each) else None
        if parsed is not None and parsed.version.local is None:
            yield each.file.filename, str(parsed.version)
            versions.add(str(parsed.version))
    if request.version is not None:
        versions.add(str(request.version))
        versions.add(request.version.public)
    else:
        versions.update(map(str, request.specifier.filter(_high_versions(request.specifier))))
    for version in sorted(versions):
        yield f"{stem}-{version}-99-{best}.whl", version
        yield f"{stem}-{version}.tar.gz", version


def _high_versions(specifier: SpecifierSet) -> Iterator[Version]:
    """Yield a version above all, and each bound with the highest version of its series or just below."""
    yield Version(_ABOVE_ALL)
    for each in specifier:
        bound = parse_version(each.version.removesuffix(".*"))
        if bound is None:
            continue
        yield bound
        for length, part in enumerate(bound.release, 1):
            for last in (part, max(part - 1, 0)):
                series = (*bound.release[: length - 1], last)
                yield Version(f"{bound.epoch}!{'.'.join(map(str, series))}.{_ABOVE_ALL}")


def _listed(filename: str, version: str, digest: str, index: Index) -> ListedFile:
    return ListedFile(
        file=ProjectFile(
            filename=filename, url="", version=version, sha256=digest, upload_time=_BEFORE_ANY_BOUND
        ),
        index=index,
        digest=digest,
    )

"""Does an answer hang on an index that has not been asked? Tried out: the strongest page that it could have.

An index that was not asked, or did not answer, might list anything. If the installer's choice stays the
same even when that index offers, under each name and version that could win, a file that ranks first, its
answer is not needed. This holds for any layout and installer, present or future, without a table.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import Version

from fallback_review.model import ProjectFile, Role, Tier
from fallback_review.model.versions import parse_version
from fallback_review.prediction.candidates import may_match, parse_filename
from fallback_review.prediction.listing import ListedFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.specifiers import SpecifierSet

    from fallback_review.prediction.candidates import Request
    from fallback_review.prediction.listing import Page, Pages

_ABOVE_ALL = "99999"


def strongest_page(request: Request, pages: Pages) -> Page:
    """Return the page that PyPI would have if it were to win wherever it can.

    Its links carry a hash of the lock that nothing else explains, where there is one. What Chainguard serves
    of PyPI's own bytes, PyPI has too.
    """
    ours = (*pages[0], *pages[1])
    unexplained = request.hashes - {listed.bytes_sha256 for page in pages for listed in page}
    digest = min(unexplained, default="f" * 64)
    own_bytes = (replace(each, owner=Role.PYPI) for each in ours if each.file.tier in (Tier.UPSTREAM, None))
    names = dict.fromkeys(_names(request, ours))
    return (*own_bytes, *(_listed(name, version, digest) for name, version in names))


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


def _listed(filename: str, version: str, digest: str) -> ListedFile:
    return ListedFile(
        file=ProjectFile(filename=filename, url="", version=version, sha256=digest),
        owner=Role.PYPI,
        digest=digest,
    )

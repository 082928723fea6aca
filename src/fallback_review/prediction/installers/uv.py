"""uv, 0.13 (measured): `uv pip install`, `uv pip sync`; `uv sync` takes the URLs in its lock.

- Indexes: every `--index`/`--extra-index-url` first, the default index last.
- `first-index`: the first index that has the project is the only one. `unsafe-first-match`: the first with a
  matching version. `unsafe-best-match`: the best version over all, equal versions to the earlier index; there
  alone a misfit version goes on to the next index.
- Within a version: wheels by (link's hash allowed > no hash > not allowed), tag, build tag; a sdist wins only
  by a better hash state. Equal ones: the smallest file name, then the first listed.
- Pre-releases come last in their index, where no other version fits; `prerelease` may say otherwise.
- Yanked files only for a pin of their very version that stands alone: `==1.0` takes no yanked `1.0+cgr.1`,
  and `==1.0,!=2` none at all.
- An entry's hashes count where a single `==` or `===` pins it; those of a constraints file never do.
- A file whose `requires-python` can't be read, even with common slips corrected, is passed over at once.
- Sdists are `.tar.gz` and `.zip`; the version is what stands behind the project's name, which must be as long
  as the project's own.
- `exclude-newer`: files that were uploaded then or later, or say no time, are passed over.
- Otherwise `requires-python` is looked at last, on the best file alone, by its lower bound alone: a version
  whose best file wants a newer Python is passed over in every index. Then the bytes are checked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.version import Version

from fallback_review.lockfiles.names import normalise_name
from fallback_review.model import Prereleases
from fallback_review.model.versions import parse_version
from fallback_review.prediction import requires_python
from fallback_review.prediction.candidates import (
    ARCHIVE_ENDS,
    Archives,
    drop_late_uploads,
    drop_unfit_kinds,
    read,
)
from fallback_review.prediction.installers.interface import (
    Choice,
    Failure,
    Installer,
    InstallerOptions,
    fail,
    take,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from packaging.specifiers import Specifier

    from fallback_review.prediction.candidates import Candidate, Request
    from fallback_review.prediction.listing import IndexPage

    Versions = dict[tuple[bool, Version], list[Candidate]]
    """One index's candidates of each matching version, fitting or not; those with false come last."""


def choose(request: Request, indexes: Sequence[IndexPage], options: InstallerOptions) -> Choice:
    """Return the file that uv installs."""
    ordered = pages_read(request, indexes, options)
    sieve = read(request, (index.page for index in ordered))
    sieve.keep(
        "its requires-python can't be read", lambda c: requires_python.readable(c.listed.file.requires_python)
    )
    late = drop_late_uploads(request, sieve)
    if request.hashes_missing:
        return fail(Failure.HASH_REQUIRED, sieve)
    owner_of = [index for index in ordered for _ in index.page]
    listed = list(sieve.kept)
    drop_unfit_kinds(request, sieve)
    sieve.keep("yanked", lambda c: not c.listed.file.yanked or c.version in request.lone_pins)
    fitting = {c.position for c in sieve.kept}
    by_index: list[Versions] = []
    for index in ordered:
        here = [c for c in listed if owner_of[c.position - 1] is index]
        too_late = [c for c in late if owner_of[c.position - 1] is index]
        passed_over = _passed_over(here, too_late, fitting)
        here = [c for c in here if c.version not in passed_over]
        first, every = _admitted(request, here)
        by_version: Versions = defaultdict(list)
        for candidate in here:
            if candidate.version in every:
                by_version[candidate.version in first, candidate.version].append(candidate)
        by_index.append(by_version)
    too_new: set[Version] = set()
    failure = Failure.NO_VERSION
    for group in _groups(by_index, best_match=options.uv_strategy == "unsafe-best-match"):
        failure = Failure.NO_COMPATIBLE
        fit = [c for c in group if c.position in fitting and c.version not in too_new]
        if not fit:
            continue
        asked = _with_hashes_for(fit[0].version, request)
        best = _best_of_version(fit, asked)
        if requires_python.reaches(best.listed.file.requires_python, request.python):
            return take(best, asked, sieve)
        too_new.add(best.version)
        sieve.keep(
            f"its version's best file requires a Python above {request.python}",
            lambda c: c.version not in too_new,
        )
    return fail(failure, sieve)


def pages_read(_request: Request, indexes: Sequence[IndexPage], options: InstallerOptions) -> list[IndexPage]:
    """Return the pages that uv reads, in its order: by `first-index` none behind one that has the project."""
    ordered = sorted(indexes, key=lambda index: index.default)
    if options.uv_strategy == "first-index":
        return ordered[: next((n for n, index in enumerate(ordered, 1) if index.page), None)]
    return ordered


def _passed_over(here: list[Candidate], late: list[Candidate], fitting: Container[int]) -> frozenset[Version]:
    """Return the versions that uv takes for not being on this index, and looks for on the next (measured).

    Of a version without a file that fits it remembers one file, a source distribution where there is one.
    Being too late outranks other reasons, and what is too late counts as not listed.
    """
    fit = {c.version for c in here if c.position in fitting}
    with_source = {c.version for c in (*here, *late) if not c.wheel}
    return frozenset(c.version for c in late if c.wheel is (c.version not in with_source)) - fit


def _with_hashes_for(version: Version, request: Request) -> Request:
    """Return the request as it is for one version, which the lock's hashes may not be for (measured).

    Those of ``==1.0`` hold for 1.0 and its local versions, unless hashes are required: then for 1.0 alone.
    """
    pin = request.hashed_version
    if not request.hashes or pin is None or version == pin:
        return request
    if request.options.require_hashes:
        return replace(request, hashes=frozenset({"none"}), trust_unhashed=False)
    return request if Version(version.public) == pin else replace(request, hashes=frozenset())


def _admitted(request: Request, candidates: list[Candidate]) -> tuple[frozenset[Version], frozenset[Version]]:
    """Return the versions that come first, and all that may be taken at last (measured for each mode)."""
    every = frozenset(
        c.version for c in candidates if all(_fits(each, c.version) for each in request.specifier)
    )
    finals = frozenset(version for version in every if not version.is_prerelease)
    match request.options.prereleases:
        case Prereleases.ALLOW:
            return every, every
        case Prereleases.DISALLOW:
            return finals, finals
        case Prereleases.EXPLICIT if not request.specifier.prereleases:
            return finals, finals
        case _:
            return finals, every


def _fits(clause: Specifier, version: Version) -> bool:
    """Whether a version fits a clause: ``===1.0`` takes 1.0.0 too, but no local version (measured)."""
    if clause.operator == "===":
        wanted = parse_version(clause.version)
        return wanted == version
    return clause.contains(version, prereleases=True)


def _groups(by_index: list[Versions], *, best_match: bool) -> Iterator[list[Candidate]]:
    """Yield the candidates of one version of one index after the other, as uv comes to them."""
    seen: set[tuple[bool, Version]] = set()
    if best_match:
        for version in sorted({v for versions in by_index for v in versions}, reverse=True):
            yield from (versions[version] for versions in by_index if version in versions)
        return
    for versions in by_index:
        for version in sorted(versions, reverse=True):
            if version not in seen:  # a version that did not fit is not looked for elsewhere
                seen.add(version)
                yield versions[version]


def _best_of_version(fit: list[Candidate], request: Request) -> Candidate:
    wheels = [c for c in fit if c.wheel]
    sdists = [c for c in fit if not c.wheel]
    best = _best(wheels or sdists, request)
    if wheels and sdists:
        source = _best(sdists, request)
        if request.link_state(source.listed) > request.link_state(best.listed):
            return source
    return best


def _best(candidates: list[Candidate], request: Request) -> Candidate:
    def key(c: Candidate) -> tuple[int, int, tuple[int, str] | tuple[()]]:
        return (request.link_state(c.listed), -(c.rank or 0), c.build)

    top = max(map(key, candidates))
    return min((c for c in candidates if key(c) == top), key=lambda c: (c.filename, c.position))


def version_of(stem: str, project: str) -> str | None:
    """Return the version that uv reads off a sdist's name."""
    name, dash, version = (
        stem[: len(project)],
        stem[len(project) : len(project) + 1],
        stem[len(project) + 1 :],
    )
    return version if dash == "-" and normalise_name(name) == project else None


ARCHIVES = Archives(
    ends=tuple(end for end in ARCHIVE_ENDS if end != ".tar.Z"),
    version=version_of,
    passed_over=frozenset(ARCHIVE_ENDS) - {".tar.gz", ".zip"},
    unpacked=frozenset({".tar.gz", ".tgz", ".tar", ".zip"}),
)


def any_hash_of_entry(version: str | None) -> bool:
    """Return whether this uv takes any hash of an entry for any file of it: 0.8.22 to 0.9.10 (measured)."""
    return version is not None and Version("0.8.22") <= Version(version) <= Version("0.9.10")


HASH = re.compile(
    r"(?:md5:[0-9a-f]{32}|(?:sha256|blake2b):[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})"
)
UV = Installer(
    name="uv",
    hash_form=lambda _urls_locked: HASH,
    choose=choose,
    reads=pages_read,
    archives=ARCHIVES,
    index_order="default-last",
    any_hash_of_entry=any_hash_of_entry,
    locked_build_tags=True,
    doubled_underscores=True,
    empty_mark_yanks=True,
    pinned_hashes=True,
    joins_comments=False,
)
PIXI = replace(UV, name="pixi")

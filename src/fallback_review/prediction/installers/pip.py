"""pip, 23.2 to 26.3 (measured); `pip/_internal/index/package_finder.py` says the same.

- All indexes are pooled: index-url's page, then each extra-index-url's. None has priority.
- Candidates: the requirement's versions, wheels whose tags fit, sdists of many kinds, as far as the options
  let them. The version of a sdist is what stands behind the project's name.
- `--uploaded-prior-to`: files that were uploaded then or later are no candidates; a file of the right kind
  that says no time, of whatever version, fails the whole install.
- Where the requirement has hashes and some link carries an allowed one, links that carry one that is not
  allowed vanish; links that carry none stay.
- Best by: allowed hash on the link, not yanked, (`--prefer-binary`: wheel), version, tag, build tag.
  Equal ones: the last listed. Yanked files only for an exact pin that has nothing else (PEP 592).
- Then the bytes are checked: a hash that is not allowed fails the whole install.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace
from packaging.version import Version

from fallback_review.prediction.candidates import (
    ALLOWED,
    Archives,
    behind_project,
    drop_misfits,
    has_doubled,
    matching,
    parse_filename,
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
    from collections.abc import Sequence

    from fallback_review.prediction.candidates import Candidate, Request
    from fallback_review.prediction.listing import IndexPage, ListedFile


def choose(request: Request, indexes: Sequence[IndexPage], _options: InstallerOptions) -> Choice:
    """Return the file that pip installs."""
    ordered = sorted(indexes, key=lambda index: not index.default)
    sieve = read(request, (index.page for index in ordered))
    if request.hashes_missing:
        return fail(Failure.HASH_REQUIRED, sieve)
    if request.options.uploaded_before is not None and any(
        listed.file.upload_time is None and _may_be_taken(listed, request)
        for index in ordered
        for listed in index.page
    ):
        return fail(Failure.NO_UPLOAD_TIME, sieve)
    drop_misfits(request, sieve)
    versions = matching(request, sieve.kept)
    sieve.keep("another version", lambda c: str(c.version) in versions)
    if any(request.link_state(c.listed) == ALLOWED for c in sieve.kept):
        sieve.keep("the link's hash is not among the lock's", lambda c: request.link_state(c.listed) > 0)
    pinned = any(s.operator in ("==", "===") and not s.version.endswith(".*") for s in request.specifier)
    if not (pinned and all(c.listed.file.yanked for c in sieve.kept)):
        sieve.keep("yanked", lambda c: not c.listed.file.yanked)
    if not sieve.kept:
        return fail(Failure.NO_VERSION, sieve)
    best = max(sieve.kept, key=lambda c: (*_key(c, request), c.position))
    # Constraints decide what is preferred; what was downloaded is held to the entry's own hashes (measured).
    checked = (
        replace(request, hashes=request.own_hashes) if request.own_hashes and request.hashes else request
    )
    return take(best, checked, sieve)


def _key(
    candidate: Candidate, request: Request
) -> tuple[bool, bool, Version, int, tuple[int, str] | tuple[()]]:
    return (
        request.link_state(candidate.listed) == ALLOWED,
        request.options.prefer_binary and candidate.wheel,
        candidate.version,
        -(candidate.rank or 0),
        candidate.build,
    )


def _may_be_taken(listed: ListedFile, request: Request) -> bool:
    """Whether pip comes to ask for a file's upload time: a wheel that fits, or a sdist, of any version."""
    filename = listed.file.filename
    if not filename.endswith(".whl"):
        return request.archives.end_of(filename) is not None
    if has_doubled(filename) and not request.doubled_underscores:
        return False
    parsed = parse_filename(filename) if request.options.wheels else None
    return parsed is not None and parsed.name == request.name and any(t in request.ranks for t in parsed.tags)


def plain_linux_first(version: str | None) -> bool:
    """Return whether this pip ranks `linux_<arch>` first: since 26.3 (its packaging is 26.3)."""
    return version is None or Version(version) >= Version("26.3")


ARCHIVES = Archives(
    ends=(".tar.gz", ".zip", ".tar.bz2", ".tbz", ".tgz", ".tar.xz", ".txz", ".tlz", ".tar.lzma", ".tar"),
    version=behind_project,
)
HASH = re.compile(r"sha(?:256|384|512):.*", re.DOTALL)
"""What ``--hash`` takes; a pylock.toml may have other algorithms (measured with 26.3)."""
PIP = Installer(
    name="pip",
    hash_form=lambda urls_locked: None if urls_locked else HASH,
    choose=choose,
    limits_locked=True,
    archives=ARCHIVES,
    plain_linux_first=plain_linux_first,
    standard_names=True,
)

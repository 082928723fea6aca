"""Which versions Chainguard has instead of the one that is asked for."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from fallback_review.model import Owner, Tier
from fallback_review.model.files import Sought
from fallback_review.prediction.candidates import parse_filename, public
from fallback_review.prediction.installation import files_of
from fallback_review.prediction.requires_python import fits
from fallback_review.prediction.targets import full_version, ranks

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import date

    from packaging.version import Version

    from fallback_review.model import ProjectFile, Target
    from fallback_review.model.files import Files
    from fallback_review.prediction.context import Answers


class Nearest:
    """What this module tells, with a memory, of answers that don't change meanwhile.

    Each method is the function of its name, without the answers: the same project at the same version, which
    many lockfiles hold, is looked up once.
    """

    def __init__(self, answers: Answers) -> None:
        self.pinnable = cache(partial(pinnable, answers=answers))
        self.first_uploaded = cache(partial(first_uploaded, answers=answers))
        self.lists_any = cache(partial(lists_any, answers=answers))
        self.lists_version = cache(partial(lists_version, answers=answers))
        self.has_wheel = cache(partial(has_wheel, answers=answers))
        self.remediated = cache(partial(remediated, answers=answers))


def pinnable(name: str, wanted: Version, answers: Answers, targets: Sequence[Target]) -> Version | None:
    """Return the version to pin instead of the wanted one: the nearest with a built wheel for every target.

    A later one in the same release series comes first, then an earlier one there, then other series of the
    same major version, then any. None where no version would do on every target.
    """
    wheels: dict[Version, list[ProjectFile]] = {}
    for file in chainguards_files(name, answers):
        parsed = parse_filename(file.filename)
        if parsed is not None and parsed.wheel and file.tier is not Tier.UPSTREAM and not file.yanked:
            wheels.setdefault(parsed.version, []).append(file)
    usable = [
        version
        for version, built in wheels.items()
        if not version.is_prerelease and version.local is None and public(version) != public(wanted)
        if all(any(_fits(file, target) for file in built) for target in targets)
    ]
    near = [
        max((v for v in usable if v < wanted), default=None),
        min((v for v in usable if v > wanted), default=None),
    ]
    found = [version for version in near if version is not None]
    found.sort(
        key=lambda v: (
            v.epoch != wanted.epoch,
            v.major != wanted.major,
            v.release[:2] != wanted.release[:2],
            v < wanted,
        )
    )
    return next(iter(found), None)


def first_uploaded(name: str, wanted: Version, answers: Answers) -> date | None:
    """Return the day on which PyPI got the first file of a version (PEP 700); None where it does not say."""
    release = Sought(versions=frozenset({public(wanted)}))
    days = [
        file.upload_time.date()
        for index, answer in answers.get(name, {}).items()
        if index.owner is Owner.PYPI
        for file in files_of(answer).about(release)
        if file.upload_time is not None
        if (parsed := parse_filename(file.filename)) is not None and public(parsed.version) == public(wanted)
    ]
    return min(days, default=None)


def lists_any(name: str, hashes: AbstractSet[str], answers: Answers) -> bool:
    """Whether Chainguard lists a file whose SHA-256 is among `hashes`."""
    return any(not hashes.isdisjoint(page.digests) for page in _chainguards_pages(name, answers))


def lists_version(name: str, wanted: Version, answers: Answers) -> bool:
    """Whether Chainguard lists any file of a version."""
    parsed = (parse_filename(file.filename) for file in chainguards_files(name, answers))
    return any(each is not None and public(each.version) == public(wanted) for each in parsed)


def has_wheel(name: str, wanted: Version, answers: Answers, target: Target) -> bool | None:
    """Whether Chainguard lists a wheel of a version for a target; None: it did not answer."""
    if any(
        parsed.wheel and public(parsed.version) == public(wanted) and _fits(file, target)
        for file in chainguards_files(name, answers)
        if (parsed := parse_filename(file.filename)) is not None
    ):
        return True
    heard = [answer.answered for index, answer in answers.get(name, {}).items() if index.chainguards]
    return False if heard and all(heard) else None


def _fits(file: ProjectFile, target: Target) -> bool:
    parsed = parse_filename(file.filename)
    known = ranks(target, plain_linux_first=False)
    return (
        parsed is not None
        and any(tag in known for tag in parsed.tags)
        and fits(file.requires_python, full_version(target))
    )


def remediated(name: str, wanted: Version, answers: Answers) -> Version | None:
    """Return the newest ``+cgr.N`` of the wanted version, where Chainguard has one."""
    found = [
        parsed.version
        for page in _chainguards_pages(name, answers)
        for file in page.named("cgr")
        if not file.yanked
        if (parsed := parse_filename(file.filename)) is not None
        if public(parsed.version) == public(wanted) and (parsed.version.local or "").startswith("cgr")
    ]
    return max(found, default=None)


def chainguards_files(name: str, answers: Answers) -> Iterator[ProjectFile]:
    """Give what Chainguard's indexes list for a project, as far as they answered."""
    for page in _chainguards_pages(name, answers):
        yield from page


def _chainguards_pages(name: str, answers: Answers) -> Iterator[Files]:
    for index, answer in answers.get(name, {}).items():
        if index.chainguards:
            yield files_of(answer)

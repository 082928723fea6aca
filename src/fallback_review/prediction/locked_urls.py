"""Locks that name the files' URLs (uv.lock, pylock.toml, PDM with static URLs, pixi, conda-lock).

The installer takes a URL of the lock and asks no index (measured: whatever the configuration says): the best
tag among the locked wheels, for uv then the highest build tag, a sdist last; equal ones: the first in the
lock. `requires-python` of files plays no part. The bytes are then checked against the lock's hash for it.

pixi.lock and conda-lock.yml are solved per platform, with an interpreter of their own: the file that they
name for the target's platform is taken, whatever Python version the target names; of several, which are for
several environments, each one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    parse_sdist_filename,
    parse_wheel_filename,
)

from fallback_review.lockfiles.listed_names import version_in
from fallback_review.model import Prereleases
from fallback_review.model.versions import parse_version
from fallback_review.prediction.candidates import ARCHIVE_ENDS, Step, has_doubled, parse_filename
from fallback_review.prediction.installers import Failure
from fallback_review.prediction.targets import applies

if TYPE_CHECKING:
    from packaging.utils import BuildTag
    from packaging.version import Version

    from fallback_review.model import Artifact, LockedPackage, Target
    from fallback_review.prediction.candidates import Request
    from fallback_review.prediction.installers import Installer


class LockedChoice(Struct, frozen=True, kw_only=True):
    """The artifact that an installer takes from the lock."""

    artifact: Artifact | None
    steps: tuple[Step, ...]
    failure: Failure | None = None
    """Why it installs nothing."""
    why: str | None = None
    """The same, as a clause; None where the failure says it all."""
    others: tuple[Artifact, ...] = ()
    """What it takes for other environments on the same platform."""


def choose(
    package: LockedPackage,
    request: Request,
    target: Target,
    installer: Installer,
    *,
    per_platform: bool = False,
) -> LockedChoice:
    """Return the artifact that is taken on the target; none when nothing fits.

    `per_platform`: the lock is solved for each platform.
    """
    if installer.dated_urls and request.options.uploaded_before is not None:
        named = tuple(map(filename_of, package.artifacts))
        step = Step(title="the lock tells no upload times, which are bounded", remaining=(), fallen_out=named)
        return LockedChoice(artifact=None, steps=(step,), failure=Failure.NO_COMPATIBLE)
    fitting: list[tuple[int, int, Artifact]] = []
    dropped: list[str] = []
    for position, artifact in enumerate(package.artifacts):
        rank = _rank(artifact, request, target)
        if rank is None and per_platform and _of_the_platform(artifact, request, target):
            rank = len(request.ranks) + 2
        if rank is None:
            dropped.append(filename_of(artifact))
        else:
            fitting.append((rank, position, artifact))
    fitting.sort(key=lambda each: each[:2])
    if installer.locked_build_tags:
        fitting.sort(key=lambda each: (-each[0], _build(each[2])), reverse=True)  # stable: equal ones stay
    kept = tuple(filename_of(artifact) for _, _, artifact in fitting)
    steps = [Step(title="files that the lock names", remaining=(*kept, *dropped))]
    if dropped:
        steps.append(
            Step(title="does not fit the target or the options", remaining=kept, fallen_out=tuple(dropped))
        )
    if not fitting:
        return LockedChoice(artifact=None, steps=tuple(steps), failure=Failure.NO_COMPATIBLE)
    end = request.archives.end_of(kept[0])
    strange = installer.standard_names and not all(_is_standard(name) for name in (*kept, *dropped))
    if strange or (end is not None and end not in request.archives.unpacked):
        steps.append(Step(title="refused: the installer can't read such a name", remaining=()))
        return LockedChoice(artifact=None, steps=tuple(steps), failure=Failure.UNUSABLE_ARCHIVE)
    if installer.limits_locked and (why := _limited(package, fitting[0][2], request, target)) is not None:
        steps.append(Step(title=why, remaining=(), fallen_out=kept[:1]))
        return LockedChoice(artifact=None, steps=tuple(steps), failure=Failure.LIMITED, why=why)
    steps.append(Step(title="chosen", remaining=kept[:1]))
    others = tuple(file for _, _, file in fitting[1:] if per_platform and file.target_platform is not None)
    return LockedChoice(artifact=fitting[0][2], steps=tuple(steps), others=others)


def _limited(package: LockedPackage, artifact: Artifact, request: Request, target: Target) -> str | None:
    """Return which option of the installer excludes the chosen file; it looks for no other (measured)."""
    version, options = parse_version(package.version), request.options
    for constraint in options.constraints:
        allowed = constraint.url is not None or not applies(constraint.marker, target)
        if version is not None and not allowed and not _allows(constraint.specifier, version):
            return f"a constraint allows only {package.name}{constraint.specifier}"
    if options.prereleases is Prereleases.DISALLOW and version is not None and version.is_prerelease:
        return "only-final takes no pre-release"
    if options.uploaded_before is None or not artifact.url:
        return None
    name = filename_of(artifact)
    uploaded = next((time for named, time in package.uploaded if named == name), None)
    if uploaded is None:
        return "uploads are bounded by time, and the lock does not tell when the file was uploaded"
    return None if uploaded < options.uploaded_before else "the file was uploaded too late"


def _allows(specifier: str, version: Version) -> bool:
    try:
        return SpecifierSet(specifier).contains(version, prereleases=True)
    except InvalidSpecifier:
        return True


def for_another_system(package: LockedPackage, target: Target) -> bool:
    """Whether all that the lock names are wheels for other operating systems than the target's.

    Another architecture of the same system is not enough: that is how an install fails.
    """
    starts = {
        "linux": ("manylinux", "musllinux", "linux"),
        "musllinux": ("musllinux", "manylinux", "linux"),
        "macos": ("macosx",),
    }.get(target.platform, ("win",))
    parsed = [parse_filename(filename_of(artifact)) for artifact in package.artifacts]
    if not all(each is not None and each.wheel for each in parsed):
        return False
    platforms = {tag.platform for each in parsed if each is not None for tag in each.tags}
    return not any(name == "any" or name.startswith(starts) for name in platforms)


def misnamed(package: LockedPackage) -> str | None:
    """Return the name of a locked file that is another version's; None where all are the entry's.

    uv refuses such a uv.lock or pylock.toml, and pip such a pylock.toml, whatever the name beside the URL is
    (measured with 0.13 and 26.3).
    """
    locked = parse_version(package.version or "")
    if locked is None or not (package.urls_locked and package.source.kind.from_index):
        return None
    names = [name for each in package.artifacts for name in (each.filename, filename_in(each.url or ""))]
    for name in filter(None, names):
        told = parse_version(version_in(name, package.name) or "")
        if told is not None and told != locked:
            return name
    return None


def filename_of(artifact: Artifact) -> str:
    """Return the artifact's file name, read off its URL or path where the lock does not spell it."""
    if artifact.filename:
        return artifact.filename
    return filename_in(artifact.url or artifact.path or "")


def filename_in(place: str) -> str:
    """Return the last part of a URL's or a file's path."""
    return unquote(place.partition("#")[0].partition("?")[0].rpartition("/")[2])


def _is_standard(name: str) -> bool:
    """Whether the standards know a file's name; else pip refuses a pylock.toml as a whole (measured)."""
    if not name.endswith((".whl", *ARCHIVE_ENDS)):
        return True  # an archive that is none of the index's
    try:
        parse_wheel_filename(name) if name.endswith(".whl") else parse_sdist_filename(name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return False
    return True


def _build(artifact: Artifact) -> BuildTag:
    parsed = parse_filename(filename_of(artifact))
    return parsed.build if parsed is not None else ()


def _rank(artifact: Artifact, request: Request, target: Target) -> int | None:
    if not _for_platform(artifact.target_platform, target):
        return None
    name = filename_of(artifact)
    parsed = parse_filename(name)
    if has_doubled(name) and not request.doubled_underscores:
        return None
    if parsed is None:
        return len(request.ranks) + 1  # an archive whose name says nothing is built, like a sdist
    if not parsed.wheel:
        return len(request.ranks) if request.options.sdists else None
    if not request.options.wheels:
        return None
    return min((request.ranks[tag] for tag in parsed.tags if tag in request.ranks), default=None)


def _of_the_platform(artifact: Artifact, request: Request, target: Target) -> bool:
    """Whether only the interpreter keeps a wheel from fitting: the platform is the target's."""
    if artifact.target_platform not in (None, "noarch"):
        return _for_platform(artifact.target_platform, target)
    parsed = parse_filename(filename_of(artifact))
    platforms = {tag.platform for tag in request.ranks}
    return parsed is not None and any(tag.platform in platforms for tag in parsed.tags)


def _for_platform(said: str | None, target: Target) -> bool:
    """Whether a per-platform lock's entry is for the target (conda's names: ``linux-64``, ``osx-arm64``)."""
    if said is None or said == "noarch":
        return True
    system, _, bits = said.partition("-")
    systems = {"linux": ("linux", "musllinux"), "osx": ("macos",), "win": ("windows",)}
    arches = {
        "64": ("x86_64", "amd64"),
        "aarch64": ("aarch64",),
        "arm64": ("arm64", "aarch64"),
        "32": ("i686", "x86"),
    }
    return target.platform in systems.get(system, ()) and target.arch in arches.get(bits, (bits,))

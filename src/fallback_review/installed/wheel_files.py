"""Wheels and source archives that lie as files: by their whole bytes, and wheels by what is in them too."""

from __future__ import annotations

import hashlib
import io
import zipfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import (
    InvalidWheelFilename,
    canonicalize_name,
    parse_wheel_filename,
)

from fallback_review.index.files import UnreadableFileError
from fallback_review.installed.distributions import Installed
from fallback_review.installed.judge import (
    UNKNOWN_NAME,
    IndexFindings,
    Verifying,
    by_name,
    compared_with_indexes,
    concluded,
    is_private,
    judged_by_policy,
    verified,
)
from fallback_review.installed.source_archives import source_archive
from fallback_review.installed.tree import Listed, TreeFiles
from fallback_review.installed.unexplained import find_unexplained
from fallback_review.installed.wheels import BROKEN, read_wheel, stays_inside
from fallback_review.model import Conclusion, Notice
from fallback_review.model.installed import (
    Deviation,
    Integrity,
    Origin,
    Proof,
    Verification,
    VerifiedDistribution,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fallback_review.installed.compare import ComparedDistribution
    from fallback_review.installed.places import Place
    from fallback_review.model import Offered, Project


_PAGES = (".html", ".htm")
_PAGE = "pip follows the links of a page among wheels, and what they lead to is not verified: take it out"
_NO_FILE = "it is not an ordinary file"
_OTHER_BYTES = "its sha256 is not the one that the index lists: an installer that checks hashes refuses it"


class _Archive(Struct, frozen=True):
    """A source archive."""

    path: Path
    name: str
    version: str
    sha256: str


class _Packed:
    """A wheel as a tree."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._sizes = {
            each.filename: each.file_size
            for each in archive.infolist()
            if not each.is_dir() and stays_inside(each.filename)
        }

    def names(self, folder: str) -> list[Listed]:
        base = f"{folder}/" if folder else ""
        below = (name.removeprefix(base).partition("/") for name in self._sizes if name.startswith(base))
        found = {first: "folder" if slash else "file" for first, slash, _ in below}
        return [Listed(name, kind) for name, kind in sorted(found.items())]

    def size(self, path: str) -> int | None:
        return self._sizes.get(path)

    def open(self, path: str) -> IO[bytes] | None:
        if path not in self._sizes:
            return None
        try:
            return self._archive.open(path)
        except BROKEN:
            return io.BytesIO()


def verify_wheels(place: Place, run: Verifying) -> Verification:
    """Verify what an installer takes from a folder of wheels (``--find-links``), or from one file of such."""
    paths = [place.path] if place.path.is_file() else sorted(place.path.iterdir())
    unreadable = [Notice(path=path.name, text=_PAGE) for path in paths if path.suffix.lower() in _PAGES]
    opened: list[tuple[Path, Installed, str, TreeFiles]] = []
    with ExitStack() as stack:
        for path in paths:
            if path.suffix.lower() != ".whl":
                continue
            try:
                opened.append(_opened(path, stack))
            except UnreadableFileError as error:
                unreadable.append(Notice(path=path.name, text=f"the wheel could not be read: {error}"))
        archives, unread = _archives(paths)
        wanted = {installed.name for _, installed, _, _ in opened} | {each.name for each in archives}
        projects = run.sources.projects(sorted(name for name in wanted if not is_private(name, run.settings)))
        listed = {
            path.name: _listed(projects[installed.name], digest)
            for path, installed, digest, _ in opened
            if installed.name in projects
        }
        strange = [
            installed for path, installed, _, _ in opened if path.name in listed and listed[path.name] is None
        ]
        asked = IndexFindings(run, strange)
        judged = [judged_by_policy(_archive(each, projects.get(each.name)), run) for each in archives]
        for path, installed, digest, files in opened:
            offered = listed.get(path.name)
            if offered is not None:
                project = projects[installed.name]
                found = _listed_file(path, installed.name, installed.version, offered, project)
            else:
                compared = compared_with_indexes(installed, asked, files, run.settings)
                compared.deviations += find_unexplained("", [compared], files, tag="").strays
                compared.deviations += _other_bytes(compared, path.name, digest)
                found = verified(compared, asked, 0)
            judged.append(judged_by_policy(replace(found, place=path.name), run))
    return concluded(
        Verification(
            place=place.shown,
            kind=place.kind,
            conclusion=Conclusion.PASS,
            distributions=tuple(sorted(judged, key=by_name)),
            unreadable=(*unreadable, *unread),
            requests=asked.requests,
            received=asked.received,
        ),
        run,
    )


def _other_bytes(compared: ComparedDistribution, name: str, digest: str) -> Iterator[Deviation]:
    """Give the wheel itself as changed, where its members alone do not say that it is another file."""
    candidate = compared.candidate
    said = any(each.kind in (Integrity.CHANGED, Integrity.ADDED) for each in compared.deviations)
    if candidate is not None and candidate.file.sha256 not in (None, digest) and not said:
        yield Deviation(path=name, kind=Integrity.CHANGED, detail=_OTHER_BYTES)


def _listed(project: Project, digest: str) -> Offered | None:
    return next((one for one in project.offered if one.file.sha256 == digest), None)


def _archives(paths: Sequence[Path]) -> tuple[list[_Archive], list[Notice]]:
    found, unread = [], []
    for path in paths:
        named = source_archive(path.name)
        if named is None:
            continue
        try:
            found.append(_Archive(path, *named, sha256=_digest(path)))
        except (OSError, UnreadableFileError) as error:
            why = error if isinstance(error, UnreadableFileError) else error.strerror
            unread.append(Notice(path=path.name, text=f"the source archive could not be read: {why}"))
    return found, unread


def _digest(path: Path) -> str:
    if not path.is_file():
        raise UnreadableFileError(_NO_FILE)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _archive(archive: _Archive, project: Project | None) -> VerifiedDistribution:
    """Say what a source archive is: by its sha256 alone, as what it builds is nobody's."""
    offered = _listed(project, archive.sha256) if project is not None else None
    if project is not None and offered is not None:
        found = _listed_file(archive.path, archive.name, archive.version, offered, project)
        return replace(found, proof=Proof.HASH)
    same = project is not None and any(
        one.file.filename == archive.path.name and one.file.sha256 for one in project.offered
    )
    if project is None:
        origin, why = Origin.PRIVATE, "a private name, which no index was asked for"
    else:
        unlisted = UNKNOWN_NAME if project.unknown else "no index lists a source archive of this sha256"
        said = project.blocked or project.unanswered or project.uncompared
        origin, why = Origin.UNVERIFIABLE, said or unlisted
    deviation = Deviation(path=archive.path.name, kind=Integrity.CHANGED, detail=_OTHER_BYTES)
    changed = (deviation,) if same else ()
    return VerifiedDistribution(
        name=archive.name,
        version=archive.version,
        place=archive.path.name,
        origin=origin,
        integrity=Integrity.CHANGED if same else Integrity.NOT_CHECKED,
        proof=Proof.NONE,
        why=why,
        deviations=changed,
        deviating=len(changed),
        malware=project.malware if project is not None else False,
    )


def _opened(path: Path, stack: ExitStack) -> tuple[Path, Installed, str, TreeFiles]:
    if not path.is_file():
        raise UnreadableFileError(_NO_FILE)
    try:
        stream = stack.enter_context(path.open("rb"))
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        name, version, _, tags = parse_wheel_filename(path.name)
        stream.seek(0)
        info = read_wheel(stream).info
        archive = stack.enter_context(zipfile.ZipFile(stream))
    except InvalidWheelFilename:
        raise UnreadableFileError("its name is not that of a wheel") from None
    except BROKEN:
        raise UnreadableFileError("it is not a valid zip archive") from None
    installed = Installed(
        name=canonicalize_name(name),
        version=str(version),
        site="",
        info=info,
        tags=frozenset(map(str, tags)),
        packed=True,
    )
    return path, installed, digest, TreeFiles(_Packed(archive))


def _said_by(filename: str) -> object:
    """Return what the name of a wheel or source archive says: in which spelling is all the same."""
    try:
        return parse_wheel_filename(filename)
    except InvalidWheelFilename:
        return source_archive(filename) or filename


def _listed_file(
    path: Path, name: str, version: str | None, offered: Offered, project: Project
) -> VerifiedDistribution:
    """Say what a file is whose sha256 an index lists; installers go by its name too."""
    origin, why = offered.origin, ""
    if origin is Origin.PYPI and project.unanswered:
        origin = Origin.UNVERIFIABLE
        why = f"it is PyPI's, and Chainguard may serve the same: {project.unanswered}"
    elif project.uncompared:
        why = f"PyPI was not compared: {project.uncompared}"
    renamed: tuple[Deviation, ...] = ()
    if _said_by(path.name) != _said_by(offered.file.filename):
        said = f"the index calls these bytes {offered.file.filename}"
        renamed = (Deviation(path=path.name, kind=Integrity.CHANGED, detail=said),)
    return VerifiedDistribution(
        name=name,
        version=version,
        place=path.name,
        origin=origin,
        integrity=Integrity.CHANGED if renamed else Integrity.INTACT,
        proof=Proof.WHEEL,
        why=why,
        file=offered.file.filename,
        deviations=renamed,
        deviating=len(renamed),
        files=1,
        malware=project.malware,
    )

"""Wheels that lie as files: by their whole bytes, else by what is in them."""

from __future__ import annotations

import hashlib
import io
import zipfile
from contextlib import ExitStack
from typing import IO, TYPE_CHECKING

from msgspec.structs import replace
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from fallback_review.index.files import UnreadableFileError
from fallback_review.installed.distributions import Installed
from fallback_review.installed.judge import (
    IndexFindings,
    Verifying,
    by_name,
    compared_with_indexes,
    concluded,
    is_private,
    judged_by_policy,
    verified,
)
from fallback_review.installed.tree import Listed, TreeFiles
from fallback_review.installed.unexplained import find_unexplained
from fallback_review.installed.wheels import BROKEN, read_wheel, stays_inside
from fallback_review.model import (
    Conclusion,
    Integrity,
    Notice,
    Origin,
    Proof,
    Verification,
    VerifiedDistribution,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fallback_review.installed.places import Place
    from fallback_review.model import Offered, Project


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
    """Verify wheels: by their whole bytes, else by what is in them."""
    paths = [place.path] if place.path.is_file() else sorted(place.path.glob("*.whl"))
    unreadable: list[Notice] = []
    opened: list[tuple[Path, Installed, str, TreeFiles]] = []
    with ExitStack() as stack:
        for path in paths:
            try:
                opened.append(_opened(path, stack))
            except UnreadableFileError as error:
                unreadable.append(Notice(path=path.name, text=f"the wheel could not be read: {error}"))
        asked_for = [
            installed for _, installed, _, _ in opened if not is_private(installed.name, run.settings)
        ]
        projects = run.sources.projects(sorted({each.name for each in asked_for}))
        listed = {
            path.name: next(
                (one for one in projects[installed.name].offered if one.file.sha256 == digest), None
            )
            for path, installed, digest, _ in opened
            if installed.name in projects
        }
        strange = [
            installed for path, installed, _, _ in opened if path.name in listed and listed[path.name] is None
        ]
        asked = IndexFindings(run, strange)
        judged = []
        for path, installed, _, files in opened:
            offered = listed.get(path.name)
            if offered is not None:
                project = projects[installed.name]
                found = _listed_wheel(installed, offered, project)
            else:
                compared = compared_with_indexes(installed, asked, files, run.settings)
                compared.deviations += find_unexplained("", [compared], files, tag="").strays
                found = verified(compared, asked, 0)
            judged.append(judged_by_policy(replace(found, place=path.name), run))
    return concluded(
        Verification(
            place=place.shown,
            kind=place.kind,
            conclusion=Conclusion.PASS,
            distributions=tuple(sorted(judged, key=by_name)),
            unreadable=tuple(unreadable),
            requests=asked.requests,
            received=asked.received,
        ),
        run,
    )


def _opened(path: Path, stack: ExitStack) -> tuple[Path, Installed, str, TreeFiles]:
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


def _listed_wheel(installed: Installed, offered: Offered, project: Project) -> VerifiedDistribution:
    """Say what a wheel is whose sha256 an index lists."""
    origin, why = offered.origin, ""
    if origin is Origin.PYPI and project.unanswered:
        origin = Origin.UNVERIFIABLE
        why = f"it is PyPI's, and Chainguard may serve the same: {project.unanswered}"
    elif project.uncompared:
        why = f"PyPI was not compared: {project.uncompared}"
    return VerifiedDistribution(
        name=installed.name,
        version=installed.version,
        place="",
        origin=origin,
        integrity=Integrity.INTACT,
        proof=Proof.WHEEL,
        why=why,
        file=offered.file.filename,
        files=1,
        malware=project.malware,
    )

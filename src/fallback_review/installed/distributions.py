"""The distributions that are installed in a tree, as their own metadata describe them.

Sources: "Recording installed projects" (PEP 376, 627), PEP 427 for WHEEL, PEP 610 for direct_url.json. All of
it is the claim of whoever wrote it: it says what to look for in the indexes, never where files come from.
"""

from __future__ import annotations

import json
import re
from email.parser import HeaderParser
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from packaging.utils import canonicalize_name

from fallback_review.installed.record import RecordedFile, RecordError, read_record
from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.installed.tree import TreeFiles

_SITE = re.compile(r"(?:(?P<prefix>.*)/)?(?:lib(?:32|64)?/(?:python|pypy)[^/]*|Lib)/(?:site|dist)-packages")
_INFO = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*?)-(?P<version>[^-/]+)\.dist-info")
_EGG_INFO = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*?)-(?P<version>[^-/]+?)(?:-py[^/]*)?\.egg-info")
_SYSTEM_SITE = re.compile(r"usr/lib(?:32|64)?/python3[^/]*/(?:site|dist)-packages")
_OF_THE_SYSTEM = frozenset({"apk", "apt", "debian", "dpkg", "guix", "nix", "portage", "rpm"})
_FINDER = re.compile(rb"import (__editable___\w+_finder); ?\1\.install\(\)\s*")
MOST_INFOS = 20_000


class Installed(Struct, frozen=True, kw_only=True):
    """One distribution."""

    name: str
    """Normalised by PEP 503."""
    version: str | None
    site: str
    """The folder that Python imports from, as a path of the tree."""
    info: str
    """Its ``.dist-info`` (or ``.egg-info``), as a path of the tree."""
    installer: str | None = None
    tags: frozenset[str] = frozenset()
    """What WHEEL says that the wheel fits; empty where it says nothing."""
    record: tuple[RecordedFile, ...] | None = None
    """Its own RECORD; None where it has none that can be read."""
    local: str = ""
    """Why it counts as built or linked here, as a clause; empty where it does not."""
    of_the_project: bool = False
    """Whether it was built or linked from a folder or a repository: its name may be private."""
    linked: bool = False
    """Whether it is editable: its code lies elsewhere, and none of it here."""
    system: bool = False
    packed: bool = False
    """Whether it is still a wheel: nothing of it has been moved."""

    @property
    def prefix(self) -> str:
        """The folder that scripts and data lie below: the environment, or the site itself (``--target``)."""
        found = _SITE.fullmatch(self.site)
        return (found["prefix"] or "") if found else self.site

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from every other in one tree."""
        return self.site, self.info


def is_of_the_system(site: str) -> bool:
    """Whether a folder is the one in which the operating system's packages put modules."""
    return _SYSTEM_SITE.fullmatch(site) is not None


def distributions(files: TreeFiles, site: str) -> Iterator[Installed]:
    """Yield what is installed in one folder that Python imports from."""
    for each in files.tree.names(site)[: MOST_INFOS * 4]:
        path = f"{site}/{each.name}" if site else each.name
        if each.name.endswith(".dist-info") and each.kind == "folder":
            yield _dist_info(files, site, path, each.name)
        elif (found := _EGG_INFO.fullmatch(each.name)) is not None:
            yield Installed(
                name=canonicalize_name(found["name"]),
                version=found["version"],
                site=site,
                info=path,
                system=is_of_the_system(site),
                local="" if is_of_the_system(site) else "it is an egg, which no wheel explains",
            )


def _dist_info(files: TreeFiles, site: str, path: str, folder: str) -> Installed:
    metadata = _headers(files.text(f"{path}/METADATA"))
    wheel = _headers(files.text(f"{path}/WHEEL"))
    named = _INFO.fullmatch(folder)
    name = metadata.get("name", [named["name"] if named else folder.removesuffix(".dist-info")])[0]
    version = metadata.get("version", [named["version"] if named else ""])[0]
    installer = _line(files.text(f"{path}/INSTALLER"))
    record = _record(files, path)
    direct = _json(files.text(f"{path}/direct_url.json"))
    name = canonicalize_name(name)
    return Installed(
        name=name,
        version=version if parse_version(version) else None,
        site=site,
        info=path,
        installer=installer,
        tags=frozenset(tag.strip() for tag in wheel.get("tag", ())),
        record=record,
        local=_local(direct, files.size(f"{path}/uv_build.json")),
        of_the_project=isinstance(direct.get("dir_info"), dict) or isinstance(direct.get("vcs_info"), dict),
        linked=_is_linked(files, site, direct, record, folder),
        system=_is_of_the_system(files, site, installer, f"{name}-{version}-"),
    )


def _is_of_the_system(files: TreeFiles, site: str, installer: str | None, conda: str) -> bool:
    """Whether a package manager beside pip's kind put it there, as far as its place tells.

    Debian and its like leave no INSTALLER, or their own name, in a folder of their own; conda keeps a record
    of each of its packages in the environment. Nothing in a virtual environment is theirs, whatever it says.
    """
    if _is_virtual(files, site):
        return False
    if installer == "conda":
        wanted = canonicalize_name(conda)
        found = _SITE.fullmatch(site)
        meta = f"{found['prefix'] or ''}/conda-meta".lstrip("/") if found else ""
        return bool(meta) and any(
            canonicalize_name(each.name).startswith(wanted) for each in files.tree.names(meta)
        )
    ours = installer is None or installer.lower() in _OF_THE_SYSTEM
    return ours and is_of_the_system(site)


def _is_virtual(files: TreeFiles, site: str) -> bool:
    found = _SITE.fullmatch(site)
    prefix = f"{found['prefix'] or ''}/" if found else ""
    return found is not None and files.size(f"{prefix}pyvenv.cfg".lstrip("/")) is not None


def _headers(data: bytes | None) -> dict[str, list[str]]:
    """Return the headers of METADATA or WHEEL, names in lower case; a body is not looked at."""
    if data is None:
        return {}
    head = data.replace(b"\r\n", b"\n").partition(b"\n\n")[0].decode("utf-8", "replace")
    found: dict[str, list[str]] = {}
    for key, value in HeaderParser().parsestr(head, headersonly=True).items():
        found.setdefault(key.lower(), []).append(str(value).strip())
    return found


def _line(data: bytes | None) -> str | None:
    lines = (data or b"").decode("utf-8", "replace").split("\n")
    return lines[0].strip()[:60] or None


def _json(data: bytes | None) -> dict[str, Any]:
    try:
        found = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _record(files: TreeFiles, path: str) -> tuple[RecordedFile, ...] | None:
    data = files.text(f"{path}/RECORD", most=64 * 1024 * 1024)
    if data is None:
        return None
    try:
        return read_record(data)
    except RecordError:
        return None


def _local(direct: dict[str, Any], uv_build: int | None) -> str:
    """Say why a distribution counts as local by its own account (PEP 610, and what uv writes)."""
    folder = direct.get("dir_info")
    if isinstance(folder, dict):
        return (
            "it is linked to a folder"
            if folder.get("editable") is True
            else "it was built here from a folder"
        )
    if isinstance(direct.get("vcs_info"), dict):
        return "it was built here from a repository"
    url = direct.get("url")
    archive = isinstance(url, str) and isinstance(direct.get("archive_info"), dict)
    if uv_build is not None or (archive and not _path(str(url)).endswith(".whl")):
        return "it was built here from a source distribution"
    return ""


def _path(url: str) -> str:
    return url.partition("#")[0].partition("?")[0]


def _is_linked(
    files: TreeFiles,
    site: str,
    direct: dict[str, Any],
    record: tuple[RecordedFile, ...] | None,
    folder: str,
) -> bool:
    """Whether a distribution is editable, and by its RECORD nothing but a link lies here."""
    info = direct.get("dir_info")
    if not isinstance(info, dict) or info.get("editable") is not True:
        return False
    paths = [row.path for row in record or ()]
    starting = [path for path in paths if path.endswith(".pth")]
    return all(
        path.startswith((f"{folder}/", "../", "__pycache__/", "__editable__"))
        for path in paths
        if path not in starting
    ) and all(_only_links(files.text(f"{site}/{path}".lstrip("/"))) for path in starting)


def _only_links(data: bytes | None) -> bool:
    """Whether a ``.pth`` file names folders, or runs no more than setuptools' own finder."""
    lines = (data or b"").splitlines()
    return all(_FINDER.fullmatch(line) for line in lines if line.lstrip().startswith(b"import"))

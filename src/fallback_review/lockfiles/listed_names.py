"""The version that a file name on a project's page tells, for the wheels and sdists of that very project.

Every listed file is looked at, so that this is plain cutting. What a name means to an installer is
`prediction.candidates`' business, and only for the versions that matter.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

from packaging.utils import canonicalize_name

from fallback_review.model.versions import parse_version

ARCHIVE_ENDS = (
    ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tar.lz", ".tar.lzma", ".tar.Z", ".tar", ".tgz", ".tbz",
    ".tlz", ".txz",
)  # fmt: skip
_USUAL_END = ARCHIVE_ENDS[0]
ENDS = (".whl", *ARCHIVE_ENDS)
"""How the names of wheels and sdists end."""
_OF_A_SYSTEM = re.compile(r"\.(?:aix|cygwin|darwin|linux|macosx|solaris|sunos|[wW]in)[-.A-Za-z0-9_]*\Z")
"""How a "dumb" distribution's name ends before its archive's end: ``six-1.0.linux-x86_64.tar.gz``."""
_DASHES_OF_TAGS = 2
_PARTS_OF_WHEEL, _PARTS_OF_SDIST = 3, 2
_USUAL_TAGS = re.compile(r"(?:[^\n-]++-){2,3}[^\n-]+\.whl")
_is_usual = re.compile(
    r"(?:0|[1-9]\d*)(?:\.\d+)*(?:(?:a|b|rc)\d+)?(?:\.post\d+)?(?:\.dev\d+)?", re.ASCII
).fullmatch
"""The versions that nearly all files have; others are read by `packaging`."""
_TAGS = re.compile(r"(?:[0-9][^-]*-)?.+-.+-.+\.whl")


def version_in(filename: str, project: str) -> str | None:
    """Return the version as the name spells it; None for other kinds of files, and other projects' files.

    Args:
        filename: The file's name.
        project: The page's project, normalised.
    """
    if filename.endswith(".whl"):
        name, _, rest = filename.partition("-")
        version, _, rest = rest.partition("-")
        odd = "--" in filename or rest.endswith("-.whl")
        if rest.count("-") < _DASHES_OF_TAGS or (odd and _TAGS.fullmatch(rest) is None):
            return None
    else:
        cut = _of_sdist(filename, project)
        if cut is None:
            return None
        name, version = cut
    return version if _is_normally(name) == project and _is_version(version) else None


def by_version(filenames: str, project: str) -> dict[str | None, list[int]]:
    """Return the positions of files by what `version_in` says of them.

    Files that begin alike are read once: a name's first two parts tell its version, whatever tags follow.

    Args:
        filenames: One in each line.
        project: The page's project, normalised.
    """
    names = filenames.split("\n")
    alike: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    others: list[int] = []
    tags: dict[str, bool] = {}
    for at, name in enumerate(names):
        parts = name.split("-", 2)
        if len(parts) == _PARTS_OF_WHEEL:
            written, version, end = parts
            if end not in tags:
                tags[end] = _USUAL_TAGS.fullmatch(end) is not None
            if tags[end]:
                alike[written, version].append(at)
                continue
        elif len(parts) == _PARTS_OF_SDIST and name.endswith(_USUAL_END):
            alike[parts[0], parts[1].removesuffix(_USUAL_END)].append(at)
            continue
        others.append(at)
    found: defaultdict[str | None, list[int]] = defaultdict(list)
    for (written, version), positions in alike.items():
        if _is_usual(version) and _is_normally(written) == project:
            found[version] += positions
        else:
            others += positions
    for at in others:
        found[version_in(names[at], project)].append(at)
    return found


def _of_sdist(filename: str, project: str) -> tuple[str, str] | None:
    """Cut an sdist's name behind the project's: the rest may have dashes, too."""
    usual = filename.endswith(_USUAL_END)
    ends = (_USUAL_END,) if usual else ARCHIVE_ENDS
    stem = next((filename[: -len(end)] for end in ends if filename.endswith(end)), None)
    if stem is None or _OF_A_SYSTEM.search(stem):
        return None
    at = len(project)
    if stem[at : at + 1] == "-" and _is_normally(stem[:at]) == project:
        return stem[:at], stem[at + 1 :]
    for sign in re.finditer("-", stem):  # a name with more than one sign between its words
        if _is_normally(stem[: sign.start()]) == project:
            return stem[: sign.start()], stem[sign.end() :]
    return None


@lru_cache(maxsize=65536)
def _is_normally(name: str) -> str:
    return canonicalize_name(name)


@lru_cache(maxsize=65536)
def _is_version(text: str) -> bool:
    return text == text.strip() and parse_version(text) is not None

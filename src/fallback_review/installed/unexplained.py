"""What lies in a folder that Python imports from, beside what its distributions' wheels explain."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from fallback_review.installed.bytecode import cached_source
from fallback_review.model.installed import Deviation, Integrity

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fallback_review.installed.compare import ComparedDistribution
    from fallback_review.installed.tree import TreeFiles

_AT_START = ("sitecustomize", "usercustomize")
_OF_ENVIRONMENTS = {
    "_virtualenv.pth": frozenset({"69ac3d8f27e679c81b94ab30b3b56e9cd138219b1ba94a1fa3606d5a76a1433d"}),
    "_virtualenv.py": frozenset(
        {
            "684b8c07932ba4a84ac2e5ae9afe49ef04e92bac3d8d4191d455cf09d093e5fc",  # virtualenv 20.0
            "ce57d5e0d9b5d7356cb42da7450ba8f9359bdf693e335f4c921626943c77e64d",  # 20.13
            "c9199315871b11b12df226f890a38e66e63191e1adbfb11a66e6861151b33fca",  # 20.17
            "0aeb86546345c1d0fada097536e35525714d5cdbcc2d8eb3f9912a955044fcff",  # 20.24
            "0f20351ea7e90039c46d3fabdef991f28b1e3ff33eb13ee6f0d5cd21ea0e8b14",  # 20.26
            "0278334cdcfab4c746b4416fbd5c2b6e7da937c81e132397d62c361d404ebe0e",  # 21.0
            "07584d2a5d13e0811eb567d78ed2aca0fb60e7defff59a01ca7a48d907bdea51",  # 21.14
        }
    ),
}
"""What virtualenv puts into each environment, by the digests of its releases: it runs at every start."""
_KNOWN_TEXT = frozenset({"README.txt"})
"""What CPython's own installation leaves: nothing imports it."""


class Unexplained(Struct):
    """What was found beside."""

    strays: list[Deviation] = field(default_factory=list)
    """Files that no distribution explains, in no distribution's folder."""
    startup: list[str] = field(default_factory=list)
    bytecode: list[tuple[ComparedDistribution, str, str, int]] = field(default_factory=list)
    """Of which distribution, bytecode file, its source, optimisation level: to be compared."""
    unchecked: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    """Bytecode of other interpreters, by distribution."""


def find_unexplained(
    site: str, found: Sequence[ComparedDistribution], files: TreeFiles, *, tag: str
) -> Unexplained:
    """Find what no distribution of a folder explains, and the bytecode that is to be checked.

    A file in the folder of a distribution becomes one of its deviations; the others are strays. `tag` is the
    one of the interpreter at hand.

    Raises:
        TreeError: the folder holds more than any real one.
    """
    explained: dict[str, ComparedDistribution] = {}
    owners: dict[str, ComparedDistribution] = {}
    for each in found:
        for path in (*each.expected, *each.extras):
            explained.setdefault(path, each)
            top = _top(path, site)
            if top is not None:
                owners.setdefault(top, each)
    unwell = {
        deviation.path
        for each in found
        for deviation in each.deviations
        if deviation.kind is Integrity.CHANGED
    }
    result = Unexplained()
    for path, kind in files.walk(site):
        if _runs_at_start(path, site):
            result.startup.append(path)
        if kind == "file" and (
            path in explained
            or _is_bytecode(path, explained, unwell, files, result, tag=tag)
            or _is_of_the_environment(path, site, files)
        ):
            continue
        detail = "" if kind == "file" else "it is not a regular file"
        deviation = Deviation(path=path, kind=Integrity.ADDED, detail=detail)
        among = owners.get(_top(path, site) or "")
        (result.strays if among is None else among.deviations).append(deviation)
    return result


def _is_bytecode(
    path: str,
    explained: Mapping[str, ComparedDistribution],
    unwell: Collection[str],
    files: TreeFiles,
    result: Unexplained,
    *,
    tag: str,
) -> bool:
    """Whether a file is bytecode beside its source; it is noted for the comparison where it can be compared.

    Python runs no bytecode of this kind without its source; a changed source is told already.
    """
    folder, _, name = path.rpartition("/")
    cached = cached_source(name) if folder.endswith("__pycache__") else None
    if cached is None:
        return False
    module, its_tag, level = cached
    source = f"{folder.removesuffix('__pycache__')}{module}.py"
    whose = explained.get(source)
    if whose is None or source in unwell or files.size(source) is None:
        return True
    if its_tag == tag:
        result.bytecode.append((whose, path, source, level))
    else:
        result.unchecked[whose.installed.key] += 1
    return True


def _top(path: str, site: str) -> str | None:
    """Return the folder right below the site that a path lies in; None where it lies in none."""
    below = path.removeprefix(f"{site}/") if site else path
    if below == path and site:
        return None
    first, slash, _ = below.partition("/")
    return first if slash and first != "__pycache__" else None


def _runs_at_start(path: str, site: str) -> bool:
    below = path.removeprefix(f"{site}/") if site else path
    if "/" not in below and below.endswith(".pth"):
        return True
    stem = below.partition("/")[0].partition(".")[0]
    return stem in _AT_START and (below.count("/") == 0 or below.endswith("/__init__.py"))


def _is_of_the_environment(path: str, site: str, files: TreeFiles) -> bool:
    name = path.removeprefix(f"{site}/") if site else path
    if name in _KNOWN_TEXT:
        return True
    known = _OF_ENVIRONMENTS.get(name)
    if known is None:
        return False
    data = files.text(path)
    return data is not None and hashlib.sha256(data).hexdigest() in known


def tell_overwritten(found: Iterable[ComparedDistribution]) -> None:
    """Turn changed files that are those of another installed distribution into overwritten ones."""
    rows: defaultdict[str, list[ComparedDistribution]] = defaultdict(list)
    found = list(found)
    for each in found:
        for path in each.expected:
            rows[path].append(each)
    changed = {
        id(each): {one.path for one in each.deviations if one.kind is Integrity.CHANGED} for each in found
    }
    for each in found:
        for position, deviation in enumerate(each.deviations):
            others = (
                other
                for other in rows[deviation.path]
                if other is not each and deviation.path not in changed[id(other)]
            )
            other = next(others, None) if deviation.kind is Integrity.CHANGED else None
            if other is not None:
                whose = f"it is that of {other.installed.name} {other.installed.version or ''}".rstrip()
                each.deviations[position] = replace(deviation, kind=Integrity.OVERWRITTEN, detail=whose)

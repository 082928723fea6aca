"""Target -> the tags that its installer accepts, best first (PEP 425, 600, 656), on any machine.

`packaging.tags` orders them; nothing is read off the running interpreter, so a laptop and a runner agree.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from packaging.markers import Marker, default_environment
from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms

from fallback_review.model.versions import parse_version

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from fallback_review.model import Target

_LEGACY = {(2, 17): "manylinux2014", (2, 12): "manylinux2010", (2, 5): "manylinux1"}
"""PEP 600's aliases; each follows its modern spelling."""
_LEGACY_ARCHES = {
    "manylinux2014": {"x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x"},
    "manylinux2010": {"x86_64", "i686"},
    "manylinux1": {"x86_64", "i686"},
}
_OLDEST_GLIBC = {"x86_64": 5, "i686": 5}
_WINDOWS = {"amd64": "win_amd64", "x86_64": "win_amd64", "arm64": "win_arm64", "x86": "win32"}
_OLDEST_MACOS = 10
"""A version below is glibc's: nobody said which macOS."""
_MOST_NAMES = 64
"""A marker with more quoted words is not tried out word by word."""
_NEWEST_MICRO = 99
"""A target that names no micro version may have any up to this; where one is needed, the newest is meant."""
_MICRO_VARIABLES = ("python_full_version", "implementation_version")
_FULL_VERSION = re.compile(r"\d{1,9}(?:\.\d{1,9}){1,3}(?:(?:a|b|rc)\d{1,9})?")
_COMPARED = r"(?:not in|in|[<>=!~]{1,3})"
_WORD = r"""(?:"[^"]*"|'[^']*')"""
_KERNEL = r"platform_(?:release|version)"
_OF_THE_KERNEL = re.compile(f"{_KERNEL} {_COMPARED} {_WORD}|{_WORD} {_COMPARED} {_KERNEL}")
_HOLDS = 'python_version >= "0"'


@lru_cache(maxsize=256)
def tags(target: Target, *, plain_linux_first: bool) -> tuple[Tag, ...]:
    """Return the tags of a target, best first.

    `plain_linux_first` says where `linux_<arch>` stands: before the manylinux tags for packaging 26.3 and
    later (pip 26.3, Poetry), after them for uv, PDM, Pipenv and pip up to 26.2.1 (measured).
    """
    major, minor = version_of(target.python)
    platforms = list(_platforms(target, plain_linux_first=plain_linux_first))
    abi = f"cp{major}{minor}{'t' if is_free_threaded(target) else ''}"
    own = cpython_tags((major, minor), abis=[abi], platforms=platforms)
    compatible = compatible_tags((major, minor), interpreter=f"cp{major}{minor}", platforms=platforms)
    return (*own, *compatible)


@lru_cache(maxsize=256)
def ranks(target: Target, *, plain_linux_first: bool) -> Mapping[Tag, int]:
    """Return each tag of a target with its rank, 0 the best; the best tag first."""
    found: dict[Tag, int] = {}
    for rank, tag in enumerate(tags(target, plain_linux_first=plain_linux_first)):
        found.setdefault(tag, rank)
    return found


@lru_cache(maxsize=256)
def pdm_ranks(target: Target) -> Mapping[Tag, int]:
    """Return each tag that PDM accepts with its rank: it has an order of its own.

    First the Python that a tag names, then ABI before stable ABI before none, then the platform; a tag
    without ABI counts only for its very Python. Source: dep-logic 0.7, `EnvSpec.compatibility`, which PDM
    2.29 sorts by (measured).
    """
    major, minor = version_of(target.python)
    own, threaded = f"{major}{minor}", "t" * is_free_threaded(target)
    stable = [] if threaded else [[(f"cp{major}{each}", "abi3")] for each in range(minor, 1, -1)]
    pairs = [
        [(f"cp{own}", f"cp{own}{threaded}")],
        *stable[:1],
        [(f"cp{own}", "none"), (f"py{own}", "none")],
        *stable[1:],
        [(f"py{major}", "none")],
    ]
    platforms = list(_platforms(target, plain_linux_first=target.platform == "musllinux"))
    if target.platform == "musllinux":  # the oldest first, from 1.1 on
        platforms = [platforms[0], *platforms[-2:0:-1]]
    places = [(equals, platform) for equals in pairs for platform in (*platforms, "any")]
    return {Tag(*pair, platform): rank for rank, (equals, platform) in enumerate(places) for pair in equals}


def is_free_threaded(target: Target) -> bool:
    """Whether the target is a free-threaded build (``3.13t``)."""
    return target.python.endswith("t")


def version_of(version: str) -> tuple[int, int]:
    """Return major and minor of ``3.12``, ``3.12.4`` or ``3.13t``."""
    major, minor, *_ = version.rstrip("t").split(".")
    return int(major), int(minor)


def names_micro(target: Target) -> bool:
    """Whether the target names the micro version of its Python (``3.12.4``)."""
    return target.python.count(".") > 1


def full_version(target: Target) -> str:
    """Return the version that `requires-python` is compared with; the newest where the target names none."""
    python = target.python.rstrip("t")
    return python if names_micro(target) else f"{python}.{_NEWEST_MICRO}"


def full_versions(target: Target, *texts: str) -> tuple[str, ...]:
    """Return the versions of Python that the target may have, as far as some texts tell them apart.

    A target of ``3.12`` may have any micro version. For ``python_full_version < "3.12.4"`` these come out:
    3.12.0, 3.12.3, 3.12.4, 3.12.5 and the newest; of a pre-release that a text names, that too.
    """
    if names_micro(target):
        return (full_version(target),)
    series = version_of(target.python)
    micros = {0, _NEWEST_MICRO}
    early = set()
    words = dict.fromkeys(word for text in texts for word in _FULL_VERSION.findall(text))
    for word in islice(words, _MOST_NAMES):
        named = parse_version(word)
        if named is not None and (named.major, named.minor) == series:
            micros |= {named.micro - 1, named.micro, named.micro + 1}
            early |= {word} if named.is_prerelease else set()
    within = sorted(micro for micro in micros if 0 <= micro <= _NEWEST_MICRO)
    return (*sorted(early), *(f"{series[0]}.{series[1]}.{micro}" for micro in within))


@lru_cache(maxsize=4096)
def applies(marker: str | None, target: Target) -> bool:
    """Whether an entry with this marker (PEP 508) may be installed on the target.

    It may where the marker holds on some micro version of the target's Python. A marker that only an extra or
    a dependency group decides counts as chosen: a lock says what can be installed, and what may be installed
    is judged. One that can't be read applies too, and what is asked of the kernel's release or version counts
    as so: no target names them.
    """
    return applies_instead(marker, (), target)


def applies_instead(marker: str | None, others: Collection[str | None], target: Target) -> bool:
    """Whether a marker holds on some micro version of the target's Python on which none of the others does.

    Of ``python_full_version >= "3.12.4"`` and ``python_full_version < "3.12.4"`` that is so both ways.
    """
    texts = [text for text in (marker, *others) if text]
    by_micro = any(word in text for text in texts for word in _MICRO_VARIABLES)
    versions = full_versions(target, *texts) if by_micro else (full_version(target),)
    return any(
        _holds(marker, target, version) and not any(_holds(other, target, version) for other in others)
        for version in versions
    )


@lru_cache(maxsize=16384)
def _holds(marker: str | None, target: Target, version: str) -> bool:
    """Whether a marker holds on a full version of Python."""
    if not marker:
        return True
    named = _quoted(marker)
    if len(named) > _MOST_NAMES:
        return True
    groups = frozenset(named) if "extra" in marker or "dependency_groups" in marker else frozenset()
    base: dict[str, str | AbstractSet[str]] = dict(_environment(target, version))
    try:
        parsed = Marker(marker)
        if "platform_release" in marker or "platform_version" in marker:
            parsed = Marker(_OF_THE_KERNEL.sub(_HOLDS, str(parsed)))
        return any(
            parsed.evaluate(base | {"extra": extra, "extras": chosen, "dependency_groups": chosen})
            for chosen in (frozenset[str](), groups)
            for extra in ("", *sorted(groups))
        )
    except (ValueError, RecursionError):
        return True


def _quoted(marker: str) -> tuple[str, ...]:
    """Return every quoted word of a marker: what `extra` and `dependency_groups` may be compared with."""
    return tuple(marker.replace("'", '"').split('"')[1::2])


def _environment(target: Target, version: str) -> dict[str, str]:
    system = {"linux": "Linux", "musllinux": "Linux", "macos": "Darwin", "windows": "Windows"}[
        target.platform
    ]
    machine = {"windows": "AMD64" if target.arch in ("amd64", "x86_64") else target.arch.upper()}.get(
        target.platform, target.arch
    )
    base: dict[str, str] = {key: str(value) for key, value in default_environment().items()}
    return base | {
        "implementation_name": "cpython",
        "implementation_version": version,
        "os_name": "nt" if system == "Windows" else "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": system,
        "platform_version": "",
        "python_full_version": version,
        "python_version": "{}.{}".format(*version_of(target.python)),
        "sys_platform": {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}[system],
    }


def _platforms(target: Target, *, plain_linux_first: bool) -> Iterator[str]:
    match target.platform:
        case "macos":
            yield from mac_platforms(_macos_version(target.glibc), target.arch)
        case "windows":
            yield _WINDOWS.get(target.arch, f"win_{target.arch}")
        case _:
            if plain_linux_first:
                yield f"linux_{target.arch}"
            yield from _musl(target) if target.platform == "musllinux" else _manylinux(target)
            if not plain_linux_first:
                yield f"linux_{target.arch}"


def _manylinux(target: Target) -> Iterator[str]:
    major, minor = version_of(target.glibc)
    for older in range(minor, _OLDEST_GLIBC.get(target.arch, 17) - 1, -1):
        yield f"manylinux_{major}_{older}_{target.arch}"
        alias = _LEGACY.get((major, older))
        if alias and target.arch in _LEGACY_ARCHES[alias]:
            yield f"{alias}_{target.arch}"


def _musl(target: Target) -> Iterator[str]:
    major, minor = version_of(target.glibc)
    if major != 1:  # glibc's version where musl's is meant: nobody said, so today's musl
        major, minor = 1, 2
    for older in range(minor, -1, -1):
        yield f"musllinux_{major}_{older}_{target.arch}"


def _macos_version(said: str) -> tuple[int, int]:
    major, minor = version_of(said)
    return (major, minor) if major >= _OLDEST_MACOS else (14, 0)

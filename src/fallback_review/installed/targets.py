"""The target that a place was installed for: what its Python, its system and its C library are."""

from __future__ import annotations

import json
import platform
import re
import sys
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.installed.image import Image
    from fallback_review.installed.places import Place
    from fallback_review.settings.schema import Settings

_PYTHON = re.compile(r"(?:^|/)(?:python|pypy)(3\.\d+t?)(?:/|$)")
_GLIBC = re.compile(rb"stable release version (\d+\.\d+)")
_LIBRARIES = ("lib/{arch}-linux-gnu/libc.so.6", "lib64/libc.so.6", "usr/lib/libc.so.6")
_ARCHES = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}
_MOST_LIBRARY = 16 * 1024 * 1024


def with_target(settings: Settings, found: dict[str, Any]) -> Settings:
    """Return the settings with the one target that a place tells, else with the first of theirs."""
    targets = settings.targets
    first = {"python": targets.python[:1], "platforms": targets.platforms[:1], "informational": ()}
    return replace(settings, targets=replace(targets, **{**first, **found}))


def of_this_machine(place: Place, *, libc: bool = True) -> dict[str, Any]:
    """Return the target of an environment on this machine; `libc` says whether the C library is its own."""
    arch = platform.machine().lower()
    found: dict[str, Any] = {}
    if place.python:
        found["python"] = (place.python,)
    match sys.platform:
        case "linux":
            library, version = platform.libc_ver()
            musl = library != "glibc"
            found["platforms"] = (f"{'musllinux' if musl else 'linux'}-{_ARCHES.get(arch, arch)}",)
            if version and not musl and libc:
                found["glibc"] = ".".join(version.split(".")[:2])
        case "darwin":
            found["platforms"] = (f"macos-{'arm64' if arch == 'arm64' else 'x86_64'}",)
            found["macos"] = platform.mac_ver()[0] or "14.0"
        case "win32":
            found["platforms"] = (f"windows-{'arm64' if arch == 'arm64' else 'amd64'}",)
    return found


def of_image(image: Image, sites: Iterable[str]) -> dict[str, Any]:
    """Return the target of an image, as its files tell it."""
    found: dict[str, Any] = {}
    pythons = [match[1] for site in sites if (match := _PYTHON.search(site))]
    if pythons:
        found["python"] = (pythons[0],)
    arch = _ARCHES.get(image.architecture or "")
    if arch is None:
        return found
    musl = any(each.name.startswith("ld-musl-") for each in image.names("lib"))
    found["platforms"] = (f"{'musllinux' if musl else 'linux'}-{arch}",)
    for path in _LIBRARIES:
        stream = image.open(path.format(arch=arch))
        if stream is None:
            continue
        with stream:
            version = _GLIBC.search(stream.read(_MOST_LIBRARY))
        if version:
            found["glibc"] = version[1].decode()
            break
    return found


def of_pip_report(place: Place) -> dict[str, Any]:
    """Return the target that a pip report names; it says nothing of the C library."""
    environment = json.loads(place.path.read_bytes()).get("environment")
    if not isinstance(environment, dict):
        return {}
    found: dict[str, Any] = {}
    python, arch = (
        environment.get("python_version"),
        _ARCHES.get(str(environment.get("platform_machine")).lower()),
    )
    if isinstance(python, str) and re.fullmatch(r"3\.\d+", python):
        found["python"] = (python,)
    if environment.get("sys_platform") == "linux" and arch:
        found["platforms"] = (f"linux-{arch}",)
    return found

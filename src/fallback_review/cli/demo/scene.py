"""The demo's scene: a web shop that has moved its builds to Chainguard Libraries, and one pull request.

The names of packages are borrowed from life so that the result reads like a real one; what the indexes hold
is made up, and every file is a tiny stand-in. Each outcome that a reviewer may meet appears once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fallback_review.cli.demo.universe import PURE, SDIST, Release, Shelf, Universe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

BUILT, UPSTREAM, REMEDIATED = Shelf.BUILT, Shelf.UPSTREAM, Shelf.REMEDIATED
PYPI, PRIVATE = Shelf.PYPI, Shelf.PRIVATE

LOCKFILES = ("uv.lock", "worker/requirements.txt")

_BOTH = (PURE, SDIST)
_X86, _ARM, _MAC = "manylinux_2_28_x86_64", "manylinux_2_28_aarch64", "macosx_11_0_arm64"
_OLD_X86 = "manylinux_2_17_x86_64.manylinux2014_x86_64"
_OLD_ARM = "manylinux_2_17_aarch64.manylinux2014_aarch64"


def _cp312(*platforms: str) -> tuple[str, ...]:
    return tuple(f"cp312-cp312-{platform}" for platform in platforms)


_PYPI_NATIVE = (*_cp312(_MAC, _OLD_ARM, _OLD_X86), SDIST)
_BUILT_NATIVE = (*_cp312(_ARM, _X86), SDIST)


def _pure(name: str, *versions: str, requires: tuple[str, ...] = ()) -> tuple[Release, ...]:
    """Make releases that Chainguard has built and PyPI has too."""
    return tuple(
        Release(name=name, version=version, on={BUILT: _BOTH, PYPI: _BOTH}, requires=requires)
        for version in versions
    )


TODAY = Universe(
    releases=(
        # From Chainguard, as it should be.
        *_pure("certifi", "2024.2.2", "2024.7.4"),
        *_pure("requests", "2.31.0", "2.32.3", requires=("certifi", "charset-normalizer", "idna", "urllib3")),
        *_pure("click", "8.1.7"),
        *_pure("packaging", "24.0", "24.1"),
        *_pure("charset-normalizer", "3.3.2"),
        *_pure("six", "1.16.0"),
        *_pure("tqdm", "4.66.2", "4.66.4"),
        # Built for Linux, and PyPI's own file for a laptop, on one page.
        Release(
            name="numpy",
            version="1.26.4",
            on={BUILT: _BUILT_NATIVE, UPSTREAM: _cp312(_MAC), PYPI: _PYPI_NATIVE},
        ),
        Release(
            name="numpy",
            version="2.1.0",
            on={BUILT: _BUILT_NATIVE, UPSTREAM: _cp312(_MAC), PYPI: _PYPI_NATIVE},
        ),
        # Remediated.
        Release(name="urllib3", version="2.0.6", on={BUILT: _BOTH, PYPI: _BOTH}),
        Release(name="urllib3", version="2.0.7", on={BUILT: _BOTH, PYPI: _BOTH}),
        Release(name="urllib3", version="2.0.7+cgr.1", on={REMEDIATED: _BOTH}),
        # Chainguard has the source alone: whoever takes it from there builds it.
        Release(name="lxml", version="5.2.2", on={BUILT: (SDIST,), PYPI: _PYPI_NATIVE}),
        # PyPI's bytes through Chainguard's hosted fallback.
        Release(name="cryptography", version="42.0.5", on={BUILT: _BUILT_NATIVE, PYPI: _PYPI_NATIVE}),
        Release(name="cryptography", version="43.0.1", on={UPSTREAM: _PYPI_NATIVE, PYPI: _PYPI_NATIVE}),
        # Chainguard is behind: it has the release before.
        Release(name="orjson", version="3.10.0", on={BUILT: _BUILT_NATIVE, PYPI: _PYPI_NATIVE}),
        Release(name="orjson", version="3.10.6", on={BUILT: _BUILT_NATIVE, PYPI: _PYPI_NATIVE}),
        Release(name="orjson", version="3.10.7", on={PYPI: _PYPI_NATIVE}),
        # Chainguard does not have the project at all.
        Release(name="litellm", version="1.61.0", on={PYPI: _BOTH}),
        # Locked from PyPI on the day of the release; Chainguard has built it since.
        *_pure("idna", "3.6", "3.7"),
        *_pure("attrs", "23.2.0", "24.2.0"),
        # Found to be malware after it was locked.
        Release(name="colorlog-plus", version="1.4.2", on={PYPI: _BOTH}),
        # No wheel for one of the two architectures, and no source either.
        Release(name="psycopg-binary", version="3.2.1", on={BUILT: _cp312(_X86), PYPI: _PYPI_NATIVE}),
        # The organisation's own, and a file named by its URL.
        Release(name="acme-tariffs", version="2.3.0", on={PRIVATE: _BOTH}),
        Release(name="acme-tariffs", version="2.4.0", on={PRIVATE: _BOTH}),
        Release(name="acme-fonts", version="1.0.0", on={PRIVATE: (PURE,)}),
    ),
    blocked={"colorlog-plus": "MALWARE_DETECTED"},
    fixes={"urllib3": {"2.0.7+cgr.1": ("CVE-2024-37891", "CVE-2025-66418")}},
)
"""What the indexes hold when the pull request is reviewed."""

_DAYS_AGO = {("litellm", "1.61.0"): 2, ("orjson", "3.10.7"): 9}


def at(now: datetime) -> Universe:
    """Return what the indexes hold, with the youngest releases as old as they are in the scene."""
    return TODAY.uploaded(
        {release: f"{now - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for release, days in _DAYS_AGO.items()}
    )


_BUILT_SINCE = frozenset({("idna", "3.7"), ("attrs", "24.2.0"), ("lxml", "5.2.2")})
WHEN_LOCKED = Universe(releases=TODAY.without(shelf=BUILT, releases=_BUILT_SINCE).releases)
"""What they held when the author of the pull request locked."""


def settings(chainguard: str, pypi: str, private: str) -> Mapping[str, Any]:
    """Return the settings that a team would keep in `.github/fallback-review.toml`, for these addresses."""
    return {
        "targets": {
            "python": ["3.12"],
            "platforms": ["linux-x86_64", "linux-aarch64"],
            "informational": ["macos-arm64"],
            "glibc": "2.39",
        },
        "indexes": {
            "chainguard": f"{chainguard}/python/simple/",
            "remediated": f"{chainguard}/python-remediated/simple/",
            "pypi": f"{pypi}/simple/",
            "vex": f"{chainguard}/openvex/v1/",
            "layout": "virtual-file",
            "own-hosts": [private.partition("://")[2]],
        },
        "policy": {"fail-on": ["pypi", "install-fails"], "private": ["acme-*"]},
    }

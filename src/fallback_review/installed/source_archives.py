"""Source distributions among wheels: an installer builds and installs them where no wheel is better."""

from __future__ import annotations

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

_SUFFIXES = (
    *(".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tbz", ".tar.xz", ".txz"),
    *(".tar", ".tar.lz", ".tlz", ".tar.lzma", ".tar.Z"),
)
"""Suffixes by which an installer takes a file of a folder for a source distribution: pip of every version."""


def source_archive(filename: str) -> tuple[str, str] | None:
    """Return the name and version of what installers take for a source distribution; None for other files."""
    suffix = next((each for each in _SUFFIXES if filename.endswith(each)), None)
    if suffix is None:
        return None
    try:
        name, version = parse_sdist_filename(f"{filename.removesuffix(suffix)}.tar.gz")
    except InvalidSdistFilename:
        return None
    return canonicalize_name(name), str(version)

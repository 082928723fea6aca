"""Source distributions among wheels: an installer builds and installs them where no wheel is better."""

from __future__ import annotations

from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

from fallback_review.lockfiles.listed_names import ARCHIVE_ENDS


def source_archive(filename: str) -> tuple[str, str] | None:
    """Return the name and version of what installers take for a source distribution; None for other files."""
    suffix = next((each for each in ARCHIVE_ENDS if filename.endswith(each)), None)
    if suffix is None:
        return None
    try:
        name, version = parse_sdist_filename(f"{filename.removesuffix(suffix)}.tar.gz")
    except InvalidSdistFilename:
        return None
    return canonicalize_name(name), str(version)

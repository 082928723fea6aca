"""The file of certificates that somebody names: whether it holds any."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The first that is set names the file: the variables of requests, curl and OpenSSL."""
PEM = "-----BEGIN CERTIFICATE-----"
_BEGIN = re.compile(rb"^-----BEGIN (?:TRUSTED )?CERTIFICATE-----", re.MULTILINE)
NO_CERTIFICATE = f"there is no usable certificate in it; it has to be PEM, which begins {PEM}"


def named_by(environ: Mapping[str, str]) -> str | None:
    """Return the variable that names the file; None where none does."""
    return next((name for name in VARIABLES if environ.get(name)), None)


def fault(path: Path) -> str | None:
    """Say in a clause why a file, or a folder of files, can't be used; None where it can."""
    if path.is_dir():
        return None
    try:
        # OpenSSL reads the certificates themselves when it first needs them: that takes 20 ms of every run.
        return None if _BEGIN.search(path.read_bytes()) else NO_CERTIFICATE
    except OSError as error:
        return f"it can't be read ({error.strerror})"

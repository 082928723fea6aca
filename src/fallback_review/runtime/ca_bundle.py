"""The file of certificates that somebody names: whether it holds any."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""The first that is set names the file: the variables of requests, curl and OpenSSL."""
PEM = "-----BEGIN CERTIFICATE-----"
NO_CERTIFICATE = f"there is no usable certificate in it; it has to be PEM, which begins {PEM}"


def named_by(environ: Mapping[str, str]) -> str | None:
    """Return the variable that names the file; None where none does."""
    return next((name for name in VARIABLES if environ.get(name)), None)


def fault(path: Path) -> str | None:
    """Say in a clause why a file, or a folder of files, can't be used; None where it can."""
    if path.is_dir():
        return None
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except ssl.SSLError:
        return NO_CERTIFICATE
    except OSError as error:
        return f"it can't be read ({error.strerror})"
    return None

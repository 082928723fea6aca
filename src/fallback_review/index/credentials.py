"""Finding the credentials for one index, each source in its order."""

from __future__ import annotations

import netrc
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from fallback_review.index.origins import WebOrigin, origin_of
from fallback_review.model import Owner

if TYPE_CHECKING:
    from collections.abc import Mapping


class Credentials(Struct, frozen=True):
    """A user name and a password for HTTP Basic (RFC 7617); printing it never shows the password.

    A pull token's user name contains ``/``: right here as it is, ``%2F`` only inside a URL.
    """

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Credentials(username={self.username!r})"


def credentials_for(
    url: str | None,
    *,
    owner: Owner,
    explicit: Credentials | None = None,
    environ: Mapping[str, str],
) -> Credentials | None:
    """Return the credentials to use for the index at `url`, or None to ask without.

    In this order: `explicit`; for Chainguard's indexes ``CHAINGUARD_PYTHON_IDENTITY_ID`` and
    ``CHAINGUARD_PYTHON_TOKEN`` (the names that ``chainctl auth pull-token create`` prints; never over
    plain http to another machine); those inside the URL; the entry for that very host in the netrc file
    (``NETRC``, else ``.netrc`` or ``_netrc`` in ``HOME``; its ``default`` entry names no host and is not
    used).

    Args:
        url: The index as configured.
        owner: Whose the index is.
        explicit: What the settings or inputs say.
        environ: The environment, as the caller read it.
    """
    if explicit is not None:
        return explicit
    try:
        origin = origin_of(url or "")
    except ValueError:
        return None
    if owner is Owner.CHAINGUARD and (found := _from_environment(origin, environ)):
        return found
    return _from_url(url or "") or _from_netrc(origin.host, environ)


def _from_environment(origin: WebOrigin, environ: Mapping[str, str]) -> Credentials | None:
    username = environ.get("CHAINGUARD_PYTHON_IDENTITY_ID", "").strip()
    password = environ.get("CHAINGUARD_PYTHON_TOKEN", "").strip()
    if username and password and (origin.scheme == "https" or _is_this_machine(origin.host)):
        return Credentials(username, password)
    return None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _from_url(url: str) -> Credentials | None:
    parts = urlsplit(url)
    if parts.username is None:
        return None
    return Credentials(unquote(parts.username), unquote(parts.password or ""))


def _from_netrc(host: str, environ: Mapping[str, str]) -> Credentials | None:
    for path in _netrc_files(environ):
        try:
            entry = netrc.netrc(path).hosts.get(host)
        except (OSError, UnicodeDecodeError, netrc.NetrcParseError):
            continue  # As curl and pip do: an unreadable file is no credentials, and the index then says 401.
        if entry:
            return Credentials(entry[0], entry[2] or "")
    return None


def _netrc_files(environ: Mapping[str, str]) -> list[str]:
    if named := environ.get("NETRC"):
        return [named]
    home = environ.get("HOME")
    return [str(Path(home) / name) for name in (".netrc", "_netrc")] if home else []

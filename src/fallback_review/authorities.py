"""An organisation's own certificate authorities, trusted beside the usual ones."""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from fallback_review.settings.schema import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PEM = "-----BEGIN CERTIFICATE-----"


@contextmanager
def trusted(given: str | None, workspace: Path) -> Iterator[str | None]:
    """Give the path of a file with `given` and the usual authorities, while the context lasts; None for None.

    Both, since GitHub may be the organisation's own while an index is the public one, or the reverse.

    Args:
        given: PEM text, or the path of a file with some: relative to the workspace, if not absolute. Without
            a checkout the workspace is empty, hence the text.
        workspace: The runner's.

    Raises:
        SettingsError: there is no such file, or no certificate in it.
    """
    if given is None:
        yield None
        return
    pem = given if _PEM in given else _read(workspace / given, given)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise SettingsError(
            f"input ca-bundle: there is no usable certificate in it; it has to be PEM, which begins {_PEM}"
        ) from None
    with NamedTemporaryFile("w", suffix=".pem", encoding="utf-8") as file:
        file.write(f"{Path(DEFAULT_CA_BUNDLE_PATH).read_text('utf-8')}\n{pem}\n")
        file.flush()
        yield file.name


def _read(path: Path, given: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        raise SettingsError(
            f"input ca-bundle: there is no readable file {given} in the workspace, which is empty without a "
            "checkout; the certificates themselves (PEM) can be given instead"
        ) from None

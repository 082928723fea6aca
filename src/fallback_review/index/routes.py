"""How a host is reached: directly or through a proxy, and which authorities are trusted on the way."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pycurl
from msgspec import Struct

from fallback_review.index.errors import BUNDLE, QuestionError
from fallback_review.index.proxies import Proxies, proxy_options
from fallback_review.runtime.ca_bundle import named_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.index.origins import WebOrigin


class Route(Struct, frozen=True, eq=False):
    """What libcurl is told of a way to a host."""

    proxied: bool
    options: Mapping[int, bytes]


class Routes:
    """The ways of one client; several threads may ask at once."""

    def __init__(self, environ: Mapping[str, str], *, ca_bundle: str | None) -> None:
        """Look at nothing yet.

        Args:
            environ: The environment as the caller read it: proxies, and the authorities where none are given.
            ca_bundle: A file, or a folder, of trusted authorities, instead of certifi's.
        """
        self._proxies = Proxies(environ)
        variable = named_by(environ)
        self._authorities = ca_bundle or (environ[variable] if variable else None)
        self._known: dict[tuple[str, str], Route] = {}
        self._lock = threading.Lock()

    def towards(self, origin: WebOrigin) -> Route:
        """Return the way to a host, the same object for the same way.

        Raises `QuestionError` where the proxy's address or the authorities can't be used.
        """
        proxy = self._proxies.towards(origin)
        with self._lock:
            route = self._known.get((origin.scheme, proxy))
            if route is None:
                route = self._known[origin.scheme, proxy] = self._found(origin.scheme, proxy)
            return route

    def _found(self, scheme: str, proxy: str) -> Route:
        options = proxy_options(proxy)
        if scheme == "https" or proxy.lower().startswith("https:"):
            options |= self._trust()
        return Route(proxied=bool(proxy), options=options)

    def _trust(self) -> dict[int, bytes]:
        if self._authorities is None:
            import certifi  # noqa: PLC0415 - an organisation often has authorities of its own

            self._authorities = certifi.where()
        try:
            path = os.fsencode(self._authorities)
            folder = stat.S_ISDIR(Path(self._authorities).stat().st_mode)
        except (OSError, ValueError):
            raise QuestionError(f"{BUNDLE} cannot be found") from None
        if folder:
            return {pycurl.CAPATH: path, pycurl.PROXY_CAPATH: path}
        return {pycurl.CAINFO: path, pycurl.PROXY_CAINFO: path}

"""Connections to whatever host a question leads to: kept, through proxies, trusting the named authorities."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
from urllib3 import PoolManager
from urllib3.util.ssl_ import create_urllib3_context

from fallback_review.index.deadline import Asking, AskingTls
from fallback_review.index.errors import BUNDLE, QuestionError
from fallback_review.index.proxies import Proxies, through_proxy
from fallback_review.runtime.ca_bundle import named_by
from fallback_review.runtime.connections import pools_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from urllib3 import BaseHTTPResponse, Timeout

    from fallback_review.index.origins import WebOrigin

_POOLS = pools_of(Asking, AskingTls)


class Pools:
    """The connections of one client; several threads may ask at once."""

    def __init__(self, environ: Mapping[str, str], *, connections: int, ca_bundle: str | None) -> None:
        """Make none yet.

        Args:
            environ: The environment as the caller read it: proxies, and the authorities where none are given.
            connections: How many to each host are kept.
            ca_bundle: A file, or a folder, of trusted authorities, instead of certifi's.
        """
        self._proxies = Proxies(environ)
        self._connections = connections
        variable = named_by(environ)
        self._authorities = ca_bundle or (environ[variable] if variable else certifi.where())
        self._managers: dict[tuple[str, str], PoolManager] = {}
        self._lock = threading.Lock()

    def get(
        self, origin: WebOrigin, url: str, headers: Mapping[str, str], timeout: Timeout
    ) -> BaseHTTPResponse:
        """Send a GET and return the answer, its body still to be read; a redirect is an answer too.

        Args:
            origin: Where `url` leads.
            url: An http or https URL without user name and password.
            headers: All that are sent, beside Host.
            timeout: For the connection, and for a silence.

        Raises `QuestionError` where the proxy's address or the authorities can't be used, urllib3's
        `HTTPError` and `OSError` for what goes wrong on the way.
        """
        return self._manager(origin).urlopen(
            "GET", url, redirect=False, headers=headers, timeout=timeout, retries=False, preload_content=False
        )

    def close(self) -> None:
        """Close all connections that nobody reads from."""
        with self._lock:
            for manager in self._managers.values():
                manager.clear()

    def _manager(self, origin: WebOrigin) -> PoolManager:
        proxy = self._proxies.towards(origin)
        with self._lock:
            kept = self._managers.get((origin.scheme, proxy))
            if kept is None:
                kept = self._managers[origin.scheme, proxy] = self._made(origin.scheme, proxy)
            return kept

    def _made(self, scheme: str, proxy: str) -> PoolManager:
        # All connections share one context: to read the authorities anew takes each of them 20 ms.
        context = self._context() if "https" in (scheme, proxy.partition(":")[0].lower()) else None
        manager = (
            through_proxy(proxy, maxsize=self._connections, ssl_context=context, proxy_ssl_context=context)
            if proxy
            else PoolManager(maxsize=self._connections, ssl_context=context)
        )
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def _context(self) -> ssl.SSLContext:
        context = create_urllib3_context()
        folder = Path(self._authorities).is_dir()
        try:
            context.load_verify_locations(**{"capath" if folder else "cafile": self._authorities})
        except ssl.SSLError:
            raise QuestionError(f"{BUNDLE} holds no usable certificate") from None
        except OSError:
            raise QuestionError(f"{BUNDLE} cannot be found") from None
        return context

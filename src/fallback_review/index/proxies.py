"""Which proxy leads to a host, from an environment that the caller read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from requests.utils import select_proxy, should_bypass_proxies

from fallback_review.index.origins import WebOrigin, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Proxies:
    """The proxies of an environment: ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        def value(name: str) -> str:
            return environ.get(name) or environ.get(name.upper()) or ""

        named = {scheme: value(f"{scheme}_proxy") for scheme in ("http", "https", "all")}
        self._proxies = {scheme: url for scheme, url in named.items() if url}
        self._except = value("no_proxy")
        self._known: dict[WebOrigin, dict[str, str]] = {}
        # requests changes the process's environment for a moment while it looks at the exceptions.
        self._lock = threading.Lock()

    def towards(self, url: str) -> dict[str, str]:
        """Return the proxies for a request to `url`, in the form that requests takes; empty for none."""
        if not self._proxies:
            return {}
        origin = origin_of(url)
        with self._lock:
            if origin not in self._known:
                self._known[origin] = self._find(f"{origin.scheme}://{origin}")
            return self._known[origin]

    def _find(self, url: str) -> dict[str, str]:
        if self._except and should_bypass_proxies(url, no_proxy=self._except):
            return {}
        proxy = select_proxy(url, self._proxies)
        return {origin_of(url).scheme: proxy} if proxy else {}

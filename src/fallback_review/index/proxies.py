"""Which proxy leads to a host, from an environment that the caller read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from urllib3 import ProxyManager
from urllib3.exceptions import LocationValueError, ProxySchemeUnknown
from urllib3.util import make_headers

from fallback_review.index.errors import QuestionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.index.origins import WebOrigin


class Proxies:
    """The proxies of an environment: ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        def value(name: str) -> str:
            return environ.get(name) or environ.get(name.upper()) or ""

        self._proxies = {
            scheme: value(f"{scheme}_proxy") or value("all_proxy") for scheme in ("http", "https")
        }
        self._except = value("no_proxy")
        self._known: dict[WebOrigin, str] = {}
        # requests changes the process's environment for a moment while it looks at the exceptions.
        self._lock = threading.Lock()

    def towards(self, origin: WebOrigin) -> str:
        """Return the address of the proxy for requests to `origin`; empty where they go there directly."""
        if not self._proxies[origin.scheme]:
            return ""
        with self._lock:
            if origin not in self._known:
                self._known[origin] = self._find(origin)
            return self._known[origin]

    def _find(self, origin: WebOrigin) -> str:
        if self._except:
            # requests has the rules that people expect.
            from requests.utils import should_bypass_proxies  # noqa: PLC0415 - whoever has no proxy needs none

            if should_bypass_proxies(origin.url, no_proxy=self._except):
                return ""
        proxy = self._proxies[origin.scheme]
        return proxy if "://" in proxy else f"http://{proxy}"


def through_proxy(proxy: str, **options: Any) -> ProxyManager:
    """Return the pools of connections through a proxy; `options` are those of `ProxyManager`.

    User name and password in its address go to the proxy, and to nobody else. Raises `QuestionError` where
    the address can't be used.
    """
    from requests.utils import get_auth_from_url  # noqa: PLC0415 - as above

    pair = ":".join(get_auth_from_url(proxy))
    headers = make_headers(proxy_basic_auth=pair if pair != ":" else None)
    try:
        manager = ProxyManager(proxy, proxy_headers=headers, **options)
    except ProxySchemeUnknown:
        raise QuestionError("the proxy is neither an http nor an https one") from None
    except LocationValueError:
        manager = None
    if manager is None or manager.proxy is None or not manager.proxy.host:
        raise QuestionError("the proxy's address cannot be read")
    return manager

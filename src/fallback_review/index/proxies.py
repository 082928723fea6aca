"""Which proxy leads to a host, from an environment that the caller read."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

import pycurl

from fallback_review.index.errors import QuestionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.index.origins import WebOrigin

_DEFAULT_PORTS = {"http": 80, "https": 443}


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


def proxy_options(proxy: str) -> dict[int, bytes]:
    """Return what libcurl is told of a proxy; of no proxy, for an empty address.

    User name and password in its address go to the proxy, and to nobody else. Raises `QuestionError` where
    the address can't be used.
    """
    # Otherwise libcurl looks into the process's environment.
    told = {pycurl.PROXY: b"", pycurl.NOPROXY: b""}
    if not proxy:
        return told
    unreadable = QuestionError("the proxy's address cannot be read")
    try:
        parts = urlsplit(proxy)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        host = (parts.hostname or "").encode("idna").decode()
        user, password = unquote_to_bytes(parts.username or ""), unquote_to_bytes(parts.password or "")
    except ValueError:
        raise unreadable from None
    if not host or b"\0" in user + password:
        raise unreadable
    if parts.scheme not in _DEFAULT_PORTS:
        raise QuestionError("the proxy is neither an http nor an https one")
    place = f"[{host}]" if ":" in host else host
    told[pycurl.PROXY] = f"{parts.scheme}://{place}:{port}".encode()
    if user or password:
        told |= {pycurl.PROXYUSERNAME: user, pycurl.PROXYPASSWORD: password}
    return told

"""Connections of one's own under requests: an adapter whose pools make a given kind of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection, HTTPSConnection


class ConnectionAdapter(HTTPAdapter):
    """An adapter of requests that connects by given classes, directly and through proxies."""

    def __init__(self, plain: type[HTTPConnection], tls: type[HTTPSConnection], **options: Any) -> None:
        """Take the classes of connections, without and with TLS; `options` are those of `HTTPAdapter`."""
        self._pools = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        """Make or find the pools for a proxy."""
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager

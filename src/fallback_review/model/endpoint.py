"""PyPI's own index, as the library pypi-simple names it."""

from __future__ import annotations

import re
from importlib.util import find_spec

_CONSTANT = re.compile(r'^PYPI_SIMPLE_ENDPOINT\b[^"\n]*"([^"\n]+)"', re.MULTILINE)


def _pypi_simple_endpoint() -> str:
    """Return the library's constant: off its source, since importing it brings Beautiful Soup along."""
    spec = find_spec("pypi_simple")
    source = getattr(spec and spec.loader, "get_source", lambda _: None)("pypi_simple")
    if found := _CONSTANT.search(source or ""):
        return found[1]
    import pypi_simple  # noqa: PLC0415 - where there is no source

    return pypi_simple.PYPI_SIMPLE_ENDPOINT


PYPI_SIMPLE_ENDPOINT = _pypi_simple_endpoint()

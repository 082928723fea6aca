"""The types of value that a settings file holds: each says what is wrong with one, and what to write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import urlsplit

from msgspec import Struct
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic_core import CoreSchema


def meant(value: str, allowed: Iterable[str]) -> str:
    """End a sentence about a name that is not known: with the known one that is nearest, if any is."""
    import difflib  # noqa: PLC0415 - only a fault needs it

    near = difflib.get_close_matches(value, list(allowed), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else "."


class Check(Struct, frozen=True):
    """A function that returns a text as it is meant, or raises a `ValueError` that says what to write."""

    of: Callable[[str], str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema  # noqa: PLC0415 - only a settings file needs it

        return core_schema.no_info_after_validator_function(self.of, handler(source))


class OneOf(Struct, frozen=True):
    """A text that is one of a few names: for the check, with a hint, and for editors, as an enumeration."""

    kind: str
    names: tuple[str, ...]

    def of(self, value: str) -> str:
        """Return the name; raise `ValueError` where it is none of them."""
        if value not in self.names:
            allowed = sorted(self.names)
            hint = meant(value, allowed)
            raise ValueError(f"{value!r} is not a known {self.kind}{hint} Allowed: {', '.join(allowed)}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return Check(self.of).__get_pydantic_core_schema__(source, handler)

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "enum": sorted(self.names)}


class Bounds(Struct, frozen=True):
    """Bounds of a value, by the names that `pydantic_core` has for them: ``min_length``, ``ge``, ``le``."""

    of: tuple[tuple[str, int], ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: Any = {**handler(source), **dict(self.of)}
        return cast("CoreSchema", schema)


NOT_EMPTY = Bounds((("min_length", 1),))


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("an index address starts with https:// (or http://) and a host name")
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "credentials don't belong in a settings file; give them as index-username and index-password"
        )
    if parts.port == 0:  # reading a port that is no number, or too large, raises a ValueError that says so
        raise ValueError("port 0 is not a valid port")
    return value if value.endswith("/") else value + "/"


def _page(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or "{name}" not in value:
        raise ValueError("a page's address starts with https:// and holds {name}, or is empty")
    return value


def _host_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._-]+(:[0-9]+)?", value):
        raise ValueError(f"{value!r} is not a host name such as 'files.example.com', without https://")
    return value.lower()


def _place(value: str) -> str:
    host, slash, path = value.partition("/")
    if not re.fullmatch(r"[A-Za-z0-9._-]+(:[0-9]+)?", host) or not re.fullmatch(r"[^\s?#]*", path):
        raise ValueError(
            f"{value!r} is not a host such as 'packages.example.com', or a host with the beginning of a path "
            "such as 'packages.example.com/acme/', without https://"
        )
    return f"{host.lower()}{slash}{path}"


def _python_version(value: str) -> str:
    if not re.fullmatch(r"3\.\d{1,3}(?:\.\d{1,3})?t?", value):
        raise ValueError(
            f"{value!r} is not a Python version such as '3.12' or '3.12.4' (or '3.13t', free-threaded)"
        )
    return value


def _version_number(value: str) -> str:
    try:
        Version(value)
    except InvalidVersion:
        raise ValueError(f"{value!r} is not a version such as '2.39'") from None
    return value


def _specifier(value: str) -> str:
    try:
        SpecifierSet(value)
    except InvalidSpecifier:
        raise ValueError(f"{value!r} is not a version specifier such as '>=1,<2' (PEP 440)") from None
    return value


Url = Annotated[str, Check(_http_url)]
UrlOrEmpty = Annotated[str, Check(lambda value: _http_url(value) if value else "")]
PageOrEmpty = Annotated[str, Check(lambda value: _page(value) if value else "")]
"""The address of a page about a project, with ``{name}`` for its name."""
HostName = Annotated[str, Check(_host_name)]
Place = Annotated[str, Check(_place)]
"""A host, or a host with the beginning of a path: on a host of many, only what lies below that path."""
PythonVersion = Annotated[str, Check(_python_version)]
VersionNumber = Annotated[str, Check(_version_number)]
SpecifierText = Annotated[str, Check(_specifier)]
NamePattern = Annotated[str, NOT_EMPTY, Check(canonicalize_name)]
"""A package's name or a pattern of names (`fnmatch`), normalised as names are: ``Acme_*`` is ``acme-*``."""

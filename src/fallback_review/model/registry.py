"""Values by name, each in a module of its own that is imported when somebody first asks for it."""

from __future__ import annotations

from collections.abc import MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Value = TypeVar("Value")


class Registry(MutableMapping[str, Value], Generic[Value]):
    """A mapping whose values are where their modules have them: a run imports those that it needs.

    Its names, and their order, are known without any of the modules.
    """

    def __init__(self, places: Mapping[str, str]) -> None:
        """Take where each name's value is: ``package.module:ATTRIBUTE``."""
        self._found: dict[str, Value | None] = dict.fromkeys(places)
        self._places = places

    def __getitem__(self, name: str) -> Value:
        value = self._found[name]
        if value is None:
            module, _, attribute = self._places[name].partition(":")
            value = self._found[name] = getattr(import_module(module), attribute)
        return value

    def __setitem__(self, name: str, value: Value) -> None:
        self._found[name] = value

    def __delitem__(self, name: str) -> None:
        del self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

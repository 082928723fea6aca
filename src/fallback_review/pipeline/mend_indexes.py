"""Chainguard's indexes as a project names them, and whether its installer would keep to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallback_review.configuration import Configuration
    from fallback_review.lockfiles import Text
    from fallback_review.lockfiles.format import Format
    from fallback_review.lockfiles.mend import Mending
    from fallback_review.settings.schema import Settings

NAME_IT = (
    "nothing in the repository names Chainguard's index for {installer}, so it would not be asked: "
    "name it ({index}) in the project's files and run this again"
)
_EXPLICIT = "the project asks the index {index!r} only for packages that name it, and this one does not"
_BEHIND_PYPI = "uv asks PyPI before Chainguard's index, and would write the lock back: put Chainguard's first"


class NamedIndex(Struct, frozen=True, kw_only=True):
    """Chainguard's index as a project names it."""

    address: str
    """As the settings have it."""
    spelled: str
    name: str | None = None
    explicit: bool = False
    virtual: bool = False
    """Whether it is the organisation's own index, which serves the same bytes from addresses of its own."""

    def is_called(self, name: str | None) -> bool:
        """Whether this is its name; some tools compare them without regard to case."""
        return name is not None and self.name is not None and self.name.lower() == name.lower()


def named_indexes(
    found: Configuration, text: Text, settings: Settings, known: Format
) -> tuple[list[NamedIndex], str]:
    """Return Chainguard's indexes as the project names them, and why its installer would not take them."""
    installer, indexes = found.installer, settings.indexes
    listed = [(each.name, each.url, each.explicit) for each in found.indexes if not each.flat]
    if known.project_sources is not None and known.made_from is not None:
        project = beside(text, known.made_from)
        listed = [(name, url, False) for name, url in known.project_sources(project or "")]
    named = [
        NamedIndex(
            address=address, spelled=url, name=name, explicit=explicit, virtual=address == indexes.resolver
        )
        for name, url, explicit in listed
        for address in (indexes.chainguard, indexes.remediated, indexes.resolver)
        if address and same_address(url, address)
    ]
    if not known.asks_index:
        return named, ""
    told = bool(found.indexes) if known.often_configured_outside else True
    if not named and (known.locks_index or (told and indexes.layout is None)):
        return [], NAME_IT.format(installer=installer, index=indexes.chainguard)
    if known.resolves_again and named and not all(each.explicit for each in named):
        order = [each for each in found.indexes if not each.flat and not each.explicit]
        order = [each for each in order if not each.default] + [each for each in order if each.default][:1]
        if order and order[0].url not in {each.spelled for each in named}:
            return named, _BEHIND_PYPI
    return named, ""


def bound_elsewhere(found: Mending, configured: Configuration, named: Sequence[NamedIndex]) -> str | None:
    """Return why an entry stays where the project itself does not take it from Chainguard's index."""
    package = found.package
    bound = configured.package_index.get(package.name)
    strangers = [
        each
        for each in configured.indexes
        if each.name is not None
        and not any(one.is_called(each.name) for one in named)
        and (each.explicit or (bound is not None and each.name.lower() == bound.lower()))
        and same_address(each.url, package.source.location)
    ]
    # A fork may be for the index that another marker chooses.
    ours = bound is None or any(one.is_called(bound) for one in named)
    if not ours and (strangers or package.marker is None):
        return f"the project takes it from the index {bound!r}: change that first"
    if strangers:
        return f"the project takes it from the index {strangers[0].name!r}: change that first"
    chosen = next((each for each in named if (each.name, each.spelled) == (found.source, found.index)), None)
    if chosen is not None and chosen.explicit and not chosen.is_called(bound):
        return _EXPLICIT.format(index=chosen.name)
    return None


def same_address(one: str, other: str | None) -> bool:
    """Whether two addresses are the same but for case and a last slash."""
    return other is not None and one.rstrip("/").lower() == other.rstrip("/").lower()


def beside(text: Text, name: str) -> str | None:
    """Return the text of a file in the lock's folder; None where there is none."""
    folder = text.path.rpartition("/")[0]
    return text.read(f"{folder}/{name}".lstrip("/"))

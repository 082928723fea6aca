"""What a pull request changes about the indexes that are asked, in a sentence a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.configuration.values import clip
from fallback_review.lockfiles.urls import registry_key
from fallback_review.model import Notice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.values import Configuration, ConfiguredIndex

_MOST_NAMED = 5
_PLACES = frozenset({"line", "path", "files", "credentials", "demands"})
"""Fields that say where something stands, and not what it does; and demands, for which there is `moved`."""


def compare(base: Configuration | None, head: Configuration | None) -> tuple[Notice, ...]:
    """Return what changed between two sides' index configuration.

    None is a side without the lockfile. Where a side can't be read there is no comparison: its own notice
    says so.
    """
    if base is None or head is None or base.problems or head.problems:
        return ()
    return tuple(_changes(base, head))


def alike(base: Configuration, head: Configuration) -> bool:
    """Whether two sides make the installer do the same, wherever in the files that stands."""
    return _effects(base) == _effects(head)


def moved(base: Configuration, head: Configuration) -> frozenset[str]:
    """Return the names of which the project asks something else now."""
    before, after = (_effects(each.demands.by_name) if each.demands else {} for each in (base, head))
    if not isinstance(before, dict) or not isinstance(after, dict):
        return frozenset()
    return frozenset(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def with_gone(base: Configuration, head: Configuration) -> Configuration:
    """Return the head that knows which indexes the base had; uv keeps a lock where no index is left."""
    if head.demands is None or not head.indexes:
        return head
    gone = {registry_key(each.url) for each in base.indexes} - {registry_key(i.url) for i in head.indexes}
    return replace(head, demands=replace(head.demands, gone=frozenset(gone)))


def _effects(told: object) -> object:
    """Return a value, however deep, without the fields that say where something stands."""
    if isinstance(told, Struct):
        return {name: _effects(getattr(told, name)) for name in told.__struct_fields__ if name not in _PLACES}
    if isinstance(told, tuple):
        return [_effects(each) for each in told]
    if isinstance(told, Mapping):
        return {key: _effects(value) for key, value in told.items()}
    return told


def _changes(base: Configuration, head: Configuration) -> Iterator[Notice]:
    before = {_identity(index): index for index in base.indexes}
    after = {_identity(index): index for index in head.indexes}
    for identity, index in after.items():
        if identity not in before:
            yield _notice(index, f"adds the index {_named(index)}")
        elif (how := _how(before[identity], index)) is not None:
            yield _notice(index, f"changes how the index {_named(index)} is asked: {how}")
    path = next(iter(head.files or base.files), None)
    for identity, index in before.items():
        if identity not in after:
            yield Notice(text=_says(f"removes the index {_named(index)}"), path=path)
    kept = [identity for identity in before if identity in after]
    now = [identity for identity in after if identity in before]
    if kept != now:
        order = ", ".join(_named(index) for index in list(after.values())[:_MOST_NAMED])
        yield Notice(text=_says(f"changes the order of the indexes; it is now {order}"), path=path)
    yield from (Notice(text=_says(text), path=path) for text in _settings(base, head))


def _settings(base: Configuration, head: Configuration) -> Iterator[str]:
    if base.builtin_pypi != head.builtin_pypi:
        yield f"{'lets' if head.builtin_pypi else 'no longer lets'} {head.installer} ask PyPI by itself"
    if base.strategy != head.strategy:
        now, then = (clip(each.strategy or "the tool's default") for each in (head, base))
        yield f"changes index-strategy to {now} (it was {then})"
    if base.respect_source_order != head.respect_source_order:
        yield f"turns respect-source-order {'on' if head.respect_source_order else 'off'}"
    if base.no_index != head.no_index:
        yield f"turns no-index {'on' if head.no_index else 'off'}"
    moved = sorted(
        name
        for name in base.package_index.keys() | head.package_index.keys()
        if base.package_index.get(name) != head.package_index.get(name)
    )
    if moved:
        more = f" and {len(moved) - _MOST_NAMED} more" if len(moved) > _MOST_NAMED else ""
        yield f"changes the index that these packages name: {clip(', '.join(moved[:_MOST_NAMED]))}{more}"


def _identity(index: ConfiguredIndex) -> tuple[str, bool]:
    return (index.url.rstrip("/") or (index.name or "").lower(), index.flat)


def _how(before: ConfiguredIndex, after: ConfiguredIndex) -> str | None:
    """Return what is different about one index, or None."""
    told = [
        f"{key} is now {clip(_shown(now))} (it was {clip(_shown(then))})"
        for key, then, now in (
            ("default", before.default, after.default),
            ("explicit", before.explicit, after.explicit),
            ("priority", before.priority, after.priority),
            ("name", before.name, after.name),
            ("include_packages", ", ".join(before.include), ", ".join(after.include)),
            ("exclude_packages", ", ".join(before.exclude), ", ".join(after.exclude)),
        )
        if then != now
    ]
    return "; ".join(told) or None


def _shown(value: object) -> str:
    return "not set" if value is None or value == "" else str(value)


def _named(index: ConfiguredIndex) -> str:
    return f"{index.shown} ({clip(index.url)})" if index.name and index.url else index.shown


def _notice(index: ConfiguredIndex, what: str) -> Notice:
    return Notice(text=_says(f"{what} ({index.key})"), path=index.path, line=index.line)


def _says(what: str) -> str:
    return f"This change {what}. Make sure that it is intended."

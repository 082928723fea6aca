"""What configurations say about versions: requirements in TOML, and the constraints files that pip names."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from fallback_review.configuration.values import clip
from fallback_review.lockfiles import LockfileError, Text
from fallback_review.lockfiles.formats.requirements import FORMAT
from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Constraint, NotModelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.configuration.documents import ConfigurationFiles, Section

MOST = 5_000
"""Constraints of one configuration."""
_OUT_OF_REACH = ("/", "~", "\\", "http:", "https:", "file:")


def by_name(constraints: Iterable[Constraint]) -> Mapping[str, tuple[Constraint, ...]]:
    """Return constraints by the normalised name that they are about."""
    found: dict[str, list[Constraint]] = defaultdict(list)
    for each in constraints:
        found[each.name].append(each)
    return {name: tuple(every) for name, every in found.items()}


def is_requirement(text: str) -> bool:
    """Whether a text is a requirement (PEP 508)."""
    return _parsed(text) is not None


def _parsed(text: str) -> Requirement | None:
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def from_requirements(section: Section, key: str) -> list[Constraint]:
    """Return an array of requirements as constraints; what is none is left out."""
    found = []
    for text in section.texts(key, most=MOST):
        parsed = _parsed(text)
        if parsed is None:
            continue
        found.append(
            Constraint(
                name=normalise_name(parsed.name),
                specifier=str(parsed.specifier),
                marker=str(parsed.marker) if parsed.marker else None,
                url=strip_credentials(parsed.url)[0] if parsed.url else None,
                path=section.path,
                line=section.line_of(text),
            )
        )
    return found


def from_files(
    named: Iterable[str], section: Section, folder: str
) -> tuple[list[Constraint], list[NotModelled]]:
    """Return what constraints files say, and what of them is not known.

    Args:
        named: the files, as pip's ``constraint`` names them: relative to the folder that pip is run in.
        section: the table that names them.
        folder: the lockfile's folder.

    pip is run in the lockfile's folder or at the repository's root: where both have such a file, and where
    neither has one, what it says is not known.
    """
    found: list[Constraint] = []
    unknown: list[NotModelled] = []
    for name in named:
        said, problem = _read(name, section.files, folder)
        found += said
        if problem is not None:
            effect = f"the constraints in {clip(name)} {problem}"
            unknown.append(
                NotModelled(key="constraint", path=section.path, line=section.line_of(name), effect=effect)
            )
        unknown += from_addresses(said, "constraint")
    return found[:MOST], unknown


def from_addresses(constraints: Iterable[Constraint], key: str) -> Iterator[NotModelled]:
    """Give the packages that a constraint takes from an address (measured: pip and uv go there)."""
    for each in constraints:
        if each.url is not None:
            yield NotModelled(
                key=key,
                path=each.path,
                line=each.line,
                effect="it is taken from an address",
                names=frozenset({each.name}),
            )


def _read(name: str, files: ConfigurationFiles, folder: str) -> tuple[list[Constraint], str | None]:
    if name.startswith(_OUT_OF_REACH) or "$" in name or ":" in name[:2]:
        return [], "are not read: only files of the repository are"
    paths = dict.fromkeys(posixpath.normpath(posixpath.join(at, name)) for at in (folder, ""))
    texts = {
        path: text for path in paths if not path.startswith("..") and (text := files.beside(path)) is not None
    }
    if not texts:
        return [], "are not known: the repository has no such file"
    if len(set(texts.values())) > 1:
        return [], f"are not known: both {' and '.join(map(clip, texts))} are there"
    path, text = next(iter(texts.items()))
    try:
        parsed = FORMAT.parse(Text(path=path, text=text, read=files.beside))
    except LockfileError as error:
        return [], f"could not be read ({error.reason})"
    said = [
        Constraint(
            name=each.name,
            specifier=each.specifier or (f"=={each.version}" if each.version else ""),
            hashes=each.hashes,
            marker=each.marker,
            url=None if each.source.kind.from_index else (each.source.location or ""),
            path=each.path or path,
            line=each.line,
        )
        for each in parsed.packages
    ]
    return said, "could not all be read" if parsed.unread else None

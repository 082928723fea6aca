"""What configurations say about versions: requirements in TOML, and the constraints files that pip names."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.requirements import InvalidRequirement, Requirement

from fallback_review.configuration.values import clip
from fallback_review.lockfiles import LockfileError, Text
from fallback_review.lockfiles.formats.requirements.reader import read_constraints
from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.urls import strip_credentials
from fallback_review.model import Constraint, NotModelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.configuration.documents import ConfigurationFiles, Section
    from fallback_review.model import InstallOptions, LockedPackage, Lockfile, LockIndex

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
    return requirement(text) is not None


def requirement(text: str) -> Requirement | None:
    """Return a text as a requirement (PEP 508); None where it is none."""
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def from_requirements(section: Section, key: str) -> list[Constraint]:
    """Return an array of requirements as constraints; what is none is left out."""
    found = []
    for text in section.texts(key, most=MOST):
        parsed = requirement(text)
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


class ConstraintsFiles(Struct, kw_only=True):
    """What pip's constraints files say."""

    constraints: list[Constraint] = field(default_factory=list)
    options: list[InstallOptions] = field(default_factory=list)
    """The options on lines of each file: pip heeds them for the whole install (measured)."""
    indexes: list[LockIndex] = field(default_factory=list)
    """Their index lines, which pip heeds as well."""
    unclear: list[NotModelled] = field(default_factory=list)
    """What of the files is not known."""


def from_files(named: Iterable[str], section: Section, folder: str) -> ConstraintsFiles:
    """Return what constraints files say, and what of them is not known.

    Args:
        named: the files, as pip's ``constraint`` names them: relative to the folder that pip is run in.
        section: the table that names them.
        folder: the lockfile's folder.

    pip is run in the lockfile's folder or at the repository's root: where both have such a file, and where
    neither has one, what it says is not known.
    """
    found = ConstraintsFiles()
    for name in named:
        parsed, problem = _read(name, section.files, folder)
        if problem is not None:
            effect = f"the constraints in {clip(name)} {problem}"
            line = section.line_of(name)
            found.unclear.append(
                NotModelled(key="constraint", path=section.path, line=line, effect=effect, locked_urls=True)
            )
        if parsed is None:
            continue
        said = [_constraint(each, parsed.path) for each in parsed.packages]
        found.constraints += said
        found.unclear += from_addresses(said, "constraint", locked_urls=True)
        found.options.append(parsed.options)
        found.indexes += [replace(each, path=each.path or parsed.path) for each in parsed.indexes]
    del found.constraints[MOST:]
    return found


def from_addresses(
    constraints: Iterable[Constraint], key: str, *, locked_urls: bool = False
) -> Iterator[NotModelled]:
    """Give the packages that a constraint takes from an address (measured: pip and uv go there).

    `locked_urls`: whether it does so where the lock names another one.
    """
    for each in constraints:
        if each.url is not None:
            yield NotModelled(
                key=key,
                path=each.path,
                line=each.line,
                effect="it is taken from an address",
                names=frozenset({each.name}),
                locked_urls=locked_urls,
            )


def _read(name: str, files: ConfigurationFiles, folder: str) -> tuple[Lockfile | None, str | None]:
    if name.startswith(_OUT_OF_REACH) or "$" in name or ":" in name[:2]:
        return None, "are not read: only files of the repository are"
    paths = dict.fromkeys(posixpath.normpath(posixpath.join(at, name)) for at in (folder, ""))
    texts = {
        path: text for path in paths if not path.startswith("..") and (text := files.beside(path)) is not None
    }
    if not texts:
        return None, "are not known: the repository has no such file"
    if len(set(texts.values())) > 1:
        return None, f"are not known: both {' and '.join(map(clip, texts))} are there"
    path, text = next(iter(texts.items()))
    try:
        parsed = read_constraints(Text(path=path, text=text, read=files.beside))
    except LockfileError as error:
        return None, f"could not be read ({error.reason})"
    return parsed, "could not all be read" if parsed.unread else None


def _constraint(package: LockedPackage, path: str) -> Constraint:
    return Constraint(
        name=package.name,
        specifier=package.specifier or (f"=={package.version}" if package.version else ""),
        hashes=package.hashes,
        marker=package.marker,
        url=None if package.source.kind.from_index else (package.source.location or ""),
        path=package.path or path,
        line=package.line,
    )

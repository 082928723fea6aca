"""What is wrong with a configuration: PyPI left in, a priority that is none, a lock that stayed behind.

Sources: the measured behaviour of pip 26.3, uv 0.13, Poetry 2.5 and PDM 2.29 with two indexes, and the pages
that the rules below name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.index_order import asked, whose
from fallback_review.configuration.values import clip
from fallback_review.lockfiles import format_of
from fallback_review.model import Notice, Owner, SourceKind
from fallback_review.prediction.left_behind import respelled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fallback_review.configuration.index_order import Asked
    from fallback_review.configuration.values import Configuration, ConfiguredIndex
    from fallback_review.model import Lockfile
    from fallback_review.prediction.addresses import Addresses

_HARDLY = 0.5

_TELLING = 10
"""Packages of which Chainguard's index has one at least, most likely."""


def findings(configuration: Configuration, lockfile: Lockfile, addresses: Addresses) -> tuple[Notice, ...]:
    """Return what a person should know about a configuration, each with file, line and what to do.

    Args:
        configuration: what `read` found.
        lockfile: the lockfile that it is for; of a pair, the head.
        addresses: whose addresses are whose.
    """
    order = asked(configuration, addresses)
    ours = next((each.configured for each in order if each.ours), None)
    found = [*configuration.problems, *configuration.ignored]
    if ours is not None:
        rule = _RULES.get(configuration.installer)
        found += rule(order, ours) if rule else _pip(order, ours)
    found += _explicit(configuration, lockfile, addresses)
    found += _lock_not_moved(lockfile, order, addresses)
    found += _respelled(configuration, lockfile)
    found += _credentials(configuration, lockfile)
    return tuple(found)


def _at(index: ConfiguredIndex, text: str) -> Notice:
    return Notice(text=text, path=index.path, line=index.line)


def _pypi(order: tuple[Asked, ...]) -> tuple[int, Asked] | None:
    return next(((number, each) for number, each in enumerate(order) if each.pypi), None)


def _behind(order: tuple[Asked, ...], number: int) -> bool:
    """Whether Chainguard's index is asked later than the index of that number."""
    return not any(each.ours for each in order[:number])


def _pip(order: tuple[Asked, ...], ours: ConfiguredIndex) -> Iterator[Notice]:
    """Say that pip pools all indexes and gives none priority.

    Sources: pip.pypa.io/en/stable/cli/pip_install ("Finding Packages": no ordering) and its warning about
    dependency confusion beside ``--extra-index-url``; measured: of files with one name the last listed wins.
    """
    pypi = _pypi(order)
    if pypi is None:
        return
    number, other = pypi
    text = (
        f"{ours.key}: pip gives no index priority. It pools PyPI with Chainguard's index, so a newer version "
        "or a better wheel on PyPI is taken, whoever published it"
    )
    if not _behind(order, number):
        text += "; of two files with the same name it takes PyPI's, which is listed last"
    remedy = (
        "make Chainguard's index the only `index-url`"
        if other.configured is None
        else "take PyPI's index out"
    )
    yield _at(ours, f"{text}. To be sure, {remedy}.")


def _uv(order: tuple[Asked, ...], ours: ConfiguredIndex) -> Iterator[Notice]:
    """Say that uv and pixi ask the default index last, and that PyPI is the default until another index is.

    Source: docs.astral.sh/uv/concepts/indexes ("The default index is always treated as lowest priority").
    """
    pypi = _pypi(order)
    if pypi is None:
        return
    number, other = pypi
    if other.configured is None:
        remedy = (
            "Set pypi-options.index-url to Chainguard's index"
            if ours.key.startswith("pypi-options")
            else "Set `default = true` on it"
            if ours.key.startswith("[[")
            else "Make it the `index-url`"
        )
        yield _at(
            ours,
            f"{ours.key}: PyPI stays in as the implicit default index, and what Chainguard's index does not "
            f"have comes from there. {remedy} to leave PyPI out.",
        )
    elif _behind(order, number):
        why = (
            "the default index is asked last, so PyPI is asked before Chainguard's index"
            if ours.default
            else "PyPI is listed, and asked, before Chainguard's index"
        )
        yield _at(
            ours,
            f"{ours.key}: {why} and wins for every project that PyPI has. Take {other.configured.shown} "
            f"({other.configured.where}) out, or list it behind Chainguard's index without a default.",
        )


def _poetry(order: tuple[Asked, ...], ours: ConfiguredIndex) -> Iterator[Notice]:
    """Poetry asks supplemental sources only for what no primary source has, and PyPI is primary by itself.

    Source: python-poetry.org/docs/repositories ("Default Package Source", "Supplemental Package Sources").
    """
    pypi = _pypi(order)
    if pypi is None or not _behind(order, pypi[0]):
        return
    if pypi[1].configured is None:
        text = (
            f"{ours.key}: PyPI stays the primary source while Chainguard's is {ours.priority}, so "
            'everything that PyPI has comes from PyPI. Set `priority = "primary"` on Chainguard\'s source.'
        )
    else:
        text = (
            f"{ours.key}: PyPI ({pypi[1].configured.where}) comes before Chainguard's source, so what PyPI "
            "has comes from PyPI. Make Chainguard's source primary, and PyPI supplemental or leave it out."
        )
    yield _at(ours, text)


def _pdm(order: tuple[Asked, ...], ours: ConfiguredIndex) -> Iterator[Notice]:
    """PDM puts PyPI in front of all sources unless one of them is named ``pypi``.

    Source: pdm-project.org/en/latest/usage/config ("Configure the package indexes"); measured.
    """
    pypi = _pypi(order)
    if pypi is None or not _behind(order, pypi[0]):
        return
    if pypi[1].configured is None:
        text = (
            f"{ours.key}: PDM asks its built-in PyPI before Chainguard's index, because no source is named "
            "`pypi`. Name Chainguard's source `name = \"pypi\"` to put it in PyPI's place."
        )
    else:
        text = (
            f"{ours.key}: PyPI ({pypi[1].configured.where}) is listed before Chainguard's index, and of "
            "equal files PDM takes the first. List Chainguard's index first, or take PyPI out."
        )
    yield _at(ours, text)


def _pipenv(order: tuple[Asked, ...], ours: ConfiguredIndex) -> Iterator[Notice]:
    """Pipenv looks in the first source only.

    Source: pipenv.pypa.io ("Specifying package indexes"); measured.
    """
    if not order[0].ours:
        yield _at(
            ours,
            f"{ours.key}: Pipenv looks in the first source only, and Chainguard's is not the first: packages "
            "without `index` don't come from it. List Chainguard's source first and lock again.",
        )


_RULES: dict[str, Callable[[tuple[Asked, ...], ConfiguredIndex], Iterator[Notice]]] = {
    "uv": _uv,
    "pixi": _uv,
    "poetry": _poetry,
    "pdm": _pdm,
    "pipenv": _pipenv,
}


def _explicit(configuration: Configuration, lockfile: Lockfile, addresses: Addresses) -> Iterator[Notice]:
    """An explicit index serves only the packages that name it.

    Sources: docs.astral.sh/uv/concepts/indexes ("Pinning a package to an index"),
    python-poetry.org/docs/repositories ("Explicit Package Sources").
    """
    ours = [index for index in configuration.indexes if whose(index, addresses).owner is Owner.CHAINGUARD]
    if not ours or not all(index.explicit for index in ours):
        return
    own = {word for index in ours for word in (index.name, index.url)}
    named = {name for name, index in configuration.package_index.items() if index in own}
    names = {each.name for each in lockfile.packages if each.source.kind.from_index and not each.local}
    used = len(names & named)
    if not names or used < _HARDLY * len(names):
        count = f"{used} of the {len(names)} packages seen here name it" if names else "few packages name it"
        yield _at(
            ours[0],
            f"{ours[0].key}: Chainguard's index is explicit and asked only for packages that name it "
            f"({count}); the others come from PyPI. Take `explicit` away to use it for all.",
        )


def _lock_not_moved(lockfile: Lockfile, order: tuple[Asked, ...], addresses: Addresses) -> Iterator[Notice]:
    """Some locks name their files' URLs, which are installed whatever the configuration says (measured).

    Where uv asks PyPI behind Chainguard's index, a few entries may be what Chainguard has not.
    """
    ours = next((each.configured for each in order if each.ours), None)
    known = format_of(lockfile)
    if ours is None or not (known.locks_urls and known.update_hashes):
        return
    places = [
        addresses.index_at(each.source.location or "")
        for each in lockfile.packages
        if each.source.kind is SourceKind.REGISTRY and not each.local
    ]
    few = len(places) < _TELLING and _pypi(order) is not None
    if places and not few and all(each.owner is Owner.PYPI for each in places):
        which = "it changes" if lockfile.omitted else "it holds"
        yield Notice(
            text=f"The lock was not moved: every index package that {which} ({len(places)}) is locked to "
            f"PyPI, although {ours.path} names Chainguard's index, and what is installed from it "
            f"is still PyPI's. Move it with `chainctl libraries update-hashes {clip(lockfile.path)}`.",
            path=lockfile.path,
            line=lockfile.packages[0].line,
        )


def _respelled(configuration: Configuration, lockfile: Lockfile) -> Iterator[Notice]:
    """A lock may have to write an index as the project does, to the last slash (`respelled`)."""
    demands = configuration.demands
    if demands is None:
        return
    told = ((package, respelled(package, demands)) for package in lockfile.packages)
    package, spelled = next((each for each in told if each[1] is not None), (None, None))
    if package is not None and spelled is not None:
        step = format_of(lockfile).lock_command(lockfile.path, compiled=lockfile.compiled)
        said = clip(package.source.location or "")
        yield Notice(
            text=f"The lock writes an index's address as {said}, the project as {clip(spelled)}. "
            f"{configuration.installer} takes the same files from both, but not the lock as it stands. "
            f"Lock again{f': `{step}`' if step else ''}.",
            path=lockfile.path,
            line=package.line,
        )


def _credentials(configuration: Configuration, lockfile: Lockfile) -> Iterator[Notice]:
    """An address with a password in a repository is a leak (pip's documentation: "Authentication")."""
    places = [
        *configuration.credentials,
        *((index.path or lockfile.path, index.line) for index in lockfile.indexes if index.has_credentials),
    ]
    for path, line in dict.fromkeys(places):
        yield Notice(
            text="An address here holds credentials. Take them out, revoke them, and give them to the "
            "installer from outside (environment, keyring or .netrc).",
            path=path,
            line=line,
        )

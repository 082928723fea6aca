"""Lockfiles that a pull request leaves as they are while an input of theirs changes, found over the API.

Which lockfiles have which inputs is only known from the head's tree and from the lockfiles themselves. That
costs requests, so a diff decides first whether a changed file may be an input at all: most pull requests
change none, and cost nothing more.
"""

from __future__ import annotations

import posixpath
import re
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review import configuration
from fallback_review.github.branch_files import is_inside
from fallback_review.github.changed_lockfiles import LockfileSides, Side
from fallback_review.github.errors import GitHubError, Trouble
from fallback_review.github.prefetch import LONG, Wanted
from fallback_review.lockfiles import FORMATS, LockfileError, decode, most_likely, recognise
from fallback_review.model import Lockfile, Notice
from fallback_review.pipeline.discovery import ChangedFile, is_lockfile
from fallback_review.pipeline.inputs import TreeFile, Trees, moved_by_inputs, named_pip_files, sets_variables
from fallback_review.prediction import INSTALLERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fallback_review.github.changed_files import ChangedEntry, ListedTree
    from fallback_review.github.changed_lockfiles import PullRequestFiles
    from fallback_review.settings.schema import Settings

    Learn = Callable[[Iterable[Wanted]], None]

MOST_NEIGHBOURS = 20
"""Lockfiles that are looked for where a changed file has its own, without knowing whether there is one."""
_ROUNDS = 5
"""Queries one after the other: a lockfile names a file, which names another."""
_SCRIPT = ".py"
_SOURCE = ".in"
_VERSION = r"[ \t]*(?:===?|~=|!=|[<>]=?)[ \t]*[\"']?v?\d"
_REQUIREMENT = re.compile(
    rf"^[+-][ \t]*[A-Za-z0-9][\w.-]*[ \t]*(?:\[[^\]\n]{{0,300}}\])?(?:{_VERSION}|[ \t]*@[ \t]*\S+[:/])",
    re.MULTILINE,
)
_OPTION = re.compile(
    r"^[+-][ \t]*(?:-[rceif][ \t=]?[\w./]|--(?:requirement|constraint|editable|index-url|extra-index-url"
    r"|find-links|no-index|no-binary|only-binary|prefer-binary|pre|hash|trusted-host)\b)",
    re.MULTILINE,
)
_LOCK = re.compile(r"^[+-].*[\s\"'=\[]sha256[:=]", re.MULTILINE)
"""A line of a lock, which a link may lead to whatever the file is called."""
_BARE = re.compile(r"^[+-][A-Za-z0-9][\w.-]*[ \t]*(?:\[[^\]\n]{0,300}\])?[ \t]*(?:[;#].*)?\r?$", re.MULTILINE)
_OF_WORDS = frozenset({"", ".txt", ".in", ".pip", ".list"})
"""Suffixes of files in which a name alone may be a requirement."""
_PIP_KEY = re.compile(
    r"^[ +-][ \t]*(?:extra[-_])?(?:index[-_]url|find[-_]links|no[-_]index|no[-_]binary|only[-_]binary"
    r"|prefer[-_]binary|constraint|uploaded[-_]prior[-_]to)[ \t]*[=:]",
    re.MULTILINE,
)
_NAMES_A_FILE = re.compile(r"^[+-].*PIP_CONFIG_FILE", re.MULTILINE)
_LINK = re.compile(r"^@@ -[01](?:,[01])? \+[01](?:,[01])? @@[^\n]*\n[+-][^\n]*\n\\ No newline", re.MULTILINE)
"""What the diff of a symbolic link looks like: one line without an end."""
_SCRIPTS_BLOCK = re.compile(r"^[+-]#(?:[ \t]*///|[ \t]*\[|[ \t]*[\w-]+[ \t]*=|[ \t]+[\"'\]])", re.MULTILINE)


class Suspects(Struct, frozen=True, kw_only=True):
    """Changed files that may be inputs of lockfiles which stay as they are."""

    configuring: tuple[str, ...]
    """Those with the name of an installer's configuration."""
    neighbours: tuple[str, ...]
    """Where the lockfile of a changed project file or script would be."""
    others: tuple[str, ...]
    """Those of other names, as their diffs look."""
    unshown: tuple[str, ...] = ()
    """Those that GitHub shows no diff of, so that nothing tells what they are."""

    def wanted(self) -> Iterator[Wanted]:
        """Give what is to be read to know more."""
        for path in self.configuring:
            yield Wanted(side=Side.BASE, path=path)
            yield Wanted(side=Side.HEAD, path=path)
        for path in self.neighbours:
            yield Wanted(side=Side.BASE, path=path, weight=LONG)


class Moved(Struct, frozen=True, kw_only=True):
    """The lockfiles whose inputs changed, as far as that is known."""

    sides: tuple[LockfileSides, ...] = ()
    named: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Files of pip's configuration that workflows and Dockerfiles name, on both sides."""
    remark: str | None = None
    """What to say of files that nobody looked at, without holding anything up."""
    unread: tuple[Notice, ...] = ()
    """What was not looked at, so that lockfiles may be among it."""


def suspects(entries: Iterable[ChangedEntry]) -> Suspects:
    """Return which changed files may be inputs, as names and diffs tell; lockfiles speak for themselves."""
    entries = tuple(entries)
    differing = {path for entry in entries for path in (entry.base_path, entry.head_path) if path}
    configuring: dict[str, None] = {}
    neighbours: dict[str, None] = {}
    others: dict[str, None] = {}
    unshown: dict[str, None] = {}
    for entry in entries:
        for path in dict.fromkeys(each for each in (entry.base_path, entry.head_path) if each):
            if recognise(path, None) is not None or _compiled(path) in differing:
                continue
            if path.endswith(_SCRIPT) and (entry.patch is None or _SCRIPTS_BLOCK.search(entry.patch)):
                neighbours[f"{path}.lock"] = None
            if _configured(path):
                configuring[path] = None
            elif _may_be_input(path, entry.patch or ""):
                others[path] = None
            if entry.patch is None:
                unshown[path] = None
            neighbours |= dict.fromkeys(_made_from(path))
    there = tuple(path for path in neighbours if path not in differing)[:MOST_NEIGHBOURS]
    return Suspects(
        configuring=tuple(configuring), neighbours=there, others=tuple(others), unshown=tuple(unshown)
    )


def _may_be_input(path: str, patch: str) -> bool:
    if posixpath.splitext(path)[1] in _OF_WORDS and _BARE.search(patch):
        return True
    return any(each.search(patch) for each in (_REQUIREMENT, _OPTION, _LOCK, _PIP_KEY, _NAMES_A_FILE, _LINK))


def _may_be_included(file: LockfileSides) -> bool:
    """Whether another lockfile may include a changed one or be constrained by it, under whatever options."""
    known = recognise(file.path, None)
    return known is not None and known.names_files is not None and file.base_path is not None


def _compiled(path: str) -> str | None:
    """Return the lockfile that is made of a file of loose requirements: nobody installs from both."""
    stem, suffix = posixpath.splitext(path)
    return f"{stem}.txt" if suffix == _SOURCE else None


def _configured(path: str) -> tuple[Lockfile, ...]:
    """Return lockfiles that there may be and that a file of this name configures: one of each format."""
    parent = posixpath.dirname(path)
    return tuple(
        Lockfile(path=lock, format=known.name)
        for known in FORMATS.values()
        for lock in (posixpath.join(folder, known.name) for folder in {parent, posixpath.dirname(parent)})
        if path in known.configured_by(lock)
    )


def _made_from(path: str) -> Iterator[str]:
    folder, name = posixpath.split(path)
    for known in FORMATS.values():
        if known.made_from == name:
            yield posixpath.join(folder, known.name)


def find_moved(
    files: PullRequestFiles,
    suspected: Suspects,
    changed: Sequence[LockfileSides],
    settings: Settings,
    learn: Learn,
) -> Moved:
    """Return the lockfiles that stay as they are while an input of theirs changes.

    Args:
        files: the pull request's trees.
        suspected: what `suspects` gave for its changed files.
        changed: the lockfiles that change themselves.
        settings: say what is a lockfile.
        learn: reads files ahead, as many in a request as there can be.

    Raises `GitHubError`, but not where requests are used up: then that is among what was not looked at.
    """
    reader = _Reader(files)

    def by_name(path: str) -> bool:
        return is_lockfile(path, settings.lockfiles)

    surely = (
        not all(map(by_name, suspected.others))
        or not all(by_name(file.path) for file in changed)
        or not all(_says_the_same(path, reader) for path in suspected.configuring)
    )
    included = any(map(_may_be_included, changed))
    if surely or included or not all(map(by_name, suspected.unshown)):
        try:
            tree = files.tree
        except GitHubError as error:
            if error.trouble is not Trouble.BUDGET:
                raise
            return Moved(unread=(Notice(text=USED_UP),)) if surely else Moved(remark=UNLISTED)
        if surely or tree.complete:
            found = _in_tree(files, tree, reader, settings, learn)
            # Where no input surely changed, what was left out is said and holds nothing up.
            return found if surely or not found.unread else replace(found, unread=(), remark=UNLISTED)
        return Moved(remark=UNLISTED if included else UNSHOWN)
    there = filter(by_name, suspected.neighbours)
    beside = [TreeFile(path=path) for path in there if reader.read(Side.BASE, path) is not None]
    return Moved(sides=tuple(reader.sides(beside)), unread=reader.unread)


def _in_tree(
    files: PullRequestFiles, tree: ListedTree, reader: _Reader, settings: Settings, learn: Learn
) -> Moved:
    reader.listed = True
    every = [TreeFile(path=path, link=path in tree.links) for path in tree.files]
    learn(
        Wanted(side=Side.BASE, path=path)
        for path in sets_variables(every)
        if not files.may_differ(path) and files.known(path, Side.BASE) is None
    )
    named = reader.named(every)
    lockfiles = [each for each in every if is_lockfile(each.path, settings.lockfiles)]
    trees = partial(
        Trees,
        files=every,
        changed=[
            ChangedFile(base_path=each.base_path, head_path=each.head_path)
            for each in files.comparison.entries
        ],
        named=named,
    )
    for _ in range(_ROUNDS):
        missing: dict[Wanted, None] = {}
        ahead = trees(read=[partial(reader.known, side, missing) for side in Side])
        moved_by_inputs(lockfiles, ahead, settings)
        if not missing:
            break
        learn(missing)
    surely = trees(read=[partial(reader.read, side) for side in Side])
    moved, left = moved_by_inputs(lockfiles, surely, settings)
    paths = {each.head_path for each in moved}
    found = [each for each in lockfiles if each.path in paths]
    learn(reader.around(found))
    sides = tuple(reader.sides(found))
    unread = (*left, *reader.unread, *(() if tree.complete else (Notice(text=TOO_MANY),)))
    return Moved(sides=sides, named=named, unread=unread)


TOO_MANY = (
    "an input of lockfiles changed, and the repository has more files than GitHub lists: lockfiles that it "
    "concerns may be among those that were not seen; review it on your machine with fallback-review review"
)
UNSHOWN = (
    "GitHub shows no diff of some files and does not list every file of the repository, so it is not known "
    "whether a lockfile that did not change includes or follows one of them."
)
UNLISTED = (
    "Not every file of the repository was listed and read, so it is not known whether a lockfile that did "
    "not change includes one that did."
)
USED_UP = (
    "an input of lockfiles may have changed, and the run has sent as many requests to GitHub as it may: "
    "lockfiles that did not change were not all looked at. Raise `request-budget`"
)


class _Reader:
    """Reads the two trees; where requests are used up it knows that, and gives nothing."""

    def __init__(self, files: PullRequestFiles) -> None:
        self._files = files
        self.exhausted = False
        self.listed = False
        """Whether the head's tree was listed."""

    @property
    def unread(self) -> tuple[Notice, ...]:
        return (Notice(text=USED_UP),) if self.exhausted else ()

    def absent(self, side: Side, path: str) -> bool:
        """Whether there surely is no such file on a side."""
        if not is_inside(path):
            return True
        if not self.listed or not self._files.tree.complete or path in self._files.tree.files:
            return False
        return side is Side.HEAD or not self._files.may_differ(path)

    def _link(self, path: str) -> bool:
        return self.listed and path in self._files.tree.links and not self._files.may_differ(path)

    def read(self, side: Side, path: str) -> bytes | None:
        """Return a file of one side, None where there is none or it can't be had."""
        if self.absent(side, path):
            return None
        files = self._files
        try:
            if self._link(path):
                return files.link(path)
            if files.may_differ(path):
                return files.read(path, side)
            content = files.read(path, Side.BASE)
            files.remember(path, Side.BASE, content)
        except GitHubError as error:
            if error.trouble not in (Trouble.BUDGET, Trouble.TOO_LARGE):
                raise
            self.exhausted = True
            return None
        return content

    def known(self, side: Side, missing: dict[Wanted, None], path: str) -> bytes | None:
        """Return a file if that costs nothing; what would cost a request is noted in `missing`."""
        if self.absent(side, path):
            return None
        wanted = self._wanted(side, path)
        found = self._files.known(path, wanted.side or Side.BASE)
        if found is None:
            missing[wanted] = None
            return None
        return found[0]

    def _wanted(self, side: Side, path: str) -> Wanted:
        link = self._link(path)
        at = side if link or self._files.may_differ(path) else Side.BASE
        weight = LONG if recognise(path, None) is not None and not link else 1
        return Wanted(side=at, path=path, weight=weight, link=link)

    def around(self, lockfiles: Iterable[TreeFile]) -> Iterator[Wanted]:
        """Give what is read for lockfiles that are judged: themselves, and what configures installers."""
        for file in lockfiles:
            for side in Side:
                for path in (*most_likely(file.path).configured_by(file.path), file.path):
                    wanted = self._wanted(side, path)
                    if not self.absent(side, path) and self._files.known(path, wanted.side or side) is None:
                        yield wanted

    def sides(self, lockfiles: Iterable[TreeFile]) -> Iterator[LockfileSides]:
        """Give lockfiles that are the same on both sides."""
        for file in lockfiles:
            before, self.exhausted = self.exhausted, False
            content = self.read(Side.BASE, file.path)
            self.exhausted, missed = before, self.exhausted
            yield LockfileSides(
                base_path=file.path,
                base_bytes=content,
                head_path=file.path,
                head_bytes=content,
                stayed=True,
                link=file.link,
                left_out=missed,
                problem=None if content is not None else "an input of it changed, and it could not be read",
            )

    def named(self, head: Sequence[TreeFile]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the files of pip's configuration that the base names somewhere, and the head's."""
        entries = self._files.comparison.entries
        new = {entry.head_path for entry in entries} - {entry.base_path for entry in entries}
        gone = (entry.base_path for entry in entries if entry.base_path)
        base = dict.fromkeys((*(file.path for file in head if file.path not in new), *gone))
        return (
            named_pip_files([TreeFile(path=path) for path in base], partial(self.read, Side.BASE)),
            named_pip_files(head, partial(self.read, Side.HEAD)),
        )


def _says_the_same(path: str, reader: _Reader) -> bool:
    """Whether a file of an installer's configuration, by itself, configures on both sides the same."""

    def alone(side: Side) -> Callable[[str], str | None]:
        data = reader.read(side, path)
        return lambda other: decode(other, data) if other == path and data is not None else None

    try:
        base, head = (alone(side) for side in Side)
        return all(
            configuration.alike(
                configuration.read(lockfile, base, installer=installer),
                configuration.read(lockfile, head, installer=installer),
            )
            for lockfile in _configured(path)
            for installer in INSTALLERS
        )
    except LockfileError:
        return False

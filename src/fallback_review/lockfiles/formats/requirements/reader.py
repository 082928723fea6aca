"""Reading a requirements file with everything that it includes.

Source: pip's documentation, "Requirements File Format": ``-r`` and ``-c`` are relative to the file that holds
them, and options hold for the whole install, wherever they stand.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from fallback_review.lockfiles.direct_references import is_url
from fallback_review.lockfiles.formats.requirements.compiled import compiled
from fallback_review.lockfiles.formats.requirements.constraints import (
    apply_constraints,
    loose,
    refuse_other_pins,
)
from fallback_review.lockfiles.formats.requirements.effects import VARIABLE, OptionEffects
from fallback_review.lockfiles.formats.requirements.entries import (
    NamedRequirement,
    Position,
    RefusedError,
    Unnamed,
    read_editable,
    read_requirement,
)
from fallback_review.lockfiles.formats.requirements.lines import (
    LogicalLine,
    hidden_behind_comments,
    logical_lines,
    redacted,
    shown,
    strange_encoding,
)
from fallback_review.lockfiles.formats.requirements.options import (
    LineOptions,
    OptionsError,
    parse_options,
    salvaged_hashes,
    spelt_of,
    split_options,
)
from fallback_review.lockfiles.formats.requirements.plain import read_plain
from fallback_review.model import LockedPackage, Lockfile, Notice

if TYPE_CHECKING:
    from fallback_review.lockfiles.text import Text

MOST_FILES = 200
"""Included files that are read for one lockfile."""
DEEPEST = 20
"""How deep includes may nest."""


def read(text: Text) -> Lockfile:
    """Read a requirements file.

    Nothing in the text is an error: what pip would refuse, and what could not be seen, is among the notices.
    Only the lockfile's own entries have no `path`; the header describes the lockfile's own lines alone.
    """
    reading = _Reading(text)
    reading.file(text.path, text.text, constraint=False, above=())
    packages, contradictions = apply_constraints(
        reading.packages, reading.constraints, extras_refused=text.joins_comments is not False
    )
    return Lockfile(
        path=text.path,
        compiled=compiled(text.text),
        packages=tuple(refuse_other_pins(packages)),
        unnamed=tuple(reading.unnamed),
        nameless=tuple(reading.nameless),
        indexes=tuple(reading.effects.indexes),
        options=reading.effects.install_options(),
        notices=(*reading.notices, *contradictions),
        unread=tuple(reading.unread),
        elsewhere=tuple(reading.elsewhere),
        crowded=tuple(reading.crowded),
        loose_constraints=tuple(loose(reading.constraints, text.path)),
        header=reading.header(),
    )


def read_constraints(text: Text) -> Lockfile:
    """Read a constraints file that pip's configuration names: its `packages` are constraints.

    A requirements file that it includes installs (measured with pip 26.3): such packages are among `unread`.
    """
    reading = _Reading(text)
    reading.file(text.path, text.text, constraint=True, above=())
    places = [(each.path, each.line) for each in reading.packages]
    places += [(each.path, each.line or 1) for each in reading.unnamed]
    said = "a constraints file includes a requirement"
    installed = [Notice(text=said, path=path, line=line) for path, line in places]
    return Lockfile(
        path=text.path,
        packages=tuple(reading.constraints),
        indexes=tuple(reading.effects.indexes),
        options=reading.effects.install_options(),
        unread=(*reading.unread, *installed),
    )


class _Reading(Struct):
    """What has been gathered so far, over all files."""

    root: Text
    packages: list[LockedPackage] = field(default_factory=list)
    constraints: list[LockedPackage] = field(default_factory=list)
    effects: OptionEffects = field(default_factory=OptionEffects)
    unnamed: list[Notice] = field(default_factory=list)
    nameless: list[LockedPackage] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    unread: list[Notice] = field(default_factory=list)
    elsewhere: list[Notice] = field(default_factory=list)
    crowded: list[Notice] = field(default_factory=list)
    seen: set[tuple[str, bool]] = field(default_factory=set)
    includes: list[str] = field(default_factory=list)
    own_unnamed: list[str] = field(default_factory=list)
    own_unparsed: list[str] = field(default_factory=list)

    def file(self, path: str, text: str, *, constraint: bool, above: tuple[str, ...]) -> None:
        """Read one file; `above` are the files that include it, outermost first."""
        self.seen.add((path, constraint))
        here = (*above, path)
        strange = strange_encoding(text)
        if strange is not None:
            number, encoding = strange
            place = Position(line=number, path=path if above else None)
            said = (
                f"pip may read this file as {shown(encoding)} and find other requirements: write it as UTF-8"
            )
            self.unread.append(self._note(said, place))
        joins_comments = self.root.joins_comments
        for line in logical_lines(text, joins_comments=joins_comments is not False):
            self._line(line, here, constraint=constraint)
        for line in hidden_behind_comments(text) if joins_comments is None else ():
            said = (
                f"uv reads {shown(line.text)}, and pip takes it for a part of the comment before it, which "
                "ends in a backslash: take the backslash out, or name the installer in the settings"
            )
            place = Position(line=line.number, path=path if above else None)
            self.unread.append(self._note(said, place))

    def header(self) -> dict[str, Any]:
        """What the lockfile's own lines say beside packages, to see that it changed."""
        return {
            "includes": tuple(self.includes),
            "options": self.effects.header(),
            "unnamed": tuple(self.own_unnamed),
            "unparsed": tuple(self.own_unparsed),
        }

    def _line(self, line: LogicalLine, here: tuple[str, ...], *, constraint: bool) -> None:
        place = Position(line=line.number, path=here[-1] if len(here) > 1 else None)
        plain = None if constraint else read_plain(line.text, place)
        if plain is not None:
            self.effects.hashes_of_some |= bool(plain.artifacts)
            self.packages.append(plain)
            return
        requirement, rest = split_options(line.text)
        try:
            options = parse_options(rest)
        except OptionsError as error:
            self._refused(line.text, place, f"{error}")
            if requirement:
                kept = LineOptions(values={"hashes": list(salvaged_hashes(rest))})
                self._requirement(requirement, kept, place, constraint=constraint)
            return
        if options.ignored:
            words = shown(" ".join(options.ignored))
            self._note(f"pip ignores {words}: it comes after an option", place)
        self.effects.add_flags(options, place)
        self._crowded(requirement, options, place)
        if requirement:
            self._requirement(requirement, options, place, constraint=constraint)
        elif options.first("editables") is not None:
            self._editable(options, place, constraint=constraint)
        elif options.first("requirements") is not None or options.first("constraints") is not None:
            self._include(options, place, here)
        else:
            self.notices.extend(self.effects.add(options, place))

    def _crowded(self, requirement: str, options: LineOptions, place: Position) -> None:
        """Note an option behind a requirement, an editable or the name of a file."""
        own = ("editables", "requirements", "constraints")
        first = "hashes" if requirement else next((name for name in own if name in options.values), None)
        if first is None:
            return
        flags = [flag for flag, _ in options.exclusive]
        flags += [spelt_of(name) for name in options.values if name != first]
        for flag in flags[:1]:
            text = f"{flag} behind {shown(requirement) if requirement else spelt_of(first)}"
            self.crowded.append(Notice(text=text, path=place.path or self.root.path, line=place.line))

    def _requirement(self, text: str, options: LineOptions, place: Position, *, constraint: bool) -> None:
        beside: dict[str, Any] = {
            name: options.values[name]
            for name in ("config_settings", "global_options", "install_options")
            if name in options.values
        }
        try:
            found = read_requirement(text, place, tuple(map(redacted, options.all("hashes"))), beside)
        except RefusedError as error:
            self._refused(text, place, f"{error}")
            return
        if not constraint:
            self.effects.hashes_of_some |= bool(options.all("hashes"))
        self._found(found, text, place, constraint=constraint)

    def _editable(self, options: LineOptions, place: Position, *, constraint: bool) -> None:
        first, *others = options.all("editables")
        for other in others:
            self._note(f"pip ignores '-e' {shown(other)}: one line takes one -e", place)
        beside = {name: options.values[name] for name in ("config_settings",) if name in options.values}
        if constraint:
            self._refused(first, place, "an editable can't be a constraint")
            return
        try:
            found = read_editable(first, place, beside)
        except RefusedError as error:
            self._refused(first, place, f"{error}")
            return
        self._found(found, first, place, constraint=False)

    def _found(
        self, found: NamedRequirement | Unnamed, text: str, place: Position, *, constraint: bool
    ) -> None:
        if found.had_credentials:
            self._note("the URL holds credentials: anyone who reads the file can use them", place)
        if constraint and isinstance(found, Unnamed):
            self._refused(text, place, "a constraint needs a name")
        elif isinstance(found, Unnamed):
            self.unnamed.append(Notice(text=found.text, path=place.path, line=place.line))
            self.nameless += [found.package] if found.package is not None else []
            if place.path is None:
                (self.own_unnamed if found.in_sight else self.own_unparsed).append(found.text)
        elif constraint:
            self.constraints.append(found.package)
            if "extras" in found.package.extra and self.root.joins_comments is not False:
                self.unread.append(
                    self._note(f"pip refuses {shown(text)}: a constraint has no extras", place)
                )
        else:
            self.packages.append(found.package)

    def _include(self, options: LineOptions, place: Position, here: tuple[str, ...]) -> None:
        named = [("-r", value) for value in options.all("requirements")]
        named += [("-c", value) for value in options.all("constraints")]
        (flag, value), *others = named
        for other_flag, other in others:
            self._note(f"pip ignores '{other_flag}' {shown(other)}: one line names one file", place)
        constraint = flag == "-c"
        if place.path is None:
            self.includes.append(redacted(f"{flag} {value}"))
        hidden = (
            "what it pins, or takes from a URL instead of an index, is not seen"
            if constraint
            else "packages that it names are not reviewed"
        )
        problem = self._enter(value, here, constraint=constraint)
        if problem is not None:
            note = self._note(f"{flag} {shown(value)}: {problem}; {hidden}", place)
            self.unread.append(note)
            self.elsewhere += [note] if _out_of_reach(value) is not None else []

    def _enter(self, value: str, here: tuple[str, ...], *, constraint: bool) -> str | None:
        """Read an included file; return why it was not read, None where all is well."""
        problem = _out_of_reach(value)
        if problem is not None:
            return problem
        path = posixpath.normpath(posixpath.join(posixpath.dirname(here[-1]), value))
        if path in here:
            return "the file includes itself, which pip refuses"
        if (path, constraint) in self.seen:
            # Its entries stand already; reading it twice from two places would change nothing.
            return None
        if len(here) > DEEPEST or len(self.seen) > MOST_FILES:
            return f"more than {DEEPEST} levels or {MOST_FILES} files are not followed"
        text = self.root.read(path)
        if text is None:
            return f"there is no file {shown(path)}"
        self.file(path, text, constraint=constraint, above=here)
        return None

    def _refused(self, text: str, place: Position, reason: str) -> None:
        self.unread.append(self._note(f"{shown(text)} was not understood ({reason}): pip refuses it", place))
        if place.path is None:
            self.own_unparsed.append(redacted(text))

    def _note(self, text: str, place: Position) -> Notice:
        note = Notice(text=text, path=place.path, line=place.line)
        self.notices.append(note)
        return note


def _out_of_reach(value: str) -> str | None:
    """Why an included file is never read, whatever it holds; None where it may be."""
    if is_url(value):
        return "a URL in a lockfile is never fetched"
    if VARIABLE.search(value):
        return "the name depends on the environment"
    if value.startswith(("/", "~")) or any(sign in value for sign in "\\:\0"):
        return "only files beside the lockfile are read"
    return None

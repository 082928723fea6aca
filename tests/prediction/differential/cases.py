"""Drawing random cases: what two indexes hold of one project, how they are arranged, and what a lock says."""

from __future__ import annotations

import dataclasses
import random
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.version import Version

from .oddities import HTML, JSON

if TYPE_CHECKING:
    from collections.abc import Sequence

PYTHON = f"{sys.version_info.major}{sys.version_info.minor}"
_TAGS = (
    *["py3-none-any"] * 24,
    *[f"cp{PYTHON}-cp{PYTHON}-manylinux_2_17_x86_64"] * 5,
    *[f"cp{PYTHON}-cp{PYTHON}-manylinux_2_28_x86_64"] * 5,
    "py2.py3-none-any",
    "py2-none-any",
    f"cp{PYTHON}-none-any",
    f"py{PYTHON}-none-any",
    *(
        f"cp{PYTHON}-cp{PYTHON}-{platform}"
        for platform in (
            "manylinux_2_17_x86_64",
            "manylinux_2_17_x86_64.manylinux2014_x86_64",
            "manylinux2014_x86_64",
            "manylinux1_x86_64",
            "manylinux_2_28_x86_64",
            "manylinux_2_34_x86_64",
            "manylinux_2_36_x86_64",
            "manylinux_2_39_x86_64",
            "manylinux_2_28_aarch64",
            "linux_x86_64",
            "musllinux_1_1_x86_64",
            "musllinux_1_2_x86_64",
            "musllinux_1_2_aarch64",
            "macosx_11_0_arm64",
            "macosx_10_9_x86_64",
            "macosx_10_13_universal2",
            "win_amd64",
            "win_arm64",
            "any",
        )
    ),
    "cp39-abi3-manylinux_2_34_x86_64",
    f"cp{PYTHON}-abi3-manylinux_2_17_x86_64",
    "cp313-abi3-manylinux_2_17_x86_64",
    "cp38.cp39.cp310.cp311-abi3-manylinux_2_17_x86_64",
    "cp39-abi3-musllinux_1_2_x86_64",
    "cp39-abi3-macosx_11_0_arm64",
    "cp39-abi3-win_amd64",
    "py3-none-manylinux_2_28_x86_64",
    "py3-none-manylinux_2_28_aarch64",
    "py3-none-musllinux_1_1_x86_64",
    "py3-none-macosx_11_0_arm64",
    "py3-none-win_amd64",
    "py2.py3-none-linux_x86_64",
    "cp310-cp310-manylinux_2_17_x86_64",
    "cp312-cp312-manylinux_2_28_aarch64",
    "cp312-cp312-musllinux_1_1_x86_64",
    "cp312-cp312-musllinux_1_2_aarch64",
    "cp312-cp312-macosx_11_0_arm64",
    "cp312-cp312-macosx_10_13_universal2",
    "cp312-cp312-macosx_13_0_x86_64",
    "cp312-cp312-macosx_14_0_arm64",
    "cp312-cp312-win_amd64",
    "cp312-cp312-win_arm64",
    "cp312-cp312-manylinux_2_17_x86_64",
    "cp313-cp313t-manylinux_2_17_x86_64",
    f"cp310.cp{PYTHON}-cp310.cp{PYTHON}-manylinux_2_17_x86_64.musllinux_1_1_x86_64",
    "pp310-pypy310_pp73-manylinux_2_17_x86_64",
)
_BUILDS = (*[""] * 8, "1-", "2-", "10-", "1a-", "2b-", "0-")
_VERSIONS = (*["1.0"] * 24, "1.0.0", "1.0+cgr.1", "1.0+cgr.1", "1.0+cgr.2", "1.0+local", "1.0.post1", "1.0rc1", "1.0.dev1", "0.9", "1.1", "2.0", "1!1.0", "01.0", "1")  # fmt: skip
_PINS = (*["1.0"] * 24, "1.0b1", "1.0.0", "1", "1.0+cgr.1", "1.0+cgr.1", "1.0.post1", "1.0rc1", "1.0.dev1", "1!1.0", "1.0+local")  # fmt: skip
_REQUIRES_PYTHON = (*[None] * 30, ">=3.8", ">=3.12", "<3.11", "==3.11.*", "~=3.9", "!=3.11.*", ">3.13", ">=3.9,<3.11", "<4", "3.x", ">=3.8.*", ">=3.12.*", ">=3.12,", ">=3.8 <3.11", "'>=3.12'")  # fmt: skip
_SDIST_ENDS = (*[".tar.gz"] * 24, *[".zip"] * 4, ".tar.bz2", ".tbz", ".tgz", ".tar.xz", ".txz", ".tlz", ".tar.lzma", ".tar")  # fmt: skip
_LEGACY = (("1.0b1", "1.0-beta1"), ("1.0rc1", "1.0-rc1"), ("1.0.post1", "1.0-1"), ("1.0", "v1.0"), ("1.0+cgr.1", "1.0+cgr-1"))  # fmt: skip
"""Versions as source distributions' names spelt them before the standard."""
_UPLOADED = ("2024-01-01T00:00:00Z", "2024-01-01T12:30:00.123456Z", "2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z")  # fmt: skip
_NOT_INSTALLABLE = ("{stem}-1.0.exe", "{stem}-1.0-py3.11.egg", "{stem}-1.0-py3-none.whl", "{stem}-one-py3-none-any.whl", "notes.txt")  # fmt: skip
CHAINGUARD, UPSTREAM, REMEDIATED, PYPI = "python", "python-upstream", "python-remediated", "pypi"
STRANGER = "stranger"
ODD = 0.12
"""The share of cases that have an unusual entry on some page."""
_MAKERS = {PYPI: "p", STRANGER: "s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file that an index lists."""

    filename: str
    shelf: str
    """Where it lies: the first part of its URL's path."""
    maker: str
    """Whose bytes it has: ``c`` or ``p``."""
    version: str
    requires_python: str | None = None
    yanked: bool = False
    linked_hash: bool = True
    """Whether its link carries a SHA-256."""
    metadata: bool = False
    """Whether its core metadata is offered beside it (PEP 658)."""
    uploaded: str = _UPLOADED[-1]
    """When it was uploaded, where its page tells."""
    odd: str = ""
    """What is unusual in its entry, by its name in `oddities`; empty where nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question: which file is taken?"""

    number: int
    seed: int
    name: str
    """As the lock spells it; `normalised` for servers."""
    chainguard: tuple[File, ...]
    pypi: tuple[File, ...]
    remediated_apart: bool
    """Whether ``+cgr.N`` files lie in an index of their own."""
    json_pages: bool
    untimed: frozenset[str]
    """Whose pages tell no upload times, even in JSON: ``c``, ``p``."""
    stranger: tuple[File, ...]
    """What an index of nobody's lists, where the client is configured with it."""
    pin: str
    """A version, or a specifier where the lock pins none."""
    locked: tuple[File, ...]
    """The files that the lock allows."""
    foreign_hash: bool
    """Whether the lock has a hash of no file at all, too."""
    swapped: bool
    """For locks with URLs: whether the first file has the hash of another one."""

    @property
    def normalised(self) -> str:
        return f"case-{self.number}"

    @property
    def odd(self) -> bool:
        """Whether some page has an unusual entry."""
        return any(each.odd for each in (*self.chainguard, *self.pypi))

    @property
    def pinned(self) -> bool:
        return self.pin[:1].isdigit()

    @property
    def chance(self) -> random.Random:
        """For whatever else an installer's set-up leaves to chance: the same at every call."""
        return random.Random(f"{self.seed}/{self.number}/set-up")


def draw(seed: int, number: int, *, unpinned: bool = False) -> Case:
    """Return a case; the same for the same seed and number. `unpinned`: whether the lock may be without a pin."""
    chance = random.Random(f"{seed}/{number}")
    pypi = [_file(chance, number, PYPI) for _ in range(chance.choice((0, 1, 2, 3, 3, 4, 5)))]
    ours = [_rebuilt(chance, each) for each in pypi if chance.random() < 0.55]
    ours += [_file(chance, number, CHAINGUARD) for _ in range(chance.choice((0, 1, 1, 2, 2, 3)))]
    chance.shuffle(ours)
    if chance.random() < 0.15:
        ours = [
            dataclasses.replace(each, linked_hash=False) for each in ours
        ]  # Chainguard's pages may carry none
    pin = chance.choice(_PINS)
    if unpinned and chance.random() < 0.12:
        pin = chance.choice((">=0.9", "~=1.0", "==1.*", "<2", "!=1.0", ">1.0", ">=1.0rc1", ""))
    elif chance.random() < 0.3 and (pypi or ours):
        pin = chance.choice((*pypi, *ours)).version
    case = Case(
        number=number,
        seed=seed,
        name=chance.choice((f"case-{number}", f"case-{number}", f"Case.{number}", f"CASE__{number}")),
        chainguard=_once(ours),
        pypi=_once(pypi),
        remediated_apart=chance.random() < 0.2,
        json_pages=chance.random() < 0.6,
        untimed=frozenset(maker for maker in "cp" if chance.random() < 0.2),
        stranger=_once([_file(chance, number, STRANGER) for _ in range(chance.choice((0, 1, 2)))]),
        pin=pin,
        locked=(),
        # What a hash of no listed file is for can't be told where links have none: it is taken for theirs.
        foreign_hash=chance.random() < 0.06 and all(each.linked_hash for each in ours),
        swapped=chance.random() < 0.06,
    )
    case = dataclasses.replace(case, locked=_locked(chance, case))
    return _with_oddity(case, random.Random(f"{seed}/{number}/odd"))


def _with_oddity(case: Case, chance: random.Random) -> Case:
    """Make an entry of one page an unusual one, in one case of eight."""
    ours = chance.random() < 0.5
    files = [*(case.chainguard if ours else case.pypi)]
    if not files or chance.random() > ODD:
        return case
    at = chance.randrange(len(files))
    files[at] = dataclasses.replace(files[at], odd=chance.choice(JSON if case.json_pages else HTML))
    changed = tuple(files)
    return dataclasses.replace(case, chainguard=changed) if ours else dataclasses.replace(case, pypi=changed)


def _file(chance: random.Random, number: int, shelf: str) -> File:
    stem = chance.choice((*[f"case_{number}"] * 6, f"Case_{number}", f"case.{number}", f"case__{number}"))
    version = chance.choice(_VERSIONS)
    if shelf != CHAINGUARD:  # PyPI takes no local versions
        version = version.partition("+")[0]
    kind = chance.random()
    if kind < 0.04:
        name = chance.choice(_NOT_INSTALLABLE).format(stem=stem)
    elif kind < 0.2:
        stem = chance.choice((stem, stem, f"case-{number}"))
        spelt = version
        if chance.random() < 0.15:
            version, spelt = chance.choice(_LEGACY)
            if shelf != CHAINGUARD:
                version, spelt = version.partition("+")[0], spelt.partition("+")[0]
        name = f"{stem}-{spelt}{chance.choice(_SDIST_ENDS)}"
    else:
        name = f"{stem}-{version}-{chance.choice(_BUILDS)}{chance.choice(_TAGS)}.whl"
    remediated = shelf == CHAINGUARD and "+cgr." in version
    return File(
        filename=name,
        shelf=REMEDIATED if remediated else shelf,
        maker=_MAKERS.get(shelf, "c"),
        version=version,
        requires_python=chance.choice(_REQUIRES_PYTHON),
        yanked=chance.random() < 0.1,
        metadata=chance.random() < 0.4,
        uploaded=chance.choice(_UPLOADED),
    )


def _rebuilt(chance: random.Random, theirs: File) -> File:
    """Return Chainguard's file of the same name: its own build, or PyPI's bytes on the upstream shelf."""
    if chance.random() < 0.25:
        return dataclasses.replace(theirs, shelf=UPSTREAM)
    wanted = chance.choice(_REQUIRES_PYTHON) if chance.random() < 0.2 else theirs.requires_python
    yanked = theirs.yanked and chance.random() < 0.5
    shelf = REMEDIATED if "+cgr." in theirs.version else CHAINGUARD
    uploaded = chance.choice(_UPLOADED) if chance.random() < 0.5 else theirs.uploaded
    return dataclasses.replace(
        theirs, shelf=shelf, maker="c", yanked=yanked, requires_python=wanted, uploaded=uploaded
    )


def _once(files: Sequence[File]) -> tuple[File, ...]:
    """One link for each file name, as an index has it."""
    return tuple({each.filename: each for each in files}.values())


def _locked(chance: random.Random, case: Case) -> tuple[File, ...]:
    """Draw the files that the lock allows: none, one origin's, both's, or any."""
    if not case.pinned:
        return ()
    hashed = all(each.linked_hash for each in case.chainguard)
    local_too = hashed and chance.random() < 0.3
    ours, theirs = (
        [each for each in files if _of_version(each, case.pin, local_too=local_too)]
        for files in (case.chainguard, case.pypi)
    )
    mode = chance.random()
    if mode < 0.35:
        return ()
    if mode < 0.55:
        return tuple(theirs)
    if mode < 0.7:
        return tuple(ours)
    if mode < 0.9 or not hashed:
        return (*ours, *theirs)
    return tuple(each for each in (*ours, *theirs) if chance.random() < 0.5)


def _of_version(file: File, pin: str, *, local_too: bool) -> bool:
    """Whether a file is of the pinned version; `local_too`: its local versions are meant as well."""
    have, wanted = Version(file.version), Version(pin)
    return have == wanted or (local_too and Version(have.public) == wanted)

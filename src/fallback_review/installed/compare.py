"""The files on disk against the wheels' own RECORD: where a distribution comes from, and what differs.

Origin goes by the rows that the wheels of no other origin have: one that matches speaks for its origin, a
file that is missing abstains. Integrity goes by all rows of the wheel that explains most. The distribution's
own RECORD plays no part in either: whoever changes a file can change it too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fallback_review.installed.scripts import entry_points, is_script_for, with_any_interpreter
from fallback_review.installed.tree import resolved
from fallback_review.model.installed import Deviation, Integrity, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fallback_review.installed.distributions import Installed
    from fallback_review.installed.record import RecordedFile
    from fallback_review.installed.tree import TreeFiles
    from fallback_review.installed.wheels import Wheel
    from fallback_review.model import ProjectFile

OF_INSTALLERS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json", "uv_build.json")
"""What installers write into a ``.dist-info`` beside the wheel's own files."""
_SCRIPT_FOLDERS = ("bin", "Scripts")
_NAMES = {
    Origin.CHAINGUARD: "Chainguard",
    Origin.REMEDIATED: "Chainguard (remediated)",
    Origin.UPSTREAM: "PyPI's file that Chainguard serves",
    Origin.PYPI: "PyPI",
}


class PossibleWheel(Struct, frozen=True, kw_only=True):
    """A wheel of an index that may be the one that was installed."""

    origin: Origin
    file: ProjectFile
    wheel: Wheel
    whole: bool
    """Whether all of its bytes were read and checked."""


class State(Enum):
    """How the disk stands to one row."""

    MATCHES = "matches"
    MISSING = "missing"
    DIFFERS = "differs"
    UNTOLD = "untold"
    """The row has no hash."""


class ComparedDistribution(Struct, kw_only=True):
    """What was found of one distribution."""

    installed: Installed
    origin: Origin
    why: str = ""
    candidate: PossibleWheel | None = None
    """The wheel that explains most of it."""
    expected: dict[str, RecordedFile] = field(default_factory=dict)
    """The files that are explained, as paths of the tree, each with its row."""
    extras: set[str] = field(default_factory=set)
    """Files that installers write beside."""
    deviations: list[Deviation] = field(default_factory=list)
    files: int = 0


def locations(path: str, wheel: Wheel, installed: Installed) -> tuple[str, ...]:
    """Return where an installer may put a wheel's file (PEP 427, "Installing a wheel"); paths of the tree."""
    if installed.packed:
        return (path,)
    data = f"{wheel.info.removesuffix('.dist-info')}.data/"
    if not path.startswith(data):
        found = resolved(installed.site, path)
        return (found,) if found is not None else ()
    kind, _, rest = path.removeprefix(data).partition("/")
    prefix = f"{installed.prefix}/".lstrip("/")
    match kind:
        case "purelib" | "platlib":
            folders = [installed.site]
        case "scripts":
            folders = [f"{prefix}{each}" for each in _SCRIPT_FOLDERS]
        case "headers":
            name = installed.name
            pythons = dict.fromkeys((installed.site.rpartition("/")[0].rpartition("/")[2], "python3"))
            folders = [
                f"{prefix}include{site}/{python}/{spelt}"
                for site in ("/site", "")
                for python in pythons
                for spelt in (name, name.replace("-", "_"))
            ]
        case _:
            folders = [installed.prefix]
    return tuple(each for folder in folders if (each := resolved(folder, rest)) is not None)


def state(row: RecordedFile, path: str, files: TreeFiles, *, script: bool) -> State:
    """Say how a file of the tree stands to a row of a wheel's RECORD."""
    size = files.size(path)
    if size is None:
        return State.MISSING
    if row.hash is None:
        return State.DIFFERS if row.size is not None and row.size != size else State.UNTOLD
    algorithm = row.hash.partition(":")[0]
    if row.size in (None, size) and files.digest(path, algorithm) == row.hash:
        return State.MATCHES
    return State.MATCHES if script and _is_own_script(row, path, files) else State.DIFFERS


def _is_own_script(row: RecordedFile, path: str, files: TreeFiles) -> bool:
    import hashlib  # noqa: PLC0415 - few wheels have scripts of their own

    data = files.text(path)
    original = with_any_interpreter(data) if data is not None else None
    if original is None or row.hash is None:
        return False
    algorithm, _, digest = row.hash.partition(":")
    variants = (original, original.replace(b"#!python", b"#!pythonw", 1))
    return any(hashlib.new(algorithm, each).hexdigest() == digest for each in variants)


class _Rows(Struct):
    """One candidate's rows, where they lie, and how the disk stands to them."""

    candidate: PossibleWheel
    places: dict[str, RecordedFile]
    states: dict[str, State]

    def count(self, wanted: State) -> int:
        return sum(each is wanted for each in self.states.values())

    @property
    def wheel_file(self) -> State:
        """How the disk stands to WHEEL, the one file that says which build it was."""
        ends = f"{self.candidate.wheel.info}/WHEEL"
        return next((found for path, found in self.states.items() if path.endswith(ends)), State.MISSING)


def _rows(candidate: PossibleWheel, installed: Installed, files: TreeFiles) -> _Rows:
    places: dict[str, RecordedFile] = {}
    states: dict[str, State] = {}
    data = f"{candidate.wheel.info.removesuffix('.dist-info')}.data/scripts/"
    for row in candidate.wheel.rows:
        found = locations(row.path, candidate.wheel, installed)
        path = next((each for each in found if files.size(each) is not None), found[0] if found else None)
        if path is not None:
            places[path] = row
            states[path] = state(row, path, files, script=row.path.startswith(data))
    return _Rows(candidate, places, states)


def compare(
    installed: Installed, candidates: Sequence[PossibleWheel], files: TreeFiles
) -> ComparedDistribution:
    """Tell where an installed distribution comes from, and how its files differ from the wheel's.

    `candidates` are the wheels of its version that may have been installed; without any, see `by_itself`.
    """
    held = [_rows(candidate, installed, files) for candidate in candidates]
    origin, why = _origin(installed, held)
    decided = [each for each in held if each.candidate.origin is origin] or held
    best = min(
        decided,
        key=lambda each: (
            each.count(State.DIFFERS),
            -each.count(State.MATCHES),
            each.wheel_file is not State.MATCHES,
        ),
    )
    if (
        origin in (Origin.LOCAL_BUILD, Origin.UNVERIFIABLE) and not why
    ):  # pragma: no cover - `_origin` says why
        raise AssertionError
    if origin is Origin.LOCAL_BUILD or (origin is Origin.UNVERIFIABLE and best.wheel_file is State.DIFFERS):
        return by_itself(installed, origin, why, files)
    result = ComparedDistribution(
        installed=installed, origin=origin, why=why, candidate=best.candidate, expected=best.places
    )
    result.files = len(best.states)
    mixed = _mixed_in(best, held) if origin is Origin.MIXED else {}
    for path, found_state in best.states.items():
        if found_state is State.MISSING:
            result.deviations.append(Deviation(path=path, kind=Integrity.SLIMMED))
        elif found_state is State.DIFFERS:
            result.deviations.append(Deviation(path=path, kind=Integrity.CHANGED, detail=mixed.get(path, "")))
    for path, of in mixed.items():
        if path not in best.places:
            result.deviations.append(Deviation(path=path, kind=Integrity.ADDED, detail=of))
            result.expected[path] = next(each.places[path] for each in held if path in each.places)
    result.extras |= {f"{installed.info}/{name}" for name in OF_INSTALLERS}
    _check_scripts(result, files)
    return result


def _mixed_in(best: _Rows, held: Iterable[_Rows]) -> dict[str, str]:
    """Return the files that match another origin's wheel and not the best one, each with whose it is."""
    found = {}
    for other in held:
        if other.candidate.origin is best.candidate.origin:
            continue
        for path, each in other.states.items():
            if each is State.MATCHES and best.states.get(path) in (State.DIFFERS, None):
                found[path] = f"it is the file of {_NAMES[other.candidate.origin]}"
    return found


def _origin(installed: Installed, held: Sequence[_Rows]) -> tuple[Origin, str]:
    """Return the origin, and why where it is not one of an index alone."""
    owners: defaultdict[tuple[str, str | None], set[Origin]] = defaultdict(set)
    for each in held:
        for path, row in each.places.items():
            owners[path, row.hash].add(each.candidate.origin)
    spoken: Counter[Origin] = Counter()
    for each in held:
        own = each.candidate.origin
        spoken[own] += sum(
            found is State.MATCHES and owners[path, each.places[path].hash] == {own}
            for path, found in each.states.items()
        )
    speaking = sorted((origin for origin, count in spoken.items() if count), key=lambda each: -spoken[each])
    foreign = all(each.wheel_file in (State.DIFFERS, State.UNTOLD) for each in held)
    if len(speaking) > 1:
        first, second = (_NAMES[each] for each in speaking[:2])
        return (
            Origin.MIXED,
            f"some of its files are only in the wheel of {first}, others in that of {second}",
        )
    if len(speaking) == 1 and not (foreign and len(spoken) == 1):
        return speaking[0], ""
    if foreign and installed.local:
        return Origin.LOCAL_BUILD, installed.local
    return Origin.UNVERIFIABLE, _untold(held, foreign=foreign)


def _untold(held: Sequence[_Rows], *, foreign: bool) -> str:
    """Say why the files speak for no origin."""
    if foreign:
        return "its WHEEL file matches no wheel of the indexes: it was built here from source, or changed"
    if not any(each.count(State.MATCHES) for each in held):
        return "none of its files is in any wheel of the indexes"
    names = " and ".join(sorted({_NAMES[each.candidate.origin] for each in held}))
    return f"its remaining files are the same in the wheels of {names}"


def by_itself(installed: Installed, origin: Origin, why: str, files: TreeFiles) -> ComparedDistribution:
    """Compare a distribution with its own RECORD, where no index has its wheel: no proof, but a hint."""
    result = ComparedDistribution(installed=installed, origin=origin, why=why)
    rows = installed.record or ()
    for row in rows:
        path = resolved(installed.site, row.path)
        if path is None:
            continue
        result.expected[path] = row
        if row.hash is None:
            continue
        result.files += 1
        match state(row, path, files, script=False):
            case State.MISSING:
                result.deviations.append(Deviation(path=path, kind=Integrity.SLIMMED))
            case State.DIFFERS:
                result.deviations.append(Deviation(path=path, kind=Integrity.CHANGED))
    result.extras |= {f"{installed.info}/{name}" for name in OF_INSTALLERS}
    return result


def _check_scripts(result: ComparedDistribution, files: TreeFiles) -> None:
    """Compare the scripts of entry points with the shapes that installers give them."""
    installed = result.installed
    declared = f"{installed.info}/entry_points.txt"
    if declared not in result.expected:
        return
    for name, (module, function) in entry_points(files.text(declared)).items():
        for path in _script_places(installed, name):
            result.extras.add(path)
            data = files.text(path)
            if data is None or path in result.expected:
                continue
            if not is_script_for(data, module, function):
                result.deviations.append(
                    Deviation(
                        path=path,
                        kind=Integrity.CHANGED,
                        detail="it is not the script that an installer writes for the entry point",
                    )
                )
            result.files += 1


def _script_places(installed: Installed, name: str) -> Iterator[str]:
    prefix = f"{installed.prefix}/".lstrip("/")
    for folder in _SCRIPT_FOLDERS:
        found = resolved(f"{prefix}{folder}", name)
        if found is not None:
            yield found

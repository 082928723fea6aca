"""Both answers to a case side by side: the installer's and the prediction's."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fallback_review.index.client import IndexClient
from fallback_review.lockfiles import Text
from fallback_review.model import Cause, Outcome
from fallback_review.pipeline.ask import ask_all
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.context import addresses_of, prepare
from fallback_review.prediction import Derivations, predict
from fallback_review.settings.schema import Settings

from .cases import draw
from .forms import project_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.model import Answer, Index, Verdict
    from fallback_review.pipeline.ask import Wanted
    from fallback_review.prediction import Answers

    from .cases import Case
    from .installers import Runner, Taken
    from .origins import Origins
    from .projects import Project

_OF_SHELF = {
    "python": Outcome.CHAINGUARD,
    "python-remediated": Outcome.REMEDIATED,
    "python-upstream": Outcome.UPSTREAM,
    "pypi": Outcome.PYPI,
}
_OF_MAKER = {"c": {"python", "python-remediated"}, "p": {"python-upstream", "pypi"}}
NOT_FOR_HERE = "not for this system"
_SAME_BYTES = frozenset({Outcome.UPSTREAM, Outcome.PYPI})


@dataclass(slots=True)
class Count:
    """What a run of cases came to."""

    cases: int = 0
    decided: int = 0
    odd: int = 0
    """How many are not decided, and have an unusual entry on some page."""
    outcomes: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    """How many cases hold each key of configuration."""
    misses: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        said = f"{self.cases} cases, {self.decided} decided, {len(self.misses)} misses"
        counted = (self.outcomes, self.forms, self.keys)
        return "\n".join([said, *(f"  {dict(each.most_common())}" for each in counted)])


def compare(installer: str, numbers: Iterable[int], seed: int, runner: Runner, origins: Origins) -> Count:
    """Put every case to both, and count."""
    count = Count()
    for number in numbers:
        case = draw(seed, number, unpinned=installer in ("pip", "uv"))
        project = project_for(installer, case, origins)
        if project is None:
            continue
        origins.cases[case.normalised] = case
        verdict = predicted(project, case, origins)
        origins.taken.clear()
        taken = runner.install(project)
        count.cases += 1
        count.forms[project.form] += 1
        count.keys.update(set(project.keys))
        count.outcomes[verdict.outcome.value if verdict else NOT_FOR_HERE] += 1
        decided = verdict is not None and verdict.outcome is not Outcome.UNKNOWN
        count.decided += decided
        count.odd += case.odd and not decided
        # At an unusual page an installer may stop: then it takes nothing, and no file may be named.
        stopped = case.odd and (verdict is None or not decided or verdict.file is None)
        right = stopped if taken.strange else agree(verdict, taken, origins.taken, project)
        if not right:
            heading = f"{installer}, seed {seed}, case {number} ({project.form})"
            count.misses.append("\n".join([heading, *story(case, project, verdict, taken, origins)]))
        del origins.cases[case.normalised]
    return count


def predicted(project: Project, case: Case, origins: Origins) -> Verdict | None:
    """Return the product's verdict on the lock: read, surveyed, asked and predicted as in a review.

    None where it takes the entry for another system's: a lock with URLs of other systems' wheels alone.
    """
    settings = Settings(targets=project.targets, indexes=project.indexes)
    compared = whole(Text(path=project.lock, text=project.files[project.lock], read=project.files.get))
    prepared = prepare(compared, settings, addresses_of(settings.indexes), today=datetime.now(tz=UTC).date())
    package = next(each for each in compared.diff.head.packages if each.name == case.normalised)
    context = prepared.context_of(package)
    wanted = [(package, compared.diff.head, context, prepared.targets)]
    answers = ask_all(wanted, _asked, Derivations())
    (target,) = prepared.targets
    return predict(package, compared.diff.head, target, context, answers)


def _asked(wanted: Wanted) -> Answers:
    found: dict[str, dict[Index, Answer]] = {}
    for index, names in wanted.items():
        with IndexClient(index, connections=1) as client:
            for name, answer in client.ask(names).items():
                found.setdefault(name, {})[index] = answer
    return found


def agree(verdict: Verdict | None, taken: Taken, downloads: list[str], project: Project) -> bool:
    """Whether both name the same file of the same owner, or both fail; `unknown` claims no more than today's file of a range."""
    if verdict is None or verdict.outcome is Outcome.INSTALL_FAILS:
        return taken.mark is None
    if verdict.outcome is Outcome.UNKNOWN and verdict.cause is not Cause.NOT_PINNED:
        return True
    maker, _, filename = (taken.mark or "").partition(":")
    if maker not in _OF_MAKER or verdict.file != filename:
        return False
    shelves = {shelf for shelf, _, name in (each.partition(":") for each in downloads) if name == filename}
    possible = {_OF_SHELF[shelf] for shelf in shelves & _OF_MAKER[maker]}
    if project.through_manager and possible & _SAME_BYTES:
        possible |= _SAME_BYTES
    return verdict.outcome in {*possible, Outcome.UNKNOWN}


def story(
    case: Case, project: Project, verdict: Verdict | None, taken: Taken, origins: Origins
) -> Iterator[str]:
    """Tell a miss so that it can be understood without running it."""
    for index in ("python", "python-remediated", "pypi"):
        yield from (f"  {index}: {each}" for each in origins.listed(index, case))
    if project.through_manager:
        yield f"  manager: {project.indexes.layout or project.indexes.resolver}"
    for name, text in project.files.items():
        yield from (f"  {name}:", *(f"    {line}" for line in text.splitlines()))
    yield f"  variables: {dict(project.environment)}"
    yield f"  predicted: {verdict or NOT_FOR_HERE}"
    yield f"  taken: {taken.mark}{' (failed, but not for the lock)' if taken.strange else ''}, downloaded {origins.taken}"
    yield from (f"    {line}" for line in taken.words.splitlines()[-12:])

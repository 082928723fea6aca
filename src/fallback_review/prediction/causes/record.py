"""What a `Cause` record holds, and the facts that its words may speak of."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fallback_review.lockfiles import FORMATS
from fallback_review.model import Advice, EvidenceKind
from fallback_review.model.options import NO_OPTIONS
from fallback_review.model.versions import parse_version
from fallback_review.prediction.install_request import installer_of
from fallback_review.prediction.installation import name_of

if TYPE_CHECKING:
    from datetime import date

    from packaging.version import Version

    from fallback_review.lockfiles import Format
    from fallback_review.model import Cause, Change, Lockfile, Target, Verdict
    from fallback_review.prediction.context import Answers, Context
    from fallback_review.prediction.nearest import Nearest


class Facts(Struct, frozen=True, kw_only=True):
    """One verdict with all that is known around it: what a cause's words are made from."""

    verdict: Verdict
    change: Change
    context: Context
    answers: Answers
    nearest: Nearest
    """What the answers tell of other versions and files."""
    lockfile: Lockfile | None = None
    """The side that will be installed from; None where only the reason is asked for."""
    targets: tuple[Target, ...] = ()
    """Those that decide; for a reason alone all of them."""

    @property
    def wanted(self) -> Version | None:
        """The version that the lock asks for; None where it names none."""
        return parse_version(self.verdict.version or "")

    @property
    def pin(self) -> Version | None:
        """The nearest version that would come from Chainguard on every target that decides."""
        wanted = self.wanted
        if wanted is None:
            return None
        return self.nearest.pinnable(self.change.name, wanted, targets=self.targets)

    @property
    def served_from(self) -> date | None:
        """The day from which the organisation's cooldown lets the version through; None once it does."""
        days, today = self.context.cooldown_days, self.context.today
        uploaded = self.nearest.first_uploaded(self.change.name, self.wanted) if self.wanted else None
        if days is None or today is None or uploaded is None:
            return None
        served = uploaded + timedelta(days=days)
        return served if served > today else None

    @property
    def fixed(self) -> Version | None:
        """The newest ``+cgr.N`` of the wanted version; None where Chainguard has none."""
        wanted = self.wanted
        return self.nearest.remediated(self.change.name, wanted) if wanted is not None else None

    @property
    def said_of_lock(self) -> str | None:
        """What the verdict says of the lock, where it rests on the lock alone."""
        said = (each.said for each in self.verdict.evidence if each.kind is EvidenceKind.LOCKED)
        return next(said, None)

    @property
    def chainguard_has_wheel(self) -> bool | None:
        """Whether Chainguard has a wheel of the wanted version for the verdict's target; None: not known."""
        target = next((each for each in self.targets if each.label == self.verdict.target), None)
        if target is None or self.wanted is None:
            return None
        return self.nearest.has_wheel(self.change.name, self.wanted, target=target)

    @property
    def left_out_by(self) -> str | None:
        """The option that leaves out Chainguard's wheel; None where none does, or where it has no wheel."""
        if not self.chainguard_has_wheel:
            return None
        of_lock = self.lockfile.options if self.lockfile is not None else NO_OPTIONS
        options = (self.context.options or of_lock).of(self.change.name)
        if not options.wheels:
            return "no-binary"
        # Most installers heed a bound of upload times on indexes' pages alone.
        heeded = self.said_of_lock is None or installer_of(self.context).dated_urls
        return "a bound of upload times" if options.uploaded_before is not None and heeded else None

    @property
    def format(self) -> Format | None:
        """The lockfile's format; None where only the reason is asked for."""
        return FORMATS.get(self.lockfile.format) if self.lockfile is not None else None

    @property
    def target(self) -> str:
        """The verdict's target in words: ``Python 3.13 on linux-aarch64``."""
        python, _, platform = self.verdict.target.partition(" ")
        return f"Python {python.removeprefix('py')} on {platform}" if platform else self.verdict.target

    def lock_at(self, version: Version | None) -> str | None:
        """Return the command that locks this package at a version; None where its format has none."""
        if self.lockfile is None or self.format is None or version is None:
            return None
        return self.format.relock_command(
            self.change.name, str(version), self.lockfile.path, compiled=self.lockfile.compiled
        )

    @property
    def relock(self) -> str | None:
        """The command that locks this package again, at the version that it has where the tool can."""
        if self.lockfile is None or self.format is None:
            return None
        return self.lock_at(self.wanted) or self.format.relock_command(
            self.change.name, None, self.lockfile.path, compiled=self.lockfile.compiled
        )

    @property
    def lock_again(self) -> Advice:
        """The step for a lock that its project has left behind: lock all of it again."""
        path, compiled = "", None
        if self.lockfile is not None:
            path, compiled = self.lockfile.path, self.lockfile.compiled
        command = self.format.lock_command(path, compiled=compiled) if self.format is not None else None
        return Advice(text="lock again: the project changed since", command=command)

    def update_hashes(self, *options: str) -> str | None:
        """Return the command that moves a lock to Chainguard's hashes; None where it can't.

        A repository manager is named: without its address the command asks Chainguard's own index.
        """
        if self.lockfile is None or self.format is None or not self.format.update_hashes:
            return None
        resolver = self.context.addresses.resolver
        manager = resolver.url if resolver else None
        words = [*options, *(["--registry-url", shlex.quote(manager)] if manager else [])]
        return " ".join(["chainctl libraries update-hashes", *words, shlex.quote(self.lockfile.path)])

    @property
    def updated(self) -> bool:
        """Whether the lock holds hashes of Chainguard's files for this package: as that command leaves it."""
        hashes = (text.partition(":")[2] for package in self.change.gained for text in package.hashes)
        return self.nearest.lists_any(self.change.name, frozenset(hashes))

    @property
    def unheard(self) -> bool:
        """Whether an index of Chainguard's did not answer, and no other lists the wanted version."""
        heard, wanted = self.answers.get(self.change.name, {}), self.wanted
        if all(answer.answered for index, answer in heard.items() if index.chainguards):
            return False
        return wanted is None or not self.nearest.lists_version(self.change.name, wanted)

    @property
    def installer(self) -> str:
        """Who installs the lockfile, for example ``uv``."""
        return self.context.installer

    @property
    def configured_on_client(self) -> bool:
        """Whether the installer itself is configured with both indexes, not one index that merges them."""
        return not any(each.modelled for each in self.context.indexes)

    @property
    def silent(self) -> str:
        """Which index gave the verdict's cause instead of an answer, in words; empty where none did."""
        answers = self.answers.get(self.change.name, {}).values()
        return next((name_of(each.index) for each in answers if each.problem is self.verdict.cause), "")


DOCUMENTATION = "https://github.com/fallback-review/fallback-review/blob/main/docs/"
"""Where the documentation is read."""

Why = str | Callable[[Facts], str]
"""One short clause, or what makes it."""
Step = str | Advice | Callable[[Facts], Advice]
"""One next step, or what makes it."""


class Words(Struct, frozen=True, kw_only=True):
    """What is said of a cause, or of one reason of it."""

    why: Why
    step: Step


class CauseRecord(Struct, frozen=True, kw_only=True):
    """Everything that people are told about one cause."""

    cause: Cause
    """Its name, which is also its anchor in the documentation."""
    title: str
    """What is up, in few words: a heading, and the description of a rule in SARIF."""
    meaning: str = ""
    """What it means and what can be done, in a few sentences: for the documentation and a rule's help."""
    words: Words
    reasons: Mapping[str, Words] = field(default_factory=dict)
    """Words of their own by the verdict's `reason`; any other reason is told by `words`."""

    @property
    def anchor(self) -> str:
        """Where the documentation speaks of it, as a path below ``docs/`` with a fragment."""
        return f"reference/causes.md#{self.cause}"

    @property
    def address(self) -> str:
        """The address of that page."""
        return DOCUMENTATION + self.anchor

    def why(self, facts: Facts) -> str:
        """Return why it is so, as one short clause of plain text."""
        why = self._words(facts).why
        return why if isinstance(why, str) else why(facts)

    def advice(self, facts: Facts) -> Advice:
        """Return the next step."""
        step = self._words(facts).step
        if isinstance(step, str):
            return Advice(text=step)
        return step if isinstance(step, Advice) else step(facts)

    def _words(self, facts: Facts) -> Words:
        return self.reasons.get(facts.verdict.reason or "", self.words)


def move_to_remediated(facts: Facts) -> Advice:
    """Return the step to the remediated build of the wanted version, which must exist."""
    return pin_to(facts, facts.fixed, f"move to {facts.fixed}, which Chainguard has remediated")


def pin_or(facts: Facts, otherwise: str) -> Advice:
    """Return the step to a version that Chainguard has for every target, or else what to do without one."""
    pin, wanted = facts.pin, facts.wanted
    if pin is None or wanted is None:
        return Advice(text=otherwise)
    lower = " (a downgrade)" if pin < wanted else ""
    return pin_to(facts, pin, f"pin {pin}{lower}", otherwise)


def pin_to(facts: Facts, version: Version | None, text: str, otherwise: str = "") -> Advice:
    """Return a step to a version, with the command for it or with words for where to write it."""
    command = facts.lock_at(version)
    lockfile, rest = facts.lockfile, f"; or {otherwise}" if otherwise else ""
    if command is not None or version is None or lockfile is None:
        return Advice(text=f"{text}{rest}", command=command)
    pin = f"{facts.change.name}=={version}"
    if facts.format is None or not facts.format.made_by_hand:
        how = f"require {pin} in the file that {lockfile.path} is made from, then lock again"
    else:
        places = (f"{package.path or lockfile.path}:{package.line}" for package in facts.change.gained)
        how = f"write {pin} at {next(places, lockfile.path)}"
    return Advice(text=f"{text}: {how}{rest}")

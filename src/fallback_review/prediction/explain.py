"""The whole derivation of one prediction, for a person who doubts it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.model import Edition, Source, SourceKind
from fallback_review.prediction.install_request import (
    indexes_for,
    installer_of,
    options_of,
    pages_of,
    request_for,
)
from fallback_review.prediction.listing import seen
from fallback_review.prediction.locking import relock
from fallback_review.prediction.verdicts import derive

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage, Lockfile, Target, Verdict
    from fallback_review.prediction.candidates import Step
    from fallback_review.prediction.context import Answers, Context


class Explanation(Struct, frozen=True, kw_only=True):
    """Everything that led to one verdict; plain text throughout."""

    package: str
    target: str
    facts: tuple[str, ...]
    """Installer, layout and what each index said."""
    steps: tuple[Step, ...]
    """Each filter in order, with the files that it kept and dropped (of the requested version)."""
    verdict: Verdict | None
    """None where the entry is not installed on the target."""


def explain(
    package: LockedPackage, lockfile: Lockfile, target: Target, context: Context, answers: Answers
) -> Explanation:
    """Return every step of one prediction: listing, each filter, the chosen file, the evidence."""
    derived = derive(package, lockfile, target, context, answers)
    version = f"=={package.version}" if package.version else (package.specifier or "")
    facts = [f"installer: {context.installer}", f"indexes: {context.layout}"]
    for index, answer in answers.get(package.name, {}).items():
        if index.edition is Edition.VEX:
            continue
        said = str(answer.problem) if answer.problem else f"{len(answer.files)} files"
        told = f" ({answer.message})" if answer.message else ""
        facts.append(f"{index.owner.value} {index.url}: {said}{told}")
    if derived is not None and package.urls_locked:
        facts += _locking_again(package, lockfile, target, context, answers)
    if derived is None:
        facts.append(
            f"not installed on {target.label}: its marker excludes it, or it is not a package from PyPI"
        )
    return Explanation(
        package=f"{package.name}{version}",
        target=target.label,
        facts=tuple(facts),
        steps=derived.steps if derived else (),
        verdict=derived.verdict if derived else None,
    )


def _locking_again(
    package: LockedPackage, lockfile: Lockfile, target: Target, context: Context, answers: Answers
) -> list[str]:
    """Say what locking the entry again would record, where every index that would be asked answered."""
    anywhere = replace(package, source=Source(kind=SourceKind.REGISTRY))
    pages = pages_of(answers.get(package.name, {}), context)
    asked = indexes_for(anywhere, lockfile, context)
    if not all(index in pages for each in asked for index in each.sources):
        return []
    found = relock(
        installer_of(context).name,
        request_for(anywhere, lockfile, target, context, pages),
        seen(asked, pages),
        options_of(context),
    )
    if found.failure is not None:
        return [f"locking it again through these indexes would fail: {found.failure.value}"]
    owners = sorted({listed.index.owner.value for listed in found.files if listed.index is not None})
    return [
        f"locking it again through these indexes would record {found.version} from {' and '.join(owners)}"
    ]

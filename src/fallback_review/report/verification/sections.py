"""What the renderings of a verification share: its headline, its numbers, and its rows, worst first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.model import Conclusion
from fallback_review.model.installed import Integrity, Origin, Proof
from fallback_review.report.text import count, readable
from fallback_review.report.words import CONCLUSION_ICONS, MALWARE_ICON, SAME_AS_ABOVE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fallback_review.model.installed import Deviation, Verification, VerifiedDistribution

ICONS: dict[Origin, str] = {
    Origin.MIXED: "🔴",
    Origin.UNVERIFIABLE: "⚪",
    Origin.PYPI: "🟠",
    Origin.UPSTREAM: "🟡",
    Origin.LOCAL_BUILD: "🔵",
    Origin.PRIVATE: "🔵",
    Origin.SYSTEM: "⚫",
    Origin.REMEDIATED: "🟢",
    Origin.CHAINGUARD: "🟢",
}
COMES_FROM: dict[Origin, str] = {
    Origin.MIXED: "files of Chainguard's and of PyPI's wheel together",
    Origin.UNVERIFIABLE: "could not be told",
    Origin.PYPI: "PyPI",
    Origin.UPSTREAM: "PyPI's file, which Chainguard serves, not rebuilt",
    Origin.LOCAL_BUILD: "built or linked here",
    Origin.PRIVATE: "a private name",
    Origin.SYSTEM: "the system's package manager",
    Origin.REMEDIATED: "Chainguard, remediated",
    Origin.CHAINGUARD: "Chainguard",
}
IS: dict[Integrity, str] = {
    Integrity.CHANGED: "changed",
    Integrity.ADDED: "has files that no wheel explains",
    Integrity.BYTECODE_DIFFERS: "its bytecode is not what its source compiles to",
    Integrity.OVERWRITTEN: "overwritten by another wheel",
    Integrity.NOT_CHECKED: "files not checked",
    Integrity.SLIMMED: "files removed, the others intact",
    Integrity.INTACT: "intact",
}
FILES: dict[Integrity, str] = {
    Integrity.CHANGED: "changed",
    Integrity.ADDED: "added",
    Integrity.BYTECODE_DIFFERS: "bytecode differs",
    Integrity.OVERWRITTEN: "overwritten",
    Integrity.SLIMMED: "missing",
}
PROVED_BY: dict[Proof, str] = {
    Proof.NONE: "not compared",
    Proof.ITSELF: "compared with its own RECORD alone",
    Proof.HASH: "by its sha256 alone",
    Proof.RECORD: "compared with the index's RECORD",
    Proof.WHEEL: "compared with the whole wheel",
    Proof.ATTESTED: "compared with the whole wheel, whose attestation was verified",
}
WRONG = frozenset({Integrity.CHANGED, Integrity.ADDED, Integrity.BYTECODE_DIFFERS})
OURS = frozenset({Origin.CHAINGUARD, Origin.REMEDIATED})
_FEW = 6
"""Deviations named of one distribution where space is dear; the JSON report has more."""


class VerificationRow(Struct, frozen=True, kw_only=True):
    """One distribution, for people."""

    icon: str
    name: str
    version: str
    says: str
    """Where it comes from and how it is, in one line."""
    details: tuple[str, ...]
    conclusion: Conclusion
    found: VerifiedDistribution


class Numbers(Struct, frozen=True, kw_only=True):
    """How many there are of what; what is counted is said with it."""

    all: int
    counted: int
    """Without the system's own and links to the project's folder."""
    ours: int
    """Chainguard's, and not changed."""
    origins: Counter[Origin]
    linked: int
    """Links to the project's folder."""
    wrong: int
    """Mixed, changed, added to, or with other bytecode."""
    held: int
    predicted: int
    """With those that are absent."""
    untold: int


def is_wrong(found: VerifiedDistribution) -> bool:
    """Whether it holds what no single wheel has."""
    return found.origin is Origin.MIXED or found.integrity in WRONG


def numbers(verification: Verification) -> Numbers:
    """Count."""
    everything = verification.distributions
    counted = [each for each in everything if each.origin is not Origin.SYSTEM and not each.linked]
    predictions = [each.prediction for each in everything if each.prediction is not None]
    return Numbers(
        all=len(everything),
        counted=len(counted),
        ours=sum(each.origin in OURS and not is_wrong(each) for each in counted),
        origins=Counter(each.origin for each in everything),
        linked=sum(each.linked for each in everything),
        wrong=sum(map(is_wrong, everything)),
        held=sum(each.held is True for each in predictions),
        predicted=len(predictions) + len(verification.absent),
        untold=sum(each.held is None for each in predictions),
    )


def headline(verification: Verification) -> tuple[str, str]:
    """Return the icon and the sentence that tell the result."""
    found = numbers(verification)
    malware = sum(each.malware for each in verification.distributions)
    icon = CONCLUSION_ICONS[verification.conclusion]
    said = []
    if malware:
        icon = MALWARE_ICON
        said.append(f"{count(malware, 'distribution')} blocked as malware")
    if found.wrong or verification.strays:
        changed = f"{found.wrong} of {count(found.all, 'distribution')} not as their wheel has them"
        strays = f"{count(len(verification.strays), 'file')} that no wheel explains"
        said.append(
            " and ".join(filter(None, (changed * bool(found.wrong), strays * bool(verification.strays))))
        )
    counted = found.origins - Counter({Origin.LOCAL_BUILD: found.linked})
    said += [
        f"{counted[origin]} of {found.counted}: {COMES_FROM[origin]}"
        for origin in (
            Origin.PYPI,
            Origin.UNVERIFIABLE,
            Origin.LOCAL_BUILD,
            Origin.UPSTREAM,
        )
        if counted[origin]
    ]
    if not said:
        said.append(_all_is_well(found))
    if verification.absent and len(verification.absent) == found.predicted:
        said.append(f"none of the packages of {readable(verification.lockfile or '')} is installed")
    if verification.unreadable:
        said.append(f"{count(len(verification.unreadable), 'thing')} could not be read")
    text = "; ".join(said)
    return icon, text[0].upper() + text[1:]


def _all_is_well(found: Numbers) -> str:
    if not found.counted:
        return "nothing to verify is installed"
    if found.ours != found.counted:
        return f"{found.ours} of {count(found.counted, 'distribution')} come from Chainguard"
    if found.counted == 1:
        return "the one distribution comes from Chainguard"
    return f"all {count(found.counted, 'distribution')} come from Chainguard"


def coverage(verification: Verification) -> str:
    """Return the share that is Chainguard's, as a fraction, with what is counted."""
    found = numbers(verification)
    if not found.counted:
        return ""
    share = (
        f"{found.ours} of {found.counted} from Chainguard and unchanged ({found.ours / found.counted:.1%})"
    )
    apart = [
        f"{found.origins[Origin.SYSTEM]} of the system" * bool(found.origins[Origin.SYSTEM]),
        f"{count(found.linked, 'link')} to the project's folder" * bool(found.linked),
    ]
    left_out = ", ".join(filter(None, apart))
    return f"Coverage: {share}" + (f"; not counted: {left_out}" if left_out else "")


def prediction(verification: Verification) -> str:
    """Return whether the prediction held, in one line; empty where none was made."""
    found = numbers(verification)
    if verification.lockfile is None:
        return ""
    lock = readable(verification.lockfile)
    absent = len(verification.absent)
    text = f"The prediction from {lock} held for {found.held:,} of {found.predicted:,}"
    text += f"; {absent:,} {'is' if absent == 1 else 'are'} not installed" if absent else ""
    return text + (f"; {found.untold:,} could not be told" if found.untold else "")


def proof(verification: Verification) -> str:
    """Say what was compared with what."""
    proofs = Counter(each.proof for each in verification.distributions)
    said = [f"{number} {PROVED_BY[each]}" for each, number in sorted(proofs.items(), key=lambda one: -one[1])]
    unchecked = sum(each.bytecode_unchecked for each in verification.distributions)
    if unchecked:
        said.append(f"{count(unchecked, 'bytecode file')} not checked")
    return "; ".join(said)


def trouble(verification: Verification) -> list[VerificationRow]:
    """Return the rows that the team's rules or a prediction make something of, worst first."""
    found = [each for each in verification.distributions if not _is_quiet(each)]
    return list(_repeating(map(_row, sorted(found, key=_rank))))


def quiet(verification: Verification) -> list[VerificationRow]:
    """Return the other rows."""
    return [_row(each) for each in verification.distributions if _is_quiet(each)]


def _repeating(rows: Iterable[VerificationRow]) -> Iterator[VerificationRow]:
    """Yield rows without the details that the row above has already given."""
    said: tuple[str, ...] = ()
    for row in rows:
        repeats = bool(row.details) and row.details == said
        said = row.details
        yield replace(row, details=(SAME_AS_ABOVE,)) if repeats else row


def _is_quiet(found: VerifiedDistribution) -> bool:
    missed = found.prediction is not None and found.prediction.held is False
    return found.conclusion is Conclusion.PASS and not missed and not is_wrong(found)


def _rank(found: VerifiedDistribution) -> tuple[bool, int, int, int, str]:
    conclusions = (Conclusion.FAIL, Conclusion.UNKNOWN, Conclusion.WARN, Conclusion.PASS)
    return (
        not found.malware,
        conclusions.index(found.conclusion),
        list(Integrity).index(found.integrity),
        list(Origin).index(found.origin),
        found.name,
    )


def _row(found: VerifiedDistribution) -> VerificationRow:
    icon = MALWARE_ICON if found.malware else "🔴" if is_wrong(found) else ICONS[found.origin]
    return VerificationRow(
        icon=icon,
        name=readable(found.name),
        version=readable(found.version or ""),
        says=f"{COMES_FROM[found.origin]}, {IS[found.integrity]}"
        if found.origin is not Origin.SYSTEM
        else COMES_FROM[found.origin],
        details=tuple(_details(found)),
        conclusion=found.conclusion,
        found=found,
    )


def _details(found: VerifiedDistribution) -> Iterator[str]:
    if found.malware:
        yield "an index blocks it: malware was found in it"
    if found.why:
        yield readable(found.why, 400)
    if found.prediction is not None and found.prediction.held is not True:
        held = "did not hold" if found.prediction.held is False else "could not be told"
        yield f"the prediction {held}: {readable(found.prediction.why, 300)}"
    if found.allowance:
        yield f"allowed: {readable(found.allowance.reason)}"
    if found.attestation:
        yield readable(found.attestation, 300)
    yield from (file_line(each) for each in found.deviations[:_FEW] if each.kind is not Integrity.SLIMMED)
    missing = [each for each in found.deviations if each.kind is Integrity.SLIMMED]
    named = sum(each.kind is not Integrity.SLIMMED for each in found.deviations[:_FEW])
    rest = found.deviating - named
    if rest and missing and found.integrity is Integrity.SLIMMED:
        yield f"missing: {count(rest, 'file')}, among them {readable(missing[0].path)}"
    elif rest:
        yield f"{count(rest, 'further file')}"


def file_line(deviation: Deviation) -> str:
    """Say what is with one file."""
    detail = f" ({readable(deviation.detail)})" if deviation.detail else ""
    return f"{FILES.get(deviation.kind, deviation.kind)}: {readable(deviation.path, 300)}{detail}"

"""One quiet word beside a verdict: what a remediated version fixes, and what a release on PyPI looks like.

A remark changes nothing: it is made from the finished verdicts, and an index that is silent leaves it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Cause, Edition, Index, Outcome, Owner, ProjectFile, deciding
from fallback_review.model.files import Sought
from fallback_review.model.versions import parse_version
from fallback_review.prediction.candidates import parse_filename, public
from fallback_review.prediction.installation import files_of
from fallback_review.prediction.nearest import remediated

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from packaging.version import Version

    from fallback_review.model import ReviewedChange, Verdict
    from fallback_review.prediction.addresses import Addresses
    from fallback_review.prediction.context import Answers

_FROM_AN_INDEX = frozenset(
    {Outcome.CHAINGUARD, Outcome.REMEDIATED, Outcome.UPSTREAM, Outcome.PYPI, Outcome.INSTALL_FAILS}
)
_ADVISED_ELSEWHERE = frozenset({Outcome.PYPI, Outcome.INSTALL_FAILS})
"""Outcomes whose advice already names the remediated version."""
_RECENT = 60
"""Days: an older release is not remarkable."""
_VULNERABILITIES_SHOWN = 3


def remark(reviewed: ReviewedChange, answers: Answers, today: date | None) -> str | None:
    """Return the remark on a change's worst verdict, as plain text; None where there is nothing to remark.

    Args:
        reviewed: The change with its verdicts.
        answers: Every answer, those to `remark_questions` among them.
        today: To tell how old a release is; None leaves that out.
    """
    worst = deciding(reviewed.verdicts)
    version = _version(worst) if worst is not None else None
    if worst is None or version is None:
        return None
    said = [*_remediation(reviewed.change.name, worst, version, answers)]
    if worst.outcome is Outcome.PYPI:
        said.append(", ".join(_release(_on_pypi(reviewed.change.name, worst, version, answers), today)))
    return "; ".join(filter(None, said)) or None


def remark_questions(reviewed: ReviewedChange, answers: Answers, addresses: Addresses) -> frozenset[Index]:
    """Return what has to be asked for the remark on a change, beyond the answers so far.

    The VEX feed only where Chainguard lists a remediated version of this very release, PyPI only for what
    comes from there: no name is asked for that the same host was not asked for, or does not serve, anyway.
    """
    worst = deciding(reviewed.verdicts)
    version = _version(worst) if worst is not None else None
    if worst is None or version is None:
        return frozenset()
    if worst.cause is Cause.PRIVATE_NAME:
        return frozenset()  # its name is sent nowhere
    name, wanted = reviewed.change.name, set[Index]()
    told = remediated(name, version, answers) is not None
    if addresses.vex is not None and worst.outcome in _FROM_AN_INDEX and told:
        wanted.add(addresses.vex)
    if worst.outcome is Outcome.PYPI:
        wanted.add(addresses.pypi)
    return frozenset(index for index in wanted if index not in answers.get(name, {}))


def _version(verdict: Verdict) -> Version | None:
    """Return the version that is taken: a pin of 2.0.7 may be served by 2.0.7+cgr.1."""
    taken = parse_filename(verdict.file) if verdict.file else None
    return taken.version if taken is not None else parse_version(verdict.version or "")


def _remediation(name: str, worst: Verdict, version: Version, answers: Answers) -> Iterator[str]:
    if worst.outcome not in _FROM_AN_INDEX:
        return
    heard = answers.get(name, {})
    answer = next((each for index, each in heard.items() if index.edition is Edition.VEX), None)
    fixes = {parse_version(each.version): each.fixes for each in answer.remediations} if answer else {}
    own = fixes.get(version, ())
    if own:
        yield f"{version} fixes {_few(own)}"
    newest = remediated(name, version, answers)
    if newest is None or newest <= version:
        return
    more = [vulnerability for vulnerability in fixes.get(newest, ()) if vulnerability not in own]
    if more:
        yield f"{newest} {'also ' if own else ''}fixes {_few(more)}"
    elif newest not in fixes and worst.outcome not in _ADVISED_ELSEWHERE:
        yield f"{newest} is remediated"


def _few(vulnerabilities: Sequence[str]) -> str:
    shown = list(vulnerabilities[:_VULNERABILITIES_SHOWN])
    if extra := len(vulnerabilities) - len(shown):
        shown.append(f"{extra:,} more")
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))


def _on_pypi(name: str, worst: Verdict, version: Version, answers: Answers) -> list[ProjectFile]:
    """Return PyPI's files of the release, the one that is taken first."""
    heard = answers.get(name, {})
    release = Sought(versions=frozenset({public(version)}))
    pages = (files_of(each).about(release) for index, each in heard.items() if index.owner is Owner.PYPI)
    listed = (file for page in pages for file in page)
    found = [file for file in listed if parse_version(file.version or "") == version]
    return sorted(found, key=lambda file: file.filename != worst.file)


def _release(files: Sequence[ProjectFile], today: date | None) -> Iterator[str]:
    if not files:
        return
    uploaded = [file.upload_time.date() for file in files if file.upload_time is not None]
    if uploaded and today is not None and (days := max((today - min(uploaded)).days, 0)) <= _RECENT:
        yield f"released {days:,} day{'s' if days > 1 else ''} ago" if days else "released today"
    taken = files[0]
    if taken.yanked:
        yield "yanked"
    if taken.has_provenance is not None:
        yield "attested on PyPI" if taken.has_provenance else "no attestations on PyPI"

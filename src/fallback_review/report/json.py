"""The JSON report: stable, described by a published JSON Schema, the same bytes for the same review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.model import (
    Evidence,
    Outcome,
)
from fallback_review.report import ascii_json
from fallback_review.report.tally import Group, Tallies, most_missing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from msgspec import Raw

    from fallback_review.model import (
        Assumption,
        Cause,
        LockedPackage,
        MetadataChange,
        Notice,
        Review,
        ReviewedChange,
        ReviewedLockfile,
        Source,
        Target,
        Verdict,
    )
    from fallback_review.report.tally import Tally

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def render(review: Review) -> str:
    """Render the report as ASCII JSON, indented, so that it is inert in a terminal too."""
    return ascii_json.dumps(_report(review))


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `render` gives."""
    from fallback_review.report.json_schema import Report  # noqa: PLC0415 - a report is written without it

    return {"$schema": DRAFT, **Report.model_json_schema(mode="serialization")}


class _Rows:
    """Rows of changes, written: once for each object, which the review holds as long as it is written.

    A review has the same object in many places where lockfiles hold the same entries.
    """

    def __init__(self) -> None:
        self._rows: dict[int, Raw] = {}
        self._verdicts: dict[int, Raw] = {}

    def of(self, reviewed: ReviewedChange) -> Raw:
        """Return the row of a change."""
        row = self._rows.get(id(reviewed))
        if row is None:
            verdicts = self._verdicts.get(id(reviewed.verdicts))
            if verdicts is None:
                verdicts = ascii_json.encoded([_verdict(each) for each in reviewed.verdicts])
                self._verdicts[id(reviewed.verdicts)] = verdicts
            row = self._rows[id(reviewed)] = ascii_json.encoded(_change(reviewed, verdicts))
        return row


def _report(review: Review) -> dict[str, Any]:
    rows, tallies = _Rows(), Tallies(review.lockfiles)
    return {
        "schema_version": 2,
        "conclusion": review.conclusion,
        "scope": review.scope,
        "base": review.base,
        "head": review.head,
        "targets": _targets(review.targets),
        "counts": _counts(tallies.of(review.lockfiles)),
        "missing": [
            {"name": each.name, "versions": each.versions, "lockfiles": each.lockfiles}
            for each in most_missing(review)
        ],
        "findings": _notices(review.findings),
        "unreadable": _notices(review.unreadable),
        "lockfiles": [
            ascii_json.encoded(_lockfile(lockfile, tallies.of([lockfile]), rows))
            for lockfile in review.lockfiles
        ],
    }


def _counts(numbers: Tally) -> dict[str, int]:
    outcomes, groups = numbers.outcomes, numbers.groups
    return {
        "changed": numbers.changed,
        "judged": numbers.judged,
        "fallback": outcomes[Outcome.PYPI],
        "chainguard": numbers.from_chainguard,
        "remediated": outcomes[Outcome.REMEDIATED],
        "upstream": outcomes[Outcome.UPSTREAM],
        "direct": outcomes[Outcome.DIRECT],
        "private": outcomes[Outcome.PRIVATE],
        "unknown": outcomes[Outcome.UNKNOWN],
        "install_fails": outcomes[Outcome.INSTALL_FAILS],
        "allowed": groups[Group.ALLOWED],
        "removed": groups[Group.REMOVED],
        "local": groups[Group.LOCAL],
        "conda": groups[Group.CONDA],
        "metadata_only": numbers.metadata_only,
    }


def _targets(targets: Iterable[Target]) -> list[dict[str, Any]]:
    return [
        {
            "label": target.label,
            "python": target.python,
            "platform": target.platform,
            "arch": target.arch,
            "glibc": target.glibc,
            "informational": target.informational,
        }
        for target in targets
    ]


def _lockfile(lockfile: ReviewedLockfile, numbers: Tally, rows: _Rows) -> dict[str, Any]:
    return {
        "path": lockfile.path,
        "format": lockfile.format,
        "base_path": lockfile.base_path,
        "base_format": lockfile.base_format,
        "installer": lockfile.installer,
        "layout": lockfile.layout,
        "targets": _targets(lockfile.targets),
        "counts": _counts(numbers),
        "base_entries": lockfile.base_entries,
        "head_entries": lockfile.head_entries,
        "changes": [rows.of(reviewed) for reviewed in lockfile.changes],
        "metadata_only": [_metadata(change) for change in lockfile.metadata_only],
        "header_changed": lockfile.header_changed,
        "unnamed": _notices(lockfile.unnamed),
        "notices": _notices(lockfile.notices),
    }


def _change(reviewed: ReviewedChange, verdicts: Raw) -> dict[str, Any]:
    change, advice, allowance = reviewed.change, reviewed.advice, reviewed.allowance
    entries = change.gained or change.after
    return {
        "name": change.name,
        "kind": change.kind,
        "ecosystem": change.ecosystem,
        "local": change.local,
        "before": [package.shown_version for package in change.before],
        "after": [package.shown_version for package in change.after],
        "source_before": _sources(change.before),
        "source_after": _sources(change.after),
        "source_changed": change.source_changed,
        "hashes_added": change.hashes_added,
        "hashes_removed": change.hashes_removed,
        "hosts_before": change.hosts_before,
        "hosts_after": change.hosts_after,
        "became_unhashed": change.became_unhashed,
        "line": change.line,
        "path": entries[0].path if entries else None,
        "outcome": reviewed.outcome,
        "cause": _name(reviewed.cause),
        "reason": reviewed.reason,
        "why": reviewed.why,
        "advice": {"text": advice.text, "command": advice.command} if advice else None,
        "conclusion": reviewed.conclusion,
        "allowance": {
            "package": allowance.package,
            "reason": allowance.reason,
            "owner": allowance.owner,
            "expires": allowance.expires,
        }
        if allowance
        else None,
        "note": reviewed.note,
        "differs_on": reviewed.differs_on,
        "verdicts": verdicts,
    }


def _name(cause: Cause | None) -> str | None:
    return None if cause is None else str(cause)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "target": verdict.target,
        "version": verdict.version,
        "outcome": verdict.outcome,
        "cause": _name(verdict.cause),
        "reason": verdict.reason,
        "file": verdict.file,
        "url_host": verdict.url_host,
        "evidence": [_fact(each) for each in verdict.evidence],
        "assumptions": [_fact(each) for each in verdict.assumptions],
        "informational": verdict.informational,
    }


def _fact(fact: Evidence | Assumption) -> dict[str, Any]:
    told = {"kind": fact.kind, "said": fact.said}
    return told | ({"where": fact.where or None} if isinstance(fact, Evidence) else {})


def _metadata(change: MetadataChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "version": change.version,
        "source": _source(change.source),
        "fields": change.fields,
        "ecosystem": change.ecosystem,
    }


def _sources(packages: Iterable[LockedPackage]) -> list[dict[str, Any]]:
    return [_source(package.source) for package in packages]


def _source(source: Source) -> dict[str, Any]:
    named = {"ref": source.reference, "commit": source.commit}
    there = {key: value for key, value in named.items() if value is not None}
    return {"kind": source.kind, "value": source.location, **there}


def _notices(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    return [{"text": notice.text, "path": notice.path, "line": notice.line} for notice in notices]

"""The JSON report of a verification: stable, described by a published JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fallback_review.report import ascii_json
from fallback_review.report.verification import sections

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fallback_review.model import Notice
    from fallback_review.model.installed import Deviation, Verification, VerifiedDistribution

DRAFT = "https://json-schema.org/draft/2020-12/schema"


def render(verifications: Sequence[Verification]) -> str:
    """Render the report as ASCII JSON, indented, so that it is inert in a terminal too."""
    report = {"schema_version": 1, "places": [_place(each) for each in verifications]}
    return ascii_json.dumps(report)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of what `render` gives."""
    from fallback_review.report.verification.json_schema import (  # noqa: PLC0415 - a report needs it not
        VerificationReport,
    )

    return {"$schema": DRAFT, **VerificationReport.model_json_schema(mode="serialization")}


def _place(each: Verification) -> dict[str, Any]:
    numbers = sections.numbers(each)
    return {
        "place": each.place,
        "kind": each.kind,
        "conclusion": each.conclusion,
        "target": each.target,
        "lockfile": each.lockfile,
        "counts": {
            "distributions": numbers.all,
            "counted": numbers.counted,
            "chainguard_unchanged": numbers.ours,
            "wrong": numbers.wrong,
            "origins": {origin.value: numbers.origins[origin] for origin in sections.ICONS},
            "predicted": numbers.predicted,
            "held": numbers.held,
            "not_told": numbers.untold,
        },
        "absent": each.absent,
        "requests": each.requests,
        "received_bytes": each.received,
        "distributions": [_distribution(one) for one in each.distributions],
        "strays": _deviations(each.strays),
        "startup": each.startup,
        "findings": _notices(each.findings),
        "unreadable": _notices(each.unreadable),
    }


def _distribution(each: VerifiedDistribution) -> dict[str, Any]:
    allowance, held = each.allowance, each.prediction
    return {
        "name": each.name,
        "version": each.version,
        "place": each.place,
        "origin": each.origin,
        "integrity": each.integrity,
        "proof": each.proof,
        "why": each.why,
        "conclusion": each.conclusion,
        "installer": each.installer,
        "file": each.file,
        "files": each.files,
        "deviations": _deviations(each.deviations),
        "deviating": each.deviating,
        "bytecode_unchecked": each.bytecode_unchecked,
        "attestation": each.attestation,
        "linked": each.linked,
        "malware": each.malware,
        "allowance": {
            "package": allowance.package,
            "reason": allowance.reason,
            "owner": allowance.owner,
            "expires": allowance.expires,
        }
        if allowance
        else None,
        "prediction": {"held": held.held, "predicted": held.predicted, "why": held.why} if held else None,
        "line": each.line,
    }


def _deviations(found: Iterable[Deviation]) -> list[dict[str, Any]]:
    return [{"path": each.path, "kind": each.kind, "detail": each.detail} for each in found]


def _notices(notices: Iterable[Notice]) -> list[dict[str, Any]]:
    return [{"text": notice.text, "path": notice.path, "line": notice.line} for notice in notices]

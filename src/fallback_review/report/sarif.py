"""SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/): one result for each finding."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fallback_review import __version__
from fallback_review.model import Cause, Outcome
from fallback_review.prediction import CAUSES
from fallback_review.prediction.causes import DOCUMENTATION
from fallback_review.report.findings import findings
from fallback_review.report.words import SAYS

if TYPE_CHECKING:
    from fallback_review.model import Review
    from fallback_review.report.findings import Finding

MOST = 5_000
"""GitHub shows no more results of one run than this; the others are counted in the run's properties."""
_LEVELS = {"error": "error", "warning": "warning", "notice": "note"}


def render(review: Review) -> str:
    """Render the findings as SARIF.

    Code scanning refuses a result without a place: one without a line points to its file's first, one without
    a file to the first lockfile, and where there is none either it is only counted.
    """
    found = findings(review)
    anywhere = review.lockfiles[0].path if review.lockfiles else None
    shown = [finding for finding in found if finding.path or anywhere][:MOST]
    rules = sorted({finding.rule for finding in shown})
    document = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Fallback Review",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "results": [_result(finding, finding.path or str(anywhere), rules) for finding in shown],
                "properties": {"conclusion": review.conclusion, "resultsLeftOut": len(found) - len(shown)},
            }
        ],
    }
    return json.dumps(document, indent=2) + "\n"


_OTHER_RULES = {
    "policy": (
        "The policy rejects the change",
        "The settings' [policy] rejects it; the text says what it is.",
    ),
    "assumption": (
        "Something is assumed",
        "The verdict takes something for granted because no file or setting says it. Say it in the settings.",
    ),
    "configuration": (
        "The configuration needs a look",
        "The installers' configuration or the settings hold something that is not as it should be.",
    ),
    "unreadable": (
        "Something could not be read",
        "A lockfile, a file that it includes or an index could not be read, so packages may be hidden.",
    ),
}
"""Rules for what is no cause: what is up, and what it means."""


def _rule(rule: str) -> dict[str, Any]:
    record = CAUSES.get(Cause(rule))
    if record is not None:
        title, meaning, address = record.title, record.meaning, record.address
    else:
        title, meaning = _OTHER_RULES[rule] if rule in _OTHER_RULES else _of_an_outcome(rule)
        address = f"{DOCUMENTATION}reference/causes.md"
    return {
        "id": rule,
        "name": rule,
        "shortDescription": {"text": title},
        "fullDescription": {"text": meaning or title},
        "help": {"text": meaning or title, "markdown": f"{meaning or title}\n\n[Documentation]({address})"},
        "helpUri": address,
    }


def _of_an_outcome(rule: str) -> tuple[str, str]:
    said = SAYS[Outcome(rule)][0]
    return f"A package {said}", f"The policy rejects or warns about a package that {said}."


def _result(finding: Finding, path: str, rules: list[str]) -> dict[str, Any]:
    return {
        "ruleId": finding.rule,
        "ruleIndex": rules.index(finding.rule),
        "level": _LEVELS[finding.level],
        "message": {"text": finding.message},
        # The line moves whenever the lock is written anew: what makes a finding the same is its package.
        "partialFingerprints": {"package/v1": _fingerprint(finding)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(path, errors="replace")},
                    "region": {"startLine": finding.line or 1},
                }
            }
        ],
    }


def _fingerprint(finding: Finding) -> str:
    parts = (finding.rule, finding.path, finding.package or finding.message)
    return sha256("\0".join(part or "" for part in parts).encode(errors="replace")).hexdigest()

"""A verification as SARIF 2.1.0: one result for each distribution in trouble, and for each stray file."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fallback_review import __version__
from fallback_review.model import Conclusion
from fallback_review.report.text import readable
from fallback_review.report.verification import sections

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fallback_review.model.installed import Verification

MOST = 5_000
"""GitHub shows no more results of one run than this."""
_LEVELS = {
    Conclusion.FAIL: "error",
    Conclusion.UNKNOWN: "error",
    Conclusion.WARN: "warning",
    Conclusion.PASS: "note",
}


def render(verifications: Sequence[Verification]) -> str:
    """Render the findings as SARIF."""
    found = [each for verification in verifications for each in _results(verification)]
    rules = sorted({each["ruleId"] for each in found})
    for each in found:
        each["ruleIndex"] = rules.index(each["ruleId"])
    document = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Fallback Review",
                        "version": __version__,
                        "rules": [
                            {
                                "id": rule,
                                "name": rule,
                                "shortDescription": {"text": rule.replace("-", " ").capitalize()},
                            }
                            for rule in rules
                        ],
                    }
                },
                "results": found[:MOST],
                "properties": {"resultsLeftOut": max(len(found) - MOST, 0)},
            }
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def _results(verification: Verification) -> Iterator[dict[str, Any]]:
    for notice in verification.unreadable:
        yield _result("unreadable", "error", notice.text, notice.path or verification.place, notice.text)
    for stray in verification.strays:
        yield _result(
            "added", _LEVELS[verification.conclusion], sections.file_line(stray), stray.path, stray.path
        )
    for row in sections.trouble(verification):
        found = row.found
        rule = (
            "malware" if found.malware else str(found.integrity if sections.is_wrong(found) else found.origin)
        )
        if found.origin == "mixed":
            rule = "mixed"
        message = "; ".join((f"{row.name} {row.version}: {row.says}", *row.details)) + "."
        lock = verification.lockfile if found.line else None
        yield _result(
            rule, _LEVELS[found.conclusion], message, lock or found.place, found.name, line=found.line
        )


def _result(
    rule: str, level: str, text: str, path: str, key: str, *, line: int | None = None
) -> dict[str, Any]:
    fingerprint = sha256(f"{rule}\0{path}\0{key}".encode(errors="replace")).hexdigest()
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": readable(text, 1_000)},
        "partialFingerprints": {"package/v1": fingerprint},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(path, errors="replace")},
                    "region": {"startLine": line or 1},
                }
            }
        ],
    }

"""Attestations of a wheel (PEP 740), verified with the packaging field's own library, pypi-attestations.

It is an extra of this package (``fallback-review[attestations]``), since it brings Sigstore. Sigstore's trust
root is the one that comes with it: no further host is asked. What it does not know to verify, such as a
publisher of another kind, is said to be unverified, and never counts as proof.
"""

from __future__ import annotations

import json
import logging
from importlib import import_module
from typing import Any

MOST_BYTES = 4 * 1024 * 1024
NO_LIBRARY = "it has an attestation, which was not verified: install fallback-review[attestations]"


def verify_attestation(provenance: bytes, filename: str, sha256: str) -> tuple[bool, str]:
    """Return whether a provenance object's attestations hold for a wheel, and what to say of it.

    Args:
        provenance: What the index sends (PEP 740, "Provenance objects").
        filename: The wheel's.
        sha256: Of its bytes, which were read.
    """
    # Sigstore warns that it asks nobody for a newer trust root: that is meant.
    logging.getLogger("sigstore").setLevel(logging.ERROR)
    try:
        library = import_module("pypi_attestations")
    except ImportError:
        return False, NO_LIBRARY
    try:
        found = library.Provenance.model_validate_json(provenance)
    except ValueError:
        return False, f"its attestation could not be verified: {_unknown(provenance)}"
    distribution = library.Distribution(name=filename, digest=sha256)
    publishers = []
    for bundle in found.attestation_bundles:
        for attestation in bundle.attestations:
            try:
                attestation.verify(bundle.publisher, distribution, offline=True)
            except library.AttestationError as error:
                return False, f"its attestation does not hold: {' '.join(str(error).split())[:200]}"
            publishers.append(_publisher(bundle.publisher))
    if not publishers:
        return False, "its provenance holds no attestation"
    return True, f"attested by {', '.join(dict.fromkeys(publishers))}"


def _publisher(publisher: Any) -> str:
    told = publisher.model_dump()
    who = told.get("repository") or told.get("email") or told.get("project_id") or ""
    return f"{publisher.kind} {who}".strip()


def _unknown(provenance: bytes) -> str:
    """Say what kind of publisher it names that the library does not know, if it is that."""
    try:
        bundles = json.loads(provenance)["attestation_bundles"]
        kinds = sorted({str(each["publisher"]["kind"]) for each in bundles})
    except (ValueError, LookupError, TypeError, RecursionError):
        return "it is not a provenance object (PEP 740)"
    return f"its publisher is of a kind that the library does not know ({', '.join(kinds)[:60]})"

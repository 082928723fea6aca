"""Simple-index pages in both of their forms, which form a request asks for, and a VEX feed's documents.

Rules: PEP 503 (HTML), PEP 691 (JSON and content negotiation), PEP 700 (versions, size, upload time),
PEP 592 (yanked), PEP 658 and 714 (core metadata beside the file), PEP 740 (attestations: none).
"""

from __future__ import annotations

import json
from collections import defaultdict
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fallback_review.cli.demo.build import BuiltFile

JSON = "application/vnd.pypi.simple.v1+json"
HTML = "text/html"
_SERVED = {
    JSON: JSON,
    "application/vnd.pypi.simple.latest+json": JSON,
    "application/vnd.pypi.simple.v1+html": HTML,
    "application/vnd.pypi.simple.latest+html": HTML,
    HTML: HTML,
    "*/*": HTML,
}


def negotiate(accept: str | None) -> str | None:
    """Choose `JSON` or `HTML` by an Accept header; None where it asks for neither (406)."""
    best: tuple[float, str] | None = None
    for part in (accept or "*/*").split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        served = _SERVED.get(media)
        weight = _weight(parameters)
        if served is not None and weight > 0 and (best is None or weight > best[0]):
            best = (weight, served)
    return best[1] if best else None


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def project_list(names: Sequence[str], content_type: str) -> bytes:
    """Write the index's root page."""
    if content_type == JSON:
        return _json({"meta": {"api-version": "1.1"}, "projects": [{"name": name} for name in names]})
    return _html("Simple index", [f'<a href="{name}/">{name}</a>' for name in names])


def project_detail(name: str, files: Sequence[tuple[str, BuiltFile]], content_type: str) -> bytes:
    """Write one project's page from its files, each with its address."""
    if content_type == JSON:
        return _json(
            {
                "meta": {"api-version": "1.1"},
                "name": name,
                "versions": list(dict.fromkeys(file.release.version for _, file in files)),
                "files": [_entry(url, file) for url, file in files],
            }
        )
    return _html(f"Links for {name}", [_anchor(url, file) for url, file in files])


def _entry(url: str, file: BuiltFile) -> dict[str, Any]:
    return {
        "filename": file.filename,
        "url": url,
        "hashes": {"sha256": file.sha256},
        "requires-python": file.release.requires_python,
        "core-metadata": {"sha256": file.metadata_sha256},
        "size": len(file.content),
        "upload-time": file.release.uploaded,
        "yanked": file.release.yanked or False,
        "provenance": None,
    }


def _anchor(url: str, file: BuiltFile) -> str:
    attributes = {
        "href": f"{url}#sha256={file.sha256}",
        "data-requires-python": file.release.requires_python,
        "data-core-metadata": f"sha256={file.metadata_sha256}",
    }
    if file.release.yanked:
        attributes["data-yanked"] = file.release.yanked
    written = " ".join(f'{key}="{escape(value)}"' for key, value in attributes.items())
    return f"<a {written}>{escape(file.filename)}</a>"


def vex_document(name: str, fixes: Mapping[str, Sequence[str]]) -> bytes:
    """Write what remediated versions of a project fix, as OpenVEX 0.2.0: one statement a vulnerability."""
    versions: defaultdict[str, list[str]] = defaultdict(list)
    for version, vulnerabilities in fixes.items():
        for vulnerability in vulnerabilities:
            versions[vulnerability].append(version)
    return _json(
        {
            "@context": "https://openvex.dev/ns/v0.2.0",
            "@id": f"https://openvex.example/{name}",
            "author": "The demo",
            "timestamp": "2026-03-02T09:00:00Z",
            "version": 1,
            "statements": [
                {
                    "vulnerability": {"name": vulnerability},
                    "products": [
                        {"identifiers": {"purl": f"pkg:pypi/{name}@{quote(version)}"}} for version in fixed
                    ],
                    "status": "fixed",
                }
                for vulnerability, fixed in versions.items()
            ],
        }
    )


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()


def _html(title: str, links: Sequence[str]) -> bytes:
    meta = '<meta name="pypi:repository-version" content="1.1">'
    head = f"<!DOCTYPE html>\n<html><head>{meta}<title>{title}</title></head>"
    return "\n".join([head, "<body>", *(f"{link}<br>" for link in links), "</body></html>\n"]).encode()

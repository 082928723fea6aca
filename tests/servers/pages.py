"""Project details for the servers of the tests, in both forms."""

from __future__ import annotations

import hashlib
import html
import json
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a project detail; its sha256 is made from its URL unless given."""

    url: str
    attributes: dict[str, str] = field(default_factory=dict)
    """HTML: ``data-…`` attributes."""
    extra: dict[str, object] = field(default_factory=dict)
    """JSON: further fields."""

    @property
    def filename(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.url.encode()).hexdigest()


def as_html(name: str, files: list[File], *, version_tag: bool = True) -> str:
    """Return a PEP 503 page."""
    tag = '<meta name="pypi:repository-version" content="1.0">' if version_tag else ""
    rows = []
    for file in files:
        attributes = "".join(f' {key}="{html.escape(value)}"' for key, value in file.attributes.items())
        rows.append(f'<a href="{file.url}#sha256={file.sha256}"{attributes}>{file.filename}</a><br>')
    head = f"<!DOCTYPE html><html><head>{tag}<title>Links for {name}</title></head>"
    return f"{head}<body><h1>Links for {name}</h1>\n" + "\n".join(rows) + "</body></html>"


def as_json(name: str, files: list[File]) -> str:
    """Return a PEP 691 page."""
    entries = [
        {"filename": file.filename, "url": file.url, "hashes": {"sha256": file.sha256}, **file.extra}
        for file in files
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": entries})

"""Chainguard's public VEX feed: which vulnerabilities a remediated version fixes.

Sources: OpenVEX 0.2.0 (https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md) and Chainguard's
documentation of its feed, one document a project, open to all. The documents name a vulnerability by
``CGA-…`` or ``CVE-…`` with the other names as aliases, and a product by its purl alone
(``pkg:pypi/urllib3@1.26.16%2Bcgr.1``). Older OpenVEX wrote both as plain strings, which are read too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

from packaging.utils import canonicalize_name
from packaging.version import Version
from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError

from fallback_review.index.client import IndexClient
from fallback_review.index.conversations import MEGABYTE
from fallback_review.index.http import Limits
from fallback_review.index.http_statuses import answer_for
from fallback_review.model import Answer, Cause, Edition, Index, Owner, Remediation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.index.http import Fetched
    from fallback_review.index.page_cache import PageCache

IMPATIENT = Limits(connect=3, read=5, question=8, total=15, retries=1, backoff=0.2, most_bytes=4 * MEGABYTE)
"""A remark is not worth waiting for."""
_CONNECTIONS = 8
_FIXED = "fixed"
_IDENTIFIER = re.compile(r"[A-Z][A-Za-z0-9]{1,15}(?:-[A-Za-z0-9]{1,20}){1,4}")
_BEST_KNOWN = ("CVE-", "GHSA-", "PYSEC-")
_PURL = re.compile(r"pkg:pypi/(?:[^@?#]*/)?([^/@?#]+)@([^@?#/]+)(?:[?#].*)?", re.IGNORECASE | re.DOTALL)
_MOMENT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def vex_feed(url: str) -> Index:
    """Return the feed at an address as what is asked."""
    return Index(url, Owner.CHAINGUARD, Edition.VEX)


class VexFeed(IndexClient):
    """The feed, asked as an index is, but without credentials, less patiently, and for smaller answers."""

    _accept = "application/json"

    def __init__(
        self,
        url: str,
        *,
        limits: Limits = IMPATIENT,
        ca_bundle: str | None = None,
        environ: Mapping[str, str] | None = None,
        cache: PageCache | None = None,
    ) -> None:
        """Prepare to ask the feed below `url`; nothing is sent before `ask`, and credentials never.

        Args:
            url: The folder that holds ``pypi/NAME.openvex.json``.
            limits: Time-outs, repetitions and the size of an answer.
            ca_bundle: A file of trusted certificates, instead of those that come with `requests`.
            environ: The environment as the caller read it: proxies, and a CA bundle where none is given.
            cache: Documents of earlier runs, each to be confirmed by the feed.
        """
        super().__init__(
            vex_feed(url),
            connections=_CONNECTIONS,
            limits=limits,
            ca_bundle=ca_bundle,
            environ=environ,
            cache=cache,
        )

    def _page(self, name: str) -> str:
        return f"pypi/{name}.openvex.json"

    def _read(self, name: str, fetched: Fetched) -> Answer:
        if fetched.status != HTTPStatus.OK:
            return answer_for(self._index, name, fetched)
        return read_document(self._index, name, fetched)


def read_document(index: Index, name: str, fetched: Fetched) -> Answer:
    """Return what an OpenVEX document says is fixed in which remediated version of `name`; never raises.

    What cannot be read is left out, and counted in the answer's message. Of several statements about one
    vulnerability and version the latest holds (OpenVEX, "Updating Statements with Inherited Data").
    """
    try:
        document = _Document.model_validate_json(fetched.body)
    except ValidationError:
        said = f"{fetched.host} answered with something that is not an OpenVEX document"
        return Answer(index=index, name=name, problem=Cause.MALFORMED_INDEX, message=said)
    statements = list(_statements(document))
    held: dict[tuple[Version, str], bool] = {}
    for statement in sorted(statements, key=lambda each: _moment(each.timestamp, document.timestamp)):
        vulnerability = statement.vulnerability.best_known
        if vulnerability is not None:
            for version in _versions(statement.products, name):
                held[version, vulnerability] = statement.status == _FIXED
    fixes: defaultdict[Version, list[str]] = defaultdict(list)
    for (version, vulnerability), fixed in held.items():
        if fixed:
            fixes[version].append(vulnerability)
    unread = len(document.statements) - len(statements)
    return Answer(
        index=index,
        name=name,
        message=f"{fetched.host}: {unread} statements can't be read, and were left out" if unread else "",
        remediations=tuple(
            Remediation(version=str(version), fixes=tuple(sorted(fixes[version], key=_by_number)))
            for version in sorted(fixes)
        ),
    )


class _Document(BaseModel):
    statements: list[Any]
    timestamp: Any = None


class _Vulnerability(BaseModel):
    name: str
    aliases: list[Any] = []

    @property
    def best_known(self) -> str | None:
        """The name that most people know it by; None where none looks like an identifier."""
        names = [
            name
            for name in (self.name, *self.aliases)
            if isinstance(name, str) and _IDENTIFIER.fullmatch(name)
        ]
        known = (name for prefix in _BEST_KNOWN for name in names if name.startswith(prefix))
        return next(known, names[0] if names else None)


class _Identifiers(BaseModel):
    purl: str | None = None


class _Product(BaseModel):
    id: str | None = Field(default=None, alias="@id")
    identifiers: _Identifiers = _Identifiers()


def _object(key: str) -> BeforeValidator:
    """Read the plain string of OpenVEX before 0.2.0 as an object that has nothing else."""
    return BeforeValidator(lambda value: {key: value} if isinstance(value, str) else value)


class _Statement(BaseModel):
    vulnerability: Annotated[_Vulnerability, _object("name")]
    products: list[Annotated[_Product, _object("@id")]]
    status: str
    timestamp: Any = None


def _statements(document: _Document) -> Iterator[_Statement]:
    for statement in document.statements:
        try:
            yield _Statement.model_validate(statement)
        except ValidationError:
            continue


def _versions(products: Iterable[_Product], name: str) -> Iterator[Version]:
    """Yield the remediated versions of `name` among some products."""
    for product in products:
        found = _PURL.fullmatch(product.identifiers.purl or product.id or "")
        if found is None or canonicalize_name(unquote(found[1])) != name:
            continue
        try:
            version = Version(unquote(found[2]))
        except ValueError:  # InvalidVersion, or a number of more digits than Python reads
            continue
        if (version.local or "").startswith("cgr."):
            yield version


def _moment(*stated: Any) -> datetime:
    """Return the first of some timestamps that can be read: a statement inherits its document's."""
    for value in stated:
        try:
            return _MOMENT.validate_python(value)
        except ValidationError:
            continue
    return _LONG_AGO


def _by_number(identifier: str) -> tuple[bool, list[tuple[int, str]]]:
    """Sort CVEs first, by year and number."""
    parts = identifier.split("-")
    return not identifier.startswith("CVE-"), [(int(p) if p.isdecimal() else 0, p) for p in parts]

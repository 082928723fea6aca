"""The public VEX feed, over real HTTP: what it says is read leniently, and no credentials ever reach it."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from fallback_review.index.credentials import Credentials
from fallback_review.index.open import Secrets, open_indexes
from fallback_review.index.vex import IMPATIENT, VexFeed, vex_feed
from fallback_review.model import Answer, Cause, Remediation
from fallback_review.pipeline.context import addresses_of
from fallback_review.settings.schema import CHAINGUARD_VEX_ENDPOINT, Indexes
from tests.index.indexes import chainguard
from tests.servers.nginx import PASSWORD, USERNAME, nginx_index
from tests.servers.process import free_port
from tests.servers.scripted import FOREVER, Seen, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

QUICK = replace(IMPATIENT, backoff=0.01)
ONE, TWO = "2.0.7+cgr.1", "2.0.7+cgr.2"


def purl(version: str, name: str = "urllib3") -> dict[str, Any]:
    return {"identifiers": {"purl": f"pkg:pypi/{name}@{version.replace('+', '%2B')}"}}


def statement(vulnerability: Any = "CVE-2023-45803", *products: Any, **fields: Any) -> dict[str, Any]:
    about = {"name": vulnerability} if isinstance(vulnerability, str) else vulnerability
    return {
        "vulnerability": about,
        "products": list(products or [purl(ONE)]),
        "status": "fixed",
    } | fields


def document(*statements: Any, **fields: Any) -> bytes:
    frame = {"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-01-01T00:00:00Z", "version": 1}
    return json.dumps(frame | {"statements": list(statements)} | fields).encode()


def ask(script: Iterable[object], name: str = "urllib3") -> Answer:
    with scripted(lambda _: script) as server, VexFeed(f"{server.url}/openvex/v1/", limits=QUICK) as feed:
        result = feed.ask([name])[name]
        assert {seen.path for seen in server.seen} == {f"/openvex/v1/pypi/{name}.openvex.json"}
        assert {seen.headers["accept"] for seen in server.seen} == {"application/json"}
    return result


def told(*statements: Any, name: str = "urllib3", **fields: Any) -> dict[str, tuple[str, ...]]:
    result = ask(answer(200, document(*statements, **fields), content_type="application/json"), name)
    assert result.problem is None
    return {each.version: each.fixes for each in result.remediations}


def test_a_document_as_the_feed_has_them() -> None:
    named = {
        "@id": "https://index.example/CGA-7qjw-ggh3-pp9f",
        "name": "CGA-7qjw-ggh3-pp9f",
        "aliases": ["GHSA-g4mx-q9vg-27p4", "CVE-2023-45803"],
    }
    result = ask(
        answer(200, document(statement(named, purl(ONE), purl(TWO)), statement("CVE-2024-37891", purl(TWO))))
    )
    assert result == Answer(
        index=result.index,
        name="urllib3",
        remediations=(
            Remediation(version=ONE, fixes=("CVE-2023-45803",)),
            Remediation(version=TWO, fixes=("CVE-2023-45803", "CVE-2024-37891")),
        ),
    )
    assert result.index == vex_feed(result.index.url)
    assert not result.index.chainguards


@pytest.mark.parametrize(
    ("about", "shown"),
    [
        ("CVE-2023-1", "CVE-2023-1"),
        ({"name": "CGA-aaaa-bbbb-cccc", "aliases": []}, "CGA-aaaa-bbbb-cccc"),
        ({"name": "CGA-aaaa-bbbb-cccc", "aliases": ["PYSEC-2023-9", "GHSA-aaaa-bbbb-cccc"]}, "GHSA-aaaa-bbbb-cccc"),
        ({"name": "GHSA-aaaa-bbbb-cccc", "aliases": [5, None, "CVE-2023-2", {"a": 1}]}, "CVE-2023-2"),
        ({"name": "<img src=x>", "aliases": ["[a](http://evil.test)", "CVE-2023-3\n::set-output", "GHSA-a"]}, "GHSA-a"),
    ],
)  # fmt: skip
def test_a_vulnerability_goes_by_the_name_that_most_people_know(about: Any, shown: str) -> None:
    assert told(statement(about)) == {ONE: (shown,)}


def test_a_vulnerability_without_a_name_to_show_is_left_out() -> None:
    assert told(statement("see our advisory"), statement("CVE-2023-1")) == {ONE: ("CVE-2023-1",)}


def test_vulnerabilities_are_sorted_by_year_and_number() -> None:
    names = ["GHSA-a-b", "CVE-2023-10000", "CVE-2023-9999", "CVE-2009-1"]
    assert told(*map(statement, names)) == {
        ONE: ("CVE-2009-1", "CVE-2023-9999", "CVE-2023-10000", "GHSA-a-b")
    }


@pytest.mark.parametrize(
    "product",
    [
        purl(ONE),
        {"@id": "pkg:pypi/urllib3@2.0.7%2Bcgr.1"},
        {"@id": "pkg:pypi/urllib3@2.0.7%2Bcgr.1", "identifiers": {}},
        "pkg:pypi/urllib3@2.0.7%2Bcgr.1",
        "pkg:pypi/URLLIB3@2.0.7+cgr.1?repository_url=index.example#sub/path",
        "pkg:PyPI/urllib3@2.0.7%2BCGR.01",
    ],
)
def test_a_product_in_each_of_its_forms(product: Any) -> None:
    assert told(statement("CVE-2023-1", product)) == {ONE: ("CVE-2023-1",)}


@pytest.mark.parametrize(
    "product",
    [
        purl("2.0.7"),
        purl("2.0.7+local.1"),
        purl("two+cgr.1"),
        purl(ONE, "requests"),
        "pkg:npm/urllib3@2.0.7%2Bcgr.1",
        "pkg:pypi/urllib3",
        "https://index.example/urllib3",
        {},
    ],
)
def test_only_remediated_versions_of_this_project_count(product: Any) -> None:
    assert told(statement("CVE-2023-1", product)) == {}


def test_names_are_compared_normalised() -> None:
    assert told(statement("CVE-2023-1", "pkg:pypi/Ruamel_Yaml@1.0+cgr.1"), name="ruamel-yaml") == {
        "1.0+cgr.1": ("CVE-2023-1",)
    }


@pytest.mark.parametrize("status", ["not_affected", "affected", "under_investigation", "FIXED"])
def test_only_fixed_is_fixed(status: str) -> None:
    assert told(statement(status=status)) == {}


def test_the_latest_statement_holds_wherever_it_stands() -> None:
    late = statement(status="affected", timestamp="2026-03-01T00:00:00Z")
    assert told(late, statement(timestamp="2026-02-01T00:00:00+05:00")) == {}
    assert told(statement(timestamp="2026-04-01T00:00:00Z"), late) == {ONE: ("CVE-2023-45803",)}


def test_a_statement_without_a_readable_time_has_its_documents() -> None:
    inherits = statement(status="affected", timestamp="last week")
    earlier = statement(timestamp="2025-12-31T00:00:00Z")
    assert told(inherits, earlier) == {}
    assert told(inherits, earlier, timestamp="2025-01-01T00:00:00Z") == {ONE: ("CVE-2023-45803",)}
    assert told(inherits, earlier, timestamp=["never"]) == {ONE: ("CVE-2023-45803",)}


def test_statements_of_wrong_types_are_left_out_and_counted() -> None:
    wrong: list[Any] = [
        5,
        None,
        "text",
        [],
        {},
        statement(vulnerability={"aliases": ["CVE-2023-1"]}),
        statement(vulnerability=[]),
        statement(products="pkg:pypi/urllib3@2.0.7%2Bcgr.1"),
        statement(products=[[]]),
        statement(products=[{"identifiers": {"purl": {"a": 1}}}]),
        statement(status=["fixed"]),
    ]
    result = ask(answer(200, document(*wrong, statement("CVE-2023-1"))))
    assert result.remediations == (Remediation(version=ONE, fixes=("CVE-2023-1",)),)
    assert result.message.endswith("11 statements can't be read, and were left out")
    assert result.message.startswith("127.0.0.1:")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"<html>",
        b"\xff\xfe",
        b'{"statements": {}}',
        b'{"statements": null}',
        b"[" * 500_000,
        b'{"statements": [' + b'{"vulnerability":' * 100_000,
        b'{"statements": [' + b"9" * 100_000 + b"]}",
        document(statement())[:-4],
    ],
    ids=range(12),
)
def test_what_is_no_document_is_ignored_with_a_reason(body: bytes) -> None:
    result = ask(answer(200, body))
    assert (result.problem, result.remediations) == (Cause.MALFORMED_INDEX, ())
    assert result.message.endswith("answered with something that is not an OpenVEX document")


@pytest.mark.parametrize("packed", [False, True])
def test_a_huge_document_is_cut_off(packed: bool) -> None:
    body = document(*[statement(f"CVE-2023-{number}") for number in range(40_000)])
    assert len(body) > 5_000_000
    headers = {"Content-Encoding": "gzip"} if packed else {}
    result = ask(answer(200, gzip.compress(body) if packed else body, headers=headers))
    assert (result.problem, result.remediations) == (Cause.MALFORMED_INDEX, ())
    assert result.message.endswith("its answer is larger than 4 MB")


@pytest.mark.parametrize(
    ("status", "problem"),
    [(404, Cause.PROJECT_MISSING), (401, Cause.UNAUTHORIZED), (403, Cause.FORBIDDEN), (500, Cause.UNREACHABLE)],
)  # fmt: skip
def test_a_feed_that_has_nothing_or_fails_says_which(status: int, problem: Cause) -> None:
    result = ask(answer(status, document(statement())))
    assert (result.problem, result.remediations) == (problem, ())
    assert str(status) in result.message


def test_a_feed_that_is_not_there_is_said_to_be_out_of_reach() -> None:
    with VexFeed(f"http://127.0.0.1:{free_port()}/openvex/v1/") as feed:
        answers = feed.ask([f"name-{number}" for number in range(300)])
    assert {each.problem for each in answers.values()} == {Cause.UNREACHABLE}


def test_a_feed_that_never_answers_is_given_up() -> None:
    with (
        scripted(lambda _: [FOREVER]) as server,
        VexFeed(f"{server.url}/", limits=replace(QUICK, read=0.3, question=0.5, total=1)) as feed,
    ):
        assert feed.ask(["urllib3"])["urllib3"].problem is Cause.UNREACHABLE


def test_it_is_chainguards_own_host_by_default() -> None:
    assert Indexes().vex == CHAINGUARD_VEX_ENDPOINT == "https://libraries.cgr.dev/openvex/v1/"


def _secrets(folder: Path) -> Secrets:
    netrc = folder / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password leak\ndefault login bob password leak\n")
    environ = {
        "NETRC": str(netrc),
        "HOME": str(folder),
        "CHAINGUARD_PYTHON_IDENTITY_ID": USERNAME,
        "CHAINGUARD_PYTHON_TOKEN": PASSWORD,
    }
    return Secrets(environ=environ, explicit=Credentials(USERNAME, PASSWORD))


def test_credentials_for_that_very_host_do_not_reach_the_feed(tmp_path: Path) -> None:
    page = json.dumps({"meta": {"api-version": "1.0"}, "name": "urllib3", "files": []}).encode()

    def reply(seen: Seen) -> list[object]:
        return answer(200, document(statement()) if "openvex" in seen.path else page)

    with scripted(reply) as server:
        indexes = Indexes(chainguard=f"{server.url}/python/simple/", vex=f"{server.url}/openvex/v1")
        main, feed = chainguard(indexes.chainguard), vex_feed(indexes.vex)
        with open_indexes(indexes, _secrets(tmp_path)) as ask:
            ask({main: ["urllib3"]})
            fixed = ask({feed: ["urllib3"]})["urllib3"][feed]
            ask({main: ["urllib3"]})
    assert fixed.remediations == (Remediation(version=ONE, fixes=("CVE-2023-45803",)),)
    assert [(seen.path.split("/")[1], "authorization" in seen.headers) for seen in server.seen] == [
        ("python", True),
        ("openvex", False),
        ("python", True),
    ]
    assert not any("cookie" in seen.headers for seen in server.seen)


@pytest.mark.lab
def test_nginx_that_asks_for_a_password_is_not_given_one(tmp_path: Path) -> None:
    """The guarded index stands in for the feed: its log shows the user name of whoever authenticates."""
    with nginx_index(tmp_path, {}) as nginx:
        indexes = Indexes(chainguard=nginx.guarded, vex=f"{nginx.url}/python/simple/")
        feed = vex_feed(indexes.vex)
        with open_indexes(indexes, _secrets(tmp_path)) as ask:
            refused = ask({feed: ["urllib3"]})["urllib3"][feed]
        (line,) = [line for line in nginx.log.read_text().splitlines() if "urllib3.openvex.json" in line]
    assert refused.problem is Cause.UNAUTHORIZED
    assert "no credentials were sent" in refused.message
    assert USERNAME not in line
    assert " 401 " in line


@pytest.mark.lab
def test_a_feed_behind_nginx(tmp_path: Path) -> None:
    with nginx_index(tmp_path, {}) as nginx:
        folder = tmp_path / "site" / "simple" / "pypi"
        folder.mkdir(parents=True)
        (folder / "urllib3.openvex.json").write_bytes(document(statement()))
        with VexFeed(nginx.open) as feed:
            answers = feed.ask(["urllib3", "absent"])
    assert answers["urllib3"].remediations[0].fixes == ("CVE-2023-45803",)
    assert answers["absent"].problem is Cause.PROJECT_MISSING


def test_an_empty_setting_turns_it_off() -> None:
    """That nothing is sent then is shown by the tests of remarks."""
    assert addresses_of(Indexes()).vex == vex_feed(CHAINGUARD_VEX_ENDPOINT)
    assert addresses_of(Indexes(vex="")).vex is None


def test_a_name_that_is_not_normalised_is_never_sent() -> None:
    with scripted(lambda _: answer(200, document())) as server, VexFeed(server.url) as feed:
        assert feed.ask(["../../secret"])["../../secret"].problem is Cause.UNREACHABLE
        assert server.seen == []

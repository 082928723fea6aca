"""Reading project details, and telling them from other pages."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallback_review.index.errors import PageError
from fallback_review.index.http import Fetched
from fallback_review.index.pages import _are_times, read_page
from fallback_review.model import Index, ProjectFile, Tier
from tests import hostile
from tests.index.indexes import chainguard, own, pypi

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.model.files import Files

BASE = "https://index.example/simple/"
URL = f"{BASE}six/"
CHAINGUARD = chainguard(BASE)
SHA = "0123456789abcdef" * 4
JSON = "application/vnd.pypi.simple.v1+json"
WHEEL = "six-1.17.0-py2.py3-none-any.whl"


def read(
    body: str | bytes,
    content_type: str = "text/html; charset=utf-8",
    *,
    index: Index = CHAINGUARD,
    delimited: bool = True,
) -> Files:
    raw = body if isinstance(body, bytes) else body.encode()
    fetched = Fetched(
        status=200, url=URL, content_type=content_type, body=raw, authenticated=False, delimited=delimited
    )
    return read_page(index, "six", fetched)


def project(*files: Any, **changes: Any) -> str:
    return json.dumps({"meta": {"api-version": "1.1"}, "name": "six", "files": files} | changes)


def entry(**changes: Any) -> dict[str, Any]:
    return {"filename": WHEEL, "url": f"files/{WHEEL}", "hashes": {"sha256": SHA}} | changes


def test_a_json_file_in_full() -> None:
    body = project(
        entry(
            url=f"https://ann:pw@index.example/python-upstream/simple/six/{WHEEL}#x",
            hashes={"md5": "0", "sha256": SHA.upper()},
            size=11,
            yanked="broken",
            provenance="https://index.example/p",
            **{"requires-python": ">=3.8", "upload-time": "2026-01-02T03:04:05.1234567Z"},
        )
    )
    assert read(body, JSON) == (
        ProjectFile(
            filename=WHEEL,
            url=f"https://index.example/python-upstream/simple/six/{WHEEL}",
            version="1.17.0",
            sha256=SHA,
            requires_python=">=3.8",
            yanked=True,
            size=11,
            upload_time=dt.datetime(2026, 1, 2, 3, 4, 5, 123456, dt.UTC),
            has_provenance=True,
            provenance_url="https://index.example/p",
            tier=Tier.UPSTREAM,
        ),
    )


def test_an_html_file_in_full() -> None:
    anchor = (
        f'<a href="../../python/simple/six/{WHEEL}#sha256={SHA}&amp;egg=six" data-requires-python="&gt;=3.8"'
        f' data-yanked="" data-provenance="https://x.example/p">{WHEEL}</a>'
    )
    assert read(f"<html><body>{anchor}</body></html>") == (
        ProjectFile(
            filename=WHEEL,
            url=f"https://index.example/python/simple/six/{WHEEL}",
            version="1.17.0",
            sha256=SHA,
            requires_python=">=3.8",
            yanked=True,
            has_provenance=True,
            provenance_url="https://x.example/p",
            tier=Tier.BUILT,
        ),
    )


def test_an_html_digest_in_upper_case_is_the_same_digest() -> None:
    digest = "ab" * 32
    anchor = f'<a href="{WHEEL}#sha256={digest.upper()}">{WHEEL}</a>'
    assert [file.sha256 for file in read(f"<html><body>{anchor}</body></html>")] == [digest]


@pytest.mark.parametrize("index", [pypi(BASE), own(BASE)])
def test_only_chainguards_files_have_a_tier(index: Index) -> None:
    files = [entry(url=f"/python/simple/six/{WHEEL}"), entry(filename="six-1.0+cgr.1.tar.gz")]
    assert {file.tier for file in read(project(*files), JSON, index=index)} == {None}


@pytest.mark.parametrize("digits", ["", ".1", ".123456", ".1234567", ".123456789", ".123456789012"])
def test_upload_times_of_any_precision(digits: str) -> None:
    body = project(entry(**{"upload-time": f"2026-01-02T03:04:05{digits}Z"}))
    time = read(body, JSON)[0].upload_time
    assert time is None or time.replace(microsecond=0) == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert time is not None or len(digits) > 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"provenance": "not a URL"},
        {"upload-time": "yesterday"},
        {"size": "large"},
        {"gpg-sig": "maybe", "core-metadata": 5},
    ],
)
def test_a_field_that_no_prediction_needs_may_be_wrong(wrong: dict[str, Any]) -> None:
    file = read(project(entry(**wrong)), JSON)[0]
    assert (file.version, file.sha256) == ("1.17.0", SHA)
    assert (file.size, file.upload_time, file.has_provenance) == (None, None, None)


@pytest.mark.parametrize("hashes", [{}, {"md5": "00"}, {"sha256": "short"}])
def test_files_without_a_usable_sha256(hashes: dict[str, str]) -> None:
    assert read(project(entry(hashes=hashes)), JSON)[0].sha256 is None


def test_a_null_in_place_of_yanked_is_no_as_pip_reads_it() -> None:
    assert [file.yanked for file in read(project(entry(yanked=None), entry(yanked=True)), JSON)] == [
        False,
        True,
    ]


def test_hashes_may_be_absent_beside_another_wrong_field() -> None:
    file = entry(size="large")
    del file["hashes"]
    assert read(project(file), JSON)[0].version == "1.17.0"


@pytest.mark.parametrize(
    "body",
    [
        project(entry(filename=5)),
        project(entry(yanked=[])),
        project(entry(**{"requires-python": 3})),
        project("a string"),
        project({}),
        project(entry(url="http://[bad")),
    ],
)
def test_a_file_that_cannot_be_read_is_malformed(body: str) -> None:
    with pytest.raises(PageError, match="lists a file whose entry cannot be read"):
        read(body, JSON)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "invalid or truncated JSON"),
        (project(entry())[:-5], "invalid or truncated JSON"),
        ("[" * 100_000, "invalid or truncated JSON"),
        (b"\xff\xfe\xfa", "invalid or truncated JSON"),
        ("[]", "not a project detail"),
        ('{"meta": {"api-version": "1.0"}, "projects": []}', "not a project detail"),
        ('{"meta": [], "name": "six", "files": []}', "not a project detail"),
        (project(name=None), "not a project detail"),
        (project(name="flask"), "another project's page"),
        (project(meta={"api-version": "2.0"}), "speaks version '2.0'"),
        (project(meta={"api-version": None}), "speaks version 'None'"),
    ],
)
def test_json_that_is_no_project_detail(body: str | bytes, words: str) -> None:
    with pytest.raises(PageError, match=words):
        read(body, JSON)


@pytest.mark.parametrize(
    "changes", [{"name": "Six"}, {"meta": {"api-version": "1.99"}}, {"meta": {}}, {"files": []}]
)
def test_json_that_is_one(changes: dict[str, Any]) -> None:
    assert read(project(**changes), JSON) == ()


@pytest.mark.parametrize(
    ("content_type", "words"),
    [
        ("", "no Content-Type"),
        ("nonsense", "answered with nonsense"),
        ("application/json", "answered with application/json"),
        ("application/vnd.pypi.simple.v2+json", "v2"),
        ("text/<b>`|\n", r"text/\?b\?"),
        ("text/html; charset=no-such", "character set"),
    ],
)
def test_other_content_types_are_malformed(content_type: str, words: str) -> None:
    with pytest.raises(PageError, match=words):
        read(project(), content_type)


LOGIN = "<html><body><form action=/login><input name=u><input type='password' name=p></form></body></html>"
NEXUS = (
    '<!DOCTYPE html><html lang="en"><head><title>Links for six</title>'
    '<meta name="api-version" value="2"/></head><body><h1>Links for six</h1></body></html>'
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (LOGIN, "log-in page"),
        (f'{LOGIN}<a href="{WHEEL}">{WHEEL}</a>', "log-in page"),
        (
            '<html><head><title>Sign in</title></head><body><a href="/sso">Continue</a></body></html>',
            "not a simple",
        ),
        ("<html><body>We are down for maintenance.</body></html>", "not a simple"),
        ("", "not a simple"),
        ('<html><body><a href="six/">six</a><a href="flask/">flask</a></body></html>', "not a simple"),
        (
            (
                '<html><head><meta name="pypi:repository-version" content="1.0"></head>'
                '<body><a href="six/">six</a></body></html>'
            ),
            "not a simple",
        ),
        (NEXUS.replace("six", "flask"), "not a simple"),
        (NEXUS.replace("</body>", "<form></form></body>"), "not a simple"),
        ('<html><body><a href="flask-1.0.tar.gz">flask-1.0.tar.gz</a></body></html>', "another project's"),
        ('<meta content="2.0" name=pypi:repository-version>', "speaks version '2.0'"),
        (f'<a href="http://[bad/{WHEEL}">{WHEEL}</a>', "unreadable markup or URLs"),
        ("<![nonsense[x]]>", "not a simple|unreadable markup"),
        ("<!DOCTYPE html [<!BOGUS x>]>", "not a simple|unreadable markup"),
    ],
)
def test_web_pages_that_are_no_simple_page(body: str, words: str) -> None:
    with pytest.raises(PageError, match=words):
        read(body)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (NEXUS, "text/html"),
        ('<html><head><META NAME="pypi:repository-version" CONTENT="1.9"></head></html>', "text/html"),
        ('<html><head><meta name="pypi:repository-version"/></head></html>', "text/html"),
        ("<html></html>", "application/vnd.pypi.simple.v1+html"),
    ],
)
def test_an_empty_simple_page_is_no_files(body: str, content_type: str) -> None:
    assert read(body, content_type) == ()


def test_a_page_that_is_cut_short_where_http_cannot_tell() -> None:
    whole = f'<html><body><a href="{WHEEL}">{WHEEL}</a></body></html>\n'
    assert len(read(whole, delimited=False)) == 1
    with pytest.raises(PageError, match="cut short"):
        read(whole[:-10], delimited=False)
    assert len(read(whole[:-10])) == 1


def test_files_are_named_by_their_url_as_installers_do() -> None:
    body = (
        '<base href="https://files.example/x/"><a href="six-1.0%2Bcgr.1.tar.gz">something</a>'
        f'<a href="download?id=5">{WHEEL}</a><a href="../">../</a>'
    )
    (first,) = read(body)
    assert (first.filename, first.url) == (
        "six-1.0+cgr.1.tar.gz",
        "https://files.example/x/six-1.0%2Bcgr.1.tar.gz",
    )
    assert (first.version, first.tier) == ("1.0+cgr.1", Tier.REMEDIATED)


def test_a_link_inside_of_an_attribute_is_none() -> None:
    hidden = f'<p title="> <a href="x/{WHEEL}">{WHEEL}</a> <br class="x">'
    assert (
        read(f'<html><body>{hidden}<a href="six-1.0.tar.gz">six-1.0.tar.gz</a></body></html>')[0].version
        == "1.0"
    )


@pytest.mark.parametrize(
    ("filename", "version"),
    [
        ("six-1.0.tar.gz", "1.0"),
        ("SIX-1.0.zip", "1.0"),
        ("six-1!2.0rc1.tar.gz", "1!2.0rc1"),
        ("six-1.0-1-py3-none-any.whl", "1.0"),
        ("six-1.0.post1-py3-none-any.whl", "1.0.post1"),
        ("six-1.0-py2.7.egg", None),
        ("six-1.0.win32.exe", None),
        ("six-not_a_version-py3-none-any.whl", None),
        ("flask-1.0.tar.gz", None),
        ("README.txt", None),
    ],
)
def test_versions_are_read_off_file_names(filename: str, version: str | None) -> None:
    file = read(project(entry(filename=filename)), JSON)[0]
    assert (file.filename, file.version) == (filename, version)


@pytest.mark.parametrize("made", hostile.PAGES.values(), ids=hostile.PAGES)
def test_a_page_of_beginnings_is_refused(made: Callable[[int], str]) -> None:
    with pytest.raises(PageError, match="unreadable markup"):
        read(made(hostile.ENOUGH), "text/html")


_TIMES = st.sampled_from(
    [
        "",
        "2026-01-02T03:04:05Z",
        "2026-01-02T03:04:06Z",
        "2026-01-02T03:04:05.678901Z",
        "2026-01-02T03:04:05.67890Z",
        "2026-1-002T03:04:05Z",
        "2026-01-02 03:04:05Z",
        "2026-01-02T03:04:0\nZ",
        "2026-01-02T03:04:05+",
        "2O26-01-02T03:04:05Z",
        "\uff12026-01-02T03:04:05Z",
    ]
)


@given(st.lists(_TIMES, max_size=4))
def test_times_are_told_at_once_as_one_by_one(uploaded: list[str]) -> None:
    one = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z)?")
    assert _are_times(uploaded, "\n".join(uploaded)) == all(map(one.fullmatch, uploaded))

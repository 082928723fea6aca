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
from fallback_review.model import Index, Oddity, ProjectFile, Tier
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
    """An entry whose URL ends with its file name, where `changes` do not give one."""
    filename = changes.get("filename", WHEEL)
    return {"filename": filename, "url": f"files/{filename}", "hashes": {"sha256": SHA}} | changes


@pytest.mark.parametrize("place", ["http://[bad", "//[x", "http://\u2100.example", "http://index.example]"])
def test_a_link_that_leads_nowhere_makes_a_page_unreadable(place: str) -> None:
    with pytest.raises(PageError, match=r"cannot be read|unreadable"):
        read(project(entry(), entry(url=f"{place}/{WHEEL}")), JSON)


def test_a_json_file_in_full() -> None:
    body = project(
        entry(
            url=f"https://ann:pw@index.example/python-upstream/simple/six/{WHEEL}#x",
            hashes={"md5": "0a" * 16, "sha256": SHA},
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
        f'<a href="../../python/simple/six/{WHEEL}#sha256={SHA}" data-requires-python="&gt;=3.8"'
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


def test_a_digest_in_upper_case_is_the_same_digest_and_pip_does_not_see_that() -> None:
    digest = "ab" * 32
    anchor = f'<a href="{WHEEL}#sha256={digest.upper()}">{WHEEL}</a>'
    for file in (
        *read(f"<html><body>{anchor}</body></html>"),
        *read(project(entry(hashes={"sha256": digest.upper()})), JSON),
    ):
        assert (file.sha256, file.oddity) == (digest, Oddity(said="its sha256 has capital letters"))


@pytest.mark.parametrize("index", [pypi(BASE), own(BASE)])
def test_only_chainguards_files_have_a_tier(index: Index) -> None:
    files = [entry(url=f"/python/simple/six/{WHEEL}"), entry(filename="six-1.0+cgr.1.tar.gz")]
    assert {file.tier for file in read(project(*files), JSON, index=index)} == {None}


@pytest.mark.parametrize("zone", ["Z", "+00:00"])
@pytest.mark.parametrize("digits", ["", ".1", ".123456", ".1234567", ".123456789"])
def test_upload_times_of_any_precision(digits: str, zone: str) -> None:
    body = project(entry(**{"upload-time": f"2026-01-02T03:04:05{digits}{zone}"}))
    time = read(body, JSON)[0].upload_time
    assert time is not None
    assert time.replace(microsecond=0) == dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)


def test_a_leap_day_is_a_day() -> None:
    time = read(project(entry(**{"upload-time": "2024-02-29T03:04:05Z"})), JSON)[0].upload_time
    assert time == dt.datetime(2024, 2, 29, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize("wrong", [{"provenance": "not a URL"}, {"provenance": 5}, {"gpg-sig": "maybe"}])
def test_a_field_that_no_installer_reads_may_be_wrong(wrong: dict[str, Any]) -> None:
    file = read(project(entry(**wrong)), JSON)[0]
    assert (file.version, file.sha256, file.has_provenance, file.oddity) == ("1.17.0", SHA, None, None)


@pytest.mark.parametrize(
    ("hashes", "oddity"),
    [
        ({}, None),
        ({"md5": "00" * 16}, Oddity(foreign_hash=True)),
        ({"sha512": "00" * 64, "blake2b": "00" * 32}, Oddity(foreign_hash=True)),
        ({"new": "00"}, Oddity(said="its digests are of kinds that not every installer knows")),
    ],
)
def test_files_without_a_sha256(hashes: dict[str, str], oddity: Oddity | None) -> None:
    file = read(project(entry(hashes=hashes)), JSON)[0]
    assert (file.sha256, file.oddity) == (None, oddity)


def test_a_sha256_may_stand_beside_others() -> None:
    file = read(project(entry(hashes={"sha256": SHA, "new": "00"})), JSON)[0]
    assert (file.sha256, file.oddity) == (SHA, None)


NOTHING = object()
UNREADABLE: dict[str, list[object]] = {
    "filename": [NOTHING, None, 5],
    "url": [NOTHING, None, "", 5, f"files/{WHEEL}#sha256={SHA}", "x.whl#egg="],
    "hashes": [
        *(NOTHING, None, [], "x", {"sha256": None}, {"sha256": 5}, {"sha256": ""}),
        *({"sha256": "short"}, {"md5": "00"}, {"new": 5}),
    ],
    "requires-python": [5, False, []],
    "yanked": [None, 0, 1, [], {}],
    "size": [None, "7", -1, 1.5, True, 2**64],
    "upload-time": [
        *(None, "", 5, False, "yesterday", "2026-01-02", "2026-01-02T03:04:05"),
        *("2026-02-30T03:04:05Z", "2026-01-02T03:04:60Z"),
    ],
    "core-metadata": [5, "true", [], {"sha256": 5}],
    "data-dist-info-metadata": [5, "true"],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in UNREADABLE.items() for value in values]
)
def test_a_field_that_one_installer_cannot_read_is_malformed(field: str, value: object) -> None:
    """Each was put to pip and uv: one of them refuses the whole page, or stops at the file."""
    file = {key: each for key, each in entry(**{field: value}).items() if each is not NOTHING}
    if field == "data-dist-info-metadata":
        file["size"] = 2**63  # an unusual page, of which every field is looked at
    for body in (project(file), project(entry(), file, entry(yanked=""))):
        with pytest.raises(PageError, match=f"lists a file whose {field} cannot be read"):
            read(body, JSON)


@pytest.mark.parametrize("file", ["a string", None, 5, []])
def test_a_file_that_is_no_entry_is_malformed(file: object) -> None:
    with pytest.raises(PageError, match="lists a file whose entry cannot be read"):
        read(project(file), JSON)


@pytest.mark.parametrize("value", [False, True, "why", ""])
def test_a_yanked_file_has_a_mark_and_an_empty_one_is_odd(value: bool | str) -> None:
    file = read(project(entry(yanked=value), entry()), JSON)[0]
    assert (file.yanked, file.oddity) == (
        value is not False,
        Oddity(empty_mark=True) if value == "" else None,
    )


@pytest.mark.parametrize(("mark", "odd"), [("data-yanked", True), ('data-yanked=""', False), ("", None)])
def test_a_mark_in_html_without_a_value_is_odd(mark: str, odd: bool | None) -> None:
    (file,) = read(f'<a href="{WHEEL}" {mark}>{WHEEL}</a>')
    assert (file.yanked, file.oddity) == (odd is not None, Oddity(empty_mark=True) if odd else None)


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("files/six-2.0-py3-none-any.whl", "six-2.0-py3-none-any.whl"),
        ("files/download", "download"),
        (f"files/download?file=/{WHEEL}", "download"),
        (f"files/x{WHEEL}", f"x{WHEEL}"),
        (f"files/{WHEEL}/", ""),
        (f"files%2F{WHEEL}", f"files/{WHEEL}"),
        (f"files/x%5C{WHEEL}", f"x\\{WHEEL}"),
        (f"files/{WHEEL};x", f"{WHEEL};x"),
        (f"files/{WHEEL}@x", f"{WHEEL}@x"),
        (f"files/{WHEEL}%", f"{WHEEL}%"),
    ],
)
def test_a_file_name_that_its_url_does_not_tell_is_odd(url: str, called: str) -> None:
    """pip, Pipenv and PDM go by the URL; uv and Poetry go by the entry's `filename` (measured)."""
    alone, beside = read(project(entry(url=url)), JSON), read(project(entry(), entry(url=url)), JSON)
    for file in (alone[0], beside[1]):
        assert (file.filename, file.version) == (WHEEL, None)
        assert file.oddity is not None
        assert called in file.oddity.names
        assert "its URL ends with another name than its entry says" in (file.oddity.said or "")
    assert (beside[0].version, beside[0].oddity) == ("1.17.0", None)


@pytest.mark.parametrize(
    "url",
    [
        WHEEL,
        f"files/{WHEEL}",
        f"../../files/{WHEEL}",
        f"/files/{WHEEL}?a=1&b=2",
        f"//files.example/{WHEEL}",
        f"https://u:p@files.example/a%20b/{WHEEL}",
        f"https://files.example/{WHEEL.replace('-', '%2D')}#main",
    ],
)
def test_a_file_name_that_its_url_tells_in_other_signs(url: str) -> None:
    (file,) = read(project(entry(url=url)), JSON)
    assert (file.filename, file.version, file.oddity) == (WHEEL, "1.17.0", None)


def test_a_plus_may_be_escaped() -> None:
    name = "six-1.0+cgr.1.tar.gz"
    (file,) = read(project(entry(filename=name, url="files/six-1.0%2Bcgr.1.tar.gz")), JSON)
    assert (file.filename, file.version, file.oddity) == (name, "1.0+cgr.1", None)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "invalid or truncated JSON"),
        (project(entry())[:-5], "invalid or truncated JSON"),
        ("[" * 100_000, "invalid or truncated JSON"),
        (b"\xff\xfe\xfa", "invalid or truncated JSON"),
        (project(x=float("nan")), "invalid or truncated JSON"),
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
        (f'<a href="http://[bad/{WHEEL}">{WHEEL}</a>', "do not read alike"),
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
        read(whole[:-8], delimited=False)
    assert len(read(whole[:-8])) == 1


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


LINK = f'<a href="{WHEEL}">{WHEEL}</a>'


@pytest.mark.parametrize(
    "markup",
    [
        f'<p title="> {LINK} <br class="x">',
        *(f"<{tag}>{LINK}</{tag}>" for tag in ("title", "TEXTAREA", "script", "style", "xmp", "iframe")),
        f"<plaintext>{LINK}",
        f"<!-- {LINK} -->",
        f"<!-->{LINK}-->",
        f"<!-- x --!>{LINK}-->",
        f"<![CDATA[ {LINK} ]]>",
        f"<? x >{LINK}",
        f"{LINK}<!-- ",
        f'<a href="{WHEEL}" href="x">x</a>',
        f'<a href="x" HREF="{WHEEL}">x</a>',
        f"<a href={WHEEL}>x</a>",
        f'<a\vhref="{WHEEL}">x</a>',
        f'<a href="{WHEEL}">x',
        f'<a href="{WHEEL}" data-yanked data-yanked="why">x</a>',
        f'<a href="{WHEEL}" data-requires-python="&gt;=3.99" data-requires-python="&gt;=3">x</a>',
        f'<a href="{WHEEL}" data-requires-python="&GreaterEqual;3.99">x</a>',
        f'<a href="{WHEEL.replace("_", "&lowbar;")}?a=&copy=1">x</a>',
        *(f'<a href="{WHEEL}{rest}">x</a>' for rest in ("#egg=six", "#egg=", "#a=b", "#sha1=" + "00" * 20)),
        *(f'<a href="{WHEEL}#{rest}">x</a>' for rest in (f"sha256={SHA}&amp;egg=x", f"sha256%3D{SHA}")),
        f'<a href="{WHEEL}#sha256=short">x</a>',
        f'{LINK}<a href="x#a=b">x</a>',
        f'{LINK}<a href="%ff">x</a>',
        f'{LINK}<a href="http://[x/">x</a>',
        f'<base href="/files/">{LINK}',
        f'<a href="x">x</a><base href="https://files.example/">{LINK}',
        f'<base href="https://a.example/"><base href="https://b.example/">{LINK}',
    ],
)
def test_markup_that_installers_do_not_read_alike_is_refused(markup: str) -> None:
    """In each, pip and uv find another link, or one of them refuses the page (measured)."""
    for page in (f"<html><body>{markup}</body></html>", f"<html><body>{LINK}{markup}{LINK}</body></html>"):
        with pytest.raises(PageError, match="markup that installers do not read alike"):
            read(page)


@pytest.mark.parametrize(
    "markup",
    [
        f"<table class=x><tr><td>{LINK}</td></tr></table>",
        f"<script>x = 'y';</script><style>a {{ color: red }}</style>{LINK}",
        f"<title>Files & more</title><noscript>{LINK}</noscript>",
        f"<!-- one --><!-- two -->{LINK}",
        f"<A HREF='{WHEEL}'>x</A>",
        f'<a\n href="{WHEEL}"\n>x</a>',
        f'<a name="top">x</a><a href="">x</a><a href="../">..</a>{LINK}',
        f'<a href="{WHEEL}?a=1&amp;b=&#43;">x</a><a href=" {WHEEL} ">x</a>',
        f'<base href="https://files.example/x/">{LINK}',
    ],
)
def test_markup_that_all_installers_read_alike(markup: str) -> None:
    (file,) = read(f"<html><body>{markup}</body></html>")
    assert (file.filename, file.version, file.oddity) == (WHEEL, "1.17.0", None)


@pytest.mark.parametrize(
    "target",
    [
        f"files\\{WHEEL}",
        f"{WHEEL}/",
        f"download?file=/{WHEEL}",
        f"files%2F{WHEEL}",
        f"{WHEEL[:5]}\n{WHEEL[5:]}",
        f"{WHEEL};x",
    ],
)
def test_a_link_of_which_installers_read_several_names_is_odd(target: str) -> None:
    files = read(f'<a href="six-1.0.tar.gz">x</a><a href="{target}">x</a>')
    odd = files[1]
    assert odd.oddity is not None
    assert WHEEL in (odd.filename, *odd.oddity.names)
    assert (files[0].version, files[0].oddity, odd.version) == ("1.0", None, None)


@pytest.mark.parametrize(
    ("charset", "body", "words"),
    [
        ("utf-7", "x", "character set"),
        ("utf-16", "x", "character set"),
        ("utf-8", b"<a href='six-1.0.tar.gz'>\xff</a>", "not of the character set"),
    ],
)
def test_characters_that_not_every_installer_decodes(charset: str, body: str | bytes, words: str) -> None:
    with pytest.raises(PageError, match=words):
        read(body, f"text/html; charset={charset}")


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
    one = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")
    assert _are_times(uploaded) == all(map(one.fullmatch, uploaded))

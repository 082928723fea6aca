"""Random pages, read by the product and by the library alone: the same files, or a refusal.

The product refuses more: what installers do not read alike. Of what it reads, files that it calls odd are its own
business; HTML pages leave out what no installer takes (eggs, installers for Windows).
"""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fallback_review.index.errors import PageError
from fallback_review.index.http import Fetched
from fallback_review.index.packed_files import PackedFiles
from fallback_review.index.pages import read_page
from fallback_review.model.files import Files, Sought
from fallback_review.model.versions import public_version
from tests.index import by_library
from tests.index.indexes import chainguard, pypi

if TYPE_CHECKING:
    from fallback_review.model import ProjectFile

NAME = "zope-interface"
OURS, PYPI = chainguard("https://index.example/python/simple/"), pypi("https://index.example/simple/")
JSON = "application/vnd.pypi.simple.v1+json"
BASE = "https://index.example/python/simple/zope-interface/"
SHA = st.sampled_from(["ab" * 32, "0123456789abcdef" * 4, "f0" * 32])

VERSIONS = st.sampled_from(
    [
        "1.0",
        "1.0.0",
        "1.0+cgr.1",
        "2.0rc1",
        "1!2.0",
        "1.0.post1",
        "1.0-1",
        "1.0.linux",
        "5",
        "not_one",
        "1.0 ",
        "",
    ]
)
STEMS = st.sampled_from(
    ["zope_interface", "zope.interface", "Zope.Interface", "zope-interface", "zope__interface", "six", "x"]
)
ENDS = st.sampled_from(
    [
        "-py3-none-any.whl", "-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", ".tar.gz", ".zip",
        ".tar.bz2", "-py2.7.egg", ".win-amd64-py2.7.exe", ".linux-x86_64.tar.gz", "-1.noarch.rpm", ".whl", ".txt",
        "--py3-none-any.whl", ".tar.gz.asc",
    ]
)  # fmt: skip
FILENAMES = st.builds("{}-{}{}".format, STEMS, VERSIONS, ENDS) | st.text(max_size=6)
URLS = st.builds(
    "{}{}".format,
    st.sampled_from(
        ["https://files.example/a/", "", "../", "../../files/0a1b/", "/python/simple/zope-interface/1.0/",
         "/python-upstream/simple/x/", "//cdn.example/", "https://u:p@files.example/", "http://[bad/", "?x=", "#",
         "https://files.example:80/ b/"]
    ),
    FILENAMES,
)  # fmt: skip
ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, 1, "", "x", [], {}, True, 1.5, "2026-13-45T00:00:00Z", 10**30, -1]
)


def usual_or_odd(usual: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(usual, usual, usual, usual, usual, ODD)


ENTRIES = st.fixed_dictionaries(
    {"filename": FILENAMES, "url": URLS},
    optional={
        "hashes": st.one_of(
            st.fixed_dictionaries({"sha256": SHA | SHA.map(str.upper) | st.just("short")}),
            st.just({}),
            st.just({"md5": "00"}),
            ODD,
        ),
        "requires-python": usual_or_odd(st.sampled_from([">=3.9", "", ">=2.7,!=3.0.*"])),
        "yanked": usual_or_odd(st.sampled_from([False, True, "broken", ""])),
        "size": usual_or_odd(st.integers(0, 2**40)),
        "upload-time": usual_or_odd(
            st.sampled_from(
                ["2026-01-02T03:04:05.678901Z", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.123456789Z",
                 "2026-01-02T03:04:05+02:00", "2026-02-30T03:04:05Z", "2026-01-02T03:04:60Z", "2026-01-02"]
            )
        ),
        "provenance": usual_or_odd(
            st.sampled_from([None, "https://index.example/integrity/x/provenance", "ftp://a.example/", "no URL"])
        ),
        "core-metadata": usual_or_odd(st.sampled_from([True, False, {"sha256": "00"}])),
        "gpg-sig": usual_or_odd(st.booleans()),
    },
)  # fmt: skip
FOLDERS = st.sampled_from(
    ["https://files.example/a/b/", "../../files/0a1b/", "/python/simple/zope-interface/"]
)


@st.composite
def usual_entries(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an entry as indexes write it: its URL ends with its file name, perhaps escaped."""
    filename = draw(st.builds("zope_interface-{}{}".format, VERSIONS.filter(str.strip), ENDS))
    more = st.fixed_dictionaries(
        {"hashes": st.fixed_dictionaries({"sha256": SHA})},
        optional={
            "yanked": st.sampled_from([False, True, "broken"]),
            "size": st.integers(0, 2**40),
            "requires-python": st.sampled_from([">=3.9", None]),
            "upload-time": st.sampled_from(["2026-01-02T03:04:05.678901Z", "2026-12-31T23:59:59Z"]),
        },
    )
    url = f"{draw(FOLDERS)}{draw(st.sampled_from([filename, quote(filename)]))}"
    return {"filename": filename, "url": url, **draw(more)}


DETAILS = st.fixed_dictionaries(
    {
        "meta": st.sampled_from([{"api-version": "1.1"}] * 6 + [{}, {"api-version": "2.0"}, [], None]),
        "name": st.sampled_from([NAME] * 6 + ["Zope.Interface", "six", 5]),
        "files": st.one_of(st.lists(usual_entries(), max_size=6), st.lists(ENTRIES, max_size=4)),
    }
)


def both(body: str, kind: str, **more: Any) -> tuple[Files | str, tuple[ProjectFile, ...] | str]:
    """What the product makes of a page, and what the library does; a refusal is its words."""
    index = more.pop("index", OURS)
    fetched = Fetched(
        status=200,
        url=BASE,
        content_type=kind,
        body=body.encode("utf-8", "replace"),
        authenticated=False,
        **more,
    )
    found: list[Any] = []
    for read in (read_page, by_library.read_page):
        try:
            found.append(read(index, NAME, fetched))
        except PageError as error:
            found.append(str(error))
    return found[0], found[1]


def assert_read_alike(
    product: Files | str, library: tuple[ProjectFile, ...] | str, *, all_files: bool
) -> None:
    """What the product reads, the library reads the same way."""
    if isinstance(product, str):
        return
    if isinstance(library, str):
        # A link that begins as a file of the project does: the page is one, and none of its files is a candidate.
        assert library in {
            "answered with a web page that is not a simple index page",
            "answered with another project's page",
        }
        assert not any(file.version for file in product)
        return
    odd = {file.url for file in product if file.oddity}
    ours, theirs = (
        [file for file in files if file.url not in odd and (all_files or file.version)]
        for files in (product, library)
    )
    assert ours == theirs


@settings(max_examples=600, deadline=None)
@given(detail=DETAILS, ours=st.booleans())
def test_json_pages(detail: dict[str, Any], ours: bool) -> None:
    assert_read_alike(*both(json.dumps(detail), JSON, index=OURS if ours else PYPI), all_files=True)


@settings(max_examples=300, deadline=None)
@given(files=st.lists(usual_entries(), min_size=1, max_size=6))
def test_usual_json_pages_are_read_at_once(files: list[dict[str, Any]]) -> None:
    product, library = both(json.dumps({"meta": {}, "name": NAME, "files": files}), JSON)
    assert isinstance(product, PackedFiles)
    assert tuple(product) == library


@settings(max_examples=300, deadline=None)
@given(detail=DETAILS, cut=st.integers(1, 80), junk=st.sampled_from(["", "]", "\x00", "{", "\ud800"]))
def test_broken_json(detail: dict[str, Any], cut: int, junk: str) -> None:
    assert_read_alike(*both(json.dumps(detail)[:-cut] + junk, JSON), all_files=True)


QUOTES = st.sampled_from(['"', "'", '"', '"', ""])
TEXTS = st.one_of(FILENAMES, FILENAMES, st.sampled_from(["../", "a & b", "<b>x</b>", "a > b", "\n"]))


@st.composite
def links(draw: st.DrawFn) -> str:
    quote = draw(QUOTES)
    fragment = draw(
        st.one_of(SHA.map("#sha256={}".format), st.sampled_from(["", "#egg=x", "#md5=00&sha256=short"]))
    )
    href = draw(URLS) + draw(st.sampled_from(["", "", "", "?a=1&b=2", "?x"])) + fragment
    escaped = html.escape(href) if quote else href.replace(" ", "").replace(">", "") or "x"
    attributes = draw(
        st.lists(
            st.sampled_from(
                ['data-requires-python="&gt;=3.9"', "data-requires-python='>=3.9'", "data-yanked", 'data-yanked=""',
                 'data-yanked="why &amp; what"', 'data-core-metadata="true"', 'rel="internal"', 'data-provenance="https://x"',
                 'data-dist-info-metadata="sha256=00"', 'title="a href=b"', 'HREF="again"', 'data-requires-python=""']
            ),
            max_size=3,
        )
    )  # fmt: skip
    tag = draw(st.sampled_from(["a", "a", "a", "A"]))
    inside = " ".join([f"href={quote}{escaped}{quote}", *attributes])
    text = draw(TEXTS)
    shown = text if draw(st.integers(0, 9)) == 0 else html.escape(text)
    return f"<{tag} {inside}>{shown}</{draw(st.sampled_from(['a', 'a', 'a', 'A', 'a ']))}>"


USUAL_HEAD = (
    '<!DOCTYPE html>\n<html><head><meta name="pypi:repository-version" content="1.0"><title>Links for '
    "zope.interface</title></head><body><h1>Links for zope-interface</h1>\n"
)
PAGES = st.builds(
    "{head}{rows}{tail}".format,
    head=st.sampled_from(
        [
            USUAL_HEAD, USUAL_HEAD,
            "<html><body>", "", "<html><body><base href='https://files.example/x/'>", "<html><!-- <a href='six-1.tar.gz'> -->",
            "<html><head><META NAME=pypi:repository-version CONTENT=2.0></head>", "<html><title>Simple index</title>",
            "<html><script>x = '<a href=six-1.tar.gz>'</script>", "<body><form><input type=password></form>", "<html><br ",
            "<pre>", "<html><head><title>Links for Zope.Interface</title></head>",
        ]
    ),
    rows=st.lists(links(), max_size=5).map("<br />\n".join),
    tail=st.sampled_from(["</body></html>", "\n</body>\n</html>\n", "", "</pre>", "<a href=", "</a></body></html>", "<p>x<p>"]),
)  # fmt: skip


@settings(max_examples=800, deadline=None)
@given(page=PAGES, simple=st.booleans(), delimited=st.booleans(), ours=st.booleans())
def test_html_pages(page: str, simple: bool, delimited: bool, ours: bool) -> None:
    kind = "application/vnd.pypi.simple.v1+html" if simple else "text/html; charset=utf-8"
    index = OURS if ours else PYPI
    assert_read_alike(*both(page, kind, delimited=delimited, index=index), all_files=False)


@settings(max_examples=300, deadline=None)
@given(
    entries=st.one_of(st.lists(usual_entries(), max_size=6), st.lists(ENTRIES, max_size=6)),
    versions=st.frozensets(VERSIONS.map(public_version).filter(bool)),
    sha256=st.frozensets(SHA),
    at=st.frozensets(st.integers(0, 5)),
)
def test_what_an_entry_has_to_do_with_a_page(
    entries: list[dict[str, Any]], versions: frozenset[str], sha256: frozenset[str], at: frozenset[int]
) -> None:
    """Packed or not, the same files: of these versions, with these bytes, under these names and URLs."""
    product, _ = both(json.dumps({"meta": {}, "name": NAME, "files": entries}), JSON)
    if isinstance(product, str):
        return
    plain = Files(tuple(product))
    chosen = [file for number, file in enumerate(plain) if number in at]
    sought = Sought(
        versions=versions,
        sha256=sha256,
        urls=frozenset(file.url for file in chosen[::2]),
        names=frozenset(file.filename for file in chosen[1::2]),
    )
    assert [*product.about(sought)] == [*plain.about(sought)]
    assert product.about(sought).whole is product
    assert (product.digests, len(product), [*product[1:3]]) == (plain.digests, len(plain), [*plain[1:3]])
    assert product.any_name_has("+cgr.") == plain.any_name_has("+cgr.")


def test_what_indexes_write_is_read_at_once() -> None:
    """PyPI's own form, and Chainguard's: no page of theirs is an odd one."""
    entry = {
        "core-metadata": {"sha256": "00" * 32}, "data-dist-info-metadata": {"sha256": "00" * 32},
        "filename": "zope_interface-1.0-py3-none-any.whl", "hashes": {"sha256": "ab" * 32}, "provenance": None,
        "requires-python": ">=3.9", "size": 7, "upload-time": "2026-01-02T03:04:05.678901Z",
        "url": "https://files.example/packages/ab/cd/zope_interface-1.0-py3-none-any.whl", "yanked": False,
    }  # fmt: skip
    detail = {
        "meta": {"_last-serial": 1, "api-version": "1.4"},
        "name": NAME,
        "versions": ["1.0"],
        "files": [entry] * 3,
    }
    row = (
        '<a href="{url}#sha256={sha}" data-requires-python="&gt;=3.9" data-dist-info-metadata="sha256=00" '
        'data-core-metadata="sha256=00">{filename}</a><br/>'
    ).format(url=entry["url"], sha="ab" * 32, filename=entry["filename"])
    page = (
        '<!DOCTYPE html>\n<html>\n  <head>\n    <meta name="pypi:repository-version" content="1.4">\n    <title>Links '
        f"for zope-interface</title>\n  </head>\n  <body>\n    <h1>Links for zope-interface</h1>\n{row}\n{row}\n</body>\n"
        "</html>\n<!--SERIAL 1-->"
    )
    for body, kind in ((json.dumps(detail), JSON), (page, "text/html; charset=UTF-8")):
        product, library = both(body, kind)
        assert isinstance(product, PackedFiles), kind
        assert tuple(product) == library


@pytest.mark.parametrize("filename", ["", "a", "x.whl"])
def test_an_address_is_whole_whatever_the_file_is_called(filename: str) -> None:
    entry = {"filename": filename, "url": "https://files.example/x.whl", "hashes": {}}
    product, _ = both(json.dumps({"meta": {}, "name": NAME, "files": [entry]}), JSON)
    assert not isinstance(product, str)
    assert [file.url for file in product] == ["https://files.example/x.whl"]

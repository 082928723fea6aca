"""The demo's server, asked by a plain HTTP client and by an independent reader of simple indexes."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import pytest
import requests
from pypi_simple import ACCEPT_HTML_ONLY, ACCEPT_JSON_ONLY, NoSuchProjectError, PyPISimple

from fallback_review.cli.demo import pages, scene
from fallback_review.cli.demo.build import build
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.cli.demo.universe import SDIST, Release, Shelf, Universe

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def index() -> Iterator[DemoIndex]:
    with DemoIndex(scene.TODAY) as running:
        yield running


@pytest.fixture
def session(index: DemoIndex) -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        opened.auth = (index.username, index.password)
        yield opened


@pytest.mark.parametrize("accept", [ACCEPT_JSON_ONLY, ACCEPT_HTML_ONLY])
def test_both_forms_say_the_same(index: DemoIndex, session: requests.Session, accept: str) -> None:
    with PyPISimple(f"{index.chainguard}/python/simple/", session=session, accept=accept) as client:
        page = client.get_project_page("numpy")
        assert client.get_index_page().projects[:2] == ["attrs", "certifi"]
    wheels = {package.filename: package for package in page.packages if package.version == "2.1.0"}
    built = wheels["numpy-2.1.0-cp312-cp312-manylinux_2_28_x86_64.whl"]
    upstream = wheels["numpy-2.1.0-cp312-cp312-macosx_11_0_arm64.whl"]
    assert "/python/simple/numpy/2.1.0/" in built.url
    assert "/python-upstream/simple/numpy/2.1.0/" in upstream.url
    assert built.requires_python == ">=3.10"
    assert built.has_metadata
    content = session.get(built.url, timeout=5).content
    assert built.digests == {"sha256": hashlib.sha256(content).hexdigest()}
    metadata = session.get(built.metadata_url, timeout=5).content
    assert built.metadata_digests == {"sha256": hashlib.sha256(metadata).hexdigest()}
    assert b"Name: numpy\nVersion: 2.1.0\n" in metadata


def test_upstream_tier_is_pypis_own_bytes(index: DemoIndex, session: requests.Session) -> None:
    def hashes(base: str, session: requests.Session | None = None) -> dict[str, str]:
        with PyPISimple(base, session=session) as client:
            page = client.get_project_page("numpy")
        return {package.filename: package.digests["sha256"] for package in page.packages}

    chainguard = hashes(f"{index.chainguard}/python/simple/", session)
    pypi = hashes(f"{index.pypi}/simple/")
    mac = "numpy-2.1.0-cp312-cp312-macosx_11_0_arm64.whl"
    assert chainguard[mac] == pypi[mac]
    assert chainguard["numpy-2.1.0.tar.gz"] != pypi["numpy-2.1.0.tar.gz"]


def test_without_credentials_chainguard_says_401_everywhere_and_pypi_does_not_ask(index: DemoIndex) -> None:
    file = "/python/simple/certifi/2024.7.4/certifi-2024.7.4-py3-none-any.whl"
    for path in (
        "/python/simple/",
        "/python/simple/certifi/",
        "/python-remediated/simple/urllib3/",
        file,
        "/x",
    ):
        answer = requests.get(index.chainguard + path, timeout=5)
        assert (answer.status_code, answer.headers["WWW-Authenticate"][:6]) == (401, "Basic "), path
    wrong = requests.get(f"{index.chainguard}/python/simple/", auth=("demo/identity", "é"), timeout=5)
    assert wrong.status_code == 401
    assert requests.get(f"{index.pypi}/simple/certifi/", timeout=5).status_code == 200


def test_what_chainguard_lacks_and_what_it_blocks(index: DemoIndex, session: requests.Session) -> None:
    base = f"{index.chainguard}/python/simple/"
    with PyPISimple(base, session=session) as client, pytest.raises(NoSuchProjectError):
        client.get_project_page("litellm")
    blocked = session.get(f"{base}colorlog-plus/", timeout=5)
    assert (blocked.status_code, blocked.json()["reason"]) == (409, "MALWARE_DETECTED")
    for path in ("click/8.1.7/", "click/8.1.7/nothing.whl", "../elsewhere/"):
        assert session.get(base + path, timeout=5).status_code == 404, path


@pytest.mark.parametrize("asked", ["Charset_Normalizer/", "charset-normalizer", "charset.normalizer"])
def test_other_spellings_are_sent_to_the_one_address(
    index: DemoIndex, session: requests.Session, asked: str
) -> None:
    base = f"{index.chainguard}/python/simple/"
    answer = session.get(base + asked, allow_redirects=False, timeout=5)
    assert answer.status_code == 301
    assert urljoin(base, answer.headers["Location"]) == f"{base}charset-normalizer/"
    root = session.get(base.rstrip("/"), allow_redirects=False, timeout=5)
    assert (root.status_code, root.headers["Location"]) == (301, "/python/simple/")


def test_head_has_no_body_and_an_unknown_form_is_not_acceptable(index: DemoIndex) -> None:
    answer = requests.head(f"{index.pypi}/simple/certifi/", timeout=5)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 100
    picture = requests.get(f"{index.pypi}/simple/certifi/", headers={"Accept": "image/png"}, timeout=5)
    assert picture.status_code == 406


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, pages.HTML),
        ("*/*", pages.HTML),
        (pages.JSON, pages.JSON),
        (f"{pages.JSON}, text/html;q=0.01", pages.JSON),
        (f"text/html, {pages.JSON};q=0.9", pages.HTML),
        (f"{pages.JSON};q=0, text/html;q=0.5", pages.HTML),
        (f"{pages.JSON};q=often", None),
        ("application/vnd.pypi.simple.v1+html;v=1", pages.HTML),
    ],
)
def test_content_negotiation(accept: str | None, chosen: str | None) -> None:
    assert pages.negotiate(accept) == chosen


def test_the_log_keeps_who_was_asked_and_whether_credentials_came_along(index: DemoIndex) -> None:
    before = len(index.log)
    requests.get(f"{index.pypi}/simple/six/", timeout=5)
    requests.get(f"{index.chainguard}/python/simple/six/", auth=("a", "b"), timeout=5)
    assert [(s.host, s.path, s.status, s.credentials) for s in index.log[before:]] == [
        ("pypi", "/simple/six/", 200, False),
        ("chainguard", "/python/simple/six/", 401, True),
    ]


def test_a_yanked_release_is_marked_in_both_forms() -> None:
    release = Release(name="Odd", version="1.0", on={Shelf.PYPI: (SDIST,)}, yanked='broken "wheel"')
    with DemoIndex(Universe(releases=(release,))) as index:
        for accept in (ACCEPT_JSON_ONLY, ACCEPT_HTML_ONLY):
            with PyPISimple(f"{index.pypi}/simple/", accept=accept) as client:
                (file,) = client.get_project_page("odd").packages
            assert (file.is_yanked, file.yanked_reason) == (True, 'broken "wheel"')


def test_placeholders_go_both_ways(index: DemoIndex) -> None:
    text = "{chainguard}/a {pypi}/b {private}/c {other}"
    filled = index.fill(text)
    assert len(set(re.findall(r"http://127\.0\.0\.1:\d+/", filled))) == 3
    assert index.empty(filled) == text


def test_files_are_the_same_bytes_on_every_machine() -> None:
    """Digests written down once: a change here makes the committed lockfiles wrong."""
    release = Release(name="Click", version="8.1.7", on={}, requires=("colorama",))
    digests = {
        kind: build(release, Shelf.PYPI, kind).sha256[:16]
        for kind in (SDIST, "py2.py3-none-any", "py3-none-any")
    }
    assert digests == {
        SDIST: "3148857a894eb719",
        "py2.py3-none-any": "0e7e2b60056406cb",
        "py3-none-any": "5f188c03f4b24828",
    }

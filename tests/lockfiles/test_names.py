"""URLs without credentials, file names, and findings that repeat no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles.names import filename_of, normalise_name, version_in_filename
from fallback_review.lockfiles.toml.table import Notices
from fallback_review.lockfiles.urls import host_of, strip_credentials
from tests import hostile

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("url", "bare", "found"),
    [
        ("https://index.example/simple", "https://index.example/simple", False),
        ("https://user:pass@index.example/simple", "https://index.example/simple", True),
        ("https://token@index.example/simple", "https://index.example/simple", True),
        ("https://a:b@c@index.example/", "https://index.example/", True),
        ("HTTPS://u:p@index.example/", "HTTPS://index.example/", True),
        ("git+https://u:p@git.example/x.git@v1", "git+https://git.example/x.git@v1", True),
        ("ssh://git@git.example/x.git", "ssh://git@git.example/x.git", False),
        ("git+ssh://git:secret@git.example/x", "git+ssh://git.example/x", True),
        ("git@git.example:x/y.git", "git@git.example:x/y.git", False),
        ("a @ https://u:p@x.example/a.whl", "a @ https://x.example/a.whl", True),
        ("https://${USER}:${PASS}@index.example/", "https://index.example/", False),
        ("https://files.example/a.whl?token=abc&x=1", "https://files.example/a.whl?token&x=1", True),
        (
            "https://files.example/a?X-Amz-Signature=ab#egg",
            "https://files.example/a?X-Amz-Signature#egg",
            True,
        ),
        ("https://files.example/a?sig=%24&rev=v1", "https://files.example/a?sig&rev=v1", True),
        ("https://files.example/a?token=${TOKEN}", "https://files.example/a?token", False),
        ("https://git.example/x?rev=v1", "https://git.example/x?rev=v1", False),
        ("../path/with@sign", "../path/with@sign", False),
        ("https:u:p@files.example/a", "https:files.example/a", True),
        ("https:///u:p@files.example/a", "https:///files.example/a", True),
        ("a @ https:u:p@files.example/a", "a @ https:files.example/a", True),
        ("C:/a@b/c", "C:/a@b/c", False),
        ("mailto:a@files.example", "mailto:a@files.example", False),
        ("https://u:p@ss@files.example/a", "https://files.example/a", True),
        (r"https:/\u:p@files.example/a", r"https:/\files.example/a", True),
    ],
)
def test_credentials_are_taken_out(url: str, bare: str, found: bool) -> None:
    assert strip_credentials(url) == (bare, found)


@pytest.mark.parametrize("made", hostile.URLS.values(), ids=hostile.URLS)
def test_hostile_urls_end_in_a_result(made: Callable[[int], str]) -> None:
    text = made(hostile.ENOUGH)
    bare, found = strip_credentials(text)
    assert found == (bare != text)
    assert strip_credentials(bare) == (bare, False)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Files.Example/a", "files.example"),
        ("https://u:p@files.example:8443/a", "files.example:8443"),
        ("../a.whl", None),
        ("https://[bad/a", None),
        ("https://files.example:port/", None),
    ],
)
def test_hosts(url: str, host: str | None) -> None:
    assert host_of(url) == host


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://files.example/x/a-1.0%2Bcu1-py3-none-any.whl#sha256=1", "a-1.0+cu1-py3-none-any.whl"),
        ("dist\\a.tar.gz", "a.tar.gz"),
        ("a.zip?x=/y", "a.zip"),
        ("https://files.example/", None),
        ("", None),
    ],
)
def test_file_names(url: str, name: str | None) -> None:
    assert filename_of(url) == name


def test_versions_in_file_names() -> None:
    assert version_in_filename("a-1.0+cgr.1-py3-none-any.whl") == "1.0+cgr.1"
    assert version_in_filename("a_b-2.0.tar.gz") == "2.0"
    assert version_in_filename("a-1.0.tar.bz2") is None
    assert version_in_filename("a.whl") is None


def test_names() -> None:
    assert normalise_name("Foo._Bar") == "foo-bar"


def test_findings_are_counted_and_repeat_no_secret() -> None:
    notices = Notices("uv.lock")
    assert notices.clean("https://u:hunter2@index.example/", 7) == "https://index.example/"
    assert notices.clean("https://u:hunter3@index.example/", 9) == "https://index.example/"
    assert notices.clean("https://index.example/", 11) == "https://index.example/"
    notices.note("odd", None)
    first, second = notices.all()
    assert (first.path, first.line) == ("uv.lock", 7)
    assert first.text == (
        "a URL holds credentials; take them out and revoke them (2 entries, the first one here)"
    )
    assert (second.text, second.line) == ("odd", None)

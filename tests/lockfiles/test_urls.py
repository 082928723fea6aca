"""Addresses, read as uv and pip read them: what one person reads as one host must not be another's."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles.urls import Address, address_of

PATH = "/python/simple/x.whl"


@pytest.mark.parametrize(
    "text",
    [
        "https://files.example/python/simple/x.whl",
        "HTTPS://Files.Example:443/python/simple/x.whl?a=b#c",
        "https://files.example./python/simple/x.whl",
        "https://user:word@files.example/python/simple/x.whl",
        r"https://files.example\python\simple/x.whl",
        r"https:\\files.example/python/simple/x.whl",
        "https:files.example/python/simple/x.whl",
        "https:///files.example/python/simple/x.whl",
        " https://files.exa\tmple/python/simple/x.whl\n",
        "https://files%2Eexample/python/simple/x.whl",
        "https://files\u3002example/python/simple/x.whl",
        "https://\uff46iles.example/python/simple/x.whl",
        "https://files.example//python/./simple//x.whl",
        "https://files.example/other/../python/simple/x.whl",
        "https://files.example/other/%2e%2e/python%2fsimple/x.whl",
        "https://files.example/../../python/simple/x.whl",
    ],
)
def test_every_spelling_of_an_address_is_one(text: str) -> None:
    assert address_of(text) == Address("https", "files.example", PATH)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        (r"https://evil.example\@files.example/x.whl", "evil.example"),
        ("https://files.example@evil.example/x.whl", "evil.example"),
        ("https://evil.example?@files.example/x.whl", "evil.example"),
        ("https://evil.example#@files.example/x.whl", "evil.example"),
        ("https://files.example.evil.example/x.whl", "files.example.evil.example"),
        ("https://files.example:8443/x.whl", "files.example:8443"),
        ("http://files.example:443/x.whl", "files.example:443"),
        ("https://[::1]:8443/x.whl", "[::1]:8443"),
        ("git+ssh://git@files.example/a/b.git", "files.example"),
        ("https://[bad/a", ""),
        ("https://files.example:port/a", ""),
        ("file:///x.whl", ""),
        ("mailto:a@files.example", ""),
    ],
)
def test_the_host_is_the_one_that_is_asked(text: str, host: str) -> None:
    found = address_of(text)

    assert found is not None
    assert found.host == host


@pytest.mark.parametrize("text", ["../x.whl", "wheels", "/srv/x.whl", r"C:\wheels\x.whl", "", "${INDEX_URL}"])
def test_a_path_is_no_address(text: str) -> None:
    assert address_of(text) is None


def test_a_folder_stays_one() -> None:
    assert address_of("https://files.example/a/b/../") == Address("https", "files.example", "/a/")
    assert address_of("https://files.example") == Address("https", "files.example", "/")

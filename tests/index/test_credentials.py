"""Which credentials are found, in which order, and that they are never shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fallback_review.index.credentials import Credentials, credentials_for
from fallback_review.model import Owner

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://libraries.cgr.dev/python/simple/"
PULL_TOKEN = {"CHAINGUARD_PYTHON_IDENTITY_ID": "org/id", "CHAINGUARD_PYTHON_TOKEN": "env-token\n"}
ENV = Credentials("org/id", "env-token")
IN_URL = "https://org%2Fid:p%40ss@libraries.cgr.dev/python/simple/"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    (tmp_path / ".netrc").write_text(
        "machine libraries.cgr.dev login ann password from-netrc\n"
        "machine 127.0.0.1 login ann password local\n"
        "default login bob password for-anyone\n"
    )
    return {"HOME": str(tmp_path)}


def test_the_order_is_explicit_environment_url_netrc(home: dict[str, str]) -> None:
    explicit = Credentials("me", "mine")
    everything = home | PULL_TOKEN
    owner = Owner.CHAINGUARD
    assert credentials_for(IN_URL, owner=owner, explicit=explicit, environ=everything) is explicit
    assert credentials_for(IN_URL, owner=owner, environ=everything) == ENV
    assert credentials_for(IN_URL, owner=owner, environ=home) == Credentials("org/id", "p@ss")
    assert credentials_for(URL, owner=owner, environ=home) == Credentials("ann", "from-netrc")
    assert credentials_for(URL, owner=owner, environ={}) is None


@pytest.mark.parametrize("owner", [Owner.PYPI, Owner.OWN])
def test_the_pull_token_is_for_chainguards_indexes_alone(owner: Owner) -> None:
    assert credentials_for(URL, owner=owner, environ=PULL_TOKEN) is None
    assert credentials_for(URL, owner=Owner.CHAINGUARD, environ=PULL_TOKEN) == ENV


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://index.example/simple/", None),
        ("http://10.0.0.1/simple/", None),
        ("http://127.0.0.1:8080/simple/", ENV),
        ("http://localhost/simple/", ENV),
        ("http://[::1]:1/simple/", ENV),
    ],
)
def test_the_pull_token_leaves_this_machine_only_over_tls(url: str, expected: Credentials | None) -> None:
    assert credentials_for(url, owner=Owner.CHAINGUARD, environ=PULL_TOKEN) == expected


@pytest.mark.parametrize("name", PULL_TOKEN)
def test_half_a_pull_token_is_none(name: str) -> None:
    assert credentials_for(URL, owner=Owner.CHAINGUARD, environ=PULL_TOKEN | {name: " "}) is None


def test_netrc_is_for_the_host_that_it_names(home: dict[str, str], tmp_path: Path) -> None:
    port = credentials_for("http://127.0.0.1:8080/simple", owner=Owner.OWN, environ=home)
    assert port == Credentials("ann", "local")
    assert credentials_for("https://index.example/", owner=Owner.OWN, environ=home) is None
    named = tmp_path / "elsewhere"
    named.write_text("machine index.example login x\n")
    found = credentials_for("https://index.example/", owner=Owner.PYPI, environ={"NETRC": str(named), **home})
    assert found == Credentials("x", "")


@pytest.mark.parametrize("text", [b"machine", b"machine x login \xff\xfe\x00 password", b"nonsense words"])
def test_a_broken_netrc_is_no_credentials(tmp_path: Path, text: bytes) -> None:
    (tmp_path / ".netrc").write_bytes(text)
    (tmp_path / "_netrc").write_text("machine libraries.cgr.dev login ann password second\n")
    found = credentials_for(URL, owner=Owner.CHAINGUARD, environ={"HOME": str(tmp_path)})
    assert found == Credentials("ann", "second")


@pytest.mark.parametrize("url", [None, "", "nonsense", "ftp://ann:x@index.example/", "http://[bad"])
def test_without_a_usable_url_there_are_none(url: str | None, home: dict[str, str]) -> None:
    assert credentials_for(url, owner=Owner.CHAINGUARD, environ=home | PULL_TOKEN) is None


def test_a_user_name_alone_in_the_url() -> None:
    found = credentials_for("https://token@index.example/", owner=Owner.OWN, environ={})
    assert found == Credentials("token", "")


def test_printing_hides_the_password() -> None:
    assert repr(Credentials("ann", "secret")) == "Credentials(username='ann')"
    assert "secret" not in f"{Credentials('ann', 'secret')}"

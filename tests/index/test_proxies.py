"""Proxies: those of the given environment, for the hosts that it does not except."""

from __future__ import annotations

import json
import os

import pytest

from fallback_review.index.client import IndexClient
from fallback_review.index.credentials import Credentials
from fallback_review.index.http import Limits
from fallback_review.index.origins import origin_of
from fallback_review.index.proxies import Proxies
from fallback_review.model import Cause
from tests.index.indexes import chainguard, pypi
from tests.servers.scripted import Seen, answer, scripted

PROXY = "http://proxy.example:3128"
QUICK = Limits(connect=2, read=2, question=5, retries=0)


@pytest.mark.parametrize(
    ("environ", "url", "expected"),
    [
        ({}, "https://index.example/simple/", ""),
        ({"https_proxy": PROXY}, "https://index.example/simple/", PROXY),
        ({"HTTPS_PROXY": PROXY}, "https://index.example/simple/", PROXY),
        ({"https_proxy": "proxy.example:3128"}, "https://index.example/simple/", PROXY),
        ({"all_proxy": PROXY}, "https://index.example/simple/", PROXY),
        ({"http_proxy": PROXY, "all_proxy": "http://other.example"}, "http://index.example/simple/", PROXY),
        ({"https_proxy": PROXY}, "http://index.example/simple/", ""),
        ({"https_proxy": PROXY, "no_proxy": "example"}, "https://index.example/simple/", ""),
        ({"https_proxy": PROXY, "no_proxy": "index.example:443"}, "https://index.example/simple/", ""),
        ({"https_proxy": PROXY, "no_proxy": "index.example:8443"}, "https://index.example/simple/", PROXY),
        ({"https_proxy": PROXY, "NO_PROXY": "other"}, "https://index.example/simple/", PROXY),
        ({"http_proxy": PROXY, "no_proxy": "10.0.0.0/8"}, "http://10.1.2.3:8080/simple/", ""),
        ({"http_proxy": PROXY, "no_proxy": "::1"}, "http://[::1]:8080/simple/", ""),
    ],
)
def test_which_proxy_leads_where(environ: dict[str, str], url: str, expected: str) -> None:
    before = dict(os.environ)
    proxies = Proxies(environ)
    origin = origin_of(url)
    assert [proxies.towards(origin), proxies.towards(origin)] == [expected, expected]
    assert dict(os.environ) == before


def test_a_request_goes_through_the_proxy_of_the_given_environment() -> None:
    page = json.dumps({"meta": {"api-version": "1.0"}, "name": "six", "files": []}).encode()
    with scripted(lambda _: answer(200, page)) as proxy:
        environ = {"http_proxy": proxy.url.replace("//", "//who:secret@")}
        with IndexClient(pypi("http://index.example/simple/"), environ=environ) as client:
            assert client.ask(["six"])["six"].problem is None
    assert proxy.seen[0].path == "http://index.example/simple/six/"
    assert proxy.seen[0].headers["proxy-authorization"] == "Basic d2hvOnNlY3JldA=="


def test_the_process_environment_plays_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    with scripted(lambda _: answer(404)) as server, IndexClient(pypi(server.url)) as client:
        assert client.ask(["six"])["six"].problem is Cause.PROJECT_MISSING


def test_a_proxy_that_refuses_the_tunnel_gets_no_index_credentials() -> None:
    def refuse(seen: Seen) -> list[object]:
        assert seen.method == "CONNECT"
        return [b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"]

    with (
        scripted(refuse) as proxy,
        IndexClient(
            chainguard("https://index.example/simple/"),
            Credentials("u", "p"),
            limits=QUICK,
            environ={"https_proxy": proxy.url.replace("//", "//who:secret@")},
        ) as client,
    ):
        result = client.ask(["six"])["six"]
    assert "authorization" not in proxy.seen[0].headers
    assert result.problem is Cause.UNREACHABLE
    assert "through the proxy, it wants credentials (407 Proxy Authentication Required)" in result.message
    assert "secret" not in result.message


def test_a_proxy_that_is_not_there() -> None:
    environ = {"https_proxy": "http://who:secret@127.0.0.1:9"}
    with IndexClient(pypi("https://index.example/"), limits=QUICK, environ=environ) as client:
        result = client.ask(["six"])["six"]
    assert result.message == "index.example could not be asked: through the proxy, the connection was refused"


@pytest.mark.parametrize(
    ("proxy", "words"),
    [
        ("http:///nowhere", "the proxy's address cannot be read"),
        ("http://who:secret@127.0.0.1:none", "the proxy's address cannot be read"),
        ("http://who:se%00cret@127.0.0.1:9", "the proxy's address cannot be read"),
        ("http://" + "\u00fc" * 80, "the proxy's address cannot be read"),
        ("socks5://who:secret@127.0.0.1:9", "the proxy is neither an http nor an https one"),
    ],
)
def test_a_proxy_address_that_cannot_be_used(proxy: str, words: str) -> None:
    with IndexClient(pypi("https://index.example/"), limits=QUICK, environ={"all_proxy": proxy}) as client:
        result = client.ask(["six"])["six"]
    assert result.problem is Cause.UNREACHABLE
    assert result.message == f"index.example could not be asked: {words}"

"""Against real servers: nginx as Chainguard's index and as a JSON index, and pypiserver."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from fallback_review.index.client import IndexClient
from fallback_review.index.credentials import Credentials
from fallback_review.index.http import Limits
from fallback_review.model import Answer, Cause, Tier
from tests.index.conftest import PROJECTS
from tests.index.indexes import chainguard, own, pypi
from tests.servers.nginx import PASSWORD, USERNAME, NginxIndex, nginx_index
from tests.servers.pages import File
from tests.servers.scripted import Seen, answer, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.certificates import Certificates

RIGHT = Credentials(USERNAME, PASSWORD)


def test_html_behind_basic_auth_gives_files_and_tiers(nginx: NginxIndex) -> None:
    with IndexClient(chainguard(nginx.guarded), RIGHT) as client:
        answers = client.ask(["six", "flask", "absent"])
    assert list(answers) == ["six", "flask", "absent"]
    built, upstream, remediated = answers["flask"].files
    assert (built.version, built.tier, built.requires_python, built.has_provenance) == (
        "2.0.0",
        Tier.BUILT,
        ">=3.8",
        True,
    )
    assert built.sha256 == PROJECTS["flask"][0].sha256
    assert built.url == f"{nginx.url}/python/simple/flask/2.0.0/flask-2.0.0-py3-none-any.whl"
    assert (upstream.version, upstream.tier) == ("2.0.1", Tier.UPSTREAM)
    assert (remediated.filename, remediated.version, remediated.tier) == (
        "flask-2.0.0+cgr.1-py3-none-any.whl",
        "2.0.0+cgr.1",
        Tier.REMEDIATED,
    )
    assert [file.tier for file in answers["six"].files] == [Tier.BUILT]
    assert answers["absent"].problem is Cause.PROJECT_MISSING
    assert answers["absent"].answered


def test_json_is_preferred_where_the_index_has_both(nginx: NginxIndex) -> None:
    with IndexClient(own(nginx.open)) as client:
        file = client.ask(["flask"])["flask"].files[0]
    # Only JSON tells these.
    assert file.size == 7
    assert file.upload_time == dt.datetime(2026, 1, 2, 3, 4, 5, 123456, dt.UTC)
    assert file.tier is None


@pytest.mark.parametrize(
    "credentials", [None, Credentials(USERNAME, "expired"), Credentials("someone", PASSWORD)]
)
def test_wrong_credentials_are_unauthorized_and_never_missing(
    nginx: NginxIndex, credentials: Credentials | None
) -> None:
    with IndexClient(chainguard(nginx.guarded), credentials) as client:
        answers = client.ask([f"name-{number}" for number in range(200)])
    assert {answer.problem for answer in answers.values()} == {Cause.UNAUTHORIZED}
    assert not any(answer.answered for answer in answers.values())
    assert all("token missing or expired" in answer.message for answer in answers.values())
    assert all(("no credentials were sent" in a.message) == (credentials is None) for a in answers.values())
    assert not any("expired'" in a.message or PASSWORD in a.message for a in answers.values())


def test_one_401_ends_the_asking(nginx: NginxIndex) -> None:
    before = nginx.log.read_text().count("/python/simple/hammered-")
    with IndexClient(chainguard(nginx.guarded), connections=4) as client:
        client.ask([f"hammered-{number}" for number in range(200)])
    assert 1 <= nginx.log.read_text().count("/python/simple/hammered-") - before <= 8


def test_a_slash_redirect_on_the_same_host_keeps_the_credentials(nginx: NginxIndex) -> None:
    with IndexClient(chainguard(f"{nginx.url}/noslash/simple"), RIGHT) as client:
        found = client.ask(["flask"])["flask"]
    assert len(found.files) == 3
    assert found.url == f"{nginx.guarded}flask/"


@pytest.mark.lab
def test_a_redirect_to_another_host_carries_no_credentials(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ann password leak\ndefault login bob password leak\n")

    def reply(seen: Seen) -> list[object]:
        return answer(body=b'{"meta": {"api-version": "1.0"}, "name": "six", "files": []}')

    with (
        scripted(reply) as elsewhere,
        nginx_index(tmp_path, {}, elsewhere=f"http://localhost:{elsewhere.port}") as nginx,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("NETRC", str(netrc))
        with IndexClient(chainguard(f"{nginx.url}/elsewhere/simple/"), RIGHT) as client:
            result = client.ask(["six"])["six"]
    assert result.problem is None
    assert result.url == f"http://localhost:{elsewhere.port}/elsewhere/simple/six/"  # whose page it is
    assert [seen.path for seen in elsewhere.seen] == ["/elsewhere/simple/six/"]
    assert "authorization" not in elsewhere.seen[0].headers
    assert "cookie" not in elsewhere.seen[0].headers


@pytest.mark.lab
def test_over_tls_with_an_authority_of_ones_own(tmp_path: Path, certificates: Certificates) -> None:
    projects = {"six": [File(url="/python/simple/six/six-1.17.0.tar.gz")]}
    with nginx_index(tmp_path, projects, certificates=certificates) as nginx:
        given = {"ca_bundle": certificates.authority}
        with IndexClient(pypi(nginx.open), ca_bundle=given["ca_bundle"]) as client:
            assert client.ask(["six"])["six"].files[0].version == "1.17.0"
        with IndexClient(pypi(nginx.open), environ={"REQUESTS_CA_BUNDLE": certificates.authority}) as client:
            assert client.ask(["six"])["six"].problem is None
        with IndexClient(pypi(nginx.open)) as client:
            untrusted = client.ask(["six"])["six"]
        with IndexClient(pypi(nginx.open), ca_bundle=str(tmp_path / "absent.pem")) as client:
            no_bundle = client.ask(["six"])["six"]
        (tmp_path / "none.pem").write_text("nonsense\n")
        with IndexClient(pypi(nginx.open), environ={"SSL_CERT_FILE": str(tmp_path / "none.pem")}) as client:
            nonsense = client.ask(["six"])["six"]
        plain = nginx.open.replace("https:", "http:")
        with IndexClient(pypi(plain)) as client:
            wrong_scheme = client.ask(["six"])["six"]
    assert untrusted.problem is Cause.UNREACHABLE
    assert "TLS certificate is not trusted" in untrusted.message
    named = (
        "the CA bundle that is configured (ca-bundle, REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or SSL_CERT_FILE)"
    )
    assert no_bundle.message.endswith(f"{named} cannot be found")
    assert nonsense.message.endswith(f"{named} holds no usable certificate")
    assert wrong_scheme.problem is Cause.UNREACHABLE
    assert "400 Bad Request" in wrong_scheme.message


def test_tls_spoken_with_a_server_that_does_not(nginx: NginxIndex) -> None:
    with IndexClient(pypi(nginx.open.replace("http:", "https:"))) as client:
        result = client.ask(["six"])["six"]
    assert result.problem is Cause.UNREACHABLE
    assert result.message.endswith("could not be asked: the TLS connection failed")


def test_pypiserver_with_htpasswd(guarded_pypiserver: str) -> None:
    with IndexClient(own(guarded_pypiserver), Credentials("ann", "right")) as client:
        answers = client.ask(["six", "absent"])
    assert {file.version for file in answers["six"].files} == {"1.17.0", "1.16.0"}
    assert answers["absent"].problem is Cause.PROJECT_MISSING
    with IndexClient(own(guarded_pypiserver), Credentials("ann", "wrong")) as client:
        refused = client.ask(["six"])["six"]
    with IndexClient(own(guarded_pypiserver)) as client:
        anonymous = client.ask(["six"])["six"]
    # pypiserver tells a wrong password by 403, and by 401 only that there is none.
    assert (refused.problem, refused.answered) == (Cause.FORBIDDEN, False)
    assert "wrong credentials" in refused.message
    assert (anonymous.problem, anonymous.answered) == (Cause.UNAUTHORIZED, False)
    assert "token missing or expired" in anonymous.message


def test_progress_is_told_in_the_asking_thread(nginx: NginxIndex) -> None:
    heard: list[Answer] = []
    with IndexClient(own(nginx.open)) as client:
        answers = client.ask(["six", "flask", "six"], on_answer=heard.append)
    assert sorted(answer.name for answer in heard) == ["flask", "six"]
    assert list(answers) == ["six", "flask"]


def test_a_progress_callback_that_fails_ends_the_asking(nginx: NginxIndex) -> None:
    def stop(answer: Answer) -> None:
        raise KeyboardInterrupt

    with IndexClient(own(nginx.open)) as client, pytest.raises(KeyboardInterrupt):
        client.ask([f"name-{number}" for number in range(50)], on_answer=stop)


@pytest.mark.lab
def test_many_questions_share_few_connections_and_overlap(tmp_path: Path) -> None:
    projects = {"six": [File(url="/python/simple/six/six-1.17.0.tar.gz")]}
    with (
        nginx_index(tmp_path, projects, latency=0.2) as nginx,
        IndexClient(pypi(nginx.slow), limits=Limits(total=1.0), connections=32) as client,
    ):
        answers = client.ask(["six", *(f"absent-{number}" for number in range(31))])
    # One after the other they would take 6.4 s.
    assert answers["six"].problem is None
    assert [a.problem for a in answers.values()].count(Cause.PROJECT_MISSING) == 31

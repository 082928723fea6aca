"""The process as the container starts it; Enterprise Server, proxies, an own authority; debug logging."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fallback_review.action import main
from tests.action.job import BEFORE, FALLEN, FIXED, PASSWORD, USERNAME, Runner
from tests.github_lab.lab import JOB
from tests.github_lab.payloads import of_pull_request
from tests.servers import relay
from tests.servers.certificates import make_certificates

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]


@pytest.mark.parametrize(("after", "code"), [(FALLEN, 1), (FIXED, 0), ({"uv.lock": "["}, 3)])
def test_as_a_process(runner: Runner, opened: Opened, after: dict[str, str], code: int) -> None:
    pull = opened(BEFORE, after)
    ended = runner.process(runner.environment(of_pull_request(pull)))
    assert ended.code == code, ended.log
    assert len(pull.comments()) == 1, ended.log


def test_a_process_without_a_job() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fallback_review.action.main"],
        env={},
        capture_output=True,
        check=False,
        text=True,
    )
    assert (done.returncode, done.stderr) == (2, "")
    assert done.stdout == (
        "::error title=Fallback Review::GITHUB_EVENT_PATH is not set: this runs as a step of a GitHub Actions "
        "job\n"
    )


def test_a_runner_without_files_for_outputs_and_summary(runner: Runner, opened: Opened) -> None:
    """As of old Enterprise Servers, and of whoever runs it by hand."""
    environ = runner.environment(of_pull_request(opened(BEFORE, FALLEN)))
    log = io.StringIO()
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ACTION_REPOSITORY", "GITHUB_RUN_ID"):
        del environ[name]
    assert main.run(environ, log) == 1
    assert "behind 1.0 → 2.0" in log.getvalue()


def test_no_debug_output_unless_asked_for(runner: Runner, opened: Opened) -> None:
    ended = runner.run(opened(BEFORE, FALLEN), variables={"RUNNER_DEBUG": "0"})
    assert ended.annotations("debug") == []
    assert "::debug::" not in ended.log


def test_debug_output(runner: Runner, opened: Opened) -> None:
    pull = opened(BEFORE, FALLEN)
    environ = runner.environment(of_pull_request(pull), variables={"RUNNER_DEBUG": "1"}, status="true")
    ended = runner.process(environ)
    lines = [line.removeprefix("::debug::") for line in ended.commands if line.startswith("::debug::")]
    assert all(re.match(r" *\d+\.\d{3} s  ", line) for line in lines)
    told = [line.partition(" s  ")[2] for line in lines]
    front = runner.lab.front.url
    asked = [f"{each.verb} {front}{each.path} -> {each.status}" for each in runner.lab.front.exchanges]
    assert [
        line for line in told if line.startswith(tuple(f"{verb} {front}" for verb in ("GET", "POST")))
    ] == asked
    assert f"pull_request of {pull.repository.full_name}: pull request 1, head {pull.head}" in told
    assert f"merge base {pull.repository.commits['main']}, files changed: 1" in told
    assert "lockfiles changed: requirements.txt" in told
    assert any(
        re.fullmatch(r"Chainguard's index: 1 asked, 0 without a page, in \d\.\d{3} s", line) for line in told
    )
    assert f"comment: created {pull.comments()[0]['html_url']}" in told
    assert any(line.startswith("commit status: created ") for line in told)
    assert "conclusion: fail" in told
    assert told[-1] == f"requests: {len(asked) + len(runner.index.log)}"


def test_credentials_from_the_environment(runner: Runner, opened: Opened) -> None:
    names = {"CHAINGUARD_PYTHON_IDENTITY_ID": USERNAME, "CHAINGUARD_PYTHON_TOKEN": PASSWORD}
    runner.secrets.add(PASSWORD)
    ended = runner.run(opened(BEFORE, FIXED), credentials=False, variables={**names, "RUNNER_DEBUG": "1"})
    assert ended.code == 0
    assert f"::add-mask::{PASSWORD}" in ended.log


def test_enterprise_server_behind_an_own_authority_and_a_proxy(
    runner: Runner, opened: Opened, tmp_path: Path
) -> None:
    pull = opened(BEFORE, FALLEN)
    (tmp_path / "tls").mkdir()
    certificates = make_certificates(tmp_path / "tls")
    secret = "proxy-password-1c0ffee"
    runner.secrets.add(secret)
    port = runner.lab.front.server.server_port
    with relay.tls(port, certificates) as secure, relay.proxy(secure) as (way, asked):
        enterprise = f"https://localhost:{secure}"
        variables = {
            "GITHUB_SERVER_URL": enterprise,
            "GITHUB_API_URL": f"{enterprise}/api/v3",
            "GITHUB_GRAPHQL_URL": f"{enterprise}/api/graphql",
            "HTTPS_PROXY": f"http://me:{secret}@127.0.0.1:{way}",
            "NO_PROXY": "127.0.0.1",
            "RUNNER_DEBUG": "1",
        }
        payload = of_pull_request(pull)
        pem = Path(certificates.authority).read_text()
        ended = runner.process(runner.environment(payload, variables=variables, ca_bundle=pem))
        assert ended.code == 1
        assert f"({enterprise}/{pull.repository.full_name}/blob/{pull.head}/" in pull.comments()[0]["body"]
        assert asked
        assert {head.split()[1] for head in asked} == {f"localhost:{secure}"}
        assert all("Proxy-Authorization: Basic " in head for head in asked)
        assert JOB not in "".join(asked)


def test_an_authority_by_its_path(runner: Runner, opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    certificates = make_certificates(tmp_path / "tls")
    with relay.tls(runner.lab.front.server.server_port, certificates) as secure:
        variables = {"GITHUB_API_URL": f"https://localhost:{secure}"}
        pull = opened(BEFORE, FIXED)
        payload = of_pull_request(pull)
        environ = runner.environment(payload, variables=variables, ca_bundle="certificates/ours.pem")
        place = Path(environ["GITHUB_WORKSPACE"], "certificates/ours.pem")
        place.parent.mkdir()
        place.write_text(Path(certificates.authority).read_text())
        assert runner.step(environ).code == 0
        without = runner.environment(of_pull_request(pull), variables=variables)
        ended = runner.step(without)
    assert ended.code == 3
    assert "see GitHub's status page, proxy and CA" in ended.annotations("error")[0]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("nowhere.pem", "there is no readable file nowhere.pem in the workspace"),
        (
            "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----",
            "there is no usable certificate",
        ),
        ("event.json", "there is no readable file event.json"),
        ("../event.json", "there is no usable certificate in it"),
    ],
)
def test_an_authority_that_is_none(runner: Runner, opened: Opened, given: str, says: str) -> None:
    ended = runner.run(opened(BEFORE, FIXED), ca_bundle=given)
    assert ended.code == 2
    assert says in ended.annotations("error")[0]
    assert runner.lab.front.exchanges == []

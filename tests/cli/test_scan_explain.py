"""`scan`: the share that Chainguard covers, and of what. `explain`: every step of one prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.command import Finished, run, run_here
from tests.cli.conftest import HEAD
from tests.servers.nginx import PASSWORD, USERNAME

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.nginx import NginxIndex
    from tests.servers.scripted import ScriptedServer

TOKEN = {"CHAINGUARD_PYTHON_IDENTITY_ID": USERNAME, "CHAINGUARD_PYTHON_TOKEN": PASSWORD}
WRONG = {**TOKEN, "CHAINGUARD_PYTHON_TOKEN": "an-expired-token"}
MORE = "-e ./here\nelse @ https://files.example/else-1.0.tar.gz\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "requirements.txt").write_text(HEAD + MORE)
    return tmp_path


@pytest.fixture
def addresses(chainguard: NginxIndex, public: NginxIndex) -> list[str]:
    return ["--index-url", chainguard.guarded, "--pypi-url", public.open]


def words(done: Finished) -> str:
    return " ".join(done.stdout.split())


def test_a_scan_says_the_share_and_what_was_counted(folder: Path, addresses: list[str]) -> None:
    done = run("scan", *addresses, "requirements.txt", cwd=folder, env=TOKEN)

    assert done.code == 1
    assert "Chainguard covers 1 of 4 packages (25.0 %)" in words(done)
    assert "1 not from an index" in words(done)
    assert PASSWORD not in done.said


def test_a_scan_as_json(folder: Path, addresses: list[str]) -> None:
    done = run_here("scan", *addresses, "--format", "json", "requirements.txt", cwd=folder, env=TOKEN)

    report = done.report
    assert (report["scope"], report["conclusion"]) == ("all", "fail")
    counts = report["counts"]
    assert (counts["chainguard"], counts["fallback"], counts["upstream"], counts["direct"]) == (1, 2, 1, 1)
    assert {name: change["line"] for name, change in done.changes.items() if name != "here"} == {
        "built": 1,
        "older": 2,
        "listed": 3,
        "absent": 4,
        "else": 6,
    }


def test_a_scan_with_an_expired_token_could_not_be_checked(folder: Path, addresses: list[str]) -> None:
    done = run_here("scan", *addresses, "requirements.txt", cwd=folder, env=WRONG)

    assert done.code == 3
    assert "token missing or expired" in words(done)


def test_a_scan_of_a_lockfile_without_packages(folder: Path, silent: ScriptedServer) -> None:
    (folder / "uv.lock").write_text("version = 1\n")

    done = run_here("scan", "--index-url", f"{silent.url}/simple/", "uv.lock", cwd=folder)

    assert done.code == 0
    assert "No package" in done.stdout
    assert not silent.seen


def test_an_explanation_shows_listing_choice_and_reason(folder: Path, addresses: list[str]) -> None:
    done = run("explain", *addresses, "older==2.0", cwd=folder, env=TOKEN)

    assert done.code == 1
    assert "older==2.0 on py3.12 linux-x86_64" in done.stdout
    assert "older==2.0 on py3.12 linux-aarch64" in done.stdout
    assert "→ pypi (version-missing)" in done.stdout
    assert "Chainguard has no 2.0" in done.stdout
    assert "keeps older-2.0-py3-none-any.whl" in done.stdout
    assert PASSWORD not in done.said


def test_an_explanation_out_of_a_lockfile(folder: Path, addresses: list[str]) -> None:
    def explain(requirement: str, *more: str) -> Finished:
        given = ["--lockfile", "requirements.txt", *more]
        return run_here("explain", *addresses, *given, requirement, cwd=folder, env=TOKEN)

    found = explain("Built==2.0", "--python", "3.11", "--python", "3.12", "--platform", "linux-x86_64")
    assert found.code == 0
    assert found.stdout.count("→ chainguard") == 2
    assert "built==2.0 on py3.11 linux-x86_64" in found.stdout
    assert explain("built").code == 0
    explain("built==1.0").refuses("requirements.txt does not lock built==1.0")
    explain("numpy==1.0").refuses("requirements.txt does not lock numpy==1.0")


@pytest.mark.parametrize(
    "requirement", ["", "==1.0", "a b", "a==", "-r x", "a==1\nb==2", "a", "a>=1", "a==1.*"]
)
def test_what_is_no_requirement_is_a_usage_error(requirement: str, folder: Path) -> None:
    run_here("explain", "--", requirement, cwd=folder).refuses("NAME==VERSION")


def test_an_explanation_that_could_not_ask(folder: Path, addresses: list[str]) -> None:
    done = run_here("explain", *addresses, "built==2.0", cwd=folder, env=WRONG)

    assert done.code == 3
    assert "token missing or expired" in done.stdout
    assert "→ pypi" not in done.stdout


def test_an_unknown_package_fails_to_install(folder: Path, addresses: list[str]) -> None:
    layout = ["--layout", "virtual-file"]
    done = run_here("explain", *addresses, *layout, "nobody-has-this==1.0", cwd=folder, env=TOKEN)

    assert done.code == 1
    assert "→ install-fails" in done.stdout


def test_an_unknown_package_may_be_elsewhere_where_nothing_says_what_is_asked(
    folder: Path, addresses: list[str]
) -> None:
    done = run_here("explain", *addresses, "nobody-has-this==1.0", cwd=folder, env=TOKEN)

    assert done.code == 3
    assert "→ unknown" in done.stdout
    assert "Assumed: one index that merges Chainguard's and PyPI's" in done.stdout

"""The command against real index servers: right answers, and every way of not getting one."""

from __future__ import annotations

import base64
import signal
import stat
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from fallback_review.report import FORMATS
from tests.cli.command import PROGRAM, Finished, environment, run, run_here
from tests.cli.conftest import BASE, HEAD
from tests.servers.nginx import PASSWORD, USERNAME
from tests.servers.process import free_port
from tests.servers.scripted import Seen, answer, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.nginx import NginxIndex

TOKEN = {"CHAINGUARD_PYTHON_IDENTITY_ID": USERNAME, "CHAINGUARD_PYTHON_TOKEN": PASSWORD}
WRONG = {"CHAINGUARD_PYTHON_IDENTITY_ID": USERNAME, "CHAINGUARD_PYTHON_TOKEN": "an-expired-token"}
ENCODED = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
FALLBACK_WORDS = ("from PyPI", "fallback to PyPI", "falls back")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.txt").write_text(BASE)
    (tmp_path / "new.txt").write_text(HEAD)
    return tmp_path


def review(
    folder: Path,
    index: str,
    public: NginxIndex,
    *more: str,
    env: dict[str, str] | None = None,
    here: bool = False,
) -> Finished:
    addresses = ["--index-url", index, "--pypi-url", public.open]
    return (run_here if here else run)("review", *addresses, *more, "old.txt", "new.txt", cwd=folder, env=env)


def outcomes(done: Finished) -> dict[str, tuple[str, str | None]]:
    return {name: (change["outcome"], change["cause"]) for name, change in done.changes.items()}


def keeps_its_secrets(done: Finished) -> None:
    for secret in (PASSWORD, ENCODED, "an-expired-token"):
        assert secret not in done.said


def checked(done: Finished) -> None:
    assert outcomes(done) == {
        "built": ("chainguard", None),
        "older": ("pypi", "version-missing"),
        "listed": ("upstream", "upstream-tier"),
        "absent": ("pypi", "project-missing"),
    }
    assert done.report["conclusion"] == "fail"
    assert done.code == 1
    keeps_its_secrets(done)


def test_a_pull_token_gives_the_right_answers(
    folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    checked(review(folder, chainguard.guarded, public, "--format", "json", env=TOKEN))


def test_a_user_name_by_option_and_a_password_by_environment(
    folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    given = {"FALLBACK_REVIEW_INDEX_PASSWORD": PASSWORD}

    done = review(
        folder, chainguard.guarded, public, "--format", "json", "--index-username", USERNAME, env=given
    )

    checked(done)


def test_what_is_given_explicitly_wins_over_an_expired_token(
    folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    given = {"FALLBACK_REVIEW_INDEX_PASSWORD": PASSWORD, **WRONG}

    done = review(
        folder,
        chainguard.guarded,
        public,
        "--format",
        "json",
        "--index-username",
        USERNAME,
        env=given,
        here=True,
    )

    checked(done)


def test_the_netrc_file_of_the_home_folder(folder: Path, chainguard: NginxIndex, public: NginxIndex) -> None:
    netrc = folder / ".netrc"
    netrc.write_text(f"machine 127.0.0.1 login {USERNAME} password {PASSWORD}\n")
    netrc.chmod(stat.S_IRUSR | stat.S_IWUSR)

    checked(review(folder, chainguard.guarded, public, "--format", "json"))


def test_a_user_name_without_a_password_is_a_usage_error(
    folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    done = review(folder, chainguard.guarded, public, "--index-username", "ann", here=True)

    done.refuses("FALLBACK_REVIEW_INDEX_PASSWORD")


def test_credentials_in_the_address_are_refused_and_not_repeated(folder: Path, public: NginxIndex) -> None:
    done = review(folder, f"http://ann:{PASSWORD}@127.0.0.1:9/simple/", public, here=True)

    done.refuses("--index-url", "credentials")
    keeps_its_secrets(done)


def test_fallbacks_that_the_policy_lets_pass(
    folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    done = review(
        folder, chainguard.guarded, public, "--format", "json", "--fail-on", "", env=TOKEN, here=True
    )

    assert (done.code, done.report["conclusion"]) == (0, "warn")
    assert done.report["counts"]["fallback"] == 2


@pytest.mark.parametrize("form", sorted(FORMATS))
@pytest.mark.parametrize("env", [WRONG, None], ids=["expired", "none"])
def test_wrong_credentials_are_never_a_fallback(
    form: str, env: dict[str, str] | None, folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    done = review(folder, chainguard.guarded, public, "--format", form, env=env, here=True)

    assert done.code == 3
    assert "token missing or expired" in " ".join(done.stdout.split())
    assert not [word for word in FALLBACK_WORDS if word in done.said]
    keeps_its_secrets(done)


@pytest.mark.parametrize("form", ["terminal", "json"])
def test_wrong_credentials_of_the_installed_command(
    form: str, folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    done = review(folder, chainguard.guarded, public, "--format", form, env=WRONG)

    assert done.code == 3
    assert "token missing or expired" in " ".join(done.stdout.split())
    keeps_its_secrets(done)
    if form == "json":
        assert set(outcomes(done).values()) == {("unknown", "unauthorized")}
        assert done.report["conclusion"] == "unknown"
        assert done.report["counts"]["fallback"] == 0


def test_what_could_not_be_checked_may_warn_and_never_passes(
    folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    done = review(
        folder, chainguard.guarded, public, "--format", "json", "--on-unknown", "warn", env=WRONG, here=True
    )

    assert (done.code, done.report["conclusion"]) == (0, "warn")
    assert set(outcomes(done).values()) == {("unknown", "unauthorized")}


def test_pypiserver_with_right_and_wrong_credentials(
    folder: Path, guarded_pypiserver: str, public: NginxIndex
) -> None:
    def asked(password: str) -> Finished:
        env = {"FALLBACK_REVIEW_INDEX_PASSWORD": password}
        more = ("--format", "json", "--index-username", "ann")
        return review(folder, guarded_pypiserver, public, *more, env=env, here=True)

    right, wrong = asked("right"), asked("wrong")

    assert outcomes(right)["built"] == ("chainguard", None)
    assert outcomes(right)["absent"] == ("pypi", "project-missing")
    # pypiserver says 403 to a wrong password, and 401 only to whoever brings none.
    assert (wrong.code, set(outcomes(wrong).values())) == (3, {("unknown", "forbidden")})


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer(403), ("unknown", "forbidden")),
        (answer(200, b"{}"), ("unknown", "malformed-index")),
        (
            answer(200, b"<html>Please log in</html>", content_type="text/html"),
            ("unknown", "malformed-index"),
        ),
        (answer(200, b"hello", content_type="text/plain"), ("unknown", "malformed-index")),
    ],
    ids=["forbidden", "empty JSON", "a login page", "plain text"],
)
def test_answers_that_are_no_answer(
    reply: list[object], expected: tuple[str, str], folder: Path, public: NginxIndex
) -> None:
    with scripted(lambda _seen: reply) as index:
        done = review(folder, f"{index.url}/simple/", public, "--format", "json", env=TOKEN, here=True)

    assert (done.code, set(outcomes(done).values())) == (3, {expected})
    keeps_its_secrets(done)


def test_an_index_that_nobody_serves(folder: Path, public: NginxIndex) -> None:
    done = review(folder, f"http://127.0.0.1:{free_port()}/simple/", public, "--format", "json", here=True)

    assert (done.code, set(outcomes(done).values())) == (3, {("unknown", "unreachable")})
    assert done.report["conclusion"] == "unknown"


def test_a_blocked_package_is_named_with_its_reason(folder: Path, public: NginxIndex) -> None:
    body = b'{"reason": "MALWARE_DETECTED"}'

    def reply(seen: Seen) -> list[object]:
        if "/built/" in seen.path:
            return answer(409, body, content_type="application/json")
        return answer(404)

    with scripted(reply) as index:
        done = review(folder, f"{index.url}/simple/", public, "--format", "json", here=True)

    blocked = done.changes["built"]
    assert (blocked["cause"], blocked["reason"]) == ("blocked", "MALWARE_DETECTED")
    assert "malware" in blocked["why"]
    assert blocked["outcome"] not in ("chainguard", "remediated", "upstream")
    assert done.code == 1


def test_credentials_stay_with_their_host(folder: Path, public: NginxIndex) -> None:
    with (
        scripted(lambda _seen: answer(404)) as other,
        scripted(lambda seen: answer(302, headers={"Location": f"{other.url}{seen.path}"})) as index,
    ):
        review(folder, f"{index.url}/simple/", public, env=TOKEN, here=True)

    assert all("authorization" in seen.headers for seen in index.seen)
    assert other.seen
    assert not [seen for seen in other.seen if "authorization" in seen.headers]


def test_a_private_name_is_never_sent(folder: Path, public: NginxIndex) -> None:
    (folder / "settings.toml").write_text('[policy]\nprivate = ["built", "abs*"]\n')
    with scripted(lambda _seen: answer(404)) as index:
        done = review(
            folder, f"{index.url}/simple/", public, "--config", "settings.toml", "--format", "json", here=True
        )

    assert {seen.path for seen in index.seen} == {"/simple/older/", "/simple/listed/"}
    assert outcomes(done)["built"][0] == outcomes(done)["absent"][0] == "private"


def test_a_url_of_a_lockfile_is_never_fetched(folder: Path, public: NginxIndex) -> None:
    with scripted(lambda _seen: answer(404)) as trap, scripted(lambda _seen: answer(404)) as index:
        (folder / "new.txt").write_text(
            f"--index-url {trap.url}/simple/\n--find-links {trap.url}/\nbuilt @ {trap.url}/built-2.0.tar.gz\n"
            f"older==2.0 --hash=sha256:{'0' * 64}\n-r {trap.url}/more.txt\n"
        )
        done = review(folder, f"{index.url}/simple/", public, "--format", "json", here=True)

    assert outcomes(done)["built"][0] == "unknown"  # the host is new to the lockfile
    assert done.changes["built"]["reason"] == "new-host"
    assert not trap.seen


def test_an_interrupt_ends_at_once_without_a_traceback(folder: Path) -> None:
    asked = threading.Event()

    def reply(_seen: Seen) -> list[object]:
        asked.set()
        return [60, *answer(404)]

    with scripted(reply) as index:
        # A shell starts jobs in the background with the signal ignored, and children inherit that.
        heeding = (
            "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); "
            "os.execv(sys.argv[1], sys.argv[1:])"
        )
        command = [sys.executable, "-c", heeding, str(PROGRAM), "review"]
        command += ["--index-url", f"{index.url}/simple/", "old.txt", "new.txt"]
        with subprocess.Popen(
            command,
            cwd=folder,
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert asked.wait(timeout=30)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)

    assert process.returncode == 130
    assert out == b""
    assert b"Traceback" not in err

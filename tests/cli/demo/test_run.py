"""The demo as a developer meets it: the real command, alone on a machine without a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from fallback_review.cli.demo import run as demo
from fallback_review.cli.demo.server import DemoIndex
from fallback_review.model import Conclusion
from tests.conftest import missing

if TYPE_CHECKING:
    from fallback_review.cli.demo.universe import Universe

X86, ARM, MAC = "py3.12 linux-x86_64", "py3.12 linux-aarch64", "py3.12 macos-arm64"

UV = {
    "acme-fonts": ("added", "direct", None),
    "acme-tariffs": ("upgraded", "private", None),
    "certifi": ("upgraded", "chainguard", None),
    "charset-normalizer": ("source-changed", "chainguard", None),
    "click": ("added", "chainguard", None),
    "colorlog-plus": ("added", "pypi", "blocked"),
    "cryptography": ("upgraded", "upstream", "upstream-tier"),
    "idna": ("upgraded", "pypi", "lock-pins-pypi-url"),
    "litellm": ("added", "pypi", "project-missing"),
    "lxml": ("added", "pypi", "only-sdist"),
    "numpy": ("upgraded", "chainguard", None),
    "orjson": ("upgraded", "pypi", "version-missing"),
    "packaging": ("downgraded", "chainguard", None),
    "psycopg-binary": ("added", "install-fails", "no-compatible-file"),
    "requests": ("upgraded", "chainguard", None),
    "six": ("removed", None, None),
    "urllib3": ("upgraded", "remediated", None),
}
WORKER = {
    "attrs": ("upgraded", "install-fails", "hash-mismatch"),
    "tqdm": ("upgraded", "chainguard", None),
}

LOOPBACK_ONLY = """
import fcntl, os, socket, struct, sys
with socket.socket() as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))  # SIOCSIFFLAGS: up, running
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_the_command(tmp_path: Path) -> None:
    _run_command([], tmp_path)


def test_the_command_in_a_world_of_loopback_alone(tmp_path: Path) -> None:
    apart = ["unshare", "--net"]
    if (
        sys.platform != "linux"
        or subprocess.run([*apart, "true"], capture_output=True, check=False).returncode
    ):
        missing("a network namespace (Linux, root)")
    _run_command([*apart, sys.executable, "-c", LOOPBACK_ONLY], tmp_path)


def _run_command(prefix: list[str], folder: Path) -> None:
    command = str(Path(sys.executable).parent / "fallback-review")
    hostile = {
        "HTTP_PROXY": "http://proxy.example:1",
        "https_proxy": "http://proxy.example:1",
        "CHAINGUARD_PYTHON_IDENTITY_ID": "someone",
        "CHAINGUARD_PYTHON_TOKEN": "a-real-token",
    }
    done = subprocess.run(
        [*prefix, command, "demo"],
        cwd=folder,
        env=os.environ | hostile,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    written = {path.name: path.read_text("utf-8") for path in (folder / "demo-output").iterdir()}
    assert set(written) == {"comment.md", "comment.html", "report.json"}
    for text in (done.stdout, *written.values()):
        assert "a-real-token" not in text
        assert "demo-token" not in text
    _check(json.loads(written["report.json"]))


def test_each_outcome_appears_and_servers_are_asked_with_care(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[DemoIndex] = []

    def watched(universe: Universe) -> DemoIndex:
        started.append(DemoIndex(universe))
        return started[-1]

    monkeypatch.setattr(demo, "DemoIndex", watched)
    with (tmp_path / "terminal").open("w", encoding="utf-8") as terminal:
        reviewed = demo.run(tmp_path / "deep" / "output", Console(file=terminal, width=120))
    assert reviewed.conclusion is Conclusion.FAIL
    _check(json.loads((tmp_path / "deep" / "output" / "report.json").read_text("utf-8")))
    (seen,) = (index.log for index in started)
    assert {served.host for served in seen} == {"chainguard", "pypi"}
    assert {served.credentials for served in seen if served.host == "pypi"} == {False}
    feed = [served for served in seen if "openvex" in served.path]
    assert [(served.path, served.status) for served in feed] == [
        ("/openvex/v1/pypi/urllib3.openvex.json", 200)
    ]
    assert not feed[0].credentials, "the feed is public"
    assert {served.status for served in seen if served.host == "chainguard"} == {200, 404, 409}
    assert not [served.path for served in seen if "acme" in served.path or "storefront" in served.path]
    assert len({(served.host, served.path) for served in seen}) == len(seen), "something was asked twice"


def test_what_is_printed_and_written(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with (tmp_path / "terminal").open("w", encoding="utf-8") as terminal:
        demo.run(output, Console(file=terminal, width=100))
    printed = (tmp_path / "terminal").read_text("utf-8")
    first = printed.splitlines()[:3]
    assert first[0].startswith("A server on this machine stands for Chainguard Libraries (http://127.0.0.1:")
    assert first[2] == "One pull request changes uv.lock and worker/requirements.txt, locked by uv."
    assert "the private index 0." in printed
    assert f"The comment: {output / 'comment.md'}" in printed
    comment = (output / "comment.md").read_text("utf-8")
    places = [comment.index(name) for name in ("psycopg-binary", "litellm", "cryptography", "certifi")]
    assert places == sorted(places), "worst first"
    page = (output / "comment.html").read_text("utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert "colorlog-plus" in page
    for text in (printed, comment, page):
        assert "2.0.7+cgr.1 fixes CVE-2024-37891 and CVE-2025-66418" in text


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    (tmp_path / "output").write_text("a file in the way", encoding="utf-8")
    with (tmp_path / "terminal").open("w+", encoding="utf-8") as terminal:
        with pytest.raises(FileExistsError):
            demo.run(tmp_path / "output", Console(file=terminal))
        assert terminal.tell() == 0


def _check(report: dict[str, Any]) -> None:
    found = {
        lockfile["path"]: {
            change["name"]: (change["kind"], change["outcome"], change["cause"])
            for change in lockfile["changes"]
        }
        for lockfile in report["lockfiles"]
    }
    assert found == {"uv.lock": UV, "worker/requirements.txt": WORKER}
    changes = {change["name"]: change for lockfile in report["lockfiles"] for change in lockfile["changes"]}
    assert changes["colorlog-plus"]["reason"] == "MALWARE_DETECTED"
    assert "3.10.6" in json.dumps(changes["orjson"]["advice"])
    assert "update-hashes" in json.dumps(changes["attrs"]["advice"])
    notes = {name: change["note"] for name, change in changes.items() if change["note"]}
    assert notes == {
        "colorlog-plus": "no attestations on PyPI",
        "idna": "no attestations on PyPI",
        "litellm": "released 2 days ago, no attestations on PyPI",
        "lxml": "no attestations on PyPI",
        "orjson": "released 9 days ago, no attestations on PyPI",
        "urllib3": "2.0.7+cgr.1 fixes CVE-2024-37891 and CVE-2025-66418",
    }
    on = {name: {v["target"]: v["outcome"] for v in changes[name]["verdicts"]} for name in changes}
    assert on["numpy"] == {X86: "chainguard", ARM: "chainguard", MAC: "upstream"}
    assert on["psycopg-binary"] == {X86: "chainguard", ARM: "install-fails", MAC: "install-fails"}
    assert report["conclusion"] == "fail"
    assert report["counts"]["fallback"] == 5
    assert report["counts"]["install_fails"] == 2

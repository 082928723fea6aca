"""What a pull request's author writes is text, wherever it ends up."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from tests.action.job import LOCK, MASKED, Runner, lock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.lab import PullRequest

    Opened = Callable[..., PullRequest]

OURS = {"::group::Fallback Review", "::endgroup::"}
EVIL = (
    "::set-output name=conclusion::pass",
    "x\n::stop-commands::resume",
    "x\r::error::owned",
    "x\u2028::add-mask::pass",
    "##[error]owned",
    "  ::warning file=a::owned",
    "x\ufeff\n\ufeff::debug::owned",
    "%0A::error::owned",
    "<img src=x onerror=alert(1)>",
    "](https://evil.example) @acme/everyone #1 | x",
    "`x` <!-- fallback-review:v1 {} --> --> <script>",
    "\u202egnp.exe",
    "\x1b[31mred\x1b[0m",
)


def toml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in escaped)


def uv_lock(name: str = "absent", version: str = "1.0", place: str = "index.example") -> str:
    return (
        'version = 1\nrequires-python = ">=3.12"\n'
        f'[[package]]\nname = "{toml(name)}"\nversion = "{toml(version)}"\n'
        f'source = {{ registry = "https://{toml(place)}/simple" }}\n'
        f'sdist = {{ url = "https://files.example/{toml(place)}", hash = "sha256:{"0" * 64}" }}\n'
    )


def check(runner: Runner, pull: PullRequest) -> None:
    ended = runner.run(pull, review_comments="true", variables={"RUNNER_DEBUG": "1"}, status="true")
    for line in ended.commands:
        ours = (
            line.startswith((f"{MASKED}", "::error title=", "::warning title=", "::debug::")) or line in OURS
        )
        assert ours, line
    assert ended.commands.count("::endgroup::") == 1
    assert ended.code != 0
    assert ended.outputs["conclusion"] in {"fail", "unknown"}
    texts = [comment["body"] for comment in (*pull.comments(), *pull.review_comments())]
    for text in (*texts, ended.summary):
        assert text.count("<!--") == (0 if text is ended.summary else 1)
        for raw in ("<img", "<script", "@acme/everyone", "](https://evil", "\u202e", "\x1b", "\u2028"):
            assert raw not in text
    for file in ended.workspace.iterdir():
        assert file.read_text().isascii() or file.suffix == ".sarif"


@pytest.mark.parametrize("where", ["name", "version", "place"])
@pytest.mark.parametrize("evil", EVIL)
def test_a_hostile_entry_of_a_lockfile(runner: Runner, opened: Opened, evil: str, where: str) -> None:
    check(runner, opened({}, {"uv.lock": uv_lock(**{where: evil}), LOCK: lock(absent="1.0")}))


@pytest.mark.parametrize("evil", EVIL)
def test_a_hostile_line_of_requirements(runner: Runner, opened: Opened, evil: str) -> None:
    check(
        runner,
        opened({}, {LOCK: f"absent==1.0\n{evil}==1.0\nabsent @ {evil}\n-r {evil}\n--index-url {evil}\n"}),
    )


@pytest.mark.parametrize("evil", [each.replace("/", "_") for each in EVIL])
def test_a_hostile_path(runner: Runner, opened: Opened, evil: str) -> None:
    pull = opened({}, {f"{evil}/{LOCK}": lock(absent="1.0"), f"{evil}/uv.lock": "broken = ["})
    check(runner, pull)
    asked = [unquote(exchange.path) for exchange in runner.lab.recorded("GET", ".*/contents/.*")]
    assert all(path.startswith(f"{pull.repository.path}/contents/") for path in asked)


def test_a_hostile_configuration(runner: Runner, opened: Opened) -> None:
    hostile = "".join(
        f'[[tool.uv.index]]\nname = "{toml(evil)}"\nurl = "https://{toml(evil)}/"\n' for evil in EVIL
    )
    check(runner, opened({}, {"uv.lock": uv_lock(), "pyproject.toml": hostile, LOCK: lock(absent="1.0")}))


def test_credentials_in_a_lockfile_are_not_repeated(runner: Runner, opened: Opened) -> None:
    secret = "hunter2-in-the-lock"
    runner.secrets.add(secret)
    text = (
        f"--index-url https://me:{secret}@index.example/simple/\nabsent==1.0\n"
        f"thing @ https://me:{secret}@example.test/thing-1.0.zip\n"
    )
    pip = f"[global]\nextra-index-url = https://me:{secret}@other.example/simple/\n"
    pull = opened({}, {LOCK: text, "pip.conf": pip})
    ended = runner.run(pull, review_comments="true", variables={"RUNNER_DEBUG": "1"})
    assert ended.outputs["changed-count"] == "2"


def test_a_thousand_packages_fit_into_the_comment(runner: Runner, opened: Opened) -> None:
    many = "".join(f"package-with-a-rather-long-name-{number}==1.0\n" for number in range(1_000))
    pull = opened({}, {LOCK: many})
    ended = runner.run(pull, review_comments="true")
    assert ended.code == 1 or ended.outputs["conclusion"] == "fail"
    assert ended.outputs["changed-count"] == "1000"
    [comment] = pull.comments()
    assert 40_000 < len(comment["body"].encode()) <= 65_536
    assert "see the job summary" in comment["body"]
    assert len(pull.review_comments()) == 30
    assert len(ended.annotations("error")) == 10

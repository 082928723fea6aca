"""What each way in may import: a library that this run does not need costs it nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from fallback_review.cli.main import COMMANDS, cli

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = (
    '[indexes]\nchainguard = "http://127.0.0.1:1/python/simple/"\npypi = "http://127.0.0.1:1/simple/"\n'
)
NOTHING = frozenset({"click"})
CHECKS = frozenset({"annotated_types", "pydantic", "pydantic_core", "typing_inspection"})
"""What the keys of a settings file are checked with."""
REVIEW = NOTHING | {
    "msgspec",
    "packaging",
    "pycurl",
    "tomli",  # not where a name tells at once that a lockfile is none
    "typing_extensions",
}
GITHUB = frozenset({"backports", "certifi", "charset_normalizer", "idna", "requests", "urllib3"})
"""What speaks to GitHub, and reads the exceptions of a proxy."""


def imported(code: str, folder: Path, *arguments: str) -> set[str]:
    """Return the libraries that a program has imported when it ends."""
    script = (
        "import sys, sysconfig\n"
        f"sys.argv = ['fallback-review', *{list(arguments)!r}]\n"
        f"try:\n    {code}\nexcept SystemExit:\n    pass\n"
        "site = sysconfig.get_path('purelib'), sysconfig.get_path('platlib')\n"
        "files = {name: getattr(module, '__file__', None) or '' for name, module in sys.modules.items()}\n"
        "found = {name.partition('.')[0] for name, file in files.items() if file.startswith(site)}\n"
        "print('\\n' + ' '.join(sorted(found)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True, env={}
    )
    return {name for name in done.stdout.splitlines()[-1].split() if not name.endswith(("__mypyc", "_hack"))}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.txt").write_text("a==1\n")
    (tmp_path / "new.txt").write_text("a==2\n")
    (tmp_path / "settings.toml").write_text(SETTINGS)
    return tmp_path


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_what_is_said_at_once_needs_click_alone(folder: Path, option: str) -> None:
    assert imported("from fallback_review.cli.start import main; main()", folder, option) == NOTHING


@pytest.mark.parametrize("form", ["terminal", "json", "sarif"])
def test_a_review_off_a_terminal(folder: Path, form: str) -> None:
    found = imported(
        "from fallback_review.cli.start import main; main()",
        folder,
        *("review", "old.txt", "new.txt", "--config", "settings.toml", "--format", form, "--output", "o"),
    )
    assert (folder / "o").read_text()
    assert found <= REVIEW | CHECKS


def test_without_a_settings_file_nothing_checks_one(folder: Path) -> None:
    given = ["review", "old.txt", "new.txt", "--format", "json", "--output", "o", "--layout", "hosted"]
    addresses = ["--index-url", "http://127.0.0.1:1/ours/", "--pypi-url", "http://127.0.0.1:1/simple/"]
    found = imported("from fallback_review.cli.start import main; main()", folder, *given, *addresses)
    assert (folder / "o").read_text()
    assert found <= REVIEW


def test_without_toml_nothing_reads_it(tmp_path: Path) -> None:
    for version, side in enumerate(("old", "new")):
        (tmp_path / side).mkdir()
        (tmp_path / side / "requirements.txt").write_text(f"a=={version}\n")
    given = ["review", "old/requirements.txt", "new/requirements.txt", "--format", "json", "--output", "o"]
    addresses = ["--index-url", "http://127.0.0.1:1/ours/", "--pypi-url", "http://127.0.0.1:1/simple/"]
    found = imported("from fallback_review.cli.start import main; main()", tmp_path, *given, *addresses)
    assert found == REVIEW - {"tomli"}


def test_a_cache_alone_needs_its_library(folder: Path) -> None:
    given = ["review", "old.txt", "new.txt", "--config", "settings.toml", "--output", "o"]
    found = imported(
        "from fallback_review.cli.start import main; main()", folder, *given, "--cache-dir", "kept"
    )
    assert found - REVIEW - CHECKS == {"hishel", "msgpack"}


def test_nothing_reads_the_feed_or_looks_for_plugins(folder: Path) -> None:
    given = ["review", "old.txt", "new.txt", "--config", "settings.toml", "--output", "o"]
    script = (
        "import os, sys\n"
        "from fallback_review.cli.start import main\n"
        f"sys.argv = ['fallback-review', *{given!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('fallback_review.index.vex' in sys.modules, os.environ['PYDANTIC_DISABLE_PLUGINS'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=True, env={}
    )
    assert done.stdout.split() == ["False", "__all__"]


def test_a_comment_needs_its_templates(folder: Path) -> None:
    found = imported(
        "from fallback_review.cli.start import main; main()",
        folder,
        *("review", "old.txt", "new.txt", "--config", "settings.toml", "--format", "markdown"),
    )
    assert found <= REVIEW | CHECKS | {"jinja2", "markupsafe"}


def test_an_action_without_an_app(folder: Path) -> None:
    found = imported("import fallback_review.action.main", folder)
    # Nothing speaks to an index before GitHub was asked what changed.
    assert found <= (REVIEW | CHECKS | GITHUB | {"jinja2", "markupsafe", "unidiff"}) - {"pycurl"}


def test_a_proxy_alone_needs_requests(folder: Path) -> None:
    script = "import os; os.environ.update(http_proxy='http://127.0.0.1:1', no_proxy='127.0.0.1')\n    "
    given = ["review", "old.txt", "new.txt", "--config", "settings.toml", "--output", "o"]
    found = imported(f"{script}from fallback_review.cli.start import main; main()", folder, *given)
    assert found - REVIEW - CHECKS == GITHUB


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_says_of_a_command_what_the_command_says(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.get_short_help_str(200) == COMMANDS[name][1]

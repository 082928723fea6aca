"""`fallback-review verify` as a command: its reports, its exit codes, and predictions held against facts."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import jsonschema
import pytest

from fallback_review.report.verification import FORMATS, render
from fallback_review.report.verification.json import schema
from tests.cli.command import run
from tests.conftest import ROOT
from tests.installed.conftest import copied
from tests.installed.installers import LOCKS, Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.installed.conftest import World

pytestmark = pytest.mark.lab
PUBLISHED = ROOT / "docs" / "verification.schema.json"


def test_the_published_schema_is_the_codes() -> None:
    """To renew it: ``python -m tests.installed.test_command``."""
    assert json.loads(PUBLISHED.read_text("utf-8")) == schema()


def test_an_intact_environment_passes(world: World, installed: dict[str, Project], tmp_path: Path) -> None:
    done = run("verify", installed["uv"].environment, *world.indexes.options(), cwd=tmp_path)
    assert done.code == 0, done.said
    lines = done.stdout.splitlines()
    assert lines[0] == "✅ All 4 distributions come from Chainguard"
    assert "   Coverage: 4 of 4 from Chainguard and unchanged (100.0%)" in lines
    assert "4 compared with the index's RECORD" in done.stdout


def test_the_active_environment_is_the_default(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    active = {"VIRTUAL_ENV": str(installed["uv"].environment)}
    done = run("verify", "--format", "json", *world.indexes.options(), cwd=tmp_path, env=active)
    assert done.code == 0, done.said
    assert [each["name"] for each in done.report["places"][0]["distributions"]] == [
        "native",
        "plain",
        "single",
        "tool-kit",
    ]


def test_a_change_fails_and_every_report_tells_it(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    project = copied(installed["uv"], tmp_path)
    core = project.site / "plain/core.py"
    core.write_text(core.read_text() + "EVIL = 1\n")
    (project.site / "e|v<i>l.pth").write_text("")
    for form in FORMATS:
        done = run("verify", project.environment, "--format", form, *world.indexes.options(), cwd=tmp_path)
        assert done.code == 1, done.said
        assert "plain/core.py" in done.stdout
        assert form != "html" or "<i>" not in done.stdout
    written = run(
        "verify", project.environment, "--output", "out.txt", *world.indexes.options(), cwd=tmp_path
    )
    assert (written.stdout, written.code) == ("", 1)
    assert "changed: lib/" in (tmp_path / "out.txt").read_text("utf-8")


def test_the_json_report_is_as_its_schema_says(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    project = copied(installed["uv"], tmp_path)
    (project.site / "evil.pth").write_text("")
    done = run("verify", project.environment, "--format", "json", *world.indexes.options(), cwd=tmp_path)
    jsonschema.validate(done.report, schema(), format_checker=jsonschema.FormatChecker())
    (place,) = done.report["places"]
    assert place["counts"]["origins"]["chainguard"] == 4
    assert [each["path"].rpartition("/")[2] for each in place["strays"]] == ["evil.pth"]
    assert place["requests"] == 8


def test_without_an_answer_it_says_what_it_cannot_tell(installed: dict[str, Project], tmp_path: Path) -> None:
    nobody = ["--index-url", "http://127.0.0.1:9/python/simple/", "--pypi-url", "http://127.0.0.1:9/simple/"]
    done = run("verify", installed["uv"].environment, *nobody, cwd=tmp_path)
    assert done.code == 3, done.said
    assert "4 of 4: could not be told" in done.stdout
    assert "the connection was refused" in done.stdout
    warned = run("verify", installed["uv"].environment, *nobody, "--on-unknown", "warn", cwd=tmp_path)
    assert warned.code == 0


def test_chainguards_word_alone_is_said_to_be_that(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    options = ["--index-url", world.indexes.chainguard, "--pypi-url", "http://127.0.0.1:9/simple/"]
    done = run("verify", installed["uv"].environment, *options, cwd=tmp_path)
    assert done.code == 0, done.said
    assert "PyPI was not compared" in done.stdout


def test_usage_errors_are_one_line(world: World, tmp_path: Path) -> None:
    run("verify", tmp_path / "absent", cwd=tmp_path).refuses("there is no such file or folder")
    run("verify", tmp_path, cwd=tmp_path).refuses("it holds no installed distribution")
    run("verify", "--format", "annotations", cwd=tmp_path).refuses("is not for verify")


@pytest.mark.parametrize("installer", ["pip", "uv", "poetry", "pdm", "pipenv"])
def test_a_prediction_is_held_against_the_fact(
    world: World, installed: dict[str, Project], installer: str, tmp_path: Path
) -> None:
    project = installed[installer]
    where = [project.environment, "--lock", project.lock_path]
    done = run("verify", *where, *world.indexes.options(), "--layout", "chainguard-only", cwd=tmp_path)
    assert done.code == 0, done.said
    said = " ".join(done.stdout.split())
    assert f"The prediction from {project.lock_path} held for 4 of 4" in said


def test_a_prediction_that_did_not_hold_is_told(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    """The lock is mended, and the environment was never installed anew: installers swap nothing."""
    stale = Project("uv", tmp_path / "stale", installed["uv"].names)
    stale.declare(world.indexes.pypi)
    stale.lock()
    stale.install()
    lock = installed["uv"].folder / LOCKS["uv"]
    done = run(
        "verify",
        stale.environment,
        "--lock",
        lock,
        "--format",
        "json",
        "--fail-on",
        "",
        *world.indexes.options(),
        cwd=tmp_path,
    )
    (place,) = done.report["places"]
    assert (place["counts"]["held"], place["counts"]["predicted"], place["conclusion"]) == (0, 4, "warn")
    assert {each["prediction"]["why"] for each in place["distributions"]} == {
        "chainguard was predicted, and it is pypi"
    }
    assert all(each["line"] for each in place["distributions"])


def test_versions_that_differ_and_packages_that_are_not_there(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("plain==2.0\nsingle==1.0\nonly-pypi==1.0\n")
    done = run(
        "verify",
        installed["uv"].environment,
        "--lock",
        lock,
        *world.indexes.options(),
        "--layout",
        "chainguard-only",
        cwd=tmp_path,
    )
    unwrapped = " ".join(done.stdout.split())
    assert "held for 1 of 3; 1 is not installed" in unwrapped
    assert "the lock brings 2.0, and 1.0 is installed" in unwrapped
    assert "1 of the lock's packages is not installed: only-pypi" in unwrapped
    assert done.stdout.startswith("⚠️")


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_an_environment_without_anything_of_the_lock_is_no_pass(
    world: World, installed: dict[str, Project], installer: str, tmp_path: Path
) -> None:
    lock = installed[installer].lock_path
    empty = Project("uv", tmp_path / "empty")
    empty.declare(world.indexes.chainguard)
    done = run(
        "verify",
        empty.environment,
        "--lock",
        lock,
        "--format",
        "json",
        *world.indexes.options(),
        cwd=tmp_path,
    )
    assert done.code == 3, done.said
    (place,) = done.report["places"]
    assert place["absent"] == ["native", "plain", "single", "tool-kit"]
    assert (place["counts"]["held"], place["counts"]["predicted"], place["conclusion"]) == (0, 4, "unknown")
    assert "none of the lock's packages is installed" in place["findings"][0]["text"]


def test_an_environment_without_any_package_is_no_pass(world: World, tmp_path: Path) -> None:
    """A green rests on something that was seen: an empty folder is more likely the wrong one."""
    empty = Project("uv", tmp_path / "empty")
    empty.declare(world.indexes.chainguard)
    done = run("verify", empty.environment, *world.indexes.options(), cwd=tmp_path)
    assert done.code == 3, done.said
    assert "Nothing to verify is installed" in done.stdout


def test_groups_and_extras_may_have_been_left_out(
    world: World, installed: dict[str, Project], tmp_path: Path
) -> None:
    project = copied(installed["uv"], tmp_path)
    shutil.rmtree(project.site / "single-1.0.dist-info")
    (project.site / "single.py").unlink()
    done = run(
        "verify",
        project.environment,
        "--lock",
        installed["uv"].lock_path,
        "--format",
        "json",
        *world.indexes.options(),
        cwd=tmp_path,
    )
    assert done.code == 0, done.said
    (place,) = done.report["places"]
    assert (place["counts"]["held"], place["counts"]["predicted"], place["absent"]) == (3, 3, [])
    (finding,) = place["findings"]
    assert finding["text"].startswith("1 of the lock's packages is not installed: single. Groups or extras")


def test_what_can_not_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(b"")
    (tmp_path / "report.json").write_text("{")
    for name in ("image.tar", "report.json", "absent"):
        done = run("verify", name, cwd=tmp_path)
        assert (done.code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"fallback-review: {name}: ")
        assert done.stderr.count("\n") == 1


def test_what_is_shown_is_inert() -> None:
    from fallback_review.model import Conclusion, Notice
    from fallback_review.model.installed import Deviation, Integrity, Origin, Proof, Verification
    from fallback_review.model.installed import VerifiedDistribution as Found

    evil = "<script>alert(1)</script>|`x`[a](http://e)@team\x1b[31m"
    found = Found(
        name=evil,
        version=evil,
        place=evil,
        origin=Origin.PYPI,
        integrity=Integrity.CHANGED,
        proof=Proof.NONE,
        why=evil,
        deviations=(Deviation(path=evil, kind=Integrity.CHANGED, detail=evil),),
        deviating=1,
        conclusion=Conclusion.FAIL,
    )
    verification = Verification(
        place=evil,
        kind="environment",
        conclusion=Conclusion.FAIL,
        distributions=(found,),
        strays=(Deviation(path=evil, kind=Integrity.ADDED),),
        startup=(evil,),
        unreadable=(Notice(text=evil, path=evil),),
    )
    for form in FORMATS:
        text = render([verification], form)
        assert "\x1b" not in text
        if form == "html":
            assert "<script>" not in text
        if form == "markdown":
            outside = re.sub(r"(`{2,}).*?\1", "", text)
            assert not [part for part in ("<script>", "](http", "@team") if part in outside]
    with pytest.raises(ValueError, match="unknown report format"):
        render([verification], "pdf")
    assert "more lines" in render([verification], "markdown", limit=200)


if __name__ == "__main__":
    PUBLISHED.write_text(json.dumps(schema(), indent=2) + "\n", "utf-8")

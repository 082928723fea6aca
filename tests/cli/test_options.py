"""Settings files and the options that lie over them, the allow list, and the forms of the result."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from fallback_review.report import FORMATS
from tests.cli.command import PROGRAM, Finished, environment, run, run_here
from tests.cli.conftest import BASE, HEAD
from tests.conftest import ROOT
from tests.servers.certificates import make_certificates
from tests.servers.nginx import PASSWORD, USERNAME

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.nginx import NginxIndex
    from tests.servers.scripted import ScriptedServer

TOKEN = {"CHAINGUARD_PYTHON_IDENTITY_ID": USERNAME, "CHAINGUARD_PYTHON_TOKEN": PASSWORD}


@pytest.fixture
def folder(tmp_path: Path, chainguard: NginxIndex, public: NginxIndex) -> Path:
    """Two lockfiles and settings, in the usual place, that name the servers."""
    (tmp_path / "old.txt").write_text(BASE)
    (tmp_path / "new.txt").write_text(HEAD)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github/fallback-review.toml").write_text(settings(chainguard, public))
    return tmp_path


def settings(chainguard: NginxIndex, public: NginxIndex, more: str = "") -> str:
    return f'{more}\n[indexes]\nchainguard = "{chainguard.guarded}"\npypi = "{public.open}"\n'


def review(folder: Path, *more: str) -> Finished:
    return run_here("review", "--format", "json", *more, "old.txt", "new.txt", cwd=folder, env=TOKEN)


def test_the_usual_settings_file_is_read(folder: Path) -> None:
    done = review(folder)

    assert (done.code, done.report["counts"]["fallback"]) == (1, 2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[policy]\nfailon = ['pypi']\n", ("policy.failon", "did you mean 'fail-on'")),
        ("[polcy]\n", ("polcy", "did you mean 'policy'")),
        ("[policy]\nfail-on = ['pipy']\n", ("policy.fail-on[0]", "'pipy'", "did you mean 'pypi'")),
        ("[policy]\nfail-on = 'pypi'\n", ("policy.fail-on",)),
        ("[policy]\non-unknown = 'pass'\n", ("policy.on-unknown", "'fail' or 'warn'")),
        ("[indexes]\nchainguard = 'ftp://index.example/'\n", ("indexes.chainguard", "https://")),
        ("[indexes]\nlayout = 'sideways'\n", ("indexes.layout", "Allowed: ")),
        ("[targets]\nplatforms = ['linux']\n", ("targets.platforms[0]", "linux-x86_64")),
        ("[targets]\npython = ['2.7']\n", ("targets.python[0]", "'3.12'")),
        ("[[allow]]\npackage = 'a'\n", ("allow[0].reason", "is missing")),
        ("[[allow]]\npackage = 'a'\nreason = 'b'\nexpires = 'soon'\n", ("allow[0].expires",)),
        ("policy = 1\n", ("policy",)),
        ("[policy\n", ("not valid TOML", "line 1")),
        ("x = " + "[" * 100_000, ("not valid TOML",)),
    ],
)  # fmt: skip
def test_wrong_settings_name_file_and_key(text: str, words: tuple[str, ...], folder: Path) -> None:
    (folder / "team.toml").write_text(text)

    done = review(folder, "--config", "team.toml")

    done.refuses("team.toml", *words)
    assert len(done.stderr.splitlines()) == 1


def test_the_installed_command_refuses_wrong_settings(folder: Path) -> None:
    (folder / "team.toml").write_text("[policy]\nfailon = ['pypi']\n")
    (folder / "latin.toml").write_bytes(b"# f\xfcr\n")
    for name, word in (
        ("team.toml", "policy.failon"),
        ("latin.toml", "not valid TOML"),
        ("none.toml", "does not exist"),
    ):
        run("review", "--config", name, "old.txt", "new.txt", cwd=folder).refuses(name, word)


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--fail-on", "pypi,sometimes", ("--fail-on: ", "'sometimes'")),
        ("--on-unknown", "pass", ("--on-unknown",)),
        ("--layout", "sideways", ("--layout: ", "'sideways'")),
        ("--installer", "conda", ("--installer: ", "'conda'")),
        ("--python", "3", ("--python: ", "'3'")),
        ("--platform", "amiga", ("--platform: ", "'amiga'")),
        ("--index-url", "libraries.cgr.dev", ("--index-url: ", "https://")),
        ("--resolver-index-url", "nowhere", ("--resolver-index-url: ", "https://")),
        ("--pypi-url", "nowhere", ("--pypi-url: ", "https://")),
        ("--ca-bundle", "nowhere.pem", ("--ca-bundle", "nowhere.pem")),
        ("--format", "pdf", ("--format", "'pdf'")),
        ("--colour", "red", ("--colour",)),
    ],
)
def test_wrong_options_are_named(option: str, value: str, words: tuple[str, ...], folder: Path) -> None:
    review(folder, option, value).refuses(*words)


def test_a_file_without_certificates_is_named_with_what_names_it(folder: Path) -> None:
    (folder / "ours.der").write_bytes(b"0\x82\x01")
    nothing = ("ours.der: there is no usable certificate in it", "PEM")
    review(folder, "--ca-bundle", "ours.der").refuses("--ca-bundle names ", *nothing)
    for variable in ("FALLBACK_REVIEW_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        env = {**TOKEN, variable: "ours.der"}
        for command in (("review", "old.txt", "new.txt"), ("scan", "new.txt"), ("explain", "six==1.16.0")):
            run_here(*command, cwd=folder, env=env).refuses(f"{variable} names ", *nothing)
    absent = run_here("scan", "new.txt", cwd=folder, env={**TOKEN, "SSL_CERT_FILE": "none.pem"})
    absent.refuses("SSL_CERT_FILE names none.pem: it can't be read (No such file or directory)")


def test_certificates_are_taken_as_a_file_and_as_a_folder(folder: Path, tmp_path: Path) -> None:
    place = tmp_path / "tls"
    place.mkdir()
    authority = make_certificates(place).authority
    assert review(folder, "--ca-bundle", authority).code == 1
    assert review(folder, "--ca-bundle", str(place)).code == 1


def test_options_lie_over_the_file(folder: Path) -> None:
    assert review(folder, "--fail-on", "").code == 0
    assert review(folder, "--fail-on", "install-fails").code == 0
    assert review(folder, "--fail-on", "upstream, install-fails").code == 1
    targets = review(folder, "--python", "3.11", "--python", "3.13", "--platform", "macos-arm64").report[
        "targets"
    ]
    assert [target["label"] for target in targets] == ["py3.11 macos-arm64", "py3.13 macos-arm64"]
    lockfile = review(folder, "--installer", "uv", "--layout", "chainguard-only").report["lockfiles"][0]
    assert (lockfile["installer"], lockfile["layout"]) == ("uv", "chainguard-only")


def test_the_layout_changes_the_prediction(folder: Path) -> None:
    change = review(folder, "--layout", "chainguard-only").changes["absent"]

    assert change["outcome"] == "install-fails"


def test_a_resolver_is_asked_instead_of_modelling(folder: Path, silent: ScriptedServer) -> None:
    done = review(folder, "--resolver-index-url", f"{silent.url}/all/simple/")

    assert {seen.path for seen in silent.seen} == {
        f"/all/simple/{name}/" for name in ("built", "older", "listed", "absent")
    }
    assert not [seen for seen in silent.seen if "authorization" in seen.headers]
    assert done.changes["absent"]["outcome"] == "install-fails"
    # Chainguard has it and the manager has not: its credentials may have expired, so this is no answer.
    assert (done.changes["built"]["outcome"], done.changes["built"]["cause"]) == (
        "unknown",
        "manager-fell-through",
    )


def test_the_allow_list_covers_until_its_last_day(
    folder: Path, chainguard: NginxIndex, public: NginxIndex
) -> None:
    today = datetime.now(UTC).date()

    def allowed(days: int) -> Finished:
        until = today + timedelta(days=days)
        entry = f'[[allow]]\npackage = "*"\nreason = "known"\nowner = "ann"\nexpires = {until.isoformat()}\n'
        (folder / "allow.toml").write_text(settings(chainguard, public, entry))
        return review(folder, "--config", "allow.toml")

    later, soon, over = allowed(100), allowed(1), allowed(-2)

    assert (later.code, later.report["findings"]) == (0, [])
    assert later.changes["absent"]["allowance"]["reason"] == "known"
    assert soon.code == 0
    assert "expires on" in soon.report["findings"][0]["text"]
    assert over.code == 1
    assert over.changes["absent"]["allowance"] is None
    assert "expired on" in over.report["findings"][0]["text"]


def test_the_report_satisfies_the_published_schema(folder: Path) -> None:
    schema = json.loads((ROOT / "docs/report.schema.json").read_text())
    for done in (review(folder), run_here("scan", "--format", "json", "new.txt", cwd=folder, env=TOKEN)):
        jsonschema_rs.validator_for(schema).validate(done.report)


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_every_form_is_printed_or_written(form: str, folder: Path) -> None:
    arguments = ["--format", form, "old.txt", "new.txt"]

    printed = run_here("review", *arguments, cwd=folder, env=TOKEN)
    written = run_here("review", "--output", "out/result", *arguments, cwd=folder, env=TOKEN)
    (folder / "out").mkdir()
    again = run_here("review", "--output", "out/result", *arguments, cwd=folder, env=TOKEN)

    assert printed.code == 1
    assert all(name in printed.stdout for name in ("older", "absent"))
    written.refuses("out/result")
    assert (again.code, again.stdout) == (1, "")
    text = (folder / "out/result").read_text(encoding="utf-8")
    assert text.endswith("\n")
    assert "\x1b" not in text
    if form != "terminal":
        assert text == printed.stdout


def test_a_pipe_that_closes_early_is_no_traceback(folder: Path) -> None:
    command = [str(PROGRAM), "review", "--format", "json", "old.txt", "new.txt"]
    with subprocess.Popen(
        command, cwd=folder, env=environment(folder, TOKEN), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        said = process.stderr.read().decode()

    assert "Traceback" not in said
    assert "Exception ignored" not in said


def test_a_machine_that_speaks_ascii_prints_the_same(folder: Path) -> None:
    done = run(
        "review", "old.txt", "new.txt", cwd=folder, env={**TOKEN, "PYTHONUTF8": "0", "LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    )  # fmt: skip

    assert "Traceback" not in done.said
    assert done.code == 1
    assert "older" in done.stdout


def test_help_and_version_name_the_commands(tmp_path: Path) -> None:
    done = run("--help", cwd=tmp_path)

    assert done.code == 0
    assert all(name in done.stdout for name in ("review", "scan", "explain", "demo"))
    assert run_here("--version", cwd=tmp_path).stdout.startswith("fallback-review")
    run_here("frobnicate", cwd=tmp_path).refuses("frobnicate")


def test_the_command_line_never_loads_what_it_does_not_use(folder: Path) -> None:
    code = (
        "import sys; from fallback_review.cli import main as cli; from unittest.mock import patch\n"
        "with patch.object(sys, 'argv', ['fallback-review', 'review', 'old.txt', 'new.txt', '--output', 'o']):\n"
        "    try: cli.main()\n"
        "    except SystemExit: pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=environment(folder, TOKEN),
        capture_output=True,
        check=True,
    )

    loaded = set(done.stdout.decode().split())
    assert "fallback_review" in loaded
    assert not loaded & {"github", "jwt", "cryptography", "jinja2", "nacl"}

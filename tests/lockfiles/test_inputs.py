"""Which other files decide what installing a lockfile brings."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import Text, inputs

PIP = {"pip.conf", "pip.ini", ".pip/pip.conf", ".pip/pip.ini", "uv.toml", "pyproject.toml"}
UV = 'version = 1\n\n[[package]]\nname = "a"\nversion = "1"\nsource = { virtual = "." }\n'


def of(text: str, path: str = "requirements.txt", files: dict[str, str] | None = None) -> set[str]:
    """The inputs that nothing but the text tells."""
    found = inputs(Text(path=path, text=text, read=(files or {}).get))
    return {each for each in found if each not in PIP}


@pytest.mark.parametrize(
    ("text", "files", "expected"),
    [
        ("aa==1\n", {}, set()),
        ("aa==1 --hash=sha256:00\n", {}, set()),
        ("-r base.in\n", {"base.in": "aa==1\n"}, {"base.in"}),
        ("--pre -r base.in\n", {"base.in": "aa==1\n"}, {"base.in"}),
        ("-rbase.in\n", {"base.in": "aa==1\n"}, {"base.in"}),
        ("--requirem base.in\n", {"base.in": "aa==1\n"}, {"base.in"}),
        ("--constraint=c.txt\n", {"c.txt": "aa==1\n"}, {"c.txt"}),
        ("-c gone.txt\n", {}, {"gone.txt"}),
        ("-r a/b.in\n", {"a/b.in": "-c c.txt\n-r ../d.in\n", "d.in": ""}, {"a/b.in", "a/c.txt", "d.in"}),
        ("-r https://x.example/y.txt\n-r /etc/passwd\n-r ${X}\n-r ~/z\n", {}, set()),
        ("-r ../up.txt\n", {}, {"../up.txt"}),
        ("-r requirements.txt\n", {}, set()),
        ("-r broken.in\n", {"broken.in": "<<<<<<< a\n-r more.in\n"}, {"broken.in", "more.in"}),
    ],
)
def test_what_a_requirements_file_includes(text: str, files: dict[str, str], expected: set[str]) -> None:
    assert of(text, files=files) == expected


def test_the_installers_files_by_the_path_alone() -> None:
    assert inputs(Text(path="a/poetry.lock", text="")) == {"a/poetry.toml", "a/pyproject.toml"}
    assert inputs(Text(path="requirements.txt", text="aa==1\n")) == PIP


def test_what_can_not_be_read_has_those_that_its_path_tells() -> None:
    assert inputs(Text(path="a/Pipfile.lock", text="{")) == {"a/Pipfile"}


def test_a_link_has_its_target_and_what_that_names() -> None:
    files = {"locks/main.dat": "-r more.in\n", "more.in": "aa==1\n"}
    linked = inputs(Text(path="requirements.txt", text="locks/main.dat", read=files.get, link=True))
    assert linked == PIP | {"locks/main.dat", "more.in"}
    lock = inputs(Text(path="a/uv.lock", text="../real.dat", read={"real.dat": UV}.get, link=True))
    assert "real.dat" in lock


def test_a_file_of_another_name_is_known_by_its_content() -> None:
    assert of("aa==1\n-r b.in\n", path="deps", files={"b.in": "bb==1\n"}) == {"b.in"}

"""The way in: decoding, recognising, pairs, and what is no lockfile at all."""

from __future__ import annotations

import re

import pytest

from fallback_review.lockfiles import FORMATS, LockfileError, Text, decode, parse, parse_pair, recognise
from fallback_review.lockfiles.diff import diff
from fallback_review.model import Compiled
from tests.lockfiles.writers import WRITERS, Entry

UV = WRITERS["uv.lock"].text([Entry("alpha", "1.0")])


@pytest.mark.parametrize(
    "data",
    [
        b"a\nb\n",
        b"a\r\nb\r\n",
        b"a\rb\r",
        b"\xef\xbb\xbfa\nb\n",
        "a\nb\n".encode("utf-16"),
        b"\xfe\xff" + "a\nb\n".encode("utf-16-be"),
    ],
)
def test_encodings_and_line_ends(data: bytes) -> None:
    assert decode("requirements.txt", data) == "a\nb\n"


def test_empty_data_are_an_empty_text() -> None:
    assert decode("requirements.txt", b"") == ""


@pytest.mark.parametrize(
    ("data", "reason", "line"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "binary", None),
        (b"a\x00b", "binary", None),
        (b"\x00" * 100, "binary", None),
        (b"ok\ncaf\xe9\n", "not UTF-8 text", 2),
        (b"\xff\xfea", "not UTF-16 text", 1),
    ],
)
def test_what_is_no_text(data: bytes, reason: str, line: int | None) -> None:
    with pytest.raises(LockfileError, match=reason) as caught:
        decode("uv.lock", data)
    assert caught.value.line == line
    assert str(caught.value).startswith("uv.lock")


def test_a_file_that_is_too_large() -> None:
    with pytest.raises(LockfileError, match="the file is too large: lockfiles up to 64 MB are read"):
        decode("uv.lock", bytes(100 * 1024 * 1024))


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("uv.lock", "uv.lock"),
        ("a/b/uv.lock", "uv.lock"),
        ("script.py.lock", "uv.lock"),
        ("poetry.lock", "poetry.lock"),
        ("pdm.lock", "pdm.lock"),
        ("pylock.toml", "pylock.toml"),
        ("pylock.dev.toml", "pylock.toml"),
        ("pylock.3.12.toml", "pylock.toml"),
        ("Pipfile.lock", "Pipfile.lock"),
        ("pixi.lock", "pixi.lock"),
        ("conda-lock.yml", "conda-lock.yml"),
        ("env/conda-lock-cuda.yaml", "conda-lock.yml"),
        ("requirements.txt", "requirements.txt"),
        ("requirements-dev.txt", "requirements.txt"),
        ("requirements/prod.txt", "requirements.txt"),
        ("dev-requirements.txt", "requirements.txt"),
    ],
)
def test_names(path: str, name: str) -> None:
    found = recognise(path)
    assert found is not None
    assert found is FORMATS[name]


@pytest.mark.parametrize(
    "path",
    [
        "README.md", "Cargo.lock", "package-lock.json", "pyproject.toml", "requirements.in", "xpylock.toml",
        "pylock.toml.bak", "yarn.lock", "notes.txt", "Gemfile.lock", "flake.lock",
    ],
)  # fmt: skip
def test_other_names(path: str) -> None:
    assert recognise(path) is None


CARGO = 'version = 3\n\n[[package]]\nname = "serde"\nversion = "1.0"\nsource = "registry+https://crates.example/"\n'


@pytest.mark.parametrize(
    "text",
    [CARGO, "", "hello\n", '[project]\nname = "x"\n', "[[package]]\nname = 'x'\n", "{}", "- a\n- b\n"],
)
def test_other_contents(text: str) -> None:
    assert recognise("some-file", text) is None


def test_a_file_that_is_no_lockfile() -> None:
    with pytest.raises(
        LockfileError, match=r"README.md: not a lockfile that this tool knows: uv.lock, poetry"
    ):
        parse(Text(path="README.md", text="# Hello\n"))


@pytest.mark.parametrize("text", ["", " \n\n"])
def test_an_empty_file(text: str) -> None:
    with pytest.raises(LockfileError, match="the file is empty"):
        parse(Text(path="uv.lock", text=text))


@pytest.mark.parametrize(
    ("path", "link"),
    [
        ("uv.lock", "../uv.lock"),
        ("uv.lock", "../shared/lock"),
        ("requirements.txt", "requirements/base.txt"),
        ("pylock.toml", "pylock.dev.toml"),
        ("conda-lock.yml", "environments/conda-lock.yml"),
    ],
)
def test_a_symbolic_link(path: str, link: str) -> None:
    with pytest.raises(LockfileError, match="a symbolic link to") as caught:
        parse(Text(path=path, text=link))
    assert link in str(caught.value)


def test_a_file_that_holds_a_path_of_the_tree_is_a_link_that_git_could_not_make() -> None:
    linked = parse(Text(path="requirements.txt", text="locks/main.dat", read={"locks/main.dat": "a==1"}.get))
    assert [(package.name, package.path) for package in linked.packages] == [("a", "locks/main.dat")]
    wheel = {"wheels/a-1.0-py3-none-any.whl": "binary"}
    direct = parse(Text(path="requirements.txt", text=next(iter(wheel)), read=wheel.get))
    assert [package.version for package in direct.packages] == ["1.0"]


def test_what_is_surely_a_link_is_followed_whatever_it_looks_like() -> None:
    linked = parse(Text(path="requirements.txt", text="flask", read={"flask": "a==1\n"}.get, link=True))
    assert [package.name for package in linked.packages] == ["a"]
    with pytest.raises(LockfileError, match="a symbolic link to flask"):
        parse(Text(path="requirements.txt", text="flask", link=True))


@pytest.mark.parametrize("line", ["flask", "flask==3.0", "./local", "flask>=2.txt", "gone/main.dat"])
def test_one_line_of_requirements_is_no_link(line: str) -> None:
    assert parse(Text(path="requirements.txt", text=line)).format == "requirements.txt"


@pytest.mark.parametrize("path", [*FORMATS, "some-file"])
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a==1\n<<<<<<< HEAD\nb==1\n=======\nb==2\n>>>>>>> topic\n", 2),
        ("<<<<<<<\n", 1),
        ("a\n>>>>>>> 1a2b3c (x)", 2),
    ],
)
def test_a_merge_conflict_is_named(path: str, text: str, line: int) -> None:
    with pytest.raises(LockfileError, match="a merge conflict was committed") as caught:
        parse(Text(path=path, text=text))
    assert caught.value.line == line
    with pytest.raises(LockfileError, match="a merge conflict was committed"):
        parse_pair(UV, Text(path=path, text=text))


def test_what_only_looks_like_a_conflict_is_none() -> None:
    text = "# <<<<<<< HEAD\na==1\n=======\n<<<<<<<<\n#>>>>>>>\n"
    lock = parse(Text(path="requirements.txt", text=text))
    assert ([one.name for one in lock.packages], len(lock.unread)) == (["a"], 2)


def test_a_git_lfs_pointer() -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    with pytest.raises(LockfileError, match="Git LFS pointer"):
        parse(Text(path="uv.lock", text=pointer))


def test_an_absent_side_is_an_empty_lockfile() -> None:
    base, head = parse_pair(None, UV)
    assert (base.packages, base.format, base.path) == ((), "uv.lock", "uv.lock")
    assert len(head.packages) == 1
    base, head = parse_pair(UV, None)
    assert (len(base.packages), head.packages, head.format) == (1, (), "uv.lock")
    with pytest.raises(ValueError, match="at least one side"):
        parse_pair(None, None)


def test_an_empty_base_counts_as_absent_and_an_empty_head_does_not() -> None:
    empty = Text(path="uv.lock", text="")
    base, head = parse_pair(empty, UV)
    assert (base.packages, len(head.packages)) == ((), 1)
    with pytest.raises(LockfileError, match="empty"):
        parse_pair(UV, empty)


def test_two_formats_are_read_whole() -> None:
    other = WRITERS["poetry.lock"].text([Entry("alpha", "1.0")])
    base, head = parse_pair(other, UV)
    assert (base.format, head.format, base.omitted, head.omitted) == ("poetry.lock", "uv.lock", 0, 0)


def test_a_format_without_a_pair_reader_is_read_whole() -> None:
    text = Text(
        path="Pipfile.lock", text='{"_meta": {"sources": []}, "default": {"a": {"version": "==1.0"}}}'
    )
    base, head = parse_pair(text, text)
    assert [package.name for package in head.packages] == ["a"]
    assert base.packages == head.packages


def test_a_link_is_followed_within_its_tree() -> None:
    files = {"locks/real.lock": UV.text, "locks/uv.lock": "real.lock"}
    lock = parse(Text(path="api/uv.lock", text="../locks/uv.lock", read=files.get))
    assert [(package.name, package.path) for package in lock.packages] == [("alpha", "locks/real.lock")]
    assert (lock.path, lock.format) == ("api/uv.lock", "uv.lock")
    assert lock.notices[0].text == "a symbolic link: what it holds is read from locks/real.lock"


def test_a_link_that_leads_elsewhere_is_compared_by_what_it_holds() -> None:
    newer = WRITERS["uv.lock"].text([Entry("alpha", "2.0")]).text
    files = {"one/uv.lock": UV.text, "two/uv.lock": newer}
    base = Text(path="uv.lock", text="one/uv.lock", read=files.get)
    head = Text(path="uv.lock", text="two/uv.lock", read=files.get)
    (change,) = diff(*parse_pair(base, head)).changes
    assert (change.before[0].version, change.after[0].version, change.after[0].path) == (
        "1.0",
        "2.0",
        "two/uv.lock",
    )
    assert not diff(*parse_pair(base, Text(path="uv.lock", text=UV.text))).changes


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("../../etc/uv.lock", "a symbolic link to ../../etc/uv.lock; name that file instead"),
        ("/etc/uv.lock", "a symbolic link to /etc/uv.lock; name that file instead"),
        ("../a/uv.lock", "leads through more than 5 others"),
        ("../broken/uv.lock", "a symbolic link to broken/uv.lock:1: not valid TOML"),
        (
            "../merged/uv.lock",
            "a symbolic link to merged/uv.lock:2: a merge conflict was committed (>>>>>>>)",
        ),
        ("../empty/uv.lock", "the file is empty"),
    ],
)
def test_a_link_that_leads_to_no_lockfile(link: str, reason: str) -> None:
    files = {
        "a/uv.lock": "../a/uv.lock",
        "broken/uv.lock": "x\n",
        "empty/uv.lock": "\n",
        "merged/uv.lock": "x\n>>>>>>> main",
    }
    with pytest.raises(LockfileError, match=re.escape(reason)) as caught:
        parse(Text(path="api/uv.lock", text=link, read=files.get))
    assert (caught.value.path, caught.value.line) == ("api/uv.lock", None)


def test_what_a_linked_requirements_file_includes_is_beside_the_link() -> None:
    files = {"shared/requirements.txt": "-r more.txt\nsix==1\n", "api/more.txt": "idna==3\n"}
    lock = parse(Text(path="api/requirements.txt", text="../shared/requirements.txt", read=files.get))
    assert [(package.name, package.path) for package in lock.packages] == [
        ("idna", "api/more.txt"),
        ("six", "shared/requirements.txt"),
    ]


@pytest.mark.parametrize(("path", "before"), [("requirements.txt", "a==1\n"), ("deps.txt", "a==1\n")])
@pytest.mark.parametrize("after", ["", "\n", "# nothing\n"])
def test_emptied_requirements_install_nothing(path: str, before: str, after: str) -> None:
    base, head = parse_pair(Text(path=path, text=before), Text(path=path, text=after))
    assert (head.packages, head.unread, head.format) == ((), (), "requirements.txt")
    assert [change.kind.value for change in diff(base, head).changes] == ["removed"]


def test_an_emptied_lock_of_another_format_is_an_error() -> None:
    with pytest.raises(LockfileError, match="the file is empty"):
        parse_pair(UV, Text(path="uv.lock", text=""))


@pytest.mark.parametrize(
    ("name", "path", "newest", "exact"),
    [
        ("uv.lock", "uv.lock", "uv lock --upgrade-package aa", "uv lock --upgrade-package aa==1.0+cgr.1"),
        ("uv.lock", "a b/uv.lock", "uv lock --directory 'a b' --upgrade-package aa", None),
        (
            "poetry.lock",
            "w/poetry.lock",
            "poetry -C w update --lock aa",
            "poetry -C w add --lock aa==1.0+cgr.1",
        ),
        ("pdm.lock", "w/pdm.lock", "pdm update -p w --no-sync aa", "pdm add -p w --no-sync aa==1.0+cgr.1"),
        (
            "Pipfile.lock",
            "web/Pipfile.lock",
            "cd web && pipenv upgrade aa",
            "cd web && pipenv upgrade aa==1.0+cgr.1",
        ),
        ("requirements.txt", "req/dev.txt", None, None),
        (
            "pixi.lock",
            "w/pixi.lock",
            "pixi update --manifest-path w aa",
            "pixi add --pypi --manifest-path w aa==1.0+cgr.1",
        ),
        (
            "conda-lock.yml",
            "w/conda-lock.yml",
            "conda-lock lock --lockfile w/conda-lock.yml --update aa",
            None,
        ),
        ("pylock.toml", "pylock.toml", None, None),
    ],
)
def test_locking_one_package_again(name: str, path: str, newest: str | None, exact: str | None) -> None:
    assert FORMATS[name].relock_command("aa", None, path) == newest
    if exact is not None:
        assert FORMATS[name].relock_command("aa", "1.0+cgr.1", path) == exact


@pytest.mark.parametrize(
    ("words", "compiled", "command"),
    [
        (
            "pip-compile --generate-hashes --output-file=req/dev.txt req/base.in",
            Compiled(tool="pip-compile", source="base.in", options=("--generate-hashes",)),
            "pip-compile --generate-hashes -P aa==1.0 -o req/dev.txt req/base.in",
        ),
        (
            "uv pip compile pyproject.toml --universal --python-version 3.11 --extra=dev -o req/dev.txt",
            Compiled(
                tool="uv",
                source="pyproject.toml",
                options=("--universal", "--python-version=3.11", "--extra=dev"),
            ),
            (
                "uv pip compile --universal --python-version=3.11 --extra=dev -P aa==1.0 -o req/dev.txt "
                "req/pyproject.toml"
            ),
        ),
        (
            "pip-compile --extra=$(id) --python-version ;reboot --config=x --index-url=https://me:pw@h/ dev.in",
            Compiled(tool="pip-compile", source="dev.in"),
            "pip-compile -P aa==1.0 -o req/dev.txt req/dev.in",
        ),
        ("pip-compile $(id).in", None, None),
        ("make requirements", None, None),
    ],
)
def test_a_compiled_file_is_compiled_again(
    words: str, compiled: Compiled | None, command: str | None
) -> None:
    text = f"#\n# This file is autogenerated by pip-compile with Python 3.11\n#\n#    {words}\n#\naa==2.0\n"
    lock = parse(Text(path="req/dev.txt", text=text))
    assert lock.compiled == compiled
    again = FORMATS[lock.format].relock_command("aa", "1.0", lock.path, compiled=lock.compiled)
    assert again == command


def test_a_scripts_lock_is_locked_by_its_script() -> None:
    lock = parse(Text(path="tools/a b.py.lock", text="version = 1\n"))
    again = FORMATS[lock.format].relock_command("aa", "1.0", lock.path, compiled=lock.compiled)
    assert again == "uv lock --script 'tools/a b.py' --upgrade-package aa==1.0"


def test_what_no_command_does() -> None:
    assert FORMATS["conda-lock.yml"].relock_command("aa", "1.0", "conda-lock.yml") is None

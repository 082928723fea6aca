"""Which files are looked at, which of them counts, and where their values stand."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from fallback_review import configuration
from fallback_review.lockfiles import FORMATS, Text, format_of, parse
from fallback_review.model import InstallOptions, Lockfile
from tests.configuration.cases import (
    ADDRESSES,
    OTHER,
    C,
    P,
    R,
    Tree,
    lock,
    pipfile_source,
    poetry_source,
    read,
    uv_index,
)

DEFAULT = "default = true"


@pytest.mark.parametrize(
    ("path", "lock_format", "expected"),
    [
        ("uv.lock", "uv.lock", ["uv.toml", "pyproject.toml"]),
        (
            "apps/api/uv.lock",
            "uv.lock",
            [
                "apps/api/uv.toml",
                "apps/api/pyproject.toml",
                "apps/uv.toml",
                "apps/pyproject.toml",
                "uv.toml",
                "pyproject.toml",
            ],
        ),
        (
            "jobs/run.py.lock",
            "uv.lock",
            ["jobs/run.py", "jobs/uv.toml", "jobs/pyproject.toml", "uv.toml", "pyproject.toml"],
        ),
        ("a/poetry.lock", "poetry.lock", ["a/poetry.toml", "a/pyproject.toml"]),
        ("./pdm.lock", "pdm.lock", ["pdm.toml", "pyproject.toml"]),
        ("a/b/Pipfile.lock", "Pipfile.lock", ["a/b/Pipfile"]),
        ("pixi.lock", "pixi.lock", ["pixi.toml", "pyproject.toml"]),
        (
            "req/dev.txt",
            "requirements.txt",
            [
                "req/pip.conf",
                "req/pip.ini",
                "req/.pip/pip.conf",
                "req/.pip/pip.ini",
                "pip.conf",
                "pip.ini",
                ".pip/pip.conf",
                ".pip/pip.ini",
                "req/uv.toml",
                "req/pyproject.toml",
                "uv.toml",
                "pyproject.toml",
            ],
        ),
        (
            "pylock.toml",
            "pylock.toml",
            ["uv.toml", "pyproject.toml", "pip.conf", "pip.ini", ".pip/pip.conf", ".pip/pip.ini", "pdm.toml"],
        ),
        ("conda-lock.yml", "conda-lock.yml", []),
        ("/srv/uv.lock", "uv.lock", ["/srv/uv.toml", "/srv/pyproject.toml"]),
        ("../x/uv.lock", "uv.lock", ["../x/uv.toml", "../x/pyproject.toml"]),
    ],
)
def test_what_configures_a_lock(path: str, lock_format: str, expected: list[str]) -> None:
    assert list(FORMATS[lock_format].configured_by(path)) == expected


def test_a_path_of_many_folders_has_few_such_files() -> None:
    assert len(FORMATS["uv.lock"].configured_by("d/" * 5000 + "uv.lock")) == 66


@pytest.mark.parametrize("installer", ["pip", "uv", "poetry", "pdm", "pipenv", "pixi"])
@pytest.mark.parametrize("folder", ["", "a/b/"])
def test_only_such_files_are_asked_for_and_each_once(installer: str, folder: str) -> None:
    lockfile = lock(installer)
    lockfile = replace(lockfile, path=f"{folder}{lockfile.path}")
    tree = Tree({})
    found = configuration.read(lockfile, tree.text_of, installer=installer)
    assert tree.asked
    assert len(tree.asked) == len(set(tree.asked))
    assert set(tree.asked) <= set(format_of(lockfile).configured_by(lockfile.path))
    assert (found.indexes, found.files, found.problems) == ((), (), ())
    assert found.builtin_pypi


def test_uv_goes_up_to_the_nearest_options_and_no_further() -> None:
    files = {
        "a/b/pyproject.toml": "[project]\nname = 'x'\n",
        "a/pyproject.toml": uv_index(C, "near", DEFAULT),
        "uv.toml": uv_index(P, "far", table="index"),
    }
    tree = Tree(files)
    found = configuration.read(lock("uv", path="a/b/uv.lock"), tree.text_of, installer="uv")
    assert [index.name for index in found.indexes] == ["near"]
    assert found.files == ("a/pyproject.toml",)
    assert "uv.toml" not in tree.asked


def test_an_empty_tool_table_counts_as_options() -> None:
    files = {"a/pyproject.toml": "[tool.uv]\n", "uv.toml": uv_index(P, "far", table="index")}
    assert read("uv", files, lock("uv", path="a/uv.lock")).indexes == ()


def test_uv_toml_goes_before_pyproject_but_sources_stay() -> None:
    files = {
        "uv.toml": uv_index(C, "cgr", table="index"),
        "pyproject.toml": uv_index(P, "pypi") + '[tool.uv.sources]\nsix = { index = "cgr" }\n',
    }
    found = read("uv", files)
    assert [index.name for index in found.indexes] == ["cgr"]
    assert found.indexes[0].key == "[[index]]"
    assert found.package_index == {"six": "cgr"}


SCRIPT = f"""#!/usr/bin/env python3
# /// script
# dependencies = ["six"]
#
# [[tool.uv.index]]
# name = "cgr"
# url = "{C}"
# default = true
# ///
print("hello")
"""


def test_a_scripts_own_block_comes_first() -> None:
    files = {"job.py": SCRIPT, "pyproject.toml": uv_index(P, "pypi", DEFAULT)}
    found = read("uv", files, lock("uv", path="job.py.lock"))
    assert [(index.path, index.line, index.name) for index in found.indexes] == [
        ("job.py", 7, "cgr"),
        ("pyproject.toml", 3, "pypi"),
    ]
    assert found.files == ("job.py", "pyproject.toml")


def test_incomplete_entries_are_passed_over() -> None:
    assert (
        read("uv", {"uv.toml": '[[index]]\nname = "x"\n[pip]\nindex-url = " "\n'}, lock("pip")).indexes == ()
    )
    assert read("uv", {"uv.toml": 'extra-index-url = [""]\n[sources]\nsix = { git = "x" }\n'}).indexes == ()
    assert read("pipenv", {"Pipfile": '[[source]]\nname = "x"\n'}).indexes == ()
    assert read("pixi", {"pixi.toml": '[pypi-options]\nextra-index-urls = [""]\n'}).indexes == ()
    long = "https://index.example/" + "x" * 3000
    assert read("pip", {"pip.conf": f"[global]\nindex-url = {long}\n"}).indexes == ()


def test_a_script_without_a_block_has_no_options() -> None:
    assert read("uv", {"job.py": "print('x')\n"}, lock("uv", path="job.py.lock")).indexes == ()


def test_requirements_options_reach_the_configuration() -> None:
    lockfile = replace(lock("pip"), options=InstallOptions(no_index=True))
    assert read("pip", {}, lockfile).no_index
    assert read("uv", {}, lockfile).no_index


def test_a_format_without_files_asks_for_none() -> None:
    tree = Tree({"pip.conf": f"[global]\nindex-url={C}\n"})
    lockfile = Lockfile(path="conda-lock.yml", format="conda-lock.yml")
    assert configuration.read(lockfile, tree.text_of, installer="pip").indexes == ()
    assert tree.asked == []


def test_an_index_line_of_an_included_file_stands_there() -> None:
    text = Text(
        path="req/dev.txt",
        text="-r base.txt\nsix==1.0\n",
        read=Tree({"req/base.txt": f"\n-i https://u:p@{C[8:]}\n"}).text_of,
    )
    lockfile = parse(text)
    found = configuration.read(lockfile, Tree({}).text_of, installer="pip")
    assert [(index.url, index.where) for index in found.indexes] == [(C, "req/base.txt:2, --index-url")]
    (notice,) = configuration.findings(found, lockfile, ADDRESSES)
    assert (notice.path, notice.line) == ("req/base.txt", 2)


def test_the_sources_of_a_real_pipfile_lock() -> None:
    sources = [{"name": "cgr", "url": C, "verify_ssl": True}, {"name": "pypi", "url": P, "verify_ssl": True}]
    document = {"_meta": {"hash": {}, "pipfile-spec": 6, "sources": sources}, "default": {}, "develop": {}}
    lockfile = parse(Text(path="Pipfile.lock", text=json.dumps(document, indent=4)))
    found = read("pipenv", {}, lockfile)
    assert [(index.name, index.url, index.key) for index in found.indexes] == [
        ("cgr", C, "_meta.sources"),
        ("pypi", P, "_meta.sources"),
    ]
    indexes = configuration.arrange(found, ADDRESSES).indexes
    assert [each.parts for each in indexes] == [(ADDRESSES.chainguard,), (ADDRESSES.pypi,)]


def test_pip_conf_beside_the_requirements_goes_before_the_roots() -> None:
    files = {"req/pip.conf": f"[global]\nindex-url={C}\n", "pip.conf": f"[global]\nindex-url={P}\n"}
    found = read("pip", files, lock("pip", path="req/dev.txt"))
    assert [index.url for index in found.indexes] == [C]
    assert found.files == ("req/pip.conf",)


def test_poetry_dependencies_name_their_source_in_each_group() -> None:
    text = (
        poetry_source("cgr", C)
        + '[tool.poetry.dependencies]\nPython = "^3.11"\nA_b = {version = "1", source = "cgr"}\n'
        + '[tool.poetry.dev-dependencies]\nc = {version = "1", source = "cgr"}\n'
        + '[tool.poetry.group.test.dependencies]\nd = [{version = "1", source = "x"}, {version = "2"}]\n'
    )
    assert read("poetry", {"pyproject.toml": text}).package_index == {"a-b": "cgr", "c": "cgr", "d": "x"}


def test_a_poetry_source_without_address_and_not_pypi_is_no_index() -> None:
    assert read("poetry", {"pyproject.toml": poetry_source("nowhere")}).indexes == ()


def test_pipfile_packages_name_their_index_in_each_category() -> None:
    text = (
        pipfile_source("cgr", C)
        + '[packages]\nsix = "*"\nNumPy = {version = "*", index = "cgr"}\n[docs]\nsphinx = {index = "p"}\n'
        + '[pipenv]\nx = {index = "no"}\n'
    )
    assert read("pipenv", {"Pipfile": text}).package_index == {"numpy": "cgr", "sphinx": "p"}


def test_pixi_dependencies_name_their_index_by_address() -> None:
    text = f'[pypi-dependencies]\nsix = {{ version = "*", index = "{R}" }}\nx = "*"\n'
    assert read("pixi", {"pixi.toml": text}).package_index == {"six": R}


def test_pdm_toml_adds_sources_behind_and_may_replace_the_builtin_one() -> None:
    files = {
        "pyproject.toml": '[[tool.pdm.source]]\nname = "cgr"\nurl = "' + C + '"\n',
        "pdm.toml": f'[pypi]\nurl = "{P}"\n[pypi.team]\nurl = "{OTHER}"\n[pypi.cgr]\nverify_ssl = true\n[pypi.z]\n',
    }
    found = read("pdm", files)
    assert [index.name for index in found.indexes] == ["pypi", "cgr", "team"]
    assert not found.builtin_pypi
    assert found.files == ("pyproject.toml", "pdm.toml")


def test_lines_skip_comments_and_count_windows_ends_and_marks() -> None:
    text = f'\ufeff# url = "{C}"\r\n[[tool.uv.index]]\r\nurl = "{C}"\r\n'
    assert [index.line for index in read("uv", {"pyproject.toml": text}).indexes] == [3]


def test_an_address_that_is_written_with_escapes_has_no_line() -> None:
    (index,) = read("uv", {"uv.toml": '[[index]]\nurl = "\\u0068ttps://index.example/simple"\n'}).indexes
    assert (index.url, index.line) == ("https://index.example/simple", None)
    assert index.where == "uv.toml, [[index]]"


def test_a_key_of_pip_without_a_value_takes_nothing_back() -> None:
    """Measured with pip 26.3: it passes over such keys, those of another section stay."""
    text = f"[global]\nindex-url = {C}\nextra-index-url = {P}\nno-binary = six\n[install]\nextra-index-url =\nno-binary =\n"
    found = read("pip", {"pip.conf": text})
    assert [index.url for index in found.indexes] == [C, P]
    assert found.options.no_binary == frozenset({"six"})

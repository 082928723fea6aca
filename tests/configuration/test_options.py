"""Install options: what the installers' files and a requirements file's own lines come to, as it was measured."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fallback_review import configuration
from fallback_review.lockfiles import Text, parse
from fallback_review.model import Prereleases
from tests.configuration.cases import LOCKS, Tree, lock, package

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.configuration import Configuration

NOW = datetime(2026, 11, 21, tzinfo=UTC)
REQUIREMENTS = {"pip", "uv"}


def read(
    installer: str, files: Mapping[str, str], lines: str = "", *, now: datetime | None = NOW
) -> Configuration:
    usual, _ = LOCKS["pip" if installer in REQUIREMENTS else installer]
    tree = Tree(files)
    lockfile = (
        parse(Text(path=usual, text=f"{lines}\nfoo==1.0\n", read=tree.text_of))
        if installer in REQUIREMENTS
        else lock(installer, packages=[package("foo")])
    )
    return configuration.read(lockfile, tree.text_of, installer=installer, now=now)


def conf(*lines: str) -> dict[str, str]:
    return {"pip.conf": "\n".join(["[install]", *lines, ""])}


def uv(*lines: str) -> dict[str, str]:
    return {"uv.toml": "\n".join([*lines, ""])}


def poetry(*lines: str) -> dict[str, str]:
    return {"poetry.toml": "\n".join(["[installer]", *lines, ""])}


def pdm(*lines: str) -> dict[str, str]:
    return {"pyproject.toml": "\n".join(["[tool.pdm.resolution]", *lines, ""])}


BOTH, WHEELS, SDISTS, NEITHER = (True, True), (True, False), (False, True), (False, False)
KINDS = [
    ("pip", {}, "", BOTH),
    ("pip", conf("no-binary = foo"), "", SDISTS),
    ("pip", conf("no_binary: FOO,bar"), "", SDISTS),
    ("pip", conf("no-binary = bar, foo"), "", SDISTS),
    ("pip", conf("only-binary = :all:"), "", WHEELS),
    ("pip", conf("only-binary = :all:"), "--no-binary foo", SDISTS),
    ("pip", conf("no-binary = foo"), "--no-binary :none:", BOTH),
    ("pip", conf("no-binary = foo"), "--only-binary :all:", WHEELS),
    ("pip", {"pip.conf": "[install]\nno-binary = foo\n[global]\nonly-binary = :all:\n"}, "", SDISTS),
    ("pip", {"pip.conf": "[global]\nno-binary = foo\n[install]\nno-binary = bar\n"}, "", SDISTS),
    *[
        ("pip", {"pip.conf": f"[{section}]\nno-binary = foo\n"}, "", BOTH)
        for section in ("download", "wheel", "list", "lock", "env", ":ENV:", "Global")
    ],
    ("pip", {"pip.conf": "[:env:]\nno-binary = foo\n"}, "", SDISTS),
    ("pip", {"pip.conf": "[:env:]\nno-binary = foo\n[install]\nonly-binary = foo\n"}, "", SDISTS),
    ("pip", {"pip.conf": "[:env:]\nno-binary = foo\n"}, "--only-binary foo", WHEELS),
    ("pip", {}, "bar==1.0 --no-binary foo", SDISTS),
    ("pip", {}, "bar==1.0 --no-binary=:all:", SDISTS),
    ("pip", {}, "-e ./bar --no-binary foo", SDISTS),
    ("pip", {"c.txt": "bar==1.0 --no-binary foo"}, "-c c.txt", SDISTS),
    ("pip", {"c.txt": ""}, "-c c.txt --no-binary foo", SDISTS),
    ("pip", {"c.txt": "--no-binary foo"}, "-c c.txt --only-binary foo", SDISTS),
    ("pip", {**conf("constraint = c.txt"), "c.txt": "--no-binary foo"}, "", SDISTS),
    ("pip", {**conf("constraint = c.txt"), "c.txt": "bar==1.0 --no-binary foo"}, "", SDISTS),
    ("pip", {**conf("constraint = c.txt"), "c.txt": "--no-binary foo"}, "--only-binary foo", WHEELS),
    ("pip", {**conf("constraint = c.txt", "only-binary = foo"), "c.txt": "--no-binary foo"}, "", SDISTS),
    ("pip", {"pip.conf": "[global]\ntimeout = 1\n", "pip.ini": "[global]\nno-binary = foo\n"}, "", SDISTS),
    ("uv", uv("no-binary = true"), "", SDISTS),
    ("uv", uv("no-binary-package = ['Foo']"), "", SDISTS),
    ("uv", uv("no-binary = false", "no-binary-package = ['foo']"), "", BOTH),
    ("uv", uv("no-build = true"), "", WHEELS),
    ("uv", uv("no-build = true", "no-binary-package = ['foo']"), "", SDISTS),
    ("uv", uv("no-binary = true", "no-build-package = ['foo']"), "", WHEELS),
    ("uv", uv("no-binary = true", "no-build = true"), "", NEITHER),
    ("uv", uv("no-binary-package = ['foo']", "no-build-package = ['foo']"), "", NEITHER),
    ("uv", uv("no-binary = true", "[pip]", "no-binary = [':none:']"), "", SDISTS),
    ("uv", uv("[pip]", "no-binary = ['foo']"), "", SDISTS),
    ("uv", uv("[pip]", "only-binary = ['bar', ':none:', 'foo']"), "", WHEELS),
    ("uv", uv("[pip]", "no-build = true", "no-binary = ['foo']"), "", SDISTS),
    ("uv", uv("no-build-package = ['foo']"), "--no-binary :all:", WHEELS),
    ("uv", {}, "--no-binary foo\n--no-binary :none:", SDISTS),
    ("uv", {}, "--no-binary foo\n--only-binary foo", NEITHER),
    ("uv", {}, "--only-binary :all:\n--no-binary foo", SDISTS),
    ("uv", {"uv.toml": "offline = false\n", "pyproject.toml": "[tool.uv]\nno-binary = true\n"}, "", BOTH),
    ("poetry", poetry('no-binary = ["foo"]'), "", SDISTS),
    ("poetry", poetry('no-binary = ["Foo"]'), "", BOTH),
    ("poetry", poetry('no-binary = "Foo,bar"'), "", SDISTS),
    ("poetry", poetry('no-binary = "true"'), "", SDISTS),
    ("poetry", poetry('no-binary = [":all:"]', 'only-binary = ["foo"]'), "", WHEELS),
    ("poetry", poetry('no-binary = ["foo"]', 'only-binary = [":all:"]'), "", SDISTS),
    ("poetry", poetry('no-binary = ["foo"]', 'only-binary = ["foo"]'), "", NEITHER),
    ("poetry", poetry('no-binary = [":none:"]'), "", BOTH),
    ("poetry", {"poetry.toml": '"installer.no-binary" = ["foo"]\n'}, "", SDISTS),
    ("pdm", pdm('no-binary = ["Foo"]'), "", SDISTS),
    ("pdm", pdm('no-binary = "bar, foo"'), "", SDISTS),
    ("pdm", pdm('no-binary = ":all:"', 'only-binary = "foo"'), "", WHEELS),
    ("pdm", pdm('only-binary = ":all:"', 'no-binary = "foo"'), "", SDISTS),
    ("pdm", pdm('only-binary = "foo"', 'no-binary = "foo"'), "", WHEELS),
    ("pdm", pdm('only-binary = ":all:"', 'no-binary = ":all:"'), "", WHEELS),
]


@pytest.mark.parametrize(("installer", "files", "lines", "kinds"), KINDS)
def test_kinds_of_files(installer: str, files: dict[str, str], lines: str, kinds: tuple[bool, bool]) -> None:
    options = read(installer, files, lines).options.of("foo")
    assert (options.wheels, options.sdists) == kinds


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


TICK = timedelta(microseconds=1)
BOUNDS = [
    ("pip", conf("uploaded-prior-to = 2026-01-01"), at("2026-01-01")),
    ("pip", conf("uploaded-prior-to = 2026-01-01T10:00:00+02:00"), at("2026-01-01T08:00:00")),
    ("pip", conf("uploaded-prior-to = P7D"), NOW - timedelta(days=7)),
    ("uv", uv('exclude-newer = "2026-01-01"'), at("2026-01-02")),
    ("uv", uv('exclude-newer = "2026-01-01T00:00:00Z"'), at("2026-01-01")),
    *[
        ("uv", uv(f'exclude-newer = "{text}"'), NOW - timedelta(hours=hours))
        for text, hours in {
            "7 days": 168,
            "P7D": 168,
            "-P7D": 168,
            "1w": 168,
            "2 weeks ago": 336,
            "P1W2DT3H": 219,
            "1 week, 2 days": 216,
            "PT24H": 24,
            "24h": 24,
            "7d12h": 180,
        }.items()
    ],
    ("uv", uv('exclude-newer = "2020-01-01"', 'exclude-newer-package = {Foo = "2026-01-01"}'), at("2026-01-02")),
    ("uv", uv('exclude-newer = "2020-01-01"', "exclude-newer-package = {foo = false}"), None),
    ("uv", uv('exclude-newer = "2020-01-01"', "[pip]", 'exclude-newer = "2026-01-01"'), at("2026-01-02")),
    ("uv", uv("[pip]", 'exclude-newer-package = {foo = "2026-01-01"}'), at("2026-01-02")),
    ("pdm", pdm('exclude-newer = "2026-01-01"'), at("2026-01-01") + TICK),
    ("pdm", pdm('exclude-newer = "2026-01-01T00:00:00Z"'), at("2026-01-01") + TICK),
    ("pdm", pdm('exclude-newer = "2w"'), NOW - timedelta(days=14) + TICK),
    ("pdm", pdm('exclude-newer = "2020-01-01"', 'exclude-newer-override = {Foo = "2026-01-01"}'), at("2026-01-01") + TICK),
    ("pdm", pdm('exclude-newer = "2020-01-01"', "exclude-newer-override = {foo = false}"), None),
    ("pdm", {"pdm.toml": '[strategy]\nexclude-newer = "2026-01-01"\n'}, at("2026-01-01") + TICK),
    ("pdm", {"pdm.toml": '"strategy.exclude-newer" = "2026-01-01"\n'}, at("2026-01-01") + TICK),
    ("pdm", pdm('exclude-newer = "2026-01-01"') | {"pdm.toml": '[strategy]\nexclude-newer = "2020-01-01"\n'}, at("2026-01-01") + TICK),
]  # fmt: skip


@pytest.mark.parametrize(("installer", "files", "bound"), BOUNDS)
def test_bounds_of_upload_times(installer: str, files: dict[str, str], bound: datetime | None) -> None:
    found = read(installer, files)
    assert found.options.of("foo").uploaded_before == bound
    assert (found.not_modelled, found.refused, found.problems) == ((), None, ())


@pytest.mark.parametrize(
    ("installer", "files", "where"),
    [
        ("pip", conf("uploaded-prior-to = P7D"), "pip.conf:2, uploaded-prior-to"),
        ("uv", uv('exclude-newer = "7 days"'), "uv.toml:1, exclude-newer"),
        ("pdm", pdm('exclude-newer = "7d"'), "pyproject.toml:2, exclude-newer"),
    ],
)
def test_a_span_means_nothing_to_whom_nobody_tells_the_time(
    installer: str, files: dict[str, str], where: str
) -> None:
    found = read(installer, files, now=None)
    assert [each.where for each in found.not_modelled] == [where]
    assert found.options.of("foo").uploaded_before is None


CONSTRAINED = [
    ("pip", {**conf("constraint = c.txt"), "c.txt": "Foo<2\n"}, ["<2"]),
    ("pip", {**conf("constraint = c.txt d/e.txt"), "c.txt": "foo<2\n", "d/e.txt": "foo!=1.1\n"}, ["<2", "!=1.1"]),
    ("pip", {**conf("constraint = c.txt"), "c.txt": "-c d.txt\n", "d.txt": "foo<2\n"}, ["<2"]),
    ("pip", {"pip.conf": "[global]\nconstraint=c.txt\n[install]\nconstraint=d.txt\n", "c.txt": "foo<2\n", "d.txt": "foo<3\n"}, ["<3"]),
    ("uv", uv('constraint-dependencies = ["Foo!=1.0+cgr.1", "bar"]'), ["!=1.0+cgr.1"]),
    ("uv", {"pyproject.toml": '[tool.uv]\nconstraint-dependencies = ["foo<2"]\n'}, ["<2"]),
    ("uv", {"uv.toml": "", "pyproject.toml": '[tool.uv]\nconstraint-dependencies = ["foo<2"]\n'}, []),
]  # fmt: skip


@pytest.mark.parametrize(("installer", "files", "specifiers"), CONSTRAINED)
def test_constraints(installer: str, files: dict[str, str], specifiers: list[str]) -> None:
    found = read(installer, files)
    assert [each.specifier for each in found.options.of("foo").constraints] == specifiers
    assert found.not_modelled == ()


def test_overrides_replace_what_is_asked_for() -> None:
    found = read("uv", uv('override-dependencies = ["foo==2"]'))
    assert [each.specifier for each in found.options.of("foo").overrides] == ["==2"]
    assert found.options.of("bar").overrides == ()


UNCLEAR = [
    ("pip", conf("constraint = https://index.example/c.txt"), "the constraints in https://index.example/c.txt are not read"),
    ("pip", conf("constraint = missing.txt"), "the repository has no such file"),
    ("pip", {**conf("constraint = c.txt"), "c.txt": "foo @ https://index.example/foo-1.0-py3-none-any.whl\n"}, "it is taken from an address"),
    ("pip", {**conf("constraint = c.txt"), "c.txt": "<html>\n"}, "could not all be read"),
    ("pip", {**conf("constraint = c.txt"), "c.txt": "-r d.txt\n", "d.txt": "bar==1\n"}, "could not all be read"),
    ("pip", conf("ignore-requires-python = true"), "pip may take files for another Python"),
    ("pip", conf("platform = win_amd64"), "pip takes files for another target than the settings name"),
    ("uv", uv('constraint-dependencies = ["foo @ https://index.example/foo-1.0-py3-none-any.whl"]'), "it is taken from an address"),
    ("uv", uv("override-dependencies = [\"foo==2; sys_platform == 'win32'\"]"), "it is installed where a marker holds"),
    ("uv", uv('exclude-dependencies = ["Foo"]'), "the package is not installed"),
    ("uv", uv("offline = true"), "uv takes files from its cache alone"),
    ("uv", uv("[[index]]", 'url = "https://index.example/"', 'exclude-newer = "2026-01-01"'), "uv takes only older files from this index"),
    ("uv", uv('exclude-newer = "2026-01-01"', "[[index]]", 'url = "https://index.example/"', "exclude-newer = false"), "whenever they were uploaded"),
    ("uv", uv("[pip]", 'python-version = "3.9"'), "files for another Python"),
    ("uv", {"pyproject.toml": "[tool.uv]\nbogus = 1\n"}, "a newer uv may use it"),
    ("poetry", poetry("re-resolve = true"), "Poetry does not follow the lock's markers"),
    ("pdm", pdm('excludes = ["Foo"]'), "the package is not installed"),
    ("pdm", {"pdm.toml": "use_uv = true\n"}, "uv installs, with its own rules"),
]  # fmt: skip


@pytest.mark.parametrize(("installer", "files", "effect"), UNCLEAR)
def test_what_is_not_modelled_is_said(installer: str, files: dict[str, str], effect: str) -> None:
    found = read(installer, files)
    [unclear] = [each for each in found.not_modelled if each.concerns(package("foo"))]
    assert effect in unclear.effect
    assert unclear.line is not None


@pytest.mark.parametrize(
    ("installer", "files"),
    [
        ("pip", conf("ignore-requires-python =")),
        ("uv", uv("offline = false")),
        ("uv", uv("[[index]]", 'url = "https://index.example/"', "exclude-newer = false")),
        (
            "uv",
            uv(
                'exclude-newer-package = {foo = "2026-01-01"}',
                "[[index]]",
                'url = "https://index.example/"',
                "exclude-newer = false",
            ),
        ),
        ("uv", uv('resolution = "highest"')),
        ("uv", uv('exclude-dependencies = ["bar"]')),
        ("uv", uv('resolution = "lowest"')),
        ("uv", uv('torch-backend = "cpu"')),
    ],
)
def test_what_does_not_concern_a_pinned_package_is_not_held_against_it(
    installer: str, files: dict[str, str]
) -> None:
    assert not [each for each in read(installer, files).not_modelled if each.concerns(package("foo"))]


UNKNOWN = [
    ("pip", conf("bogus = 1", "no-binary = foo"), "pip.conf", 2),
    ("uv", uv("[[index]]", 'url = "https://index.example/"', "bogus = 1"), "uv.toml", 3),
    ("poetry", poetry("bogus = true"), "poetry.toml", 2),
    ("pdm", {"pdm.toml": "bogus = true\n"}, "pdm.toml", 1),
    ("pdm", {"pyproject.toml": "[tool.pdm]\nbogus = true\n"}, "pyproject.toml", 2),
    ("pipenv", {"Pipfile": "[pipenv]\nbogus = true\n"}, "Pipfile", 2),
    ("pixi", {"pixi.toml": "[pypi-options]\nbogus = true\n"}, "pixi.toml", 2),
]


@pytest.mark.parametrize(("installer", "files", "path", "line"), UNKNOWN)
def test_an_unknown_key_is_said(installer: str, files: dict[str, str], path: str, line: int | None) -> None:
    [notice] = read(installer, files).unknown_keys
    assert "bogus" in notice.text
    assert (notice.path, notice.line) == (path, line)


def test_names_of_the_users_own_are_no_unknown_keys() -> None:
    assert (
        read(
            "poetry", {"poetry.toml": '[repositories.own]\nurl = "x"\n[http-basic.own]\nusername = "x"\n'}
        ).unknown_keys
        == ()
    )
    assert read("pdm", {"pdm.toml": '[pypi.team]\nurl = "https://index.example"\nverify_ssl = true\n[repository.own]\nurl = "x"\n'}).unknown_keys == ()  # fmt: skip


REFUSED = [
    ("pip", {"pip.conf": "[install]\nno-binary = a\nno_binary = b\n"}, "", "it has a key or a section twice"),
    ("pip", {"pip.conf": "[install]\npre = 1\n[install]\npre = 1\n"}, "", "it has a key or a section twice"),
    ("pip", conf("no-index = maybe"), "", "no-index is not yes or no"),
    ("pip", conf("pre = yes", "only-final = :all:"), "", "pre stands beside"),
    ("pip", {"pip.conf": "no-index = 1\n"}, "", "not valid INI"),
    (
        "pip",
        conf("require-hashes = 1", "no-require-hashes = 1"),
        "",
        "no-require-hashes beside require-hashes",
    ),
    ("pip", conf("require-hashes = 1"), "--no-require-hashes", "no-require-hashes beside require-hashes"),
    ("pip", {}, "--no-require-hashes\n--require-hashes", "no-require-hashes beside require-hashes"),
    (
        "uv",
        uv("[[tool.uv.index]]", 'url = "https://index.example/"'),
        "",
        "tool is not a key that uv knows, in uv.toml",
    ),
    ("uv", uv("[sources]"), "", "sources is allowed in a pyproject.toml only"),
    ("uv", uv("x = = 1"), "", "not valid TOML"),
    ("uv", {}, "-i https://a.example/\n-i https://a.example/", "a second --index-url line"),
    ("uv", {}, "--no-binary a,b", "one name in each line"),
    ("uv", {}, "--only-final :all:", "which only pip knows"),
    ("uv", {}, "--no-require-hashes", "which only pip knows"),
    ("uv", {}, "bar==1.0 --no-binary foo", "uv stops at --no-binary behind 'bar==1.0'"),
    ("uv", {}, "bar==1.0 --config-settings a=b", "uv stops at --config-settings behind 'bar==1.0'"),
    ("uv", {}, "-e . --no-binary foo", "uv stops at --no-binary behind --editable"),
    ("uv", {"c.txt": ""}, "-c c.txt --no-binary foo", "uv stops at --no-binary behind --constraint"),
    ("uv", {"c.txt": "bar==1.0 --pre"}, "-c c.txt", "uv stops at --pre behind 'bar==1.0'"),
    ("poetry", poetry("no-binary = true"), "", "Poetry stops at no-binary = true"),
    ("poetry", {"poetry.toml": "x = = 1\n"}, "", "not valid TOML"),
    ("pdm", pdm('exclude-newer = "P7D"'), "", "PDM stops at exclude-newer"),
    ("pdm", {"pdm.toml": "x = = 1\n"}, "", "not valid TOML"),
    ("pipenv", {"Pipfile": "x = = 1\n"}, "", "not valid TOML"),
    ("pixi", {"pixi.toml": "x = = 1\n"}, "", "not valid TOML"),
]


def test_pip_takes_pre_beside_an_option_that_names_nothing() -> None:
    found = read("pip", conf("pre = yes", "all-releases = other,:none:"))
    assert found.refused is None
    assert found.options.of("foo").prereleases is Prereleases.ALLOW


@pytest.mark.parametrize(("installer", "files", "lines", "words"), REFUSED)
def test_what_the_installer_refuses(installer: str, files: dict[str, str], lines: str, words: str) -> None:
    refused = read(installer, files, lines).refused
    assert refused is not None
    assert words in refused.text
    assert refused.path is not None


@pytest.mark.parametrize(
    ("installer", "files", "mode"),
    [
        ("pip", conf("pre = yes"), Prereleases.ALLOW),
        ("pip", conf("only-final = foo"), Prereleases.DISALLOW),
        ("pip", conf("all-releases = bar"), Prereleases.IF_NECESSARY_OR_EXPLICIT),
        ("uv", uv('prerelease = "explicit"'), Prereleases.EXPLICIT),
        ("uv", uv('prerelease = "disallow"', "prerelease-package = {Foo = 'allow'}"), Prereleases.ALLOW),
        ("pipenv", {"Pipfile": "[pipenv]\nallow_prereleases = true\n"}, Prereleases.ALLOW),
    ],
)
def test_prereleases(installer: str, files: dict[str, str], mode: Prereleases) -> None:
    assert read(installer, files).options.of("foo").prereleases is mode


def test_uv_heeds_no_line_about_prereleases_or_binaries() -> None:
    options = read("uv", {}, "--pre\n--prefer-binary").options.of("foo")
    assert options.prereleases is Prereleases.IF_NECESSARY_OR_EXPLICIT
    assert not options.prefer_binary


@pytest.mark.parametrize(
    ("installer", "files", "lines", "required"),
    [
        ("pip", conf("require-hashes = on"), "", True),
        ("pip", {}, "--require-hashes", True),
        ("pip", {}, "bar==1 --hash=sha256:" + "0" * 64, True),
        ("pip", conf("no-require-hashes = true"), "bar==1 --hash=sha256:" + "0" * 64, False),
        ("pip", {}, "bar @ https://a.example/bar-1-py3-none-any.whl#sha256=" + "0" * 64, False),
        ("pip", {}, "--no-require-hashes\nbar==1 --hash=sha256:" + "0" * 64, False),
        ("uv", {}, "bar==1 --hash=sha256:" + "0" * 64, False),
        ("uv", {}, "--require-hashes", True),
        ("uv", uv("[pip]", "require-hashes = true"), "", True),
    ],
)
def test_when_hashes_are_required(installer: str, files: dict[str, str], lines: str, required: bool) -> None:
    assert read(installer, files, lines).options.require_hashes is required


def test_uv_may_be_told_not_to_verify_hashes() -> None:
    assert not read("uv", uv("[pip]", "verify-hashes = false")).options.verify_hashes
    assert read("uv", uv("[pip]", "verify-hashes = false", "require-hashes = true")).options.verify_hashes


def test_pipenv_may_search_all_sources() -> None:
    text = "[pipenv]\ninstall_search_all_sources = true\n"
    assert read("pipenv", {"Pipfile": text}).search_all_sources
    assert not read("pipenv", {"Pipfile": ""}).search_all_sources


def test_pip_counts_an_address_once_with_or_without_a_slash() -> None:
    files = {
        "pip.conf": "[global]\nindex-url = https://c.example/simple/\nextra-index-url = https://p.example/simple https://c.example/simple\n"
    }
    found = read("pip", files, "--extra-index-url https://p.example/simple/")
    assert [index.url for index in found.indexes] == ["https://c.example/simple/", "https://p.example/simple"]


def test_of_two_uv_indexes_with_one_name_the_first_counts() -> None:
    tables = [f'[[index]]\nname = "x"\nurl = "https://{host}.example/simple"\n' for host in "ab"]
    found = read("uv", {"uv.toml": "".join(tables) + "default = true\n"})
    assert [index.url for index in found.indexes] == ["https://a.example/simple"]
    assert found.builtin_pypi

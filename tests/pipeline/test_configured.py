"""What an installer's files say decides which file is taken, and whether anything can be known.

Each row was measured with pip 26.3, uv 0.13.8, Poetry 2.5.1, PDM 2.29.3 or Pipenv 2026.10.3, with two indexes on
loopback that hold the version with other bytes.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from fallback_review.lockfiles import Text
from fallback_review.model import AssumptionKind, Conclusion, Outcome, Owner, ProjectFile
from fallback_review.settings.schema import CHAINGUARD_SIMPLE_ENDPOINT
from tests.pipeline.test_review import Table, judged, wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.model import Review, Verdict

C, P = CHAINGUARD_SIMPLE_ENDPOINT, "https://pypi.test/simple/"
PYPI = {"pypi": P, "pypi-hosts": ["files.pypi.test"]}
OLD, NEW = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
LINES = f"--index-url {C}\n--extra-index-url {P}\n"
FOO = f"{LINES}foo==1.0\n"


def sdist(owner: Owner, version: str = "1.0", filename: str = "") -> ProjectFile:
    name = filename or f"foo-{version}.tar.gz"
    made = wheel(owner, "foo", version)
    digest = ("e" if owner is Owner.CHAINGUARD else "f") * 64
    return replace(made, filename=name, url=made.url.rpartition("/")[0] + f"/{name}", sha256=digest)


def uploaded(file: ProjectFile, at: datetime) -> ProjectFile:
    return replace(file, upload_time=at)


CW, PW = wheel(Owner.CHAINGUARD, "foo", "1.0"), wheel(Owner.PYPI, "foo", "1.0")
CS, PS = sdist(Owner.CHAINGUARD), sdist(Owner.PYPI)
CGR = wheel(Owner.CHAINGUARD, "foo", "1.0+cgr.1")


def reviewed(
    ours: list[ProjectFile],
    theirs: list[ProjectFile],
    requirements: str,
    files: Mapping[str, str],
    *,
    installer: str = "pip",
    lock: str = "requirements.txt",
    base: str = "",
) -> Review:
    """Return a review; without an installer the settings name none."""
    pair = (Text(path=lock, text=base, read=files.get), Text(path=lock, text=requirements, read=files.get))
    table = Table(chainguard={"foo": ours}, pypi={"foo": theirs})
    return judged(table, pair, indexes={**PYPI, "installer": installer} if installer else PYPI)


def verdict(*given: Any, **more: Any) -> Verdict:
    result = reviewed(*given, **more)
    [change] = [change for each in result.lockfiles for change in each.changes if change.change.name == "foo"]
    return change.verdicts[0]


def conf(*lines: str) -> dict[str, str]:
    return {"pip.conf": "\n".join(["[install]", *lines, ""])}


def uv(*lines: str, ours: str = C, theirs: str = P) -> dict[str, str]:
    tables = [f'[[index]]\nurl = "{ours}"', f'[[index]]\nurl = "{theirs}"\ndefault = true']
    return {"uv.toml": "\n".join([*lines, *tables, ""])}


WRONG = f"--hash=sha256:{'0' * 64}"
BEST = 'index-strategy = "unsafe-best-match"'
PIP = [
    ("no-binary takes the source distribution", conf("no-binary = foo"), [CW], [PS], FOO, "pypi"),
    ("only-binary leaves Chainguard's source out", conf("only-binary = :all:"), [CS], [PW], FOO, "pypi"),
    ("only-binary leaves nothing", conf("only-binary = :all:"), [CS], [], FOO, "install-fails"),
    ("a name outranks all", conf("only-binary = :all:", "no-binary = foo"), [CS], [], FOO, "chainguard"),
    ("a constraint forbids", {**conf("constraint = c.txt"), "c.txt": "foo<1\n"}, [CW], [], FOO, "install-fails"),
    ("a constraint shuts a rebuild out", {**conf("constraint = c.txt"), "c.txt": "foo!=1.0+cgr.1\n"}, [CGR], [PW], FOO, "pypi"),
    ("the time of an upload, told by PyPI alone", conf("uploaded-prior-to = 2021-01-01"), [CW], [uploaded(PW, OLD)], FOO, "install-fails"),
    ("an upload too late", conf("uploaded-prior-to = 2021-01-01"), [uploaded(CW, NEW)], [uploaded(PW, OLD)], FOO, "pypi"),
    ("both early enough", conf("uploaded-prior-to = 2027-01-01"), [uploaded(CGR, NEW)], [uploaded(PW, OLD)], FOO, "remediated"),
    ("a span of days", conf("uploaded-prior-to = P7D"), [uploaded(CGR, NEW)], [uploaded(PW, OLD)], FOO, "remediated"),
    ("hashes are required", conf("require-hashes = yes"), [CW], [], FOO, "install-fails"),
    ("arbitrary equality", {}, [CGR], [PW], f"{LINES}foo===1.0\n", "pypi"),
    ("a clause beside the pin", {}, [CGR], [PW], f"{LINES}foo==1.0,!=1.0+cgr.1\n", "pypi"),
    ("a legacy name", {}, [sdist(Owner.CHAINGUARD, "1.0b1", "foo-1.0-beta1.tar.gz")], [], f"{LINES}foo==1.0b1\n", "chainguard"),
    ("prefer-binary", conf("prefer-binary = 1"), [wheel(Owner.CHAINGUARD, "foo", "1.0")], [sdist(Owner.PYPI, "1.0.post1")], f"{LINES}foo<2\n", "unknown"),
    ("an index of nobody's", conf(f"index-url = {C}", "extra-index-url = https://mirror.example/simple"), [CW], [PW], "foo==1.0\n", "unknown"),
    ("a list of files", conf("find-links = https://mirror.example/wheels/"), [CW], [PW], FOO, "unknown"),
    ("a bound, and an index of nobody's", conf("uploaded-prior-to = 2021-01-01", f"index-url = {C}", "extra-index-url = https://mirror.example/simple"), [], [], "foo==1.0\n", "unknown"),
    ("a key that is not modelled", conf("ignore-requires-python = yes"), [CW], [], FOO, "unknown"),
    ("pip refuses the file", conf("no-index = perhaps"), [CW], [], FOO, "install-fails"),
    ("the documented place", {".pip/pip.conf": f"[global]\nindex-url = {C}\nextra-index-url = {P}\n"}, [CW], [PW], "foo==1.0\n", "pypi"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "ours", "theirs", "lines", "outcome"), [row[1:] for row in PIP], ids=[row[0] for row in PIP]
)
def test_pip(files: dict[str, str], ours: list[ProjectFile], theirs: list[ProjectFile], lines: str, outcome: str) -> None:  # fmt: skip
    assert verdict(ours, theirs, lines, files).outcome.value == outcome


UV = [
    ("no-build", uv("no-build = true", BEST), [CS], [PW], "foo==1.0", "pypi"),
    ("no-build, first index alone", uv("no-build = true"), [CS], [PW], "foo==1.0", "install-fails"),
    ("no-binary-package", uv("no-binary-package = ['foo']", BEST), [CW], [PS], "foo==1.0", "pypi"),
    ("both forbidden", uv("no-binary = true", "no-build = true"), [CW, CS], [PW], "foo==1.0", "install-fails"),
    ("exclude-newer, a page without times", uv('exclude-newer = "2024-01-01"', BEST), [CW], [uploaded(PW, OLD)], "foo==1.0", "pypi"),
    ("exclude-newer, and an index of nobody's", uv('exclude-newer = "2024-01-01"', ours="https://mirror.example/simple", theirs=C), [uploaded(CW, OLD)], [], "foo==1.0", "unknown"),
    ("exclude-newer, nothing is left", uv('exclude-newer = "2024-01-01"'), [CW], [uploaded(PW, OLD)], "foo==1.0", "install-fails"),
    ("exclude-newer-package lifts it", uv('exclude-newer = "2024-01-01"', "exclude-newer-package = {foo = false}"), [CW], [PW], "foo==1.0", "chainguard"),
    ("exclude-newer, a date to its end", uv('exclude-newer = "2026-01-01"'), [uploaded(CW, NEW)], [], "foo==1.0", "chainguard"),
    ("exclude-newer, a moment", uv('exclude-newer = "2026-01-01T00:00:00Z"'), [uploaded(CW, NEW)], [], "foo==1.0", "install-fails"),
    ("exclude-newer, a span", uv('exclude-newer = "2 weeks"'), [uploaded(CW, NEW)], [], "foo==1.0", "chainguard"),
    ("a constraint", uv('constraint-dependencies = ["foo!=1.0+cgr.1"]', BEST), [CGR], [PW], "foo==1.0", "pypi"),
    ("an override", uv('override-dependencies = ["foo==2.0"]', BEST), [CW], [wheel(Owner.PYPI, "foo", "2.0")], "foo==1.0", "pypi"),
    ("a wrong hash", uv(), [CW], [], f"foo==1.0 {WRONG}", "install-fails"),
    ("a wrong hash behind a clause beside the pin is not looked at", uv(), [CW], [], f"foo==1.0,!=2 {WRONG}", "chainguard"),
    ("nor is one of an identical version's pin passed over", uv(), [CW], [], f"foo===1.0 {WRONG}", "install-fails"),
    ("nor is one looked at of a version that an override asks for", uv('override-dependencies = ["foo<2"]'), [wheel(Owner.CHAINGUARD, "foo", "1.1")], [], f"foo==1.0 {WRONG}", "unknown"),
    ("a local version has the pin's hashes", uv(), [CGR], [], f"foo==1.0 --hash=sha256:{CGR.sha256}", "remediated"),
    ("a local version has none where hashes are required", uv("[pip]", "require-hashes = true"), [CGR], [], f"foo==1.0 --hash=sha256:{CGR.sha256}", "install-fails"),
    ("a constraint without a version where hashes are required", uv('constraint-dependencies = ["bar<2"]', "[pip]", "require-hashes = true"), [CW], [], f"foo==1.0 --hash=sha256:{CW.sha256}", "install-fails"),
    *(
        (f"{loose or 'none'} in a constraints file where hashes are required", {**uv("[pip]", "require-hashes = true"), "c.txt": f"{loose}\n"}, [CW], [], f"-c c.txt\nfoo==1.0 --hash=sha256:{CW.sha256}", outcome)
        for loose, outcome in (
            ("foo<2", "install-fails"), ("bar<2", "install-fails"), ("bar", "install-fails"), ("bar==2.*", "install-fails"),
            ("bar==2,>1", "install-fails"), ("bar==2", "chainguard"), ("bar===2", "chainguard"), ("", "chainguard"),
            ("bar @ https://x.example/bar-1.0.tar.gz", "chainguard"), ("bar<2; python_version < '3'", "unknown"),
        )
    ),
    ("a loose constraints file where hashes are not required", {**uv(), "c.txt": "bar<2\n"}, [CW], [], f"-c c.txt\nfoo==1.0 --hash=sha256:{CW.sha256}", "chainguard"),
    ("a constraints file's hash is not looked at", {**uv(), "c.txt": f"foo==1.0 {WRONG}\n"}, [CW], [], "-c c.txt\nfoo==1.0", "chainguard"),
    ("a yanked file of a lone pin", uv(), [replace(CW, yanked=True)], [], "foo==1.0", "chainguard"),
    ("a yanked file of a pin with another clause", uv(), [replace(CW, yanked=True)], [], "foo==1.0,!=2", "install-fails"),
    ("an override by address", uv('override-dependencies = ["foo @ https://x.example/foo-1.0.tar.gz"]'), [CW], [], "foo==1.0", "unknown"),
    ("it is not installed", uv('exclude-dependencies = ["foo"]'), [CW], [], "foo==1.0", "unknown"),
    ("equality of versions, with their local part", uv(BEST), [CGR], [PW], "foo===1.0", "pypi"),
    ("equality of versions, not of strings", uv(), [wheel(Owner.CHAINGUARD, "foo", "1.0.0")], [], "foo===1.0", "chainguard"),
    ("no pre-release", uv('prerelease = "disallow"'), [wheel(Owner.CHAINGUARD, "foo", "1.0rc1")], [], "foo==1.0rc1", "install-fails"),
    ("an unknown key in uv.toml", {"uv.toml": f'[[tool.uv.index]]\nurl = "{C}"\n'}, [CW], [PW], "foo==1.0", "install-fails"),
    ("a value that uv does not take: PyPI", {"pyproject.toml": f'[tool.uv]\nno-index = 1\n[[tool.uv.index]]\nurl = "{C}"\ndefault = true\n'}, [], [PW], "foo==1.0", "pypi"),
    ("an index of nobody's in front", uv(ours="https://mirror.example/simple", theirs=C), [CW], [PW], "foo==1.0", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("files", "ours", "theirs", "pin", "outcome"), [row[1:] for row in UV], ids=[row[0] for row in UV]
)
def test_uv(files: dict[str, str], ours: list[ProjectFile], theirs: list[ProjectFile], pin: str, outcome: str) -> None:  # fmt: skip
    assert verdict(ours, theirs, f"{pin}\n", files, installer="uv").outcome.value == outcome


def test_uv_adds_a_line_to_the_indexes_of_its_files_and_stops_at_two() -> None:
    files = {"uv.toml": f'[[index]]\nurl = "{P}"\n'}
    one = f"--index-url {C}\nfoo==1.0\n"
    assert verdict([CW], [PW], one, files, installer="uv").outcome is Outcome.PYPI
    two = verdict([CW], [PW], f"--index-url {C}\n{one}", files, installer="uv")
    assert two.outcome is Outcome.INSTALL_FAILS
    assert "uv stops at a second --index-url line" in two.evidence[0].said


UV_LOCK = f"""
version = 1
requires-python = ">=3.12"

[[package]]
name = "foo"
version = "1.0"
source = {{ registry = "{C}" }}
wheels = [{{ url = "{CW.url}", hash = "sha256:{CW.sha256}" }}]
sdist = {{ url = "{PS.url}", hash = "sha256:{PS.sha256}" }}
"""


@pytest.mark.parametrize(
    ("table", "outcome"),
    [
        ("", Outcome.CHAINGUARD),
        ('[tool.uv]\nno-binary-package = ["foo"]\n', Outcome.PYPI),
        ("[tool.uv]\nno-binary = true\n", Outcome.PYPI),
        ('[tool.uv]\nno-binary = true\nno-build-package = ["foo"]\n', Outcome.CHAINGUARD),
        ("[tool.uv]\nno-binary = true\nno-build = true\n", Outcome.INSTALL_FAILS),
        ('[tool.uv.pip]\nno-binary = ["foo"]\n', Outcome.CHAINGUARD),
    ],
)
def test_uv_chooses_between_the_files_of_its_lock(table: str, outcome: Outcome) -> None:
    files = {"pyproject.toml": f'[project]\nname = "x"\nversion = "0"\n{table}'}
    base = 'version = 1\nrequires-python = ">=3.12"\n'
    found = verdict([CW], [PS], UV_LOCK, files, installer="uv", lock="uv.lock", base=base)
    assert found.outcome is outcome


OURS = f'[[tool.uv.index]]\nname = "c"\nurl = "{C}"\ndefault = true\n'
THEIRS = f'[[tool.uv.index]]\nname = "p"\nurl = "{P}"\nexplicit = true\n[tool.uv.sources]\n'
FITTING = [
    ("", 'dependencies = ["foo"]'),
    ("", 'dependencies = ["Foo >=1, <2"]'),
    ("", "dependencies = [\"foo==2 ; sys_platform == 'win32'\"]"),
    ("", 'dependencies = ["x[all]"]'),
    ("", '[dependency-groups]\na = [{include-group = "b"}]\nb = ["foo==1.*"]'),
    (f'[[tool.uv.index]]\nname = "p"\nurl = "{P}"\n', 'dependencies = ["foo"]'),
    (f'[[tool.uv.index]]\nname = "c"\nurl = "{C.rstrip("/")}"\ndefault = true\n', ""),
    (f'{THEIRS}bar = {{index = "p"}}\n', 'dependencies = ["foo"]'),
    (f"{THEIRS}foo = {{index = 'p', marker = \"sys_platform == 'win32'\"}}\n", 'dependencies = ["foo"]'),
    ('[tool.uv]\nconstraint-dependencies = ["bar<1", "foo<2"]\n', 'dependencies = ["foo"]'),
    ('[tool.uv]\noverride-dependencies = ["foo==1.0"]\n', 'dependencies = ["foo==3"]'),
    ('[tool.uv]\nexclude-newer = false\nresolution = "highest"\n', 'dependencies = ["foo"]'),
    ("[tool.uv]\nno-sources = true\n" + f'{THEIRS}foo = {{index = "p"}}\n', 'dependencies = ["foo"]'),
    ("[tool.uv]\nconflicts = []\n", '[project.optional-dependencies]\na = ["foo==2"]'),
]
LEFT_BEHIND = [
    (f'[[tool.uv.index]]\nname = "c"\nurl = "{P}"\ndefault = true\n', "", "an index that the project does not ask"),
    (f'[tool.uv]\nindex-url = "{P}"\n', "", "an index that the project does not ask"),
    (f'{OURS}{THEIRS}foo = {{index = "p"}}\n', 'dependencies = ["foo"]', "from another index than the lock"),
    (f'{THEIRS}foo = [{{index = "p"}}]\n', '[dependency-groups]\na = ["foo"]', "from another index than the lock"),
    ('[tool.uv.sources]\nfoo = {path = "foo"}\n', 'dependencies = ["foo"]', "from elsewhere than an index"),
    ("", 'dependencies = ["foo @ https://f.example/foo-1.0.tar.gz"]', "from elsewhere than an index"),
    ("", 'dependencies = ["foo>=2"]', "the project asks for >=2"),
    ("", '[project.optional-dependencies]\na = ["foo!=1.0"]', "the project asks for !=1.0"),
    ('[tool.uv]\ndev-dependencies = ["foo<1"]\n', "", "the project asks for <1"),
    ('[tool.uv]\noverride-dependencies = ["foo==2"]\n', 'dependencies = ["foo==1.0"]', "the project asks for ==2"),
    ('[tool.uv]\noverride-dependencies = ["foo @ https://f.example/foo-1.0.tar.gz"]\n', "", "from elsewhere"),
    ('[tool.uv]\nconstraint-dependencies = ["foo>1"]\n', "", "the project asks for >1"),
    ('[tool.uv]\nexclude-newer = "2020-01-01"\n', "", "exclude-newer: the lock was made without it"),
    ('[tool.uv]\nresolution = "lowest"\n', "", "resolution: the lock was made without it"),
    ('[tool.uv]\nprerelease = "allow"\n', "", "prerelease: the lock was made without it"),
]  # fmt: skip


def of_project(tables: str, asks: str) -> Verdict:
    project = f'[project]\nname = "x"\nversion = "0"\n{asks}\n{tables}'
    base = 'version = 1\nrequires-python = ">=3.12"\n'
    files = {"pyproject.toml": project}
    return verdict([CW], [PW], UV_LOCK, files, installer="uv", lock="uv.lock", base=base)


@pytest.mark.parametrize(("tables", "asks"), FITTING)
def test_a_uv_lock_that_fits_its_project(tables: str, asks: str) -> None:
    assert of_project(tables, asks).outcome is Outcome.CHAINGUARD


@pytest.mark.parametrize(("tables", "asks", "why"), LEFT_BEHIND)
def test_uv_locks_again_what_its_project_left_behind(tables: str, asks: str, why: str) -> None:
    found = of_project(tables, asks)
    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, "outdated")
    assert why in found.evidence[0].said
    assert found.otherwise is not None
    assert found.otherwise.outcome is Outcome.CHAINGUARD


def test_what_a_uv_lock_does_not_hold_is_no_pass() -> None:
    project = '[project]\nname = "x"\nversion = "0"\ndependencies = ["foo", "bar"]\n'
    files = {"pyproject.toml": project}
    base = 'version = 1\nrequires-python = ">=3.12"\n'
    found = reviewed([CW], [PW], UV_LOCK, files, installer="uv", lock="uv.lock", base=base)
    assert found.conclusion is Conclusion.UNKNOWN
    [said] = found.unreadable
    assert (said.path, said.line) == ("pyproject.toml", 4)
    assert said.text.startswith("the project asks for bar")


def pylock(author: str) -> str:
    return (
        f'lock-version = "1.0"\ncreated-by = "{author}"\n[[packages]]\nname = "foo"\nversion = "1.0"\n'
        f'sdist = {{ url = "{PS.url}", hashes = {{ sha256 = "{PS.sha256}" }} }}\n'
        f'wheels = [{{ url = "{CW.url}", hashes = {{ sha256 = "{CW.sha256}" }} }}]\n'
    )


SDISTS_BY_PIP = conf("no-binary = foo")
SDISTS_BY_UV = {"uv.toml": "no-binary-package = ['foo']\n"}


@pytest.mark.parametrize(
    ("author", "files", "installer", "outcome"),
    [
        *[(author, {}, "", Outcome.CHAINGUARD) for author in ("uv", "pip", "pdm", "mousebender")],
        *[(author, SDISTS_BY_PIP, "", Outcome.UNKNOWN) for author in ("uv", "pdm")],
        *[(author, SDISTS_BY_UV, "", Outcome.UNKNOWN) for author in ("pip", "mousebender", "pdm")],
        ("pip", SDISTS_BY_PIP, "", Outcome.PYPI),
        ("uv", SDISTS_BY_UV, "", Outcome.PYPI),
        ("pip", {**SDISTS_BY_PIP, **SDISTS_BY_UV}, "", Outcome.PYPI),
        ("uv", SDISTS_BY_PIP, "pip", Outcome.PYPI),
        ("uv", SDISTS_BY_PIP, "uv", Outcome.CHAINGUARD),
        ("uv", conf("timeout = 60"), "", Outcome.CHAINGUARD),
        ("uv", conf("prefer-binary = 1"), "", Outcome.CHAINGUARD),
    ],
)
def test_who_installs_a_pylock_is_not_known_from_who_wrote_it(
    author: str, files: dict[str, str], installer: str, outcome: Outcome
) -> None:
    base = 'lock-version = "1.0"\n'
    found = verdict([CW], [PS], pylock(author), files, installer=installer, lock="pylock.toml", base=base)
    assert found.outcome is outcome
    if outcome is Outcome.UNKNOWN:
        assert found.reason == "installer"
        assert "may install it" in found.evidence[0].said


def limited(files: dict[str, str], told: str = "", version: str = "1.0", *, by: str = "pip") -> Outcome:
    """Return the outcome of a pylock.toml of one wheel."""
    made = wheel(Owner.CHAINGUARD, "foo", version)
    lock = (
        f'lock-version = "1.0"\n[[packages]]\nname = "foo"\nversion = "{version}"\n'
        f'wheels = [{{ url = "{made.url}"{told}, hashes = {{ sha256 = "{made.sha256}" }} }}]\n'
    )
    base = 'lock-version = "1.0"\n'
    return verdict([made], [], lock, files, installer=by, lock="pylock.toml", base=base).outcome


def constrained(text: str) -> dict[str, str]:
    return {**conf("constraint = c.txt"), "c.txt": f"{text}\n"}


BOUND = conf("uploaded-prior-to = 2021-01-01")


@pytest.mark.parametrize(
    ("files", "told", "outcome"),
    [
        (BOUND, "", Outcome.INSTALL_FAILS),
        (BOUND, ", upload-time = 2020-01-01T00:00:00Z", Outcome.CHAINGUARD),
        (BOUND, ", upload-time = 2021-01-01T00:00:00Z", Outcome.INSTALL_FAILS),
        (BOUND, ", upload-time = 2022-01-01T00:00:00Z", Outcome.INSTALL_FAILS),
        (constrained("foo==2.0"), "", Outcome.INSTALL_FAILS),
        (constrained("foo<2"), "", Outcome.CHAINGUARD),
        (constrained("foo==2.0 ; sys_platform == 'win32'"), "", Outcome.CHAINGUARD),
        (constrained(f"foo==1.0 {WRONG}"), "", Outcome.CHAINGUARD),
        (constrained("foo @ https://f.example/foo-1.0.tar.gz"), "", Outcome.UNKNOWN),
        (conf("constraint = https://f.example/c.txt"), "", Outcome.UNKNOWN),
        (conf("no-index = 1", "require-hashes = 1", "prefer-binary = 1"), "", Outcome.CHAINGUARD),
    ],
)
def test_pip_holds_a_pylock_to_its_options_and_uv_does_not(
    files: dict[str, str], told: str, outcome: Outcome
) -> None:
    assert limited(files, told) is outcome
    of_uv = {"uv.toml": "exclude-newer = '2021-01-01'\nconstraint-dependencies = ['foo==2']\n"}
    assert limited(of_uv, told, by="uv") is Outcome.CHAINGUARD


def test_pip_takes_no_locked_pre_release_where_only_final_versions_may_be() -> None:
    assert limited(conf("only-final = foo"), version="1.0rc1") is Outcome.INSTALL_FAILS
    assert limited({}, version="1.0rc1") is Outcome.CHAINGUARD


def poetry_lock(manifest: dict[str, Any], *hashes: str | None) -> str:
    relevant = {"dependencies": None, "extras": None, "dev-dependencies": None, "source": None} | manifest
    content_hash = hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()
    rows = "".join(f'    {{file = "foo-1.0", hash = "sha256:{each}"}},\n' for each in hashes)
    return (
        f'[[package]]\nname = "foo"\nversion = "1.0"\noptional = false\npython-versions = "*"\n'
        f'groups = ["main"]\nfiles = [\n{rows}]\n\n[package.source]\ntype = "legacy"\n'
        f'url = "{C.rstrip("/")}"\nreference = "c"\n\n'
        f'[metadata]\nlock-version = "2.1"\npython-versions = ">=3.8"\ncontent-hash = "{content_hash}"\n'
    )


SOURCES = [{"name": "c", "url": C}]
PYPROJECT = f'[tool.poetry]\npackage-mode = false\n[[tool.poetry.source]]\nname = "c"\nurl = "{C}"\n'


@pytest.mark.parametrize(
    ("settings", "ours", "outcome"),
    [
        ("", [CW, CS], "foo-1.0-py3-none-any.whl"),
        ('[installer]\nno-binary = ["foo"]\n', [CW, CS], "foo-1.0.tar.gz"),
        ('[installer]\nno-binary = [":all:"]\nonly-binary = ["foo"]\n', [CW, CS], "foo-1.0-py3-none-any.whl"),
        ('[installer]\nonly-binary = ":all:"\n', [CS], None),
    ],
)
def test_poetry_heeds_its_settings(settings: str, ours: list[ProjectFile], outcome: str | None) -> None:
    files = {"poetry.toml": settings, "pyproject.toml": PYPROJECT}
    text = poetry_lock({"source": SOURCES}, CW.sha256, CS.sha256)
    found = verdict(ours, [], text, files, installer="poetry", lock="poetry.lock")
    assert found.file == outcome
    assert (found.outcome is Outcome.INSTALL_FAILS) is (outcome is None)


def test_poetry_refuses_a_lock_that_is_older_than_its_sources() -> None:
    files = {"pyproject.toml": PYPROJECT}
    result = reviewed(
        [CW], [PW], poetry_lock({}, CW.sha256, PW.sha256), files, installer="poetry", lock="poetry.lock"
    )
    [change] = result.lockfiles[0].changes
    assert change.outcome is Outcome.INSTALL_FAILS
    assert "since the last `poetry lock`, and `poetry install` refuses" in change.why
    assert change.advice is not None
    assert change.advice.text == "lock again: the project changed since"
    assert change.advice.command == "poetry lock"


def test_pipenv_pools_all_sources_where_it_is_told_to() -> None:
    sources = [{"name": "c", "url": C, "verify_ssl": True}, {"name": "p", "url": P, "verify_ssl": True}]
    lock = {
        "_meta": {"pipfile-spec": 6, "requires": {}, "sources": sources},
        "default": {"foo": {"version": "==1.0"}},
        "develop": {},
    }
    for told, outcome in (("", Outcome.CHAINGUARD), ("install_search_all_sources = true\n", Outcome.PYPI)):
        files = {"Pipfile": f"[pipenv]\n{told}"}
        found = verdict([CW], [PW], json.dumps(lock), files, installer="pipenv", lock="Pipfile.lock")
        assert found.outcome is outcome


def test_a_pipfile_that_changed_since_leaves_open_what_is_installed() -> None:
    source = {"name": "c", "url": C, "verify_ssl": True}
    lock = {
        "_meta": {"hash": {"sha256": "0a" * 32}, "pipfile-spec": 6, "requires": {}, "sources": [source]},
        "default": {"foo": {"version": "==1.0"}},
        "develop": {},
    }
    files = {"Pipfile": '[packages]\nfoo = "==1.0"\n'}
    found = verdict([CW], [], json.dumps(lock), files, installer="pipenv", lock="Pipfile.lock")
    assert found.outcome is Outcome.UNKNOWN
    assert "`pipenv install --deploy` refuses it" in found.evidence[0].said


def test_an_unknown_key_is_an_assumption_and_no_pass() -> None:
    requirements = f"--index-url {C}\nfoo==1.0\n"
    plain = reviewed([CW], [], requirements, conf("timeout = 3"))
    assert plain.conclusion is Conclusion.PASS
    strange = reviewed([CW], [], requirements, conf("no-binary = bar", "bogus = 3"))
    assert strange.conclusion is Conclusion.WARN
    [assumption] = strange.lockfiles[0].changes[0].verdicts[0].assumptions
    assert assumption.kind is AssumptionKind.CONFIGURATION
    assert (
        "bogus is not a key that this review knows (pip.conf, [global], [install] and [:env:])"
        in assumption.said
    )


def test_an_answer_that_hangs_on_pips_version_says_so() -> None:
    ours = wheel(Owner.CHAINGUARD, "foo", "1.0", "cp312-cp312-linux_x86_64")
    theirs = wheel(Owner.PYPI, "foo", "1.0", "cp312-cp312-manylinux_2_28_x86_64")
    newest = verdict([ours], [theirs], FOO, {})
    assert newest.outcome is Outcome.CHAINGUARD
    [assumption] = newest.assumptions
    assert assumption.kind is AssumptionKind.INSTALLER_VERSION
    assert "an older one takes foo-1.0-cp312-cp312-manylinux_2_28_x86_64.whl (pypi)" in assumption.said
    pair = (Text(path="requirements.txt", text=""), Text(path="requirements.txt", text=FOO))
    for version, outcome in (("26.2.1", Outcome.PYPI), ("26.3", Outcome.CHAINGUARD)):
        table = Table(chainguard={"foo": [ours]}, pypi={"foo": [theirs]})
        result = judged(table, pair, indexes={**PYPI, "installer-version": version})
        told = result.lockfiles[0].changes[0].verdicts[0]
        assert (told.outcome, told.assumptions) == (outcome, ())


def test_what_hangs_on_a_key_is_named_with_its_place() -> None:
    result = reviewed([CW], [], f"--index-url {C}\nfoo==1.0\n", conf("platform = win_amd64"))
    [change] = result.lockfiles[0].changes
    assert change.why == (
        "it depends on a key that is not predicted: pip.conf:2, platform: "
        "pip takes files for another target than the settings name"
    )

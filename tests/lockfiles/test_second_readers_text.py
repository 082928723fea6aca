"""Readers that others wrote agree: pip's own on requirements files, plette (in Pipenv) on Pipfile.lock."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.lockfiles.formats.pipfile import FORMAT as PIPFILE
from fallback_review.lockfiles.formats.requirements import FORMAT as REQUIREMENTS
from fallback_review.lockfiles.names import normalise_name
from fallback_review.lockfiles.text import Text, decode
from tests.conftest import lab_tool

if TYPE_CHECKING:
    from fallback_review.model import LockedPackage, Lockfile

HERE = Path(__file__).parent
A, B = "a" * 64, "b" * 64

EXAMPLES = {
    "plain.txt": f"""\
# comment
six==1.16.0  # why
Foo_Bar[b,a] >=1 , <2 ; python_version < "3.9"
x===1.foo
hashed==1 \\
    --hash=sha256:{A} \\
    --hash sha256:{B}
\\

--pre
joined\\
==2
u @ https://f.test/u-1.0-py3-none-any.whl#sha256={A}
https://f.test/Some_Wheel-2.1-py3-none-any.whl
https://f.test/archive/main.zip
git+https://g.test/a/b@v1#egg=vcs
-e git+ssh://git@g.test/a/b.git@main#egg=ed
# note\u2028hidden==1
a\x0cb
-r sub/more.txt
--index-url https://index.example/simple
-c sub/limits.txt
""",
    "sub/more.txt": "more==1\n-r ../last.txt\n",
    "last.txt": "last\n",
    "sub/limits.txt": "more<2\nsix==1.16.0\n",
}


def by_pip(*paths: Path) -> dict[str, Any]:
    """What pip's own reader says of files."""
    done = subprocess.run(
        [lab_tool("python", "installers"), str(HERE / "pip_reader.py"), *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONWARNINGS": "ignore"},
    )
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def by_us(path: Path) -> Lockfile:
    def beside(name: str) -> str | None:
        other = path.parent / name
        return decode(name, other.read_bytes()) if other.is_file() else None

    data = path.read_bytes()
    text = decode(path.name, data) if data.strip() else ""
    return REQUIREMENTS.parse(Text(path=path.name, text=text, read=beside))


def told_by_pip(row: dict[str, Any]) -> tuple[Any, ...]:
    hashes = set(row["hashes"])
    return (normalise_name(row["name"]), row["line"], row["marker"], tuple(row["extras"]), frozenset(hashes))


def told_by_us(package: LockedPackage) -> tuple[Any, ...]:
    hashes = package.hashes if package.source.kind.from_index else frozenset[str]()
    return (
        package.name,
        package.line,
        package.marker,
        tuple(package.extra.get("extras", ())),
        hashes,
    )


def agree(lock: Lockfile, rows: list[dict[str, Any]]) -> int:
    """Compare a file's requirements with pip's rows; return how many were compared."""
    wanted = [row for row in rows if not row["constraint"] and "refused" not in row]
    named = [row for row in wanted if row["name"]]
    # As sets: pip reads a file that is included from two places twice.
    assert set(map(told_by_us, lock.packages)) == set(map(told_by_pip, named))
    pins = {(normalise_name(row["name"]), row["specifier"]) for row in named if not row["link"]}
    for package in lock.packages:
        if not package.source.kind.from_index or "constraints" in package.extra:
            continue
        texts = (
            {f"=={package.version}", f"==={package.version}"}
            if package.version
            else {package.specifier or ""}
        )
        assert any((package.name, text) in pins for text in texts)
    links = {row["link"] for row in named if row["link"] and row["link"].startswith("https:")}
    assert {p.source.location for p in lock.packages if p.source.kind == "url"} == links
    unnamed = [row["text"] for row in wanted if not row["name"]]
    refused = [row["text"] for row in rows if "refused" in row]
    said = [notice.text for notice in lock.unnamed]
    assert set(unnamed) <= set(said)
    for text in refused:
        assert text in said or any(text[:50] in notice.text for notice in lock.notices)
    return len(wanted)


@pytest.mark.lab
def test_pip_agrees_on_every_kind_of_line(tmp_path: Path) -> None:
    for name, text in EXAMPLES.items():
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
    path = tmp_path / "plain.txt"
    rows = by_pip(path)[str(path)]
    # pip counts a line separator inside a line as a line, which editors and GitHub do not; and it gives a
    # continued line the number of its backslash, not of its first word.
    lock = by_us(path)
    ours = {(p.name, p.path): p.line for p in lock.packages}
    for row in rows:
        name = normalise_name(row.get("name") or "")
        places = [line for (known, _), line in ours.items() if known == name]
        if len(places) == 1:
            assert abs(row["line"] - places[0]) <= 2
            row["line"] = places[0]
    assert agree(lock, rows) == 15


@pytest.mark.lab
@pytest.mark.parametrize(
    "data",
    [
        b"# -*- coding: utf-7 -*-\nalpha==1.0\n# x+AAo-evil+AD0APQ-1.0\n",
        b"#\n#coding=unicode_escape\nalpha==1.0\n# x\\nevil==1.0\n",
        b"# x\r#\r\r# coding: utf-7\nalpha==1.0\n# x+AAo-evil+AD0APQ-1.0\n",
    ],
)
def test_what_pip_finds_in_another_encoding_is_told(tmp_path: Path, data: bytes) -> None:
    included, path = tmp_path / "included.txt", tmp_path / "requirements.txt"
    included.write_bytes(data)
    path.write_text("-r included.txt\n", "utf-8")
    for each in (included, path):
        assert [row["name"] for row in by_pip(each)[str(each)]] == ["alpha", "evil"]
        lock = by_us(each)
        assert [package.name for package in lock.packages] == ["alpha"]
        (notice,) = lock.unread
        assert "write it as UTF-8" in notice.text
        assert notice.line == data.replace(b"\r", b"\n").split(b"coding")[0].count(b"\n") + 1
        assert notice.path == (None if each is included else "included.txt")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# coding: utf-8\nalpha==1.0 # é\n", False),
        ("# vim: set fileencoding=Latin-1 :\nalpha==1.0\n", False),
        ("# coding: cp1252\nalpha==1.0 # é\n", True),
        ("# coding: nothing-known\nalpha==1.0\n", False),
        ("# decoding: see below\nalpha==1.0\n", False),
    ],
)
def test_an_encoding_that_reads_alike_is_none(text: str, told: bool) -> None:
    assert bool(REQUIREMENTS.parse(Text(path="requirements.txt", text=text)).unread) is told


def test_pip_agrees_on_real_files(shared: Path) -> None:
    paths = [
        path
        for pair in sorted((shared / "corpus" / "requirements").iterdir())
        for path in (
            *pair.glob("base.*"),
            *pair.glob("head.*"),
            *pair.glob("tree_*/*.txt"),
        )
    ]
    answers = by_pip(*paths)
    compared = 0
    for path in paths:
        rows = answers[str(path)]
        if rows is None:
            # An included file is missing beside this copy: pip stops, and we say what is not seen.
            assert any("there is no file" in notice.text for notice in by_us(path).notices)
            continue
        compared += agree(by_us(path), rows)
    assert compared > 1500


def test_plette_agrees_on_real_files(shared: Path) -> None:
    paths = [
        path
        for pair in sorted((shared / "corpus" / "pipfile").iterdir())
        for path in (*pair.glob("base.*"), *pair.glob("head.*"))
    ]
    script = (
        "import json, sys\n"
        "from pipenv.vendor.plette import Lockfile\n"
        "answers = {}\n"
        "for name in sys.argv[1:]:\n"
        "    with open(name) as file:\n"
        "        lock = Lockfile.load(file)\n"
        "    answers[name] = {\n"
        "        'sources': [source.url for source in lock.meta.sources],\n"
        "        'rows': [[section, name, dict(entry._data)]\n"
        "                 for section in ('default', 'develop') for name, entry in lock[section].items()],\n"
        "    }\n"
        "print(json.dumps(answers))\n"
    )
    done = subprocess.run(
        [lab_tool("python", "installers"), "-c", script, *map(str, paths)],
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(done.stdout)
    for path in paths:
        lock = PIPFILE.parse(Text(path=path.name, text=path.read_text(encoding="utf-8")))
        answer = answers[str(path)]
        assert [index.url for index in lock.indexes] == answer["sources"]
        ours = [
            (next(iter(p.extra)), p.name, p.version, sorted(p.hashes), p.source.kind.value)
            for p in lock.packages
        ]
        assert sorted(ours, key=str) == sorted((plette_row(*row) for row in answer["rows"]), key=str)


def plette_row(section: str, name: str, entry: dict[str, Any]) -> tuple[Any, ...]:
    kind = "registry"
    if "git" in entry:
        kind = "git"
    elif entry.get("editable"):
        kind = "editable"
    elif "file" in entry or "path" in entry:
        kind = "url" if "file" in entry else "path"
    version = entry.get("version")
    return (
        section,
        normalise_name(name),
        version.removeprefix("==") if version else None,
        sorted(entry.get("hashes", [])),
        kind,
    )

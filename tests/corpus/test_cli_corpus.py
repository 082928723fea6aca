"""Every real pair through the public command: the JSON report says what its independent answer says.

None is waived. Chainguard's index is left without credentials and PyPI's is a local one that has nothing, so
that no network is needed: the report is complete all the same, and nothing in it comes from Chainguard.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from fallback_review.report.json import schema
from tests.cli.command import Finished, run, run_here
from tests.corpus.compare import row_differences
from tests.corpus.pairs import Pair, pairs
from tests.servers.scripted import answer, scripted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

PAIRS = pairs()
LARGEST = sorted(PAIRS, key=lambda pair: sum(f.stat().st_size for f in pair.folder.glob("*.*")))[-2:]
AS_PROCESSES = [pair for pair in PAIRS if pair.folder.parent.name == "migrated"] + LARGEST
SETTINGS = """
[indexes]
pypi = "{pypi}/simple/"
pypi-hosts = ["pypi.test", "files.pypi.test", "legacy.pypi.test"]
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    file = tmp_path_factory.mktemp("settings") / "settings.toml"
    with scripted(lambda _seen: answer(404)) as pypi:
        file.write_text(SETTINGS.format(pypi=pypi.url))
        yield file


def arguments(pair: Pair, config: Path) -> list[object]:
    """The two files as a person names them, the null device for a side that does not exist."""
    sides = [pair.file(side) or os.devnull for side in ("base", "head")]
    return ["review", "--config", config, "--format", "json", *sides]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_the_report_equals_the_answer(pair: Pair, config: Path, tmp_path: Path) -> None:
    check(run_here(*arguments(pair, config), cwd=tmp_path), pair)


@pytest.mark.parametrize("pair", AS_PROCESSES, ids=lambda pair: pair.name)
def test_the_report_of_the_installed_command_equals_the_answer(
    pair: Pair, config: Path, tmp_path: Path
) -> None:
    check(run(*arguments(pair, config), cwd=tmp_path), pair)


@pytest.mark.parametrize(
    "pair",
    [
        pair
        for pair in PAIRS
        if all(file and file.stat().st_size for file in map(pair.file, ("base", "head")))
    ],
    ids=lambda pair: pair.name,
)
def test_a_side_that_does_not_exist_makes_every_package_new_or_gone(
    pair: Pair, config: Path, tmp_path: Path
) -> None:
    counts = pair.expected["counts"]
    for side, other, kind in (("head", "after", "added"), ("base", "before", "removed")):
        files = [os.devnull, pair.file(side)] if side == "head" else [pair.file(side), os.devnull]
        report = run_here(*arguments(pair, config)[:-2], *files, cwd=tmp_path).report
        rows = [row for lock in report["lockfiles"] for row in lock["changes"]]
        assert {row["kind"] for row in rows} <= {kind}
        assert sum(len(row[other]) for row in rows if "/" not in row["name"]) == counts[f"{side}_distinct"]


def check(done: Finished, pair: Pair) -> None:
    """Compare one report with the answer, and its exit code with what it says itself."""
    assert done.stderr == ""
    assert "Traceback" not in done.stdout
    report = done.report
    jsonschema_rs.Draft202012Validator(schema()).validate(report)
    (lockfile,) = report["lockfiles"]
    found = list(differences(lockfile, pair.expected))
    assert not found, "\n".join(found)
    assert not {row["outcome"] for row in lockfile["changes"]} & {"chainguard", "remediated"}
    assert done.code == {"pass": 0, "warn": 0, "fail": 1, "unknown": 3}[report["conclusion"]]


def differences(lockfile: Mapping[str, Any], expected: Mapping[str, Any]) -> Iterator[str]:
    """Every way in which a lockfile's part of the report differs from the answer."""
    rows, sides = lockfile["changes"], (lockfile["base_format"], lockfile["format"])
    spell = _spelling(sides)
    wanted = {**expected, "changes": [spell(row) for row in expected["changes"]]}
    yield from row_differences(map(spell, rows), wanted)
    yield from _uneven("hashes changed", _hashes(rows), _hashes(expected["hashes_changed"]))
    yield from _uneven(
        "hosts changed", _hosts(rows, expected), _hosts(expected["file_hosts_changed"], expected)
    )
    if sides[0] == sides[1]:  # what two formats leave open is judged too, and the corpus does not look at it
        yield from _uneven(
            "only artifacts changed", _only_artifacts(rows), _only_artifacts_expected(expected)
        )
    yield from _uneven(
        "metadata only", map(_metadata, lockfile["metadata_only"]), map(_metadata, expected["metadata_only"])
    )
    yield from _uneven("header changed", lockfile["header_changed"], expected["header_changed"])
    if expected.get("head_header"):
        yield from _unnamed(lockfile, expected["head_header"])


def _unnamed(lockfile: Mapping[str, Any], header: Mapping[str, Any]) -> Iterator[str]:
    """Compare requirements without a name; one that pip refuses may stand in a notice that quotes it."""
    quoted = [notice["text"].partition("' was not understood")[0][1:] for notice in lockfile["notices"]]
    refused = Counter(text for text, _ in header.get("unparsed", ()))
    shown = Counter(notice["text"] for notice in lockfile["unnamed"]) + (Counter(quoted) & refused)
    yield from _uneven("unnamed", shown.elements(), [*header.get("unnamed", ()), *refused.elements()])


def _spelling(sides: tuple[str, str]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Return what spells a row's sources in the words that the report and the corpus share.

    A migration is compared by kind only. Where a format names no index but every file's URL, the corpus writes
    the files' host as the index of PyPI packages and the report nothing; where it has one text for what is
    asked of git, the corpus writes a commit (see `compare.source_of`).
    """
    migrated = sides[0] != sides[1]

    def source(source: Mapping[str, Any], lock_format: str) -> dict[str, Any]:
        hosted = lock_format.startswith(("pixi", "conda-lock")) and source["kind"] == "registry"
        spelled = {key: value for key, value in source.items() if not (migrated or hosted) or key == "kind"}
        if (
            lock_format in ("requirements.txt", "Pipfile.lock")
            and "commit" not in spelled
            and "ref" in spelled
        ):
            spelled["commit"] = spelled.pop("ref")
        return spelled

    def row(row: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **row,
            "source_before": [source(one, sides[0]) for one in row["source_before"]],
            "source_after": [source(one, sides[1]) for one in row["source_after"]],
        }

    return row


Key = tuple[str, str]


def _key(row: Mapping[str, Any]) -> Key:
    return row.get("ecosystem", "pypi"), row["name"]


def _hashes(rows: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    """Hashes that came and went for each name; the corpus has a row for each version."""
    counts: dict[Key, tuple[int, int]] = {}
    for row in rows:
        added, removed = counts.get(_key(row), (0, 0))
        counts[_key(row)] = added + row["hashes_added"], removed + row["hashes_removed"]
    return [(*key, *numbers) for key, numbers in counts.items() if any(numbers)]


def _hosts(rows: Iterable[Mapping[str, Any]], expected: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """File hosts of the names whose versions stayed; of others the corpus says nothing."""
    other = {_key(row) for row in expected["changes"]}
    return [
        (*_key(row), *row["hosts_before"], "to", *row["hosts_after"])
        for row in rows
        if row["hosts_after"] and _key(row) not in other
    ]


def _only_artifacts(rows: Iterable[Mapping[str, Any]]) -> list[Key]:
    return [_key(row) for row in rows if row["kind"] == "artifacts-changed"]


def _only_artifacts_expected(expected: Mapping[str, Any]) -> set[Key]:
    moved = {_key(row) for rows in ("hashes_changed", "file_hosts_changed") for row in expected[rows]}
    return moved - {_key(row) for row in expected["changes"]}


def _metadata(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (*_key(row), row["version"], *sorted(row["fields"]))


def _uneven(what: str, got: Iterable[Any], wanted: Iterable[Any]) -> Iterator[str]:
    """Say what is there more or less often than expected."""
    there, needed = Counter(got), Counter(wanted)
    yield from (f"{what}: not expected {row}" for row in (there - needed).elements())
    yield from (f"{what}: missing {row}" for row in (needed - there).elements())

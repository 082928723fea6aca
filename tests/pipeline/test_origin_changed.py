"""What the installer's configuration moves while the lock stays: judged before and after, told where it moves."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from fallback_review.lockfiles import Text
from fallback_review.model import ChangeKind, Conclusion, Outcome
from fallback_review.pipeline import context
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.review import review
from fallback_review.settings import validation
from tests.pipeline.test_review import BOTH, Table

if TYPE_CHECKING:
    from fallback_review.model import Review

C, P = "https://libraries.cgr.dev/python/simple/", "https://pypi.test/simple/"
SETTINGS = validation.validate({"indexes": {"pypi": P, "pypi-hosts": ["files.pypi.test"]}})
LOCK = "a==2.0\nb==1.0\n"
ONE = f"[global]\nindex-url = {C}\n"
TWO = f"[global]\nindex-url = {C}\nextra-index-url = {P}\n"


def side(lock: str, **files: str) -> Text:
    named = {name.replace("_", "."): text for name, text in files.items()}
    return Text(path="requirements.txt", text=lock, read=named.get)


def judged(base: Text, head: Text) -> tuple[Review, Table]:
    table = Table(**BOTH)
    return review([compare(base, head)], SETTINGS, table, today=date(2026, 11, 21)), table


def moved(result: Review) -> dict[str, Outcome | None]:
    return {
        each.change.name: each.outcome
        for lockfile in result.lockfiles
        for each in lockfile.changes
        if each.change.kind is ChangeKind.ORIGIN_CHANGED
    }


def test_an_index_that_pip_conf_adds_moves_what_did_not_change() -> None:
    result, _ = judged(side(LOCK, pip_conf=ONE), side(LOCK, pip_conf=TWO))
    assert moved(result) == {"a": Outcome.PYPI, "b": Outcome.PYPI}
    assert result.conclusion is Conclusion.FAIL
    told = [notice for notice in result.findings if notice.text.startswith("2 of 2 packages that did not")]
    assert [(notice.path, notice.line) for notice in told] == [("pip.conf", 3)]
    assert told[0].text.endswith("2 pypi")


def test_what_the_configuration_moves_to_chainguard_passes() -> None:
    result, _ = judged(side(LOCK, pip_conf=TWO), side(LOCK, pip_conf=ONE))
    assert moved(result) == {"a": Outcome.CHAINGUARD, "b": Outcome.CHAINGUARD}
    assert result.conclusion is Conclusion.PASS


def test_an_index_line_whose_hashes_stay_stops_the_install() -> None:
    lock = f"a==2.0 --hash=sha256:{'d' * 64}\n"
    result, _ = judged(side(f"--index-url {P}\n{lock}"), side(f"--index-url {C}\n{lock}"))
    assert moved(result) == {"a": Outcome.INSTALL_FAILS}


def test_what_changed_itself_is_one_change_and_the_rest_another() -> None:
    result, _ = judged(side("a==1.0\nb==1.0\n", pip_conf=ONE), side(LOCK, pip_conf=TWO))
    (lockfile,) = result.lockfiles
    kinds = {each.change.name: each.change.kind for each in lockfile.changes}
    assert kinds == {"a": ChangeKind.UPGRADED, "b": ChangeKind.ORIGIN_CHANGED}
    assert [n.text for n in result.findings if n.text.startswith("1 of 1 package that")]


@pytest.mark.parametrize(
    "after",
    [
        f"# A comment.\n{ONE}",
        ONE.replace("[global]", "[install]"),
        f"{ONE}timeout = 5\n",
    ],
)
def test_configuration_that_does_the_same_asks_nothing(after: str) -> None:
    result, table = judged(side(LOCK, pip_conf=ONE), side(LOCK, pip_conf=after))
    assert (moved(result), table.asked) == ({}, [])


def test_only_what_moves_is_listed() -> None:
    no_binary = f"{ONE}no-binary = b\n"
    result, _ = judged(side(LOCK, pip_conf=ONE), side(LOCK, pip_conf=no_binary))
    assert moved(result) == {"b": Outcome.INSTALL_FAILS}


def test_locked_urls_stay_where_they_are() -> None:
    wheel = "a-2.0-py3-none-any.whl"
    lock = (
        f'version = 1\n\n[[package]]\nname = "a"\nversion = "2.0"\nsource = {{ registry = "{C}" }}\n'
        f'wheels = [{{ url = "https://libraries.cgr.dev/python/simple/a/2.0/{wheel}", '
        f'hash = "sha256:{"c" * 64}" }}]\n'
    )
    index = '[[index]]\nurl = "{}"\ndefault = true\n'
    base, head = (Text(path="uv.lock", text=lock, read={"uv.toml": index.format(url)}.get) for url in (C, P))
    result, _ = judged(base, head)
    assert moved(result) == {}


def test_more_than_are_judged_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MOST_JUDGED_AGAIN", 1)
    result, _ = judged(side(LOCK, pip_conf=TWO), side(LOCK, pip_conf=ONE))
    assert moved(result) == {"a": Outcome.CHAINGUARD}
    assert result.conclusion is Conclusion.UNKNOWN
    assert any("1 unchanged entry was not judged" in notice.text for notice in result.unreadable)


def test_the_bound_is_over_all_lockfiles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MOST_JUDGED_AGAIN", 2)
    compared = [
        compare(side(lock, pip_conf=TWO), side(lock, pip_conf=ONE))
        for lock in ("a==2.0\n", "a==2.0\nb==1.0\n", "a==2.0\nc==1.0\n")
    ]
    table = Table(**BOTH)
    result = review(compared, SETTINGS, table, today=date(2026, 11, 21))
    assert moved(result) == {"a": Outcome.CHAINGUARD, "b": Outcome.CHAINGUARD}
    assert "c" not in {name for asked in table.asked for name in asked}
    assert [n.text for n in result.unreadable if "1 unchanged entry was not judged" in n.text]


UV_LOCK = f"""version = 1

[[package]]
name = "a"
version = "2.0"
source = {{ registry = "{C}" }}
wheels = [{{ url = "{C}a/2.0/a-2.0-py3-none-any.whl", hash = "sha256:{"c" * 64}" }}]
"""
PROJECT = '[project]\nname = "x"\nversion = "1"\ndependencies = ["a"]\n'
INDEX = '[[tool.uv.index]]\nname = "{}"\nurl = "{}"\n'


def uv_sides(before: str, after: str) -> tuple[Text, Text]:
    trees = ({"pyproject.toml": f"{PROJECT}{each}"} for each in (before, after))
    first, second = (Text(path="uv.lock", text=UV_LOCK, read=tree.get) for tree in trees)
    return first, second


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{INDEX.format('c', C)}default = true\n", f"{INDEX.format('c', P)}default = true\n"),
        (INDEX.format("c", C) + INDEX.format("p", P), INDEX.format("p", P)),
        ("", '[tool.uv]\noverride-dependencies = ["a @ https://files.pypi.test/a-2.0-py3-none-any.whl"]\n'),
        ("", '[tool.uv.sources]\na = {path = "a"}\n'),
        ("", '[tool.uv]\ndev-dependencies = ["a==1.0"]\n'),
        ("", '[tool.uv]\nexclude-newer = "2026-01-01"\n'),
    ],
)
def test_a_uv_lock_that_its_project_leaves_behind_is_no_pass(before: str, after: str) -> None:
    result, _ = judged(*uv_sides(before, after))
    held, _ = judged(*uv_sides(before, before))
    assert held.conclusion is Conclusion.PASS
    assert result.conclusion in (Conclusion.UNKNOWN, Conclusion.FAIL)
    [told] = [each.verdicts[0] for lockfile in result.lockfiles for each in lockfile.changes]
    assert told.reason == "outdated"


def test_uv_keeps_a_lock_where_no_index_is_configured_any_more() -> None:
    result, _ = judged(*uv_sides(f"{INDEX.format('c', C)}default = true\n", ""))
    assert moved(result) == {}
    assert not result.unreadable


def test_a_dependency_that_the_lock_does_not_follow_is_no_pass() -> None:
    """Nothing is installed unseen: `uv sync` installs it."""
    result, _ = judged(*uv_sides("", '[tool.uv]\ndev-dependencies = ["unseen"]\n'))
    assert result.conclusion is Conclusion.UNKNOWN
    assert any("asks for unseen" in each.text for each in result.unreadable)


def test_a_pip_conf_moves_a_pylock_that_uv_wrote() -> None:
    text = (
        'lock-version = "1.0"\ncreated-by = "uv"\n[[packages]]\nname = "a"\nversion = "2.0"\n'
        f'sdist = {{ url = "https://files.pypi.test/a-2.0.tar.gz", hashes = {{ sha256 = "{"e" * 64}" }} }}\n'
        f'wheels = [{{ url = "{C}a/2.0/a-2.0-py3-none-any.whl", hashes = {{ sha256 = "{"c" * 64}" }} }}]\n'
    )
    trees: tuple[dict[str, str], ...] = ({}, {"pip.conf": "[install]\nno-binary = a\n"})
    base, head = (Text(path="pylock.toml", text=text, read=tree.get) for tree in trees)
    result, _ = judged(base, head)
    assert moved(result) == {"a": Outcome.UNKNOWN}

"""YAML as lockfiles need it: text stays text, lines are known, and everything is bounded."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from fallback_review.lockfiles import yaml as reading
from fallback_review.lockfiles.text import LockfileError
from fallback_review.lockfiles.yaml import read_yaml

LOADERS = [reading.LOADER, yaml.BaseLoader]


@pytest.fixture(params=LOADERS, ids=["libyaml", "python"])
def loader(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_libyaml_is_what_is_used_here() -> None:
    assert reading.LOADER is yaml.CBaseLoader


def test_scalars_stay_text_and_null_is_none(loader: Any) -> None:
    document = read_yaml(
        "x.lock",
        "a: 3.10\nb: 0.1_3\nc: yes\nd: null\ne: 'null'\nf:\ng: 2024-01-01\nh: 1:30\n'null': ~\ni: |\n  x\nj: []\nk: {}\n",
        loader=loader,
    )
    assert document.data == {
        "a": "3.10",
        "b": "0.1_3",
        "c": "yes",
        "d": None,
        "e": "null",
        "f": None,
        "g": "2024-01-01",
        "h": "1:30",
        "null": None,
        "i": "x\n",
        "j": [],
        "k": {},
    }


def test_rows_know_their_lines(loader: Any) -> None:
    document = read_yaml("x.lock", "# head\nrows:\n- a: 1\n  b: 2\n\n- {a: 3}\n-\n  a: 4\n", loader=loader)
    assert [document.line(row) for row in document.data["rows"]] == [3, 6, 8]


def test_few_aliases_are_the_value_that_they_name(loader: Any) -> None:
    document = read_yaml("x.lock", "a: &x [1, &y two]\nb: *x\nc: *y\nd: &m {k: v}\ne: *m\n", loader=loader)
    assert document.data["b"] == ["1", "two"]
    assert document.data["c"] == "two"
    assert document.data["e"] == {"k": "v"}


BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]\n"
    for n in range(1, 20)
)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("", "its root is not a mapping", None),
        ("- a\n", "its root is not a mapping", None),
        ("text", "its root is not a mapping", None),
        ("a: 1\na: 2\n", "the key 'a' appears twice", 2),
        ("a: 1\n? [b]\n: 2\n", "a key that is not text", 2),
        ("a: 1\n~: 2\n", "a key that is not text", 2),
        ("a: 1\n---\nb: 2\n", "more than one YAML document", 2),
        ("a: [\n", "not YAML", 2),
        ("a: 1\n\tb: 2\n", "not YAML", 2),
        ("a: *nowhere\n", "not complete", 1),
        ("a: &x [1, *x]\n", "not complete", 1),
        ("a: &x 1\nb: &x [*x]\n", "not complete", 2),
        ("a: \x01\n", "not YAML", None),
        ("a: \ud800\n", "not YAML", None),
        ("a: " + "[" * 200, "nested deeper than 40", 1),
        ("\n".join(" " * n + "a:" for n in range(200)), "nested deeper than 40", 41),
        (BOMB, "more than 2,000,000 values", None),
        ("a: &x 1\nb:\n" + "- *x\n" * 1001, "more than 1,000 aliases", 1003),
    ],
)
def test_bad_input_names_the_place(loader: Any, text: str, reason: str, line: int | None) -> None:
    with pytest.raises(LockfileError) as caught:
        read_yaml("x.lock", text, loader=loader)
    assert reason in caught.value.reason
    if line is not None:
        assert abs((caught.value.line or 0) - line) <= (1 if "not YAML" in reason else 0)
    assert "\n" not in str(caught.value)


def test_the_number_of_values_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_NODES", 100)
    with pytest.raises(LockfileError, match="more than 100 values"):
        read_yaml("x.lock", "a:\n" + "- b\n" * 100)
    assert len(read_yaml("x.lock", "a:\n" + "- b\n" * 97).data["a"]) == 97

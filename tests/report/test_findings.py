from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from fallback_review import __version__
from fallback_review.model import Conclusion, Ecosystem, Notice, Outcome
from fallback_review.report import render
from fallback_review.report.annotations import Annotation, annotate
from tests.report.build import (
    fails,
    from_pypi,
    gallery,
    good,
    hostile,
    lockfile,
    review,
    reviewed,
    rich,
    unknown,
)
from tests.report.texts import hostile_text


def sarif(found: Any) -> dict[str, Any]:
    run: dict[str, Any] = json.loads(render(found, "sarif"))["runs"][0]
    return run


def test_annotations_are_the_trouble_worst_first() -> None:
    made = annotate(rich())
    assert [(a.level, a.path, a.line, a.title) for a in made] == [
        ("error", "uv.lock", 12, "orjson 3.11.0: does not install"),
        ("error", "uv.lock", 12, "litellm 1.61.0: PyPI"),
        ("warning", ".github/fallback-review.toml", 8, "Fallback Review"),
        ("warning", "uv.lock", 12, "tokenizers 0.4.1: PyPI"),
        ("notice", None, None, "Fallback Review"),
    ]
    assert made[0].message == (
        "orjson 3.11.0: does not install; the lock does not hold the hash of the file that the index serves. "
        "What to do: put the hashes of Chainguard's files into the lock: chainctl libraries update-hashes uv.lock"
    )
    assert json.loads(render(rich(), "annotations"))[0]["message"] == made[0].message


def test_files_that_could_not_be_read_come_first() -> None:
    assert annotate(gallery()["unreadable"])[0] == Annotation(
        level="error",
        path="poetry.lock",
        line=3,
        title="Fallback Review",
        message="could not be checked: not valid TOML: expected '=' after a key",
    )


@pytest.mark.parametrize(("number", "shown"), [(10, 10), (11, 10), (500, 10)])
def test_there_are_at_most_ten_of_a_type_and_the_last_counts_the_others(number: int, shown: int) -> None:
    found = review(
        lockfile(*(from_pypi(f"p{n}") for n in range(number)), from_pypi("w", conclusion=Conclusion.WARN)),
    )
    made = annotate(found)
    errors = [a for a in made if a.level == "error"]
    assert len(errors) == shown
    assert len(made) == shown + 1
    others = f"There are {number - 9} more findings of this kind: see the job summary."
    assert (errors[-1].message == others) is (number > 10)


def test_levels_follow_the_policy() -> None:
    found = review(
        lockfile(
            unknown(),
            from_pypi("warned", conclusion=Conclusion.WARN),
            from_pypi("noticed", conclusion=Conclusion.PASS, advice=None),
            reviewed("conda", None, "1", ecosystem=Ecosystem.CONDA, conclusion=Conclusion.FAIL),
            good("quiet"),
        )
    )
    assert [(a.level, a.message.split(";")[0]) for a in annotate(found)] == [
        ("error", "conda 1: rejected by the policy."),
        ("error", "numpy 2.2.0: could not be checked"),
        ("warning", "warned 1.61.0: PyPI"),
        ("notice", "noticed 1.61.0: PyPI"),
    ]


def test_a_message_is_short_enough() -> None:
    # A character that cannot be seen takes six to be spelled out.
    change = from_pypi("x", verdicts=(), why="\u202e" * 9_000, note="\u202e" * 9_000)
    made = annotate(review(lockfile(change), findings=(Notice(text="t" * 9_000),)))
    assert [len(annotation.message) for annotation in made] == [4_096, 600]
    assert made[0].message.endswith("…")


@settings(max_examples=60, deadline=None)
@given(hostile_text)
def test_annotations_hold_one_line_of_visible_text(text: str) -> None:
    made = annotate(hostile(text))
    assert made
    for annotation in made:
        assert len(annotation.message) <= 4_096
        assert (annotation.title + annotation.message + (annotation.path or "")).isprintable()


def test_sarif_has_a_result_for_each_finding() -> None:
    run = sarif(rich())
    assert run["tool"]["driver"]["version"] == __version__
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert rules == ["assumption", "configuration", "hash-mismatch", "no-compatible-file", "version-missing"]
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        ("hash-mismatch", "error"),
        ("version-missing", "error"),
        ("configuration", "warning"),
        ("no-compatible-file", "warning"),
        ("assumption", "note"),
    ]
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "uv.lock"}, "region": {"startLine": 12}}
    assert run["properties"] == {"conclusion": "fail", "resultsLeftOut": 0}


def test_a_finding_stays_the_same_when_its_line_moves() -> None:
    def fingerprints(line: int) -> list[str]:
        moved = reviewed("a", None, "1", Outcome.PYPI, line=line)
        return [
            r["partialFingerprints"]["package/v1"] for r in sarif(review(lockfile(moved, fails())))["results"]
        ]

    assert fingerprints(3) == fingerprints(4)
    assert len(set(fingerprints(3))) == 2


def test_a_result_always_has_a_place() -> None:
    found = review(lockfile(path="a b/uv.lock"), findings=(Notice(text="no file"),))
    assert sarif(found)["results"][0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "a%20b/uv.lock"},
        "region": {"startLine": 1},
    }
    nowhere = sarif(review(findings=(Notice(text="no file"),)))
    assert nowhere["results"] == []
    assert nowhere["properties"]["resultsLeftOut"] == 1


def test_sarif_stays_within_what_is_taken() -> None:
    run = sarif(review(lockfile(*(from_pypi(f"p{n}") for n in range(5_100)))))
    assert len(run["results"]) == 5_000
    assert run["properties"]["resultsLeftOut"] == 100


def test_every_rule_says_what_it_means_and_where_to_read_on() -> None:
    found = review(
        lockfile(
            unknown(), from_pypi(), fails(),
            reviewed("conda", None, "1", ecosystem=Ecosystem.CONDA, conclusion=Conclusion.FAIL),
            reviewed("git", None, "1", Outcome.DIRECT, conclusion=Conclusion.FAIL),
        ),
        findings=(Notice(text="look"),),
        unreadable=(Notice(text="no"),),
    )  # fmt: skip
    rules = {rule["id"]: rule for rule in sarif(found)["tool"]["driver"]["rules"]}
    assert set(rules) == {
        "unauthorized", "version-missing", "hash-mismatch", "policy", "direct", "configuration", "unreadable",
    }  # fmt: skip
    for rule in rules.values():
        assert rule["fullDescription"]["text"].endswith(".")
        assert rule["helpUri"] in rule["help"]["markdown"]
        assert rule["helpUri"].startswith(
            "https://github.com/fallback-review/fallback-review/blob/main/docs/"
        )
    assert rules["version-missing"]["helpUri"].endswith("/docs/reference/causes.md#version-missing")
    assert rules["direct"]["shortDescription"]["text"] == "A package does not come from an index"


def test_workflow_commands_for_a_job_that_runs_the_command_line() -> None:
    hostile_name = from_pypi("x\n::error::owned", why="100%")
    lines = render(review(lockfile(hostile_name), conclusion=Conclusion.FAIL), "github").splitlines()
    assert lines[0].startswith("::error title=x\\n")
    assert "100%25" in lines[0]
    assert "file=uv.lock,line=12" in lines[0]
    assert not [line for line in lines[1:] if line.startswith("::")]
    assert lines[1].startswith("❌ 1 of 1 changed package comes from PyPI")

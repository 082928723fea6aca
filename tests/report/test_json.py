from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from fallback_review.model import Conclusion, MetadataChange, Outcome, Review
from fallback_review.report import render
from fallback_review.report.json import schema
from tests.conftest import ROOT
from tests.report import build
from tests.report.build import gallery, hostile, lockfile, review, reviewed, rich
from tests.report.texts import hostile_text

PUBLISHED = ROOT / "docs" / "report.schema.json"


def report(found: Review) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(render(found, "json"))
    return loaded


def test_the_published_schema_is_the_codes() -> None:
    """To renew it: ``python -m tests.report.test_json``."""
    published = json.loads(PUBLISHED.read_text())
    assert published == schema()
    Draft202012Validator.check_schema(published)
    assert published["$schema"].endswith("2020-12/schema")


@pytest.mark.parametrize("name", gallery())
def test_reports_are_valid_by_the_published_schema(name: str) -> None:
    Draft202012Validator(json.loads(PUBLISHED.read_text())).validate(report(gallery()[name]))


@settings(max_examples=40, deadline=None)
@given(hostile_text)
def test_a_report_of_hostile_text_is_valid_and_inert(text: str) -> None:
    made = render(hostile(text), "json")
    assert made.isascii()
    assert made.replace("\n", "").isprintable()
    Draft202012Validator(schema()).validate(json.loads(made))
    # Halves of surrogate pairs are no text that UTF-8 can carry: they are spelled out.
    shown = text.encode("utf-8", "backslashreplace").decode()
    assert json.loads(made)["lockfiles"][0]["changes"][0]["name"] == shown


def test_a_schema_that_is_kept_notices_what_does_not_belong() -> None:
    made = report(rich())
    made["lockfiles"][0]["changes"][0]["colour"] = "red"
    made["schema_version"] = 1
    del made["counts"]["unknown"]
    found = {error.json_path for error in Draft202012Validator(schema()).iter_errors(made)}
    assert found == {"$.lockfiles[0].changes[0]", "$.schema_version", "$.counts"}


def test_a_change_in_full() -> None:
    change = next(c for c in report(rich())["lockfiles"][0]["changes"] if c["name"] == "tokenizers")
    assert change == {
        "name": "tokenizers",
        "kind": "upgraded",
        "ecosystem": "pypi",
        "local": False,
        "before": ["0.4.0"],
        "after": ["0.4.1"],
        "source_before": [{"kind": "registry", "value": "https://index.example/simple/"}],
        "source_after": [{"kind": "registry", "value": "https://index.example/simple/"}],
        "source_changed": False,
        "hashes_added": 0,
        "hashes_removed": 0,
        "hosts_before": [],
        "hosts_after": [],
        "became_unhashed": False,
        "line": 12,
        "path": None,
        "outcome": "pypi",
        "cause": "no-compatible-file",
        "reason": None,
        "why": "no build for this platform",
        "advice": {"text": "build in a Linux container, or allow it", "command": None},
        "conclusion": "warn",
        "allowance": None,
        "note": None,
        "differs_on": ["py3.12 linux-x86_64"],
        "verdicts": [
            {
                "target": "py3.12 macos-arm64",
                "version": "0.4.1",
                "outcome": "pypi",
                "cause": "no-compatible-file",
                "reason": None,
                "file": None,
                "url_host": None,
                "evidence": [],
                "assumptions": [],
                "informational": False,
            },
            {
                "target": "py3.12 linux-x86_64",
                "version": "0.4.1",
                "outcome": "chainguard",
                "cause": None,
                "reason": None,
                "file": "tokenizers.whl",
                "url_host": "libraries.cgr.dev",
                "evidence": [
                    {
                        "kind": "listed",
                        "said": "Chainguard's index lists tokenizers.whl",
                        "where": "https://libraries.cgr.dev/python/simple/",
                    }
                ],
                "assumptions": [
                    {
                        "kind": "layout",
                        "said": "Assumed: one index that merges both. Set layout in [indexes].",
                    }
                ],
                "informational": False,
            },
        ],
    }


def test_the_report_around_the_changes() -> None:
    made = report(rich())
    assert (made["schema_version"], made["conclusion"], made["scope"]) == (2, "fail", "changes")
    assert made["counts"] == {
        "changed": 17,
        "judged": 13,
        "fallback": 3,
        "chainguard": 7,
        "remediated": 1,
        "upstream": 1,
        "direct": 1,
        "private": 0,
        "unknown": 0,
        "install_fails": 1,
        "allowed": 1,
        "removed": 1,
        "local": 1,
        "conda": 1,
        "metadata_only": 1,
    }
    lock = made["lockfiles"][0]
    assert lock.pop("targets") == made["targets"]
    assert lock.pop("counts") == made["counts"]
    assert made["missing"] == [
        {"name": "litellm", "versions": ["1.61.0"], "lockfiles": 1},
        {"name": "nvidia-cublas", "versions": ["12.4"], "lockfiles": 1},
        {"name": "orjson", "versions": ["3.11.0"], "lockfiles": 1},
        {"name": "pyyaml", "versions": ["6.0.1"], "lockfiles": 1},
        {"name": "tokenizers", "versions": ["0.4.1"], "lockfiles": 1},
    ]
    assert {key: lock[key] for key in lock if key != "changes"} == {
        "path": "uv.lock",
        "format": "uv.lock",
        "base_path": "old/uv.lock",
        "base_format": None,
        "installer": "uv",
        "layout": "chainguard-only",
        "base_entries": 0,
        "head_entries": 0,
        "metadata_only": [
            {
                "name": "rich",
                "version": "14.0",
                "source": {"kind": "registry", "value": "https://index.example/simple/"},
                "fields": ["marker"],
                "ecosystem": "pypi",
            }
        ],
        "header_changed": ["requires-python", "unnamed"],
        "unnamed": [{"text": "./local-wheel.whl", "path": None, "line": 9}],
        "notices": [{"text": "holds credentials in an index URL: remove them", "path": None, "line": 3}],
    }
    assert made["targets"][0]["label"] == "py3.12 linux-x86_64"
    assert made["findings"][0]["path"] == ".github/fallback-review.toml"


def test_versions_may_be_absent_and_a_source_keeps_what_it_has() -> None:
    bare = build.locked("x", None, source=build.GIT)
    change = reviewed(
        "x", None, None, Outcome.DIRECT, before=(bare,), after=(build.locked("x", None, specifier=">1"),)
    )
    metadata = MetadataChange(name="y", version=None, source=build.GIT, fields=())
    made = report(review(lockfile(change, metadata_only=(metadata,)), conclusion=Conclusion.PASS))[
        "lockfiles"
    ][0]
    git = {"kind": "git", "value": "https://git.example/acme/tool", "ref": "main", "commit": "c0ffee1234"}
    assert made["changes"][0]["before"] == [None]
    assert made["changes"][0]["after"] == [">1"]
    assert made["changes"][0]["source_before"] == [git]
    assert made["metadata_only"][0]["source"] == git


def test_an_allowance_is_told() -> None:
    change = next(c for c in report(rich())["lockfiles"][0]["changes"] if c["allowance"])
    assert change["allowance"] == {
        "package": "nvidia-*",
        "reason": "CUDA wheels come from NVIDIA",
        "owner": "ml-team",
        "expires": "2027-01-01",
    }


if __name__ == "__main__":
    PUBLISHED.write_text(json.dumps(schema(), indent=2) + "\n")

"""A new cause and a new report are each one module and one line in a registry."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from fallback_review.model import Conclusion, Lockfile, Outcome, Review, Verdict
from fallback_review.prediction import CAUSES, advise, describe
from fallback_review.report import FORMATS, render
from fallback_review.report.json import schema
from tests.prediction.build import LINUX, change, context
from tests.report import made_up
from tests.report.build import lockfile, review, reviewed


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CAUSES, made_up.QUARANTINED, made_up.RECORD)
    monkeypatch.setitem(FORMATS, "made-up", made_up.__name__)


def found(reason: str | None = None) -> Review:
    verdict = Verdict(
        version="2.0",
        target="py3.12 linux-x86_64",
        outcome=Outcome.UNKNOWN,
        cause=made_up.QUARANTINED,
        reason=reason,
    )
    each = reviewed(
        "x",
        "1.0",
        "2.0",
        Outcome.UNKNOWN,
        cause=verdict.cause,
        reason=reason,
        why=describe(verdict, change(), context(), {}),
        advice=advise(
            change(),
            [verdict],
            context(),
            {},
            lockfile=Lockfile(path="api/uv.lock", format="uv.lock"),
            targets=(LINUX,),
        ),
        verdicts=(verdict,),
        conclusion=Conclusion.UNKNOWN,
    )
    return review(lockfile(each), conclusion=Conclusion.UNKNOWN)


def test_a_made_up_report_shows_a_made_up_cause() -> None:
    assert render(found(), "made-up") == "x;could not be checked;it is in quarantine;ask security about x\n"


def test_a_reason_of_a_cause_has_words_of_its_own() -> None:
    said = render(found("audit"), "made-up")
    assert said == "x;could not be checked;it is in quarantine until the audit;wait for the audit\n"


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_every_report_shows_a_made_up_cause(name: str) -> None:
    said = render(found(), name)
    assert "quarantine" in said
    if name != "terminal":
        assert "ask security about x" in said
    assert "chainctl libraries update-hashes api/uv.lock" in said


def test_the_machine_readable_reports_name_it() -> None:
    Draft202012Validator(schema()).validate(json.loads(render(found(), "json")))
    (rule,) = json.loads(render(found(), "sarif"))["runs"][0]["tool"]["driver"]["rules"]
    assert rule["id"] == "quarantined"
    assert rule["shortDescription"]["text"] == "Chainguard holds this project in quarantine"
    assert made_up.RECORD.anchor == "reference/causes.md#quarantined"

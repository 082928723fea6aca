"""Remarks through the whole pipeline: asked after the verdicts, of real servers, and changing none of them."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement

from fallback_review.index.credentials import Credentials
from fallback_review.index.open import Secrets, open_indexes
from fallback_review.lockfiles import Text
from fallback_review.model import (
    Answer,
    Cause,
    Change,
    ChangeKind,
    Edition,
    Index,
    Outcome,
    Owner,
    Review,
    ReviewedChange,
    Verdict,
)
from fallback_review.pipeline.ask import MOST_REMARKED, ask_for_remarks
from fallback_review.pipeline.compare import whole
from fallback_review.pipeline.explain import explain
from fallback_review.pipeline.review import review
from fallback_review.prediction.addresses import Addresses
from fallback_review.settings import validation
from tests.servers.process import free_port
from tests.servers.scripted import ScriptedServer, Seen, answer, scripted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fallback_review.pipeline.ask import Wanted
    from fallback_review.prediction import Answers
    from fallback_review.settings.schema import Settings

TODAY = date(2026, 11, 21)
LOCK = """
version = 1
requires-python = ">=3.12"

[[package]]
name = "urllib3"
version = "2.0.7"
source = {{ registry = "{cg}" }}
wheels = [{{ url = "{cg}urllib3/2.0.7/urllib3-2.0.7-py3-none-any.whl", hash = "sha256:{a}" }}]

[[package]]
name = "idna"
version = "3.7"
source = {{ registry = "{pypi}" }}
wheels = [{{ url = "{pypi}idna-3.7-py3-none-any.whl", hash = "sha256:{b}" }}]
"""
NOTES = {
    "urllib3": "2.0.7+cgr.1 fixes CVE-2024-37891",
    "idna": "released 2 days ago, no attestations on PyPI",
}


def page(name: str, *files: Mapping[str, Any]) -> bytes:
    return json.dumps({"meta": {"api-version": "1.4"}, "name": name, "files": list(files)}).encode()


def wheel(name: str, version: str, mark: str, **more: Any) -> dict[str, Any]:
    filename = f"{name}-{version}-py3-none-any.whl"
    return {"filename": filename, "url": f"{version}/{filename}", "hashes": {"sha256": mark * 64}, **more}


PAGES = {
    "/python/simple/urllib3/": page("urllib3", wheel("urllib3", "2.0.7", "a"), wheel("urllib3", "2.0.7+cgr.1", "c")),
    "/python/simple/idna/": page("idna", wheel("idna", "3.7", "d")),
    "/pypi/idna/": page("idna", wheel("idna", "3.7", "b", provenance=None, **{"upload-time": "2026-11-19T08:00:00Z"})),
    "/openvex/v1/pypi/urllib3.openvex.json": json.dumps(
        {
            "statements": [
                {
                    "vulnerability": {"name": "CVE-2024-37891"},
                    "products": [{"identifiers": {"purl": "pkg:pypi/urllib3@2.0.7%2Bcgr.1"}}],
                    "status": "fixed",
                }
            ]
        }
    ).encode(),
}  # fmt: skip


def reply(seen: Seen) -> Iterable[object]:
    return answer(200, PAGES[seen.path]) if seen.path in PAGES else answer(404)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted(reply) as running:
        yield running


def settings(server: ScriptedServer, **indexes: str) -> Settings:
    addresses = {
        "chainguard": f"{server.url}/python/simple/",
        "pypi": f"{server.url}/pypi/",
        "vex": f"{server.url}/openvex/v1/",
    }
    return validation.validate({"indexes": addresses | {"layout": "chainguard-only"} | indexes})


def text(configured: Settings) -> Text:
    at = configured.indexes
    return Text(path="uv.lock", text=LOCK.format(cg=at.chainguard, pypi=at.pypi, a="a" * 64, b="b" * 64))


def judged(configured: Settings) -> Review:
    secrets = Secrets(environ={}, explicit=Credentials("ann", "secret"))
    with open_indexes(configured.indexes, secrets) as ask:
        return review([whole(text(configured))], configured, ask, today=TODAY)


def notes(result: Review) -> dict[str, str | None]:
    return {each.change.name: each.note for lockfile in result.lockfiles for each in lockfile.changes}


def without_notes(result: Review) -> Any:
    """Everything but the notes and the addresses, which differ between servers."""
    return [
        (each.change.name, each.outcome, each.cause, each.reason, each.why, each.advice, each.conclusion)
        for lockfile in result.lockfiles
        for each in lockfile.changes
    ]


def test_what_remarks_alone_need_is_asked_last_and_once_and_without_credentials(
    server: ScriptedServer,
) -> None:
    """PyPI is asked first only where a file may turn out to be Chainguard's."""
    result = judged(settings(server))
    assert notes(result) == NOTES
    outcomes = {each.change.name: (each.outcome, each.cause) for each in result.lockfiles[0].changes}
    assert outcomes == {
        "urllib3": (Outcome.CHAINGUARD, None),
        "idna": (Outcome.PYPI, Cause.LOCK_PINS_PYPI_URL),
    }
    paths = [seen.path for seen in server.seen]
    assert sorted(paths) == sorted([*PAGES, "/pypi/urllib3/"])
    assert set(paths[3:]) == {"/pypi/idna/", "/openvex/v1/pypi/urllib3.openvex.json"}
    assert {seen.path.split("/")[1]: "authorization" in seen.headers for seen in server.seen} == {
        "python": True,
        "pypi": False,
        "openvex": False,
    }


def test_silence_changes_no_verdict(server: ScriptedServer) -> None:
    spoken = judged(settings(server))
    nobody = f"http://127.0.0.1:{free_port()}/"
    silent = judged(settings(server, vex=nobody))
    assert without_notes(silent) == without_notes(spoken)
    assert notes(silent) == NOTES | {"urllib3": "2.0.7+cgr.1 is remediated"}


def test_an_unreachable_pypi_changes_no_verdict(server: ScriptedServer) -> None:
    spoken = judged(settings(server))
    quiet = judged(settings(server, pypi=f"http://127.0.0.1:{free_port()}/pypi/"))
    assert without_notes(quiet) == without_notes(spoken)
    assert notes(quiet) == NOTES | {"idna": None}


def test_turned_off_the_feed_is_not_asked(server: ScriptedServer) -> None:
    result = judged(settings(server, vex=""))
    assert notes(result)["urllib3"] == "2.0.7+cgr.1 is remediated"
    assert not [seen for seen in server.seen if "openvex" in seen.path]


def test_a_private_name_is_sent_nowhere(server: ScriptedServer) -> None:
    configured = settings(server)
    policy = replace(configured.policy, private=("url*", "idna"))
    private = replace(configured, policy=policy)
    result = judged(private)
    (idna, urllib3) = sorted(result.lockfiles[0].changes, key=lambda each: each.change.name)
    assert (idna.outcome, idna.cause) == (Outcome.PYPI, Cause.PRIVATE_NAME)
    assert (urllib3.outcome, urllib3.cause) == (Outcome.UNKNOWN, Cause.PRIVATE_NAME)
    assert notes(result) == {"urllib3": None, "idna": None}
    assert server.seen == []


def test_explain_tells_what_the_feed_said_and_the_remark(server: ScriptedServer) -> None:
    def facts(configured: Settings, pin: str) -> list[tuple[str, ...]]:
        with open_indexes(configured.indexes, Secrets(environ={})) as ask:
            explained = explain(text(configured), Requirement(pin), configured, ask, today=TODAY)
        return [explanation.facts for explanation, _ in explained]

    first, second = facts(settings(server), "urllib3==2.0.7")
    assert first[-2:] == second[-2:] == ("vex: remediated versions: 1", f"remark: {NOTES['urllib3']}")
    assert [seen.path for seen in server.seen].count("/openvex/v1/pypi/urllib3.openvex.json") == 1
    assert facts(settings(server), "idna==3.7")[0][-1] == f"remark: {NOTES['idna']}"
    broken, _ = facts(settings(server, vex=f"{server.url}/nowhere/"), "urllib3==2.0.7")
    assert broken[-2].startswith("vex: project-missing (127.0.0.1:")
    assert broken[-1] == "remark: 2.0.7+cgr.1 is remediated"


def falling_back(name: str) -> ReviewedChange:
    change = Change(name=name, kind=ChangeKind.ADDED, before=(), after=(), gained=())
    verdict = Verdict(version="1.0", target="py3.12 linux-x86_64", outcome=Outcome.PYPI)
    return ReviewedChange(change=change, outcome=Outcome.PYPI, verdicts=(verdict,))


ADDRESSES = Addresses(
    chainguard=Index("https://libraries.cgr.dev/python/simple/", Owner.CHAINGUARD, Edition.MAIN),
    pypi=Index("https://pypi.test/simple/", Owner.PYPI),
)


class Silent:
    """Answers nothing, and remembers every question."""

    def __init__(self) -> None:
        self.asked: list[tuple[Index, str]] = []

    def __call__(self, wanted: Wanted) -> Answers:
        found: dict[str, dict[Index, Answer]] = {}
        for index, names in wanted.items():
            self.asked += [(index, name) for name in names]
            for name in names:
                answer = Answer(index=index, name=name, problem=Cause.UNREACHABLE)
                found.setdefault(name, {})[index] = answer
        return found


def test_remarks_are_asked_for_up_to_a_number() -> None:
    ask = Silent()
    changes = [falling_back(f"p{number}") for number in range(MOST_REMARKED + 50)]
    answers = ask_for_remarks([*changes, *changes], {}, ADDRESSES, ask)
    assert len(ask.asked) == len(set(ask.asked)) == MOST_REMARKED
    assert {(index, name) for name, heard in answers.items() for index in heard} == set(ask.asked)


@pytest.mark.parametrize("answered", [True, False])
def test_a_pypi_that_was_out_of_reach_is_not_asked_again(answered: bool) -> None:
    ask, pypi = Silent(), ADDRESSES.pypi
    failed = Answer(index=pypi, name="a", problem=Cause.UNREACHABLE)
    known = {"a": {pypi: failed}}
    if answered:
        known["b"] = {pypi: replace(failed, name="b", problem=None)}
    ask_for_remarks([falling_back("c")], known, ADDRESSES, ask)
    assert ask.asked == ([(pypi, "c")] if answered else [])

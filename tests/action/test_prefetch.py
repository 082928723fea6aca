"""Many small files in one request: the same bytes as REST gives, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.github.changed_lockfiles import PullRequestFiles, Side
from fallback_review.github.events import PullRequestEvent, read_event
from fallback_review.github.prefetch import AT_ONCE, Wanted, prefetch
from tests.github_lab.fixtures import client, connect, environment, event_of
from tests.github_lab.front import Fault
from tests.github_lab.payloads import of_merge_group

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fallback_review.github.client import Client
    from tests.github_lab.lab import Lab

    EventOf = Callable[..., PullRequestEvent]

__all__ = ["client", "connect", "environment", "event_of"]

BASE: dict[str, str | bytes] = {
    "plain.toml": "a = 1\n",
    "é/ü.toml": "é = 'ü\u2028'\n",
    "crlf.toml": "a = 1\r\nb = 2\r\n",
    "bom.toml": "\ufeffa = 1\n",
    "no-end.toml": "a = 1\nb = 2",
    "empty.toml": "",
    "folder/inside": "x\n",
}
UNSURE: dict[str, str | bytes] = {
    "long.toml": "# a comment\n" * 50_000,
    "utf-16.toml": "a = 1\n".encode("utf-16"),
    "latin-1.toml": "é = 1\n".encode("latin-1"),
    "link.toml": "../elsewhere/pyproject.toml",
}
"""What GraphQL can't tell byte for byte, and what may be a link."""


def every(names: Iterable[str]) -> list[Wanted]:
    return [Wanted(side=side, path=name) for side in (None, Side.BASE, Side.HEAD) for name in names]


def as_rest_reads(files: PullRequestFiles, wanted: Wanted) -> bytes | None:
    return files.settings(wanted.path) if wanted.side is None else files.read(wanted.path, wanted.side)


def test_the_same_bytes_as_rest(lab: Lab, client: Client, event_of: EventOf) -> None:
    head = {"plain.toml": "a = 2\n", "crlf.toml": None, "new.toml": "b\n"}
    event = event_of(lab.repository({**BASE, **UNSURE}).pull_request(head))
    files = PullRequestFiles(client, event)
    merge_base = files.comparison.merge_base
    names = [*BASE, *UNSURE, "new.toml", "folder", "absent.toml", "absent/absent.toml", "plain.toml/x"]
    before = len(lab.requests())
    known = prefetch(client, event, merge_base, every(names))
    assert lab.requests()[before:] == ["POST /graphql"]
    assert {wanted.path for wanted in every(names)} - {wanted.path for wanted in known} == UNSURE.keys()
    assert known == {wanted: as_rest_reads(files, wanted) for wanted in known}
    assert known[Wanted(side=Side.HEAD, path="plain.toml")] == b"a = 2\n"
    assert known[Wanted(side=Side.BASE, path="plain.toml")] == b"a = 1\n"
    assert known[Wanted(side=Side.HEAD, path="crlf.toml")] is None


def test_settings_are_those_of_the_branch_as_it_is(lab: Lab, client: Client, event_of: EventOf) -> None:
    pull = lab.repository({"s.toml": "old\n"}).pull_request({"x": "y\n"})
    pull.repository.push("main", {"s.toml": "new\n"})
    event = event_of(pull)
    merge_base = PullRequestFiles(client, event).comparison.merge_base
    assert prefetch(client, event, merge_base, every(["s.toml"])) == {
        Wanted(side=None, path="s.toml"): b"new\n",
        Wanted(side=Side.BASE, path="s.toml"): b"old\n",
        Wanted(side=Side.HEAD, path="s.toml"): b"old\n",
    }


def test_a_merge_group(lab: Lab, client: Client, environment: Mapping[str, str]) -> None:
    repository = lab.repository({"s.toml": "queue\n"})
    base = repository.commits["main"]
    head = repository.push("queue", {"s.toml": "head\n"}, start="main")
    event = read_event("merge_group", of_merge_group(repository, base=base, head=head), environment)
    assert isinstance(event, PullRequestEvent)
    repository.push("main", {"s.toml": "later\n"})
    known = prefetch(client, event, base, every(["s.toml"]))
    assert [known[wanted] for wanted in every(["s.toml"])] == [b"queue\n", b"queue\n", b"head\n"]


def test_a_commit_that_github_does_not_show_is_no_absence(
    lab: Lab, client: Client, event_of: EventOf
) -> None:
    event = event_of(lab.repository(BASE).pull_request({"x": "y\n"}))
    known = prefetch(client, event, "0" * 40, every(["plain.toml", "absent.toml"]))
    assert {wanted.side for wanted in known} == {None, Side.HEAD}


@pytest.mark.parametrize(
    "trouble",
    [
        {"killed": True},
        {"status": 404},
        {"status": 403},
        {"status": 429, "headers": {"Retry-After": "3600"}},
        {"status": 200, "raw": b"<html>"},
        {"status": 200, "body": {"data": None}},
        {"status": 200, "body": {"data": {"repository": None}}},
        {"status": 200, "body": {"errors": [{"message": "Something went wrong"}]}},
        {"status": 200, "body": {"data": {"repository": {"side0": {}, "side1": {}, "side2": {}}}}},
        {"status": 200, "body": []},
    ],
)
def test_no_trouble_with_graphql_is_an_error(
    lab: Lab, client: Client, event_of: EventOf, trouble: dict[str, Any]
) -> None:
    event = event_of(lab.repository(BASE).pull_request({"x": "y\n"}))
    lab.front.faults.append(Fault(verb="POST", path="/graphql", times=99, **trouble))
    assert prefetch(client, event, event.base_sha, every(BASE)) == {}


def test_objects_that_are_not_as_documented(lab: Lab, client: Client, event_of: EventOf) -> None:
    event = event_of(lab.repository(BASE).pull_request({"x": "y\n"}))
    sides = {f"side{number}": {"__typename": "Commit"} for number in range(3)}
    blob = {"__typename": "Blob", "oid": "0" * 40}
    for answer in (
        7,
        {},
        {"__typename": "Commit"},
        blob,
        {**blob, "text": "x\n"},
        {**blob, "text": "\ud800\n"},
    ):
        body = {"data": {"repository": {**sides, "file0": answer}}}
        lab.front.faults.append(Fault(verb="POST", path="/graphql", status=200, body=body))
        assert prefetch(client, event, event.base_sha, [Wanted(side=Side.HEAD, path="x")]) == {}


def test_without_permission_to_read_contents(
    lab: Lab, connect: Callable[..., Client], event_of: EventOf
) -> None:
    event = event_of(lab.repository(BASE).pull_request({"x": "y\n"}))
    assert prefetch(connect(lab.token()), event, event.base_sha, every(BASE)) == {}


def test_hostile_paths_are_values(lab: Lab, client: Client, event_of: EventOf) -> None:
    odd = ['a"){__typename}#', "a\nb", "$owner", "main:plain.toml", "a@{0}", "-x", "a^{tree}", "a b"]
    event = event_of(lab.repository(dict.fromkeys(odd, "odd\n")).pull_request({"x": "y\n"}))
    climbing = ["../x", "a//b", "", "/etc/passwd", "./plain.toml", ".."]
    known = prefetch(client, event, event.base_sha, every([*odd, *climbing]))
    assert known == dict.fromkeys(every(odd), b"odd\n")


def test_more_files_than_fit_into_one_query(lab: Lab, client: Client, event_of: EventOf) -> None:
    event = event_of(lab.repository(BASE).pull_request({"x": "y\n"}))
    wanted = [Wanted(side=Side.HEAD, path=f"{number}.toml") for number in range(AT_ONCE)]
    known = prefetch(
        client, event, event.base_sha, [*wanted, *wanted, Wanted(side=Side.BASE, path="plain.toml")]
    )
    assert len(known) == AT_ONCE + 1
    assert lab.requests() == ["POST /graphql"] * 2


def test_nothing_wanted_nothing_asked(lab: Lab, client: Client, event_of: EventOf) -> None:
    event = event_of(lab.repository(BASE).pull_request({"x": "y\n"}))
    assert prefetch(client, event, event.base_sha, []) == {}
    assert lab.requests() == []

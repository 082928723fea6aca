"""Webhook payloads: GitHub's own examples, with this test's pull request put in."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.conftest import LAB

if TYPE_CHECKING:
    from tests.github_lab.lab import PullRequest, Repository

EXAMPLES = LAB / "node/node_modules/@octokit/webhooks-examples/api.github.com/index.json"


@cache
def _examples() -> dict[str, list[dict[str, Any]]]:
    return {event["name"]: event["examples"] for event in json.loads(EXAMPLES.read_text())}


def examples(event: str) -> list[dict[str, Any]]:
    """Return GitHub's examples of an event, untouched."""
    return copy.deepcopy(_examples()[event])


def example(event: str, action: str | None = None) -> dict[str, Any]:
    """Return GitHub's first example of an event and action, untouched."""
    return next(found for found in examples(event) if found.get("action") == action)


def of_pull_request(
    pull: PullRequest, action: str = "opened", *, before: str | None = None
) -> dict[str, Any]:
    """Return the payload that a `pull_request` run for the present head gets."""
    payload = example("pull_request", action)
    now = pull.as_json()
    payload["number"] = pull.number
    payload["repository"].update(name=pull.repository.name, full_name=pull.repository.full_name)
    told = payload["pull_request"]
    told["number"] = pull.number
    for side in ("head", "base"):
        told[side].update(ref=now[side]["ref"], sha=now[side]["sha"], label=now[side]["label"])
        told[side]["repo"].update(full_name=now[side]["repo"]["full_name"])
    told["user"].update(login=now["user"]["login"], type=now["user"]["type"])
    if action == "synchronize":
        payload.update(before=pull.head_before or now["base"]["sha"], after=now["head"]["sha"])
    return payload


def of_merge_group(repository: Repository, *, base: str, head: str) -> dict[str, Any]:
    """Return the payload that a merge queue's run gets."""
    payload = example("merge_group", "checks_requested")
    payload["repository"].update(name=repository.name, full_name=repository.full_name)
    payload["merge_group"].update(base_sha=base, head_sha=head)
    return payload

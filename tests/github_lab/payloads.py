"""Webhook payloads: GitHub's own examples, with this test's pull request put in."""

from __future__ import annotations

import copy
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.conftest import LAB
from tests.github_lab.bot_gaps import person

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
    payload = example("pull_request", "opened" if action == "edited" else action)
    payload["action"] = action
    now = pull.as_json()
    payload["number"] = pull.number
    payload["repository"].update(name=pull.repository.name, full_name=pull.repository.full_name)
    told = payload["pull_request"]
    told["number"] = pull.number
    for side in ("head", "base"):
        told[side].update(ref=now[side]["ref"], sha=now[side]["sha"], label=now[side]["label"])
        told[side]["repo"].update(full_name=now[side]["repo"]["full_name"])
    told["changed_files"] = now["changed_files"]
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


def of_comment(
    pull: PullRequest, comment: int, *, action: str = "created", association: str = "NONE"
) -> dict[str, Any]:
    """Return the payload that an `issue_comment` run gets for a comment that is there."""
    lab = pull.repository.lab
    payload = example("issue_comment", "created")
    now = pull.as_json()
    written = lab.front.gaps.get(f"{pull.repository.path}/issues/comments/{comment}", person())
    payload.update(action=action)
    payload["repository"].update(name=pull.repository.name, full_name=pull.repository.full_name)
    payload["issue"].update(
        number=pull.number,
        state=now["state"],
        user=now["user"],
        pull_request={"url": now["url"], "html_url": now["html_url"]},
    )
    payload["comment"].update(
        id=comment, body=written["body"], user=written["user"], author_association=association
    )
    return payload


def of_schedule(repository: Repository) -> dict[str, Any]:
    """Return what a scheduled run gets; GitHub documents none of it."""
    told = {"full_name": repository.full_name, "name": repository.name, "default_branch": "main"}
    return {"schedule": "17 5 * * *", "repository": told}

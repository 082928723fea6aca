"""Review threads, which only GraphQL knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.github.errors import Need

if TYPE_CHECKING:
    from fallback_review.github.client import Client
    from fallback_review.github.event import PullRequestEvent

_FIND = """
query ($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 100, after: $after) {
        nodes { id isResolved comments(first: 1) { nodes { databaseId } } }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}
"""
_RESOLVE = """
mutation ($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { isResolved } }
}
"""


def resolve(client: Client, event: PullRequestEvent, comment_id: int) -> bool:
    """Resolve the thread that the review comment `comment_id` began; return whether there was one to resolve.

    Source: https://docs.github.com/graphql/reference/mutations#resolvereviewthread. Raises `GitHubError`.
    """
    thread = _thread_of(client, event, comment_id)
    if thread is None:
        return False
    client.graphql(_RESOLVE, {"thread": thread}, need=Need.PULL_REQUESTS_WRITE)
    return True


def _thread_of(client: Client, event: PullRequestEvent, comment_id: int) -> str | None:
    owner, _, name = event.repository.partition("/")
    after: str | None = None
    while True:
        variables = {"owner": owner, "name": name, "number": event.number, "after": after}
        data = client.graphql(_FIND, variables, need=Need.PULL_REQUESTS_READ)
        threads = data["repository"]["pullRequest"]["reviewThreads"]
        for thread in threads["nodes"]:
            first = thread["comments"]["nodes"]
            if first and first[0]["databaseId"] == comment_id:
                return None if thread["isResolved"] else str(thread["id"])
        if not threads["pageInfo"]["hasNextPage"]:
            return None
        after = threads["pageInfo"]["endCursor"]

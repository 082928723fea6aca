"""The part of GraphQL that is used, every query checked against GitHub's own schema before it is run."""

from __future__ import annotations

import base64
from functools import cache, cached_property
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from graphql import GraphQLError, GraphQLSchema, build_schema, graphql_sync

from tests.conftest import LAB

if TYPE_CHECKING:
    from tests.github_lab.exchanges import Exchange
    from tests.github_lab.front import Token
    from tests.github_lab.gaps import Answer, Gaps

LONGEST_TEXT = 512_000
"""Bytes of a blob's text that GitHub hands out; what is longer is cut."""
SCHEMA = LAB / "node/node_modules/@octokit/graphql-schema/schema.graphql"


class Graph:
    def __init__(self, gaps: Gaps) -> None:
        self.gaps = gaps
        self.resolved: set[str] = set()
        self.may_resolve = True
        """GitHub lets a job's token resolve a thread only with `contents: write`."""
        self.hidden: set[str] = set()
        """The node ids of comments that somebody has minimised."""
        self.may_show = True
        self.absent = False

    @cached_property
    def schema(self) -> GraphQLSchema:
        return build_schema(SCHEMA.read_text(), assume_valid=True)

    def answer(self, exchange: Exchange, token: Token) -> Answer:
        from tests.github_lab.gaps import Answer

        if self.absent:
            return Answer.json({"message": "Not Found"}, 404)
        root = {
            "repository": self.repository,
            "viewer": {"login": token.login},
            "resolveReviewThread": self.resolve,
            "createCommitOnBranch": self.commit_on_branch,
            "unminimizeComment": self.show,
        }
        result = graphql_sync(
            self.schema,
            exchange.body["query"],
            root_value=root,
            variable_values=exchange.body.get("variables"),
            context_value=token,
        )
        body: dict[str, Any] = {"data": result.data}
        if result.errors:
            body["errors"] = [{**error.formatted, **(error.extensions or {})} for error in result.errors]
        return Answer.json(body)

    def repository(self, info: Any, owner: str, name: str, **_more: Any) -> dict[str, Any]:
        def pull_request(info: Any, number: int) -> dict[str, Any] | None:
            if not info.context.may("pull_requests=read"):
                raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
            return self.pull_request(f"{owner}/{name}", number, info.context)

        def git_object(info: Any, expression: str = "", oid: str = "") -> dict[str, Any] | None:
            if oid:
                return self.commit_status(f"{owner}/{name}", oid, info.context)
            if not info.context.may("contents=read"):
                raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
            return self.git_object(f"/repos/{owner}/{name}", expression)

        return {"pullRequest": pull_request, "object": git_object}

    def git_object(self, repository: str, expression: str) -> dict[str, Any] | None:
        """Return what git calls `expression`: a branch or a commit, or with `:path` what lies there."""
        revision, colon, path = expression.partition(":")
        if branch := revision.removeprefix("refs/heads/") if revision.startswith("refs/") else None:
            reference = self.read(f"{repository}/git/ref/heads/{quote(branch)}")
            revision = reference["object"]["sha"] if reference else ""
        commit = self.commit(repository, revision)
        if commit is None or not colon:
            return commit and {"__typename": "Commit", "oid": commit["sha"]}
        leaves = self.leaves(repository, commit["tree"]["sha"])
        leaf = leaves.get(path)
        if leaf is None or leaf["type"] == "tree":
            within = [each for each in leaves if each.rpartition("/")[0] == path]
            return leaf and {
                "__typename": "Tree",
                "oid": leaf["sha"],
                "entries": [
                    {
                        "name": each.rpartition("/")[2],
                        "object": lambda _info, each=each: self.git_object(repository, f"{revision}:{each}"),
                    }
                    for each in within
                ],
            }
        blob = self.read(f"{repository}/git/blobs/{leaf['sha']}")
        assert blob is not None
        return as_blob(leaf["sha"], base64.b64decode(blob["content"]))

    @cache  # noqa: B019 - a commit never changes, and the lab lives as long as the session
    def commit(self, repository: str, revision: str) -> dict[str, Any] | None:
        return self.read(f"{repository}/git/commits/{quote(revision)}")

    @cache  # noqa: B019 - as above
    def leaves(self, repository: str, tree: str) -> dict[str, dict[str, Any]]:
        found = self.read(f"{repository}/git/trees/{tree}?recursive=1")
        return {leaf["path"]: leaf for leaf in (found or {}).get("tree", ())}

    def read(self, path: str) -> dict[str, Any] | None:
        answer = self.gaps.front.work("GET", path, "acme")
        return dict(answer.json()) if answer.ok else None

    def pull_request(self, repository: str, number: int, token: Token) -> dict[str, Any] | None:
        """Return a pull request as it is now: its branch, its base, and what is said on it."""
        answer = self.gaps.front.work("GET", f"/repos/{repository}/pulls/{number}", token.login)
        if not answer.ok:
            return None
        pull = answer.json()
        self.gaps.true_head(pull, repository, number)
        head = pull["head"]["sha"]
        return {
            "headRefOid": head,
            "headRef": {"target": {"__typename": "Commit", "oid": head}},
            "baseRefName": pull["base"]["ref"],
            "comments": lambda _info, **page: self.comments(repository, number, **page),
            "reviewThreads": lambda _info, **page: self.threads(repository, number, **page),
        }

    def comments(self, repository: str, number: int, first: int, after: str | None = None) -> dict[str, Any]:
        start = int(after or 0)
        path = f"/repos/{repository}/issues/{number}/comments"
        every: list[dict[str, Any]] = []
        for page in count(1):
            some = self.gaps.front.work("GET", f"{path}?per_page=100&page={page}", "acme").json()
            every += some
            if len(some) < 100:
                break
        nodes = [
            {
                "id": f"IC_{comment['id']}",
                "fullDatabaseId": str(comment["id"]),
                "url": comment["html_url"],
                "body": comment["body"],
                "isMinimized": f"IC_{comment['id']}" in self.hidden,
                "author": as_actor(comment["user"]["login"]),
            }
            for comment in every[start : start + first]
        ]
        return {"nodes": nodes, "pageInfo": page_info(start, len(nodes), len(every))}

    def commit_status(self, repository: str, oid: str, token: Token) -> dict[str, Any] | None:
        if not token.may("statuses=read"):
            raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
        known = [
            each for each in self.gaps.statuses if (each["repository"], each["sha"]) == (repository, oid)
        ]

        def context(_info: Any, name: str) -> dict[str, Any] | None:
            named = [each for each in known if each["context"].casefold() == name.casefold()]
            return {**named[-1], "state": named[-1]["state"].upper()} if named else None

        return {"__typename": "Commit", "oid": oid, "status": {"context": context} if known else None}

    def threads(self, repository: str, number: int, first: int, after: str | None = None) -> dict[str, Any]:
        comments = self.gaps.review_comments.get((repository, number), [])
        begun = [comment for comment in comments if "in_reply_to_id" not in comment]
        start = int(after or 0)
        nodes = [
            {
                "id": f"PRRT_{comment['id']}",
                "isResolved": f"PRRT_{comment['id']}" in self.resolved,
                "comments": lambda _info, comment=comment, **_page: {
                    "totalCount": 1 + sum(each.get("in_reply_to_id") == comment["id"] for each in comments),
                    "nodes": [
                        {
                            "fullDatabaseId": str(comment["id"]),
                            "body": comment["body"],
                            "author": as_actor(comment["user"]["login"]),
                        }
                    ],
                },
            }
            for comment in begun[start : start + first]
        ]
        return {"nodes": nodes, "pageInfo": page_info(start, len(nodes), len(begun))}

    def show(self, info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - GraphQL's name
        if not self.may_show:
            raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
        self.hidden.discard(input["subjectId"])
        return {"unminimizedComment": {"__typename": "IssueComment", "isMinimized": False}}

    def resolve(self, info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - GraphQL's name
        if not self.may_resolve:
            raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
        self.resolved.add(input["threadId"])
        return {"thread": {"isResolved": True}}

    def commit_on_branch(self, info: Any, input: dict[str, Any]) -> dict[str, Any]:  # noqa: A002 - GraphQL's name
        if not info.context.may("contents=write"):
            raise GraphQLError("Resource not accessible by integration", extensions={"type": "FORBIDDEN"})
        repository = f"/repos/{input['branch']['repositoryNameWithOwner']}"
        branch = f"{repository}/git/refs/heads/{quote(input['branch']['branchName'])}"
        head = self.read(f"{repository}/git/ref/heads/{quote(input['branch']['branchName'])}")
        expected = input["expectedHeadOid"]
        if head is None or head["object"]["sha"] != expected:
            raise GraphQLError(
                "Expected branch to point to another commit", extensions={"type": "STALE_DATA"}
            )
        leaves = [
            {
                "path": each["path"],
                "mode": "100644",
                "type": "blob",
                "content": base64.b64decode(each["contents"]).decode(),
            }
            for each in input["fileChanges"]["additions"]
        ]
        parent = self.read(f"{repository}/git/commits/{expected}")
        assert parent is not None
        tree = self.do(
            "POST", f"{repository}/git/trees", {"base_tree": parent["tree"]["sha"], "tree": leaves}
        )
        body = {"message": input["message"]["headline"], "tree": tree["sha"], "parents": [expected]}
        made = self.do("POST", f"{repository}/git/commits", body)
        self.do("PATCH", branch, {"sha": made["sha"]})
        return {
            "commit": {"oid": made["sha"], "url": f"https://github.test{repository}/commit/{made['sha']}"}
        }

    def do(self, verb: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.gaps.front.work(verb, path, "acme", body=body)
        assert answer.ok, answer.text
        return dict(answer.json())


def as_actor(login: str) -> dict[str, Any]:
    """Return a user as GraphQL tells it: an App's bot goes by the App's name."""
    name = login.removesuffix("[bot]")
    return {"__typename": "Bot" if name != login else "User", "login": name}


def page_info(start: int, shown: int, total: int) -> dict[str, Any]:
    end = start + shown
    return {"hasNextPage": end < total, "endCursor": str(end) if shown else None}


def as_blob(oid: str, content: bytes) -> dict[str, Any]:
    """Return a blob as GitHub tells it: no text where it is binary, and not all of it where it is long."""
    binary = b"\0" in content[:8_000]
    text = None if binary else content[:LONGEST_TEXT].decode(errors="replace")
    return {
        "__typename": "Blob",
        "oid": oid,
        "byteSize": len(content),
        "isBinary": binary,
        "isTruncated": len(content) > LONGEST_TEXT,
        "text": text,
    }

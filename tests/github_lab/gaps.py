"""What the emulator lacks, filled in: limits, statuses, review comments, a pull request's files, forks, GraphQL."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote, urlsplit

from tests.github_lab.bot_gaps import BotGaps
from tests.github_lab.graphql import Graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.exchanges import Exchange
    from tests.github_lab.front import Front, Token

MEGABYTE = 1024 * 1024
LONGEST_TREE = 100_000
"""Entries of a tree that GitHub lists."""
REPO = r"/repos/(?P<owner>[^/]+)/(?P<name>[^/]+)"


@dataclass(slots=True, kw_only=True)
class Answer:
    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, body: Any, status: int = 200) -> Answer:
        return cls(
            status=status,
            content=json.dumps(body).encode(),
            headers={"Content-Type": "application/json; charset=utf-8"},
        )


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def invalid(field: str, message: str) -> Answer:
    error = {"resource": "IssueComment", "code": "custom", "field": field, "message": message}
    documentation = "https://docs.github.com/rest"
    return Answer.json(
        {"message": "Validation Failed", "errors": [error], "documentation_url": documentation}, 422
    )


class Gaps:
    def __init__(self, front: Front) -> None:
        self.front = front
        self.graph = Graph(self)
        self.bot = BotGaps(front)
        self.statuses: list[dict[str, Any]] = []
        self.review_comments: dict[tuple[str, int], list[dict[str, Any]]] = {}
        self.heads: dict[tuple[str, int], dict[str, Any]] = {}
        """What a pull request's head is in truth: its newest commit, and its fork."""
        self.minimised: set[int] = set()
        """Comments that somebody has hidden, as REST tells it."""
        self.refused_lines: set[tuple[str, int]] = set()
        """Lines that GitHub will not take comments on, for reasons of its own."""
        self.longest_tree = LONGEST_TREE
        self.without_patch: set[str] = set()
        """Repositories whose diffs are too large to be shown."""
        self.numbers = 1_000_000

    def answer(self, exchange: Exchange, token: Token) -> Answer:
        own: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
            ("POST", rf"{REPO}/statuses/(?P<sha>[0-9a-f]+)", self.set_status),
            ("GET", rf"{REPO}/pulls/(?P<number>\d+)/files", self.files),
            ("GET", rf"{REPO}/pulls/(?P<number>\d+)/comments", self.list_review_comments),
            ("POST", rf"{REPO}/pulls/(?P<number>\d+)/comments", self.comment_on_line),
            ("POST", rf"{REPO}/pulls/(?P<number>\d+)/reviews", self.review),
            ("(PATCH|DELETE)", rf"{REPO}/pulls/comments/(?P<id>\d+)", self.change_review_comment),
            ("GET", rf"{REPO}/pulls/(?P<number>\d+)", self.pull),
            ("GET", rf"{REPO}/contents/.+", self.contents),
            ("GET", rf"{REPO}/compare/.+", self.compare),
            ("GET", rf"{REPO}/git/trees/[0-9a-f]+", self.tree),
            ("(POST|PATCH)", rf"{REPO}/issues/.*comments.*", self.comment),
            ("GET", rf"{REPO}/issues/\d+/comments", self.list_comments),
            ("POST", r"/graphql", self.graph.answer),
        )
        for verb, pattern, handler in (*self.bot.routes(), *own):
            match = re.fullmatch(pattern, exchange.path)
            if match and re.fullmatch(verb, exchange.verb):
                return handler(exchange, token, **match.groupdict())
        return self.passed_on(exchange, token)

    def passed_on(self, exchange: Exchange, token: Token, **_ignored: str) -> Answer:
        accept = exchange.headers.get("accept", "application/json")
        answer = self.front.work(exchange.verb, exchange.url, token.login, body=exchange.body, accept=accept)
        headers = {name: answer.headers[name] for name in ("Content-Type", "Link") if name in answer.headers}
        content = answer.content
        if headers.get("Content-Type", "").startswith("application/json") and content:
            content = json.dumps(with_bots(answer.json())).encode()
        return Answer(status=answer.status_code, content=content, headers=headers)

    def get(self, url: str, token: Token) -> Any:
        return with_bots(self.front.work("GET", url, token.login).json())

    def comment(self, exchange: Exchange, token: Token, **_match: str) -> Answer:
        if len(exchange.body["body"]) > 65_536:
            return invalid("body", "body is too long (maximum is 65536 characters)")
        return self.passed_on(exchange, token)

    def list_comments(self, exchange: Exchange, token: Token, **_match: str) -> Answer:
        answer = self.passed_on(exchange, token)
        listed = json.loads(answer.content)
        for comment in listed if isinstance(listed, list) else ():
            comment["minimized"] = {"reason": "outdated"} if comment["id"] in self.minimised else None
        answer.content = json.dumps(listed).encode()
        return answer

    def pull(self, exchange: Exchange, token: Token, owner: str, name: str, number: str) -> Answer:
        answer = self.front.work("GET", exchange.url, token.login)
        pull = with_bots(answer.json())
        if answer.status_code == 200:
            self.true_head(pull, f"{owner}/{name}", int(number))
        return Answer.json(pull, answer.status_code)

    def true_head(self, pull: dict[str, Any], repository: str, number: int) -> None:
        truth = self.heads.get((repository, number), {})
        pull["head"]["sha"] = truth.get("sha", pull["head"]["sha"])
        if fork := truth.get("fork"):
            pull["head"]["repo"] = {
                **pull["head"]["repo"],
                "full_name": fork,
                "fork": True,
                "owner": {**pull["head"]["repo"]["owner"], "login": fork.partition("/")[0]},
            }
            pull["head"]["label"] = f"{fork.partition('/')[0]}:{pull['head']['ref']}"

    def compare(self, exchange: Exchange, token: Token, owner: str, name: str) -> Answer:
        answer = self.front.work("GET", exchange.url, token.login)
        body = answer.json()
        if f"{owner}/{name}" in self.without_patch:
            for file in body.get("files", ()):
                file.pop("patch", None)
        return Answer.json(with_bots(body), answer.status_code)

    def tree(self, exchange: Exchange, token: Token, **_match: str) -> Answer:
        answer = self.passed_on(exchange, token)
        body = json.loads(answer.content)
        if len(body.get("tree", ())) > self.longest_tree:
            body.update(tree=body["tree"][: self.longest_tree], truncated=True)
        return Answer.json(body, answer.status)

    def files(self, exchange: Exchange, token: Token, owner: str, name: str, number: str) -> Answer:
        pull = self.get(f"/repos/{owner}/{name}/pulls/{number}", token)
        self.true_head(pull, f"{owner}/{name}", int(number))
        every = self.all_files(f"{owner}/{name}", pull["base"]["ref"], pull["head"]["sha"], token)
        return self.page(exchange, every[:3000])

    def all_files(self, repository: str, base: str, head: str, token: Token) -> list[dict[str, Any]]:
        """Return what the emulator's compare shows, and past its 300 what its trees show."""
        comparison = self.get(f"/repos/{repository}/compare/{base}...{head}", token)
        shown = comparison["files"]
        if len(shown) < 300:
            return list(shown)
        before, after = (
            {
                leaf["path"]: leaf["sha"]
                for leaf in self.get(f"/repos/{repository}/git/trees/{sha}?recursive=1", token)["tree"]
                if leaf["type"] == "blob"
            }
            for sha in (comparison["merge_base_commit"]["sha"], head)
        )
        known = {file["filename"] for file in shown} | {file.get("previous_filename") for file in shown}
        rest = [
            {
                **shown[0],
                "filename": path,
                "sha": after.get(path) or before[path],
                "status": "added" if path not in before else "removed" if path not in after else "modified",
            }
            for path in sorted((before.keys() | after.keys()) - known)
            if before.get(path) != after.get(path)
        ]
        for file in rest:
            file.pop("patch", None)
            file.pop("previous_filename", None)
        return [*shown, *rest]

    def contents(self, exchange: Exchange, token: Token, **_match: str) -> Answer:
        answer = self.passed_on(exchange, token)
        if not answer.headers.get("Content-Type", "").startswith("application/json"):
            if len(answer.content) > 100 * MEGABYTE:
                error = {"resource": "Blob", "field": "data", "code": "too_large"}
                return Answer.json({"message": "too large", "errors": [error]}, 403)
            answer.headers["Content-Type"] = "application/vnd.github.raw+json; charset=utf-8"
            return answer
        body = json.loads(answer.content)
        if isinstance(body, dict) and body.get("type") == "file" and body["size"] > MEGABYTE:
            return Answer.json({**body, "encoding": "none", "content": ""}, answer.status)
        return answer

    def set_status(self, exchange: Exchange, token: Token, owner: str, name: str, sha: str) -> Answer:
        if len(exchange.body.get("description") or "") > 140:
            return invalid("description", "description is too long (maximum is 140 characters)")
        self.numbers += 1
        url = f"{self.front.url}/repos/{owner}/{name}/statuses/{sha}"
        made = {
            "url": url,
            "avatar_url": None,
            "id": self.numbers,
            "node_id": f"S_{self.numbers}",
            "state": exchange.body["state"],
            "description": exchange.body.get("description"),
            "target_url": exchange.body.get("target_url"),
            "context": exchange.body.get("context", "default"),
            "created_at": now(),
            "updated_at": now(),
            "creator": self.get(f"/users/{token.login}", token),
        }
        self.statuses.append({**made, "repository": f"{owner}/{name}", "sha": sha})
        return Answer.json(made, 201)

    def review(self, exchange: Exchange, token: Token, owner: str, name: str, number: str) -> Answer:
        body = dict(exchange.body)
        comments = body.pop("comments", [])
        pull = self.get(f"/repos/{owner}/{name}/pulls/{number}", token)
        self.true_head(pull, f"{owner}/{name}", int(number))
        if not all(
            self.on_diff(f"{owner}/{name}", pull, body["commit_id"], each, token) for each in comments
        ):
            return UNRESOLVED
        answer = self.front.work("POST", exchange.url, token.login, body=body)
        made = with_bots(answer.json())
        for comment in comments:
            self.add_review_comment(
                owner,
                name,
                int(number),
                token,
                {**comment, "commit_id": body["commit_id"], "review": made["id"]},
            )
        return Answer.json(made, 200 if answer.status_code == 201 else answer.status_code)

    def comment_on_line(self, exchange: Exchange, token: Token, owner: str, name: str, number: str) -> Answer:
        body = exchange.body
        pull = self.get(f"/repos/{owner}/{name}/pulls/{number}", token)
        self.true_head(pull, f"{owner}/{name}", int(number))
        if not self.on_diff(f"{owner}/{name}", pull, body["commit_id"], body, token):
            return invalid("line", "could not be resolved")
        return Answer.json(self.add_review_comment(owner, name, int(number), token, body), 201)

    def on_diff(
        self, repository: str, pull: dict[str, Any], commit: str, comment: dict[str, Any], token: Token
    ) -> bool:
        files = self.all_files(repository, pull["base"]["ref"], commit, token)
        patch = next((file.get("patch", "") for file in files if file["filename"] == comment["path"]), "")
        lines = range(comment.get("start_line", comment["line"]), comment["line"] + 1)
        refused = (comment["path"], comment["line"]) in self.refused_lines
        return bool(lines) and not refused and right_side(patch).issuperset(lines)

    def add_review_comment(
        self, owner: str, name: str, number: int, token: Token, values: dict[str, Any]
    ) -> dict[str, Any]:
        self.numbers += 1
        base, site = f"{self.front.url}/repos/{owner}/{name}", f"{self.front.url}/{owner}/{name}"
        pull = f"{base}/pulls/{number}"
        here = f"{base}/pulls/comments/{self.numbers}"
        html = f"{site}/pull/{number}#discussion_r{self.numbers}"
        made = {
            "url": here,
            "pull_request_review_id": values.get("review", self.numbers),
            "id": self.numbers,
            "node_id": f"PRRC_{self.numbers}",
            "diff_hunk": "@@",
            "path": values["path"],
            "commit_id": values["commit_id"],
            "original_commit_id": values["commit_id"],
            "user": self.get(f"/users/{token.login}", token),
            "body": values["body"],
            "created_at": now(),
            "updated_at": now(),
            "html_url": html,
            "pull_request_url": pull,
            "author_association": "NONE",
            "_links": {"self": {"href": here}, "html": {"href": html}, "pull_request": {"href": pull}},
            "line": values["line"],
            "side": values.get("side", "RIGHT"),
            "start_line": values.get("start_line"),
        }
        if "in_reply_to_id" in values:
            made["in_reply_to_id"] = values["in_reply_to_id"]
        self.review_comments.setdefault((f"{owner}/{name}", number), []).append(made)
        return made

    def list_review_comments(
        self, exchange: Exchange, token: Token, owner: str, name: str, number: str
    ) -> Answer:
        return self.page(exchange, self.review_comments.get((f"{owner}/{name}", int(number)), []))

    def change_review_comment(
        self,
        exchange: Exchange,
        token: Token,
        owner: str,
        name: str,
        id: str,  # noqa: A002 - the name in the path
    ) -> Answer:
        for listed in self.review_comments.values():
            for comment in listed:
                if comment["id"] == int(id):
                    if exchange.verb == "DELETE":
                        listed.remove(comment)
                        return Answer(status=204, content=b"")
                    comment["body"] = exchange.body["body"]
                    return Answer.json(comment)
        return Answer.json({"message": "Not Found"}, 404)

    def page(self, exchange: Exchange, items: list[dict[str, Any]]) -> Answer:
        query = parse_qs(urlsplit(exchange.url).query)
        size, number = int(query.get("per_page", ["30"])[0]), int(query.get("page", ["1"])[0])
        some = items[(number - 1) * size : number * size]
        more = len(items) > number * size
        link = f'<{self.front.url}{exchange.path}?per_page={size}&page={number + 1}>; rel="next"'
        answer = Answer.json(some)
        if more:
            answer.headers["Link"] = link
        return answer


UNRESOLVED = Answer.json(
    {
        "message": "Unprocessable Entity",
        "errors": ["Line could not be resolved"],
        "documentation_url": "https://docs.github.com/rest",
    },
    422,
)


def with_bots(node: Any) -> Any:
    """Return an answer in which every user named like a bot is one, as on GitHub."""
    if isinstance(node, list):
        return [with_bots(item) for item in node]
    if isinstance(node, dict):
        made = {key: with_bots(value) for key, value in node.items()}
        if str(made.get("login", "")).endswith("[bot]"):
            made["type"] = "Bot"
        for key, value in made.items():
            if key.endswith("url") and isinstance(value, str):
                made[key] = quote(value, safe=":/?#@!$&'()*+,;=%{}~")
        return made
    return node


def right_side(patch: str) -> set[int]:
    """Return the line numbers of the head that a patch shows; written apart from the code under test."""
    shown: set[int] = set()
    at = 0
    for text in patch.splitlines():
        if header := re.match(r"@@ -\d+(?:,\d+)? \+(\d+)", text):
            at = int(header[1])
        elif text[:1] in {" ", "+"}:
            shown.add(at)
            at += 1
    return shown

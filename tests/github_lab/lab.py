"""A GitHub for one test session, and repositories with pull requests for each test."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from tests.conftest import LAB, lab_tool, missing
from tests.github_lab.contract import Contract
from tests.github_lab.front import ALL, Front, Token
from tests.github_lab.gaps import LONGEST_TREE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.github_lab.exchanges import Exchange

MODULES = LAB / "node/node_modules"
OWNER = "acme"
USERS = (OWNER, "octocat", "mallory", "github-actions[bot]", "dependabot[bot]", "our-app[bot]")
EDITIONS = ("api.github.com", "ghes-3.19")
JOB = "ghs_job"
"""The token of a job with every permission that we ask for."""


class Lab:
    """The emulator in a process of its own, the front in a thread of this one."""

    def __init__(self) -> None:
        module = MODULES / "emulate/dist/api.js"
        if not module.exists():
            missing("the GitHub emulator (make lab)")
        self.front = Front()
        seed = {
            "tokens": {
                f"emulated-{login}-{turn}": {"login": login, "scopes": ["repo", "user"]}
                for login in USERS
                for turn in range(20)
            },
            "github": {"users": [{"login": login} for login in USERS]},
        }
        self._process = subprocess.Popen(
            [
                lab_tool("node"),
                str(LAB.parent / "tests/github_lab/emulator.mjs"),
                str(module),
                self.front.url,
                json.dumps(seed),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        port = int(self._process.stdout.readline())
        self.front.emulator = f"http://127.0.0.1:{port}"
        self.contracts = [
            Contract(MODULES / f"@octokit/openapi/generated/{edition}.json") for edition in EDITIONS
        ]
        self._names = count(1)

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=10)
        self._process.stdout.close()
        self.front.close()

    def reset(self) -> None:
        """Forget tokens, faults and the record; repositories are new for each test anyway."""
        self.front.tokens = {
            JOB: Token(login="github-actions[bot]", permissions=dict(ALL)),
            **{f"ghp_{login}": Token(login=login) for login in USERS},
        }
        self.front.faults.clear()
        self.front.exchanges.clear()
        self.front.gaps.graph.may_resolve = True
        self.front.gaps.graph.may_show = True
        self.front.gaps.graph.absent = False
        self.front.gaps.refused_lines.clear()
        self.front.gaps.longest_tree = LONGEST_TREE
        self.front.gaps.bot.apps.clear()

    def problems(self) -> list[str]:
        """Return what in the record is not as GitHub's descriptions say."""
        return [
            problem
            for exchange in self.front.exchanges
            if exchange.path != "/graphql"  # checked by its own schema
            for contract in self.contracts
            for problem in contract.problems(exchange)
        ]

    def requests(self) -> list[str]:
        """Return what was asked, in order, as ``VERB path``."""
        return [f"{exchange.verb} {exchange.path}" for exchange in self.front.exchanges]

    def recorded(self, verb: str, path: str) -> list[Exchange]:
        """Return the exchanges whose path matches."""
        return [
            exchange
            for exchange in self.front.exchanges
            if exchange.verb == verb and re.fullmatch(path, exchange.path)
        ]

    def token(self, **permissions: str) -> str:
        """Return a job's token with just these permissions."""
        secret = f"ghs_{next(self._names)}"
        self.front.tokens[secret] = Token(login="github-actions[bot]", permissions=permissions)
        return secret

    def repository(self, files: Mapping[str, str | bytes]) -> Repository:
        """Return a new repository whose main branch holds `files`."""
        made = Repository(lab=self, name=f"app{next(self._names)}")
        self.do("POST", "/user/repos", {"name": made.name, "auto_init": True})
        for login in USERS[1:]:
            self.do("PUT", f"/repos/{made.full_name}/collaborators/{login}", {"permission": "push"})
        made.push("main", files)
        return made

    def do(self, verb: str, url: str, body: Any = None, *, login: str = OWNER) -> Any:
        """Have the emulator do something, unrecorded; its refusal is an error of the test."""
        answer = self.front.work(verb, url, login, body=body)
        assert answer.status_code < 400, f"{verb} {url}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


class Link(str):
    """The target of a symbolic link."""

    __slots__ = ()


@dataclass(slots=True)
class Repository:
    lab: Lab
    name: str
    commits: dict[str, str] = field(default_factory=dict)
    """Each branch's newest commit."""

    @property
    def full_name(self) -> str:
        return f"{OWNER}/{self.name}"

    @property
    def path(self) -> str:
        return f"/repos/{self.full_name}"

    def push(
        self,
        branch: str,
        files: Mapping[str, str | bytes | None],
        *,
        start: str | None = None,
        force: bool = False,
    ) -> str:
        """Commit `files` (None deletes) to `branch`, begun at the branch `start`; return the commit."""
        parent = self.commits.get(branch) if not force else None
        parent = parent or self.commits.get(start or "main")
        parent = parent or self.lab.do("GET", f"{self.path}/git/ref/heads/main")["object"]["sha"]
        tree = self.lab.do(
            "POST",
            f"{self.path}/git/trees",
            {"base_tree": self._tree_of(parent), "tree": list(self._leaves(files))},
        )
        body = {"message": f"change {branch}", "tree": tree["sha"], "parents": [parent]}
        commit: str = self.lab.do("POST", f"{self.path}/git/commits", body)["sha"]
        if branch in self.commits or branch == "main":
            self.lab.do(
                "PATCH", f"{self.path}/git/refs/heads/{quote(branch)}", {"sha": commit, "force": True}
            )
        else:
            self.lab.do("POST", f"{self.path}/git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
        self.commits[branch] = commit
        for (repository, _number), head in self.lab.front.gaps.heads.items():
            if repository == self.full_name and head["branch"] == branch:
                head.update(sha=commit, before=head["sha"])
        return commit

    def _tree_of(self, commit: str) -> str:
        return str(self.lab.do("GET", f"{self.path}/git/commits/{commit}")["tree"]["sha"])

    def _leaves(self, files: Mapping[str, str | bytes | None]) -> Iterable[dict[str, Any]]:
        for path, content in files.items():
            leaf = {"path": path, "mode": "100644", "type": "blob"}
            if content is None:
                yield {**leaf, "sha": None}
            elif isinstance(content, Link):
                yield {**leaf, "mode": "120000", "content": str(content)}
            elif isinstance(content, str):
                yield {**leaf, "content": content}
            else:
                body = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
                yield {**leaf, "sha": self.lab.do("POST", f"{self.path}/git/blobs", body)["sha"]}

    def pull_request(
        self,
        files: Mapping[str, str | bytes | None],
        *,
        branch: str = "topic",
        base: str = "main",
        fork: str | None = None,
        author: str = "octocat",
    ) -> PullRequest:
        """Open a pull request that changes `files`, from `fork` (its commits are shared, as on GitHub)."""
        commit = self.push(branch, files, start=base)
        body = {"title": "Move the lock", "head": branch, "base": base}
        number = self.lab.do("POST", f"{self.path}/pulls", body, login=author)["number"]
        self.lab.front.gaps.heads[self.full_name, number] = {"sha": commit, "branch": branch, "fork": fork}
        return PullRequest(repository=self, number=number, branch=branch)


@dataclass(slots=True)
class PullRequest:
    repository: Repository
    number: int
    branch: str

    @property
    def head(self) -> str:
        return self.repository.commits[self.branch]

    @property
    def head_before(self) -> str | None:
        """The head before the last push."""
        heads = self.repository.lab.front.gaps.heads
        before: str | None = heads[self.repository.full_name, self.number].get("before")
        return before

    def as_json(self) -> dict[str, Any]:
        """Return the pull request as the API has it."""
        lab = self.repository.lab
        pull = lab.front.gaps.get(f"{self.repository.path}/pulls/{self.number}", Token(login=OWNER))
        lab.front.gaps.true_head(pull, self.repository.full_name, self.number)
        return dict(pull)

    def push(self, files: Mapping[str, str | bytes | None], *, force: bool = False) -> Self:
        self.repository.push(self.branch, files, force=force)
        return self

    def retarget(self, base: str) -> Self:
        """Give the pull request another base branch, as somebody does on its page."""
        path = f"{self.repository.path}/pulls/{self.number}"
        self.repository.lab.do("PATCH", path, {"base": base})
        return self

    def hide(self, comment: int) -> None:
        """Hide a comment, as somebody does on the page."""
        gaps = self.repository.lab.front.gaps
        gaps.graph.hidden.add(f"IC_{comment}")
        gaps.minimised.add(comment)

    def edit(self, comment: int, body: str) -> None:
        """Have somebody edit a comment of ours."""
        path = f"{self.repository.path}/issues/comments/{comment}"
        self.repository.lab.do("PATCH", path, {"body": body}, login="github-actions[bot]")

    def comment(self, body: str, *, login: str = "octocat") -> int:
        """Write a comment as `login`; return its id."""
        path = f"{self.repository.path}/issues/{self.number}/comments"
        return int(self.repository.lab.do("POST", path, {"body": body}, login=login)["id"])

    def comments(self) -> list[dict[str, Any]]:
        """Return every comment, oldest first."""
        found: list[dict[str, Any]] = []
        for page in count(1):
            path = f"{self.repository.path}/issues/{self.number}/comments?per_page=100&page={page}"
            found += (some := self.repository.lab.do("GET", path))
            if len(some) < 100:
                return found
        raise AssertionError

    def review_comments(self) -> list[dict[str, Any]]:
        return self.repository.lab.front.gaps.review_comments.get(
            (self.repository.full_name, self.number), []
        )

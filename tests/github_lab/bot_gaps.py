"""What a bot needs and the emulator lacks: reactions, roles as GitHub words them, GitHub Apps, true heads in lists."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.github_lab.exchanges import Exchange
    from tests.github_lab.front import Front, Token
    from tests.github_lab.gaps import Answer

REPO = r"/repos/(?P<owner>[^/]+)/(?P<name>[^/]+)"
LEGACY = {"push": "write", "maintain": "write", "triage": "read", "pull": "read"}
CONTENTS = {"+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"}


@dataclass(slots=True)
class App:
    """A GitHub App, installed in every repository of the lab unless `installed` is False."""

    id: str
    key: rsa.RSAPrivateKey
    permissions: dict[str, str]
    login: str = "our-app[bot]"
    installed: bool = True

    @property
    def private_key(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        ).decode()


@dataclass(slots=True)
class BotGaps:
    front: Front
    reactions: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    """By comment."""
    apps: list[App] = field(default_factory=list)
    tokens_made: int = 0

    def routes(self) -> tuple[tuple[str, str, Callable[..., Answer]], ...]:
        return (
            ("POST", rf"{REPO}/issues/comments/(?P<id>\d+)/reactions", self.react),
            ("GET", rf"{REPO}/collaborators/(?P<login>[^/]+)/permission", self.role),
            ("GET", rf"{REPO}/pulls", self.pulls),
            ("GET", REPO, self.repository),
            ("DELETE", r"/installation/token", self.revoke),
        )

    def said(self, comment: int) -> list[str]:
        """Return the reactions to a comment, in order."""
        return [each["content"] for each in self.reactions.get(comment, [])]

    def react(self, exchange: Exchange, token: Token, owner: str, name: str, id: str) -> Answer:  # noqa: A002 - the name in the path
        from tests.github_lab.gaps import Answer, now

        there = self.front.work("GET", f"/repos/{owner}/{name}/issues/comments/{id}", token.login)
        content = exchange.body["content"]
        if there.status_code != 200 or content not in CONTENTS:
            return Answer.json({"message": "Not Found"}, 404)
        given = self.reactions.setdefault(int(id), [])
        for each in given:
            if each["content"] == content and each["user"]["login"] == token.login:
                return Answer.json(each)
        made = {
            "id": len(given) + 1,
            "node_id": f"R_{id}_{len(given)}",
            "user": self.front.gaps.get(f"/users/{token.login}", token),
            "content": content,
            "created_at": now(),
        }
        given.append(made)
        return Answer.json(made, 201)

    def role(self, exchange: Exchange, token: Token, **_match: str) -> Answer:
        from tests.github_lab.gaps import Answer

        answer = self.front.gaps.passed_on(exchange, token)
        body = json.loads(answer.content)
        if answer.status == 200:
            body["permission"] = LEGACY.get(body["permission"], body["permission"])
            body["user"]["role_name"] = body["role_name"]
        return Answer.json(body, answer.status)

    def pulls(self, exchange: Exchange, token: Token, owner: str, name: str) -> Answer:
        answer = self.front.gaps.passed_on(exchange, token)
        pulls = json.loads(answer.content)
        for pull in pulls:
            self.front.gaps.true_head(pull, f"{owner}/{name}", pull["number"])
        answer.content = json.dumps(pulls).encode()
        return answer

    def repository(self, exchange: Exchange, token: Token, **_match: str) -> Answer:
        answer = self.front.gaps.passed_on(exchange, token)
        body = {"network_count": 0, "subscribers_count": 0, **json.loads(answer.content)}
        answer.content = json.dumps(body).encode()
        return answer

    def app(self, **permissions: str) -> App:
        """Return a new App whose installations were granted these permissions."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.apps.append(App(str(4000 + len(self.apps)), key, permissions))
        return self.apps[-1]

    def as_app(self, exchange: Exchange) -> Answer | None:
        """Answer what an App asks with its own key; None where nobody's key fits."""
        from tests.github_lab.gaps import Answer

        scheme, _, secret = exchange.headers.get("authorization", "").partition(" ")
        app = next((app for app in self.apps if scheme == "Bearer" and signed(secret, app)), None)
        if app is None:
            return None
        parts = exchange.path.strip("/").split("/")
        match exchange.verb, parts:
            case "GET", ["repos", _owner, _name, "installation"] if app.installed:
                return Answer.json(self.installation(app))
            case "POST", ["app", "installations", _number, "access_tokens"]:
                return self.token(app, exchange)
        return Answer.json({"message": "Not Found"}, 404)

    def installation(self, app: App) -> dict[str, Any]:
        owner = self.front.gaps.get("/users/acme", person())
        url = self.front.url
        return {
            "id": 77,
            "account": owner,
            "repository_selection": "selected",
            "access_tokens_url": f"{url}/app/installations/77/access_tokens",
            "repositories_url": f"{url}/installation/repositories",
            "html_url": f"{url}/settings/installations/77",
            "app_id": int(app.id),
            "target_id": owner["id"],
            "target_type": "User",
            "permissions": app.permissions,
            "events": [],
            "created_at": "2026-01-01T00:00:00Z",
            "updated_at": "2026-01-01T00:00:00Z",
            "single_file_name": None,
            "app_slug": app.login.removesuffix("[bot]"),
            "suspended_at": None,
            "suspended_by": None,
        }

    def token(self, app: App, exchange: Exchange) -> Answer:
        from tests.github_lab.front import Token
        from tests.github_lab.gaps import Answer

        asked = exchange.body["permissions"]
        assert asked, "an empty wish would get every permission"
        if any(app.permissions.get(name) not in {level, "write"} for name, level in asked.items()):
            message = "The permissions requested are not granted to this installation."
            return Answer.json({"message": message, "documentation_url": "https://docs.github.com/rest"}, 422)
        self.tokens_made += 1
        secret = f"ghs_app{self.tokens_made:04}"
        self.front.tokens[secret] = Token(login=app.login, permissions=asked)
        made = {
            "token": secret,
            "expires_at": "2099-01-01T00:00:00Z",
            "permissions": asked,
            "repository_selection": "selected",
        }
        return Answer.json(made, 201)

    def revoke(self, exchange: Exchange, token: Token) -> Answer:
        from tests.github_lab.gaps import Answer

        self.front.tokens = {secret: held for secret, held in self.front.tokens.items() if held is not token}
        return Answer(status=204, content=b"")


def person() -> Token:
    from tests.github_lab.front import Token

    return Token(login="acme")


def signed(secret: str, app: App) -> bool:
    try:
        claims = jwt.decode(secret, app.key.public_key(), algorithms=["RS256"])
    except jwt.PyJWTError:
        return False
    # GitHub takes ten minutes at most.
    return str(claims["iss"]) == app.id and claims["exp"] - claims["iat"] <= 660

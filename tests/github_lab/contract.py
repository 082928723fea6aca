"""GitHub's own description of its API, and the check of an exchange against it."""

from __future__ import annotations

import json
import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema_rs

if TYPE_CHECKING:
    from pathlib import Path

    from tests.github_lab.exchanges import Exchange


def _json_schema(node: Any) -> Any:
    """Return an OpenAPI 3.0 schema as a JSON Schema, which says `nullable` with a type."""
    if isinstance(node, list):
        return [_json_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {key: _json_schema(value) for key, value in node.items() if key not in {"example", "examples"}}
    if made.pop("nullable", False) is True:
        if isinstance(made.get("type"), str):  # says better what is wrong than a choice does
            made["type"] = [made["type"], "null"]
            if "enum" in made:
                made["enum"] = [*made["enum"], None]
            return made
        return {"anyOf": [{"type": "null"}, made]}
    return made


class Contract:
    """One edition of the description: ``api.github.com`` or ``ghes-3.19``."""

    def __init__(self, file: Path) -> None:
        self.name = file.stem
        self._document = json.loads(file.read_text())

    @cached_property
    def _routes(self) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
        return [
            (re.compile(_pattern(path), re.DOTALL), operations)
            for path, operations in sorted(
                self._document["paths"].items(), key=lambda item: item[0].count("{")
            )
        ]

    @cached_property
    def _components(self) -> dict[str, Any]:
        return {"schemas": _json_schema(self._document["components"]["schemas"])}

    def problems(self, exchange: Exchange) -> list[str]:
        """Return what is wrong with the exchange, by GitHub's description; empty where it is as described."""
        url = urlsplit(exchange.url)
        operation = self._operation(exchange.verb, unquote(url.path))
        where = f"{self.name}: {exchange.verb} {exchange.url}"
        if operation is None:
            return [f"{where}: there is no such operation"]
        found = [f"{where}: {problem}" for problem in self._query(operation, url.query)]
        if exchange.body is not None:
            schema = self._resolve(operation["requestBody"])["content"]["application/json"]["schema"]
            found += [f"{where}: request {text}" for text in self._check(schema, exchange.body)]
        elif self._resolve(operation.get("requestBody", {})).get("required"):
            found.append(f"{where}: a body is required")
        if exchange.status is None or exchange.injected:
            return found
        answers = operation["responses"]
        if str(exchange.status) not in answers:
            common = exchange.status in {401, 403, 404, 422, 429} or exchange.status >= 500
            return found if common else [*found, f"{where}: status {exchange.status} is not described"]
        content = self._resolve(answers[str(exchange.status)]).get("content", {})
        if exchange.answer is not None and "application/json" in content:
            schema = content["application/json"]["schema"]
            found += [f"{where}: answer {text}" for text in self._check(schema, exchange.answer)]
        return found

    def _operation(self, verb: str, path: str) -> dict[str, Any] | None:
        for pattern, operations in self._routes:
            if pattern.match(path) and verb.lower() in operations:
                return {**operations[verb.lower()], "common": operations.get("parameters", [])}
        return None

    def _query(self, operation: dict[str, Any], query: str) -> list[str]:
        described = {
            parameter["name"]: parameter
            for parameter in map(self._resolve, [*operation.get("parameters", []), *operation["common"]])
            if parameter["in"] == "query"
        }
        given = dict(parse_qsl(query, keep_blank_values=True))
        found = [f"query parameter {name} is not described" for name in given if name not in described]
        found += [
            f"query parameter {name} is required"
            for name, parameter in described.items()
            if parameter.get("required") and name not in given
        ]
        for name, value in given.items():
            schema = described.get(name, {}).get("schema", {})
            typed = int(value) if schema.get("type") == "integer" and value.isdigit() else value
            found += [f"query parameter {name} {text}" for text in self._check(schema, typed)]
        return found

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in node:
            return node
        target: Any = self._document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return target  # type: ignore[no-any-return]  # a document of JSON

    def _check(self, schema: dict[str, Any], value: Any) -> list[str]:
        validator = self._validator(json.dumps(schema, sort_keys=True))
        return [
            f"{'/'.join(str(part) for part in error.instance_path) or 'body'}: {error.message[:300]}"
            for error in validator.iter_errors(value)
        ]

    @cache  # noqa: B019 - a contract lives as long as the session
    def _validator(self, schema: str) -> Any:
        made = _json_schema(json.loads(schema))
        used = self._reachable(made)
        whole = {"allOf": [made], "components": {"schemas": used}}
        return jsonschema_rs.Draft7Validator(whole)

    def _reachable(self, schema: Any) -> dict[str, Any]:
        used: dict[str, Any] = {}
        waiting = [schema]
        while waiting:
            node = waiting.pop()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict):
                name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
                if name and name not in used and "$ref" in node:
                    used[name] = self._components["schemas"][name]
                    waiting.append(used[name])
                waiting += node.values()
        return used


def _pattern(path: str) -> str:
    # A path and a ref may hold slashes; every other parameter is one segment.
    one = re.sub(r"\\\{(?!path|basehead|ref\\\})[a-z_]+\\\}", "[^/]+", re.escape(path))
    return re.sub(r"\\\{(path|basehead|ref)\\\}", "(.+)", one) + r"\Z"

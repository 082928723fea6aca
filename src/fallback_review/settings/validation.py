"""Checking a settings file, with errors that name the key; and the schema of such files, for editors."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec
from pydantic import TypeAdapter, ValidationError
from pydantic_core import core_schema

from fallback_review.settings import schema as tables
from fallback_review.settings.schema import (
    INPUTS,
    SETTINGS_PATH,
    Allow,
    Indexes,
    Lockfiles,
    Policy,
    ReportSettings,
    Settings,
    SettingsError,
    SettingsTable,
    Targets,
    kebab,
)
from fallback_review.settings.types import meant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema


def table_schema(table: type[SettingsTable], handler: GetCoreSchemaHandler) -> CoreSchema:
    """Return how pydantic checks a table of the settings, and makes its value."""
    hints = get_type_hints(table, include_extras=True)
    keys = {}
    for key in msgspec.structs.fields(table):
        kind = handler.generate_schema(hints[key.name])
        if not key.required:
            kind = core_schema.with_default_schema(kind, default=key.default)
        keys[kebab(key.name)] = core_schema.typed_dict_field(kind, required=key.required)
    checked = core_schema.typed_dict_schema(keys, extra_behavior="forbid")
    return core_schema.no_info_after_validator_function(
        lambda told: table(**{key.replace("-", "_"): value for key, value in told.items()}),
        checked,
        ref=table.__name__,
        serialization=core_schema.plain_serializer_function_ser_schema(
            lambda told: {kebab(name): getattr(told, name) for name in table.__struct_fields__}
        ),
    )


_ADAPTER = TypeAdapter(Settings)


def validate(
    table: Mapping[str, Any],
    *,
    path: str = SETTINGS_PATH,
    spelling: str | None = None,
) -> Settings:
    """Check a table of settings, from a file or from inputs laid over it.

    Raises:
        SettingsError: as `parse`.
    """
    try:
        return _ADAPTER.validate_python(table)
    except ValidationError as error:
        faults = error.errors()
        # pydantic counts only the good items, so that a list with a bad one is "too short" as well.
        bad = {fault["loc"][:-1] for fault in faults}
        told = [fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in bad]
        raise SettingsError("\n".join(_located(fault, path, spelling) for fault in told)) from None


def _located(fault: Any, path: str, spelling: str | None) -> str:
    """Say where an error is, and what it is: the file and its key, or the input as it was given."""
    name = INPUTS.get(fault["loc"][:2]) if spelling else None
    return f"{spelling.format(name)}: {_message(fault)}" if spelling and name else f"{path}: {_fault(fault)}"


_PLAIN = {
    "tuple_type": "must be a list, such as ['one', 'two']",
    "dict_type": "must be a table",
    "string_type": "must be text in quotes",
    "too_short": "must name at least one",
    "missing": "is missing",
    "date_from_datetime_parsing": "must be a date such as 2027-01-01, without quotes",
    "date_type": "must be a date such as 2027-01-01, without quotes",
}
"""pydantic's kinds of error whose own words speak of Python's types."""


def _fault(fault: Any) -> str:
    """Put one of pydantic's errors in words: the key as the file spells it, what is wrong, what to write."""
    location = fault["loc"]
    key = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")
    if fault["type"] == "extra_forbidden":
        allowed = sorted(map(kebab, _table_at(location[:-1]).__struct_fields__))
        hint = meant(str(location[-1]), allowed)
        return f"{key}: there is no such key{hint} Allowed here: {', '.join(allowed)}"
    return f"{key}: {_message(fault)}"


def _message(fault: Any) -> str:
    message: str = _PLAIN.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
    return f"{message[:1].lower()}{message[1:]}"


_TABLES: dict[str, type[SettingsTable]] = {
    "targets": Targets,
    "indexes": Indexes,
    "policy": Policy,
    "lockfiles": Lockfiles,
    "report": ReportSettings,
    "allow": Allow,
}


def _table_at(location: tuple[int | str, ...]) -> type[SettingsTable]:
    return next((_TABLES[part] for part in location if isinstance(part, str)), Settings)


def schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the settings file, for editors."""
    found = _ADAPTER.json_schema(by_alias=True)
    # PyPI's address is its library's to say.
    del found["$defs"]["Indexes"]["properties"]["pypi"]["default"]
    del found["$defs"]["ReportSettings"]["properties"]["pypi-page"]["default"]
    told = _descriptions()
    every: list[type[SettingsTable]] = [Settings, *_TABLES.values()]
    for table in every:
        name = table.__name__
        said = found if table is Settings else found["$defs"][name]
        said |= {"title": name, "description": inspect.cleandoc(table.__doc__ or "")}
        for key, described in said["properties"].items():
            if (name, key) in told:
                described["description"] = told[name, key]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Fallback Review settings",
        **found,
    }


def _descriptions() -> dict[tuple[str, str], str]:
    """Return the text below each key of each table, by the table's class and the key, from the source."""
    return {
        (table.name, kebab(key.target.id)): inspect.cleandoc(text.value.value)
        for table in ast.parse(inspect.getsource(tables)).body
        if isinstance(table, ast.ClassDef)
        for key, text in pairwise(table.body)
        if isinstance(key, ast.AnnAssign) and isinstance(key.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(text.value.value, str)
    }

"""Writes the reference pages from the code: ``python -m tests.docs.reference`` (a test says when they are old)."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click
import yaml

from fallback_review.cli.main import cli
from fallback_review.lockfiles import FORMATS
from fallback_review.model import Conclusion, Outcome
from fallback_review.prediction import CAUSES, LAYOUTS
from fallback_review.report.words import COMES_FROM, CONCLUSION_ICONS, ICONS
from fallback_review.settings import validation
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fallback_review.prediction.causes.record import Words

FOLDER = ROOT / "docs" / "reference"
_MOST_NAMED = 10
MADE = "<!-- Made from the code by `python -m tests.docs.reference`. -->\n"


def cell(text: object) -> str:
    """Text for a table's cell."""
    return " ".join(str(text).replace("``", "`").replace("|", "\\|").split())


def table(head: tuple[str, ...], rows: Iterator[tuple[object, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *(tuple(map(cell, row)) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def settings() -> str:
    """Every key of the settings file, from its schema."""
    found = validation.schema()
    parts = [
        "# Settings\n",
        (
            "The file is `.github/fallback-review.toml`. It is read from the base branch alone, so that a pull request\n"
            "cannot allow itself. Every key is optional. An unknown key or a wrong value is an error that names the file,\n"
            "the key and what is allowed. For editors: [the schema](../settings.schema.json).\n"
        ),
    ]
    for name, field in found["properties"].items():
        items = field.get("items", field)
        if "allOf" in items:
            items = items["allOf"][0]
        definition = found["$defs"][items["$ref"].rpartition("/")[2]]
        title = f"[[{name}]]" if "items" in field else f"[{name}]"
        parts.append(f"## {title}\n\n{cell(field.get('description') or definition['description'])}\n")
        required = definition.get("required", ())
        rows = (
            (
                f"`{key}`",
                _kind(each, found),
                _default(each, required=key in required),
                each.get("description", ""),
            )
            for key, each in definition["properties"].items()
        )
        parts.append(table(("key", "value", "default", "means"), rows))
    parts.append("## Layouts\n\nWhat `layout` in `[indexes]` may say, and how sure the rule behind it is.\n")
    parts.append(
        table(
            ("layout", "means", "source"),
            ((f"`{each.name}`", each.title, each.source) for each in LAYOUTS.values()),
        )
    )
    parts.append(
        "## An example\n\n```toml\n"
        '[targets]\npython = ["3.12"]\nplatforms = ["linux-x86_64", "linux-aarch64"]\ninformational = ["macos-arm64"]\n\n'
        '[policy]\nfail-on = ["pypi", "install-fails"]\n\n'
        '[[allow]]\npackage = "nvidia-*"\nreason = "CUDA wheels come from NVIDIA"\nexpires = 2027-01-01\n```\n'
    )
    return "\n".join(parts)


def _kind(field: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return _kind(next(each for each in field["anyOf"] if each.get("type") != "null"), found)
    if len(field.get("enum", ())) > _MOST_NAMED:
        return "one of the names [below](#layouts)"
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    if field.get("type") == "array":
        return f"list of {_kind(field['items'], found)}"
    if "format" in field:
        return {"date": "date"}.get(field["format"], "text")
    return {"boolean": "`true` or `false`", "integer": "number"}.get(field.get("type", ""), "text")


def _default(field: Mapping[str, Any], *, required: bool) -> str:
    if required:
        return "(required)"
    if "default" not in field:
        return "PyPI's"
    value = field["default"]
    if value in (None, [], ""):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return ", ".join(f"`{each}`" for each in value) if isinstance(value, list) else f"`{value}`"


def action() -> str:
    """Inputs and outputs, from action.yml."""
    metadata = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
    inputs = (
        (f"`{name}`", f"`{each['default']}`" if each.get("default") else "", each["description"])
        for name, each in metadata["inputs"].items()
    )
    outputs = ((f"`{name}`", each["description"]) for name, each in metadata["outputs"].items())
    return "\n".join(
        (
            "# The Action's inputs and outputs\n",
            (
                "With less permission there is less output and the same verdict: without `pull-requests: write` the\n"
                "annotations and the job summary say everything, and name the permission that was missing.\n"
            ),
            "## Inputs\n",
            table(("input", "default", "means"), inputs),
            "## Outputs\n",
            table(("output", "means"), outputs),
        )
    )


def commands() -> str:
    """The command line, from the program itself."""
    parts = [
        "# Commands\n",
        (
            "Every option has an environment variable, which stands in brackets. `fallback-review COMMAND --help` prints\n"
            "the same. What the exit codes mean: [exit codes](exit-codes.md).\n"
        ),
    ]
    context = click.Context(cli, info_name="fallback-review", **cli.context_settings)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is None or command.hidden:
            continue
        below = click.Context(
            command, info_name=name, parent=context, max_content_width=100, terminal_width=100
        )
        text = re.sub(r" +$", "", command.get_help(below), flags=re.MULTILINE)
        parts.append(f"## {name}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def causes() -> str:
    """Every cause: what it means, and the reasons that have words of their own."""
    parts = [
        "# Outcomes and causes\n",
        "## Outcomes\n",
        (
            "An outcome says where the file that gets installed comes from. Reports show it with its circle and its words;\n"
            "the worst comes first.\n"
        ),
        table(
            ("outcome", "circle", "words"),
            ((f"`{each}`", ICONS[each], COMES_FROM[each]) for each in Outcome),
        ),
        "The sign before a report's first line is the check's result.\n",
        table(
            ("result", "sign", "the check"),
            ((f"`{each}`", CONCLUSION_ICONS[each], _RESULTS[each]) for each in Conclusion),
        ),
        "## Causes\n",
        "A cause says why an outcome is not `chainguard`. Reports, SARIF rules and the JSON report name it.\n",
    ]
    for cause, record in CAUSES.items():
        parts.append(f"### {cause}\n\n**{record.title}.** {record.meaning}\n")
        if record.reasons:
            rows = ((f"`{reason}`", _why(words), _step(words)) for reason, words in record.reasons.items())
            parts.append(table(("reason", "says", "what to do"), rows))
    return "\n".join(parts)


def _why(words: Words) -> str:
    return words.why if isinstance(words.why, str) else "what was found"


def _step(words: Words) -> str:
    return (
        words.step if isinstance(words.step, str) else getattr(words.step, "text", "depends on the package")
    )


def exit_codes() -> str:
    """What the command line and the Action's step leave with."""
    rows: list[tuple[int, str, str]] = [
        *((each.exit_code, f"`{each}`", _MEANS[each]) for each in Conclusion),
        (
            2,
            "",
            "the command, the settings, or a lockfile that the command names is wrong; one line says what",
        ),
    ]
    return "\n".join(
        (
            "# Exit codes\n",
            "The Action's step and the command line leave with the same codes.\n",
            table(("code", "result", "means"), iter(sorted(rows))),
        )
    )


_RESULTS = {
    Conclusion.PASS: "passes",
    Conclusion.WARN: "passes with warnings",
    Conclusion.FAIL: "fails",
    Conclusion.UNKNOWN: "fails, because something could not be checked",
}
_MEANS = {
    Conclusion.PASS: "the check passes",
    Conclusion.WARN: "the check passes with warnings",
    Conclusion.FAIL: "the policy rejects something",
    Conclusion.UNKNOWN: "something could not be checked, and may come from anywhere",
}


def lockfiles() -> str:
    """What is read, and what is done with it."""
    rows = (
        (
            f"`{each.name}`",
            each.installer,
            "yes" if each.locks_urls else "no",
            "yes" if each.update_hashes else "no",
        )
        for each in FORMATS.values()
    )
    return "\n".join(
        (
            "# Lockfiles\n",
            (
                "Lockfiles are found by their usual names; requirements files (`.txt`, `.pip`) also by their content, and\n"
                "script locks (`tool.py.lock`) are uv.lock. Others: `include` in [`[lockfiles]`](settings.md#lockfiles).\n"
                "Entries that are not pinned, have no name, or could not be understood are shown. Conda packages are counted\n"
                "and not checked.\n"
            ),
            table(
                (
                    "lockfile",
                    "installed by",
                    "names the files' URLs",
                    "known to `chainctl libraries update-hashes`",
                ),
                rows,
            ),
        )
    )


PAGES = {
    "settings.md": settings,
    "action.md": action,
    "commands.md": commands,
    "causes.md": causes,
    "exit-codes.md": exit_codes,
    "lockfiles.md": lockfiles,
}


def text_of(page: str) -> str:
    """The text of one page."""
    return f"{MADE}{PAGES[page]()}"


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for page in PAGES:
        (FOLDER / page).write_text(text_of(page), encoding="utf-8")
        sys.stdout.write(f"{FOLDER / page}\n")


if __name__ == "__main__":
    main()

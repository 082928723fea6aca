"""The table of installers' keys in `docs/prediction.md`, made from the code: `python -m tests.docs.key_tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.configuration.keys import Treatment
from fallback_review.configuration.tools import TOOLS
from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fallback_review.configuration.keys import Keys

PAGE = ROOT / "docs" / "prediction.md"
BEGIN, END = "<!-- keys: made by tests/docs/key_tables.py -->\n", "<!-- end of keys -->\n"


def table() -> str:
    lines = ["| installer, place | key | | what it decides | source |", "|---|---|---|---|---|"]
    for tool in TOOLS.values():
        for keys in tool.keys:
            lines += rows(keys)
    return "\n".join(lines) + "\n"


def rows(keys: Keys) -> Iterator[str]:
    place = f"{keys.installer}: {keys.place}"
    source = "measured" if keys.measured else "documented"
    for key, says in keys.modelled.items():
        yield f"| {place} | `{key}` | {Treatment.MODELLED.value} | {says} | {source} |"
    for key, known in keys.not_modelled.items():
        yield f"| {place} | `{key}` | {Treatment.NOT_MODELLED.value} | {known.effect} | documented |"
    if keys.harmless:
        names = ", ".join(f"`{key}`" for key in sorted(keys.harmless))
        yield f"| {place} | {names} | {Treatment.HARMLESS.value} | | |"


def parts() -> tuple[str, str, str]:
    """What stands before the table, the table, and what stands behind it."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    shown, _, after = rest.partition(END)
    return before, shown, after


def main() -> None:
    before, _, after = parts()
    PAGE.write_text(f"{before}{BEGIN}{table()}{END}{after}", "utf-8")


if __name__ == "__main__":
    main()

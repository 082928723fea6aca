"""Lists every message of the program in one text, for somebody to read: ``python -m tests.docs.messages``.

A message is a text of the code with two words at least that is no docstring: what people read in a comment, a terminal,
an error or a help text. ``{}`` stands for what is filled in.
"""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from tests.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE = ROOT / "src" / "fallback_review"
_WORDS = re.compile(r"[A-Za-z']{2,}[,:;]? +[A-Za-z{'(\[`]")
_CODE = re.compile(r"^\s*(?:[\w./-]+|[^a-zA-Z]*)$|\(\?[P:<!=]|\\[dws]")


def text_of(node: ast.expr) -> str | None:
    """The text of a literal, with ``{}`` for what an f-string fills in; None for anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return None


class _Reader(ast.NodeVisitor):
    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []

    def _body(self, node: ast.Module | ast.ClassDef | ast.FunctionDef) -> None:
        for child in node.body:  # a text alone is a docstring, of a module or of what stands before it
            if not (isinstance(child, ast.Expr) and text_of(child.value) is not None):
                self.visit(child)
        for part in getattr(node, "decorator_list", ()):
            self.visit(part)
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.arguments):
                self.visit(part)

    def visit_Module(self, node: ast.Module) -> None:
        self._body(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._body(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        commands = [ast.unparse(each) for each in node.decorator_list]
        if any("command" in each or "group" in each for each in commands):  # help texts
            self.found.append((node.lineno, ast.get_docstring(node) or ""))
        self._body(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        self._add(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._add(node)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                self.visit(part.value)

    def _add(self, node: ast.expr) -> None:
        text = text_of(node)
        if text is not None and _WORDS.search(text) and not _CODE.search(text):
            self.found.append((node.lineno, text))


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of each message of a module."""
    reader = _Reader()
    reader.visit(ast.parse(path.read_text("utf-8")))
    yield from sorted(reader.found)


def every_message() -> Iterator[tuple[str, int, str]]:
    """Yield file, line and text of every message of the program."""
    for path in sorted(SOURCE.rglob("*.py")):
        for line, text in messages(path):
            yield path.relative_to(SOURCE).as_posix(), line, " ".join(text.split())


def main() -> None:
    for path, line, text in every_message():
        sys.stdout.write(f"{path}:{line}: {text}\n")


if __name__ == "__main__":
    main()

"""Scripts that installers write for entry points: told from anything else by what they do.

Sources: the templates of pip 23 to 26 (and Pipenv's), distlib, `installer` (Poetry, PDM) and uv 0.13, as they
were found on disk.
"""

from __future__ import annotations

import ast
import configparser
import re
from functools import cache

_SECTIONS = ("console_scripts", "gui_scripts")
_REFERENCE = re.compile(r"\s*([\w.]+)\s*:\s*([\w.]+)\s*(?:\[.*\])?\s*")
_SHEBANG = re.compile(rb"#!.*?(?:python|pypy)[0-9.]*w?t?[\"']?(?:[ \t]+-[A-Za-z]+)*[ \t]*\r?")
_THROUGH_SHELL = re.compile(
    r"exec' (?:\"?\$\(dirname -- \"\$\(realpath -- \"\$0\"\)\"\)\"?/)?"
    r"['\"]?[^\n'\"]*(?:python|pypy)[0-9.]*['\"]? \"\$0\" \"\$@\"\n' "
)
"""A path that is too long for ``#!``, or one relative to the script (distlib, uv)."""
_RUN = 'if __name__ == "__main__":\n'
_IMPORT = "from {module} import {name}\n"
_SUB = '    sys.argv[0] = re.sub(r"(-script\\.pyw|\\.exe)?$", "", sys.argv[0])\n    sys.exit({function}())\n'
_SUFFIX = '    sys.argv[0] = sys.argv[0].removesuffix(".exe")\n    sys.exit({function}())\n'
_TEMPLATES = (
    f"import re\nimport sys\n{_IMPORT}{_RUN}{_SUB}",
    f"import re\nimport sys\n{_RUN}    {_IMPORT}{_SUB}",
    f"import sys\n{_IMPORT}{_RUN}{_SUFFIX}",
    (
        f"import sys\n{_IMPORT}{_RUN}"
        '    if sys.argv[0].endswith(".exe"):\n        sys.argv[0] = sys.argv[0][:-4]\n'
        "    sys.exit({function}())\n"
    ),
    (
        f"import sys\n{_IMPORT}{_RUN}"
        '    if sys.argv[0].endswith("-script.pyw"):\n        sys.argv[0] = sys.argv[0][:-11]\n'
        '    elif sys.argv[0].endswith(".exe"):\n        sys.argv[0] = sys.argv[0][:-4]\n'
        "    sys.exit({function}())\n"
    ),
)


def entry_points(text: bytes | None) -> dict[str, tuple[str, str]]:
    """Return the scripts that entry_points.txt asks for: name to module and function."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[method-assign,assignment]  # names keep their case
    try:
        parser.read_string((text or b"").decode("utf-8", "replace"))
    except configparser.Error:
        return {}
    found = {}
    for section in _SECTIONS:
        if not parser.has_section(section):
            continue
        for name, value in parser.items(section):
            stated = _REFERENCE.fullmatch(value)
            if stated and "/" not in name and "\\" not in name:
                found[name] = (stated[1], stated[2])
    return found


def is_script_for(data: bytes, module: str, function: str) -> bool:
    """Whether a script does nothing but run that entry point, in one of the known shapes."""
    first, _, rest = data.partition(b"\n")
    if not (_SHEBANG.fullmatch(first) or first.strip() == b"#!/bin/sh"):
        return False
    try:
        tree = ast.parse(rest.decode("utf-8"))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    body = tree.body
    if first.strip() == b"#!/bin/sh":
        stated = body[0].value if body and isinstance(body[0], ast.Expr) else None
        text = stated.value if isinstance(stated, ast.Constant) else None
        if not isinstance(text, str) or not _THROUGH_SHELL.fullmatch(text):
            return False
        tree.body = body[1:]
    return ast.dump(tree) in _shapes(module, function)


@cache
def _shapes(module: str, function: str) -> frozenset[str]:
    name = function.partition(".")[0]
    return frozenset(
        ast.dump(ast.parse(each.format(module=module, name=name, function=function))) for each in _TEMPLATES
    )


def with_any_interpreter(data: bytes) -> bytes | None:
    """Return a wheel's own script as the wheel has it: with ``#!python``, which installers replace (PEP 427).

    None where it does not begin so.
    """
    first, newline, rest = data.partition(b"\n")
    if first.strip() == b"#!/bin/sh":
        line, ends, rest = rest.partition(b"' '''\n")
        if not ends or b"\n" not in line:
            return None
        return b"#!python\n" + rest
    if not _SHEBANG.fullmatch(first):
        return None
    return b"#!python" + (b"\r" if first.endswith(b"\r") else b"") + newline + rest

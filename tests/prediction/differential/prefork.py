"""Runs a Python installer many times in one process: imported once, forked for each run. Run by the lab's Python.

A job is one line of JSON on standard input (arguments, folder, variables, where its words go); the answer is one
line with its exit code. What runs is the installer's own entry point, in a process of its own.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 120
ENTRIES = {
    "pip": ("pip._internal.cli.main", "main", ("pip._internal.commands.install",)),
    "poetry": (
        "poetry.console.application",
        "main",
        ("poetry.console.commands.install", "poetry.installation.executor"),
    ),
    "pdm": ("pdm.core", "main", ("pdm.cli.commands.sync", "pdm.installers")),
    "pipenv": ("pipenv", "cli", ("pipenv.routines.sync",)),
}


def main(tool: str) -> None:
    module, entry, more = ENTRIES[tool]
    run = getattr(importlib.import_module(module), entry)
    for name in more:
        importlib.import_module(name)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                os._exit(in_child(run, tool, job))
            finally:  # never back into the loop: that is the parent's
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def in_child(run: Callable[[], object], tool: str, job: dict[str, Any]) -> int:
    """Run the installer here, as if it had been started with the job's arguments; return its exit code."""
    signal.alarm(LONGEST)
    os.setsid()
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    words = os.open(job["words"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for number, descriptor in ((0, nothing), (1, words), (2, words)):
        os.dup2(descriptor, number)
    sys.argv = [tool, *job["arguments"]]
    try:
        code = run()
    except SystemExit as leaving:
        code = leaving.code
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(bool(code))


if __name__ == "__main__":
    main(sys.argv[1])

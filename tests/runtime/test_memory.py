"""The memory of many threads, in a process of its own: the C library remembers what it is told."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

THREADS = """
import ctypes, sys, threading
from fallback_review.runtime.memory import share_one_arena

taken = share_one_arena() if sys.argv[1] == "shared" else True
blocks, ready = [], threading.Barrier(9)

def work():
    ready.wait(timeout=60)
    blocks.append(b"x" * 100_000)
    ready.wait(timeout=60)

threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads: each.start()
ready.wait(timeout=60)
ready.wait(timeout=60)
for each in threads: each.join()
ctypes.CDLL(None).malloc_stats()
sys.exit(0 if taken else 1)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has an arena for each thread")
@pytest.mark.parametrize(("how", "one"), [("shared", True), ("as they are", False)])
def test_threads_share_one_place(how: str, one: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREADS, how], capture_output=True, text=True, timeout=120, check=True
    )
    assert (done.stderr.count("Arena ") == 1) is one, done.stderr


def test_the_end_looks_for_nothing_and_still_does_what_is_left() -> None:
    script = (
        "import atexit, gc, sys\n"
        "from fallback_review.runtime.memory import end_without_looking\n"
        "atexit.register(lambda: print('left', gc.get_freeze_count() > 0, len(gc.get_objects()) < 100))\n"
        "end_without_looking()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == ["left", "True", "True"]

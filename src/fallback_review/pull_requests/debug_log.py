"""What a run did, step by step, for whoever looks for a fault; never a secret."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fallback_review.prediction.installation import name_of
from fallback_review.runtime.request_logs import ANSWERED, FAILED, REQUEST_LOGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fallback_review.pipeline.ask import Ask, Wanted
    from fallback_review.prediction import Answers


class Debug:
    """Says lines to whoever looks for a fault; otherwise nothing, at no cost.

    `tell` writes one line where such lines go; None where nobody looks for a fault.
    """

    def __init__(self, tell: Callable[[str], object] | None) -> None:
        self._tell = tell
        self._begun = time.monotonic()

    def say(self, text: str) -> None:
        """Say one line, with the seconds since the run began."""
        if self._tell:
            self._tell(f"{time.monotonic() - self._begun:7.3f} s  {text}")

    @contextmanager
    def requests(self) -> Iterator[None]:
        """Tell of every request and its answer's status, while the context lasts; count them at its end."""
        if not self._tell:
            yield
            return
        handler, levels = _Requests(self), [log.level for log in REQUEST_LOGS]
        for log in REQUEST_LOGS:
            log.addHandler(handler)
            log.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            for log, level in zip(REQUEST_LOGS, levels, strict=True):
                log.removeHandler(handler)
                log.setLevel(level)
            self.say(f"requests: {handler.counted}")

    def telling(self, ask: Ask) -> Ask:
        """Return `ask` such that each question's size, answers and time are told."""

        def told(wanted: Wanted) -> Answers:
            begun = time.monotonic()
            answers = ask(wanted)
            spent = time.monotonic() - begun
            for index, names in wanted.items():
                failed = sum(answers[name][index].problem is not None for name in names)
                self.say(f"{name_of(index)}: {len(names)} asked, {failed} without a page, in {spent:.3f} s")
            return answers

        return told


class _Requests(logging.Handler):
    def __init__(self, debug: Debug) -> None:
        super().__init__()
        self.debug = debug
        self.counted = 0

    def emit(self, record: logging.LogRecord) -> None:
        arguments: Any = record.args
        if record.msg not in (ANSWERED, FAILED):
            return
        scheme, host, port, verb, target, *outcome = arguments
        self.counted += 1
        came = outcome[1] if record.msg == ANSWERED else outcome[0]  # The status stands behind the version.
        # No query, which may carry a signature, and no user name (proxies are asked for whole addresses).
        self.debug.say(f"{verb} {scheme}://{host}:{port}{_path(target)} -> {came}")


def _path(target: str) -> str:
    """Return what is asked for without a query, and without the place where a proxy is asked."""
    path = target.partition("?")[0]
    return path if path.startswith("/") else "/" + path.partition("://")[2].partition("/")[2]

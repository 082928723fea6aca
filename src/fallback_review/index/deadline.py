"""A hard end for one question, whatever the server does."""

from __future__ import annotations

import time


class Question:
    """The time that one question may take, with all its redirects and repetitions."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._end = time.monotonic() + seconds

    @property
    def remaining(self) -> float:
        """Seconds left; 0 when it is overdue."""
        return max(0.0, self._end - time.monotonic())

    def cut(self) -> None:
        """End the question: whichever thread asks it gets an error soon."""
        self._end = 0.0

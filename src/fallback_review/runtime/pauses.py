"""How long to wait before something that failed is tried again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_BY_CHANCE = random.Random()  # noqa: S311 - no secret: the system would be asked anew for each question


def pauses(repetitions: int, first: float) -> Iterator[float | None]:
    """Yield the seconds to wait before each repetition of something that failed; None once none is left.

    Doubled each time, less up to half of it by chance, so that many who failed at once do not return at once.
    """
    for repetition in range(repetitions):
        yield first * 2**repetition * _BY_CHANCE.uniform(0.5, 1.0)
    yield None

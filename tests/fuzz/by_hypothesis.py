"""Fuzzing by Hypothesis: seeds that are cut, joined, repeated and filled with the format's own words."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import ANYWHERE, SEEDS, WORDS
from tests.fuzz.trial import Trial, set_limits

ROUND = 200
"""Inputs of one call of Hypothesis; each begins anew, with another seed."""


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """A seed with a few edits, as bytes."""
    text = draw(st.sampled_from(SEEDS[name]))
    word = st.sampled_from(WORDS[name]) | st.sampled_from(ANYWHERE) | st.text(max_size=5)
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 80)))
        edit = draw(st.sampled_from(("insert", "cut", "replace", "repeat", "move")))
        if edit == "insert":
            text = text[:start] + draw(word) + text[start:]
        elif edit == "cut":
            text = text[:start] + text[end:]
        elif edit == "replace":
            text = text[:start] + draw(word) + text[end:]
        elif edit == "repeat":
            text = text[:end] + text[start:end] * draw(st.integers(1, 30)) + text[end:]
        else:
            other = draw(st.integers(0, len(text)))
            text = text[:other] + text[start:end] + text[other:]
    data = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 19)) == 0:
        return text.encode("utf-16", "surrogatepass")
    if draw(st.integers(0, 19)) == 0:
        at = draw(st.integers(0, len(data)))
        return data[:at] + draw(st.binary(max_size=8)) + data[at:]
    return data


def fuzz(name: str, seconds: float, counts: Path) -> None:
    """Try inputs for some time; raise the first finding, made as small as Hypothesis can.

    Raises:
        Exception: A finding.
    """
    trial = Trial(name, SEEDS[name][0], counts)
    end = time.monotonic() + seconds
    number = time.time_ns()

    @settings(
        max_examples=ROUND,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(damaged(name))
    def one_round(data: bytes) -> None:
        if time.monotonic() < end:
            trial(data)

    while time.monotonic() < end:
        seed(number)(one_round)()
        number += 1
    trial.save()


if __name__ == "__main__":
    set_limits()
    fuzz(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))

"""Fuzzing guided by coverage: libFuzzer, by Atheris, over the parsers and the libraries below them."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

atheris: Any = import_module("atheris")

with atheris.instrument_imports(include=["fallback_review", "packaging", "tomli", "yaml", "json"]):
    from tests.fuzz.seeds import ANYWHERE, SEEDS, WORDS
    from tests.fuzz.trial import MEGABYTES, SECONDS_EACH, Trial, set_limits


def fuzz(name: str, seconds: float, counts: Path) -> None:
    """Try inputs for some time; libFuzzer ends the process with a message at the first finding."""
    folder = counts.parent / f"{counts.name}.inputs"
    folder.mkdir()
    for number, text in enumerate(SEEDS[name]):
        (folder / f"seed-{number}").write_text(text, encoding="utf-8")
    words = counts.parent / f"{counts.name}.words"
    words.write_text("".join(f"{_quoted(word)}\n" for word in (*WORDS[name], *ANYWHERE) if len(word) < 60))
    options = [
        f"-max_total_time={max(1, round(seconds))}",
        f"-timeout={round(2 * SECONDS_EACH)}",
        f"-rss_limit_mb={MEGABYTES}",
        "-max_len=20000",
        f"-dict={words}",
        f"-artifact_prefix={counts.parent}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(folder)], Trial(name, SEEDS[name][0], counts))
    atheris.Fuzz()


def _quoted(word: str) -> str:
    """Write a word for libFuzzer's dictionary: bytes that are not plain as hexadecimal escapes."""
    plain = ""
    for byte in word.encode():
        character = chr(byte)
        plain += character if character.isalnum() and byte < 128 else f"\\x{byte:02x}"
    return f'"{plain}"'


if __name__ == "__main__":
    set_limits()
    fuzz(sys.argv[1], float(sys.argv[2]), Path(sys.argv[3]))

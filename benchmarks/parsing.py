"""Reading a pair of large lockfiles with few changes, against bare parsing of both texts."""

from __future__ import annotations

from pathlib import Path

import tomli
from packaging.requirements import Requirement

from benchmarks.measure import Row, best, milliseconds
from fallback_review.lockfiles import Text, decode
from fallback_review.pipeline.compare import compare

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
BUDGET = 0.5


def measure() -> list[Row]:
    """Return a row for a made pair, and one for the largest pairs of the corpus where it is at hand."""
    rows = [_row("made uv.lock, 600 packages, 3 changed", made(changed=False), made(changed=True), BUDGET)]
    rows += [_requirements(hashed=hashed) for hashed in (False, True)]
    for name in ("uv/meta-llama__llama-stack__30b2e6a49", "uv/NVIDIA-NeMo__RL__cf766d5f3"):
        folder = CORPUS / name
        if folder.is_dir():
            base, head = (
                Text(path="uv.lock", text=decode("uv.lock", (folder / f"{side}.uv.lock").read_bytes()))
                for side in ("base", "head")
            )
            rows.append(_row(name, base, head, None))
    return rows


def _row(name: str, base: Text, head: Text, budget: float | None) -> Row:
    ours = best(lambda: compare(base, head))
    bare = best(lambda: (tomli.loads(base.text), tomli.loads(head.text)))
    size = (len(base.text) + len(head.text)) / 1e6
    return Row(
        work=f"parse and diff: {name} ({size:.1f} MB)",
        measured=milliseconds(ours),
        against=f"tomli on both texts = {milliseconds(bare)}",
        ratio=ours / bare,
        budget=budget,
    )


def _requirements(*, hashed: bool) -> Row:
    """Return what 60,000 entries cost of which two changed, against parsing each with `packaging`."""
    base, head = _pins("1.0", hashed=hashed), _pins("1.1", hashed=hashed)
    ours = best(lambda: compare(base, head), runs=3)
    lines = [line.rstrip(" \\") for side in (base, head) for line in side.text.splitlines()]
    bare = best(lambda: [Requirement(line) for line in lines if not line.startswith(" ")], runs=3)
    return Row(
        work=f"parse and diff: requirements.txt, 60,000 entries{' with hashes' if hashed else ''}, 2 changed",
        measured=milliseconds(ours),
        against=f"packaging on every entry = {milliseconds(bare)}",
        ratio=ours / bare,
        budget=BUDGET,
    )


def _pins(version: str, *, hashed: bool) -> Text:
    lines = [
        f"made-{number}=={version if number in {3, 50_000} else '1.0'}"
        + (f" \\\n    --hash=sha256:{number:064x}" if hashed else "")
        for number in range(60_000)
    ]
    return Text(path="requirements.txt", text="\n".join(lines) + "\n")


def made(*, changed: bool) -> Text:
    """Return one side of a lockfile of some two megabytes, as uv writes them."""
    blocks = ['version = 1\nrevision = 3\nrequires-python = ">=3.11"\n']
    for number in range(600):
        version = "1.1" if changed and number in {17, 300, 599} else "1.0"
        wheels = "".join(
            f'    {{ url = "https://files.pypi.test/packages/{number:04x}/made_{number}-{version}-cp{python}-'
            f'cp{python}-manylinux_2_28_{arch}.whl", hash = "sha256:{number:060x}{python:04d}", '
            'size = 123456, upload-time = "2026-01-02T03:04:05.678Z" },\n'
            for python in (310, 311, 312, 313)
            for arch in ("x86_64", "aarch64")
        )
        blocks.append(
            f'[[package]]\nname = "made-{number}"\nversion = "{version}"\n'
            'source = { registry = "https://pypi.test/simple" }\n'
            f'dependencies = [\n    {{ name = "made-{number // 2}" }},\n]\nwheels = [\n{wheels}]\n'
        )
    return Text(path="uv.lock", text="\n".join(blocks))

"""Reading a lockfile of every format: time and memory against bare parsing, growth to 10,000 packages."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import tomli
import yaml
from packaging.requirements import Requirement

from benchmarks.measure import Row
from fallback_review.lockfiles import Text, decode, parse
from fallback_review.lockfiles.formats.requirements import plain
from fallback_review.runtime.memory import collect_rarely

if TYPE_CHECKING:
    from collections.abc import Callable

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
SMALL, LARGE = 1_000, 10_000
LINEAR = 1.5
"""Cost per package at 10,000 against 1,000: what more memory costs is left."""
A, B = "a" * 60, "b" * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredFormat:
    """A format, and what to measure it with."""

    name: str
    folder: str
    """Where the corpus keeps files of this format."""
    made: Callable[[int], str]
    """A file of so many packages, as the tool writes it."""
    bare: Callable[[str], object]
    """What its parsing costs at least."""
    parser: str


def measure() -> list[Row]:
    """Return two rows for each format: the largest real file (else a made one), and growth."""
    collect_rarely()  # as the command and the Action do
    rows = []
    for known in FORMATS:
        rows.append(_reading(known))
        rows.append(_growth(known))
    return rows


def _reading(known: MeasuredFormat) -> Row:
    text, origin = _largest(known)
    ours = _least(lambda: _read_anew(text), runs=3)
    bare = _least(lambda: known.bare(text.text), runs=3)
    tracemalloc.start()
    parse(text)
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return Row(
        work=f"read {known.name}: {origin}, {len(text.text) / 1e6:.2f} MB",
        measured=f"{ours * 1000:.1f} ms, peak {memory / 1e6:.1f} MB",
        against=f"{known.parser} = {bare * 1000:.1f} ms",
        ratio=ours / bare,
        budget=None,
    )


def _largest(known: MeasuredFormat) -> tuple[Text, str]:
    """Return the largest file of a format in the corpus, or a made one where the corpus is not at hand."""
    files = [*(CORPUS / known.folder).glob("*/base.*"), *(CORPUS / known.folder).glob("*/head.*")]
    if not files:
        return Text(path=known.name, text=known.made(SMALL)), f"{SMALL:,} made packages"
    largest = max(files, key=lambda path: path.stat().st_size)
    return Text(path=known.name, text=decode(known.name, largest.read_bytes())), "the largest met"


def _growth(known: MeasuredFormat) -> Row:
    texts = {count: Text(path=known.name, text=known.made(count)) for count in (SMALL, LARGE)}
    for count, text in texts.items():
        if len(parse(text).packages) != count:
            raise RuntimeError(f"{known.name}: not {count} packages")
    cost = {count: _least(partial(_read_anew, text), runs=4) / count for count, text in texts.items()}
    return Row(
        work=f"  {LARGE:,} packages, each",
        measured=f"{cost[LARGE] * 1e6:.0f} µs",
        against=f"{SMALL:,} packages, each {cost[SMALL] * 1e6:.0f} µs",
        ratio=cost[LARGE] / cost[SMALL],
        budget=LINEAR,
    )


def _read_anew(text: Text) -> None:
    """Read a lockfile as a process does that has read none."""
    plain._placed.cache_clear()  # noqa: SLF001 - nobody else wants to forget
    plain._read.cache_clear()  # noqa: SLF001 - as above
    parse(text)


def _least(work: Callable[[], object], *, runs: int) -> float:
    """Return the processor's seconds of the best of several runs: others may keep the machine busy."""
    durations = []
    for _ in range(runs):
        gc.collect()
        started = time.process_time()
        work()
        durations.append(time.process_time() - started)
    return min(durations)


def _uv(count: int) -> str:
    return 'version = 1\nrequires-python = ">=3.11"\n' + "".join(
        f'\n[[package]]\nname = "made-{number}"\nversion = "1.{number}"\n'
        'source = { registry = "https://pypi.test/simple" }\nwheels = [\n'
        f'    {{ url = "https://files.pypi.test/made_{number}-1.{number}-py3-none-any.whl",'
        f' hash = "sha256:{A}{number:04x}", size = 1 }},\n]\n'
        for number in range(count)
    )


def _poetry(count: int) -> str:
    entries = "".join(
        f'[[package]]\nname = "made-{number}"\nversion = "1.{number}"\noptional = false\nfiles = [\n'
        f'    {{file = "made_{number}-1.{number}-py3-none-any.whl", hash = "sha256:{A}{number:04x}"}},\n]\n\n'
        for number in range(count)
    )
    return f'{entries}[metadata]\nlock-version = "2.1"\ncontent-hash = "0"\n'


def _pdm(count: int) -> str:
    return '[metadata]\nlock_version = "4.5.0"\n' + "".join(
        f'\n[[package]]\nname = "made-{number}"\nversion = "1.{number}"\ngroups = ["default"]\nfiles = [\n'
        f'    {{file = "made_{number}-1.{number}-py3-none-any.whl", hash = "sha256:{A}{number:04x}"}},\n]\n'
        for number in range(count)
    )


def _pylock(count: int) -> str:
    return 'lock-version = "1.0"\ncreated-by = "uv"\n' + "".join(
        f'\n[[packages]]\nname = "made-{number}"\nversion = "1.{number}"\nindex = "https://pypi.test/simple"\n'
        f'wheels = [{{ url = "https://files.pypi.test/made_{number}-1.{number}-py3-none-any.whl",'
        f' hashes = {{ sha256 = "{A}{number:04x}" }} }}]\n'
        for number in range(count)
    )


def _pipfile(count: int) -> str:
    entries = {
        f"made-{number}": {
            "hashes": [f"sha256:{A}{number:04x}", f"sha256:{B}{number:04x}"],
            "index": "pypi",
            "markers": "python_version >= '3.11'",
            "version": f"==1.{number}",
        }
        for number in range(count)
    }
    sources = [{"name": "pypi", "url": "https://pypi.test/simple", "verify_ssl": True}]
    return json.dumps({"_meta": {"sources": sources}, "default": entries, "develop": {}}, indent=4)


def _pixi(count: int) -> str:
    urls = [f"https://files.pypi.test/made_{number}-1.{number}-py3-none-any.whl" for number in range(count)]
    asked = "".join(f"      - pypi: {url}\n" for url in urls)
    return (
        "version: 6\nenvironments:\n  default:\n    channels: []\n    packages:\n      linux-64:\n"
        f"{asked}packages:\n"
    ) + "".join(
        f"- pypi: {url}\n  name: made-{number}\n  version: '1.{number}'\n  sha256: {A}{number:04x}\n"
        for number, url in enumerate(urls)
    )


def _conda_lock(count: int) -> str:
    return "version: 1\nmetadata: {}\npackage:\n" + "".join(
        f"- name: made-{number}\n  version: '1.{number}'\n  manager: pip\n  platform: linux-64\n"
        f"  url: https://files.pypi.test/made_{number}-1.{number}-py3-none-any.whl\n"
        f"  hash:\n    sha256: {A}{number:04x}\n"
        for number in range(count)
    )


def _requirements(count: int) -> str:
    return "".join(
        f"made-{number}==1.{number} \\\n    --hash=sha256:{A}{number:04x} \\\n"
        f"    --hash=sha256:{B}{number:04x}\n"
        for number in range(count)
    )


def _load_yaml(text: str) -> object:
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def _requirements_bare(text: str) -> object:
    """Read the pins alone, by PEP 508: what any reader of requirements has to do."""
    pins = (line.partition("\\")[0].partition("--")[0].strip() for line in text.split("\n"))
    return [Requirement(pin) for pin in pins if pin and pin[0].isalnum() and "==" in pin]


FORMATS = (
    MeasuredFormat(name="uv.lock", folder="uv", made=_uv, bare=tomli.loads, parser="tomli"),
    MeasuredFormat(name="poetry.lock", folder="poetry", made=_poetry, bare=tomli.loads, parser="tomli"),
    MeasuredFormat(name="pdm.lock", folder="pdm", made=_pdm, bare=tomli.loads, parser="tomli"),
    MeasuredFormat(name="pylock.toml", folder="pylock", made=_pylock, bare=tomli.loads, parser="tomli"),
    MeasuredFormat(name="Pipfile.lock", folder="pipfile", made=_pipfile, bare=json.loads, parser="json"),
    MeasuredFormat(name="pixi.lock", folder="pixi", made=_pixi, bare=_load_yaml, parser="libyaml"),
    MeasuredFormat(
        name="conda-lock.yml", folder="conda-lock", made=_conda_lock, bare=_load_yaml, parser="libyaml"
    ),
    MeasuredFormat(
        name="requirements.txt", folder="requirements", made=_requirements, bare=_requirements_bare,
        parser="PEP 508 of its pins",
    ),
)  # fmt: skip

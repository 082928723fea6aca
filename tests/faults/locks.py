"""A lock of each format that holds one package, for the fault matrix: looked up, taken by its URL, or direct.

The matrix walks over the registry of formats, so that a format without a sample here is an error, not a gap.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fallback_review.lockfiles import FORMATS, Text

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = "1.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What a lock says of its only package."""

    name: str
    url: str
    """Where the file lies."""
    sha256: str
    index: str | None
    """The index that the lock names; None leaves it out, where the format allows that."""

    @property
    def file(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """How a format holds a package in one way; `{name}`, `{url}`, `{file}`, `{sha256}` and `{index}` are the pin's."""

    format: str
    template: str
    path: str = ""
    """The lock's path, where the format's name is none."""
    locks_url: bool = False
    """Whether the installer takes the file's URL from the lock and asks no index."""
    direct: bool = False
    """Whether the entry goes past every index."""
    source: str = ""
    """What the template's `{source}` holds where the lock names an index."""

    @property
    def kind(self) -> str:
        """In which of the three ways it holds the package."""
        return (
            "direct reference" if self.direct else "lock of URLs" if self.locks_url else "lock without URLs"
        )

    def text(self, pin: Pin) -> Text:
        """Return the lock."""
        values = {
            "name": pin.name,
            "url": pin.url,
            "file": pin.file,
            "sha256": pin.sha256,
            "index": pin.index or "",
        }
        text = self.template.replace("<source>", self.source if pin.index else "")
        for key, value in values.items():
            text = text.replace(f"<{key}>", value)
        return Text(path=self.path or self.format, text=text)


_UV = 'version = 1\nrequires-python = ">=3.12"\n\n[[package]]\nname = "<name>"\nversion = "1.0"\n'
_POETRY = (
    '[[package]]\nname = "<name>"\nversion = "1.0"\noptional = false\npython-versions = "*"\ngroups = ["main"]\n'
    'files = [{file = "<file>", hash = "sha256:<sha256>"}]\n<source>\n'
    '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.12"\ncontent-hash = "0"\n'
)
_PDM = (
    '[metadata]\ngroups = ["default"]\nstrategy = [<strategy>]\nlock_version = "4.5.0"\ncontent_hash = "sha256:0"\n\n'
    '[[metadata.targets]]\nrequires_python = ">=3.12"\n\n'
    '[[package]]\nname = "<name>"\nversion = "1.0"\nsummary = ""\ngroups = ["default"]\n'
)
_PYLOCK = 'lock-version = "1.0"\ncreated-by = "any"\n\n[[packages]]\nname = "<name>"\nversion = "1.0"\n'
_PIXI = (
    "version: 6\nenvironments:\n  default:\n    channels:\n    - url: https://conda.test/forge/\n"
    "    packages:\n      linux-64:\n      - pypi: <url>\n      linux-aarch64:\n      - pypi: <url>\n"
    "packages:\n- pypi: <url>\n  name: <name>\n  version: '1.0'\n  sha256: <sha256>\n"
)
_CONDA_LOCK_ROW = (
    "- name: <name>\n  version: '1.0'\n  manager: pip\n  platform: {platform}\n  dependencies: {{}}\n"
    "  url: <url>\n  hash:\n    sha256: <sha256>\n  category: main\n  optional: false\n"
)
_CONDA_LOCK = (
    "version: 1\nmetadata:\n  content_hash: {}\n  channels: []\n  platforms:\n  - linux-64\n  - linux-aarch64\n"
    "  sources: []\npackage:\n"
    + "".join(_CONDA_LOCK_ROW.format(platform=each) for each in ("linux-64", "linux-aarch64"))
)


def _pipfile(entry: dict[str, object]) -> str:
    meta = {"hash": {"sha256": "0"}, "pipfile-spec": 6, "requires": {}, "sources": ["<source>"]}
    lock = {"_meta": meta, "default": {"<name>": entry}, "develop": {}}
    return json.dumps(lock, indent=4).replace('"<source>"', "<source>")


SAMPLES: tuple[Sample, ...] = (
    Sample(
        format="uv.lock",
        template=_UV
        + 'source = { registry = "<index>" }\nwheels = [{ url = "<url>", hash = "sha256:<sha256>" }]\n',
        locks_url=True,
    ),
    Sample(
        format="uv.lock",
        template=_UV + 'source = { url = "<url>" }\nwheels = [{ url = "<url>", hash = "sha256:<sha256>" }]\n',
        direct=True,
    ),
    Sample(
        format="poetry.lock",
        template=_POETRY,
        source='\n[package.source]\ntype = "legacy"\nurl = "<index>"\nreference = "named"\n',
    ),
    Sample(
        format="poetry.lock",
        template=_POETRY.replace("<source>", '\n[package.source]\ntype = "url"\nurl = "<url>"\n'),
        direct=True,
    ),
    Sample(
        format="pdm.lock",
        template=_PDM.replace("<strategy>", '"inherit_metadata"')
        + 'files = [{file = "<file>", hash = "sha256:<sha256>"}]\n',
    ),
    Sample(
        format="pdm.lock",
        template=_PDM.replace("<strategy>", '"static_urls"')
        + 'files = [{url = "<url>", hash = "sha256:<sha256>"}]\n',
        locks_url=True,
    ),
    Sample(
        format="pdm.lock",
        template=_PDM.replace("<strategy>", '"inherit_metadata"')
        + 'url = "<url>"\nfiles = [{url = "<url>", hash = "sha256:<sha256>"}]\n',
        direct=True,
    ),
    Sample(
        format="pylock.toml",
        template=_PYLOCK
        + 'index = "<index>"\nwheels = [{ name = "<file>", url = "<url>", hashes = { sha256 = "<sha256>" } }]\n',
        locks_url=True,
    ),
    Sample(
        format="pylock.toml",
        template=_PYLOCK + 'archive = { url = "<url>", hashes = { sha256 = "<sha256>" } }\n',
        direct=True,
    ),
    Sample(
        format="Pipfile.lock",
        template=_pipfile({"hashes": ["sha256:<sha256>"], "version": "==1.0"}),
        source='{"name": "named", "url": "<index>", "verify_ssl": true}',
    ),
    Sample(
        format="Pipfile.lock",
        template=_pipfile({"hashes": ["sha256:<sha256>"], "file": "<url>"}),
        direct=True,
    ),
    Sample(format="pixi.lock", template=_PIXI, locks_url=True),
    Sample(format="conda-lock.yml", template=_CONDA_LOCK, locks_url=True),
    Sample(format="requirements.txt", template="<name>==1.0 --hash=sha256:<sha256>\n"),
    Sample(format="requirements.txt", template="<name> @ <url> --hash=sha256:<sha256>\n", direct=True),
)


def samples() -> Iterator[Sample]:
    """Yield every way in which every format of the registry holds a package.

    Raises:
        LookupError: a format has no sample, or one that locks URLs has none that does.
    """
    for known in FORMATS.values():
        own = [sample for sample in SAMPLES if sample.format == known.name]
        if not any(not sample.direct and sample.locks_url >= known.locks_urls for sample in own):
            raise LookupError(
                f"the fault matrix needs a sample of {known.name}: write one in tests/faults/locks.py"
            )
        yield from own

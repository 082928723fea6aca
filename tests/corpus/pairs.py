"""The real lockfile pairs with independent answers, as the product takes them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from fallback_review.lockfiles import Text, decode
from fallback_review.lockfiles.text import nothing_beside
from tests.conftest import SHARED

CORPUS = SHARED / "corpus"


@dataclass(frozen=True)
class Pair:
    """One pair: a commit's lockfile against its first parent's."""

    folder: Path

    @property
    def name(self) -> str:
        return f"{self.folder.parent.name}/{self.folder.name}"

    @cached_property
    def meta(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "meta.json").read_text(encoding="utf-8")))

    @cached_property
    def expected(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "expected.json").read_text(encoding="utf-8")))

    def file(self, side: str) -> Path | None:
        """The file of ``base`` or ``head``; None where that side has none."""
        found = sorted(self.folder.glob(f"{side}.*"))
        return found[0] if found else None

    def text(self, side: str, *, with_tree: bool = False) -> Text | None:
        """One side under its path in its repository, with the files beside it on request."""
        file = self.file(side)
        if file is None:
            return None
        path = self.meta[f"{side}_path"]
        tree = self.folder / f"tree_{side}"

        def read(beside: str) -> str | None:
            there = tree / PurePosixPath(beside)
            return decode(beside, there.read_bytes()) if there.is_file() else None

        return Text(
            path=path, text=decode(path, file.read_bytes()), read=read if with_tree else nothing_beside
        )


def pairs() -> list[Pair]:
    """Every pair, in a stable order; none where the corpus is not on this machine."""
    return [Pair(found.parent) for found in sorted(CORPUS.glob("*/*/expected.json"))]

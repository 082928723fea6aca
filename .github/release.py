"""What a release needs: ``version``, ``follows`` (reads tags), ``notes``, ``pin IMAGE DIGEST``."""

# ruff: noqa: INP001 - a script of the release workflow, not a module

from __future__ import annotations

import re
import sys
from pathlib import Path

VERSION = re.compile(r'^__version__ = "([0-9]+\.[0-9]+\.[0-9]+)"$', re.MULTILINE)
TAG = re.compile(r"v([0-9]+)\.([0-9]+)\.([0-9]+)")
IMAGE = re.compile(r"[a-z0-9.-]+(/[a-z0-9._-]+)+")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def version(root: Path) -> str:
    """Return the version that the source names."""
    found = VERSION.search((root / "src/fallback_review/__init__.py").read_text("utf-8"))
    if not found:
        sys.exit("src/fallback_review/__init__.py: no __version__ of the form X.Y.Z")
    return found[1]


def follows(root: Path, tags: str) -> None:
    """Refuse a version that is not above every released one: its major tag would go back."""
    ours = version(root)
    released = (found.groups() for found in map(TAG.fullmatch, tags.split()) if found)
    newest = max((tuple(map(int, numbers)) for numbers in released), default=())
    if newest >= tuple(map(int, ours.split("."))):
        out = ".".join(map(str, newest))
        sys.exit(
            f"src/fallback_review/__init__.py: {out} is out, and {ours} is not above it: raise __version__"
        )


def notes(root: Path) -> str:
    """Return the changelog's section of that version, without its heading."""
    heading = rf"^## {re.escape(version(root))}(?: [^\n]*)?\n"
    changelog = (root / "CHANGELOG.md").read_text("utf-8")
    found = re.search(heading + r"(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if not found or not found[1].strip():
        sys.exit(f"CHANGELOG.md: nothing under '## {version(root)}'")
    return found[1].strip() + "\n"


def pin(root: Path, image: str, digest: str) -> None:
    """Let action.yml run a released image instead of building the Dockerfile."""
    if not IMAGE.fullmatch(image) or not DIGEST.fullmatch(digest):
        sys.exit(f"not an image and its digest: {image} {digest}")
    file = root / "action.yml"
    text, times = re.subn(
        r"^  image: Dockerfile$",
        f"  image: docker://{image}@{digest}",
        file.read_text("utf-8"),
        flags=re.MULTILINE,
    )
    if times != 1:
        sys.exit("action.yml: no line 'image: Dockerfile' to replace")
    file.write_text(text, "utf-8")


def main(arguments: list[str]) -> None:
    """Do what the workflow asks for, in the current folder."""
    match arguments:
        case ["version"]:
            sys.stdout.write(version(Path.cwd()) + "\n")
        case ["follows"]:
            follows(Path.cwd(), sys.stdin.read())
        case ["notes"]:
            sys.stdout.write(notes(Path.cwd()))
        case ["pin", image, digest]:
            pin(Path.cwd(), image, digest)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])

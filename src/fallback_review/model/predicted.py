"""What will be installed on a target."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model.indexed import Cause, Outcome


class Target(Struct, frozen=True, kw_only=True):
    """An environment that will install: Python version, platform, architecture, C library."""

    python: str
    """Major and minor, for example ``3.12``, or a micro version, ``3.12.4``; ``3.13t`` is free-threaded."""
    platform: str
    """``linux``, ``musllinux``, ``macos`` or ``windows``."""
    arch: str
    """``x86_64`` or ``aarch64`` (macOS ``arm64``, Windows ``amd64``)."""
    glibc: str = "2.39"
    """The C library's version on Linux (musl's on musllinux), the macOS version on macOS."""
    informational: bool = False
    """Shown, but never what decides the conclusion."""

    @property
    def label(self) -> str:
        """For example ``py3.12 linux-x86_64``."""
        return f"py{self.python} {self.platform}-{self.arch}"


class EvidenceKind(StrEnum):
    """What sort of fact an evidence is."""

    LISTED = "listed"
    """An index lists these bytes on its page, at its own address."""
    NOT_LISTED = "not-listed"
    """An index answered, and does not list the file."""
    SAME_BYTES = "same-bytes"
    """PyPI lists the same bytes as another index."""
    LISTED_OTHERWISE = "listed-otherwise"
    """An index lists the file with another sha256 than the lock allows."""
    REDIRECTED = "redirected"
    """The page came from another address than the index's."""
    FILE_HOST = "file-host"
    """Whose the host of the file's URL is."""
    LOCKED = "locked"
    """What the lock names: a URL, hashes, a source."""
    BLOCKED = "blocked"
    """An index refuses to serve the package."""
    UNANSWERED = "unanswered"
    """An index could not be asked, or was not."""
    CONFIGURED = "configured"
    """What the installer's configuration or the settings say."""
    CHOSEN = "chosen"
    """Something about the file that the installer chooses."""


class Evidence(Struct, frozen=True):
    """One fact behind an outcome."""

    kind: EvidenceKind
    said: str
    """What was seen, as one clause for people; text of a lockfile may be in it."""
    where: str = ""
    """The index's address, the host or the file that it was seen at."""


class AssumptionKind(StrEnum):
    """What a verdict takes for granted."""

    LAYOUT = "layout"
    TIER = "tier"
    INSTALLER_VERSION = "installer-version"
    PYTHON = "python"
    CONFIGURATION = "configuration"


class Assumption(Struct, frozen=True):
    """What a verdict takes for granted because nobody said it; a pass that rests on one is a warning."""

    kind: AssumptionKind
    said: str
    """One sentence for people: what is assumed, and which setting would say it."""


class Verdict(Struct, frozen=True, kw_only=True):
    """The prediction for one locked package on one target."""

    version: str | None
    target: str
    """The target's label."""
    outcome: Outcome
    cause: Cause | None = None
    reason: str | None = None
    """A detail of the cause: the policy's reason of BLOCKED, the installer's failure of INSTALL_FAILS."""
    file: str | None = None
    url_host: str | None = None
    evidence: tuple[Evidence, ...] = ()
    """Strongest first; contradictions are among them."""
    assumptions: tuple[Assumption, ...] = ()
    informational: bool = False
    otherwise: Verdict | None = None
    """What it would be if the lock were as new as its project; None where the lock is."""


def deciding(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the verdict that decides for a change: the worst one, of the targets that are not informational.

    Where all targets are informational, it is the worst of those; None where there is no verdict.
    """
    every = tuple(verdicts)
    counting = [verdict for verdict in every if not verdict.informational] or every
    return min(counting, key=lambda verdict: verdict.outcome.rank, default=None)


class Advice(Struct, frozen=True, kw_only=True):
    """One concrete next step."""

    text: str
    command: str | None = None
    """Copy-paste, where there is one."""

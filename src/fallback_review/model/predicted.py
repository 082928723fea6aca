"""What will be installed on a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fallback_review.model.indexed import Cause, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
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
    evidence: tuple[str, ...] = ()
    """Sentences, strongest first; contradictions are among them."""
    informational: bool = False


def deciding(verdicts: Iterable[Verdict]) -> Verdict | None:
    """Return the verdict that decides for a change: the worst one, of the targets that are not informational.

    Where all targets are informational, it is the worst of those; None where there is no verdict.
    """
    every = tuple(verdicts)
    counting = [verdict for verdict in every if not verdict.informational] or every
    return min(counting, key=lambda verdict: verdict.outcome.rank, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """One concrete next step."""

    text: str
    command: str | None = None
    """Copy-paste, where there is one."""

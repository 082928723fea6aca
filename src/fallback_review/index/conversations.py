"""What a client says to a server, without saying how it gets there.

A conversation is a generator: it says what to send, is given what came, and returns what became of it.
`transfers` holds many of them at once.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, TypeVar

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from fallback_review.index.deadline import Question
    from fallback_review.index.routes import Route

Value = TypeVar("Value")

MEGABYTE = 1024 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Exchange(Struct, frozen=True, kw_only=True):
    """A GET that is to be sent."""

    url: str
    """An http or https URL of ASCII characters, without user name and password."""
    headers: Mapping[str, str]
    route: Route
    connect: float
    """Seconds for a connection."""
    silence: float
    """Seconds without a byte."""
    question: Question
    """The time for this and all else of the same conversation."""
    most_bytes: int
    """Of a good answer, counted after decompression while it arrives."""
    into: IO[bytes] | None
    """Where a good answer's body goes, instead of into memory."""


class Pause(Struct, frozen=True):
    """A conversation waits before it goes on."""

    seconds: float
    question: Question


class Response(Struct, frozen=True, kw_only=True):
    """An answer. A redirect is one too; only of success is the whole body read."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case; what was told several times is joined by commas (RFC 9110, 5.3)."""
    body: bytes
    """Unpacked."""
    delimited: bool
    """Whether HTTP itself shows that the body is complete (a length or chunks)."""
    retry_after: int
    """Seconds, of Retry-After (a number or a date); 0 where nothing legible is told."""

    @property
    def location(self) -> str | None:
        """Where a redirect leads; None for another answer. Raises `ValueError` for one in no UTF-8."""
        target = self.headers.get("location") if self.status in _REDIRECTS else None
        return target and target.encode("latin-1").decode()


if TYPE_CHECKING:
    Conversation = Generator[Exchange | Pause, Response | None, Value]
    """Is given the answer to each exchange; `QuestionError` is thrown in where there is none."""

"""What went wrong on the way, in fixed words: an exception's own text may hold a URL with a password."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import urllib3.exceptions as wire

from fallback_review.model import Cause
from fallback_review.runtime.ca_bundle import VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_LINKS = 20


class QuestionError(Exception):
    """Why one question got no answer: the cause, words for people, and whether asking again may help."""

    def __init__(self, words: str, *, cause: Cause = Cause.UNREACHABLE, passing: bool = False) -> None:
        super().__init__(words)
        self.words = words
        self.cause = cause
        self.passing = passing


class PageError(Exception):
    """An answer that is not the project detail that was asked for: says why, as a clause."""


class RefusedPageError(PageError):
    """A page at which some installer stops (measured with pip and uv): it installs nothing then."""


def check_version(version: str) -> None:
    """Accept every repository version 1.x, as PEP 629 asks; raise `PageError` for others."""
    if version.partition(".")[0] != "1":
        raise PageError(
            f"speaks version {version[:20]!a} of the simple index protocol, and only 1 is understood"
        )


BUNDLE = f"the CA bundle that is configured (ca-bundle, {', '.join(VARIABLES[:-1])} or {VARIABLES[-1]})"

_CUT = "the connection was closed before the answer was complete"

# The first line that fits any exception of the chain says what it was, and whether it may pass.
_MEANINGS: tuple[tuple[type[BaseException], str, bool], ...] = (
    (wire.NameResolutionError, "a host name could not be resolved (DNS)", True),
    (wire.SSLError, "the TLS connection failed", False),
    (ssl.SSLError, "the TLS connection failed", False),
    (ConnectionRefusedError, "the connection was refused", True),
    (wire.NewConnectionError, "no connection could be made", True),
    (wire.ConnectTimeoutError, "no connection in time", True),
    (wire.ReadTimeoutError, "no answer in time", True),
    (wire.ProtocolError, _CUT, True),
    (ConnectionError, _CUT, True),
)


def question_error(error: Exception) -> QuestionError:
    """Return what an exception of urllib3 or of the system means.

    No text of the exception is repeated, save OpenSSL's words for the fault of a certificate.
    """
    chain = list(_chain(error))
    if any(isinstance(link, wire.DecodeError) for link in chain):
        return QuestionError("its compressed answer cannot be unpacked", cause=Cause.MALFORMED_INDEX)
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            return QuestionError(f"its TLS certificate is not trusted: {link.verify_message}")
    words, passing = _meaning(chain) or (f"the request failed ({type(error).__name__})", False)
    if any(isinstance(link, wire.ProxyError) for link in chain):
        words = f"through the proxy, {words}"
    return QuestionError(words, passing=passing)


def _meaning(chain: list[BaseException]) -> tuple[str, bool] | None:
    texts = [str(link) for link in chain if isinstance(link, OSError)]
    if any("407 Proxy Authentication Required" in text for text in texts):
        return "it wants credentials (407 Proxy Authentication Required)", False
    for kind, words, passing in _MEANINGS:
        if any(isinstance(link, kind) for link in chain):
            return words, passing
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Walk through causes, contexts and wrapped arguments: each library hides the first error elsewhere."""
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < _MOST_LINKS:
        link = waiting.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        inside = [*link.args, getattr(link, "reason", None), link.__cause__, link.__context__]
        waiting += [part for part in inside if isinstance(part, BaseException)]

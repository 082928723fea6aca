"""What went wrong on the way, in fixed words: an exception's own text may hold a URL with a password."""

from __future__ import annotations

import re
from errno import ECONNABORTED, ECONNREFUSED, ECONNRESET, EPIPE
from http import HTTPStatus

import pycurl

from fallback_review.model import Cause
from fallback_review.runtime.ca_bundle import VARIABLES


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

NOT_HTTP = "its answer is not valid HTTP"
_CUT = "the connection was closed before the answer was complete"

_TOO_LARGE = 100
"""libcurl's, of which pycurl has no name."""
# What a code of libcurl (libcurl-errors(3)) means, and whether it may pass.
_MEANINGS: dict[int, tuple[str, bool]] = {
    pycurl.E_COULDNT_RESOLVE_HOST: ("a host name could not be resolved (DNS)", True),
    pycurl.E_COULDNT_RESOLVE_PROXY: ("a host name could not be resolved (DNS)", True),
    pycurl.E_COULDNT_CONNECT: ("no connection could be made", True),
    pycurl.E_OPERATION_TIMEDOUT: ("no connection in time", True),
    pycurl.E_SSL_CONNECT_ERROR: ("the TLS connection failed", False),
    pycurl.E_URL_MALFORMAT: ("its address leads nowhere", False),
    _TOO_LARGE: ("its address or its headers are too long", False),
    pycurl.E_SSL_CACERT_BADFILE: (f"{BUNDLE} holds no usable certificate", False),
    pycurl.E_UNSUPPORTED_PROTOCOL: (NOT_HTTP, True),
    pycurl.E_FTP_WEIRD_SERVER_REPLY: (NOT_HTTP, True),
    pycurl.E_BAD_CONTENT_ENCODING: (NOT_HTTP, True),  # A transfer coding that nobody asked for.
    pycurl.E_GOT_NOTHING: (_CUT, True),
    pycurl.E_PARTIAL_FILE: (_CUT, True),
    pycurl.E_RECV_ERROR: (_CUT, True),
    pycurl.E_SEND_ERROR: (_CUT, True),
}
_RESET = frozenset({ECONNABORTED, ECONNRESET, EPIPE})
_ON_THE_WAY_THERE = frozenset(
    {pycurl.E_COULDNT_RESOLVE_PROXY, pycurl.E_COULDNT_CONNECT, pycurl.E_OPERATION_TIMEDOUT}
)
"""What concerns the proxy, where there is one."""
_FAULT_OF_A_CERTIFICATE = re.compile(r"SSL certificate [\w ]{1,40}: ([\w ,.'-]{1,120})", re.ASCII)
"""libcurl's words before OpenSSL's; what is wrong with the names of a certificate has other words."""


def transfer_error(code: int, text: str, *, errno: int, proxied: bool, tunnel: int) -> QuestionError:
    """Return what it means that a transfer failed.

    Nothing of libcurl's text is repeated, save OpenSSL's words for the fault of a certificate.

    Args:
        code: libcurl's.
        text: libcurl's words.
        errno: Of the system's last call for a connection.
        proxied: Whether the request went through a proxy.
        tunnel: The status of the proxy's answer to CONNECT; 0 where there was none.
    """
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        told = _FAULT_OF_A_CERTIFICATE.match(text)
        fault = told[1].strip() if told else "it is made for other host names"
        return QuestionError(f"its TLS certificate is not trusted: {fault}")
    if tunnel == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return QuestionError("through the proxy, it wants credentials (407 Proxy Authentication Required)")
    if tunnel >= HTTPStatus.MULTIPLE_CHOICES:
        return QuestionError(f"the proxy answered {tunnel} when it was asked to connect")
    if code == pycurl.E_SSL_CONNECT_ERROR and errno in _RESET:
        code = pycurl.E_RECV_ERROR
    words, passing = _MEANINGS.get(code, (f"the request failed (libcurl {code})", False))
    if code == pycurl.E_COULDNT_CONNECT and errno == ECONNREFUSED:
        words = "the connection was refused"
    if proxied and code in _ON_THE_WAY_THERE:
        words = f"through the proxy, {words}"
    return QuestionError(words, passing=passing)

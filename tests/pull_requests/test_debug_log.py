"""What is told of requests to whoever looks for a fault: never a query, and nothing that ends the run."""

from __future__ import annotations

import pytest

from fallback_review.pull_requests.debug_log import Debug
from fallback_review.runtime.request_logs import ANSWERED, FAILED, REQUEST_LOGS

HOST = ("https", "index.example", 443, "GET")


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        ("/simple/six/", "/simple/six/"),
        ("/files/x?X-Amz-Signature=SECRET", "/files/x"),
        ("//[x/y?SECRET", "//[x/y"),
        ("http://who:SECRET@api.example/repos?page=2", "/repos"),
    ],
)
def test_requests_are_told_by_their_paths(target: str, shown: str) -> None:
    told: list[str] = []
    debug = Debug(told.append)
    with debug.requests():
        for log in REQUEST_LOGS:
            log.debug(ANSWERED, *HOST, target, "HTTP/1.1", 200, 12)
            log.debug(FAILED, *HOST, target, "no answer in time")
            log.debug("Starting new HTTPS connection (%d): %s:%s", 1, "index.example", 443)
    lines = [line.partition(" s  ")[2] for line in told]
    assert lines == [
        *[
            f"GET https://index.example:443{shown} -> 200",
            f"GET https://index.example:443{shown} -> no answer in time",
        ]
        * len(REQUEST_LOGS),
        f"requests: {2 * len(REQUEST_LOGS)}",
    ]
    assert "SECRET" not in "".join(told)

"""Where each answer over HTTP is told of, for whoever looks for a fault.

A record's text is `ANSWERED`, its arguments are scheme, host, port, method, target, version, status and
length.
"""

from __future__ import annotations

import logging

ANSWERED = '%s://%s:%s "%s %s %s" %s %s'
"""urllib3's words: what shows its records shows ours."""
FAILED = '%s://%s:%s "%s %s" failed: %s'
"""Of requests to indexes that got no answer; the last argument says why, in words without credentials."""
INDEXES = logging.getLogger("fallback_review.requests")
"""Of indexes. GitHub's answers are told by urllib3, beside other things."""
REQUEST_LOGS = (INDEXES, logging.getLogger("urllib3.connectionpool"))

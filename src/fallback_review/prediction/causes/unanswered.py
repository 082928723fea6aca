"""Causes that lie with an index, or with the settings: what could not be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Advice, Cause
from fallback_review.prediction.causes.record import CauseRecord, Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.prediction.causes.record import Facts

_NEW_TOKEN = "chainctl auth pull-token create --repository=python"  # noqa: S105 - a command


def _of_the_index(problem: str) -> Callable[[Facts], str]:
    return lambda facts: f"{facts.silent}: {problem}" if facts.silent else problem


RECORDS = (
    CauseRecord(
        cause=Cause.UNAUTHORIZED,
        title="The index refuses the credentials",
        words=Words(
            why=_of_the_index("token missing or expired"),
            step=Advice(text="renew the token: it is missing or expired", command=_NEW_TOKEN),
        ),
    ),
    CauseRecord(
        cause=Cause.FORBIDDEN,
        title="The credentials may not read the index",
        words=Words(
            why=_of_the_index("access is not allowed"),
            step="check that the identity may pull Python libraries, and that its user name is complete",
        ),
    ),
    CauseRecord(
        cause=Cause.UNREACHABLE,
        title="The index could not be reached",
        words=Words(why=_of_the_index("the index could not be reached"), step="run the check again"),
    ),
    CauseRecord(
        cause=Cause.MALFORMED_INDEX,
        title="The index's answer could not be read",
        words=Words(
            why=_of_the_index("the index's answer could not be read"),
            step="check the index's address: what it answers can't be used",
        ),
    ),
    CauseRecord(
        cause=Cause.NOT_CONFIGURED,
        title="An index was not asked",
        words=Words(
            why="Chainguard's index was not asked: no credentials are set",
            step=Advice(
                text="make a token, and give its two values: as index-username and index-password, or as "
                "the variables that it comes in",
                command=_NEW_TOKEN,
            ),
        ),
        reasons={
            "layout": Words(
                why="the index layout is not known, and the answer hangs on it",
                step="say in the settings how the indexes are arranged: layout in [indexes]",
            ),
            "no-sha256": Words(
                why="the lock has no sha256 to compare with the indexes'",
                step="lock it again with sha256 hashes",
            ),
            "remediated": Words(
                why="a remediated version, and the remediated index was not asked",
                step="name the remediated index in the settings: remediated in [indexes]",
            ),
            "index": Words(
                why="the lockfile names another index too, which was not asked",
                step="lock with hashes, or name that index in the settings: own-hosts in [indexes]; if the "
                "package is meant to come from there, name that: private in [policy]",
            ),
            "unasked": Words(
                why="not found, and another index of yours was not asked",
                step="if it is meant to come from there, name it in the settings: private in [policy]",
            ),
            "hosts": Words(
                why="it is not known whose host its files lie on",
                step="name the host of its files in the settings: pypi-hosts or own-hosts in [indexes]",
            ),
        },
    ),
    CauseRecord(
        cause=Cause.MANAGER_FELL_THROUGH,
        title="The repository manager serves PyPI alone",
        words=Words(
            why="your index serves none of Chainguard's files: its Chainguard credentials may have expired",
            step="renew the repository manager's Chainguard credentials, then run the check again",
        ),
    ),
)

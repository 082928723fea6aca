"""Causes that lie with an index, or with the settings: what could not be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.model import Advice, Cause, EvidenceKind
from fallback_review.prediction.addresses import host
from fallback_review.prediction.causes.record import CauseRecord, Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from fallback_review.prediction.causes.record import Facts

_NEW_TOKEN = "chainctl auth pull-token create --repository=python"  # noqa: S105 - a command


def _where(facts: Facts) -> str:
    """Return the first index among the evidence that said nothing."""
    silent = (each.where for each in facts.verdict.evidence if each.kind is EvidenceKind.UNANSWERED)
    return next((host(where) or where for where in silent if where), "another index")


def _stray(facts: Facts) -> str:
    """Return the hosts that the evidence is about."""
    said = (
        each for each in facts.verdict.evidence if each.kind in (EvidenceKind.FILE_HOST, EvidenceKind.LOCKED)
    )
    hosts = dict.fromkeys(host(each.where) or each.where for each in said if each.where)
    return next(iter(hosts), facts.verdict.url_host or "it is not told")


def _odd(facts: Facts) -> str:
    """Return what the evidence says of the entry."""
    said = (each.said for each in facts.verdict.evidence if each.kind is EvidenceKind.UNANSWERED)
    return next(said, "it is unusual")


def _key(facts: Facts) -> str:
    """Return the first key that the evidence is about, with its place and effect."""
    said = (each.said for each in facts.verdict.evidence if each.kind is EvidenceKind.CONFIGURED)
    return next(said, "a key of the installer's configuration")


def _of_the_index(problem: str) -> Callable[[Facts], str]:
    return lambda facts: f"{facts.silent}: {problem}" if facts.silent else problem


RECORDS = (
    CauseRecord(
        cause=Cause.UNAUTHORIZED,
        title="The index refuses the credentials",
        meaning=(
            "The index answers 401: the token is missing, wrong or expired. Nothing is known about "
            "the packages. Make a new token and store its two values."
        ),
        words=Words(
            why=_of_the_index("token missing or expired"),
            step=Advice(text="make a new token: it is missing or expired", command=_NEW_TOKEN),
        ),
    ),
    CauseRecord(
        cause=Cause.FORBIDDEN,
        title="The credentials may not read the index",
        meaning=(
            "The index answers 403: the identity may not read it, or the user name is not complete. "
            "Nothing is known about the packages. Check the entitlement, and that a slash in a user "
            "name is written %2F in a URL."
        ),
        words=Words(
            why=_of_the_index("access is not allowed"),
            step="check that the identity may pull Python libraries, and that its user name is complete",
        ),
    ),
    CauseRecord(
        cause=Cause.UNREACHABLE,
        title="The index could not be reached",
        meaning=(
            "The index did not answer: a time-out, a refused connection, TLS, a proxy, or an error of "
            "its own. Nothing is known about the packages. Run the check again."
        ),
        words=Words(why=_of_the_index("the index could not be reached"), step="run the check again"),
    ),
    CauseRecord(
        cause=Cause.MALFORMED_INDEX,
        title="The index's answer could not be read",
        meaning=(
            "The answer is not a simple index page (PEP 503, PEP 691), or lacks what is needed to "
            "compare files. Check the address of the index."
        ),
        words=Words(
            why=_of_the_index("the index's answer could not be read"),
            step="check the index's address: what it answers can't be used",
        ),
        reasons={
            "entry": Words(
                why=lambda facts: f"installers do not read its entry on the page alike: {_odd(facts)}",
                step="tell whoever runs the index: the entry does not follow PEP 503 or PEP 691",
            ),
            "page": Words(
                why=lambda facts: f"the installer may stop at a page, and install nothing: {_odd(facts)}",
                step="tell whoever runs the index: the page does not follow PEP 503 or PEP 691",
            ),
        },
    ),
    CauseRecord(
        cause=Cause.NOT_CONFIGURED,
        title="An index was not asked",
        meaning=(
            "An index that decides the answer was not asked, because the settings or the credentials "
            "for it are missing. Nothing is known about the package. The finding names what is missing."
        ),
        words=Words(
            why="Chainguard's index was not asked: no credentials are set",
            step=Advice(
                text="make a token and set its two values as index-username and index-password, or as "
                "CHAINGUARD_PYTHON_IDENTITY_ID and CHAINGUARD_PYTHON_TOKEN",
                command=_NEW_TOKEN,
            ),
        ),
        reasons={
            "layout": Words(
                why="the answer depends on the index layout, which is not known",
                step="set layout in [indexes]: how the indexes are arranged",
            ),
            "no-sha256": Words(
                why="the lock has no sha256 to compare with the indexes'",
                step="lock this package again with sha256 hashes",
            ),
            "remediated": Words(
                why="a remediated version, and the remediated index was not asked",
                step="name the remediated index in the settings: remediated in [indexes]",
            ),
            "index": Words(
                why=lambda facts: f"it may come from {_where(facts)}, which was not asked",
                step="name that index in [indexes] of the settings, so that it is asked: further for one of "
                "Chainguard's, resolver for your own; if the package is your own, name that: private in "
                "[policy]",
            ),
            "own": Words(
                why="neither Chainguard nor PyPI has it, and your own index was not asked",
                step="name your index as resolver in [indexes], so that it is asked; if the package is your "
                "own, name it: private in [policy]",
            ),
            "manager": Words(
                why=lambda facts: (
                    f"the lock takes it from {facts.verdict.url_host or 'an index'}, which no setting names"
                ),
                step=lambda facts: Advice(
                    text=f"if {facts.verdict.url_host or 'it'} is your organisation's, name it in [indexes]: "
                    "the index's address as resolver, else its host and path in own-hosts"
                ),
            ),
            "new-host": Words(
                why=lambda facts: f"the lockfile takes nothing else from {facts.verdict.url_host} yet",
                step=lambda facts: Advice(
                    text=f"make sure that {facts.verdict.url_host} is yours; then name it in own-hosts in "
                    "[indexes], or allow the package"
                ),
            ),
            "machine": Words(
                why="it comes from a path on the machine that installs, which nobody sees from here",
                step="check what lies there where it is installed; then allow the package",
            ),
            "variable": Words(
                why="a variable of the environment decides where it comes from",
                step="write the address out instead of the variable, or allow the package",
            ),
            "key": Words(
                why=lambda facts: f"it depends on a key that is not predicted: {_key(facts)}",
                step="check what the installer takes, or remove the key: docs/prediction.md lists the keys "
                "that are predicted",
            ),
            "installer": Words(
                why=_key,
                step="say who installs it: installer in [indexes] of the settings",
            ),
            "outdated": Words(why=_key, step=lambda facts: facts.lock_again),
            "hosts": Words(
                why=lambda facts: f"no setting names the host of its files: {_stray(facts)}",
                step="name the host of its files in the settings: pypi-hosts or own-hosts in [indexes]",
            ),
        },
    ),
    CauseRecord(
        cause=Cause.MANAGER_FELL_THROUGH,
        title="The repository manager serves PyPI alone",
        meaning=(
            "Your repository manager's page lists none of Chainguard's files, although Chainguard has "
            "some: managers serve PyPI alone, without an error, once their own credentials for "
            "Chainguard have expired. Renew them."
        ),
        words=Words(
            why="your index serves none of Chainguard's files: its Chainguard credentials may have expired",
            step="renew the repository manager's Chainguard credentials, then run the check again",
        ),
    ),
)

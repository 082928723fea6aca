"""The GitHub Action: the event in, the review out, and the job's exit code as the gate.

Nothing of the pull request is checked out, built or run: lockfiles are read as data over the API. Settings
come from the base branch alone. Exit codes are those of the command line.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from fallback_review import access, review, settings
from fallback_review.authorities import trusted
from fallback_review.debugging import Debug
from fallback_review.delivering import Occasion, Workspace, deliver
from fallback_review.github import commands
from fallback_review.github.changed_lockfiles import PullRequestFiles
from fallback_review.github.client import Client
from fallback_review.github.errors import EventError, GitHubError, Trouble
from fallback_review.github.event import PullRequestEvent, PullRequestNumber, read_event
from fallback_review.github.prefetch import Wanted, prefetch
from fallback_review.github.pull_request import look_up
from fallback_review.head_and_base import compare, reader, worth_knowing
from fallback_review.index import Credentials
from fallback_review.inputs import Inputs, read_inputs, secrets_of
from fallback_review.model import Conclusion, Notice, Outcome, Review
from fallback_review.pairing import is_lockfile
from fallback_review.report.tally import tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.github.transport import Patience

EXIT_CODES = {Conclusion.PASS: 0, Conclusion.WARN: 0, Conclusion.FAIL: 1, Conclusion.UNKNOWN: 3}
USAGE_ERROR, COULD_NOT_CHECK = 2, 3
OUR_FAULT = (
    "Fallback Review stopped at a fault of its own, so nothing is known about this pull request. Please "
    "report it, with the log of a run that has debug logging on."
)


def main() -> None:
    """Run as the container's entry point."""
    sys.exit(run(os.environ, sys.stdout))


def run(environ: Mapping[str, str], log: TextIO, *, patience: Patience | None = None) -> int:
    """Review the pull request that the runner's environment tells of; return the exit code.

    Whatever stops the run is one error annotation, in words, and never an exit code of 0. `patience` is how
    long to put up with GitHub.
    """
    debug = Debug(environ, log)
    for secret in secrets_of(environ):
        _say(log, *commands.mask(secret))
    try:
        inputs = read_inputs(environ)
        with debug.requests(), trusted(inputs.ca_bundle, _workspace(environ)) as ca_bundle:
            return _run(_Run(inputs, environ, log, debug, ca_bundle, patience))
    except (settings.SettingsError, EventError) as error:
        return _stop(log, error, USAGE_ERROR)
    except GitHubError as error:
        return _stop(log, error, COULD_NOT_CHECK)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not pass for a verdict, nor print raw text
        debug.say(commands.inert(traceback.format_exc()))
        return _stop(log, f"{OUR_FAULT} {_where(error)}", COULD_NOT_CHECK)


@dataclass(frozen=True, slots=True)
class _Run:
    """What a run was started with."""

    inputs: Inputs
    environ: Mapping[str, str]
    log: TextIO
    debug: Debug
    ca_bundle: str | None
    patience: Patience | None


def _run(this: _Run) -> int:
    inputs, environ, debug = this.inputs, this.environ, this.debug
    asked = read_event(environ.get("GITHUB_EVENT_NAME", ""), _payload(inputs, environ), environ)
    place = asked.place
    with Client(
        inputs.github_token,
        api_url=place.api_url,
        graphql_url=place.graphql_url,
        ca_bundle=this.ca_bundle,
        patience=this.patience,
    ) as client:
        event = look_up(client, asked) if isinstance(asked, PullRequestNumber) else asked
        debug.say(f"{event.name} of {event.repository}: pull request {event.number}, head {event.head_sha}")
        files = PullRequestFiles(client, event)
        debug.say(f"merge base {files.comparison.merge_base}, files changed: {len(files.comparison.entries)}")
        known = prefetch(client, event, files.comparison.merge_base, worth_knowing(files, inputs.config))
        debug.say(
            f"read at once: {len(known)} files, {sum(each is not None for each in known.values())} there"
        )
        read = reader(files, known)
        configured = settings.parse(
            read(Wanted(side=None, path=inputs.config)) or b"", path=inputs.config, inputs=inputs.settings
        )
        changed = files.changed(lambda path: is_lockfile(path, configured.lockfiles))
        debug.say(f"lockfiles changed: {', '.join(file.path for file in changed) or 'none'}")
        compared, unreadable = compare(files, changed, read)
        secrets = _secrets(this)
        with access.open_indexes(configured.indexes, secrets) as ask:
            result = review.review(
                compared,
                configured,
                debug.telling(ask),
                today=datetime.now(UTC).date(),
                unreadable=unreadable,
            )
        result = replace(
            result,
            findings=(*result.findings, *_circumstances(event, secrets, result)),
            base=files.comparison.merge_base,
            head=event.head_sha,
            head_url=event.head_url,
            run_url=place.run_url,
        )
        occasion = Occasion(
            inputs=inputs,
            event=event,
            workspace=Workspace.of(environ),
            lines_shown={file.path: file.lines_shown for file in changed},
            save_a_request=len(changed) == 1 and files.heads_fetched == 1,
            log=this.log,
            debug=debug,
        )
        deliver(result, occasion, client)
    debug.say(f"conclusion: {result.conclusion.value}")
    return EXIT_CODES[result.conclusion]


def _payload(inputs: Inputs, environ: Mapping[str, str]) -> Mapping[str, object]:
    """Return the event's payload; the input `pull-request` stands in where a dispatch names no number."""
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        raise EventError("GITHUB_EVENT_PATH is not set: this runs as a step of a GitHub Actions job")
    try:
        payload = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise EventError(f"the event's payload can't be read: {error}") from None
    if not isinstance(payload, dict):
        raise EventError("the event's payload is not an object")
    if inputs.pull_request is not None:
        payload["inputs"] = {**(payload.get("inputs") or {}), "pull-request": str(inputs.pull_request)}
    return payload


def _workspace(environ: Mapping[str, str]) -> Path:
    return Path(environ.get("GITHUB_WORKSPACE", "."))


def _secrets(this: _Run) -> access.Secrets:
    inputs, explicit = this.inputs, None
    if inputs.index_password:
        explicit = Credentials(inputs.index_username or "_token", inputs.index_password)
    return access.Secrets(environ=this.environ, explicit=explicit, ca_bundle=this.ca_bundle)


def _circumstances(event: PullRequestEvent, secrets: access.Secrets, result: Review) -> tuple[Notice, ...]:
    """Say why credentials may be missing, where GitHub withholds them and something could not be checked."""
    given = secrets.explicit or secrets.environ.get("CHAINGUARD_PYTHON_TOKEN")
    if given or not tally(result).outcomes[Outcome.UNKNOWN]:
        return ()
    if event.is_dependabot:
        words = (
            "This run was started for Dependabot, which gets no secrets of Actions: add the index's "
            "credentials to the repository's Dependabot secrets."
        )
    elif event.is_fork and event.name == "pull_request":
        words = (
            "This pull request comes from a fork, which gets no secrets: run on pull_request_target instead. "
            "That is safe here, since nothing of the pull request is checked out or run."
        )
    else:
        return ()
    return (Notice(text=words),)


def _where(error: Exception) -> str:
    """Say what went wrong and where in our own code, without the error's text: it may quote a lockfile."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"({type(error).__name__} at {Path(last.filename).name}:{last.lineno})"


def _stop(log: TextIO, error: Exception | str, code: int) -> int:
    for line in str(error).splitlines():
        _say(log, commands.command("error", line, {"title": "Fallback Review"}))
    if isinstance(error, GitHubError) and error.trouble is Trouble.FORBIDDEN:
        _say(log, commands.inert("What could not be read could not be checked, so this is not a pass."))
    return code


def _say(log: TextIO, *lines: str) -> None:
    log.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()

"""The GitHub Action: the event in, the review out, and the job's exit code as the gate.

Nothing of the pull request is checked out, built or run: lockfiles are read as data over the API. Settings
come from the base branch alone. Exit codes are those of the command line.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import msgspec.structs

from fallback_review.action import workflow_commands
from fallback_review.action.activity import (
    AnswerComment,
    Event,
    LookAfterRepository,
    ReviewPullRequest,
    activity_of,
)
from fallback_review.action.cache import cache_folder
from fallback_review.action.inputs import read_inputs, secrets_of
from fallback_review.action.runner import Runner, leave
from fallback_review.github.errors import EventError, GitHubError, Trouble
from fallback_review.github.events import PullRequestNumber
from fallback_review.github.pull_requests import look_up_named
from fallback_review.installed.tree import TreeError
from fallback_review.lockfiles import LockfileError
from fallback_review.model import Conclusion
from fallback_review.pull_requests.debug_log import Debug
from fallback_review.pull_requests.deliver import deliver, never_silent
from fallback_review.pull_requests.mend import whole_patch
from fallback_review.pull_requests.review import review_pull_request
from fallback_review.pull_requests.run import Run
from fallback_review.report.words import CONCLUSION_ICONS
from fallback_review.runtime.connections import CertificateError, trusted
from fallback_review.runtime.memory import collect_rarely
from fallback_review.settings import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.action.activity import Activity
    from fallback_review.action.inputs import Inputs
    from fallback_review.github.client import Patience

USAGE_ERROR, COULD_NOT_CHECK = 2, Conclusion.UNKNOWN.exit_code
OUR_FAULT = (
    "Fallback Review stopped with an internal error, so nothing is known about this pull request. Please "
    "report it, with the log of a run that has debug logging on."
)
STOPPED = "The run was stopped before everything was checked, so this is not a pass: run the job again."
MOVED = (
    "The pull request has moved on: {}. Nothing was written, and this is not a pass: the run for its "
    "new state decides. If there is none, push a commit, or comment /fallback-review recheck."
)


def main() -> None:
    """Run as the container's entry point."""
    # Jobs are cancelled with these, and a container's first process ignores those that it does not handle.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    collect_rarely()
    sys.exit(run(os.environ, sys.stdout))


def run(environ: Mapping[str, str], log: TextIO, *, patience: Patience | None = None) -> int:
    """Do what the event asks for that the runner's environment tells of; return the exit code.

    Whatever stops the run is one error annotation, in words, and never an exit code of 0. `patience` is how
    long to put up with GitHub.
    """
    runner = Runner.of(environ, log)
    debug = Debug(runner.debug if runner.debugging else None)
    for secret in secrets_of(environ):
        runner.mask(secret)
    try:
        inputs = read_inputs(environ)
        with debug.requests(), trusted(inputs.ca_bundle, runner.workspace) as ca_bundle:
            this = Run(
                options=inputs.options,
                identity=inputs.identity,
                secrets=inputs.secrets(environ, ca_bundle),
                output=runner,
                debug=debug,
                workflow=environ.get("GITHUB_WORKFLOW_REF"),
                about_url=runner.about_url,
                ca_bundle=ca_bundle,
                patience=patience,
            )
            if "verify" in inputs.mode:
                from fallback_review.action.verify import verify_step  # noqa: PLC0415 - this mode alone

                return verify_step(_keeping(this, runner, inputs), runner, inputs, _event(environ))
            return _do(activity_of(_event(environ), inputs), this, runner, inputs)
    except (schema.SettingsError, CertificateError, EventError, TreeError, LockfileError) as error:
        return _stop(runner, error, USAGE_ERROR)
    except GitHubError as error:
        return _stop(runner, error, COULD_NOT_CHECK)
    except KeyboardInterrupt:
        return _stop(runner, STOPPED, COULD_NOT_CHECK)
    except Exception as error:  # noqa: BLE001 - a fault of ours must not pass for a verdict, nor print raw text
        debug.say(workflow_commands.inert(traceback.format_exc()))
        return _stop(runner, f"{OUR_FAULT} {_where(error)}", COULD_NOT_CHECK)


def _do(activity: Activity, this: Run, runner: Runner, inputs: Inputs) -> int:
    """Do it; what only the bot needs is imported for the bot alone."""
    this = _keeping(this, runner, inputs, bot=not isinstance(activity, ReviewPullRequest))
    match activity:
        case AnswerComment(event=event):
            from fallback_review.bot.answer import answer  # noqa: PLC0415 - as said above

            return answer(this, event)
        case LookAfterRepository(event=event, modes=modes):
            from fallback_review.bot.scheduled import look_after  # noqa: PLC0415 - as said above

            return look_after(this, event, modes)
    return _review(activity, this, runner, inputs)


def _keeping(this: Run, runner: Runner, inputs: Inputs, *, bot: bool = False) -> Run:
    """Let a run keep pages of the indexes where the inputs say."""
    cache = cache_folder(inputs.cache_dir, runner, bot=bot)
    secrets = msgspec.structs.replace(this.secrets, cache=cache)
    return dataclasses.replace(this, secrets=secrets)


def _review(activity: ReviewPullRequest, this: Run, runner: Runner, inputs: Inputs) -> int:
    asked = activity.asked
    with (
        this.connect(asked.urls, asked.repository, this.reviewing) as client,
        this.index_session() as index_session,
    ):
        event = look_up_named(client, asked) if isinstance(asked, PullRequestNumber) else asked
        with never_silent(this, client, event):
            reviewed = review_pull_request(this, client, event, index_session)
            delivered = deliver(this, client, event, reviewed)
            if delivered.moved:
                return _stop(runner, MOVED.format(delivered.moved), COULD_NOT_CHECK)
            unseen = reviewed.gathered.unseen
            leave(
                reviewed.review,
                runner,
                comment_url=delivered.comment_url,
                remarks=[unseen] if unseen else [],
                missed=delivered.missed(event),
                patch=whole_patch(reviewed.fixes),
                mended=[each.path for each in reviewed.fixes],
                annotations=inputs.annotations or not delivered.complete,
            )
    this.debug.say(f"conclusion: {reviewed.review.conclusion.value}")
    return reviewed.review.conclusion.exit_code


def _event(environ: Mapping[str, str]) -> Event:
    """Return the event as the runner hands it over; raises `EventError`."""
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        raise EventError("GITHUB_EVENT_PATH is not set: this runs as a step of a GitHub Actions job")
    try:
        payload = json.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise EventError(f"the event's payload can't be read: {error}") from None
    if not isinstance(payload, dict):
        raise EventError("the event's payload is not an object")
    return Event(name=environ.get("GITHUB_EVENT_NAME", ""), payload=payload, variables=environ)


def _where(error: Exception) -> str:
    """Say what went wrong and where in our own code, without the error's text: it may quote a lockfile."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"({type(error).__name__} at {Path(last.filename).name}:{last.lineno})"


def _stop(runner: Runner, error: Exception | str, code: int) -> int:
    runner.fail(*str(error).splitlines())
    if isinstance(error, GitHubError) and error.trouble is Trouble.FORBIDDEN:
        runner.say("What could not be read could not be checked, so this is not a pass.")
    runner.summarise(f"{CONCLUSION_ICONS[Conclusion.UNKNOWN]} Not checked", str(error).splitlines())
    # Later steps may run all the same (`continue-on-error`) and look at nothing but this.
    runner.set_outputs({"conclusion": Conclusion.UNKNOWN.value})
    return code


if __name__ == "__main__":
    main()

"""The GitHub Action: the event in, the review out, and the job's exit code as the gate.

Nothing of the pull request is checked out, built or run: lockfiles are read as data over the API. Settings
come from the base branch alone. Exit codes are those of the command line.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from fallback_review import access, review, settings
from fallback_review.delivering import Occasion, Workspace, deliver
from fallback_review.github import commands
from fallback_review.github.changed_lockfiles import PullRequestFiles, Side
from fallback_review.github.client import Client
from fallback_review.github.errors import EventError, GitHubError, Trouble
from fallback_review.github.event import PullRequestEvent, PullRequestNumber, read_event
from fallback_review.github.pull_request import look_up
from fallback_review.index import Credentials
from fallback_review.inputs import Inputs, read_inputs
from fallback_review.lockfiles import LockfileError, Text, decode
from fallback_review.model import Conclusion, Notice, Review
from fallback_review.pairing import ChangedFile, is_lockfile, pair
from fallback_review.surroundings import compare

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fallback_review.github.changed_lockfiles import ChangedFile as ChangedLockfile
    from fallback_review.surroundings import Compared

EXIT_CODES = {Conclusion.PASS: 0, Conclusion.WARN: 0, Conclusion.FAIL: 1, Conclusion.UNKNOWN: 3}
USAGE_ERROR, COULD_NOT_CHECK = 2, 3
TOO_MANY_FILES = (
    "the pull request changes more files than GitHub lists: lockfiles may be among those that were not seen; "
    "split it, or review it on your machine with fallback-review review"
)


def main() -> None:
    """Run as the container's entry point."""
    sys.exit(run(os.environ, sys.stdout))


def run(environ: Mapping[str, str], log: TextIO) -> int:
    """Review the pull request that the runner's environment tells of; return the exit code.

    Whatever stops the run is one error annotation, in words, and never an exit code of 0.
    """
    try:
        inputs = read_inputs(environ)
        for secret in (*inputs.secrets, environ.get("CHAINGUARD_PYTHON_TOKEN", "")):
            _say(log, *commands.mask(secret))
        return _run(inputs, environ, log)
    except (settings.SettingsError, EventError) as error:
        return _stop(log, error, USAGE_ERROR)
    except GitHubError as error:
        return _stop(log, error, COULD_NOT_CHECK)


def _run(inputs: Inputs, environ: Mapping[str, str], log: TextIO) -> int:
    asked = read_event(environ.get("GITHUB_EVENT_NAME", ""), _payload(inputs, environ), environ)
    place = asked.place
    with Client(
        inputs.github_token,
        api_url=place.api_url,
        graphql_url=place.graphql_url,
        ca_bundle=_ca_bundle(inputs, environ),
    ) as client:
        event = look_up(client, asked) if isinstance(asked, PullRequestNumber) else asked
        files = PullRequestFiles(client, event)
        configured = settings.parse(
            files.settings(inputs.config) or b"", path=inputs.config, inputs=inputs.settings
        )
        changed = files.changed(lambda path: is_lockfile(path, configured.lockfiles))
        compared, unreadable = _compare(files, changed)
        secrets = _secrets(inputs, environ)
        with access.open_indexes(configured.indexes, secrets) as ask:
            result = review.review(
                compared, configured, ask, today=datetime.now(UTC).date(), unreadable=unreadable
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
            log=log,
        )
        deliver(result, occasion, client)
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


def _compare(
    files: PullRequestFiles, changed: Sequence[ChangedLockfile]
) -> tuple[list[Compared], list[Notice]]:
    """Compare every lockfile that the pull request changes; one that can't be read is named."""
    base = {file.base_path: file.base_bytes for file in changed}
    head = {file.head_path: file.head_bytes for file in changed}
    unreadable = [Notice(path=file.path, text=file.problem) for file in changed if file.problem]
    if not files.comparison.complete:
        unreadable.append(Notice(text=TOO_MANY_FILES))
    unknown = {path for file in changed if file.problem for path in (file.base_path, file.head_path)}
    pairs = pair(
        (ChangedFile(base_path=file.base_path, head_path=file.head_path) for file in changed),
        lambda path: path not in unknown,
    )
    compared = []
    for file in pairs:
        try:
            compared.append(
                compare(
                    _text(files, Side.BASE, file.base_path, base.get(file.base_path)),
                    _text(files, Side.HEAD, file.head_path, head.get(file.head_path)),
                )
            )
        except LockfileError as error:
            unreadable.append(Notice(path=error.path, line=error.line, text=error.reason))
    return compared, unreadable


def _text(files: PullRequestFiles, side: Side, path: str | None, data: bytes | None) -> Text | None:
    if path is None or data is None:
        return None

    def read(other: str) -> str | None:
        beside = files.read(other, side)
        return None if beside is None else decode(other, beside)

    return Text(path=path, text=decode(path, data), read=read)


def _secrets(inputs: Inputs, environ: Mapping[str, str]) -> access.Secrets:
    explicit = None
    if inputs.index_password:
        explicit = Credentials(inputs.index_username or "_token", inputs.index_password)
    return access.Secrets(environ=environ, explicit=explicit, ca_bundle=_ca_bundle(inputs, environ))


def _ca_bundle(inputs: Inputs, environ: Mapping[str, str]) -> str | None:
    """Return the path of the organisation's certificates: relative to the workspace, if not absolute."""
    if inputs.ca_bundle is None:
        return None
    path = Path(environ.get("GITHUB_WORKSPACE", "."), inputs.ca_bundle)
    if not path.is_file():
        raise settings.SettingsError(f"input ca-bundle: there is no file {inputs.ca_bundle} in the workspace")
    return str(path)


def _circumstances(event: PullRequestEvent, secrets: access.Secrets, result: Review) -> tuple[Notice, ...]:
    """Say why credentials may be missing, where GitHub withholds them and something could not be checked."""
    given = secrets.explicit or secrets.environ.get("CHAINGUARD_PYTHON_TOKEN")
    if given or result.conclusion is not Conclusion.UNKNOWN:
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


def _stop(log: TextIO, error: Exception, code: int) -> int:
    for line in str(error).splitlines():
        _say(log, commands.command("error", line, {"title": "Fallback Review"}))
    if isinstance(error, GitHubError) and error.trouble is Trouble.FORBIDDEN:
        _say(log, commands.inert("What could not be read could not be checked, so this is not a pass."))
    return code


def _say(log: TextIO, *lines: str) -> None:
    log.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    main()

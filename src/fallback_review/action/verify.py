"""`mode: verify`: a step after the install that tells what is there, and whether the prediction held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fallback_review.action.runner import REPORT, SARIF, write_files
from fallback_review.github.branch_files import BranchFiles
from fallback_review.github.errors import EventError
from fallback_review.github.events import read_repository
from fallback_review.installed.judge import Verifying
from fallback_review.installed.places import place
from fallback_review.installed.sources import open_sources
from fallback_review.installed.tree import TreeError
from fallback_review.installed.verify import verify
from fallback_review.lockfiles import Text, decode
from fallback_review.report.verification import render
from fallback_review.report.verification.sections import headline, numbers, prediction
from fallback_review.settings import policy, schema

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fallback_review.action.activity import Event
    from fallback_review.action.inputs import Inputs
    from fallback_review.action.runner import Runner
    from fallback_review.model import Conclusion
    from fallback_review.model.installed import Verification
    from fallback_review.pull_requests.run import Run
    from fallback_review.settings.schema import Settings

_OF_PULL_REQUESTS = frozenset({"pull_request", "pull_request_target"})


def verify_step(run: Run, runner: Runner, inputs: Inputs, event: Event) -> int:
    """Verify what earlier steps left in the workspace; return the exit code.

    Nothing of it is run. Raises `TreeError`, `LockfileError`, `SettingsError` and `GitHubError`.
    """
    configured = _settings(run, runner, event)
    lock = _lock(runner.workspace, inputs.verify_lock)
    wanted = [place(runner.workspace / each) for each in inputs.verify_path]
    with open_sources(configured.indexes, run.secrets) as sources:
        this = Verifying(settings=configured, sources=sources, today=run.now.date(), here=False)
        found = [verify(each, this, lock) for each in wanted]
    return _told(found, runner).exit_code


def _told(found: Sequence[Verification], runner: Runner) -> Conclusion:
    conclusion = policy.conclude(each.conclusion for each in found)
    runner.fold("Fallback Review: what is installed", render(found, "terminal"))
    for each in found:
        icon, sentence = headline(each)
        line = f"{icon} {each.place}: {sentence}"
        (runner.notice if each.conclusion.exit_code == 0 else runner.fail)(line)
        if held := prediction(each):
            runner.notice(held)
    written, fault = write_files(
        {REPORT: render(found, "json"), SARIF: render(found, "sarif")}, runner.workspace
    )
    if fault:
        runner.warn(fault)
    if runner.summary:
        short = "".join(f"### {' '.join(headline(each))}\n\n{prediction(each)}\n" for each in found)
        runner.write_summary(render(found, "markdown"), shorter=short)
    counted = [numbers(each) for each in found]
    kept = sum(each.held for each in counted)
    runner.set_outputs(
        {
            "conclusion": conclusion.value,
            "chainguard-count": str(sum(each.ours for each in counted)),
            "prediction-held": f"{kept} of {sum(each.predicted for each in counted)}",
            "report": REPORT if written else "",
        }
    )
    return conclusion


def _settings(run: Run, runner: Runner, event: Event) -> Settings:
    """Read the settings: of a pull request, from its base branch alone; else from the workspace."""
    path = run.options.config
    if event.name not in _OF_PULL_REQUESTS:
        file = runner.workspace / path
        data = file.read_bytes() if file.is_file() else b""
        return schema.parse(data, path=path, inputs=run.options.overrides)
    about = read_repository(event.name, event.payload, event.variables)
    pull = event.payload.get("pull_request")
    base = pull.get("base") if isinstance(pull, dict) else None
    branch = base.get("ref") if isinstance(base, dict) else None
    if not isinstance(branch, str):
        raise EventError(f"the payload of {event.name} names no base branch")
    with run.connect(about.urls, about.repository, run.reviewing[:1]) as client:
        found = BranchFiles(client, about.repository, branch).read(path)
    return schema.parse(found or b"", path=path, inputs=run.options.overrides)


def _lock(workspace: Path, name: str | None) -> Text | None:
    if name is None:
        return None

    def read(other: str) -> str | None:
        file = (workspace / other).resolve()
        inside = file.is_relative_to(workspace.resolve()) and file.is_file()
        return decode(other, file.read_bytes()) if inside else None

    try:
        data = (workspace / name).read_bytes()
    except OSError as error:
        raise TreeError(f"verify-lock: {name}: {error.strerror}") from None
    return Text(path=name, text=decode(name, data), read=read)

"""The shape of the JSON report, version 2: fields may be added to it, never renamed or removed.

`json` writes it; the tests hold what is written to this.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from fallback_review.model import (
    AssumptionKind,
    ChangeKind,
    Conclusion,
    Ecosystem,
    EvidenceKind,
    Outcome,
    SourceKind,
)
from fallback_review.prediction import CAUSES


def _every_cause(schema: dict[str, Any]) -> None:
    schema["enum"] = [str(each) for each in CAUSES]


CauseName = Annotated[str, Field(json_schema_extra=_every_cause)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Counts(_Part):
    """How many changes there are; one name in two lockfiles counts twice."""

    changed: int = Field(description="Every change: index, local, direct, conda and removed.")
    judged: int = Field(description="Changes with an outcome, without the project's own packages.")
    fallback: int = Field(description="Judged changes that will come from PyPI, allowed ones included.")
    chainguard: int = Field(description="Built or remediated by Chainguard.")
    remediated: int
    upstream: int = Field(description="PyPI's own files, served through Chainguard.")
    direct: int
    private: int
    unknown: int = Field(description="Could not be checked: neither a fallback nor a pass.")
    install_fails: int
    allowed: int
    removed: int
    local: int
    conda: int
    metadata_only: int


class SourceRecord(_Part):
    """Where a lock says that an entry comes from."""

    kind: SourceKind
    value: str | None = Field(
        description="The index, repository or file URL, or the path, without credentials; "
        "null where not stated."
    )
    ref: str | None = Field(default=None, description="Absent where there is none.")
    commit: str | None = Field(default=None, description="Absent where there is none.")


class AdviceRecord(_Part):
    """One next step."""

    text: str
    command: str | None = Field(description="To be copied, where there is one.")


class AllowanceRecord(_Part):
    """The entry of the allow list that covers a change."""

    package: str
    reason: str
    owner: str | None
    expires: str | None


class EvidenceRecord(_Part):
    """One fact behind an outcome."""

    kind: EvidenceKind
    said: str
    where: str | None = Field(description="The address, host or file that it was seen at.")


class AssumptionRecord(_Part):
    """What a verdict takes for granted."""

    kind: AssumptionKind
    said: str


class VerdictRecord(_Part):
    """The prediction for one new entry on one target."""

    target: str
    version: str | None
    outcome: Outcome
    cause: CauseName | None
    reason: str | None
    file: str | None
    url_host: str | None
    evidence: list[EvidenceRecord] = Field(description="The facts behind the outcome, strongest first.")
    assumptions: list[AssumptionRecord] = Field(
        description="What it takes for granted, since nobody said it."
    )
    informational: bool = Field(description="Shown, but never what decides.")


class ChangeRecord(_Part):
    """What happened to one name in one lockfile."""

    name: str
    kind: ChangeKind
    ecosystem: Ecosystem
    local: bool
    before: list[str | None] = Field(
        description="One version text per distinct (version, source) at the base, oldest first; "
        "null where it has none."
    )
    after: list[str | None] = Field(description="The same at the head.")
    source_before: list[SourceRecord]
    source_after: list[SourceRecord]
    source_changed: bool
    hashes_added: int
    hashes_removed: int
    hosts_before: list[str]
    hosts_after: list[str]
    became_unhashed: bool
    line: int | None = Field(description="Of the first new entry at the head, from 1.")
    path: str | None = Field(description="The file of that line where it is not the lockfile itself.")
    outcome: Outcome | None = Field(
        description="The worst over the targets; null where there is nothing to install or judge."
    )
    cause: CauseName | None
    reason: str | None
    why: str
    advice: AdviceRecord | None
    conclusion: Conclusion
    allowance: AllowanceRecord | None
    note: str | None
    differs_on: list[str] = Field(description="Targets whose outcome is not the worst one.")
    verdicts: list[VerdictRecord]


class MetadataRecord(_Part):
    """An entry of which only fields that don't decide where it comes from changed."""

    name: str
    version: str | None
    source: SourceRecord
    fields: list[str]
    ecosystem: Ecosystem


class NoticeRecord(_Part):
    """Something that a person should know."""

    text: str
    path: str | None
    line: int | None


class TargetRecord(_Part):
    """An environment that will install."""

    label: str
    python: str
    platform: str
    arch: str
    glibc: str
    informational: bool


class LockfileRecord(_Part):
    """One lockfile."""

    path: str
    format: str
    base_path: str | None
    base_format: str | None
    installer: str
    layout: str
    targets: list[TargetRecord] = Field(
        description="Those that its changes were predicted for: a lock may be for some Python versions alone."
    )
    counts: Counts = Field(description="The report's counts, of this lockfile alone.")
    base_entries: int
    head_entries: int
    changes: list[ChangeRecord]
    metadata_only: list[MetadataRecord]
    header_changed: list[str]
    unnamed: list[NoticeRecord]
    notices: list[NoticeRecord]


class MissingRecord(_Part):
    """A package that Chainguard does not cover."""

    name: str
    versions: list[str]
    lockfiles: int = Field(description="How many of the report's lockfiles hold it.")


class Report(_Part):
    """The whole report."""

    model_config = ConfigDict(title="Fallback Review report")

    schema_version: Literal[2]
    conclusion: Conclusion
    scope: Literal["changes", "all"] = Field(
        description="`changes` between two sides, or `all` of one lockfile."
    )
    base: str | None
    head: str | None
    targets: list[TargetRecord]
    counts: Counts
    missing: list[MissingRecord] = Field(
        description="What Chainguard does not cover, the packages of most lockfiles first."
    )
    findings: list[NoticeRecord] = Field(description="What is wrong with the configuration itself.")
    unreadable: list[NoticeRecord] = Field(
        description="What could not be read or checked as a whole (a lockfile, an include, an index): "
        "then it is no pass."
    )
    lockfiles: list[LockfileRecord]

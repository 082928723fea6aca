"""The shape of a verification's JSON report, version 1: fields may be added, never renamed or removed."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from fallback_review.model import Conclusion, Outcome
from fallback_review.model.installed import Integrity, Origin, Proof
from fallback_review.report.json_schema import AllowanceRecord, NoticeRecord


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DeviationRecord(_Part):
    """One file that is not as its wheel has it."""

    path: str = Field(description="Below the place.")
    kind: Integrity
    detail: str


class PredictionRecord(_Part):
    """Whether the prediction from a lock held."""

    held: bool | None = Field(description="null where it could not be told.")
    predicted: Outcome | None
    why: str


class DistributionRecord(_Part):
    """One installed distribution, or one wheel."""

    name: str
    version: str | None
    place: str = Field(description="Its `.dist-info`, or its file, below the place.")
    origin: Origin
    integrity: Integrity
    proof: Proof
    why: str
    conclusion: Conclusion
    installer: str | None = Field(description="What INSTALLER says, which anybody can write.")
    file: str | None = Field(description="The wheel that explains it.")
    files: int = Field(description="Files compared.")
    deviations: list[DeviationRecord] = Field(description="The worst of them.")
    deviating: int = Field(description="How many there are.")
    bytecode_unchecked: int
    attestation: str | None
    linked: bool = Field(description="Whether it is the project's own, installed as a link to its folder.")
    malware: bool
    allowance: AllowanceRecord | None
    prediction: PredictionRecord | None
    line: int | None = Field(description="Of its entry in the lock.")


class PlaceCounts(_Part):
    """How many distributions there are of what."""

    distributions: int
    counted: int = Field(description="Without the system's own and links to the project's folder.")
    chainguard_unchanged: int
    wrong: int = Field(description="Mixed, changed, added to, or with other bytecode.")
    origins: dict[Origin, int]
    predicted: int = Field(description="Those that the lock brings and that are not here are among them.")
    held: int
    not_told: int


class PlaceRecord(_Part):
    """What one place holds."""

    place: str
    kind: Literal["environment", "wheels", "pip-report", "image"]
    conclusion: Conclusion
    target: str | None
    lockfile: str | None
    counts: PlaceCounts
    absent: list[str] = Field(description="Packages that installing the lock brings, and that are not here.")
    requests: int = Field(description="Questions for files of the indexes; pages are not counted.")
    received_bytes: int
    distributions: list[DistributionRecord]
    strays: list[DeviationRecord] = Field(
        description="Files beside the distributions that none of them explains."
    )
    startup: list[str] = Field(description="Files that Python runs at every start.")
    findings: list[NoticeRecord]
    unreadable: list[NoticeRecord]


class VerificationReport(_Part):
    """The whole report."""

    model_config = ConfigDict(title="Fallback Review verification")

    schema_version: Literal[1]
    places: list[PlaceRecord]

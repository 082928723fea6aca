"""The Action's inputs, as the runner hands them over: INPUT_ and the name in capitals, hyphens kept.

Source: https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax#inputs
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from fallback_review.github.marker import NAME
from fallback_review.index.credentials import Credentials
from fallback_review.index.open import Secrets
from fallback_review.pull_requests.run import Channels, CommentMode, RunOptions
from fallback_review.settings.schema import SETTINGS_PATH, SettingsError, kebab

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fallback_review.github.transport import AppKey


def _words(value: str) -> list[str]:
    """Split a list that people write with commas or line ends."""
    return [part.strip() for part in value.replace(",", "\n").splitlines() if part.strip()]


def _one_line(value: str) -> str:
    """Take a name as it is, unless a reader could not tell it from another."""
    if not value.isprintable() or " ".join(value.split()) != value:
        raise ValueError("give a name of one line, without invisible characters and with single spaces")
    return value


SECRET = (
    "INPUT_GITHUB-TOKEN",
    "INPUT_INDEX-PASSWORD",
    "INPUT_APP-PRIVATE-KEY",
    "CHAINGUARD_PYTHON_TOKEN",
)
"""The variables that hold secrets."""
Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Modes = Annotated[tuple[Literal["recheck", "drift", "verify"], ...], BeforeValidator(_words)]
"""What a run without a pull request is to do."""


class Inputs(BaseModel):
    """Every input of action.yml; an empty one counts as not given."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=kebab)

    github_token: str = ""
    name: Annotated[str, Field(max_length=100), AfterValidator(_one_line)] = NAME
    index_url: str | None = None
    index_username: str | None = None
    index_password: str | None = None
    resolver_index_url: str | None = None
    lockfiles: Words | None = None
    config: str = SETTINGS_PATH
    fail_on: Words | None = None
    on_unknown: str | None = None
    comment: CommentMode = "changes"
    review_comments: bool = False
    annotations: bool = True
    status: bool = False
    pull_request: int | None = None
    ca_bundle: str | None = None
    cache_dir: str | None = None
    mode: Modes = ()
    request_budget: Annotated[int, Field(ge=20)] = 300
    verify_path: Words = (".venv",)
    verify_lock: str | None = None
    app_id: str | None = None
    app_private_key: str | None = None

    @property
    def options(self) -> RunOptions:
        """What a run does, as the inputs say."""
        channels = Channels(comment=self.comment, review_comments=self.review_comments, status=self.status)
        return RunOptions(
            name=self.name,
            channels=channels,
            config=self.config,
            overrides=self._overrides,
            request_budget=self.request_budget,
        )

    @property
    def identity(self) -> str | AppKey:
        """The token, or the App's key in its place; raises `EventError` where it is no key."""
        if not self.app_id or not self.app_private_key:
            return self.github_token
        from fallback_review.github.app import app_key  # noqa: PLC0415 - it brings a cryptographic library

        return app_key(self.app_id, self.app_private_key)

    def secrets(self, environ: Mapping[str, str], ca_bundle: str | None) -> Secrets:
        """Return what the indexes are asked with."""
        explicit = None
        if self.index_password:
            explicit = Credentials(self.index_username or "_token", self.index_password)
        return Secrets(environ=environ, explicit=explicit, ca_bundle=ca_bundle)

    @property
    def _overrides(self) -> dict[tuple[str, str], Any]:
        return {
            ("indexes", "chainguard"): self.index_url,
            ("indexes", "resolver"): self.resolver_index_url,
            ("lockfiles", "include"): self._globs(leave_out=False),
            ("lockfiles", "exclude"): self._globs(leave_out=True),
            ("policy", "fail-on"): None if self.fail_on is None else list(self.fail_on),
            ("policy", "on-unknown"): self.on_unknown,
        }

    @model_validator(mode="after")
    def _whole_app(self) -> Self:
        if bool(self.app_id) != bool(self.app_private_key):
            raise ValueError("app-id and app-private-key belong together: give both or neither")
        return self

    def _globs(self, *, leave_out: bool) -> list[str] | None:
        """Return the globs to add, or those to leave out (written with a leading ``!``); None for none."""
        globs = [glob.removeprefix("!") for glob in self.lockfiles or () if glob.startswith("!") is leave_out]
        return globs or None


def secrets_of(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what must be starred out in every log, before anything else is said."""
    values = (environ.get(name, "").strip() for name in SECRET)
    return tuple(dict.fromkeys(value for value in values if value))


def read_inputs(environ: Mapping[str, str]) -> Inputs:
    """Read the inputs from the runner's environment.

    ``fail-on: none`` (or ``never``) stands for an empty list, since GitHub can't tell empty from not given.

    Raises:
        SettingsError: an input has a value that is not allowed; names the input and what is.
    """
    names = {field.alias or name for name, field in Inputs.model_fields.items()}
    given = {
        name: value.strip() for name in names if (value := environ.get(f"INPUT_{name.upper()}", "")).strip()
    }
    if given.get("fail-on", "").lower() in {"none", "never"}:
        given["fail-on"] = ","
    try:
        return Inputs.model_validate(given)
    except ValidationError as error:
        faults = (
            f"input {fault['loc'][0] if fault['loc'] else 'app-id'}: "
            f"{fault['msg'][:1].lower()}{fault['msg'][1:]}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError("\n".join(faults)) from None

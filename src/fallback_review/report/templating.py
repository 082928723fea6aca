"""The one Jinja2 environment: sandboxed, strict about undefined names, HTML pages escaped by default."""

from __future__ import annotations

from functools import cache

from jinja2 import PackageLoader, StrictUndefined, select_autoescape
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fallback_review.report.escape import code, inert


@cache
def environment() -> ImmutableSandboxedEnvironment:
    """Return the environment. Templates of Markdown pass every value through ``inert`` or ``code``."""
    made = ImmutableSandboxedEnvironment(
        loader=PackageLoader("fallback_review.report"),
        autoescape=select_autoescape(("html",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["inert"] = inert
    made.filters["code"] = code
    return made

"""The options that may stand in a requirements file, read with pip's own grammar.

pip reads them with `optparse`, abbreviations (``--requirem x``) and joined values (``-rx``) included, so this
module does the same with the same table. Source: pip's documentation, "Requirements File Format", "Supported
options" and "Per-requirement options".
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_QUOTED = 100_000
"""Options with quotes are split by `shlex`, a character at a time: longer ones are refused."""

MOST_WORDS = 5_000
"""`optparse` takes quadratic time over the words of a line (hashes alone are read without it)."""

_OPTIONS_START = re.compile(r"(?:^|(?<=\s))-")
_BLANKS = re.compile(r"[ \t\r\n]+")
_HASH = re.compile(r"--hash[= \t]+([A-Za-z0-9_]+:[0-9A-Fa-f]+)")

ONE_VALUE: Mapping[str, tuple[str, ...]] = {"index_url": ("-i", "--index-url", "--pypi-url")}
MANY_VALUES: Mapping[str, tuple[str, ...]] = {
    "extra_index_urls": ("--extra-index-url",),
    "find_links": ("-f", "--find-links"),
    "requirements": ("-r", "--requirement"),
    "constraints": ("-c", "--constraint"),
    "editables": ("-e", "--editable"),
    "hashes": ("--hash",),
    "config_settings": ("-C", "--config-settings", "--config-setting"),
    "trusted_hosts": ("--trusted-host",),
    "features_enabled": ("--use-feature",),
    # Older versions of pip, and files written for them.
    "global_options": ("--global-option",),
    "install_options": ("--install-option",),
}
SWITCHES: Mapping[str, tuple[str, ...]] = {
    "no_index": ("--no-index",),
    "prefer_binary": ("--prefer-binary",),
    "require_hashes": ("--require-hashes",),
    "no_require_hashes": ("--no-require-hashes",),
    "pre": ("--pre",),
}
EXCLUSIVE = ("--no-binary", "--only-binary", "--all-releases", "--only-final")


_SPELLINGS = {**ONE_VALUE, **MANY_VALUES, **SWITCHES}


class OptionsError(Exception):
    """Options that pip would refuse; the text says what about them."""


class LineOptions(Struct, frozen=True):
    """What one logical line holds beside a requirement."""

    values: dict[str, Any] = field(default_factory=dict)
    """pip's names (``index_url``, ``extra_index_urls``...) with a text, a list of texts or True."""
    exclusive: tuple[tuple[str, str], ...] = ()
    """Those of `EXCLUSIVE`, each with its value, in order: a later one takes names from its contrary."""
    ignored: tuple[str, ...] = ()
    """Words behind the options, which pip passes over without a word."""

    def first(self, name: str) -> str | None:
        """The first value of an option that may be repeated: pip uses no other on one line."""
        values = self.values.get(name)
        return str(values[0]) if values else None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of an option that may be repeated."""
        return tuple(self.values.get(name) or ())


def split_options(line: str) -> tuple[str, str]:
    """Split a logical line into its requirement and its options: they begin at the first word with a dash."""
    found = _OPTIONS_START.search(line)
    if found is None:
        return line, ""
    return line[: found.start()].rstrip(), line[found.start() :]


def parse_options(text: str) -> LineOptions:
    """Read the options part of a line.

    Raises:
        OptionsError: pip would refuse it.
    """
    if not text:
        return _NO_OPTIONS
    words = _words(text)
    if all(word.startswith("--hash=") for word in words):
        return LineOptions(values={"hashes": [word[len("--hash=") :] for word in words]})
    if len(words) > MOST_WORDS:
        raise OptionsError(f"more than {MOST_WORDS:,} words")
    from fallback_review.lockfiles.formats.requirements.option_parser import parse  # noqa: PLC0415 - most have hashes alone

    parsed, ignored = parse(words)
    values = {name: value for name, value in vars(parsed).items() if value and name != "exclusive"}
    return LineOptions(values=values, exclusive=tuple(parsed.exclusive), ignored=tuple(ignored))


def spelt_of(name: str) -> str:
    """Return how an option is written, by pip's name for it."""
    return next(flag for flag in _SPELLINGS[name] if flag.startswith("--"))


def salvaged_hashes(text: str) -> tuple[str, ...]:
    """Return the hashes that stand in options which could not be read as a whole."""
    return tuple(_HASH.findall(text))


def _words(text: str) -> list[str]:
    if not any(quote in text for quote in "'\"\\"):
        return [word for word in _BLANKS.split(text) if word]
    if len(text) > LONGEST_QUOTED:
        raise OptionsError("options of more than 100,000 characters")
    try:
        return shlex.split(text)
    except ValueError as error:
        raise OptionsError(f"{error}".lower().rstrip(".")) from error


_NO_OPTIONS = LineOptions()

"""pip's grammar of the options in a requirements file, for `optparse`, as pip has it."""

from __future__ import annotations

from optparse import OptionParser, Values
from typing import Any, NoReturn

from fallback_review.lockfiles.formats.requirements.options import (
    EXCLUSIVE,
    MANY_VALUES,
    ONE_VALUE,
    SWITCHES,
    OptionsError,
)


class _Parser(OptionParser):
    """`optparse` that raises instead of ending the process."""

    def error(self, msg: str) -> NoReturn:
        """Raise what pip's reader would report."""
        raise OptionsError(msg)


def _parser() -> OptionParser:
    parser = _Parser(add_help_option=False)
    for name, flags in ONE_VALUE.items():
        parser.add_option(*flags, dest=name)
    for name, flags in MANY_VALUES.items():
        parser.add_option(*flags, dest=name, action="append")
    for name, flags in SWITCHES.items():
        parser.add_option(*flags, dest=name, action="store_true")

    def keep(_option: Any, flag: str, value: str, parser: OptionParser) -> None:
        if value.startswith("-"):
            raise OptionsError(f"{flag} needs a value")
        if parser.values is not None:
            parser.values.exclusive.append((flag, value))

    for flag in EXCLUSIVE:
        parser.add_option(flag, dest="exclusive", action="callback", callback=keep, type="string")
    return parser


_PARSER = _parser()


def parse(words: list[str]) -> tuple[Values, list[str]]:
    """Return what the options say, by pip's names, and the words behind them; raise `OptionsError`."""
    return _PARSER.parse_args(words, Values({"exclusive": []}))

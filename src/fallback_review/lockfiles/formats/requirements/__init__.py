"""Requirements files: ``requirements.txt`` under all the names that people give it.

pip's own reader is no library and some fifteen times slower, so the file is read here, by pip's documented
rules; the tests compare the two.
"""

from __future__ import annotations

import re
from itertools import islice

from fallback_review.lockfiles.format import Format, Relock
from fallback_review.lockfiles.formats.requirements.lines import logical_lines
from fallback_review.lockfiles.formats.requirements.options import split_options
from fallback_review.lockfiles.formats.requirements.reader import read
from fallback_review.lockfiles.formats.requirements.shared import names_files, read_pair
from fallback_review.lockfiles.installer_files import pip_then_uv_files
from fallback_review.lockfiles.mend import hash_lists

LOOKED_AT = 300
"""Logical lines that decide whether a text is a requirements file."""

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,100}[A-Za-z0-9])?"
_PLAUSIBLE = re.compile(
    rf"(?:{_NAME}[ \t]*+(?:\[[^\]]{{0,300}}\][ \t]*+)?(?:$|;|@[ \t]*+\S+:|\(?[ \t]*+[=<>!~]=?)"
    r"|(?:[a-z]{1,5}\+)?(?:https?|ssh|file):\S+|\.{1,2}(?:[/\[]|$))"
)
_PINNED = re.compile(
    rf"{_NAME}[ \t]*+(?:\[[^\]]{{0,300}}\][ \t]*+)?(?:===?[ \t]*+[0-9A-Za-z]|@[ \t]*+\S+://)"
)
_OPTION = re.compile(
    r"--(?:index-url|extra-index-url|find-links|requirement|constraint|editable|no-index|no-binary|only-binary"
    r"|prefer-binary|require-hashes|pre|trusted-host|use-feature)\b|-[irfce][ \t]*\S"
)


def looks_like(text: str) -> bool:
    """Whether a text of any name is a requirements file.

    Every line must look like a requirement or an option, and one at least must be what prose and word lists
    don't hold: an exact pin, a hash or an option of pip's.
    """
    certain = False
    for line in islice(logical_lines(text), LOOKED_AT):
        requirement, options = split_options(line.text)
        if requirement and not _PLAUSIBLE.match(requirement):
            return False
        if options and not (options.startswith(("--hash", "--config-setting")) or _OPTION.match(options)):
            return False
        certain = certain or bool(options) or _PINNED.match(requirement) is not None
    return certain


FORMAT = Format(
    name="requirements.txt",
    installer="pip",
    looks_like=looks_like,
    parse=read,
    parse_pair=read_pair,
    configured_by=pip_then_uv_files,
    relock_by={
        "pip-compile": Relock(
            newest="pip-compile {options}-P {name} -o {file} {source}",
            exact="pip-compile {options}-P {requirement} -o {file} {source}",
        ),
        "uv": Relock(
            newest="uv pip compile {options}-P {name} -o {file} {source}",
            exact="uv pip compile {options}-P {requirement} -o {file} {source}",
        ),
    },
    installs_all=True,
    made_by_hand=True,
    update_hashes=True,
    mend=hash_lists.requirements,
    often_configured_outside=True,
    install_again="pip install --force-reinstall -r {file}",
    by_pip_interface=True,
    may_be_empty=True,
    names_files=names_files,
)

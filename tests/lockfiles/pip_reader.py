"""Run by pip's own interpreter: what pip's reader makes of requirements files, as JSON on standard output."""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path

from pip._internal.exceptions import InstallationError
from pip._internal.network.session import PipSession
from pip._internal.req.constructors import install_req_from_parsed_requirement
from pip._internal.req.req_file import parse_requirements


def rows(path: Path) -> list[dict[str, object]]:
    os.chdir(path.parent)
    found = []
    for parsed in parse_requirements(path.name, session=PipSession()):
        row: dict[str, object] = {"text": parsed.requirement, "constraint": parsed.constraint}
        found.append(row)
        row["line"] = int(str(parsed.line_source).split()[1])
        try:
            made = install_req_from_parsed_requirement(parsed)
        except InstallationError as error:
            row["refused"] = str(error)
            continue
        row |= {
            "name": made.req.name if made.req else None,
            "specifier": str(made.req.specifier) if made.req else None,
            "extras": sorted(made.extras),
            "marker": str(made.markers) if made.markers else None,
            "editable": made.editable,
            "link": made.link.url_without_fragment if made.link else None,
            "hashes": sorted(f"{kind}:{one}" for kind, many in made.hash_options.items() for one in many),
        }
    return found


def main() -> None:
    answers: dict[str, object] = {}
    for name in sys.argv[1:]:
        answers[name] = None
        with suppress(InstallationError):
            answers[name] = rows(Path(name))
    print(json.dumps(answers))  # noqa: T201 -- the answer of the subprocess


main()

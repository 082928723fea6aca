"""Install options at random: what an installer's files and a requirements file's own lines may say."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .origins import sha256_of

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from .cases import Case

SPECIFIERS = (
    "!=1.0+cgr.1",
    "<2",
    "==1.0",
    "===1.0",
    ">=0.9",
    "!=1.0",
    "<=1.0",
    "==1.*",
    ">1.0",
    "==1.0+cgr.1",
)
DATES = (
    "2024-01-01",
    "2024-01-02",
    "2024-01-01T00:00:00Z",
    "2025-06-01T00:00:00+02:00",
    "2025-07-01",
    "2027-01-01",
)
ALL, NONE = ":all:", ":none:"


@dataclass(slots=True)
class Said:
    """What is said about one case, by place."""

    lines: list[str] = field(default_factory=list)
    """Lines of the requirements file."""
    settings: list[str] = field(default_factory=list)
    """Lines of the installer's own file: of its first table."""
    more: list[str] = field(default_factory=list)
    """Lines of that file's second table."""
    outranking: list[str] = field(default_factory=list)
    """Lines of the table that outranks both."""
    behind: list[str] = field(default_factory=list)
    """Options behind the requirement."""
    files: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    """Which keys a case holds, each with its place."""

    def say(self, place: str, key: str, line: str) -> None:
        getattr(self, "lines" if place == "line" else place).append(line)
        self.keys.append(f"{place}: {key}")


def _names(case: Case, chance: random.Random) -> str:
    return chance.choice((ALL, case.normalised, case.name, case.name, "other", NONE))


def _constraint(case: Case, chance: random.Random) -> str:
    hashed = [each for each in case.locked if chance.random() < 0.5] if chance.random() < 0.5 else []
    hashes = "".join(f" --hash=sha256:{sha256_of(each)}" for each in hashed)
    return f"{case.name}{chance.choice(SPECIFIERS)}{hashes}\n"


def for_pip(case: Case, chance: random.Random) -> Said:
    """Options of pip: `settings` is pip.conf's ``[install]``, `more` its ``[global]``, `outranking` ``[:env:]``."""
    said = Said()
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
        place = chance.choice(("line", "settings", "more", "outranking"))
        kind = chance.choice(
            ("binary", "binary", "binary", "releases", "newer", "newer", "constraint", "constraint", "switch")
        )
        if kind == "binary":
            flag = chance.choice(("no-binary", "only-binary"))
            _pip_names(said, place, flag, _names(case, chance), chance)
        elif kind == "releases":
            flag = chance.choice(("all-releases", "only-final"))
            _pip_names(said, place, flag, _names(case, chance), chance)
        elif kind == "newer":
            bound = chance.choice((*DATES, "P7D", "P9999D"))
            _pip(said, "settings" if place == "line" else place, "uploaded-prior-to", bound)
        elif kind == "constraint":
            name = f"c{len(said.files)}.txt"
            said.files[name] = _constraint(case, chance)
            _pip(said, place, "constraint", name)
        else:
            flag = chance.choice(("prefer-binary", "pre", "require-hashes", "no-index", "no-require-hashes"))
            if flag == "no-index" and chance.random() < 0.7:
                continue
            _pip(
                said, place, flag, "" if place == "line" else chance.choice(("1", "yes", "true", "no", "off"))
            )
    return said


def _pip_names(said: Said, place: str, key: str, value: str, chance: random.Random) -> None:
    """Say an option that names packages: pip heeds it behind a requirement and in constraints files, too."""
    if place != "line" or chance.random() < 0.5:
        _pip(said, place, key, value)
    elif chance.random() < 0.5:
        said.say("behind", key, f"--{key} {value}")
    else:
        name = f"c{len(said.files)}.txt"
        said.files[name] = f"{chance.choice(('', 'other==1.0 '))}--{key} {value}\n"
        said.keys.append(f"constraints file: {key}")
        _pip(said, chance.choice(("line", "settings", "more", "outranking")), "constraint", name)


def _pip(said: Said, place: str, key: str, value: str) -> None:
    if place == "line":
        said.say(place, key, f"--{key} {value}".rstrip())
    elif not any(line.partition(" = ")[0] == key for line in getattr(said, place)):
        said.say(place, key, f"{key} = {value}")


def for_uv(case: Case, chance: random.Random, *, requirements: bool) -> Said:
    """Options of uv: `settings` is ``uv.toml`` or ``[tool.uv]``, `more` its ``[pip]``."""
    said = Said()
    of_install = (_uv_pip, _uv_line, _uv_releases, _uv_demand, _uv_hashes) if requirements else ()
    kinds = (*[_uv_binary] * 3, *[_uv_newer] * 2, *of_install)
    for _ in range(chance.choice((0, 0, 0, 1, 1, 2, 3))):
        chance.choice(kinds)(said, case, chance)
    return said


def _uv_binary(said: Said, case: Case, chance: random.Random) -> None:
    flag = chance.choice(("no-binary", "no-build"))
    if chance.random() < 0.5:
        _toml(said, "settings", flag, chance.random() < 0.8)
    else:
        _toml(said, "settings", f"{flag}-package", [chance.choice((case.name, "other"))])


def _uv_pip(said: Said, case: Case, chance: random.Random) -> None:
    flag = chance.choice(("no-binary", "only-binary"))
    _toml(said, "more", flag, [_names(case, chance) for _ in range(chance.choice((1, 1, 2)))])


def _uv_line(said: Said, case: Case, chance: random.Random) -> None:
    if chance.random() < 0.25:
        said.files["c.txt"] = _constraint(case, chance)
        said.say("line", "constraint", "-c c.txt")
        return
    flag = chance.choice((*["no-binary", "only-binary"] * 2, "pre", "prefer-binary", "require-hashes"))
    value = _names(case, chance) if flag in ("no-binary", "only-binary") else ""
    said.say("line", flag, f"--{flag} {value}".rstrip())


def _uv_newer(said: Said, case: Case, chance: random.Random) -> None:
    bound: object = chance.choice((*DATES, "7 days", "P1W", "9999 days"))
    key = chance.choice(("exclude-newer", "exclude-newer", "exclude-newer-package"))
    if key == "exclude-newer-package":
        bound = {chance.choice((case.name, "other")): chance.choice((bound, False))}
    _toml(said, chance.choice(("settings", "settings", "more")), key, bound)


def _uv_releases(said: Said, case: Case, chance: random.Random) -> None:
    mode = chance.choice(("disallow", "allow", "if-necessary", "explicit", "if-necessary-or-explicit"))
    key = chance.choice(("prerelease", "prerelease", "prerelease-package"))
    _toml(said, "settings", key, mode if key == "prerelease" else {case.name: mode})


def _uv_demand(said: Said, case: Case, chance: random.Random) -> None:
    kind = chance.choice(("constraint", "override"))
    _toml(said, "settings", f"{kind}-dependencies", [f"{case.name}{chance.choice(SPECIFIERS)}"])


def _uv_hashes(said: Said, _case: Case, chance: random.Random) -> None:
    _toml(said, "more", chance.choice(("require-hashes", "verify-hashes")), chance.random() < 0.5)


def for_poetry(case: Case, chance: random.Random) -> Said:
    """Policies of Poetry: `settings` is ``[installer]`` of poetry.toml."""
    said = Said()
    for key in ("no-binary", "only-binary"):
        if chance.random() < 0.25:
            names = [_names(case, chance) for _ in range(chance.choice((1, 1, 2)))]
            _toml(said, "settings", key, names if chance.random() < 0.6 else ",".join(names))
    return said


def for_pdm(case: Case, chance: random.Random) -> Said:
    """Options of PDM: `settings` is ``[tool.pdm.resolution]``, `more` is pdm.toml."""
    said = Said()
    for key in ("no-binary", "only-binary"):
        if chance.random() < 0.15:
            names = [each for each in (_names(case, chance),) if each != NONE]
            _toml(said, "settings", key, names if chance.random() < 0.5 else ",".join(names))
    bound = chance.choice((*DATES, "7d", "2w", "9999d"))
    roll = chance.random()
    if roll < 0.1:
        _toml(said, "settings", "exclude-newer", bound)
    elif roll < 0.15:
        _toml(said, "more", "strategy.exclude-newer", bound)
    if chance.random() < 0.08:
        value = chance.choice((bound, False))
        _toml(said, "settings", "exclude-newer-override", {chance.choice((case.normalised, "other")): value})
    return said


def for_pipenv(chance: random.Random) -> Said:
    """Settings of Pipenv: `settings` is ``[pipenv]``."""
    said = Said()
    for key in ("install_search_all_sources", "allow_prereleases"):
        if chance.random() < 0.3:
            _toml(said, "settings", key, chance.random() < 0.8)
    return said


def _toml(said: Said, place: str, key: str, value: object) -> None:
    table = said.settings if place == "settings" else said.more
    if not any(line.partition(" = ")[0] == key for line in table):
        said.say(place, key, f"{key} = {toml(value)}")


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def ini(tables: Sequence[tuple[str, Sequence[str]]]) -> str:
    return "".join(f"[{name}]\n" + "".join(f"{line}\n" for line in lines) for name, lines in tables if lines)

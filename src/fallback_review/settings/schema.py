"""Settings: `.github/fallback-review.toml` and the inputs laid over it."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic needs it at run time
from functools import reduce
from types import UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Literal,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)
from urllib.parse import urljoin

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.model import Outcome, Target
from fallback_review.model.endpoint import PYPI_SIMPLE_ENDPOINT
from fallback_review.prediction import INSTALLERS, LAYOUTS
from fallback_review.settings.types import (
    NOT_EMPTY,
    Bounds,
    Check,
    HostName,
    NamePattern,
    OneOf,
    PageOrEmpty,
    Place,
    PythonVersion,
    SpecifierText,
    Url,
    UrlOrEmpty,
    VersionNumber,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

SETTINGS_PATH = ".github/fallback-review.toml"
CHAINGUARD_SIMPLE_ENDPOINT = "https://libraries.cgr.dev/python/simple/"
PYPI_ITSELF = PYPI_SIMPLE_ENDPOINT
"""PyPI's own index, also where the settings name a mirror."""
CHAINGUARD_VEX_ENDPOINT = urljoin(CHAINGUARD_SIMPLE_ENDPOINT, "/openvex/v1/")


class SettingsError(Exception):
    """Settings that can't be used; the text names file, key, and what is allowed, one line a fault."""


def kebab(name: str) -> str:
    """Spell a field as settings and inputs do."""
    return name.replace("_", "-")


PLATFORMS: Mapping[str, tuple[str, str]] = {
    "linux-x86_64": ("linux", "x86_64"),
    "linux-aarch64": ("linux", "aarch64"),
    "musllinux-x86_64": ("musllinux", "x86_64"),
    "musllinux-aarch64": ("musllinux", "aarch64"),
    "macos-arm64": ("macos", "arm64"),
    "macos-x86_64": ("macos", "x86_64"),
    "windows-amd64": ("windows", "amd64"),
    "windows-arm64": ("windows", "arm64"),
}
"""Names of the settings file to `Target.platform` and `Target.arch`."""

Platform = Annotated[str, OneOf("platform", tuple(PLATFORMS))]
Severity = Literal["allow", "warn", "fail"]


class SettingsTable(Struct, frozen=True, kw_only=True):
    """A table of the settings file: kebab-case keys, and no key that is not known."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from fallback_review.settings.validation import table_schema  # noqa: PLC0415 - it brings pydantic

        return table_schema(cls, handler)


class Targets(SettingsTable, frozen=True, kw_only=True):
    """The environments that will install."""

    python: Annotated[tuple[PythonVersion, ...], NOT_EMPTY] = ("3.12",)
    """The Python versions of the targets: ``3.12``; ``3.13t`` is free-threaded."""
    platforms: Annotated[tuple[Platform, ...], NOT_EMPTY] = ("linux-x86_64", "linux-aarch64")
    """The platforms that install and decide."""
    informational: tuple[Platform, ...] = ()
    """Platforms that are shown and never decide: laptops, usually."""
    glibc: VersionNumber = "2.39"
    """The oldest glibc on the Linux platforms."""
    musl: VersionNumber = "1.2"
    """The oldest musl on the musllinux platforms."""
    macos: VersionNumber = "14.0"
    """The oldest macOS on the macOS platforms."""

    def expand(self) -> tuple[Target, ...]:
        """Return every target: each Python version on each platform, the informational ones last."""
        system = {"linux": self.glibc, "musllinux": self.musl, "macos": self.macos}
        only_informational = [name for name in self.informational if name not in self.platforms]
        return tuple(
            Target(
                python=python,
                platform=PLATFORMS[name][0],
                arch=PLATFORMS[name][1],
                glibc=system.get(PLATFORMS[name][0], self.glibc),
                informational=informational,
            )
            for names, informational in ((self.platforms, False), (only_informational, True))
            for name in names
            for python in self.python
        )


class Indexes(SettingsTable, frozen=True, kw_only=True):
    """Where Chainguard's index and PyPI are, and how the organisation arranges them."""

    chainguard: Url = CHAINGUARD_SIMPLE_ENDPOINT
    """Chainguard's index, or the repository of your own manager that serves it."""
    remediated: Url | None = None
    """Chainguard's index of remediated versions, where you install from it too."""
    pypi: Url = PYPI_ITSELF
    """PyPI's index, or a mirror to ask instead."""
    pypi_hosts: tuple[HostName, ...] = ()
    """Further host names that are PyPI's: of a mirror, or of the files."""
    own_hosts: tuple[Place, ...] = ()
    """Hosts of the organisation's own repository manager, where locks name it; with the beginning of a path
    where others have repositories on that host."""
    further: tuple[Url, ...] = ()
    """Further indexes of Chainguard's that the repository asks, such as a mirrored CUDA index."""
    resolver: Url | None = None
    """The organisation's own virtual index, asked instead of modelling the layout."""
    vex: UrlOrEmpty = CHAINGUARD_VEX_ENDPOINT
    """Chainguard's public feed of what remediated versions fix; empty: it is not asked."""
    layout: Annotated[str, OneOf("layout", tuple(LAYOUTS))] | None = None
    """How your organisation merges Chainguard and PyPI; without it the installers' own files tell."""
    installer: Annotated[str, OneOf("installer", tuple(INSTALLERS))] | None = None
    """Which installer reads the lockfiles, where that is not the one that the format belongs to."""
    installer_version: VersionNumber | None = None
    """Its version, where that is an older one: pip before 26.3 ranks wheels for plain Linux otherwise."""


FAIL_ON = tuple(outcome.value for outcome in Outcome if outcome is not Outcome.UNKNOWN)


class Policy(SettingsTable, frozen=True, kw_only=True):
    """What the team makes of the outcomes."""

    fail_on: tuple[Annotated[str, OneOf("outcome", FAIL_ON)], ...] = ("pypi", "install-fails")
    """The outcomes that fail the check."""
    on_unknown: Literal["fail", "warn"] = "fail"
    """What the check does when something could not be checked."""
    upstream_tier: Severity = "warn"
    """What to make of PyPI's files that Chainguard serves and has not rebuilt."""
    unpinned: Severity = "warn"
    """What to make of requirements that lock no version."""
    integrity: Severity = "fail"
    """What `verify` makes of installed files that are not as their wheel has them."""
    commit_fixes: bool = False
    """Whether `/fallback-review fix` commits to a pull request's branch, where a GitHub App may write."""
    private: tuple[NamePattern, ...] = ()
    """Patterns of private package names: never sent to any index. They come from hosts in `own-hosts`."""
    cooldown_days: Annotated[int, Bounds((("ge", 0), ("le", 30)))] | None = None
    """For how many days your organisation's index holds back a version that is new on PyPI: the advice then
    names the day from which it is served."""


class Allow(SettingsTable, frozen=True, kw_only=True):
    """One entry of the allow list: which package may come from elsewhere, why, and until when."""

    package: NamePattern
    """The package's name, or a pattern of names: ``nvidia-*``."""
    reason: Annotated[str, NOT_EMPTY]
    """Why it may come from elsewhere; every report shows it."""
    owner: str | None = None
    """Who answers for it."""
    version: SpecifierText | None = None
    """The versions that are meant, as PEP 440 writes them: ``>=1.2,<2`` or ``==1.4.2``. Without it: all."""
    expires: date | None = None
    """The last day on which it counts: ``2027-01-01``."""


class Lockfiles(SettingsTable, frozen=True, kw_only=True):
    """Globs, relative to the repository's root, that add lockfiles or leave some out."""

    include: tuple[str, ...] = ()
    """Globs, as in .gitignore, of lockfiles with unusual names."""
    exclude: tuple[str, ...] = ()
    """Globs of lockfiles that are left out."""


PYPI_PAGE = urljoin(PYPI_ITSELF, "/project/{name}/")


class ReportSettings(SettingsTable, frozen=True, kw_only=True):
    """What the reports link to."""

    pypi_page: PageOrEmpty = PYPI_PAGE
    """A project's page on PyPI, with ``{name}``; empty: no link."""
    chainguard_page: PageOrEmpty = ""
    """A project's page in Chainguard's console or your own manager, with ``{name}``; empty: no link."""

    def pages(self) -> tuple[tuple[str, str], ...]:
        """Return the sites with a page for each project: their name, and the address with ``{name}``."""
        named = (("page at Chainguard", self.chainguard_page), ("page on PyPI", self.pypi_page))
        return tuple((name, address) for name, address in named if address)


class Settings(SettingsTable, frozen=True, kw_only=True):
    """Everything that a team can set."""

    targets: Targets = Targets()
    indexes: Indexes = Indexes()
    policy: Policy = Policy()
    lockfiles: Lockfiles = Lockfiles()
    report: ReportSettings = ReportSettings()
    allow: tuple[Allow, ...] = ()
    """What may come from elsewhere although the policy fails it; never malware, nor an install that fails."""


INPUTS = {
    ("indexes", "chainguard"): "index-url",
    ("indexes", "resolver"): "resolver-index-url",
    ("indexes", "pypi"): "pypi-url",
    ("indexes", "layout"): "layout",
    ("indexes", "installer"): "installer",
    ("targets", "python"): "python",
    ("targets", "platforms"): "platform",
    ("lockfiles", "include"): "lockfiles",
    ("lockfiles", "exclude"): "lockfiles",
    ("policy", "fail-on"): "fail-on",
    ("policy", "on-unknown"): "on-unknown",
}
"""The Action's input, and the command line's option, that is laid over a key: by table and key."""


def parse(
    data: bytes,
    *,
    path: str = SETTINGS_PATH,
    inputs: Mapping[tuple[str, str], Any] | None = None,
    spelling: str = "input {}",
) -> Settings:
    """Read a settings file and lay inputs over it: (table, key) to value, None where nothing was given.

    Args:
        data: The file.
        path: Its name, for errors.
        inputs: What outranks the file.
        spelling: How errors name an input: ``--{}`` for a command line's options.

    Raises:
        SettingsError: it is not TOML, or a key or value is not allowed; names file, key and what is.
    """
    table = _table(data, path) if data else {}
    given = {key: value for key, value in (inputs or {}).items() if value is not None}
    if not table and all(map(_checks, given)):
        return _with_texts(given, spelling)
    from fallback_review.settings.validation import validate  # noqa: PLC0415 - it brings pydantic

    settings = validate(table, path=path)
    if not given:
        return settings
    merged = {key: dict(value) if isinstance(value, dict) else value for key, value in table.items()}
    for (section, key), value in given.items():
        merged.setdefault(section, {})[key] = value
    return validate(merged, path="input", spelling=spelling)


def _table(data: bytes, path: str) -> dict[str, Any]:
    import tomli  # noqa: PLC0415 - where there is a settings file

    try:
        return tomli.loads(data.decode("utf-8-sig"))
    except (tomli.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None


def _with_texts(given: Mapping[tuple[str, str], str], spelling: str) -> Settings:
    """Lay inputs that are texts over the defaults, which takes no library: most runs have no more."""
    faults = []
    changed: dict[str, dict[str, str]] = {}
    for place, text in given.items():
        try:
            value = reduce(lambda told, check: check.of(told), _checks(place), text)
        except ValueError as error:
            faults.append(f"{spelling.format(INPUTS[place])}: {str(error)[:1].lower()}{str(error)[1:]}")
            continue
        changed.setdefault(place[0], {})[place[1].replace("-", "_")] = value
    if faults:
        raise SettingsError("\n".join(faults))
    settings = Settings()
    tables = {name: replace(getattr(settings, name), **values) for name, values in changed.items()}
    return replace(settings, **tables)


def _checks(place: tuple[str, str]) -> tuple[Check | OneOf, ...]:
    """Return what checks an input's text; nothing where its value is more than a text."""
    table, key = place
    hints = get_type_hints(type(getattr(Settings(), table)), include_extras=True)
    hint = hints[key.replace("-", "_")]
    # An optional key's text is the first of the two.
    if get_origin(hint) in (Union, UnionType):
        hint = get_args(hint)[0]
    kind, *checks = get_args(hint) if get_origin(hint) is Annotated else (None,)
    return tuple(checks) if kind is str and all(isinstance(each, Check | OneOf) for each in checks) else ()

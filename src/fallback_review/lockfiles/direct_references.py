"""Direct references: what a URL or a path says about package, version and source.

Sources: the specification of version-control URLs in pip's documentation ("VCS support"), PEP 440's direct
references, and the file name rules of wheels and source distributions in `packaging.utils`.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote

from msgspec import Struct
from msgspec.structs import replace

from fallback_review.lockfiles.names import normalise_name, read_filename
from fallback_review.lockfiles.urls import has_variable, host_of, strip_credentials
from fallback_review.model import Artifact, Source, SourceKind

VCS_KINDS = {kind.value: kind for kind in (SourceKind.GIT, SourceKind.HG, SourceKind.SVN, SourceKind.BZR)}
"""Version control by the word that lockfiles and URLs have for it."""
LOCAL_KINDS = frozenset({SourceKind.DIRECTORY, SourceKind.EDITABLE, SourceKind.VIRTUAL})
"""Sources in the project's own tree: workspace members, editables, the project itself."""
A_MACHINE = "file:"
"""Stands for the machine that installs: what lies on it beside the project, nobody sees from here."""
_PLAIN_SCHEMES = frozenset({"http", "https", "file", "ftp"})
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,20}):")
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.IGNORECASE)
_FRAGMENT_HASH = re.compile(r"(?:^|&)((?:sha(?:224|256|384|512|1)|md5))=([0-9A-Fa-f]+)")
_ARCHIVES = (
    ".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tlz", ".tar.lz",
    ".tar.lzma",
)  # fmt: skip
# A forge's archive of a branch or tag is named after the tag, not after a project.
_FORGE_ARCHIVE = re.compile(r"/(?:archive|tarball|zipball|-/archive)/")
_ELSEWHERE = re.compile(r"[/\\~]|[A-Za-z]:[/\\]|file:/", re.IGNORECASE)
_PROJECT_ROOT = re.compile(
    r"file:/*\$\{PROJECT_ROOT\}/", re.IGNORECASE
)  # PDM's word for the project's folder


class Direct(Struct, frozen=True, kw_only=True):
    """What a direct reference says."""

    source: Source
    artifact: Artifact | None = None
    name: str | None = None
    """The project that the file's name or the ``egg`` fragment names, not normalised."""
    version: str | None = None
    """The version that the file's name carries, in its own spelling."""
    egg: str | None = None
    """The raw ``egg`` fragment."""
    had_credentials: bool = False


def is_url(text: str) -> bool:
    """Whether pip takes a text for a URL, by its scheme (``git+https``, ``https``, ``file``...)."""
    found = _SCHEME.match(text)
    if found is None:
        return False
    vcs, plus, _transport = found[1].lower().partition("+")
    return vcs in (VCS_KINDS if plus else _PLAIN_SCHEMES)


def is_archive(path: str) -> bool:
    """Whether a path ends as a wheel or a source archive does."""
    return path.lower().endswith(_ARCHIVES)


def is_in_tree(location: str) -> bool:
    """Whether a path, or a ``file:`` URL, is one of the project's own tree, which a review sees."""
    if _PROJECT_ROOT.match(location):
        return True
    return not has_variable(location) and _ELSEWHERE.match(location) is None


def is_local(source: Source) -> bool:
    """Whether a source is a folder of the project's own tree: a workspace member, the project itself."""
    return source.kind in LOCAL_KINDS and is_in_tree(source.location or "")


def place_of(source: Source) -> str:
    """Return where a direct reference leads beyond the project's own tree: a host, else `A_MACHINE`.

    Empty where it leads to a path of the tree.
    """
    location = source.location or ""
    host = host_of(location)
    if host is not None:
        return host
    return "" if source.kind.value not in VCS_KINDS and is_in_tree(location) else A_MACHINE


def read_url(url: str, *, editable: bool = False) -> Direct:
    """Read a URL of a requirement.

    Args:
        url: a URL, for which `is_url` is true.
        editable: whether it stands behind ``-e``.

    Raises:
        ValueError: pip refuses the URL: it is of no version control that pip knows, or names a revision and
            leaves it empty.
    """
    location, _, fragment = url.partition("#")
    scheme = location.partition(":")[0].lower()
    egg = _fragment_value(fragment, "egg")
    subdirectory = _fragment_value(fragment, "subdirectory")
    if "+" in scheme:
        source, had_credentials = _vcs_source(location, scheme)
        source = replace(source, subdirectory=subdirectory)
        return Direct(source=source, name=egg, egg=egg, had_credentials=had_credentials)
    if scheme == "file":
        return _local(location, egg=egg, subdirectory=subdirectory, editable=editable)
    clean, had_credentials = strip_credentials(location)
    path = clean.partition("?")[0]
    filename = unquote(path.rpartition("/")[2])
    of_forge = _FORGE_ARCHIVE.search(path) and not filename.lower().endswith(".whl")
    name, version = (None, None) if of_forge else read_filename(filename)
    hashes = tuple(f"{kind}:{digest.lower()}" for kind, digest in _FRAGMENT_HASH.findall(fragment))
    return Direct(
        source=Source(kind=SourceKind.URL, location=clean, subdirectory=subdirectory),
        artifact=Artifact(filename=filename or None, url=clean, hashes=hashes),
        name=name or egg,
        version=version,
        egg=egg,
        had_credentials=had_credentials,
    )


def read_locked_git(url: str) -> Source:
    """Read a git URL as uv and pixi write it into a lock: ``https://HOST/REPO?rev=main#<commit>``.

    Beside ``rev``, ``tag`` and ``branch`` the query can name a ``subdirectory``.
    """
    location, _, commit = url.partition("#")
    location, _, query = location.partition("?")
    asked = parse_qs(query)
    reference = next((asked[key][0] for key in ("rev", "tag", "branch") if key in asked), None)
    return Source(
        kind=SourceKind.GIT,
        location=location,
        reference=reference,
        commit=commit or None,
        subdirectory=asked.get("subdirectory", [None])[0],
    )


def read_path(path: str, *, editable: bool = False) -> Direct:
    """Read a path of a requirement: a folder, a wheel or a source archive."""
    return _local(path, egg=None, subdirectory=None, editable=editable)


def same_project(first: str, second: str) -> bool:
    """Whether two names are one project's (PEP 503)."""
    return normalise_name(first) == normalise_name(second)


def at_revision(kind: SourceKind, location: str, revision: str | None) -> Source:
    """Return a version-control source; a full commit hash locks, anything else is a reference."""
    locked = revision is not None and _COMMIT.fullmatch(revision) is not None
    return Source(
        kind=kind,
        location=location,
        reference=None if locked else revision,
        commit=revision if locked else None,
    )


def _vcs_source(location: str, scheme: str) -> tuple[Source, bool]:
    vcs = scheme.partition("+")[0]
    if vcs not in VCS_KINDS:
        raise ValueError(f"a URL of none of {', '.join(VCS_KINDS)}")
    clean, had_credentials = strip_credentials(location[len(vcs) + 1 :])
    before_path, separator, rest = clean.partition("://")
    host, slash, path = rest.partition("/")
    path, question, query = path.partition("?")
    revision = None
    if "@" in path:
        path, _, revision = path.rpartition("@")
        if not revision:
            raise ValueError("an empty revision after @")
        revision = unquote(revision)
    place = f"{before_path}{separator}{host}{slash}{path}{question}{query}"
    return at_revision(VCS_KINDS[vcs], place, revision), had_credentials


def _local(path: str, *, egg: str | None, subdirectory: str | None, editable: bool) -> Direct:
    filename = unquote(path.rpartition("/")[2])
    if is_archive(filename) and not editable:
        name, version = read_filename(filename)
        return Direct(
            source=Source(kind=SourceKind.PATH, location=path, subdirectory=subdirectory),
            artifact=Artifact(filename=filename, path=path),
            name=name or egg,
            version=version,
            egg=egg,
        )
    kind = SourceKind.EDITABLE if editable else SourceKind.DIRECTORY
    return Direct(source=Source(kind=kind, location=path, subdirectory=subdirectory), name=egg, egg=egg)


def _fragment_value(fragment: str, key: str) -> str | None:
    for part in fragment.split("&"):
        name, _, value = part.partition("=")
        if name == key and value:
            return value
    return None

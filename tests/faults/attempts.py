"""Attempts to get a green for a file of PyPI's, or on a stranger's host: `python -m tests.faults.attempts`.

Each attempt is a lockfile that a pull request adds, or what an index answers, tried in every format that can
hold it and with several hashes. It prints the table of docs/reliability.md, and ends with 1 where one is green.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass
from datetime import date
from functools import cache, partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fallback_review.index.tiers import tier_of
from fallback_review.lockfiles import LockfileError, Text
from fallback_review.model import Answer, Cause, Conclusion, Index, Outcome, Owner, ProjectFile
from fallback_review.pipeline.compare import compare
from fallback_review.pipeline.review import review
from fallback_review.settings import schema, validation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from fallback_review.pipeline.ask import Wanted
    from fallback_review.prediction import Answers

OURS = "libraries.cgr.test"
PYPIS = "pypi.test"
THEIRS = "files.pypi.test"
EVIL = "evil.test"
FILE = "aa-1.0-py3-none-any.whl"
SETTINGS = {
    "indexes": {"chainguard": f"https://{OURS}/python/simple/", "pypi": f"https://{PYPIS}/simple/", "vex": ""}
}
GREEN = (Outcome.CHAINGUARD, Outcome.REMEDIATED)


def digest(word: str) -> str:
    """The SHA-256 of a word, which stands for a file's bytes."""
    return hashlib.sha256(word.encode()).hexdigest()


HASHES = {"Chainguard's": digest("ours"), "PyPI's": digest("theirs"), "another": digest("evil"), "none": ""}

# ── A lock that names the file's URL ────────────────────────────────────────────────────────────────

URLS: Mapping[str, str] = {
    "a stranger's host": f"https://{EVIL}/python/simple/aa/1.0/{FILE}",
    "Chainguard's host as the user name": f"https://{OURS}@{EVIL}/python/simple/aa/1.0/{FILE}",
    "Chainguard's host and port as the user": f"https://{OURS}:443@{EVIL}/python/simple/aa/1.0/{FILE}",
    "a backslash before the at sign": f"https://{EVIL}\\\\@{OURS}/python/simple/aa/1.0/{FILE}",
    "a host that begins like Chainguard's": f"https://{OURS}.{EVIL}/python/simple/aa/1.0/{FILE}",
    "the same in upper case": f"https://{OURS.upper()}.{EVIL.upper()}/python/simple/aa/1.0/{FILE}",
    "a percent-encoded full stop": f"https://{OURS}%2e{EVIL}/python/simple/aa/1.0/{FILE}",
    "no slashes behind the scheme": f"https:{EVIL}/python/simple/aa/1.0/{FILE}",
    "backslashes behind the scheme": f"https:\\\\\\\\{EVIL}/python/simple/aa/1.0/{FILE}",
    "Chainguard's address in the query": f"https://{EVIL}/{FILE}?at=https://{OURS}/python/simple/aa/1.0/{FILE}",
    "Chainguard's address in the fragment": f"https://{EVIL}/{FILE}#https://{OURS}/python/simple/aa/1.0/{FILE}",
    "Chainguard's host without TLS": f"http://{OURS}/python/simple/aa/1.0/{FILE}",
    "another port of Chainguard's host": f"https://{OURS}:8443/python/simple/aa/1.0/{FILE}",
    "another folder of Chainguard's host": f"https://{OURS}/stranger/simple/aa/1.0/{FILE}",
    "dots out of Chainguard's folder": f"https://{OURS}/python/../stranger/aa/1.0/{FILE}",
    "encoded dots out of Chainguard's folder": f"https://{OURS}/python/%2e%2e/stranger/aa/1.0/{FILE}",
    "a file that Chainguard does not list": f"https://{OURS}/python/simple/aa/1.0/aa-1.0-py2.py3-none-any.whl",
    "a CUDA index that does not exist": f"https://{OURS}/cu999/simple/aa/1.0/{FILE}",
    "PyPI's host": f"https://{THEIRS}/packages/{FILE}",
    "PyPI's host in upper case, with port": f"https://{THEIRS.upper()}:443/packages/{FILE}",
    "PyPI's host with a full stop behind": f"https://{THEIRS}./packages/{FILE}",
    "PyPI's host in wide letters": f"https://\uff46iles.pypi.test/packages/{FILE}",
    "PyPI's host with credentials": f"https://{OURS}:secret@{THEIRS}/packages/{FILE}",
}


def _uv(url: str, sha: str) -> str:
    hashed = f', hash = "sha256:{sha}"' if sha else ""
    return (
        'version = 1\nrevision = 3\nrequires-python = ">=3.12"\n\n[[package]]\nname = "aa"\nversion = "1.0"\n'
        f'source = {{ registry = "https://{OURS}/python/simple/" }}\n'
        f'wheels = [\n    {{ url = "{url}"{hashed} }},\n]\n'
    )


def _pylock(url: str, sha: str) -> str:
    hashed = f'sha256 = "{sha}"' if sha else ""
    return (
        'lock-version = "1.0"\ncreated-by = "uv"\n\n[[packages]]\nname = "aa"\nversion = "1.0"\n'
        f'index = "https://{OURS}/python/simple/"\n'
        f'wheels = [{{ name = "{FILE}", url = "{url}", hashes = {{ {hashed} }} }}]\n'
    )


def _pylock_without_index(url: str, sha: str) -> str:
    return _pylock(url, sha).replace(f'index = "https://{OURS}/python/simple/"\n', "")


def _pdm(url: str, sha: str) -> str:
    hashed = f', hash = "sha256:{sha}"' if sha else ""
    return (
        '[metadata]\ngroups = ["default"]\nstrategy = ["static_urls"]\nlock_version = "4.5.0"\n'
        'content_hash = "sha256:0"\n\n[[package]]\nname = "aa"\nversion = "1.0"\n'
        f'files = [\n    {{url = "{url}"{hashed}}},\n]\n'
    )


def _pixi(url: str, sha: str) -> str:
    plain = json.dumps(url.replace("\\\\", "\\"))
    hashed = f"\n  sha256: {sha}" if sha else ""
    return (
        "version: 6\nenvironments:\n  default:\n    channels: []\n    indexes:\n"
        f"    - https://{OURS}/python/simple\n    packages:\n      linux-64:\n      - pypi: {plain}\n"
        f"      linux-aarch64:\n      - pypi: {plain}\n"
        f"packages:\n- pypi: {plain}\n  name: aa\n  version: '1.0'{hashed}\n"
    )


def _conda(url: str, sha: str) -> str:
    plain = json.dumps(url.replace("\\\\", "\\"))
    entries = "".join(
        f"- name: aa\n  version: '1.0'\n  manager: pip\n  platform: {platform}\n  dependencies: {{}}\n"
        f"  url: {plain}\n  hash:\n    sha256: {sha or digest('unknown')}\n  category: main\n  optional: false\n"
        for platform in ("linux-64", "linux-aarch64")
    )
    return (
        f"version: 1\nmetadata:\n  channels: []\n  platforms: [linux-64]\n  sources: []\npackage:\n{entries}"
    )


def _direct(url: str, sha: str) -> str:
    hashed = f" --hash=sha256:{sha}" if sha else ""
    return f"aa @ {url.replace(chr(92) * 2, chr(92))}{hashed}\n"


BY_URL: Mapping[str, tuple[str, Callable[[str, str], str]]] = {
    "uv.lock": ("uv.lock", _uv),
    "pylock.toml": ("pylock.toml", _pylock),
    "pylock.toml without index": ("pylock.toml", _pylock_without_index),
    "pdm.lock, static URLs": ("pdm.lock", _pdm),
    "pixi.lock": ("pixi.lock", _pixi),
    "conda-lock.yml": ("conda-lock.yml", _conda),
    "requirements.txt": ("requirements.txt", _direct),
}

# ── A lock that leaves the file to the indexes ──────────────────────────────────────────────────────


def _requirements(sha: str) -> str:
    return "aa==1.0" + (f" --hash=sha256:{sha}" if sha else "") + "\n"


def _poetry(sha: str) -> str:
    files = f'{{file = "{FILE}", hash = "sha256:{sha}"}}' if sha else ""
    return (
        '[[package]]\nname = "aa"\nversion = "1.0"\ndescription = ""\noptional = false\npython-versions = "*"\n'
        f'groups = ["main"]\nfiles = [{files}]\n\n[package.source]\ntype = "legacy"\n'
        f'url = "https://{OURS}/python/simple"\nreference = "chainguard"\n\n'
        '[metadata]\nlock-version = "2.1"\npython-versions = ">=3.12"\ncontent-hash = "0"\n'
    )


def _pipfile(sha: str) -> str:
    entry = {"version": "==1.0", "index": "chainguard"} | ({"hashes": [f"sha256:{sha}"]} if sha else {})
    sources = [{"name": "chainguard", "url": f"https://{OURS}/python/simple", "verify_ssl": True}]
    meta = {"hash": {"sha256": "0"}, "pipfile-spec": 6, "requires": {}, "sources": sources}
    return json.dumps({"_meta": meta, "default": {"aa": entry}, "develop": {}}, indent=4)


def _pdm_plain(sha: str) -> str:
    files = f'{{file = "{FILE}", hash = "sha256:{sha}"}}' if sha else ""
    return (
        '[metadata]\ngroups = ["default"]\nstrategy = []\nlock_version = "4.5.0"\ncontent_hash = "sha256:0"\n\n'
        f'[[package]]\nname = "aa"\nversion = "1.0"\nfiles = [{files}]\n'
    )


LOOKED_UP: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "requirements.txt": ("requirements.txt", _requirements),
    "poetry.lock": ("poetry.lock", _poetry),
    "Pipfile.lock": ("Pipfile.lock", _pipfile),
    "pdm.lock": ("pdm.lock", _pdm_plain),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What Chainguard's index answers for the project."""

    files: tuple[ProjectFile, ...] = ()
    problem: Cause | None = None
    url: str | None = None


def _file(url: str, sha: str | None) -> ProjectFile:
    return ProjectFile(filename=FILE, url=url, version="1.0", sha256=sha, tier=tier_of(url))


BUILT = f"https://{OURS}/python/simple/aa/1.0/{FILE}"
PAGES: Mapping[str, Page] = {
    "PyPI's bytes at the path of built files": Page(files=(_file(BUILT, digest("theirs")),)),
    "PyPI's bytes at the path of an older backend": Page(
        files=(_file(f"https://{OURS}/files/15f7/37e3/aa/{FILE}", digest("theirs")),)
    ),
    "PyPI's bytes at a percent-encoded path": Page(
        files=(_file(f"https://{OURS}/python%2Dupstream/simple/aa/1.0/{FILE}", digest("theirs")),)
    ),
    "a link to PyPI's host": Page(files=(_file(f"https://{THEIRS}/packages/{FILE}", digest("theirs")),)),
    "a link to PyPI's host, with another hash": Page(
        files=(_file(f"https://{THEIRS}/packages/{FILE}", digest("ours")),)
    ),
    "a link to a stranger's host": Page(files=(_file(f"https://{EVIL}/{FILE}", digest("evil")),)),
    "a link to PyPI's name without a hash": Page(files=(_file(f"https://{OURS}/files/aa/{FILE}", None),)),
    "a page that came from PyPI": Page(
        files=(_file(BUILT, digest("theirs")),), url=f"https://{PYPIS}/simple/aa/"
    ),
    "a page that came from a stranger": Page(
        files=(_file(f"https://{EVIL}/{FILE}", digest("evil")),), url=f"https://{EVIL}/simple/aa/"
    ),
    "a stranger's page that links to Chainguard's host": Page(
        files=(_file(BUILT, digest("evil")),), url=f"https://{EVIL}/simple/aa/"
    ),
    "no such project": Page(problem=Cause.PROJECT_MISSING),
    "blocked": Page(problem=Cause.BLOCKED),
    "token expired": Page(problem=Cause.UNAUTHORIZED),
    "unreachable": Page(problem=Cause.UNREACHABLE),
    "a log-in page": Page(problem=Cause.MALFORMED_INDEX),
}
HONEST = Page(files=(_file(BUILT, digest("ours")),))
SOMEWHERE_ELSE: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "an extra index line": (f"--extra-index-url https://{EVIL}/simple/\n", {}),
    "an extra index beside Chainguard's": (f"--extra-index-url https://{OURS}/stranger/simple/\n", {}),
    "an index line with Chainguard's host as the user": (f"--index-url https://{OURS}@{EVIL}/simple/\n", {}),
    "an index line without TLS": (f"--index-url http://{OURS}/python/simple/\n", {}),
    "an index line for PyPI": (f"--index-url https://{PYPIS}/simple/\n", {}),
    "find-links to a stranger": (f"--find-links https://{EVIL}/files/\n", {}),
    "find-links to a folder": ("--find-links ./wheels\n", {}),
    "a pip.conf with a stranger": ("", {"pip.conf": f"[global]\nextra-index-url = https://{EVIL}/simple/\n"}),
    "a pip.conf with PyPI": ("", {"pip.conf": f"[global]\nindex-url = https://{PYPIS}/simple/\n"}),
    "a pip.conf with PyPI beside Chainguard": (
        "",
        {
            "pip.conf": f"[global]\nindex-url = https://{OURS}/python/simple/\n"
            f"extra-index-url = https://{PYPIS}/simple/\n"
        },
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try, and what became of it."""

    kind: str
    way: str
    lock: str
    hashes: str
    outcome: str
    conclusion: Conclusion

    @property
    def green(self) -> bool:
        """Whether the file was called Chainguard's, or let through without a word."""
        return self.outcome in [each.value for each in GREEN] or self.conclusion is Conclusion.PASS


def attempts() -> Iterator[Attempt]:
    """Give every attempt with its result."""
    yield from _locked_urls()
    yield from _answered()
    yield from _asked_besides()


def _locked_urls() -> Iterator[Attempt]:
    for way, url in URLS.items():
        for lock, (path, write) in BY_URL.items():
            for name, sha in HASHES.items():
                yield Try("the lock names", way, lock, name).of(path, write(url, sha))


def _answered() -> Iterator[Attempt]:
    kind = "Chainguard's index answers"
    for way, page in PAGES.items():
        listed = page.files[0] if page.files else HONEST.files[0]
        for lock, (path, write) in BY_URL.items():
            if lock != "requirements.txt":  # a direct reference asks no index
                text = write(listed.url, listed.sha256 or digest("theirs"))
                yield Try(kind, way, lock, "its own").of(path, text, page)
        for lock, (path, plain) in LOOKED_UP.items():
            for name in ("none", "PyPI's"):
                yield Try(kind, way, lock, name).of(path, plain(HASHES[name]), page)


def _asked_besides() -> Iterator[Attempt]:
    for way, (line, beside) in SOMEWHERE_ELSE.items():
        for name in ("none", "PyPI's"):
            text = line + _requirements(HASHES[name])
            tried = Try("the installer also asks", way, "requirements.txt", name)
            yield tried.of("requirements.txt", text, beside=beside)


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt to come."""

    kind: str
    way: str
    lock: str
    hashes: str

    def of(
        self, path: str, text: str, page: Page = HONEST, beside: Mapping[str, str] | None = None
    ) -> Attempt:
        """Review a new lockfile of this text, and return what became of it."""
        outcome, conclusion = "refused", Conclusion.UNKNOWN
        try:
            compared = compare(None, Text(path=path, text=text, read=(beside or {}).get))
        except LockfileError:
            pass
        else:
            ask = partial(_answers, page=page)
            result = review([compared], _settings(), ask, today=date(2026, 11, 29))
            outcomes = [change.outcome for lockfile in result.lockfiles for change in lockfile.changes]
            found = [each for each in outcomes if each is not None]
            worst = min(found, key=lambda each: each.rank, default=None)
            outcome, conclusion = worst.value if worst else "no entry", result.conclusion
        return Attempt(
            kind=self.kind,
            way=self.way,
            lock=self.lock,
            hashes=self.hashes,
            outcome=outcome,
            conclusion=conclusion,
        )


@cache
def _settings() -> schema.Settings:
    return validation.validate(SETTINGS)


def _answers(wanted: Wanted, page: Page) -> Answers:
    return {
        name: {index: _answer(index, name, page) for index, names in wanted.items() if name in names}
        for name in {name for names in wanted.values() for name in names}
    }


def _answer(index: Index, name: str, page: Page) -> Answer:
    if index.owner is Owner.PYPI:
        listed = f"https://{THEIRS}/packages/{FILE if name == 'aa' else 'pip-26.3-py3-none-any.whl'}"
        files = (replace(_file(listed, digest("theirs")), filename=listed.rpartition("/")[2], tier=None),)
        return Answer(index=index, name=name, files=files)
    if index.url == SETTINGS["indexes"]["chainguard"]:
        return Answer(index=index, name=name, files=page.files, problem=page.problem, url=page.url)
    return Answer(index=index, name=name, problem=Cause.PROJECT_MISSING)


def table(found: list[Attempt]) -> str:
    """Return the attempts as Markdown: one row a way, with how often each outcome came out."""
    lines = ["| attempt | tries | what came out |", "|---|---:|---|"]
    for kind, way in dict.fromkeys((each.kind, each.way) for each in found):
        these = [each for each in found if (each.kind, each.way) == (kind, way)]
        counted = {
            word: sum(each.outcome == word for each in these) for word in sorted({e.outcome for e in these})
        }
        said = ", ".join(f"{number} {word}" for word, number in counted.items())
        lines.append(f"| {kind}: {way} | {len(these)} | {said} |")
    return (
        "\n".join([*lines, f"| **all** | **{len(found)}** | **{sum(each.green for each in found)} green** |"])
        + "\n"
    )


def main() -> int:
    """Try everything and print the table."""
    found = list(attempts())
    sys.stdout.write(table(found))
    for each in found:
        if each.green:
            sys.stderr.write(f"GREEN {each}\n")
    return 1 if any(each.green for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())

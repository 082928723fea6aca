"""Every key of uv's configuration: what becomes of it here, and which values uv takes (measured, 0.13)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fallback_review.configuration.constraints import (
    is_requirement,
)
from fallback_review.configuration.keys import Keys, Unmodelled
from fallback_review.configuration.timestamps import iso_moment, span
from fallback_review.configuration.values import clip
from fallback_review.lockfiles.names import normalise_name
from fallback_review.model import ALL, Notice, Prereleases

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fallback_review.configuration.documents import Section

_TORCH = frozenset({
    "fbgemm-gpu", "fbgemm-gpu-genai", "pytorch-triton", "pytorch-triton-rocm", "pytorch-triton-xpu", "torch",
    "torch-tensorrt", "torchao", "torcharrow", "torchaudio", "torchcodec", "torchcsprng", "torchdistx",
    "torchrec", "torchserve", "torchtext", "torchtune", "torchvision", "triton", "triton-rocm", "triton-xpu",
    "xformers",
})  # fmt: skip
"""The packages that ``torch-backend`` finds an index for (uv's crate ``uv-torch``)."""


def _names(value: Any) -> frozenset[str]:
    """Return the projects that an array of requirements names."""
    texts = [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
    return frozenset(normalise_name(found[0]) for text in texts if (found := _NAME.match(text.strip())))


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_RESOLUTION = Unmodelled(effect="the oldest versions may be chosen", pinned=False, unset=("highest",))
_TORCH_BACKEND = Unmodelled(effect="uv asks an index of PyTorch instead", names=lambda _value: _TORCH)
_OFFLINE = Unmodelled(effect="uv takes files from its cache alone", locked_urls=True)
BOTH_MODELLED = {
    "index-url": "the default index, which is asked last",
    "extra-index-url": "more indexes, which are asked before it",
    "no-index": "asks no index",
    "find-links": "folders and pages that list more files",
    "index-strategy": "which index counts where several have a project",
    "prerelease": "when pre-releases are taken",
    "exclude-newer": "takes only older files, and none without an upload time",
    "exclude-newer-package": "the same for one package",
}
_BOTH_NOT = {"resolution": _RESOLUTION, "torch-backend": _TORCH_BACKEND}
_BOTH_HARMLESS = frozenset({
    "compile-bytecode", "config-settings", "config-settings-package", "dependency-metadata",
    "extra-build-dependencies", "extra-build-variables", "fork-strategy", "keyring-provider", "link-mode",
    "no-build-isolation", "no-build-isolation-package", "no-sources", "no-sources-package", "reinstall",
    "reinstall-package", "require-build-hashes", "upgrade", "upgrade-package",
})  # fmt: skip
PROJECT_ONLY = frozenset({
    "build-backend", "conflicts", "default-groups", "dependency-groups", "dev-dependencies", "environments",
    "managed", "package", "required-environments", "sources", "workspace",
})  # fmt: skip
"""Keys that uv takes in ``pyproject.toml`` alone; in a ``uv.toml`` they stop it."""
KEYS = Keys(
    installer="uv",
    place="uv.toml, or [tool.uv] of pyproject.toml",
    modelled={
        **BOTH_MODELLED,
        "index": "indexes with their names; one of them may take PyPI's place",
        "no-binary": "takes only source distributions",
        "no-binary-package": "the same for one package; a name outranks the rule for all",
        "no-build": "takes only wheels",
        "no-build-package": "the same for one package",
        "prerelease-package": "when pre-releases of one package are taken",
        "constraint-dependencies": "more limits on versions",
        "override-dependencies": "requirements that replace those of packages",
        "pip": "the options of `uv pip`",
        "sources": "the index that a package names",
    },
    not_modelled={
        **_BOTH_NOT,
        "exclude-dependencies": Unmodelled(effect="the package is not installed", names=_names),
        "offline": _OFFLINE,
        "minimum-libc-version": Unmodelled(effect="uv takes wheels for another C library"),
    },
    harmless=_BOTH_HARMLESS | PROJECT_ONLY - {"sources"} | frozenset({
        "add-bounds", "allow-insecure-host", "audit", "build-constraint-dependencies", "cache-dir",
        "cache-keys", "check-url", "concurrent-builds", "concurrent-downloads", "concurrent-installs",
        "graalpy-install-mirror", "http-proxy", "https-proxy", "native-tls", "no-cache", "no-proxy",
        "preview", "preview-features", "publish-url", "pypy-install-mirror", "pyodide-install-mirror",
        "python-downloads", "python-downloads-json-url", "python-install-mirror", "python-preference",
        "required-version", "system-certs", "trusted-publishing",
    }),
    unknown="uv 0.13 stops at it in a uv.toml, and ignores the whole of [tool.uv] for it",
)  # fmt: skip
PIP_KEYS = Keys(
    installer="uv",
    place="[pip] of uv.toml, or [tool.uv.pip]",
    modelled={
        **BOTH_MODELLED,
        "no-binary": "takes only source distributions, of named packages or of all",
        "only-binary": "takes only wheels, of named packages or of all",
        "no-build": "takes only wheels",
        "require-hashes": "an entry without hashes fails the install",
        "verify-hashes": "whether the lock's hashes are checked",
    },
    not_modelled={
        **_BOTH_NOT,
        "python-platform": Unmodelled(effect="uv takes files for another platform than the settings name"),
        "python-version": Unmodelled(effect="uv may take files for another Python than the settings name"),
        "universal": Unmodelled(effect="the versions are chosen for all platforms", pinned=False),
    },
    harmless=_BOTH_HARMLESS | frozenset({
        "all-extras", "allow-empty-requirements", "annotation-style", "break-system-packages",
        "custom-compile-command", "emit-build-options", "emit-find-links", "emit-index-annotation",
        "emit-index-url", "emit-marker-expression", "extra", "generate-hashes", "group", "no-annotate",
        "no-deps", "no-emit-package", "no-extra", "no-header", "no-strip-extras", "no-strip-markers",
        "output-file", "prefix", "python", "strict", "system", "target",
    }),
    unknown=KEYS.unknown,
)  # fmt: skip
INDEX_KEYS = Keys(
    installer="uv",
    place="[[index]] of uv.toml, or [[tool.uv.index]]",
    modelled={
        "url": "its address",
        "name": "its name; of two with the same name the first counts",
        "default": "it takes PyPI's place, and is asked last",
        "explicit": "it is asked only for packages that name it",
        "format": "whether it is an index or one page that lists files",
    },
    not_modelled={
        "exclude-newer": Unmodelled(effect="uv takes only older files from this index"),
        "ignore-error-codes": Unmodelled(effect="uv may pass over an index that refuses to answer"),
    },
    harmless=frozenset({"authenticate", "cache-control", "hash-algorithm", "publish-url"}),
    unknown="uv ignores keys that it does not know here; a newer version may know it",
)
VARIABLES = frozenset({
    "UV_CONFIG_FILE", "UV_CONSTRAINT", "UV_DEFAULT_INDEX", "UV_EXCLUDE", "UV_EXCLUDE_NEWER",
    "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_INDEX", "UV_INDEX_STRATEGY", "UV_INDEX_URL", "UV_NO_BINARY",
    "UV_NO_BINARY_PACKAGE", "UV_NO_BUILD", "UV_NO_BUILD_PACKAGE", "UV_NO_CONFIG", "UV_NO_INDEX",
    "UV_NO_VERIFY_HASHES", "UV_OFFLINE", "UV_OVERRIDE", "UV_PRERELEASE", "UV_PROJECT", "UV_REQUIRE_HASHES",
    "UV_RESOLUTION", "UV_TORCH_BACKEND", "UV_WORKING_DIR",
})  # fmt: skip
HARMLESS_VARIABLES = frozenset({
    "UV_BREAK_SYSTEM_PACKAGES", "UV_PYTHON",
    "UV_CACHE_DIR", "UV_COMPILE_BYTECODE", "UV_FORK_STRATEGY", "UV_FROZEN", "UV_INSECURE_HOST",
    "UV_KEYRING_PROVIDER", "UV_LINK_MODE", "UV_LOCKED", "UV_MANAGED_PYTHON", "UV_NO_BUILD_ISOLATION",
    "UV_NO_CACHE", "UV_NO_DEFAULT_GROUPS", "UV_NO_DEV", "UV_NO_EDITABLE", "UV_NO_INSTALL_LOCAL",
    "UV_NO_INSTALL_PROJECT", "UV_NO_MANAGED_PYTHON", "UV_NO_PROGRESS", "UV_NO_SOURCES", "UV_SYSTEM_CERTS",
    "UV_SYSTEM_PYTHON",
})  # fmt: skip
"""Variables that change nothing about which file is taken; a test holds both lists to uv's help."""
STRATEGIES = {
    "first-index": "first-index",
    "unsafe-any-match": "unsafe-first-match",
    "unsafe-first-match": "unsafe-first-match",
    "unsafe-best-match": "unsafe-best-match",
}
_PACKAGE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
MOST_NAMES = 5_000


def invalid(options: Section, *, own_file: bool) -> Notice | None:
    """Return why uv can't take a table of options, or None; it takes all of it or nothing (measured)."""
    named = options.path if own_file else f"[tool.uv] of {options.path}"
    said = "uv stops at it" if own_file else "uv ignores the whole table, with a warning"
    pip = options.table("pip")
    for table, known in ((options, _TYPES), (pip, {**_TYPES, **_PIP_TYPES})):
        keys = PIP_KEYS if table is pip else KEYS
        for key, value in table.data.items():
            wrong = None
            if keys.treatment(key) is None:
                wrong = "is not a key that uv knows"
            elif own_file and table is options and key in PROJECT_ONLY:
                wrong = "is allowed in a pyproject.toml only"
            elif key in known and not known[key](value):
                wrong = "has a value that uv does not accept"
            if wrong is not None:
                where = f"pip.{key}" if table is pip else key
                text = f"{clip(where)} {wrong}, in {named}: {said}. Fix it"
                return Notice(text=text, path=options.path, line=table.line_of_key(key))
    return None


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_names(value: Any) -> bool:
    return _is_strings(value) and all(_PACKAGE_NAME.fullmatch(each) for each in value)


def _is_names_or_all(value: Any) -> bool:
    return _is_strings(value) and all(
        each in (ALL, ":none:") or _PACKAGE_NAME.fullmatch(each) for each in value
    )


def _is_requirements(value: Any) -> bool:
    return _is_strings(value) and all(is_requirement(each) for each in value)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_indexes(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, dict)
        and isinstance(each.get("url"), str)
        and isinstance(each.get("name", ""), str)
        and isinstance(each.get("default", False), bool)
        and isinstance(each.get("explicit", False), bool)
        and each.get("format", "flat") in ("flat", "simple")
        for each in value
    )


def _is_bound(value: Any) -> bool:
    """Whether uv takes a value as a bound of upload times."""
    if isinstance(value, str):
        return iso_moment(value) is not None or span(value) is not None
    return value is False or (isinstance(value, dict) and "timestamp" in value)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "index": _is_indexes,
    "index-url": _is_text,
    "extra-index-url": _is_strings,
    "find-links": _is_strings,
    "no-index": _is_bool,
    "index-strategy": lambda value: isinstance(value, str) and value in STRATEGIES,
    "prerelease": lambda value: isinstance(value, str) and value in set(Prereleases),
    "prerelease-package": lambda value: isinstance(value, dict) and set(value.values()) <= set(Prereleases),
    "exclude-newer": _is_bound,
    "exclude-newer-package": lambda value: isinstance(value, dict) and all(map(_is_bound, value.values())),
    "no-binary": _is_bool,
    "no-build": _is_bool,
    "no-binary-package": _is_names,
    "no-build-package": _is_names,
    "constraint-dependencies": _is_requirements,
    "override-dependencies": _is_requirements,
    "pip": lambda value: isinstance(value, dict),
    "sources": lambda value: isinstance(value, dict),
}
"""What uv takes as the value of a key that is modelled."""
_PIP_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "no-binary": _is_names_or_all,
    "only-binary": _is_names_or_all,
    "require-hashes": _is_bool,
    "verify-hashes": _is_bool,
}

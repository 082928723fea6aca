"""The settings file: what it means, and what a person reads when it is wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from fallback_review.settings.schema import Settings, SettingsError, parse
from fallback_review.settings.validation import schema

COMPLETE = b"""
[targets]
python = ["3.11", "3.13t"]
platforms = ["linux-x86_64", "musllinux-aarch64"]
informational = ["macos-arm64", "linux-x86_64"]
glibc = "2.28"

[indexes]
chainguard = "https://libraries.cgr.dev/python/simple"
pypi = "https://pypi.test/simple/"
pypi-hosts = ["files.pypi.test"]
vex = "https://mirror.example/openvex/v1"
layout = "virtual-file"

[policy]
fail-on = ["install-fails"]
on-unknown = "warn"
upstream-tier = "fail"
private = ["acme-*"]

[lockfiles]
exclude = ["examples/**"]

[[allow]]
package = "nvidia-*"
reason = "CUDA wheels come from NVIDIA"
version = ">=12"
expires = 2027-01-01
"""


def test_a_complete_file_is_read() -> None:
    settings = parse(COMPLETE)

    assert settings.indexes.chainguard == "https://libraries.cgr.dev/python/simple/"
    assert settings.indexes.vex == "https://mirror.example/openvex/v1/"
    assert settings.policy.fail_on == ("install-fails",)
    assert settings.policy.upstream_tier == "fail"
    assert settings.allow[0].expires == date(2027, 1, 1)
    assert settings.lockfiles.exclude == ("examples/**",)


def test_targets_are_every_python_on_every_platform_and_informational_ones_last() -> None:
    targets = parse(COMPLETE).targets.expand()

    assert [(t.label, t.glibc, t.informational) for t in targets] == [
        ("py3.11 linux-x86_64", "2.28", False),
        ("py3.13t linux-x86_64", "2.28", False),
        ("py3.11 musllinux-aarch64", "1.2", False),
        ("py3.13t musllinux-aarch64", "1.2", False),
        ("py3.11 macos-arm64", "14.0", True),
        ("py3.13t macos-arm64", "14.0", True),
    ]


def test_nothing_set_gives_the_documented_defaults() -> None:
    settings = parse(b"")

    assert settings.policy.fail_on == ("pypi", "install-fails")
    assert settings.policy.on_unknown == "fail"
    assert [target.label for target in settings.targets.expand()] == [
        "py3.12 linux-x86_64",
        "py3.12 linux-aarch64",
    ]


def test_the_vex_feed_is_chainguards_unless_set_and_empty_turns_it_off() -> None:
    assert parse(b"").indexes.vex == "https://libraries.cgr.dev/openvex/v1/"
    assert parse(b'[indexes]\nvex = ""').indexes.vex == ""


def test_names_and_hosts_may_be_spelled_as_people_do() -> None:
    settings = parse(
        b'[indexes]\npypi-hosts = ["Mirror.Example"]\nown-hosts = ["Nexus.Example:8443", "Shared.Example/Acme"]\n'
        b'[policy]\nprivate = ["Acme_*", "acme.[a-c]*"]\n[[allow]]\npackage = "Nvidia_*"\nreason = "CUDA"\n'
    )

    assert settings.indexes.pypi_hosts == ("mirror.example",)
    assert settings.indexes.own_hosts == ("nexus.example:8443", "shared.example/Acme")
    assert settings.policy.private == ("acme-*", "acme-[a-c]*")
    assert settings.allow[0].package == "nvidia-*"


def test_inputs_lie_over_the_file_and_absent_ones_leave_it() -> None:
    settings = parse(
        COMPLETE,
        inputs={
            ("policy", "fail-on"): ["pypi"],
            ("indexes", "layout"): None,
            ("policy", "on-unknown"): "fail",
        },
    )

    assert settings.policy.fail_on == ("pypi",)
    assert settings.policy.on_unknown == "fail"
    assert settings.policy.upstream_tier == "fail"
    assert settings.indexes.layout == "virtual-file"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[policy]\nfial-on = []", "settings.toml: policy.fial-on: there is no such key; did you mean 'fail-on'? Allowed here: commit-fixes, cooldown-days, fail-on, integrity,"),
        ("[polcy]", "settings.toml: polcy: there is no such key; did you mean 'policy'?"),
        ('[policy]\nfail-on = ["pipy"]', "settings.toml: policy.fail-on[0]: 'pipy' is not a known outcome; did you mean 'pypi'? Allowed: chainguard, direct, install-fails,"),
        ('[policy]\nupstream-tier = "block"', "policy.upstream-tier: input should be 'allow', 'warn' or 'fail'"),
        ('[targets]\npython = ["3"]', "targets.python[0]: '3' is not a Python version such as '3.12'"),
        ('[targets]\nplatforms = ["linux"]', "targets.platforms[0]: 'linux' is not a known platform"),
        ("[targets]\npython = []", "targets.python: "),
        ('[targets]\nglibc = "new"', "targets.glibc: 'new' is not a version such as '2.39'"),
        ('[indexes]\nlayout = "sideways"', "indexes.layout: 'sideways' is not a known layout"),
        ('[indexes]\nchainguard = "libraries.cgr.dev"', "indexes.chainguard: an index address starts with https://"),
        ('[indexes]\nchainguard = "https://libraries.cgr.dev:99999/"', "indexes.chainguard: port out of range"),
        ('[indexes]\nchainguard = "https://libraries.cgr.dev:0/"', "indexes.chainguard: port 0 is not a valid port"),
        ('[indexes]\nown-hosts = ["https://nexus.example/"]', "indexes.own-hosts[0]: 'https://nexus.example/' is not a host such as 'packages.example.com', or a host with the beginning of a path"),
        ('[indexes]\npypi-hosts = ["files.example/packages"]', "indexes.pypi-hosts[0]: 'files.example/packages' is not a host name such as"),
        ('[indexes]\nvex = "libraries.cgr.dev"', "indexes.vex: an index address starts with https://"),
        ('[indexes]\nvex = "https://me:pw@index.example/"', "indexes.vex: credentials don't belong in a settings file"),
        ('[[allow]]\npackage = "x"', "allow[0].reason: is missing"),
        ('[[allow]]\npackage = "x"\nreason = "y"\nexpires = "soon"', "allow[0].expires: must be a date such as 2027-01-01"),
        ('[[allow]]\npackage = "x"\nreason = "y"\nexpires = true', "allow[0].expires: must be a date such as 2027-01-01"),
        ('[[allow]]\npackage = "x"\nreason = "y"\nversion = "new"', "allow[0].version: 'new' is not a version specifier"),
        ('[[allow]]\npackage = "x"\nreason = "y"\nuntil = 2027-01-01', "allow[0].until: there is no such key"),
        ("[policy", "settings.toml: not valid TOML: "),
    ],
)  # fmt: skip
def test_a_fault_names_file_key_and_what_is_allowed(text: str, says: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(text.encode(), path="settings.toml")

    assert says in str(caught.value)
    assert str(caught.value).startswith("settings.toml: ")


def test_every_fault_has_its_line() -> None:
    with pytest.raises(SettingsError) as caught:
        parse(b'[policy]\nfoo = 1\non-unknown = "maybe"')

    assert len(str(caught.value).splitlines()) == 2


def test_credentials_in_an_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as caught:
        parse(b'[indexes]\nchainguard = "https://me:hunter2@index.example/simple/"')

    assert "credentials don't belong in a settings file" in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_a_file_in_another_encoding_is_an_error_with_its_name() -> None:
    with pytest.raises(SettingsError, match="not valid TOML"):
        parse("[policy]".encode("utf-16"))


def test_a_faulty_input_is_told_apart_from_the_file() -> None:
    with pytest.raises(SettingsError, match=r"^input layout: "):
        parse(b"", inputs={("indexes", "layout"): "sideways"})


def test_the_schema_names_keys_as_the_file_spells_them() -> None:
    policy = schema()["$defs"]["Policy"]["properties"]

    assert {"fail-on", "on-unknown", "upstream-tier"} <= set(policy)


def test_where_reports_link_to() -> None:
    assert [name for name, _ in parse(b"").report.pages()] == ["page on PyPI"]
    given = b'[report]\npypi-page = ""\nchainguard-page = "https://console.example/python/{name}"\n'
    assert parse(given).report.pages() == (("page at Chainguard", "https://console.example/python/{name}"),)
    with pytest.raises(SettingsError, match=r"report\.pypi-page: a page's address starts with https://"):
        parse(b'[report]\npypi-page = "javascript:{name}"\n')


TEXTS = [
    ("indexes", "chainguard", "https://a.example/simple"),
    ("indexes", "chainguard", "ftp://a.example/"),
    ("indexes", "chainguard", "https://user:secret@a.example/"),
    ("indexes", "resolver", "https://a.example/simple/"),
    ("indexes", "resolver", "a.example"),
    ("indexes", "pypi", "https://a.example:0/"),
    ("indexes", "layout", "hosted"),
    ("indexes", "layout", "sideways"),
    ("indexes", "installer", "uv"),
    ("indexes", "installer", "uvv"),
    ("policy", "on-unknown", "warn"),
    ("policy", "on-unknown", "maybe"),
    ("policy", "fail-on", []),
    ("policy", "fail-on", ["pypi"]),
    ("policy", "fail-on", ["pipy"]),
    ("targets", "python", ["3.11", "3"]),
    ("lockfiles", "include", ["a/*.txt"]),
]


@pytest.mark.parametrize(("table", "key", "value"), TEXTS)
def test_an_input_means_the_same_over_an_empty_file_and_over_a_full_one(
    table: str, key: str, value: Any
) -> None:
    """Over an empty file a text is checked without the library that checks files."""

    def laid_over(data: bytes) -> Settings | str:
        try:
            return parse(data, inputs={(table, key): value}, spelling="--{}")
        except SettingsError as error:
            return str(error)

    assert laid_over(b"") == laid_over(b"[targets]\n")

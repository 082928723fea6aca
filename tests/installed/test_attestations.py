"""Attestations: what holds is proof, and what could not be verified is said and is none."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from fallback_review.installed.attestations import MOST_BYTES, NO_LIBRARY, verify_attestation
from fallback_review.model import Conclusion
from fallback_review.model.installed import Proof
from tests.installed.builds import wheel
from tests.installed.conftest import World, one
from tests.installed.indexes import two_indexes
from tests.installed.installers import Project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROVENANCE = {
    "version": 1,
    "attestation_bundles": [
        {"publisher": {"kind": "GitHub", "repository": "acme/plain"}, "attestations": ["good"]}
    ],
}


class _BrokenError(Exception):
    pass


class _Publisher(SimpleNamespace):
    def model_dump(self) -> dict[str, Any]:
        return dict(vars(self))


class _Attestation:
    def __init__(self, text: str) -> None:
        self._text = text

    def verify(self, publisher: _Publisher, distribution: SimpleNamespace, *, offline: bool) -> None:
        assert offline
        assert distribution.name.startswith("plain-1.0")
        if self._text != "good" or len(distribution.digest) != 64 or publisher.kind != "GitHub":
            raise _BrokenError("subject does not match\ndistribution digest")


def _read(data: bytes) -> SimpleNamespace:
    bundles = json.loads(data)["attestation_bundles"]
    if any(each["publisher"]["kind"] != "GitHub" for each in bundles):
        raise ValueError("unknown kind")
    return SimpleNamespace(
        attestation_bundles=[
            SimpleNamespace(
                publisher=_Publisher(**each["publisher"]),
                attestations=[_Attestation(text) for text in each["attestations"]],
            )
            for each in bundles
        ]
    )


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library at the edge: it verifies signatures of Sigstore's, which no test can make."""
    module = ModuleType("pypi_attestations")
    module.__dict__.update(
        Provenance=SimpleNamespace(model_validate_json=_read),
        Distribution=SimpleNamespace,
        AttestationError=_BrokenError,
    )
    monkeypatch.setitem(sys.modules, "pypi_attestations", module)


def provenance(kind: str = "GitHub", *attestations: str) -> bytes:
    bundle = {"publisher": {"kind": kind, "repository": "acme/plain"}, "attestations": list(attestations)}
    return json.dumps({"version": 1, "attestation_bundles": [bundle]}).encode()


NAME = "plain-1.0-py3-none-any.whl"


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (provenance("GitHub", "good", "good"), (True, "attested by GitHub acme/plain")),
        (
            provenance("GitHub", "good", "bad"),
            (False, "its attestation does not hold: subject does not match distribution digest"),
        ),
        (provenance("GitHub"), (False, "its provenance holds no attestation")),
        (
            provenance("URL", "good"),
            (
                False,
                "its attestation could not be verified: its publisher is of a kind that the library does not know (URL)",
            ),
        ),
        (b"{", (False, "its attestation could not be verified: it is not a provenance object (PEP 740)")),
    ],
)
def test_what_is_said_of_an_attestation(data: bytes, said: tuple[bool, str]) -> None:
    assert verify_attestation(data, NAME, "a" * 64) == said


def test_without_the_library_nothing_is_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypi_attestations", None)
    assert verify_attestation(provenance("GitHub", "good"), NAME, "a" * 64) == (False, NO_LIBRARY)


@pytest.fixture
def attested(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[World, Project]]:
    """An index that lists one wheel with a provenance object, and an environment that holds it."""
    served, made = tmp_path / "served", wheel(tmp_path / "chainguard" / "built", "plain")
    body: bytes = request.param
    with two_indexes(served, [made], []) as indexes:
        page = served / "c/python/simple/plain/index.json"
        listed = json.loads(page.read_text())
        listed["files"][0]["provenance"] = (
            f"{indexes.chainguard.partition('/python/')[0]}/python/integrity/plain.json"
        )
        page.write_text(json.dumps(listed))
        (served / "c/python/integrity").mkdir()
        (served / "c/python/integrity/plain.json").write_bytes(body)
        project = Project("uv", tmp_path / "project", ("plain==1.0",))
        project.declare(indexes.chainguard)
        project.lock()
        project.install()
        yield World(tmp_path, indexes), project


@pytest.mark.lab
@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    ("attested", "proof", "said"),
    [
        (provenance("GitHub", "good"), Proof.ATTESTED, "attested by GitHub acme/plain"),
        (provenance("URL", "good"), Proof.WHEEL, "could not be verified"),
        (b"x" * (MOST_BYTES + 1), Proof.WHEEL, "larger than 4 MB"),
    ],
    indirect=["attested"],
)
def test_an_attestation_of_an_installed_wheel(
    attested: tuple[World, Project], proof: Proof, said: str
) -> None:
    world, project = attested
    found = world.verify(project.environment, full=True)
    plain = one(found, "plain")
    assert (plain.proof, found.conclusion) == (proof, Conclusion.PASS)
    assert said in str(plain.attestation)
    by_range = one(world.verify(project.environment), "plain")
    assert (by_range.proof, by_range.attestation) == (Proof.RECORD, None)

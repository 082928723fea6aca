"""A mirror is asked for PyPI, and the locks name PyPI itself."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from fallback_review.model import Conclusion, Outcome
from fallback_review.settings.schema import PYPI_ITSELF
from tests.pipeline.test_review import BOTH, LEARNT, Table, judged, lock, outcomes

ENTRY = """\
[[package]]
name = "a"
version = "{version}"
source = {{ registry = "{index}" }}
wheels = [{{ url = "https://files.pypi.test/a-{version}-py3-none-any.whl", hash = "sha256:{sha256}" }}]
"""


MIRROR = "https://mirror.example/simple/"


@pytest.mark.parametrize(
    ("indexes", "host"),
    [({}, "files.pypi.test"), ({"pypi": MIRROR}, "files.pypi.test"), ({"pypi": MIRROR}, "mirror.example")],
    ids=["itself", "a mirror that keeps links", "a mirror that rewrites links"],
)
def test_what_a_lock_takes_from_pypi_is_pypis_whoever_is_asked(indexes: dict[str, str], host: str) -> None:
    """A mirror that rewrites links does not tell PyPI's own hosts; the bytes tell it all the same."""
    named = PYPI_ITSELF.rstrip("/")
    base, head = (
        lock("uv.lock", "version = 1", ENTRY.format(version=version, index=named, sha256="d" * 64))
        for version in ("1.0", "2.0")
    )
    pages = {
        name: [replace(file, url=file.url.replace("files.pypi.test", host)) for file in files]
        for name, files in LEARNT["pypi"].items()
    }

    result = judged(Table(**{**BOTH, "pypi": pages}), (base, head), indexes=indexes)

    assert outcomes(result) == {"a": Outcome.PYPI}
    assert (result.conclusion, result.findings) == (Conclusion.FAIL, ())

"""A mirror is asked for PyPI, and the locks name PyPI itself."""

from __future__ import annotations

import pytest

from fallback_review.model import Conclusion, Outcome
from fallback_review.settings.schema import PYPI_ITSELF
from tests.pipeline.test_review import BOTH, Table, judged, lock, outcomes

ENTRY = """\
[[package]]
name = "a"
version = "{version}"
source = {{ registry = "{index}" }}
wheels = [{{ url = "https://files.pypi.test/a-{version}-py3-none-any.whl", hash = "sha256:{sha256}" }}]
"""


@pytest.mark.parametrize(
    "mirror", [{}, {"pypi": "https://mirror.example/simple/"}], ids=["itself", "a mirror"]
)
def test_what_a_lock_takes_from_pypi_is_pypis_whoever_is_asked(mirror: dict[str, str]) -> None:
    index = PYPI_ITSELF.rstrip("/")
    base, head = (
        lock("uv.lock", "version = 1", ENTRY.format(version=version, index=index, sha256="d" * 64))
        for version in ("1.0", "2.0")
    )

    result = judged(Table(**BOTH), (base, head), indexes=mirror)

    assert outcomes(result) == {"a": Outcome.PYPI}
    assert (result.conclusion, result.findings) == (Conclusion.FAIL, ())

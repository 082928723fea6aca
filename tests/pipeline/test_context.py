"""What is learnt about PyPI before anything is predicted: whose host the files of a lock lie on."""

from __future__ import annotations

import pytest

from fallback_review.lockfiles import Text
from fallback_review.model import Cause, Outcome, Owner
from fallback_review.pipeline.ask import KNOWN_PROJECT
from tests.pipeline.test_review import Table, judged, outcomes, wheel

PYLOCK = """lock-version = "1.0"
created-by = "any"

[[packages]]
name = "a"
version = "{}"
wheels = [
    {{ url = "https://files.pypi.test/a-{}-py3-none-any.whl", hashes = {{ sha256 = "HASH" }} }},
]
""".replace("HASH", "d" * 64)
SIDES = tuple(Text(path="pylock.toml", text=PYLOCK.format(each, each)) for each in ("1.0", "2.0"))


def test_pypis_own_page_tells_the_host_of_its_files() -> None:
    table = Table(pypi={KNOWN_PROJECT: [wheel(Owner.PYPI, KNOWN_PROJECT, "25.0")]})

    result = judged(table, (SIDES[0], SIDES[1]))

    assert (Owner.PYPI, KNOWN_PROJECT) in table.asked
    assert outcomes(result) == {"a": Outcome.PYPI}


@pytest.mark.parametrize("hosts", [[], ["files.pypi.test"]])
def test_nothing_is_asked_where_the_settings_name_the_host_and_nothing_is_guessed_without(
    hosts: list[str],
) -> None:
    table = Table()

    result = judged(table, (SIDES[0], SIDES[1]), indexes={"pypi-hosts": hosts})

    (change,) = result.lockfiles[0].changes
    if hosts:
        assert (Owner.PYPI, KNOWN_PROJECT) not in table.asked
        assert change.outcome is Outcome.PYPI
    else:
        assert (change.outcome, change.cause) == (Outcome.UNKNOWN, Cause.NOT_CONFIGURED)
        assert "a" not in {name for _, name in table.asked}
